//! Plans of a part: what `--target` takes in and `--exclude` leaves out, so that what is left is whole.
//!
//! A target brings all that it depends on, and, where something ends, those who use it. What is excluded keeps all that
//! depends on it from happening, and keeps alive what it uses.

use super::codes;
use super::types::Options;
use super::unit::Unit;
use crate::desired::Desired;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Address, AddressPattern, NodeId};
use crate::state::Snapshot;
use std::collections::BTreeMap;

/// Who is connected with whom, over everything that has an address.
struct Web<'a> {
    desired: &'a Desired,
    units: &'a [Unit<'a>],
    /// More than one where a predecessor is still there.
    by_address: BTreeMap<&'a Address, Vec<usize>>,
    /// Users of an object, by what the state remembers.
    users: BTreeMap<&'a Address, Vec<usize>>,
}

/// The units that are part of the plan, and those that are left out.
pub fn select<'a>(units: Vec<Unit<'a>>, desired: &'a Desired, options: &Options) -> (Vec<Unit<'a>>, Vec<Unit<'a>>) {
    if options.targets.is_empty() && options.excludes.is_empty() {
        return (units, Vec::new());
    }
    let web = Web::new(desired, &units);
    let mut kept = if options.targets.is_empty() { vec![true; units.len()] } else { web.targeted(&options.targets) };
    for (at, excluded) in web.excluded(&options.excludes).into_iter().enumerate() {
        kept[at] &= !excluded;
    }
    let mut at = 0;
    units.into_iter().partition(|_| {
        at += 1;
        kept[at - 1]
    })
}

impl<'a> Web<'a> {
    fn new(desired: &'a Desired, units: &'a [Unit<'a>]) -> Web<'a> {
        let mut by_address: BTreeMap<&Address, Vec<usize>> = BTreeMap::new();
        let mut users: BTreeMap<&Address, Vec<usize>> = BTreeMap::new();
        for (at, unit) in units.iter().enumerate() {
            by_address.entry(unit.address).or_default().push(at);
            for used in unit.record.into_iter().flat_map(|record| &record.lifecycle.dependencies) {
                users.entry(used).or_default().push(at);
            }
        }
        Web { desired, units, by_address, users }
    }

    /// Patterns match instances of the program and units; from there inwards along dependencies.
    fn targeted(&self, patterns: &[AddressPattern]) -> Vec<bool> {
        let mut units = vec![false; self.units.len()];
        let mut nodes = vec![false; self.desired.graph.len()];
        let mut open: Vec<Reached> = self.matching(patterns);
        while let Some(reached) = open.pop() {
            match reached {
                Reached::Node(node) if !nodes[node.0 as usize] => {
                    nodes[node.0 as usize] = true;
                    open.extend(self.desired.graph.dependencies(node).into_iter().map(Reached::Node));
                    let address = &self.desired.graph.node(node).address;
                    open.extend(self.by_address.get(address).into_iter().flatten().map(|at| Reached::Unit(*at)));
                }
                Reached::Unit(at) if !units[at] => {
                    units[at] = true;
                    let unit = &self.units[at];
                    open.extend(unit.node.map(Reached::Node));
                    if unit.destroys() {
                        open.extend(self.users_of(unit));
                    }
                }
                Reached::Node(_) | Reached::Unit(_) => {}
            }
        }
        units
    }

    /// From the matches outwards: dependants, and what would be destroyed although a user of it is left out.
    fn excluded(&self, patterns: &[AddressPattern]) -> Vec<bool> {
        let mut units = vec![false; self.units.len()];
        let mut nodes = vec![false; self.desired.graph.len()];
        let mut open: Vec<Reached> = if patterns.is_empty() { Vec::new() } else { self.matching(patterns) };
        while let Some(reached) = open.pop() {
            match reached {
                Reached::Node(node) if !nodes[node.0 as usize] => {
                    nodes[node.0 as usize] = true;
                    open.extend(self.desired.graph.dependants(node).into_iter().map(Reached::Node));
                    let address = &self.desired.graph.node(node).address;
                    open.extend(self.by_address.get(address).into_iter().flatten().map(|at| Reached::Unit(*at)));
                }
                Reached::Unit(at) if !units[at] => {
                    units[at] = true;
                    let unit = &self.units[at];
                    open.extend(unit.node.map(Reached::Node));
                    let used = unit.record.into_iter().flat_map(|record| &record.lifecycle.dependencies);
                    let kept = used.filter_map(|address| self.by_address.get(address)).flatten();
                    open.extend(kept.filter(|at| self.units[**at].destroys()).map(|at| Reached::Unit(*at)));
                }
                Reached::Node(_) | Reached::Unit(_) => {}
            }
        }
        units
    }

    fn users_of(&self, unit: &Unit<'_>) -> Vec<Reached> {
        let remembered = self.users.get(unit.address).into_iter().flatten().map(|at| Reached::Unit(*at));
        let declared = unit.node.map(|node| self.desired.graph.dependants(node)).unwrap_or_default();
        remembered.chain(declared.into_iter().map(Reached::Node)).collect()
    }

    fn matching(&self, patterns: &[AddressPattern]) -> Vec<Reached> {
        let fits = |address: &Address| patterns.iter().any(|pattern| pattern.matches(address));
        let declared = self.desired.graph.order().filter(|(_, instance)| fits(&instance.address));
        let units = self.units.iter().enumerate().filter(|(_, unit)| fits(unit.address));
        declared.map(|(node, _)| Reached::Node(node)).chain(units.map(|(at, _)| Reached::Unit(at))).collect()
    }
}

/// A place in the web.
#[derive(Clone, Copy, Debug)]
enum Reached {
    Node(NodeId),
    Unit(usize),
}

/// Complaints about patterns of the command line that fit nothing declared and nothing remembered.
pub fn unmatched(options: &Options, desired: &Desired, snapshot: &Snapshot) -> Diagnostics {
    let mut out = Diagnostics::default();
    let named = [("--target", &options.targets), ("--exclude", &options.excludes), ("--replace", &options.replace)];
    for (flag, patterns) in named {
        for pattern in patterns {
            let known = || desired.by_address.keys().chain(snapshot.records.keys());
            if !known().any(|address| pattern.matches(address)) {
                let names: Vec<String> = known().map(ToString::to_string).collect();
                let help = crate::diag::suggest::did_you_mean(
                    &pattern.0,
                    names.iter().map(String::as_str),
                    "`cnx state list` shows what there is",
                );
                out.push(Diagnostic::new(&codes::NO_SUCH_ADDRESS, format!("{flag} {}", pattern.0)).help(help));
            }
        }
    }
    out
}
