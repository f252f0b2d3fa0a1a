//! A state that may be lost: what is about to be made was perhaps made already, and only the cloud remembers. Costs no request of its own:
//! it looks at lists that are read anyway.

use super::codes;
use super::planner::Inputs;
use crate::desired::Instance;
use crate::diag::Diagnostic;
use crate::model::{Address, Attributes, RemoteId};
use crate::provider::Kind;
use crate::state::{Snapshot, home_mark};

/// Whether the state knows of no object at all.
pub fn may_be_lost(snapshot: &Snapshot) -> bool {
    snapshot.records.is_empty() && snapshot.deposed.is_empty() && snapshot.open.is_empty()
}

/// The mark that an object bears which was made for this address of this project and environment.
pub fn home(inputs: &Inputs<'_>, address: &Address) -> String {
    let settings = &inputs.desired.settings;
    home_mark(&settings.project, &settings.environment, address)
}

/// What speaks against making a declared object that the state does not know: `made` for it by another state, or strangers
/// that are `named` as it will be.
pub fn complaint(
    inputs: &Inputs<'_>,
    address: &Address,
    kind: &Kind,
    instance: &Instance,
    made: Option<&RemoteId>,
    named: &[(&RemoteId, &Attributes)],
) -> Option<Diagnostic> {
    let is_gone = inputs.options.assume_gone.iter().any(|pattern| pattern.matches(address));
    let one = match made {
        Some(_) if is_gone => return None,
        Some(id) => Diagnostic::new(
            &codes::MADE_BEFORE,
            format!("{id} was made for {address} by a state that is not this one"),
        )
        .at(instance.span, "would be made a second time")
        .help(format!(
            "where the state is lost: `cnx recover --from-cloud`; to make another one: --assume-gone '{address}'"
        )),
        None if !may_be_lost(inputs.snapshot) || kind.natural_key_unique || !kind.documented_list => return None,
        // Whoever imports knows what is there.
        None if !inputs.desired.imports.is_empty() => return None,
        None => match named {
            [] => return None,
            [(id, _), ..] => Diagnostic::new(&codes::SAME_NAME, format!("{id} is called as {address} will be"))
                .at(instance.span, "makes another one")
                .help(format!("where it is the one that is meant: write `import {address} = \"{id}\"`")),
        },
    };
    Some(one)
}
