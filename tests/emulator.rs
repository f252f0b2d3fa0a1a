//! `cnx emulator` as a process of its own: its knobs and where they are told of, its command line, and what is left of it
//! after `kill -9`.

use crate::outside::served::{LIVE_P, request, try_request};
use crate::support::{Project, root};
use cnx::emulator::{Config, EFFECTS, KNOBS, setting};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::Mutex;
use std::time::Duration;

/// A served emulator; it is killed with the test.
struct Serving {
    child: Child,
    ready: Value,
}

impl Drop for Serving {
    fn drop(&mut self) {
        // One that has ended needs no end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Serving {
    fn start(project: &Project, options: &[&str]) -> Serving {
        let arguments = [&["emulator", "serve", "--ready", "--port-base", "0"], options].concat();
        let mut command = project.command(&arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("cnx runs");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        Serving { child, ready: serde_json::from_str(&line).expect("JSON") }
    }

    fn port(&self, name: &str) -> u16 {
        self.ready["ports"][name].as_u64().and_then(|port| port.try_into().ok()).expect("a port")
    }

    fn platform(&self, method: &str, target: &str, body: &str) -> (u16, Value) {
        request(self.port("platform"), LIVE_P, method, target, body)
    }
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).expect(path)
}

/// The guide's table of knobs.
fn table_of_knobs() -> String {
    let mut table = "| knob | default | values | meaning | contract |\n|---|---|---|---|---|\n".to_owned();
    for knob in KNOBS {
        let default = knob.default_value();
        let default = default.as_str().map_or_else(|| default.to_string(), str::to_owned);
        let default = if default == "null" { "none".to_owned() } else { format!("`{default}`") };
        let values = knob.values.replace('|', "\\|");
        table.push_str(&format!("| `{}` | {default} | {values} | {} | {} |\n", knob.name, knob.meaning, knob.source));
    }
    table
}

/// `UPDATE_DOCS=1 cargo test` writes the table anew.
#[test]
fn every_knob_and_effect_is_in_the_help_and_in_the_guide() {
    let project = Project::new(&[]);
    let help = project.ok(&["emulator", "serve", "--help"]).stdout;
    assert_eq!(project.ok(&["emulator", "config", "--help"]).stdout.matches("(default ").count(), KNOBS.len());
    for knob in KNOBS {
        assert!(help.contains(&format!("\n  {}: ", knob.name)), "{}\n{help}", knob.name);
    }
    let path = "docs/emulator.md";
    let guide = read(path);
    let table = table_of_knobs();
    let start = guide.find("| knob |").expect("the table of knobs");
    let end = start + guide[start..].find("\n\n").expect("its end") + 1;
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(root().join(path), format!("{}{table}{}", &guide[..start], &guide[end..])).expect("written");
    } else {
        assert_eq!(&guide[start..end], table);
    }
    let help = project.ok(&["emulator", "fault", "add", "--help"]).stdout;
    for effect in EFFECTS {
        assert!(help.contains(&format!("\n  {} ", effect.name)), "{}\n{help}", effect.name);
        let in_guide = [format!("\"effect\": \"{}\"", effect.name), format!("\"effect\": {{\"{}\"", effect.name)];
        assert!(in_guide.iter().any(|text| guide.contains(text)), "{} is not in the guide", effect.name);
        assert!(read("docs/api/contract.md").contains(effect.name), "{} is not in the contract", effect.name);
    }
}

/// Words in code type that the ledger's emulator column names and that are no knobs: answers, routes, slugs, states.
const OTHER_WORDS: &[&str] = &[
    "test",
    "/v1",
    "unsupported_media_type",
    "strict",
    "details.reason = environment_mismatch",
    "area:verb",
    "missing_api_key",
    "invalid_api_key",
    "expired_api_key",
    "/v1/servers?page=2",
    "{\"id\":\"<last id>\"}",
    "tag",
    "tags",
    "snap_…",
    "metal-16x64",
    "container-1x2",
    "failed",
    "deleting",
    "already_exists",
    "GET /jobs/{id}",
    "GET /jobs?id=…&id=…",
    "async:false",
    "state_conflict",
    "{database_id}",
    "scheduled",
    "full",
    "invalid_json",
    "internal_error",
    "locations_reporting: 312",
];

#[test]
fn every_knob_of_the_ledger_can_be_turned_to_every_value() {
    let contract = read("docs/api/contract.md").replace("\\|", "¦");
    let (mut turned, mut faults) = (0, 0);
    for line in contract.lines().filter(|line| line.starts_with("| L")) {
        let emulator = line.trim_end_matches('|').rsplit('|').next().expect("a last column");
        for word in emulator.split('`').skip(1).step_by(2).filter(|word| !OTHER_WORDS.contains(word)) {
            if EFFECTS.iter().any(|effect| effect.name == word) {
                faults += 1;
                continue;
            }
            let (name, values) = word.split_once(" = ").unwrap_or((word, "0.5"));
            for value in values.split(" ¦ ") {
                let (name, value) = setting(&format!("{name}={value}")).expect("a pair");
                let outcome = Config::default().with_value(&name, value);
                assert!(outcome.is_ok(), "{word} of {line}: {outcome:?}");
                turned += 1;
            }
        }
    }
    assert_eq!((turned, faults), (28, 6));
}

const SERVER: &str = r#"{"name": "web", "region": "eu-west-3", "plan": "standard-8", "image": "ubuntu-22.04"}"#;

/// Arguments after `cnx emulator`, exit code, what is said on either stream.
type Case<'a> = (&'a [&'a str], i32, &'a str);

fn check(project: &Project, at: Option<&str>, cases: &[Case<'_>]) {
    for (arguments, code, said) in cases {
        let at: Vec<&str> = at.map_or_else(Vec::new, |at| vec!["--at", at]);
        let run = project.run(&[&["emulator"], *arguments, &at].concat());
        assert_eq!(run.code, *code, "{arguments:?}\n{}", run.all());
        run.says(said);
    }
}

/// The same commands drive a served emulator and the project's own.
#[test]
fn the_command_line_drives_a_served_emulator_and_the_projects_own() {
    let project = Project::new(&[]);
    let served =
        Serving::start(&project, &["--fixtures", "documented", "--clock", "manual", "--set", "names.unique=true"]);
    let address = served.ready["control_url"].as_str().expect("an address").to_owned();
    let port = served.port("control").to_string();
    check(
        &project,
        Some(&port),
        &[
            (&["config"], 0, "names.unique"),
            (&["config", "meta.style=cursor_only", "--json"], 0, "\"style\":\"cursor_only\""),
            (&["config", "meta.styel=both"], 1, "did you mean `meta.style`?"),
            (&["config", "meta.style=none"], 1, "config: meta.style"),
            (&["config", "meta.style"], 1, "has no `=`"),
            (&["fault", "list"], 0, "Nothing is to go wrong"),
            (&["fault", "add", "status", "status=503", "--path", "/v1/plans", "--times", "1"], 0, "Fault 1 is set"),
            (&["fault", "add", "latnecy", "ms=1"], 1, "did you mean `latency`?"),
            (&["fault", "add", "latency", "seconds=1"], 1, "effect latency"),
            (&["fault", "add", "latency", "ms"], 1, "has no `=`"),
            (&["fault", "add", "latency"], 1, "missing field"),
            (&["fault", "add", "hang", "ms=1"], 1, "takes no settings"),
            (&["fault", "add", "error_format", "format=xml"], 1, "variant"),
            (&["fault", "add", "hang", "--p", "nan"], 1, "a number from 0 to 1"),
            (&["fault", "add", "hang", "--nth", "0"], 1, "nth must be 1 or more"),
            (&["fault", "add", "hang", "--path", "servers"], 1, "path must"),
            (&["config", "quota.servers=1"], 1, "quota"),
            (&["fault", "add", "ipv4_null", "--nth", "2", "--p", "0.5", "--seed", "7", "--before", "1"], 0, "Fault 2"),
            (&["fault", "add", "ipv4_null", "--before", "9"], 1, "before must be the id of a fault"),
            (&["fault", "list"], 0, "nth=2 p=0.5"),
            (&["fault", "remove", "2"], 0, "1 taken away"),
            (&["fault", "remove", "2"], 1, "no fault has the number 2"),
            (&["state"], 0, "srv_8x9y2z3a4b"),
            (&["state", "list", "database", "--data", "live"], 0, "db_9f8e7d6c5b"),
            (&["state", "list", "toaster"], 1, "kind must be one of"),
            (&["state", "export", "world.json"], 0, "Written to world.json"),
            (&["clock", "advance", "1h"], 0, "virtual"),
            (&["clock", "advance", "soon"], 1, "write it like 90s"),
            (&["clock", "set", "2040-01-01T00:00:00Z"], 0, "virtual  2040-01-01T00:00:00Z"),
            (&["clock", "set", "2030-01-01T00:00:00Z"], 1, "never goes back"),
            (&["clock"], 0, "2040-01-01T00:00:00Z"),
            (&["clock", "show", "--json"], 0, "{\"virtual\":\"2040-01-01T00:00:00Z\""),
        ],
    );
    assert_eq!(served.platform("GET", "/v1/plans", "").0, 503);
    assert_eq!(served.platform("GET", "/v1/plans", "").0, 200);
    assert_eq!(served.platform("DELETE", "/v1/servers/srv_8x9y2z3a4b", "").0, 202);
    check(
        &project,
        Some(&address),
        &[
            (&["clock", "advance", "60s"], 0, "2040-01-01T00:01:00Z"),
            (&["requests", "--status", "5xx"], 0, "service_unavailable · fault status"),
            (&["requests", "--method", "delete", "--json"], 0, "\"status\":202"),
            (
                &["requests", "--fault", "*", "--surface", "p", "--path", "/v1/*", "--since", "0", "--limit", "3"],
                0,
                "GET",
            ),
            (&["requests", "--status", "many"], 1, "status must be a number"),
            (&["state", "list", "job"], 0, "succeeded 100 %"),
            (&["state", "import", "world.json"], 0, "It holds that world now"),
            (&["state", "list", "server"], 0, "srv_8x9y2z3a4b"),
            (&["reset", "--set", "fixtures=empty"], 0, "It is empty now"),
            (&["state"], 0, "The cloud is empty"),
            (&["config", "--clear", "--json"], 0, "\"fixtures\":\"documented\""),
            (&["serve"], 1, "--at names an emulator that is served already"),
        ],
    );
    drop(served);
    check(&project, Some(&address), &[(&["clock"], 1, "is it running?"), (&["state"], 1, "cnx::cli::emulator")]);
    check(&project, Some("example.com"), &[(&["clock"], 1, "is no address of an emulator")]);
    check(
        &project,
        None,
        &[
            (&["requests"], 0, ""),
            (&["fault", "list"], 0, "Nothing is to go wrong"),
            (&["fault", "add", "storm429", "headers=retry_after", "--method", "POST", "--times", "1"], 0, "Fault 1"),
            (&["fault", "list"], 0, "storm429 headers=retry_after  method=POST"),
            (&["config", "names.unique=true", "--json"], 0, "\"unique\":true"),
            (&["config", "--json"], 0, "\"unique\":true"),
            (&["state", "import", "world.json"], 0, "local emulator in"),
            (&["state", "list", "server"], 0, "srv_8x9y2z3a4b"),
            (&["fault", "list"], 0, "status status=503"),
            (&["reset"], 0, "with a new account"),
        ],
    );
}

#[test]
fn it_listens_on_every_loopback_address_and_on_no_other() {
    let project = Project::new(&[]);
    let served = Serving::start(&project, &[]);
    let has_ipv6 = std::net::TcpListener::bind("[::1]:0").is_ok();
    for name in ["compute", "platform", "sandbox", "control"] {
        let port = served.port(name);
        assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_ok(), "{name}");
        assert_eq!(std::net::TcpStream::connect(("::1", port)).is_ok(), has_ipv6, "{name}");
    }
    let at = format!("http://[::1]:{}", served.port("control"));
    if has_ipv6 {
        check(&project, Some(&at), &[(&["clock"], 0, "virtual")]);
    }
    let taken = project.run(&["emulator", "serve", "--port-base", &served.port("compute").to_string()]);
    assert_eq!(taken.code, 1, "{}", taken.all());
    taken.says("--port-base").says(&format!("port {}", served.port("compute")));
    let beyond = project.run(&["emulator", "serve", "--port-base", "65534"]);
    assert_eq!(beyond.code, 1, "{}", beyond.all());
    beyond.says("no port above 65535");
}

/// Eight clients create servers until the process is killed; the ids that they were told.
fn write_until_killed(served: &mut Serving, round: u64) -> Vec<String> {
    let port = served.port("platform");
    let acknowledged = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let acknowledged = &acknowledged;
            scope.spawn(move || {
                for number in 0.. {
                    let body = SERVER.replace("web", &format!("web-{round}-{writer}-{number}"));
                    let Some((202, answer)) = try_request(port, LIVE_P, "POST", "/v1/servers", &body) else { return };
                    let id = answer["data"]["id"].as_str().expect("an id").to_owned();
                    acknowledged.lock().expect("no writer panicked").push(id);
                }
            });
        }
        std::thread::sleep(Duration::from_millis(150 + 70 * round));
        served.child.kill().expect("killed");
        served.child.wait().expect("an end");
    });
    acknowledged.into_inner().expect("no writer panicked")
}

#[test]
fn what_was_acknowledged_before_kill_9_is_there_after_it() {
    let project = Project::new(&[]);
    let data = project.path().join("world");
    let options = ["--data", data.to_str().expect("a path"), "--set", "ratelimit=off"];
    let mut served = Serving::start(&project, &options);
    let control = served.port("control").to_string();
    let at = Some(control.as_str());
    let turned = ["config", "names.unique=true", "quota.server=90000"];
    check(
        &project,
        at,
        &[(&turned, 0, "names.unique"), (&["fault", "add", "ipv4_null", "--times", "2"], 0, "Fault 1")],
    );
    // One of its two times is over before the first end.
    assert_eq!(served.platform("GET", "/v1/account", "").0, 200);
    let account = served.platform("GET", "/v1/account", "").1;
    let mut acknowledged = Vec::new();
    for round in 0..3 {
        acknowledged.extend(write_until_killed(&mut served, round));
        served = Serving::start(&project, &options);
        let control = served.port("control").to_string();
        check(&project, Some(&control), &[(&["config", "--json"], 0, "\"unique\":true")]);
        check(&project, Some(&control), &[(&["fault", "list", "--json"], 0, "\"happened\":2")]);
        let objects = request(served.port("control"), "", "GET", "/__emulator/objects?kind=server", "").1;
        let held: std::collections::BTreeSet<&str> =
            objects["objects"].as_array().expect("a list").iter().filter_map(|object| object["id"].as_str()).collect();
        let lost: Vec<&String> = acknowledged.iter().filter(|id| !held.contains(id.as_str())).collect();
        assert!(lost.is_empty(), "{} of {} are lost: {lost:?}", lost.len(), acknowledged.len());
        assert_eq!(served.platform("GET", "/v1/account", "").1, account);
    }
    assert!(acknowledged.len() > 30, "only {} were acknowledged", acknowledged.len());
    // The second time that a name is used it is refused, as was set before the first end.
    let body = SERVER.replace("web", "web-0-0-0");
    assert_eq!(served.platform("POST", "/v1/servers", &body).0, 409);
}

#[test]
fn the_ready_line_names_the_addresses() {
    let served = Serving::start(&Project::new(&[]), &["--profile", "documented", "--seed", "7"]);
    assert_eq!((&served.ready["format"], &served.ready["version"]), (&"cnx-emulator".into(), &1.into()));
    for (name, path) in [("compute", "/v1"), ("platform", "/v1"), ("sandbox", "/v1"), ("control", "/__emulator")] {
        let url = format!("http://127.0.0.1:{}{path}", served.port(name));
        assert_eq!(served.ready[format!("{name}_url")], url);
    }
    let config = request(served.port("control"), "", "GET", "/__emulator/config", "").1;
    assert_eq!((&config["profile"], &config["seed"]), (&"documented".into(), &7.into()));
    let wrong = Project::new(&[]).run(&["emulator", "serve", "--set", "capacity.status=500"]);
    assert_eq!(wrong.code, 1);
    wrong.says("an argument makes no sense: capacity.status must be one of");
}
