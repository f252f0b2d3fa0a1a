//! A canary in a secret parameter, on its way through every command: looked for in every byte that cnx writes, in the forms
//! that texts usually take. Where it must be (the cloud itself, an output that was asked for) it is.

use crate::support::{Project, Run};
use base64::Engine;
use std::path::{Path, PathBuf};

const CANARY: &str = "cänary/\"9 +x7Qz";

const PROGRAM: &str = r#"
secret param token: string

compute_instance app {
  name   = "app"
  type   = "standard-2x4"
  region = "us-east-1"
  image  = "ubuntu-22.04-lts"
  tags   = { token = token, team = "platform" }
}

cdn_zone shop {
  domain     = "shop.example.com"
  origin_url = "https://origin.example.com/?k=${base64encode(token)}"
}

server web {
  name   = "web"
  plan   = "standard-8"
  region = "us-east-1"
  image  = "ubuntu-22.04"
  lifecycle { replace_when = [token] }
}

output domain = cdn_zone.shop.domain
output long   = nonsensitive(length(token) > 3)
"#;

const WITH_OUTPUT: &str = "secret output link = \"see ${token}\"\n";

/// The canary in every form that it may hide in.
fn forms(secret: &str) -> Vec<String> {
    let standard = base64::engine::general_purpose::STANDARD;
    let encoded: String = secret
        .bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect();
    let json = serde_json::Value::String(secret.to_owned()).to_string();
    let mut forms = vec![
        secret.to_owned(),
        json[1..json.len() - 1].to_owned(),
        encoded,
        standard.encode(secret).trim_end_matches('=').to_owned(),
        standard.encode(standard.encode(secret)).trim_end_matches('=').to_owned(),
        "x7Qz".to_owned(),
    ];
    for offset in 1..3 {
        let shifted = standard.encode(format!("{}{secret}", "-".repeat(offset)));
        forms.push(shifted[4..shifted.len() - 4].to_owned());
    }
    forms
}

fn assert_clean(what: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for form in forms(CANARY) {
        assert!(!text.contains(&form), "{what} holds {form}:\n{text}");
    }
}

fn files_below(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() { files_below(&entry, into) } else { into.push(entry) }
    }
}

/// Every file of the project but the cloud's own.
fn assert_clean_files(project: &Project) {
    let mut files = Vec::new();
    files_below(project.path(), &mut files);
    assert!(files.iter().any(|path| path.ends_with("state/default.db")));
    for path in files.iter().filter(|path| !path.components().any(|part| part.as_os_str() == "emulator")) {
        assert_clean(&path.display().to_string(), &std::fs::read(path).expect("readable"));
    }
}

fn with_token(project: &Project, token: &str, arguments: &[&str]) -> Run {
    let output = project.command(arguments).env("CNX_PARAM_token", token).output().expect("cnx runs");
    let run = Run::of(output);
    assert_clean(&arguments.join(" "), run.all().as_bytes());
    run
}

fn ok(project: &Project, arguments: &[&str]) -> Run {
    let run = with_token(project, CANARY, arguments);
    assert_eq!(run.code, 0, "cnx {}\n{}", arguments.join(" "), run.all());
    run
}

#[test]
fn a_secret_is_in_no_output_and_in_no_file() {
    let project = Project::new(&[("main.cnx", PROGRAM)]);
    ok(&project, &["check"]);
    ok(&project, &["plan"]).says("(secret)").says("platform").says("Secret, and shown by `nonsensitive`");
    ok(&project, &["plan", "-v", "-o", "saved.json"]);
    ok(&project, &["plan", "--json"]).says("$secret");
    ok(&project, &["show", "saved.json"]);
    ok(&project, &["apply", "-v", "saved.json"]);
    ok(&project, &["plan", "--detailed-exitcode"]).says("No changes");
    ok(&project, &["drift", "-v"]).says("No drift");
    ok(&project, &["drift", "--json"]);
    ok(&project, &["show"]).says("(secret)");
    ok(&project, &["show", "--json"]).says("$secret");
    ok(&project, &["state", "show", "compute_instance.app"]);
    ok(&project, &["output", "--json"]).says("shop.example.com");
    assert_clean_files(&project);

    let other = "another-Secret-4711";
    let run = with_token(&project, other, &["plan"]);
    run.says("(secret, changed)").says("a value of `replace_when` changed");
    assert!(!run.all().contains(other));
    with_token(&project, other, &["drift", "-v"]).says("No drift");
    let run = with_token(&project, other, &["apply", "--yes", "--json", "-v"]);
    assert!(run.code == 0 && !run.all().contains(other), "{}", run.all());
    assert_clean_files(&project);
    let run = with_token(&project, other, &["destroy", "--yes"]);
    assert_eq!(run.code, 0, "{}", run.all());
}

#[test]
fn a_secret_output_is_told_to_who_asks_for_it() {
    let project = Project::new(&[("main.cnx", &format!("{PROGRAM}{WITH_OUTPUT}"))]);
    ok(&project, &["apply", "--yes"]).says("(secret)");
    ok(&project, &["output"]).says("(secret)");
    ok(&project, &["output", "--json"]).says("$secret");
    assert_eq!(project.ok(&["output", "link", "--raw"]).stdout.trim_end(), format!("see {CANARY}"));
    assert!(project.ok(&["output", "--reveal"]).stdout.contains("x7Qz"));
    let json: serde_json::Value =
        serde_json::from_str(&project.ok(&["output", "link", "--json"]).stdout).expect("one JSON value");
    assert_eq!(json, serde_json::json!(format!("see {CANARY}")));
    ok(&project, &["plan", "--detailed-exitcode"]);
}

#[test]
fn a_saved_plan_asks_for_its_secrets_again_and_wants_the_same() {
    let project = Project::new(&[("main.cnx", PROGRAM)]);
    ok(&project, &["plan", "-o", "saved.json"]);
    assert_eq!(project.run(&["apply", "saved.json"]).code, 1);
    assert_eq!(with_token(&project, "not the same one", &["apply", "saved.json"]).code, 5);
    ok(&project, &["apply", "saved.json"]);
}

#[test]
fn mistakes_with_secrets_show_no_value() {
    let typed = "secret param number: int\nsecret output twice = number * 2\n";
    let project = Project::new(&[("main.cnx", typed)]);
    let run = project.command(&["plan"]).env("CNX_PARAM_number", CANARY).output().expect("cnx runs");
    assert_clean("a value of the wrong type", &[run.stdout, run.stderr].concat());
    assert_eq!(run.status.code(), Some(1));

    let asserted = "secret param token: string {\n  assert  = length(token) > 99\n  message = \"longer\"\n}\n\
                    let found = { a = 1 }[token]\nsecret output it = found\n";
    let project = Project::new(&[("main.cnx", asserted)]);
    let run = with_token(&project, CANARY, &["plan"]);
    assert_eq!(run.code, 1);
    run.says("`token` is (secret): longer").says("a secret takes part");

    let both = format!(
        "secret param token: string\nmodule a from \"./db\" {{ word = \"{}\" }}\n\
         module b from \"./db\" {{ word = \"-${{token}}\" }}\nmodule c from \"./broken\" {{ }}\n",
        "long".repeat(30)
    );
    let db = "param word: string {\n  assert  = length(word) > 99\n  message = \"longer\"\n}\noutput word = word\n";
    let broken = ("broken/main.cnx", "output x = nothing\n");
    let project = Project::new(&[("main.cnx", &both), ("db/main.cnx", db), broken]);
    with_token(&project, CANARY, &["check"]).says("unknown_name").says("`word` is (secret): longer");

    let project = Project::new(&[("main.cnx", PROGRAM), ("bad.params", &format!("token = {CANARY}\n"))]);
    let run = project.run(&["plan", "--params", "bad.params"]);
    assert_eq!(run.code, 1);
    assert_clean("a broken file of parameters", run.all().as_bytes());
    for json in [
        format!("{{ \"token\": \"{CANARY}\", \"token\": \"{CANARY}\" }}"),
        format!("{{ \"token\": \"{CANARY}"),
        format!("{{ \"token\": [\"{CANARY}\"] }}"),
        format!("{{ \"token\": \"x\",\n  \"nothing\": \"{CANARY}\" }}"),
    ] {
        project.write("bad.json", &json);
        let run = project.run(&["plan", "--params", "bad.json"]);
        assert_eq!(run.code, 1, "{}", run.all());
        run.says("bad.json:");
        assert_clean("a broken JSON file of parameters", run.all().as_bytes());
    }
}

/// What looks like a name may be a part of a value: the lines around a complaint show nothing of it.
#[test]
fn values_of_several_lines_in_a_file_of_parameters_are_not_shown() {
    let program = "secret param keys: list(string) = [] {\n  assert  = length(keys) < 1\n  message = \"too many\"\n}\nparam n: int = 1\noutput o = n\n";
    let project = Project::new(&[("main.cnx", program)]);
    let inner = "  \"c2VjcmV0S2V5==\",\n  \"hunter2=x\",\n  \"!$%&/()\",\n";
    let object = "{ \"keys\":\n  [\"c2VjcmV0S2V5==\",\n  \"hunter2=x\", \"!$%&/()\"],";
    let cases = [
        ("a.params", format!("keys = [\n{inner}]\nn = 1\n"), "keys =**"),
        ("a.params", format!("n = \"x\"\nkeys = [\n{inner}]\n"), "n =****"),
        ("a.params", format!("keys = [\n{inner}]\nn = [\n{inner}]\n"), "n =**"),
        ("a.params", format!("keys = [\n{inner}n = 1\n"), "not shown"),
        ("a.params", format!("keys = \n{inner}n = 1\n"), "not shown"),
        ("a.params", format!("n = 1\nkeys = \"\"\"\n{inner}"), "not shown"),
        ("a.json", format!("{object}\n\"n\": 1 }}"), "\"keys\":"),
        ("a.json", format!("{object}\n\"n\": \"x\" }}"), "\"n\": ***"),
        ("a.json", format!("{object}\n\"n\": }}"), "not understood"),
        ("a.json", format!("{object}\n\"n\": {{\"hunter2\": 1, \"hunter2\": 2}} }}"), "is given again"),
    ];
    for (name, text, shown) in cases {
        project.write(name, &text);
        let run = project.run(&["plan", "--params", name]);
        assert_eq!(run.code, 1, "{text}\n{}", run.all());
        run.says(shown).says(&format!("{name}:"));
        for part in ["c2Vj", "jcmV", "0S2V", "hunt", "ter2", "=x", "!$%", "&/("] {
            assert!(!run.all().contains(part), "{part} of\n{text}\n{}", run.all());
        }
    }
}

#[test]
fn a_secret_on_the_command_line_is_warned_of() {
    let project = Project::new(&[("main.cnx", PROGRAM)]);
    let run = project.ok(&["plan", "-p", &format!("token={CANARY}")]);
    run.says("a secret on the command line");
    assert_clean("a secret given by -p", run.all().as_bytes());
    project.write("secret.json", &serde_json::json!({ "token": CANARY }).to_string());
    let run = project.ok(&["plan", "--params", "secret.json"]);
    assert!(!run.all().contains("on the command line"));
    assert_clean("a secret of a file", run.all().as_bytes());
    let missing = project.run(&["plan", "--param-prompt"]);
    assert_eq!(missing.code, 1);
    missing.says("`token` has no value");
}

/// An API that refuses a create and says back what it was told, in every form.
struct Echo(std::sync::Arc<dyn cnx::world::Transport>);

impl cnx::world::Transport for Echo {
    fn send(
        &self,
        request: cnx::model::http::Request,
        deadline: std::time::Duration,
    ) -> futures::future::BoxFuture<'_, Result<cnx::model::http::Response, cnx::world::TransportError>> {
        Box::pin(async move {
            if request.method.as_str() != "POST" {
                return self.0.send(request, deadline).await;
            }
            let standard = base64::engine::general_purpose::STANDARD;
            let basic = standard.encode(format!("user:{CANARY}"));
            let told = format!("cannot take {} for {CANARY:?} ({basic})", forms(CANARY)[..4].join(" or "));
            let error = serde_json::json!({
                "code": "invalid_parameter", "message": told, "request_id": "req_1",
                "details": { "fields": [{ "field": "tags", "reason": told }] },
            });
            let body = serde_json::json!({ "error": error }).to_string().into_bytes();
            Ok(cnx::model::http::Response { status: 422, headers: Default::default(), body })
        })
    }

    fn dies_with_sender(&self) -> bool {
        self.0.dies_with_sender()
    }
}

#[test]
fn an_api_that_echoes_a_secret_is_not_repeated() {
    use crate::engine::World;
    use cnx::state::Store;
    let world = World::over(7, |below| std::sync::Arc::new(Echo(below)));
    let text = PROGRAM.replace("secret param token: string", &default_of(CANARY));
    let desired = world.desired(&text).expect("a program");
    let world = world.discreet(desired.secrets.clone());
    let planned = world.plan(desired, &Default::default()).expect("a plan");
    assert_clean("the plan", format!("{:?}", planned.plan).as_bytes());
    let (summary, told) = world.apply(planned);
    assert!(summary.failed >= 1, "{summary:?}");
    assert_clean("the events", format!("{told:?}").as_bytes());
    let snapshot = world.store.load().expect("a snapshot");
    assert_clean("the state", format!("{snapshot:?}").as_bytes());
}

fn default_of(secret: &str) -> String {
    format!("secret param token: string = {}", serde_json::Value::String(secret.to_owned()))
}

#[test]
fn secrets_go_through_modules() {
    let module = "param key: string\nparam name: string\n\
                  ssh_key it {\n  name       = name\n  public_key = \"ssh-ed25519 AAAA ${key}\"\n}\n\
                  output told = \"${key}!\"\noutput plain = name\n";
    let uses = "secret param token: string\n\
                module a from \"./m\" {\n  key  = token\n  name = \"a\"\n}\n\
                module b from \"./m\" {\n  key  = \"b\"\n  name = \"b\"\n}\n\
                secret output told = module.a.told\noutput plain = [module.a.plain, module.b.told]\n";
    let project = Project::new(&[("main.cnx", uses), ("m/main.cnx", module)]);
    ok(&project, &["plan"]).says("(secret)").says("AAAA b");
    project.edit("main.cnx", "secret output told", "output told");
    let run = with_token(&project, CANARY, &["check"]);
    run.says("cnx::program::secret_output").says("comes from param `token`");
    assert_eq!(run.code, 1);
}
