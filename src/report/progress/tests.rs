//! One run told in all three forms (`src/report/snapshots/progress_*.snap`).

use super::{Board, Sentences, event, rolled_back, summary};
use crate::apply::{Progress, RolledBack, StepEnd, Summary};
use crate::model::{Address, Ident, JobId, Key, NodeId, RemoteId, Timestamp};
use crate::plan::Action;
use crate::report::Look;
use crate::report::plan::snapshot_settings;
use crate::state::OperationId;
use std::time::Duration;

fn server(key: i64) -> Address {
    Address::managed("server", "web", Some(Key::Int(key)))
}

/// Events with their milliseconds since the run began.
fn run() -> Vec<(u64, Progress)> {
    let started = |key: u32, action, expected| Progress::StepStarted {
        step: NodeId(key),
        address: server(key.into()),
        action,
        expected,
    };
    let ended =
        |key: u32, action, end| Progress::StepEnded { step: NodeId(key), address: server(key.into()), action, end };
    let failed = StepEnd::Failed {
        message: "no capacity\u{1b}[2J in eu-west-2".to_owned(),
        code: "insufficient_resources".to_owned(),
        request_id: "req_1".to_owned(),
        help: "choose another region".to_owned(),
    };
    let summary =
        Summary { created: 1, failed: 1, skipped: 1, open: 1, requests: 14, elapsed: 71_000, ..Summary::default() };
    vec![
        (0, Progress::RunStarted { steps: 4 }),
        (0, Progress::Budget { surface: Ident::new("compute"), remaining: 58, limit: 60 }),
        (10, started(1, Action::Create, 40_000)),
        (20, started(2, Action::Create, 40_000)),
        (30, started(4, Action::Update(vec![Ident::new("resize")]), 0)),
        (900, Progress::Bound { step: NodeId(1), id: RemoteId::new("srv_1") }),
        (1_000, Progress::Job { step: NodeId(1), job: JobId::new("job_1"), progress: 40 }),
        (2_000, Progress::Waiting { step: NodeId(2), why: "the rate limit allows the next request in 3s".to_owned() }),
        (41_000, ended(1, Action::Create, StepEnd::Done)),
        (42_000, ended(2, Action::Create, failed)),
        (42_000, ended(3, Action::Run, StepEnd::Skipped { because: Some(server(2)), why: "it failed".to_owned() })),
        (50_000, Progress::Stopping { in_flight: 1 }),
        (
            70_000,
            ended(
                4,
                Action::Update(vec![Ident::new("resize")]),
                StepEnd::Open { why: "no answer came; the next run takes it up".to_owned() },
            ),
        ),
        (71_000, Progress::RunEnded(summary)),
    ]
}

fn check(name: &str, text: &str) {
    snapshot_settings("../snapshots").bind(|| insta::assert_snapshot!(format!("progress_{name}"), text));
}

#[test]
fn plain_lines() {
    let mut sentences = Sentences::new(Look::default());
    let mut text = String::new();
    for (at, event) in run() {
        if let Some(said) = sentences.on(&event, Duration::from_millis(at)) {
            text.push_str(&format!("{said}\n"));
        }
        if let Progress::RunEnded(end) = &event {
            text.push_str(&format!("{}\n", summary(end, &Look::default())));
        }
    }
    check("lines", &text);
}

#[test]
fn json_lines() {
    let text: String = run().iter().map(|(at, step)| event(step, Timestamp(1_700_000_000_000 + *at as i64))).collect();
    assert!(text.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
    check("json", &text);
}

#[test]
fn the_live_view_at_three_instants() {
    let mut board = Board::new(Look::default(), 80_000);
    let mut text = String::new();
    let mut shows = [2_500, 41_500, 55_000].into_iter().peekable();
    for (at, event) in run() {
        while let Some(show) = shows.next_if(|show| *show < at) {
            text.push_str(&format!("at {show} ms\n{}\n\n", board.lines(Duration::from_millis(show)).join("\n")));
        }
        board.on(&event, Duration::from_millis(at));
    }
    check("board", &text);
}

#[test]
fn a_clean_end() {
    let end = Summary { created: 2, replaced: 1, ran: 1, requests: 1, elapsed: 4_200, ..Summary::default() };
    assert_eq!(summary(&end, &Look::default()), "Applied: 2 created, 1 replaced, 1 ran in 4.2s with 1 request.");
    let undone = |broken: Option<&str>| RolledBack {
        summary: Summary { destroyed: 1, broken: broken.map(str::to_owned), ..Summary::default() },
        first: OperationId(0),
        kept: Vec::new(),
    };
    assert!(rolled_back(&undone(None), &Look::default()).starts_with("Rolled back: 1 destroyed"));
    let text = rolled_back(&undone(Some("no space")), &Look::default());
    assert!(text.starts_with("Not all rolled back: ") && text.ends_with("to the end: no space."), "{text}");
    let broken = Summary { interrupted: true, created: 1, skipped: 1, elapsed: 100, ..Summary::default() };
    let text = summary(&broken, &Look::default());
    assert_eq!(text, "Interrupted: 1 created in 0.1s with 0 requests; 1 skipped. Running again does\n  the rest.");
}
