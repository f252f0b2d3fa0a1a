//! Creates that only a person can judge, and what is adopted on a person's word.

use crate::kill::world::{Cloud, run};
use crate::outside::served::request;
use crate::support::{Project, Run};
use serde_json::{Value, json};

const SERVER: &str = "server web {\n  name   = \"web\"\n  plan   = \"standard-8\"\n  image  = \"ubuntu-22.04\"\n  \
                      region = \"us-east-1\"\n}\n";

/// A project of one server whose create will be carried out and never answered, while no job tells of it.
pub fn unanswerable(cloud: &Cloud) -> Project {
    let project = cloud.project_of(SERVER);
    let lost = json!({"effect": "reset_after", "match": {"method": "POST", "path": "/v1/servers"}, "times": 1});
    cloud.emulator.control("POST", "faults", &lost.to_string());
    jobs_are_silent(cloud);
    project
}

/// As `unanswerable`, after the run that was to make it.
pub fn unanswered(cloud: &Cloud) -> Project {
    let project = unanswerable(cloud);
    let run = run(&project, &["apply", "--yes"]);
    assert_eq!(run.code, 3, "{}", run.all());
    project
}

fn jobs_are_silent(cloud: &Cloud) {
    let silent = json!({"effect": {"status": {"status": 404}}, "match": {"method": "GET", "path": "/v1/jobs"}});
    cloud.emulator.control("POST", "faults", &silent.to_string());
}

/// Somebody else makes one that looks the same.
fn twin(cloud: &Cloud) {
    make(cloud, &json!({"name": "web", "plan": "standard-8", "image": "ubuntu-22.04", "region": "us-east-1"}));
}

/// Somebody else makes a server; its id.
fn make(cloud: &Cloud, body: &Value) -> String {
    let servers = || cloud.emulator.control("GET", "state", "").to_string();
    let ids = |text: &str| -> std::collections::BTreeSet<String> {
        text.split('"').filter(|word| word.starts_with("srv_")).map(str::to_owned).collect()
    };
    let before = ids(&servers());
    let url = cloud.emulator.url("sandbox");
    let port = url.split([':', '/']).find_map(|part| part.parse().ok()).expect("a port");
    let (status, _) = request(port, crate::kill::world::KEY, "POST", "/v1/servers", &body.to_string());
    assert_eq!(status, 202);
    ids(&servers()).difference(&before).next().expect("a new one").clone()
}

/// The question that a command asks machines.
fn question(run: &Run) -> Value {
    let line = run.stdout.lines().find(|line| line.contains("cnx-question")).expect("a question");
    serde_json::from_str(line).expect("JSON")
}

#[test]
fn candidates_are_shown_side_by_side_and_an_answer_is_taken_by_flag() {
    let cloud = Cloud::new();
    let project = unanswered(&cloud);
    twin(&cloud);
    let asked = run(&project, &["recover"]);
    assert_eq!(asked.code, 3, "{}", asked.all());
    let json = question(&run(&project, &["recover", "--json"]));
    let ids: Vec<&str> =
        json["candidates"].as_array().expect("a list").iter().filter_map(|it| it["id"].as_str()).collect();
    let [first, second] = ids.as_slice() else { panic!("{json}") };
    // One line names both, each in its column.
    let side_by_side = asked.stderr.lines().find(|line| line.contains("asked for")).expect("a head");
    assert!(side_by_side.contains(first) && side_by_side.contains(second), "{}", asked.stderr);
    asked.says("cnx::apply::open_operation").says("made one of these 2, or none:");
    asked.says(&format!("--answer 'server.web={first}'")).says("--answer 'server.web=none'").says("Tell `cnx apply`");
    run(&project, &["state", "list"]).says("Open: the create of server.web").says("cnx recover");
    let page = asked.stderr.split("The create of").nth(1).expect("a question");
    assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
    run(&project, &["plan"]).says("may have made").says("`cnx recover`");

    // Answers that can't be.
    for (answer, code, said) in [
        ("server.web=srv_nope", 3, "there is no such server"),
        ("server.wob=none", 1, "did you mean `server.web`?"),
        ("server.web=", 1, "is no answer"),
        ("web", 1, "is no answer"),
    ] {
        let run = run(&project, &["recover", "--answer", answer]);
        assert_eq!(run.code, code, "{answer}: {}", run.all());
        run.says(said);
    }

    // The very arguments that machines were told.
    let arguments: Vec<&str> =
        json["candidates"][0]["arguments"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    let answered = run(&project, &[&["recover"][..], &arguments].concat());
    assert_eq!(answered.code, 0, "{}", answered.all());
    answered.says("Nothing is open any more.");
    assert_eq!(run(&project, &[&["recover"][..], &arguments].concat()).code, 0, "once more is no mistake");
    let listed = run(&project, &["state", "list"]);
    listed.says(first).says("adopted by a guess, not confirmed");
    run(&project, &["plan"]).says("Adopted by a guess").says("No changes");
    assert_eq!(cloud.objects(), ["srv_web", "srv_web"], "the other one is somebody else's, and stays");
}

#[test]
fn an_object_that_it_cannot_be_is_no_answer() {
    let cloud = Cloud::new();
    let project = unanswered(&cloud);
    let body = json!({"name": "theirs", "plan": "standard-32", "image": "ubuntu-22.04", "region": "eu-west-2"});
    let theirs = make(&cloud, &body);
    let answer = format!("server.web={theirs}");
    for command in [&["recover"][..], &["apply", "--yes"]] {
        let refused = run(&project, &[command, &["--answer", &answer]].concat());
        assert_eq!(refused.code, 3, "{}", refused.all());
        let said = refused.all().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains("are not what the create asked for"), "{said}");
        assert!(said.contains(&format!("import server.web = \"{theirs}\"")), "{said}");
    }
    assert!(!run(&project, &["state", "list"]).all().contains(&theirs), "it was taken over");
    assert_eq!(run(&project, &["recover", "--answer", "server.web=forget"]).code, 0);
    assert_eq!(cloud.objects(), ["srv_theirs", "srv_web"], "nothing was made or destroyed");
}

#[test]
fn a_candidate_that_differs_is_marked_and_all_stand_side_by_side() {
    let cloud = Cloud::new();
    let long = "an-image-with-a-rather-long-name-that-fills-its-column";
    let project = cloud.project_of(&SERVER.replace("\"web\"", &format!("\"{long}\"")));
    let lost = json!({"effect": "reset_after", "match": {"method": "POST", "path": "/v1/servers"}, "times": 1});
    cloud.emulator.control("POST", "faults", &lost.to_string());
    jobs_are_silent(&cloud);
    assert_eq!(run(&project, &["apply", "--yes"]).code, 3);
    make(&cloud, &json!({"name": long, "plan": "standard-8", "image": "ubuntu-22.04", "region": "us-east-1"}));
    let asked = run(&project, &["recover"]);
    let heads = asked.stderr.lines().filter(|line| line.contains("asked for")).count();
    assert_eq!(heads, 1, "{}", asked.stderr);
    let history = run(&project, &["state", "history"]);
    history.says("asked");
}

#[test]
fn what_was_adopted_by_a_guess_is_left_alone_until_it_is_confirmed() {
    let cloud = Cloud::new();
    let project = unanswered(&cloud);
    let json = question(&run(&project, &["recover", "--json"]));
    let answer = format!("server.web={}", json["candidates"][0]["id"].as_str().expect("an id"));
    assert_eq!(run(&project, &["apply", "--yes", "--answer", &answer]).code, 0);
    project.edit("main.cnx", "standard-8", "standard-16");
    let writes = cloud.requests().iter().filter(|entry| entry["method"] != "GET").count();
    for arguments in [&["plan"][..], &["apply", "--yes"], &["destroy", "--yes"]] {
        let run = run(&project, arguments);
        assert_eq!(run.code, 5, "{arguments:?}: {}", run.all());
        run.says("cnx::plan::unconfirmed").says("cnx state confirm 'server.web'");
    }
    assert_eq!(cloud.requests().iter().filter(|entry| entry["method"] != "GET").count(), writes, "touched");
    let confirmed = run(&project, &["apply", "--yes", "--confirm", "server.web"]);
    assert_eq!(confirmed.code, 0, "{}", confirmed.all());
    assert!(!run(&project, &["state", "list"]).all().contains("guess"));
    let again = run(&project, &["state", "confirm", "server.web"]);
    assert_eq!(again.code, 1, "{}", again.all());
    assert_eq!(run(&project, &["destroy", "--yes"]).code, 0);
    assert!(cloud.objects().is_empty());
}

#[test]
fn none_of_them_makes_it_anew_and_leaves_the_others_alone() {
    let cloud = Cloud::new();
    let project = cloud.project_of(SERVER);
    let lost = json!({"effect": "reset_before", "match": {"method": "POST", "path": "/v1/servers"}, "times": 1});
    cloud.emulator.control("POST", "faults", &lost.to_string());
    jobs_are_silent(&cloud);
    let asked = run(&project, &["apply", "--yes"]);
    assert_eq!(asked.code, 3, "{}", asked.all());
    asked.says("shows what it made.").says("--answer 'server.web=none'");
    twin(&cloud);
    run(&project, &["recover"]).says("made this:");
    let made = run(&project, &["apply", "--yes", "--answer", "server.web=none"]);
    assert_eq!(made.code, 0, "{}", made.all());
    assert_eq!(cloud.objects(), ["srv_web", "srv_web"]);
    let planned = run(&project, &["plan", "--detailed-exitcode"]);
    assert_eq!(planned.code, 0, "{}", planned.all());
    assert!(!planned.all().contains("late_duplicate"), "what somebody called none of ours is told of");
    assert_eq!(run(&project, &["destroy", "--yes"]).code, 0);
    assert_eq!(cloud.objects(), ["srv_web"], "the twin stays");
}

#[test]
fn the_only_candidate_is_taken_where_the_user_said_so() {
    let cloud = Cloud::new();
    let project = unanswered(&cloud);
    let taken = run(&project, &["recover", "--adopt", "exact"]);
    assert_eq!(taken.code, 0, "{}", taken.all());
    run(&project, &["state", "show", "server.web"]).says("--adopt exact was given; not confirmed");
    assert_eq!(run(&project, &["destroy", "--yes"]).code, 5);
    assert_eq!(run(&project, &["state", "confirm", "server.web"]).code, 0);
    assert_eq!(run(&project, &["destroy", "--yes"]).code, 0);
}
