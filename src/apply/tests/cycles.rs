//! Programs applied, changed and destroyed: after each apply the plan is empty and the state is what the cloud holds.

use super::super::*;
use super::sim::World;
use crate::plan::Plan;

/// The emulator has no room for standard-16 in eu-west-2, as the documents show.
const FULL: &str = "n == 1 ? \"standard-16\" : \"standard-8\"";

/// Uses every kind, references, an action.
pub const SHOP: &str = r#"
ssh_key deploy {
  name       = "deploy"
  public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJqfQ0b3cQ5k1l3m2n4o5p6q7r8s9t0u1v2w3x4y5z6a deploy"
}
server web for n in 1..=2 {
  name     = "web-${n}"
  region   = "eu-west-2"
  plan     = "standard-8"
  image    = "ubuntu-22.04"
  ssh_keys = [ssh_key.deploy.id]
}
compute_instance jump {
  name   = "jump"
  type   = "standard-2x4"
  region = "us-east-1"
  image  = "ubuntu-22.04-lts"
  tags   = { team = "platform" }
}
database main {
  name          = "main"
  engine        = "postgresql"
  tier          = "production-standard"
  region        = "eu-west-2"
  read_replicas = 1
}
cdn_zone shop {
  domain     = "shop.example.com"
  origin_url = "http://${server.web[1].ipv4}"
}
cdn_routing_rule api {
  zone_id  = cdn_zone.shop.id
  name     = "api"
  priority = 10
  match    = { path = "/api/*" }
  action   = { type = "origin", origin_url = "http://${server.web[2].ipv4}" }
}
snapshot before {
  source_id = server.web[1].id
}
action cdn_purge assets {
  zone_id = cdn_zone.shop.id
  paths   = ["/assets/*"]
  lifecycle { triggers = [server.web] }
}
output address: string = server.web[1].ipv4
"#;

fn actions(plan: &Plan) -> Vec<String> {
    plan.steps.order().map(|(_, step)| format!("{} {:?}", step.address, step.action)).collect()
}

/// Applies, and checks what every apply promises.
fn applied(world: &World, program: &str) -> Summary {
    let ran = world.run(program).expect("the process lives");
    let ends: Vec<&Progress> = ran.progress.iter().filter(|told| matches!(told, Progress::StepEnded { .. })).collect();
    let failed: Vec<_> =
        ends.iter().filter(|told| !matches!(told, Progress::StepEnded { end: StepEnd::Done, .. })).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert_eq!(ends.len(), ran.plan.steps.len(), "every step ends once");
    world.assert_state_is_cloud();
    assert_eq!(actions(&world.plan(program)), Vec::<String>::new(), "the plan after apply is empty");
    ran.summary
}

#[test]
fn every_kind_is_created_and_destroyed() {
    let world = World::local();
    let summary = applied(&world, SHOP);
    assert_eq!((summary.created, summary.ran), (8, 1));
    assert!(world.store.load_outputs().contains("192.168."));
    let summary = applied(&world, "");
    assert_eq!(summary.destroyed, 8);
    assert!(world.objects().is_empty(), "an empty cloud");
}

#[test]
fn changes_are_applied_in_place_by_their_operations() {
    let world = World::local();
    applied(&world, SHOP);
    let edits = [
        ("plan     = \"standard-8\"", "plan     = \"standard-32\"\n  desired_status = \"stopped\"", "/actions"),
        ("region   = \"eu-west-2\"\n  plan", "region   = \"eu-west-3\"\n  plan", "POST /v1/servers"),
        (
            "tags   = { team = \"platform\" }",
            "tags   = { team = \"edge\", tier = \"1\" }",
            "PATCH /v1/compute/instances",
        ),
        ("standard-2x4", "memory-4x32", "/actions"),
        ("read_replicas = 1", "read_replicas = 3", "POST /v1/databases/scale"),
        ("priority = 10", "priority = 20", "PATCH /v1/cdn/zones/"),
        ("name       = \"deploy\"", "name       = \"deployer\"", "PATCH /v1/ssh_keys/"),
        ("/assets/*", "/static/*", "/purge"),
    ];
    let mut program = SHOP.to_owned();
    for (from, to, request) in edits {
        assert!(program.contains(from), "{from}");
        program = program.replace(from, to);
        world.seams.log.lock().unwrap().clear();
        applied(&world, &program);
        let log = world.seams.log.lock().unwrap().clone();
        assert!(log.iter().any(|line| line.contains(request)), "{request} for {to}: {log:#?}");
    }
}

#[test]
fn a_replacement_keeps_both_orders() {
    for first in [true, false] {
        let world = World::local();
        let program = |region: &str| {
            format!(
                "server app {{\n name = \"app\"\n region = \"{region}\"\n plan = \"standard-8\"\n image = \"ubuntu-22.04\"\n \
                 lifecycle {{ create_before_destroy = {first} }}\n}}\n"
            )
        };
        applied(&world, &program("eu-west-2"));
        world.seams.log.lock().unwrap().clear();
        let summary = applied(&world, &program("us-east-1"));
        assert_eq!((summary.replaced, summary.created, summary.destroyed), (1, 0, 0));
        let writes: Vec<String> =
            world.seams.log.lock().unwrap().iter().filter(|line| !line.starts_with("GET")).cloned().collect();
        let methods: Vec<&str> = writes.iter().filter_map(|line| line.split(' ').next()).collect();
        assert_eq!(methods, if first { ["POST", "DELETE"] } else { ["DELETE", "POST"] });
    }
}

#[test]
fn one_branch_fails_and_the_others_finish() {
    let world = World::local();
    let program = SHOP.replace("plan     = \"standard-8\"", &format!("plan     = {FULL}"));
    let program = program.replace("region   = \"eu-west-2\"", "region   = n == 1 ? \"eu-west-2\" : \"eu-west-3\"");
    let ran = world.run(&program).expect("lives");
    let end_of = |name: &str| {
        let mut ends = ran.progress.iter().filter_map(|told| match told {
            Progress::StepEnded { address, end, .. } if address.to_string() == name => Some(end.clone()),
            _ => None,
        });
        ends.next().unwrap_or_else(|| panic!("{name} ends"))
    };
    let StepEnd::Failed { code, help, .. } = end_of("server.web[1]") else { panic!("no room") };
    assert_eq!(code, "insufficient_resources");
    assert!(help.contains("eu-west-3"), "{help}");
    assert_eq!(end_of("database.main"), StepEnd::Done);
    assert_eq!(end_of("server.web[2]"), StepEnd::Done);
    let StepEnd::Skipped { because: Some(because), .. } = end_of("cdn_zone.shop") else { panic!("skipped") };
    assert_eq!(because.to_string(), "server.web[1]");
    let StepEnd::Skipped { because: Some(because), .. } = end_of("cdn_purge.assets") else { panic!("skipped") };
    assert_eq!(because.to_string(), "server.web[1]", "the root is named");
    assert_eq!((ran.summary.failed, ran.summary.skipped, ran.summary.open), (1, 4, 0));
    world.assert_state_is_cloud();
}

#[test]
fn fifty_creates_are_polled_in_few_requests() {
    let mut world = World::new(crate::emulator::Config { time_factor: 1.0, ..crate::emulator::Config::local() });
    world.options.speed = 1;
    let program = "compute_instance n for i in 1..=50 {\n name = \"n-${i}\"\n type = \"standard-2x4\"\n region = \"us-east-1\"\n image = \"ubuntu-22.04-lts\"\n}\n";
    applied(&world, program);
    let log = world.seams.log.lock().unwrap().clone();
    let polls = log.iter().filter(|line| line.contains("/jobs")).count();
    let reads = log.iter().filter(|line| line.starts_with("GET /v1/compute/instances")).count();
    assert!(polls <= 40, "{polls} polls");
    assert!(reads <= 40, "{reads} reads after success");
}

#[test]
fn what_is_there_is_adopted_and_told_to_dependants() {
    let first = World::local();
    let key = &SHOP[..SHOP.find("server web").expect("a server")];
    applied(&first, key);
    let second = World { emulator: first.emulator.clone(), ..World::local() };
    let adopting = key.replace("\n}", "\n  lifecycle { adopt = true }\n}");
    let program = format!(
        "{adopting}server app {{\n name = \"app\"\n region = \"eu-west-2\"\n plan = \"standard-8\"\n image = \"ubuntu-22.04\"\n \
         ssh_keys = [ssh_key.deploy.id]\n}}\n"
    );
    let summary = applied(&second, &program);
    assert_eq!((summary.created, summary.adopted), (1, 1));
}
