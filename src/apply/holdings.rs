//! What instances hold while a run goes on: first as planned from, then as each becomes ready. Values are told to
//! dependants by the same functions that planning uses.

use crate::desired::{Desired, Outputs};
use crate::model::{Address, Attributes, Mode};
use crate::plan::{self, Live};
use crate::provider::Catalog;
use crate::state::{Condition, Record, Snapshot};
use std::collections::{BTreeMap, BTreeSet};

/// Attributes by address, for `Desired::resolve`.
#[derive(Clone, Debug, Default)]
pub struct Holdings {
    by_address: BTreeMap<Address, Attributes>,
    /// What the run did not come to, filled in at its end.
    missed: BTreeSet<Address>,
}

impl Outputs for Holdings {
    fn attributes(&self, address: &Address) -> Option<&Attributes> {
        self.by_address.get(address)
    }

    fn missed(&self) -> &BTreeSet<Address> {
        &self.missed
    }
}

impl Holdings {
    /// What is there before the first step, for the steps: objects that are ready as read, else as remembered; data sources
    /// as read.
    pub fn before(desired: &Desired, snapshot: &Snapshot, live: &Live, catalog: &Catalog) -> Holdings {
        let ready = snapshot.records.values().filter(|record| record.condition == Condition::Ready);
        Holdings::of(ready, desired, live, catalog)
    }

    /// The same for whoever only looks: objects in whatever condition.
    pub fn seen(desired: &Desired, snapshot: &Snapshot, live: &Live, catalog: &Catalog) -> Holdings {
        Holdings::of(snapshot.records.values(), desired, live, catalog)
    }

    fn of<'a>(
        records: impl Iterator<Item = &'a Record>,
        desired: &Desired,
        live: &Live,
        catalog: &Catalog,
    ) -> Holdings {
        let mut holdings = Holdings::default();
        for record in records {
            let seen = live.objects.get(&record.kind).and_then(|objects| objects.get(&record.id));
            holdings.hold(catalog, record, seen.map_or(&record.observed, |seen| &seen.attributes));
        }
        for address in live.sources.keys() {
            holdings.read(live, address);
        }
        let looked_up = desired.graph.order().filter(|(_, instance)| instance.address.mode == Mode::Data);
        for (_, instance) in looked_up.filter(|(_, instance)| instance.is_known()) {
            if let Some(kind) = catalog.kind(&instance.address.kind)
                && let [(_, attributes)] = plan::fitting(kind, &instance.values(), live).as_slice()
            {
                holdings.tell(&instance.address, plan::settled(kind, &Attributes::new(), attributes));
            }
        }
        holdings
    }

    /// An object became ready.
    pub fn hold(&mut self, catalog: &Catalog, record: &Record, observed: &Attributes) {
        if let Some(kind) = catalog.kind(&record.kind) {
            self.by_address.insert(record.address.clone(), plan::settled(kind, &record.applied, observed));
        }
    }

    /// A data source was read.
    pub fn read(&mut self, live: &Live, address: &Address) {
        if let Some(attributes) = plan::source_outputs(live, address) {
            self.by_address.insert(address.clone(), attributes);
        }
    }

    /// An instance came to hold these.
    pub fn tell(&mut self, address: &Address, attributes: Attributes) {
        self.by_address.insert(address.clone(), attributes);
    }

    /// The run is over and did not come to these. What only a seal is known of is not known.
    pub fn miss(&mut self, addresses: BTreeSet<Address>) {
        for address in &addresses {
            if let Some(attributes) = self.by_address.remove(address) {
                self.by_address.insert(address.clone(), plan::unsealed(attributes));
            }
        }
        self.missed = addresses;
    }

    /// After the end of the run, what it had missed came about.
    pub fn catch_up(&mut self, catalog: &Catalog, record: &Record) {
        self.hold(catalog, record, &record.observed);
        self.missed.remove(&record.address);
    }

    /// The object is gone.
    pub fn drop(&mut self, address: &Address) {
        self.by_address.remove(address);
    }
}
