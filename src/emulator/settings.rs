//! What is set while the emulator runs, and stays set: a patch over the configuration that the process began with, and
//! the faults. The store hears of every change. Knows no request.
use serde_json::{Map, Value, json};

use super::clock::Now;
use super::config::Config;
use super::core::{Emulator, Record, all_keys};
use super::faults::{Fault, Faults};

/// Members of the configuration that are maps: null takes one of their entries out.
const MAPS: [&[&str]; 3] = [&["capacity", "table"], &["quota"], &["delays", "seconds"]];

/// `a.b` with a value as nested objects; entries of maps keep the dots of their names. Job types have dots of their own: `delays.server.create`.
pub fn expand(name: &str, value: Value) -> Value {
    if let Some(job_type) = name.strip_prefix("delays.").filter(|rest| !["seconds", "tail"].contains(&head(rest))) {
        return json!({"delays": {"seconds": {job_type: value}}});
    }
    // "ratelimit = on | off" (contract.md 4.5).
    if name == "ratelimit" && value.is_string() {
        return json!({"ratelimit": {"mode": value}});
    }
    for place in ["delays.seconds.", "capacity.table.", "quota."] {
        if let Some(entry) = name.strip_prefix(place) {
            return expand(&place[..place.len() - 1], json!({entry: value}));
        }
    }
    match name.split_once('.') {
        Some((head, rest)) => json!({head: expand(rest, value)}),
        None => json!({name: value}),
    }
}

fn head(name: &str) -> &str {
    name.split('.').next().unwrap_or("")
}

/// Objects are merged member by member, everything else is replaced.
pub fn merge(old: &mut Value, new: Value) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            for (name, value) in new {
                match old.get_mut(&name) {
                    Some(inner) => merge(inner, value),
                    None => {
                        old.insert(name, value);
                    }
                }
            }
        }
        (old, new) => *old = new,
    }
}

impl Config {
    /// This configuration with some members changed; the patch is nested as the configuration is.
    ///
    /// # Errors
    /// A member that is not there, or a value that makes no sense in it.
    pub fn patched(&self, patch: &Map<String, Value>) -> Result<Config, String> {
        let mut whole = json!(self);
        merge(&mut whole, Value::Object(patch.clone()));
        for place in MAPS {
            let map = place.iter().try_fold(&mut whole, |value, member| value.get_mut(member));
            if let Some(map) = map.and_then(Value::as_object_mut) {
                map.retain(|_, value| !value.is_null());
            }
        }
        let config: Config = serde_json::from_value(whole).map_err(|error| error.to_string())?;
        config.check()?;
        Ok(config)
    }

    /// This configuration with one knob turned: its name as in the table of knobs.
    ///
    /// # Errors
    /// As `patched`.
    pub fn with_value(&self, name: &str, value: Value) -> Result<Config, String> {
        let Value::Object(patch) = expand(name, value) else { return Err("a knob has a name".to_owned()) };
        self.patched(&patch).map_err(|reason| {
            let is_named = reason.starts_with(head(name));
            if is_named { reason } else { format!("{name}: {reason}") }
        })
    }
}

impl Emulator {
    /// Takes the members of a patch over, and keeps them; virtual time goes on from where it is.
    ///
    /// # Errors
    /// As `Config::patched`; then nothing has changed.
    pub fn set(&mut self, patch: Map<String, Value>, now: Now) -> Result<(), String> {
        let mut settings = Value::Object(self.settings.clone());
        merge(&mut settings, Value::Object(patch));
        let Value::Object(settings) = settings else { return Ok(()) };
        self.set_all(settings, now)
    }

    /// Forgets what was set: the configuration is the one that the process began with.
    ///
    /// # Errors
    /// As `set`.
    pub fn unset(&mut self, now: Now) -> Result<(), String> {
        self.set_all(Map::new(), now)
    }

    fn set_all(&mut self, settings: Map<String, Value>, now: Now) -> Result<(), String> {
        if settings == self.settings {
            return Ok(());
        }
        self.take_settings(settings.clone())?;
        self.push(Record::Settings(settings));
        let mut clock = self.head.clock.clone();
        clock.follow(&self.config, now);
        self.set_clock(clock);
        Ok(())
    }

    /// Takes settings over that the store already knows.
    ///
    /// # Errors
    /// As `set`.
    pub(super) fn take_settings(&mut self, settings: Map<String, Value>) -> Result<(), String> {
        self.config = self.base.patched(&settings)?;
        self.settings = settings;
        self.keys = all_keys(&self.config);
        self.log.resize(self.config.log_capacity);
        self.pages.clear();
        Ok(())
    }

    /// Sets a fault after all others; its id.
    pub fn add_fault(&mut self, fault: Fault) -> u64 {
        self.insert_fault(fault, None)
    }

    /// Sets a fault before another one, or after all; its id.
    pub fn insert_fault(&mut self, fault: Fault, before: Option<u64>) -> u64 {
        let id = self.faults.add(fault, before);
        self.keep_faults();
        id
    }

    /// Takes one fault away, or all; how many there were.
    pub fn remove_faults(&mut self, id: Option<u64>) -> usize {
        let removed = self.faults.remove(id);
        self.keep_faults();
        removed
    }

    /// No fault is set, and counting them begins anew.
    pub(super) fn forget_faults(&mut self) {
        if self.faults != Faults::default() {
            self.faults = Faults::default();
            self.keep_faults();
        }
    }

    /// Tells the store of the faults as they stand.
    pub(super) fn keep_faults(&mut self) {
        self.push(Record::Faults(self.faults.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::setting;

    #[test]
    fn knobs_are_turned_by_name() {
        let config = Config::default();
        let with = |name: &str, value: &str| {
            let (name, value) = setting(&format!("{name}={value}")).ok_or("no pair")?;
            config.with_value(&name, value)
        };
        let cases = [
            ("names.unique", "true", json!({"names": {"unique": true}})),
            ("meta.style", "cursor_only", json!({"meta": {"style": "cursor_only"}})),
            ("delays.server.create", "0", json!({"delays": {"seconds": {"server.create": 0.0}}})),
            ("delays.tail.p", "0.5", json!({"delays": {"tail": {"p": 0.5}}})),
            ("capacity.table.eu-west-2/standard-16", "null", json!({"capacity": {"table": {}}})),
            ("quota.server", "3", json!({"quota": {"server": 3}})),
            ("ratelimit", "off", json!({"ratelimit": {"mode": "off"}})),
            ("ratelimit.limit_override", "7", json!({"ratelimit": {"limit_override": 7}})),
        ];
        for (name, value, expected) in cases {
            let mut wanted = json!(config);
            merge(&mut wanted, expected);
            if value == "null" {
                wanted["capacity"]["table"] = json!({});
            }
            assert_eq!(json!(with(name, value).expect(name)), wanted, "{name}");
        }
        for (name, value) in [("names.uniq", "true"), ("meta.style", "no"), ("time_factor", "-1"), ("", "1")] {
            assert!(with(name, value).is_err(), "{name}");
        }
    }
}
