//! Where one run can differ from another: numbered points, each with a number of ways; the way 0 is the ordinary one.
//! A run is repeated by the points at which it left the ordinary way, and made smaller by deleting some of them.

use super::faults::Fault;
use crate::generate::Dice;
use std::collections::BTreeMap;

/// The points at which a run leaves the ordinary way, and which way it takes there.
pub type Script = BTreeMap<u64, u32>;

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
    /// What of the writes that were not synced a crash leaves.
    Image,
}

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
}

impl Odds {
    fn of(&self, point: Point) -> u32 {
        match point {
            Point::Request => self.request,
            Point::Journal => self.journal,
            Point::Await => self.wait,
            Point::Latency => self.latency,
            Point::Order => self.order,
            Point::Byte | Point::Image => 1000,
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
        Odds { request, journal, wait, latency, order, enabled }
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
    Dice(Dice, Box<Odds>),
}

/// A point that was passed: its kind and the faults or ways that it had.
#[derive(Clone, Debug)]
pub struct Passed {
    pub point: Point,
    pub ways: u32,
    pub faults: &'static [Fault],
}

/// The choices of one run.
#[derive(Debug)]
pub struct Choices {
    source: Source,
    passed: u64,
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
        Choices::new(Source::Dice(dice, Box::new(odds)))
    }

    fn new(source: Source) -> Choices {
        Choices { source, passed: 0, taken: Script::new(), points: None, calm: false }
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
        if self.calm || ways == 0 {
            return 0;
        }
        let at = self.passed;
        self.passed += 1;
        if let Some(points) = &mut self.points {
            points.push(Passed { point, ways, faults });
        }
        let way = match &mut self.source {
            Source::Script(script) => script.get(&at).copied().unwrap_or(0).min(ways),
            Source::Dice(dice, odds) => {
                let odds_here = odds.of(point);
                let leaves = odds_here > 0 && (dice.next() % 1000) < u64::from(odds_here);
                let way = if leaves { 1 + (dice.next() % u64::from(ways)) as u32 } else { 0 };
                let fault = (way as usize).checked_sub(1).and_then(|at| faults.get(at));
                if fault.is_some_and(|fault| odds.enabled >> fault.number() & 1 == 0) { 0 } else { way }
            }
        };
        if way > 0 {
            self.taken.insert(at, way);
        }
        way
    }
}
