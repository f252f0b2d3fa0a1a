//! Each example is planned, applied, changed and destroyed with the real binary on the embedded emulator.

use crate::support::{Project, root};

/// An example, the edit that changes it, and what the plan of the change must say.
struct Cycle {
    name: &'static str,
    resources: usize,
    from: &'static str,
    to: &'static str,
    says: &'static [&'static str],
}

const CYCLES: &[Cycle] = &[
    Cycle {
        name: "shop",
        resources: 4,
        from: "read_replicas = 1",
        to: "read_replicas = 3",
        says: &["~ database.main", "read_replicas", "1 → 3", "1 to update"],
    },
    Cycle {
        name: "compute",
        resources: 4,
        from: "param type: string = \"compute-8x16\"",
        to: "param type: string = \"memory-4x32\"",
        says: &["~ compute_instance.alpha", "resize", "\"compute-8x16\" → \"memory-4x32\""],
    },
    Cycle {
        name: "edge",
        resources: 4,
        from: "param ttl: int = 86400",
        to: "param ttl: int = 600",
        says: &["~ cdn_routing_rule.assets", "86400 → 600", "! cdn_purge.site"],
    },
    Cycle {
        name: "database",
        resources: 1,
        from: "param replicas: int = 1",
        to: "param replicas: int = 3",
        says: &["~ database.orders", "scale", "1 → 3"],
    },
    Cycle {
        name: "regions",
        resources: 4,
        from: "param servers: int = 1",
        to: "param servers: int = 2",
        says: &[
            "module.region[\"eu-west-2\"].server.web[2]",
            "module.region[\"us-east-1\"].server.web[2]",
            "2 to create",
        ],
    },
];

fn cycle(name: &str) {
    let cycle = CYCLES.iter().find(|cycle| cycle.name == name).expect("a cycle of that name");
    let project = Project::example(name);
    project.ok(&["check"]);
    project.ok(&["fmt", "--check"]);
    assert_eq!(project.run(&["plan", "--detailed-exitcode"]).code, 2, "a first plan has changes");
    project.ok(&["apply", "--yes"]);
    assert_eq!(state(&project).len(), cycle.resources);
    project.ok(&["plan", "--detailed-exitcode"]);
    project.ok(&["apply", "--yes"]).says("othing to do");
    project.edit("main.cnx", cycle.from, cycle.to);
    let plan = project.run(&["plan", "--detailed-exitcode"]);
    assert_eq!(plan.code, 2, "{}", plan.all());
    for text in cycle.says {
        plan.says(text);
    }
    project.ok(&["apply", "--yes"]);
    project.ok(&["plan", "--detailed-exitcode"]);
    project.ok(&["destroy", "--yes"]);
    assert_eq!(state(&project), Vec::<String>::new());
    project.ok(&["destroy", "--yes"]).says("othing to do");
}

/// Addresses in state, one a line.
fn state(project: &Project) -> Vec<String> {
    let run = project.ok(&["state", "list"]);
    run.stdout.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[test]
fn shop() {
    cycle("shop");
}

#[test]
fn compute() {
    cycle("compute");
}

#[test]
fn edge() {
    cycle("edge");
}

#[test]
fn database() {
    cycle("database");
}

#[test]
fn regions() {
    cycle("regions");
}

#[test]
fn every_example_has_a_cycle_and_says_what_it_shows() {
    for entry in std::fs::read_dir(root().join("examples")).expect("examples") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        assert!(CYCLES.iter().any(|cycle| cycle.name == name), "examples/{name} has no cycle");
        let text = std::fs::read_to_string(path.join("main.cnx")).expect("main.cnx");
        assert!(text.starts_with("# "), "examples/{name}/main.cnx does not say what it shows");
    }
}

/// The seven documented operations, as method and path; each must be seen while the examples are applied.
const DOCUMENTED: &[(&str, &str)] = &[
    ("GET", "/v1/compute/instances"),
    ("POST", "/v1/compute/instances"),
    ("POST", "/v1/compute/instances/*/actions"),
    ("GET", "/v1/servers"),
    ("POST", "/v1/servers"),
    ("POST", "/v1/databases/scale"),
    ("POST", "/v1/cdn/zones/*/purge"),
];

#[test]
fn the_seven_documented_operations_are_used() {
    let mut seen = Vec::new();
    for cycle in CYCLES {
        let project = Project::example(cycle.name);
        project.ok(&["apply", "--yes"]);
        project.edit("main.cnx", cycle.from, cycle.to);
        project.ok(&["apply", "--yes"]);
        let log = project.ok(&["emulator", "requests"]);
        seen.extend(log.stdout.lines().map(str::to_owned));
    }
    for (method, path) in DOCUMENTED {
        let found = seen.iter().any(|line| {
            let mut words = line.split_whitespace();
            words.any(|word| word == *method) && words.next().is_some_and(|target| matches(path, target))
        });
        assert!(found, "{method} {path} was never sent");
    }
}

/// Whether a request's target is the path, where `*` stands for one segment.
fn matches(path: &str, target: &str) -> bool {
    let target = target.split('?').next().unwrap_or("");
    let (wanted, found): (Vec<&str>, Vec<&str>) = (path.split('/').collect(), target.split('/').collect());
    wanted.len() == found.len() && wanted.iter().zip(&found).all(|(w, f)| *w == "*" || w == f)
}
