//! Counts what requests look at, in the room's tests only: that the cost of a request does not depend on how many objects
//! there are is shown by numbers that repeat. Knows no object.

#[cfg(test)]
use std::cell::Cell;

#[cfg(test)]
thread_local! {
    static LOOKED_AT: Cell<Looked> = const { Cell::new(Looked { entries: 0, places: 0 }) };
}

/// What was looked at.
#[cfg(test)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// Objects and jobs, by their id.
    pub entries: usize,
    /// Places of ordered lists, and sums over them.
    pub places: usize,
}

/// An entry was looked up.
#[inline]
pub fn entry() {
    #[cfg(test)]
    LOOKED_AT.set(Looked { entries: LOOKED_AT.get().entries + 1, ..LOOKED_AT.get() });
}

/// A place of a list was looked at.
#[inline]
pub fn place() {
    #[cfg(test)]
    LOOKED_AT.set(Looked { places: LOOKED_AT.get().places + 1, ..LOOKED_AT.get() });
}

/// What this thread looked at since the last time.
#[cfg(test)]
pub fn take() -> Looked {
    LOOKED_AT.take()
}
