//! What shapes a plan beside the program, gathered from the command line: the same again when a saved plan is applied.

use super::args::{Adopt, Planning, Refresh};
use super::parameters::Given;
use crate::desired::ParamInput;
use crate::model::{AddressPattern, Timestamp, Type, Value, json};
use crate::plan;
use crate::program::Program;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// Stored in saved plans: members may be added, never change their meaning.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Choices {
    pub environment: Option<String>,
    pub destroy: bool,
    pub refresh_only: bool,
    pub targets: Vec<String>,
    pub excludes: Vec<String>,
    pub replace: Vec<String>,
    pub allow_destroy: Vec<String>,
    pub assume_gone: Vec<String>,
    pub refresh: Refresh,
    pub adopt_exact: bool,
    pub retry_unknown: bool,
    pub confirm: Vec<String>,
    /// Actions that run now.
    pub run: Vec<String>,
    pub parameters: BTreeMap<String, Parameter>,
}

/// A parameter as it was given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Parameter {
    Raw(String),
    Value(Json),
}

impl Choices {
    pub fn new(environment: Option<String>, planning: &Planning) -> Choices {
        Choices {
            environment,
            targets: planning.targets.clone(),
            excludes: planning.excludes.clone(),
            replace: planning.replace.clone(),
            allow_destroy: planning.allow_destroy.clone(),
            assume_gone: planning.assume_gone.clone(),
            refresh: planning.refresh,
            adopt_exact: planning.adopt == Some(Adopt::Exact),
            retry_unknown: planning.retry_unknown,
            confirm: planning.confirm.clone(),
            ..Choices::default()
        }
    }

    /// Remembers what was given, for a saved plan. Secrets are not written down: they are given again.
    pub fn remember(&mut self, given: &Given, program: &Program) {
        let plain = given.iter().filter(|(name, _)| !is_secret(program, name));
        let stored = plain.map(|(name, input)| {
            let parameter = match input {
                ParamInput::Raw(text) => Parameter::Raw(text.clone()),
                ParamInput::Value(value) => Parameter::Value(to_stored(value)),
                ParamInput::Written(written) => Parameter::Value(to_stored(&written.value)),
            };
            (name.clone(), parameter)
        });
        self.parameters = stored.collect();
    }

    /// What was given when the plan was saved.
    pub fn given(&self) -> Given {
        let read = self.parameters.iter().map(|(name, parameter)| {
            let input = match parameter {
                Parameter::Raw(text) => ParamInput::Raw(text.clone()),
                Parameter::Value(stored) => ParamInput::Value(from_stored(stored)),
            };
            (name.clone(), input)
        });
        read.collect()
    }

    /// As `plan` takes them; `speed` is the target's.
    pub fn options(&self, speed: u32, now: Timestamp) -> plan::Options {
        let patterns = |texts: &[String]| texts.iter().cloned().map(AddressPattern).collect();
        plan::Options {
            destroy: self.destroy,
            targets: patterns(&self.targets),
            excludes: patterns(&self.excludes),
            replace: patterns(&self.replace),
            allow_destroy: patterns(&self.allow_destroy),
            assume_gone: patterns(&self.assume_gone),
            confirm: patterns(&self.confirm),
            refresh_only: self.refresh_only,
            run: patterns(&self.run),
            adopt_exact: self.adopt_exact,
            speed: speed.into(),
            now: Some(now),
        }
    }
}

/// Whether the program declares the parameter secret.
pub fn is_secret(program: &Program, name: &str) -> bool {
    program.params.iter().any(|param| param.secret && param.name.value.as_str() == name)
}

/// JSON, with durations told apart from numbers.
fn to_stored(value: &Value) -> Json {
    match value {
        Value::Duration(milliseconds) => json!({ "$duration_ms": milliseconds }),
        Value::List(items) => Json::Array(items.iter().map(to_stored).collect()),
        Value::Object(members) => {
            Json::Object(members.iter().map(|(name, item)| (name.to_string(), to_stored(item))).collect())
        }
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Set(_)
        | Value::Map(_)
        | Value::Unknown(_)
        | Value::Sealed(_) => json::to_json(value).unwrap_or(Json::Null),
    }
}

fn from_stored(stored: &Json) -> Value {
    match stored {
        Json::Array(items) => Value::list(items.iter().map(from_stored).collect()),
        Json::Object(members) => match members.get("$duration_ms").and_then(Json::as_i64) {
            Some(milliseconds) if members.len() == 1 => Value::Duration(milliseconds),
            _ => Value::object(members.iter().map(|(name, item)| (name.as_str().into(), from_stored(item))).collect()),
        },
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => json::from_json(stored, &Type::Any),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_given_comes_back() {
        let value = Value::object([("wait".into(), Value::Duration(90_000)), ("n".into(), Value::int(3))].into());
        let given = Given::from([
            ("a".to_owned(), ParamInput::Raw("x = 1".to_owned())),
            ("b".to_owned(), ParamInput::Value(Value::list(vec![value, Value::string("text"), Value::Null]))),
        ]);
        let mut choices = Choices { environment: Some("dev".to_owned()), refresh: Refresh::None, ..Choices::default() };
        choices.remember(&given, &Program::default());
        let text = serde_json::to_string(&choices).expect("JSON");
        let back: Choices = serde_json::from_str(&text).expect("choices");
        assert_eq!(back, choices);
        assert_eq!(back.given(), given);
    }
}
