//! The count: of thousands of mistakes, how many are told as one, and where they are. `CNX_MUTANTS` asks for more or fewer, `CNX_MISTAKE`
//! for one kind, whose bad mutants are then shown.

use super::checked::{Base, explained, generated, written};
use super::edits::Spot;
use super::mistakes::MISTAKES;
use super::regions::{own, points, uses};
use crate::generate::Dice;
use crate::outside::tools::say;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Mutants that are wrong, in all.
const MUTANTS: u64 = 6_000;
/// Of a hundred, how many have at most two diagnostics, all where the mistake is or where what it changed is used.
const SHARE: u64 = 95;

/// What was counted of one kind of mistake.
#[derive(Clone, Debug, Default)]
struct Tally {
    wrong: u64,
    /// At most two, and all point.
    good: u64,
    /// One diagnostic, at the mistake itself.
    perfect: u64,
    /// One or two, but somewhere else.
    astray: u64,
    bad: Vec<String>,
}

impl Tally {
    fn add(&mut self, other: Tally) {
        self.wrong += other.wrong;
        self.good += other.good;
        self.perfect += other.perfect;
        self.astray += other.astray;
        self.bad.extend(other.bad);
    }
}

/// One mutant; nothing where the program is still valid.
fn mutant(bases: &[&[Base]; 3], seed: u64, mistake: usize) -> Option<Tally> {
    let mut dice = Dice(seed.wrapping_mul(0x5851_F42D_4C95_7F2D));
    let group = bases[[0, 0, 0, 1, 2][dice.below(5)]];
    let base = dice.pick(group);
    let spot = Spot { base, at: dice.below(base.sources.len()) };
    let edit = MISTAKES[mistake].1(&spot, &mut dice)?;
    let text = edit.text_of(&spot.source().text);
    let (map, found) = base.check(edit.source, &text);
    if !found.has_errors() {
        return None;
    }
    let (own, uses) = (own(&edit), uses(base, &edit));
    let primary = |one: &cnx::diag::Diagnostic| one.primary.as_ref().map(|label| label.span);
    let at_own = found.0.iter().all(|one| primary(one).is_some_and(|span| points(span, &own)));
    let pointed = found.0.iter().all(|one| primary(one).is_some_and(|span| points(span, &own) || points(span, &uses)));
    let few = found.0.len() <= 2;
    let good = few && pointed;
    let mut bad = Vec::new();
    if !good {
        let before = &spot.source().text[..edit.place.start];
        let line = before.lines().count().max(1);
        let was = spot.text(&edit.place);
        let mut shown =
            format!("{} (seed {seed}) {}:{line} {was:?} → {:?}\n", base.name, spot.source().name, edit.text);
        for one in &found.0 {
            let mark =
                if primary(one).is_some_and(|span| points(span, &own) || points(span, &uses)) { ' ' } else { '!' };
            let (place, text) = primary(one).map(|span| (map.place(span), map.text(span))).unwrap_or_default();
            let _ = writeln!(shown, "  {mark} {place} {} {} {text:?}", one.code.id, one.message);
        }
        bad.push(shown);
    }
    let (good, perfect) = (u64::from(good), u64::from(found.0.len() == 1 && at_own));
    Some(Tally { wrong: 1, good, perfect, astray: u64::from(few && !pointed), bad })
}

#[test]
fn one_mistake_is_one_diagnostic() {
    let wanted = std::env::var("CNX_MUTANTS").ok().and_then(|text| text.parse().ok()).unwrap_or(MUTANTS);
    let only = std::env::var("CNX_MISTAKE").ok();
    let (written, explained, generated) = (written(), explained(), generated(60));
    let bases = [&written[..], &explained[..], &generated[..]];
    let chosen: Vec<usize> = (0..MISTAKES.len())
        .filter(|at| only.as_ref().is_none_or(|only| MISTAKES[*at].0.contains(only.as_str())))
        .collect();
    let each = wanted.div_ceil(chosen.len() as u64);
    let count = |mistake: usize| {
        let mut tally = Tally::default();
        let seeds = (0..each * 12).map(|seed| seed * 64 + mistake as u64);
        for one in seeds.filter_map(|seed| mutant(&bases, seed, mistake)) {
            tally.add(one);
            if tally.wrong == each {
                break;
            }
        }
        (MISTAKES[mistake].0, tally)
    };
    let half = |half: usize| chosen.iter().skip(half).step_by(2).map(|at| count(*at)).collect::<Vec<_>>();
    let tallies: BTreeMap<&str, Tally> = std::thread::scope(|scope| {
        let other = scope.spawn(|| half(1));
        half(0).into_iter().chain(other.join().expect("no mutant panics")).collect()
    });
    report(&tallies, only.is_some());
}

fn report(tallies: &BTreeMap<&str, Tally>, show: bool) {
    let mut all = Tally::default();
    let mut lines = Vec::new();
    for (name, tally) in tallies {
        let percent = |part: u64| 100.0 * part as f64 / tally.wrong.max(1) as f64;
        let Tally { wrong, good, perfect, astray, .. } = tally;
        let shares = (percent(*good), percent(*perfect), percent(*astray));
        lines.push((
            shares.0,
            format!("{:5.1} % good  {:5.1} % perfect  {:4.1} % astray  {wrong:4} {name}", shares.0, shares.1, shares.2),
        ));
        all.add(tally.clone());
        if show {
            say(&tally.bad.join("\n"));
        }
    }
    lines.sort_by(|a, b| a.0.total_cmp(&b.0));
    let lines: Vec<String> = lines.into_iter().map(|(_, line)| line).collect();
    let Tally { wrong, good, perfect, .. } = all;
    say(&format!("{}\n{wrong} mutants, {good} good, {perfect} with one diagnostic at the mistake", lines.join("\n")));
    assert!(show || wrong >= 5_000, "{wrong} mutants only");
    assert!(good * 100 >= wrong * SHARE, "{good} of {wrong} are told well\n{}", lines.join("\n"));
}
