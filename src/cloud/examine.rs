//! Probing a target: what it supports, by requests that read; with leave, also by one cheap object that is made and deleted.

use super::call::{ApiError, Call, IdempotencyKey, Outcome, Verb};
use super::client::{Client, Failure, READ_DEADLINE, Reach};
use super::error::{ReadError, rejection};
use super::findings::Found;
use super::pace::date;
use super::request::{self, Parts};
use crate::model::http::{Method, Response};
use crate::model::{Attributes, Ident, Observed, RemoteId, Value};
use crate::provider::Kind;
use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// A new object that does not show for so long is not waited for.
const LONGEST_LAG: Duration = Duration::from_secs(60);

impl Client {
    /// What a surface supports. `writes`: an object of the kind that the catalog offers for it is made, and deleted again.
    pub async fn examine(&self, surface: &Ident, writes: bool) -> Result<Found, ReadError> {
        let reach = self.reach(surface)?;
        let mut found = Found { url: reach.endpoint.url(), ..Found::default() };
        let kinds = self.catalog.kinds.values().filter(|kind| kind.surface == *surface);
        let documented: Option<&Kind> = kinds.clone().find(|kind| kind.documented_list);
        if let Some(kind) = documented {
            let none = Attributes::new();
            match self.list(&kind.name, &none).await {
                Ok(listing) => {
                    found.page_size = Some(reach.page_size.load(Ordering::Relaxed));
                    if let Some(object) = listing.objects.first() {
                        self.probe(kind, &object.id, &none).await;
                    }
                    found.single_reads = reach.single_reads.get();
                }
                // A key for other things: the rest can be told all the same.
                Err(ReadError::Permission(_)) => {}
                Err(ReadError::NotFound(error)) => return Err(strange(reach, kind, &error)),
                Err(error) => return Err(error),
            }
            self.measure(reach, kind, &mut found).await;
        }
        if let Some(account) = self.known_account(surface).await? {
            found.account = Some(account.id);
            found.tier = account.tier;
            found.environment = account.environment;
            found.permission = account.permission;
            found.scopes = account.scopes;
            found.regions = account.regions;
        }
        found.job_batches = match self.get(surface, format!("{}?limit=1&per_page=1", reach.surface.jobs_path)).await {
            Ok(_) => Some(true),
            Err(ReadError::NotFound(_)) => Some(false),
            Err(ReadError::Permission(_) | ReadError::Refused(_)) => None,
            Err(error) => return Err(error),
        };
        found.jobs = match found.job_batches {
            Some(true) => Some(true),
            Some(false) | None => self.tells_of_jobs(reach).await?,
        };
        if writes && let Some((kind, trial)) = self.trial(surface) {
            found.swept = self.sweep(surface).await?;
            self.try_out(kind, trial, &mut found).await;
        }
        Ok(found)
    }

    /// The kind of which an object may be made to try a surface out, and what it is made of.
    fn trial(&self, surface: &Ident) -> Option<(&Kind, &[(Ident, String)])> {
        let mut kinds = self.catalog.kinds.values().filter(|kind| kind.surface == *surface);
        kinds.find_map(|kind| Some((kind, kind.trial.as_deref()?)))
    }

    /// Deletes what an examination made that was ended before it could. Such objects are known by their form: the name and
    /// the content that no other object has. How many there were.
    ///
    /// # Errors
    /// The list can't be read.
    pub async fn sweep(&self, surface: &Ident) -> Result<u32, ReadError> {
        let Some((kind, trial)) = self.trial(surface) else { return Ok(0) };
        let mut swept = 0;
        let known = self.trials.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for (_, id) in known.iter().filter(|(own, _)| own == surface) {
            swept += u32::from(self.take_back(kind, id).await);
        }
        let listing = match self.list(&kind.name, &Attributes::new()).await {
            Ok(listing) => listing,
            // What can't be listed or may not be seen was not made either.
            Err(ReadError::NotFound(_) | ReadError::Permission(_)) => return Ok(swept),
            Err(error) => return Err(error),
        };
        let is_trial = |object: &&Observed| {
            trial.iter().all(|(name, template)| {
                object.attributes.get(name).and_then(Value::as_str).is_some_and(|text| is_made_of(template, text))
            })
        };
        for object in listing.objects.iter().filter(is_trial) {
            swept += u32::from(self.take_back(kind, &object.id).await);
        }
        Ok(swept)
    }

    /// Deletes what was made for a trial; whether it is gone.
    async fn take_back(&self, kind: &Kind, id: &RemoteId) -> bool {
        let deletion = Call {
            kind: kind.name.clone(),
            verb: Verb::Delete,
            id: Some(id.clone()),
            attributes: Attributes::new(),
            idempotency_key: None,
            stamp: BTreeMap::new(),
            etag: None,
            deadline: READ_DEADLINE,
            until: None,
        };
        let is_gone = matches!(self.call(&deletion).await, Outcome::Accepted(_));
        if is_gone {
            self.trials.lock().unwrap_or_else(PoisonError::into_inner).retain(|(_, own)| own != id);
        }
        is_gone
    }

    /// Makes the object of a trial, and remembers it.
    async fn make(&self, surface: &Ident, call: &Call) -> Result<RemoteId, String> {
        let made = match self.call(call).await {
            Outcome::Accepted(accepted) => accepted.id.ok_or_else(|| "the answer named no object".to_owned()),
            Outcome::Rejected(error) => Err(rejection(&error).message),
            Outcome::NotSent { reason } | Outcome::Unknown { reason, .. } => Err(reason),
        };
        if let Ok(id) = &made {
            self.trials.lock().unwrap_or_else(PoisonError::into_inner).push((surface.clone(), id.clone()));
        }
        made
    }

    /// Whether a job can be asked for by its id, from how a job that is not there is answered: otherwise than a route that
    /// is not there. Where both are answered alike nothing is known (`contract.md` 2.3: a 404 proves nothing).
    async fn tells_of_jobs(&self, reach: &Reach) -> Result<Option<bool>, ReadError> {
        let surface = &reach.endpoint.surface;
        let job = self.get(surface, format!("{}/{NO_JOB}", reach.surface.jobs_path)).await;
        let nothing = self.get(surface, format!("{NO_ROUTE}/{NO_JOB}")).await;
        let ReadError::NotFound(nothing) = nothing.err().unwrap_or(ReadError::NotPossible { reason: String::new() })
        else {
            return Ok(None);
        };
        let told = |error: &ApiError| {
            let plain = |text: &str| text.replace(NO_ROUTE, &reach.surface.jobs_path);
            (error.status, error.code.clone(), plain(&error.message), plain(&error.details))
        };
        match job {
            Ok(_) => Ok(Some(true)),
            Err(ReadError::NotFound(error) | ReadError::Refused(error)) => {
                Ok((told(&error) != told(&nothing)).then_some(true))
            }
            Err(ReadError::Permission(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The clock and the budget, by the headers of one small page.
    async fn measure(&self, reach: &Reach, kind: &Kind, found: &mut Found) {
        let Ok(route) = request::route(&kind.list, &Attributes::new()) else { return };
        let target = format!("{}?limit=1&per_page=1", route.path);
        let parts =
            Parts { surface: kind.surface.clone(), method: Method::Get, target, body: None, headers: Vec::new() };
        let before = self.clock.now();
        let answer: Result<Response, Failure> = self.exchange(reach, &parts, READ_DEADLINE, None).await;
        let after = self.clock.now();
        let Ok(response) = answer else { return };
        let middle = before.0 + (after.0 - before.0) / 2;
        // The header tells whole seconds: half of one is lost on the average.
        found.clock_skew_ms = response.headers.get("Date").and_then(date).map(|server| server.0 + 500 - middle);
        let limit = response.headers.get("X-RateLimit-Limit").and_then(|text| text.trim().parse().ok());
        found.requests_per_minute = limit;
    }

    /// Makes an object twice under one key, waits for it to show in its list, and deletes it.
    async fn try_out(&self, kind: &Kind, trial: &[(Ident, String)], found: &mut Found) {
        let call = self.trial_call(kind, trial);
        let id = match self.make(&kind.surface, &call).await {
            Ok(id) => id,
            // No such route, no such right: nothing is learned.
            Err(why) => {
                found.untried = Some(why);
                return;
            }
        };
        let second = self.make(&kind.surface, &call).await.ok();
        found.idempotency = Some(second.as_ref() == Some(&id));
        let begun = self.clock.monotonic();
        let shown = self.wait_for(kind, &id).await;
        let lag = self.clock.monotonic().saturating_sub(begun).as_millis();
        found.list_lag_ms = shown.then(|| i64::try_from(lag).unwrap_or(i64::MAX));
        for made in [Some(id.clone()), second.filter(|second| *second != id)].into_iter().flatten() {
            if !self.take_back(kind, &made).await {
                found.left.push(made.to_string());
            }
        }
    }

    async fn wait_for(&self, kind: &Kind, id: &RemoteId) -> bool {
        let begun = self.clock.monotonic();
        while self.clock.monotonic().saturating_sub(begun) < LONGEST_LAG {
            let listed = self.list(&kind.name, &Attributes::new()).await;
            if listed.is_ok_and(|listing| listing.objects.iter().any(|object| object.id == *id)) {
                return true;
            }
            self.clock.sleep(Duration::from_secs(1)).await;
        }
        false
    }

    fn trial_call(&self, kind: &Kind, trial: &[(Ident, String)]) -> Call {
        let random = self.random_letters();
        let attributes = trial
            .iter()
            .map(|(name, text)| (name.clone(), Value::string(text.replace("{random}", &random).as_str())))
            .collect();
        Call {
            kind: kind.name.clone(),
            verb: Verb::Create,
            id: None,
            attributes,
            idempotency_key: Some(IdempotencyKey(format!("doctor-{random}"))),
            stamp: BTreeMap::new(),
            etag: None,
            deadline: READ_DEADLINE,
            until: None,
        }
    }

    /// Letters and digits: as many as are free in the trial's Ed25519 key.
    fn random_letters(&self) -> String {
        const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let mut bytes = [0; RANDOM];
        self.random.fill(&mut bytes);
        bytes.iter().map(|byte| LETTERS[usize::from(*byte) % LETTERS.len()] as char).collect()
    }
}

/// How many random letters `{random}` stands for.
const RANDOM: usize = 24;
/// A job that nobody has, and a route that no API has.
const NO_JOB: &str = "job_cnxdoctor000";
const NO_ROUTE: &str = "/cnx-doctor-asks-for-no-such-route";

/// Whether a text is one that the template of a trial stands for.
fn is_made_of(template: &str, text: &str) -> bool {
    let Some((before, after)) = template.split_once("{random}") else { return text == template };
    let random = text.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
    random.is_some_and(|random| random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// Every CloudNexus has the documented list.
fn strange(reach: &Reach, kind: &Kind, error: &ApiError) -> ReadError {
    let path = kind.list.routes.first().map_or("", |route| route.path.as_str());
    let told = format!("{} is no CloudNexus: GET {path} was answered with {}", reach.endpoint.url(), error.status);
    ReadError::BadAnswer { what: format!("{told} ({})", error.message) }
}
