//! What is only read: catalogs, analytics, and whose key it is.

use super::client::Client;
use super::codes;
use super::error::ReadError;
use super::observe::{attributes_of, data_of, value_of};
use super::request;
use crate::diag::Diagnostic;
use crate::model::{Attributes, Ident, Value};
use crate::provider::Presence;
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::sync::PoisonError;

/// Whose key it is and what it may do (`contract.md L9`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Pins a state to its cloud.
    pub id: String,
    pub tier: Option<String>,
    /// `live` or `test`.
    pub environment: Option<String>,
    /// `admin`, `read-only` or `scoped`.
    pub permission: Option<String>,
    pub scopes: Vec<String>,
    /// The regions that the key sees; `None`: all.
    pub regions: Option<Vec<String>>,
}

impl Account {
    pub fn is_read_only(&self) -> bool {
        self.permission.as_deref() == Some("read-only")
    }

    /// Lists may leave out what is there.
    pub fn is_restricted(&self) -> bool {
        self.regions.is_some()
    }
}

impl Client {
    /// A complaint where the API says of a key that it may only read (`contract.md L9`).
    pub async fn only_reads(&self, surfaces: &BTreeSet<Ident>) -> Result<Option<Diagnostic>, ReadError> {
        for surface in
            surfaces.iter().filter(|surface| self.reaches.get(*surface).is_some_and(|r| r.endpoint.key.is_some()))
        {
            if self.known_account(surface).await?.is_some_and(|account| account.is_read_only()) {
                let message = format!("the key for {surface} may only read, and the plan changes something");
                let help = "use a key that may write; `cnx plan` needs no more than this one";
                return Ok(Some(Diagnostic::new(&codes::READ_ONLY_KEY, message).help(help)));
            }
        }
        Ok(None)
    }

    /// A data source: its attributes, or `items` for a list.
    pub async fn source(&self, name: &Ident, arguments: &Attributes) -> Result<Attributes, ReadError> {
        let impossible = |reason| ReadError::NotPossible { reason };
        let source =
            self.catalog.sources.get(name).ok_or_else(|| impossible(format!("the catalog has no source {name}")))?;
        let route = request::route(&source.read, arguments).map_err(impossible)?;
        let mut target = request::path(&route.path, None, arguments).map_err(impossible)?;
        for (attribute, parameter) in &source.read.members {
            if let Some(text) = arguments.get(attribute).and_then(Value::as_str) {
                request::append_parameter(&mut target, parameter, text);
            }
        }
        if let Some(item) = &source.items {
            let listed = self.pages(&route.surface, &target, &|item: &Json| Some(item.clone())).await?;
            let items = listed.items.iter().map(|json| value_of(json, item)).collect();
            return Ok(Attributes::from([(Ident::new("items"), Value::list(items))]));
        }
        let answer = self.get(&route.surface, target).await?;
        let mut attributes = attributes_of(&source.attributes, data_of(&answer.json));
        let arguments = arguments.iter().filter(|(name, _)| {
            source.attributes.get(*name).is_some_and(|attribute| attribute.presence != Presence::Computed)
        });
        attributes.extend(arguments.map(|(name, value)| (name.clone(), value.clone())));
        Ok(attributes)
    }

    /// As `account`, asked for once a run; `None` where the API does not tell.
    pub async fn known_account(&self, surface: &Ident) -> Result<Option<Account>, ReadError> {
        let kept = &self.reach(surface)?.account;
        let known = kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known {
            return Ok(known);
        }
        let found = match self.account(surface).await {
            Ok(account) => Some(account),
            Err(ReadError::NotFound(_) | ReadError::Permission(_)) => None,
            Err(error) => return Err(error),
        };
        *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(found.clone());
        Ok(found)
    }

    /// The regions that the key sees, as far as was asked until now; `None`: all, or nobody asked.
    pub(super) fn regions_seen(&self, surface: &Ident) -> Option<Vec<String>> {
        let known = self.reach(surface).ok()?.account.lock().unwrap_or_else(PoisonError::into_inner).clone();
        known.flatten().and_then(|account| account.regions)
    }

    /// The account behind the key of a surface; `NotFound` where the API has no such route.
    pub async fn account(&self, surface: &Ident) -> Result<Account, ReadError> {
        let path = self.reach(surface)?.surface.account_path.clone();
        let answer = self.get(surface, path).await?;
        let data = data_of(&answer.json);
        let text = |json: Option<&Json>, name: &str| {
            json.and_then(|json| json.get(name)).and_then(Json::as_str).map(str::to_owned)
        };
        let texts = |name: &str| {
            let list = data.get("key")?.get(name)?.as_array()?;
            Some(list.iter().filter_map(Json::as_str).map(str::to_owned).collect::<Vec<_>>())
        };
        let id = text(Some(data), "account_id");
        Ok(Account {
            id: id.ok_or_else(|| ReadError::BadAnswer { what: "the account has no id".to_owned() })?,
            tier: text(Some(data), "tier"),
            environment: text(data.get("key"), "environment"),
            permission: text(data.get("key"), "permission"),
            scopes: texts("scopes").unwrap_or_default(),
            regions: texts("regions"),
        })
    }
}
