//! tmp
use super::support::START_MS;
use crate::emulator::{Config, Door, Emulator, Now};
use crate::model::http::{Headers, Method, Request};
fn rss() -> u64 {
    let t = std::fs::read_to_string("/proc/self/status").expect("x");
    t.lines().find(|l| l.starts_with("VmRSS")).and_then(|l| l.split_whitespace().nth(1)).and_then(|n| n.parse().ok()).unwrap_or(0)
}
#[test]
fn perf() {
    let n: usize = std::env::var("N").ok().and_then(|t| t.parse().ok()).unwrap_or(20000);
    let mut config = Config { log_capacity: 1000, ..Config::local() };
    config.quota.insert("server".into(), 10_000_000);
    let mut e = Emulator::new(config, Now { unix_ms: START_MS });
    let before = rss();
    let t = std::time::Instant::now();
    let regions = ["us-east-1", "eu-west-1", "eu-west-3", "ap-south-1"];
    for i in 0..n {
        let body = format!(r#"{{"name":"web-{i}","region":"{}","plan":"standard-8","image":"ubuntu-22.04","ssh_keys":[],"auto_backup":true}}"#, regions[i % 4]);
        let r = Request { method: Method::Post, origin: "x".into(), target: "/v1/servers".into(), headers: Headers::default(), body: body.into_bytes() };
        let a = e.handle(Door::P, &r, Now { unix_ms: START_MS + (i as i64) / 20 });
        assert_eq!(a.status, 202);
        e.take_records();
    }
    eprintln!("create {n}: {:?} each {:?}", t.elapsed(), t.elapsed() / n as u32);
    eprintln!("rss +{} KiB, {} B each", rss() - before, (rss() - before) * 1024 / n as u64);
    let now = Now { unix_ms: START_MS + n as i64 / 20 + 10_000 };
    let get = |e: &mut Emulator, target: &str| {
        let r = Request { method: Method::Get, origin: "x".into(), target: target.into(), headers: Headers::default(), body: vec![] };
        e.handle(Door::P, &r, now)
    };
    let t = std::time::Instant::now();
    get(&mut e, "/v1/servers?limit=50");
    eprintln!("settle {:?}", t.elapsed());
    e.take_records();
    eprintln!("rss +{} KiB, {} B each", rss() - before, (rss() - before) * 1024 / n as u64);
    for target in ["/v1/servers?limit=50", "/v1/servers?limit=50&page=200", "/v1/servers?limit=50&region=eu-west-1&status=running", "/v1/servers?name=web-77", "/v1/jobs?limit=1", "/v1/account"] {
        let t = std::time::Instant::now();
        for _ in 0..200 { get(&mut e, target); }
        eprintln!("{target}: {:?}", t.elapsed() / 200);
    }
}
