//! The limits, each with its error, on a small stack; and time that grows with the text alone.

use super::nests::{NESTS, PLACES, nest};
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
    for place in PLACES {
        for (open, close) in [("(", ")"), ("f(", ")"), ("[", ""), ("\"${", "")] {
            let nest = format!("{}1{}", open.repeat(50_000), close.repeat(50_000));
            let codes = codes_on_a_small_stack(place.replace('@', &nest));
            assert_eq!(codes, ["cnx::syntax::nesting_too_deep"], "{open} in {place}");
        }
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

/// How long this thread has run on a processor, which others on the machine do not change much; where that can't be read, the time.
fn spent(start: Instant) -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|text| text.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| start.elapsed(), Duration::from_nanos)
}

/// The shortest of a few runs.
fn time(text: &str) -> Duration {
    let start = Instant::now();
    let run = || {
        let before = spent(start);
        let _parsed = parse(FileId(0), text);
        spent(start).saturating_sub(before)
    };
    (0..3).map(|_| run()).min().expect("three runs")
}

/// What stands in a row is not nested: any number of it is read, on a small stack.
#[test]
fn long_rows_are_read() {
    let row = |start: &str, one: &str, end: &str| format!("{start}{}{end}\n", one.repeat(100_000));
    for text in [
        row("let a = [", "1, ", "]"),
        row("let a = {", " a = 1,", " }"),
        row("let a = f(", "1, ", ")"),
        row("let a = \"", "${b}", "\""),
        row("let a = \"", "\\n", "\""),
        row("let a = \"\"\"\n", "text ${b}\n", "\"\"\""),
        row("let a = [", "...b, ", "]"),
        row("type A = \"x\"", " | \"a\"", ""),
        row("type A = {", " a: int,", " }"),
        row("fn f(", "a: int, ", "): int = 1"),
        row("server a {\n", "b = 1\n", "}"),
        row("server a {\n", "lifecycle { protect = true }\n", "}"),
        row("", "# a comment\n", ""),
        row("let a = [ # a\n", "# b\n", "]"),
        row("", "let a = 1\n", ""),
        row("", "server a {}\n", ""),
        row("", "\n", ""),
        row("", " \t", ""),
    ] {
        let codes = codes_on_a_small_stack(text.clone());
        assert!(codes.is_empty(), "{}: {codes:?}", &text[..40.min(text.len())]);
    }
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
    // Opened within what is closed by something else.
    for open in ["{", "[", "(", "f(", "\"${", "{ a = ", "{ \"${", "map("] {
        for (head, tail) in
            [("[{\n  ", "# b\n]"), ("server a {\n  b = (\n", "\n}\n"), ("type A = {\n", ")\n"), ("{", "\n")]
        {
            let text = |count: usize| format!("{head}{}{tail}", open.repeat(count));
            let ratio = time(&text(40)).as_secs_f64() / time(&text(5)).as_secs_f64().max(20e-6);
            assert!(ratio < 5_000.0, "{head:?} {open:?}: {ratio}");
        }
    }
    let many = |count: usize| "server a {\n  name \"x\"\n  b = [1, 2\n}\nlet = 5\nlet b = 1 +\n".repeat(count);
    let ratio = time(&many(1_600)).as_secs_f64() / time(&many(100)).as_secs_f64();
    assert!(ratio < 100.0, "{ratio}");
}

/// Mistakes and other things in a row, which are not nested.
const ROWS: [&str; 40] = [
    "!",
    ".",
    "..",
    "...",
    "?",
    ":",
    "=",
    "=>",
    "->",
    "&",
    "|",
    "@",
    "$",
    "é",
    "\u{1}",
    ";",
    "'",
    "';",
    "'x'",
    "<<A\n",
    "<<A",
    "/*",
    "/* x */",
    "// x\n",
    "# x\n",
    "\"\"\"\n",
    "\"",
    "a = 'x'\n",
    "a b\n",
    "a =\n",
    "let a =\n",
    "let a = 1 +\n",
    "server a {\n",
    "server a {\n x\n}\n",
    "let x: int = 1\n",
    "x = if a { 1 }\n",
    "a[0]",
    "(1)",
    "}\n",
    "\r\n",
];

/// Six times the rows take no more than some six times as long; their square would take 36 times.
#[test]
fn rows_of_mistakes_take_time_by_their_length() {
    for (row, head) in ROWS.into_iter().flat_map(|row| ["", "server a {\n  x = "].map(|head| (row, head))) {
        let text = |count: usize| head.to_owned() + &row.repeat(count);
        let ratio = time(&text(1_500)).as_secs_f64() / time(&text(250)).as_secs_f64().max(2e-3);
        assert!(ratio < 22.0, "{head:?} {row:?}: {ratio}");
    }
}

/// However many mistakes there are, each is told.
#[test]
fn every_mistake_of_very_many_is_told() {
    let mistakes = [
        "let a = 1 +\n",
        "let = 5\n",
        "server a {\n  b 1\n}\n",
        "let a = 'x'\n",
        "let a = [1 2]\n",
        "x y z\n",
        "let a = é\n",
    ];
    for (mistake, count) in mistakes.iter().flat_map(|mistake| [(mistake, 10), (mistake, 3_000)]) {
        let parsed = parse(FileId(0), &mistake.repeat(count));
        let told = parsed.diagnostics.0.len();
        assert_eq!(told, count, "{mistake:?}");
    }
    let all = mistakes.concat();
    assert_eq!(parse(FileId(0), &all.repeat(1_000)).diagnostics.0.len(), 1_000 * mistakes.len());
}
