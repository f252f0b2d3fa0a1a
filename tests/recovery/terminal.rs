//! The question of an unclear create at a real terminal, in the run in which it arises: what is asked, what is understood,
//! and that it can be left.
#![cfg(unix)]

use super::questions::unanswerable;
use crate::kill::world::{Cloud, KEY, cnx, run};
use crate::support::Project;
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What a person waits to read, and types then.
pub type Dialogue<'d> = &'d [(&'d str, &'d str)];

/// Runs in a terminal of its own; exit code and everything that was shown.
fn at_a_terminal(project: &Project, arguments: &[&str], dialogue: Dialogue<'_>) -> (Option<i32>, String) {
    thinking_at_a_terminal(project, arguments, dialogue, || {})
}

/// The same, while something else happens before each answer.
pub fn thinking_at_a_terminal(
    project: &Project,
    arguments: &[&str],
    dialogue: Dialogue<'_>,
    meanwhile: impl Fn(),
) -> (Option<i32>, String) {
    let inner = cnx(project, arguments);
    let words: Vec<String> = std::iter::once(inner.get_program())
        .chain(inner.get_args())
        .map(|word| {
            let word = word.to_str().expect("text");
            assert!(!word.contains('\''), "{word}");
            format!("'{word}'")
        })
        .collect();
    let mut command = Command::new("script");
    command.args(["-q", "-e", "-c", &words.join(" "), "/dev/null"]).current_dir(project.path()).env_clear();
    command
        .envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .env("SHELL", "/bin/sh")
        .env("TERM", "xterm");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("script runs (util-linux)");
    let (mut typed, mut out) = (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
    let shown = Arc::new(Mutex::new(String::new()));
    let reader = std::thread::spawn({
        let shown = Arc::clone(&shown);
        move || {
            let mut bytes = [0; 4096];
            while let Ok(length @ 1..) = out.read(&mut bytes) {
                shown.lock().expect("unbroken").push_str(&String::from_utf8_lossy(&bytes[..length]));
            }
        }
    });
    let mut read = 0;
    for (waited, said) in dialogue {
        let began = Instant::now();
        loop {
            let text = shown.lock().expect("unbroken").clone();
            if let Some(at) = text.get(read..).and_then(|rest| rest.find(waited)) {
                read += at + waited.len();
                break;
            }
            assert!(began.elapsed() < Duration::from_secs(60), "{waited:?} was never shown:\n{text}");
            std::thread::sleep(Duration::from_millis(10));
        }
        meanwhile();
        typed.write_all(said.as_bytes()).expect("typed");
    }
    let code = child.wait().expect("an end").code();
    reader.join().expect("no panic");
    drop(typed);
    let text = shown.lock().expect("unbroken").clone();
    (code, text)
}

const ASKS: &str = "What did the create of server.web make? (";

#[test]
fn a_question_is_answered_in_the_run_in_which_it_arises() {
    let cloud = Cloud::new();
    let project = unanswerable(&cloud);
    let dialogue = [(ASKS, "7\n"), ("There is no 7", ""), (ASKS, "\n"), (ASKS, "yes\n")];
    let (code, shown) = at_a_terminal(&project, &["apply", "--yes"], &dialogue);
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("may have made this:") && shown.contains("asked for"), "{shown}");
    assert!(!shown.contains(KEY), "{shown}");
    assert_eq!(cloud.objects(), ["srv_web"]);
    run(&project, &["state", "list"]).says("adopted by a guess, not confirmed");
}

#[test]
fn an_answer_of_none_makes_it_anew_and_a_number_chooses() {
    let cloud = Cloud::new();
    let project = unanswerable(&cloud);
    let (code, shown) = at_a_terminal(&project, &["apply", "--yes"], &[(ASKS, "none\n")]);
    // It was made; whoever says otherwise gets another one, by the same run or by the next.
    assert!(matches!(code, Some(0 | 1 | 3)), "{shown}");
    let again = run(&project, &["apply", "--yes"]);
    assert_eq!(again.code, 0, "{}", again.all());
    assert_eq!(cloud.objects(), ["srv_web", "srv_web"], "as was said");

    cloud.reset();
    let project = unanswerable(&cloud);
    let (code, shown) = at_a_terminal(&project, &["apply", "--yes"], &[(ASKS, "1\n")]);
    assert_eq!(code, Some(0), "{shown}");
    assert_eq!(cloud.objects(), ["srv_web"]);
}

#[test]
fn a_question_can_be_left_for_later() {
    for (said, codes) in [("later\n", [3, 3]), ("\u{4}", [3, 3]), ("\u{3}", [130, 130]), ("nonsense\n", [3, 3])] {
        let cloud = Cloud::new();
        let project = unanswerable(&cloud);
        let began = Instant::now();
        let dialogue = [(ASKS, said), (ASKS, "later\n")];
        let rounds = if said == "nonsense\n" { 2 } else { 1 };
        let (code, shown) = at_a_terminal(&project, &["apply", "--yes"], &dialogue[..rounds]);
        assert!(code.is_some_and(|code| codes.contains(&code)), "{said:?}: {code:?}\n{shown}");
        assert!(began.elapsed() < Duration::from_secs(60), "{said:?}");
        assert_eq!(cloud.objects(), ["srv_web"], "{said:?}: nothing more was made");
        let open = run(&project, &["state", "list"]);
        open.says("Open: the create of server.web");
        let (code, shown) = at_a_terminal(&project, &["recover"], &[(ASKS, "yes\n")]);
        assert_eq!(code, Some(0), "{said:?}: {shown}");
    }
}
