//! Cost: planning grows no faster than its input, by a wide margin below quadratic.

use super::super::{Live, Options, plan, reads};
use super::program::{catalog, desired};
use crate::desired::Desired;
use crate::model::{Attributes, Ident, Observed, RemoteId, Timestamp, Value};
use crate::state::{Condition, Record, Snapshot};
use std::fmt::Write;
use std::time::{Duration, Instant};

/// So many servers, each with the key, every tenth behind a zone.
fn fleet(count: usize) -> Desired {
    let mut text = "ssh_key k name=k public_key=ssh_k\n".to_owned();
    for at in 0..count {
        let _ = writeln!(text, "server s[{at}] name=s{at} region=r plan=p image=u ssh_keys=[@ssh_key.k.id]");
        if at % 10 == 0 {
            let _ = writeln!(text, "cdn_zone z[{at}] domain=d{at} origin_url=@server.s[{at}].ipv4");
        }
    }
    desired(&text)
}

fn time(desired: &Desired, snapshot: &Snapshot, live: &Live, steps: usize) -> Duration {
    let start = Instant::now();
    let plan = plan(desired, snapshot, live, catalog(), &Options::default()).expect("plans");
    assert_eq!(plan.steps.len(), steps);
    start.elapsed()
}

#[test]
fn planning_is_no_worse_than_n_log_n() {
    let (small, large) = (fleet(400), fleet(8_000));
    let of = |desired: &Desired| time(desired, &Snapshot::default(), &Live::default(), desired.graph.len());
    let (few, many) = (of(&small).max(Duration::from_millis(2)), of(&large));
    assert!(many < few * 100, "{few:?} for 400 servers, {many:?} for 8,000");
}

/// As after an apply of the plan: what is wanted is there.
fn settled_world(desired: &Desired) -> (Snapshot, Live) {
    let (mut snapshot, mut live) = (Snapshot::default(), Live::default());
    let plan = plan(desired, &snapshot, &live, catalog(), &Options::default()).expect("plans");
    for (node, step) in plan.steps.order() {
        let kind = &catalog().kinds[&step.address.kind];
        let id = RemoteId::new(&format!("{}{}", kind.id_prefix, node.0));
        let instance = desired.graph.node(step.desired.expect("declared"));
        let mut attributes: Attributes = kind.attributes.keys().map(|name| (name.clone(), Value::Null)).collect();
        attributes.extend(step.after.iter().filter(|(_, value)| value.is_known()).map(|(n, v)| (n.clone(), v.clone())));
        attributes.insert(Ident::new("id"), Value::string(id.as_str()));
        attributes.insert(Ident::new("ipv4"), Value::string("192.0.2.1"));
        for (name, value) in step.after.iter().filter(|(_, value)| !value.is_known()) {
            let known = if name.as_str() == "ssh_keys" { Value::set([Value::string("key_0")]) } else { value.clone() };
            attributes.insert(name.clone(), known);
        }
        if step.address.kind.as_str() == "cdn_zone" {
            attributes.insert(Ident::new("origin_url"), Value::string("192.0.2.1"));
        }
        let observed = Observed { id: id.clone(), attributes, status: None, current_job: None, etag: None };
        let applied = kind.attributes.keys().filter(|name| step.after.contains_key(*name));
        let applied = applied.map(|name| (name.clone(), observed.attributes[name].clone())).collect();
        let record = Record {
            address: step.address.clone(),
            kind: kind.name.clone(),
            id: id.clone(),
            applied,
            observed: observed.attributes.clone(),
            status: None,
            condition: Condition::Ready,
            quarantine: None,
            lifecycle: super::super::remembered(desired, step.desired.expect("declared"), instance, None),
            created: Timestamp(0),
            updated: Timestamp(0),
        };
        snapshot.records.insert(step.address.clone(), record);
        live.objects.entry(kind.name.clone()).or_default().insert(id, observed);
    }
    live.listed = reads(desired, &snapshot, &live, catalog()).expect("reads").lists;
    (snapshot, live)
}

#[test]
fn finding_nothing_to_do_is_no_worse_than_n_log_n() {
    let of = |count: usize| {
        let desired = fleet(count);
        let (snapshot, live) = settled_world(&desired);
        time(&desired, &snapshot, &live, 0)
    };
    let (few, many) = (of(200).max(Duration::from_millis(2)), of(4_000));
    assert!(many < few * 100, "{few:?} for 200 servers, {many:?} for 4,000");
}
