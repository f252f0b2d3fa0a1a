//! Evaluation as tables: an expression and its value, a program and its instances, a mistake and its place.

use super::evaluate::steps as steps_of;
use super::{Desired, Inputs, Outputs, ParamInput, evaluate, parse_param};
use crate::diag::Diagnostics;
use crate::model::{Address, Attributes, Ident, Type, Value};
use crate::program::library::functions;
use crate::program::tests::{CATALOG, SHOP, checked, places};
use std::collections::BTreeMap;
use std::sync::Arc;

fn files(path: &str) -> Result<Vec<u8>, String> {
    match path {
        "deploy.pub" => Ok(b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0 deploy@example.com\n".to_vec()),
        "hello.txt" => Ok(b"hello\n".to_vec()),
        "greeting.txt" => Ok(b"hello ${name}\n".to_vec()),
        _ => Err("there is no such file".to_owned()),
    }
}

fn inputs(environment: Option<&str>, params: &[(&str, &str)]) -> Inputs {
    let params = params.iter().map(|(name, raw)| ((*name).to_owned(), ParamInput::Raw((*raw).to_owned())));
    Inputs {
        environment: environment.map(str::to_owned),
        params: params.collect(),
        files: Arc::new(files),
        project_name: "folder".to_owned(),
        ..Inputs::default()
    }
}

/// Checks and evaluates; the program must check without errors.
fn evaluated(source: &str, inputs: &Inputs) -> (Desired, Diagnostics) {
    let (program, diagnostics, sources) = checked(source);
    assert!(!diagnostics.has_errors(), "{:?}\n{source}", places(&diagnostics, &sources));
    evaluate(Arc::new(program), inputs)
}

/// The value of one expression.
fn value_of(expression: &str) -> Result<Value, String> {
    let source = format!("fn sized(of: {{ size: int = 1 }}): int = of.size\noutput value = {expression}\n");
    let (program, diagnostics, sources) = checked(&source);
    if diagnostics.has_errors() {
        return Err(format!("{:?} {:?}", places(&diagnostics, &sources), diagnostics.0));
    }
    let (desired, diagnostics) = evaluate(Arc::new(program), &inputs(None, &[]));
    match desired.outputs.get("value") {
        Some(output) if !diagnostics.has_errors() => Ok(output.value.clone()),
        _ => Err(format!("{:?} {:?}", places(&diagnostics, &sources), diagnostics.0)),
    }
}

fn addresses(desired: &Desired) -> Vec<String> {
    desired.by_address.keys().map(Address::to_string).collect()
}

#[test]
fn shop_in_each_environment() {
    let check = |environment: Option<&str>, params: &[(&str, &str)], servers: usize, total: usize| {
        let (desired, diagnostics) = evaluated(SHOP, &inputs(environment, params));
        assert_eq!(diagnostics, Diagnostics::default());
        let found = addresses(&desired);
        assert_eq!(found.iter().filter(|name| name.starts_with("server.web[")).count(), servers, "{found:?}");
        assert_eq!(found.len(), total, "{found:?}");
    };
    check(None, &[], 1, 5);
    check(Some("dev"), &[], 1, 5);
    check(Some("staging"), &[], 2, 6);
    check(Some("production"), &[], 4, 8);
    check(Some("production"), &[("bastion", "true"), ("regions", r#"["eu-west-2", "us-east-1"]"#)], 4, 10);
}

#[test]
fn every_example_of_the_library() {
    for function in functions() {
        let (example, expected) = function.example;
        let found = value_of(example).unwrap_or_else(|why| panic!("{}: {why}", function.name));
        let wanted = value_of(expected).unwrap_or_else(|why| panic!("{}: {why}", function.name));
        let same = super::operate::equal(&found, &wanted);
        assert!(same, "{}: {example} is {found:?}, expected {wanted:?}", function.name);
    }
}

#[test]
fn expressions() {
    let check = |expression: &str, expected: &str| {
        let found = value_of(expression).unwrap_or_else(|why| panic!("{expression}: {why}"));
        let wanted = value_of(expected).unwrap_or_else(|why| panic!("{expected}: {why}"));
        assert!(super::operate::equal(&found, &wanted), "{expression} is {found:?}, expected {wanted:?}");
    };
    for line in include_str!("fixtures/expressions.txt").lines().filter(|line| !line.is_empty()) {
        let (expression, expected) = line.split_once(" => is ").expect("a case has an expected value");
        check(expression, expected);
    }
}

#[test]
fn what_is_wrong_with_a_parameter() {
    let catalog = &CATALOG;
    let written = |ty: &str| {
        let program = format!("param p: {ty}\n");
        let parsed = crate::syntax::parse(crate::model::FileId(0), &program);
        crate::program::check(&[parsed.ast], catalog).0.params[0].ty.clone()
    };
    let source = "{ type: \"dir\", path: string } | { type: \"git\", url: string, rev: string = \"main\" }";
    let list = "list({ name: string, size: int = 1 })";
    for (ty, raw, expected) in [
        (source, "{ type = \"dir\" }", "`path` is missing"),
        (source, "{ type = \"dri\", path = \"x\" }", "\"dri\" is none of \"dir\", \"git\"; did you mean `dir`?"),
        (list, "[{ size = 2 }]", "`name` is missing in `{ size = 2 }`"),
        (list, "[{ nam = \"a\" }]", "there is no `nam` here; did you mean `name`?"),
        (list, "[{ name = \"a\", size = \"b\" }]", "expected int, found string in `\"b\"`"),
        (list, "3", "expected list({ name: string, size: int = 1 }), found int"),
        ("int", "abc", "expected int, found \"abc\""),
    ] {
        assert_eq!(parse_param(raw, &written(ty), catalog), Err(expected.to_owned()), "{raw} as {ty}");
    }
}

#[test]
fn parameters_from_text() {
    let check = |raw: &str, ty: Type, expected: Result<Value, ()>| {
        assert_eq!(parse_param(raw, &ty, &CATALOG).map_err(|_| ()), expected, "{raw} as {ty}");
    };
    let size = Type::Union(vec![Type::Literal("small".into()), Type::Literal("large".into())]);
    check("a b", Type::String, Ok(Value::string("a b")));
    check("12", Type::String, Ok(Value::string("12")));
    let either = Type::Union(vec![Type::Int, Type::String]);
    check("4", either.clone(), Ok(Value::int(4)));
    check("-4", either.clone(), Ok(Value::int(-4)));
    check("\"4\"", either.clone(), Ok(Value::string("4")));
    check("2024-01-01", either.clone(), Ok(Value::string("2024-01-01")));
    check("4.5", either.clone(), Ok(Value::string("4.5")));
    check("upper(\"x\")", either.clone(), Ok(Value::string("upper(\"x\")")));
    check("a b", either, Ok(Value::string("a b")));
    check("12", Type::Int, Ok(Value::int(12)));
    check("1 + 2", Type::Int, Ok(Value::int(3)));
    check("1.5", Type::Int, Err(()));
    check("true", Type::Bool, Ok(Value::Bool(true)));
    check("yes", Type::Bool, Err(()));
    check("1h30m", Type::Duration, Ok(Value::Duration(5_400_000)));
    check("small", size.clone(), Ok(Value::string("small")));
    check("tiny", size, Err(()));
    check("null", Type::Int.optional(), Ok(Value::Null));
    check("3", Type::Int.optional(), Ok(Value::int(3)));
    check(r#"["a"]"#, Type::set(Type::String), Ok(Value::set([Value::string("a")])));
    check("key_1", Type::Id(Ident::new("ssh_key")), Ok(Value::string("key_1")));
    check("srv_1", Type::Id(Ident::new("ssh_key")), Err(()));
    check("[", Type::list(Type::Int), Err(()));
}

/// What is wrong with the inputs, by code and by where the parameter stands.
#[test]
fn wrong_inputs() {
    let source = "param n: int = 1\noutput m = n\nenvironment dev { target = \"local\" }\n";
    let check = |environment: Option<&str>, params: &[(&str, &str)], expected: &[&str]| {
        let (program, _, sources) = checked(source);
        let (_, diagnostics) = evaluate(Arc::new(program), &inputs(environment, params));
        assert_eq!(places(&diagnostics, &sources), expected);
        assert!(diagnostics.0.iter().all(|diagnostic| !diagnostic.help.is_empty()));
    };
    check(Some("dev"), &[("n", "2")], &[]);
    check(Some("dve"), &[], &["unknown_environment"]);
    check(None, &[("m", "2")], &["unknown_param"]);
    check(None, &[("n", "two")], &["wrong_param@1:7"]);
    check(None, &[("n", "1.5")], &["wrong_param@1:7"]);
    check(None, &[("n", "99999999999999999999")], &[]);
}

/// Outputs that are known, by printed address.
struct Known(BTreeMap<String, Attributes>);

impl Outputs for Known {
    fn attributes(&self, address: &Address) -> Option<&Attributes> {
        self.0.get(&address.to_string())
    }
}

fn known(entries: &[(&str, &str, &str)]) -> Known {
    let mut all: BTreeMap<String, Attributes> = BTreeMap::new();
    for (address, name, text) in entries {
        all.entry((*address).to_owned()).or_default().insert(Ident::new(name), Value::string(text));
    }
    Known(all)
}

#[test]
fn resolving_fills_in_what_is_known() {
    let (desired, _) = evaluated(SHOP, &inputs(Some("staging"), &[]));
    let zone = Address::managed("cdn_zone", "shop", None);
    let node = desired.by_address[&zone];
    let origin = |instance: &super::Instance| instance.attributes["origin_url"].value.clone();
    assert!(!origin(desired.graph.node(node)).is_known());
    let outputs = known(&[("server.web[1]", "ipv4", "192.168.1.7"), ("server.web[2]", "ipv4", "192.168.1.8")]);
    let resolved = desired.resolve(node, &outputs).expect("it resolves");
    assert_eq!(origin(&resolved), Value::string("http://192.168.1.7"));
    let server = desired.by_address[&Address::managed("server", "web", Some(crate::model::Key::Int(1)))];
    assert_eq!(desired.graph.dependencies(node), vec![server], "only the instance that it reads");
    let resolver = desired.resolver.0.as_ref().expect("there is a resolver");
    let found = resolver.outputs(&outputs).expect("outputs resolve");
    let expected = value_of(r#"{ "web-01" = "192.168.1.7", "web-02" = "192.168.1.8" }"#).expect("a value");
    assert!(super::operate::equal(&found["addresses"].value, &expected), "{found:?}");
}

#[test]
fn settings_fill_in() {
    let source = r#"
project "shop" {}
environment ci { target = "local", provider = { default_tags = { team = "ci" } } }
environment live { target = "production", protect = true }
provider cloudnexus {
  default_region = "eu-west-2"
  default_tags = { team = "web", env = env.name }
  requests_per_minute = 60
  max_wait = 2m
  compute_url = "http://127.0.0.1:4710/v1"
}
compute_instance a { name = "a", type = "standard-2x4", image = "debian-12", tags = { own = "x" } }
compute_instance b { name = "b", type = "standard-2x4", image = "debian-12", region = "us-east-1" }
"#;
    let (desired, diagnostics) = evaluated(source, &inputs(Some("live"), &[]));
    assert_eq!(diagnostics, Diagnostics::default());
    let shown = |name: &str, attribute: &str| {
        let node = desired.by_address[&Address::managed("compute_instance", name, None)];
        crate::model::json::to_json(&desired.graph.node(node).attributes[attribute].value).expect("known").to_string()
    };
    assert_eq!(shown("a", "region"), r#""eu-west-2""#);
    assert_eq!(shown("b", "region"), r#""us-east-1""#);
    assert_eq!(shown("a", "tags"), r#"{"env":"live","own":"x","team":"web"}"#);
    assert_eq!(shown("b", "tags"), r#"{"env":"live","team":"web"}"#);
    assert_eq!(shown("a", "desired_status"), r#""running""#);
    assert_eq!(desired.settings.project, "shop");
    assert_eq!(desired.settings.target, super::Target::Production);
    assert!(desired.settings.protect);
    assert_eq!(desired.settings.requests_per_minute, Some(60));
    assert_eq!(desired.settings.max_wait, Some(120_000));
    assert_eq!(desired.settings.urls[&Ident::new("compute_url")], "http://127.0.0.1:4710/v1");
    let (desired, _) = evaluated(source, &inputs(None, &[]));
    assert_eq!(desired.settings.environment, "ci");
    assert_eq!(desired.settings.default_tags["team"], "ci");
}

#[test]
fn references_become_edges() {
    let check = |body: &str, expected: &[&str]| {
        let source = format!(
            "server web for n in 1..=3 {{ name = \"w${{n}}\", region = \"eu-west-2\", plan = \"standard-8\", image = \"debian-12\" }}\n\
             server one {{ name = \"one\", region = \"eu-west-2\", plan = \"standard-8\", image = \"debian-12\" }}\n\
             let second = server.web[2].ipv4\n{body}\n"
        );
        let (desired, diagnostics) = evaluated(&source, &inputs(None, &[]));
        assert!(!diagnostics.has_errors(), "{body}: {:?}", diagnostics.0);
        let all = desired.by_address.iter().filter(|(address, _)| address.name.as_str() == "probe");
        let found: Vec<String> = all
            .map(|(address, node)| {
                let on = desired.graph.dependencies(*node);
                let on: Vec<String> = on.iter().map(|id| desired.graph.node(*id).address.to_string()).collect();
                format!("{address}: {}", on.join(" "))
            })
            .collect();
        assert_eq!(found, expected, "{body}");
    };
    let zone = |header: &str, origin: &str, rest: &str| {
        format!(
            "cdn_zone probe {header} {{ domain = \"a.example.com\", origin_url = \"http://${{{origin}}}\"\n{rest} }}"
        )
    };
    let all = "cdn_zone.probe: server.web[1] server.web[2] server.web[3]";
    check(&zone("", "server.web[1].ipv4", ""), &["cdn_zone.probe: server.web[1]"]);
    check(&zone("", "server.one.name", ""), &["cdn_zone.probe: server.one"]);
    check(&zone("", "second", ""), &["cdn_zone.probe: server.web[2]"]);
    check(&zone("", "join(\"-\", server.web[*].ipv4)", ""), &[all]);
    check(&zone("", "length(server.web)", ""), &[all]);
    check(
        &zone("for k, s in server.web", "s.ipv4", ""),
        &["cdn_zone.probe[1]: server.web[1]", "cdn_zone.probe[2]: server.web[2]", "cdn_zone.probe[3]: server.web[3]"],
    );
    check(
        &zone("", "1", "lifecycle { depends_on = [server.one, server.web[3]] }"),
        &["cdn_zone.probe: server.web[3] server.one"],
    );
    check(
        &zone("", "1", "lifecycle { after { assert = cdn_zone.probe.status == \"active\" } }"),
        &["cdn_zone.probe: "],
    );
}

/// Steps must grow with the number of instances, not faster.
#[test]
fn work_is_linear_in_instances() {
    let steps = |count: usize| {
        let source = format!(
            "let names = [for n in 1..={count} : \"web-${{n}}\"]\n\
             server web for name in names {{ name = name, region = \"eu-west-2\", plan = \"standard-8\", image = \"debian-12\", ssh_keys = [ssh_key.k.id] }}\n\
             ssh_key k {{ name = \"k\", public_key = file(\"deploy.pub\") }}\n\
             cdn_zone z for k, s in server.web {{ domain = \"${{k}}.example.com\", origin_url = \"http://${{s.ipv4}}\" }}\n"
        );
        let (desired, diagnostics) = evaluated(&source, &inputs(None, &[]));
        assert!(!diagnostics.has_errors(), "{:?}", diagnostics.0.first());
        assert_eq!(desired.graph.len(), 2 * count + 1);
        steps_of(&source_program(&source), &inputs(None, &[]))
    };
    let (small, large) = (steps(200), steps(2_000));
    assert!(large < small * 11, "{small} steps for 200, {large} for 2,000");
}

fn source_program(source: &str) -> Arc<crate::program::Program> {
    Arc::new(checked(source).0)
}

/// A program that multiplies work ends with a complaint.
#[test]
fn fuel_runs_out() {
    let (program, _, _) = checked("output a = [for x in 1..=1000 : [for y in 1..=1000 : x * y]]\n");
    let program = Arc::new(program);
    let world = super::world::World::new(Arc::clone(&program), "default".to_owned(), Arc::new(files));
    let mut machine = super::machine::Machine::new(&world, None);
    machine.fuel = 10_000;
    assert_eq!(machine.value(&program.outputs[0].value), None);
    assert_eq!(machine.diagnostics.0[0].code, &super::codes::LIMIT);
}

/// Hostile programs end with a complaint, quickly and on a small stack.
#[test]
fn hostile_programs_end() {
    let check = |name: &str, source: &str| {
        let (program, mut diagnostics, _) = checked(source);
        if !diagnostics.has_errors() {
            diagnostics = evaluate(Arc::new(program), &inputs(None, &[])).1;
        }
        assert!(diagnostics.has_errors(), "{name} should be refused");
    };
    let chain = |first: &str, next: &dyn Fn(usize) -> String, count: usize, last: &str| {
        let mut source = format!("let a0 = {first}\n");
        (1..=count).for_each(|n| source.push_str(&format!("let a{n} = {}\n", next(n - 1))));
        source + last
    };
    let out = |n: usize| format!("output b = length(a{n})\n");
    check("values that double", &chain("[1]", &|n| format!("[...a{n}, ...a{n}]"), 40, &out(40)));
    check("lists in lists", &chain("[1]", &|n| format!("[a{n}, a{n}]"), 60, &out(60)));
    check("objects in objects", &chain("{ x = 1 }", &|n| format!("{{ x = a{n}, y = a{n} }}"), 60, &out(60)));
    check("deep values", &chain("[1]", &|n| format!("[a{n}]"), 2_000, &out(2_000)));
    check(
        "deep values of any type",
        &chain("[1]", &|n| format!("element([[a{n}], 1], 0)"), 2_000, "output b = a2000\n"),
    );
    check("texts that double", &chain("\"x\"", &|n| format!("\"${{a{n}}}${{a{n}}}\""), 60, "output b = a60\n"));
    let functions: String = (1..2_000).map(|n| format!("fn f{n}(x: int): int = f{}(x) + 1\n", n - 1)).collect();
    check("calls in calls", &format!("fn f0(x: int): int = x\n{functions}output b = f1999(1)\n"));
    check("large ranges", "output b = length(range(0, 1000000000000000000))\n");
    check("large ranges of operators", "output b = 0..1000000000000000000\n");
    check(
        "many instances",
        "cdn_zone a for n in 1..=2000000 { domain = \"a.example.com\", origin_url = \"http://a\" }\n",
    );
    let types: String = (1..60).map(|n| format!("type T{n} = {{ a: T{}, b: T{} }}\n", n - 1, n - 1)).collect();
    check("types that double", &format!("type T0 = int\n{types}param p: T59\noutput b = p\n"));
}

/// One random mistake at a time in a valid program: nothing panics, and few complaints follow.
#[test]
fn mutants_are_told_once() {
    let words: Vec<&str> = tokens(SHOP);
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut draw = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed % below as u64) as usize
    };
    let mut counts = [0usize; 8];
    let rounds = 600;
    for _ in 0..rounds {
        let mut mutant: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let at = loop {
            let at = draw(words.len());
            if !words[at].trim().is_empty() {
                break at;
            }
        };
        match draw(4) {
            0 => mutant[at].clear(),
            1 => mutant[at].push('x'),
            2 => mutant[at] = words[draw(words.len())].to_owned(),
            _ => mutant[at] = "12".to_owned(),
        }
        let source = mutant.concat();
        let (program, diagnostics, sources) = checked(&source);
        let mut all = places(&diagnostics, &sources);
        if !diagnostics.has_errors() {
            all.extend(places(&evaluate(Arc::new(program), &inputs(None, &[])).1, &sources));
        }
        all.retain(|place| !place.starts_with("unused@"));
        counts[all.len().min(7)] += 1;
        if all.len() > 2 && std::env::var_os("SHOW_MUTANTS").is_some() {
            eprintln!("{:?} -> {:?}: {all:?}", words[at], mutant[at]);
        }
    }
    let few: usize = counts[..3].iter().sum();
    assert!(few * 100 >= rounds * 95, "{counts:?}");
}

/// Words, blanks and single characters, in order.
fn tokens(source: &str) -> Vec<&str> {
    let kind = |c: char| {
        if c.is_alphanumeric() || c == '_' {
            0
        } else if c.is_whitespace() {
            1
        } else {
            2
        }
    };
    let mut made = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let end = match kind(first) {
            2 => first.len_utf8(),
            same => rest.find(|c| kind(c) != same).unwrap_or(rest.len()),
        };
        made.push(&rest[..end]);
        rest = &rest[end..];
    }
    made
}

/// What is written nested as deep as the grammar allows is checked and evaluated on a small stack.
#[test]
fn deep_expressions_fit_the_stack() {
    let nested = |open: &str, close: &str| format!("output a = {}1{}\n", open.repeat(100), close.repeat(100));
    for (open, close) in [("[", "]"), ("(", ")"), ("abs(", ")"), ("{ a = ", " }"), ("true ? 1 : (", ")"), ("-(", ")")] {
        let source = nested(open, close);
        let (program, diagnostics, _) = checked(&source);
        assert!(!diagnostics.has_errors(), "{open}: {:?}", diagnostics.0);
        let (_, diagnostics) = evaluate(Arc::new(program), &inputs(None, &[]));
        assert!(!diagnostics.has_errors(), "{open}: {:?}", diagnostics.0);
    }
}
