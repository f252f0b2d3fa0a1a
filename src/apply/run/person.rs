//! What a person says became of a create that only a person can judge.

use super::machine::Run;
use super::settle::Verdict;
use super::work::Next;
use crate::apply::context::Answer;
use crate::apply::event::StepEnd;
use crate::apply::identity::{differing, is_marked};
use crate::model::{Ident, NodeId, Observed, RemoteId};
use crate::state::{Intent, JournalEntry};

impl Run {
    /// A person looked: that ends it, as long as it can be.
    pub(super) fn answered_by_person(&mut self, step: NodeId, intent: &Intent, answer: Answer, objects: &[Observed]) {
        let operation = intent.operation;
        match answer {
            Answer::Adopt(id) => match self.against(step, intent, &id, objects) {
                Some(why) => self.leave_open(step, format!("the answer {id} can't be: {why}")),
                None => {
                    let evidence = format!("somebody said that its create made {id}");
                    self.judge(step, Verdict::Adopt { id, rule: "answer", evidence }, objects);
                }
            },
            Answer::Retry => {
                let mut entries: Vec<JournalEntry> = self.none_of_them(intent).into_iter().collect();
                entries.push(JournalEntry::NotCreated { operation, evidence: "somebody said so".to_owned() });
                self.close_with(step, entries, Next::End(StepEnd::fruitless("it made nothing, as was answered")));
            }
            Answer::Forget => {
                let message = "somebody let go of it".to_owned();
                let end = StepEnd::fruitless("it was let go of, as was answered");
                let entry = JournalEntry::Rejected { operation, status: 0, message };
                self.close_with(step, vec![entry], Next::End(end));
            }
        }
    }

    /// Why an object cannot be what the create made.
    fn against(&self, step: NodeId, intent: &Intent, id: &RemoteId, objects: &[Observed]) -> Option<String> {
        if let Some(owner) = self.snapshot.ids.get(id) {
            let before = if *owner == intent.address { " as it was before the create" } else { "" };
            return Some(format!("it is {owner}{before}"));
        }
        if self.is_known(intent, id) {
            return Some("it was there before the create was sent".to_owned());
        }
        let Some(object) = objects.iter().find(|object| object.id == *id) else {
            let doing = self.works[step.0 as usize].doing.as_ref();
            let unseen = doing.and_then(|doing| doing.unseen.as_ref());
            return Some(match unseen {
                Some(region) => format!("the key does not see {region}, where it would be"),
                None => format!("there is no such {}", intent.kind),
            });
        };
        // Somebody may have changed it since: whoever was shown how it differs may say so.
        if self.snapshot.open.get(&intent.operation).is_some_and(|open| open.candidates.contains(id)) {
            return None;
        }
        let kind = self.catalog.kind(&intent.kind)?;
        if kind.stamp.as_ref().is_some_and(|stamp| is_marked(object, stamp, intent)) {
            return None;
        }
        let names: Vec<&str> = differing(kind, intent, object).map(Ident::as_str).collect();
        let verb = match names.len() {
            0 => return None,
            1 => "is",
            _ => "are",
        };
        let names = names.join(", ");
        let (address, other) = (&intent.address, "not what the create asked for");
        Some(format!(
            "its {names} {verb} {other}; if it is the right one all the same, let go with --answer '{address}=forget', \
             then write `import {address} = \"{id}\"`"
        ))
    }

    /// The objects that it could have made are somebody else's, so that no later sweep takes them for late ones.
    fn none_of_them(&self, intent: &Intent) -> Option<JournalEntry> {
        let candidates = &self.snapshot.open.get(&intent.operation)?.candidates;
        let known = self.snapshot.strangers.get(&intent.kind);
        // Another open create that nobody was asked about may have made them.
        let is_sought = |id: &RemoteId| {
            let mut others = self.nameless(&intent.kind).filter(|open| open.intent.operation != intent.operation);
            others.any(|open| !open.candidates.contains(id))
        };
        let mut ids = known.cloned().unwrap_or_default();
        ids.extend(candidates.iter().filter(|id| !is_sought(id)).cloned());
        (known.map_or(!ids.is_empty(), |known| *known != ids))
            .then(|| JournalEntry::Strangers { kind: intent.kind.clone(), ids })
    }
}
