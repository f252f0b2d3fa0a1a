//! Entries by id, with an ordered index for everything that a list request can ask for.
//! Knows nothing of what an entry is.
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, DefaultHasher};

use smol_str::SmolStr;

use super::object::Status;
use super::order::{Ordered, Position};
use super::probe;

/// A question that an index answers without looking at other entries.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Facet {
    All,
    Status(Status),
    Region(SmolStr),
    RegionStatus(SmolStr, Status),
    Name(SmolStr),
    /// `key:value`.
    Tag(SmolStr),
    /// Rules of a zone, jobs of a resource.
    Parent(SmolStr),
    /// Jobs that a key started.
    Owner(u64),
    /// Something that only one entry may have: a domain, a fingerprint, a priority in a zone.
    Unique(SmolStr),
}

/// What a collection needs to know about an entry.
pub trait Entry {
    fn id(&self) -> &SmolStr;
    /// The first part of the sort order.
    fn sort(&self) -> i64;
    /// Every facet of the entry but `All`.
    fn facets(&self) -> Vec<Facet>;
    /// What it takes up: a region and a size (4.6).
    fn slot(&self) -> Option<(SmolStr, SmolStr)>;
}

/// Entries with their indexes.
#[derive(Clone, Debug)]
pub struct Collection<T> {
    /// Hashed, so that one look-up costs the same however many there are; never walked over. Boxed: a part of the table is
    /// empty, and entries are large.
    entries: HashMap<SmolStr, Box<T>, BuildHasherDefault<DefaultHasher>>,
    all: Ordered,
    facets: BTreeMap<Facet, Ordered>,
    slots: BTreeMap<(SmolStr, SmolStr), u64>,
}

impl<T> Default for Collection<T> {
    fn default() -> Collection<T> {
        Collection {
            entries: HashMap::default(),
            all: Ordered::default(),
            facets: BTreeMap::new(),
            slots: BTreeMap::new(),
        }
    }
}

impl<T: Entry> Collection<T> {
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn get(&self, id: &str) -> Option<&T> {
        probe::entry();
        self.entries.get(id).map(|entry| &**entry)
    }

    /// In list order.
    pub fn in_order(&self) -> impl Iterator<Item = &T> {
        self.all.iter().filter_map(|(_, id)| self.get(id))
    }

    /// The last ones in list order, backwards.
    pub fn newest(&self, most: usize) -> impl Iterator<Item = &T> {
        let places: Vec<&Position> = self.all.from(self.all.len().saturating_sub(most)).collect();
        places.into_iter().rev().filter_map(|(_, id)| self.get(id))
    }

    pub fn position(&self, id: &str) -> Option<Position> {
        self.get(id).map(position)
    }

    /// The entries of a facet, in list order.
    pub fn find(&self, facet: &Facet) -> Option<&Ordered> {
        if *facet == Facet::All { Some(&self.all) } else { self.facets.get(facet) }
    }

    /// The first entry of a facet.
    pub fn first(&self, facet: &Facet) -> Option<&T> {
        self.find(facet).and_then(|order| order.iter().next()).and_then(|(_, id)| self.get(id))
    }

    /// How many entries take up a slot of this region and size.
    pub fn used(&self, region: &str, size: &str) -> u64 {
        self.slots.get(&(SmolStr::from(region), SmolStr::from(size))).copied().unwrap_or(0)
    }

    /// Adds the entry or puts it in the place of the one with its id.
    pub fn put(&mut self, entry: T) {
        let (place, facets) = (position(&entry), entry.facets());
        if let Some(old) = self.get(entry.id()) {
            let (old_place, old_facets, old_slot) = (position(old), old.facets(), old.slot());
            self.give_back(old_slot);
            if old_place == place {
                self.unindex(&old_place, old_facets.into_iter().filter(|facet| !facets.contains(facet)));
            } else {
                self.all.remove(&old_place);
                self.unindex(&old_place, old_facets.into_iter());
            }
        }
        if let Some(slot) = entry.slot() {
            *self.slots.entry(slot).or_insert(0) += 1;
        }
        self.all.insert(place.clone());
        for facet in facets {
            self.facets.entry(facet).or_default().insert(place.clone());
        }
        self.entries.insert(place.1, Box::new(entry));
    }

    pub fn remove(&mut self, id: &str) -> Option<T> {
        let entry = *self.entries.remove(id)?;
        let place = position(&entry);
        self.all.remove(&place);
        self.unindex(&place, entry.facets().into_iter());
        self.give_back(entry.slot());
        Some(entry)
    }

    fn unindex(&mut self, place: &Position, facets: impl Iterator<Item = Facet>) {
        for facet in facets {
            if let Some(order) = self.facets.get_mut(&facet) {
                order.remove(place);
                if order.is_empty() {
                    self.facets.remove(&facet);
                }
            }
        }
    }

    fn give_back(&mut self, slot: Option<(SmolStr, SmolStr)>) {
        let Some(slot) = slot else { return };
        if let Some(count) = self.slots.get_mut(&slot) {
            *count -= 1;
            if *count == 0 {
                self.slots.remove(&slot);
            }
        }
    }
}

fn position<T: Entry>(entry: &T) -> Position {
    (entry.sort(), entry.id().clone())
}
