//! One list for all who ask at the same time. Whoever asks while a list is being read waits for the next one, which begins
//! after the question: no answer is older than its question.

use super::call::Listing;
use super::client::Client;
use super::error::ReadError;
use crate::model::{Attributes, Ident};
use futures::channel::oneshot::{Receiver, Sender, channel};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A list that several share.
pub(super) type Shared = Result<Arc<Listing>, ReadError>;

/// What comes to one who waits.
enum Turn {
    Answer(Shared),
    Lead(Lead),
}

/// By list: who waits for the next reading. A name is here while its list is being read.
#[derive(Clone, Default)]
pub(super) struct Queues(Arc<Mutex<BTreeMap<String, Vec<Sender<Turn>>>>>);

/// To read a list for oneself and these. Passed on when it is dropped, also where its reader was.
struct Lead {
    queues: Option<Queues>,
    name: String,
    others: Vec<Sender<Turn>>,
}

impl Drop for Lead {
    fn drop(&mut self) {
        if let Some(queues) = self.queues.take() {
            queues.pass_on(&self.name);
        }
    }
}

/// A place in line, or the lead where nobody reads.
enum Place {
    Lead(Lead),
    Wait(Receiver<Turn>),
}

impl Queues {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Vec<Sender<Turn>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lead(&self, name: &str, others: Vec<Sender<Turn>>) -> Lead {
        Lead { queues: Some(self.clone()), name: name.to_owned(), others }
    }

    fn join(&self, name: &str) -> Place {
        let mut queues = self.lock();
        let Some(queue) = queues.get_mut(name) else {
            queues.insert(name.to_owned(), Vec::new());
            return Place::Lead(self.lead(name, Vec::new()));
        };
        let (sender, receiver) = channel();
        queue.push(sender);
        Place::Wait(receiver)
    }

    /// The reading is over: the first who still waits leads the next one.
    fn pass_on(&self, name: &str) {
        let mut queues = self.lock();
        let mut waiting = queues.get_mut(name).map(std::mem::take).unwrap_or_default();
        while !waiting.is_empty() {
            let next = waiting.remove(0);
            let Err(Turn::Lead(mut lead)) = next.send(Turn::Lead(self.lead(name, waiting))) else { return };
            lead.queues = None;
            waiting = std::mem::take(&mut lead.others);
        }
        queues.remove(name);
    }
}

impl Client {
    /// Every object of a kind, read after this call began, by as few requests as serve all who ask.
    pub(super) async fn shared_list(&self, kind: &Ident, parent: &Attributes) -> Shared {
        let parents: Vec<String> = parent
            .iter()
            .filter(|(name, _)| self.catalog.kind(kind).and_then(|kind| kind.parent.as_ref()) == Some(*name))
            .map(|(_, value)| format!("{value:?}"))
            .collect();
        let name = format!("{kind} {}", parents.join(" "));
        loop {
            let mut lead = match self.queues.join(&name) {
                Place::Lead(lead) => lead,
                Place::Wait(place) => match place.await {
                    Ok(Turn::Answer(answer)) => return answer,
                    Ok(Turn::Lead(lead)) => lead,
                    // Its reader is gone: from the start.
                    Err(_) => continue,
                },
            };
            let answer = self.list(kind, parent).await.map(Arc::new);
            for other in std::mem::take(&mut lead.others) {
                // Who no longer waits needs no answer.
                drop(other.send(Turn::Answer(answer.clone())));
            }
            return answer;
        }
    }
}
