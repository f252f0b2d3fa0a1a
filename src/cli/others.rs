//! Outputs of other projects, from their states: found by folder or by name, read without a lock, never written.

use super::args::Global;
use super::memory;
use super::shell::{Shell, World};
use crate::desired::{OtherOutput, OtherOutputs, OtherProject, Settings};
use crate::model::Ident;
use crate::report::Writer;
use crate::state::read_only;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub fn outputs(shell: &Shell) -> OtherOutputs {
    let (world, directory) = (shell.world.clone(), shell.global.directory.clone());
    Arc::new(move |wanted| read(&world, &directory, wanted))
}

fn read(world: &World, directory: &Path, wanted: &OtherProject) -> Result<BTreeMap<Ident, OtherOutput>, String> {
    let path = state(world, directory, wanted)?;
    let snapshot = read_only(&path).map_err(|error| error.diagnostic().message)?;
    let Some(snapshot) = snapshot else {
        return Err(format!("{} is not there: nothing was applied in `{}`", path.display(), wanted.environment));
    };
    let outputs = snapshot.outputs.into_iter();
    Ok(outputs.map(|(name, output)| (name, OtherOutput { value: output.value, secret: output.secret })).collect())
}

/// The state of the other project: where its own program says, or beside this one's.
fn state(world: &World, directory: &Path, wanted: &OtherProject) -> Result<PathBuf, String> {
    let own = Global { directory: directory.to_owned(), ..Global::default() };
    let silent = || Writer::new(Box::new(std::io::sink()));
    let name = wanted.project.as_str();
    if name.is_empty() || name.contains('\0') {
        return Err("a project is named by its folder, or by its name".to_owned());
    }
    if !name.contains('/') && name != "." && name != ".." {
        let Some(state) = &wanted.state else {
            return Err(format!(
                "\"{name}\" is a name, and this project does not say where states are kept: write its folder, or `state = …` in `project`"
            ));
        };
        let settings = Settings {
            project: name.to_owned(),
            environment: wanted.environment.clone(),
            state: Some(state.clone()),
            ..Settings::default()
        };
        return Ok(memory::path(&Shell::new(world.clone(), own, silent(), silent()), &settings));
    }
    let global = Global {
        directory: super::project::shown(directory, name),
        environment: Some(wanted.environment.clone()).filter(|name| name != "default"),
        quiet: true,
        offline: true,
        no_input: true,
        ..Global::default()
    };
    if !world.files.exists(&global.directory) {
        return Err(format!("{} is not there", global.directory.display()));
    }
    let mut shell = Shell::new(world.clone(), global, silent(), silent());
    let settings = memory::settings(&mut shell).map_err(|failure| {
        let first = failure.diagnostics.0.into_iter().next();
        first.map_or_else(String::new, |first| format!("{name}: {}: {}", first.code.title, first.message))
    })?;
    Ok(memory::path(&shell, &settings))
}
