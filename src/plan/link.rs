//! From decisions to a graph: which step comes after which.
//!
//! Makers follow what they depend on; enders precede what they depended on. A replacement's halves are tied in their order, and
//! what an object's users do comes before its end where it is created first.

use super::codes;
use super::identity::key_of;
use super::types::{Live, ReplaceOrder, Step, Twin};
use super::unique::{self, Freed, Taking};
use super::unit::Unit;
use crate::desired::Desired;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Address, Cycle, Dag, Graph, NodeId, Value};
use crate::provider::Catalog;
use std::collections::{BTreeMap, BTreeSet};

/// Where a unit's steps stand among all steps.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    first: Option<u32>,
    last: Option<u32>,
    ending: Option<u32>,
}

#[derive(Debug, Default)]
struct Linker {
    steps: u32,
    places: Vec<Place>,
    /// (later, earlier): without these the plan is wrong.
    firm: Vec<(u32, u32)>,
    /// (later, earlier): better so; given up where old and new order contradict each other.
    soft: Vec<(u32, u32)>,
}

/// Links the steps of all units; a unit that is not to be part of the plan is not passed.
pub fn link(
    mut units: Vec<Unit<'_>>,
    desired: &Desired,
    catalog: &Catalog,
    live: &Live,
) -> Result<Dag<Step>, Diagnostics> {
    if units.is_empty() {
        return Ok(Dag::default());
    }
    unique::move_aside(&mut units, catalog, live);
    let mut linker = Linker::default();
    let mut by_node: Vec<Option<u32>> = vec![None; desired.graph.len()];
    for (at, unit) in units.iter().enumerate() {
        if let Some(node) = unit.node {
            by_node[node.0 as usize] = Some(at as u32);
        }
        linker.place(unit);
    }
    linker.follow_dependencies(desired, &by_node);
    linker.end_after_users(desired, &by_node, &units);
    linker.free_names(catalog, &units);
    linker.free_values(&unique::takings(&units, catalog), &units);
    linker.freeze(units)
}

impl Linker {
    fn place(&mut self, unit: &Unit<'_>) {
        let mut place = Place::default();
        for _ in &unit.forward {
            let at = self.number();
            self.firm.extend(place.last.map(|last| (at, last)));
            place.first = place.first.or(Some(at));
            place.last = Some(at);
        }
        if unit.ending.is_some() {
            let at = self.number();
            place.ending = Some(at);
            match unit.replacement {
                Some(ReplaceOrder::DestroyFirst) => self.firm.extend(place.first.map(|first| (first, at))),
                Some(ReplaceOrder::CreateFirst) | None => self.firm.extend(place.last.map(|last| (at, last))),
            }
        }
        self.places.push(place);
    }

    fn number(&mut self) -> u32 {
        self.steps += 1;
        self.steps - 1
    }

    /// Makers after the makers of what they depend on, also through instances that stay as they are.
    fn follow_dependencies(&mut self, desired: &Desired, by_node: &[Option<u32>]) {
        let mut reached: Vec<BTreeSet<u32>> = vec![BTreeSet::new(); desired.graph.len()];
        for (node, _) in desired.graph.order() {
            let mut before = BTreeSet::new();
            for dependency in desired.graph.dependencies(node) {
                before.extend(reached[dependency.0 as usize].iter().copied());
            }
            let place = by_node[node.0 as usize].map(|at| self.places[at as usize]).unwrap_or_default();
            let (Some(first), Some(last)) = (place.first, place.last) else {
                reached[node.0 as usize] = before;
                continue;
            };
            self.firm.extend(before.into_iter().map(|earlier| (first, earlier)));
            reached[node.0 as usize] = BTreeSet::from([last]);
        }
    }

    /// An object ends after those who used it have ended or let go of it.
    fn end_after_users(&mut self, desired: &Desired, by_node: &[Option<u32>], units: &[Unit<'_>]) {
        let mut ending: BTreeMap<&Address, Vec<u32>> = BTreeMap::new();
        for (at, unit) in units.iter().enumerate().filter(|(_, unit)| unit.destroys()) {
            ending.entry(unit.address).or_default().push(at as u32);
        }
        if ending.is_empty() {
            return;
        }
        for (user, unit) in units.iter().enumerate() {
            let used = unit.record.into_iter().flat_map(|record| &record.lifecycle.dependencies);
            for at in used.filter_map(|address| ending.get(address)).flatten() {
                self.end_after(units, *at, user as u32);
            }
        }
        for at in ending.values().flatten() {
            let Some(node) = desired.by_address.get(units[*at as usize].address) else { continue };
            for dependant in desired.graph.dependants(*node) {
                if let Some(user) = by_node[dependant.0 as usize] {
                    self.end_after(units, *at, user);
                }
            }
        }
    }

    fn end_after(&mut self, units: &[Unit<'_>], used: u32, user: u32) {
        let (used_unit, user_unit) = (&units[used as usize], &units[user as usize]);
        let (place, user_place) = (self.places[used as usize], self.places[user as usize]);
        let Some(end) = place.ending.filter(|_| used != user) else { return };
        if let Some(user_end) = user_place.ending {
            self.soft.push((end, user_end));
        }
        let destroyed_first = used_unit.replacement == Some(ReplaceOrder::DestroyFirst);
        let user_restarts = user_unit.replacement == Some(ReplaceOrder::DestroyFirst);
        if let (Some(last), false, false) = (user_place.last, destroyed_first, user_restarts) {
            self.soft.push((end, last));
        }
    }

    /// A unique name is taken by a new object only after the old one that has it is gone.
    fn free_names(&mut self, catalog: &Catalog, units: &[Unit<'_>]) {
        let mut freed: BTreeMap<(&str, Vec<Value>), u32> = BTreeMap::new();
        for (at, unit) in units.iter().enumerate().filter(|(_, unit)| unit.destroys()) {
            let Some(kind) = catalog.kind(&unit.address.kind).filter(|kind| kind.natural_key_unique) else { continue };
            if let (Some(step), Some(end)) = (&unit.ending, self.places[at].ending) {
                freed.extend(key_of(kind, &step.before).map(|key| ((kind.name.as_str(), key), end)));
            }
        }
        if freed.is_empty() {
            return;
        }
        for (at, unit) in units.iter().enumerate() {
            let Some(kind) = catalog.kind(&unit.address.kind).filter(|kind| kind.natural_key_unique) else { continue };
            let (Some(step), Some(first)) = (unit.forward.first(), self.places[at].first) else { continue };
            let end = key_of(kind, &step.after).and_then(|key| freed.get(&(kind.name.as_str(), key)));
            if let Some(end) = end.filter(|end| self.places[at].ending != Some(**end)) {
                self.firm.push((first, *end));
            }
        }
    }

    /// A unique value is taken only after the object that has it let go of it.
    fn free_values(&mut self, takings: &[Taking], units: &[Unit<'_>]) {
        for taking in takings {
            let (taker, holder) = (self.places[taking.taker], self.places[taking.holder]);
            let taken = if units[taking.taker].creates() { taker.first } else { taker.last };
            let freed = match taking.freed {
                Freed::Ending => holder.ending,
                Freed::First => holder.first,
                Freed::Last => holder.last,
            };
            self.firm.extend(taken.zip(freed));
        }
    }

    /// The graph. Where soft edges close a ring, those of the ring are given up.
    fn freeze(mut self, units: Vec<Unit<'_>>) -> Result<Dag<Step>, Diagnostics> {
        let mut steps = self.steps(units);
        loop {
            let mut graph = Graph::default();
            (0..self.steps).for_each(|_| {
                graph.add(());
            });
            for (later, earlier) in self.firm.iter().chain(&self.soft) {
                graph.depend(NodeId(*later), NodeId(*earlier));
            }
            let cycles = match graph.freeze() {
                Ok(dag) => {
                    return Ok(dag.map(|node, ()| steps[node.0 as usize].take().expect("a node has one step")));
                }
                Err((_, cycles)) => cycles,
            };
            let rings: Vec<BTreeSet<u32>> =
                cycles.iter().map(|Cycle(ring)| ring.iter().map(|node| node.0).collect()).collect();
            let within = |edge: &(u32, u32)| rings.iter().any(|ring| ring.contains(&edge.0) && ring.contains(&edge.1));
            let before = self.soft.len();
            self.soft.retain(|edge| !within(edge));
            if self.soft.len() == before {
                return Err(complain(&steps, &cycles));
            }
        }
    }

    /// All steps in the order of their numbers, the halves of replacements tied.
    fn steps(&self, units: Vec<Unit<'_>>) -> Vec<Option<Step>> {
        let mut steps = Vec::with_capacity(self.steps as usize);
        for (unit, place) in units.into_iter().zip(&self.places) {
            let halves = unit.replacement.zip(place.first).zip(place.ending);
            let first = steps.len();
            steps.extend(unit.forward.into_iter().map(Some));
            steps.extend(unit.ending.map(Some));
            let Some(((order, create), end)) = halves else { continue };
            for (at, other) in [(first, end), (end as usize, create)] {
                if let Some(Some(step)) = steps.get_mut(at) {
                    step.twin = Some(Twin { step: NodeId(other), order });
                }
            }
        }
        steps
    }
}

fn complain(steps: &[Option<Step>], cycles: &[Cycle]) -> Diagnostics {
    let mut out = Diagnostics::default();
    for Cycle(ring) in cycles {
        let ring: Vec<&Step> = ring.iter().filter_map(|node| steps[node.0 as usize].as_ref()).collect();
        let mut names: Vec<String> = ring.iter().map(|step| step.address.to_string()).collect();
        names.extend(names.first().cloned());
        let mut diagnostic =
            Diagnostic::new(&codes::ORDER, names.join(" → ")).help("apply a part of it first, with --target");
        for (at, span) in ring.iter().filter_map(|step| step.reason.span).enumerate() {
            let label = "takes part in the ring";
            diagnostic = if at == 0 { diagnostic.at(span, label) } else { diagnostic.and(span, label) };
        }
        out.push(diagnostic);
    }
    out
}
