//! A key that no output may hold: every command at its most talkative against a server that sends the key back wherever it
//! can, and every byte that was printed or written looked through in all the forms that a program may have put it in.

use super::listener::{Cloud, Heard, admin, answer, changed, pass, quick};
use super::programs::{SERVER, project};
use crate::support::{Project, holds, root};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use cnx::model::http::Response;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Output;

/// One of CloudNexus's family, and one that no pattern knows and that has to be escaped everywhere.
const CANARIES: [&str; 2] = ["cnx_sk_test_canary7Qm3ZtR8vLk2", "canary/9f\"K+w\\Zt=7Qm3:R8vLk2&x"];

/// Every file below a folder with its bytes.
pub fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry")) {
        let path = entry.path();
        let kind = entry.file_type().expect("a kind");
        if kind.is_dir() {
            found.extend(files(&path));
        } else if kind.is_file() {
            found.push((path.display().to_string(), std::fs::read(&path).expect("readable")));
        }
    }
    found
}

fn run(project: &Project, canary: &str, arguments: &[&str]) -> Output {
    let mut command = project.command(arguments);
    command
        .args(["-e", "far"])
        .env("CLOUDNEXUS_API_KEY", canary)
        .env("RUST_BACKTRACE", "full")
        .env("RUST_LOG", "trace");
    command.output().expect("cnx runs")
}

/// Puts the key of the request wherever an answer has room for a text.
fn echo(heard: &Heard, response: &Response) -> Vec<u8> {
    let key = heard.header("authorization").and_then(|text| text.strip_prefix("Bearer ")).unwrap_or("").to_owned();
    let mut echoed = response.clone();
    echoed.headers.push("X-Echo", key.clone());
    echoed.headers.push("X-Request-Id", format!("req_{key}"));
    let coded = STANDARD_NO_PAD.encode(&key);
    changed(&echoed, |value| {
        let mark = |value: &mut Value| {
            for name in ["ipv4", "root_password", "password", "user_data"] {
                value[name] = json!(format!("{name} {key} {coded}"));
            }
        };
        match &mut value["data"] {
            Value::Array(items) => items.iter_mut().for_each(mark),
            data @ Value::Object(_) => mark(data),
            _ => {}
        }
        if let Some(error) = value.get_mut("error").and_then(Value::as_object_mut) {
            error.insert("message".to_owned(), json!(format!("no, {key} ({coded}) may not")));
            error.insert("details".to_owned(), json!({"key": key, "header": format!("Bearer {key}")}));
            error.insert("request_id".to_owned(), json!(key));
        }
    })
}

/// Commands in an order in which each has something to do; all are run whatever they answer.
const COMMANDS: &[&[&str]] = &[
    &["check"],
    &["plan"],
    &["plan", "-o", "plan.json"],
    &["show", "plan.json"],
    &["apply", "plan.json"],
    &["apply", "--yes", "--verify"],
    &["show"],
    &["output"],
    &["state", "list"],
    &["state", "show", "server.web"],
    &["run", "server.web", "reboot", "--yes"],
    &["run", "server.web", "nonsense", "--yes"],
    &["env", "list"],
    &["emulator", "requests"],
    &["fmt", "--diff"],
    &["plan", "--nonsense"],
    &["version"],
    &["destroy", "--yes"],
];

fn check(project: &Project, canary: &str, arguments: &[&str]) {
    for talkative in [&["-v", "--trace", "trace.jsonl"][..], &["-v", "--json"]] {
        let arguments = [arguments, talkative].concat();
        let output = run(project, canary, &arguments);
        for (stream, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
            assert!(!holds(bytes, canary), "cnx {}: {stream}: {}", arguments.join(" "), String::from_utf8_lossy(bytes));
        }
    }
}

fn check_files(project: &Project, canary: &str) {
    let written = files(project.path());
    assert!(written.iter().any(|(name, _)| name.ends_with(".db")), "no state was written");
    for (name, bytes) in written {
        assert!(!holds(&bytes, canary), "{name}");
    }
}

/// Commands that are not in the table, as the help tells them: each is run without more.
fn further(project: &Project) -> Vec<String> {
    let help = project.ok(&["--help"]).stdout;
    let commands = help.split("Commands:\n").nth(1).expect("commands").split("\n\n").next().expect("their end");
    let names = commands.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next()).map(str::to_owned);
    names.filter(|name| !COMMANDS.iter().any(|arguments| arguments[0] == name)).collect()
}

#[test]
fn the_key_is_in_no_output_and_in_no_file() {
    for canary in CANARIES {
        let cloud = Cloud::new(quick(vec![admin(canary)]), |heard, response| echo(heard, &response));
        let project = project(&cloud, &format!("{SERVER}output address = server.web.ipv4\n"));
        COMMANDS.iter().for_each(|arguments| check(&project, canary, arguments));
        further(&project).iter().for_each(|name| check(&project, canary, &[name]));
        check_files(&project, canary);
        assert!(cloud.heard().iter().all(|heard| heard.header("authorization") == Some(&format!("Bearer {canary}"))));
        assert!(cloud.writes().iter().any(|heard| heard.method == "DELETE"), "the commands did their work");
    }
}

/// Answers with the key in them that are errors of every form.
fn refusals(heard: &Heard) -> Vec<Vec<u8>> {
    let key = heard.header("authorization").unwrap_or("").to_owned();
    let bodies = [
        json!({"error": {"code": key, "message": key, "details": {"fields": [{"field": key, "reason": key}]}, "request_id": key}}),
        json!({"title": key, "detail": key, "errors": [{"field": key, "reason": key}]}),
        json!({"message": key}),
        json!({"error": key}),
        json!({"data": key}),
    ];
    let mut answers = Vec::new();
    for status in [200, 302, 400, 401, 403, 404, 409, 429] {
        for body in &bodies {
            let headers = [("x-request-id", key.as_str()), ("retry-after", "9999"), ("location", key.as_str())];
            answers.push(answer(status, &headers, body.to_string().as_bytes()));
        }
        answers.push(answer(status, &[("retry-after", "9999"), ("content-type", "text/plain")], key.as_bytes()));
        answers.push(format!("HTTP/1.1 {status} {key}\r\n{key}: {key}\r\n\r\n{key}").into_bytes());
    }
    answers
}

#[test]
fn no_error_of_the_api_tells_the_key() {
    let count = refusals(&Heard::default()).len();
    // Nearly all of the time goes by in waiting between tries, so all wait at once. Each refusal has one of the keys: both meet
    // every status, every form and both commands.
    std::thread::scope(|scope| {
        for number in 0..count {
            scope.spawn(move || check_refusal(CANARIES[number / 2 % 2], number));
        }
    });
}

fn check_refusal(canary: &str, number: usize) {
    let cloud = Cloud::new(quick(vec![admin(canary)]), move |heard, response| {
        // Reading the account still works for half of them, so that the next request is met too.
        let meets = heard.target != "/v1/account" || number.is_multiple_of(2);
        if meets { refusals(heard).remove(number) } else { pass(&response) }
    });
    let project = project(&cloud, SERVER);
    let traced = ["plan", "-v", "--adopt", "exact", "--trace", "trace.jsonl"];
    let arguments = [&traced[..], &["apply", "--yes", "--json", "--trace", "trace.jsonl"]][number % 2];
    let output = run(&project, canary, arguments);
    let all = [output.stdout, output.stderr].concat();
    assert!(!holds(&all, canary), "{number}: {}", String::from_utf8_lossy(&all));
    let trace = std::fs::read_to_string(project.path().join("trace.jsonl")).expect("a trace");
    assert!(trace.lines().all(|line| line.starts_with("{\"format\":\"cnx-trace\"")) && !trace.is_empty(), "{trace}");
    for (name, bytes) in files(project.path()) {
        assert!(!holds(&bytes, canary), "{number}: {name}");
    }
}

#[test]
fn the_emulator_writes_no_key_down() {
    use crate::kill::process::Emulator;
    for canary in CANARIES {
        let folder = tempfile::tempdir().expect("a folder");
        let emulator = Emulator::start(folder.path(), &[]);
        let fault = json!({"effect": {"status": {"status": 500}}, "match": {"path": "/v1/nothing", "key": canary}});
        emulator.control("POST", "faults", &fault.to_string());
        let far = super::programs::at(&emulator.url("compute"), &emulator.url("sandbox"), SERVER);
        let output = run(&far, canary, &["plan", "-v"]);
        assert_eq!(output.status.code(), Some(1), "the key is unknown there");
        let log = emulator.control("GET", "requests", "").to_string();
        assert!(!holds(log.as_bytes(), canary), "{log}");
        let shown = emulator.control("GET", "faults", "").to_string();
        assert!(!holds(shown.as_bytes(), canary), "{shown}");
        let said = emulator.stop();
        assert!(!holds(said.as_bytes(), canary), "{said}");
        for (name, bytes) in files(folder.path()) {
            assert!(!holds(&bytes, canary), "{name}");
        }
    }
}

#[test]
fn what_the_catalog_does_not_know_is_kept_nowhere() {
    const SECRET: &str = "hunter2-of-the-root-user";
    let cloud = Cloud::new(quick(Vec::new()), |_, response| changed(&response, |value| add_secrets(value, SECRET)));
    let program = format!("{SERVER}data regions all {{}}\noutput address = server.web.ipv4\n");
    let project = project(&cloud, &program);
    for arguments in [
        &["plan", "-o", "plan.json", "-v"][..],
        &["apply", "--yes", "-v"],
        &["apply", "--yes", "--json"],
        &["plan", "--json"],
        &["show", "--json"],
        &["output", "--json"],
        &["state", "show", "server.web", "--json"],
        &["destroy", "--yes", "-v"],
    ] {
        let output = super::programs::run(&project, arguments);
        assert!(!output.all().contains(SECRET), "cnx {}\n{}", arguments.join(" "), output.all());
    }
    for (name, bytes) in files(project.path()) {
        assert!(!holds(&bytes, SECRET), "{name}");
    }
    assert!(!cloud.writes().is_empty(), "the commands did their work");
}

/// `root_password` and the like in every object of an answer, at every depth.
fn add_secrets(value: &mut Value, secret: &str) {
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(|member| add_secrets(member, secret));
            // The keys of a map of tags are the user's own: what is added there is shown as drift.
            for name in ["root_password", "initial_credentials", "private_key"] {
                members.insert(name.to_owned(), json!(secret));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| add_secrets(item, secret)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn nothing_in_the_source_prints_a_key() {
    let text = std::fs::read_to_string(root().join("src/world/secret.rs")).expect("the file");
    for derived in ["Serialize", "Display", "derive(Debug"] {
        assert!(!text.contains(derived), "a key has {derived}");
    }
}
