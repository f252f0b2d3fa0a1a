//! Pages that were answered and are still true, so that reading the same list again costs nothing but the way.
//! Knows that a change makes every page doubtful, not which.
use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::call::Reply;
use super::tenant::Environment;

/// So many pages are kept; then all are dropped.
const PAGES: usize = 256;

/// What a page depends on besides the world: who sees it, under which surface, and what was asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PageKey {
    pub environment: Environment,
    pub is_compute: bool,
    /// The regions that the key sees, where not all.
    pub regions: Option<Vec<SmolStr>>,
    pub target: String,
}

/// Pages of the world of one version.
#[derive(Clone, Debug, Default)]
pub struct Pages {
    version: (u64, u64),
    pages: BTreeMap<PageKey, Reply>,
}

impl Pages {
    /// The page, if the world (the versions of live and test data) is still the one it was made from.
    pub fn find(&self, version: (u64, u64), key: &PageKey) -> Option<Reply> {
        if version == self.version { self.pages.get(key).cloned() } else { None }
    }

    /// Keeps a page and gives it back.
    pub fn keep(&mut self, version: (u64, u64), key: PageKey, reply: Reply) -> Reply {
        if version != self.version || self.pages.len() >= PAGES {
            self.pages.clear();
            self.version = version;
        }
        let reply = reply.shared();
        self.pages.insert(key, reply.clone());
        reply
    }

    /// Everything is doubtful: the configuration or the whole world is another one.
    pub fn clear(&mut self) {
        self.pages.clear();
    }
}
