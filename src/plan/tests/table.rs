//! Each class of change, drift and refusal: what was applied, what happened outside, what is wanted now, what is decided.

use super::super::{Action, Options, Plan, ReplaceOrder, Step};
use super::cloud::World;
use super::program::{address, desired};
use crate::desired::Target;
use crate::diag::Diagnostics;
use crate::model::{AddressPattern, Ident, Key, NodeId, Value};
use crate::state::Condition;

/// One case. Unset parts: nothing happened, default options.
struct Case {
    name: &'static str,
    before: &'static str,
    outside: fn(&mut World),
    after: &'static str,
    options: fn(&mut Options),
    decides: &'static str,
}

const fn case(name: &'static str, before: &'static str, after: &'static str, decides: &'static str) -> Case {
    Case { name, before, outside: |_| {}, after, options: |_| {}, decides }
}

const WEB: &str = "server web name=web region=eu plan=standard-8 image=ubuntu-22.04";
const WEB_PROTECTED: &str = "server web name=web region=eu plan=standard-8 image=ubuntu-22.04 !protect";

fn show(result: &Result<Plan, Diagnostics>) -> String {
    let mut lines = Vec::new();
    match result {
        Err(found) => lines.extend(found.0.iter().map(|diagnostic| format!("error {}", diagnostic.code.id))),
        Ok(plan) => {
            lines.extend(plan.steps.order().map(|(node, step)| show_step(plan, node, step)));
            lines.extend(plan.drift.iter().map(|drift| {
                let (applied, live) = (show_value(drift.applied.as_ref()), show_value(drift.live.as_ref()));
                format!("drift {} {} {applied}→{live} {:?}", drift.address, drift.path.join("."), drift.handling)
            }));
            lines.extend(plan.warnings.0.iter().map(|diagnostic| format!("warning {}", diagnostic.code.id)));
        }
    }
    lines.join("\n")
}

fn show_step(plan: &Plan, node: NodeId, step: &Step) -> String {
    let action = match &step.action {
        Action::Update(operations) => {
            let names: Vec<&str> = operations.iter().map(Ident::as_str).collect();
            format!("update({})", names.join(","))
        }
        Action::Adopt(_) => "adopt".to_owned(),
        Action::Wait(_) => "wait".to_owned(),
        other => format!("{other:?}").to_lowercase(),
    };
    let twin = step.twin.map_or("", |twin| match twin.order {
        ReplaceOrder::DestroyFirst => " destroy-first",
        ReplaceOrder::CreateFirst => " create-first",
    });
    let deposed = if step.deposed { " deposed" } else { "" };
    let mut line = format!("{action} {} {}{twin}{deposed}", step.address, step.reason.code.as_str());
    if step.action != Action::Create || step.twin.is_some() {
        for change in &step.changes {
            let (before, after) = (show_value(change.before.as_ref()), show_value(change.after.as_ref()));
            let forces = if change.forces_replacement { "!" } else { "" };
            line += &format!(" | {} {before}→{after}{forces}", change.path.join("."));
        }
    }
    let after: Vec<String> =
        plan.steps.dependencies(node).into_iter().map(|at| plan.steps.node(at).address.to_string()).collect();
    if !after.is_empty() {
        line += &format!(" < {}", after.join(" "));
    }
    line
}

fn show_value(value: Option<&Value>) -> String {
    match value {
        None => "none".to_owned(),
        Some(Value::Unknown(_)) => "?".to_owned(),
        Some(value) => value.as_str().map_or_else(
            || crate::model::json::to_json(value).map_or_else(|| "?".to_owned(), |json| json.to_string()),
            str::to_owned,
        ),
    }
}

fn applied(text: &str) -> World {
    let mut world = World::default();
    let program = desired(text);
    let plan = world.plan(&program, &Options::default()).expect("the first plan");
    let wrong = world.apply(&program, &plan);
    assert!(wrong.is_empty(), "{wrong:?}");
    world
}

fn check(case: &Case) {
    let mut world = applied(case.before);
    (case.outside)(&mut world);
    let mut options = Options::default();
    (case.options)(&mut options);
    let program = desired(case.after);
    let result = world.plan(&program, &options);
    let wanted: Vec<&str> = case.decides.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert_eq!(show(&result), wanted.join("\n"), "case {}", case.name);
    let Ok(plan) = result else { return };
    let wrong = world.apply(&program, &plan);
    assert!(wrong.is_empty(), "case {}: {wrong:?}", case.name);
    if !options.destroy && options.targets.is_empty() {
        let again = world.plan(&program, &Options::default()).expect("plans again");
        let steps: Vec<String> = again.steps.order().map(|(node, step)| show_step(&again, node, step)).collect();
        assert!(steps.is_empty(), "case {}: a second plan has {steps:#?}", case.name);
    }
}

fn set(world: &mut World, of: &str, name: &str, value: Value) {
    let record = &world.snapshot.records[&address(of)];
    let object = world.objects.get_mut(&record.kind).and_then(|all| all.get_mut(&record.id)).expect("object");
    object.attributes.insert(Ident::new(name), value);
}

fn hide(world: &mut World, of: &str, name: &str) {
    let record = &world.snapshot.records[&address(of)];
    let object = world.objects.get_mut(&record.kind).and_then(|all| all.get_mut(&record.id)).expect("object");
    object.attributes.remove(name);
}

fn delete(world: &mut World, of: &str) {
    let record = &world.snapshot.records[&address(of)];
    world.objects.get_mut(&record.kind).and_then(|all| all.remove(&record.id)).expect("object");
}

fn pattern(text: &str) -> AddressPattern {
    AddressPattern(text.to_owned())
}

fn tags(entries: &[(&str, &str)]) -> Value {
    Value::map(entries.iter().map(|(key, value)| (Key::text(key), Value::string(value))).collect())
}

#[test]
fn nothing_and_in_place() {
    let cases = [
        case("nothing", WEB, WEB, ""),
        case("create", "", WEB, "create server.web create_because_declared"),
        case(
            "create waits for what it refers to",
            "",
            "ssh_key deploy name=d public_key=ssh-ed25519_AAAA_me
             server web name=web region=eu plan=standard-8 image=u ssh_keys=[@ssh_key.deploy.id]",
            "create ssh_key.deploy create_because_declared
             create server.web create_because_declared < ssh_key.deploy",
        ),
        case(
            "update by patch",
            WEB,
            "server web name=www region=eu plan=standard-8 image=ubuntu-22.04",
            "update(patch) server.web update_because_attributes_changed | name web→www",
        ),
        case(
            "several operations in the catalog's order",
            WEB,
            "server web name=www region=eu plan=standard-16 image=ubuntu-22.04 desired_status=stopped",
            "update(patch,resize,stop) server.web update_because_attributes_changed | name web→www | plan standard-8→standard-16 | desired_status running→stopped",
        ),
        case(
            "made stopped: created, then stopped",
            "",
            "server web name=web region=eu plan=standard-8 image=u desired_status=stopped",
            "create server.web create_because_declared
             update(stop) server.web create_because_declared < server.web",
        ),
        case(
            "tier and replicas in one call",
            "database main name=m engine=redis region=eu tier=small",
            "database main name=m engine=redis region=eu tier=large read_replicas=3",
            "update(scale) database.main update_because_attributes_changed | tier small→large | read_replicas 0→3",
        ),
        case("another name of the same image", WEB, "server web name=web region=eu plan=standard-8 image=ubuntu-22.04-lts", "note server.web note_because_memory_differs"),
        case(
            "an argument of a change is no change",
            "database main name=m engine=redis region=eu tier=small",
            "database main name=m engine=redis region=eu tier=small maintenance_window=2030-01-01T00:00:00Z",
            "",
        ),
        case(
            "maps member by member",
            "compute_instance jump name=j type=t-1x1 region=eu image=u tags={team:web,owner:ann}",
            "compute_instance jump name=j type=t-1x1 region=eu image=u tags={team:api,tier:one}",
            "update(patch) compute_instance.jump update_because_attributes_changed | tags.owner ann→none | tags.team web→api | tags.tier none→one",
        ),
        case(
            "a removed map is emptied",
            "compute_instance jump name=j type=t-1x1 region=eu image=u tags={team:web}",
            "compute_instance jump name=j type=t-1x1 region=eu image=u",
            "update(patch) compute_instance.jump update_because_attributes_changed | tags.team web→none",
        ),
        case(
            "what cannot be emptied stays, and it is said",
            "database main name=m engine=redis region=eu tier=small version=7",
            "database main name=m engine=redis region=eu tier=small",
            "note database.main note_because_memory_differs
             warning cnx::plan::not_resettable",
        ),
        case("lifecycle alone is noted", WEB, WEB_PROTECTED, "note server.web note_because_memory_differs"),
    ];
    cases.iter().for_each(check);
}

#[test]
fn replacements() {
    let cases = [
        case(
            "destroy first",
            WEB,
            "server web name=web region=us plan=standard-8 image=ubuntu-22.04",
            "destroy server.web replace_because_cannot_update destroy-first
             create server.web replace_because_cannot_update destroy-first | region eu→us! < server.web",
        ),
        case(
            "create first, users in between",
            "server web name=web region=eu plan=standard-8 image=u !create_first
             cdn_zone shop domain=shop.example origin_url=@server.web.ipv4",
            "server web name=web region=us plan=standard-8 image=u !create_first
             cdn_zone shop domain=shop.example origin_url=@server.web.ipv4",
            "create server.web replace_because_cannot_update create-first | region eu→us!
             update(patch) cdn_zone.shop update_because_attributes_changed | origin_url ipv4-1→? < server.web
             destroy server.web replace_because_cannot_update create-first < server.web cdn_zone.shop",
        ),
        case(
            "create first spreads to what it depends on",
            "snapshot base source_id=@server.web.id !create_first
             server web name=web region=eu plan=standard-8 image=u",
            "snapshot base source_id=@server.web.id !create_first
             server web name=web region=us plan=standard-8 image=u",
            "create server.web replace_because_cannot_update create-first | region eu→us!
             create snapshot.base replace_because_dependency create-first | source_id srv_1→?! < server.web
             destroy snapshot.base replace_because_dependency create-first < snapshot.base
             destroy server.web replace_because_cannot_update create-first < server.web snapshot.base snapshot.base",
        ),
        case(
            "two cannot exist: destroyed first, users too, and it is said",
            "cdn_zone shop domain=a.example origin_url=http://o !create_first
             cdn_routing_rule all zone_id=@cdn_zone.shop.id name=all priority=1 match={path:/} action={type:block}",
            "cdn_zone shop domain=b.example origin_url=http://o !create_first
             cdn_routing_rule all zone_id=@cdn_zone.shop.id name=all priority=1 match={path:/} action={type:block}",
            "destroy cdn_routing_rule.all replace_because_dependency destroy-first
             destroy cdn_zone.shop replace_because_cannot_update destroy-first < cdn_routing_rule.all
             create cdn_zone.shop replace_because_cannot_update destroy-first | domain a.example→b.example! < cdn_zone.shop
             create cdn_routing_rule.all replace_because_dependency destroy-first | zone_id zone_1→?! < cdn_zone.shop cdn_routing_rule.all
             warning cnx::plan::create_first_impossible",
        ),
        Case {
            options: |options| options.replace = vec![pattern("server.web")],
            ..case(
                "on request",
                WEB,
                WEB,
                "destroy server.web replace_by_request destroy-first
                 create server.web replace_by_request destroy-first < server.web",
            )
        },
        Case {
            outside: |world| {
                let record = world.snapshot.records.get_mut(&address("server.web")).expect("record");
                record.condition = Condition::Tainted("the job failed".to_owned());
            },
            ..case(
                "tainted",
                WEB,
                WEB,
                "destroy server.web replace_because_tainted destroy-first
                 create server.web replace_because_tainted destroy-first < server.web",
            )
        },
        case(
            "by a value to replace on",
            "server web name=web region=eu plan=p image=u !replace_when=one",
            "server web name=web region=eu plan=p image=u !replace_when=two",
            "destroy server.web replace_by_triggers destroy-first
             create server.web replace_by_triggers destroy-first < server.web",
        ),
        case(
            "retained: let go, then made anew",
            "server web name=web region=eu plan=p image=u !retain",
            "server web name=web region=us plan=p image=u !retain",
            "forget server.web replace_because_cannot_update destroy-first
             create server.web replace_because_cannot_update destroy-first | region eu→us! < server.web",
        ),
    ];
    cases.iter().for_each(check);
}

#[test]
fn endings() {
    let pair = "ssh_key deploy name=d public_key=ssh-ed25519_AAAA_me
                server web name=web region=eu plan=p image=u ssh_keys=[@ssh_key.deploy.id]";
    let cases = [
        case("no longer declared", WEB, "", "destroy server.web delete_because_no_resource_config"),
        case(
            "users first",
            pair,
            "",
            "destroy server.web delete_because_no_resource_config
             destroy ssh_key.deploy delete_because_no_resource_config < server.web",
        ),
        Case {
            options: |options| options.destroy = true,
            ..case(
                "all of it",
                pair,
                pair,
                "destroy server.web delete_by_request
                 destroy ssh_key.deploy delete_by_request < server.web",
            )
        },
        case(
            "a key that is gone",
            "server web[1] name=a region=eu plan=p image=u
             server web[2] name=b region=eu plan=p image=u",
            "server web[1] name=a region=eu plan=p image=u",
            "destroy server.web[2] delete_because_each_key",
        ),
        case(
            "from single to repeated proposes a move",
            "server web name=a region=eu plan=p image=u",
            "server web[1] name=a region=eu plan=p image=u",
            "create server.web[1] create_because_declared
             destroy server.web delete_because_wrong_repetition
             warning cnx::plan::moved",
        ),
        case("retained", "server web name=a region=eu plan=p image=u !retain", "", "forget server.web forget_because_retained"),
        case("protected", "server web name=a region=eu plan=p image=u !protect", "", "error cnx::plan::protected"),
        case(
            "protected from replacement",
            "server web name=a region=eu plan=p image=u !protect",
            "server web name=a region=us plan=p image=u !protect",
            "error cnx::plan::protected",
        ),
        case(
            "a unique name is free before it is taken again",
            "cdn_zone old domain=a.example origin_url=http://o",
            "cdn_zone new domain=a.example origin_url=http://o",
            "destroy cdn_zone.old delete_because_no_resource_config
             create cdn_zone.new create_because_declared < cdn_zone.old",
        ),
        Case {
            outside: |world| {
                let mut record = world.snapshot.records[&address("server.web")].clone();
                record.id = crate::model::RemoteId::new("srv_old");
                let mut object = world.objects[&record.kind].values().next().expect("object").clone();
                object.id = record.id.clone();
                world.objects.get_mut(&record.kind).expect("kind").insert(record.id.clone(), object);
                world.snapshot.deposed.insert(record.address.clone(), vec![record]);
            },
            ..case("a leftover of a replacement", WEB, WEB, "destroy server.web delete_deposed deposed")
        },
    ];
    cases.iter().for_each(check);
}

#[test]
fn outside_changes() {
    let jump = "compute_instance jump name=j type=t-1x1 region=eu image=u tags={team:web}";
    let cases = [
        Case {
            outside: |world| set(world, "server.web", "name", Value::string("odd")),
            ..case(
                "put back",
                WEB,
                WEB,
                "update(patch) server.web update_because_attributes_changed | name odd→web
                 drift server.web name web→odd Reverted",
            )
        },
        Case {
            outside: |world| set(world, "server.web", "name", Value::string("www")),
            ..case(
                "accepted by the program",
                WEB,
                "server web name=www region=eu plan=standard-8 image=ubuntu-22.04",
                "note server.web note_because_memory_differs
                 drift server.web name web→www Accepted",
            )
        },
        Case {
            outside: |world| set(world, "compute_instance.jump", "tags", tags(&[("team", "web"), ("owner", "ops"), ("cnx_op", "x")])),
            ..case(
                "ignored, kept when the rest changes",
                jump,
                "compute_instance jump name=j type=t-1x1 region=eu image=u tags={team:api} !ignore=tags.owner",
                "update(patch) compute_instance.jump update_because_attributes_changed | tags.team web→api
                 drift compute_instance.jump tags.owner none→ops Ignored",
            )
        },
        Case {
            outside: |world| {
                hide(world, "server.web", "plan");
                hide(world, "server.web", "image");
                hide(world, "server.web", "auto_backup");
            },
            ..case("hidden attributes are no change", WEB, WEB, "")
        },
        Case {
            outside: |world| {
                hide(world, "server.web", "plan");
                set(world, "server.web", "specs", Value::string("bigger"));
            },
            ..case(
                "a signal betrays a hidden change",
                WEB,
                WEB,
                "update(resize) server.web update_because_attributes_changed | plan none→standard-8
                 drift server.web specs specs-1→bigger Reverted",
            )
        },
        Case {
            outside: |world| set(world, "server.web", "desired_status", Value::string("provisioning")),
            ..case("in transition is no drift", WEB, WEB, "")
        },
        Case {
            outside: |world| set(world, "database.main", "version", Value::string("9")),
            ..case(
                "unmanaged is left alone",
                "database main name=m engine=redis region=eu tier=small",
                "database main name=m engine=redis region=eu tier=small",
                "drift database.main version version-1→9 Ignored",
            )
        },
        Case {
            outside: |world| delete(world, "server.web"),
            ..case(
                "deleted outside, made again",
                WEB,
                WEB,
                "create server.web deleted_outside
                 drift server.web  none→none Gone",
            )
        },
        Case {
            outside: |world| delete(world, "server.web"),
            ..case("deleted outside, not wanted either", WEB, "", "forget server.web deleted_outside\ndrift server.web  none→none Gone")
        },
        Case {
            outside: |world| {
                let waiting = Value::object([("new_tier".into(), Value::string("large"))].into());
                set(world, "database.main", "pending_scale", waiting);
            },
            ..case(
                "a scale that waits for its window is no change",
                "database main name=m engine=redis region=eu tier=small",
                "database main name=m engine=redis region=eu tier=large",
                "note database.main note_because_memory_differs
                 drift database.main tier small→large Accepted",
            )
        },
    ];
    cases.iter().for_each(check);
}

#[test]
fn guards() {
    let five = "server web[1] name=a region=eu plan=p image=u
                server web[2] name=b region=eu plan=p image=u
                server web[3] name=c region=eu plan=p image=u
                server web[4] name=d region=eu plan=p image=u
                server web[5] name=e region=eu plan=p image=u";
    let two_gone: fn(&mut World) = |world| {
        delete(world, "server.web[1]");
        delete(world, "server.web[2]");
    };
    let cases = [
        Case { outside: two_gone, ..case("many gone at once", five, five, "error cnx::plan::vanished") },
        Case {
            outside: two_gone,
            options: |options| options.assume_gone = vec![pattern("*")],
            ..case(
                "many gone, and it is known",
                five,
                five,
                "create server.web[1] deleted_outside
                 create server.web[2] deleted_outside
                 drift server.web[1]  none→none Gone
                 drift server.web[2]  none→none Gone",
            )
        },
        case("a condition", WEB, "server web name=w region=eu plan=p image=u !before=no", "error cnx::plan::condition_failed"),
        Case {
            options: |options| options.targets = vec![pattern("server.wbe")],
            ..case("a target that is not there", WEB, WEB, "error cnx::plan::no_such_address")
        },
        Case {
            outside: |world| {
                world.snapshot.records.clear();
            },
            ..case(
                "a unique name that a stranger has",
                "cdn_zone shop domain=a.example origin_url=http://o",
                "cdn_zone shop domain=a.example origin_url=http://o",
                "error cnx::plan::exists_already",
            )
        },
        Case {
            outside: |world| {
                world.snapshot.records.clear();
            },
            ..case(
                "adopted, and mended",
                "cdn_zone shop domain=a.example origin_url=http://o",
                "cdn_zone shop domain=a.example origin_url=http://p !adopt",
                "adopt cdn_zone.shop adopt_because_natural_key_exists
                 update(patch) cdn_zone.shop update_because_attributes_changed | origin_url http://o→http://p < cdn_zone.shop",
            )
        },
        Case {
            outside: |world| {
                world.snapshot.records.clear();
            },
            ..case(
                "a key is adopted by what its fingerprint is made of",
                "ssh_key d name=d public_key=ssh-ed25519_AAAA_me",
                "ssh_key d name=d public_key=ssh-ed25519_AAAA_you !adopt",
                "adopt ssh_key.d adopt_because_natural_key_exists",
            )
        },
    ];
    cases.iter().for_each(check);
}

#[test]
fn actions() {
    let zone = "cdn_zone shop domain=a.example origin_url=@server.web.ipv4
                server web name=web region=eu plan=p image=u";
    let with = |action: &str, zone: &str| format!("{zone}\n{action}").leak() as &'static str;
    let purge = "cdn_purge assets zone_id=@cdn_zone.shop.id paths=[/a] !trigger=@server.web";
    let cases = [
        case("first run", zone, with(purge, zone), "run cdn_purge.assets run_because_never_ran | paths none→[\"/a\"] | zone_id none→zone_2"),
        case("nothing", with(purge, zone), with(purge, zone), ""),
        Case {
            outside: |world| set(world, "server.web", "updated_at", Value::string("now")),
            ..case("computed noise triggers nothing", with(purge, zone), with(purge, zone), "")
        },
        case(
            "arguments",
            with(purge, zone),
            with("cdn_purge assets zone_id=@cdn_zone.shop.id paths=[/b] !trigger=@server.web", zone),
            "run cdn_purge.assets run_because_arguments_changed | paths [\"/a\"]→[\"/b\"]",
        ),
        case(
            "a trigger changes",
            with(purge, zone),
            with(purge, "cdn_zone shop domain=a.example origin_url=@server.web.ipv4\nserver web name=www region=eu plan=p image=u"),
            "update(patch) server.web update_because_attributes_changed | name web→www
             run cdn_purge.assets run_by_triggers < server.web",
        ),
        case(
            "a trigger is replaced",
            with(purge, zone),
            with(purge, "cdn_zone shop domain=a.example origin_url=@server.web.ipv4\nserver web name=web region=us plan=p image=u"),
            "destroy server.web replace_because_cannot_update destroy-first
             create server.web replace_because_cannot_update destroy-first | region eu→us! < server.web
             update(patch) cdn_zone.shop update_because_attributes_changed | origin_url ipv4-1→? < server.web
             run cdn_purge.assets run_because_trigger_replaced < server.web cdn_zone.shop",
        ),
    ];
    cases.iter().for_each(check);
}

#[test]
fn parts() {
    let chain = "ssh_key deploy name=d public_key=ssh-ed25519_AAAA_me
                 server web name=web region=eu plan=p image=u ssh_keys=[@ssh_key.deploy.id]
                 server other name=o region=eu plan=p image=u";
    let cases = [
        Case {
            options: |options| options.targets = vec![pattern("server.web")],
            ..case(
                "a target and what it needs",
                "",
                chain,
                "create ssh_key.deploy create_because_declared
                 create server.web create_because_declared < ssh_key.deploy",
            )
        },
        Case {
            options: |options| options.targets = vec![pattern("ssh_key.deploy")],
            ..case(
                "what ends brings its users",
                chain,
                "server other name=o2 region=eu plan=p image=u",
                "destroy server.web delete_because_no_resource_config
                 destroy ssh_key.deploy delete_because_no_resource_config < server.web",
            )
        },
    ];
    cases.iter().for_each(check);
    let world = applied(chain);
    let keep = Options { excludes: vec![pattern("server.web")], ..Options::default() };
    let result = world.plan(&desired(""), &keep);
    assert_eq!(show(&result), "destroy server.other delete_because_no_resource_config", "its key is kept with it");
    let fresh = World::default().plan(&desired(chain), &Options { excludes: vec![pattern("ssh_key.*")], ..Options::default() });
    assert_eq!(show(&fresh), "create server.other create_because_declared", "who needs it waits too");
}

#[test]
fn approvals() {
    let database = "database main name=m engine=redis region=eu tier=small";
    let world = applied(&format!("{database}\n{WEB}"));
    let mut program = desired("");
    assert!(world.plan(&program, &Options::default()).is_ok(), "local asks nothing");
    program.settings.target = Target::Sandbox;
    assert_eq!(show(&world.plan(&program, &Options::default())), "error cnx::plan::needs_approval");
    program.settings.protect = true;
    let both = "error cnx::plan::needs_approval\nerror cnx::plan::needs_approval";
    assert_eq!(show(&world.plan(&program, &Options::default())), both);
    let allowed = Options { allow_destroy: vec![pattern("database.*"), pattern("server.web")], ..Options::default() };
    let plan = world.plan(&program, &allowed).expect("allowed");
    let lost: Vec<String> = plan.irreversible.iter().map(|lost| format!("{}: {}", lost.address, lost.why)).collect();
    assert_eq!(lost, ["database.main: its data is lost", "server.web: no snapshot"]);
    assert_eq!(plan.estimate.requests, 6);
    let (fingerprint, again) = (plan.fingerprint(), world.plan(&program, &allowed).expect("again"));
    assert_eq!(again.fingerprint(), fingerprint);
    assert!(again.approve("sha256:0").is_err());
    assert_eq!(plan.approve(&fingerprint).expect("its own").fingerprint(), fingerprint);
}
