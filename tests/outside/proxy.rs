//! cnx itself, judged: every example goes through a validating proxy between client and emulator, and neither side breaks
//! the document.
use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use cnx::emulator::{Config, Fixtures};
use serde_json::{Map, Value, json};

use super::served::{Served, TEST_P, quick, request, serve};
use super::{own_folder, tools};
use crate::support::Project;

const TEST_C: &str = "cn_test_4c3b2a190f8e7d6c5b4a3928";
const EXAMPLES: [&str; 4] = ["shop", "compute", "edge", "database"];
/// What the proxy writes for each request or answer that breaks the document.
const VIOLATION: &str = "Request terminated with error";

/// A running proxy in front of one surface; it ends with the test.
struct Proxy {
    child: Child,
    port: u16,
    log: PathBuf,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // A proxy that has ended by itself needs no end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The document of a surface with `/v1` in its paths: origin-relative links of answers stay true behind the proxy.
fn rooted(mut document: Value, port: u16) -> Value {
    let paths = document["paths"].as_object().expect("paths").iter();
    let paths: Map<String, Value> = paths.map(|(path, item)| (format!("/v1{path}"), item.clone())).collect();
    document["paths"] = Value::Object(paths);
    document["servers"] = json!([{"url": format!("http://127.0.0.1:{port}")}]);
    document
}

fn proxy(mut command: Command, served: &Served, surface: &str, folder: &Path) -> Proxy {
    let (document, log) = (folder.join(format!("{surface}.json")), folder.join(format!("{surface}.log")));
    let upstream = served.port(surface);
    std::fs::write(&document, rooted(served.document(Some(surface)), upstream).to_string()).expect("written");
    let free = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let port = free.local_addr().expect("an address").port();
    drop(free);
    command.arg("proxy").arg(document).arg(format!("http://127.0.0.1:{upstream}"));
    command.args(["--errors", "--cors=false", "--host", "127.0.0.1", "--port", &port.to_string()]);
    let written = File::create(&log).expect("a log");
    let child = command.stdout(written).stderr(Stdio::null()).stdin(Stdio::null()).spawn().expect("starts");
    let proxy = Proxy { child, port, log };
    let deadline = Instant::now() + Duration::from_secs(120);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < deadline, "the proxy of {surface} does not listen: {}", proxy.text());
        std::thread::sleep(Duration::from_millis(100));
    }
    proxy
}

impl Proxy {
    fn text(&self) -> String {
        std::fs::read_to_string(&self.log).expect("a log")
    }
}

/// Applies, plans and destroys an example against the proxies.
fn cycle(name: &str, compute: &Proxy, platform: &Proxy) {
    let project = Project::example(name);
    let main = std::fs::read_to_string(project.path().join("main.cnx")).expect("the example");
    let urls = format!(
        "\nprovider cloudnexus {{\n  compute_url = \"http://127.0.0.1:{}/v1\"\n  platform_url = \"http://127.0.0.1:{}/v1\"\n}}\n",
        compute.port, platform.port
    );
    project.write("main.cnx", &format!("{main}{urls}\nenvironment proxied {{ target = \"sandbox\" }}\n"));
    let allowed = ["database.main", "database.orders"].map(|address| format!("--allow-destroy={address}"));
    for arguments in [&["apply", "--yes"][..], &["plan"], &["destroy", "--yes", &allowed[0], &allowed[1]]] {
        let mut command = project.command(arguments);
        command.args(["--env", "proxied"]);
        command.env("CLOUDNEXUS_COMPUTE_API_KEY", TEST_C).env("CLOUDNEXUS_PLATFORM_API_KEY", TEST_P);
        let output = command.output().expect("cnx runs");
        assert!(output.status.success(), "{name}: {command:?}\n{}", tools::text(&output));
    }
}

#[test]
fn examples_behind_a_validating_proxy_break_nothing_in_either_direction() {
    let (Some(first), Some(second)) = (tools::node("prism"), tools::node("prism")) else { return };
    let served = serve(Config { fixtures: Fixtures::Empty, time_factor: 0.01, ..quick() });
    let folder = own_folder("proxy");
    let (compute, platform) = (proxy(first, &served, "c", &folder), proxy(second, &served, "sandbox", &folder));
    for name in EXAMPLES {
        cycle(name, &compute, &platform);
    }
    for proxy in [&compute, &platform] {
        let log = proxy.text();
        assert!(!log.contains(VIOLATION), "{log}");
        assert!(log.contains("The upstream call to"), "nothing went through: {log}");
    }
    // The proxy does see what breaks the document, of either side.
    assert_eq!(request(platform.port, TEST_P, "POST", "/v1/servers", r#"{"nam": 1}"#).0, 422);
    let fault = r#"{"effect": {"drop_member": {"path": "data.*.slug"}}}"#;
    assert_eq!(served.send("control", "POST", "/__emulator/faults", fault).0, 200);
    assert_eq!(request(platform.port, TEST_P, "GET", "/v1/regions", "").0, 500);
    assert_eq!(platform.text().matches(VIOLATION).count(), 2);
}
