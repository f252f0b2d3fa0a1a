//! Steps without an operation: reading a data source, taking an existing object under management.

use super::machine::Run;
use super::work::Failure;
use crate::apply::context::Seen;
use crate::cloud::Listing;
use crate::model::{NodeId, Value};
use crate::plan;
use crate::state::JournalEntry;

impl Run {
    pub(super) fn sourced(&mut self, step: NodeId, answer: Result<Value, String>) {
        match answer {
            Ok(value) => {
                let address = self.step(step).address.clone();
                self.live.sources.insert(address.clone(), value);
                self.holdings.read(&self.live, &address);
                self.end(step, crate::apply::event::StepEnd::Done);
            }
            Err(reason) => self.end(step, unread(reason).end()),
        }
    }

    /// A data source that is an object of a kind: the one that fits what is given.
    pub(super) fn looked_up(&mut self, step: NodeId, answer: Result<Listing, String>) {
        let address = self.step(step).address.clone();
        let listing = match answer {
            Ok(listing) => listing,
            Err(reason) => return self.end(step, unread(reason).end()),
        };
        let objects = self.live.objects.entry(address.kind.clone()).or_default();
        objects.extend(listing.objects.into_iter().map(|observed| (observed.id.clone(), observed)));
        let catalog = self.catalog.clone();
        let Some(kind) = catalog.kind(&address.kind) else { return };
        let given = self.works[step.0 as usize].wanted.clone();
        let found = plan::fitting(kind, &given, &self.live);
        match found.as_slice() {
            [(_, attributes)] => {
                let attributes = plan::settled(kind, &Default::default(), attributes);
                self.holdings.tell(&address, attributes);
                self.end(step, crate::apply::event::StepEnd::Done);
            }
            several => {
                let message = match several.len() {
                    0 => format!("no {} has what is asked for", kind.name),
                    count => format!("{count} objects have what is asked for"),
                };
                let help = "give its id, or other attributes".to_owned();
                self.end(step, Failure { message, help, ..Failure::default() }.end());
            }
        }
    }

    pub(super) fn adoptable(&mut self, step: NodeId, seen: Seen) {
        self.work(step).errand = None;
        let address = self.step(step).address.clone();
        match seen {
            Seen::Found(observed) => {
                let (applied, lifecycle) = (self.work(step).wanted.clone(), self.work(step).lifecycle.clone());
                let (kind, at) = (address.kind.clone(), self.now.wall);
                let observed = *observed;
                let entry = JournalEntry::Imported { address, kind, observed, applied, lifecycle, at };
                self.write_and_end(step, vec![entry]);
            }
            Seen::Gone => self.end(step, unread("there is no such object any more".to_owned()).end()),
            Seen::Hidden => self.end(step, unread("it is not visible to this key".to_owned()).end()),
            Seen::Unread(reason) => self.end(step, unread(reason).end()),
        }
    }
}

fn unread(reason: String) -> Failure {
    Failure {
        message: format!("it could not be read: {reason}"),
        help: "run again when the API answers".to_owned(),
        ..Failure::default()
    }
}
