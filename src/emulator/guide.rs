//! What can be set and what can go wrong, as tables: help texts and the guide (`docs/emulator.md`) are made of them.
//! Changes nothing.
use serde_json::{Value, json};

use super::config::Config;

/// A knob: its name as `PUT config` and `--set` take it.
#[derive(Clone, Copy, Debug)]
pub struct Knob {
    pub name: &'static str,
    /// What it may be.
    pub values: &'static str,
    pub meaning: &'static str,
    /// The part of the contract that asks for it.
    pub source: &'static str,
}

const fn knob(name: &'static str, values: &'static str, meaning: &'static str, source: &'static str) -> Knob {
    Knob { name, values, meaning, source }
}

/// Every knob, in the order of `Config`.
pub const KNOBS: &[Knob] = &[
    knob("profile", "full | documented | documented-nojobs", "which routes, members and headers exist", "4.1"),
    knob("seed", "a whole number", "every id, delay and draw comes from it", "4.9"),
    knob("fixtures", "empty | documented", "the world after a reset", "4.9"),
    knob("clock", "real | manual", "manual: only the control door moves virtual time", "4.3"),
    knob("time_factor", "0 or more", "real delay = documented delay × this; 0 is done at the next read", "4.3"),
    knob("start_unix_ms", "Unix milliseconds", "virtual time at the beginning; none is the real time", "4.3"),
    knob("open_access", "true | false", "requests without a key act as admin", "4.4"),
    knob("strict_bodies", "true | false", "unknown members of a body are 400", "L25, L29"),
    knob("auth.family", "any | strict", "strict: a cn_ key only on compute, a cnx_ key only on platform", "L7"),
    knob("meta.style", "both | cursor_only | next_page_only", "which links the meta of a list carries", "L15"),
    knob("pagination.over_max", "reject | clamp", "a page size above the largest: 400, or the largest", "L20"),
    knob("pagination.max", "1 or more", "the largest page", "L20"),
    knob("pagination.default", "1 or more", "the page without a size", "L20"),
    knob("names.unique", "true | false", "a name twice in a region is 409", "L37"),
    knob(
        "delays.seconds",
        "{job type: seconds}",
        "delays by job type, also one by one: delays.server.create = 0 is \"instant\"",
        "L33",
    ),
    knob("delays.tail.p", "0 to 1", "how many jobs take longer than documented", "4.3"),
    knob("delays.tail.factor", "0 or more", "how many times as long those take", "4.3"),
    knob("failed_create", "keep | vanish", "what is left of a create whose job failed", "4.3"),
    knob("actions.return_job", "true | false", "false: actions answer without job_id", "L41"),
    knob("resize.requires_stopped", "true | false", "a resize of a running machine is 409", "L44"),
    knob("ratelimit.mode", "on | off", "whether requests are counted", "4.5"),
    knob("ratelimit.window_seconds", "1 or more", "length of a window of real time", "L58"),
    knob("ratelimit.limit_override", "requests", "one limit for every key; none are those of the tiers", "L59, L60"),
    knob("ratelimit.headers", "documented | both | none", "which headers tell of the budget", "L57"),
    knob("ratelimit.scoped_factor", "0 or more", "limits of scoped keys are multiplied by this", "L60"),
    knob("capacity.table", "{\"region/size\": room}", "how many of a size a region holds", "4.6"),
    knob("capacity.status", "409 | 412 | 422 | 503", "the status of insufficient_resources", "L55"),
    knob("capacity.stage", "request | job", "refused at once, or accepted and failed", "L55"),
    knob("quota", "{kind: objects}", "most objects of a kind, else 100000", "4.6"),
    knob("idempotency", "on | ignore", "ignore: the header is without effect", "4.7"),
    knob("error_format", "envelope | problem | bare | text | html | empty", "the form of error answers", "L53"),
    knob("keys", "a list of keys", "more keys, each with its own limit where it has one", "L60"),
    knob("log_capacity", "a whole number", "requests that the log keeps", "4.8"),
];

impl Knob {
    /// Its value where nobody turned it, as JSON.
    pub fn default_value(&self) -> Value {
        let whole = json!(Config::default());
        self.name.split('.').fold(whole, |value, member| value[member].clone())
    }
}

/// What a fault may do.
#[derive(Clone, Copy, Debug)]
pub struct Effects {
    pub name: &'static str,
    /// Its settings with an example of each: `NAME=VALUE`, as the command line takes them.
    pub settings: &'static [&'static str],
    pub meaning: &'static str,
}

const fn effect(name: &'static str, settings: &'static [&'static str], meaning: &'static str) -> Effects {
    Effects { name, settings, meaning }
}

/// Every effect of contract.md 4.8, by where it happens: wire, in place of an answer, shape, lists, work, world.
pub const EFFECTS: &[Effects] = &[
    effect("latency", &["ms=200"], "the answer comes later"),
    effect("reset_before", &[], "the connection ends, nothing was executed"),
    effect("reset_after", &[], "executed, and the answer is lost"),
    effect("truncate", &["bytes=40"], "the body ends after some bytes"),
    effect("slow_body", &["ms=500"], "the body comes in two pieces"),
    effect("hang", &[], "no answer ever"),
    effect("exit_after_commit", &[], "executed; the emulator ends itself and starts again from its store"),
    effect("status", &["status=503", "code=internal_error", "executed=true"], "an error in place of the answer"),
    effect("storm429", &["headers=retry_after"], "429; headers: none, retry_after, http_date, reset, past_reset"),
    effect("http_502_html", &["executed=false"], "a gateway's 502 page"),
    effect("error_in_200", &["executed=false"], "an error under status 200"),
    effect("redirect_foreign", &[], "a redirect to another host"),
    effect("cursor_expired", &[], "a request with a cursor is 400 invalid_cursor"),
    effect("job_404", &[], "jobs are not found"),
    effect("revoke_after", &["n=10"], "after n requests the key is revoked"),
    effect("expire_at", &["at=2030-01-01T00:00:00Z"], "the key expires at a real time"),
    effect("error_format", &["format=problem"], "errors as problem, bare, text, html or empty"),
    effect("drop_member", &["path=data.*.ipv4"], "a member is missing; `*` is every item of a list"),
    effect("add_unknown_member", &[], "members that no document names"),
    effect("unknown_status", &[], "a status that no document names"),
    effect("null_data", &[], "data is null"),
    effect("no_job_id", &[], "the answer names no job"),
    effect("wrong_content_type", &[], "JSON that says it is text"),
    effect("bad_json", &[], "a body that is no JSON"),
    effect("ipv4_null", &[], "addresses are null"),
    effect("job_flap", &[], "succeeded jobs read as running"),
    effect("clock_skew", &["seconds=-90"], "Date and X-RateLimit-Reset are off"),
    effect("list_lag", &["seconds=30"], "new objects appear late in lists"),
    effect("list_duplicate", &[], "a list names an object twice"),
    effect("list_shift", &[], "pages shift while they are read"),
    effect("cursor_loop", &[], "the next cursor is the present one"),
    effect("next_page_foreign", &[], "next_page leads to another host"),
    effect("empty_page", &[], "a page with a successor and nothing on it"),
    effect("job_fail", &["code=insufficient_resources"], "the job that the request starts fails"),
    effect("job_stuck", &[], "the job that the request starts never ends"),
    effect("job_slow", &["factor=20"], "the job that the request starts takes as many times as long"),
    effect("partial", &[], "the job fails and the object takes the change all the same"),
    effect("downgrade", &[], "the key may only read"),
    effect("capacity_set", &["region=eu-west-2", "size=standard-8", "limit=0"], "turns capacity.table"),
    effect("quota_set", &["kind=server", "limit=5"], "turns quota"),
    effect(
        "drift",
        &["id=srv_8x9y2z3a4b", "effect=stop"],
        "a change behind the client's back: delete, stop, start, rename (name), duplicate_name, mutate (member, value); environment=test for test data",
    ),
];

impl Effects {
    /// The effect with some of its settings, as `POST faults` takes it.
    pub fn wire(name: &str, settings: &[(String, Value)]) -> Value {
        if settings.is_empty() {
            return Value::String(name.to_owned());
        }
        let members: serde_json::Map<String, Value> = settings.iter().cloned().collect();
        json!({name: members})
    }
}

/// `NAME=VALUE`: the value is JSON or else a bare word.
pub fn setting(text: &str) -> Option<(String, Value)> {
    let (name, value) = text.split_once('=').filter(|(name, _)| !name.is_empty())?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
    Some((name.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::emulator::effects::{Instead, Listing, Shape, Wire, Work, World};
    use crate::emulator::faults::Fault;

    /// The names of all knobs, dotted; what is a map or absent by default counts as one.
    fn leaves(value: &Value, above: &str, found: &mut Vec<String>) {
        match value.as_object() {
            Some(members) if !members.is_empty() && above != "capacity.table" => {
                for (name, inner) in members {
                    let path = if above.is_empty() { name.clone() } else { format!("{above}.{name}") };
                    leaves(inner, &path, found);
                }
            }
            Some(_) | None => found.push(above.to_owned()),
        }
    }

    #[test]
    fn the_table_of_knobs_is_the_configuration() {
        let mut found = Vec::new();
        leaves(&json!(Config::default()), "", &mut found);
        let named: Vec<&str> = KNOBS.iter().map(|knob| knob.name).collect();
        assert_eq!(named, found);
        for knob in KNOBS {
            // Every word that a table row offers is one that the knob takes.
            for word in knob.values.split(" | ").filter(|_| knob.values.contains(" | ")) {
                let (name, value) = setting(&format!("{}={word}", knob.name)).expect("a pair");
                assert!(Config::default().with_value(&name, value).is_ok(), "{name} = {word}");
            }
        }
    }

    /// What serde says that it expects in a group of effects.
    fn variants<T: for<'de> serde::Deserialize<'de>>() -> Vec<String> {
        let told = match serde_json::from_value::<T>(json!("?")) {
            Ok(_) => String::new(),
            Err(error) => error.to_string(),
        };
        told.split('`').skip(3).step_by(2).map(str::to_owned).collect()
    }

    #[test]
    fn the_table_of_effects_is_what_faults_can_do() {
        let groups = [
            variants::<Wire>(),
            variants::<Instead>(),
            variants::<Shape>(),
            variants::<Listing>(),
            variants::<Work>(),
            variants::<World>(),
        ];
        let exist: BTreeSet<String> = groups.into_iter().flatten().collect();
        let named: BTreeSet<String> = EFFECTS.iter().map(|effect| effect.name.to_owned()).collect();
        assert_eq!(named, exist);
        for effect in EFFECTS {
            let settings: Vec<_> = effect.settings.iter().map(|text| setting(text).expect("NAME=VALUE")).collect();
            let fault: Fault =
                serde_json::from_value(json!({"effect": Effects::wire(effect.name, &settings)})).expect(effect.name);
            assert_eq!(fault.effect.name(), effect.name);
        }
    }
}
