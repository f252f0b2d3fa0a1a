//! A row of scopes that grows while it is read: what is in it never moves. Knows nothing of what a scope holds.

use super::scope::{Scope, ScopeId};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Rows of 1, 2, 4, … places.
const ROWS: usize = 31;

/// Scopes by id; the root is the first.
pub struct Scopes {
    rows: [OnceLock<Box<[OnceLock<Scope>]>>; ROWS],
    count: AtomicU32,
}

impl Default for Scopes {
    fn default() -> Scopes {
        Scopes { rows: std::array::from_fn(|_| OnceLock::new()), count: AtomicU32::new(0) }
    }
}

impl Scopes {
    /// Adds what `make` returns for the id that it will have.
    pub fn add(&self, make: impl FnOnce(ScopeId) -> Scope) -> ScopeId {
        let id = ScopeId(self.count.fetch_add(1, Ordering::Relaxed));
        let (row, place) = place(id);
        let row = self.rows[row].get_or_init(|| (0..1usize << row).map(|_| OnceLock::new()).collect());
        row[place].get_or_init(|| make(id));
        id
    }

    pub fn get(&self, id: ScopeId) -> &Scope {
        let (row, place) = place(id);
        let found = self.rows[row].get().and_then(|row| row[place].get());
        found.expect("invariant: ids come from `add`")
    }

    pub fn iter(&self) -> impl Iterator<Item = &Scope> {
        self.rows.iter().filter_map(OnceLock::get).flatten().filter_map(OnceLock::get)
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Scope> {
        self.rows.iter_mut().filter_map(OnceLock::get_mut).flatten().filter_map(OnceLock::get_mut)
    }
}

fn place(id: ScopeId) -> (usize, usize) {
    let at = u64::from(id.0) + 1;
    let row = at.ilog2();
    (row as usize, (at - (1 << row)) as usize)
}
