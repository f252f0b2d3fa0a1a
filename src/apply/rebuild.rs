//! The map of a lost state, rebuilt from the marks that cnx leaves on what it makes: which object stands for which instance
//! of the program. Kinds without a mark cannot be told from anybody else's.

use super::context::Context;
use crate::desired::Desired;
use crate::model::{Address, Attributes, Ident, Mode, Observed, RemoteId, Timestamp};
use crate::plan::{ListRead, Live, fitting, remembered, seen};
use crate::provider::{Catalog, Kind, Presence};
use crate::state::{Condition, Record, STAMP_STATE, mark, without_marks};
use std::collections::{BTreeMap, BTreeSet};

/// What the marks tell.
#[derive(Clone, Debug, Default)]
pub struct Rebuilt {
    /// By address, with the object that is its own beyond doubt.
    pub records: BTreeMap<Address, Record>,
    /// Objects with the state's mark that no instance stands for: kind, id, what it is called.
    pub unclaimed: Vec<(Ident, RemoteId, String)>,
    /// Instances that several marked objects could be.
    pub ambiguous: Vec<(Address, Vec<RemoteId>)>,
    /// Declared instances whose kind carries no mark.
    pub unmarked: Vec<Address>,
}

/// All objects of marked kinds, and by the lineage on them how many there are.
pub async fn marked(context: &Context) -> Result<(Live, BTreeMap<String, usize>), String> {
    let mut live = Live::default();
    let mut lineages: BTreeMap<String, usize> = BTreeMap::new();
    let kinds = context.catalog.kinds.values().filter(|kind| kind.stamp.is_some() && kind.parent.is_none());
    for kind in kinds {
        let list = ListRead { kind: kind.name.clone(), parent: BTreeMap::new() };
        let listing = context.cloud.list(list.clone()).await?;
        for object in &listing.objects {
            if let Some(lineage) = lineage_of(kind, object) {
                *lineages.entry(lineage).or_default() += 1;
            }
        }
        let objects = listing.objects.into_iter().map(|object| (object.id.clone(), object));
        live.objects.entry(kind.name.clone()).or_default().extend(objects);
        live.listed.insert(list);
    }
    Ok((live, lineages))
}

fn lineage_of(kind: &Kind, object: &Observed) -> Option<String> {
    mark(&object.attributes, kind.stamp.as_ref()?, STAMP_STATE).map(str::to_owned)
}

/// Tells the instances of the program and the objects of one state by what names them for people.
pub fn rebuild(desired: &Desired, live: &Live, catalog: &Catalog, lineage: &str, now: Timestamp) -> Rebuilt {
    let mut rebuilt = Rebuilt::default();
    let mut claimed: BTreeMap<RemoteId, Vec<Address>> = BTreeMap::new();
    for (node, instance) in desired.graph.order().filter(|(_, instance)| instance.address.mode == Mode::Managed) {
        let Some(kind) = catalog.kind(&instance.address.kind) else { continue };
        if kind.stamp.is_none() {
            rebuilt.unmarked.push(instance.address.clone());
            continue;
        }
        let own: Vec<&Observed> = named(kind, &instance.values(), live)
            .into_iter()
            .filter(|object| lineage_of(kind, object).as_deref() == Some(lineage))
            .collect();
        match own.as_slice() {
            [] => {}
            [one] => {
                claimed.entry(one.id.clone()).or_default().push(instance.address.clone());
                let lifecycle = remembered(desired, node, instance, None);
                let address = instance.address.clone();
                let record = Record { address: address.clone(), lifecycle, ..record(kind, one, now) };
                rebuilt.records.insert(address, record);
            }
            several => {
                let ids = several.iter().map(|object| object.id.clone()).collect();
                rebuilt.ambiguous.push((instance.address.clone(), ids));
            }
        }
    }
    for (id, addresses) in claimed.iter().filter(|(_, addresses)| addresses.len() > 1) {
        for address in addresses {
            rebuilt.records.remove(address);
            rebuilt.ambiguous.push((address.clone(), vec![id.clone()]));
        }
    }
    rebuilt.unclaimed = unclaimed(&rebuilt, live, catalog, lineage);
    rebuilt
}

/// The objects that have the instance's natural key.
fn named<'a>(kind: &Kind, values: &Attributes, live: &'a Live) -> Vec<&'a Observed> {
    let key: Attributes =
        kind.natural_key.iter().filter_map(|name| Some((name.clone(), values.get(name)?.clone()))).collect();
    if key.is_empty() || key.len() < kind.natural_key.len() || key.values().any(|value| !value.is_known()) {
        return Vec::new();
    }
    let Some(objects) = live.objects.get(&kind.name) else { return Vec::new() };
    fitting(kind, &key, live).into_iter().filter_map(|(id, _)| objects.get(id)).collect()
}

fn record(kind: &Kind, object: &Observed, now: Timestamp) -> Record {
    let settable = kind.attributes.values().filter(|attribute| attribute.presence != Presence::Computed);
    let applied = settable.filter_map(|attribute| {
        let value = seen(attribute, &object.attributes).filter(|value| !value.is_null())?;
        Some((attribute.name.clone(), without_marks(value)))
    });
    Record {
        address: Address::managed(kind.name.as_str(), "", None),
        kind: kind.name.clone(),
        id: object.id.clone(),
        applied: applied.collect(),
        observed: object.attributes.clone(),
        status: object.status.clone(),
        condition: Condition::Ready,
        quarantine: None,
        lifecycle: Default::default(),
        created: now,
        updated: now,
    }
}

fn unclaimed(rebuilt: &Rebuilt, live: &Live, catalog: &Catalog, lineage: &str) -> Vec<(Ident, RemoteId, String)> {
    let taken: BTreeSet<&RemoteId> = rebuilt.records.values().map(|record| &record.id).collect();
    let named = |kind: &Kind, object: &Observed| {
        let parts = kind.natural_key.iter().filter_map(|name| object.attributes.get(name)?.as_str());
        parts.collect::<Vec<_>>().join(", ")
    };
    let kinds = catalog.kinds.values();
    let objects = kinds.flat_map(|kind| live.objects.get(&kind.name).into_iter().flatten().map(move |it| (kind, it)));
    let own = objects
        .filter(|(kind, (id, object))| lineage_of(kind, object).as_deref() == Some(lineage) && !taken.contains(id));
    own.map(|(kind, (id, object))| (kind.name.clone(), id.clone(), named(kind, object))).collect()
}
