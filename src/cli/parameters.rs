//! Parameters as given: `-p`, then `CNX_PARAM_NAME`, then the file. What they mean is said elsewhere.

use super::choices::is_secret;
use super::exit::Failure;
use super::shell::Shell;
use super::{codes, parameter_file, project};
use crate::desired::{GivenBy, ParamInput, SAVED_PLAN};
use crate::diag::{Diagnostic, Diagnostics};
use crate::program::Program;
use std::collections::BTreeMap;

/// By name, the strongest source winning.
pub type Given = BTreeMap<String, ParamInput>;

/// Everything that was given. A variable of the process that names no parameter is somebody else's.
pub fn given(shell: &mut Shell, program: &Program) -> Result<Given, Failure> {
    let mut given = match shell.global.parameter_file.clone() {
        Some(path) => parameter_file::read(shell, &path, program)?,
        None => Given::new(),
    };
    let mut shadowed = Vec::new();
    for param in &program.params {
        let name = param.name.value.as_str();
        let variables = variables(name);
        let variables = variables.iter().filter_map(|one| Some((one, shell.world.environment.0.get(one)?.clone())));
        if let Some((variable, text)) = variables.take(1).next() {
            let hidden = given.insert(name.to_owned(), ParamInput::Raw(text));
            shadowed.extend(shadowing(shell, program, (name, variable), hidden.is_some()));
        }
    }
    if !shadowed.is_empty() {
        shell.complain(&Diagnostics(shadowed));
    }
    let mut complaints = Diagnostics::default();
    let mut told: Vec<String> = Vec::new();
    for written in &shell.global.parameters {
        match written.split_once('=') {
            Some((name, text)) if !name.trim().is_empty() => {
                if is_secret(program, name.trim()) {
                    told.push(name.trim().to_owned());
                }
                given.insert(name.trim().to_owned(), ParamInput::Raw(text.to_owned()));
            }
            Some(_) => complaints.push(not_a_pair(written, "no name before its `=`")),
            None => complaints.push(not_a_pair(written, "no `=`")),
        }
    }
    if !complaints.is_empty() {
        return Err(complaints.into());
    }
    told.iter().for_each(|name| exposed(shell, name));
    if shell.global.parameter_prompt && shell.can_ask() {
        ask_for_missing(shell, program, &mut given)?;
    }
    Ok(given)
}

/// By what each was given, and where that is written.
pub fn given_by(shell: &Shell, given: &Given) -> GivenBy {
    let argument = |name: &str| {
        let pair = |one: &String| one.split_once('=').is_some_and(|(written, _)| written.trim() == name);
        shell.global.parameters.iter().any(pair).then(|| (format!("-p {name}=…"), None))
    };
    let variable = |name: &str| {
        let found = variables(name).into_iter().find(|one| shell.world.environment.0.contains_key(one));
        found.map(|variable| (variable, None))
    };
    let file = |input: &ParamInput| {
        let path =
            shell.global.parameter_file.as_ref().map_or_else(|| "a file".to_owned(), |path| path.display().to_string());
        match input {
            ParamInput::Raw(_) => ("an answer".to_owned(), None),
            ParamInput::Value(_) => (path, None),
            ParamInput::Written(written) => (path, Some(written.span)),
        }
    };
    let by = |(name, input): (&String, &ParamInput)| {
        (name.clone(), argument(name).or_else(|| variable(name)).unwrap_or_else(|| file(input)))
    };
    given.iter().map(by).collect()
}

/// As `given_by`, for those that a saved plan brings along.
pub fn given_by_plan(saved: &Given) -> GivenBy {
    saved.keys().map(|name| (name.clone(), (SAVED_PLAN.to_owned(), None))).collect()
}

/// The variables of the process that give a parameter; the first counts.
fn variables(name: &str) -> [String; 2] {
    [format!("CNX_PARAM_{name}"), format!("CNX_PARAM_{}", name.to_ascii_uppercase())]
}

/// What a saved plan brings along, and its secrets, which are given again.
pub fn completed(saved: Given, fresh: Given, program: &Program) -> Result<Given, Failure> {
    let mut all = saved;
    for (name, input) in fresh {
        if is_secret(program, &name) {
            all.insert(name, input);
        } else if !all.get(&name).is_some_and(|saved| saved.is_the_same(&input)) {
            let message = format!("a saved plan brings its own parameters, and `{name}` is given too");
            let help = "give only secret ones again, or plan again with it";
            return Err(Diagnostic::new(&codes::BAD_ARGUMENT, message).help(help).into());
        }
    }
    Ok(all)
}

/// A secret on the command line is in the list of processes, and in the history of the shell.
fn exposed(shell: &mut Shell, name: &str) {
    let warning =
        Diagnostic::new(&codes::EXPOSED, format!("`{name}` is secret, and others on this machine can read it"))
            .help(format!("give it by CNX_PARAM_{name}, by `--params FILE`, or type it: `--param-prompt`"));
    shell.complain(&Diagnostics(vec![warning]));
}

/// A variable of the process that stands over what is written in a file, or in the environment's block: perhaps a leftover. With `-p` none
/// of them counts.
fn shadowing(shell: &Shell, program: &Program, (name, variable): (&str, &str), in_file: bool) -> Option<Diagnostic> {
    let written = |one: &String| one.split_once('=').is_some_and(|(given, _)| given.trim() == name);
    if shell.global.parameters.iter().any(written) {
        return None;
    }
    let at = program.params.iter().position(|param| param.name.value.as_str() == name)?;
    let block = project::environment_name(shell, program);
    let block = block.filter(|one| program.environment(one).is_some_and(|one| one.params.contains_key(&at)));
    let place = match (in_file, block) {
        (true, _) => shell.global.parameter_file.as_ref()?.display().to_string(),
        (false, Some(block)) => format!("environment `{block}`"),
        (false, None) => return None,
    };
    let message = format!("`{name}` is taken from {variable}, not from {place}");
    let help = format!("unset {variable}, or say what is meant with `-p {name}=…`");
    Some(Diagnostic::new(&codes::SHADOWED, message).help(help))
}

/// Parameters that have a value from nowhere.
fn ask_for_missing(shell: &Shell, program: &Program, given: &mut Given) -> Result<(), Failure> {
    let environment = project::environment_name(shell, program);
    let set = environment.and_then(|name| program.environment(&name)).map(|environment| &environment.params);
    for (at, param) in program.params.iter().enumerate() {
        let name = param.name.value.as_str();
        let known = given.contains_key(name) || param.default.is_some() || set.is_some_and(|set| set.contains_key(&at));
        if known || param.ty.is_optional() {
            continue;
        }
        let terminal = &shell.world.terminal;
        let question = format!("{name} ({}): ", param.ty);
        let answer = if param.secret { terminal.ask_secretly(&question) } else { terminal.ask(&question) };
        let answer = answer.map_err(|error| {
            Failure::from(Diagnostic::new(&codes::BAD_ARGUMENT, error.to_string()).help("give it with -p"))
        })?;
        given.extend(answer.map(|text| (name.to_owned(), ParamInput::Raw(text))));
    }
    Ok(())
}

fn not_a_pair(written: &str, lacking: &str) -> Diagnostic {
    Diagnostic::new(&codes::BAD_ARGUMENT, format!("`-p {written}` has {lacking}")).help("write `-p NAME=VALUE`")
}
