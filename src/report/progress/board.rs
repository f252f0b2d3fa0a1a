//! What the live view shows at an instant, as lines. Pure: events and times go in, text comes out.

use super::sentences::beginning;
use crate::apply::Progress;
use crate::model::{Address, Ident, NodeId};
use crate::plan::Action;
use crate::report::escape;
use crate::report::look::{Look, Role, columns_of, pad, span_of};
use std::collections::BTreeMap;
use std::time::Duration;

/// Steps in flight that are listed; the rest is counted.
const LISTED: usize = 12;

/// Cells of the total bar.
const CELLS: usize = 24;

/// A step that runs.
#[derive(Clone, Debug)]
struct Flight {
    address: Address,
    action: Action,
    began: Duration,
    expected: i64,
    progress: Option<u8>,
    waiting: Option<String>,
}

/// The state of the view.
#[derive(Clone, Debug)]
pub struct Board {
    look: Look,
    total: usize,
    done: usize,
    failed: usize,
    /// Milliseconds along the longest path, by the plan.
    estimate: i64,
    in_flight: BTreeMap<NodeId, Flight>,
    budgets: BTreeMap<Ident, (u32, u32)>,
    stopping: bool,
}

impl Board {
    pub fn new(look: Look, estimate: i64) -> Board {
        Board {
            look,
            total: 0,
            done: 0,
            failed: 0,
            estimate,
            in_flight: BTreeMap::new(),
            budgets: BTreeMap::new(),
            stopping: false,
        }
    }

    /// Takes an event in; `at` is since the run's start.
    pub fn on(&mut self, event: &Progress, at: Duration) {
        match event {
            Progress::RunStarted { steps } => (self.total, self.done, self.failed) = (*steps, 0, 0),
            Progress::StepStarted { step, address, action, expected } => {
                let (address, action, expected) = (address.clone(), action.clone(), *expected);
                self.in_flight
                    .insert(*step, Flight { address, action, began: at, expected, progress: None, waiting: None });
            }
            Progress::Job { step, progress, .. } => {
                if let Some(flight) = self.in_flight.get_mut(step) {
                    flight.progress = Some(*progress);
                    flight.waiting = None;
                }
            }
            Progress::Waiting { step, why } => {
                if let Some(flight) = self.in_flight.get_mut(step) {
                    flight.waiting = Some(why.clone());
                }
            }
            Progress::StepEnded { step, end, .. } => {
                self.in_flight.remove(step);
                self.done += 1;
                self.failed += usize::from(*end != crate::apply::StepEnd::Done);
            }
            Progress::Budget { surface, remaining, limit } => {
                self.budgets.insert(surface.clone(), (*remaining, *limit));
            }
            Progress::Stopping { .. } => self.stopping = true,
            Progress::RollingBack { .. } => self.estimate = 0,
            Progress::Bound { .. } | Progress::RunEnded(_) => {}
        }
    }

    /// The view: steps in flight, then the total with the budgets.
    pub fn lines(&self, now: Duration) -> Vec<String> {
        let widest = self.in_flight.values().map(|flight| columns_of(&shown(flight))).max().unwrap_or(0).min(40);
        let mut lines: Vec<String> =
            self.in_flight.values().take(LISTED).map(|flight| self.flight_line(flight, widest, now)).collect();
        if self.in_flight.len() > LISTED {
            lines.push(format!("  {} {} more in flight", self.look.dots(), self.in_flight.len() - LISTED));
        }
        lines.push(self.total_line(now));
        lines
    }

    fn flight_line(&self, flight: &Flight, widest: usize, now: Duration) -> String {
        let elapsed = span_of(now.saturating_sub(flight.began).as_millis() as i64);
        let expected =
            if flight.expected >= 1_000 { format!(" of about {}", span_of(flight.expected)) } else { String::new() };
        let progress = flight.progress.map_or_else(String::new, |percent| format!("  {percent}%"));
        let waiting =
            flight.waiting.as_ref().map_or_else(String::new, |why| format!("  waiting: {}", escape::clean(why)));
        let line = format!(
            "  {}  {} {elapsed}{expected}{progress}{waiting}",
            pad(&shown(flight), widest),
            beginning(&flight.action)
        );
        self.look.cut(&line, self.look.width.saturating_sub(1))
    }

    fn total_line(&self, now: Duration) -> String {
        let filled = (self.done * CELLS).checked_div(self.total).unwrap_or(0);
        let (full, empty) = if self.look.unicode { ("█", "░") } else { ("#", ".") };
        let bar = format!("{}{}", full.repeat(filled), empty.repeat(CELLS - filled));
        let mut text = format!(" {}/{} done", self.done, self.total);
        if self.failed > 0 {
            text.push_str(&format!(", {} not", self.failed));
        }
        let remaining = self.remaining(now);
        if self.stopping {
            text.push_str(", stopping");
        } else if remaining >= 1_000 {
            text.push_str(&format!(", about {} left", span_of(remaining)));
        }
        for (surface, (left, limit)) in &self.budgets {
            text.push_str(&format!("  {} {left}/{limit}", escape::clean(surface.as_str())));
        }
        let text = self.look.cut(&text, self.look.width.saturating_sub(CELLS + 1));
        format!("{}{text}", self.look.paint(Role::Create, &bar))
    }

    /// Milliseconds: what the plan's longest path leaves, at least what the slowest step in flight still needs.
    fn remaining(&self, now: Duration) -> i64 {
        let now = now.as_millis() as i64;
        let slowest = self
            .in_flight
            .values()
            .map(|flight| flight.expected - (now - flight.began.as_millis() as i64))
            .max()
            .unwrap_or(0);
        (self.estimate - now).max(slowest).max(0)
    }
}

fn shown(flight: &Flight) -> String {
    escape::clean(&flight.address.to_string()).into_owned()
}
