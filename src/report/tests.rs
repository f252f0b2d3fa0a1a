//! Diagnostics and state as pages that a reviewer reads (`src/report/snapshots`).

use super::plan::snapshot_settings;
use super::{Look, diagnostics, diagnostics_json, escape, resources};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::model::{Address, Attributes, FileId, Ident, Key, RemoteId, SourceMap, Span, Timestamp, Value};
use crate::state::{Condition, Record, Remembered, Snapshot, StoredOutput};
use std::collections::BTreeMap;

static UNKNOWN: Code = Code::error("cnx::program::unknown_attribute", "unknown attribute");
static DUPLICATE: Code = Code::error("cnx::program::duplicate", "declared twice");
static UNUSED: Code = Code::warning("cnx::program::unused", "never used");
static NETWORK: Code = Code::error("cnx::cloud::not_reached", "the API was not reached");

const MAIN: &str =
    "server web {\n\tnam = \"web\"   # tab before\n  regiön = \"eu-west-2\"\n}\n\nserver db { name = \"db\" }\n";
const OTHER: &str = "# second file\n\nserver web {\n  name = \"a\u{1b}[31mred\"\n}\n";

fn sources() -> SourceMap {
    let mut sources = SourceMap::default();
    sources.add("main.cnx", MAIN);
    sources.add("net/other.cnx", OTHER);
    sources
}

fn at(file: u32, text: &str) -> Span {
    let whole = if file == 0 { MAIN } else { OTHER };
    let start = whole.find(text).expect("the text is in the file");
    Span::new(FileId(file), start, start + text.len())
}

fn some() -> Diagnostics {
    Diagnostics(vec![
        Diagnostic::new(&UNKNOWN, "`nam` is no attribute of server")
            .at(at(0, "nam"), "not known")
            .help("did you mean `name`?"),
        Diagnostic::new(&UNKNOWN, "`regiön`")
            .at(at(0, "regiön"), "")
            .and(at(0, "server web"), "in this resource")
            .help("names are ASCII"),
        Diagnostic::new(&DUPLICATE, "`server.web`")
            .at(at(1, "server web"), "again here")
            .and(at(0, "server web"), "first here")
            .help("rename one"),
        Diagnostic::new(&UNUSED, "").at(at(1, "\"a\u{1b}[31mred\"\n}"), "a text with an escape").help("remove it"),
        Diagnostic::new(&NETWORK, "connection refused\u{1b}[2J").help("check the network"),
    ])
}

fn snapshot(name: &str, text: &str) {
    snapshot_settings("snapshots").bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn diagnostics_read_well_everywhere() {
    for (name, look) in [
        ("80", Look::default()),
        ("200", Look { width: 200, ..Look::default() }),
        ("40_ascii", Look { width: 40, unicode: false, ..Look::default() }),
        ("colour", Look { colour: true, ..Look::default() }),
    ] {
        let text = diagnostics::diagnostics(&some(), &sources(), &look);
        if !look.colour {
            assert!(text.chars().all(|c| c == '\n' || escape::is_plain(c)), "{text:?}");
        }
        for place in ["main.cnx:2:2", "main.cnx:3:3", "net/other.cnx:3:1", "main.cnx:1:1", "net/other.cnx:4:10"] {
            assert!(text.contains(place), "{place} is missing at {name}");
        }
        snapshot(&format!("diagnostics_{name}"), &text);
    }
}

#[test]
fn diagnostics_for_machines() {
    snapshot("diagnostics_json", &diagnostics_json::diagnostics(&some(), &sources()));
}

#[test]
fn a_place_outside_the_text_is_no_panic() {
    let beyond = Diagnostic::new(&UNUSED, "").at(Span::new(FileId(0), MAIN.len(), MAIN.len()), "here");
    let text = diagnostics::diagnostics(&Diagnostics(vec![beyond]), &sources(), &Look::default());
    assert!(text.contains("main.cnx:7:1") && text.ends_with("1 warning\n"), "{text}");
}

fn state() -> Snapshot {
    let attributes = |pairs: &[(&str, Value)]| -> Attributes {
        pairs.iter().map(|(name, value)| (Ident::new(name), value.clone())).collect()
    };
    let record = |key: i64, condition| Record {
        address: Address::managed("server", "web", Some(Key::Int(key))),
        kind: Ident::new("server"),
        id: RemoteId::new(&format!("srv_{key}")),
        applied: attributes(&[("name", Value::string("web"))]),
        observed: attributes(&[
            ("name", Value::string("web")),
            ("ipv4", Value::string("192.0.2.7")),
            ("ipv6", Value::Null),
        ]),
        status: Some("running\u{1b}".to_owned()),
        condition,
        quarantine: None,
        lifecycle: Remembered::default(),
        created: Timestamp(1_700_000_000_000),
        updated: Timestamp(1_700_000_100_000),
    };
    let records = [record(1, Condition::Ready), record(2, Condition::Tainted("create failed".to_owned()))];
    let deposed = record(3, Condition::Ready);
    let output = |value, secret| StoredOutput { value, secret };
    let addresses = (1..6).map(|n| (Key::text(&format!("web-0{n}")), Value::string(&format!("192.0.2.{n}")))).collect();
    Snapshot {
        lineage: "l".to_owned(),
        serial: 7,
        records: records.into_iter().map(|record| (record.address.clone(), record)).collect(),
        deposed: BTreeMap::from([(deposed.address.clone(), vec![deposed])]),
        outputs: BTreeMap::from([
            (Ident::new("addresses"), output(Value::map(addresses), false)),
            (Ident::new("password"), output(Value::string("hunter2"), true)),
            (Ident::new("zone"), output(Value::string("zone_1"), false)),
        ]),
        ..Snapshot::default()
    }
}

#[test]
fn state_and_outputs() {
    let look = Look::default();
    snapshot("state_list", &resources::list(&state(), &look));
    snapshot("state_all", &resources::all(&state(), &look));
    let machine = serde_json::to_string_pretty(&resources::all_json(&state())).expect("JSON");
    assert!(!machine.contains("hunter2"));
    snapshot("state_json", &machine);
}

#[test]
fn very_many_are_told_in_part_to_people_and_whole_to_machines() {
    let at = |n: usize| Span::new(FileId(0), n % MAIN.len(), n % MAIN.len());
    let warning = |n| Diagnostic::new(&UNUSED, format!("warning {n}")).at(at(n), "here");
    let error = |n| Diagnostic::new(&DUPLICATE, format!("error {n}")).at(at(n), "here");
    let all = Diagnostics((0..300).map(warning).chain((0..150).map(error)).collect());
    let text = diagnostics::diagnostics(&all, &sources(), &Look::default());
    let shown = |what: &str| text.lines().filter(|line| line.contains(what)).count();
    assert_eq!((shown("error "), shown("warning ")), (150, 50));
    assert!(text.contains("… and 250 more, not shown") && text.ends_with("150 errors, 300 warnings\n"), "{text}");
    assert_eq!(diagnostics_json::diagnostics(&all, &sources()).lines().count(), 450);
}

/// One line of a hundred thousand operators is not printed whole for each thing that is wrong in it.
#[test]
fn of_a_very_long_line_what_is_near_is_shown() {
    let line = format!("let a = {}here{}\n", "é + ".repeat(100_000), " + 1".repeat(100_000));
    let start = line.find("here").expect("the place");
    let mut sources = SourceMap::default();
    sources.add("long.cnx", &format!("let b = 1\n{line}let c = 2\n# {}\nlet d = 1\n", "long ".repeat(100)));
    let label = |length| Span::new(FileId(0), 10 + start, 10 + start + length);
    for (length, other) in [(0, 4), (4, 14), (50_000, 20), (10 * line.len(), 700_000), (4, 10 + start + 30)] {
        let other = Span::new(FileId(0), other, other + 1);
        let wrong = Diagnostic::new(&UNKNOWN, "").at(label(length), "not known").and(other, "and this");
        for (look, gap) in [(Look::default(), "…"), (Look { width: 40, unicode: false, ..Look::default() }, "...")] {
            let text = diagnostics::diagnostics(&Diagnostics(vec![wrong.clone()]), &sources, &look);
            assert!(text.contains("long.cnx:2:400009") && text.contains("here"), "{text}");
            assert!(text.contains("let b = 1") && text.contains("not known") && text.contains("and this"), "{text}");
            let longest = text.lines().filter(|line| !line.contains("and this")).map(|line| line.chars().count()).max();
            assert!(longest < Some(260) && text.contains(gap), "{longest:?} {text}");
        }
    }
    let beside = Diagnostic::new(&UNKNOWN, "").at(Span::new(FileId(0), line.len() + 14, line.len() + 15), "this");
    let text = diagnostics::diagnostics(&Diagnostics(vec![beside]), &sources, &Look::default());
    assert!(text.contains("long.cnx:3:5") && text.len() < 1_000, "{text}");
}
