//! Bugs on purpose (mode H): each is the engine as it is behind a seam that does something wrong, so that what ships knows
//! nothing of them. A bug counts as caught when the simulation complains within its number of runs.

use super::cloud::Settings;
use super::faults::Fault;
use super::launch::{Launch, Report};
use super::planted_cloud::{BuggedCloud, BuggedTransport};
use super::planted_store::BuggedStore;
use super::store::{Disk, Handle};
use cnx::apply::{Cloud, Context};
use cnx::cli::exit::Exit;
use cnx::cloud::RateLimit;
use cnx::model::Ident;
use cnx::provider::{Catalog, cloudnexus};
use cnx::state::{Snapshot, Store};
use cnx::world::Transport;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

/// One planted bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bug {
    DropsSync,
    WritesIntentLate,
    SyncsChangesLate,
    CallsDeletesUpdates,
    HidesFailedWrites,
    HidesFailedSyncs,
    IgnoresFence,
    ReadyOnlyInMemory,
    ForgetsDeposed,
    ForgetsTombstones,
    ForgetsTaint,
    ForgetsStrangers,
    ErasesOpenCreates,
    SkipsSweep,
    CallsUnknownFailed,
    ResendsOn502,
    ResendsOnReset,
    ResendsUnderNewKey,
    TrustsAnyPage,
    ReusesNonce,
    SendsNoMark,
    WindowFromIntent,
    NoWindow,
    GivesUpEarly,
    ParallelTwins,
    AdoptsAnyCandidate,
    TrustsNextLinks,
    TakesErrorsForGone,
    TakesHiddenForGone,
    TrustsLists,
    TakesLostJobForFailed,
    TakesBegunForDone,
    IgnoresRetryAfter,
    CrowdsTheCloud,
    IgnoresTheRate,
    SkipsAccountPin,
    ClaimsSuccess,
    AdoptsCopies,
    PrintsTheKey,
    PollsWithoutPause,
    ListsForEver,
}

use Bug::*;

/// A bug, what it is in words, the histories that it is looked for in, and the faults that it shows under; all kinds where
/// there are none.
pub type Planted = (Bug, &'static str, &'static [&'static str], &'static [Fault]);

/// All of them.
pub const ALL: &[Planted] = &[
    (DropsSync, "commits are acknowledged without fsync", &["one"], &[]),
    (WritesIntentLate, "the request leaves before its intent is written", &["one"], &[]),
    (SyncsChangesLate, "a DELETE or PATCH leaves before its intent is synced", &["one", "snapshot"], &[]),
    (CallsDeletesUpdates, "the intent of a DELETE says that it is an update", &["one", "chain"], &[]),
    (HidesFailedWrites, "a failed write to the journal is taken for a success", &["one", "chain"], &[]),
    (HidesFailedSyncs, "a failed fsync is tried again until it says yes", &["one", "chain"], &[]),
    (IgnoresFence, "the epoch is ignored: two engines write the same state", &["one", "chain"], &[]),
    (ReadyOnlyInMemory, "dependants start before what they need is in the journal", &["chain"], &[]),
    (ForgetsDeposed, "deposed objects are forgotten at the next start", &["replace"], &[]),
    (ForgetsTombstones, "the nonces of given-up creates are not kept", &["one"], &[Fault::TimeoutMuchLater]),
    (ForgetsTaint, "what a failed create left is forgotten", &["one", "server"], &[Fault::JobFails, Fault::JobPartial]),
    (
        ForgetsStrangers,
        "who was there before the first create is not written down",
        &["server", "twins"],
        &[Fault::LostBefore, Fault::KillUnsent],
    ),
    (
        ErasesOpenCreates,
        "open creates are erased at the next start",
        &["one", "server"],
        &[Fault::KillSent, Fault::KillAnswered],
    ),
    (SkipsSweep, "there is no sweep for late duplicates", &["one"], &[Fault::TimeoutMuchLater]),
    (
        CallsUnknownFailed,
        "a lost answer is called a failure",
        &["one", "server"],
        &[Fault::LostAfter, Fault::Gateway502Done],
    ),
    (ResendsOn502, "a POST is sent again after a 502", &["server"], &[Fault::Gateway502Done]),
    (ResendsOnReset, "a POST is sent again after a reset", &["server"], &[Fault::LostAfter]),
    (
        ResendsUnderNewKey,
        "an unclear create is sent again at once under a new key",
        &["one", "server"],
        &[Fault::LostAfter],
    ),
    (TrustsAnyPage, "any 429 counts as the API's word that nothing was done", &["server"], &[Fault::Edge429]),
    (ReusesNonce, "every create has the same nonce", &["replace", "one"], &[]),
    (SendsNoMark, "creates are not marked", &["one"], &[Fault::LostAfter, Fault::KillAnswered]),
    (WindowFromIntent, "the settle window begins at the intent", &["one"], &[Fault::KillLater]),
    (NoWindow, "one list without it, and it is sent again", &["one"], &[Fault::KillLater, Fault::TimeoutLater]),
    (GivesUpEarly, "it gives up at the first blank lists of the first minute", &["one"], &[Fault::LostAfter]),
    (ParallelTwins, "creates that look alike run side by side", &["twins"], &[]),
    (
        AdoptsAnyCandidate,
        "the only candidate is taken for ours",
        &["server"],
        &[Fault::Twin, Fault::KillWaiting, Fault::OutsideRename],
    ),
    (TrustsNextLinks, "the links of lists are followed", &["one", "chain"], &[Fault::NextIsForeign]),
    (
        TakesErrorsForGone,
        "an object that cannot be read counts as gone",
        &["one", "chain"],
        &[Fault::Failed500, Fault::KillAnswered],
    ),
    (
        TakesHiddenForGone,
        "an object that the key may not see counts as gone",
        &["one", "chain"],
        &[Fault::Forbidden, Fault::KillAnswered, Fault::LostAfter],
    ),
    (TrustsLists, "what a list does not show counts as gone", &["one", "chain"], &[]),
    (TakesLostJobForFailed, "a job that the API forgot counts as failed", &["snapshot"], &[Fault::Job404]),
    (TakesBegunForDone, "a delete that has begun counts as done", &["one"], &[]),
    (IgnoresRetryAfter, "Retry-After is not waited for", &["one", "chain"], &[Fault::TooManyAfter, Fault::TooManyDate]),
    (CrowdsTheCloud, "there is no limit on requests at once", &["many"], &[]),
    (IgnoresTheRate, "there is no limit on requests a minute", &["many"], &[]),
    (SkipsAccountPin, "404s under another account count as gone", &["one"], &[]),
    (ClaimsSuccess, "it ends with 0 while something is open", &["one", "server"], &[]),
    (AdoptsCopies, "a copy of an object of ours is taken for it, for its mark", &["one"], &[Fault::CopiedAway]),
    (PrintsTheKey, "the key is in a line of progress", &["one"], &[]),
    (PollsWithoutPause, "a job that is not over is asked for again at once", &["one", "chain"], &[]),
    (ListsForEver, "a list is asked for again for as long as it shows the same", &["server", "chain"], &[]),
];

pub fn seed(_bug: Option<Bug>, seed: u64) -> u64 {
    seed
}

pub fn transport(bug: Option<Bug>, below: Arc<dyn Transport>, launch: &Launch) -> Arc<dyn Transport> {
    match bug {
        Some(bug @ (ResendsOn502 | ResendsOnReset | TrustsAnyPage | TrustsNextLinks | IgnoresRetryAfter)) => {
            Arc::new(BuggedTransport { below, bug, hub: launch.hub.clone() })
        }
        Some(_) | None => below,
    }
}

pub fn cloud(bug: Option<Bug>, below: Arc<dyn Cloud>) -> Arc<dyn Cloud> {
    match bug {
        Some(bug) => Arc::new(BuggedCloud { below, bug, listed: Mutex::default() }),
        None => below,
    }
}

pub fn store(bug: Option<Bug>, below: Arc<Handle>, launch: &Launch) -> Arc<dyn Store> {
    match bug {
        Some(bug) => Arc::new(BuggedStore::new(below, bug, launch.disk.clone(), launch.process)),
        None => below,
    }
}

pub fn disk(bug: Option<Bug>, disk: &mut Disk) {
    disk.never_syncs = bug == Some(DropsSync);
    disk.syncs_changes_late = bug == Some(SyncsChangesLate);
    disk.is_unfenced = bug == Some(IgnoresFence);
}

pub fn concurrency(bug: Option<Bug>, usual: usize) -> usize {
    if bug == Some(CrowdsTheCloud) { 10_000 } else { usual }
}

pub fn rate(bug: Option<Bug>, settings: &Settings) -> RateLimit {
    match bug {
        Some(IgnoresTheRate) => RateLimit::Unlimited,
        Some(_) | None if settings.rate_limited => RateLimit::Documented(settings.rate),
        Some(_) | None => RateLimit::Unlimited,
    }
}

static PARALLEL: LazyLock<Arc<Catalog>> = LazyLock::new(|| changed(|kind| kind.natural_key.clear()));
static UNIQUE: LazyLock<Arc<Catalog>> = LazyLock::new(|| changed(|kind| kind.natural_key_unique = true));

fn changed(change: impl Fn(&mut cnx::provider::Kind)) -> Arc<Catalog> {
    let mut catalog = (**cloudnexus()).clone();
    if let Some(kind) = catalog.kinds.get_mut(&Ident::new("server")) {
        change(kind);
    }
    Arc::new(catalog)
}

pub fn catalog(bug: Option<Bug>) -> Arc<Catalog> {
    match bug {
        Some(ParallelTwins) => PARALLEL.clone(),
        Some(AdoptsAnyCandidate) => UNIQUE.clone(),
        Some(_) | None => cloudnexus().clone(),
    }
}

pub fn options(bug: Option<Bug>, context: &mut Context, snapshot: &Snapshot) {
    let oldest = snapshot.open.values().map(|open| open.intent.at).min();
    match bug {
        Some(WindowFromIntent) => {
            // Within one run a request is given up a minute after its intent.
            let age = oldest.map_or(Duration::from_secs(60), |at| context.clock.now().since(at));
            context.options.settle_window = context.options.settle_window.saturating_sub(age);
        }
        Some(GivesUpEarly) => context.options.settle_window = Duration::from_secs(10),
        Some(NoWindow) => context.options.settle_window = Duration::ZERO,
        Some(CrowdsTheCloud) => context.options.concurrency = 10_000,
        Some(_) | None => {}
    }
}

pub fn report(bug: Option<Bug>, report: &mut Report) {
    if bug == Some(ClaimsSuccess) {
        report.open_after_recovery = 0;
        report.exit = report.exit.map(|_| Exit::Done);
        if let Some(summary) = &mut report.summary {
            summary.open = 0;
            summary.skipped = 0;
        }
    }
}
