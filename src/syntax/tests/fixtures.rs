//! Texts as files: every form is read and formatted, broken ones are told.

use super::properties::check_both_ways;
use crate::model::{FileId, SourceMap};
use crate::syntax::*;

/// Reads a text that has to be well-formed.
pub(super) fn well_formed(name: &str, text: &str) -> ast::Ast {
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
    let ast = well_formed("forms.cnx", include_str!("../../../tests/syntax/forms.cnx"));
    assert_eq!(ast.items.len(), 73);
    well_formed("shop.cnx", include_str!("../../../tests/syntax/shop.cnx"));
}

/// Every complaint about a text: place, what stands there, code, label, further places, help.
fn complaints(name: &str, text: &str) -> String {
    let mut map = SourceMap::default();
    let file = map.add(name, text);
    let mut lines = String::new();
    for diagnostic in parse(file, text).diagnostics.0 {
        let label = diagnostic.primary.as_ref().expect("a place");
        let code = diagnostic.code.id.trim_start_matches("cnx::syntax::");
        lines += &format!("{} {code} {:?}\n    {}\n", map.place(label.span), map.text(label.span), label.text);
        for also in &diagnostic.secondary {
            lines += &format!("    also {} {:?} {}\n", map.place(also.span), map.text(also.span), also.text);
        }
        lines += &format!("    help: {}\n", diagnostic.help);
    }
    lines
}

/// Checks the complaints about `tests/syntax/broken/NAME.cnx` against `NAME.snap` beside it.
fn check_broken(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../../tests/syntax/broken");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, complaints(name, text)));
}

/// Texts with mistakes, by the name of their file.
const BROKEN: [(&str, &str); 6] = [
    ("ten", include_str!("../../../tests/syntax/broken/ten.cnx")),
    ("foreign", include_str!("../../../tests/syntax/broken/foreign.cnx")),
    ("unclosed", include_str!("../../../tests/syntax/broken/unclosed.cnx")),
    ("headers", include_str!("../../../tests/syntax/broken/headers.cnx")),
    ("values", include_str!("../../../tests/syntax/broken/values.cnx")),
    ("characters", include_str!("../../../tests/syntax/broken/characters.cnx")),
];

#[test]
fn broken_texts_are_told() {
    for (name, text) in BROKEN {
        check_broken(name, text);
    }
}

/// Checks that a text has a canonical form that means the same and is its own canonical form; the form.
pub(super) fn check_format(name: &str, text: &str) -> String {
    let ast = well_formed(name, text);
    let formatted = format(FileId(0), text).expect("a well-formed text");
    let again = well_formed("formatted", &formatted);
    assert_eq!(shape(&ast), shape(&again), "{formatted}");
    let texts = |ast: &ast::Ast| ast.comments.iter().map(|comment| comment.text.clone()).collect::<Vec<_>>();
    assert_eq!(texts(&ast), texts(&again), "{formatted}");
    assert_eq!(format(FileId(0), &formatted).expect("a formatted text"), formatted);
    formatted
}

#[test]
fn both_ways_of_reading_agree() {
    let canonical = ["forms", "comments", "layout"].map(|name| format!("{name}.cnx"));
    let read = |name: &str| std::fs::read_to_string(format!("tests/syntax/{name}")).expect("a text");
    let texts = canonical.iter().map(|name| read(name)).chain(BROKEN.iter().map(|(_, text)| (*text).to_owned()));
    for text in texts.chain([read("shop.cnx")]) {
        check_both_ways(&text);
    }
}

#[test]
fn the_language_example_is_canonical() {
    let text = include_str!("../../../tests/syntax/shop.cnx");
    assert_eq!(check_format("shop.cnx", text), text);
}

/// Checks the canonical form of `tests/syntax/NAME.cnx` against `NAME.snap` beside it.
fn check_formatted(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../../tests/syntax");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, check_format(name, text)));
}

#[test]
fn texts_are_formatted() {
    check_formatted("forms", include_str!("../../../tests/syntax/forms.cnx"));
    check_formatted("comments", include_str!("../../../tests/syntax/comments.cnx"));
    check_formatted("layout", include_str!("../../../tests/syntax/layout.cnx"));
}
