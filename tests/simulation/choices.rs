//! Where one run can differ from another: numbered points, each with a number of ways; the way 0 is the ordinary one.
//! A run is repeated by the points at which it left the ordinary way, and made smaller by deleting some of them.

use super::faults::{self, Fault};
use super::focus;
use crate::generate::Dice;
use std::collections::BTreeMap;

/// The points at which a run leaves the ordinary way, and which way it takes there.
pub type Script = BTreeMap<u64, u32>;

/// Points that are counted apart have numbers from here on, and are written `+0`, `+1` and so on: where there is one more
/// or one less of them, all others keep their numbers.
pub const APART: u64 = 1 << 32;

/// What a person does is counted apart from those as well, from here on, and is written `?0`, `?1` and so on.
pub const PERSON: u64 = 2 << 32;

/// A run that dice decide leaves the ordinary way at most so often: where nothing but one fault happens any more, more of
/// it shows nothing and takes as long as a thousand other runs.
const MOST_TAKEN: usize = 400;

/// What kind of point it is; each kind has its own odds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Point {
    /// A request is about to leave.
    Request,
    /// Entries are about to become durable.
    Journal,
    /// The engine is about to go on after waiting for something.
    Await,
    /// How long a request takes.
    Latency,
    /// Which of the things that may happen now happens first.
    Order,
    /// At which byte something is cut.
    Byte,
    /// Whether a crash leaves a sector that was written and not synced.
    Image,
    /// How the world is in which a run begins; counted apart.
    World,
    /// How exactly an accident happens; counted apart.
    Detail,
    /// Whether a crash leaves all of a commit that was not synced; counted apart.
    Crash,
    /// What a person does, after everything has gone wrong as well; counted for itself.
    Person,
}

impl Point {
    /// Which count it is in: 0, those that are counted apart, what a person does.
    fn count(self) -> usize {
        match self {
            Point::Request | Point::Journal | Point::Await | Point::Latency => 0,
            Point::Order | Point::Byte | Point::Image => 0,
            Point::World | Point::Detail | Point::Crash => 1,
            Point::Person => 2,
        }
    }
}

/// The number of the first point of each count.
const FIRSTS: [u64; 3] = [0, APART, PERSON];

/// How likely each kind of point leaves the ordinary way, in 1/1000, and which faults are on at all.
#[derive(Clone, Debug, Default)]
pub struct Odds {
    pub request: u32,
    pub journal: u32,
    pub wait: u32,
    pub latency: u32,
    pub order: u32,
    /// By the number of the fault.
    pub enabled: u128,
    /// Only the faults that are on are drawn from, so that each of the few happens often.
    pub focused: bool,
}

impl Odds {
    fn of(&self, point: Point) -> u32 {
        match point {
            Point::Request => self.request,
            Point::Journal => self.journal,
            Point::Await => self.wait,
            Point::Latency => self.latency,
            Point::Order => self.order,
            Point::Byte => 1000,
            Point::Detail => 700,
            Point::Image | Point::Crash => 500,
            Point::Person => 400,
            Point::World if self.focused => 500,
            Point::World => 200,
        }
    }

    /// Each seed has some of the faults and its own rates: swarm testing.
    pub fn swarm(dice: &mut Dice) -> Odds {
        let mut enabled = u128::from(dice.next()) << 64 | u128::from(dice.next());
        if dice.chance(50) {
            enabled &= u128::from(dice.next()) << 64 | u128::from(dice.next());
        }
        if dice.chance(5) {
            enabled = u128::MAX;
        }
        let (request, journal) = (*dice.pick(&[0, 10, 50, 150, 400]), *dice.pick(&[0, 0, 10, 50, 100]));
        let wait = *dice.pick(&[0, 0, 1, 3, 10]);
        let (latency, order) = (*dice.pick(&[0, 100, 500]), *dice.pick(&[0, 200, 800]));
        Odds { request, journal, wait, latency, order, enabled, focused: false }
    }

    /// A few kinds of faults alone, each of them often: so rare ones meet each other too.
    pub fn focus(self, dice: &mut Dice) -> Odds {
        let kinds = 1 + dice.below(4);
        let kind = |dice: &mut Dice| {
            let kinds = *dice.pick(&[focus::RAREST, focus::SELDOM, faults::ALL]);
            *dice.pick(kinds)
        };
        let enabled = (0..kinds).fold(0, |on, _| on | 1 << kind(dice).number());
        let (request, journal) = (*dice.pick(&[100, 250, 500]), *dice.pick(&[20, 60, 150]));
        let wait = *dice.pick(&[3, 10, 30]);
        Odds { request, journal, wait, enabled, focused: true, ..self }
    }

    /// Processes are stopped for a while as well.
    pub fn with_pauses(self) -> Odds {
        Odds { enabled: self.enabled | 1 << Fault::Pause.number(), wait: self.wait.max(5), ..self }
    }

    /// These faults alone.
    pub fn only(self, kinds: &[Fault]) -> Odds {
        let enabled = kinds.iter().fold(0, |on, kind| on | 1 << kind.number());
        Odds { request: 150, journal: 60, wait: 10, enabled, focused: true, ..self }
    }

    fn is_on(&self, fault: Fault) -> bool {
        self.enabled >> fault.number() & 1 == 1
    }

    /// Which way is taken where the ordinary one is left.
    fn pick(&self, dice: &mut Dice, ways: u32, faults: &[Fault]) -> u32 {
        if faults.is_empty() || !self.focused {
            let way = 1 + (dice.next() % u64::from(ways)) as u32;
            let is_off = faults.get(way as usize - 1).is_some_and(|fault| !self.is_on(*fault));
            return if is_off { 0 } else { way };
        }
        let on: Vec<u32> = (1..).zip(faults).filter(|(_, fault)| self.is_on(**fault)).map(|(way, _)| way).collect();
        if on.is_empty() { 0 } else { *dice.pick(&on) }
    }

    /// Only the order of things differs.
    pub fn interleaving() -> Odds {
        Odds { latency: 300, order: 700, ..Odds::default() }
    }
}

/// Where choices come from.
#[derive(Debug)]
enum Source {
    Script(Script),
    /// Dice for each count of points.
    Dice([Dice; 3], Box<Odds>),
}

/// A point that was passed: its kind and the faults or ways that it had.
#[derive(Clone, Debug)]
pub struct Passed {
    pub at: u64,
    pub point: Point,
    pub ways: u32,
    pub faults: &'static [Fault],
}

/// The choices of one run.
#[derive(Debug)]
pub struct Choices {
    source: Source,
    /// So many points of each count were passed.
    passed: [u64; 3],
    /// What was chosen that is not ordinary.
    pub taken: Script,
    /// All points, where somebody wants to know them.
    pub points: Option<Vec<Passed>>,
    /// Nothing unusual happens any more, and points are not counted.
    pub calm: bool,
}

impl Choices {
    pub fn scripted(script: Script) -> Choices {
        Choices::new(Source::Script(script))
    }

    pub fn rolled(dice: Dice, odds: Odds) -> Choices {
        let (apart, person) = (Dice(dice.0 ^ 0xA9A7 << 40), Dice(dice.0 ^ 0x9E50 << 40));
        Choices::new(Source::Dice([dice, apart, person], Box::new(odds)))
    }

    fn new(source: Source) -> Choices {
        Choices { source, passed: [0; 3], taken: Script::new(), points: None, calm: false }
    }

    /// From 0, the ordinary way, to `ways`.
    pub fn choose(&mut self, point: Point, ways: u32) -> u32 {
        self.pass(point, ways, &[])
    }

    /// One of the faults, or none.
    pub fn fault(&mut self, point: Point, faults: &'static [Fault]) -> Option<Fault> {
        let way = self.pass(point, faults.len() as u32, faults);
        faults.get((way as usize).checked_sub(1)?).copied()
    }

    fn pass(&mut self, point: Point, ways: u32, faults: &'static [Fault]) -> u32 {
        if ways == 0 || self.calm && point != Point::Person {
            return 0;
        }
        let at = self.number(point);
        if let Some(points) = &mut self.points {
            points.push(Passed { at, point, ways, faults });
        }
        let way = match &mut self.source {
            Source::Script(script) => script.get(&at).copied().unwrap_or(0).min(ways),
            Source::Dice(dice, odds) => {
                let dice = &mut dice[point.count()];
                let odds_here = odds.of(point);
                let may_leave = odds_here > 0 && self.taken.len() < MOST_TAKEN;
                let leaves = may_leave && (dice.next() % 1000) < u64::from(odds_here);
                if leaves { odds.pick(dice, ways, faults) } else { 0 }
            }
        };
        if way > 0 {
            self.taken.insert(at, way);
        }
        way
    }

    fn number(&mut self, point: Point) -> u64 {
        let count = point.count();
        self.passed[count] += 1;
        FIRSTS[count] + self.passed[count] - 1
    }
}
