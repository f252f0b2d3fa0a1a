//! Habits from other languages: the form that was meant.

use super::codes;
use super::grammar::Rule;
use crate::diag::Diagnostic;
use crate::model::Span;

/// The complaint about a declaration that HCL, Bicep or a programming language would have; `None` where it is none.
pub(super) fn foreign(rule: Rule, text: &str, place: impl Fn(usize, usize) -> Span) -> Option<Diagnostic> {
    if rule != Rule::alone_item {
        return None;
    }
    let word = leading_word(text);
    let labels = labels(&text[word.len()..]);
    let label = |at: usize, default: &str| labels.get(at).map_or(default.to_owned(), |label| (*label).to_owned());
    let form = match (word, labels.len()) {
        ("resource", _) => format!("`{} {} {{ … }}`", label(0, "KIND"), label(1, "NAME")),
        ("data" | "action", 1..) => format!("`{word} {} {} {{ … }}`", label(0, "KIND"), label(1, "NAME")),
        ("variable", _) => format!("`param {}: TYPE = default`", label(0, "NAME")),
        ("locals", _) => "`let NAME = value`, one declaration each".to_owned(),
        ("module", 1..) => format!("`module {} from \"./path\" {{ … }}`", label(0, "NAME")),
        ("output", 1..) => format!("`output {} = value`", label(0, "NAME")),
        ("provider" | "environment", 1..) => format!("`{word} {} {{ … }}`", label(0, "NAME")),
        ("terraform", _) => "`project \"NAME\" { cnx = \">= 0.1\" }`".to_owned(),
        ("moved", _) if text[word.len()..].trim_start().starts_with('{') => "`moved old.address -> new.address`".to_owned(),
        ("import", _) if text[word.len()..].trim_start().starts_with('{') => "`import kind.name = \"id\"`".to_owned(),
        ("removed", _) => "`forget kind.name`".to_owned(),
        ("var" | "const" | "local", _) => "`let NAME = value`".to_owned(),
        ("function" | "func" | "def", _) => "`fn NAME(a: TYPE): TYPE = value`".to_owned(),
        _ => return None,
    };
    let span = place(0, word.len());
    let label = format!("`{word}` is not written so here");
    Some(Diagnostic::new(&codes::FOREIGN_DECLARATION, "").at(span, label).help(format!("write {form}")))
}

fn leading_word(text: &str) -> &str {
    &text[..text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len())]
}

/// The quoted labels at the start, without their quotes.
fn labels(text: &str) -> Vec<&str> {
    let mut labels = Vec::new();
    let mut rest = text.trim_start();
    while let Some(quoted) = rest.strip_prefix('"') {
        let Some((label, tail)) = quoted.split_once('"') else { break };
        labels.push(label);
        rest = tail.trim_start();
    }
    labels
}
