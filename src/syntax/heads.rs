//! The first words of a declaration that is none: a misspelt keyword, a reserved word or nothing where the name belongs, no `=`.

use super::build::RESERVED;
use super::codes;
use crate::diag::Diagnostic;
use crate::diag::suggest::closest;
use crate::model::Span;

const KEYWORDS: [&str; 17] = [
    "project",
    "environment",
    "param",
    "let",
    "fn",
    "type",
    "provider",
    "module",
    "output",
    "check",
    "policy",
    "moved",
    "forget",
    "import",
    "test",
    "data",
    "action",
];

/// Words of other languages that are far from ours in spelling.
const OTHERS: [(&str, &str); 6] = [
    ("out", "output"),
    ("export", "output"),
    ("parameter", "param"),
    ("input", "param"),
    ("class", "type"),
    ("struct", "type"),
];

/// A word of the text and its bytes.
type Word<'t> = (&'t str, usize);

/// What is wrong with the head; `None` where nothing is known of it.
pub(super) fn head(text: &str, place: impl Fn(usize, usize) -> Span) -> Option<Diagnostic> {
    let tokens = first_tokens(text);
    let (first, _) = *tokens.first()?;
    let span = |(word, at): Word<'_>| place(at, at + word.len());
    if !KEYWORDS.contains(&first) && first != "secret" {
        let by_other = OTHERS.iter().find(|(other, _)| *other == first).map(|(_, ours)| *ours);
        let meant = by_other.or_else(|| closest(first, KEYWORDS.iter().copied().chain(["secret"])))?;
        let label = "no declaration begins so";
        let diagnostic = Diagnostic::new(&codes::NOT_A_DECLARATION, "").at(span(tokens[0]), label);
        return Some(diagnostic.help(format!("did you mean `{meant}`?")));
    }
    let name_at = match first {
        "data" | "action" => 2,
        "secret" => 2,
        _ => 1,
    };
    let named = *tokens.get(name_at)?;
    let after = tokens.get(name_at + 1).map(|(word, _)| *word);
    let texts = matches!(first, "check" | "test" | "project");
    if texts && !named.0.starts_with('"') {
        let label = format!("expected a text in double quotes after `{first}`, found `{}`", named.0);
        return Some(
            Diagnostic::new(&codes::EXPECTED_TEXT, "")
                .at(span(named), label)
                .help(format!("write `{first} \"…\" {{ … }}`")),
        );
    }
    if !texts && RESERVED.contains(&named.0) && matches!(after, Some("{" | "=" | ":" | "(") | None) {
        let help = format!("choose another name than `{}`, or quote it where it is a key", named.0);
        return Some(Diagnostic::new(&codes::RESERVED_WORD, "").at(span(named), "reserved").help(help));
    }
    let value = *tokens.get(2)?;
    let is_name = named.0.starts_with(|c: char| c.is_ascii_alphabetic());
    let begins_value = value.0.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '"' | '[' | '{' | '('));
    if matches!(first, "let" | "type") && is_name && begins_value {
        let label = format!("expected `=` after `{}`, found `{}`", named.0, value.0);
        let help = format!("write `{first} {} = …`", named.0);
        return Some(Diagnostic::new(&codes::EXPECTED_EQUALS, "").at(span(value), label).help(help));
    }
    None
}

/// The first few words, texts and symbols.
fn first_tokens(text: &str) -> Vec<Word<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while found.len() < 4 {
        at += text[at..].len() - text[at..].trim_start_matches([' ', '\t']).len();
        let rest = &text[at..];
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let length = match rest.chars().next() {
            None | Some('\n') => break,
            Some('"') => rest[1..].find(['"', '\n']).map_or(rest.len(), |end| end + 2),
            Some(c) if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            Some(c) => c.len_utf8(),
        };
        found.push((&rest[..length], at));
        at += length;
    }
    found
}
