//! Section 2.5 of the contract, under every profile: waiting, and what it costs in requests.

use super::stage::*;
use cnx::emulator::LogEntry;
use cnx::model::Timestamp;
use serde_json::json;

/// Requests that only wait: reads of jobs, objects and lists.
fn polls(log: &[LogEntry]) -> Vec<i64> {
    let is_poll = |entry: &&LogEntry| entry.method == "GET" && !entry.target.starts_with("/v1/account");
    log.iter().filter(is_poll).filter_map(|entry| Timestamp::parse(&entry.at)).map(|at| at.0).collect()
}

/// The most of them within any minute.
fn busiest_minute(at: &[i64]) -> usize {
    at.iter().map(|begin| at.iter().filter(|at| (*begin..begin + 60_000).contains(*at)).count()).max().unwrap_or(0)
}

#[test]
fn fifty_creates_take_forty_polls_a_minute_at_most() {
    for profile in PROFILES {
        for text in [server as fn(&str) -> String, instance] {
            let stage = Stage::with(|setting| setting.config.profile = profile);
            let many: String = (0..50).map(|n| text(&format!("web_{n}"))).collect();
            let (summary, told) = stage.apply(&many);
            assert_eq!(summary.created, 50, "{profile:?} {}", troubles(&told));
            let most = busiest_minute(&polls(&stage.log()));
            assert!(most <= 40, "{profile:?}: {most} polling requests in a minute\n{}", shown(&stage));
            assert!(stage.elapsed() < 90, "{profile:?}: {} s", stage.elapsed());
            let left = steps(&stage.plan(&many));
            assert!(left.is_empty(), "{profile:?} {left:?}");
        }
    }
}

fn shown(stage: &Stage) -> String {
    stage
        .log()
        .iter()
        .filter(|e| e.method == "GET")
        .map(|e| format!("{} {} {:.80}\n", e.at, e.status, e.target))
        .collect()
}

/// Above five open jobs a list or a batch comes before single jobs.
#[test]
fn many_jobs_are_never_asked_one_by_one() {
    for profile in PROFILES {
        let stage = Stage::of(profile);
        let many: String = (0..20).map(|n| instance(&format!("box_{n}"))).collect();
        stage.settle(&many);
        let log = stage.log();
        let last_create = log.iter().rposition(|entry| entry.method == "POST").expect("creates");
        let first_done = Timestamp::parse(&log[last_create].at).expect("a time").0 + 12_000;
        let early = log.iter().filter(|entry| Timestamp::parse(&entry.at).is_some_and(|at| at.0 < first_done));
        let singles = early.filter(|entry| entry.target.starts_with("/v1/jobs/")).count();
        assert_eq!(singles, 0, "{profile:?}\n{}", shown(&stage));
    }
}

/// The first poll after 2 s, then 1.5 times as long, 10 s at most, each give or take a fifth.
#[test]
fn polls_come_slower_and_slower() {
    let stage = Stage::new();
    stage.knob(json!({"delays.server.create": 300}));
    stage.settle(&server("web"));
    let created = stage.asked("POST", "/servers").remove(0);
    let jobs = stage.log().into_iter().filter(|entry| entry.target.starts_with("/v1/jobs/"));
    let times: Vec<f64> = std::iter::once(created)
        .chain(jobs)
        .map(|entry| Timestamp::parse(&entry.at).expect("a time").0 as f64 / 1000.0)
        .collect();
    let mut wanted: f64 = 2.0;
    for pair in times.windows(2) {
        let pause = pair[1] - pair[0];
        assert!(
            (wanted * 0.79 - 1.0..=wanted * 1.21 + 1.0).contains(&pause),
            "{pause} s where {wanted} s were due: {times:?}"
        );
        wanted = (wanted * 1.5).min(10.0);
    }
    assert!((30..60).contains(&times.len()), "{times:?}");
}

/// A job that fails, is unknown or stuck, and the run that takes up what was left.
#[test]
fn every_end_of_a_job() {
    for profile in PROFILES {
        let stage = Stage::of(profile);
        stage.fault(json!({"effect": "job_fail", "match": {"method": "POST"}}));
        let (summary, told) = stage.apply(&format!("{}{}", server("web"), instance("jump")));
        assert_eq!((summary.created, summary.failed, summary.open), (0, 2, 0), "{profile:?} {}", troubles(&told));
        let records: Vec<_> = stage.snapshot().records.into_values().collect();
        assert!(
            records.iter().all(|record| matches!(record.condition, cnx::state::Condition::Tainted(_))),
            "{records:?}"
        );

        let stage = Stage::of(profile);
        stage.fault(json!({"effect": "job_stuck", "match": {"method": "POST"}}));
        let (summary, told) = stage.apply(&server("web"));
        assert_eq!((summary.created, summary.open), (0, 1), "{profile:?} {}", troubles(&told));
        assert!((500..1500).contains(&stage.elapsed()), "{profile:?}: {}", stage.elapsed());
        let open = stage.snapshot().open.into_values().next().expect("an open operation");
        assert!(open.job.is_some(), "the next run can take it up");
        let before = stage.asked("POST", "/servers").len();
        let recovered = stage.recover();
        assert_eq!(recovered.open.len(), 1, "still stuck");
        assert_eq!(stage.asked("POST", "/servers").len(), before, "nothing is made anew");
    }
}

/// After success the object is read once more, and that reading goes into the state.
#[test]
fn the_last_reading_is_what_is_remembered() {
    for profile in PROFILES {
        let stage = Stage::of(profile);
        stage.settle(&format!("{}{}", server("web"), instance("jump")));
        for (kind, name) in [("server", "web"), ("compute_instance", "jump")] {
            let record = stage.record(kind, name);
            assert_eq!(record.status.as_deref(), Some("running"), "{profile:?}");
            assert!(text_of(&record, "ipv4").is_some(), "{profile:?}");
        }
    }
}
