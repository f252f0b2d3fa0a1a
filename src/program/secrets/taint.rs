//! How secret a value is, member by member, and where that comes from.

use crate::model::{Secrecy, Span};
use smol_str::SmolStr;
use std::collections::BTreeMap;

/// Where a secret comes from: what is declared secret, in words, and its place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// ``param `password` ``
    pub what: SmolStr,
    pub span: Span,
}

/// Which parts of a value come from a secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Taint {
    #[default]
    Clear,
    Secret(Origin),
    /// By member or key; what is not named is clear.
    Members(BTreeMap<SmolStr, Taint>),
    /// Any element.
    Each(Box<Taint>),
}

impl Taint {
    pub fn is_clear(&self) -> bool {
        *self == Taint::Clear
    }

    pub fn each(inner: Taint) -> Taint {
        if inner.is_clear() { Taint::Clear } else { Taint::Each(Box::new(inner)) }
    }

    pub fn members(members: BTreeMap<SmolStr, Taint>) -> Taint {
        let found: BTreeMap<_, _> = members.into_iter().filter(|(_, taint)| !taint.is_clear()).collect();
        if found.is_empty() { Taint::Clear } else { Taint::Members(found) }
    }

    /// The first secret in it.
    pub fn origin(&self) -> Option<&Origin> {
        match self {
            Taint::Clear => None,
            Taint::Secret(origin) => Some(origin),
            Taint::Members(members) => members.values().find_map(Taint::origin),
            Taint::Each(inner) => inner.origin(),
        }
    }

    /// Secret as a whole where any part of it is.
    pub fn whole(&self) -> Taint {
        self.origin().map_or(Taint::Clear, |origin| Taint::Secret(origin.clone()))
    }

    /// Whether its very structure is secret: how many elements there are, which keys.
    pub fn is_whole(&self) -> bool {
        matches!(self, Taint::Secret(_))
    }

    pub fn member(&self, name: &str) -> Taint {
        match self {
            Taint::Clear | Taint::Secret(_) => self.clone(),
            Taint::Members(members) => members.get(name).cloned().unwrap_or_default(),
            Taint::Each(inner) => (**inner).clone(),
        }
    }

    /// Of any element or member.
    pub fn element(&self) -> Taint {
        match self {
            Taint::Clear | Taint::Secret(_) => self.clone(),
            Taint::Members(members) => members.values().fold(Taint::Clear, |all, one| all.join(one)),
            Taint::Each(inner) => (**inner).clone(),
        }
    }

    /// Secret where one of the two is.
    pub fn join(&self, other: &Taint) -> Taint {
        match (self, other) {
            (Taint::Clear, one) | (one, Taint::Clear) => one.clone(),
            (Taint::Secret(_), _) => self.clone(),
            (_, Taint::Secret(_)) => other.clone(),
            (Taint::Members(a), Taint::Members(b)) => {
                let mut all = a.clone();
                for (name, one) in b {
                    let both = all.get(name).map_or_else(|| one.clone(), |before| before.join(one));
                    all.insert(name.clone(), both);
                }
                Taint::Members(all)
            }
            (Taint::Each(a), Taint::Each(b)) => Taint::Each(Box::new(a.join(b))),
            (Taint::Members(_), Taint::Each(inner)) | (Taint::Each(inner), Taint::Members(_)) => {
                let members = if matches!(self, Taint::Members(_)) { self } else { other };
                Taint::each(members.element().join(inner))
            }
        }
    }

    /// What is kept of it for evaluation.
    pub fn secrecy(&self) -> Secrecy {
        match self {
            Taint::Clear => Secrecy::Clear,
            Taint::Secret(_) => Secrecy::Secret,
            Taint::Members(members) => {
                Secrecy::Members(members.iter().map(|(name, taint)| (name.clone(), taint.secrecy())).collect())
            }
            Taint::Each(inner) => Secrecy::Each(Box::new(inner.secrecy())),
        }
    }
}
