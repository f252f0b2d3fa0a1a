//! `cnx fmt [PATH…]`: the canonical form. Files with mistakes stay as they are; the others are still done.

use super::args::Fmt;
use super::exit::{Exit, Failure};
use super::shell::Shell;
use super::{codes, modules, project};
use crate::diag::{Diagnostic, Diagnostics};
use crate::report::{Detail, Look, Role, difference, escape};
use crate::syntax::format;
use std::path::{Path, PathBuf};

const INPUT: &str = "-";

pub fn run(shell: &mut Shell, arguments: &Fmt) -> Result<Exit, Failure> {
    if arguments.paths.iter().any(|path| path == Path::new(INPUT)) {
        return input(shell, arguments);
    }
    let mut complaints = Diagnostics::default();
    let mut changed = 0;
    for path in files(shell, &arguments.paths)? {
        match one(shell, arguments, &path) {
            Ok(is_changed) => changed += usize::from(is_changed),
            Err(failure) => complaints.append(failure.diagnostics),
        }
    }
    let failed = complaints.has_errors();
    shell.complain(&complaints);
    Ok(if failed || (arguments.check && changed > 0) { Exit::Error } else { Exit::Done })
}

/// Without paths: the folder's own files, and those of the modules that it uses from its disk. A folder stands for its files, tests too, not for its subfolders.
fn files(shell: &mut Shell, paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let folder = &shell.global.directory.clone();
    if paths.is_empty() {
        let mut all = project::files(shell, folder)?;
        for module in modules::local_folders(shell) {
            all.extend(project::files(shell, &module)?);
        }
        return Ok(all);
    }
    let mut all = Vec::new();
    for path in paths {
        let path = project::shown(folder, &path.to_string_lossy());
        if path.extension().is_some_and(|extension| extension == "cnx") {
            all.push(path);
        } else if path.extension().is_some() && shell.world.files.read(&path).is_ok() {
            let message = format!("{} is no `.cnx` file", path.display());
            let help = "name folders and `.cnx` files; `-` is standard input";
            return Err(Diagnostic::new(&codes::BAD_ARGUMENT, message).help(help).into());
        } else {
            all.extend(project::files(shell, &path)?);
        }
    }
    Ok(all)
}

/// Whether the file was, or would be, changed.
fn one(shell: &mut Shell, arguments: &Fmt, path: &Path) -> Result<bool, Failure> {
    let text = shell.read_text(path)?;
    let canonical = canonical(shell, &path.display().to_string(), &text)?;
    if canonical == text {
        return Ok(false);
    }
    if arguments.diff {
        show_diff(shell, path, &text, &canonical);
    } else if !arguments.check {
        shell.write_file(path, canonical.as_bytes(), false)?;
    }
    if !arguments.diff {
        let name = escape::clean(&path.display().to_string()).into_owned();
        shell.print(&format!("{name}\n"));
    }
    Ok(true)
}

fn canonical(shell: &mut Shell, name: &str, text: &str) -> Result<String, Failure> {
    let file = shell.sources.add(name, text);
    format(file, text).map_err(Failure::from)
}

fn show_diff(shell: &mut Shell, path: &Path, text: &str, canonical: &str) {
    let look = Look { detail: Detail::Full, ..shell.out_look };
    let name = escape::clean(&path.display().to_string()).into_owned();
    let lines = difference::texts(text, canonical, &look).join("\n");
    shell.print(&format!("{}\n{lines}\n", look.paint(Role::Strong, &name)));
}

/// Standard input to standard output.
fn input(shell: &mut Shell, arguments: &Fmt) -> Result<Exit, Failure> {
    let text = std::io::read_to_string(std::io::stdin()).map_err(|error| {
        Failure::from(
            Diagnostic::new(&codes::UNREADABLE, format!("standard input: {error}")).help("pipe a UTF-8 text into it"),
        )
    })?;
    let canonical = canonical(shell, "standard input", &text)?;
    let is_changed = canonical != text;
    if arguments.diff {
        if is_changed {
            show_diff(shell, Path::new("standard input"), &text, &canonical);
        }
    } else if !arguments.check {
        shell.print(&canonical);
    }
    Ok(if arguments.check && is_changed { Exit::Error } else { Exit::Done })
}
