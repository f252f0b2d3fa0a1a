//! The emulator's cloud as it shows through what a story says in its place. A run is told by its requests, with the seconds
//! since the first write, or since its beginning where something is open, and by how its steps ended.

use super::super::*;
use super::rollback::instance;
use super::sim::{Ran, SimClock, World};
use crate::cloud::{Accepted, Call, Job, Listing, Outcome};
use crate::diag::Diagnostic;
use crate::emulator::Config;
use crate::model::{Attributes, Ident, JobId, Observed, Value};
use crate::plan::ListRead;
use crate::state::Store;
use crate::world::Clock;
use futures::FutureExt;
use futures::future::BoxFuture;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The cloud as it really is, but for what a story says otherwise.
struct Story {
    cloud: Arc<dyn Cloud>,
    clock: Arc<SimClock>,
    says: Says,
    asked: Mutex<Asked>,
}

/// What is said in place of the truth, by how often that was asked for since the first write, from 0.
#[derive(Clone, Copy)]
pub struct Says {
    pub call: fn(usize, Outcome) -> Outcome,
    /// Nothing of it reaches the cloud.
    pub lost: fn(usize) -> bool,
    pub read: fn(usize, Seen) -> Seen,
    pub list: fn(usize, Vec<Observed>) -> Result<Vec<Observed>, String>,
    pub jobs: fn(usize, Vec<Job>) -> Result<Vec<Job>, String>,
    /// It was found out that the API honours idempotency keys.
    pub keys: bool,
    /// All jobs that the cloud knows.
    pub recent: fn(Vec<Job>) -> Vec<Job>,
    /// The regions that the key is known to see, where they are not all.
    pub regions: Option<&'static str>,
    /// From this second on the API does not accept the key.
    pub refused: Option<u64>,
}

pub const TRUTH: Says = Says {
    call: |_, said| said,
    lost: |_| false,
    read: |_, said| said,
    list: |_, said| Ok(said),
    jobs: |_, said| Ok(said),
    keys: false,
    recent: |said| said,
    regions: None,
    refused: None,
};

#[derive(Default)]
struct Asked {
    /// When the first write was sent, or the run began.
    since: Option<Duration>,
    told: Vec<(u64, &'static str)>,
    sent: Vec<Call>,
}

/// One run: its story, what it sent, and what it came to.
pub struct Told {
    pub story: String,
    pub sent: Vec<Call>,
    pub ran: Ran,
}

impl Story {
    /// How often that was asked for before, since the first write; none before it.
    fn number(&self, what: &'static str) -> Option<usize> {
        let mut asked = self.asked.lock().unwrap();
        if what == "write" {
            asked.since.get_or_insert(self.clock.monotonic());
        }
        let since = self.clock.monotonic() - asked.since?;
        let number = asked.told.iter().filter(|(_, other)| *other == what).count();
        asked.told.push((since.as_millis().div_ceil(1000) as u64, what));
        Some(number)
    }
}

impl Story {
    fn is_refused(&self) -> bool {
        let since = self.asked.lock().unwrap().since;
        let seconds = since.map(|since| (self.clock.monotonic() - since).as_secs());
        seconds.zip(self.says.refused).is_some_and(|(seconds, from)| seconds >= from)
    }
}

impl Cloud for Story {
    fn call(&self, call: Call) -> BoxFuture<'_, Outcome> {
        async move {
            let number = self.number("write").unwrap_or_default();
            self.asked.lock().unwrap().sent.push(call.clone());
            let nothing = Outcome::Unknown { reason: "timed out".to_owned(), error: None };
            let said = if (self.says.lost)(number) { nothing } else { self.cloud.call(call).await };
            (self.says.call)(number, said)
        }
        .boxed()
    }

    fn read(&self, target: Target) -> BoxFuture<'_, Seen> {
        async move {
            let number = self.number("read");
            let said = self.cloud.read(target).await;
            number.map_or(said.clone(), |number| (self.says.read)(number, said))
        }
        .boxed()
    }

    fn list(&self, list: ListRead) -> BoxFuture<'_, Result<Listing, String>> {
        async move {
            let number = self.number("list");
            let said = self.cloud.list(list).await?;
            let Some(number) = number else { return Ok(said) };
            let objects = (self.says.list)(number, said.objects)?;
            let regions = self.says.regions.map(|one| vec![one.to_owned()]);
            Ok(Listing { objects, regions, ..said })
        }
        .boxed()
    }

    fn jobs(&self, surface: Ident, ids: Vec<JobId>) -> BoxFuture<'_, Result<Vec<Job>, String>> {
        async move {
            let number = self.number("jobs").unwrap_or_default();
            let said = self.cloud.jobs(surface, ids).await?;
            if self.is_refused() { Err("HTTP 401".to_owned()) } else { (self.says.jobs)(number, said) }
        }
        .boxed()
    }

    fn recent_jobs(&self, surface: Ident) -> BoxFuture<'_, Result<Vec<Job>, String>> {
        async move {
            self.number("all jobs");
            Ok((self.says.recent)(self.cloud.recent_jobs(surface).await?))
        }
        .boxed()
    }

    fn source(&self, source: Ident, arguments: Attributes) -> BoxFuture<'_, Result<Value, String>> {
        self.cloud.source(source, arguments)
    }

    fn refusal(&self) -> Option<Diagnostic> {
        self.is_refused().then(|| Diagnostic::new(&codes::NOT_ROLLED_BACK, "no such key"))
    }

    fn honours_keys(&self, _surface: &Ident) -> bool {
        self.says.keys
    }

    fn dies_with_sender(&self) -> bool {
        self.cloud.dies_with_sender()
    }

    fn requests(&self) -> u32 {
        self.cloud.requests()
    }
}

/// A cloud at documented speed, where every request arrives.
pub fn world() -> World {
    let mut world = World::new(Config { time_factor: 1.0, ..Config::local() });
    world.options.speed = 1;
    world
}

/// `write 0, read 2 4 6; done`.
pub fn tell(world: &World, program: &str, says: Says) -> String {
    told(world, program, says).story
}

/// As `tell`, with all the rest.
pub fn told(world: &World, program: &str, says: Says) -> Told {
    let cloud = world.context().cloud;
    // What an earlier run left open is asked about before anything is written.
    let is_open = !world.store.load().expect("loads").open.is_empty();
    let since = is_open.then(|| world.clock.monotonic());
    let asked = Mutex::new(Asked { since, ..Asked::default() });
    let story = Arc::new(Story { cloud, clock: world.clock.clone(), says, asked });
    let ran = world.run_through(program, story.clone());
    let asked = story.asked.lock().unwrap();
    let mut told = String::new();
    let mut last = "";
    for (at, what) in &asked.told {
        let what = if *what == last { "" } else { what };
        told = format!("{told}{}{what} {at}", if what.is_empty() || told.is_empty() { "" } else { ", " });
        last = if what.is_empty() { last } else { what };
    }
    for progress in &ran.progress {
        if let Progress::StepEnded { end, .. } = progress {
            let end = match end {
                StepEnd::Done => "done".to_owned(),
                StepEnd::Failed { message, help, .. } => format!("failed: {message} ({help})"),
                StepEnd::Skipped { why, .. } => format!("skipped: {why}"),
                StepEnd::Open { why } => format!("open: {why}"),
            };
            told = format!("{told}; {end}");
        }
    }
    Told { story: told, sent: asked.sent.clone(), ran }
}

pub fn server(plan: &str, more: &str) -> String {
    format!(
        "server app {{\n name = \"app\"\n region = \"us-east-1\"\n plan = \"{plan}\"\n image = \"ubuntu-22.04\"\n {more}\n}}\n"
    )
}

pub fn tagged(team: &str) -> String {
    instance("app", "us-east-1", "standard-2x4", &format!("tags = {{ team = \"{team}\" }}"))
}

pub fn made(program: &str) -> World {
    let world = world();
    let ran = world.run(program).expect("lives");
    assert_eq!(ran.summary.failed, 0, "{:?}", ran.progress);
    world
}

/// What was read, with something else in it.
pub fn changed(said: Seen, change: fn(&mut Observed)) -> Seen {
    match said {
        Seen::Found(mut object) => {
            change(&mut object);
            Seen::Found(object)
        }
        other => other,
    }
}

/// Accepted, and neither job nor object is named.
pub fn without_job(said: Outcome) -> Outcome {
    match said {
        Outcome::Accepted(accepted) => Outcome::Accepted(Accepted { job: None, object: None, ..accepted }),
        other => other,
    }
}

/// Accepted, and only its job is named.
pub fn without_object(said: Outcome) -> Outcome {
    match said {
        Outcome::Accepted(accepted) => Outcome::Accepted(Accepted { id: None, object: None, ..accepted }),
        other => other,
    }
}
