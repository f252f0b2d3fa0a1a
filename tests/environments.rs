//! Environments with the real binary: patterns, states elsewhere, what another project gives.

use crate::support::{Project, Run};
use std::path::Path;

fn server(name: &str) -> String {
    format!("server s {{ name = {name}, region = \"eu-west-2\", plan = \"standard-4\", image = \"ubuntu-22.04\" }}\n")
}

fn run(project: &Project, arguments: &[&str]) -> Run {
    Run::of(project.command(arguments).env("COLUMNS", "1000").output().expect("cnx runs"))
}

fn refused(project: &Project, arguments: &[&str], words: &str) {
    let run = run(project, arguments);
    assert_eq!(run.code, 1, "{arguments:?}\n{}", run.all());
    run.says(words);
}

fn exists(project: &Project, path: &str) -> bool {
    project.path().join(path).exists()
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

#[test]
fn a_pattern_stands_for_many_environments() {
    let text = format!(
        "project \"p\" {{ cnx = \">= 0.1\" }}\n\
         # The main line.\nenvironment main {{ target = \"local\" }}\n\
         # A pull request.\nenvironment \"pr-*\" {{ target = \"local\", params = {{ name = \"${{env.name}}-${{suffix}}\" }} }}\n\
         param suffix: string = \"x\"\nparam name: string = \"m\"\n{}output who = env.name\n",
        server("name")
    );
    let project = Project::new(&[("main.cnx", &text)]);
    project.ok(&["apply", "-e", "pr-1", "--yes"]).says("\"pr-1-x\"");
    project.ok(&["plan", "-e", "pr-2"]).says("\"pr-2-x\"").says("1 to create");
    project.ok(&["output", "who", "--raw", "-e", "pr-1"]).says("pr-1");
    project.ok(&["plan"]).says("env main").says("\"m\"");
    assert!(exists(&project, ".cnx/state/pr-1.db") && !exists(&project, ".cnx/state/pr-2.db"));
    let listed = project.ok(&["env", "list"]);
    listed.says("pr-*").says("pattern").says("A pull request.").says(".cnx/state/pr-1.db");
    let json = project.ok(&["env", "list", "--json"]).stdout;
    assert_eq!(json.lines().count(), 3, "{json}");
    refused(&project, &["plan", "-e", "preview"], "no environment `preview`");
    refused(&project, &["plan", "-e", "pr-*"], "no environment");
    refused(&project, &["plan", "-e", "pr-"], "no environment");
    refused(&project, &["plan", "-e", "pr-../../x"], "no environment");
    refused(&project, &["state", "list", "-e", "pr-/../x"], "no environment");
    project.ok(&["fmt", "--check"]);
    project.ok(&["destroy", "-e", "pr-1", "--yes"]);
}

#[test]
fn states_may_lie_elsewhere() {
    let project = |name: &str, state: &str| {
        format!(
            "project \"{name}\" {{ state = {state} }}\nparam team: string = \"blue\"\n{}output t = team\n",
            server("team")
        )
    };
    let all = Project::new(&[
        ("one/main.cnx", &project("one", "\"../states/${team}\"")),
        ("two/main.cnx", &project("t/w o", "\"../states/${team}\"")),
    ]);
    all.ok(&["apply", "-C", "one", "--yes"]);
    assert!(exists(&all, "states/blue/one/default.db"));
    assert!(!exists(&all, "one/.cnx/state"));
    #[cfg(unix)]
    {
        assert_eq!(mode(&all.path().join("states/blue/one/default.db")), 0o600);
        assert_eq!(mode(&all.path().join("states/blue/one/default.lock")), 0o600);
    }
    all.ok(&["plan", "-C", "two"]).says("1 to create");
    all.ok(&["apply", "-C", "two", "--yes"]);
    assert!(exists(&all, "states/blue/t%2Fw%20o/default.db"));
    all.ok(&["state", "list", "-C", "one"]).says("server.s");
    all.ok(&["output", "t", "-C", "one"]).says("blue");
    let red = all.ok(&["state", "list", "-C", "one", "-p", "team=red"]);
    assert!(!red.stdout.contains("server.s"));
    all.ok(&["plan", "-C", "one", "--detailed-exitcode"]);
    all.ok(&["destroy", "-C", "one", "--yes"]);
}

#[test]
fn an_environment_has_a_place_of_its_own() {
    let text = format!(
        "project \"p\" {{ state = \"all\" }}\nparam key: string\n\
         environment a {{ target = \"local\", params = {{ key = \"k\" }} }}\n\
         environment b {{ target = \"local\", state = \"only/${{key}}\" }}\n{}",
        server("key")
    );
    let project = Project::new(&[("main.cnx", &text)]);
    project.ok(&["apply", "-e", "a", "--yes"]);
    project.ok(&["apply", "-e", "b", "-p", "key=z", "--yes"]);
    assert!(exists(&project, "all/p/a.db") && exists(&project, "only/z/p/b.db"));
    refused(&project, &["state", "list", "-e", "b"], "`key` has no value");
    project.ok(&["env", "list"]).says("all/p/a.db");
    let bad = |state: &str, words: &str| {
        let project = Project::new(&[("main.cnx", &format!("project \"p\" {{ state = {state} }}\n"))]);
        refused(&project, &["plan"], words);
    };
    bad("\"\"", "no path of a folder");
    bad("\"~/states\"", "no path of a folder");
    bad("1", "expected string");
    bad("server.s.ipv4", "no `server` named");
}

/// Two projects beside each other; the second uses what the first gives.
fn two(user: &str) -> Project {
    let network = format!(
        "project \"network\" {{ cnx = \">= 0.1\" }}\nenvironment dev {{ target = \"local\" }}\n{}\
         output name = server.s.name\noutput ports = [80, 443]\nsecret output token = \"canary-token\"\n",
        server("\"n\"")
    );
    Project::new(&[("network/main.cnx", &network), ("shop/main.cnx", user)])
}

#[test]
fn outputs_of_another_project_are_read() {
    let shop = format!(
        "environment dev {{ target = \"local\" }}\ndata cnx_outputs net {{ project = \"../network\" }}\n{}\
         output ports: list(int) = data.cnx_outputs.net.ports\n\
         output first = data.cnx_outputs.net.ports[0]\n",
        server("\"shop-${data.cnx_outputs.net.name}\"")
    );
    let project = two(&shop);
    project.ok(&["check", "-C", "shop"]);
    refused(&project, &["plan", "-C", "shop"], "nothing was applied");
    project.ok(&["apply", "-C", "network", "--yes"]);
    project.ok(&["apply", "-C", "shop", "--yes"]).says("\"shop-n\"");
    project.ok(&["plan", "-C", "shop", "--detailed-exitcode"]);
    project.ok(&["output", "ports", "-C", "shop"]).says("443");
}

#[test]
fn outputs_that_are_not_there_or_not_of_the_type_are_refused() {
    let check = |line: &str, words: &str| {
        let project = two(&format!("environment dev {{ target = \"local\" }}\n{line}\n"));
        project.ok(&["apply", "-C", "network", "--yes"]);
        refused(&project, &["plan", "-C", "shop"], words);
        let run = run(&project, &["plan", "-C", "shop"]);
        assert!(run.all().contains("main.cnx:2:"), "{line}\n{}", run.all());
    };
    let with = |rest: &str, expression: &str| {
        format!("data cnx_outputs net {{ project = \"../network\"{rest} }} output x: int = data.cnx_outputs.net.{expression}")
            .replace("} output", "}\noutput")
    };
    check("data cnx_outputs net { project = \"../absent\" }", "is not there");
    check("data cnx_outputs net { project = \"network\" }", "is a name");
    check("data cnx_outputs net { project = \"../network\", environment = \"prod\" }", "no environment `prod`");
    check("data cnx_outputs net { project = \"../network\", environment = \"../x\" }", "names no environment");
    check("data cnx_outputs net { enviroment = \"dev\", project = \".\" }", "did you mean `environment`");
    check("data cnx_outputs net { environment = \"dev\" }", "needs `project`");
    let place = |line: String, words: &str| {
        let project = two(&format!("environment dev {{ target = \"local\" }}\n{line}\n"));
        project.ok(&["apply", "-C", "network", "--yes"]);
        let run = run(&project, &["plan", "-C", "shop"]);
        assert_eq!(run.code, 1, "{line}");
        run.says(words).says("main.cnx:3:");
        assert!(!run.all().contains("canary"), "{}", run.all());
    };
    place(with("", "nmae"), "did you mean `name`");
    place(with("", "name"), "expected int");
    place(with("", "token"), "a secret reaches it");
}

#[test]
fn a_secret_of_another_project_stays_one() {
    let shop = "environment dev { target = \"local\" }\n\
                data cnx_outputs net { project = \"../network\", secret = true }\n\
                secret output token: string = data.cnx_outputs.net.token\n";
    let project = two(shop);
    project.ok(&["apply", "-C", "network", "--yes"]);
    let applied = project.ok(&["apply", "-C", "shop", "--yes"]);
    assert!(!applied.all().contains("canary"), "{}", applied.all());
    project.edit("shop/main.cnx", "secret output", "output");
    refused(&project, &["check", "-C", "shop"], "a secret reaches it");
}

/// Whoever reads it need not know that it is secret there: the state does.
#[test]
fn what_another_project_calls_secret_is_secret_without_a_word() {
    let shop = "environment dev { target = \"local\" }\n\
                data cnx_outputs net { project = \"../network\" }\n\
                module inner from \"./inner\" { key = data.cnx_outputs.net.token }\n\
                output name: string = data.cnx_outputs.net.name\n\
                secret output token: string = data.cnx_outputs.net.token\n\
                secret output longer = module.inner.longer\n";
    let project = two(shop);
    project.write("shop/inner/main.cnx", "param key: string\noutput longer = \"${key}-and-more\"\n");
    project.ok(&["apply", "-C", "network", "--yes"]);
    for arguments in [&["plan"][..], &["plan", "--json"], &["apply", "--yes"], &["output", "--json"]] {
        let run = project.ok(&[arguments, &["-C", "shop"]].concat());
        assert!(!run.all().contains("canary"), "{}", run.all());
        run.says("\"n\"");
    }
    project.ok(&["output", "longer", "--raw", "-C", "shop"]).says("canary-token-and-more");
    for plain in ["secret output token", "secret output longer"] {
        project.edit("shop/main.cnx", plain, plain.trim_start_matches("secret "));
        project.ok(&["check", "-C", "shop"]);
        refused(&project, &["plan", "-C", "shop"], "a secret reaches it");
        let run = run(&project, &["plan", "-C", "shop"]);
        assert!(!run.all().contains("canary"), "{}", run.all());
        project.edit("shop/main.cnx", plain.trim_start_matches("secret "), plain);
    }
}

#[test]
fn projects_that_share_a_place_are_found_by_name() {
    let network =
        format!("project \"network\" {{ state = \"../states\" }}\n{}output name = server.s.name\n", server("\"n\""));
    let shop = "project \"shop\" { state = \"../states\" }\n\
                data cnx_outputs net { project = \"network\" }\noutput name: string = data.cnx_outputs.net.name\n";
    let project = Project::new(&[("network/main.cnx", &network), ("shop/main.cnx", shop)]);
    project.ok(&["apply", "-C", "network", "--yes"]);
    project.ok(&["apply", "-C", "shop", "--yes"]).says("\"n\"");
    project.edit("shop/main.cnx", "project = \"network\"", "project = \"../network\"");
    project.ok(&["plan", "-C", "shop", "--detailed-exitcode"]);
}

#[test]
fn what_is_brought_into_one_environment_leaves_one_of_a_longer_name_alone() {
    let declared = ["prod", "\"prod.eu\"", "old"].map(|name| format!("environment {name} {{ target = \"local\" }}\n"));
    let project = Project::new(&[("main.cnx", &(declared.concat() + &server("\"web\"")))]);
    for environment in ["prod.eu", "old"] {
        project.ok(&["apply", "-e", environment, "--yes"]);
    }
    project.ok(&["state", "export", "old.json", "-e", "old"]);
    assert_eq!(project.run(&["apply", "-e", "prod"]).code, 5);
    assert!(exists(&project, ".cnx/state/prod.db"), "laid out, and empty");
    project.ok(&["state", "import", "old.json", "-e", "prod", "--yes"]);
    project.ok(&["state", "list", "-e", "prod"]).says("server.s");
    project.ok(&["state", "list", "-e", "prod.eu"]).says("server.s");
}
