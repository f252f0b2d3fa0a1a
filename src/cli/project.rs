//! A project on disk: the files of one folder become sources and trees. Knows nothing of what they say.

use super::exit::Failure;
use super::shell::Shell;
use super::{codes, env, modules};
use crate::diag::{Diagnostic, Diagnostics};
use crate::program::ir::Environment;
use crate::program::{self, Folder, Program};
use crate::provider::cloudnexus;
use crate::syntax::ast::Ast;
use crate::syntax::parse;
use crate::world::in_parallel;
use std::path::{Path, PathBuf};

/// Where cnx keeps what belongs to a project.
pub const FOLDER: &str = ".cnx";

/// Every file of the program (tests are none), sorted by name.
pub fn files(shell: &Shell, folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let names = shell.world.files.list(folder).map_err(|error| {
        Failure::from(Diagnostic::new(&codes::UNREADABLE, error.to_string()).help("`-C DIR` chooses another folder"))
    })?;
    Ok(names.iter().filter(|name| name.ends_with(".cnx")).map(|name| shown(folder, name)).collect())
}

/// A path as people type it: without a leading `./`.
pub fn shown(folder: &Path, name: &str) -> PathBuf {
    if folder == Path::new(".") { PathBuf::from(name) } else { folder.join(name) }
}

pub fn is_test(path: &Path) -> bool {
    path.to_string_lossy().ends_with(".test.cnx")
}

/// The trees of the program in the folder, with all that is wrong in their text.
pub fn trees(shell: &mut Shell) -> Result<(Vec<Ast>, Diagnostics), Failure> {
    let folder = shell.global.directory.clone();
    let paths: Vec<PathBuf> = files(shell, &folder)?.into_iter().filter(|path| !is_test(path)).collect();
    if paths.is_empty() {
        let message = format!("{} holds no `.cnx` file", folder.display());
        let help = "`cnx init` writes a first one; `-C DIR` chooses another folder";
        return Err(Diagnostic::new(&codes::NO_PROGRAM, message).help(help).into());
    }
    Ok(parsed(shell, paths))
}

fn parsed(shell: &mut Shell, paths: Vec<PathBuf>) -> (Vec<Ast>, Diagnostics) {
    let mut texts = Vec::new();
    let mut diagnostics = Diagnostics::default();
    for path in paths {
        match shell.read_text(&path) {
            Ok(text) => texts.push((shell.sources.add(&path.display().to_string(), &text), text)),
            Err(failure) => diagnostics.append(failure.diagnostics),
        }
    }
    let mut trees = Vec::new();
    for parsed in in_parallel(texts, |(file, text)| parse(file, &text)) {
        diagnostics.append(parsed.diagnostics);
        trees.push(parsed.ast);
    }
    (trees, diagnostics)
}

/// The same, with the files of tests beside it.
pub fn checked_with_tests(shell: &mut Shell) -> Result<(Program, Diagnostics), Failure> {
    let (trees, mut diagnostics) = trees(shell)?;
    let folder = shell.global.directory.clone();
    let paths: Vec<PathBuf> = files(shell, &folder)?.into_iter().filter(|path| is_test(path)).collect();
    let (tests, found) = parsed(shell, paths);
    diagnostics.append(found);
    let mut loaded = modules::load(shell, trees)?;
    diagnostics.append(loaded.diagnostics);
    if let Some(root) = loaded.folders.first_mut() {
        root.tests = tests;
    }
    let (program, found) = program::check_folders(&loaded.folders, cloudnexus());
    diagnostics.append(found);
    diagnostics.sort();
    Ok((program, diagnostics))
}

/// The folders that make up the program, with all that is wrong in their text.
pub fn folders(shell: &mut Shell) -> Result<(Vec<Folder>, Diagnostics), Failure> {
    let (trees, mut diagnostics) = trees(shell)?;
    let loaded = modules::load(shell, trees)?;
    diagnostics.append(loaded.diagnostics);
    Ok((loaded.folders, diagnostics))
}

/// The program of the folder and of the modules that it uses, with all that is wrong with it. Names and types are looked at even where text is broken.
pub fn checked(shell: &mut Shell) -> Result<(Program, Diagnostics), Failure> {
    let (trees, mut diagnostics) = trees(shell)?;
    let loaded = modules::load(shell, trees)?;
    diagnostics.append(loaded.diagnostics);
    let (program, found) = program::check_folders(&loaded.folders, cloudnexus());
    diagnostics.append(found);
    diagnostics.sort();
    Ok((program, diagnostics))
}

/// The same, with the tests of the folder and of the modules that it uses from this disk.
pub fn checked_whole(shell: &mut Shell) -> Result<(Program, Diagnostics, Vec<Folder>), Failure> {
    let (trees, mut diagnostics) = trees(shell)?;
    let mut loaded = modules::load(shell, trees)?;
    diagnostics.append(loaded.diagnostics);
    let folder = shell.global.directory.clone();
    let own = |place: &modules::Place| !place.path.starts_with(FOLDER);
    for (one, place) in loaded.folders.iter_mut().zip(&loaded.places).filter(|(_, place)| own(place)) {
        let folder = if place.path.is_empty() { folder.clone() } else { shown(&folder, &place.path) };
        let paths = files(shell, &folder)?.into_iter().filter(|path| is_test(path)).collect();
        let (tests, found) = parsed(shell, paths);
        diagnostics.append(found);
        one.tests = tests;
    }
    let (program, found) = program::check_folders(&loaded.folders, cloudnexus());
    diagnostics.append(found);
    diagnostics.sort();
    Ok((program, diagnostics, loaded.folders))
}

/// The environment that is meant: by `-e`, else the first declared one whose target is `local`, else none.
pub fn environment_name(shell: &Shell, program: &Program) -> Option<String> {
    let is_local = |one: &&Environment| !one.is_pattern() && env::target(one) == "local";
    let local = || program.environments.values().find(is_local);
    shell.global.environment.clone().or_else(|| local().map(|environment| environment.name.value.to_string()))
}

/// The name of a project that gives itself none: its folder's.
pub fn name(shell: &Shell) -> String {
    let folder = std::path::absolute(&shell.global.directory).ok();
    let name = folder.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or_else(|| "project".to_owned())
}
