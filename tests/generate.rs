//! Generated programs: all kinds, references, `for`, `if`, and edits between applies. Everything comes from a seed.

use base64::Engine;
use std::collections::BTreeMap;
use std::fmt::Write;

/// A small deterministic generator (SplitMix64): a failing run is repeated by its seed.
#[derive(Debug)]
pub struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From 0 to below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

/// How a declaration repeats.
#[derive(Clone, Debug)]
enum Repeat {
    Once,
    Range(usize),
    Set(Vec<&'static str>),
    When(bool),
}

#[derive(Clone, Debug)]
struct Machine {
    server: bool,
    repeat: Repeat,
    size: usize,
    region: usize,
    image: usize,
    key: Option<usize>,
    flag: bool,
    tag: usize,
    stopped: bool,
    create_first: bool,
}

#[derive(Clone, Debug)]
struct Zone {
    domain: usize,
    origin: Option<usize>,
    ttl: usize,
    rules: Vec<usize>,
    purge: bool,
}

#[derive(Clone, Debug)]
struct Database {
    engine: usize,
    tier: usize,
    replicas: usize,
}

/// A program, as its parts; rendered to text, edited at random.
#[derive(Clone, Debug, Default)]
pub struct Program {
    keys: BTreeMap<usize, usize>,
    machines: BTreeMap<usize, Machine>,
    zones: BTreeMap<usize, Zone>,
    databases: BTreeMap<usize, Database>,
    /// Snapshots of the single machine of that number.
    snapshots: BTreeMap<usize, usize>,
    next: usize,
}

const REGIONS: &[&str] = &["us-east-1", "eu-west-3", "ap-south-1"];
const TYPES: &[&str] = &["standard-2x4", "compute-8x16", "memory-4x32"];
const PLANS: &[&str] = &["standard-4", "standard-8", "standard-16"];
const IMAGES: &[&str] = &["ubuntu-22.04-lts", "ubuntu-22.04", "debian-12"];
const TIERS: &[&str] = &["development", "production-standard", "production-high"];
const ENGINES: &[&str] = &["postgresql", "mysql", "redis"];
const NAMES: &[&str] = &["ash", "birch", "cedar", "elm"];

impl Program {
    pub fn generate(dice: &mut Dice) -> Program {
        let mut program = Program::default();
        for _ in 0..2 + dice.below(5) {
            program.add(dice);
        }
        program
    }

    /// One to three edits: add, remove or change a declaration.
    pub fn edit(&mut self, dice: &mut Dice) {
        for _ in 0..1 + dice.below(3) {
            match dice.below(4) {
                0 => self.add(dice),
                1 => self.remove(dice),
                _ => self.change(dice),
            }
        }
        self.repair();
    }

    fn number(&mut self) -> usize {
        self.next += 1;
        self.next
    }

    fn add(&mut self, dice: &mut Dice) {
        let number = self.number();
        match dice.below(6) {
            0 => {
                self.keys.insert(number, number);
            }
            1 | 2 => {
                let machine = self.machine(dice);
                self.machines.insert(number, machine);
            }
            3 => {
                let origin = dice.chance(50).then(|| self.single_machine(dice)).flatten();
                let rules = (0..dice.below(4)).map(|at| at * 10 + 1 + dice.below(9)).collect();
                let zone = Zone { domain: number, origin, ttl: dice.below(9000), rules, purge: dice.chance(50) };
                self.zones.insert(number, zone);
            }
            4 => {
                let database = Database { engine: dice.below(3), tier: dice.below(3), replicas: dice.below(4) };
                self.databases.insert(number, database);
            }
            _ => {
                if let Some(machine) = self.single_machine(dice) {
                    self.snapshots.insert(number, machine);
                }
            }
        }
    }

    fn machine(&self, dice: &mut Dice) -> Machine {
        let repeat = match dice.below(4) {
            0 => Repeat::Range(1 + dice.below(4)),
            1 => Repeat::Set(NAMES[..1 + dice.below(4)].to_vec()),
            2 => Repeat::When(dice.chance(70)),
            _ => Repeat::Once,
        };
        let keys: Vec<usize> = self.keys.keys().copied().collect();
        Machine {
            server: dice.chance(60),
            repeat,
            size: dice.below(3),
            region: dice.below(3),
            image: dice.below(3),
            key: (!keys.is_empty() && dice.chance(60)).then(|| *dice.pick(&keys)),
            flag: dice.chance(50),
            tag: dice.below(3),
            stopped: dice.chance(15),
            create_first: dice.chance(40),
        }
    }

    fn single_machine(&self, dice: &mut Dice) -> Option<usize> {
        let single = |m: &Machine| matches!(m.repeat, Repeat::Once);
        let found: Vec<usize> = self.machines.iter().filter(|(_, m)| single(m)).map(|(n, _)| *n).collect();
        (!found.is_empty()).then(|| *dice.pick(&found))
    }

    fn remove(&mut self, dice: &mut Dice) {
        fn drop_one<T>(map: &mut BTreeMap<usize, T>, dice: &mut Dice) {
            let numbers: Vec<usize> = map.keys().copied().collect();
            if !numbers.is_empty() {
                map.remove(dice.pick(&numbers));
            }
        }
        match dice.below(5) {
            0 => drop_one(&mut self.keys, dice),
            1 => drop_one(&mut self.machines, dice),
            2 => drop_one(&mut self.zones, dice),
            3 => drop_one(&mut self.databases, dice),
            _ => drop_one(&mut self.snapshots, dice),
        }
    }

    fn change(&mut self, dice: &mut Dice) {
        let fresh = self.machine(dice);
        if let Some(machine) = pick_mut(&mut self.machines, dice) {
            match dice.below(9) {
                0 => machine.size = dice.below(3),
                1 => machine.region = dice.below(3),
                2 => machine.image = dice.below(3),
                3 => machine.flag = !machine.flag,
                4 => machine.tag = dice.below(3),
                5 => machine.stopped = !machine.stopped,
                6 => machine.key = fresh.key,
                7 => machine.create_first = !machine.create_first,
                _ => machine.repeat = fresh.repeat,
            }
        }
        if let Some(database) = pick_mut(&mut self.databases, dice) {
            database.tier = dice.below(3);
            database.replicas = dice.below(4);
            if dice.chance(10) {
                database.engine = dice.below(3);
            }
        }
        if let Some(zone) = pick_mut(&mut self.zones, dice) {
            zone.ttl = dice.below(9000);
            if dice.chance(30) {
                zone.rules.reverse();
            }
            if dice.chance(20) {
                zone.rules.pop();
            }
            if dice.chance(20) {
                zone.domain += 1000;
            }
        }
        let public: Vec<usize> = self.keys.keys().copied().collect();
        if !public.is_empty() && dice.chance(15) {
            let number = *dice.pick(&public);
            let fresh = self.number();
            self.keys.insert(number, fresh);
        }
    }

    /// Drops references to what is no longer there.
    fn repair(&mut self) {
        let keys = self.keys.clone();
        for machine in self.machines.values_mut() {
            machine.key = machine.key.filter(|key| keys.contains_key(key));
        }
        let machines = self.machines.clone();
        let single = |n: &usize| machines.get(n).is_some_and(|m| matches!(m.repeat, Repeat::Once));
        for zone in self.zones.values_mut() {
            zone.origin = zone.origin.filter(single);
        }
        self.snapshots.retain(|_, machine| single(machine));
    }

    /// The program's text.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for (number, secret) in &self.keys {
            let _ = writeln!(
                out,
                "ssh_key k{number} {{\n  name = \"k{number}\"\n  public_key = \"{}\"\n}}",
                public_key(*secret)
            );
        }
        for (number, machine) in &self.machines {
            render_machine(&mut out, *number, machine);
        }
        for (number, database) in &self.databases {
            let Database { engine, tier, replicas } = database;
            let _ = writeln!(
                out,
                "database d{number} {{\n  name = \"d{number}\"\n  engine = \"{}\"\n  region = \"us-east-1\"\n  tier = \"{}\"\n  read_replicas = {replicas}\n}}",
                ENGINES[*engine], TIERS[*tier]
            );
        }
        for (number, zone) in &self.zones {
            self.render_zone(&mut out, *number, zone);
        }
        for (number, machine) in &self.snapshots {
            let kind = self.kind(*machine);
            let _ = writeln!(out, "snapshot s{number} {{\n  source_id = {kind}.m{machine}.id\n}}");
        }
        out
    }

    fn kind(&self, machine: usize) -> &'static str {
        if self.machines[&machine].server { "server" } else { "compute_instance" }
    }

    fn render_zone(&self, out: &mut String, number: usize, zone: &Zone) {
        let origin = match zone.origin {
            Some(machine) => format!("\"http://${{{}.m{machine}.ipv4}}\"", self.kind(machine)),
            None => "\"https://origin.example.com\"".to_owned(),
        };
        let _ = writeln!(
            out,
            "cdn_zone z{number} {{\n  domain = \"z{}.example.com\"\n  origin_url = {origin}\n  default_ttl_seconds = {}\n}}",
            zone.domain, zone.ttl
        );
        for (at, priority) in zone.rules.iter().enumerate() {
            let _ = writeln!(
                out,
                "cdn_routing_rule r{number}_{at} {{\n  zone_id = cdn_zone.z{number}.id\n  name = \"r{at}\"\n  priority = {priority}\n  match = {{ path = \"/{at}/*\" }}\n  action = {{ type = \"cache\", ttl_seconds = {} }}\n}}",
                zone.ttl
            );
        }
        if zone.purge {
            let _ = writeln!(
                out,
                "action cdn_purge p{number} {{\n  zone_id = cdn_zone.z{number}.id\n  paths = [\"/*\"]\n  lifecycle {{ triggers = [cdn_zone.z{number}.default_ttl_seconds] }}\n}}"
            );
        }
    }
}

fn pick_mut<'a, T>(map: &'a mut BTreeMap<usize, T>, dice: &mut Dice) -> Option<&'a mut T> {
    let numbers: Vec<usize> = map.keys().copied().collect();
    if numbers.is_empty() { None } else { map.get_mut(dice.pick(&numbers)) }
}

fn render_machine(out: &mut String, number: usize, machine: &Machine) {
    let (kind, size) = if machine.server {
        ("server", ("plan", PLANS[machine.size]))
    } else {
        ("compute_instance", ("type", TYPES[machine.size]))
    };
    let (header, suffix) = match &machine.repeat {
        Repeat::Once => (String::new(), ""),
        Repeat::Range(count) => (format!(" for n in 1..={count}"), "-${n}"),
        Repeat::Set(names) => (format!(" for n in {names:?}"), "-${n}"),
        Repeat::When(holds) => (format!(" if {holds}"), ""),
    };
    let _ = writeln!(out, "{kind} m{number}{header} {{");
    let _ = writeln!(out, "  name = \"m{number}{suffix}\"\n  {} = \"{}\"", size.0, size.1);
    let _ = writeln!(out, "  region = \"{}\"\n  image = \"{}\"", REGIONS[machine.region], IMAGES[machine.image]);
    if let Some(key) = machine.key {
        let _ = writeln!(out, "  ssh_keys = [ssh_key.k{key}.id]");
    }
    if machine.server {
        let _ = writeln!(out, "  auto_backup = {}", machine.flag);
    } else {
        let _ = writeln!(
            out,
            "  tags = {{ tier = \"t{}\"{} }}",
            machine.tag,
            if machine.flag { ", flag = \"on\"" } else { "" }
        );
    }
    if machine.stopped {
        let _ = writeln!(out, "  desired_status = \"stopped\"");
    }
    if machine.create_first {
        let _ = writeln!(out, "  lifecycle {{ create_before_destroy = true }}");
    }
    out.push_str("}\n");
}

/// A well-formed OpenSSH key of this number.
fn public_key(number: usize) -> String {
    let mut blob = Vec::new();
    for part in [b"ssh-ed25519".as_slice(), &[number as u8; 32]] {
        blob.extend_from_slice(&(part.len() as u32).to_be_bytes());
        blob.extend_from_slice(part);
    }
    blob.truncate(blob.len() - 2);
    blob.extend_from_slice(&(number as u16).to_be_bytes());
    format!("ssh-ed25519 {} generated", base64::engine::general_purpose::STANDARD.encode(blob))
}
