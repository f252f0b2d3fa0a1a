//! What is declared and stands for nothing: headers whose `if` is false, or whose `for` yields less than it did.

use super::world::World;
use crate::model::{Address, ModuleStep, Span};
use std::collections::{BTreeMap, BTreeSet};

/// A header: where it stands, and whether it has a `for`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    pub span: Span,
    pub repeated: bool,
}

/// Why a declaration does not yield an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absence {
    /// One phrase.
    pub text: String,
    /// Of the header that decides.
    pub header: Span,
    pub cause: Cause,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    Condition,
    Key,
    /// Repeated now, or not any more.
    Repetition,
}

/// Headers by what they declare, without keys.
#[derive(Clone, Debug, Default)]
pub struct Headers {
    /// Of resources, data sources and actions that have no instance.
    vacant: BTreeMap<Address, Header>,
    /// Of all modules; the last step has no key.
    modules: BTreeMap<Vec<ModuleStep>, Header>,
    /// Instances of modules.
    paths: BTreeSet<Vec<ModuleStep>>,
}

impl Headers {
    pub(super) fn of(world: &World) -> Headers {
        let mut found = Headers::default();
        for scope in world.scopes() {
            found.paths.insert(scope.path.clone());
            for (at, module) in scope.program.modules.iter().enumerate() {
                let header = Header { span: module.name.span, repeated: module.repeat.is_some() };
                if scope.modules(at).is_some() {
                    found.modules.insert(scope.step(module, None), header);
                }
            }
            for (at, resource) in scope.program.resources.iter().enumerate() {
                let expansion = scope.expansion(at);
                if expansion.len() == 0 && !expansion.failed {
                    let header = Header { span: resource.span, repeated: resource.repeat.is_some() };
                    found.vacant.insert(scope.address(at, usize::MAX), header);
                }
            }
        }
        found
    }

    /// Why there is no such instance; `None` where nothing declares it, or something else of the declaration is there.
    pub fn absence(&self, address: &Address) -> Option<Absence> {
        for length in 1..=address.module.len() {
            let path = &address.module[..length];
            if self.paths.contains(path) {
                continue;
            }
            let mut declared = path.to_vec();
            let key = declared.last_mut().and_then(|step| step.key.take());
            let name = crate::model::shown_path(&declared);
            return self.modules.get(&declared).map(|header| absence(*header, key.map(|key| key.to_string()), &name));
        }
        let declaration = address.declaration();
        let header = self.vacant.get(&declaration)?;
        Some(absence(*header, address.key.as_ref().map(ToString::to_string), &declaration.to_string()))
    }
}

fn absence(header: Header, key: Option<String>, name: &str) -> Absence {
    let (cause, text) = match (key, header.repeated) {
        (None, false) => (Cause::Condition, format!("the `if` of {name} is false")),
        (Some(key), true) => (Cause::Key, format!("{key} is no longer a key of {name}")),
        (None, true) => (Cause::Repetition, format!("{name} is repeated now")),
        (Some(_), false) => (Cause::Repetition, format!("{name} is not repeated any more")),
    };
    Absence { text, header: header.span, cause }
}
