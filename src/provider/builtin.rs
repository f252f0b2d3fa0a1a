//! The provider that comes with cnx.

use super::catalog::Catalog;
use super::reader::read;
use crate::diag::Diagnostics;
use crate::model::FileId;
use crate::syntax::parse;
use std::sync::{Arc, LazyLock};

/// The text that the catalog is read from.
pub const CLOUDNEXUS: &str = include_str!("cloudnexus.cnx");

/// The providers that there are; a kind may be written with the name of its own: `cloudnexus.server`.
pub const PROVIDERS: &[&str] = &["cloudnexus"];

static CATALOG: LazyLock<Arc<Catalog>> = LazyLock::new(|| {
    Arc::new(catalog_of(CLOUDNEXUS).expect("invariant: the built-in provider file is right (provider/tests.rs)"))
});

/// The catalog of CloudNexus.
pub fn cloudnexus() -> &'static Arc<Catalog> {
    &CATALOG
}

/// The catalog that a provider file declares, or all that is wrong with it.
pub fn catalog_of(text: &str) -> Result<Catalog, Diagnostics> {
    let parsed = parse(FileId(0), text);
    if parsed.diagnostics.has_errors() {
        return Err(parsed.diagnostics);
    }
    read(&parsed.ast)
}
