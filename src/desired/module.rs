//! Modules as values: one instance, all of them, one output. Only what is read becomes a reference.

use super::machine::{Evaluated, Machine, Stop};
use super::named::Named;
use super::references::{Place, key_of};
use super::scope::{Declared, ScopeId};
use crate::model::{Span, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

impl Machine<'_> {
    pub fn used_module(&self, declared: Declared) -> Result<Place, Stop> {
        let Some(modules) = self.world.scope(declared.scope).modules(declared.at) else { return Err(Stop::Failed) };
        Ok(match (modules.expansion.repeated, modules.scopes.first()) {
            (true, _) => Place::Modules(declared),
            (false, None) => Place::Absent,
            (false, Some(scope)) => Place::Module(*scope),
        })
    }

    pub fn chosen_module(&mut self, declared: Declared, index: &Value, span: Span) -> Result<Option<Place>, Stop> {
        let scope = self.world.scope(declared.scope);
        let Some(modules) = scope.modules(declared.at) else { return Err(Stop::Failed) };
        let Some(key) = key_of(index) else { return Ok(None) };
        if let Some(at) = key.as_ref().and_then(|key| modules.expansion.find(key)) {
            return Ok(modules.scopes.get(at).copied().map(Place::Module));
        }
        let shown = format!("module.{}", scope.program.modules[declared.at].name.value);
        self.no_instance(&shown, &modules.expansion, key, index, span)
    }

    /// `module.m.name`
    pub fn output(&mut self, scope: ScopeId, name: &str) -> Evaluated {
        let outputs = &self.world.scope(scope).program.outputs;
        match outputs.iter().position(|output| output.name.value.as_str() == name) {
            Some(at) => self.named(Named::Output(Declared { scope, at })),
            None => Err(Stop::Failed),
        }
    }

    /// All outputs of one instance as an object.
    pub fn module_value(&mut self, scope: ScopeId) -> Evaluated {
        let program = Arc::clone(&self.world.scope(scope).program);
        let mut members = BTreeMap::new();
        for (at, output) in program.outputs.iter().enumerate() {
            let value = self.named(Named::Output(Declared { scope, at }))?;
            members.insert(output.name.value.0.clone(), value);
        }
        Ok(Value::object(members))
    }

    /// A module as a value: its outputs, null, or the map of its instances.
    pub fn modules_value(&mut self, declared: Declared) -> Evaluated {
        match self.used_module(declared)? {
            Place::Module(scope) => self.module_value(scope),
            Place::Modules(declared) => {
                let Some(modules) = self.world.scope(declared.scope).modules(declared.at) else {
                    return Err(Stop::Failed);
                };
                let mut entries = BTreeMap::new();
                for (key, scope) in modules.expansion.keys.iter().zip(&modules.scopes) {
                    self.grant();
                    entries.insert(key.clone(), self.module_value(*scope)?);
                }
                Ok(Value::map(entries))
            }
            Place::Absent | Place::Instance(..) | Place::Instances(_) => Ok(Value::Null),
        }
    }
}
