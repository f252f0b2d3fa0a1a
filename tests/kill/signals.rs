//! Signals at times that nobody chose: killed, asked to end, stopped and continued.

use super::sweep::{sweep, undisturbed};
use super::world::{Cloud, cnx, run};
use crate::generate::Dice;
use crate::support::Project;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

fn start(project: &Project) -> Child {
    cnx(project, &["apply", "--yes"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("cnx runs")
}

fn signal(child: &Child, name: &str) {
    // One that has just ended hears nothing.
    let _ = Command::new("kill").args([format!("-{name}"), child.id().to_string()]).stderr(Stdio::null()).status();
}

/// Times within an undisturbed run; another choice each time, said in the output.
fn times(some: usize, whole: Duration) -> Vec<Duration> {
    let many = if std::env::var_os("CNX_EVERY_POINT").is_some() { some * 10 } else { some };
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_secs();
    crate::outside::tools::say(&format!("times from seed {seed}"));
    let mut dice = Dice(seed);
    (0..many).map(|_| whole * u32::try_from(dice.below(1000)).expect("small") / 1000).collect()
}

#[test]
fn killed_at_any_time_the_next_run_ends_it() {
    let times = times(15, undisturbed(&Cloud::new()));
    let points: Vec<usize> = (0..times.len()).collect();
    sweep("SIGKILL at a random time", &points, |_, project, point| {
        let mut child = start(project);
        std::thread::sleep(times[point]);
        let ran = child.try_wait().expect("a state").is_none();
        signal(&child, "KILL");
        child.wait().expect("an end");
        ran
    });
}

#[test]
fn asked_to_end_at_any_time_it_leaves_in_two_seconds() {
    let times = times(12, undisturbed(&Cloud::new()));
    let points: Vec<usize> = (0..times.len()).collect();
    sweep("SIGTERM at a random time", &points, |_, project, point| {
        let mut child = start(project);
        std::thread::sleep(times[point]);
        let ran = child.try_wait().expect("a state").is_none();
        signal(&child, "TERM");
        let asked = Instant::now();
        let status = child.wait().expect("an end");
        // Before it listens for the signal the signal ends it, as any process.
        let in_order = matches!(status.code(), Some(130 | 0) | None);
        assert!(in_order && asked.elapsed() < Duration::from_secs(2), "{status:?} after {:?}", asked.elapsed());
        ran
    });
}

#[test]
fn stopped_at_any_time_it_keeps_its_lock_and_goes_on() {
    let times = times(4, undisturbed(&Cloud::new()));
    let points: Vec<usize> = (0..times.len()).collect();
    sweep("SIGSTOP at a random time, SIGCONT or SIGKILL later", &points, |cloud, project, point| {
        let mut child = start(project);
        std::thread::sleep(times[point]);
        signal(&child, "STOP");
        let ran = child.try_wait().expect("a state").is_none();
        let before = cloud.requests().iter().filter(|entry| entry["method"] != "GET").count();
        let other = run(project, &["apply", "--yes", "--lock-timeout", "1s"]);
        let holds = project.path().join(".cnx/state/far.lock").exists();
        if other.code == 4 {
            let after = cloud.requests().iter().filter(|entry| entry["method"] != "GET").count();
            assert_eq!(before, after, "{}", other.all());
        } else {
            // It had not come to its lock, or had let go of it.
            assert!([0, 3].contains(&other.code) || !holds, "{}", other.all());
        }
        // Longer than anybody would wait for a request.
        std::thread::sleep(Duration::from_secs(2));
        signal(&child, if point % 2 == 0 { "CONT" } else { "KILL" });
        child.wait().expect("an end");
        ran
    });
}
