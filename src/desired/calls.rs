//! Calls: the program's functions, the library, files and templates.

use super::codes;
use super::machine::{Evaluated, Machine, Stop, pending};
use super::scope::Slot;
use super::sizes::parts;
use crate::model::{Span, Value};
use crate::program::check_with_locals;
use crate::program::expr::{Expr, ExprKind};
use crate::program::library::encoding::{utf8, variables};
use crate::program::library::patterns::BYTES_A_STEP;
use crate::program::library::{self, Run};
use std::sync::Arc;

impl Machine<'_> {
    pub fn call(&mut self, function: usize, arguments: &[Expr]) -> Evaluated {
        let mut frame = Vec::with_capacity(arguments.len());
        for argument in arguments {
            frame.push(Slot::Value(self.eval(argument)?));
        }
        let program = Arc::clone(&self.scope.program);
        let caller = std::mem::replace(&mut self.frame, frame);
        let result = self.eval(&program.functions[function].value);
        self.frame = caller;
        result
    }

    pub fn library(&mut self, function: usize, arguments: &[Expr], expr: &Expr) -> Evaluated {
        let function = library::functions()[function];
        let mut values = Vec::with_capacity(arguments.len());
        for argument in arguments {
            values.push(self.eval(argument)?);
        }
        let waits = match function.run {
            Run::Partial(_) => {
                self.burn(values.iter().map(text_size).sum::<u64>() / 8, expr.span)?;
                values.iter().any(|value| matches!(value, Value::Unknown(_)))
            }
            Run::Pure(_) | Run::Search(_) | Run::File(_) | Run::Template => {
                self.burn(values.iter().map(parts).sum::<u64>() / 8, expr.span)?;
                !values.iter().all(Value::is_known)
            }
        };
        if waits {
            return Ok(pending(&values.iter().collect::<Vec<_>>(), &expr.ty));
        }
        if let Some(at) = function.pattern {
            self.burn_pattern(&values[at], expr.span)?;
        }
        let result = match function.run {
            Run::Pure(run) | Run::Partial(run) => run(&values),
            Run::Search(run) => {
                let (looked, result) = run(&values, self.fuel.saturating_mul(BYTES_A_STEP));
                self.burn(looked / BYTES_A_STEP, expr.span)?;
                result
            }
            Run::File(run) => {
                let bytes = self.read(&values[0], arguments[0].span)?;
                run(&bytes)
            }
            Run::Template => return self.template(&values, arguments, expr),
        };
        match result {
            Ok(Value::Unknown(_)) if !function.result.is_part() => {
                Ok(pending(&values.iter().collect::<Vec<_>>(), &expr.ty))
            }
            Ok(value) => {
                self.burn(size(&value), expr.span)?;
                if function.result.is_part() { Ok(value) } else { self.made(value, expr.span) }
            }
            Err(why) => {
                let message = format!("`{}`: {why}", function.name);
                let help = format!("see `{}`: {}", function.signature(), function.doc);
                self.fail(&codes::FUNCTION_FAILED, expr.span, &message, &why, &help)
            }
        }
    }

    fn read(&mut self, path: &Value, span: Span) -> Result<Arc<[u8]>, Stop> {
        let path = path.as_str().unwrap_or_default();
        match self.world.file(&self.scope.program.folder, path) {
            Ok(bytes) => Ok(bytes),
            Err(why) => {
                let message = format!("\"{path}\": {why}");
                let help = "put the file beside the program, and write its path from there";
                self.fail(&codes::FILE_NOT_READ, span, &message, &why, help)
            }
        }
    }

    fn template(&mut self, values: &[Value], arguments: &[Expr], expr: &Expr) -> Evaluated {
        let bytes = self.read(&values[0], arguments[0].span)?;
        let made = variables(&values[1]).and_then(|variables| {
            let (names, given): (Vec<String>, Vec<Value>) = variables.into_iter().unzip();
            let path = values[0].as_str().unwrap_or_default().to_owned();
            let folder = self.scope.program.folder.clone();
            let pieces =
                self.world.template((folder, path, names.clone()), || self.pieces(&bytes, &names, expr.span))?;
            Ok((pieces, given))
        });
        let (pieces, given) = match made {
            Ok(made) => made,
            Err(why) => {
                let path = values[0].as_str().unwrap_or_default();
                let message = format!("\"{path}\": {why}");
                let help = "a template uses `${…}` with the given variables only; write `\\${` for the characters";
                return self.fail(&codes::WRONG_TEMPLATE, expr.span, &message, &why, help);
            }
        };
        let frame = given.into_iter().map(Slot::Value).collect();
        let caller = std::mem::replace(&mut self.frame, frame);
        let text = Expr { kind: ExprKind::Text(pieces.to_vec()), ty: expr.ty.clone(), span: expr.span };
        let result = self.eval(&text);
        self.frame = caller;
        result
    }

    /// The text and the interpolations of a template, in order.
    fn pieces(&self, bytes: &[u8], names: &[String], span: Span) -> Result<Vec<Expr>, String> {
        let mut rest = utf8(bytes)?;
        let mut pieces = Vec::new();
        let plain = |text: &str| Expr::constant(Value::string(text), crate::model::Type::String, span);
        while let Some(at) = rest.find("${") {
            if rest[..at].ends_with('\\') {
                pieces.push(plain(&rest[..at - 1]));
                pieces.push(plain("${"));
                rest = &rest[at + 2..];
                continue;
            }
            pieces.push(plain(&rest[..at]));
            let inner = &rest[at + 2..];
            let end = closing_brace(inner).ok_or("an interpolation has no closing brace")?;
            let written = crate::syntax::parse_expression(span.file, &inner[..end])
                .map_err(|why| format!("`${{{}}}`: {}", &inner[..end], why.message))?;
            let checked = check_with_locals(&written, names, &self.world.catalog).map_err(|complaints| {
                let first = complaints.0.first().map(|complaint| complaint.message.clone()).unwrap_or_default();
                format!("`${{{}}}`: {first}", &inner[..end])
            })?;
            pieces.push(placed(checked, span));
            rest = &inner[end + 1..];
        }
        pieces.push(plain(rest));
        Ok(pieces)
    }
}

/// Complaints inside of a template stand where it is called.
fn placed(expr: Expr, span: Span) -> Expr {
    Expr { span, ..expr }
}

/// Where the brace stands that closes the interpolation; braces in texts do not count.
fn closing_brace(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    let mut quoted = false;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            '{' if !quoted => depth += 1,
            '}' if !quoted && depth == 0 => return Some(at),
            '}' if !quoted => depth -= 1,
            _ => {}
        }
    }
    None
}

fn text_size(value: &Value) -> u64 {
    value.as_str().map_or(0, |text| text.len() as u64 / 16)
}

/// What a value costs that was just made, by its outermost size and the texts in it.
fn size(value: &Value) -> u64 {
    match value {
        Value::String(_) => text_size(value),
        Value::List(items) => items.iter().map(|item| 1 + text_size(item)).sum(),
        Value::Set(items) => items.len() as u64,
        Value::Map(entries) => entries.len() as u64,
        Value::Object(members) => members.len() as u64,
        Value::Number(number) => 1 + number.size() / 16,
        Value::Null | Value::Bool(_) | Value::Duration(_) | Value::Unknown(_) | Value::Sealed(_) => 1,
    }
}
