//! `cnx check`: everything that can be known without a request.

use super::exit::{Exit, Failure};
use super::project;
use super::shell::Shell;

pub fn run(shell: &mut Shell) -> Result<Exit, Failure> {
    let (_, diagnostics) = project::checked(shell)?;
    let failed = diagnostics.has_errors();
    shell.complain(&diagnostics);
    if !failed {
        shell.say("No errors.");
    }
    Ok(if failed { Exit::Error } else { Exit::Done })
}
