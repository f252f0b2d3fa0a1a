//! The fuzzer's targets over its corpus and over damaged parts of it, the same ones in every run. `docs/security.md` says how to run the
//! fuzzer itself.

#[path = "../fuzz/src/targets.rs"]
mod targets;

use crate::generate::Dice;
use cnx::model::SourceMap;
use cnx::report::{Look, diagnostics};

/// What is put into the texts: all that the grammar looks for.
const TOKENS: &[&str] = &[
    " ", "\n", "\t", "\r\n", "# c\n", ",", ".", "..", "..=", "...", "?", "?.", "?[", "??", ":", "=", "==", "=>", "->",
    "-", "+", "*", "/", "!", "&&", "||", "|", "<", ">=", "(", ")", "[", "]", "{", "}", "\"", "\"\"\"", "${", "\\", "a",
    "B", "_", "1", "1.5", "2h", "null", "for ", " in ", "if ", "by ", "type ", "data ", "let ", "fn ", "a = ", "b: ",
    "x.y", "é", "[*]", "f(a)", "a[0]",
];

fn corpus() -> Vec<String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let mut paths: Vec<_> = folder.read_dir().expect("a corpus").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read_to_string(path).expect("a text")).collect()
}

/// Some lines of a text, with up to three tokens put in or written over.
fn damaged(text: &str, dice: &mut Dice) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let first = dice.below(lines.len());
    let mut part = lines[first..(first + 1 + dice.below(20)).min(lines.len())].concat();
    for _ in 0..dice.below(4) {
        let places: Vec<usize> = part.char_indices().map(|(at, _)| at).chain([part.len()]).collect();
        let start = dice.below(places.len());
        let end = (start + dice.below(4)).min(places.len() - 1);
        part.replace_range(
            places[start]..places[end],
            if dice.chance(30) { "" } else { TOKENS[dice.below(TOKENS.len())] },
        );
    }
    part
}

/// Whatever is wrong is told, on a screen of any width, also in very long lines.
fn rendered(text: &str) {
    let mut sources = SourceMap::default();
    let file = sources.add("main.cnx", text);
    let parsed = cnx::syntax::parse(file, text);
    let (_, mut found) = cnx::program::check(&[parsed.ast], cnx::provider::cloudnexus());
    found.append(parsed.diagnostics);
    for (width, unicode) in [(80, true), (200, false)] {
        let look = Look { width, unicode, ..Look::default() };
        let shown = diagnostics::diagnostics(&found, &sources, &look);
        assert!(shown.len() < 5_000 * (1 + found.0.len()), "{} bytes", shown.len());
    }
}

#[test]
fn targets_hold_for_the_corpus_and_damaged_parts_of_it() {
    let corpus = corpus();
    let all = |text: &str| {
        targets::parse(text);
        targets::format(text);
        targets::evaluate(text);
        rendered(text);
        rendered(&text.replace('\n', &" ".repeat(100)));
    };
    corpus.iter().for_each(|text| all(text));
    // More by hand: `CNX_FUZZ_ROUNDS=1000000 cargo test targets_hold`.
    let rounds = std::env::var("CNX_FUZZ_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(2_000);
    let begin = std::env::var("CNX_FUZZ_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0);
    for seed in begin..begin + rounds {
        let mut dice = Dice(seed);
        let text = damaged(dice.pick(&corpus).as_str(), &mut dice);
        let held = std::panic::catch_unwind(|| all(&text));
        assert!(held.is_ok(), "CNX_FUZZ_SEED={seed} CNX_FUZZ_ROUNDS=1: {text:?}");
    }
}
