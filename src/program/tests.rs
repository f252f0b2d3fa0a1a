//! Programs and the complaints that they must give: code, line and column.

use super::{Program, check};
use crate::diag::Diagnostics;
use crate::model::{FileId, SourceMap};
use crate::provider::Catalog;
use std::sync::{Arc, LazyLock};

pub static CATALOG: LazyLock<Arc<Catalog>> = LazyLock::new(|| {
    let parsed = crate::syntax::parse(FileId(0), include_str!("../provider/cloudnexus.cnx"));
    Arc::new(crate::provider::read(&parsed.ast).expect("the built-in provider reads"))
});

/// The language reference's example.
pub const SHOP: &str = include_str!("fixtures/shop.cnx");

/// Parses and checks one file.
pub fn checked(source: &str) -> (Program, Diagnostics, SourceMap) {
    let mut sources = SourceMap::default();
    let file = sources.add("main.cnx", source);
    let parsed = crate::syntax::parse(file, source);
    let (program, mut found) = check(std::slice::from_ref(&parsed.ast), &CATALOG);
    let mut diagnostics = parsed.diagnostics;
    diagnostics.append(std::mem::take(&mut found));
    (program, diagnostics, sources)
}

/// `code@line:column` of every complaint, in order.
pub fn places(diagnostics: &Diagnostics, sources: &SourceMap) -> Vec<String> {
    let place = |diagnostic: &crate::diag::Diagnostic| {
        let name = diagnostic.code.id.rsplit("::").next().unwrap_or_default();
        match &diagnostic.primary {
            Some(label) => {
                let (line, column) = sources.line_column(label.span);
                format!("{name}@{line}:{column}")
            }
            None => name.to_owned(),
        }
    };
    diagnostics.0.iter().map(place).collect()
}

#[test]
fn shop_is_clean() {
    let (program, diagnostics, _) = checked(SHOP);
    assert_eq!(diagnostics, Diagnostics::default());
    assert_eq!(program.resources.len(), 6);
}

/// `UPDATE_DOCS=1 cargo test` writes the page anew.
#[test]
fn function_reference_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/functions.md");
    let wanted = super::library::markdown();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, &wanted).expect("the page can be written");
    }
    assert_eq!(std::fs::read_to_string(path).expect("the page is there"), wanted);
}

/// That one argument was written as a text or an int does not bind the next ones: their types are joined.
#[test]
fn an_argument_is_not_bound_by_the_text_of_another() {
    for (ty, value) in [
        ("map(string)", "merge({ team = \"platform\" }, { owner = \"me\" })"),
        ("map(number)", "merge({ a = 1 }, { b = 2.5 })"),
        ("list(string)", "concat([\"a\"], [\"b\"])"),
        ("list(string)", "concat([\"a\"], [p])"),
        ("list(string)", "concat([p], [\"a\"])"),
        ("list(number)", "concat([1], [2.5])"),
        ("list(int)", "concat([1], [2])"),
        ("list({ kind: string })", "concat([{ kind = \"a\" }], [{ kind = \"b\" }])"),
        ("\"a\" | \"b\"", "element(concat([\"a\"], [\"b\"]), 0)"),
        ("list(list(string))", "setproduct([\"a\", \"b\"], [\"c\"])"),
        ("set(string)", "setunion([\"a\"], [\"b\"])"),
        ("bool", "contains([\"a\", \"b\"], \"c\")"),
    ] {
        let (_, diagnostics, _) =
            checked(&format!("param p: string = \"x\"\noutput q = p\noutput o: {ty} = {value}\n"));
        assert_eq!(diagnostics, Diagnostics::default(), "{value}");
    }
}

/// What Terraform has and cnx has not is told as that, and not as a slip of the pen.
#[test]
fn a_function_that_was_left_out_is_not_a_misspelt_one() {
    for name in ["yamlencode", "csvdecode", "filesha1", "templatefile"] {
        let (_, diagnostics, _) = checked(&format!("output o = {name}(\"x\")\n"));
        let help: Vec<&str> = diagnostics.0.iter().map(|one| one.help.as_str()).collect();
        assert!(matches!(help[..], [one] if !one.contains("did you mean")), "{name}: {help:?}");
    }
}

#[test]
fn what_may_be_null_is_no_argument_of_a_function_that_needs_a_value() {
    for call in ["tostring(p)", "toint(p)", "tobool(p)", "format(\"%s\", p)", "formatlist(\"%s\", p)", "tostring(null)"]
    {
        let (_, diagnostics, sources) = checked(&format!("param p: string?\noutput q = p\noutput o = {call}\n"));
        assert!(matches!(&places(&diagnostics, &sources)[..], [one] if one.starts_with("maybe_null@3")), "{call}");
    }
    let (_, diagnostics, _) = checked("param p: string?\noutput o = jsonencode(p)\noutput q = tostring(p ?? \"-\")\n");
    assert_eq!(diagnostics, Diagnostics::default());
}
