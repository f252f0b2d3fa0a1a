//! What a door does with an answer: give it out whole, late, in part, or not at all (contract.md 4.8, group "transport").
use super::effects::Wire;
use crate::model::http::Response;

/// A response, and what its way to the client is like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub response: Response,
    /// Wait this long (real time) before anything is sent.
    pub delay_ms: u64,
    pub delivery: Delivery,
    /// The emulator ends itself after committing and starts again from its store.
    pub restarts: bool,
}

/// How much of a response arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    Whole,
    /// The connection is reset instead, before or after the execution.
    Reset,
    /// The connection ends after so many bytes of the body.
    Truncated {
        bytes: usize,
    },
    /// Half of the body, a pause, the other half.
    Slow {
        ms: u64,
    },
    /// Nothing ever.
    Hang,
}

impl Answer {
    /// A response that arrives as it is.
    pub fn whole(response: Response) -> Answer {
        Answer { response, delay_ms: 0, delivery: Delivery::Whole, restarts: false }
    }

    /// With one more effect on its way.
    pub fn meets(&mut self, effect: &Wire) {
        match effect {
            Wire::Latency { ms } => self.delay_ms = self.delay_ms.saturating_add(*ms),
            Wire::ResetBefore | Wire::ResetAfter => self.delivery = Delivery::Reset,
            Wire::Truncate { bytes } => self.delivery = Delivery::Truncated { bytes: *bytes },
            Wire::SlowBody { ms } => self.delivery = Delivery::Slow { ms: *ms },
            Wire::Hang => self.delivery = Delivery::Hang,
            Wire::ExitAfterCommit => {
                self.delivery = Delivery::Reset;
                self.restarts = true;
            }
        }
    }
}
