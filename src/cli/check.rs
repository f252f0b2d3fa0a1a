//! `cnx check`: everything that can be known without a request, for people, machines, and whoever reviews.

use super::args::{Check, Format};
use super::exit::{Exit, Failure};
use super::project;
use super::shell::Shell;
use crate::diag::Diagnostics;
use crate::report::{github, sarif, value_json};

pub fn run(shell: &mut Shell, arguments: &Check) -> Result<Exit, Failure> {
    let (diagnostics, exit) = match project::checked_whole(shell) {
        Ok((_, found)) => (found, Exit::Done),
        Err(failure) if arguments.format.is_some() => (failure.diagnostics, failure.exit),
        Err(failure) => return Err(failure),
    };
    let failed = diagnostics.has_errors();
    tell(shell, &diagnostics, arguments.format);
    if !failed && exit == Exit::Done {
        shell.say("No errors.");
    }
    Ok(if failed { exit.and(Exit::Error) } else { exit })
}

fn tell(shell: &mut Shell, diagnostics: &Diagnostics, format: Option<Format>) {
    match format {
        None => shell.complain(diagnostics),
        Some(Format::Sarif) => {
            let text = value_json::page(&sarif::log(diagnostics, &shell.sources));
            shell.print(&text);
        }
        Some(Format::Github) => {
            let text = github::commands(diagnostics, &shell.sources);
            shell.print(&text);
        }
    }
}
