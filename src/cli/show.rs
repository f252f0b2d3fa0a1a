//! `cnx show [FILE]`: the state, or a saved plan as it was made.

use super::args::Show;
use super::exit::{Exit, Failure};
use super::shell::Shell;
use super::{memory, saved};
use crate::report::{escape, resources};

pub fn run(shell: &mut Shell, arguments: &Show) -> Result<Exit, Failure> {
    match &arguments.file {
        Some(path) => {
            let saved = saved::read(shell, path)?;
            shell.say(&format!("planned {} by cnx {}; to approve exactly this:", saved.created, saved.cnx));
            shell.say(&format!("--approve {}", saved.approval()));
            if shell.global.json {
                shell.print_json(&saved.plan);
            } else {
                shell.print(&escape::clean_lines(&saved.text));
            }
        }
        None => {
            let (_, snapshot) = memory::look_up(shell)?;
            if shell.global.json {
                shell.print_json(&resources::all_json(&snapshot));
            } else {
                let text = resources::all(&snapshot, &shell.out_look);
                shell.print(&text);
            }
        }
    }
    Ok(Exit::Done)
}
