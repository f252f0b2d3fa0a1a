//! What the journal keeps of secrets: seals, by which a change can be told and no value read. The machine's own memory keeps
//! the values as long as the run lasts.

use super::machine::Run;
use crate::model::{Address, Attributes, Observed, Secrecy};
use crate::plan::Veil;
use crate::state::{Intent, JournalEntry, OperationId};

/// Whether any of the attributes is, or holds, a seal.
pub(super) fn holds_seals(attributes: &Attributes) -> bool {
    attributes.values().any(|value| !Secrecy::of_sealed(value).is_clear())
}

impl Run {
    /// The entry as it is written down. To be asked before the entry is folded.
    pub(super) fn sealed(&self, entry: &JournalEntry) -> JournalEntry {
        match entry {
            JournalEntry::Intent(intent) => {
                let wanted = self.veiled(&intent.address, &intent.wanted, &intent.wanted);
                JournalEntry::Intent(Box::new(Intent { wanted, ..(**intent).clone() }))
            }
            JournalEntry::Ready { operation, observed, applied } => {
                let Some(address) = self.address_of(*operation) else { return entry.clone() };
                JournalEntry::Ready {
                    operation: *operation,
                    observed: self.observed_veiled(address, observed, applied),
                    applied: self.veiled(address, applied, applied),
                }
            }
            JournalEntry::Imported { address, kind, observed, applied, lifecycle, at } => JournalEntry::Imported {
                address: address.clone(),
                kind: kind.clone(),
                observed: self.observed_veiled(address, observed, applied),
                applied: self.veiled(address, applied, applied),
                lifecycle: lifecycle.clone(),
                at: *at,
            },
            JournalEntry::Noted { address, observed, applied, lifecycle } => JournalEntry::Noted {
                address: address.clone(),
                observed: observed.as_ref().map(|observed| self.observed_veiled(address, observed, applied)),
                applied: self.veiled(address, applied, applied),
                lifecycle: lifecycle.clone(),
            },
            JournalEntry::Rejected { operation, status, message } => JournalEntry::Rejected {
                operation: *operation,
                status: *status,
                message: self.desired.secrets.clean(message).into_owned(),
            },
            JournalEntry::Failed { operation, id, message } => JournalEntry::Failed {
                operation: *operation,
                id: id.clone(),
                message: self.desired.secrets.clean(message).into_owned(),
            },
            JournalEntry::RunStarted { .. }
            | JournalEntry::RunEnded { .. }
            | JournalEntry::Pinned(_)
            | JournalEntry::Strangers { .. }
            | JournalEntry::Accepted { .. }
            | JournalEntry::Bound { .. }
            | JournalEntry::Ran { .. }
            | JournalEntry::NotCreated { .. }
            | JournalEntry::Asked { .. }
            | JournalEntry::Adopted { .. }
            | JournalEntry::LateDuplicate { .. }
            | JournalEntry::Deleted { .. }
            | JournalEntry::Deposed { .. }
            | JournalEntry::Reinstated { .. }
            | JournalEntry::Forgotten { .. }
            | JournalEntry::Moved { .. }
            | JournalEntry::Quarantined { .. }
            | JournalEntry::Confirmed { .. }
            | JournalEntry::Untainted { .. }
            | JournalEntry::Restored { .. }
            | JournalEntry::Outputs(_) => entry.clone(),
        }
    }

    fn address_of(&self, operation: OperationId) -> Option<&Address> {
        self.snapshot.open.get(&operation).map(|open| &open.intent.address)
    }

    fn veiled(&self, address: &Address, attributes: &Attributes, raw: &Attributes) -> Attributes {
        self.veil(address, raw).map_or_else(|| attributes.clone(), |veil| veil.over(attributes))
    }

    fn observed_veiled(&self, address: &Address, observed: &Observed, raw: &Attributes) -> Observed {
        let attributes = self.veiled(address, &observed.attributes, raw);
        Observed { attributes, ..observed.clone() }
    }

    /// By what the program says, and by the seals of earlier runs.
    fn veil(&self, address: &Address, raw: &Attributes) -> Option<Veil> {
        let stored: Vec<&Attributes> = self.was_sealed.get(address).into_iter().chain([raw]).collect();
        Veil::of(&self.desired, address, self.catalog.kind(&address.kind), &stored, &[raw])
    }
}
