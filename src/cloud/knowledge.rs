//! What a run has learned of a surface: yes, no, or not yet. Knows no request.

use std::sync::atomic::{AtomicU8, Ordering};

/// Shared by all requests of a surface; the last word counts.
#[derive(Debug, Default)]
pub(super) struct Knowledge(AtomicU8);

impl Knowledge {
    pub fn get(&self) -> Option<bool> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            1 => Some(false),
            _ => Some(true),
        }
    }

    pub fn set(&self, holds: bool) {
        self.0.store(if holds { 2 } else { 1 }, Ordering::Relaxed);
    }
}
