//! Clock, chance and network of one simulated process.

use super::cloud::{COMPUTE, PLATFORM, door_of};
use super::departure;
use super::hub::{Hub, Slot, is_compute};
use super::store::Disk;
use cnx::model::http::{Method, Request, Response};
use cnx::model::{Address, Timestamp};
use cnx::world::{Clock, Random, Transport, TransportError};
use futures::future::{BoxFuture, FutureExt};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

/// Most requests of one process on one surface at the same time.
pub const CONCURRENCY: usize = 16;

/// The hub's time, with a wall clock that may be wrong.
#[derive(Debug)]
pub struct SimClock(pub Arc<Hub>);

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        let world = self.0.lock();
        Timestamp(world.now().unix_ms + world.skew_ms)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_nanos(self.0.lock().now_ns)
    }

    fn sleep(&self, span: Duration) -> BoxFuture<'static, ()> {
        let at_ns = self.0.lock().now_ns + span.as_nanos() as u64;
        Sleep { hub: self.0.clone(), at_ns, key: None }.boxed()
    }
}

struct Sleep {
    hub: Arc<Hub>,
    at_ns: u64,
    key: Option<(u64, u64)>,
}

impl Future for Sleep {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let hub = self.hub.clone();
        let mut world = hub.lock();
        match self.key {
            Some(key) if world.rewake(key, cx.waker()) => Poll::Pending,
            Some(_) => Poll::Ready(()),
            None => {
                self.key = Some(world.wake_at(self.at_ns, cx.waker().clone()));
                Poll::Pending
            }
        }
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.hub.lock().forget(key);
        }
    }
}

/// Bytes from a seed.
#[derive(Debug)]
pub struct SimRandom(pub AtomicU64);

impl Random for SimRandom {
    fn fill(&self, bytes: &mut [u8]) {
        let mut dice = crate::generate::Dice(self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9));
        for part in bytes.chunks_mut(8) {
            part.copy_from_slice(&dice.next().to_le_bytes()[..part.len()]);
        }
    }
}

/// The network as one process has it.
pub struct SimTransport {
    pub hub: Arc<Hub>,
    pub disk: Arc<Disk>,
    pub process: usize,
    /// What each address needs before it is made.
    pub needs: Arc<BTreeMap<Address, Vec<Address>>>,
}

impl Transport for SimTransport {
    fn send(&self, request: Request, deadline: Duration) -> BoxFuture<'_, Result<Response, TransportError>> {
        async move {
            if self.hub.lock().manners[self.process].doomed {
                return futures::future::pending().await;
            }
            departure::inspect(self, &request);
            let door = door_of(&request).is_some_and(is_compute);
            let slot = self.hub.lock().depart(self.process, request, deadline);
            Waiting { hub: self.hub.clone(), process: self.process, is_compute: door, slot }.await
        }
        .boxed()
    }

    fn dies_with_sender(&self) -> bool {
        self.hub.lock().settings.in_process
    }
}

/// Waits for an answer; without a slot for ever.
struct Waiting {
    hub: Arc<Hub>,
    process: usize,
    is_compute: bool,
    slot: Option<Arc<Mutex<Slot>>>,
}

impl Future for Waiting {
    type Output = Result<Response, TransportError>;
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(slot) = &self.slot else { return Poll::Pending };
        let mut slot = slot.lock().expect("one thread");
        match slot.answer.take() {
            Some(answer) => {
                if let Some(not_before) = slot.not_before {
                    self.hub.lock().learns(self.process, not_before);
                }
                Poll::Ready(answer)
            }
            None => {
                slot.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut world = self.hub.lock();
        let in_flight = world.manners[self.process].in_flight.entry(self.is_compute).or_default();
        *in_flight = in_flight.saturating_sub(1);
    }
}

/// The origin of a surface.
pub fn origin_of(surface: &str) -> &'static str {
    if surface == "compute" { COMPUTE } else { PLATFORM }
}

/// Used by planted bugs that send a request of their own.
pub fn get(origin: &str, target: &str) -> Request {
    let headers = cnx::model::http::Headers::default();
    Request { method: Method::Get, origin: origin.to_owned(), target: target.to_owned(), headers, body: Vec::new() }
}
