//! What was typed into `cnx console` in earlier sessions: a private file in the project's folder, one JSON text a line. Where it can't be kept,
//! nothing is said and nothing fails. A line that holds a secret is not kept.

use super::project;
use super::shell::Shell;
use std::path::{Path, PathBuf};

/// So many texts are kept, none longer than this.
const MOST: usize = 1_000;
const LONGEST: usize = 16 * 1024;

const FILE: &str = "console-history";

#[derive(Debug)]
pub struct History {
    /// None where nothing is kept.
    path: Option<PathBuf>,
    texts: Vec<String>,
}

impl History {
    /// Of this session alone.
    pub fn none() -> History {
        History { path: None, texts: Vec::new() }
    }

    /// Of the project; a file that others may read, or that lies elsewhere, is left alone.
    pub fn open(shell: &Shell) -> History {
        let directory = &shell.global.directory;
        let folder = project::shown(directory, project::FOLDER);
        let files = &shell.world.files;
        let is_ours = !files.exists(&folder) || is_below(shell, directory, &folder);
        let path = folder.join(FILE);
        let texts = match files.read_private(&path) {
            Ok(bytes) => {
                String::from_utf8_lossy(&bytes).lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
            }
            Err(_) => Vec::new(),
        };
        let is_readable = !files.exists(&path) || files.read_private(&path).is_ok();
        History { path: (is_ours && is_readable).then_some(path), texts }
    }

    /// Oldest first.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(String::as_str)
    }

    /// Keeps a text; whether it may be fetched back at all.
    pub fn add(&mut self, shell: &Shell, text: &str) -> bool {
        let text = text.trim();
        if text.is_empty() || shell.secrets.stands_in(text) {
            return false;
        }
        if text.len() > LONGEST || self.texts.last().is_some_and(|last| last == text) {
            return true;
        }
        self.texts.push(text.to_owned());
        let from = self.texts.len().saturating_sub(MOST);
        self.texts.drain(..from);
        if let Some(path) = &self.path {
            let lines: String =
                self.texts.iter().map(|text| format!("{}\n", serde_json::Value::from(text.as_str()))).collect();
            let files = &shell.world.files;
            let folder = path.parent().unwrap_or(Path::new("."));
            let kept = files.create_folder(folder).and_then(|()| files.write(path, lines.as_bytes(), true));
            if kept.is_err() {
                self.path = None;
            }
        }
        true
    }
}

/// Whether the folder is where it seems to be.
fn is_below(shell: &Shell, directory: &Path, folder: &Path) -> bool {
    shell.world.files.inside(directory, folder).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::Global;
    use crate::cli::shell::World;
    use crate::report::Writer;

    fn shell(directory: &Path) -> Shell {
        let silent = || Writer::new(Box::new(std::io::sink()));
        let global = Global { directory: directory.to_owned(), ..Global::default() };
        Shell::new(World::real(), global, silent(), silent())
    }

    #[test]
    fn a_session_finds_what_the_one_before_was_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let shell = shell(folder.path());
        shell.secrets.add_text("hunter2hunter2");
        let mut first = History::open(&shell);
        let typed = ["1 + 1", "1 + 1", "[\n  1,\n]", "upper(\"hunter2hunter2\")", "  ", "last"];
        let kept: Vec<bool> = typed.iter().map(|text| first.add(&shell, text)).collect();
        assert_eq!(kept, [true, true, true, false, false, true]);
        let path = folder.path().join(".cnx").join(FILE);
        let text = std::fs::read_to_string(&path).expect("the file");
        assert!(!text.contains("hunter2"), "{text}");
        let second = History::open(&shell);
        assert_eq!(second.texts().collect::<Vec<_>>(), ["1 + 1", "[\n  1,\n]", "last"]);
        assert_eq!(History::none().texts().count(), 0);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).expect("the file").permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn the_oldest_texts_are_let_go_of() {
        let folder = tempfile::tempdir().expect("a folder");
        let shell = shell(folder.path());
        let mut history = History { path: None, texts: (0..MOST).map(|n| n.to_string()).collect() };
        assert!(history.add(&shell, "new"));
        assert_eq!((history.texts.len(), history.texts[0].as_str()), (MOST, "1"));
        assert!(!folder.path().join(".cnx").exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_leads_elsewhere_is_left_alone() {
        let (folder, other) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        std::os::unix::fs::symlink(other.path(), folder.path().join(".cnx")).expect("a link");
        let shell = shell(folder.path());
        assert!(History::open(&shell).add(&shell, "1"));
        assert_eq!(std::fs::read_dir(other.path()).expect("the other").count(), 0);
    }
}
