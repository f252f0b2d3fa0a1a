//! Other programs of this machine, run to their end: their output is taken whole, nobody is asked anything.

use super::seams::{Errand, Programs, Ran};
use std::io::{Error, ErrorKind, Read, Result, Write};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

#[derive(Clone, Copy, Debug, Default)]
pub struct RealPrograms;

const LOOK_AGAIN: Duration = Duration::from_millis(5);

impl Programs for RealPrograms {
    fn run(&self, errand: &Errand<'_>) -> Result<Ran> {
        let mut child = Command::new(errand.program)
            .args(errand.arguments)
            .env_clear()
            .envs(errand.environment)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| Error::new(error.kind(), format!("{}: {error}", errand.program)))?;
        let (input, out, err) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        thread::scope(|scope| {
            scope.spawn(move || {
                // A program that has enough closes its input early.
                let _ = input.map(|mut input| input.write_all(errand.input));
            });
            let out = scope.spawn(move || all(out, errand.most_output));
            let err = scope.spawn(move || all(err, 1 << 20));
            let status = ended(&mut child, errand.patience);
            let stdout = out.join().unwrap_or_default();
            let stderr = err.join().unwrap_or_default();
            if stdout.len() as u64 > errand.most_output {
                return Err(Error::new(ErrorKind::InvalidData, "its answer is too large"));
            }
            let stderr = String::from_utf8_lossy(&stderr).into_owned();
            Ok(Ran { succeeded: status?, stdout, stderr })
        })
    }
}

/// What comes, up to one byte more than is wished; the rest is let go by, so that the program can end.
fn all(stream: Option<impl Read>, most: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(mut stream) = stream {
        let whole = (&mut stream).take(most + 1).read_to_end(&mut bytes);
        if whole.is_ok() {
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
        }
    }
    bytes
}

fn ended(child: &mut Child, patience: Duration) -> Result<bool> {
    let mut waited = Duration::ZERO;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.success());
        }
        if waited >= patience {
            child.kill()?;
            child.wait()?;
            return Err(Error::new(ErrorKind::TimedOut, "it took too long and was ended"));
        }
        thread::sleep(LOOK_AGAIN);
        waited += LOOK_AGAIN;
    }
}
