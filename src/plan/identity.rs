//! Who is who by natural key: the values that name an object for people.

use super::compare::{is_same, normal};
use super::outputs::objects;
use super::types::Live;
use super::values::seen;
use crate::model::{Attributes, Ident, RemoteId, Value};
use crate::provider::{Attribute, Kind, Presence, Update};
use crate::state::{STAMP_HOME, STAMP_STATE, Snapshot, marks};
use smol_str::SmolStr;
use std::collections::{BTreeMap, BTreeSet};

/// The attributes that name an object: its natural key; where that is computed (a fingerprint), what it is computed from.
fn naming(kind: &Kind) -> Vec<&Attribute> {
    let key: Vec<&Attribute> = kind.natural_key.iter().filter_map(|name| kind.attribute(name.as_str())).collect();
    if key.iter().all(|attribute| attribute.presence != Presence::Computed) {
        return key;
    }
    let fixed =
        |attribute: &&Attribute| attribute.presence == Presence::Required && attribute.update == Update::Replace;
    kind.attributes.values().filter(fixed).collect()
}

/// The naming values in comparable form; `None` when one is missing or not known yet, or the kind has no natural key.
pub fn key_of(kind: &Kind, values: &Attributes) -> Option<Vec<Value>> {
    let naming = naming(kind);
    if naming.is_empty() {
        return None;
    }
    let comparable = |attribute: &&Attribute| {
        let value = seen(attribute, values).filter(|value| !value.is_null() && value.is_known())?;
        Some(match value.as_str() {
            Some(text) => Value::String(SmolStr::new(normal(&attribute.compare, text))),
            None => value.clone(),
        })
    };
    naming.iter().map(comparable).collect()
}

/// The objects of one kind by natural key.
type ByKey<'a> = BTreeMap<Vec<Value>, Vec<(&'a RemoteId, &'a Attributes)>>;

/// Objects that nobody manages, found by natural key; each kind is looked through once, when it is first asked for.
#[derive(Debug)]
pub struct Strangers<'a> {
    /// Ids that the state holds already.
    bound: BTreeSet<&'a RemoteId>,
    by_kind: BTreeMap<Ident, ByKey<'a>>,
    by_home: BTreeMap<Ident, BTreeMap<String, &'a RemoteId>>,
    /// The state's own; its objects are no strangers.
    lineage: &'a str,
}

impl<'a> Strangers<'a> {
    pub fn new(snapshot: &'a Snapshot) -> Strangers<'a> {
        let records = snapshot.records.values().chain(snapshot.deposed.values().flatten());
        Strangers {
            bound: records.map(|record| &record.id).collect(),
            by_kind: BTreeMap::new(),
            by_home: BTreeMap::new(),
            lineage: &snapshot.lineage,
        }
    }

    /// One that another state made for what has this home mark.
    pub fn made_for(&mut self, kind: &Kind, home: &str, live: &'a Live) -> Option<&'a RemoteId> {
        let stamp = kind.stamp.as_ref()?;
        let (bound, lineage) = (&self.bound, self.lineage);
        let known = self.by_home.entry(kind.name.clone()).or_insert_with(|| {
            let strangers = objects(live, &kind.name).filter(|(id, _)| !bound.contains(id));
            let marked = strangers.filter_map(|(id, attributes)| {
                let mut marks = marks(attributes, stamp);
                let is_other = marks.get(STAMP_STATE).is_none_or(|state| state != lineage);
                is_other.then(|| marks.remove(STAMP_HOME)).flatten().map(|home| (home, id))
            });
            marked.collect()
        });
        known.get(home).copied()
    }

    /// Those that have the natural key of what is wanted.
    pub fn named(&mut self, kind: &Kind, wanted: &Attributes, live: &'a Live) -> Vec<(&'a RemoteId, &'a Attributes)> {
        let Some(key) = key_of(kind, wanted) else { return Vec::new() };
        let bound = &self.bound;
        let known = self.by_kind.entry(kind.name.clone()).or_insert_with(|| {
            let mut by_key = ByKey::new();
            for (id, attributes) in objects(live, &kind.name).filter(|(id, _)| !bound.contains(id)) {
                if let Some(key) = key_of(kind, attributes) {
                    by_key.entry(key).or_default().push((id, attributes));
                }
            }
            by_key
        });
        known.get(&key).cloned().unwrap_or_default()
    }
}

/// Objects of a kind that have all these values.
pub fn fitting<'a>(kind: &Kind, given: &Attributes, live: &'a Live) -> Vec<(&'a RemoteId, &'a Attributes)> {
    let fits = |attributes: &Attributes| {
        given.iter().filter(|(_, value)| !value.is_null()).all(|(name, value)| {
            let attribute = kind.attribute(name.as_str());
            let shown = attribute.and_then(|attribute| Some((attribute, seen(attribute, attributes)?)));
            shown.is_some_and(|(attribute, shown)| is_same(&attribute.compare, value, shown, None))
        })
    };
    objects(live, &kind.name).filter(|(_, attributes)| fits(attributes)).collect()
}
