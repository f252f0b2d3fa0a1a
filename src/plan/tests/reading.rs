//! What is read, what could not be, what waits: reads, hidden and unread objects, data sources, open operations, refresh.

use super::super::{Absence, Action, ListRead, Live, Options, Reads, reads};
use super::case::{WEB, applied, pattern, set, show, tags};
use super::cloud::World;
use super::program::{address, catalog, desired};
use crate::model::{Ident, RemoteId, Timestamp, Value};
use crate::state::{Intent, Nonce, Open, OperationId, Purpose, Remembered, Snapshot};
use std::collections::BTreeMap;

const ZONE: &str = "cdn_zone shop domain=a.example origin_url=http://o
                    cdn_routing_rule all zone_id=@cdn_zone.shop.id name=all priority=1 match={path:/} action={type:block}";

fn lists(found: &Reads) -> Vec<String> {
    let shown = |list: &ListRead| {
        list.parent.values().fold(list.kind.to_string(), |text, parent| format!("{text} of {parent}"))
    };
    found.lists.iter().map(shown).collect()
}

#[test]
fn one_list_a_collection() {
    let many = format!("{ZONE}\n{WEB}\nserver other name=o region=eu plan=p image=u");
    let fresh = reads(&desired(&many), &World::default().snapshot, &Live::default(), catalog()).expect("reads");
    assert_eq!(lists(&fresh), ["cdn_zone", "server"], "names may be taken, and the state may be lost");
    let world = applied(&many);
    let again = reads(&desired(&many), &world.snapshot, &Live::default(), catalog()).expect("reads");
    assert_eq!(lists(&again), ["cdn_routing_rule of zone_1", "cdn_zone", "server"]);
    let gone = reads(&desired(""), &world.snapshot, &Live::default(), catalog()).expect("reads");
    assert_eq!(lists(&gone), lists(&again), "what is to be destroyed is read too");
    assert!(again.objects.is_empty() && again.sources.is_empty());
}

#[test]
fn data_sources_are_read_when_their_arguments_are_known() {
    let text = format!("{ZONE}\ndata cdn_analytics week zone_id=@cdn_zone.shop.id\ndata plans all");
    let first = reads(&desired(&text), &World::default().snapshot, &Live::default(), catalog()).expect("reads");
    let named = |found: &Reads| found.sources.iter().map(|source| source.address.to_string()).collect::<Vec<_>>();
    assert_eq!(named(&first), ["data.plans.all"]);
    let world = applied(ZONE);
    let mut live = world.live(&desired(ZONE));
    let second = reads(&desired(&text), &world.snapshot, &live, catalog()).expect("reads");
    assert_eq!(named(&second), ["data.cdn_analytics.week", "data.plans.all"]);
    for source in second.sources {
        live.sources.insert(source.address, Value::list(Vec::new()));
    }
    assert_eq!(reads(&desired(&text), &world.snapshot, &live, catalog()).expect("reads"), Reads::default());
    let waiting = World::default().plan(&desired(&text), &Options::default());
    let shown = "create cdn_zone.shop create_because_declared
create cdn_routing_rule.all create_because_declared < cdn_zone.shop
read data.cdn_analytics.week read_because_arguments_wait < cdn_zone.shop
read data.plans.all read_because_arguments_wait";
    assert_eq!(show(&waiting), shown);
}

#[test]
fn lookups_find_one() {
    let world = applied(&format!("{WEB}\nserver other name=web region=us plan=p image=u"));
    let plan = |text: &str| {
        show(&world.plan(
            &desired(&format!("{WEB}\nserver other name=web region=us plan=p image=u\n{text}")),
            &Options::default(),
        ))
    };
    assert_eq!(plan("data server x name=web region=us"), "");
    assert_eq!(plan("data server x name=web"), "error cnx::plan::lookup_ambiguous");
    assert_eq!(plan("data server x name=none"), "error cnx::plan::lookup_empty");
    let used = "data server x name=web region=us\ncdn_zone shop domain=a.example origin_url=@data.server.x.ipv4";
    assert_eq!(plan(used), "create cdn_zone.shop create_because_declared");
}

#[test]
fn hidden_and_unread() {
    let world = applied(WEB);
    let program = desired(WEB);
    let id = world.snapshot.records[&address("server.web")].id.clone();
    let mut live = world.live(&program);
    live.objects.clear();
    live.absent.insert((Ident::new("server"), id), Absence::Hidden);
    let plan =
        |live: &Live, options: &Options| show(&super::super::plan(&program, &world.snapshot, live, catalog(), options));
    assert_eq!(plan(&live, &Options::default()), "error cnx::plan::hidden");
    let gone = Options { assume_gone: vec![pattern("server.web")], ..Options::default() };
    assert_eq!(plan(&live, &gone), "create server.web deleted_outside\ndrift server.web  none→none Gone");
    let list = live.listed.pop_first().expect("the list of servers");
    let unread = Live { unlisted: BTreeMap::from([(list, "503".to_owned())]), ..Live::default() };
    assert_eq!(plan(&unread, &Options::default()), "warning cnx::plan::unread", "the state's word stands");
    assert_eq!(plan(&Live::default(), &Options::default()), "", "nothing was asked for");

    // What would be taken over is made, and may be there.
    let exact = Options { adopt_exact: true, ..Options::default() };
    let made = "create server.web create_because_declared";
    let told = format!("{made}\nwarning cnx::plan::unread");
    for (text, options, decided) in [
        (WEB.to_owned(), &Options::default(), made),
        (WEB.to_owned(), &exact, &told),
        (format!("{WEB} !adopt"), &Options::default(), &told),
    ] {
        let (program, nothing) = (desired(&text), Snapshot::default());
        let plan = super::super::plan(&program, &nothing, &unread, catalog(), options);
        assert_eq!(show(&plan), decided, "{text}");
    }
}

#[test]
fn refresh_only_takes_in_what_is_there() {
    let mut world = applied("compute_instance jump name=j type=t-1x1 region=eu image=u tags={team:web}");
    set(&mut world, "compute_instance.jump", "tags", tags(&[("team", "api")]));
    let program = desired("compute_instance jump name=other type=t-1x1 region=eu image=u tags={team:web}");
    let options = Options { refresh_only: true, ..Options::default() };
    let decided = "note compute_instance.jump note_because_memory_differs
drift compute_instance.jump tags.team web→api Ignored";
    assert_eq!(show(&world.plan(&program, &options)), decided);
}

fn open(of: &str, purpose: Purpose, id: Option<&str>) -> Open {
    let intent = Intent {
        operation: OperationId(7),
        address: address(of),
        kind: address(of).kind,
        purpose,
        id: id.map(RemoteId::new),
        nonce: Nonce(String::new()),
        idempotency_key: String::new(),
        fingerprint: String::new(),
        inputs_hash: String::new(),
        wanted: crate::model::Attributes::new(),
        lifecycle: Remembered::default(),
        epoch: 1,
        attempt: 1,
        surveyed: true,
        at: Timestamp(0),
    };
    Open { intent, job: None, id: id.map(RemoteId::new), candidates: Vec::new(), asked: false }
}

#[test]
fn open_operations_are_waited_for() {
    let mut world = World::default();
    world.snapshot.open.insert(OperationId(7), open("server.web", Purpose::Create, None));
    let text = format!("{WEB}\ncdn_zone shop domain=a.example origin_url=@server.web.ipv4");
    let waits = "wait server.web wait_because_operation_open
create cdn_zone.shop create_because_declared < server.web";
    assert_eq!(show(&world.plan(&desired(&text), &Options::default())), waits);
    assert_eq!(show(&world.plan(&desired(""), &Options::default())), "wait server.web wait_because_operation_open");
    let mut world = applied(WEB);
    world.snapshot.open.insert(OperationId(7), open("server.web", Purpose::Update(Vec::new()), Some("srv_1")));
    let ends = "wait server.web wait_because_operation_open
destroy server.web delete_because_no_resource_config < server.web";
    let plan = world.plan(&desired(""), &Options::default());
    assert_eq!(show(&plan), ends);
    assert!(plan.expect("plans").steps.order().all(|(_, step)| step.twin.is_none() && step.action != Action::Create));
    // Deletes of the object and of one whose place it took.
    for (operation, id) in [(7, "srv_1"), (8, "srv_0")] {
        let mut deletes = Open { id: None, ..open("server.web", Purpose::Delete, Some(id)) };
        deletes.intent.operation = OperationId(operation);
        world.snapshot.open.insert(OperationId(operation), deletes);
    }
    let plan = world.plan(&desired(""), &Options::default()).expect("plans");
    let waits = plan.steps.order().filter(|(_, step)| step.action != Action::Destroy);
    let waits: Vec<_> = waits.map(|(_, step)| (step.action.clone(), step.id.clone())).collect();
    let wait = |operation, id| (Action::Wait(OperationId(operation)), Some(RemoteId::new(id)));
    assert_eq!(waits, [wait(7, "srv_1"), wait(8, "srv_0")]);
}

#[test]
fn a_leftover_ends_after_its_users_let_go() {
    let with = |region: &str| {
        format!(
            "server web name=web region={region} plan=p image=u !create_first\ncdn_zone shop domain=a.example origin_url=@server.web.ipv4"
        )
    };
    let mut world = applied(&with("eu"));
    let program = desired(&with("us"));
    let plan = world.plan(&program, &Options::default()).expect("plans");
    world.apply_first(&program, &plan, 1);
    let rest = "update(patch) cdn_zone.shop update_because_attributes_changed | origin_url ipv4-1→ipv4-3
destroy server.web delete_deposed deposed < cdn_zone.shop";
    assert_eq!(show(&world.plan(&program, &Options::default())), rest);
}
