//! The patterns and formats of the served document (`openapi.json`), word for word: what one allows, the other allows.
//! Knows texts only.
use std::net::Ipv6Addr;
use std::sync::LazyLock;

use regex::Regex;

/// Web addresses that the CDN can fetch from.
pub const ORIGIN_URL: &str = r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/([A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*)?(\?([A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?$";

static REGION: LazyLock<Regex> = LazyLock::new(|| compile("^[a-z]{2,}(-[a-z]+)+-[0-9]+$"));
static INSTANCE_TYPE: LazyLock<Regex> = LazyLock::new(|| compile("^[a-z][a-z0-9]*-[0-9]+x[0-9]+$"));
static PLAN: LazyLock<Regex> = LazyLock::new(|| compile("^[a-z][a-z0-9-]*$"));
static ORIGIN: LazyLock<Regex> = LazyLock::new(|| compile(ORIGIN_URL));
static PUBLIC_KEY: LazyLock<Regex> = LazyLock::new(|| {
    compile(
        r"^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-ssh-ed25519@openssh\.com|sk-ecdsa-sha2-nistp256@openssh\.com) [A-Za-z0-9+/=]+( [^\x00-\x1F\x7F-\x{9F}\x{2028}\x{2029}]*)?$",
    )
});
static DATE_TIME: LazyLock<Regex> = LazyLock::new(|| {
    compile(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$")
});
static TAG_FILTER: LazyLock<Regex> = LazyLock::new(|| compile(r"^[^:]+:[^\n\r\x{2028}\x{2029}]*$"));
/// RFC 3986, appendix A; the group holds an address in brackets.
static URI_REFERENCE: LazyLock<Regex> = LazyLock::new(|| {
    let (plain, escape) = (r"A-Za-z0-9._~!$&'()*+,;=\-", "%[0-9A-Fa-f]{2}");
    let segment = format!("(?:[{plain}:@]|{escape})");
    let first = format!("(?:[{plain}@]|{escape})");
    let host = format!(r"(?:\[([^\]]*)\]|(?:[{plain}]|{escape})*)");
    let authority = format!("//(?:(?:[{plain}:]|{escape})*@)?{host}(?::[0-9]*)?(?:/{segment}*)*");
    let absolute = format!("/(?:{segment}+(?:/{segment}*)*)?");
    let tail = format!("(?:[{plain}:@/?]|{escape})*");
    let with_scheme = format!("[A-Za-z][A-Za-z0-9+.-]*:(?:AUTHORITY|{absolute}|{segment}+(?:/{segment}*)*|)");
    let relative = format!("(?:AUTHORITY|{absolute}|{first}+(?:/{segment}*)*|)");
    let both = format!(r"^(?:{with_scheme}|{relative})(?:\?{tail})?(?:#{tail})?$");
    compile(&both.replace("AUTHORITY", &authority))
});

fn compile(pattern: &str) -> Regex {
    Regex::new(pattern).expect("invariant: the patterns of this file are regular expressions")
}

/// `RegionSlug`.
pub fn is_region_slug(text: &str) -> bool {
    REGION.is_match(text)
}

/// `InstanceTypeSlug`.
pub fn is_type_slug(text: &str) -> bool {
    INSTANCE_TYPE.is_match(text)
}

/// `PlanSlug`.
pub fn is_plan_slug(text: &str) -> bool {
    PLAN.is_match(text)
}

/// The origin of a zone or rule: an absolute http or https address.
pub fn is_origin_url(text: &str) -> bool {
    ORIGIN.is_match(text)
}

/// A public key as OpenSSH writes it, on one line.
pub fn is_public_key(text: &str) -> bool {
    PUBLIC_KEY.is_match(text)
}

/// Format `date-time`: the form of RFC 3339, whatever the numbers.
pub fn is_date_time(text: &str) -> bool {
    DATE_TIME.is_match(text)
}

/// `key:value`.
pub fn is_tag_filter(text: &str) -> bool {
    TAG_FILTER.is_match(text)
}

/// Format `uri-reference`.
pub fn is_uri_reference(text: &str) -> bool {
    let Some(found) = URI_REFERENCE.captures(text) else { return false };
    let mut addresses = found.iter().skip(1).flatten();
    addresses.all(|address| address.as_str().parse::<Ipv6Addr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::{is_date_time, is_origin_url, is_region_slug, is_uri_reference};

    #[test]
    fn references_are_those_of_rfc_3986() {
        for good in [
            "",
            "/a/b",
            "a/b:c",
            "./a:b",
            "http://h",
            "//h/p?q#f",
            "mailto:x@y",
            "?a",
            "#",
            "http://[::1]:80/",
            "%41",
            "a;b=c",
        ] {
            assert!(is_uri_reference(good), "{good}");
        }
        for bad in ["a b", "http://[::x]/", "%4", "1a:b", "<", "a\\b", "\u{e9}", "##", "http://h:x", "[", "a\n", ":a"] {
            assert!(!is_uri_reference(bad), "{bad}");
        }
    }

    #[test]
    fn origins_are_web_addresses() {
        for good in ["https://a", "http://origin.example:8080/a%20b?c=d/e"] {
            assert!(is_origin_url(good) && is_uri_reference(good), "{good}");
        }
        for bad in ["ftp://a", "https://", "https://a b", "https://a/%2", "https://a/#f", "https://a\n", "//a"] {
            assert!(!is_origin_url(bad), "{bad}");
        }
        assert!(is_date_time("2025-02-01t02:00:00.5+01:00") && !is_date_time("2025-02-01 02:00Z"));
        assert!(is_region_slug("eu-west-2") && !is_region_slug("") && !is_region_slug("eu-west-2\n"));
    }
}
