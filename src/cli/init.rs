//! `cnx init [DIR]`: a first project that runs as it is. Overwrites nothing.

use super::args::Init;
use super::exit::{Exit, Failure};
use super::shell::Shell;
use super::{codes, project};
use crate::diag::Diagnostic;
use std::path::Path;

/// A program that plans and applies on the local emulator.
const MAIN: &str = include_str!("init/main.cnx");

const IGNORED: &str = ".cnx/";

pub fn run(shell: &mut Shell, arguments: &Init) -> Result<Exit, Failure> {
    let folder = match &arguments.folder {
        Some(folder) => project::shown(&shell.global.directory, &folder.to_string_lossy()),
        None => shell.global.directory.clone(),
    };
    let main = project::shown(&folder, "main.cnx");
    let existing = if shell.world.files.exists(&folder) { programs(shell, &folder)? } else { Vec::new() };
    if let Some(name) = existing.first() {
        let message = format!("{} is there already", project::shown(&folder, name).display());
        return Err(Diagnostic::new(&codes::EXISTS, message).help("give another folder: `cnx init DIR`").into());
    }
    shell.world.files.create_folder(&folder).map_err(|error| {
        Failure::from(Diagnostic::new(&codes::UNWRITABLE, error.to_string()).help("choose a folder that is yours"))
    })?;
    shell.write_file(&main, MAIN.as_bytes(), false)?;
    ignore(shell, &folder)?;
    shell.say(&format!("Wrote {} and {}.", main.display(), project::shown(&folder, ".gitignore").display()));
    let place = if folder == Path::new(".") { String::new() } else { format!(" -C {}", folder.display()) };
    shell.say(&format!("Next: cnx plan{place}, then cnx apply{place}. Both talk to an emulator on this machine only."));
    Ok(Exit::Done)
}

fn programs(shell: &Shell, folder: &Path) -> Result<Vec<String>, Failure> {
    let names = shell
        .world
        .files
        .list(folder)
        .map_err(|error| Failure::from(Diagnostic::new(&codes::UNREADABLE, error.to_string())))?;
    Ok(names.into_iter().filter(|name| name.ends_with(".cnx")).collect())
}

/// Adds the entry to what is there; twice is once.
fn ignore(shell: &Shell, folder: &Path) -> Result<(), Failure> {
    let path = folder.join(".gitignore");
    let mut text = if shell.world.files.exists(&path) { shell.read_text(&path)? } else { String::new() };
    if text.lines().any(|line| line.trim() == IGNORED) {
        return Ok(());
    }
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(IGNORED);
    text.push('\n');
    shell.write_file(&path, text.as_bytes(), false)
}
