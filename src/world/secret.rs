//! Keys in memory: they print as nothing, can't be serialised and are wiped when dropped.

use secrecy::{ExposeSecret, SecretString};
use std::fmt;

/// An API key (`contract.md L13`).
#[derive(Clone)]
pub struct ApiKey(SecretString);

impl ApiKey {
    pub fn new(text: &str) -> ApiKey {
        ApiKey(SecretString::from(text))
    }

    /// The key itself, for the one header that carries it and for telling live from test.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(redacted)")
    }
}
