//! `moved`, `forget` and `import`: what stays the same object under another name, what is let go, what is taken in.

use super::super::Options;
use super::case::show;
use super::cloud::World;
use super::language::{obey, read};

fn web(header: &str, name: &str) -> String {
    let rest = "region = \"eu-west-2\", plan = \"standard-8\", image = \"ubuntu-22.04\"";
    format!("server {header} {{ name = \"{name}\", {rest} }}\n")
}

/// What is decided after `before` was applied; where it can be obeyed, nothing is left after it.
fn check(name: &str, before: &str, after: &str, decides: &[&str]) {
    let mut world = World::default();
    obey(&mut world, &read(before));
    let wanted = read(after);
    let result = world.plan(&wanted, &Options::default());
    let mut lines: Vec<String> = show(&result).lines().map(str::to_owned).collect();
    if let Ok(plan) = &result {
        lines.extend(plan.moves.iter().map(|(from, to)| format!("moved {from} -> {to}")));
        obey(&mut world, &wanted);
        let again = world.plan(&wanted, &Options::default()).expect("plans");
        assert!(!again.has_changes(), "{name}: {:?}", again.moves);
    }
    assert_eq!(lines, decides, "{name}");
}

#[test]
fn moved() {
    let (a, b) = (web("a", "web"), web("b", "web"));
    check("a new name", &a, &format!("{b}moved server.a -> server.b"), &["moved server.a -> server.b"]);
    let history = format!("{b}moved server.b -> server.b[1]\nmoved server.x -> server.b");
    check("old history", &b, &history.replace("moved server.b -> server.b[1]\n", ""), &[]);
    let two = format!("{}moved server.b -> server.c\nmoved server.a -> server.b", web("c", "web"));
    check("two moves", &a, &two, &["moved server.a -> server.c"]);
    let keyed = format!("{}moved server.a -> server.a[\"x\"]", web("a for k in [\"x\"]", "web"));
    check("from single to for", &a, &keyed, &["moved server.a -> server.a[\"x\"]"]);
    let single = format!("{a}moved server.a[\"x\"] -> server.a");
    check("from for to single", &web("a for k in [\"x\"]", "web"), &single, &["moved server.a[\"x\"] -> server.a"]);
    let many = |name: &str| web(&format!("{name} for n in 1..=2"), "w-${n}");
    let whole = format!("{}moved server.a -> server.b", many("b"));
    let told = ["moved server.a[1] -> server.b[1]", "moved server.a[2] -> server.b[2]"];
    check("a whole declaration", &many("a"), &whole, &told);
    let still = format!("{a}{}moved server.a -> server.b", web("b", "other"));
    let taken = format!("{a}{b}");
    let blocked = ["error cnx::plan::move_blocked"];
    check("the new name is taken", &taken, &format!("{b}moved server.a -> server.b"), &blocked);
    check("still declared", &a, &still, &["error cnx::plan::still_declared"]);
}

#[test]
fn forget() {
    let (a, both) = (web("a", "web"), format!("{}{}", web("a", "web"), web("b", "other")));
    let told = ["forget server.b forget_because_declared"];
    check("one object", &both, &format!("{a}forget server.b"), &told);
    check("it is declared", &a, &format!("{a}forget server.a"), &["error cnx::plan::still_declared"]);
    check("old history", &a, &format!("{a}forget server.b"), &[]);
    let many = web("a for n in 1..=2", "w-${n}");
    let one = format!("{}forget server.a[2]", web("a for n in 1..=1", "w-${n}"));
    check("one of many", &many, &one, &["forget server.a[2] forget_because_declared"]);
}

#[test]
fn import() {
    let mut world = World::default();
    let many = web("a for n in 1..=2", "w-${n}");
    obey(&mut world, &read(&many));
    let ids: Vec<String> = world.snapshot.records.values().map(|record| record.id.to_string()).collect();
    world.snapshot.records.clear();
    world.snapshot.ids.clear();
    let plan = |world: &World, text: &str| show(&world.plan(&read(text), &Options::default()));
    let map = format!("{{ a = \"{}\", b = \"{}\" }}", ids[0], ids[1]);
    let keyed = web("b for k in [\"a\", \"b\"]", "w-${k == \"a\" ? 1 : 2}");
    let imports = format!("{keyed}let ids = {map}\nimport server.b[k] = id for k, id in ids");
    let told = "adopt server.b[\"a\"] adopt_because_imported\nadopt server.b[\"b\"] adopt_because_imported";
    assert_eq!(plan(&world, &imports), told);
    let unknown = format!("{}import server.b = \"srv_none\"", web("b", "w"));
    assert_eq!(plan(&world, &unknown), "error cnx::plan::not_importable");
    let no_key = format!("{keyed}import server.b = \"{}\"", ids[0]);
    assert_eq!(plan(&world, &no_key), "error cnx::plan::not_importable");
    obey(&mut world, &read(&imports));
    let stays =
        format!("{imports}\nserver c {{ name = \"c\", region = \"eu-west-2\", plan = \"standard-8\", image = \"x\" }}");
    assert_eq!(plan(&world, &stays), "create server.c create_because_declared");
    let bound = world.snapshot.records.values().map(|record| (record.id.clone(), record.address.clone()));
    world.snapshot.ids = bound.collect();
    let again = format!("{stays}\nimport server.c = \"{}\"", ids[0]);
    let moved_on = again.replace("for k, id in ids", "for k, id in { b = ids.b }");
    assert_eq!(plan(&world, &moved_on), "error cnx::plan::not_importable");
}
