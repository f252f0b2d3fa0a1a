//! One point of a sweep: a small project against an emulator of its own process; what it must be like in the end.

use super::process::Emulator;
use crate::support::{Project, Run};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Each way of making something: told by nothing but its name (server), by a mark (compute_instance), unique (ssh_key),
/// and one that waits for another's id.
pub const PROGRAM: &str = r#"
ssh_key deploy {
  name       = "deploy"
  public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ8p5nIu0vQGkQnZ1tQ0bq0mVv3l0x1sYVqXH0aR2p7d"
}

server web {
  name     = "web"
  plan     = "standard-8"
  image    = "ubuntu-22.04"
  region   = "us-east-1"
  ssh_keys = [ssh_key.deploy.id]
}

compute_instance jump {
  name   = "jump"
  type   = "standard-2x4"
  region = "us-east-1"
  image  = "ubuntu-22.04-lts"
}

output address = server.web.ipv4
"#;

pub const KEY: &str = "cnx_sk_test_admin0000000000000000";
const COMPUTE_KEY: &str = "cn_test_4c3b2a190f8e7d6c5b4a3928";

/// An emulator without delays and limits, and an empty folder for its world.
pub struct Cloud {
    pub emulator: Emulator,
    _folder: tempfile::TempDir,
}

impl Cloud {
    pub fn new() -> Cloud {
        let folder = tempfile::tempdir().expect("a folder");
        let emulator = Emulator::start(folder.path(), &["--time-factor", "0"]);
        emulator.control("PUT", "config", r#"{"ratelimit.mode": "off"}"#);
        Cloud { emulator, _folder: folder }
    }

    /// Empty again, without faults.
    pub fn reset(&self) {
        self.emulator.control("DELETE", "faults", "");
        self.emulator.control("POST", "reset", "");
    }

    pub fn project(&self) -> Project {
        self.project_of(PROGRAM)
    }

    /// A project of this program, far away: at this emulator.
    pub fn project_of(&self, program: &str) -> Project {
        let (compute, platform) = (self.emulator.url("compute"), self.emulator.url("sandbox"));
        let settings = format!(
            "provider cloudnexus {{\n  compute_url = \"{compute}\"\n  platform_url = \"{platform}\"\n  speed = 100\n  \
             requests_per_minute = 100000\n}}\n\nenvironment far {{ target = \"sandbox\" }}\n"
        );
        Project::new(&[("main.cnx", &format!("{settings}{program}"))])
    }

    /// What was asked for since the last reset, oldest first.
    pub fn requests(&self) -> Vec<Value> {
        self.emulator.control("GET", "requests", "")["requests"].as_array().expect("a list").clone()
    }

    /// Names of the objects that are there.
    pub fn objects(&self) -> Vec<String> {
        self.named().into_iter().map(|(name, _)| name).collect()
    }

    /// As `objects`, each with its id.
    pub fn named(&self) -> Vec<(String, String)> {
        let state = self.emulator.control("GET", "state", "");
        let mut names = Vec::new();
        collect(&state["records"], &mut names);
        names.sort();
        names
    }

    /// Whether the only fault that was set has struck.
    pub fn has_struck(&self) -> bool {
        self.emulator.control("GET", "faults", "")["faults"][0]["happened"] == 1
    }

    /// Runs and kills while the answer to the n-th request from now is out, carried out or not; whether it came so far.
    pub fn kill_at_answer(&self, project: &Project, arguments: &[&str], nth: usize) -> bool {
        let fault = json!({"effect": {"latency": {"ms": 3000}}, "match": {"nth": nth}, "times": 1});
        self.emulator.control("DELETE", "faults", "");
        self.emulator.control("POST", "faults", &fault.to_string());
        let command = cnx(project, arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let (mut child, began) = (command.expect("cnx runs"), Instant::now());
        loop {
            let met = self.has_struck();
            if met || child.try_wait().expect("a state").is_some() {
                // One that has just ended needs no end.
                let _ = child.kill();
                let _ = child.wait();
                self.emulator.control("DELETE", "faults", "");
                return met;
            }
            assert!(began.elapsed() < Duration::from_secs(60), "request {nth} never came");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Every object of a kind that the program makes, as `kind name` and its id.
fn collect(value: &Value, names: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => {
            let id = members.get("id").and_then(Value::as_str).unwrap_or("");
            let kind = ["srv_", "inst_", "key_"].iter().find(|prefix| id.starts_with(**prefix));
            let name = members.get("name").and_then(Value::as_str);
            match (kind, name) {
                (Some(kind), Some(name)) => names.push((format!("{kind}{name}"), id.to_owned())),
                _ => members.values().for_each(|member| collect(member, names)),
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The command with keys and environment.
pub fn cnx(project: &Project, arguments: &[&str]) -> Command {
    let mut command = project.command(arguments);
    command.args(["-e", "far"]).env("CLOUDNEXUS_COMPUTE_API_KEY", COMPUTE_KEY);
    command.env("CLOUDNEXUS_PLATFORM_API_KEY", KEY);
    command
}

pub fn run(project: &Project, arguments: &[&str]) -> Run {
    Run::of(cnx(project, arguments).output().expect("cnx runs"))
}

/// Runs; where that leaves a question open, somebody who knows what is there answers, and it is run again. The last run, and
/// whether anything was asked.
pub fn run_and_answer(cloud: &Cloud, project: &Project, arguments: &[&str]) -> (Run, bool) {
    let mut again = run(project, arguments);
    let mut asked = false;
    for _ in 0..3 {
        if again.code != 3 || !again.all().contains("cnx::apply::open") {
            break;
        }
        asked = true;
        let told = run(project, &["recover", "--json"]).stdout;
        let questions = told.lines().filter(|line| line.contains("\"cnx-question\""));
        let managed = run(project, &["state", "list", "--json"]).stdout;
        let answers: Vec<String> = questions.map(|line| answer(cloud, line, &managed)).collect();
        let flags = answers.iter().flat_map(|answer| ["--answer", answer.as_str()]);
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--confirm", "*"]).chain(flags).collect();
        again = run(project, &arguments);
    }
    (again, asked)
}

/// What the create of a question really made: not what is under management, as what a replacement is to take the place of.
fn answer(cloud: &Cloud, question: &str, managed: &str) -> String {
    let question: Value = serde_json::from_str(question).expect("JSON");
    let (address, name) = (question["address"].as_str().expect("an address"), question["wanted"]["name"].as_str());
    let prefix = match question["kind"].as_str() {
        Some("server") => "srv_",
        Some("compute_instance") => "inst_",
        _ => "key_",
    };
    let wanted = format!("{prefix}{}", name.unwrap_or_default());
    let is_managed = |id: &str| managed.contains(&format!("\"{id}\""));
    let made = cloud.named().into_iter().find(|(name, id)| *name == wanted && !is_managed(id));
    format!("{address}={}", made.map_or("none".to_owned(), |(_, id)| id))
}

/// How a point ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// State is cloud, a further plan finds nothing to do.
    Whole,
    /// The same, after an open question was told, with exit code 3, and answered.
    Asked,
}

/// However the run before ended: run again, plainly, and look at all that is there.
pub fn next_run_ends_it(cloud: &Cloud, project: &Project) -> Result<Ending, String> {
    // A disk that failed is whole again, a lock is gone with its process.
    cloud.emulator.control("DELETE", "faults", "");
    let (again, asked) = run_and_answer(cloud, project, &["apply", "--yes"]);
    let ending = if asked { Ending::Asked } else { Ending::Whole };
    let told = |what: &str, run: &Run| {
        Err(format!("{what} (exit {})\n{}\n{:?}", run.code, run.all(), shown(&cloud.requests())))
    };
    once(cloud).map_err(|twice| format!("{twice}\n{}\n{:?}", again.all(), shown(&cloud.requests())))?;
    match again.code {
        0 => {
            let planned = run(project, &["plan", "--detailed-exitcode"]);
            if planned.code != 0 {
                return told("planning again finds something to do", &planned);
            }
            let objects = cloud.objects();
            if objects != ["inst_jump", "key_deploy", "srv_web"] {
                return Err(format!("in the cloud: {objects:?}\n{}", again.all()));
            }
            same_ids(cloud, project).map(|()| ending)
        }
        _ => told("the next run does not end it", &again),
    }
}

/// Nothing is there twice, and no name was made by two creates (the same create may be sent again, under its own key).
fn once(cloud: &Cloud) -> Result<(), String> {
    let mut there: BTreeMap<String, u32> = BTreeMap::new();
    for object in cloud.objects() {
        *there.entry(object).or_default() += 1;
    }
    if let Some((name, count)) = there.iter().find(|(_, count)| **count > 1) {
        return Err(format!("{name} is there {count} times"));
    }
    let mut made: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for entry in cloud.requests() {
        let was_lost = entry["faults"].as_array().is_some_and(|faults| faults.contains(&json!("reset_before")));
        let was_done = entry["status"].as_u64().is_some_and(|status| status < 300) && !was_lost;
        let target = entry["target"].as_str().unwrap_or("");
        if entry["method"] == "POST" && was_done && !target.contains("/actions") {
            let name = entry["body"]["name"].as_str().unwrap_or("").to_owned();
            let key = entry["idempotency_key"].as_str().unwrap_or("none").to_owned();
            made.entry((target.to_owned(), name)).or_default().insert(key);
        }
    }
    match made.iter().find(|(_, keys)| keys.len() > 1) {
        Some(((target, name), keys)) => Err(format!("{name} was made {} times at {target}", keys.len())),
        None => Ok(()),
    }
}

/// The ids in the state are those in the cloud.
fn same_ids(cloud: &Cloud, project: &Project) -> Result<(), String> {
    let state = run(project, &["state", "list", "--json"]).stdout;
    let records = cloud.emulator.control("GET", "state", "").to_string();
    for line in state.lines() {
        let record: Value = serde_json::from_str(line).map_err(|error| format!("{error}: {line}"))?;
        let id = record["id"].as_str().unwrap_or("none");
        if !records.contains(&format!("\"{id}\"")) {
            return Err(format!("{id} is in the state and not in the cloud"));
        }
    }
    if state.lines().count() == 3 { Ok(()) } else { Err(format!("the state holds\n{state}")) }
}

fn shown(requests: &[Value]) -> Vec<String> {
    let text = |entry: &Value, name: &str| entry[name].as_str().unwrap_or("").to_owned();
    let writes = requests.iter().filter(|entry| entry["method"] != "GET");
    writes.map(|entry| format!("{} {} {}", text(entry, "method"), text(entry, "target"), entry["status"])).collect()
}
