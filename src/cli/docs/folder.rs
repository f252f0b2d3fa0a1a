//! `--html DIR`: writes the reference, and only into a folder that is empty or was made by it.

use super::super::exit::Failure;
use super::super::shell::Shell;
use super::super::{codes, project};
use crate::diag::Diagnostic;
use std::path::{Path, PathBuf};

/// Lists what was written, one file a line: what may be replaced the next time.
const MARK: &str = ".cnx-docs";

/// Writes the files; those of an earlier time that are no longer among them are removed.
pub fn write(shell: &mut Shell, folder: &Path, files: &[(String, String)]) -> Result<PathBuf, Failure> {
    let folder = project::shown(&shell.global.directory, &folder.to_string_lossy());
    let world = shell.world.files.clone();
    let mark = folder.join(MARK);
    let earlier = if world.exists(&mark) { shell.read_text(&mark)? } else { String::new() };
    let there =
        if world.exists(&folder) { world.tree(&folder).map_err(|error| unwritable(&error))? } else { Vec::new() };
    if let Some(first) = there.first().filter(|_| !world.exists(&mark)) {
        let message = format!("{} holds files that `cnx docs` did not write, such as {first}", folder.display());
        return Err(Diagnostic::new(&codes::EXISTS, message).help("choose an empty folder, or a new one").into());
    }
    world.create_folder(&folder).map_err(|error| unwritable(&error))?;
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    shell.write_file(&mark, format!("{}\n", names.join("\n")).as_bytes(), false)?;
    for stale in earlier.lines().filter(|name| !names.contains(name) && is_plain(name)) {
        // One that is gone already is as it should be.
        drop(world.remove(&folder.join(stale)));
    }
    for (name, text) in files {
        shell.write_file(&folder.join(name), text.as_bytes(), false)?;
    }
    Ok(folder.join("index.html"))
}

/// A name that cannot lead out of the folder.
fn is_plain(name: &str) -> bool {
    name.ends_with(".html") && !name.contains(['/', '\\'])
}

fn unwritable(error: &std::io::Error) -> Failure {
    Diagnostic::new(&codes::UNWRITABLE, error.to_string()).help("choose a folder that is yours").into()
}
