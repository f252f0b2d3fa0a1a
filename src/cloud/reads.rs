//! Reading: tries, one object, and whether an object that does not answer is gone or hidden (`contract.md` 2.3, 2.7).

use super::client::{Client, Failure, READ_DEADLINE, Reach, TRIES, UNREACHED_TRIES};
use super::envelope::{error_of, has_error, json_of};
use super::error::ReadError;
use super::observe::{data_of, observed};
use super::request::{self, Parts};
use super::{pace, redact};
use crate::model::Observed;
use crate::model::http::{Method, Response};
use crate::model::{Attributes, Ident, RemoteId, Type};
use crate::provider::Kind;
use crate::world::TransportError;
use futures::future::BoxFuture;
use serde_json::Value as Json;
use std::time::Duration;

/// Between two readings that must agree on "not there".
const DOUBT: Duration = Duration::from_secs(2);

/// Whether an object is there.
#[derive(Clone, Debug, PartialEq)]
pub enum Presence {
    Present(Observed),
    /// The API knows it no longer, and the list confirms it.
    Gone,
    /// The key may not see everything: it may be gone or hidden.
    Hidden,
    /// Nothing can be said.
    Unknown(String),
}

/// A 2xx answer to a GET.
pub(super) struct Answer {
    pub json: Json,
    pub etag: Option<String>,
    /// Bytes of the body.
    pub size: usize,
}

impl Client {
    /// One object by its id; `values` fill further names of the path (`zone_id` of a rule).
    /// A `NotFound` says nothing yet about the object: see [`Client::presence`].
    pub async fn read(&self, kind: &Ident, id: &RemoteId, values: &Attributes) -> Result<Observed, ReadError> {
        let kind = self.kind(kind)?;
        let impossible = |reason| ReadError::NotPossible { reason };
        let route = request::route(&kind.read, values).map_err(impossible)?;
        let target = request::path(&route.path, Some(id), values).map_err(impossible)?;
        let answer = self.get(&route.surface, target).await?;
        let object = observed(&kind.attributes, data_of(&answer.json), answer.etag.as_deref());
        match object {
            Some(object) if object.id == *id => Ok(object),
            Some(_) | None => Err(ReadError::BadAnswer {
                what: format!("the answer for {} {id} is another object or none", kind.name),
            }),
        }
    }

    /// Reads an object, and where it does not answer confirms against the list. Where the API answers for no single
    /// object, the list alone.
    pub fn presence<'a>(
        &'a self,
        kind: &'a Ident,
        id: &'a RemoteId,
        values: &'a Attributes,
    ) -> BoxFuture<'a, Result<Presence, ReadError>> {
        Box::pin(async move {
            let known = self.kind(kind)?;
            let singles = &self.reach(&known.surface)?.single_reads;
            if known.documented_list && singles.get() == Some(false) {
                return self.confirm_by_list(known, id, values).await;
            }
            match self.read(kind, id, values).await {
                Ok(object) => {
                    if known.documented_list {
                        singles.set(true);
                    }
                    Ok(Presence::Present(object))
                }
                Err(ReadError::NotFound(_)) if known.documented_list => self.confirm_by_list(known, id, values).await,
                Err(ReadError::NotFound(_)) => self.confirm(known, id, values).await,
                Err(ReadError::Permission(_)) => Ok(Presence::Hidden),
                Err(error) => Err(error),
            }
        })
    }

    /// The single read said 404 or 405, which may mean that the API has no such route: the list knows (`contract.md` 2.3).
    async fn confirm_by_list(&self, kind: &Kind, id: &RemoteId, values: &Attributes) -> Result<Presence, ReadError> {
        let listing = match self.shared_list(&kind.name, values).await {
            Ok(listing) => listing,
            Err(ReadError::NotFound(error)) => return self.without_list(kind, values, &error.message).await,
            Err(ReadError::Permission(_)) => return Ok(Presence::Hidden),
            Err(error) => return Err(error),
        };
        let singles = &self.reach(&kind.surface)?.single_reads;
        match (listing.objects.iter().find(|object| object.id == *id), singles.get()) {
            (Some(_), Some(true)) => self.contradiction(kind, id, values).await,
            (Some(object), Some(false) | None) => {
                singles.set(false);
                Ok(Presence::Present(object.clone()))
            }
            (None, known) => {
                if let (None, Some(listed)) = (known, listing.objects.first()) {
                    self.probe(kind, &listed.id, values).await;
                }
                let restricted = self.is_restricted(&kind.surface).await?;
                Ok(if restricted { Presence::Hidden } else { Presence::Gone })
            }
        }
    }

    /// Whether the API answers for a single object, by one that its list shows. Nothing is learned from other answers.
    /// The probe of `contract.md` 2.3 item 1, once a run and surface, and only where its answer decides something: a single
    /// read that succeeds shows as much, and one that is not answered with 404 asks nothing.
    pub(super) async fn probe(&self, kind: &Kind, listed: &RemoteId, values: &Attributes) {
        let Ok(reach) = self.reach(&kind.surface) else { return };
        match self.read(&kind.name, listed, values).await {
            Ok(_) => reach.single_reads.set(true),
            Err(ReadError::NotFound(_)) => reach.single_reads.set(false),
            Err(_) => {}
        }
    }

    /// The list shows what the single read, which works for others, does not: asked for again, then an error.
    async fn contradiction(&self, kind: &Kind, id: &RemoteId, values: &Attributes) -> Result<Presence, ReadError> {
        for attempt in 1..TRIES {
            self.clock.sleep(pace::back_off(attempt, &*self.random)).await;
            match self.read(&kind.name, id, values).await {
                Ok(object) => return Ok(Presence::Present(object)),
                Err(ReadError::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Err(ReadError::BadAnswer { what: format!("the list shows {id}, and asked for alone it is not there") })
    }

    /// For kinds whose list no document shows: two readings that agree, and a list that answers.
    async fn confirm(&self, kind: &Kind, id: &RemoteId, values: &Attributes) -> Result<Presence, ReadError> {
        if !self.dies_with_sender() {
            self.clock.sleep(DOUBT).await;
        }
        match self.read(&kind.name, id, values).await {
            Ok(object) => return Ok(Presence::Present(object)),
            Err(ReadError::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
        match self.shared_list(&kind.name, values).await {
            Ok(listing) => match listing.objects.iter().find(|object| object.id == *id) {
                Some(object) => Ok(Presence::Present(object.clone())),
                None if self.is_restricted(&kind.surface).await? => Ok(Presence::Hidden),
                None => Ok(Presence::Gone),
            },
            Err(ReadError::NotFound(error)) => self.without_list(kind, values, &error.message).await,
            Err(ReadError::Permission(_)) => Ok(Presence::Hidden),
            Err(error) => Err(error),
        }
    }

    /// No list answers: below a parent that is gone there is nothing; elsewhere nothing can be said.
    async fn without_list(&self, kind: &Kind, values: &Attributes, message: &str) -> Result<Presence, ReadError> {
        if self.parent_is_gone(kind, values).await? {
            return Ok(Presence::Gone);
        }
        let route = request::route(&kind.list, values).map(|route| route.path.clone()).unwrap_or_default();
        Ok(Presence::Unknown(format!("the API has no route GET {route}: {}", redact(message))))
    }

    /// Whether the object that these are below of is gone, and everything below it.
    pub(super) async fn parent_is_gone(&self, kind: &Kind, values: &Attributes) -> Result<bool, ReadError> {
        let parent = kind.parent.as_ref().and_then(|name| {
            let Type::Id(parent) = kind.attributes.get(name)?.ty.required() else { return None };
            Some((parent, RemoteId::new(values.get(name)?.as_str()?)))
        });
        match parent {
            Some((parent, id)) => Ok(self.presence(parent, &id, values).await? == Presence::Gone),
            None => Ok(false),
        }
    }

    /// Whether lists may leave out what is there (`contract.md L11`).
    async fn is_restricted(&self, surface: &Ident) -> Result<bool, ReadError> {
        let was_forbidden = &self.reach(surface)?.was_forbidden;
        let known = self.known_account(surface).await?;
        Ok(known.map_or_else(|| was_forbidden.load(std::sync::atomic::Ordering::Relaxed), |one| one.is_restricted()))
    }

    pub(super) fn kind(&self, name: &Ident) -> Result<&Kind, ReadError> {
        self.catalog
            .kind(name)
            .ok_or_else(|| ReadError::NotPossible { reason: format!("the catalog has no kind {name}") })
    }

    /// A GET with its tries; `target` is path and query below the base path.
    pub(super) async fn get(&self, surface: &Ident, target: String) -> Result<Answer, ReadError> {
        let reach = self.reach(surface)?;
        let parts = Parts { surface: surface.clone(), method: Method::Get, target, body: None, headers: Vec::new() };
        let (mut failed, mut unreached, mut too_many, mut waited) = (0, 0, 0, Duration::ZERO);
        loop {
            if let Some(error) = self.refusal() {
                return Err(error.clone());
            }
            let (error, pause) = match self.exchange(reach, &parts, READ_DEADLINE, None).await {
                Err(Failure::Wait(wait)) => return Err(rate_limited(reach, wait)),
                Err(Failure::TooLate) => return Err(ReadError::NotPossible { reason: "it is too late".to_owned() }),
                Err(Failure::Transport(error)) => (transport_error(reach, error), None),
                Ok(response) if response.status == 429 => {
                    too_many += 1;
                    let wait = pace::after_too_many(&response.headers, self.clock.now(), too_many, &*self.random);
                    waited += wait;
                    // Also where nobody waits so long: other requests must not leave earlier either.
                    reach.budget.block(&*self.clock, wait);
                    if wait > reach.endpoint.max_wait || waited > reach.endpoint.max_wait * TRIES {
                        return Err(rate_limited(reach, wait));
                    }
                    (rate_limited(reach, wait), Some(wait))
                }
                Ok(response) => match self.answer(reach, &response) {
                    Ok(answer) => return Ok(answer),
                    Err(error @ ReadError::Failed(_)) => (error, None),
                    Err(error) => return Err(error),
                },
            };
            let pause = match pause {
                Some(pause) => pause,
                None => {
                    failed += 1;
                    unreached += u32::from(matches!(error, ReadError::Unreachable { .. }));
                    if failed >= TRIES || unreached >= UNREACHED_TRIES {
                        return Err(error);
                    }
                    pace::back_off(failed, &*self.random)
                }
            };
            self.clock.sleep(pause).await;
        }
    }

    fn answer(&self, reach: &Reach, response: &Response) -> Result<Answer, ReadError> {
        self.note(reach, response);
        let json = json_of(response);
        let is_success = (200..300).contains(&response.status);
        match json {
            Some(json) if is_success && json.is_object() && !has_error(&json) => {
                Ok(Answer { json, etag: response.headers.get("ETag").map(str::to_owned), size: response.body.len() })
            }
            Some(json) if is_success && has_error(&json) => Err(refused(reach, response)),
            _ if is_success => {
                Err(ReadError::BadAnswer { what: format!("{}: the answer is no JSON object", reach.endpoint.host()) })
            }
            _ => Err(refused(reach, response)),
        }
    }
}

/// By the status; an error in an answer of success by its code.
fn refused(reach: &Reach, response: &Response) -> ReadError {
    let error = Box::new(error_of(response).error);
    match (response.status, error.code.as_str()) {
        (401, _) | (200..=299, "missing_api_key" | "invalid_api_key" | "expired_api_key") => {
            ReadError::Authentication { surface: reach.endpoint.surface.to_string(), error }
        }
        (403, _) | (200..=299, "insufficient_permissions") => ReadError::Permission(error),
        (404 | 405, _) | (200..=299, "not_found") => ReadError::NotFound(error),
        (408 | 425 | 500.., _) | (200..=299, _) => ReadError::Failed(error),
        (300..=399, _) => {
            ReadError::BadAnswer { what: format!("{}: a redirect, which cnx does not follow", reach.endpoint.host()) }
        }
        (_, _) => ReadError::Refused(error),
    }
}

impl Client {
    /// A 401: nothing else will work either.
    pub(super) fn refuse(&self, reach: &Reach, response: &Response) {
        // The first one stays.
        drop(self.refusal.set(refused(reach, response)));
    }
}

fn transport_error(reach: &Reach, error: TransportError) -> ReadError {
    let host = reach.endpoint.host().to_owned();
    match error {
        TransportError::NotSent { reason } => ReadError::Unreachable { host, reason: redact(&reason) },
        TransportError::Lost { reason } => ReadError::Interrupted { host, reason: redact(&reason) },
    }
}

fn rate_limited(reach: &Reach, wait: Duration) -> ReadError {
    ReadError::RateLimited { surface: reach.endpoint.surface.to_string(), wait }
}
