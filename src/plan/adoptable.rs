//! What would be taken over if it were seen: where its list cannot be read it is made, whatever is there already.

use super::codes;
use super::planner::Inputs;
use super::reads::list_for;
use super::types::ListRead;
use super::unit::Unit;
use crate::desired::Instance;
use crate::diag::{Diagnostic, Diagnostics};
use std::collections::BTreeMap;

/// So many addresses are named.
const NAMED: usize = 3;

/// Warns of what is made because nobody could look whether it is there, once for each list.
pub fn unlisted(inputs: Inputs<'_>, units: &[Unit<'_>], out: &mut Diagnostics) {
    let mut unseen: BTreeMap<ListRead, Vec<&Instance>> = BTreeMap::new();
    for unit in units.iter().filter(|unit| unit.creates() && unit.replacement.is_none()) {
        let Some(instance) = unit.node.map(|node| inputs.desired.graph.node(node)) else { continue };
        let is_adopted = inputs.options.adopt_exact || instance.lifecycle.adopt;
        let kind = inputs.catalog.kind(&unit.address.kind).filter(|_| is_adopted);
        let list = kind.and_then(|kind| list_for(kind, instance));
        if let Some(list) = list.filter(|list| inputs.live.unlisted.contains_key(list)) {
            unseen.entry(list).or_default().push(instance);
        }
    }
    for (list, instances) in unseen {
        out.0.extend(inputs.live.unlisted.get(&list).and_then(|why| complaint(&list, &instances, why)));
    }
}

fn complaint(list: &ListRead, instances: &[&Instance], why: &str) -> Option<Diagnostic> {
    let named: Vec<String> = instances.iter().take(NAMED).map(|one| one.address.to_string()).collect();
    let more = match instances.len() - named.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let verb = if instances.len() == 1 { "is" } else { "are" };
    let (named, kind) = (named.join(", "), &list.kind);
    let message = format!("{named}{more} {verb} made, whatever is there: no list of `{kind}` could be read ({why})");
    let help = "plan again when the API answers: what is there and as declared is taken over then";
    Some(Diagnostic::new(&codes::UNREAD, message).at(instances.first()?.span, "may be there already").help(help))
}
