//! What a door does with an answer: give it out whole, late, in part, or not at all (contract.md 4.8, group "transport").
use std::borrow::Cow;
use std::ops::Deref;
use std::sync::Arc;

use super::effects::Wire;
use crate::model::http::{Headers, Response};

/// The bytes of an answer: made for it alone, or a page that other answers have as well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    Own(Vec<u8>),
    Shared(Arc<Vec<u8>>),
}

impl Payload {
    /// The same bytes so that a copy costs nothing.
    pub fn shared(self) -> Payload {
        match self {
            Payload::Own(bytes) => Payload::Shared(Arc::new(bytes)),
            Payload::Shared(_) => self,
        }
    }

    fn into_bytes(self) -> Vec<u8> {
        match self {
            Payload::Own(bytes) => bytes,
            Payload::Shared(bytes) => Arc::unwrap_or_clone(bytes),
        }
    }
}

impl Deref for Payload {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Payload::Own(bytes) => bytes,
            Payload::Shared(bytes) => bytes,
        }
    }
}

/// A response, and what its way to the client is like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(Cow<'static, str>, String)>,
    pub body: Payload,
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
        let Response { status, headers, body } = response;
        let headers = headers.0.into_iter().map(|(name, value)| (Cow::Owned(name), value)).collect();
        Answer::of(status, headers, Payload::Own(body))
    }

    /// An answer that arrives as it is.
    pub fn of(status: u16, headers: Vec<(Cow<'static, str>, String)>, body: Payload) -> Answer {
        Answer { status, headers, body, delay_ms: 0, delivery: Delivery::Whole, restarts: false }
    }

    /// What is given out, whatever its way is like.
    pub fn into_response(self) -> Response {
        let headers = self.headers.into_iter().map(|(name, value)| (name.into_owned(), value)).collect();
        Response { status: self.status, headers: Headers(headers), body: self.body.into_bytes() }
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
