//! Modules in the state: objects that change their module, or are let go with it.

use super::super::{Options, Plan};
use super::cloud::World;
use super::language::obey;
use crate::desired::{Desired, Inputs, evaluate};
use crate::program::tests_modules::project;
use std::sync::Arc;

fn read(text: &str) -> Desired {
    let (program, found, _) = project(text);
    assert!(!found.has_errors(), "{found:?}");
    let (desired, found) = evaluate(Arc::new(program), &Inputs::default());
    assert!(!found.has_errors(), "{found:?}");
    desired
}

const KEYS: &str = "\
@@ keys/main.cnx
param name: string
ssh_key k { name = name, public_key = \"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0 deploy@example.com\" }
output id = ssh_key.k.id
";

/// Applies the first program, plans the second: its moves and steps.
fn planned(first: &str, second: &str) -> Vec<String> {
    let mut world = World::default();
    obey(&mut world, &read(&format!("{first}{KEYS}")));
    let plan: Plan =
        world.plan(&read(&format!("{second}{KEYS}")), &Options::default()).unwrap_or_else(|found| panic!("{found:#?}"));
    let moved = plan.moves.iter().map(|(from, to)| format!("{from} => {to}"));
    let steps = plan.steps.order().map(|(_, step)| format!("{:?} {}", step.action, step.address));
    moved.chain(steps).collect()
}

#[test]
fn objects_follow_their_module() {
    let check = |first: &str, second: &str, expected: &[&str]| assert_eq!(planned(first, second), expected, "{second}");
    let one = |name: &str| format!("module {name} from \"./keys\" {{ name = \"k\" }}\n");
    let many = "module b from \"./keys\" for k in [\"k\"] { name = k }\n";
    let key =
        "ssh_key r { name = \"k\", public_key = \"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0 deploy@example.com\" }\n";
    check(
        &one("a"),
        &format!("{}moved module.a -> module.b\n", one("b")),
        &["module.a.ssh_key.k => module.b.ssh_key.k"],
    );
    check(
        &one("b"),
        &format!("{many}moved module.b -> module.b[\"k\"]\n"),
        &["module.b.ssh_key.k => module.b[\"k\"].ssh_key.k"],
    );
    check(
        many,
        "module c from \"./keys\" for k in [\"k\"] { name = k }\nmoved module.b -> module.c\n",
        &["module.b[\"k\"].ssh_key.k => module.c[\"k\"].ssh_key.k"],
    );
    check(key, &format!("{}moved ssh_key.r -> module.a.ssh_key.k\n", one("a")), &["ssh_key.r => module.a.ssh_key.k"]);
    check(&one("a"), &format!("{key}moved module.a.ssh_key.k -> ssh_key.r\n"), &["module.a.ssh_key.k => ssh_key.r"]);
    check(&one("a"), "forget module.a\n", &["Forget module.a.ssh_key.k"]);
    check(&one("a"), "", &["Destroy module.a.ssh_key.k"]);
}
