//! The canonical form of thousands of programs, valid and wrong, with comments wherever a line may end: it means the same, it is its own
//! canonical form, and every comment is still there, in order.

use super::checked::{Base, explained, generated, written};
use super::edits::Spot;
use super::mistakes::MISTAKES;
use super::tokens::{Token, What, tokens};
use crate::generate::Dice;
use cnx::model::FileId;
use cnx::syntax::{format, parse, shape};

/// Programs in all; `CNX_FORMATTED` asks for more or fewer.
const PROGRAMS: u64 = 5_000;

/// Places where a line may end: behind commas, opening brackets and operators, and where one ends already; not in texts.
fn ends(text: &str, tokens: &[Token]) -> Vec<usize> {
    let mut found = Vec::new();
    let mut quotes = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        let is_opening = token.partner.is_some_and(|partner| partner > at);
        if token.what == What::Quote {
            quotes = if is_opening { quotes + 1 } else { quotes.saturating_sub(1) };
        }
        let word = &text[token.range.clone()];
        let breaks = match token.what {
            What::Open => word != "${",
            What::Comma => true,
            What::Operator => matches!(word, "=" | "=>" | "+" | "*" | "/" | "&&" | "||" | "==" | "??" | ":"),
            What::Word | What::Number | What::Quote | What::Text | What::Close => false,
        };
        let next = tokens.get(at + 1).map_or(text.len(), |next| next.range.start);
        let ends_line = text[token.range.end..next].starts_with(['\n', '\r']);
        if quotes == 0 && (breaks || ends_line) {
            found.push(token.range.end);
        }
    }
    found
}

/// The text with some comments more.
fn commented(text: &str, dice: &mut Dice) -> String {
    let places = ends(text, &tokens(text));
    let mut made = text.to_owned();
    let mut chosen: Vec<usize> =
        (0..dice.below(6)).filter_map(|_| places.get(dice.below(places.len().max(1)))).copied().collect();
    chosen.sort_unstable();
    chosen.dedup();
    for (number, at) in chosen.into_iter().enumerate().rev() {
        let form = ["# one", " # two", "\n# three\n  ", "\n\n\n   # four", " #five"][dice.below(5)];
        let rest_is_blank = made[at..].split('\n').next().is_some_and(|rest| rest.trim().is_empty());
        let ending = if rest_is_blank { "" } else { "\n" };
        made.insert_str(at, &format!("{form} {number}{ending}"));
    }
    made
}

/// What is wrong with the canonical form of a text that can be read; nothing is said of others.
fn complaint(text: &str) -> Option<Result<(), String>> {
    let before = parse(FileId(0), text);
    if before.diagnostics.has_errors() {
        return None;
    }
    let Ok(canonical) = format(FileId(0), text) else { return Some(Err("it has no canonical form".to_owned())) };
    let after = parse(FileId(0), &canonical);
    let comments = |ast: &cnx::syntax::ast::Ast| ast.comments.iter().map(|one| one.text.clone()).collect::<Vec<_>>();
    let wrong = if after.diagnostics.has_errors() {
        "it cannot be read".to_owned()
    } else if shape(&before.ast) != shape(&after.ast) {
        "it means something else".to_owned()
    } else if comments(&before.ast) != comments(&after.ast) {
        format!("comments {:?} became {:?}", comments(&before.ast), comments(&after.ast))
    } else if format(FileId(0), &canonical).ok().as_ref() != Some(&canonical) {
        "it is not its own canonical form".to_owned()
    } else {
        return Some(Ok(()));
    };
    Some(Err(format!("{wrong}\n--- written\n{text}\n--- canonical\n{canonical}")))
}

/// A program by its seed: two of three with a mistake in it.
fn program(bases: &[Base], seed: u64) -> String {
    let mut dice = Dice(seed.wrapping_mul(0xA24B_AED4_963E_E407));
    let base = dice.pick(bases);
    let spot = Spot { base, at: dice.below(base.sources.len()) };
    let mut text = spot.source().text.clone();
    if dice.chance(66)
        && let Some(edit) = MISTAKES[dice.below(MISTAKES.len())].1(&spot, &mut dice)
    {
        text = edit.text_of(&text);
    }
    commented(&text, &mut dice)
}

#[test]
fn every_canonical_form_means_the_same_and_keeps_its_comments() {
    let wanted = std::env::var("CNX_FORMATTED").ok().and_then(|text| text.parse().ok()).unwrap_or(PROGRAMS);
    let bases: Vec<Base> = [written(), explained(), generated(60)].concat();
    let half = |half: u64| {
        let (mut read, mut wrong) = (0, Vec::new());
        for seed in (0..wanted * 4).filter(|seed| seed % 2 == half) {
            match complaint(&program(&bases, seed)) {
                Some(Err(said)) => wrong.push(format!("seed {seed}: {said}")),
                Some(Ok(())) => read += 1,
                None => {}
            }
            if read + wrong.len() as u64 >= wanted.div_ceil(2) {
                break;
            }
        }
        (read, wrong)
    };
    let (read, wrong) = std::thread::scope(|scope| {
        let other = scope.spawn(|| half(1));
        let (read, mut wrong) = half(0);
        let (more, others) = other.join().expect("no program panics");
        wrong.extend(others);
        (read + more, wrong)
    });
    assert!(wrong.is_empty(), "{} of {read}\n{}", wrong.len(), wrong[..wrong.len().min(3)].join("\n\n"));
    assert!(read >= wanted, "{read} programs only");
}
