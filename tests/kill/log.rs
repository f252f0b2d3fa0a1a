//! A write-ahead log that is damaged after a kill: what it loses is noticed, or it loses nothing.

use super::sweep::points;
use super::world::{Cloud, PROGRAM, cnx, run};
use cnx::state::{high_water, read_only};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

#[test]
fn a_log_with_any_byte_changed_is_noticed_or_does_no_harm() {
    let cloud = Cloud::new();
    let project = cloud.project_of(PROGRAM);
    let held =
        json!({"effect": {"latency": {"ms": 3000}}, "match": {"method": "POST", "path": "/v1/servers"}, "times": 1});
    cloud.emulator.control("POST", "faults", &held.to_string());
    let command = cnx(&project, &["apply", "--yes"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let (mut child, began) = (command.expect("cnx runs"), Instant::now());
    while cloud.emulator.control("GET", "faults", "")["faults"][0]["happened"] != 1 {
        assert!(began.elapsed() < Duration::from_secs(30), "it never came");
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().expect("killed");
    child.wait().expect("an end");
    let folder = project.path().join(".cnx/state");
    let kept: BTreeMap<PathBuf, Vec<u8>> = std::fs::read_dir(&folder)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| !path.ends_with("far.reserve"))
        .map(|path| (path.clone(), std::fs::read(&path).expect("readable")))
        .collect();
    let (state, log) = (folder.join("far.db"), folder.join("far.db-wal"));
    let good = kept.get(&log).expect("a kill leaves the log").clone();
    let known = read_only(&state).expect("readable").expect("there");
    assert!(known.open.values().any(|open| open.id.is_none()), "nothing was at stake");
    let (mut told, mut behind, mut harmless) = (0, 0, 0);
    for at in points(0, good.len() - 1, 120) {
        kept.iter().for_each(|(path, bytes)| std::fs::write(path, bytes).expect("written"));
        let mut bad = good.clone();
        bad[at] ^= 1 << (at % 8);
        std::fs::write(&log, &bad).expect("written");
        match read_only(&state) {
            Ok(Some(read)) if read == known => harmless += 1,
            Ok(Some(read)) => {
                let mark = high_water(&state, &known.lineage);
                assert!(read.serial < mark, "byte {at}: {} of {}, and the mark says {mark}", read.serial, known.serial);
                behind += 1;
                if behind == 1 {
                    let refused = run(&project, &["apply", "--yes"]);
                    assert_eq!(refused.code, 5, "byte {at}: {}", refused.all());
                    refused.says("cnx::cli::older_state");
                }
            }
            Ok(None) => panic!("byte {at}: the state was taken for none"),
            Err(_) => told += 1,
        }
    }
    assert!(told + behind > 20, "{told} told, {behind} behind, {harmless} without meaning");
    kept.iter().for_each(|(path, bytes)| std::fs::write(path, bytes).expect("written"));
    let whole = run(&project, &["apply", "--yes"]);
    assert_eq!(whole.code, 0, "{}", whole.all());
}
