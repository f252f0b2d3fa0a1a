//! Complaints as SARIF 2.1.0, for code scanning. Columns are counted in characters. Knows no command.

use crate::diag::{Diagnostic, Diagnostics, Label, Severity};
use crate::model::{SourceMap, Span};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::fmt::Write;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// One log with one run; every code that occurs is a rule.
pub fn log(all: &Diagnostics, sources: &SourceMap) -> Json {
    let codes: BTreeMap<&str, &Diagnostic> = all.0.iter().map(|one| (one.code.id, one)).collect();
    let index: BTreeMap<&str, usize> = codes.keys().enumerate().map(|(at, id)| (*id, at)).collect();
    let rules: Vec<Json> = codes.values().map(|one| rule(one)).collect();
    let results: Vec<Json> = all.0.iter().map(|one| result(one, index[one.code.id], sources)).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "cnx", "version": env!("CARGO_PKG_VERSION"), "rules": rules } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn rule(one: &Diagnostic) -> Json {
    json!({
        "id": one.code.id,
        "shortDescription": { "text": one.code.title },
        "help": { "text": format!("`cnx explain {}` tells more.", one.code.id) },
        "defaultConfiguration": { "level": level(one.code.severity) },
    })
}

fn result(one: &Diagnostic, rule: usize, sources: &SourceMap) -> Json {
    let mut made = json!({
        "ruleId": one.code.id,
        "ruleIndex": rule,
        "level": level(one.code.severity),
        "message": { "text": sentence(one) },
        "locations": one.primary.iter().map(|label| location(label, None, sources)).collect::<Vec<_>>(),
    });
    if !one.secondary.is_empty() {
        let related = one.secondary.iter().enumerate();
        made["relatedLocations"] = related.map(|(at, label)| location(label, Some(at + 1), sources)).collect();
    }
    made
}

/// Title, what is particular, what to do.
pub fn sentence(one: &Diagnostic) -> String {
    let mut text = one.code.title.to_owned();
    if !one.message.is_empty() {
        let _ = write!(text, ": {}", one.message);
    }
    if let Some(label) = one.primary.as_ref().filter(|label| !label.text.is_empty()) {
        let _ = write!(text, " ({})", label.text);
    }
    if !one.help.is_empty() {
        let _ = write!(text, ". Help: {}", one.help);
    }
    text
}

fn location(label: &Label, id: Option<usize>, sources: &SourceMap) -> Json {
    let mut made = json!({
        "physicalLocation": {
            "artifactLocation": { "uri": uri(&sources.file(label.span.file).name) },
            "region": region(label.span, sources),
        },
        "message": { "text": if label.text.is_empty() { "here" } else { &label.text } },
    });
    if let Some(id) = id {
        made["id"] = id.into();
    }
    made
}

fn region(span: Span, sources: &SourceMap) -> Json {
    let (line, column) = sources.line_column(span);
    let (end_line, end_column) = sources.line_column(Span { start: span.end, ..span });
    json!({
        "startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column,
        "byteOffset": span.start, "byteLength": span.len(),
    })
}

/// A path as a relative reference, or as a `file:` URI where it is absolute.
fn uri(path: &str) -> String {
    let mut out = if path.starts_with('/') { "file://".to_owned() } else { String::new() };
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_uri() {
        assert_eq!(uri("a b/mäin#1.cnx"), "a%20b/m%C3%A4in%231.cnx");
        assert_eq!(uri("/tmp/x.cnx"), "file:///tmp/x.cnx");
    }
}
