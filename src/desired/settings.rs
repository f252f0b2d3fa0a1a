//! The environment that is meant, and the provider's settings in it.

use super::codes;
use super::inputs::Inputs;
use super::machine::Machine;
use super::types::{Settings, Target};
use crate::diag::suggest::did_you_mean;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Ident, Key, Number, Value};
use crate::program::Program;
use crate::program::expr::Expr;
use crate::program::ir::Environment;
use crate::program::is_environment_name;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The name of the environment without one.
pub const DEFAULT: &str = "default";

/// The named environment, else the first that is local, else `default`.
pub fn environment(program: &Program, inputs: &Inputs, diagnostics: &mut Diagnostics) -> String {
    if let Some(name) = &inputs.environment {
        let known = program.environment(name).is_some() || (program.environments.is_empty() && name == DEFAULT);
        if known && is_environment_name(name) {
            return name.clone();
        }
        let names: Vec<&str> = program.environments.keys().map(Ident::as_str).collect();
        let fallback = match names.len() {
            0 => "the program declares no environment: leave it out".to_owned(),
            _ => format!("declared are `{}`", names.join("`, `")),
        };
        let exact = names.into_iter().filter(|name| !name.contains('*'));
        let help = did_you_mean(name, exact, &fallback);
        let message = format!("the program has no environment `{name}`");
        diagnostics.push(Diagnostic::new(&codes::UNKNOWN_ENVIRONMENT, message).help(help));
        return DEFAULT.to_owned();
    }
    let is_local = |one: &&Environment| !one.is_pattern() && one.target.is_some() && target(one) == Target::Local;
    let local = program.environments.values().find(is_local);
    local.map_or_else(|| DEFAULT.to_owned(), |environment| environment.name.value.to_string())
}

fn target(environment: &Environment) -> Target {
    let written = environment.target.as_ref().and_then(Expr::as_constant).and_then(Value::as_str);
    match written {
        Some("sandbox") => Target::Sandbox,
        Some("production") => Target::Production,
        Some(_) | None => Target::Local,
    }
}

/// Evaluates the settings; those of the environment win over the module's.
pub fn settings(machine: &mut Machine, inputs: &Inputs) -> Settings {
    let program = Arc::clone(&machine.world.root().program);
    let environment = program.environment(&machine.world.environment);
    let project = program.project.as_ref().map_or_else(|| inputs.project_name.clone(), |name| name.value.clone());
    let protect = environment.and_then(|environment| environment.protect.as_ref());
    let mut made = Settings {
        project,
        environment: machine.world.environment.clone(),
        target: environment.map(target).unwrap_or_default(),
        protect: protect.and_then(|expr| machine.value(expr)).and_then(|value| value.as_bool()).unwrap_or(false),
        ..Settings::default()
    };
    let state = environment.and_then(|environment| environment.state.as_ref()).or(program.state.as_ref());
    made.state = state.and_then(|expr| location(machine, expr));
    let mut written: BTreeMap<&Ident, &Expr> = program.provider.iter().collect();
    written.extend(environment.into_iter().flat_map(|environment| &environment.provider));
    for (name, expr) in written {
        if let Some(value) = machine.value(expr).filter(Value::is_known) {
            set(&mut made, name, &value, expr, machine);
        }
    }
    made
}

/// A folder for states.
fn location(machine: &mut Machine, expr: &Expr) -> Option<String> {
    let value = machine.value(expr).filter(Value::is_known)?;
    let text = value.as_str().unwrap_or_default();
    if text.is_empty() || text.starts_with('~') || text.contains('\0') {
        let help = "write the path of a folder, absolute or from the project's folder: `state = \"../states\"`";
        let diagnostic = Diagnostic::new(&codes::WRONG_VALUE, format!("{text:?} is no path of a folder"));
        machine.complain(diagnostic.at(expr.span, "no folder").help(help));
        return None;
    }
    Some(text.to_owned())
}

fn set(made: &mut Settings, name: &Ident, value: &Value, expr: &Expr, machine: &mut Machine) {
    match name.as_str() {
        "requests_per_minute" => {
            let number = value.as_number().and_then(Number::to_i64).and_then(|number| u32::try_from(number).ok());
            made.requests_per_minute = number.filter(|number| *number > 0);
            if made.requests_per_minute.is_none() {
                let diagnostic = Diagnostic::new(&codes::WRONG_VALUE, "a rate is at least 1")
                    .at(expr.span, "not a rate")
                    .help("write how many requests a minute may be sent");
                machine.complain(diagnostic);
            }
        }
        "speed" => {
            let number = value.as_number().and_then(Number::to_i64).and_then(|number| u32::try_from(number).ok());
            made.speed = number.filter(|number| *number > 0);
            if made.speed.is_none() {
                let diagnostic = Diagnostic::new(&codes::WRONG_VALUE, "a speed is at least 1")
                    .at(expr.span, "not a speed")
                    .help("write how many times faster than documented the emulator works");
                machine.complain(diagnostic);
            }
        }
        "allow_live_key" => made.allow_live_key = value.as_bool().unwrap_or(false),
        "max_wait" => {
            if let Value::Duration(milliseconds) = value {
                made.max_wait = Some(*milliseconds);
            }
        }
        "default_tags" => {
            if let Value::Map(tags) = value {
                made.default_tags = tags.iter().filter_map(tag).collect();
            }
        }
        "default_region" => made.default_region = value.as_str().map(str::to_owned),
        _ => {
            if let Some(url) = value.as_str() {
                made.urls.insert(name.clone(), url.to_owned());
                made.url_places.insert(name.clone(), expr.span);
            }
        }
    }
}

fn tag((key, value): (&Key, &Value)) -> Option<(String, String)> {
    match key {
        Key::Text(name) => Some((name.to_string(), value.as_str()?.to_owned())),
        Key::Int(_) => None,
    }
}
