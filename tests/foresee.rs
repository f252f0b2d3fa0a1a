//! What `cnx check` knows by evaluating, before everything is given: nothing that may yet come out right, and each mistake once.

use crate::pages::run;
use crate::support::Project;

const SERVER: &str = r#"region = "eu-west-2", plan = "standard-4", image = "ubuntu-22.04""#;

/// Programs that are right with some values of what is not given yet.
const RIGHT: [(&str, &str); 14] = [
    (
        "how many there are",
        "param n: int\nserver w for i in 1..=n { name = \"w-${i}\", SERVER }\noutput a = [for k, s in server.w : s.ipv4]\noutput b = server.w[9].name",
    ),
    ("whether it exists", "param on: bool\nserver w if on { name = \"w\", SERVER }\noutput a = server.w?.ipv4"),
    ("a guarded element", "param first: bool\nlet xs = split(\",\", \"\")\noutput a = first ? xs[7] : \"\""),
    (
        "a guarded quotient",
        "param on: bool\nparam n: int = 0\noutput a = on && 10 / n > 1\noutput b = !on || 10 / n > 1",
    ),
    (
        "a guard behind a function",
        "param n: int\nfn share(of: int): number = of == 0 ? 0 : 100 / of\noutput a = share(n)\noutput b = n > 0 ? 1 / (n - n) : 0",
    ),
    (
        "another project",
        "data cnx_outputs net { project = \"../net\" }\noutput a = data.cnx_outputs.net.addresses\nserver w for n in keys(data.cnx_outputs.net.addresses) { name = n, SERVER }",
    ),
    (
        "settings",
        "param rate: int\nparam url: string\nparam folder: string\nproject \"p\" { state = folder }\nprovider cloudnexus { requests_per_minute = rate, compute_url = url }\noutput a = 1",
    ),
    (
        "imports",
        "param ids: map(string)\nserver w for k in keys(ids) { name = k, SERVER }\nimport server.w[k] = id for k, id in ids\nimport server.w[\"x\"] = \"srv_1\"",
    ),
    (
        "instructions",
        "param keep: bool\nserver w {\n  name = \"w\", SERVER\n  lifecycle { protect = keep, timeouts = { create = keep ? 1h : 2h } }\n}",
    ),
    (
        "an assertion and a check",
        "param n: int { assert = n < 10, message = \"too many: ${n}\" }\ncheck \"few\" { assert = n < 5 }\noutput a = n",
    ),
    (
        "a comprehension",
        "param names: list(string)\nparam wanted: bool\nlet all = [\"a\", \"b\"]\noutput a = { for n in names : n => upper(n) }\noutput b = [for x in all if wanted : x][1]",
    ),
    (
        "null members",
        "type O = { a: string?, b: int = 1 }\nparam o: O = {}\nparam n: int? = null\nfn f(x: O): string = jsonencode(x)\ncheck \"x\" { assert = f({ b = n }) == \"{\\\"a\\\":null,\\\"b\\\":1}\" && o == { a = null, b = 1 } && jsonencode(o) == f(o) }",
    ),
    (
        "a text beside those that were written",
        "param size: string\nlet xs = [\"a\", \"b\"]\nlet of = { a = \"x\", b = \"y\" }\noutput a = xs[0] == size || xs[1] == \"c\"\noutput b = [for x in xs if x != \"z\" : of.a == \"z\"]",
    ),
    (
        "a secret",
        "secret param token: string\nsecret output a = \"x-${token}\"\noutput b = length(nonsensitive(token)) > 3 ? \"long\" : \"short\"",
    ),
];

#[test]
fn what_may_yet_come_out_right_is_no_mistake() {
    let mut wrong = Vec::new();
    for (name, program) in RIGHT {
        let project = Project::new(&[]);
        project.write("main.cnx", &format!("{}\n", program.replace("SERVER", SERVER)));
        let said = run(&project, &["check"]);
        if said.exit != 0 || !said.complaints.is_empty() {
            wrong.push(format!("{name}: {}", said.text));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_mistake_of_several_environments_is_told_once() {
    let program = "param n: int\nenvironment dev { target = \"local\", params = { n = 0 } }\n\
                   environment test { target = \"local\", params = { n = 0 } }\n\
                   environment live { target = \"production\", params = { n = 2 } }\noutput a = 10 / n\noutput b = env.name\n";
    let project = Project::new(&[("main.cnx", program)]);
    let of = |arguments: &[&str]| {
        let said = run(&project, arguments);
        said.complaints
            .iter()
            .map(|one| one.code.rsplit("::").next().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(of(&["check"]), ["division_by_zero"]);
    assert_eq!(of(&["check", "-e", "live"]), Vec::<String>::new());
    assert_eq!(of(&["check", "-e", "test"]), ["division_by_zero"]);
    assert_eq!(of(&["check", "-e", "nowhere"]), ["unknown_environment"]);
    assert_eq!(of(&["check", "-p", "n=3"]), Vec::<String>::new());
    assert_eq!(of(&["check", "-p", "n=0"]), ["division_by_zero"]);
    project.run(&["check"]).says("main.cnx:5:17").says("in this environment").says("main.cnx:2:13");
}

#[test]
fn a_mistake_in_a_module_hides_nothing_of_the_others() {
    let main = "module m from \"./m\" { n = 0 }\nmodule n from \"./n\" { }\noutput y = module.m.good\noutput z = module.m.bad\n";
    let broken = "param n: int\nlet wrong = nope\noutput good = 1 / n\noutput bad = wrong\n";
    let project = Project::new(&[("main.cnx", main), ("m/main.cnx", broken), ("n/main.cnx", "output x = 1 / 0\n")]);
    let said = run(&project, &["check"]);
    let codes: Vec<&str> = said.complaints.iter().map(|one| one.code.as_str()).collect();
    let zero = "cnx::desired::division_by_zero";
    assert_eq!(codes, ["cnx::program::unknown_name", zero, zero], "{}", said.text);
}

/// A value is told where it was given: by its place, or by the name of what gave it.
#[test]
fn a_wrong_parameter_is_told_where_it_was_given() {
    let program = "param d: duration = 1s\nparam n: int = 3 {\n  assert  = n < 10\n  message = \"few\"\n}\nparam o: string? = \"x\"\n\
        environment local { target = \"local\", params = { e = 4 } }\nenvironment much { target = \"local\", params = { n = 11, e = 5 } }\n\
        param e: int\noutput every = e\noutput all = \"${d}, ${n}, ${o ?? \"none\"}\"\n";
    let project = Project::new(&[("main.cnx", program)]);
    for (file, arguments, told) in [
        ("{ \"d\": \"5m\", \"o\": null, \"n\": null }", &[][..], &["5m, 3, none"][..]),
        ("{\n  \"d\": \"zork\" }", &[], &["wrong_param", "given.json:2:8"]),
        ("{\n  \"d\": 5 }", &[], &["wrong_param", "given.json:2:8"]),
        ("{\n  \"n\": 20 }", &[], &["failed_assertion", "given.json:2:8"]),
        ("{ \"n\": 2,\n  \"n\": 2 }", &[], &["bad_argument", "given.json:2:3", "given.json:1:3"]),
        ("{ \"n\": 2,,", &[], &["bad_argument", "given.json:1:10"]),
        ("{ \"m\": 2 }", &[], &["unknown_param", "given.json:1:8"]),
        ("{ \"e\": null }", &[], &["\"after\":4"]),
        ("{ \"n\": null }", &["-e", "much"], &["failed_assertion", "main.cnx:8:53"]),
        ("{}", &["-p", "n=x"], &["wrong_param", "-p n=…"]),
        ("{}", &["-p", "n=12"], &["failed_assertion", "given by -p n=…"]),
        ("{}", &["-p", "q=1"], &["unknown_param", "given by -p q=…"]),
        ("{}", &["-e", "much"], &["failed_assertion", "main.cnx:8:53"]),
    ] {
        project.write("given.json", file);
        let said = project.run(&[&["plan", "--params", "given.json", "--json"], arguments].concat()).all();
        let places = said.replace("\",\"line\":", ":").replace(",\"column\":", ":");
        let missing: Vec<&&str> = told.iter().filter(|part| !places.contains(**part)).collect();
        assert!(missing.is_empty(), "{file} {arguments:?}: {missing:?} in {said}");
    }
}
