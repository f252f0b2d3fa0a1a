//! Which folders hold tests: the project's, and those of the modules that it uses. Reads them, runs none.

use crate::cli::exit::Failure;
use crate::cli::parameters::{self, Given};
use crate::cli::shell::Shell;
use crate::cli::{codes, modules, project, session};
use crate::desired::Files;
use crate::diag::{Diagnostic, Diagnostics};
use crate::program::Program;
use crate::program::ir::Test;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One folder with tests, and all that they run with.
pub struct Suite {
    pub program: Arc<Program>,
    pub given: Given,
    pub files: Files,
    pub project: String,
}

/// The suites of the folders; with all that is wrong in them. Warnings of programs are told by `cnx check`.
pub fn suites(shell: &mut Shell, folders: &[PathBuf]) -> Result<(Vec<Suite>, Diagnostics), Failure> {
    let mut made = Vec::new();
    let mut diagnostics = Diagnostics::default();
    let before = shell.global.directory.clone();
    for folder in folders {
        shell.global.directory.clone_from(folder);
        let found = suite(shell, &mut diagnostics);
        shell.global.directory.clone_from(&before);
        made.push(found?);
    }
    diagnostics.0.retain(Diagnostic::is_error);
    Ok((made, diagnostics))
}

fn suite(shell: &mut Shell, diagnostics: &mut Diagnostics) -> Result<Suite, Failure> {
    let (program, found) = project::checked_with_tests(shell)?;
    diagnostics.append(found);
    let given = parameters::given(shell, &program)?;
    let (files, project) = (session::files(shell), project::name(shell));
    Ok(Suite { program: Arc::new(program), given, files, project })
}

/// The given folders, or that of the project; and those of the modules that they use from this disk, where there are tests.
pub fn folders(shell: &mut Shell, asked: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let directory = shell.global.directory.clone();
    let roots: Vec<PathBuf> = match asked {
        [] => vec![directory.clone()],
        some => some.iter().map(|path| project::shown(&directory, &path.display().to_string())).collect(),
    };
    let mut found = Vec::new();
    for root in roots {
        if project::files(shell, &root).is_err() {
            let message = format!("{} is no folder that can be read", root.display());
            let help = "name folders; `--filter NAME` chooses tests by their name, or by that of their file";
            return Err(Diagnostic::new(&codes::NOT_THERE, message).help(help).into());
        }
        shell.global.directory.clone_from(&root);
        let sources = shell.sources.clone();
        let modules = modules::local_folders(shell);
        shell.sources = sources;
        shell.global.directory.clone_from(&directory);
        found.extend(modules.into_iter().filter(|folder| has_tests(shell, folder)));
        found.push(root);
    }
    found.sort();
    found.dedup();
    Ok(found)
}

fn has_tests(shell: &Shell, folder: &Path) -> bool {
    project::files(shell, folder).unwrap_or_default().iter().any(|path| project::is_test(path))
}

/// A test whose name, or whose file's name, contains the text.
pub fn is_wanted(test: &Test, filter: Option<&str>, shell: &Shell) -> bool {
    let file = || &shell.sources.file(test.name.span.file).name;
    filter.is_none_or(|filter| test.name.value.contains(filter) || file().contains(filter))
}
