//! Keys never reach a text that a person or a file sees, in whatever message they turn up.

use crate::model::Secrets;
use crate::model::http::Response;
use crate::model::secrets::REDACTED;
use regex::Regex;
use serde_json::Value as Json;
use std::sync::LazyLock;

/// All families of keys (`contract.md L7`).
static KEY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\bcnx?_(?:sk_)?(?:live|test)_(?:sk_)?[A-Za-z0-9]+").expect("invariant: a constant pattern")
});

/// The text with every key in it replaced.
pub fn redact(text: &str) -> String {
    KEY.replace_all(text, "(key redacted)").into_owned()
}

/// The answer without the secrets that it echoes; JSON stays JSON.
pub(super) fn without_secrets(response: Response, secrets: &Secrets) -> Response {
    let body = match serde_json::from_slice::<Json>(&response.body) {
        Ok(json) => cleaned(json, secrets).to_string().into_bytes(),
        Err(_) => secrets.clean(&String::from_utf8_lossy(&response.body)).into_owned().into_bytes(),
    };
    Response { body, ..response }
}

fn cleaned(json: Json, secrets: &Secrets) -> Json {
    match json {
        Json::String(text) => Json::String(secrets.clean(&text).into_owned()),
        Json::Number(number) if secrets.stands_in(&number.to_string()) => Json::String(REDACTED.to_owned()),
        Json::Array(items) => Json::Array(items.into_iter().map(|item| cleaned(item, secrets)).collect()),
        Json::Object(members) => Json::Object(
            members
                .into_iter()
                .map(|(name, item)| (secrets.clean(&name).into_owned(), cleaned(item, secrets)))
                .collect(),
        ),
        Json::Null | Json::Bool(_) | Json::Number(_) => json,
    }
}

#[cfg(test)]
mod tests {
    use super::redact;

    #[test]
    fn every_family_of_keys_is_hidden() {
        let keys = [
            "cn_live_sk_8f3a2b9c4d1e5f6a7b8c9d0e",
            "cn_test_4c3b2a190f8e7d6c5b4a3928",
            "cnx_sk_live_8f9d2a1b4c5e6f7g8h9i0j",
            "cnx_sk_test_admin0000000000000000",
        ];
        for key in keys {
            assert_eq!(redact(&format!("bad key {key}, sorry")), "bad key (key redacted), sorry");
        }
        assert_eq!(redact("srv_8x9y2z3a4b and cnx_zone"), "srv_8x9y2z3a4b and cnx_zone");
    }
}
