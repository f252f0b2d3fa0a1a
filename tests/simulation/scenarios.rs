//! Programs to live through: small ones for exhaustive modes, generated ones for the swarm.

use super::launch::Compiled;
use crate::generate::{Dice, Program};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};

const KEY: &str = "ssh_key k {\n  name = \"k\"\n  public_key = \"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0cyMHvHGVvVpVbxb8xTjZ5ZbyF4b3nVdKQ0qGJr1aF\"\n}\n";

fn server(name: &str, plan: &str, more: &str) -> String {
    format!(
        "server {name} {{\n  name = \"app\"\n  region = \"us-east-1\"\n  plan = \"{plan}\"\n  image = \"debian-12\"\n{more}}}\n"
    )
}

fn instance(name: &str, region: &str, kind: &str, more: &str) -> String {
    format!(
        "compute_instance {name} {{\n  name = \"{name}\"\n  region = \"{region}\"\n  type = \"{kind}\"\n  image = \"ubuntu-22.04-lts\"\n{more}}}\n"
    )
}

/// Histories of programs by name; the first of each is applied first.
pub fn history(name: &str) -> Vec<String> {
    let after = "  ssh_keys = [ssh_key.k.id]\n";
    let first = "  lifecycle { create_before_destroy = true }\n";
    match name {
        // One marked object.
        "one" => vec![instance("a", "us-east-1", "standard-2x4", ""), String::new()],
        "create" => vec![instance("a", "us-east-1", "standard-2x4", "")],
        "server-create" => vec![server("s", "standard-8", "")],
        // One unmarked object.
        "server" => vec![server("s", "standard-8", ""), String::new()],
        // A chain: a key, a server that needs it; then a change in place.
        "chain" => vec![
            format!("{KEY}{}", server("s", "standard-8", after)),
            format!("{KEY}{}", server("s", "standard-16", after)),
        ],
        // Two objects that cannot be told apart by their lists.
        "twins" => vec![
            format!("{}{}", server("a", "standard-8", ""), server("b", "standard-16", "")),
            server("a", "standard-8", ""),
        ],
        // Replacement, the new one first.
        "replace" => vec![
            instance("a", "us-east-1", "standard-2x4", first),
            instance("a", "eu-west-3", "standard-2x4", first),
            String::new(),
        ],
        // The same with an unmarked object: both look the same but for their place.
        "server-replace" => {
            let text = server("s", "standard-8", first);
            vec![text.clone(), text.replace("us-east-1", "eu-west-3"), String::new()]
        }
        // A snapshot's id is only in its job.
        "snapshot" => vec![
            format!(
                "{}snapshot n {{\n  source_id = compute_instance.a.id\n}}\n",
                instance("a", "us-east-1", "standard-2x4", "")
            ),
            instance("a", "us-east-1", "compute-8x16", ""),
        ],
        "edge" => vec![
            "cdn_zone z {\n  domain = \"z.example.com\"\n  origin_url = \"https://o.example.com\"\n}\ncdn_routing_rule r {\n  zone_id = cdn_zone.z.id\n  name = \"r\"\n  priority = 1\n  match = { path = \"/a/*\" }\n  action = { type = \"cache\", ttl_seconds = 60 }\n}\naction cdn_purge p {\n  zone_id = cdn_zone.z.id\n  paths = [\"/*\"]\n}\n".to_owned(),
            String::new(),
        ],
        // More objects than requests may be under way at once.
        "many" => {
            let text: String = (0..24).map(|n| instance(&format!("i{n}"), "us-east-1", "standard-2x4", "")).collect();
            vec![text, String::new()]
        }
        // Ten objects, for the rate.
        _ => {
            let mut text = KEY.to_owned();
            for n in 0..4 {
                text.push_str(&server(&format!("s{n}"), "standard-8", after).replace("\"app\"", &format!("\"app{n}\"")));
            }
            for n in 0..3 {
                text.push_str(&instance(&format!("i{n}"), "us-east-1", "standard-2x4", ""));
            }
            text.push_str("cdn_zone z {\n  domain = \"z.example.com\"\n  origin_url = \"https://o.example.com\"\n}\n");
            text.push_str("database d {\n  name = \"d\"\n  engine = \"postgresql\"\n  region = \"us-east-1\"\n  tier = \"development\"\n  read_replicas = 0\n}\n");
            vec![text]
        }
    }
}

/// Where a person is asked often.
pub const UNCLEAR: &[&str] = &["server", "twins", "server-replace", "server-replace"];

pub const SMALL: &[&str] = &["one", "server", "chain", "twins", "replace", "snapshot", "edge"];

/// Small ones again, under other choices of the command line or with other knowledge of the cloud.
pub const FURTHER: &[&str] =
    &["server-create+keys", "chain+back", "replace+back", "server-replace", "one+lag", "server+lag", "snapshot+lag"];

static COMPILED: LazyLock<Mutex<BTreeMap<String, Arc<Compiled>>>> = LazyLock::new(Mutex::default);

/// Each text is compiled once.
pub fn compiled(text: &str) -> Arc<Compiled> {
    let known = COMPILED.lock().expect("no panic while it is held").get(text).cloned();
    known.unwrap_or_else(|| {
        let made = Arc::new(Compiled::new(text));
        COMPILED.lock().expect("no panic while it is held").insert(text.to_owned(), made.clone());
        made
    })
}

pub fn named(name: &str) -> Vec<Arc<Compiled>> {
    history(name).iter().map(|text| compiled(text)).collect()
}

/// How many generated histories there are.
pub const GENERATED: u64 = 300;

/// A generated history: a program, two edits of it, and nothing in the end of every third.
pub fn generated(number: u64) -> Vec<Arc<Compiled>> {
    let mut dice = Dice(number.wrapping_mul(77) + 5);
    let mut program = Program::generate(&mut dice);
    let mut programs = vec![compiled(&program.text())];
    for _ in 0..dice.below(2) {
        program.edit(&mut dice);
        programs.push(compiled(&program.text()));
    }
    if dice.chance(33) {
        programs.push(compiled(""));
    }
    programs
}
