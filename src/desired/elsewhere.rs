//! Outputs of other projects: read once for each project and environment, told by name.

use super::codes;
use super::inputs::{OtherOutput, OtherProject};
use super::machine::{Evaluated, Machine, Stop, pending};
use super::scope::Declared;
use crate::diag::suggest::did_you_mean;
use crate::model::{Ident, Value};
use crate::program::expr::Expr;
use crate::program::ir::Elsewhere;
use crate::program::is_environment_name;
use smol_str::SmolStr;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

/// What another project's state holds, or why that is not known.
pub type Read = Result<Arc<BTreeMap<Ident, OtherOutput>>, String>;

impl Machine<'_> {
    /// Everything that the other project gives; what fails is told at its `project`.
    pub fn elsewhere(&mut self, of: Declared) -> Result<Arc<BTreeMap<Ident, OtherOutput>>, Stop> {
        let program = Arc::clone(&self.world.scope(of.scope).program);
        let source = &program.elsewhere[of.at];
        let (project, environment) = self.within(of.scope, Vec::new(), |machine| {
            let project = machine.eval(&source.project)?;
            let environment = source.environment.as_ref().map(|written| machine.eval(written)).transpose()?;
            Ok((project, environment))
        })?;
        let own = self.world.environment.clone();
        let environment = environment.as_ref().and_then(Value::as_str).map_or(own, str::to_owned);
        let project = project.as_str().unwrap_or_default().to_owned();
        let span = source.project.span;
        if !is_environment_name(&environment) {
            let place = source.environment.as_ref().map_or(span, |written| written.span);
            let message = format!("\"{environment}\" names no environment");
            return self.fail(&codes::NO_OUTPUTS, place, &message, "not a name", "write the name of an environment");
        }
        if self.world.partial {
            return Ok(Arc::default());
        }
        let state = self.world.settings.get().and_then(|settings| settings.state.clone());
        let wanted = OtherProject { project, environment, state };
        match self.read_elsewhere(&wanted) {
            Ok(outputs) => {
                self.note_secrets(&program.folder, source, &outputs);
                Ok(outputs)
            }
            Err(why) => {
                let help = "apply the other project first, and name its folder as seen from the project's";
                self.fail(&codes::NO_OUTPUTS, span, &why, "no outputs there", help)
            }
        }
    }

    fn read_elsewhere(&self, wanted: &OtherProject) -> Read {
        let world = self.world;
        let mut known = world.elsewhere.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(wanted.clone()).or_insert_with(|| (world.other_outputs)(wanted).map(Arc::new)).clone()
    }

    /// `data.cnx_outputs.NAME.output`
    pub fn output_elsewhere(&mut self, of: Declared, name: &str, expr: &Expr) -> Evaluated {
        let (outputs, span) = (self.elsewhere(of)?, expr.span);
        if self.world.partial {
            return Ok(pending(&[], &expr.ty));
        }
        match outputs.get(name) {
            Some(output) => Ok(output.value.clone()),
            None => {
                let names = || outputs.keys().map(Ident::as_str);
                let fallback = match outputs.len() {
                    0 => "it has no outputs: declare and apply them there".to_owned(),
                    1..=8 => format!("it has `{}`", names().collect::<Vec<_>>().join("`, `")),
                    count => format!("it has {count} outputs; `cnx output` shows them there"),
                };
                let help = did_you_mean(name, names(), &fallback);
                let message = format!("the other project has no output `{name}`");
                self.fail(&codes::MISSING_KEY, span, &message, "no such output", &help)
            }
        }
    }

    /// All of them as an object.
    pub fn outputs_elsewhere(&mut self, of: Declared, expr: &Expr) -> Evaluated {
        let outputs = self.elsewhere(of)?;
        if self.world.partial {
            return Ok(pending(&[], &expr.ty));
        }
        Ok(Value::object(outputs.iter().map(|(name, output)| (name.0.clone(), output.value.clone())).collect()))
    }

    /// What is secret there is secret here: what the program does not know of it yet.
    fn note_secrets(&self, folder: &str, source: &Elsewhere, outputs: &BTreeMap<Ident, OtherOutput>) {
        let secret =
            outputs.iter().filter(|(_, output)| output.secret && !source.secret).map(|(name, _)| name.0.clone());
        let fresh: Vec<SmolStr> = secret.filter(|name| !source.secrets.contains(name)).collect();
        if !fresh.is_empty() {
            let mut found = self.world.unmarked.lock().unwrap_or_else(PoisonError::into_inner);
            found.entry((folder.to_owned(), source.name.value.clone())).or_default().extend(fresh);
        }
    }
}
