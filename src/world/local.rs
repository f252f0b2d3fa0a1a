//! The emulator in this process as a transport: no socket, no server, and a request that ends with its sender.

use super::seams::{Clock, Transport, TransportError};
use crate::emulator::local::LocalEmulator;
use crate::emulator::{Answer, Delivery, Door, Now};
use crate::model::http::{Request, Response};
use futures::future::{BoxFuture, poll_fn};
use std::fmt;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::runtime::{Handle, RuntimeFlavor};

/// The origin under which a surface of the embedded emulator is asked for. It is no URL, so nothing can leave the machine.
pub fn local_origin(surface: &str) -> String {
    format!("local:{surface}")
}

/// Requests go straight into the emulator.
pub struct InProcess {
    emulator: LocalEmulator,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InProcess")
    }
}

impl InProcess {
    /// `clock` is the emulator's real time.
    pub fn new(emulator: LocalEmulator, clock: Arc<dyn Clock>) -> InProcess {
        InProcess { emulator, clock }
    }

    fn answer(&self, door: Door, request: &Request) -> Answer {
        let answer = || self.emulator.answer(door, Some(request.method), request, Now { unix_ms: self.clock.now().0 });
        let is_many = Handle::try_current().is_ok_and(|handle| handle.runtime_flavor() == RuntimeFlavor::MultiThread);
        // A sync of the disk must not hold up the other tasks; inline all the same, so that it ends before its sender does.
        if self.emulator.is_persistent() && is_many { tokio::task::block_in_place(answer) } else { answer() }
    }

    /// The answer as the faults that it met let it through.
    async fn deliver(&self, answer: Answer, deadline: Duration) -> Result<Response, TransportError> {
        let lost = |reason: &str| Err(TransportError::Lost { reason: reason.to_owned() });
        let slow_ms = match answer.delivery {
            Delivery::Slow { ms } => ms,
            Delivery::Hang => u64::MAX,
            Delivery::Whole | Delivery::Reset | Delivery::Truncated { .. } => 0,
        };
        let delay = Duration::from_millis(answer.delay_ms.saturating_add(slow_ms));
        if delay > deadline {
            self.clock.sleep(deadline).await;
            return lost("timed out");
        }
        if !delay.is_zero() {
            self.clock.sleep(delay).await;
        }
        match answer.delivery {
            Delivery::Reset => lost("the connection was reset"),
            Delivery::Truncated { bytes } if bytes < answer.body.len() => {
                lost("the connection ended within the answer")
            }
            Delivery::Whole | Delivery::Slow { .. } | Delivery::Hang | Delivery::Truncated { .. } => {
                Ok(answer.into_response())
            }
        }
    }
}

impl Transport for InProcess {
    fn send(&self, request: Request, deadline: Duration) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(async move {
            let door = match request.origin.as_str() {
                origin if origin == local_origin("compute") => Door::C,
                origin if origin == local_origin("platform") => Door::P,
                origin if origin == local_origin("sandbox") => Door::Sandbox,
                origin => return Err(TransportError::NotSent { reason: format!("the emulator has no {origin}") }),
            };
            give_way().await;
            let answer = self.answer(door, &request);
            self.deliver(answer, deadline).await
        })
    }

    fn dies_with_sender(&self) -> bool {
        true
    }
}

/// Lets other tasks have their turn once: answers that are always ready would otherwise starve signals and progress.
async fn give_way() {
    let mut is_second = false;
    poll_fn(|context| {
        if is_second {
            return Poll::Ready(());
        }
        is_second = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
