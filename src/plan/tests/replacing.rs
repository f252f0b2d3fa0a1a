//! Replacements and ends, their order and their reasons.

use super::case::*;
use super::program::address;
use crate::model::RemoteId;
use crate::state::Condition;

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
    ];
    cases.iter().for_each(check);
}

#[test]
fn replacements_for_other_reasons() {
    let cases = [
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
    ];
    cases.iter().for_each(check);
}

#[test]
fn endings_that_are_refused_or_late() {
    let cases = [
        case(
            "from single to repeated proposes a move",
            "server web name=a region=eu plan=p image=u",
            "server web[1] name=a region=eu plan=p image=u",
            "create server.web[1] create_because_declared
             destroy server.web delete_because_wrong_repetition
             warning cnx::plan::moved",
        ),
        case(
            "retained",
            "server web name=a region=eu plan=p image=u !retain",
            "",
            "forget server.web forget_because_retained",
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
                record.id = RemoteId::new("srv_old");
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
