//! Values with a name: parameters, lets, outputs of a module. Each is evaluated once (with outputs: once a machine,
//! where it hangs on one).

use super::machine::{Evaluated, Machine, Stop};
use super::scope::{Declared, Found, ScopeId};
use crate::model::Value;
use std::sync::Arc;

/// Which value is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Named {
    Param(Declared),
    Let(Declared),
    Output(Declared),
}

impl Machine<'_> {
    pub fn named(&mut self, named: Named) -> Evaluated {
        let world = self.world;
        let cell = match named {
            Named::Param(of) => &world.scope(of.scope).params[of.at],
            Named::Let(of) => &world.scope(of.scope).lets[of.at],
            Named::Output(of) => &world.scope(of.scope).outputs[of.at],
        };
        let result = cell.get_or_init(|| {
            let mut fresh = Machine::new(world, None);
            fresh.depth = self.depth;
            self.grant();
            fresh.fuel = self.fuel;
            let value = fresh.evaluated(named);
            self.fuel = fresh.fuel;
            self.granted += fresh.granted;
            self.hand_over(std::mem::take(&mut fresh.diagnostics));
            value.map(|value| Found::new(value, fresh.references))
        });
        let Some(found) = result else { return Err(Stop::Failed) };
        self.references.extend(found.references.iter().copied());
        let is_given = matches!(named, Named::Param(of) if of.scope == ScopeId::ROOT);
        let is_known = found.known && self.outputs.is_none_or(|outputs| outputs.missed().is_empty());
        if is_known || is_given || self.outputs.is_none() {
            return Ok(found.value.clone());
        }
        if let Some(known) = self.named.get(&named) {
            return known.clone().ok_or(Stop::Failed);
        }
        let references = std::mem::take(&mut self.references);
        let value = self.evaluated(named);
        self.references = references;
        self.named.insert(named, value.clone());
        value.ok_or(Stop::Failed)
    }

    fn evaluated(&mut self, named: Named) -> Option<Value> {
        match named {
            Named::Param(of) => self.argument(of),
            Named::Let(of) => self.within(of.scope, Vec::new(), |machine| {
                let program = Arc::clone(&machine.scope.program);
                machine.value(&program.lets[of.at].value)
            }),
            Named::Output(of) => self.within(of.scope, Vec::new(), |machine| {
                let program = Arc::clone(&machine.scope.program);
                machine.value(&program.outputs[of.at].value)
            }),
        }
    }

    /// What a module is given for a parameter: as written where it is used, else the default. Null counts as not
    /// written where the parameter cannot be null. Parameters of the root are set before anything is evaluated.
    fn argument(&mut self, of: Declared) -> Option<Value> {
        let world = self.world;
        let scope = world.scope(of.scope);
        let param = &scope.program.params[of.at];
        let origin = scope.origin?;
        let user = world.scope(origin.module.scope);
        if let Some(written) = user.program.modules[origin.module.at].arguments.get(&of.at) {
            let frame = user.modules[origin.module.at].get()?.expansion.frames.get(origin.index)?.clone();
            let given = self.within(user.id, frame, |machine| machine.value(written))?;
            if !given.is_null() || param.ty.is_optional() {
                return Some(given);
            }
        }
        match &param.default {
            Some(default) => self.within(scope.id, Vec::new(), |machine| machine.value(default)),
            None => param.ty.is_optional().then_some(Value::Null),
        }
    }
}
