//! What a person says became of a create that only a person can judge.

use super::machine::Run;
use super::settle::Verdict;
use super::work::Next;
use crate::apply::context::Answer;
use crate::apply::event::StepEnd;
use crate::model::{NodeId, Observed, RemoteId};
use crate::state::{Intent, JournalEntry};

impl Run {
    /// A person looked: that ends it, as long as it can be.
    pub(super) fn answered_by_person(&mut self, step: NodeId, intent: &Intent, answer: Answer, objects: &[Observed]) {
        let operation = intent.operation;
        match answer {
            Answer::Adopt(id) => match self.against(intent, &id, objects) {
                Some(why) => self.leave_open(step, format!("the answer {id} can't be: {why}")),
                None => {
                    let evidence = format!("somebody said that its create made {id}");
                    self.judge(step, Verdict::Adopt { id, rule: "answer", evidence }, objects);
                }
            },
            Answer::Retry => {
                self.settling.remove(&step);
                let mut entries: Vec<JournalEntry> = self.none_of_them(intent).into_iter().collect();
                entries.push(JournalEntry::NotCreated { operation, evidence: "somebody said so".to_owned() });
                self.close_with(step, entries, Next::End(StepEnd::Done));
            }
            Answer::Forget => {
                self.settling.remove(&step);
                let message = "somebody let go of it".to_owned();
                let entry = JournalEntry::Rejected { operation, status: 0, message };
                self.close_with(step, vec![entry], Next::End(StepEnd::Done));
            }
        }
    }

    /// Why an object cannot be what the create made.
    fn against(&self, intent: &Intent, id: &RemoteId, objects: &[Observed]) -> Option<String> {
        if let Some(owner) = self.snapshot.ids.get(id) {
            return Some(format!("it is {owner}"));
        }
        if self.is_known(intent, id) {
            return Some("it was there before the create was sent".to_owned());
        }
        let is_there = objects.iter().any(|object| object.id == *id);
        (!is_there).then(|| format!("there is no such {}", intent.kind))
    }

    /// The objects that it could have made are somebody else's, so that no later sweep takes them for late ones.
    fn none_of_them(&self, intent: &Intent) -> Option<JournalEntry> {
        let candidates = &self.snapshot.open.get(&intent.operation)?.candidates;
        let mut ids = self.snapshot.strangers.get(&intent.kind).cloned().unwrap_or_default();
        ids.extend(candidates.iter().cloned());
        (!candidates.is_empty()).then(|| JournalEntry::Strangers { kind: intent.kind.clone(), ids })
    }
}
