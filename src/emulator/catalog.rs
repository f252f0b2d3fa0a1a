//! The catalogs of the emulated cloud (contract.md appendix B and C). Prices are test data, none of CloudNexus's.
use serde_json::{Value, json};

use super::config::Config;
use super::object::Kind;
use super::tenant::Tenant;
use super::views::Specs;

/// An instance type: slug, kind, vCPUs, GB of RAM.
const TYPES: [(&str, &str, u32, u32); 6] = [
    ("standard-2x4", "vm", 2, 4),
    ("standard-4x8", "vm", 4, 8),
    ("compute-8x16", "vm", 8, 16),
    ("memory-4x32", "vm", 4, 32),
    ("metal-16x64", "bare_metal", 16, 64),
    ("container-1x2", "container", 1, 2),
];

/// A server plan: the number in its name is GB of RAM (L27).
const PLANS: [(&str, Specs); 4] = [
    ("standard-4", Specs { cpu: 1, ram_gb: 4, storage_gb: 50 }),
    ("standard-8", Specs { cpu: 2, ram_gb: 8, storage_gb: 100 }),
    ("standard-16", Specs { cpu: 4, ram_gb: 16, storage_gb: 200 }),
    ("standard-32", Specs { cpu: 8, ram_gb: 32, storage_gb: 400 }),
];

/// Database tiers with their price of a node and hour in thousandths.
const TIERS: [(&str, u32); 3] = [("development", 20), ("production-standard", 120), ("production-high", 360)];

/// Images: slug, alias, name.
const IMAGES: [(&str, Option<&str>, &str); 3] = [
    ("ubuntu-22.04-lts", Some("ubuntu-22.04"), "Ubuntu 22.04 LTS"),
    ("ubuntu-24.04-lts", Some("ubuntu-24.04"), "Ubuntu 24.04 LTS"),
    ("debian-12", None, "Debian 12"),
];

/// Engines: default version, port.
const ENGINES: [(&str, &str, u16); 3] = [("postgresql", "16", 5432), ("mysql", "8.4", 3306), ("redis", "7.2", 6379)];

/// Appendix C.
pub const REGIONS: [&str; 52] = [
    "us-east-1",
    "us-east-2",
    "us-east-3",
    "us-central-1",
    "us-central-2",
    "us-west-1",
    "us-west-2",
    "us-west-3",
    "us-south-1",
    "us-south-2",
    "ca-central-1",
    "ca-east-1",
    "ca-west-1",
    "mx-central-1",
    "sa-east-1",
    "sa-east-2",
    "sa-west-1",
    "sa-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eu-west-4",
    "eu-central-1",
    "eu-central-2",
    "eu-central-3",
    "eu-north-1",
    "eu-north-2",
    "eu-south-1",
    "eu-south-2",
    "eu-east-1",
    "eu-east-2",
    "uk-south-1",
    "uk-north-1",
    "me-central-1",
    "me-south-1",
    "me-west-1",
    "af-south-1",
    "af-north-1",
    "af-west-1",
    "af-east-1",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-east-1",
    "ap-east-2",
    "oc-east-1",
];

/// Whether a region is in the catalog.
pub fn is_region(slug: &str) -> bool {
    REGIONS.contains(&slug)
}

/// Whether a type, plan or tier is in the catalog of its kind.
pub fn is_size(kind: Kind, slug: &str) -> bool {
    sizes(kind).contains(&slug)
}

/// The types, plans or tiers of a kind.
pub fn sizes(kind: Kind) -> Vec<&'static str> {
    match kind {
        Kind::ComputeInstance => TYPES.iter().map(|(slug, ..)| *slug).collect(),
        Kind::Server => PLANS.iter().map(|(slug, _)| *slug).collect(),
        Kind::Database => TIERS.iter().map(|(slug, _)| *slug).collect(),
        Kind::CdnZone | Kind::CdnRoutingRule | Kind::Snapshot | Kind::SshKey => Vec::new(),
    }
}

/// Slugs and aliases of the images.
pub fn image_names() -> Vec<&'static str> {
    IMAGES.iter().flat_map(|(slug, alias, _)| std::iter::once(*slug).chain(*alias)).collect()
}

/// Whether an image slug or alias is in the catalog.
pub fn is_image(text: &str) -> bool {
    IMAGES.iter().any(|(slug, alias, _)| *slug == text || *alias == Some(text))
}

/// The version and port of an engine.
pub fn engine(slug: &str) -> Option<(&'static str, u16)> {
    ENGINES.iter().find(|(own, ..)| *own == slug).map(|(_, version, port)| (*version, *port))
}

pub fn engine_port(slug: &str) -> u16 {
    engine(slug).map_or(0, |(_, port)| port)
}

/// Specs of a plan; a plan that is no longer in the catalog has none.
pub fn plan_specs(slug: &str) -> Specs {
    PLANS.iter().find(|(own, _)| *own == slug).map_or(Specs { cpu: 1, ram_gb: 1, storage_gb: 1 }, |(_, specs)| *specs)
}

/// GB on the disk of a machine, for the size of its snapshot.
pub fn disk_gb(kind: Kind, size: &str) -> i64 {
    if kind == Kind::Server { i64::from(plan_specs(size).storage_gb) } else { 40 }
}

/// A price of thousandths of a USD; none where nothing is charged.
fn price(thousandths: u32, charged: bool) -> Value {
    if charged { json!(f64::from(thousandths) / 1000.0) } else { Value::Null }
}

/// `GET /compute/types`.
pub fn types(charged: bool) -> Vec<(String, Value)> {
    let row = |&(slug, kind, cpu, ram): &(&str, &str, u32, u32)| {
        let value = json!({
            "slug": slug, "kind": kind, "cpu": cpu, "ram_gb": ram,
            "price_hourly_usd": price(9 * cpu + 3 * ram, charged), "available": true,
        });
        (slug.to_owned(), value)
    };
    TYPES.iter().map(row).collect()
}

/// `GET /plans`: server plans, then database tiers.
pub fn plans(charged: bool) -> Vec<(String, Value)> {
    let plans = PLANS.iter().map(|(slug, specs)| {
        let price = price(5 * specs.ram_gb, charged);
        let value = json!({
            "slug": slug, "service": "server", "specs": specs, "price_hourly_usd": price, "available": true,
        });
        ((*slug).to_owned(), value)
    });
    let tiers = TIERS.iter().map(|(slug, thousandths)| {
        let price = price(*thousandths, charged);
        let value = json!({"slug": slug, "service": "database", "price_hourly_usd": price, "available": true});
        ((*slug).to_owned(), value)
    });
    plans.chain(tiers).collect()
}

/// `GET /images`.
pub fn images() -> Vec<(String, Value)> {
    IMAGES
        .iter()
        .map(|(slug, alias, name)| {
            let aliases: Vec<&str> = alias.iter().copied().collect();
            let value = json!({"slug": slug, "aliases": aliases, "name": name, "deprecated": false});
            ((*slug).to_owned(), value)
        })
        .collect()
}

/// `GET /images/{image}`, by slug or alias.
pub fn image(text: &str) -> Option<Value> {
    let index = IMAGES.iter().position(|(slug, alias, _)| *slug == text || *alias == Some(text))?;
    images().into_iter().nth(index).map(|(_, value)| value)
}

/// `GET /regions`, with what is scarce in each.
pub fn regions(config: &Config, tenant: &Tenant) -> Vec<(String, Value)> {
    let row = |slug: &&str| {
        let mut capacity = serde_json::Map::new();
        for (place, limit) in &config.capacity.table {
            let Some((region, size)) = place.split_once('/') else { continue };
            if region == *slug {
                let used: u64 = Kind::ALL.iter().map(|kind| tenant.of(*kind).used(region, size)).sum();
                let word = match limit.saturating_sub(used) {
                    0 => "exhausted",
                    1..=10 => "limited",
                    11.. => "available",
                };
                capacity.insert(size.to_owned(), json!(word));
            }
        }
        ((*slug).to_owned(), json!({"slug": slug, "name": region_name(slug), "available": true, "capacity": capacity}))
    };
    REGIONS.iter().map(row).collect()
}

/// `eu-west-2` → `EU West 2`.
fn region_name(slug: &str) -> String {
    let words: Vec<String> = slug
        .split('-')
        .enumerate()
        .map(|(index, word)| {
            let head = if index == 0 { word.len() } else { 1 };
            let (head, rest) = word.split_at(head.min(word.len()));
            format!("{}{rest}", head.to_uppercase())
        })
        .collect();
    words.join(" ")
}
