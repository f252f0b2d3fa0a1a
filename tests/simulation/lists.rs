//! What lists showed and what they left out, as it reached whoever asked: only what the last one left out is an excuse, and
//! only as far as the settle window does not reach beyond the fault.

use super::faults::Fault;
use super::hub::Inner as World;
use super::truth::Maker;
use cnx::model::http::Response;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// One list that should have shown an object.
#[derive(Clone, Copy, Debug)]
struct Sight {
    at_ns: u64,
    process: usize,
    /// The fault by which it left it out; none where it showed it.
    hidden_by: Option<Fault>,
}

/// Of each object that was ever left out: every list that should have shown it.
#[derive(Debug, Default)]
pub struct Lists {
    sights: BTreeMap<String, Vec<Sight>>,
    /// What answers on their way leave out, by the number of their request.
    on_the_way: BTreeMap<u64, (Fault, BTreeSet<String>)>,
}

pub fn ids(response: &Response) -> BTreeSet<String> {
    let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let items = body.get("data").and_then(Value::as_array).into_iter().flatten();
    items.filter_map(|item| item.get("id")?.as_str().map(str::to_owned)).collect()
}

impl Lists {
    /// An answer is made that leaves these out.
    pub fn hide(&mut self, number: u64, fault: Fault, ids: BTreeSet<String>) {
        if !ids.is_empty() {
            self.on_the_way.insert(number, (fault, ids));
        }
    }

    /// An answer reaches its process.
    pub fn answered(&mut self, number: u64, process: usize, at_ns: u64, response: &Response) {
        let hidden = self.on_the_way.remove(&number);
        if hidden.is_none() && self.sights.is_empty() {
            return;
        }
        let (fault, hidden) = hidden.map_or((None, BTreeSet::new()), |(fault, ids)| (Some(fault), ids));
        let shown = if response.status == 200 { ids(response) } else { BTreeSet::new() };
        for id in hidden {
            self.sights.entry(id).or_default().push(Sight { at_ns, process, hidden_by: fault });
        }
        for id in shown {
            if let Some(sights) = self.sights.get_mut(&id) {
                sights.push(Sight { at_ns, process, hidden_by: None });
            }
        }
    }

    /// By which fault the last list of a process until then left it out.
    pub fn hidden_by(&self, id: &str, until_ns: u64) -> Option<Fault> {
        let sights = self.sights.get(id)?;
        let last = |process: usize| {
            sights.iter().rev().find(|sight| sight.process == process && sight.at_ns <= until_ns)?.hidden_by
        };
        last(0).or_else(|| last(1))
    }
}

/// Whether a list of the run that is under way left it out.
pub fn was_left_out(world: &World, id: &str) -> bool {
    let sights = world.truth.lists.sights.get(id).into_iter().flatten();
    sights.filter(|sight| sight.at_ns >= world.launched_ns).any(|sight| sight.hidden_by.is_some())
}

/// Whether what a create of ours made may be overlooked: the last list left it out, and not only for being a minute behind,
/// unless the request was so late as well that both together reach beyond the settle window, or there is no such window: in
/// process, and where its job failed.
pub fn may_be_overlooked(world: &mut World, id: &str) -> bool {
    let Some((_, Maker::Engine(key))) = world.truth.makers.get(id) else { return false };
    let is_late = world.settings.in_process || world.truth.late.contains(key) || world.truth.spoilt.contains(key);
    let is_excused = match world.truth.lists.hidden_by(id, world.now_ns) {
        Some(Fault::ListLags) => is_late,
        Some(_) => true,
        None => false,
    };
    if is_excused {
        world.truth.overlooked.insert(id.to_owned());
    }
    is_excused
}
