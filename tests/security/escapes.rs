//! Nothing that a file, a person, a path or the API says reaches the terminal as more than text: of all control
//! characters only newlines come out, and the colours that cnx itself chose.

use super::listener::{Cloud, Heard, answer, changed, pass, quick};
use super::programs::{far, project};
use crate::generate::Dice;
use crate::support::Project;
use cnx::model::http::Response;
use cnx::report::escape::is_plain;
use serde_json::{Value, json};
use std::process::Command;
use std::sync::Arc;

/// What terminals, log viewers and editors can be led astray with.
pub const NASTY: &[&str] = &[
    "\0",
    "\r\n",
    "\r\u{1b}[1A\u{1b}[2Kall is well",
    "\u{1b}[2J",
    "\u{1b}[31m",
    "\u{1b}]8;;http://evil.example\u{7}click\u{1b}]8;;\u{7}",
    "\u{1b}]0;title\u{7}",
    "\u{1b}P+q\u{1b}\\",
    "\u{1b}[?1049h",
    "\u{1b}c",
    "\u{9b}2J",
    "\u{9d}0;x\u{9c}",
    "\u{90}q\u{9c}",
    "\r",
    "\u{8}\u{8}\u{8}",
    "\u{7f}",
    "\u{0b}",
    "\u{0c}",
    "\u{7}",
    "\u{85}",
    "\u{202e}evil\u{202c}",
    "\u{2066}x\u{2069}",
    "\u{200b}",
    "\u{200d}",
    "\u{feff}",
    "\u{ad}",
    "\u{2028}",
    "\u{2029}",
    "\u{e0041}",
    "\u{1}",
    "\u{1f}",
    "\t",
    "\n",
    "\u{61c}",
    "\u{fff9}",
    "%1b[2J",
    "\\u001b[2J",
    "plain",
    "ä中🦀",
];

fn text(dice: &mut Dice) -> String {
    (0..1 + dice.below(4)).map(|_| *dice.pick(NASTY)).collect()
}

/// A string of the language with that value.
pub fn literal(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '$' => out.push_str("\\u{24}"),
            c if c.is_control() || !is_plain(c) => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            c => out.push(c),
        }
    }
    out + "\""
}

/// The text without cnx's own colours (`ESC [ numbers m`).
fn without_colours(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut out = parts.next().unwrap_or("").to_owned();
    for part in parts {
        match part.split_once('m') {
            Some((numbers, rest)) if numbers.bytes().all(|byte| byte.is_ascii_digit() || byte == b';') => {
                out.push_str(rest)
            }
            _ => {
                out.push_str("\u{1b}[");
                out.push_str(part);
            }
        }
    }
    out
}

/// Runs and looks at every character; what it said.
pub fn check(what: &str, mut command: Command) -> String {
    let colours = !command.get_args().any(|argument| argument == "--json");
    let output = command.output().expect("cnx runs");
    let mut all = String::new();
    for stream in [&output.stdout, &output.stderr] {
        let said = String::from_utf8(stream.clone()).expect("text");
        let seen = if colours { without_colours(&said) } else { said.clone() };
        let bad: Vec<char> = seen.chars().filter(|c| *c != '\n' && !is_plain(*c)).collect();
        assert!(bad.is_empty(), "{what}: {command:?}: {bad:?}\n{said:?}");
        all.push_str(&said);
    }
    assert!(!all.contains("cnx is broken"), "{what}: {all}");
    all
}

const SHOWING: &[&[&str]] = &[
    &["plan", "--color", "always"],
    &["plan", "--json"],
    &["plan", "-o", "saved.json", "-v"],
    &["show", "saved.json"],
    &["apply", "--yes", "--color", "always"],
    &["apply", "--yes", "--json", "--replace", "*"],
    &["show", "--color", "always"],
    &["output"],
    &["output", "--json"],
    &["state", "list"],
    &["state", "show", "*", "--json"],
    &["destroy", "--yes", "-v"],
];

/// Every text in an answer that is no identity becomes a nasty one.
fn spoil(value: &mut Value, dice: &mut Dice) {
    match value {
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                let keeps =
                    ["id", "job_id", "next_cursor", "next_page", "status", "type", "code"].contains(&name.as_str());
                if !keeps || dice.below(8) == 0 && name == "code" {
                    spoil(member, dice);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| spoil(item, dice)),
        Value::String(said) if dice.below(2) == 0 => *said = text(dice),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn spoiled(seed: u64, heard: &Heard, response: &Response) -> Vec<u8> {
    let mut dice = Dice(seed.wrapping_add(heard.target.len() as u64));
    if heard.target.contains("/account") {
        return pass(response);
    }
    if heard.method == "GET" && dice.below(3) > 0 {
        return changed(response, |value| spoil(value, &mut dice));
    }
    if dice.below(4) == 0 {
        let said = text(&mut dice);
        let body = json!({"error": {"code": said, "message": text(&mut dice), "details": {"fields": [{"field": text(&mut dice), "reason": said}]}, "request_id": text(&mut dice)}});
        return answer(409, &[], body.to_string().as_bytes());
    }
    changed(response, |value| spoil(value, &mut dice))
}

fn hostile_program(dice: &mut Dice) -> String {
    let mut word = || literal(&text(dice));
    format!(
        "server web {{\n  name   = {}\n  plan   = \"standard-8\"\n  image  = \"ubuntu-22.04\"\n  region = \"us-east-1\"\n}}\n\
         compute_instance jump for key in [{}, {}] {{\n  name   = {}\n  type   = \"standard-2x4\"\n  image  = \"ubuntu-22.04-lts\"\n  \
         region = \"us-east-1\"\n  tags   = {{ owner = {}, {} = {} }}\n}}\noutput said = {}\n",
        word(),
        word(),
        word(),
        word(),
        word(),
        word(),
        word(),
        word()
    )
}

#[test]
fn nothing_from_programs_and_answers_reaches_the_terminal_raw() {
    for seed in 0..24_u64 {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let program = hostile_program(&mut dice);
        let cloud = Cloud::new(quick(Vec::new()), move |heard, response| {
            if seed % 2 == 0 { pass(&response) } else { spoiled(seed, heard, &response) }
        });
        let project = project(&cloud, &program);
        for arguments in SHOWING {
            check(&format!("seed {seed}"), far(&project, arguments));
        }
    }
}

#[test]
fn a_refusal_reaches_the_terminal_as_text() {
    for (seed, nasty) in NASTY.iter().enumerate() {
        let said = Arc::new((*nasty).to_owned());
        let cloud = Cloud::new(quick(Vec::new()), {
            let said = Arc::clone(&said);
            move |heard, response| {
                if heard.method == "GET" && seed % 2 == 0 {
                    return pass(&response);
                }
                let body = json!({"error": {"code": *said, "message": format!("no {said}"), "details": {"fields": [{"field": *said, "reason": *said}], "suggested_alternatives": [*said]}, "request_id": *said}});
                answer(if seed % 4 < 2 { 400 } else { 409 }, &[], body.to_string().as_bytes())
            }
        });
        let project = project(&cloud, super::programs::SERVER);
        for arguments in [&["apply", "--yes", "--color", "always"][..], &["apply", "--yes", "--json"]] {
            check(nasty, far(&project, arguments));
        }
    }
}

#[test]
fn broken_programs_and_odd_file_names_are_told_as_text() {
    for (number, nasty) in NASTY.iter().enumerate() {
        let project = Project::new(&[]);
        let name = format!("a{}.cnx", nasty.replace(['/', '\0'], ""));
        project.write(
            &name,
            &format!("server {nasty} {{ name = {nasty} }}\nlet x{number} = \"{nasty}\" + 1\n# {nasty}\n"),
        );
        project.write(
            "second.cnx",
            &format!("output a = file({})\nserver b {{ name = unknown.{} }}\n", literal(nasty), "x"),
        );
        for arguments in [
            &["check", "--color", "always"][..],
            &["check", "--json"],
            &["plan"],
            &["fmt", "--check"],
            &["fmt", "--diff", "--color", "always"],
        ] {
            check(nasty, project.command(arguments));
        }
    }
}

#[test]
fn arguments_and_variables_are_told_as_text() {
    let project = Project::new(&[("main.cnx", "param size: int = 1\noutput size = size\n")]);
    // Several at once: each argument is told whole.
    for nasty in NASTY.chunks(9).map(<[&str]>::concat) {
        // No argument and no variable of a process can hold that.
        let nasty = nasty.replace('\0', "");
        let nasty = nasty.as_str();
        let assigned = format!("{nasty}={nasty}");
        let dashed = format!("--{nasty}");
        for arguments in [
            &[nasty][..],
            &["plan", nasty],
            &["plan", &dashed],
            &["plan", "-e", nasty],
            &["plan", "-p", &assigned],
            &["plan", "-p", nasty],
            &["plan", "--params", nasty],
            &["plan", "--target", nasty],
            &["show", nasty],
            &["apply", nasty],
            &["output", nasty],
            &["state", "show", nasty],
            &["state", "list", nasty],
            &["run", nasty],
            &["fmt", nasty],
            &["init", nasty],
            &["-C", nasty, "plan"],
            &["apply", "--lock-timeout", nasty],
            &["apply", "--approve", nasty],
            &["completions", nasty],
            &["plan", "--refresh", nasty],
        ] {
            check(nasty, project.command(arguments));
        }
        let mut command = project.command(&["plan"]);
        command.env("CNX_PARAM_SIZE", nasty).env("USER", nasty).env("HOSTNAME", nasty);
        check(nasty, command);
    }
}
