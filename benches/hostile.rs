//! Hostile programs given to the real binary, each in a process of its own with a stack of 1 MiB: every one ends with its complaint, in
//! under a second of processor time, in bounded memory. `cargo bench --profile release --bench hostile` measures the binary that a user builds.

#![expect(clippy::print_stdout, reason = "its output is the result")]

#[path = "../src/syntax/tests/nests.rs"]
mod nests;
#[path = "../tests/watch.rs"]
mod watch;

use nests::{NESTS, PLACES, nest};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// What a program that is refused may take.
const MOST_TIME: Duration = Duration::from_secs(1);
const MOST_MEMORY_MIB: u64 = 256;
const DEPTH: usize = 100_000;

/// A program, the command that reads it, and what must stand among the complaints.
struct Hostile {
    name: String,
    text: String,
    command: &'static str,
    code: String,
}

fn hostile(name: &str, text: String, command: &'static str, code: &str) -> Hostile {
    let name = name.chars().take(60).collect::<String>().replace('\n', "\\n");
    Hostile { name, text, command, code: code.to_owned() }
}

/// 10^5 levels of every construct, and of each place where an expression may stand.
fn nested() -> Vec<Hostile> {
    let deep = |name: &str, text| hostile(name, text, "check", "syntax::nesting_too_deep");
    let mut all: Vec<Hostile> =
        NESTS.iter().map(|(open, middle, close)| deep(open, nest(DEPTH, open, middle, close))).collect();
    all.extend(NESTS.iter().map(|(open, middle, _)| deep(&format!("{open} open"), nest(DEPTH, open, middle, ""))));
    all.push(deep("{ b ", format!("server a {}{}", "{ b ".repeat(DEPTH), "}".repeat(DEPTH))));
    for (open, close) in [("map(", ")"), ("(", ")"), ("{ a: ", " }")] {
        all.push(deep(open, nest(DEPTH, open, "int", close).replace("let a =", "type A =")));
    }
    for (place, open, close) in PLACES.iter().flat_map(|place| [(place, "(", ")"), (place, "[", "")]) {
        let inner = format!("{}1{}", open.repeat(DEPTH), close.repeat(DEPTH));
        all.push(deep(&format!("{open} in {place}"), place.replace('@', &inner)));
    }
    all
}

/// 10^5 operators, members, indices in one expression.
fn rows() -> Vec<Hostile> {
    let deep = |one: &str, text| hostile(one, text, "check", "syntax::nesting_too_deep");
    let operators = ["+", "*", "-", "/", "%", "&&", "||", "??", "==", "<", ".."].map(|one| format!(" {one} 1"));
    let chains = [".a", "[0]", "?.a", "?[0]", "[*]"].map(str::to_owned);
    operators.iter().chain(&chains).map(|one| deep(one, format!("let a = b{}\n", one.repeat(DEPTH)))).collect()
}

/// Expressions that ask for too much, from the evaluator's own tests.
fn bombs() -> Vec<Hostile> {
    let shared = include_str!("../src/desired/fixtures/bombs.cnx");
    let rows = include_str!("../src/desired/fixtures/bombs.txt").lines();
    let rows = rows.filter(|row| !row.is_empty() && !row.starts_with('#'));
    rows.map(|row| {
        let (expression, code) = row.rsplit_once(" => ").expect("a row has a code");
        hostile(expression, format!("{shared}output a = {expression}\n"), "plan", code)
    })
    .collect()
}

/// Each declaration doubles the one before, or hangs on it; and names by the ten thousand.
fn chains() -> Vec<Hostile> {
    let chain = |first: &str, next: &dyn Fn(usize) -> String, code: &str| {
        let lets: String = (1..=70).map(|n| format!("let a{n} = {}\n", next(n - 1))).collect();
        hostile(&next(0), format!("let a0 = {first}\n{lets}output b = a70\n"), "plan", code)
    };
    let mut all = vec![
        chain("\"x\"", &|n| format!("\"${{a{n}}}${{a{n}}}\""), "desired::limit"),
        chain("\"xx\"", &|n| format!("replace(a{n}, \"x\", \"xx\")"), "function_failed"),
        chain("[1]", &|n| format!("[...a{n}, ...a{n}]"), "desired::limit"),
        chain("[1]", &|n| format!("[a{n}, a{n}]"), "desired::limit"),
        chain("{ x = 1 }", &|n| format!("{{ x = a{n}, y = a{n} }}"), "too_complex"),
        chain("3", &|n| format!("a{n} * a{n}"), "number_too_large"),
    ];
    let ring: String = (0..20_000).map(|n| format!("let a{n} = a{} + 1\n", (n + 1) % 20_000)).collect();
    all.push(hostile("a ring of 20,000", ring, "check", "cycle"));
    let functions: String = (1..20_000).map(|n| format!("fn f{n}(x: int): int = f{}(x)\n", n - 1)).collect();
    let functions = format!("fn f0(x: int): int = x\n{functions}output b = f19999(1)\n");
    all.push(hostile("20,000 calls within one another", functions, "plan", "too_deep"));
    let defaults: String = (0..20_000).map(|n| format!("fn f{n}(x: int = f{}()): int = x\n", n + 1)).collect();
    let defaults = format!("{defaults}fn f20000(x: int = 1): int = x\noutput b = f0()\n");
    all.push(hostile("20,000 defaults within one another", defaults, "check", "too_deep"));
    let parameters: String = (0..20_000).map(|n| format!("a{n}: int, ")).collect();
    let function = format!("fn f({parameters}): int = b\noutput c = f(1)\n");
    all.push(hostile("20,000 parameters", function, "check", "unknown_name"));
    for (count, row, code) in
        [(10_000, "server a {\n x\n}\n", "duplicate"), (50_000, "let a = 1 +\n", "expected_value")]
    {
        all.push(hostile(&format!("{count} of {row}"), row.repeat(count), "check", code));
    }
    for row in [";", "'x'", "/* x */", "';"] {
        all.push(hostile(&format!("50,000 of {row} in a line"), row.repeat(50_000), "check", "syntax::"));
    }
    all.push(hostile("unclosed", format!("[{{\n  {}# b\n]\n", "{".repeat(120)), "check", "syntax::"));
    let text: String =
        (0_u64..15_000).map(|n| if n.wrapping_mul(n ^ 0x9E37_79B9) >> 7 & 1 == 0 { 'a' } else { 'b' }).collect();
    for pattern in ["[ab]*a[ab]{300}[cd]|[ab]", "([ab]{0,50}a[ab]{0,50}){10}[cd]|[ab]"] {
        let searching = format!("output a = [for n in 1..=100 : length(regexall(\"{pattern}\", \"{text}${{n}}\"))]\n");
        all.push(hostile(pattern, searching, "plan", "desired::"));
    }
    all
}

/// Processor time of the whole process, and the most memory that was seen of it.
fn run(folder: &Path, one: &Hostile) -> (Duration, u64) {
    std::fs::write(folder.join("main.cnx"), &one.text).expect("a written file");
    let output = std::fs::File::create(folder.join("output")).expect("a file");
    let mut child = Command::new("sh")
        .args(["-c", "ulimit -s 1024; exec \"$0\" \"$1\"", env!("CARGO_BIN_EXE_cnx"), one.command])
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .env("PATH", "/usr/bin:/bin")
        .env("RUST_MIN_STACK", "1048576")
        .stdin(Stdio::null())
        .stdout(output.try_clone().expect("a file"))
        .stderr(output)
        .spawn()
        .expect("cnx runs");
    let (id, mut taken) = (child.id(), Duration::ZERO);
    let highest =
        watch::highest_memory(&mut child, Duration::from_millis(1), || taken = taken.max(watch::processor_time(id)));
    let said = String::from_utf8_lossy(&std::fs::read(folder.join("output")).expect("the output")).into_owned();
    let code = child.wait().expect("an end").code();
    let shown: String = said.chars().take(2_000).collect();
    assert!(code == Some(1) && said.contains(&one.code), "{}: {code:?} {shown}", one.name);
    assert!(said.len() < 500_000, "{}: {} bytes are said", one.name, said.len());
    assert!(highest < MOST_MEMORY_MIB << 10, "{}: {highest} KiB", one.name);
    (taken, highest >> 10)
}

fn main() {
    let folder = std::env::temp_dir().join(format!("cnx-hostile-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    println!("{:>28} {:>9} {:>13} {:>13}   slowest", "", "programs", "slowest (ms)", "highest (MiB)");
    let mut late = Vec::new();
    for (group, all) in [
        ("nested 10^5 deep", nested()),
        ("10^5 in a row", rows()),
        ("too much asked for", bombs()),
        ("chains", chains()),
    ] {
        let (mut slowest, mut highest, mut name) = (Duration::ZERO, 0, String::new());
        for one in &all {
            // Others on the machine may hold one up: the quickest of a few runs counts.
            let mut best = run(&folder, one);
            for _ in 0..4 {
                if best.0 > MOST_TIME / 2 {
                    let again = run(&folder, one);
                    best = (best.0.min(again.0), best.1.max(again.1));
                }
            }
            if best.0 > MOST_TIME {
                late.push(format!("{}: {:?}", one.name, best.0));
            }
            highest = highest.max(best.1);
            if best.0 > slowest {
                (slowest, name) = (best.0, one.name.clone());
            }
        }
        println!("{group:>28} {:>9} {:>13} {highest:>13}   {name}", all.len(), slowest.as_millis());
    }
    std::fs::remove_dir_all(&folder).expect("the folder goes");
    assert!(late.is_empty(), "over {MOST_TIME:?}:\n{}", late.join("\n"));
}
