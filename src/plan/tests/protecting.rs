//! `protect`, of an object and of an environment: what lifts it, and what does not.

use super::case::*;
use super::program::desired;
use crate::plan::Options;

const OPEN: &str = "server web name=web region=eu plan=standard-8 image=ubuntu-22.04 !protect=false";
const ELSEWHERE: &str = "server web name=web region=us plan=standard-8 image=ubuntu-22.04";
const REFUSED: &str = "error cnx::plan::protected";

#[test]
fn protection_lasts_until_its_end_is_applied() {
    let cases = [
        case("gone from the program", WEB_PROTECTED, "", REFUSED),
        Case { options: |options| options.destroy = true, ..case("destroyed", WEB_PROTECTED, WEB_PROTECTED, REFUSED) },
        case("replaced", WEB_PROTECTED, "server web name=web region=us plan=p image=u !protect", REFUSED),
        case("its block is deleted", WEB_PROTECTED, WEB, ""),
        case("its block is deleted, and it is replaced", WEB_PROTECTED, ELSEWHERE, REFUSED),
        Case {
            options: |options| options.replace = vec![pattern("server.web")],
            ..case("its block is deleted, and it is asked for", WEB_PROTECTED, WEB, REFUSED)
        },
        case(
            "lifted and replaced at once",
            WEB_PROTECTED,
            "server web name=web region=us plan=standard-8 image=ubuntu-22.04 !protect=false",
            REFUSED,
        ),
        case(
            "protected from now on, and replaced",
            WEB,
            "server web name=web region=us plan=p image=u !protect",
            REFUSED,
        ),
        case(
            "lifted",
            WEB_PROTECTED,
            OPEN,
            "note server.web note_because_memory_differs\nwarning cnx::plan::protection_ends",
        ),
        case(
            "lifted, and changed in place",
            WEB_PROTECTED,
            "server web name=web region=eu plan=standard-16 image=ubuntu-22.04 !protect=false",
            "update(resize) server.web update_because_attributes_changed | plan standard-8→standard-16
             warning cnx::plan::protection_ends",
        ),
    ];
    for case in &cases {
        let lines: Vec<&str> = case.decides.lines().map(str::trim).collect();
        check(&Case { decides: lines.join("\n").leak(), ..*case });
    }
}

#[test]
fn once_lifted_it_stands_against_nothing() {
    let mut world = applied(WEB_PROTECTED);
    for program in [WEB, OPEN] {
        let program = desired(program);
        let plan = world.plan(&program, &Options::default()).expect("plans");
        assert_eq!(world.apply(&program, &plan), Vec::<String>::new());
        let kept = world.snapshot.records.values().all(|record| record.lifecycle.protect);
        assert_eq!(kept, plan.steps.is_empty(), "the state keeps it until `protect = false` is applied");
    }
    assert!(world.plan(&desired(ELSEWHERE), &Options::default()).is_ok());
    assert!(world.plan(&desired(""), &Options::default()).is_ok());
}

#[test]
fn a_protected_environment_asks_on_every_target() {
    let world = applied(WEB);
    let mut program = desired("");
    program.settings.protect = true;
    assert_eq!(show(&world.plan(&program, &Options::default())), "error cnx::plan::needs_approval");
    let allowed = Options { allow_destroy: vec![pattern("server.web")], ..Options::default() };
    assert!(world.plan(&program, &allowed).is_ok());
}
