//! Marks and hashes: the nonce of a try, its idempotency key, what a stranger's twin would share; whether an object can be
//! what a create made. Pure: chance is a seed. Knows no run.

use crate::model::json::to_json;
use crate::model::{Attributes, Ident, Observed, hex};
use crate::plan;
use crate::provider::{Attribute, Kind, Presence};
use crate::state::{Intent, Nonce, STAMP_OPERATION, mark};
use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};

/// 32 random bytes, from which everything of one run that must be unique is derived.
pub type Seed = [u8; 32];

/// The nonce of one try; never the same twice under one seed.
pub fn nonce(seed: &Seed, count: u64) -> Nonce {
    Nonce(derived(seed, "nonce", count))
}

/// The idempotency key that lives and dies with a nonce.
pub fn idempotency_key(nonce: &Nonce) -> String {
    let hex = hash_text(&format!("cnx idempotency {}", nonce.0));
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..32])
}

/// A number from 0 to 1, for jitter.
pub fn fraction(seed: &Seed, count: u64) -> f64 {
    let hex = derived(seed, "jitter", count);
    u32::from_str_radix(&hex[..8], 16).map_or(0.5, |number| f64::from(number) / f64::from(u32::MAX))
}

/// The name of a run.
pub fn run_name(seed: &Seed) -> String {
    derived(seed, "run", 0)[..16].to_owned()
}

/// What two objects of a kind would share that cannot be told apart from outside: the kind and its natural key, or what must
/// be given of every object of the kind where the program does not give the natural key.
pub fn fingerprint(kind: &Kind, wanted: &Attributes) -> String {
    let named = !kind.natural_key.is_empty() && kind.natural_key.iter().all(|name| wanted.contains_key(name));
    let chosen = wanted.iter().filter(|(name, _)| match named {
        true => kind.natural_key.contains(name),
        false => must_be_given(kind, name),
    });
    attributes_hash(&kind.name, chosen)
}

/// The fingerprint of the create that would have made what is seen: of what the API shows, only what a program gives.
pub fn fingerprint_of(kind: &Kind, seen: &Attributes) -> String {
    let given = kind.attributes.values().filter(|attribute| attribute.presence != Presence::Computed);
    let as_wanted = |attribute: &Attribute| Some((attribute.name.clone(), plan::seen(attribute, seen)?.clone()));
    fingerprint(kind, &given.filter_map(as_wanted).collect())
}

fn must_be_given(kind: &Kind, name: &Ident) -> bool {
    kind.attributes.get(name).is_none_or(|attribute| attribute.presence == Presence::Required)
}

/// A hash of a whole request.
pub fn inputs_hash(kind: &Ident, wanted: &Attributes) -> String {
    attributes_hash(kind, wanted.iter())
}

/// Whether the object carries the mark of this very create.
pub fn is_marked(object: &Observed, stamp: &Ident, intent: &Intent) -> bool {
    mark(&object.attributes, stamp, STAMP_OPERATION) == Some(&intent.nonce.0)
}

/// Whether the object shows everything as the create wanted it, as far as it shows it at all.
pub fn could_be(kind: &Kind, intent: &Intent, object: &Observed) -> bool {
    differing(kind, intent, object).next().is_none()
}

/// The attributes that the object shows otherwise than the create wanted them.
pub fn differing<'a>(kind: &'a Kind, intent: &'a Intent, object: &'a Observed) -> impl Iterator<Item = &'a Ident> {
    differing_from(kind, &intent.wanted, object)
}

/// The attributes that the object shows otherwise than they are wanted.
pub fn differing_from<'a>(
    kind: &'a Kind,
    wanted: &'a Attributes,
    object: &'a Observed,
) -> impl Iterator<Item = &'a Ident> {
    let sent = kind.attributes.values().filter(|it| it.presence != Presence::Computed && it.sent);
    let differs = move |attribute: &&Attribute| {
        let (wanted, shown) = (wanted.get(&attribute.name), plan::seen(attribute, &object.attributes));
        match (wanted, shown) {
            (Some(wanted), Some(shown)) if !wanted.is_null() => !plan::is_same(&attribute.compare, wanted, shown, None),
            (Some(_) | None, _) => false,
        }
    };
    sent.filter(differs).map(|attribute| &attribute.name)
}

fn attributes_hash<'a>(kind: &Ident, attributes: impl Iterator<Item = (&'a Ident, &'a crate::model::Value)>) -> String {
    let members: Map<String, Json> =
        attributes.map(|(name, value)| (name.to_string(), to_json(value).unwrap_or(Json::Null))).collect();
    hash_text(&format!("{kind} {}", Json::Object(members)))
}

fn derived(seed: &Seed, what: &str, count: u64) -> String {
    let mut hash = Sha256::new();
    hash.update(seed);
    hash.update(what.as_bytes());
    hash.update(count.to_le_bytes());
    hex(&hash.finalize()[..16])
}

fn hash_text(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}
