//! The world of both documents (contract.md 4.9): their examples, and enough around them that their totals are true.
use smol_str::SmolStr;

use super::catalog::REGIONS;
use super::clock::parse_rfc3339;
use super::core::Emulator;
use super::object::{Body, Database, Kind, Machine, Object, SshKey, Status, Zone};
use super::ssh_keys::fingerprint;
use super::tenant::{Change, Environment};

/// Puts the documented world into an environment.
pub fn documented(emulator: &mut Emulator, environment: Environment) {
    ssh_keys(emulator, environment);
    instances(emulator, environment);
    servers(emulator, environment);
    database(emulator, environment);
    zone(emulator, environment);
}

fn instant(text: &str) -> i64 {
    parse_rfc3339(text).expect("invariant: a constant instant")
}

/// An object of the fixtures; without an id it gets the derived one.
fn put(emulator: &mut Emulator, environment: Environment, id: Option<&str>, mut object: Object) {
    let key = object.natural_key();
    let (derived, ordinal) = emulator.tenant(environment).next_id(emulator.config.seed, environment, object.kind, &key);
    object.id = id.map_or(derived, SmolStr::from);
    object.ordinal = ordinal;
    if let Some(Machine { ipv4: None, .. }) = object.machine().filter(|_| object.status != Status::Provisioning) {
        let address = emulator.tenant(environment).next_address(object.kind, &object.id);
        if let Body::Machine(machine) = &mut object.body {
            machine.ipv4 = Some(address);
        }
    }
    emulator.commit(environment, Change::Put(Box::new(object)));
}

fn object(kind: Kind, name: &str, region: &str, status: Status, created_ms: i64, body: Body) -> Object {
    Object {
        id: SmolStr::default(),
        kind,
        name: SmolStr::from(name),
        region: SmolStr::from(region),
        status,
        created_ms,
        updated_ms: created_ms,
        version: 1,
        ordinal: 0,
        job: None,
        body,
    }
}

fn machine(size: &str, image: &str, auto_backup: bool, ipv4: Option<[u8; 4]>) -> Body {
    Body::Machine(Box::new(Machine {
        size: SmolStr::from(size),
        image: SmolStr::from(image),
        ssh_keys: Vec::new(),
        tags: std::collections::BTreeMap::new(),
        auto_backup,
        ipv4: ipv4.map(u32::from_be_bytes),
    }))
}

/// Every fifth machine is stopped.
fn status(index: usize) -> Status {
    if index % 5 == 4 { Status::Stopped } else { Status::Running }
}

/// The first is in us-east-1, the others are spread.
fn region(index: usize) -> &'static str {
    const SPREAD: [usize; 4] = [0, 19, 20, 0];
    REGIONS[SPREAD[index % SPREAD.len()]]
}

/// 47 instances (A:46), the first as in A:37-43.
fn instances(emulator: &mut Emulator, environment: Environment) {
    let first_ms = instant("2024-11-15T08:32:10Z");
    let sizes = ["standard-4x8", "standard-2x4", "compute-8x16", "memory-4x32"];
    for index in 0..47 {
        let name = format!("prod-api-node-{:02}", index + 1);
        let address = (index == 0).then_some([198, 51, 100, 42]);
        let body = machine(sizes[index % sizes.len()], "ubuntu-22.04-lts", false, address);
        let created_ms = first_ms + index as i64 * 3_600_000;
        let made = object(Kind::ComputeInstance, &name, region(index), status(index), created_ms, body);
        put(emulator, environment, (index == 0).then_some("inst_9x7k2m4p1q8r5s0t"), made);
    }
}

/// 42 servers (B:44), the first as there; the 20th is the one that the documented cursor names (B:70).
fn servers(emulator: &mut Emulator, environment: Environment) {
    let first_ms = instant("2025-01-12T08:30:00Z");
    let sizes = ["standard-16", "standard-8", "standard-4", "standard-32"];
    for index in 0..42 {
        let name = format!("prod-web-{:02}", index + 1);
        let address = (index == 0).then_some([192, 168, 1, 45]);
        // standard-16 has no room in eu-west-2 (4.6).
        let place = if sizes[index % sizes.len()] == "standard-16" { "us-east-1" } else { region(index) };
        let body = machine(sizes[index % sizes.len()], "ubuntu-22.04", index == 0, address);
        let created_ms = first_ms + index as i64 * 3_600_000;
        let made = object(Kind::Server, &name, place, status(index), created_ms, body);
        let id = match index {
            0 => Some("srv_8x9y2z3a4b"),
            19 => Some("srv_9x9y2z"),
            _ => None,
        };
        put(emulator, environment, id, made);
    }
}

/// The cluster of B:55.
fn database(emulator: &mut Emulator, environment: Environment) {
    let body = Body::Database(Box::new(Database {
        engine: SmolStr::from("postgresql"),
        version: SmolStr::from("16"),
        tier: SmolStr::from("production-standard"),
        read_replicas: 1,
        ready: true,
        pending: None,
    }));
    let created_ms = instant("2025-01-10T09:00:00Z");
    let made = object(Kind::Database, "orders", "eu-west-2", Status::Running, created_ms, body);
    put(emulator, environment, Some("db_9f8e7d6c5b"), made);
}

/// The keys of A:72 and B:47.
fn ssh_keys(emulator: &mut Emulator, environment: Environment) {
    let keys = [
        (
            "key_7f8g9h0j1k2l",
            "platform",
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",
        ),
        ("key_abc123", "deploy", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJmIJ6jYX2cZ8QvY0k1rJp0mB0Xk8a0t6y1mS0m4w3Xd"),
    ];
    for (index, (id, name, public_key)) in keys.into_iter().enumerate() {
        let body =
            Body::SshKey(Box::new(SshKey { public_key: public_key.to_owned(), fingerprint: fingerprint(public_key) }));
        let created_ms = instant("2024-11-01T10:00:00Z") + index as i64 * 60_000;
        put(emulator, environment, Some(id), object(Kind::SshKey, name, "", Status::Active, created_ms, body));
    }
}

/// A zone with cached objects under the paths of B:63.
fn zone(emulator: &mut Emulator, environment: Environment) {
    let mut cached = Vec::new();
    for number in 0..12 {
        let etag = if number % 2 == 0 { "a1b2c3d4" } else { "e5f6a7b8" };
        cached.push((format!("/assets/v2/app-{number:02}.js"), etag.to_owned()));
        cached.push((format!("/static/images/photo-{number:02}.webp"), etag.to_owned()));
        cached.push((format!("/static/images/photo-{number:02}.png"), etag.to_owned()));
    }
    let body = Body::Zone(Box::new(Zone {
        domain: SmolStr::from("www.example.com"),
        origin_url: "https://origin.example.com".to_owned(),
        default_ttl_seconds: 3600,
        cached,
    }));
    let created_ms = instant("2025-01-05T12:00:00Z");
    let made = object(Kind::CdnZone, "www.example.com", "", Status::Active, created_ms, body);
    put(emulator, environment, Some("zone_4c5d6e7f8g"), made);
}
