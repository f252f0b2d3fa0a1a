//! `-v`: every request as a line on standard error, secrets redacted, bodies left out.

use crate::cloud::redact;
use crate::model::Secrets;
use crate::model::http::{Request, Response};
use crate::report::{Writer, escape};
use crate::world::{Clock, Transport, TransportError};
use futures::future::BoxFuture;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A transport that tells what passes.
pub struct Logged {
    inner: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    out: Mutex<Writer>,
    secrets: Secrets,
}

impl fmt::Debug for Logged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Logged")
    }
}

impl Logged {
    pub fn new(inner: Arc<dyn Transport>, clock: Arc<dyn Clock>, secrets: Secrets) -> Logged {
        Logged { inner, clock, out: Mutex::new(Writer::stderr()), secrets }
    }

    fn tell(&self, request: &str, outcome: &Result<Response, TransportError>, taken: Duration) {
        let end = match outcome {
            Ok(response) => format!("{}, {} bytes", response.status, response.body.len()),
            Err(TransportError::NotSent { reason }) => format!("not sent: {reason}"),
            Err(TransportError::Lost { reason }) => format!("no answer: {reason}"),
        };
        let line = redact(&format!("{request} -> {end}, {} ms", taken.as_millis()));
        self.out.lock().unwrap_or_else(PoisonError::into_inner).line(&escape::clean(&self.secrets.clean(&line)));
    }
}

impl Transport for Logged {
    fn send(&self, request: Request, deadline: Duration) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(async move {
            let began = self.clock.monotonic();
            let shown = format!("{} {}{}", request.method.as_str(), request.origin, request.target);
            let outcome = self.inner.send(request, deadline).await;
            self.tell(&shown, &outcome, self.clock.monotonic().saturating_sub(began));
            outcome
        })
    }

    fn dies_with_sender(&self) -> bool {
        self.inner.dies_with_sender()
    }
}
