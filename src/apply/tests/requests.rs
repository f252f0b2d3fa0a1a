//! What requests carry, and what counts as applied after them.

use super::story::{Says, TRUTH, made, server, tagged, told, world};
use crate::cloud::{ApiError, Call, Job, JobStatus, Outcome, Verb};
use crate::model::{Ident, Value};
use crate::state::{Record, STAMP_STATE, Store};

/// Verb, names of what is sent, and of the marks.
fn shape(call: &Call) -> String {
    let verb = match &call.verb {
        Verb::Update(name) => name.to_string(),
        other => format!("{other:?}"),
    };
    let names: Vec<&str> = call.attributes.keys().map(Ident::as_str).collect();
    let marks: Vec<&str> = call.stamp.keys().map(String::as_str).collect();
    format!("{verb} {} [{}]", names.join(" "), marks.join(" "))
}

fn sent(before: &str, after: &str) -> Vec<String> {
    told(&made(before), after, TRUTH).sent.iter().map(shape).collect()
}

fn database(tier: &str, more: &str) -> String {
    format!(
        "database d {{\n name = \"d\"\n engine = \"postgresql\"\n tier = \"{tier}\"\n region = \"eu-west-2\"\n {more}\n}}\n"
    )
}

fn refused() -> Outcome {
    let (code, message) = ("validation".to_owned(), "no".to_owned());
    Outcome::Rejected(ApiError { status: 400, code, message, ..ApiError::default() })
}

#[test]
fn an_update_carries_what_it_changes() {
    let small = server("standard-8", "");
    let renamed = small.replace("name = \"app\"", "name = \"other\"");
    assert_eq!(sent(&small, &renamed), ["patch name []"]);
    assert_eq!(sent(&small, &server("standard-16", "")), ["resize plan []"]);
    let both = server("standard-16", "").replace("name = \"app\"", "name = \"other\"");
    assert_eq!(sent(&small, &both), ["patch name []", "resize plan []"]);
    assert_eq!(sent(&small, ""), ["Delete  []"]);
    // This one says all that there shall be.
    let (low, high) = ("production-standard", "production-high");
    let scaled = ["scale read_replicas tier []"];
    assert_eq!(sent(&database(low, ""), &database(low, "read_replicas = 1")), scaled);
    assert_eq!(sent(&database(low, ""), &database(high, "")), scaled);
    let window = "maintenance_window = \"2027-02-01T02:00:00Z\"";
    assert_eq!(
        sent(&database(low, window), &database(high, window)),
        ["scale maintenance_window read_replicas tier []"]
    );
    let renamed = database(low, window).replace("name = \"d\"", "name = \"e\"");
    assert_eq!(sent(&database(low, window), &renamed), ["patch name []"]);
}

#[test]
fn tags_are_not_changed_without_their_marks() {
    let retagged = sent(&tagged("a"), &tagged("b"));
    assert!(
        retagged.len() == 1 && retagged[0].starts_with("patch tags [") && retagged[0].contains(STAMP_STATE),
        "{retagged:?}"
    );
    let renamed = tagged("a").replace("name = \"app\"", "name = \"other\"");
    assert_eq!(sent(&tagged("a"), &renamed), ["patch name []"]);
    assert_eq!(sent(&tagged("a"), ""), ["Delete  []"]);
    let world = made(&tagged("a"));
    let next = format!("{}{}", tagged("a"), server("standard-8", ""));
    let made: Vec<String> = told(&world, &next, TRUTH).sent.iter().map(shape).collect();
    assert!(made.len() == 1 && made[0].starts_with("Create ") && made[0].ends_with(" []"), "{made:?}");
}

#[test]
fn what_was_not_reached_does_not_count_as_applied() {
    let says =
        Says { call: |number, said| if number == 0 { said } else { refused() }, lost: |number| number > 0, ..TRUTH };
    let outputs = "output name: string = server.app.name\noutput at: string = server.app.updated_at ?? \"never\"\n";
    let world = made(&format!("{}{outputs}", server("standard-8", "")));
    let both = server("standard-16", "").replace("name = \"app\"", "name = \"other\"");
    let both = format!("{both}{outputs}");
    let ran = told(&world, &both, says).ran;
    assert_eq!((ran.summary.failed, ran.summary.updated), (1, 0), "{:#?}", ran.progress);
    let snapshot = world.store.load().expect("loads");
    let Record { applied, observed, .. } = snapshot.records.into_values().next().expect("a server");
    let of = |name: &str| applied.get(&Ident::new(name)).and_then(Value::as_str).map(str::to_owned);
    assert_eq!([of("name"), of("plan")], [Some("other".to_owned()), Some("standard-8".to_owned())]);
    assert_eq!(of("region").as_deref(), Some("us-east-1"));
    // Outputs tell of it as it is by now.
    let told = |name: &str| snapshot.outputs[&Ident::new(name)].value.clone();
    assert_eq!(told("name"), Value::string("other"));
    assert_eq!(Some(&told("at")), observed.get(&Ident::new("updated_at")));
}

#[test]
fn what_came_to_nothing_is_in_no_output() {
    let failing = Says {
        jobs: |_, jobs| Ok(jobs.into_iter().map(|job| Job { status: JobStatus::Failed, ..job }).collect()),
        ..TRUTH
    };
    let world = world();
    let first = "lifecycle { create_before_destroy = true }";
    let program = format!("{}output id: string = server.app.id\n", server("standard-8", first));
    assert_eq!(told(&world, &program, failing).ran.summary.incomplete, 1);
    let refusing = Says { call: |_, _| refused(), lost: |_| true, ..TRUTH };
    for says in [None, Some(refusing)] {
        let failed = says.map(|says| told(&world, &program, says).ran.summary.failed);
        assert_eq!(failed.unwrap_or(1), 1);
        let snapshot = world.store.load().expect("loads");
        assert_eq!((snapshot.records.len(), snapshot.outputs.len()), (1, 0), "it is there, and is not what was to be");
    }
}

#[test]
fn all_that_is_wanted_counts_as_applied_after_the_last_request() {
    let world = made(&database("production-standard", ""));
    let window = "maintenance_window = \"2025-01-01T02:00:00Z\"";
    assert_eq!(told(&world, &database("production-high", window), TRUTH).ran.summary.updated, 1);
    let applied = world.store.load().expect("loads").records.into_values().next().expect("a database").applied;
    assert_eq!(applied.get(&Ident::new("maintenance_window")), Some(&Value::string("2025-01-01T02:00:00Z")));
}
