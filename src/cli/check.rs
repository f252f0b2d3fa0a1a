//! `cnx check`: everything that can be known without a request, for people, machines, and whoever reviews.

use super::args::{Check, Format};
use super::exit::{Exit, Failure};
use super::shell::Shell;
use super::{foresee, project};
use crate::diag::Diagnostics;
use crate::program::Unsound;
use crate::report::{github, sarif, value_json};

pub fn run(shell: &mut Shell, arguments: &Check) -> Result<Exit, Failure> {
    let (diagnostics, exit) = match looked_through(shell) {
        Ok(found) => (found, Exit::Done),
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

/// Names and types first; then what they make of the program, or of the declarations in which nothing is wrong.
fn looked_through(shell: &mut Shell) -> Result<Diagnostics, Failure> {
    let (program, mut found, folders) = project::checked_whole(shell)?;
    if found.has_errors() {
        let unsound = Unsound::of(&folders, &found);
        drop(folders);
        // What was given wrongly is told when the program is right.
        if let Ok(more) = foresee::complaints(shell, unsound.taken_out_of(program)) {
            found.append(unsound.kept(more));
        }
    } else {
        drop(folders);
        found.append(foresee::complaints(shell, program)?);
    }
    found.sort();
    Ok(found)
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
