//! What `cnx check` says beyond names and types: the program evaluated for every environment, as far as it goes without a
//! request and without what only a run is given.

use super::exit::Failure;
use super::shell::Shell;
use super::{parameters, session};
use crate::cloud::against_urls;
use crate::desired::foresee;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::Span;
use crate::plan::foreseen;
use crate::program::Program;
use crate::provider::cloudnexus;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What makes two complaints one: the code, and the place (where there is none, the message).
type Same = (&'static str, Option<Span>, String);

/// Every complaint once, in the environment of `-e`, else in each that is declared (a pattern stands for none of its own); in
/// none where none is.
pub fn complaints(shell: &mut Shell, program: Program) -> Result<Diagnostics, Failure> {
    let given = parameters::given(shell, &program)?;
    let declared = || program.environments.values().filter(|one| !one.is_pattern());
    let names: Vec<Option<String>> = match &shell.global.environment {
        Some(name) => vec![Some(name.clone())],
        None if declared().next().is_none() => vec![None],
        None => declared().map(|one| Some(one.name.value.to_string())).collect(),
    };
    let program = Arc::new(program);
    let mut all: BTreeMap<Same, (Diagnostic, Vec<usize>)> = BTreeMap::new();
    for (at, name) in names.iter().enumerate() {
        for complaint in one(shell, &program, name.clone(), given.clone()).0 {
            let span = complaint.primary.as_ref().map(|label| label.span);
            let message = if span.is_none() { complaint.message.clone() } else { String::new() };
            let known = all.entry((complaint.code.id, span, message)).or_insert_with(|| (complaint, Vec::new()));
            known.1.push(at);
        }
    }
    let place = |at: usize| names[at].as_deref().and_then(|name| program.environment(name)).map(|one| one.name.span);
    let told = all.into_values().map(|(complaint, found)| match place(found[0]) {
        Some(span) if found.len() < names.len() => complaint.and(span, "in this environment"),
        Some(_) | None => complaint,
    });
    let mut told = Diagnostics(told.collect());
    told.sort();
    Ok(told)
}

fn one(shell: &Shell, program: &Arc<Program>, name: Option<String>, given: parameters::Given) -> Diagnostics {
    let inputs = session::inputs(shell, name, given);
    let (desired, mut found) = foresee(Arc::clone(program), &inputs);
    found.append(against_urls(cloudnexus(), &desired.settings.urls, &desired.settings.url_places));
    if !found.has_errors() {
        found.append(foreseen(&desired, cloudnexus()));
    }
    found.cleaned(&desired.secrets)
}
