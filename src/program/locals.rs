//! Variables in scope: slots in the order in which they came, and found by name however many there are. Knows no types.

use crate::model::Ident;
use std::collections::HashMap;
use std::ops::Index;

/// So many names are compared one by one; more are looked up.
const FEW: usize = 16;

/// What each variable in scope is, by its slot.
#[derive(Clone, Debug)]
pub struct Locals<T> {
    all: Vec<(Ident, T)>,
    /// The slots of each name beyond the first few variables; never iterated.
    many: HashMap<Ident, Vec<usize>>,
}

impl<T> Default for Locals<T> {
    fn default() -> Locals<T> {
        Locals { all: Vec::new(), many: HashMap::new() }
    }
}

impl<T> Locals<T> {
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Brings a variable into scope and says its slot.
    pub fn push(&mut self, name: Ident, what: T) -> usize {
        let slot = self.all.len();
        if slot >= FEW {
            self.many.entry(name.clone()).or_default().push(slot);
        }
        self.all.push((name, what));
        slot
    }

    /// Takes out all but the first ones.
    pub fn truncate(&mut self, rest: usize) {
        while self.all.len() > rest {
            let Some((name, _)) = self.all.pop() else { return };
            if self.all.len() >= FEW
                && let Some(slots) = self.many.get_mut(&name)
            {
                slots.pop();
            }
        }
    }

    /// The slot that the name means: the latest of that name.
    pub fn find(&self, name: &str) -> Option<usize> {
        let known = if self.many.is_empty() { None } else { self.many.get(name).and_then(|slots| slots.last()) };
        known.copied().or_else(|| self.all.iter().take(FEW).rposition(|(one, _)| one.as_str() == name))
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(|(name, _)| name.as_str())
    }
}

impl<T> Index<usize> for Locals<T> {
    type Output = T;

    fn index(&self, slot: usize) -> &T {
        &self.all[slot].1
    }
}

#[cfg(test)]
mod tests {
    use super::{FEW, Ident, Locals};

    #[test]
    fn the_latest_of_a_name_is_found_among_few_and_many() {
        let mut locals = Locals::default();
        for n in 0..4 * FEW {
            assert_eq!(locals.push(Ident::new(&format!("v{}", n % 20)), n), n);
        }
        assert_eq!(
            ["v0", "v3", "v4", "v19", "v20"].map(|name| locals.find(name)),
            [60, 63, 44, 59, 0].map(|n| (n > 0).then_some(n))
        );
        locals.truncate(21);
        assert_eq!(["v0", "v1", "v18"].map(|name| locals.find(name)), [20, 1, 18].map(Some));
        locals.truncate(3);
        assert_eq!(["v0", "v2", "v3"].map(|name| locals.find(name)), [Some(0), Some(2), None]);
        assert_eq!((locals.len(), locals[2]), (3, 2));
    }
}
