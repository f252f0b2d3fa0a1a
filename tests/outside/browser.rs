//! The control port's page in a headless Chromium: what a person would see.
use std::path::{Path, PathBuf};
use std::process::Command;

use cnx::emulator::{Config, RateLimit};

use super::served::{Served, quick, serve};
use super::{own_folder, tools};

/// The browser; installed in CI where it is missing, else left out.
pub fn chromium() -> Option<PathBuf> {
    let places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
    let find = || places.iter().map(Path::new).find(|path| path.exists()).map(Path::to_path_buf);
    let _alone = tools::alone();
    if find().is_none() && tools::is_ci() {
        let is_root = std::fs::read_dir("/root").is_ok();
        let apt = |arguments: &[&str]| {
            let mut command = Command::new(if is_root { "env" } else { "sudo" });
            tools::run(command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]).args(arguments));
        };
        apt(&["update", "-qq"]);
        apt(&["install", "-y", "-qq", "chromium"]);
    }
    let found = find();
    if found.is_none() {
        tools::say("left out: no Chromium (CI=true installs it)");
    }
    assert!(found.is_some() || !tools::is_ci(), "no Chromium");
    found
}

/// Opens the page of an emulator with further arguments; what the browser prints.
fn open(served: &Served, name: &str, arguments: &[String]) -> Option<String> {
    let browser = chromium()?;
    let profile = own_folder(&format!("chromium-{name}"));
    let mut command = Command::new(browser);
    command.args([
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--hide-scrollbars",
    ]);
    command.args(["--disable-background-networking", "--disable-component-update", "--disable-sync"]);
    command.arg(format!("--user-data-dir={}", profile.display())).arg("--virtual-time-budget=3000").args(arguments);
    let output = tools::run(command.arg(format!("http://127.0.0.1:{}/#live", served.ports.control)));
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A cloud in which something goes on: jobs under way, refused requests, a fault met, a name that tries to be markup.
fn busy() -> Served {
    let served = serve(Config { time_factor: 1.0, ratelimit: RateLimit::default(), ..quick() });
    let server = |name: &str, plan: &str| {
        format!(r#"{{"name": "{name}", "region": "eu-west-2", "plan": "{plan}", "image": "ubuntu-22.04"}}"#)
    };
    let hostile = r"<img src=x onerror=document.title='owned'>";
    assert_eq!(served.send("p", "POST", "/v1/servers", &server(hostile, "standard-8")).0, 202);
    assert_eq!(served.send("p", "POST", "/v1/servers", &server("full", "standard-16")).0, 409);
    let fault = r#"{"effect": "ipv4_null", "match": {"path": "/v1/servers/*"}}"#;
    assert_eq!(served.send("control", "POST", "/__emulator/faults", fault).0, 200);
    assert_eq!(served.send("p", "GET", "/v1/servers/srv_8x9y2z3a4b", "").0, 200);
    let reboot = r#"{"action": "reboot"}"#;
    assert_eq!(served.send("c", "POST", "/v1/compute/instances/inst_9x7k2m4p1q8r5s0t/actions", reboot).0, 202);
    served
}

#[test]
fn the_page_shows_resources_jobs_budgets_faults_and_requests() {
    let served = busy();
    let Some(page) = open(&served, "text", &["--dump-dom".to_owned()]) else { return };
    for expected in [
        "srv_8x9y2z3a4b",
        "inst_9x7k2m4p1q8r5s0t",
        "zone_4c5d6e7f8g",
        "server.create",
        "instance.reboot",
        "<progress",
        "insufficient_resources",
        "cnx_sk_live_[redacted]",
        "of 1000",
        "ipv4_null",
        "/v1/servers/srv_8x9y2z3a4b",
        "profile full",
    ] {
        assert!(page.contains(expected), "{expected}");
    }
    assert!(page.contains("&lt;img src=x onerror"), "names are text");
    assert!(!page.contains("<img") && page.contains("<title>CloudNexus emulator</title>"), "names are never markup");
    assert!(!page.contains("8f9d2a1b4c5e6f7g8h9i0j"), "no key is shown");
}

#[test]
fn the_page_fits_wide_and_narrow_windows() {
    let served = busy();
    for (name, size) in [("wide", "1400,1000"), ("narrow", "420,900")] {
        let picture = own_folder(&format!("page-{name}")).join("page.png");
        let arguments = [format!("--screenshot={}", picture.display()), format!("--window-size={size}")];
        if open(&served, name, &arguments).is_none() {
            return;
        }
        assert!(std::fs::metadata(&picture).is_ok_and(|file| file.len() > 20_000), "{name}");
    }
}
