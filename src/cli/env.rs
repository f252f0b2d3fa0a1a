//! `cnx env list`: the declared environments.

use super::exit::{Exit, Failure};
use super::project;
use super::shell::Shell;
use crate::model::Value;
use crate::program::expr::{Expr, ExprKind};
use crate::program::ir::Environment;
use crate::report::{escape, table};
use serde_json::json;

pub fn list(shell: &mut Shell) -> Result<Exit, Failure> {
    let (program, diagnostics) = project::checked(shell)?;
    if diagnostics.has_errors() {
        return Err(diagnostics.into());
    }
    let chosen = project::environment_name(shell, &program);
    let environments: Vec<&Environment> = program.environments.values().collect();
    if shell.global.json {
        for environment in environments {
            let name = environment.name.value.as_str();
            shell.print_json(&json!({
                "format": "cnx-environment", "version": 1,
                "name": name, "target": target(environment), "protect": is_protected(environment),
                "default": chosen.as_deref() == Some(name),
            }));
        }
        return Ok(Exit::Done);
    }
    if environments.is_empty() {
        shell.say("No environment is declared; commands run against the local emulator as `default`.");
        return Ok(Exit::Done);
    }
    let rows: Vec<Vec<String>> = environments.iter().map(|environment| row(environment, chosen.as_deref())).collect();
    let text = table::table(&["name", "target", "", "about"], &rows, &shell.out_look);
    shell.print(&text);
    Ok(Exit::Done)
}

fn row(environment: &Environment, chosen: Option<&str>) -> Vec<String> {
    let name = environment.name.value.as_str();
    let marks = [(chosen == Some(name), "default"), (is_protected(environment), "protected")];
    let marks: Vec<&str> = marks.iter().filter(|(holds, _)| *holds).map(|(_, word)| *word).collect();
    let doc = environment.doc.lines().next().unwrap_or("");
    [name, &target(environment), &marks.join(", "), doc].map(|cell| escape::clean(cell).into_owned()).to_vec()
}

/// The target as written; `local` where nothing is.
pub fn target(environment: &Environment) -> String {
    let constant = environment.target.as_ref().and_then(constant);
    constant.and_then(Value::as_str).unwrap_or("local").to_owned()
}

fn is_protected(environment: &Environment) -> bool {
    environment.protect.as_ref().and_then(constant).and_then(Value::as_bool).unwrap_or(false)
}

/// What is written out; `env list` computes nothing.
fn constant(expr: &Expr) -> Option<&Value> {
    if let ExprKind::Constant(value) = &expr.kind {
        return Some(value);
    }
    if let ExprKind::Convert(inner) = &expr.kind { constant(inner) } else { None }
}
