//! Modules evaluated: instances with their addresses, edges through outputs, what is unknown, mistakes inside.

use super::evaluate::steps;
use super::{Desired, Inputs, evaluate};
use crate::diag::Diagnostics;
use crate::model::{Address, SourceMap, Value};
use crate::program::tests_modules::{cases, places, project};
use std::sync::Arc;

fn evaluated(text: &str) -> (Desired, Diagnostics, SourceMap) {
    let (program, diagnostics, sources) = project(text);
    assert!(!diagnostics.has_errors(), "{:?}\n{text}", places(&diagnostics, &sources));
    let files = |path: &str| match path {
        "web/hello.txt" => Ok(b"from web".to_vec()),
        "hello.txt" => Ok(b"from root".to_vec()),
        _ => Err("there is no such file".to_owned()),
    };
    let inputs = Inputs { files: Arc::new(files), ..Inputs::default() };
    let (desired, diagnostics) = evaluate(Arc::new(program), &inputs);
    (desired, diagnostics, sources)
}

fn whole(text: &str) -> Desired {
    let (desired, diagnostics, sources) = evaluated(text);
    assert!(!diagnostics.has_errors(), "{:?} {:?}", places(&diagnostics, &sources), diagnostics.0);
    desired
}

fn addresses(desired: &Desired) -> Vec<String> {
    desired.by_address.keys().map(Address::to_string).collect()
}

/// `a -> b` for every edge.
fn edges(desired: &Desired) -> Vec<String> {
    let mut found = Vec::new();
    for (address, node) in &desired.by_address {
        for dependency in desired.graph.dependencies(*node) {
            found.push(format!("{address} -> {}", desired.graph.node(dependency).address));
        }
    }
    found.sort();
    found
}

const WEB: &str = "\
@@ web/main.cnx
param name: string
param count: int = 1
param image: string = \"debian-12\"
server s for n in 1..=count { name = \"${name}-${n}\", region = \"eu-west-2\", plan = \"standard-8\", image = image }
output names = [for s in server.s : s.name]
output ips = [for s in server.s : s.ipv4]
output first = server.s[1]
output all = server.s
output hello = file(\"hello.txt\")
";

#[test]
fn instances_are_addressed_by_their_module() {
    let check = |text: &str, expected: &[&str]| {
        assert_eq!(addresses(&whole(&format!("{text}{WEB}"))), expected, "{text}");
    };
    check("module a from \"./web\" { name = \"a\" }\n", &["module.a.server.s[1]"]);
    check(
        "module a from \"./web\" for k in [\"x\", \"y\"] { name = k, count = k == \"x\" ? 1 : 2 }\n",
        &["module.a[\"x\"].server.s[1]", "module.a[\"y\"].server.s[1]", "module.a[\"y\"].server.s[2]"],
    );
    check("module a from \"./web\" if false { name = \"a\" }\n", &[]);
    check(
        "module a from \"./web\" for n in 1..=3 if n != 2 { name = \"${n}\" }\n",
        &["module.a[1].server.s[1]", "module.a[3].server.s[1]"],
    );
    check(
        "module o from \"./outer\" for n in 1..=2 { }\n@@ outer/main.cnx\nmodule i from \"../web\" { name = \"x\" }\n",
        &["module.o[1].module.i.server.s[1]", "module.o[2].module.i.server.s[1]"],
    );
}

#[test]
fn outputs_have_values() {
    let check = |expression: &str, expected: Value| {
        let text = format!(
            "module one from \"./web\" {{ name = \"one\" }}\n\
             module many from \"./web\" for k in [\"a\", \"b\"] {{ name = k, count = 2 }}\n\
             module no from \"./web\" if false {{ name = \"no\" }}\n\
             output value = {expression}\n{WEB}"
        );
        let desired = whole(&text);
        assert_eq!(desired.outputs["value"].value, expected, "{expression}");
    };
    let texts = |all: &[&str]| Value::list(all.iter().map(|text| Value::string(text)).collect());
    check("module.one.names", texts(&["one-1"]));
    check("module.one.first.name", Value::string("one-1"));
    check("module.one.all[1].name", Value::string("one-1"));
    check("module.many[\"b\"].names", texts(&["b-1", "b-2"]));
    check("module.many.a.all[2].name", Value::string("a-2"));
    check("flatten(module.many[*].names)", texts(&["a-1", "a-2", "b-1", "b-2"]));
    check("[for k, m in module.many : \"${k}:${m.first.name}\"]", texts(&["a:a-1", "b:b-1"]));
    check("[for s in module.many[\"a\"].all : s.name]", texts(&["a-1", "a-2"]));
    check("module.no?.names ?? [\"none\"]", texts(&["none"]));
    check("module.one.hello", Value::string("from web"));
    check("file(\"hello.txt\")", Value::string("from root"));
}

#[test]
fn an_output_carries_what_it_depends_on() {
    let server = |name: &str, image: &str| {
        format!(
            "server {name} {{ name = \"{name}\", region = \"eu-west-2\", plan = \"standard-8\", image = {image} }}\n"
        )
    };
    let check = |text: &str, expected: &[&str]| {
        assert_eq!(edges(&whole(&format!("{text}{WEB}"))), expected, "{text}");
    };
    let module = "module a from \"./web\" { name = \"a\", count = 2 }\n";
    check(
        &format!("{module}{}", server("b", "module.a.first.ipv4 == \"x\" ? \"p\" : \"q\"")),
        &["server.b -> module.a.server.s[1]"],
    );
    check(&format!("{module}{}", server("b", "module.a.all[2].ipv4")), &["server.b -> module.a.server.s[2]"]);
    check(
        &format!("{}module a from \"./web\" {{ name = \"a\", image = server.z.id }}\n", server("z", "\"debian-12\"")),
        &["module.a.server.s[1] -> server.z"],
    );
    check(
        "module a from \"./web\" { name = \"a\" }\n\
         module b from \"./web\" { name = \"b\", image = module.a.first.id }\n",
        &["module.b.server.s[1] -> module.a.server.s[1]"],
    );
    check(
        &format!(
            "{module}server b {{ name = \"b\", region = \"eu-west-2\", plan = \"standard-8\", image = \"i\"\n\
             lifecycle {{ depends_on = [module.a] }} }}\n"
        ),
        &["server.b -> module.a.server.s[1]", "server.b -> module.a.server.s[2]"],
    );
}

#[test]
fn what_waits_says_for_whom() {
    let desired = whole(&format!("module a from \"./web\" {{ name = \"a\" }}\noutput x = module.a.first.ipv4\n{WEB}"));
    let mut waits = std::collections::BTreeSet::new();
    desired.outputs["x"].value.waits_for(&mut waits);
    let shown: Vec<String> = waits.iter().map(|path| format!("{}.{}", path.address, path.path.join("."))).collect();
    assert_eq!(shown, ["module.a.server.s[1].ipv4"]);
}

#[test]
fn refactoring_inside_is_seen_from_the_root() {
    let text = "module a from \"./m\" for k in [\"x\", \"y\"] { }\n\
                @@ m/main.cnx\nmoved server.old -> server.new\nforget database.gone\nmoved module.p -> module.q\n\
                import server.s = \"srv_${env.name}\"\n";
    let server = "server s { name = \"s\", region = \"eu-west-2\", plan = \"standard-8\", image = \"debian-12\" }\n";
    let (_, diagnostics, _) = evaluated(&format!("{text}{server}"));
    assert_eq!(diagnostics.0.len(), 1, "one object cannot be imported twice: {diagnostics:?}");
    let desired = whole(&format!("{}{server}", text.replace("import server.s = \"srv_${env.name}\"\n", "")));
    let moves: Vec<String> =
        desired.moves.iter().map(|one| format!("{} -> {}", one.from.address, one.to.address)).collect();
    assert_eq!(
        moves,
        [
            "module.a[\"x\"].server.old -> module.a[\"x\"].server.new",
            "module.a[\"y\"].server.old -> module.a[\"y\"].server.new"
        ]
    );
    assert_eq!(desired.forgets[1].address.to_string(), "module.a[\"y\"].database.gone");
    assert_eq!(desired.module_moves.len(), 2);
}

/// Complaints of evaluation in modules: told once, with the module that they are in.
#[test]
fn failing_projects() {
    let mut wrong = Vec::new();
    for (name, source, expected) in cases(include_str!("fixtures/modules.txt")) {
        let (_, diagnostics, sources) = evaluated(&source);
        let found = places(&diagnostics, &sources);
        if found != expected {
            wrong.push(format!("{name}\n{}\nexpected\n{}", found.join("\n"), expected.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn work_grows_with_the_instances() {
    let count = |modules: usize| {
        let text = format!(
            "module a from \"./web\" for n in 1..={modules} {{ name = \"a${{n}}\", count = 3 }}\n\
             output all = flatten([for m in module.a : m.names])\n{WEB}"
        );
        let (program, diagnostics, _) = project(&text);
        assert!(!diagnostics.has_errors(), "{diagnostics:?}");
        let files = |_: &str| Ok(b"x".to_vec());
        steps(&Arc::new(program), &Inputs { files: Arc::new(files), ..Inputs::default() })
    };
    let (small, large) = (count(100), count(1_000));
    assert!(large < small * 11, "{small} steps for 100, {large} for 1,000");
}

#[test]
fn what_stands_for_nothing_says_why() {
    let desired = whole(
        "\
@@ main.cnx
server a if false { name = \"a\", region = \"eu-west-2\", plan = \"standard-4\", image = \"i\" }
server b for k in toset([]) { name = k, region = \"eu-west-2\", plan = \"standard-4\", image = \"i\" }
module off from \"./one\" if 1 > 2 {}
module each from \"./one\" for k in [\"x\"] {}
@@ one/main.cnx
server s { name = \"s\", region = \"eu-west-2\", plan = \"standard-4\", image = \"i\" }
",
    );
    let headers = desired.headers();
    let absence = |address: &str| {
        let address = Address::parse(address, |_| false).expect("an address");
        headers.absence(&address).map(|absence| absence.text).unwrap_or_default()
    };
    for (address, text) in [
        ("server.a", "the `if` of server.a is false"),
        ("server.a[\"x\"]", "server.a is not repeated any more"),
        ("server.b[\"x\"]", "\"x\" is no longer a key of server.b"),
        ("server.b", "server.b is repeated now"),
        ("module.off.server.s", "the `if` of module.off is false"),
        ("module.each[\"y\"].server.s", "\"y\" is no longer a key of module.each"),
        ("module.each[\"x\"].server.s", ""),
        ("server.c", ""),
        ("module.none.server.s", ""),
    ] {
        assert_eq!(absence(address), text, "{address}");
    }
}
