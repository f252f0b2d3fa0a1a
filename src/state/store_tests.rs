//! One conformance suite for every store, and what only files have: modes, links, full disks, readers beside a writer.

use super::conformance::{address, conforms, intent, next_entry, refuses_illegal_entries, takes_over_what_is_open};
use super::sqlite_files::has_log;
use super::*;
use crate::model::{RemoteId, Timestamp};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::path::PathBuf;

fn fresh() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".cnx/state/dev.db");
    (folder, path)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn stores_conform(choices in prop::collection::vec(any::<u8>(), 1..60), group in 1usize..7) {
        conforms(&MemoryStore::new("line"), &choices, group);
        let (_folder, path) = fresh();
        let expected = conforms(&SqliteStore::open(&path, "line").unwrap(), &choices, group);
        let again = SqliteStore::open(&path, "another").unwrap();
        assert_eq!(again.load().unwrap(), expected, "as it was, lineage too");
        drop(again);
        assert_eq!(read_only(&path).unwrap(), Some(expected));
    }
}

#[test]
fn every_store_refuses_illegal_entries_whole() {
    refuses_illegal_entries(&MemoryStore::new("line"));
    let (_folder, path) = fresh();
    refuses_illegal_entries(&SqliteStore::open(&path, "line").unwrap());
}

#[test]
fn every_store_takes_over_what_is_open_in_a_copy() {
    takes_over_what_is_open(&MemoryStore::new("line"));
    let (_folder, path) = fresh();
    takes_over_what_is_open(&SqliteStore::open(&path, "line").unwrap());
}

#[test]
fn sqlite_is_one_without_the_write_ahead_log_race() {
    let (major, minor, patch) = {
        let parts: Vec<u32> = rusqlite::version().split('.').map(|part| part.parse().unwrap()).collect();
        (parts[0], parts[1], parts[2])
    };
    assert!((major, minor, patch) >= (3, 51, 3), "{}", rusqlite::version());
}

#[test]
fn only_a_state_that_nothing_was_written_to_gets_another_lineage() {
    let (_folder, path) = fresh();
    let store = SqliteStore::open(&path, "line").unwrap();
    assert!(store.relabel("brought").unwrap());
    assert_eq!(store.load().unwrap().lineage, "brought");
    let written = conforms(&store, &[255], 1);
    assert!(!store.relabel("third").unwrap());
    drop(store);
    let again = SqliteStore::open(&path, "another").unwrap();
    assert_eq!(again.load().unwrap(), written);
    assert_eq!(written.lineage, "brought");
}

#[test]
fn a_second_writer_is_fenced() {
    let (_folder, path) = fresh();
    let old = SqliteStore::open(&path, "line").unwrap();
    conforms(&old, &[255], 1);
    let new = SqliteStore::open(&path, "line").unwrap();
    conforms(&new, &[255], 1);
    let mine = next_entry(&old.load().unwrap(), 10);
    assert!(matches!(old.append(&[mine]), Err(StoreError::Fenced { held: 1, found: 2, .. })));
    assert!(matches!(old.append(&[]), Err(StoreError::Poisoned(_))));
}

#[test]
fn a_full_disk_stops_intents_and_lets_what_is_under_way_be_recorded() {
    let (_folder, path) = fresh();
    let store = SqliteStore::open(&path, "line").unwrap();
    conforms(&store, &[255, 10], 1);
    let open = *store.load().unwrap().open.keys().next().unwrap();
    store.limit_pages(Some(1));
    let big = JournalEntry::Asked { operation: open, candidates: vec![RemoteId::new(&"x".repeat(1 << 20))] };
    let start = intent(&store.load().unwrap(), address(8), Purpose::Create, None);
    let full = store.append(&[start.clone(), big.clone()]);
    assert!(matches!(full, Err(StoreError::NoSpace { .. })), "{full:?}");
    store.limit_pages(None);
    assert!(matches!(store.append(&[start]), Err(StoreError::NoSpace { .. })), "no new intent");
    store.append(&[JournalEntry::NotCreated { operation: open, evidence: "none".into() }]).unwrap();
    assert!(store.load().unwrap().open.is_empty());
    assert!(!path.with_extension("reserve").exists(), "the reserve was given back");
}

#[test]
fn damage_is_found() {
    let (_folder, path) = fresh();
    conforms(&SqliteStore::open(&path, "line").unwrap(), &[255, 10, 3, 3, 3], 1);
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.execute("UPDATE journal SET entry = replace(entry, 'wanted', 'hacked') WHERE serial = 2", []).unwrap();
    drop(raw);
    assert!(matches!(SqliteStore::open(&path, "line"), Err(StoreError::Corrupt { .. })));
    std::fs::write(&path, b"not a database at all, but long enough to look like one to a reader").unwrap();
    assert!(matches!(SqliteStore::open(&path, "line"), Err(StoreError::Corrupt { .. })));
    assert!(matches!(read_only(&path), Err(StoreError::Corrupt { .. })));
}

/// Files that an older cnx really wrote are in `tests/formats`; these are today's, taken back to what the older formats had.
#[test]
fn older_formats_are_upgraded() {
    for format in 1..wire::FORMAT {
        let (_folder, path) = fresh();
        let store = SqliteStore::open(&path, "line").unwrap();
        let expected = conforms(&store, &[255, 10, 3], 1);
        drop(store);
        let raw = rusqlite::Connection::open(&path).unwrap();
        if format == 1 {
            raw.execute_batch("ALTER TABLE head DROP COLUMN facts; ALTER TABLE head DROP COLUMN seal").unwrap();
        }
        raw.execute_batch(&format!("PRAGMA user_version = {format}")).unwrap();
        drop(raw);
        let store = SqliteStore::open(&path, "line").unwrap();
        assert_eq!(store.load().unwrap(), expected, "format {format}");
        drop(store);
        let raw = rusqlite::Connection::open(&path).unwrap();
        let now: u32 = raw.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
        assert_eq!(now, wire::FORMAT);
        assert_eq!(read_only(&path).unwrap(), Some(expected), "format {format}");
    }
}

#[test]
fn a_newer_format_is_refused_with_its_writer() {
    let (_folder, path) = fresh();
    drop(SqliteStore::open(&path, "line").unwrap());
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.execute_batch("PRAGMA user_version = 9; UPDATE head SET written_by = 'cnx 7.0.0'").unwrap();
    drop(raw);
    let refused = SqliteStore::open(&path, "line").unwrap_err();
    assert!(refused.diagnostic().message.contains("written by cnx 7.0.0"), "{refused}");
    assert!(matches!(read_only(&path), Err(StoreError::TooNew { found: 9, .. })));
}

#[cfg(unix)]
#[test]
fn files_are_private_and_links_are_refused() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, path) = fresh();
    let store = SqliteStore::open(&path, "line").unwrap();
    conforms(&store, &[255, 10], 1);
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for entry in std::fs::read_dir(path.parent().unwrap()).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    let other = folder.path().join("other.db");
    std::fs::write(&other, b"").unwrap();
    for suffix in ["b.db", "c.db-wal", "d.reserve"] {
        let link = path.parent().unwrap().join(suffix);
        std::os::unix::fs::symlink(&other, &link).unwrap();
        let target = path.with_file_name(format!("{}.db", &suffix[..1]));
        let refused = SqliteStore::open(&target, "line");
        assert!(matches!(refused, Err(StoreError::UnsafePath { .. })), "{suffix}: {refused:?}");
    }
    let linked = folder.path().join("linked");
    std::os::unix::fs::symlink(path.parent().unwrap(), &linked).unwrap();
    assert!(matches!(SqliteStore::open(&linked.join("dev.db"), "line"), Err(StoreError::UnsafePath { .. })));
    assert_eq!(std::fs::read(&other).unwrap(), b"", "nothing was written through a link");
}

#[test]
fn reading_writes_nothing() {
    let (_folder, path) = fresh();
    assert_eq!(read_only(&path).unwrap(), None);
    assert!(!path.parent().unwrap().exists(), "not even a folder");
    let store = SqliteStore::open(&path, "line").unwrap();
    let expected = conforms(&store, &[255, 10, 3], 1);
    assert!(has_log(&path));
    assert_eq!(read_only(&path).unwrap().as_ref(), Some(&expected), "beside a writer");
    drop(store);
    let names = || {
        let listed = std::fs::read_dir(path.parent().unwrap()).unwrap();
        listed.map(|entry| entry.unwrap().file_name()).collect::<BTreeSet<_>>()
    };
    let before = names();
    assert_eq!(read_only(&path).unwrap(), Some(expected));
    assert_eq!(read_only_history(&path, 2).unwrap().len(), 2);
    assert_eq!(names(), before);
}

#[test]
fn a_second_process_hears_who_holds_the_lock() {
    let (_folder, path) = fresh();
    let lock = lock_path(&path);
    let first = Holder { who: "ann@desk".into(), process: 7, command: "cnx apply".into(), since: Timestamp(0) };
    let second = Holder { who: "bob@lap".into(), ..first.clone() };
    let held = Lock::take(&lock, &first).unwrap();
    let refused = Lock::take(&lock, &second).unwrap_err();
    assert!(matches!(&refused, LockError::Held { holder: Some(holder), .. } if *holder == first), "{refused}");
    let shown = refused.diagnostic().message;
    assert!(shown.ends_with("by ann@desk (process 7, `cnx apply`, since 1970-01-01T00:00:00Z)"), "{shown}");
    drop(held);
    drop(Lock::take(&lock, &second).unwrap());
}
