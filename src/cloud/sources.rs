//! What is only read: catalogs, analytics, and whose key it is.

use super::client::Client;
use super::error::ReadError;
use super::observe::{attributes_of, data_of, value_of};
use super::request;
use crate::model::{Attributes, Ident, Value};
use crate::provider::Presence;
use serde_json::Value as Json;

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
            let listed = self.pages(&route.surface, &target).await?;
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
