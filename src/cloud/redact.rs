//! Keys never reach a text that a person or a file sees, in whatever message they turn up.

use regex::Regex;
use std::sync::LazyLock;

/// All families of keys (`contract.md L7`).
static KEY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\bcnx?_(?:sk_)?(?:live|test)_(?:sk_)?[A-Za-z0-9]+").expect("invariant: a constant pattern")
});

/// The text with every key in it replaced.
pub fn redact(text: &str) -> String {
    KEY.replace_all(text, "(key redacted)").into_owned()
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
