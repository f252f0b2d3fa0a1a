//! The client against the emulator in process: every kind is made, read, listed, changed and destroyed.

use super::support::*;
use crate::cloud::{
    Accepted, Call, Client, Endpoint, JobStatus, Outcome, Presence, RateLimit, ReadError, Verb, local_endpoints,
};
use crate::emulator::local::LocalEmulator;
use crate::emulator::{Config, Now, Profile};
use crate::model::{Attributes, Ident, JobId, Key, RemoteId, Value};
use crate::provider::cloudnexus;
use crate::world::{ApiKey, Clock, InProcess};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

struct World {
    client: Client,
    emulator: LocalEmulator,
    clock: Arc<JumpClock>,
}

fn world_of(config: Config, endpoints: Vec<Endpoint>) -> World {
    let clock = Arc::new(JumpClock::default());
    let emulator = LocalEmulator::in_memory(config, Now { unix_ms: clock.now().0 });
    let transport = Arc::new(InProcess::new(emulator.clone(), clock.clone()));
    let client = Client::new(cloudnexus().clone(), endpoints, transport, clock.clone(), Arc::new(Largest));
    World { client, emulator, clock }
}

fn world() -> World {
    world_of(Config { time_factor: 1.0, ..Config::local() }, local_endpoints(cloudnexus()))
}

fn keyed(surface: &str, key: &str, rate: RateLimit) -> Endpoint {
    let endpoint =
        local_endpoints(cloudnexus()).into_iter().find(|endpoint| endpoint.surface.as_str() == surface).unwrap();
    Endpoint { key: Some(ApiKey::new(key)), rate, ..endpoint }
}

impl World {
    /// Does it and waits for its job; the object's id.
    async fn done(&self, mut call: Call) -> RemoteId {
        call.idempotency_key = None;
        let surface = self.client.surface_of(&call).unwrap().clone();
        let Accepted { job, id, .. } = match self.client.call(&call).await {
            Outcome::Accepted(accepted) => accepted,
            other => panic!("{call:?}: {other:?}"),
        };
        let Some(job) = job else { return id.unwrap() };
        let result = self.finished(&surface, job).await;
        let in_result = match result {
            Some(Value::Object(members)) => members.get("snapshot_id").and_then(Value::as_str).map(RemoteId::new),
            _ => None,
        };
        let is_snapshot = call.kind.as_str() == "snapshot" && call.verb == Verb::Create;
        if is_snapshot { in_result.unwrap() } else { id.unwrap_or_else(|| RemoteId::new("")) }
    }

    async fn finished(&self, surface: &Ident, job: JobId) -> Option<Value> {
        loop {
            let found = self.client.jobs(surface, std::slice::from_ref(&job)).await.unwrap().remove(0);
            match found.status {
                JobStatus::Open | JobStatus::Scheduled(_) => self.clock.sleep(Duration::from_secs(2)).await,
                JobStatus::Succeeded => return found.result,
                other => panic!("{other:?} {:?}", found.error),
            }
        }
    }

    async fn attribute(&self, kind: &str, id: &RemoteId, values: &Attributes, name: &str) -> Value {
        let object = self.client.read(&ident(kind), id, values).await.unwrap();
        object.attributes.get(name).cloned().unwrap_or(Value::Null)
    }

    /// Creates an object and reads every attribute back as it was sent, singly and in the list.
    async fn made(&self, kind: &str, attributes: &Attributes) -> RemoteId {
        let id = self.done(call(kind, Verb::Create, None, attributes.clone())).await;
        let read = self.client.read(&ident(kind), &id, attributes).await.unwrap();
        let listing = self.client.list(&ident(kind), attributes).await.unwrap();
        let listed = listing.objects.iter().find(|object| object.id == id).unwrap();
        for (name, value) in attributes {
            assert_eq!(read.attributes.get(name), Some(value), "{kind}.{name}");
            assert_eq!(listed.attributes.get(name), Some(value), "{kind}.{name} in the list");
        }
        id
    }

    /// Updates by an operation and reads the new value back.
    async fn changed(
        &self,
        kind: &str,
        id: &RemoteId,
        operation: &str,
        values: &Attributes,
        name: &str,
        wanted: Value,
    ) {
        let mut attributes = values.clone();
        attributes.insert(ident(name), wanted.clone());
        self.done(call(kind, update(operation), Some(id.as_str()), attributes)).await;
        assert_eq!(self.attribute(kind, id, values, name).await, wanted, "{kind}.{name} by {operation}");
    }

    async fn destroyed(&self, kind: &str, id: &RemoteId, values: &Attributes) {
        self.done(call(kind, Verb::Delete, Some(id.as_str()), values.clone())).await;
        let kind = ident(kind);
        assert_eq!(self.client.presence(&kind, id, values).await.unwrap(), Presence::Gone, "{kind}");
    }
}

fn object(members: &[(&str, Value)]) -> Value {
    Value::object(members.iter().map(|(name, value)| ((*name).into(), value.clone())).collect())
}

#[test]
fn machines_keys_and_snapshots_live_their_lives() {
    run(async {
        let world = world();
        let none = Attributes::new();
        let public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPQ0oT1kAC7XcRkPpRkHGPoSqCXtWVyIB0RzLkZbWqe me";
        let key = world.made("ssh_key", &texts(&[("name", "deploy"), ("public_key", public_key)])).await;
        world.changed("ssh_key", &key, "patch", &none, "name", Value::string("other")).await;

        let mut server =
            texts(&[("name", "web"), ("region", "eu-west-2"), ("plan", "standard-8"), ("image", "ubuntu-22.04")]);
        server.insert(ident("ssh_keys"), Value::set([Value::string(key.as_str())]));
        server.insert(ident("auto_backup"), Value::Bool(true));
        server.insert(ident("desired_status"), Value::string("running"));
        let server_id = world.made("server", &server).await;
        world.changed("server", &server_id, "patch", &none, "auto_backup", Value::Bool(false)).await;
        world.changed("server", &server_id, "resize", &none, "plan", Value::string("standard-32")).await;
        world.changed("server", &server_id, "stop", &none, "desired_status", Value::string("stopped")).await;
        world.changed("server", &server_id, "start", &none, "desired_status", Value::string("running")).await;

        let mut instance =
            texts(&[("name", "jump"), ("region", "us-east-1"), ("type", "standard-2x4"), ("image", "debian-12")]);
        let tags = BTreeMap::from([(Key::text("team"), Value::string("ops"))]);
        instance.insert(ident("tags"), Value::map(tags));
        let instance_id = world.made("compute_instance", &instance).await;
        world.changed("compute_instance", &instance_id, "resize", &none, "type", Value::string("memory-4x32")).await;

        for (source, plan) in [(&server_id, "server"), (&instance_id, "compute_instance")] {
            let snapshot = world.made("snapshot", &texts(&[("source_id", source.as_str())])).await;
            world.done(call("reboot", Verb::Run, None, texts(&[("machine", source.as_str())]))).await;
            world
                .done(call("power", Verb::Run, None, texts(&[("machine", source.as_str()), ("action", "stop")])))
                .await;
            assert_eq!(world.attribute(plan, source, &none, "status").await, Value::string("stopped"));
            world.destroyed("snapshot", &snapshot, &none).await;
            world.destroyed(plan, source, &none).await;
        }
        world.destroyed("ssh_key", &key, &none).await;
    });
}

#[test]
fn databases_and_the_edge_live_their_lives() {
    run(async {
        let world = world();
        let none = Attributes::new();
        let mut database = texts(&[
            ("name", "main"),
            ("engine", "postgresql"),
            ("tier", "production-standard"),
            ("region", "eu-west-2"),
        ]);
        database.insert(ident("read_replicas"), Value::int(1));
        let id = world.made("database", &database).await;
        world.changed("database", &id, "patch", &none, "name", Value::string("orders")).await;
        let both = texts(&[("tier", "production-high")]);
        world.changed("database", &id, "scale", &both, "read_replicas", Value::int(3)).await;
        assert_eq!(world.attribute("database", &id, &none, "tier").await, Value::string("production-high"));
        world.destroyed("database", &id, &none).await;

        let mut zone = texts(&[("domain", "shop.example.com"), ("origin_url", "https://a.example.com")]);
        zone.insert(ident("default_ttl_seconds"), Value::int(60));
        let zone_id = world.made("cdn_zone", &zone).await;
        world.changed("cdn_zone", &zone_id, "patch", &none, "default_ttl_seconds", Value::int(90)).await;

        let parent = texts(&[("zone_id", zone_id.as_str())]);
        let mut rule = parent.clone();
        rule.extend(texts(&[("name", "old")]));
        rule.insert(ident("priority"), Value::int(10));
        rule.insert(ident("enabled"), Value::Bool(true));
        rule.insert(
            ident("match"),
            object(&[("path", Value::string("/old/*")), ("methods", Value::set([Value::string("GET")]))]),
        );
        let redirect = [
            ("type", Value::string("redirect")),
            ("location", Value::string("/new")),
            ("status_code", Value::int(301)),
        ];
        rule.insert(ident("action"), object(&redirect));
        let rule_id = world.made("cdn_routing_rule", &rule).await;
        world.changed("cdn_routing_rule", &rule_id, "patch", &parent, "priority", Value::int(20)).await;

        let mut purge = parent.clone();
        purge.insert(ident("paths"), Value::set([Value::string("/static/*.webp")]));
        world.done(call("cdn_purge", Verb::Run, None, purge)).await;
        let analytics = world.client.source(&ident("cdn_analytics"), &parent).await.unwrap();
        assert!(analytics.contains_key("totals"), "{analytics:?}");

        world.destroyed("cdn_zone", &zone_id, &none).await;
        assert_eq!(world.client.presence(&ident("cdn_routing_rule"), &rule_id, &parent).await.unwrap(), Presence::Gone);
    });
}

#[test]
fn catalogs_are_lists_of_what_their_types_say() {
    run(async {
        let world = world();
        for (name, at_least) in [("regions", 50), ("instance_types", 4), ("plans", 4), ("images", 3)] {
            let found = world.client.source(&ident(name), &Attributes::new()).await.unwrap();
            let Some(Value::List(items)) = found.get("items") else { panic!("{name}: {found:?}") };
            assert!(items.len() >= at_least, "{name}: {}", items.len());
        }
        for surface in ["compute", "platform"] {
            let account = world.client.account(&ident(surface)).await.unwrap();
            assert_eq!((account.id, account.permission.as_deref()), (world.emulator.account_id(), Some("admin")));
        }
    });
}

#[test]
fn no_request_is_one_too_many_under_the_documented_limits() {
    run(async {
        let key = "cn_live_sk_8f3a2b9c4d1e5f6a7b8c9d0e";
        let world = world_of(Config::default(), vec![keyed("compute", key, RateLimit::Documented(120))]);
        for _ in 0..300 {
            world.client.list(&ident("compute_instance"), &Attributes::new()).await.unwrap();
        }
        assert!(world.emulator.requests().iter().all(|entry| entry.status == 200));
        assert_eq!(world.clock.sleeps.lock().unwrap().iter().sum::<Duration>().as_secs(), 120);
    });
}

#[test]
fn wrong_and_weak_keys_are_told_apart() {
    run(async {
        let list = |key: &'static str| async move {
            let world = world_of(Config::default(), vec![keyed("platform", key, RateLimit::Documented(100))]);
            world.client.list(&ident("server"), &Attributes::new()).await
        };
        assert!(list("cnx_sk_live_8f9d2a1b4c5e6f7g8h9i0j").await.is_ok());
        for key in ["cnx_sk_live_nobody", "cnx_sk_test_admin0000000000000000", "cnx_sk_test_expired00000000000000"] {
            assert!(matches!(list(key).await, Err(ReadError::Authentication { .. })), "{key}");
        }
    });
}

/// The documented profile knows no route for one object: the lists and the jobs must do.
#[test]
fn the_documented_routes_alone_suffice_to_tell_what_is_there() {
    run(async {
        let config = Config { profile: Profile::Documented, time_factor: 1.0, ..Config::local() };
        let world = world_of(config, local_endpoints(cloudnexus()));
        let server =
            texts(&[("name", "web"), ("region", "eu-west-2"), ("plan", "standard-8"), ("image", "ubuntu-22.04")]);
        let create = call("server", Verb::Create, None, server);
        let Outcome::Accepted(Accepted { job: Some(job), .. }) = world.client.call(&create).await else {
            panic!("accepted")
        };
        world.finished(&ident("platform"), job).await;
        let listing = world.client.list(&ident("server"), &Attributes::new()).await.unwrap();
        let id = &listing.objects[0].id;
        assert_eq!(listing.objects[0].attributes.get("plan"), None);
        let found = world.client.presence(&ident("server"), id, &Attributes::new()).await.unwrap();
        assert!(matches!(found, Presence::Present(_)));
        let gone = world.client.presence(&ident("server"), &RemoteId::new("srv_0"), &Attributes::new()).await.unwrap();
        assert_eq!(gone, Presence::Gone);
    });
}
