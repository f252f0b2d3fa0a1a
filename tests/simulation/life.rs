//! One run: a cloud, a disk, and `cnx apply` again and again through a history of programs. First anything may go wrong;
//! then nothing does, and everything must come to rest.

use super::choices::{Choices, Point};
use super::cloud::{self, Settings};
use super::hub::{Hub, Priorities};
use super::launch::{Compiled, Flags, Launch, Report, launch_seed};
use super::planted::{self, Bug};
use super::store::Disk;
use super::tally::Tally;
use super::truth::{self, Violation, living};
use super::{canary, checks, person, scheduler};
use cnx::apply::Progress;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

/// What is to be lived through.
#[derive(Clone, Debug)]
pub struct Plot {
    pub name: String,
    pub settings: Settings,
    /// Programs in the order in which they are applied.
    pub programs: Vec<Arc<Compiled>>,
    pub seed: u64,
    /// Two engines at once, with the lock broken (mode F).
    pub rivals: bool,
    /// Starts under faults before each next program.
    pub stubborn: usize,
    /// The processes' wall clock jumps about.
    pub clock_jumps: bool,
    /// The start with this number has the key of another account.
    pub other_account_at: Option<u64>,
    /// A stranger has a server of the same name from the beginning.
    pub stranger_first: bool,
    /// Where a step fails the run undoes what it did.
    pub rolls_back: bool,
    /// One apply and no more: for the rate.
    pub once: bool,
    /// Its runs look for late objects at their end, and not only at their beginning.
    pub sweeps_again: bool,
    /// `cnx doctor` has found out whether the API honours idempotency keys.
    pub examined: bool,
    pub bug: Option<Bug>,
}

/// What came of it.
#[derive(Debug)]
pub struct Lived {
    pub violations: Vec<Violation>,
    pub tally: Tally,
    pub taken: super::choices::Script,
    pub points: Vec<super::choices::Passed>,
    pub log: Vec<String>,
    /// State and cloud in words, where it came to rest and somebody wants to read it.
    pub outcome: Option<String>,
}

/// How closely a run is looked at.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    pub points: bool,
    pub log: bool,
    /// All output is searched for the key.
    pub canary: bool,
    /// What it came to is told, and held against nothing.
    pub outcome: bool,
}

/// Applies in calm that must bring everything to rest.
const CALM_APPLIES: usize = 3;

/// So often somebody is asked.
const MOST_ASKED: usize = 4;

/// So often strangers make way.
const WAYS_MADE: usize = 4;

/// So often somebody says what cannot be; each must be refused.
const WRONG_ANSWERS: usize = 2;

pub struct Life {
    pub plot: Plot,
    pub hub: Arc<Hub>,
    pub disk: Arc<Disk>,
    pub told: Arc<Mutex<Vec<Progress>>>,
    /// How much of that was told before the last run began.
    pub told_before: usize,
    /// What the sweeps told of so far.
    pub late: BTreeSet<String>,
    /// How each run ended, in its own words.
    pub ends: Vec<String>,
    pub look: Look,
    pub outcome: Option<String>,
    pub launches: u64,
    /// Who starts the runs gives flags at random, and confirms guesses one by one.
    pub is_careful: bool,
}

/// Lives through a plot.
pub fn live(plot: &Plot, choices: Choices, priorities: Option<Priorities>, look: Look) -> Lived {
    let mut life = Life::new(plot.clone(), choices, look);
    life.hub.lock().priorities = priorities;
    life.all();
    if look.canary {
        life.search_canary();
    }
    life.finish()
}

impl Life {
    fn new(plot: Plot, mut choices: Choices, look: Look) -> Life {
        if look.points {
            choices.points = Some(Vec::new());
        }
        let is_careful = choices.choose(Point::Person, 1) == 1;
        let hub = Arc::new(Hub::new(choices, plot.settings));
        if look.log {
            hub.lock().log = Some(Vec::new());
        }
        let mut disk = Disk::new(hub.clone());
        planted::disk(plot.bug, &mut disk);
        Life {
            plot,
            disk: Arc::new(disk),
            hub,
            told: Arc::default(),
            told_before: 0,
            late: BTreeSet::new(),
            ends: Vec::new(),
            look,
            outcome: None,
            launches: 0,
            is_careful,
        }
    }

    fn all(&mut self) {
        if self.plot.stranger_first {
            cloud::stranger_first(&mut self.hub.lock());
        }
        cloud::strangers_about(&mut self.hub.lock());
        let programs = self.plot.programs.clone();
        for program in &programs {
            for _ in 0..self.plot.stubborn {
                let flags = person::flags(self);
                let report = self.launch(program, &flags);
                if self.is_over() {
                    return;
                }
                if report.is_some_and(|report| report.claims_success()) {
                    break;
                }
            }
        }
        match programs.last() {
            Some(last) if self.plot.once => checks::all_there(self, last),
            Some(last) => self.come_to_rest(last),
            None => {}
        }
    }

    fn is_over(&self) -> bool {
        !self.hub.lock().truth.violations.is_empty()
    }

    /// One `cnx apply`, or two at once; the report of the first.
    fn launch(&mut self, program: &Arc<Compiled>, flags: &Flags) -> Option<Report> {
        let calm = self.hub.lock().choices.calm;
        let rivals = self.plot.rivals && !calm;
        let processes = if rivals { 2 } else { 1 };
        let launches = (0..processes).map(|process| {
            self.launches += 1;
            Launch {
                hub: self.hub.clone(),
                disk: self.disk.clone(),
                process,
                program: program.clone(),
                flags: flags.clone(),
                seed: launch_seed(self.plot.seed, self.launches),
                bug: self.plot.bug,
                rolls_back: self.plot.rolls_back,
                examined: self.plot.examined,
                sweeps_again: self.plot.sweeps_again,
                other_account: !calm
                    && self.plot.other_account_at == Some(self.launches)
                    && self.disk.look(|known| !known.ids.is_empty()),
                told: self.told.clone(),
            }
        });
        let launches: Vec<Launch> = launches.collect();
        self.told_before = self.told.lock().expect("one thread").len();
        if self.plot.clock_jumps {
            let jump = [0, 86_400_000, -86_400_000, 3_000][(self.launches % 4) as usize];
            self.hub.lock().skew_ms = jump;
        }
        let reports = scheduler::run(&self.hub, launches);
        for report in reports.iter().flatten() {
            self.late.extend(report.late.iter().cloned());
            if self.look.canary {
                self.ends.push(format!("{report:?}"));
            }
        }
        checks::after_launches(self, &reports);
        reports.into_iter().next().flatten()
    }

    /// Nothing goes wrong any more: what is under way ends, then a few applies must bring everything to rest.
    fn come_to_rest(&mut self, program: &Arc<Compiled>) {
        {
            let mut world = self.hub.lock();
            world.choices.calm = true;
            world.blind.clear();
            world.skew_ms = 0;
        }
        while self.hub.lock().is_busy() {
            self.hub.happen();
        }
        let assume_gone = self.hub.lock().truth.meddled > 0;
        let mut flags = Flags { assume_gone, ..Flags::default() };
        let mut last = None;
        let (mut applies, mut asked, mut wrong, mut ways, mut has_waited) = (0, 0, 0, 0, false);
        // The last one shows that nothing is left; one that asks or is refused is none of them.
        while applies <= CALM_APPLIES && asked < MOST_ASKED {
            person::look_after_guesses(self, &mut flags);
            let report = self.launch(program, &flags);
            if self.is_over() {
                return;
            }
            let rests = report.as_ref().is_some_and(|report| report.claims_success() && !report.has_changes);
            let is_open = report.as_ref().is_some_and(|report| report.open_after_recovery > 0);
            last = report;
            if rests && (has_waited || !truth::is_at_work(&self.hub.lock().emulator)) {
                break;
            }
            if rests {
                // What arrived late is still at work, and what it changes shows only then.
                has_waited = true;
                cloud::an_hour_passes(&mut self.hub.lock());
                continue;
            }
            let refused = last.as_ref().and_then(|report| report.refused.clone()).unwrap_or_default();
            if refused.contains("vanished") {
                flags.assume_gone = self.some_are_gone();
            }
            if refused.contains("another_object") {
                flags.allow_destroy = self.all_are_ours();
            }
            flags.import = refused.contains("exists_already") && person::names_ours(self, &refused);
            let makes_way =
                ways < WAYS_MADE && person::makes_way(self, &format!("{refused}; {}", checks::last_ends(self)));
            if is_open && applies >= 1 && wrong < WRONG_ANSWERS && person::errs(self, &mut flags) {
                wrong += 1;
                continue;
            }
            if is_open && applies >= 1 {
                person::answers(self, &mut flags);
            }
            if makes_way {
                ways += 1;
            } else if refused.is_empty() && !(is_open && applies >= 1) {
                applies += 1;
            } else {
                asked += 1;
            }
        }
        // What arrived late may still be at work.
        cloud::an_hour_passes(&mut self.hub.lock());
        checks::at_rest(self, last.as_ref(), program);
    }

    /// Whether the guard against a wrong cloud asks with reason: a person looks, and says so.
    fn some_are_gone(&self) -> bool {
        let held: BTreeSet<String> = self.disk.look(|known| known.ids.keys().map(ToString::to_string).collect());
        let world = self.hub.lock();
        let there: BTreeSet<&str> = living(&world.emulator).map(|object| object.id.as_str()).collect();
        held.iter().any(|id| !there.contains(id.as_str()))
    }

    /// Whether what the state holds was all made by runs of ours, whatever it looks like by now.
    fn all_are_ours(&self) -> bool {
        let held: BTreeSet<String> = self.disk.look(|known| known.ids.keys().map(ToString::to_string).collect());
        let world = self.hub.lock();
        held.iter().all(|id| !world.truth.is_of_stranger(id))
    }

    fn search_canary(&self) {
        let told = self.told.lock().expect("one thread");
        let mut texts: Vec<String> = told.iter().map(|progress| format!("{progress:?}")).collect();
        let mut sentences = cnx::report::progress::Sentences::new(cnx::report::look::Look::default());
        texts.extend(told.iter().filter_map(|progress| sentences.on(progress, std::time::Duration::ZERO)));
        texts.push(format!("{:?} {:?}", self.late, self.ends));
        texts.extend(self.disk.rows().iter().map(|row| format!("{:?}", row.entry())));
        texts.push(self.disk.look(|snapshot| format!("{snapshot:?}")));
        texts.extend(self.hub.lock().log.clone().unwrap_or_default());
        if let Some(how) = canary::found(&texts) {
            self.hub.lock().truth.violate("I12", format!("the key is in an output, {how}"));
        }
    }

    fn finish(self) -> Lived {
        let mut world = self.hub.lock();
        world.tally.runs = 1;
        world.tally.late = self.late.len() as u64;
        world.tally.journals.insert(self.disk.shape());
        Lived {
            violations: std::mem::take(&mut world.truth.violations),
            tally: std::mem::take(&mut world.tally),
            taken: std::mem::take(&mut world.choices.taken),
            points: world.choices.points.take().unwrap_or_default(),
            log: world.log.take().unwrap_or_default(),
            outcome: self.outcome.clone(),
        }
    }
}
