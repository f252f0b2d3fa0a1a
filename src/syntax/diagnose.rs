//! Why a piece of text is no declaration, entry, expression or type: parses it alone, looks how far that came and what could have stood there,
//! and says it in the words of the language.

use super::build::{Builder, Pair};
use super::codes;
use super::grammar::{Grammar, Rule};
use super::hints;
use crate::diag::{Code, Diagnostic};
use pest::Parser;
use pest::error::{Error, ErrorVariant};

/// What could have stood at the place where the parser stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Operator,
    Value,
    Equals,
    Colon,
    Type,
    Body,
    Name,
    Text,
    Other,
}

impl Builder {
    /// An entry of a body that is none.
    pub(in crate::syntax) fn bad_entry(&mut self, pair: &Pair<'_>) {
        self.bad(Rule::alone_entry, pair);
    }

    /// A declaration that is none.
    pub(in crate::syntax) fn bad_item(&mut self, pair: &Pair<'_>) {
        self.bad(Rule::alone_item, pair);
    }

    fn bad(&mut self, rule: Rule, pair: &Pair<'_>) {
        let span = pair.as_span();
        if self.is_told(span.start(), span.end()) {
            return;
        }
        let diagnostic = self.broken(rule, pair.as_str(), span.start());
        self.diagnostics.push(diagnostic);
    }

    /// A whole piece that the grammar could not split into declarations; only its limits can do that.
    pub(in crate::syntax) fn whole_piece(&mut self, piece: &str, error: &Error<Rule>) {
        let label = match &error.variant {
            ErrorVariant::CustomError { .. } => "too many operators within one another",
            ErrorVariant::ParsingError { .. } => "cannot be read",
        };
        let help = "name inner parts with `let`";
        let span = self.place(0, piece.len().min(1));
        self.diagnostics.push(Diagnostic::new(&codes::TOO_DEEP, "").at(span, label).help(help));
    }

    /// What is wrong with `text`, which is no `rule`; `at` is its place in the parsed piece.
    pub(in crate::syntax) fn broken(&self, rule: Rule, text: &str, at: usize) -> Diagnostic {
        if let Some(hint) = hints::foreign(rule, text, |start, end| self.place(at + start, at + end)) {
            return hint;
        }
        pest::set_error_detail(true);
        let Err(error) = Grammar::parse(rule, text) else {
            let span = self.place(at, at + text.len());
            return Diagnostic::new(&codes::UNEXPECTED, "").at(span, "cannot stand here").help("move it to a line of its own");
        };
        if let ErrorVariant::CustomError { .. } = error.variant {
            let span = self.place(at, at + 1);
            let help = "name inner parts with `let`";
            return Diagnostic::new(&codes::TOO_DEEP, "").at(span, "too many operators within one another").help(help);
        }
        let (reached, wanted) = match error.parse_attempts() {
            Some(attempts) => {
                let tokens: Vec<String> = attempts.expected_tokens().iter().map(ToString::to_string).collect();
                (attempts.max_position, wanted(&tokens))
            }
            None => (0, Wanted::Other),
        };
        self.explain(rule, text, at, reached, wanted)
    }

    fn explain(&self, rule: Rule, text: &str, at: usize, reached: usize, wanted: Wanted) -> Diagnostic {
        let (start, end) = found(text, reached);
        let token = &text[start..end];
        let found = if token.is_empty() { end_name(rule).to_owned() } else { format!("`{token}`") };
        let before = text[..start].trim_end();
        let after = match before.rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            _ if before.is_empty() => String::new(),
            Some(last) if last + 1 < before.len() => format!(" after `{}`", &before[last + 1..]),
            Some(last) => format!(" after `{}`", &before[last..]),
            None => format!(" after `{before}`"),
        };
        let (code, label, help) = words(rule, wanted, &found, &after, before);
        // Where the text ends too early, the place is right behind its last token.
        let (start, end) = if token.is_empty() { (before.len().saturating_sub(1), before.len()) } else { (start, end) };
        Diagnostic::new(code, "").at(self.place(at + start, at + end), label).help(help)
    }

    fn place(&self, start: usize, end: usize) -> crate::model::Span {
        crate::model::Span::new(self.file, self.base + start, self.base + end)
    }
}

/// The code, the label and the help for a stop of this sort.
fn words(rule: Rule, wanted: Wanted, found: &str, after: &str, before: &str) -> (&'static Code, String, String) {
    let expected = |what: &str| format!("expected {what}{after}, found {found}");
    match wanted {
        Wanted::Value => (&codes::EXPECTED_VALUE, expected("a value"), format!("write a value{after}")),
        Wanted::Type => {
            let help = "write a type, such as `string`, `int`, `list(string)` or `\"a\" | \"b\"`";
            (&codes::EXPECTED_TYPE, expected("a type"), help.to_owned())
        }
        Wanted::Equals => (&codes::EXPECTED_EQUALS, expected("`=`"), "write `name = value`".to_owned()),
        Wanted::Colon => (&codes::EXPECTED_TYPE, expected("`:` and a type"), "write `name: TYPE`".to_owned()),
        Wanted::Body => (&codes::EXPECTED_BODY, expected("`{`"), "open the body with `{` on the same line".to_owned()),
        Wanted::Name => {
            let help = "write a name: lower-case letters, digits and `_`, a letter first, without quotes";
            (&codes::EXPECTED_NAME, expected("a name"), help.to_owned())
        }
        Wanted::Text => (&codes::EXPECTED_NAME, expected("a text in double quotes"), "write `\"…\"`".to_owned()),
        Wanted::Operator => {
            let help = match (rule, before.is_empty()) {
                (Rule::alone_entry, _) => "put the next entry on a line of its own, or after a comma",
                (Rule::alone_item, _) => "put the next declaration on a line of its own",
                _ => "remove it, or join the two with an operator",
            };
            (&codes::TRAILING, format!("{found} cannot follow here"), help.to_owned())
        }
        Wanted::Other => {
            let help = match rule {
                Rule::alone_item => "a declaration is `KIND NAME { … }`, `let NAME = value`, `param NAME: TYPE`, `output NAME = value` and the like",
                Rule::alone_entry => "an entry is `name = value`",
                _ => "remove it",
            };
            let code = if rule == Rule::alone_item { &codes::NOT_A_DECLARATION } else { &codes::UNEXPECTED };
            (code, format!("{found} cannot stand here"), help.to_owned())
        }
    }
}

fn end_name(rule: Rule) -> &'static str {
    match rule {
        Rule::alone_item => "the end of the declaration",
        Rule::alone_entry => "the end of the entry",
        _ => "the end of the text",
    }
}

/// What the parser's expected tokens amount to.
fn wanted(tokens: &[String]) -> Wanted {
    let has = |token: &str| tokens.iter().any(|other| other == token);
    let word = has("'a'..'z'") || has("a..z");
    let digit = has("'0'..'9'") || has("0..9");
    if has("||") {
        Wanted::Operator
    } else if digit && has("(") && has("[") {
        Wanted::Value
    } else if has("{") && has("(") && has("\"") {
        Wanted::Type
    } else if has("=") {
        Wanted::Equals
    } else if has(":") {
        Wanted::Colon
    } else if has("{") {
        Wanted::Body
    } else if word {
        Wanted::Name
    } else if has("\"") {
        Wanted::Text
    } else {
        Wanted::Other
    }
}

/// The token that stands at or after `at`, as a byte range; empty at the end.
fn found(text: &str, at: usize) -> (usize, usize) {
    let rest = &text[at..];
    let start = at + rest.len() - rest.trim_start().len();
    let rest = &text[start..];
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let length = match rest.chars().next() {
        None => 0,
        Some(c) if is_word(c) => rest.find(|c: char| !is_word(c)).unwrap_or(rest.len()),
        Some('"') => rest[1..].find(['"', '\n']).map_or(rest.len(), |end| end + 2).min(rest.len()),
        Some(c) => c.len_utf8(),
    };
    (start, start + length)
}
