//! The room as a whole: every form is read, broken texts are told.

use super::*;
use crate::model::{FileId, SourceMap};

/// Reads a text that has to be well-formed.
fn well_formed(name: &str, text: &str) -> ast::Ast {
    let parsed = parse(FileId(0), text);
    let mut map = SourceMap::default();
    map.add(name, text);
    let complaints: Vec<String> = parsed
        .diagnostics
        .0
        .iter()
        .map(|d| {
            let label = d.primary.as_ref().map(|l| format!("{} {}", map.place(l.span), l.text)).unwrap_or_default();
            format!("{} {label} / {}", d.code.id, d.help)
        })
        .collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    parsed.ast
}

#[test]
fn every_form_is_read() {
    let ast = well_formed("forms.cnx", include_str!("../../tests/syntax/forms.cnx"));
    assert_eq!(ast.items.len(), 73);
    well_formed("shop.cnx", include_str!("../../tests/syntax/shop.cnx"));
}
