//! A state as one text, to be kept elsewhere and brought back: versioned, sealed against damage, private like the state.

use super::journal::Snapshot;
use super::seal::seal;
use super::wire::FORMAT;
use super::wire_snapshot::SnapshotWire;
use crate::model::hex;
use serde::{Deserialize, Serialize};

const NAME: &str = "cnx-state-export";

/// Why a text is no export that this cnx can read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExportError {
    #[error("it is no export of a state ({0})")]
    NotOne(String),
    #[error("it has format {found}, written by {written_by}; this cnx knows formats up to {known}")]
    TooNew { found: u32, known: u32, written_by: String },
    #[error("it is not as it was written")]
    Changed,
}

/// The text's form. `seal` is over the state's own text; it is no signature, for it has no key.
#[derive(Serialize, Deserialize)]
struct Export {
    format: String,
    version: u32,
    cnx: String,
    seal: String,
    state: SnapshotWire,
}

/// What every version begins with.
#[derive(Deserialize)]
struct Head {
    format: String,
    version: u32,
    cnx: String,
}

/// All that is known, as JSON.
pub fn export(snapshot: &Snapshot) -> String {
    let state = SnapshotWire::of(snapshot);
    let cnx = env!("CARGO_PKG_VERSION").to_owned();
    let export = Export { format: NAME.to_owned(), version: FORMAT, cnx, seal: seal_of(&state), state };
    serde_json::to_string_pretty(&export).unwrap_or_default() + "\n"
}

/// Back from [`export`].
pub fn read_export(text: &str) -> Result<Snapshot, ExportError> {
    let not_one = |error: serde_json::Error| ExportError::NotOne(error.to_string());
    let head: Head = serde_json::from_str(text).map_err(not_one)?;
    if head.format != NAME {
        return Err(ExportError::NotOne(format!("its format is `{}`", head.format)));
    }
    if head.version > FORMAT {
        let (found, written_by) = (head.version, format!("cnx {}", head.cnx));
        return Err(ExportError::TooNew { found, known: FORMAT, written_by });
    }
    let export: Export = serde_json::from_str(text).map_err(not_one)?;
    if seal_of(&export.state) != export.seal {
        return Err(ExportError::Changed);
    }
    export.state.read().ok_or(ExportError::Changed)
}

fn seal_of(state: &SnapshotWire) -> String {
    let text = serde_json::to_string(state).unwrap_or_default();
    hex(&seal(&[NAME.to_owned(), text], &[], &[]))
}
