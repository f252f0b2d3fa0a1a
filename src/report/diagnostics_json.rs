//! Complaints for machines: one JSON object a line, versioned. Described in `docs/json.md`.

use crate::diag::{Diagnostic, Diagnostics, Label, Severity};
use crate::model::{SourceMap, Span};
use serde_json::{Value as Json, json};

/// The version of the form below.
pub const VERSION: u32 = 1;

/// One line for each diagnostic.
pub fn diagnostics(all: &Diagnostics, sources: &SourceMap) -> String {
    all.0.iter().map(|diagnostic| super::value_json::line(&one(diagnostic, sources))).collect()
}

/// One diagnostic.
pub fn one(diagnostic: &Diagnostic, sources: &SourceMap) -> Json {
    json!({
        "format": "cnx-diagnostic",
        "version": VERSION,
        "code": diagnostic.code.id,
        "severity": severity(diagnostic.code.severity),
        "title": diagnostic.code.title,
        "message": diagnostic.message,
        "help": diagnostic.help,
        "place": diagnostic.primary.as_ref().map(|label| labelled(label, sources)),
        "related": diagnostic.secondary.iter().map(|label| labelled(label, sources)).collect::<Vec<_>>(),
    })
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn labelled(label: &Label, sources: &SourceMap) -> Json {
    let mut place = place(label.span, sources);
    place["label"] = Json::String(label.text.clone());
    place
}

/// Path, line and column (both from 1, characters), byte range.
pub fn place(span: Span, sources: &SourceMap) -> Json {
    let (line, column) = sources.line_column(span);
    json!({
        "path": sources.file(span.file).name,
        "line": line,
        "column": column,
        "start": span.start,
        "end": span.end,
    })
}
