//! What became of everything that was applied: live against the state, whatever the program wants by now. What can't be
//! seen is unknown, never removed (contract.md L28, 2.3).

use super::drift::drift_of_record;
use super::live::{Presence, Survey};
use super::types::{Live, Options};
use super::values::{is_ignored, is_managed, seen};
use super::veil;
use crate::desired::Desired;
use crate::diag::Diagnostics;
use crate::model::{Address, Attributes, RemoteId, Value};
use crate::provider::{Attribute, Catalog, Kind};
use crate::state::{Record, Snapshot};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// One thing that is not, or may not be, as it was applied.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    pub address: Address,
    pub id: RemoteId,
    /// The attribute, or a place in it; empty for the whole object.
    pub path: Vec<String>,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// `ignored`: the program says that others may change it.
    Changed {
        applied: Option<Value>,
        live: Option<Value>,
        ignored: bool,
    },
    /// Deleted outside cnx.
    Gone,
    Unknown(Unseen),
}

/// Why nobody can tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unseen {
    /// The API's answers do not hold this attribute.
    NotShown,
    /// The object is not visible to this key, or gone.
    Hidden,
    /// It could not be read.
    Unread(String),
    /// An operation of an earlier run is still open.
    Open,
}

/// Everything that is not known to be as it was applied, in the order of addresses. Secrets are sealed.
pub fn observe(desired: &Desired, stored: &Snapshot, live: &Live, catalog: &Catalog) -> Vec<Finding> {
    let snapshot = veil::opened_by(Cow::Borrowed(stored), live, desired);
    // That many are gone is a question for those who would act on it; here it is told.
    let survey = Survey::take(&snapshot, live, catalog, &Options::default(), &mut Diagnostics::default());
    let open: BTreeSet<&Address> = snapshot.open.values().map(|open| &open.intent.address).collect();
    let mut found = Vec::new();
    for record in snapshot.records.values() {
        let whole = |what| Finding { address: record.address.clone(), id: record.id.clone(), path: Vec::new(), what };
        if open.contains(&record.address) {
            found.push(whole(What::Unknown(Unseen::Open)));
            continue;
        }
        match survey.presence(record, live, catalog) {
            Presence::There(standing) => {
                let Some(kind) = catalog.kind(&record.kind) else { continue };
                changed(desired, kind, record, standing, &mut found);
                unseen(kind, record, standing, &mut found);
            }
            Presence::Gone => found.push(whole(What::Gone)),
            Presence::Hidden => found.push(whole(What::Unknown(Unseen::Hidden))),
            Presence::Remembered(_, why) => {
                let why = why.unwrap_or("it was not read").to_owned();
                found.push(whole(What::Unknown(Unseen::Unread(why))));
            }
        }
    }
    veil::veil_findings(&mut found, desired, stored, catalog);
    found
}

/// What was changed outside.
fn changed(desired: &Desired, kind: &Kind, record: &Record, standing: &Attributes, found: &mut Vec<Finding>) {
    let instance = desired.by_address.get(&record.address).map(|node| desired.graph.node(*node));
    let mut drifted = Vec::new();
    drift_of_record(kind, record, standing, &mut drifted);
    found.extend(drifted.into_iter().map(|drift| {
        let path = drift.path.join(".");
        let ignored = instance.is_some_and(|instance| is_ignored(&instance.lifecycle.ignore, &path));
        let what = What::Changed { applied: drift.applied, live: drift.live, ignored };
        Finding { address: drift.address, id: record.id.clone(), path: drift.path, what }
    }));
}

/// What was applied and is in no answer.
fn unseen(kind: &Kind, record: &Record, standing: &Attributes, found: &mut Vec<Finding>) {
    for attribute in kind.attributes.values().filter(|attribute| is_managed(attribute)) {
        let was_applied = record.applied.get(&attribute.name).is_some_and(|value| !value.is_null());
        if was_applied && seen(attribute, standing).is_none() && !has_signal(attribute, record, standing) {
            found.push(Finding {
                address: record.address.clone(),
                id: record.id.clone(),
                path: vec![attribute.name.to_string()],
                what: What::Unknown(Unseen::NotShown),
            });
        }
    }
}

/// Whether another attribute would tell that it was changed.
fn has_signal(attribute: &Attribute, record: &Record, standing: &Attributes) -> bool {
    let Some(signal) = &attribute.drift_signal else { return false };
    [standing, &record.observed].iter().all(|all| all.get(signal).is_some_and(|value| !value.is_null()))
}
