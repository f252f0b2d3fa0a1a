//! The plan text of every class of change, as pages that a reviewer reads (`src/report/snapshots/plan_*.snap`).

use super::{Context, plan, snapshot_settings};
use crate::model::{
    Address, AttrPath, Attributes, Graph, Ident, Key, Mode, NodeId, RemoteId, SourceMap, Span, Timestamp, Type, Value,
};
use crate::plan::{
    Action, Change, Drift, DriftHandling, Estimate, Irreversible, OutputChange, Plan, Reason, ReasonCode, ReplaceOrder,
    Step, Twin,
};
use crate::report::{Detail, Look};
use crate::state::{Condition, Intent, Nonce, Open, OperationId, Purpose, Record, Remembered, Snapshot};
use std::collections::{BTreeMap, BTreeSet};

const SOURCE: &str = "server web for n in 1..=4 {\n  name   = \"web-${n}\"\n  region = \"eu-west-3\"\n}\n";

fn check(name: &str, plan_of: &Plan, snapshot: Option<&Snapshot>, look: Look) {
    let mut sources = SourceMap::default();
    sources.add("main.cnx", SOURCE);
    let context = Context {
        project: "shop",
        environment: "dev",
        target: "local emulator",
        sources: &sources,
        snapshot,
        look: &look,
    };
    let text = plan(plan_of, &context);
    snapshot_settings("../snapshots").bind(|| insta::assert_snapshot!(format!("plan_{name}"), text));
    for line in text.lines().filter(|_| look.detail == Detail::Folded && look.width >= 80 && !look.colour) {
        assert!(crate::report::look::columns_of(line) <= look.width, "a line of {name} is too wide: {line}");
    }
}

fn span(start: usize, end: usize) -> Option<Span> {
    Some(Span::new(crate::model::FileId(0), start, end))
}

fn step(address: Address, action: Action, code: ReasonCode, text: &str) -> Step {
    Step {
        address,
        action,
        reason: Reason { code, text: text.to_owned(), span: None },
        id: None,
        deposed: false,
        interim: Attributes::new(),
        changes: Vec::new(),
        before: Attributes::new(),
        after: Attributes::new(),
        desired: None,
        twin: None,
        disruptive: false,
        expected: 0,
        requests: 1,
    }
}

fn with_id(id: &str, step: Step) -> Step {
    Step { id: Some(RemoteId::new(id)), ..step }
}

fn changes(changes: Vec<Change>, step: Step) -> Step {
    Step { changes, ..step }
}

fn change(path: &str, before: Option<Value>, after: Option<Value>) -> Change {
    let path = path.split('.').map(str::to_owned).collect();
    Change { path, before, after, forces_replacement: false, secret: false, span: span(30, 34) }
}

fn text(text: &str) -> Option<Value> {
    Some(Value::string(text))
}

fn planned(steps: Vec<Step>) -> Plan {
    let mut graph = Graph::default();
    let requests = steps.iter().map(|step| step.requests).sum();
    for step in steps {
        graph.add(step);
    }
    Plan {
        steps: graph.freeze().expect("no edges, no cycle"),
        objects_read: 9,
        read_requests: 3,
        estimate: Estimate { requests, duration: 70_000, longest_path: Vec::new(), monthly: None },
        ..Plan::default()
    }
}

fn server(key: i64) -> Address {
    Address::managed("server", "web", Some(Key::Int(key)))
}

fn new_server(key: i64) -> Step {
    let attributes = [("image", "ubuntu-22.04"), ("plan", "standard-8"), ("region", "eu-west-2")];
    let mut list: Vec<Change> = vec![change("name", None, text(&format!("web-0{key}")))];
    list.extend(attributes.iter().map(|(name, value)| change(name, None, text(value))));
    let awaited = AttrPath { address: Address::managed("ssh_key", "deploy", None), path: vec!["id".into()] };
    list.push(change(
        "ssh_keys",
        None,
        Some(Value::list(vec![Value::unknown(Type::String, BTreeSet::from([awaited]))])),
    ));
    changes(list, step(server(key), Action::Create, ReasonCode::Declared, "declared and not there"))
}

fn sibling() -> Snapshot {
    let applied: Attributes =
        [("image", "ubuntu-22.04"), ("plan", "standard-8"), ("region", "eu-west-2"), ("name", "web-01")]
            .into_iter()
            .map(|(name, value)| (Ident::new(name), Value::string(value)))
            .collect();
    let record = Record {
        address: server(1),
        kind: Ident::new("server"),
        id: RemoteId::new("srv_1"),
        observed: applied.clone(),
        applied,
        status: Some("running".to_owned()),
        condition: Condition::Ready,
        quarantine: None,
        lifecycle: Remembered::default(),
        created: Timestamp(0),
        updated: Timestamp(0),
    };
    Snapshot { records: BTreeMap::from([(server(1), record)]), ..Snapshot::default() }
}

fn database_scaled() -> Step {
    let list = vec![
        change("tier", text("production-standard"), text("production-high")),
        change("read_replicas", Some(Value::int(1)), Some(Value::int(3))),
    ];
    let database = Address::managed("database", "main", None);
    let update = Action::Update(vec![Ident::new("scale")]);
    with_id("db_9f8e7d6c5b", changes(list, step(database, update, ReasonCode::AttributesChanged, "attributes changed")))
}

fn replacement(order: ReplaceOrder) -> [Step; 2] {
    let address = Address::managed("server", "app", None);
    let list = vec![Change { forces_replacement: true, ..change("region", text("eu-west-2"), text("eu-west-3")) }];
    let reason = (ReasonCode::ReplaceBecauseCannotUpdate, "region cannot change in place");
    let create = changes(list, step(address.clone(), Action::Create, reason.0, reason.1));
    let destroy = with_id("srv_8x9y2z3a4b", step(address, Action::Destroy, reason.0, reason.1));
    [
        Step { twin: Some(Twin { step: NodeId(1), order }), ..create },
        Step { twin: Some(Twin { step: NodeId(0), order }), ..destroy },
    ]
}

fn old_server() -> Step {
    let address = Address::managed("server", "old", None);
    with_id(
        "srv_1a2b3c4d5e",
        step(address, Action::Destroy, ReasonCode::DeleteBecauseNoResourceConfig, "no longer declared"),
    )
}

fn purge() -> Step {
    let address = Address { mode: Mode::Action, ..Address::managed("cdn_purge", "assets", None) };
    step(address, Action::Run, ReasonCode::TriggerReplaced, "server.app is replaced")
}

fn everything() -> Plan {
    let [create, destroy] = replacement(ReplaceOrder::CreateFirst);
    let steps = vec![create, destroy, new_server(3), new_server(4), database_scaled(), old_server(), purge()];
    let mut all = planned(steps);
    all.estimate.requests = 14;
    all.estimate.longest_path = vec![
        Address::managed("server", "app", None),
        Address::managed("cdn_zone", "shop", None),
        Address::managed("cdn_purge", "assets", None),
    ];
    all.unchanged = 4;
    all.irreversible =
        vec![Irreversible { address: Address::managed("server", "old", None), why: "no snapshot".to_owned() }];
    all.drift = vec![Drift {
        address: Address::managed("compute_instance", "jump", None),
        path: vec!["tags".to_owned(), "owner".to_owned()],
        applied: None,
        live: text("ops"),
        handling: DriftHandling::Ignored,
    }];
    all
}

#[test]
fn the_page_of_the_design() {
    check("everything", &everything(), Some(&sibling()), Look::default());
    check("everything_full", &everything(), Some(&sibling()), Look { detail: Detail::Full, ..Look::default() });
    check(
        "everything_narrow_ascii",
        &everything(),
        Some(&sibling()),
        Look { width: 48, unicode: false, ..Look::default() },
    );
    check(
        "everything_in_colour",
        &everything(),
        Some(&sibling()),
        Look { colour: true, width: 200, ..Look::default() },
    );
}

#[test]
fn each_class_alone() {
    let data = Address { mode: Mode::Data, ..Address::managed("account", "me", None) };
    let remembered = step(server(1), Action::Note, ReasonCode::Remembered, "lifecycle.protect is on");
    let deposed =
        with_id("srv_old", step(server(1), Action::Destroy, ReasonCode::DeleteDeposed, "its successor is ready"));
    let adopted = Action::Adopt(RemoteId::new("key_7"));
    let key = Address::managed("ssh_key", "deploy", None);
    let again = Step {
        reason: Reason { code: ReasonCode::DeletedOutside, text: "was deleted outside cnx".to_owned(), span: None },
        ..new_server(1)
    };
    let cases: Vec<(&str, Vec<Step>)> = vec![
        ("create", vec![new_server(1)]),
        ("create_many", (1..=9).map(new_server).collect()),
        ("create_again", vec![again]),
        ("update", vec![database_scaled()]),
        ("replace_destroy_first", replacement(ReplaceOrder::DestroyFirst).to_vec()),
        ("destroy", vec![Step { reason: Reason { span: span(0, 6), ..old_server().reason }, ..old_server() }]),
        ("destroy_deposed", vec![Step { deposed: true, ..deposed }]),
        ("run", vec![purge()]),
        ("forget", vec![with_id("srv_1", step(server(1), Action::Forget, ReasonCode::Retained, "lifecycle.retain"))]),
        (
            "adopt",
            vec![with_id(
                "key_7",
                step(key, adopted, ReasonCode::NaturalKeyExists, "an ssh_key named \"deploy\" is there"),
            )],
        ),
        (
            "read",
            vec![step(data, Action::Read, ReasonCode::ReadDuringApply, "its argument waits for server.web[1].id")],
        ),
        (
            "wait",
            vec![step(
                server(2),
                Action::Wait(OperationId(7)),
                ReasonCode::OpenOperation,
                "its create is still running",
            )],
        ),
        ("note", vec![remembered]),
        ("nothing", vec![]),
    ];
    for (name, steps) in cases {
        check(name, &planned(steps), None, Look::default());
    }
    check("nothing_to_refresh", &Plan { refresh_only: true, ..planned(vec![]) }, None, Look::default());
}

#[test]
fn texts_and_maps_are_line_diffs() {
    let rule = Address::managed("cdn_routing_rule", "api", None);
    let tags = |pairs: &[(&str, &str)]| {
        Some(Value::map(pairs.iter().map(|(key, value)| (Key::text(key), Value::string(value))).collect()))
    };
    let list = |names: std::ops::Range<i64>| {
        Some(Value::list(names.map(|n| Value::string(&format!("/assets/long/path/{n}/*"))).collect()))
    };
    let many = (0..40).map(|n| format!("line {n}\n")).collect::<String>();
    let list = vec![
        change("note", text("one\ntwo\nthree\n"), text("one\n2\nthree\nfour\n")),
        change("script", text(&many), text(&many.replace("line 20", "line twenty"))),
        change(
            "tags",
            tags(&[("team", "a"), ("gone", "x"), ("stays", "y")]),
            tags(&[("team", "b"), ("new", "z"), ("stays", "y")]),
        ),
        change("paths", list(0..6), list(1..7)),
        change("long", text(&"a".repeat(90)), text(&"b".repeat(90))),
        Change { secret: true, ..change("password", text("old"), text("new")) },
        change("cleared", text("x"), None),
    ];
    let update = Action::Update(vec![Ident::new("patch")]);
    let one = with_id("rule_1", changes(list, step(rule, update, ReasonCode::AttributesChanged, "")));
    check("differences", &planned(vec![one]), None, Look::default());
}

#[test]
fn what_lies_beside_the_steps() {
    let output = |name: &str, before, after, secret| OutputChange { name: Ident::new(name), before, after, secret };
    let intent = Intent {
        operation: OperationId(3),
        address: server(3),
        kind: Ident::new("server"),
        purpose: Purpose::Create,
        id: None,
        nonce: Nonce("n".to_owned()),
        idempotency_key: String::new(),
        fingerprint: String::new(),
        inputs_hash: String::new(),
        wanted: Attributes::new(),
        lifecycle: Remembered::default(),
        epoch: 1,
        attempt: 1,
        surveyed: true,
        at: Timestamp(1_700_000_000_000),
    };
    let open = Open {
        intent,
        job: None,
        id: None,
        candidates: vec![RemoteId::new("srv_a"), RemoteId::new("srv_b")],
        asked: true,
    };
    let snapshot = Snapshot { open: BTreeMap::from([(OperationId(3), open)]), ..Snapshot::default() };
    let drift = |handling, live| Drift {
        address: server(1),
        path: vec!["plan".to_owned()],
        applied: text("standard-8"),
        live,
        handling,
    };
    let beside = Plan {
        outputs: vec![
            output("addresses", None, Some(Value::unknown(Type::String, BTreeSet::new())), false),
            output("old", text("x"), None, false),
            output("password", text("a"), text("b"), true),
            output("region", text("eu-west-2"), text("eu-west-3"), false),
        ],
        drift: vec![
            drift(DriftHandling::Reverted, text("standard-4")),
            drift(DriftHandling::Accepted, text("standard-16")),
            drift(DriftHandling::Gone, None),
        ],
        unchanged: 1,
        ..planned(Vec::new())
    };
    check("beside", &beside, Some(&snapshot), Look::default());
}

#[test]
fn nothing_from_outside_reaches_the_terminal_raw() {
    let evil = "\u{1b}]8;;http://evil\u{7}x\u{202e}\r";
    let address = Address { key: Some(Key::text(evil)), ..server(1) };
    let list = vec![
        change(&evil.replace('.', ""), text(evil), text(&format!("{evil}\nsecond"))),
        change("a", text(evil), text("b")),
    ];
    let reason = ReasonCode::AttributesChanged;
    let hostile = planned(vec![with_id(evil, changes(list, step(address, Action::Update(vec![]), reason, evil)))]);
    let mut sources = SourceMap::default();
    sources.add(evil, SOURCE);
    let look = Look { detail: Detail::Full, ..Look::default() };
    let context = Context {
        project: evil,
        environment: evil,
        target: "local emulator",
        sources: &sources,
        snapshot: None,
        look: &look,
    };
    let text = plan(&hostile, &context);
    assert!(text.chars().all(|c| c == '\n' || crate::report::escape::is_plain(c)), "{text:?}");
}
