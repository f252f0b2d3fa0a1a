//! What jobs prove of a create that got no answer: one that tells what it is and when it began, one that tells neither, and
//! two of which each could be the create's.

use crate::ledger::stage::{Stage, replace, server};
use cnx::model::Address;
use cnx::state::{JournalEntry, Snapshot, Store};
use serde_json::{Value, json};

/// A create that was carried out and not answered, with the list of jobs changed; the state after the run.
fn unanswered(change: impl Fn(&mut Vec<Value>) + Send + 'static) -> (Stage, Snapshot) {
    let stage = Stage::new();
    stage.settle(&server("first"));
    stage.fault(json!({"effect": "reset_after", "match": {"method": "POST"}, "times": 1}));
    stage.tamper(move |request, answer| {
        if request.target.split('?').next() == Some("/v1/jobs") {
            let body: Value = serde_json::from_slice(&answer.body).expect("JSON");
            let mut jobs = body["data"].as_array().expect("a list").clone();
            assert!(jobs.iter().all(|job| job["type"].is_string() && job["created_at"].is_string()), "{jobs:?}");
            change(&mut jobs);
            replace(answer, 200, &json!({"data": jobs}));
        }
    });
    stage.apply(&format!("{}{}", server("first"), server("web")));
    assert_eq!(stage.asked("POST", "/servers").len(), 2, "one for each");
    let snapshot = stage.snapshot();
    (stage, snapshot)
}

/// By which rule the second server was adopted, and whether it is quarantined; `None` where a person is asked.
fn rule(change: impl Fn(&mut Vec<Value>) + Send + 'static) -> Option<(String, bool)> {
    let (stage, snapshot) = unanswered(change);
    let web = Address::managed("server", "web", None);
    let Some(record) = snapshot.records.get(&web) else {
        let open = snapshot.open.values().next().expect("an open create");
        assert!(open.asked && open.candidates.len() == 1, "{open:?}");
        return None;
    };
    let history = stage.world.store.history(usize::MAX).expect("a history");
    let adopted = history.into_iter().find_map(|row| match row.entry {
        JournalEntry::Adopted { rule, .. } => Some(rule),
        _ => None,
    });
    Some((adopted.expect("an adoption"), record.quarantine.is_some()))
}

fn sure() -> Option<(String, bool)> {
    Some(("job".to_owned(), false))
}

fn without(names: &'static [&'static str]) -> impl Fn(&mut Vec<Value>) + Send + 'static {
    move |jobs| {
        for job in jobs.iter_mut().filter_map(Value::as_object_mut) {
            names.iter().for_each(|name| drop(job.remove(*name)));
        }
    }
}

#[test]
fn a_job_that_tells_not_all_is_a_guess_until_somebody_confirms_it() {
    assert_eq!(rule(|_| {}), sure(), "what it is and when it began");
    let guess = Some(("vague job".to_owned(), true));
    assert_eq!(rule(without(&["type"])), guess);
    assert_eq!(rule(without(&["created_at"])), guess);
    assert_eq!(rule(without(&["type", "created_at"])), guess);
    assert_eq!(rule(|jobs| jobs.iter_mut().for_each(|job| job["created_at"] = json!("yesterday"))), guess);
    // A guess needs two lists that agree.
    let (stage, snapshot) = unanswered(without(&["type", "created_at"]));
    let lists =
        stage.log().iter().rev().take_while(|entry| entry.method != "POST").filter(|entry| is_list(entry)).count();
    assert!(lists >= 2, "{lists} lists");
    // It is looked at and left alone until then.
    let web = Address::managed("server", "web", None);
    let why = snapshot.records[&web].quarantine.clone().expect("quarantined");
    assert!(why.contains("does not tell when and what it was"), "{why}");
    // No job at all proves nothing.
    assert_eq!(rule(Vec::clear), None);
    assert_eq!(rule(without(&["resource"])), None);
}

fn is_list(entry: &cnx::emulator::LogEntry) -> bool {
    entry.method == "GET" && entry.target.split('?').next() == Some("/v1/servers")
}

/// The newest job again, changed.
fn another(job: Value) -> impl Fn(&mut Vec<Value>) + Send + 'static {
    move |jobs| {
        let own =
            jobs.iter().max_by_key(|job| job["created_at"].as_str().unwrap_or("").to_owned()).expect("a job").clone();
        let mut twin = own;
        for (name, value) in job.as_object().expect("members") {
            twin[name] = value.clone();
        }
        jobs.push(twin);
    }
}

#[test]
fn two_jobs_that_each_could_be_the_creates_are_a_question() {
    let of = |id: &str| json!({"type": "server", "id": id});
    // Nobody knows what the other one makes, or made: the object in the list may be a stranger's.
    for job in [
        json!({"id": "job_other", "resource": null}),
        json!({"id": "job_other", "resource": null, "status": "running"}),
        json!({"id": "job_other", "resource": null, "status": "failed"}),
        json!({"id": "job_other", "resource": of("srv_not_listed")}),
    ] {
        assert_eq!(rule(another(job.clone())), None, "{job}");
        let vague = move |jobs: &mut Vec<Value>| {
            another(job.clone())(jobs);
            without(&["created_at"])(jobs);
        };
        assert_eq!(rule(vague), None, "told less, it proves no more");
    }
    // Jobs of other work, of another time, of another kind of object, and one told twice, are no rivals.
    for job in [
        json!({"id": "job_other", "resource": null, "type": "server.resize"}),
        json!({"id": "job_other", "resource": null, "type": "database.create"}),
        json!({"id": "job_other", "resource": null, "created_at": "2020-01-01T00:00:00Z"}),
        json!({"id": "job_other", "resource": {"type": "database", "id": "db_1"}}),
        json!({"id": "job_other"}),
    ] {
        assert_eq!(rule(another(job.clone())), sure(), "{job}");
    }
}

#[test]
fn a_rival_job_is_waited_for_through_the_window() {
    let (stage, _) = unanswered(another(json!({"id": "job_other", "resource": null, "status": "running"})));
    assert!(stage.elapsed() >= 120, "asked after {} s", stage.elapsed());
    // What it makes shows itself within the window, and is something else.
    let mut seen = 0;
    let (stage, snapshot) = {
        let stage = Stage::new();
        stage.fault(json!({"effect": "reset_after", "match": {"method": "POST"}, "times": 1}));
        stage.tamper(move |request, answer| {
            if request.target.split('?').next() != Some("/v1/jobs") {
                return;
            }
            seen += 1;
            let body: Value = serde_json::from_slice(&answer.body).expect("JSON");
            let mut jobs = body["data"].as_array().expect("a list").clone();
            let other = if seen < 3 { json!(null) } else { json!({"type": "database", "id": "db_1"}) };
            another(json!({"id": "job_other", "resource": other}))(&mut jobs);
            replace(answer, 200, &json!({"data": jobs}));
        });
        stage.apply(&server("web"));
        let snapshot = stage.snapshot();
        (stage, snapshot)
    };
    assert_eq!((snapshot.open.len(), snapshot.records.len()), (0, 1), "adopted");
    assert!(stage.elapsed() < 120, "after {} s", stage.elapsed());
}
