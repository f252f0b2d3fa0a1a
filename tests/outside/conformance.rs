//! The document conformance suite of contract.md 4.10 over HTTP: `conformance.json` holds its rows as steps, this file
//! carries them out, in every profile that has the route.
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cnx::emulator::{ClockMode, Config, Fixtures, Profile};
use serde::Deserialize;
use serde_json::Value;

use super::served::{SURFACES, Served, exchange, serve};

/// A row of the table, named by its first column.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    row: String,
    /// Absent: all three.
    profiles: Option<Vec<Profile>>,
    steps: Vec<Step>,
    /// Where there is no step.
    #[serde(default)]
    why: String,
}

/// A request and what is expected of its answer, or a passing of virtual time.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Step {
    profiles: Option<Vec<Profile>>,
    /// Virtual seconds that pass.
    advance: Option<u64>,
    /// `SURFACE METHOD TARGET`; `{name}` is what an earlier step kept.
    send: Option<String>,
    /// `SURFACE ID`: the job is read every virtual second until it has ended.
    job: Option<String>,
    /// Least and most virtual seconds that the job takes.
    after_seconds: Option<(u64, u64)>,
    /// Absent: the surface's own.
    key: Option<String>,
    body: Option<Value>,
    raw: Option<String>,
    /// Sends it so often, within one rate-limit window.
    in_one_window: Option<usize>,
    /// A number, or `2xx`.
    status: Value,
    /// What stands at a pointer.
    is: BTreeMap<String, Value>,
    /// Members that the object at a pointer has, among others.
    holds: BTreeMap<String, BTreeMap<String, Value>>,
    /// The same of each item of the list at a pointer, which is not empty.
    each: BTreeMap<String, BTreeMap<String, Value>>,
    count: BTreeMap<String, usize>,
    types: BTreeMap<String, String>,
    /// Least and most of a header's number.
    header: BTreeMap<String, (i64, i64)>,
    keep: BTreeMap<String, String>,
}

struct Answer {
    status: u16,
    head: String,
    json: Value,
}

impl Answer {
    fn at(&self, pointer: &str) -> &Value {
        self.json.pointer(pointer).unwrap_or(&Value::Null)
    }

    fn header(&self, wanted: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value)
    }

    fn number(&self, header: &str) -> Option<i64> {
        self.header(header).and_then(|text| text.parse().ok())
    }
}

fn rows() -> Vec<Row> {
    serde_json::from_str(include_str!("conformance.json")).expect("rows")
}

fn has(profiles: Option<&Vec<Profile>>, profile: Profile) -> bool {
    profiles.is_none_or(|profiles| profiles.contains(&profile))
}

fn send(served: &Served, step: &Step, line: &str) -> Answer {
    let mut parts = line.splitn(3, ' ');
    let mut part = || parts.next().expect("SURFACE METHOD TARGET");
    let (surface, method, target) = (part(), part(), part());
    let usual = SURFACES.iter().find(|(name, _)| *name == surface).map_or("", |(_, key)| key);
    let key = step.key.as_deref().unwrap_or(usual);
    let body = step.raw.clone().or_else(|| step.body.as_ref().map(Value::to_string)).unwrap_or_default();
    let (status, head, json) = exchange(served.port(surface), key, method, target, &body).expect("an answer");
    let answer = Answer { status, head, json };
    if surface == "c" {
        assert!(answer.header("X-RateLimit-Limit").is_none(), "{line}: C does not tell its limit");
    } else {
        // The row "P every response above".
        let numbers =
            ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"].map(|name| answer.number(name));
        assert!(numbers.iter().all(Option::is_some), "{line}: {}", answer.head);
        assert_eq!(numbers[2].map(|reset| reset % 60), Some(0), "{line}: {}", answer.head);
    }
    answer
}

fn advance(served: &Served, seconds: u64) {
    let body = format!(r#"{{"seconds": {seconds}}}"#);
    assert_eq!(served.send("control", "POST", "/__emulator/clock/advance", &body).0, 200);
}

/// Waits until a minute has enough left of it for what is to come.
fn early_in_a_window() {
    loop {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
        if since_epoch.as_secs() % 60 < 45 {
            return;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Reads a job every virtual second until it has ended.
fn finish(served: &Served, step: &Step, line: &str) -> Option<Answer> {
    let (surface, id) = line.split_once(' ').expect("SURFACE ID");
    for seconds in 0..600 {
        let answer = send(served, step, &format!("{surface} GET /v1/jobs/{id}"));
        let status = answer.at("/data/status").as_str().expect("a status");
        if ["succeeded", "failed", "canceled"].contains(&status) {
            let (least, most) = step.after_seconds.expect("bounds");
            assert!((least..=most).contains(&seconds), "{line} took {seconds} virtual seconds");
            return Some(answer);
        }
        advance(served, 1);
    }
    None
}

fn carry_out(served: &Served, step: &Step, kept: &mut BTreeMap<String, String>) {
    if let Some(seconds) = step.advance {
        return advance(served, seconds);
    }
    let fill = |line: &String| {
        kept.iter().fold(line.clone(), |line, (name, value)| line.replace(&format!("{{{name}}}"), value))
    };
    let answer = if let Some(line) = &step.job {
        finish(served, step, &fill(line)).expect("a job that ends")
    } else {
        let line = fill(step.send.as_ref().expect("a step sends, reads a job or advances"));
        if step.in_one_window.is_some() {
            early_in_a_window();
        }
        let mut answer = send(served, step, &line);
        for _ in 1..step.in_one_window.unwrap_or(1) {
            expect(step, &answer);
            answer = send(served, step, &line);
        }
        answer
    };
    expect(step, &answer);
    for (name, pointer) in &step.keep {
        kept.insert(name.clone(), answer.at(pointer).as_str().expect("a text").to_owned());
    }
}

fn expect(step: &Step, answer: &Answer) {
    let told = format!("{:?} {:?}: {} {}", step.send, step.job, answer.status, answer.json);
    match &step.status {
        Value::Null => {}
        Value::String(class) => assert_eq!(class, &format!("{}xx", answer.status / 100), "{told}"),
        status => assert_eq!(status, answer.status, "{told}"),
    }
    for (pointer, value) in &step.is {
        assert_eq!(answer.at(pointer), value, "{pointer} of {told}");
    }
    for (pointer, members) in &step.holds {
        members.iter().for_each(|(name, value)| assert_eq!(&answer.at(pointer)[name], value, "{name} of {told}"));
    }
    for (pointer, members) in &step.each {
        let items = answer.at(pointer).as_array().expect("a list");
        assert!(!items.is_empty(), "{told}");
        for item in items {
            members.iter().for_each(|(name, value)| assert_eq!(&item[name], value, "{name} of {told}"));
        }
    }
    for (pointer, count) in &step.count {
        assert_eq!(answer.at(pointer).as_array().map(Vec::len), Some(*count), "{pointer} of {told}");
    }
    for (pointer, kind) in &step.types {
        let value = answer.at(pointer);
        let fits = if kind == "string" { value.is_string() } else { value.is_object() };
        assert!(fits, "{pointer} is no {kind}: {told}");
    }
    for (name, (least, most)) in &step.header {
        let number = answer.number(name);
        assert!(number.is_some_and(|number| (*least..=*most).contains(&number)), "{name}: {}", answer.head);
    }
}

#[test]
fn the_suite_has_every_row_of_the_contract_and_no_other() {
    let contract = std::fs::read_to_string(super::root().join("docs/api/contract.md")).expect("the contract");
    let table = contract.split("## 4.10").nth(1).expect("4.10").split("\n---").next().expect("its end");
    let lines = table.lines().filter(|line| line.starts_with("| ")).skip(1);
    let expected: Vec<&str> = lines.map(|line| line[2..].split(" | ").next().expect("a column")).collect();
    let rows = rows();
    assert_eq!(rows.iter().map(|row| row.row.as_str()).collect::<Vec<_>>(), expected);
    assert!(rows.iter().all(|row| row.steps.is_empty() != row.why.is_empty()), "a row has steps, or says why not");
}

#[test]
fn every_row_holds_in_every_profile_that_has_the_route() {
    let rows = rows();
    std::thread::scope(|scope| {
        for profile in [Profile::Full, Profile::Documented, Profile::DocumentedNojobs] {
            let rows = &rows;
            scope.spawn(move || {
                let config =
                    Config { profile, fixtures: Fixtures::Documented, clock: ClockMode::Manual, ..Config::default() };
                let served = serve(config);
                for row in rows.iter().filter(|row| has(row.profiles.as_ref(), profile)) {
                    // The world and the budgets begin anew.
                    assert_eq!(served.send("control", "POST", "/__emulator/reset", "").0, 200);
                    let mut kept = BTreeMap::new();
                    for step in row.steps.iter().filter(|step| has(step.profiles.as_ref(), profile)) {
                        carry_out(&served, step, &mut kept);
                    }
                }
            });
        }
    });
}
