//! The limits, each with its error, on a small stack; and time that grows with the text alone.

use crate::model::FileId;
use crate::syntax::*;
use std::time::{Duration, Instant};

/// The codes of the complaints about a text, each once, as seen on a thread with a stack of 1 MiB.
fn codes_on_a_small_stack(text: String) -> Vec<&'static str> {
    let work = move || {
        let parsed = parse(FileId(0), &text);
        let mut codes: Vec<&'static str> = parsed.diagnostics.0.iter().map(|diagnostic| diagnostic.code.id).collect();
        codes.dedup();
        drop(parsed);
        codes
    };
    let thread = std::thread::Builder::new().stack_size(1024 * 1024).spawn(work).expect("a thread");
    thread.join().expect("no overflow")
}

/// `open` so many times, `middle`, `close` as often.
fn nest(depth: usize, open: &str, middle: &str, close: &str) -> String {
    format!("let a = {}{middle}{}\n", open.repeat(depth), close.repeat(depth))
}

const NESTS: [(&str, &str, &str); 30] = [
    ("(", "1", ")"),
    ("[", "1", "]"),
    ("{ a = ", "1", " }"),
    ("f(", "1", ")"),
    ("f(1 + ", "1", ")"),
    ("a[", "1", "]"),
    ("\"${", "1", "}\""),
    ("[for x in ", "xs", " : x]"),
    ("[for x in xs : ", "x", "]"),
    ("{ for k, v in ", "m", " : k => v }"),
    ("[...", "xs", "]"),
    ("{ (", "k", ") = 1 }"),
    ("!", "true", ""),
    ("-", "1", ""),
    ("a ? ", "1", " : 2"),
    ("a ? 1 : ", "2", ""),
    ("a.", "b", ""),
    ("1 + ", "1", ""),
    ("a?.", "b", ""),
    ("a?[", "1", "]"),
    ("a[0].", "b", ""),
    ("-!", "true", ""),
    ("a && ", "b", ""),
    ("a ?? ", "b", ""),
    ("{ ...", "x", " }"),
    ("{ \"k\" = ", "1", " }"),
    ("[for x in xs if ", "x", " : x]"),
    ("{ for k, v in m : ", "k", " => v }"),
    ("f(a = ", "1", ")"),
    ("[[1], ", "1", "]"),
];

#[test]
fn the_allowed_depth_is_read_on_a_small_stack() {
    for (open, middle, close) in NESTS {
        let brackets = open.matches(['(', '[', '{', '"']).count().max(1);
        let codes = codes_on_a_small_stack(nest(128 / brackets, open, middle, close));
        assert!(codes.is_empty(), "{open}: {codes:?}");
    }
    for text in [nest(64, "map(", "int", ")"), nest(120, "(", "int", ")"), nest(120, "{ a: ", "int", " }")] {
        assert!(codes_on_a_small_stack(text.replace("let a =", "type A =")).is_empty());
    }
}

#[test]
fn a_hundred_thousand_levels_are_refused_on_a_small_stack() {
    for (open, middle, close) in NESTS {
        assert_eq!(
            codes_on_a_small_stack(nest(100_000, open, middle, close)),
            ["cnx::syntax::nesting_too_deep"],
            "{open}"
        );
    }
    let blocks = format!("server a {}{}", "{ b ".repeat(100_000), "}".repeat(100_000));
    assert_eq!(codes_on_a_small_stack(blocks), ["cnx::syntax::nesting_too_deep"]);
    for (open, close) in [("map(", ")"), ("(", ")"), ("{ a: ", " }")] {
        let text = nest(100_000, open, "int", close).replace("let a =", "type A =");
        assert_eq!(codes_on_a_small_stack(text), ["cnx::syntax::nesting_too_deep"], "{open}");
    }
    let questions = format!("param a: int{}\n", "?".repeat(100_000));
    assert!(codes_on_a_small_stack(questions).is_empty());
    let open_only: Vec<_> =
        ["(", "[", "{", "\"${", "f(", "a["].into_iter().map(|open| nest(100_000, open, "", "")).collect();
    for text in open_only {
        assert_eq!(codes_on_a_small_stack(text), ["cnx::syntax::nesting_too_deep"]);
    }
}

#[test]
fn sizes_are_limited() {
    let check = |text: &str, code: &str| {
        let parsed = parse(FileId(0), text);
        let codes: Vec<&str> = parsed.diagnostics.0.iter().map(|diagnostic| diagnostic.code.id).collect();
        let wanted: Vec<&str> = if code.is_empty() { Vec::new() } else { vec![code] };
        assert_eq!(codes, wanted);
    };
    check(&"# a comment of some length\n".repeat(16 * 1024 * 1024 / 27), "");
    check(&"#".repeat(16 * 1024 * 1024 + 1), "cnx::syntax::file_too_large");
    check(&format!("let a = \"{}\"\n", "a".repeat(1024 * 1024)), "");
    check(&format!("let a = \"{}\"\n", "a".repeat(1024 * 1024 + 1)), "cnx::syntax::string_too_long");
    check(&format!("let a = {}\n", "9".repeat(1000)), "");
    check(&format!("let a = {}\n", "9".repeat(1001)), "cnx::syntax::number_too_long");
}

/// The shortest of a few runs.
fn time(text: &str) -> Duration {
    let run = || {
        let start = Instant::now();
        let _parsed = parse(FileId(0), text);
        start.elapsed()
    };
    (0..3).map(|_| run()).min().expect("three runs")
}

#[test]
fn time_grows_with_the_text_alone() {
    for (open, middle, close) in NESTS {
        for (middle, close) in [(middle, close), (middle, ""), ("", close), ("@", close)] {
            let (short, long) = (nest(5, open, middle, close), nest(40, open, middle, close));
            let ratio = time(&long).as_secs_f64() / time(&short).as_secs_f64().max(20e-6);
            assert!(ratio < 5_000.0, "{open} {middle} {close}: {ratio}");
        }
    }
    let many = |count: usize| "server a {\n  name \"x\"\n  b = [1, 2\n}\nlet = 5\nlet b = 1 +\n".repeat(count);
    let ratio = time(&many(1_600)).as_secs_f64() / time(&many(100)).as_secs_f64();
    assert!(ratio < 100.0, "{ratio}");
}
