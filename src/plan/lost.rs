//! A state that may be lost: what is about to be made was perhaps made already, and only the cloud remembers. Costs no request of its own:
//! it looks at lists that are read anyway.

use super::codes;
use super::planner::Inputs;
use crate::desired::Instance;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Address, Attributes, RemoteId};
use crate::provider::Kind;
use crate::state::{STAMP_HOME, STAMP_STATE, Snapshot, home_mark, marks};

/// Whether the state knows of no object at all.
pub fn may_be_lost(snapshot: &Snapshot) -> bool {
    snapshot.records.is_empty() && snapshot.deposed.is_empty() && snapshot.open.is_empty()
}

/// What speaks against making a declared object that the state does not know. `named` are the strangers with its natural
/// key.
pub fn complaints(
    inputs: &Inputs<'_>,
    address: &Address,
    kind: &Kind,
    instance: &Instance,
    named: &[(&RemoteId, &Attributes)],
) -> Diagnostics {
    let is_gone = inputs.options.assume_gone.iter().any(|pattern| pattern.matches(address));
    let made = made_before(inputs, address, kind);
    let one = match made.first() {
        Some(_) if is_gone => return Diagnostics::default(),
        Some(id) => Diagnostic::new(
            &codes::MADE_BEFORE,
            format!("{id} was made for {address} by a state that is not this one"),
        )
        .at(instance.span, "would be made a second time")
        .help(format!(
            "where the state is lost: `cnx recover --from-cloud`; to make another one: --assume-gone '{address}'"
        )),
        None if !may_be_lost(inputs.snapshot) || kind.natural_key_unique || !kind.documented_list => {
            return Diagnostics::default();
        }
        // Whoever imports knows what is there.
        None if !inputs.desired.imports.is_empty() => return Diagnostics::default(),
        None => match named {
            [] => return Diagnostics::default(),
            [(id, _), ..] => Diagnostic::new(&codes::SAME_NAME, format!("{id} is called as {address} will be"))
                .at(instance.span, "makes another one")
                .help(format!("where it is the one that is meant: write `import {address} = \"{id}\"`")),
        },
    };
    Diagnostics(vec![one])
}

/// Objects that were made for this project, environment and address, by another state.
fn made_before<'a>(inputs: &Inputs<'a>, address: &Address, kind: &Kind) -> Vec<&'a RemoteId> {
    let Some(stamp) = &kind.stamp else { return Vec::new() };
    let settings = &inputs.desired.settings;
    let home = home_mark(&settings.project, &settings.environment, address);
    let objects = inputs.live.objects.get(&kind.name).into_iter().flatten();
    let is_ours = |attributes: &Attributes| {
        let marks = marks(attributes, stamp);
        marks.get(STAMP_HOME) == Some(&home) && marks.get(STAMP_STATE) != Some(&inputs.snapshot.lineage)
    };
    let unknown = objects.filter(|(id, _)| !inputs.snapshot.ids.contains_key(*id));
    unknown.filter(|(_, object)| is_ours(&object.attributes)).map(|(id, _)| id).collect()
}
