//! Runs whose n-th request is lost, cut, refused or ends the emulator with it.

use super::sweep::{points, sweep};
use super::world::{Cloud, run};
use serde_json::{Value, json};

/// Each does something else to the answer; what was asked for is done or not.
fn effects() -> Vec<Value> {
    vec![
        json!("reset_before"),
        json!("reset_after"),
        json!("exit_after_commit"),
        json!({"truncate": {"bytes": 10}}),
        json!({"status": {"status": 500, "executed": true}}),
        json!({"status": {"status": 503}}),
        json!({"http_502_html": {"executed": true}}),
        json!("redirect_foreign"),
        json!("bad_json"),
        json!("no_job_id"),
    ]
}

#[test]
fn whatever_becomes_of_any_request_nothing_is_lost_or_made_twice() {
    let cloud = Cloud::new();
    super::sweep::undisturbed(&cloud);
    let requests = cloud.requests().len();
    assert!(requests > 5);
    let effects = effects();
    let all = requests * effects.len();
    sweep("the n-th request under every fault", &points(0, all - 1, 22), |cloud, project, point| {
        let (effect, nth) = (&effects[point / requests], point % requests + 1);
        let fault = json!({"effect": effect, "match": {"nth": nth}, "times": 1});
        cloud.emulator.control("POST", "faults", &fault.to_string());
        let struck = run(project, &["apply", "--yes"]);
        let happened = cloud.has_struck();
        let open = struck.code == 0 && struck.stderr.contains(" open");
        assert!([0, 1, 3, 5].contains(&struck.code) && !open, "{effect} at {nth}: {}", struck.all());
        happened
    });
}

#[test]
fn a_process_that_is_killed_while_any_answer_is_out_is_taken_up() {
    let cloud = Cloud::new();
    super::sweep::undisturbed(&cloud);
    let requests = cloud.requests().len();
    sweep("SIGKILL while the n-th answer is held back", &points(1, requests, 20), |cloud, project, nth| {
        cloud.kill_at_answer(project, &["apply", "--yes"], nth)
    });
}
