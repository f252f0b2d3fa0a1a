//! Hostile programs: each ends with the complaint that its row names, on a stack of 1 MiB. What bounds time and memory is the fuel, so
//! that is what is counted here.

use super::Inputs;
use super::evaluate::steps;
use super::machine::FUEL;
use crate::diag::Diagnostics;
use crate::program::tests::{checked, places};
use std::sync::Arc;

fn on_a_small_stack<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let thread = std::thread::Builder::new().stack_size(1024 * 1024).spawn(work).expect("a thread");
    thread.join().expect("no overflow, no panic")
}

fn complaints(source: &str) -> Diagnostics {
    let (program, mut found, _) = checked(source);
    if !found.has_errors() {
        found = super::evaluate(Arc::new(program), &Inputs::default()).1;
    }
    found
}

/// The codes of the errors, each once, without their room.
fn codes(source: String) -> Vec<&'static str> {
    on_a_small_stack(move || {
        let found = complaints(&source);
        let errors = found.0.iter().filter(|one| one.is_error());
        let mut codes: Vec<&str> = errors.map(|one| one.code.id.rsplit("::").next().unwrap_or_default()).collect();
        codes.dedup();
        codes
    })
}

/// Bombs: `NAME: EXPRESSION => CODE`, after declarations that all may use.
const SHARED: &str = include_str!("fixtures/bombs.cnx");

#[test]
fn bombs() {
    let rows = include_str!("fixtures/bombs.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut wrong = Vec::new();
    for row in rows {
        let (expression, code) = row.rsplit_once(" => ").expect("a row has a code");
        let found = codes(format!("{SHARED}output a = {expression}\n"));
        if found != [code] {
            wrong.push(format!("{expression}: {found:?}, expected {code}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a search looks at counts: by the byte, or by the byte and the size of the pattern where that is large.
#[test]
fn searches_say_how_much_they_looked_at() {
    use crate::model::Value;
    use crate::program::library::patterns::{matches, regex_all};
    let all = |pattern: &str, text: &str, most: u64| {
        let (looked, found) = regex_all(&[Value::string(pattern), Value::string(text)], most);
        (looked, found.map(|found| if let Value::List(all) = found { all.len() } else { 0 }))
    };
    let long = "x".repeat(4_000);
    // One that goes on from where it was, and one that looks at all the rest each time.
    let (looked, found) = all("x", &long, 1 << 20);
    assert_eq!(found, Ok(4_000));
    assert!(looked < 20_000, "{looked}");
    let (looked, found) = all("x*y|x", &long, 1 << 28);
    assert_eq!(found, Ok(4_000));
    assert!((7_900_000..8_100_000).contains(&looked), "{looked}");
    let (looked, found) = all("x*y|x", &long, 1 << 20);
    assert!(found.is_err() && looked < (1 << 20) + 4_001, "{looked}");
    // Its automaton would have more states than the text has bytes.
    let mixed: String =
        (0_u64..20_000).map(|n| if n.wrapping_mul(n ^ 0x9E37_79B9) >> 7 & 1 == 0 { 'a' } else { 'b' }).collect();
    let (looked, found) = all("[ab]*a[ab]{300}[cd]|[ab]", &mixed, 1 << 24);
    assert!(found.is_err() && looked < (1 << 24) + 20_001, "{looked}");
    let found = matches(&[Value::string("[ab]*a[ab]{3000}c"), Value::string(&mixed.repeat(50))], 1 << 28).1;
    assert!(found.is_err(), "{found:?}");
}

/// What is near the limits and within them is no mistake.
#[test]
fn what_is_allowed() {
    let mut wrong = Vec::new();
    for expression in [
        "length(many)",
        "length(range(0, 100000))",
        "length(repeat(\"x\", 1048576))",
        "length(twice(substr(half, 0, 524288)))",
        "digits * 10 > digits",
        "length([for n in many : \"${n}\"])",
        "length([for n in many if matches(\"^1+$\", \"${n}\") : n])",
        "length([for n in thousand : contains(thousand, n)])",
        "length(setproduct(thousand, range(0, 100)))",
        "length(jsonencode([for n in many : n]))",
        "length(regexall(\"[a-z]\", repeat(\"x\", 10000)))",
        "length(replace_regex(repeat(\"x\", 10000), \"x\", \"y\"))",
        "length(regexall(\"[a-z]+\", half))",
        "length(formatlist(\"${repeat(\"x\", 1000)}%s\", thousand))",
    ] {
        let source = format!("{SHARED}output a = {expression}\n");
        let found = codes(source);
        if !found.is_empty() {
            wrong.push(format!("{expression}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is written nested as deep as the grammar allows is checked and evaluated on a small stack too.
#[test]
fn the_deepest_programs_fit_a_small_stack() {
    let nested =
        |open: &str, close: &str, depth: usize| format!("output a = {}1{}\n", open.repeat(depth), close.repeat(depth));
    let mut wrong = Vec::new();
    for (open, close, depth) in [
        ("[", "]", 120),
        ("(", ")", 127),
        ("abs(", ")", 120),
        ("{ a = ", " }", 120),
        ("true ? 1 : (", ")", 120),
        ("true ? 1 : ", "", 180),
        ("-(", ")", 120),
        ("1 + ", "", 180),
        ("1 + abs(1 * ", ")", 90),
        ("length(\"${", "}\")", 40),
        ("null ?? ", "", 180),
    ] {
        let found = codes(nested(open, close, depth));
        if !found.is_empty() {
            wrong.push(format!("{open} {depth}: {found:?}"));
        }
    }
    let calls = |count: usize| -> String {
        let functions = (1..=count).map(|n| format!("fn f{n}(x: int): int = f{}(x)\n", n - 1));
        format!("fn f0(x: int): int = x\n{}output b = f{count}(1)\n", functions.collect::<String>())
    };
    assert_eq!(codes(calls(390)), [] as [&str; 0]);
    assert_eq!(codes(calls(20_000)), ["too_deep"]);
    let downwards = |declared: &dyn Fn(usize) -> String| -> String {
        let functions: String = (0..20_000).map(declared).collect();
        format!("{functions}fn f20000(x: int = 1): int = x\noutput b = f0(1)\n")
    };
    let body = downwards(&|n| format!("fn f{n}(x: int): int = f{}(x)\n", n + 1));
    assert_eq!(codes(body), ["too_deep"]);
    let default = downwards(&|n| format!("fn f{n}(x: int = f{}()): int = x\n", n + 1));
    assert_eq!(codes(default), ["too_deep"]);
    let values: String = (1..=20_000).map(|n| format!("let v{n} = v{} + 1\n", n - 1)).collect();
    assert_eq!(codes(format!("let v0 = 1\n{values}output b = v20000\n")), [] as [&str; 0]);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Limits that come one declaration after the other: the doubling is in the chain.
#[test]
fn chains() {
    let chain = |first: &str, next: &dyn Fn(usize) -> String, count: usize| {
        let mut source = format!("let a0 = {first}\n");
        (1..=count).for_each(|n| source.push_str(&format!("let a{n} = {}\n", next(n - 1))));
        source + &format!("output b = a{count}\n")
    };
    let check = |first: &str, next: &dyn Fn(usize) -> String, code: &str| {
        let source = chain(first, next, 70);
        let shown = source.lines().nth(1).unwrap_or_default().to_owned();
        assert_eq!(codes(source), [code], "{shown}");
    };
    check("\"x\"", &|n| format!("\"${{a{n}}}${{a{n}}}\""), "limit");
    check("\"x\"", &|n| format!("join(\"\", [a{n}, a{n}])"), "function_failed");
    check("\"xx\"", &|n| format!("replace(a{n}, \"x\", \"xx\")"), "function_failed");
    check("\"xx\"", &|n| format!("format(\"%s%s\", a{n}, a{n})"), "function_failed");
    check("\"\\\"\"", &|n| format!("jsonencode(a{n})"), "function_failed");
    check("[1]", &|n| format!("[...a{n}, ...a{n}]"), "limit");
    check("[1]", &|n| format!("concat(a{n}, a{n})"), "function_failed");
    check("[\"x\"]", &|n| format!("chunklist(concat(a{n}, a{n}), 2)"), "limit");
    check("[1]", &|n| format!("[a{n}, a{n}]"), "limit");
    check("{ x = 1 }", &|n| format!("{{ x = a{n}, y = a{n} }}"), "too_complex");
    check("3", &|n| format!("a{n} * a{n}"), "number_too_large");
    check("0.1", &|n| format!("a{n} * a{n}"), "number_too_large");
    check("[[1]]", &|n| format!("setproduct(a{n}, a{n})"), "limit");
    check("jsondecode(\"[1]\")", &|n| format!("[a{n}, a{n}]"), "limit");
}

#[test]
fn rings_of_any_size_are_one_complaint() {
    let ring: String = (0..20_000).map(|n| format!("let a{n} = a{} + 1\n", (n + 1) % 20_000)).collect();
    assert_eq!(codes(ring), ["cycle"]);
    // Each name in each other one: very many rings.
    let sum = |own: usize| (0..120).filter(|n| *n != own).map(|n| format!("a{n}")).collect::<Vec<_>>().join(", ");
    let all: String = (0..120).map(|n| format!("let a{n} = sum([{}])\n", sum(n))).collect();
    assert_eq!(codes(all), ["cycle"]);
}

/// However much a program asks for, evaluation takes no more steps than its size grants.
#[test]
fn fuel_is_one_tank_for_the_whole_program() {
    let lets: String = (0..200)
        .map(|n| format!("let a{n} = length([for x in 1..=1000 : [for y in 1..=1000 : x * y + {n}]])\n"))
        .collect();
    let uses: String = (0..200).map(|n| format!("output b{n} = a{n}\n")).collect();
    let (program, found, sources) = checked(&(lets + &uses));
    assert!(!found.has_errors(), "{:?}", places(&found, &sources));
    let program = Arc::new(program);
    let (_, found) = super::evaluate(Arc::clone(&program), &Inputs::default());
    assert!(found.has_errors());
    let small = checked("output a = 1\n").0;
    assert!(steps(&Arc::new(small), &Inputs::default()) < FUEL);
}

#[test]
fn too_many_instances() {
    let zone = "{ domain = \"a.example.com\", origin_url = \"http://a\" }";
    assert_eq!(codes(format!("cdn_zone a for n in 1..=1000001 {zone}\n")), ["limit"]);
}
