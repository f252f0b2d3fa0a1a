//! A run as one line of text, to be repeated, kept and made smaller.

use super::choices::{APART, Choices, Odds, PERSON, Script};
use super::cloud::Settings;
use super::hub::Priorities;
use super::life::{Lived, Look, Plot, live};
use super::modes;
use super::planted::{self, Bug};
use crate::generate::Dice;
use std::fmt;

/// What is lived through.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Story {
    /// A named history in a cloud of its own (`local`) or far away (`remote`).
    Named { name: String, local: bool },
    /// All of it from a seed.
    Swarm(u64),
    /// As `Swarm`, with larger programs.
    Wide(u64),
    /// Only the order of things from a seed: priorities that change three times.
    Order(u64),
    /// Two engines at once.
    Rivals(u64),
    /// As `Swarm`, with lists that are a minute behind.
    Lag(u64),
    /// What only a person can tell, the rest from a seed.
    People(u64),
    /// A planted bug, the rest from a seed.
    Planted(Bug, u64),
    /// The same run without the bug.
    Sound(Bug, u64),
}

/// A story, and where it leaves the ordinary way; without a script a seed decides that too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    pub story: Story,
    pub script: Option<Script>,
}

impl Story {
    pub fn plot(&self) -> (Plot, Dice, Odds) {
        match self {
            Story::Named { name, local } => {
                let settings = if *local { Settings::LOCAL } else { Settings::REMOTE };
                (modes::plot(name, settings), Dice(0), Odds::default())
            }
            Story::Swarm(seed) => modes::swarm(*seed),
            Story::Wide(seed) => modes::wide(*seed),
            Story::Order(seed) => {
                let (plot, dice, _) = modes::swarm(*seed);
                (plot, dice, Odds::interleaving())
            }
            Story::Rivals(seed) => {
                let (plot, dice, odds) = modes::swarm(*seed);
                (Plot { rivals: true, ..plot }, dice, odds.with_pauses())
            }
            Story::Lag(seed) => modes::lag(*seed),
            Story::People(seed) => modes::people(*seed),
            Story::Planted(bug, seed) => modes::planted(*bug, *seed),
            Story::Sound(bug, seed) => {
                let (plot, dice, odds) = modes::planted(*bug, *seed);
                (Plot { bug: None, ..plot }, dice, odds)
            }
        }
    }
}

impl Case {
    pub fn of(story: Story) -> Case {
        Case { story, script: None }
    }

    pub fn run(&self, look: Look) -> Lived {
        let (plot, mut dice, odds) = self.story.plot();
        let priorities = matches!(self.story, Story::Order(_)).then(|| Priorities::new(&mut dice));
        let choices = match &self.script {
            Some(script) => Choices::scripted(script.clone()),
            None => Choices::rolled(dice, odds),
        };
        live(&plot, choices, priorities, look)
    }

    /// The same failure with as few departures from the ordinary way as can be found.
    pub fn shrunk(&self) -> Case {
        let lived = self.run(Look::default());
        let Some(first) = lived.violations.first() else { return self.clone() };
        let fails = |script: &Script| {
            let case = Case { story: self.story.clone(), script: Some(script.clone()) };
            case.run(Look::default()).violations.iter().any(|found| found.invariant == first.invariant)
        };
        let mut script = lived.taken;
        let mut chunk = script.len().div_ceil(2).max(1);
        let mut tries = 0;
        while chunk >= 1 && tries < 120 {
            let places: Vec<u64> = script.keys().copied().collect();
            let mut smaller = false;
            for part in places.chunks(chunk) {
                let mut without = script.clone();
                without.retain(|at, _| !part.contains(at));
                tries += 1;
                if without.len() < script.len() && fails(&without) {
                    script = without;
                    smaller = true;
                }
            }
            if !smaller {
                if chunk == 1 {
                    break;
                }
                chunk /= 2;
            }
        }
        Case { story: self.story.clone(), script: Some(script) }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.story {
            Story::Named { name, local } => write!(f, "{} {name}", if *local { "local" } else { "remote" })?,
            Story::Swarm(seed) => write!(f, "swarm {seed}")?,
            Story::Wide(seed) => write!(f, "wide {seed}")?,
            Story::Order(seed) => write!(f, "order {seed}")?,
            Story::Rivals(seed) => write!(f, "rivals {seed}")?,
            Story::Lag(seed) => write!(f, "lag {seed}")?,
            Story::People(seed) => write!(f, "people {seed}")?,
            Story::Planted(bug, seed) => write!(f, "{bug:?} {seed}")?,
            Story::Sound(bug, seed) => write!(f, "sound {bug:?} {seed}")?,
        }
        let Some(script) = &self.script else { return Ok(()) };
        write!(f, ":")?;
        script.iter().try_for_each(|(at, way)| match at {
            PERSON.. => write!(f, " ?{}={way}", at - PERSON),
            APART.. => write!(f, " +{}={way}", at - APART),
            _ => write!(f, " {at}={way}"),
        })
    }
}

impl Case {
    /// What `Display` writes.
    pub fn parse(text: &str) -> Option<Case> {
        let (story, script) = match text.split_once(':') {
            Some((story, script)) => (story, Some(script)),
            None => (text, None),
        };
        let (word, rest) = story.trim().split_once(' ')?;
        let seed = || rest.trim().parse::<u64>().ok();
        let story = match word {
            "local" | "remote" => Story::Named { name: rest.trim().to_owned(), local: word == "local" },
            "swarm" => Story::Swarm(seed()?),
            "wide" => Story::Wide(seed()?),
            "order" => Story::Order(seed()?),
            "rivals" => Story::Rivals(seed()?),
            "lag" => Story::Lag(seed()?),
            "people" => Story::People(seed()?),
            "sound" => {
                let (bug, seed) = rest.trim().split_once(' ')?;
                let (bug, ..) = planted::ALL.iter().find(|(known, ..)| format!("{known:?}") == bug)?;
                Story::Sound(*bug, seed.trim().parse().ok()?)
            }
            word => {
                let (bug, ..) = planted::ALL.iter().find(|(bug, ..)| format!("{bug:?}") == word)?;
                Story::Planted(*bug, seed()?)
            }
        };
        let script = match script {
            Some(script) => {
                let pair = |pair: &str| {
                    let (at, way) = pair.split_once('=')?;
                    let (first, at) = match (at.strip_prefix('+'), at.strip_prefix('?')) {
                        (Some(apart), _) => (APART, apart),
                        (None, Some(person)) => (PERSON, person),
                        (None, None) => (0, at),
                    };
                    let at = first + at.parse::<u64>().ok()?;
                    Some((at, way.parse().ok()?))
                };
                Some(script.split_whitespace().map(pair).collect::<Option<Script>>()?)
            }
            None => None,
        };
        Some(Case { story, script })
    }
}
