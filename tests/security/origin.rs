//! Where requests go: links, redirects and URLs that would lead elsewhere, each with a second listener that must hear nothing.

use super::listener::{Cloud, Heard, Listener, answer, changed, pass, quick};
use super::programs::{KEY, SERVER, at, far, ok, project, run};
use crate::support::Project;
use cnx::cloud::{Call, Client, Endpoint, Outcome, RateLimit, Verb};
use cnx::model::{Attributes, Ident, Value};
use cnx::provider::cloudnexus;
use cnx::world::{ApiKey, Network, RealClock, RealRandom, block_on};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// Forms of a link to another place; EVIL and OWN stand for ports.
const LINKS: &[&str] = &[
    "http://127.0.0.1:EVIL/v1/servers?page=2",
    "//127.0.0.1:EVIL/v1/servers?page=2",
    "http://127.0.0.1:OWN@127.0.0.1:EVIL/v1/servers?page=2",
    "@127.0.0.1:EVIL/v1/servers?page=2",
    "\\\\127.0.0.1:EVIL\\v1\\servers?page=2",
    "/\\127.0.0.1:EVIL/v1/servers?page=2",
    "http:\\\\127.0.0.1:EVIL/v1/servers?page=2",
    "https://127.0.0.1:EVIL/v1/servers?page=2",
    "http://127.0.0.2:EVIL/v1/servers?page=2",
    "http://127。0。0。1:EVIL/v1/servers?page=2",
    "http://１２７.0.0.1:EVIL/v1/servers?page=2",
    "HTTP://127.0.0.1:EVIL/v1/servers?page=2",
    "\thttp://127.0.0.1:EVIL/v1/servers?page=2",
    "/v1/../..//127.0.0.1:EVIL/servers?page=2",
    "/v1/servers?page=2&next=http://127.0.0.1:EVIL/",
    "/v1/servers?cursor=@127.0.0.1:EVIL/%2e%2e/%0d%0aHost:%20evil",
    "?page=2#http://127.0.0.1:EVIL/",
    "ftp://127.0.0.1:EVIL/v1/servers?page=2",
    "javascript:alert(EVIL)",
    "",
];

#[test]
fn next_links_lead_to_no_other_place() {
    let evil = Listener::forbidden();
    for link in LINKS {
        let port = evil.port.to_string();
        let link = link.replace("EVIL", &port);
        let cloud = Cloud::new(quick(Vec::new()), {
            let link = link.clone();
            move |heard: &Heard, response| {
                if heard.method != "GET" || !heard.target.starts_with("/v1/servers?") {
                    return pass(&response);
                }
                let own = heard.header("host").and_then(|host| host.rsplit(':').next()).unwrap_or("").to_owned();
                let first = !heard.target.contains("page=2") && !heard.target.contains("cursor");
                let next = if first { json!(link.replace("OWN", &own)) } else { json!(null) };
                changed(&response, |value| value["meta"] = json!({"next_cursor": null, "next_page": next}))
            }
        });
        let project = project(&cloud, SERVER);
        let planned = run(&project, &["plan", "--adopt", "exact"]);
        assert!([0, 1].contains(&planned.code), "{link}: {}", planned.all());
        let lists = cloud.platform.heard();
        assert!(lists.iter().any(|heard| heard.target.starts_with("/v1/servers?")), "{link}: nothing was listed");
        for heard in &lists {
            let path = heard.target.split('?').next().unwrap_or("");
            let is_home = path.starts_with("/v1/") && !path.contains("..");
            assert!(is_home, "{link}: asked for {}", heard.target);
            assert_eq!(heard.header("host"), Some(format!("127.0.0.1:{}", cloud.platform.port).as_str()), "{link}");
            assert!(!heard.head.contains("\r\nHost: evil"), "{link}");
        }
    }
    assert!(evil.heard().is_empty(), "{:?}", evil.heard());
}

#[test]
fn a_job_that_is_said_to_be_elsewhere_is_asked_for_at_home() {
    let evil = Listener::forbidden();
    let port = evil.port;
    let cloud = Cloud::new(quick(Vec::new()), move |heard, response| {
        if heard.method != "POST" {
            return pass(&response);
        }
        let job = serde_json::from_slice::<serde_json::Value>(&response.body).expect("JSON")["job_id"].clone();
        let mut moved = response;
        moved.headers.0.retain(|(name, _)| !name.eq_ignore_ascii_case("location"));
        moved.headers.push("Location", format!("http://127.0.0.1:{port}/v1/jobs/{}", job.as_str().unwrap_or("job_1")));
        changed(&moved, |value| drop(value.as_object_mut().and_then(|members| members.remove("job_id"))))
    });
    let project = project(&cloud, SERVER);
    ok(&project, &["apply", "--yes"]);
    assert!(cloud.platform.heard().iter().any(|heard| heard.target.contains("/v1/jobs")), "no job was asked for");
    assert!(evil.heard().is_empty(), "{:?}", evil.heard());
}

pub fn client(url: &str) -> Client {
    let endpoint = Endpoint::new(&Ident::new("platform"), url, ApiKey::new(KEY), RateLimit::Unlimited).expect("a URL");
    let network = Arc::new(Network::new().expect("a network"));
    Client::new(cloudnexus().clone(), vec![endpoint], network, Arc::new(RealClock::new()), Arc::new(RealRandom))
}

pub fn create() -> Call {
    let values = [("name", "web"), ("region", "us-east-1"), ("plan", "standard-8"), ("image", "ubuntu-22.04")];
    let attributes: Attributes = values.iter().map(|(name, value)| (Ident::new(name), Value::string(value))).collect();
    Call {
        kind: Ident::new("server"),
        verb: Verb::Create,
        id: None,
        attributes,
        idempotency_key: None,
        stamp: Default::default(),
        etag: None,
        deadline: Duration::from_secs(5),
        until: None,
    }
}

#[test]
fn redirects_are_not_followed_and_leave_a_write_unknown() {
    let evil = Listener::forbidden();
    let places = [
        "http://127.0.0.1:EVIL/v1/servers",
        "http://127.0.0.2:EVIL/",
        "https://127.0.0.1:EVIL/",
        "//127.0.0.1:EVIL/",
        "/v1/elsewhere",
    ];
    for status in 300..=308 {
        for place in places {
            let place = place.replace("EVIL", &evil.port.to_string());
            let home = Listener::saying({
                let place = place.clone();
                move |_| answer(status, &[("location", &place), ("refresh", &format!("0; url={place}"))], b"")
            });
            let client = client(&home.url());
            let outcome = block_on(client.call(&create())).expect("a runtime");
            assert!(matches!(outcome, Outcome::Unknown { .. }), "{status} {place}: {outcome:?}");
            assert_eq!(home.heard().len(), 1, "{status} {place}: sent again");
            let listed = block_on(client.list(&Ident::new("server"), &Attributes::new())).expect("a runtime");
            assert!(listed.is_err(), "{status} {place}");
            assert_eq!(home.heard().len(), 2, "{status} {place}: a read went on");
        }
    }
    assert!(evil.heard().is_empty(), "{:?}", evil.heard());
}

/// The control: whoever goes to one of both hosts is heard.
#[test]
#[cfg(target_os = "linux")]
fn nobody_comes_to_a_forbidden_host_unheard() {
    let evil = Listener::forbidden();
    for (count, host) in [(1, "127.0.0.1"), (2, "127.0.0.2")] {
        let listed = block_on(
            client(&format!("http://{host}:{}/v1", evil.port)).list(&Ident::new("server"), &Attributes::new()),
        );
        assert!(listed.expect("a runtime").is_ok(), "{host}");
        assert_eq!(evil.heard().len(), count, "{host}");
    }
}

#[test]
fn no_write_follows_a_redirect() {
    let evil = Listener::forbidden();
    for call in &super::every_kind::writes() {
        for status in 300..=308 {
            let host = if status % 2 == 0 { "127.0.0.2" } else { "127.0.0.1" };
            let place = format!("http://{host}:{}/v1/servers/srv_1", evil.port);
            let home = Listener::saying(move |_| answer(status, &[("location", &place)], b""));
            let outcome = block_on(client(&home.url()).call(call)).expect("a runtime");
            assert!(matches!(outcome, Outcome::Unknown { .. }), "{:?} {status}: {outcome:?}", call.verb);
            let heard = home.heard();
            assert_eq!(heard.len(), 1, "{:?} {status}: sent again", call.verb);
            assert_ne!(heard[0].method, "GET", "{:?}", call.verb);
        }
    }
    assert!(evil.heard().is_empty(), "{:?}", evil.heard());
}

#[test]
fn a_list_that_goes_on_and_on_with_nothing_new_ends() {
    for body in [json!([]), json!([{"id": "srv_1", "name": "web"}])] {
        let count = std::sync::atomic::AtomicU64::new(0);
        let home = Listener::saying(move |_| {
            let next = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            let page = json!({"data": body, "meta": {"next_cursor": format!("c{next}")}});
            answer(200, &[], page.to_string().as_bytes())
        });
        let listed = block_on(client(&home.url()).list(&Ident::new("server"), &Attributes::new())).expect("a runtime");
        assert!(listed.is_err(), "a list without an end was taken for one");
        assert!(home.heard().len() < 20, "{} pages were asked for", home.heard().len());
    }
}

#[test]
fn plain_http_is_refused_to_everything_but_this_machine() {
    let evil = Listener::forbidden();
    let port = evil.port;
    let refused = [
        "http://127.0.0.1.evil.example",
        "http://127.0.0.1@evil.example",
        "http://0177.0.0.1",
        "http://0x7f.0.0.1",
        "http://2130706433",
        "http://127.1",
        "http://localhost.evil.example",
        "http://localhost",
        "http://LOCALHOST",
        "http://[::ffff:8.8.8.8]",
        "http://[::ffff:127.0.0.1]",
        "http://0.0.0.0",
        "http://[::]",
        "http://8.8.8.8",
        "http://api.cloudnexus.io",
        "http://user:word@127.0.0.1",
        "http://127.0.0.1%2eevil.example",
        "http://127.0.0.1\\\\@evil.example",
        "http://evil.example#@127.0.0.1",
        "http://１２７.0.0.1",
        "HTTP://127.0.0.1",
        "ftp://127.0.0.1",
        "file:///etc/passwd",
        "ws://127.0.0.1",
    ];
    for url in refused {
        let url = format!("{url}:{port}/v1");
        let project = at(&url, &url, SERVER);
        let planned = run(&project, &["plan"]);
        assert_eq!(planned.code, 1, "{url}: {}", planned.all());
        assert!(planned.all().contains("cnx::cloud::bad_url"), "{url}: {}", planned.all());
    }
    assert!(evil.heard().is_empty(), "{:?}", evil.heard());
    for url in ["http://127.0.0.1", "http://127.8.9.10"] {
        let home = at(&format!("{url}:{port}/v1"), &format!("{url}:{port}/v1"), "output one = 1\n");
        assert!(!run(&home, &["plan"]).all().contains("cnx::cloud::bad_url"), "{url}");
    }
}

const PROXIES: [&str; 6] = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];

#[test]
fn a_proxy_hears_nothing_of_this_machine_and_no_key_of_another() {
    let proxy = Listener::forbidden();
    let cloud = Cloud::honest(quick(Vec::new()));
    let project = project(&cloud, SERVER);
    let mut command = far(&project, &["apply", "--yes"]);
    command.envs(PROXIES.map(|name| (name, format!("http://127.0.0.1:{}", proxy.port))));
    assert_eq!(command.output().expect("cnx runs").status.code(), Some(0));
    assert!(proxy.heard().is_empty(), "{:?}", proxy.heard());

    let url = "https://api.cloudnexus.invalid/v1";
    let settings = format!("provider cloudnexus {{ compute_url = \"{url}\", platform_url = \"{url}\" }}\n");
    let away =
        Project::new(&[("main.cnx", &format!("{settings}environment far {{ target = \"sandbox\" }}\n{SERVER}"))]);
    let mut command = far(&away, &["plan"]);
    command.envs(PROXIES.map(|name| (name, format!("http://127.0.0.1:{}", proxy.port))));
    assert_eq!(command.output().expect("cnx runs").status.code(), Some(1));
    let heard = proxy.heard();
    assert!(!heard.is_empty(), "the proxy of the system was not used");
    for request in heard {
        assert_eq!(request.method, "CONNECT", "{request:?}");
        assert!(!request.head.contains(KEY) && !request.head.to_lowercase().contains("\nauthorization"), "{request:?}");
    }
}
