//! One `cnx apply` as a process: what the command does with engine and state, without its terminal.

use super::hub::Hub;
use super::planted::Bug;
use super::seams::{CONCURRENCY, SimClock, SimRandom, SimTransport, origin_of};
use super::store::Disk;
use super::{cloud, planted, planted_cloud};
use crate::generate::Dice;
use cnx::apply::{self, Cloud, Context, Input, Interrupt, Progress, Summary, Undone};
use cnx::cli::exit::Exit;
use cnx::cloud::{Client, Endpoint, Findings, Found, MAX_WAIT};
use cnx::desired::{Desired, Inputs, evaluate};
use cnx::diag::Diagnostics;
use cnx::model::{Address, AddressPattern, Mode, SourceMap, Timestamp};
use cnx::plan::{self, Live, Plan, Reads};
use cnx::provider::{Catalog, cloudnexus};
use cnx::report::look::Look;
use cnx::state::{JournalEntry, Pin, Snapshot, Store, StoreError};
use cnx::world::ApiKey;
use futures::future::{Either, select};
use futures::{Stream, StreamExt};
use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A program, checked and evaluated once.
#[derive(Debug)]
pub struct Compiled {
    pub desired: Desired,
    /// What each address needs before it is made.
    pub needs: Arc<BTreeMap<Address, Vec<Address>>>,
}

impl Compiled {
    pub fn new(text: &str) -> Compiled {
        let mut sources = SourceMap::default();
        let file = sources.add("main.cnx", text);
        let parsed = cnx::syntax::parse(file, text);
        let (program, found) = cnx::program::check(&[parsed.ast], cloudnexus());
        assert!(!found.has_errors() && parsed.diagnostics.is_empty(), "{found:?}\n{text}");
        let inputs = Inputs {
            environment: None,
            params: BTreeMap::new(),
            files: Arc::new(|path: &str| Err(format!("there is no {path}"))),
            project_name: "simulated".to_owned(),
            ..Inputs::default()
        };
        let (desired, found) = evaluate(Arc::new(program), &inputs);
        assert!(!found.has_errors(), "{found:?}\n{text}");
        let mut needs = BTreeMap::new();
        for (node, instance) in desired.graph.order() {
            let of = desired.graph.dependencies(node).into_iter().map(|node| desired.graph.node(node).address.clone());
            let managed: Vec<Address> = of.filter(|address| address.mode == Mode::Managed).collect();
            needs.insert(instance.address.clone(), managed);
        }
        Compiled { desired, needs: Arc::new(needs) }
    }
}

/// What the command line of a launch says.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    pub retry_unknown: bool,
    pub adopt_exact: bool,
    /// What was adopted by a guess and is the right object; all of it where nobody looks.
    pub confirm: Option<Vec<Address>>,
    pub assume_gone: bool,
    /// What looks like another object, because somebody renamed it, is ours all the same.
    pub allow_destroy: bool,
    pub answers: BTreeMap<Address, apply::Answer>,
    /// What has the unique name of something declared, and is as declared, is brought under management.
    pub import: bool,
}

/// How a launch ended, if it was not killed.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Why there was no run.
    pub refused: Option<String>,
    /// Operations still open after recovery.
    pub open_after_recovery: usize,
    pub summary: Option<Summary>,
    pub has_changes: bool,
    /// What the process would end with, and its last line; none where it did not come so far.
    pub exit: Option<Exit>,
    pub last: String,
    /// What undid the run could not write any more.
    pub is_undoing_broken: bool,
    /// Objects that the sweep told of, in words.
    pub late: BTreeSet<String>,
    pub warnings: Vec<String>,
}

impl Report {
    /// What exit code 0 says: all is done.
    pub fn claims_success(&self) -> bool {
        self.exit == Some(Exit::Done)
    }

    fn refused(self, exit: Exit, why: String) -> Report {
        Report { refused: Some(why), exit: Some(exit), ..self }
    }

    /// As the command ends and what it says last, by its own functions.
    fn ended(&mut self, recovery: Exit, summary: Summary) {
        self.exit = Some(recovery.and(Exit::of_run(&summary)));
        self.last = cnx::report::progress::summary(&summary, &Look::default());
        self.summary = Some(summary);
    }
}

/// Everything that a process is started with.
pub struct Launch {
    pub hub: Arc<Hub>,
    pub disk: Arc<Disk>,
    pub process: usize,
    pub program: Arc<Compiled>,
    pub flags: Flags,
    pub seed: u64,
    pub bug: Option<Bug>,
    /// Started with the key of another account.
    pub other_account: bool,
    pub rolls_back: bool,
    /// Knows from an examination whether the API honours idempotency keys.
    pub examined: bool,
    /// Looks for late objects once more at the end.
    pub sweeps_again: bool,
    /// What is told goes here.
    pub told: Arc<Mutex<Vec<Progress>>>,
}

impl Launch {
    fn context(&self, store: Arc<dyn Store>, catalog: Arc<Catalog>) -> Context {
        let settings = self.hub.lock().settings;
        let clock = Arc::new(SimClock(self.hub.clone()));
        let random = Arc::new(SimRandom(AtomicU64::new(planted::seed(self.bug, self.seed))));
        let transport = Arc::new(SimTransport {
            hub: self.hub.clone(),
            disk: self.disk.clone(),
            process: self.process,
            needs: self.program.needs.clone(),
        });
        let transport = planted::transport(self.bug, transport, self);
        let endpoints = catalog.surfaces.keys().map(|surface| Endpoint {
            surface: surface.clone(),
            origin: origin_of(surface.as_str()).to_owned(),
            base_path: "/v1".to_owned(),
            key: Some(ApiKey::new(if self.other_account { cloud::OTHER } else { cloud::CANARY })),
            rate: planted::rate(self.bug, &settings),
            max_wait: MAX_WAIT,
            concurrency: planted::concurrency(self.bug, CONCURRENCY),
        });
        let endpoints: Vec<Endpoint> = endpoints.collect();
        let found = |endpoint: &Endpoint| {
            let found = Found { url: endpoint.url(), idempotency: Some(settings.idempotent), ..Found::default() };
            (endpoint.surface.to_string(), found)
        };
        let known = Findings { surfaces: endpoints.iter().filter(|_| self.examined).map(found).collect() };
        let client = Client::new(catalog.clone(), endpoints, transport, clock.clone(), random.clone());
        client.steer(&known);
        // Far away everything has its documented time, however fast that cloud's jobs are.
        let speed = if settings.is_fast() { 100 } else { 1 };
        let options = apply::Options {
            pin: Some(Pin {
                urls: BTreeMap::from([("compute".into(), cloud::COMPUTE.to_owned())]),
                account: if self.other_account { "acct_other" } else { "acct_own" }.to_owned(),
            }),
            speed,
            retry_unknown: self.flags.retry_unknown,
            adopt_exact: self.flags.adopt_exact,
            answers: self.flags.answers.clone(),
            settle_window: Duration::from_secs(120) / speed,
            ..apply::Options::default()
        };
        let cloud: Arc<dyn Cloud> = planted::cloud(self.bug, Arc::new(client));
        Context { cloud, store, clock, random, catalog, options }
    }

    /// From reading the state to the last line.
    pub async fn run(self, mut interrupts: impl Stream<Item = Interrupt> + Send + Unpin) -> Report {
        let mut report = Report::default();
        let store = match self.disk.open(self.process) {
            Ok(handle) => planted::store(self.bug, Arc::new(handle), &self),
            Err(error) => {
                self.hub.lock().truth.violate("I8", error.to_string());
                return report.refused(Exit::Error, error.to_string());
            }
        };
        let catalog = planted::catalog(self.bug);
        let mut context = self.context(store, catalog);
        let Ok(snapshot) = context.store.load() else { return report };
        planted::options(self.bug, &mut context, &snapshot);
        let pin = context.options.pin.as_ref().filter(|_| self.bug != Some(Bug::SkipsAccountPin));
        if pin.is_some_and(|pin| apply::is_of_another_cloud(&snapshot, pin)) {
            return report.refused(Exit::Refused, "another account".to_owned());
        }
        if !snapshot.open.is_empty() {
            self.hub.lock().tally.recoveries += 1;
        }
        let told = self.told.clone();
        if self.bug == Some(Bug::PrintsTheKey) {
            let leak = Progress::Waiting { step: cnx::model::NodeId(0), why: planted_cloud::leak() };
            told.lock().expect("one thread").push(leak);
        }
        let mut tell = move |progress: Progress| told.lock().expect("one thread").push(progress);
        let recovered = apply::recover(&context, snapshot, &mut tell, &mut interrupts).await;
        report.open_after_recovery = recovered.snapshot.open.len();
        let recovery = Exit::of_recovery(&recovered);
        if recovered.summary.interrupted || recovered.summary.broken.is_some() {
            report.ended(recovery, recovered.summary);
            return report;
        }
        let (plan, live) = match self.plan(&context, &recovered.snapshot).await {
            Ok(planned) => planned,
            Err(found) => return report.refused(recovery.and(Exit::of_planning(&found)), words(&found)),
        };
        if self.bug != Some(Bug::SkipsSweep) {
            let found = apply::sweep(&recovered.snapshot, &live, &context.catalog);
            report.late.extend(found.0.iter().map(|diagnostic| diagnostic.message.clone()));
        }
        report.warnings = plan.warnings.0.iter().map(|diagnostic| diagnostic.message.clone()).collect();
        report.has_changes = plan.has_changes();
        self.hub.lock().tally.applies += 1;
        let fingerprint = plan.fingerprint();
        let Ok(approved) = plan.approve(&fingerprint) else { return report };
        let snapshot = match self.confirmed(&context, recovered.snapshot) {
            Ok(snapshot) => snapshot,
            Err(error) => return report.refused(recovery.and(Exit::Error), error.to_string()),
        };
        let input = Input { desired: self.program.desired.clone(), snapshot, live };
        let (ended, undone) = if self.rolls_back {
            let options = plan::Options::default();
            apply::apply_or_roll_back(&context, &approved, input, &options, &mut tell, &mut interrupts).await
        } else {
            (apply::apply(&context, &approved, input, &mut tell, &mut interrupts).await, Undone::NotNeeded)
        };
        self.hub.lock().tally.rollbacks += u64::from(matches!(undone, Undone::Done(_)));
        report.is_undoing_broken = matches!(&undone, Undone::Done(back) if back.summary.broken.is_some());
        let is_open = || context.store.load().is_ok_and(|known| !known.open.is_empty());
        let recovery = if recovery == Exit::Open && !is_open() { Exit::Done } else { recovery };
        let undoing = match &undone {
            Undone::Done(back) => Exit::of_run(&back.summary),
            Undone::NotNeeded | Undone::Impossible(_) => Exit::Done,
        };
        report.ended(recovery.and(undoing), ended.summary);
        self.look_again(&context, &mut report, &mut interrupts).await;
        planted::report(self.bug, &mut report);
        report
    }

    /// As the command does where creates were given up, until somebody interrupts.
    async fn look_again(
        &self,
        context: &Context,
        report: &mut Report,
        interrupts: &mut (impl Stream<Item = Interrupt> + Send + Unpin),
    ) {
        let Ok(snapshot) = context.store.load() else { return };
        let is_stopped = report.summary.as_ref().is_none_or(|summary| summary.interrupted);
        if !self.sweeps_again || !report.has_changes || is_stopped || self.bug == Some(Bug::SkipsSweep) {
            return;
        }
        let sweeping = pin!(apply::sweep_again(context, &snapshot));
        if let Either::Left((found, _)) = select(sweeping, interrupts.next()).await {
            report.late.extend(found.0.iter().map(|diagnostic| diagnostic.message.clone()));
        }
    }

    /// What the command writes for `--confirm`.
    fn confirmed(&self, context: &Context, snapshot: Snapshot) -> Result<Snapshot, StoreError> {
        let is_meant = |address: &Address| self.flags.confirm.as_ref().is_some_and(|meant| meant.contains(address));
        let guessed = snapshot.records.values().filter(|it| it.quarantine.is_some() && is_meant(&it.address));
        let entries = guessed.map(|record| JournalEntry::Confirmed { address: record.address.clone() });
        let entries: Vec<JournalEntry> = entries.collect();
        if entries.is_empty() {
            return Ok(snapshot);
        }
        context.store.append(&by_hand(&snapshot, "cnx apply --confirm", entries, context.clock.now()))?;
        context.store.load()
    }

    async fn plan(&self, context: &Context, snapshot: &Snapshot) -> Result<(Plan, Live), Diagnostics> {
        let desired = &self.program.desired;
        let mut live = Live::default();
        loop {
            let needed = plan::reads(desired, snapshot, &live, &context.catalog)?;
            if needed == Reads::default() {
                break;
            }
            apply::refresh(context, &needed, snapshot, &mut live).await?;
        }
        let all = |is_meant: bool| if is_meant { vec![AddressPattern("*".to_owned())] } else { vec![] };
        let (assume_gone, allow_destroy) = (all(self.flags.assume_gone), all(self.flags.allow_destroy));
        let named = |address: &Address| AddressPattern(address.to_string());
        let confirm = match &self.flags.confirm {
            None => vec![AddressPattern("*".to_owned())],
            Some(addresses) => addresses.iter().map(named).collect(),
        };
        let adopt_exact = self.flags.import;
        let options = plan::Options { assume_gone, allow_destroy, confirm, adopt_exact, ..plan::Options::default() };
        Ok((plan::plan(desired, snapshot, &live, &context.catalog, &options)?, live))
    }
}

/// Entries that a person's command writes: a small run of their own.
pub fn by_hand(snapshot: &Snapshot, command: &str, entries: Vec<JournalEntry>, at: Timestamp) -> Vec<JournalEntry> {
    let run = format!("{:016x}", snapshot.serial);
    let begin = JournalEntry::RunStarted {
        run: run.clone(),
        epoch: snapshot.epoch + 1,
        holder: "somebody@here".to_owned(),
        plan: command.to_owned(),
        at,
    };
    [begin].into_iter().chain(entries).chain([JournalEntry::RunEnded { run, at }]).collect()
}

fn words(found: &Diagnostics) -> String {
    found
        .0
        .iter()
        .map(|diagnostic| format!("{}: {}", diagnostic.code.id, diagnostic.message))
        .collect::<Vec<_>>()
        .join("; ")
}

/// A seed for each launch of a run.
pub fn launch_seed(seed: u64, launch: u64) -> u64 {
    Dice(seed ^ launch << 32).next() >> 8
}
