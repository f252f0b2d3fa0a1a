//! API keys: the seeded ones, what a key may do and where it is accepted (contract.md 4.4, L7 to L13).
use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::json;
use smol_str::SmolStr;
use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use super::config::{AuthFamily, Config};
use super::errors::{ErrorCode, Refusal, refuse};
use super::routes::{Door, Surface};
use super::tenant::Environment;

/// What a key may do in general.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Permission {
    Admin,
    ReadOnly,
    Scoped,
}

impl Permission {
    pub fn as_str(self) -> &'static str {
        match self {
            Permission::Admin => "admin",
            Permission::ReadOnly => "read-only",
            Permission::Scoped => "scoped",
        }
    }
}

/// What the account pays for; decides the rate limits (4.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    Free,
    Standard,
    Professional,
    Enterprise,
}

impl Tier {
    pub fn as_str(self) -> &'static str {
        match self {
            Tier::Free => "free",
            Tier::Standard => "standard",
            Tier::Professional => "professional",
            Tier::Enterprise => "enterprise",
        }
    }
}

/// Whether a key still works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    #[default]
    Active,
    Expired,
    Revoked,
}

/// One key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    pub secret: String,
    pub environment: Environment,
    pub permission: Permission,
    pub tier: Tier,
    /// `area:verb`, of scoped keys.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Only objects of these regions are visible; absent: all.
    #[serde(default)]
    pub regions: Option<Vec<SmolStr>>,
    #[serde(default)]
    pub state: KeyState,
    /// Requests a minute, instead of the tier's.
    #[serde(default)]
    pub limit: Option<u32>,
}

impl Key {
    fn new(secret: &str, environment: Environment, permission: Permission, tier: Tier) -> Key {
        Key {
            secret: secret.to_owned(),
            environment,
            permission,
            tier,
            scopes: Vec::new(),
            regions: None,
            state: KeyState::Active,
            limit: None,
        }
    }

    /// The key that stands for "no key needed" (`open_access`).
    fn open(environment: Environment) -> Key {
        Key::new("open", environment, Permission::Admin, Tier::Enterprise)
    }

    /// A name for the key that is no secret.
    pub fn id(&self) -> u64 {
        super::ids::number(&["key", &self.secret])
    }

    /// Whether a scoped key has the scope: `servers:write` contains `servers:read`, `*` everything.
    pub fn has_scope(&self, wanted: &str) -> bool {
        let Some((area, verb)) = wanted.split_once(':') else { return false };
        self.scopes.iter().any(|scope| match scope.split_once(':') {
            Some((own_area, own_verb)) => {
                (own_area == area || own_area == "*")
                    && (own_verb == verb || own_verb == "*" || (own_verb == "write" && verb == "read"))
            }
            None => scope == "*",
        })
    }

    /// Whether an object of this region is visible; objects without one always are.
    pub fn sees_region(&self, region: &str) -> bool {
        region.is_empty() || self.regions.as_ref().is_none_or(|regions| regions.iter().any(|own| own == region))
    }
}

/// The keys of 4.4.
pub fn seeded() -> Vec<Key> {
    use Environment::{Live, Test};
    use Permission::{Admin, ReadOnly, Scoped};
    let scopes = ["servers:*", "cdn:purge", "jobs:read", "catalog:read"].map(str::to_owned).to_vec();
    vec![
        Key::new("cn_live_sk_8f3a2b9c4d1e5f6a7b8c9d0e", Live, Admin, Tier::Standard),
        Key::new("cnx_sk_live_8f9d2a1b4c5e6f7g8h9i0j", Live, Admin, Tier::Professional),
        Key::new("cn_test_4c3b2a190f8e7d6c5b4a3928", Test, Admin, Tier::Standard),
        Key::new("cnx_sk_test_admin0000000000000000", Test, Admin, Tier::Professional),
        Key::new("cnx_sk_test_readonly0000000000000", Test, ReadOnly, Tier::Free),
        Key {
            scopes,
            regions: Some(vec![SmolStr::from("eu-west-2")]),
            ..Key::new("cnx_sk_test_scoped000000000000000", Test, Scoped, Tier::Free)
        },
        Key::new("cnx_sk_live_enterprise00000000000", Live, Admin, Tier::Enterprise),
        Key { state: KeyState::Expired, ..Key::new("cnx_sk_test_expired00000000000000", Test, Admin, Tier::Free) },
        Key { state: KeyState::Revoked, ..Key::new("cnx_sk_test_revoked00000000000000", Test, Admin, Tier::Free) },
    ]
}

/// Who sends a request, by its `Authorization` header.
pub fn authenticate(config: &Config, keys: &[Arc<Key>], door: Door, header: Option<&str>) -> Result<Arc<Key>, Refusal> {
    let token = header.and_then(bearer);
    let Some(token) = token else {
        if config.open_access && header.is_none() {
            let environment = if door == Door::Sandbox { Environment::Test } else { Environment::Live };
            return Ok(Arc::new(Key::open(environment)));
        }
        return Err(unauthorized(ErrorCode::MissingApiKey, "missing"));
    };
    let Some(key) = keys.iter().find(|key| key.secret == token) else {
        return Err(unauthorized(ErrorCode::InvalidApiKey, "unknown"));
    };
    match key.state {
        KeyState::Active => {}
        KeyState::Expired => return Err(unauthorized(ErrorCode::ExpiredApiKey, "expired")),
        KeyState::Revoked => return Err(unauthorized(ErrorCode::InvalidApiKey, "revoked")),
    }
    let fits = match door {
        Door::C | Door::Control => true,
        Door::P => key.environment == Environment::Live,
        Door::Sandbox => key.environment == Environment::Test,
    };
    if !fits {
        return Err(unauthorized(ErrorCode::InvalidApiKey, "environment_mismatch"));
    }
    let compute_family = key.secret.starts_with("cn_");
    if config.auth.family == AuthFamily::Strict && compute_family != (door.surface() == Surface::C) {
        return Err(unauthorized(ErrorCode::InvalidApiKey, "wrong_surface"));
    }
    Ok(Arc::clone(key))
}

/// The token of `Bearer …`.
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.trim().split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

fn unauthorized(code: ErrorCode, reason: &str) -> Refusal {
    refuse(code, "Missing, invalid or expired API key.", json!({"reason": reason}))
}

/// Whether the key may do what needs this scope; checked before existence is looked at.
pub fn authorize(key: &Key, is_write: bool, scope: Option<&'static str>) -> Result<(), Refusal> {
    let allowed = match key.permission {
        Permission::Admin => true,
        Permission::ReadOnly => !is_write,
        // A key may read the jobs it started without jobs:read; the jobs routes look closer.
        Permission::Scoped => scope.is_none_or(|scope| scope == "jobs:read" || key.has_scope(scope)),
    };
    if allowed { Ok(()) } else { Err(forbidden(key, scope.unwrap_or("account:read"))) }
}

/// 403 for a missing scope.
pub fn forbidden(key: &Key, scope: &str) -> Refusal {
    refuse(
        ErrorCode::InsufficientPermissions,
        "This key may not do that.",
        json!({"required_scope": scope, "key_permission": key.permission.as_str()}),
    )
}

/// 403 for an object of a region that the key does not see.
pub fn outside_region(key: &Key, region: &str) -> Refusal {
    refuse(
        ErrorCode::InsufficientPermissions,
        format!("This key may not act in region {region}."),
        json!({"region": region, "key_permission": key.permission.as_str()}),
    )
}

/// Secrets in a text, replaced (L7's pattern).
pub fn redact(text: &str) -> Cow<'_, str> {
    // Most texts are of no interest, and most requests have several.
    if !text.contains("cn") {
        return Cow::Borrowed(text);
    }
    static PATTERN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\b(cnx?_(?:sk_)?(?:live|test)_(?:sk_)?)[A-Za-z0-9]+").expect("invariant: a constant pattern")
    });
    PATTERN.replace_all(text, "${1}[redacted]")
}

/// A whole key, or the header that carries one: of a known family its beginning stays, of any other nothing.
pub fn redact_whole(text: &str) -> String {
    let shown = redact(text);
    match text.split_once(' ') {
        _ if shown != text => shown.into_owned(),
        Some((scheme, _)) => format!("{scheme} [redacted]"),
        None => "[redacted]".to_owned(),
    }
}
