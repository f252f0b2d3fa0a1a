//! The program's outputs when a run is over, as far as what they are made of is known.

use super::holdings::Holdings;
use crate::desired::Desired;
use crate::model::Ident;
use crate::state::StoredOutput;
use std::collections::BTreeMap;

/// Outputs by name, as the state keeps them.
pub type StoredOutputs = BTreeMap<Ident, StoredOutput>;

/// The outputs over what instances hold; one that is not known has its value of `before`. `None`: one cannot be told.
pub(super) fn outputs(desired: &Desired, holdings: &Holdings, before: &StoredOutputs) -> Option<StoredOutputs> {
    let resolved = match &desired.resolver.0 {
        Some(resolver) => resolver.outputs(holdings).ok(),
        None => Some(desired.outputs.clone()),
    };
    let known = resolved?.into_iter().filter_map(|(name, output)| {
        if output.secret {
            desired.secrets.add(&output.value);
        }
        let known = output.value.is_known().then(|| StoredOutput { value: output.value, secret: output.secret });
        known.or_else(|| before.get(&name).cloned()).map(|stored| (name, stored))
    });
    Some(known.collect())
}

/// How many outputs are not as they were.
pub(super) fn differing(then: &StoredOutputs, now: &StoredOutputs) -> usize {
    let gone = then.keys().filter(|name| !now.contains_key(*name)).count();
    gone + now.iter().filter(|(name, output)| then.get(*name) != Some(*output)).count()
}
