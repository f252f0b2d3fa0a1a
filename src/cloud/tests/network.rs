//! The client over real sockets against the served emulator, with its faults on the wire.

use super::support::*;
use crate::cloud::{Client, Endpoint, Outcome, RateLimit, Verb};
use crate::emulator::local::LocalEmulator;
use crate::emulator::serve::start;
use crate::emulator::{Config, Door, Now};
use crate::model::http::{Headers, Method, Request};
use crate::model::{Attributes, Ident};
use crate::provider::cloudnexus;
use crate::world::{ApiKey, Clock, Network, RealClock};
use std::sync::Arc;
use std::time::Duration;

const KEY: &str = "cnx_sk_live_8f9d2a1b4c5e6f7g8h9i0j";

/// The word of an outcome under a fault, and how many servers there are after.
async fn under(fault: &str) -> (&'static str, usize) {
    let clock = Arc::new(RealClock::new());
    let now = Now { unix_ms: clock.now().0 };
    let emulator = LocalEmulator::in_memory(Config::default(), now);
    if !fault.is_empty() {
        let request = Request {
            method: Method::Post,
            origin: String::new(),
            target: "/__emulator/faults".to_owned(),
            headers: Headers::default(),
            body: format!("{{\"effect\":{fault},\"times\":1}}").into_bytes(),
        };
        assert!(emulator.call(Door::Control, &request, now).status < 300, "{fault}");
    }
    let server = start(emulator, 0).await.unwrap();
    let url = format!("http://127.0.0.1:{}/v1", server.ports.platform);
    let endpoint = Endpoint::new(&Ident::new("platform"), &url, ApiKey::new(KEY), RateLimit::Documented(100)).unwrap();
    let network = Arc::new(Network::new().unwrap());
    let client = Client::new(cloudnexus().clone(), vec![endpoint], network, clock, Arc::new(Largest));
    let answering = server.run_until(std::future::pending());
    let asking = async {
        let attributes =
            texts(&[("name", "web"), ("region", "us-east-1"), ("plan", "standard-8"), ("image", "ubuntu-22.04")]);
        let mut create = call("server", Verb::Create, None, attributes);
        create.deadline = Duration::from_millis(500);
        let word = match client.call(&create).await {
            Outcome::Accepted(_) => "accepted",
            Outcome::Rejected(_) => "rejected",
            Outcome::Unknown { .. } => "unknown",
            Outcome::NotSent { .. } => "not sent",
        };
        (word, client.list(&ident("server"), &Attributes::new()).await.unwrap().objects.len())
    };
    futures::pin_mut!(answering, asking);
    match futures::future::select(answering, asking).await {
        futures::future::Either::Left((ended, _)) => panic!("the server ended: {ended:?}"),
        futures::future::Either::Right((found, _)) => found,
    }
}

#[test]
fn what_is_lost_on_the_way_back_is_unknown_and_done_once_at_most() {
    let rows = [
        ("", ("accepted", 1)),
        (r#""reset_before""#, ("unknown", 0)),
        (r#""reset_after""#, ("unknown", 1)),
        (r#"{"truncate":{"bytes":7}}"#, ("unknown", 1)),
        (r#"{"slow_body":{"ms":40}}"#, ("accepted", 1)),
        (r#""hang""#, ("unknown", 1)),
        (r#""http_502_html""#, ("unknown", 0)),
        (r#""redirect_foreign""#, ("unknown", 0)),
    ];
    for (fault, wanted) in rows {
        assert_eq!(run(under(fault)), wanted, "{fault}");
    }
}
