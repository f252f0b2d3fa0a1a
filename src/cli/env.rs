//! `cnx env list`: the declared environments.

use super::exit::{Exit, Failure};
use super::shell::Shell;
use super::{memory, project};
use crate::desired::Settings;
use crate::model::Value;
use crate::program::Program;
use crate::program::expr::{Expr, ExprKind};
use crate::program::ir::Environment;
use crate::report::{escape, table};
use serde_json::json;

/// One line of the list.
struct Row<'p> {
    /// As declared, or one of those that a pattern stands for.
    name: String,
    environment: &'p Environment,
    is_default: bool,
    /// Where its state lies; `None` for a pattern, and where that hangs on parameters that have no value.
    state: Option<String>,
    /// Something is kept there.
    is_kept: bool,
}

pub fn list(shell: &mut Shell) -> Result<Exit, Failure> {
    let (program, diagnostics) = project::checked(shell)?;
    if diagnostics.has_errors() {
        return Err(diagnostics.into());
    }
    let rows = rows(shell, &program);
    if shell.global.json {
        for row in &rows {
            shell.print_json(&json!({
                "format": "cnx-environment", "version": 1,
                "name": row.name, "target": target(row.environment), "protect": is_protected(row.environment),
                "default": row.is_default, "pattern": row.is_pattern(), "state": row.state, "kept": row.is_kept,
            }));
        }
        return Ok(Exit::Done);
    }
    if rows.is_empty() {
        shell.say("No environment is declared; commands run against the local emulator as `default`.");
        return Ok(Exit::Done);
    }
    let cells: Vec<Vec<String>> = rows.iter().map(Row::cells).collect();
    let text = table::table(&["name", "target", "", "state", "about"], &cells, &shell.out_look);
    shell.print(&text);
    Ok(Exit::Done)
}

/// Every declared environment; below a pattern those of it that have a state in the project's folder.
fn rows<'p>(shell: &mut Shell, program: &'p Program) -> Vec<Row<'p>> {
    let chosen = project::environment_name(shell, program);
    let mut rows = Vec::new();
    let kept = kept(shell);
    for environment in program.environments.values() {
        let name = environment.name.value.to_string();
        let is_default = chosen.as_deref() == Some(name.as_str());
        rows.push(row(shell, program, environment, name, is_default));
        if !environment.is_pattern() {
            continue;
        }
        for name in &kept {
            let same = program.environment(name).is_some_and(|found| found.name == environment.name);
            let is_default = chosen.as_deref() == Some(name.as_str());
            if same {
                rows.push(row(shell, program, environment, name.clone(), is_default));
            }
        }
    }
    rows
}

/// Names of states in the project's folder.
fn kept(shell: &Shell) -> Vec<String> {
    let settings = Settings { environment: "default".to_owned(), ..Settings::default() };
    let path = memory::path(shell, &settings);
    let names = path.parent().and_then(|folder| shell.world.files.list(folder).ok()).unwrap_or_default();
    names.iter().filter_map(|name| name.strip_suffix(".db")).map(str::to_owned).collect()
}

fn row<'p>(
    shell: &mut Shell,
    program: &'p Program,
    environment: &'p Environment,
    name: String,
    is_default: bool,
) -> Row<'p> {
    let settings = if name.contains('*') {
        None
    } else if environment.state.is_none() && program.state.is_none() {
        Some(Settings { environment: name.clone(), ..Settings::default() })
    } else {
        memory::early(shell, program.clone(), name.clone()).ok()
    };
    let path = settings.map(|settings| memory::path(shell, &settings));
    let is_kept = path.as_ref().is_some_and(|path| shell.world.files.exists(path));
    let state = path.map(|path| path.display().to_string());
    Row { name, environment, is_default, state, is_kept }
}

impl Row<'_> {
    fn is_pattern(&self) -> bool {
        self.name.contains('*')
    }

    fn cells(&self) -> Vec<String> {
        let marks = [
            (self.is_default, "default"),
            (self.is_pattern(), "pattern"),
            (is_protected(self.environment), "protected"),
        ];
        let marks: Vec<&str> = marks.iter().filter(|(holds, _)| *holds).map(|(_, word)| *word).collect();
        let state = if self.is_kept { self.state.as_deref().unwrap_or_default() } else { "" };
        let doc = self.environment.doc.lines().next().unwrap_or("");
        let cells = [self.name.as_str(), &target(self.environment), &marks.join(", "), state, doc];
        cells.map(|cell| escape::clean(cell).into_owned()).to_vec()
    }
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
