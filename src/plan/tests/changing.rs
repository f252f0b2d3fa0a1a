//! Changes in place, and changes made outside.

use super::case::*;
use crate::model::Value;

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
        case(
            "another name of the same image",
            WEB,
            "server web name=web region=eu plan=standard-8 image=ubuntu-22.04-lts",
            "note server.web note_because_memory_differs",
        ),
        case(
            "an argument of a change is no change",
            "database main name=m engine=redis region=eu tier=small",
            "database main name=m engine=redis region=eu tier=small maintenance_window=2030-01-01T00:00:00Z",
            "",
        ),
    ];
    cases.iter().for_each(check);
}

#[test]
fn maps_lifecycle_and_removed_attributes() {
    let cases = [
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
            outside: |world| {
                set(world, "compute_instance.jump", "tags", tags(&[("team", "web"), ("owner", "ops"), ("cnx_op", "x")]))
            },
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
    ];
    cases.iter().for_each(check);
}

#[test]
fn outside_changes_that_are_hard_to_see() {
    let cases = [
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
            ..case(
                "deleted outside, not wanted either",
                WEB,
                "",
                "forget server.web deleted_outside\ndrift server.web  none→none Gone",
            )
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
