//! Imports: which object of the cloud is to become which instance.

use super::assemble::placed;
use super::codes;
use super::machine::{Machine, Stop};
use super::types::Imported;
use crate::diag::Diagnostic;
use crate::model::{Address, Key, RemoteId, Span, Value};
use crate::program::expr::Expr;
use crate::program::ir::Import;
use std::collections::{BTreeMap, BTreeSet};

/// By address, and which objects they are.
#[derive(Default)]
struct Imports {
    made: BTreeMap<Address, Imported>,
    ids: BTreeSet<RemoteId>,
}

impl Machine<'_> {
    /// Every import by its address; what fails is left out, the complaint is made.
    pub fn imports(&mut self) -> BTreeMap<Address, Imported> {
        let world = self.world;
        let mut made = Imports::default();
        for scope in world.scopes() {
            for import in &scope.program.imports {
                let _complained =
                    self.within(scope.id, Vec::new(), |machine| machine.import(import, &mut made)).is_err();
            }
        }
        made.made
    }

    fn import(&mut self, import: &Import, made: &mut Imports) -> Result<(), Stop> {
        let Some(each) = &import.each else { return self.one_import(import, made) };
        let items = self.items(&each.over)?;
        let passes = match self.passes(items) {
            Ok(passes) => passes,
            Err(unknown) => {
                self.not_known_yet(&unknown, each.over.span, "what is imported");
                return Err(Stop::Failed);
            }
        };
        for (key, slot) in passes {
            self.grant();
            self.bind(each, key, slot);
            self.one_import(import, made)?;
        }
        Ok(())
    }

    fn one_import(&mut self, import: &Import, made: &mut Imports) -> Result<(), Stop> {
        let key = match &import.key {
            Some(key) => Some(self.import_key(key)?),
            None => None,
        };
        let id = self.eval(&import.id)?;
        let span = import.id.span;
        let Some(text) = id.as_str() else {
            self.not_known_yet(&id, span, "an id that is imported");
            return Err(Stop::Failed);
        };
        let address = Address { key, ..placed(&self.scope.path, &import.target.address) };
        let imported = Imported { id: RemoteId::new(text), span };
        if !made.ids.insert(imported.id.clone()) || made.made.contains_key(&address) {
            return self.twice_imported(&address, text, span);
        }
        made.made.insert(address, imported);
        Ok(())
    }

    fn import_key(&mut self, key: &Expr) -> Result<Key, Stop> {
        match self.eval(key)? {
            Value::String(text) => Ok(Key::Text(text)),
            Value::Number(number) if number.to_i64().is_some() => Ok(Key::Int(number.to_i64().unwrap_or_default())),
            other => {
                let message = format!("{} is no key", crate::program::convert::shown(&other));
                self.fail(&codes::WRONG_VALUE, key.span, &message, "no key", "keys are strings or ints")
            }
        }
    }

    fn twice_imported(&mut self, address: &Address, id: &str, span: Span) -> Result<(), Stop> {
        self.complain(
            Diagnostic::new(&codes::DUPLICATE_KEY, format!("{address} and {id} go together once only"))
                .at(span, "imported twice")
                .help("import each object once, each to an address of its own"),
        );
        Err(Stop::Failed)
    }
}
