//! `-v` and `--trace FILE`: every request as a line on standard error, and as a JSON line in a file; secrets redacted,
//! bodies and headers left out.

use crate::cloud::redact;
use crate::model::Secrets;
use crate::model::http::{Request, Response};
use crate::report::{Writer, escape, value_json};
use crate::world::{Clock, Transport, TransportError};
use futures::future::BoxFuture;
use serde_json::{Value as Json, json};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Of a trace's lines.
const VERSION: u32 = 1;

/// A transport that tells what passes.
pub struct Logged {
    inner: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    out: Mutex<Outputs>,
    secrets: Secrets,
}

/// Where it is told; each may be left out.
#[derive(Debug, Default)]
pub struct Outputs {
    /// For people.
    pub lines: Option<Writer>,
    /// For machines.
    pub trace: Option<Writer>,
}

impl fmt::Debug for Logged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Logged")
    }
}

impl Logged {
    pub fn new(inner: Arc<dyn Transport>, clock: Arc<dyn Clock>, secrets: Secrets, out: Outputs) -> Logged {
        Logged { inner, clock, out: Mutex::new(out), secrets }
    }

    fn tell(&self, request: &str, outcome: &Result<Response, TransportError>, taken: Duration) {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lines) = &mut out.lines {
            let end = match outcome {
                Ok(response) => format!("{}, {} bytes", response.status, response.body.len()),
                Err(TransportError::NotSent { reason }) => format!("not sent: {reason}"),
                Err(TransportError::Lost { reason }) => format!("no answer: {reason}"),
            };
            lines.line(&escape::clean(&self.clean(&format!("{request} -> {end}, {} ms", taken.as_millis()))));
        }
        if let Some(trace) = &mut out.trace {
            trace.write(&value_json::line(&self.traced(request, outcome, taken)));
        }
    }

    fn clean(&self, text: &str) -> String {
        self.secrets.clean(&redact(text)).into_owned()
    }

    fn traced(&self, request: &str, outcome: &Result<Response, TransportError>, taken: Duration) -> Json {
        let (method, url) = request.split_once(' ').unwrap_or((request, ""));
        let (how, status, bytes, why) = match outcome {
            Ok(response) => ("answered", Some(response.status), Some(response.body.len()), None),
            Err(TransportError::NotSent { reason }) => ("not_sent", None, None, Some(self.clean(reason))),
            Err(TransportError::Lost { reason }) => ("lost", None, None, Some(self.clean(reason))),
        };
        json!({
            "format": "cnx-trace",
            "version": VERSION,
            "at": self.clock.now().to_string(),
            "method": method,
            "url": self.clean(url),
            "outcome": how,
            "status": status,
            "bytes": bytes,
            "why": why,
            "taken_ms": u64::try_from(taken.as_millis()).unwrap_or(u64::MAX),
        })
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
