//! The emulator as a process of its own, as `cnx emulator serve` starts it, and plain requests to its control door.

use crate::outside::served::request;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

/// Ends with the value that holds it.
#[derive(Debug)]
pub struct Emulator {
    child: Child,
    out: BufReader<ChildStdout>,
    ready: Value,
}

impl Emulator {
    /// Serves on free ports, keeps its world in the folder.
    pub fn start(folder: &Path, arguments: &[&str]) -> Emulator {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cnx"));
        command.args(["emulator", "serve", "--port-base", "0", "--ready", "--data"]).arg(folder).args(arguments);
        command.env_clear().env("HOME", folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the emulator starts");
        let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut line = String::new();
        out.read_line(&mut line).expect("a line");
        let ready = serde_json::from_str(&line).expect("JSON");
        Emulator { child, out, ready }
    }

    /// The base URL of `compute`, `platform` or `sandbox`.
    pub fn url(&self, surface: &str) -> String {
        self.ready[format!("{surface}_url")].as_str().expect("a URL").to_owned()
    }

    /// Asks the control door, which must agree.
    pub fn control(&self, method: &str, target: &str, body: &str) -> Value {
        let port = self.ready["ports"]["control"].as_u64().and_then(|port| u16::try_from(port).ok()).expect("a port");
        let (status, answer) = request(port, "", method, &format!("/__emulator/{target}"), body);
        assert_eq!(status, 200, "{method} {target}: {answer}");
        answer
    }

    /// Ends it; what it said meanwhile.
    pub fn stop(mut self) -> String {
        self.child.kill().expect("killed");
        let mut said = String::new();
        self.out.read_to_string(&mut said).expect("text");
        self.child.stderr.take().expect("a pipe").read_to_string(&mut said).expect("text");
        said
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // One that has ended by itself needs no end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
