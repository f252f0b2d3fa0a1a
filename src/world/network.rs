//! The real network: reqwest with redirects and retries off, https only, and http to this machine alone.

use super::seams::{Transport, TransportError};
use crate::model::http::{Headers, Method, Request, Response};
use futures::future::BoxFuture;
use reqwest::{Client, ClientBuilder, Url};
use std::net::IpAddr;
use std::time::Duration;

/// A body beyond this is no answer of the API.
const BODY_LIMIT: usize = 16 << 20;

/// A connection that is not there by then will not come.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Carries requests with reqwest. Needs a tokio runtime around its futures.
#[derive(Debug)]
pub struct Network {
    /// Through the system's proxy, with the system's roots.
    secure: Client,
    /// To loopback addresses over plain http, never through a proxy.
    loopback: Client,
}

/// Why there is no network client (no certificates on this machine, for instance).
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NoNetwork(String);

impl Network {
    pub fn new() -> Result<Network, NoNetwork> {
        let secure = builder().https_only(true).build();
        let loopback = builder().no_proxy().tls_certs_only([]).build();
        let told = |error: reqwest::Error| NoNetwork(chain(&error));
        Ok(Network { secure: secure.map_err(told)?, loopback: loopback.map_err(told)? })
    }

    async fn exchange(&self, request: Request, deadline: Duration) -> Result<Response, TransportError> {
        let url = checked_url(&request).map_err(|reason| TransportError::NotSent { reason })?;
        let client = if url.scheme() == "https" { &self.secure } else { &self.loopback };
        let mut builder = client.request(method_of(request.method), url).timeout(deadline);
        for (name, value) in &request.headers.0 {
            let mut value = reqwest::header::HeaderValue::from_str(value)
                .map_err(|_| TransportError::NotSent { reason: format!("the header {name} can't be sent") })?;
            value.set_sensitive(name.eq_ignore_ascii_case("authorization"));
            builder = builder.header(name, value);
        }
        if request.method.is_write() {
            builder = builder.body(request.body);
        }
        receive(builder.send().await.map_err(|error| classify(&error))?).await
    }
}

impl Transport for Network {
    fn send(&self, request: Request, deadline: Duration) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(self.exchange(request, deadline))
    }

    fn dies_with_sender(&self) -> bool {
        false
    }
}

/// What both clients share. A request goes out once: what went on a connection that turns out to be closed is only sent on another one
/// while hyper still holds the request whole, before its first byte is written.
fn builder() -> ClientBuilder {
    Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .http1_only()
        .connect_timeout(CONNECT_TIMEOUT)
        .user_agent(concat!("cnx/", env!("CARGO_PKG_VERSION")))
}

async fn receive(mut response: reqwest::Response) -> Result<Response, TransportError> {
    let status = response.status().as_u16();
    let mut headers = Headers::default();
    for (name, value) in response.headers() {
        headers.push(name.as_str(), String::from_utf8_lossy(value.as_bytes()));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| TransportError::Lost { reason: chain(&error) })? {
        if body.len() + chunk.len() > BODY_LIMIT {
            return Err(TransportError::Lost { reason: "the answer is larger than 16 MiB".to_owned() });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Response { status, headers, body })
}

/// `is_connect` covers name, connection and TLS: the request is only given to a connection that stands, so no byte of it has left by then.
fn classify(error: &reqwest::Error) -> TransportError {
    let reason = chain(error);
    if error.is_connect() || error.is_builder() {
        TransportError::NotSent { reason }
    } else {
        TransportError::Lost { reason }
    }
}

/// The error and what caused it, without the URL.
fn chain(error: &reqwest::Error) -> String {
    let mut parts = Vec::new();
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(error);
    while let Some(error) = cause {
        parts.push(error.to_string());
        cause = error.source();
    }
    // The first part names cnx's own client; what happened to it is told by the others.
    if parts.len() > 1 && parts[0].starts_with("client error (") {
        parts.remove(0);
    }
    match (parts.is_empty(), error.is_timeout()) {
        (false, _) => parts.join(": "),
        (true, true) => "timed out".to_owned(),
        (true, false) => "failed".to_owned(),
    }
}

/// The URL, where it may be spoken to: https anywhere, http on this machine; nothing before the host.
fn checked_url(request: &Request) -> Result<Url, String> {
    let origin = Url::parse(&request.origin).map_err(|_| "the address of the API is no URL".to_owned())?;
    let url =
        Url::parse(&format!("{}{}", request.origin, request.target)).map_err(|_| "the path is no URL".to_owned())?;
    let is_same = request.target.starts_with('/') && origin.host_str() == url.host_str() && origin.port() == url.port();
    if !is_written_plainly(&request.origin, &origin) {
        return Err("the address of the API is not written as scheme, host and port".to_owned());
    }
    if !is_same || !url.username().is_empty() || url.password().is_some() {
        return Err("the path would lead to another host".to_owned());
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        _ => Err("plain http is only spoken to this machine (127.0.0.0/8 and [::1])".to_owned()),
    }
}

/// The parser repairs odd spellings (`http:\\host`, `0177.0.0.1`); only what needs no repair is spoken to.
fn is_written_plainly(text: &str, url: &Url) -> bool {
    let plain = format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default());
    let port = url.port_or_known_default().unwrap_or_default();
    text == plain || text == format!("{plain}:{port}")
}

/// A literal address, never a name that may resolve elsewhere.
fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host.parse::<IpAddr>().is_ok_and(|address| match address {
        IpAddr::V4(address) => address.is_loopback(),
        IpAddr::V6(address) => address.is_loopback(),
    })
}

fn method_of(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    }
}

#[cfg(test)]
#[path = "network_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "network_cut_tests.rs"]
mod cut_tests;
