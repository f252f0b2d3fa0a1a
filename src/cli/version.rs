//! `cnx version`

use super::exit::Exit;
use super::shell::Shell;
use crate::report::{diagnostics_json, plan_json, progress, resources};
use serde_json::json;

pub fn run(shell: &mut Shell) -> Exit {
    let version = env!("CARGO_PKG_VERSION");
    if shell.global.json {
        shell.print_json(&json!({
            "format": "cnx-version",
            "version": 1,
            "cnx": version,
            "formats": {
                "cnx-plan": plan_json::VERSION,
                "cnx-event": progress::VERSION,
                "cnx-state": resources::VERSION,
                "cnx-diagnostic": diagnostics_json::VERSION,
            },
        }));
    } else {
        shell.print(&format!("cnx {version}\n"));
    }
    Exit::Done
}
