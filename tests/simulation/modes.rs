//! Ways to go through the choices: all single accidents, all pairs on a small graph, kills of recoveries, and seeds.

use super::case::{Case, Story};
use super::choices::{Odds, Point, Script};
use super::cloud::Settings;
use super::faults::Fault;
use super::life::{Look, Plot};
use super::planted::{self, Bug};
use super::scenarios;
use crate::generate::Dice;

/// A plot for a named history: `+back` for one whose runs undo themselves, `+keys` for one that knows of idempotency keys, `+lag` for
/// one whose lists are a minute behind, `+once` for one apply alone.
pub fn plot(name: &str, settings: Settings) -> Plot {
    let (history, more) = name.split_once('+').unwrap_or((name, ""));
    Plot {
        name: name.to_owned(),
        settings: Settings { lags: more == "lag", ..settings },
        programs: scenarios::named(history),
        seed: 1,
        rivals: false,
        stubborn: 3,
        clock_jumps: false,
        other_account_at: None,
        stranger_first: false,
        rolls_back: more == "back",
        once: more == "once",
        examined: more == "keys",
        sweeps_again: false,
        bug: None,
    }
}

/// So few requests a minute that a small history comes up against the limit.
const FEW_A_MINUTE: u32 = 20;

fn settings(dice: &mut Dice) -> Settings {
    Settings {
        in_process: dice.chance(25),
        slow_jobs: dice.chance(60),
        rate_limited: dice.chance(30),
        failed_vanish: dice.chance(30),
        idempotent: dice.chance(50),
        ..Settings::LOCAL
    }
}

/// The swarm's plot and odds of a seed: nine of ten live through a small history.
pub fn swarm(seed: u64) -> (Plot, Dice, Odds) {
    of_seed(seed, 90)
}

/// As the swarm, with more and larger programs.
pub fn wide(seed: u64) -> (Plot, Dice, Odds) {
    of_seed(seed, 70)
}

fn of_seed(seed: u64, small: usize) -> (Plot, Dice, Odds) {
    let mut dice = Dice(seed.wrapping_mul(0x2545_F491_4F6C_DD1D) ^ 0x5EED);
    let settings = settings(&mut dice);
    let odds = Odds::swarm(&mut dice);
    let (name, programs) = if dice.chance(small) {
        let name = *dice.pick(scenarios::SMALL);
        (name.to_owned(), scenarios::named(name))
    } else {
        let number = dice.next() % scenarios::GENERATED;
        (format!("generated {number}"), scenarios::generated(number))
    };
    // Drawn apart: whoever knows a seed from before knows its run.
    let mut later = Dice(seed ^ 1_153 << 40);
    let mut kinds = Dice(seed ^ 0xF0C5 << 40);
    let odds = if kinds.chance(50) { odds.focus(&mut kinds) } else { odds };
    let plot = Plot {
        name,
        settings,
        programs,
        seed,
        rivals: false,
        stubborn: 1 + dice.below(3),
        clock_jumps: dice.chance(10),
        other_account_at: dice.chance(5).then_some(2),
        stranger_first: dice.chance(10),
        rolls_back: later.chance(15),
        once: false,
        examined: later.chance(20),
        sweeps_again: kinds.chance(25),
        bug: None,
    };
    let rate = if later.chance(20) { FEW_A_MINUTE } else { settings.rate };
    (Plot { settings: Settings { rate, ..settings }, ..plot }, dice, odds)
}

/// As the swarm, far away, with lists that are a minute behind.
pub fn lag(seed: u64) -> (Plot, Dice, Odds) {
    let (plot, dice, odds) = swarm(seed);
    (Plot { settings: Settings { lags: true, in_process: false, ..plot.settings }, ..plot }, dice, odds)
}

/// What leaves a create open so that only a person can tell.
const UNCLEAR: &[Fault] = &[
    Fault::KillUnsent,
    Fault::KillWaiting,
    Fault::LostBefore,
    Fault::LostAfter,
    Fault::TimeoutNever,
    Fault::Gateway502Done,
    Fault::Twin,
    Fault::OutsideRename,
];

/// Histories and accidents after which a person is asked, everything else as in the swarm.
pub fn people(seed: u64) -> (Plot, Dice, Odds) {
    let (plot, mut dice, odds) = swarm(seed);
    let name = *dice.pick(scenarios::UNCLEAR);
    let plot = Plot { name: name.to_owned(), programs: scenarios::named(name), ..plot };
    (plot, dice, odds.only(UNCLEAR))
}

/// A planted bug in one of its histories, everything else as in the swarm.
pub fn planted(bug: Bug, seed: u64) -> (Plot, Dice, Odds) {
    let (plot, mut dice, odds) = swarm(seed.wrapping_mul(31) + 7);
    let known = planted::ALL.iter().find(|(other, ..)| *other == bug);
    let (histories, faults) = known.map_or((&["one"][..], &[][..]), |(_, _, names, faults)| (names, faults));
    let name = *dice.pick(histories);
    // Every other seed looks for it where it hides.
    let odds = if faults.is_empty() || seed.is_multiple_of(2) { odds } else { odds.only(faults) };
    let is_of_rate = bug == Bug::IgnoresTheRate;
    let rate = if is_of_rate { FEW_A_MINUTE } else { plot.settings.rate };
    let lags = bug == Bug::GivesUpEarly;
    let in_process = plot.settings.in_process && !lags;
    let rate_limited = is_of_rate || plot.settings.rate_limited;
    let plot = Plot {
        name: name.to_owned(),
        settings: Settings { rate, rate_limited, lags, in_process, ..plot.settings },
        programs: scenarios::named(name),
        bug: Some(bug),
        rolls_back: false,
        examined: false,
        rivals: bug == Bug::IgnoresFence,
        other_account_at: (bug == Bug::SkipsAccountPin).then_some(2),
        stranger_first: plot.stranger_first || bug == Bug::ForgetsStrangers,
        ..plot
    };
    (plot, dice, odds)
}

fn stories(names: &[&str]) -> Vec<Story> {
    let both = |name: &&str| [true, false].map(|local| Story::Named { name: (*name).to_owned(), local });
    names.iter().flat_map(both).collect()
}

/// Each way to leave the ordinary way once more, after the last place at which the script leaves it.
fn one_more(story: &Story, script: &Script, wanted: impl Fn(Point, Option<Fault>) -> bool) -> Vec<Script> {
    let lived =
        Case { story: story.clone(), script: Some(script.clone()) }.run(Look { points: true, ..Look::default() });
    let after = lived.points.iter().rposition(|passed| script.contains_key(&passed.at)).map_or(0, |last| last + 1);
    let mut more = Vec::new();
    for passed in lived.points.iter().skip(after) {
        for way in 1..=passed.ways {
            if wanted(passed.point, passed.faults.get(way as usize - 1).copied()) {
                let mut script = script.clone();
                script.insert(passed.at, way);
                more.push(script);
            }
        }
    }
    more
}

fn is_fault(_: Point, fault: Option<Fault>) -> bool {
    fault.is_some()
}

/// A kill, or what a crash leaves.
fn is_kill(point: Point, fault: Option<Fault>) -> bool {
    point == Point::Crash || fault.is_some_and(Fault::kills)
}

fn is_image(point: Point, _: Option<Fault>) -> bool {
    matches!(point, Point::Crash | Point::Image)
}

fn cases(story: &Story, scripts: Vec<Script>) -> impl Iterator<Item = Case> {
    scripts.into_iter().map(move |script| Case { story: story.clone(), script: Some(script) })
}

/// A: one fault at every place, in every small history, near and far; what a crash can leave of each commit that was not
/// synced; and every byte at which an answer to a write can end.
pub fn single() -> Vec<Case> {
    let mut all = Vec::new();
    for story in stories(&[scenarios::SMALL, scenarios::FURTHER].concat()) {
        all.extend(cases(&story, one_more(&story, &Script::new(), is_fault)));
    }
    for story in stories(scenarios::SMALL) {
        let unsynced = |_, fault: Option<Fault>| matches!(fault, Some(Fault::KillTorn | Fault::SyncFails));
        for torn in one_more(&story, &Script::new(), unsynced) {
            all.extend(cases(&story, one_more(&story, &torn, is_image)));
        }
    }
    for story in stories(&["one", "server"]) {
        let cuts = one_more(&story, &Script::new(), |_, fault| fault == Some(Fault::TruncatedJson));
        for cut in cuts {
            let bytes = one_more(&story, &cut, |point, _| point == Point::Byte);
            all.extend(cases(&story, bytes));
        }
    }
    all
}

/// One of each kind of accident that an engine can tell from the others, for pairs.
const KINDS: &[Fault] = &[
    Fault::KillSent,
    Fault::KillLater,
    Fault::KillAnswered,
    Fault::Leave,
    Fault::KillTorn,
    Fault::KillAfterWrite,
    Fault::SyncFails,
    Fault::NoSpace,
    Fault::LostBefore,
    Fault::LostAfter,
    Fault::TimeoutLater,
    Fault::Gateway502,
    Fault::Edge429,
    Fault::TooManyAfter,
    Fault::NoJobId,
    Fault::TokenExpires,
    Fault::Job404,
    Fault::JobFails,
    Fault::ListMisses,
    Fault::Twin,
    Fault::OutsideDelete,
];

fn is_of_kinds(point: Point, fault: Option<Fault>) -> bool {
    point == Point::Crash || fault.is_some_and(|fault| KINDS.contains(&fault))
}

/// B: two faults on the smallest graphs; begun with the first, the second is found by running.
pub fn double(stride: usize) -> Vec<(Story, Script)> {
    let mut firsts = Vec::new();
    for story in stories(&["create", "server-create"]) {
        let one = one_more(&story, &Script::new(), is_of_kinds);
        firsts.extend(one.into_iter().step_by(stride.max(1)).map(|script| (story.clone(), script)));
    }
    firsts
}

pub fn seconds(story: &Story, first: &Script) -> Vec<Case> {
    cases(story, one_more(story, first, is_of_kinds)).collect()
}

/// C: a kill, then a kill of what follows.
pub fn kills() -> Vec<(Story, Script)> {
    let mut firsts = Vec::new();
    let repeating = Story::Named { name: "server-create+keys".to_owned(), local: false };
    for story in stories(&["one", "server"]).into_iter().chain([repeating]) {
        let one = one_more(&story, &Script::new(), is_kill);
        firsts.extend(one.into_iter().map(|script| (story.clone(), script)));
    }
    firsts
}

pub fn second_kills(story: &Story, first: &Script) -> Vec<Case> {
    cases(story, one_more(story, first, is_kill)).collect()
}
