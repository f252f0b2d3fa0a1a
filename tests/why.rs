//! `cnx why`: where a value comes from, and why something changes; as text of 80 columns and as JSON.

use crate::support::{Project, Run};

const PROGRAM: &str = r#"environment dev { target = "local", params = { team = "web" } }
provider cloudnexus { default_region = "eu-west-2", default_tags = { by = "cnx" } }
param size: string = "small"
param team: string
param replicas: int = 2
secret param token: string = "canary-token"
let plan_of = { small = "standard-8", large = "standard-16" }
fn host(role: string, n: int): string = "${role}-${n}-${team}"

server web for n in 1..=replicas {
  name  = host("web", n)
  plan  = plan_of[size]
  image = "ubuntu-22.04"
}

cdn_zone shop {
  domain     = "shop.example.com"
  origin_url = "http://${server.web[1].ipv4}"
}

compute_instance jump {
  name   = "jump"
  type   = "standard-2x4"
  region = "eu-west-2"
  image  = "ubuntu-22.04-lts"
  tags   = { team = team, mark = token }
}

module inner from "./inner" { name = host("db", 1) }

output longest = upper(module.inner.name)
"#;

const INNER: &str = "param name: string\nparam plan: string = \"standard-8\"\n\
    server db {\n  name   = \"${name}-inner\"\n  plan   = plan\n  image  = \"ubuntu-22.04\"\n  region = \"eu-west-2\"\n}\n\
    output name = server.db.name\n";

fn project() -> Project {
    Project::new(&[("main.cnx", PROGRAM), ("inner/main.cnx", INNER)])
}

fn check(project: &Project, arguments: &[&str], shown: &str) {
    let run = project.ok(&[&["why"], arguments].concat());
    assert_eq!(run.stdout, shown.trim_start_matches('\n'), "{arguments:?}");
    assert!(run.stdout.lines().all(|line| line.chars().count() <= 80), "{}", run.stdout);
}

#[test]
fn a_value_is_followed_to_where_it_is_written() {
    let project = project();
    check(
        &project,
        &["server.web[1].plan", "-p", "size=large"],
        r#"
server.web[1].plan = "standard-16"
    main.cnx:12:11  plan_of[size]
  let plan_of = { large = "standard-16", small = "standard-8" }
      main.cnx:7:15  { small = "standard-8", large = "standard-16" }
  param size = "large"
      given by -p size=…, declared at main.cnx:3:7
"#,
    );
    project.write("given.json", "{ \"size\": null }");
    check(
        &project,
        &["size", "--params", "given.json"],
        r#"
param size = "small"
    main.cnx:3:22  its default: "small"
"#,
    );
    check(
        &project,
        &["server.web.2.name"],
        r#"
server.web[2].name = "web-2-web"
    main.cnx:11:11  host("web", n)
  host("web", n) = "web-2-web"
      main.cnx:8:4  the function gives "${role}-${n}-${team}"
    n = 2
        main.cnx:10:21  from the loop over 1..=replicas
      param replicas = 2
          main.cnx:5:23  its default: 2
    param team = "web"
        main.cnx:1:55  in environment dev: "web"
"#,
    );
    check(
        &project,
        &["server.web[1].region"],
        r#"
server.web[1].region = "eu-west-2"
    not written: the provider's default_region stands for it
  default_region = "eu-west-2"
      main.cnx:2:40  "eu-west-2"
"#,
    );
}

#[test]
fn unknown_values_say_what_they_wait_for_and_secrets_nothing() {
    let project = project();
    check(
        &project,
        &["cdn_zone.shop.origin_url"],
        r#"
cdn_zone.shop.origin_url = (after apply: server.web[1].ipv4)
    main.cnx:18:16  "http://${server.web[1].ipv4}"
  server.web[1].ipv4 = (after apply: server.web[1].ipv4)
      the API decides it
"#,
    );
    for arguments in [&["compute_instance.jump.tags"][..], &["token"], &["compute_instance.jump"], &["token", "--json"]]
    {
        let run = project.ok(&[&["why"], arguments].concat());
        assert!(!run.all().contains("canary"), "{}", run.all());
    }
    let mut variable = project.command(&["why", "compute_instance.jump.tags.mark"]);
    let run = Run::of(variable.env("CNX_PARAM_TOKEN", "canary-2").output().expect("cnx runs"));
    assert_eq!(
        run.stdout,
        r#"compute_instance.jump.tags.mark = (secret)
    main.cnx:26:34  token
  param token = (secret)
      given by CNX_PARAM_TOKEN, declared at main.cnx:6:14
"#
    );
}

#[test]
fn values_are_followed_into_modules_and_out_of_them() {
    let project = project();
    check(
        &project,
        &["longest"],
        r#"
output longest = "DB-1-WEB-INNER"
    main.cnx:31:18  upper(module.inner.name)
  module.inner.name = "db-1-web-inner"
      inner/main.cnx:9:15  server.db.name
    module.inner.server.db.name = "db-1-web-inner"
        inner/main.cnx:4:12  "${name}-inner"
      param name of module.inner = "db-1-web"
          main.cnx:29:38  where the module is used: host("db", 1)
        host("db", 1) = "db-1-web"
            main.cnx:8:4  the function gives "${role}-${n}-${team}"
          param team = "web"
              main.cnx:1:55  in environment dev: "web"
"#,
    );
    project.ok(&["why", "module.inner.server.db.plan"]).says("inner/main.cnx:2:22  its default: \"standard-8\"");
    project.ok(&["why", "module.inner.name"]).says("module.inner.server.db.name = \"db-1-web-inner\"");
}

#[test]
fn a_thing_says_what_becomes_of_it_and_why() {
    let project = project();
    check(
        &project,
        &["server.web[1]"],
        r#"
server.web[1]: create
  declared and not there yet (main.cnx:10:1)

  auto_backup     false           the catalog's default
  desired_status  "running"       the catalog's default
  image           "ubuntu-22.04"  main.cnx:13:11
  name            "web-1-web"     main.cnx:11:11
  plan            "standard-8"    main.cnx:12:11
  region          "eu-west-2"     the provider's default_region

`cnx why server.web[1].auto_backup` tells where one of them comes from.
"#,
    );
    project.ok(&["apply", "--yes"]);
    let same = project.ok(&["why", "server.web[1]"]);
    same.says(": no change\n  it is as declared (main.cnx:10:1)\n");
    project.edit("main.cnx", "image = \"ubuntu-22.04\"\n}\n\ncdn", "image = \"debian-12\"\n}\n\ncdn");
    project.edit("main.cnx", "replicas: int = 2", "replicas: int = 1");
    let replaced = project.ok(&["why", "server.web[1]"]);
    replaced.says("image cannot change in place (main.cnx:13:");
    replaced.says("\"ubuntu-22.04\" → \"debian-12\"").says("main.cnx:13:11, cannot change in place");
    project.ok(&["why", "server.web[2]"]).says(": destroy\n  2 is no longer a key of server.web").says("\"web-2-web\"");
    project.ok(&["why", "server.web[1].image"]).says("changed by this plan; now \"ubuntu-22.04\"");
    let gone = project.run(&["why", "server.web[2].plan"]);
    assert_eq!(gone.code, 1, "{}", gone.all());
    gone.says("no longer declared");
}

#[test]
fn what_is_not_there_is_not_found_and_what_is_near_is_told() {
    let project = project();
    let cases = [
        ("server.wbe[1]", "did you mean `server.web[1]`?"),
        ("server.web[1].plna", "did you mean `plan`?"),
        ("server.web.plan", "there are server.web[1], server.web[2]"),
        ("server.web", "there are server.web[1], server.web[2]"),
        ("longets", "did you mean `longest`?"),
        ("compute_instance.jump.tags.absent", "`cnx why compute_instance.jump.tags` shows all of it"),
        ("module.inner.absent", "nothing is called"),
        ("", "nothing is called"),
        ("..[", "nothing is called"),
    ];
    for (asked, said) in cases {
        let run = project.run(&["why", asked]);
        assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{asked}: {}", run.all());
        run.says(said);
    }
}

#[test]
fn machines_get_the_same() {
    let project = project();
    let json = |asked: &str| -> serde_json::Value {
        serde_json::from_str(&project.ok(&["why", asked, "--json"]).stdout).expect("JSON")
    };
    let value = json("cloudnexus.server.web[1].plan");
    assert_eq!((&value["format"], &value["asked"]), (&"cnx-why".into(), &"server.web[1].plan".into()));
    let origin = &value["origin"];
    assert_eq!((&origin["value"], &origin["from"]), (&"standard-8".into(), &"written".into()));
    assert_eq!((&origin["place"]["line"], &origin["text"]), (&12.into(), &"plan_of[size]".into()));
    assert_eq!(origin["steps"][1]["name"], "param size");
    assert_eq!(origin["steps"][1]["from"], "default");
    let thing = json("server.web[1]");
    assert_eq!((&thing["action"], &thing["reason"]["code"]), (&"create".into(), &"create_because_declared".into()));
    let names: Vec<&str> =
        thing["attributes"].as_array().expect("a list").iter().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(names, ["auto_backup", "desired_status", "image", "name", "plan", "region"]);
    assert_eq!(json("compute_instance.jump.tags.mark")["origin"]["value"], serde_json::json!({ "$secret": true }));
}

/// The provider before a kind says nothing that the kind does not say.
#[test]
fn a_kind_with_its_provider_is_the_same_kind() {
    let plain = |text: &str| text.replace("cloudnexus.", "");
    let program = r#"cloudnexus.ssh_key deploy {
  name       = "deploy"
  public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl deploy"
}

cloudnexus.server web for n in 1..=2 {
  name     = "web-${n}"
  region   = "eu-west-2"
  plan     = "standard-8"
  image    = "ubuntu-22.04"
  ssh_keys = [cloudnexus.ssh_key.deploy.id]
}

data cloudnexus.plans all {}

action cloudnexus.cdn_purge assets {
  zone_id = cdn_zone.z.id
  paths   = ["/*"]

  lifecycle { triggers = [cloudnexus.server.web] }
}

cdn_zone z {
  domain     = "a.example.com"
  origin_url = "http://${cloudnexus.server.web[1].ipv4}"
}

policy home for r in cloudnexus.server {
  assert = r.after?.region == "eu-west-2"
}

moved cloudnexus.server.former -> cloudnexus.server.web[1]
forget cloudnexus.server.gone

output ips = cloudnexus.server.web[*].ipv4
output many = length(data.cloudnexus.plans.all.items) > 0
"#;
    let with = Project::new(&[("main.cnx", program)]);
    let without = Project::new(&[("main.cnx", &plain(program))]);
    with.ok(&["fmt", "--check"]);
    let planned = |project: &Project| project.ok(&["graph"]).stdout;
    assert_eq!(planned(&with), planned(&without));
    with.ok(&["apply", "--yes"]).says("4 created");
    with.write("main.cnx", &plain(program));
    with.ok(&["plan"]).says("No changes");
    for arguments in [
        &["state", "show", "cloudnexus.server.web[1]"][..],
        &["plan", "--target", "cloudnexus.server.web"],
        &["run", "cloudnexus.cdn_purge.assets", "--yes"],
        &["state", "move", "cloudnexus.server.web.2", "cloudnexus.server.web[3]"],
    ] {
        with.ok(arguments);
    }
    with.ok(&["state", "list"]).says("server.web[3]");
}

#[test]
fn a_key_with_a_dot_is_asked_for_in_quotes() {
    let program = "compute_instance a {\n  name   = \"a\"\n  type   = \"standard-2x4\"\n  region = \"eu-west-2\"\n  image  = \"ubuntu-22.04-lts\"\n  \
        tags   = { \"x.y\" = \"1\", z = \"2\" }\n}\n";
    let project = Project::new(&[("main.cnx", program)]);
    let shown = "compute_instance.a.tags[\"x.y\"] = \"1\"\n    main.cnx:6:12  { \"x.y\" = \"1\", z = \"2\" }\n";
    check(&project, &["compute_instance.a.tags[\"x.y\"]"], shown);
    check(&project, &["compute_instance.a.tags[x.y]"], shown);
}
