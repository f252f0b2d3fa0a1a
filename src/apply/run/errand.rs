//! Steps without an operation: reading a data source, taking an existing object under management.

use super::accept::{FAILED, is_at_rest};
use super::machine::Run;
use super::work::{Failure, Refused};
use crate::apply::context::Seen;
use crate::apply::identity::differing_from;
use crate::apply::sweep::{MOST_LATE, made_at};
use crate::cloud::{CLOCKS_APART, Listing};
use crate::model::{Attributes, Ident, NodeId, Observed, RemoteId, Timestamp, Value};
use crate::plan::{self, ReasonCode};
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

    /// What no documented operation brings about is taken as written; what one does is still to be brought about.
    fn taken_as_written(&self, step: NodeId) -> Attributes {
        let wanted = &self.works[step.0 as usize].wanted;
        let Some(kind) = self.catalog.kind(&self.step(step).address.kind) else { return Attributes::new() };
        let is_made = |name: &Ident, value: &Value| {
            let operation = kind.attribute(name.as_str()).and_then(|attribute| plan::operation_for(attribute, value));
            operation.and_then(|name| kind.updates.get(name)).is_some_and(|operation| operation.documented.is_some())
        };
        let taken = wanted.iter().filter(|(name, value)| !is_made(name, value));
        taken.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// It looks like the one that is declared, and the program does not say that such a one is to be taken over.
    fn is_guessed(&self, step: NodeId) -> bool {
        let asked = self.works[step.0 as usize].instance.as_ref().is_some_and(|instance| instance.lifecycle.adopt);
        self.step(step).reason.code == ReasonCode::NaturalKeyExists && !asked
    }

    /// What keeps the object from being what a create was refused for.
    fn is_another(&self, step: NodeId, refused: &Refused, observed: &Observed) -> Option<&'static str> {
        let kind = self.catalog.kind(&self.step(step).address.kind)?;
        let differing: Vec<&Ident> = differing_from(kind, &self.works[step.0 as usize].wanted, observed).collect();
        if differing.iter().any(|name| kind.natural_key.contains(name)) {
            return Some("has another name");
        }
        if refused.asked {
            return None;
        }
        let is_well = is_at_rest(kind, observed) && observed.status.as_deref() != Some(FAILED);
        let made = made_at(observed);
        let is_in_time =
            |at: &Timestamp| made.is_some_and(|made| at.since(made) <= CLOCKS_APART && made.since(*at) <= MOST_LATE);
        let is_as_made = differing.is_empty() && is_well && refused.given_up.iter().any(is_in_time);
        (!is_as_made).then_some("may be anybody's")
    }

    pub(super) fn adoptable(&mut self, step: NodeId, refused: Option<Box<Refused>>, seen: Seen) {
        self.work(step).errand = None;
        let address = self.step(step).address.clone();
        if let (Some(refused), Seen::Found(observed)) = (&refused, &seen)
            && let Some(why) = self.is_another(step, refused, observed)
        {
            let failure = refused.failure.clone();
            let help = match refused.asked {
                true => format!("{} {why}: change one of the two", observed.id),
                false => format!("{}; {} {why}", failure.help, observed.id),
            };
            return self.end(step, Failure { help, ..failure }.end());
        }
        match seen {
            Seen::Found(observed) => {
                let (applied, lifecycle) = (self.work(step).wanted.clone(), self.work(step).lifecycle.clone());
                let (kind, at) = (address.kind.clone(), self.now.wall);
                let observed = *observed;
                let guess = self.is_guessed(step).then(|| JournalEntry::Quarantined {
                    address: address.clone(),
                    why: format!("{} was taken over with --adopt exact", observed.id),
                });
                // Something else is only taken over where what stood there before is gone.
                let former = self.snapshot.records.get(&address).filter(|record| record.id != observed.id);
                let gone = former.map(|record| JournalEntry::Deleted {
                    operation: None,
                    address: address.clone(),
                    id: record.id.clone(),
                });
                let entry = JournalEntry::Imported { address, kind, observed, applied, lifecycle, at };
                self.write_and_end(step, gone.into_iter().chain([entry]).chain(guess).collect());
            }
            Seen::Gone => self.end(step, unread("there is no such object any more".to_owned()).end()),
            Seen::Hidden => self.end(step, unread("it is not visible to this key".to_owned()).end()),
            // The plan saw nothing of it either: the user's word for the id is all there is.
            Seen::Unseeable(_) if self.step(step).before.is_empty() => {
                let id = self.step(step).id.clone();
                let (applied, lifecycle) = (self.taken_as_written(step), self.work(step).lifecycle.clone());
                let (kind, at) = (address.kind.clone(), self.now.wall);
                let Some(observed) = id.map(unseen) else { return };
                let entry = JournalEntry::Imported { address, kind, observed, applied, lifecycle, at };
                self.write_and_end(step, vec![entry]);
            }
            Seen::Unread(reason) | Seen::Unseeable(reason) => self.end(step, unread(reason).end()),
        }
    }
}

/// An object of which nothing is known but its id.
pub(super) fn unseen(id: RemoteId) -> Observed {
    let attributes = Attributes::from([(Ident::new("id"), Value::string(id.as_str()))]);
    Observed { id, attributes, status: None, current_job: None, etag: None }
}

fn unread(reason: String) -> Failure {
    Failure {
        message: format!("it could not be read: {reason}"),
        help: "run again when the API answers".to_owned(),
        ..Failure::default()
    }
}
