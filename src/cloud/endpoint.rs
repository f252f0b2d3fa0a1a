//! Where a surface is spoken to, with which key and how fast.

use super::codes;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Ident, Span};
use crate::provider::Catalog;
use crate::world::ApiKey;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

/// How many requests a minute a surface may get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateLimit {
    /// The emulator in this process.
    Unlimited,
    /// The documented figure, until the answers' `X-RateLimit-Limit` says another (`contract.md L59`).
    Documented(u32),
    /// What the user set: never more, less where the answers say so.
    Chosen(u32),
}

/// One surface as this run sees it.
#[derive(Clone, Debug)]
pub struct Endpoint {
    pub surface: Ident,
    /// Scheme, host and port: `https://api.cloudnexus.com`.
    pub origin: String,
    /// What stands before every path: `/v1`.
    pub base_path: String,
    /// None for the emulator in this process.
    pub key: Option<ApiKey>,
    pub rate: RateLimit,
    /// A rate limit that takes longer ends the step instead of sleeping (`contract.md L57`).
    pub max_wait: Duration,
    /// Requests under way at the same time.
    pub concurrency: usize,
}

/// The default of `max_wait`.
pub const MAX_WAIT: Duration = Duration::from_secs(120);

/// The default of `concurrency`.
pub const CONCURRENCY: usize = 16;

impl Endpoint {
    /// With the defaults; `url` is a base URL such as `https://api.cloudnexus.com/v1`.
    pub fn new(surface: &Ident, url: &str, key: ApiKey, rate: RateLimit) -> Result<Endpoint, Diagnostic> {
        let (origin, base_path) = split_base(url).map_err(|reason| bad_url(url, surface.as_str(), reason))?;
        Ok(Endpoint {
            surface: surface.clone(),
            origin,
            base_path,
            key: Some(key),
            rate,
            max_wait: MAX_WAIT,
            concurrency: CONCURRENCY,
        })
    }

    /// The base URL.
    pub fn url(&self) -> String {
        format!("{}{}", self.origin, self.base_path)
    }

    /// The host, for messages.
    pub fn host(&self) -> &str {
        self.origin.split_once("://").map_or(&self.origin, |(_, host)| host)
    }
}

fn bad_url(url: &str, of: &str, reason: &str) -> Diagnostic {
    Diagnostic::new(&codes::BAD_URL, format!("`{}` as the URL of {of}: {reason}", super::redact(url)))
        .help("give it as https://HOST[:PORT]/v1, or as http://127.0.0.1:PORT/v1 for an emulator")
}

/// Every URL among the settings that cannot be used, whichever target is meant.
pub fn against_urls(catalog: &Catalog, urls: &BTreeMap<Ident, String>, places: &BTreeMap<Ident, Span>) -> Diagnostics {
    let wrong = urls.iter().filter_map(|(setting, url)| {
        let surface = catalog.surfaces.values().find(|surface| surface.url_setting == *setting)?;
        let reason = split_base(url).err()?;
        let complaint = bad_url(url, surface.name.as_str(), reason);
        Some(match places.get(setting) {
            Some(span) => complaint.at(*span, reason),
            None => complaint,
        })
    });
    Diagnostics(wrong.collect())
}

/// Origin and path of a base URL, strictly: nothing that another reader could take for another host.
fn split_base(url: &str) -> Result<(String, String), &'static str> {
    let (scheme, rest) = url.split_once("://").ok_or("it has no scheme")?;
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (host, port) = split_port(authority)?;
    if port.is_some_and(|port| port.parse::<u16>().is_err() || port.starts_with('+')) {
        return Err("its port is no number");
    }
    let is_path =
        path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte)) && !path.contains("..");
    if !is_path {
        return Err("its path holds more than letters, digits and slashes");
    }
    match scheme {
        "https" if is_host(host) => {}
        "http" if is_loopback(host) => {}
        "http" => return Err("plain http is only spoken to this machine (127.0.0.1 or [::1])"),
        "https" => return Err("its host is no host name"),
        _ => return Err("its scheme is not https"),
    }
    Ok((format!("{scheme}://{authority}"), path.trim_end_matches('/').to_owned()))
}

fn split_port(authority: &str) -> Result<(&str, Option<&str>), &'static str> {
    if authority.starts_with('[') {
        let end = authority.find(']').ok_or("its host is no host name")?;
        let (host, port) = authority.split_at(end + 1);
        return match port.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if port.is_empty() => Ok((host, None)),
            None => Err("its host is no host name"),
        };
    }
    Ok(match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    })
}

fn is_host(host: &str) -> bool {
    let is_name = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
    is_name || ipv6(host).is_some()
}

fn is_loopback(host: &str) -> bool {
    host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        || ipv6(host).is_some_and(|address| address.is_loopback())
}

fn ipv6(host: &str) -> Option<Ipv6Addr> {
    host.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_urls_are_read_strictly() {
        let good = [
            ("https://api.cloudnexus.com/v1", "https://api.cloudnexus.com", "/v1"),
            ("https://api.cloudnexus.com", "https://api.cloudnexus.com", ""),
            ("http://127.0.0.1:4711/v1/", "http://127.0.0.1:4711", "/v1"),
            ("http://[::1]:4711/v1", "http://[::1]:4711", "/v1"),
        ];
        for (url, origin, path) in good {
            assert_eq!(split_base(url), Ok((origin.to_owned(), path.to_owned())), "{url}");
        }
        let bad = [
            "api.cloudnexus.com/v1",
            "http://api.cloudnexus.com/v1",
            "http://localhost:4711/v1",
            "http://127.0.0.1.evil.example/v1",
            "http://127.0.0.1@evil.example/v1",
            "http://0177.0.0.1/v1",
            "http://[::ffff:8.8.8.8]/v1",
            "https://user@api.cloudnexus.com/v1",
            "https://api.cloudnexus.com\\evil/v1",
            "https://api.cloudnexus.com/v1?x=1",
            "https://api.cloudnexus.com/../v1",
            "https://api.cloudnexus.com:99999/v1",
            "https://bücher.example/v1",
            "ftp://api.cloudnexus.com/v1",
            "https:///v1",
        ];
        for url in bad {
            assert!(split_base(url).is_err(), "{url}");
        }
    }
}
