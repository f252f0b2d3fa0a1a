//! What cnx is built from: where it comes from, what of it runs at build time, and that CI looks.

use crate::support::root;
use serde_json::Value;
use std::collections::BTreeSet;
use std::process::Command;

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).expect(path)
}

/// Crates whose build scripts run on whoever builds cnx for Linux. A new one is a decision.
const BUILD_SCRIPTS: &[&str] = &[
    "aws-lc-rs",
    "aws-lc-sys",
    "bigdecimal",
    "getrandom",
    "httparse",
    "icu_locale_fallback_data",
    "icu_normalizer_data",
    "icu_properties_data",
    "icu_segmenter_data",
    "libc",
    "libm",
    "libsqlite3-sys",
    "nix",
    "num-traits",
    "object",
    "pest_stack_guard",
    "portable-atomic",
    "proc-macro2",
    "psm",
    "quote",
    "rustix",
    "rustls",
    "serde",
    "serde_core",
    "serde_json",
    "stacker",
    "thiserror",
    "zmij",
];

#[test]
fn dependencies_come_from_one_registry_with_their_hashes() {
    let lock = read("Cargo.lock");
    let packages: Vec<&str> = lock.split("[[package]]").skip(1).collect();
    assert!(packages.len() > 50);
    for package in packages {
        let is_own = package.contains("name = \"cnx\"\n");
        let from_registry = package.contains("source = \"registry+https://github.com/rust-lang/crates.io-index\"\n");
        assert!(is_own || from_registry && package.contains("checksum = \""), "{package}");
    }
    let manifest = read("Cargo.toml");
    for forbidden in ["git =", "path = \"..", "version = \"*\"", "registry =", "[patch", "[source"] {
        assert!(!manifest.contains(forbidden), "Cargo.toml has {forbidden}");
    }
}

#[test]
fn ci_denies_what_the_lists_do_not_allow() {
    let ci = read(".ci/run");
    let call = ci.lines().find(|line| line.starts_with("cargo deny")).expect("cargo deny is run");
    for word in ["--config .ci/deny.toml", "--all-features", "bans", "licenses", "sources"] {
        assert!(call.contains(word), "{call}: {word}");
    }
    assert!(ci.contains("--locked") && ci.starts_with("#!/usr/bin/env bash") && ci.contains("set -euo pipefail"));
    let deny = read(".ci/deny.toml");
    for rule in [
        "multiple-versions = \"deny\"",
        "wildcards = \"deny\"",
        "unknown-registry = \"deny\"",
        "unknown-git = \"deny\"",
        "name = \"openssl-sys\"",
        "all-features = true",
    ] {
        assert!(deny.contains(rule), "no {rule}");
    }
    let licences = deny.lines().find(|line| line.starts_with("allow = [")).expect("a list of licences");
    for copyleft in ["GPL", "AGPL", "LGPL", "SSPL", "BUSL"] {
        assert!(!licences.contains(copyleft), "{licences}");
    }
    assert!(!deny.contains("allow-git") && !deny.contains("exceptions"), "an exception without a decision");
}

fn cargo(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO"));
    let output =
        command.args(arguments).args(["--locked", "--offline"]).current_dir(root()).output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn what_runs_at_build_time_is_listed() {
    let target = "x86_64-unknown-linux-gnu";
    let tree = cargo(&["tree", "--edges", "normal,build", "--prefix", "none", "--no-dedupe", "--target", target]);
    let built: BTreeSet<(&str, &str)> = tree
        .lines()
        .filter_map(|line| line.split_once(" v"))
        .map(|(name, rest)| (name, rest.split(' ').next().unwrap_or("")))
        .collect();
    assert!(built.len() > 50, "{tree}");
    let metadata: Value = serde_json::from_str(&cargo(&["metadata", "--format-version", "1"])).expect("JSON");
    let text = |package: &Value, name: &str| package[name].as_str().expect("a text").to_owned();
    let packages = metadata["packages"].as_array().expect("packages").iter();
    let scripts: BTreeSet<String> = packages
        .filter(|package| built.contains(&(text(package, "name").as_str(), text(package, "version").as_str())))
        .filter(|package| {
            let targets = package["targets"].as_array().expect("targets");
            targets.iter().any(|target| target["kind"][0] == "custom-build")
        })
        .map(|package| text(package, "name"))
        .collect();
    assert_eq!(scripts, BUILD_SCRIPTS.iter().map(|name| (*name).to_owned()).collect(), "build scripts");
}
