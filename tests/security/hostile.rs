//! Programs that ask for too much, given to the real binary: each ends with its complaint and in bounded memory, and eight times
//! as much of it takes the processor about eight times as long. Other work on the machine is not counted.
#![cfg(target_os = "linux")]

use crate::support::Project;
use crate::watch::{highest_memory, processor_time};
use std::process::{Command, Stdio};
use std::time::Duration;

const MOST_MEMORY_MIB: u64 = 256;

/// Eight times as long a text, or eight times as much asked for. Where time grew with the square, this would be 64.
const TIMES: usize = 8;
const MOST_GROWTH: u32 = 24;

/// Below this the start of the process counts for more than what it does.
const SHORTEST: Duration = Duration::from_millis(50);

/// A row of programs by their size, the size of the smaller one, the command that reads it, and what stands among the complaints.
struct Bomb {
    name: &'static str,
    text: fn(usize) -> String,
    size: usize,
    command: &'static str,
    code: &'static str,
}

const fn bomb(
    name: &'static str,
    size: usize,
    command: &'static str,
    code: &'static str,
    text: fn(usize) -> String,
) -> Bomb {
    Bomb { name, text, size, command, code }
}

fn nested(size: usize, open: &str, close: &str) -> String {
    format!("let a = {}1{}\n", open.repeat(size), close.repeat(size))
}

fn row(size: usize, one: &str) -> String {
    format!("let a = b{}\n", one.repeat(size))
}

/// Each declaration is made of the one before.
fn chain(size: usize, first: &str, next: impl Fn(usize) -> String) -> String {
    let lets: String = (1..=size).map(|n| format!("let a{n} = {}\n", next(n - 1))).collect();
    format!("let a0 = {first}\n{lets}output b = a{size}\n")
}

const BOMBS: &[Bomb] = &[
    bomb("parentheses", 50_000, "check", "syntax::nesting_too_deep", |size| nested(size, "(", ")")),
    bomb("open brackets", 50_000, "check", "syntax::nesting_too_deep", |size| nested(size, "[", "")),
    bomb("interpolations", 50_000, "check", "syntax::nesting_too_deep", |size| nested(size, "\"${", "}\"")),
    bomb("blocks", 50_000, "check", "syntax::nesting_too_deep", |size| {
        format!("server a {}{}", "{ b ".repeat(size), "}".repeat(size))
    }),
    bomb("operators", 50_000, "check", "syntax::nesting_too_deep", |size| row(size, " + 1")),
    bomb("members", 50_000, "check", "syntax::nesting_too_deep", |size| row(size, ".a")),
    bomb("mistakes", 1_000, "check", "expected_value", |size| "let a = 1 +\n".repeat(size)),
    bomb("one name", 500, "check", "duplicate", |size| "server a {\n x\n}\n".repeat(size)),
    bomb("a ring", 1_000, "check", "cycle", |size| {
        (0..size).map(|n| format!("let a{n} = a{} + 1\n", (n + 1) % size)).collect()
    }),
    bomb("parameters", 1_000, "check", "unknown_name", |size| {
        let parameters: String = (0..size).map(|n| format!("a{n}: int, ")).collect();
        format!("fn f({parameters}): int = b\noutput c = f(1)\n")
    }),
    bomb("calls", 1_000, "plan", "too_deep", |size| {
        let functions: String = (1..size).map(|n| format!("fn f{n}(x: int): int = f{}(x)\n", n - 1)).collect();
        format!("fn f0(x: int): int = x\n{functions}output b = f{}(1)\n", size - 1)
    }),
    bomb("texts twice as long", 70, "plan", "desired::limit", |size| {
        chain(size, "\"x\"", |n| format!("\"${{a{n}}}${{a{n}}}\""))
    }),
    bomb("lists twice as long", 70, "plan", "desired::limit", |size| {
        chain(size, "[1]", |n| format!("[...a{n}, ...a{n}]"))
    }),
    bomb("lists of twice the same", 150, "plan", "too_complex", |size| chain(size, "[1]", |n| format!("[a{n}, a{n}]"))),
    bomb("squares", 70, "plan", "number_too_large", |size| chain(size, "3", |n| format!("a{n} * a{n}"))),
    bomb("searches in lists", 12_500, "plan", "desired::limit", |size| {
        format!("output a = [for x in 1..={size} : contains(1..={size}, -x)]\n")
    }),
    bomb("searches in a text", 12_500, "plan", "desired::limit", |size| {
        format!("let text = repeat(\"x\", 600000)\noutput a = [for n in 1..={size} : strcontains(text, \"y${{n}}\")]\n")
    }),
];

/// Processor time and the most memory in MiB.
fn run(bomb: &Bomb, size: usize) -> (Duration, u64) {
    let project = Project::new(&[("main.cnx", &(bomb.text)(size))]);
    let output = std::fs::File::create(project.path().join("output")).expect("a file");
    // What gets out of hand is ended before it fills the machine.
    let script = "ulimit -t 300; ulimit -v 8388608; exec \"$0\" \"$1\"";
    let mut command = Command::new("sh");
    command.args(["-c", script, env!("CARGO_BIN_EXE_cnx"), bomb.command]).current_dir(project.path()).env_clear();
    command.env("HOME", project.path()).env("PATH", "/usr/bin:/bin").stdin(Stdio::null());
    let mut child = command.stdout(output.try_clone().expect("a file")).stderr(output).spawn().expect("a shell");
    let (id, mut taken) = (child.id(), Duration::ZERO);
    let highest = highest_memory(&mut child, Duration::from_millis(2), || taken = taken.max(processor_time(id)));
    let said = String::from_utf8_lossy(&std::fs::read(project.path().join("output")).expect("there")).into_owned();
    let status = child.wait().expect("an end");
    let shown: String = said.chars().take(2_000).collect();
    assert!(status.code() == Some(1) && said.contains(bomb.code), "{} {size}: {status} {shown}", bomb.name);
    (taken, highest >> 10)
}

#[test]
fn programs_that_ask_for_too_much_end_in_bounded_memory_and_grow_with_their_size_alone() {
    for bomb in BOMBS {
        let (small, mut highest) = run(bomb, bomb.size);
        let mut large = Duration::MAX;
        // Work beside it may slow one down, even so: the quickest of three runs counts.
        for _ in 0..3 {
            if large >= small.max(SHORTEST) * MOST_GROWTH {
                let (time, memory) = run(bomb, bomb.size * TIMES);
                (large, highest) = (large.min(time), highest.max(memory));
            }
        }
        assert!(highest > 0 && highest < MOST_MEMORY_MIB, "{}: {highest} MiB", bomb.name);
        assert!(large < small.max(SHORTEST) * MOST_GROWTH, "{}: {small:?} and {large:?}", bomb.name);
    }
}
