//! Strings: pieces, escapes, the indent of multi-line ones.

use super::builder::{Builder, Pair};
use crate::model::{Span, Spanned};
use crate::syntax::ast::{Piece, Text};
use crate::syntax::codes;
use crate::syntax::grammar::Rule;

impl Builder<'_> {
    pub(super) fn text(&mut self, pair: Pair<'_>) -> Text {
        let span = self.span(&pair);
        self.text_at(span, pair)
    }

    /// The string at this place; `pair` holds its interpolations.
    pub(super) fn text_at(&mut self, span: Span, pair: Pair<'_>) -> Text {
        let (start, end, raw) = (span.start as usize, span.end as usize, self.source(span));
        let multiline = raw.len() >= 6 && raw.starts_with("\"\"\"");
        let quote = if multiline { 3 } else { 1 };
        self.template_directive(start, raw);
        self.foreign_escape(start, raw);
        let indent = if multiline { self.indent_of(start, raw) } else { None };
        let holes = pair.into_inner();
        let mut pieces = Vec::with_capacity(2 * holes.len() + 1);
        let mut at = start + quote;
        for hole in holes {
            let place = self.span(&hole);
            let first = at == start + quote;
            self.literal(at, &raw[at - start..place.start as usize - start], indent, first, &mut pieces);
            at = place.end as usize;
            let inner = hole.into_inner().next().expect("invariant: an interpolation holds an expression");
            let place = self.span(&inner);
            if let Some(expr) = self.deeper(1, place, |builder| builder.expr(inner)) {
                pieces.push(Piece::Interpolation(expr));
            }
        }
        let first = at == start + quote;
        self.literal(at, &raw[at - start..end - quote - start], indent, first, &mut pieces);
        Text { pieces, multiline }
    }

    /// `%{ if x }` is HCL's way to choose and repeat in a string; here it is text, which nobody means.
    fn template_directive(&mut self, start: usize, raw: &str) {
        let directives = ["if", "else", "endif", "for", "endfor"];
        let of_word = |at: usize| {
            let rest = raw[at + 2..].trim_start_matches(['~', ' ']);
            directives.contains(&&rest[..rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len())])
        };
        if let Some((at, _)) = raw.match_indices("%{").find(|(at, _)| of_word(*at)) {
            let help = "write `${condition ? \"a\" : \"b\"}`, or `${join(\"\", [for x in xs : \"…\"])}`";
            let span = self.range(start + at, start + at + 2);
            self.complain(&codes::TEMPLATE_DIRECTIVE, span, "here this is text and does nothing", help);
        }
    }

    /// `$${x}` is HCL's way to write `${x}`; here it is a `$` before the value.
    fn foreign_escape(&mut self, start: usize, raw: &str) {
        let escaped = |at: usize| raw[..at].bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1;
        if let Some((at, _)) = raw.match_indices("$${").find(|(at, _)| !escaped(*at)) {
            let help = "write `\\${` for these characters themselves, `\\$${…}` for a `$` before the value";
            let span = self.range(start + at, start + at + 3);
            self.complain(&codes::FOREIGN_ESCAPE, span, "a `$`, and then the value", help);
        }
    }

    /// A string that must have no interpolation: a declaration's or an attribute's name, a path, a literal type.
    pub(super) fn plain_text(&mut self, pair: Pair<'_>, what: &str) -> Spanned<String> {
        debug_assert_eq!(pair.as_rule(), Rule::string);
        let span = self.span(&pair);
        let mut value = String::new();
        for piece in self.text(pair).pieces {
            match piece {
                Piece::Literal(text) => value.push_str(&text),
                Piece::Interpolation(expr) => {
                    let help = "write the text out: it has to be known before anything is evaluated";
                    self.complain(&codes::LITERAL_WANTED, expr.span, format!("{what} takes no interpolation"), help);
                }
            }
        }
        Spanned::new(value, span)
    }

    /// The blanks before the closing `"""`; complains where the quotes do not stand on lines of their own.
    fn indent_of<'t>(&mut self, start: usize, raw: &'t str) -> Option<&'t str> {
        let inner = &raw[3..raw.len() - 3];
        let opening = inner.split('\n').next().unwrap_or("");
        let closing = inner.rsplit('\n').next().unwrap_or("");
        let is_blank = |text: &str| text.bytes().all(|b| matches!(b, b' ' | b'\t' | b'\r'));
        let laid_out = inner.contains('\n') && is_blank(opening) && is_blank(closing);
        if !laid_out {
            let wrong_end = inner.contains('\n') && is_blank(opening);
            let span = if wrong_end {
                self.range(start + raw.len() - 3, start + raw.len())
            } else {
                self.range(start, start + 3)
            };
            let help = "put the text on lines between `\"\"\"` and a closing `\"\"\"`, each on its own line; the closing one's indent is dropped";
            let label = if wrong_end {
                "the closing `\"\"\"` stands alone on its line"
            } else {
                "the text begins on the next line"
            };
            self.complain(&codes::MULTILINE_STRING, span, label, help);
            return None;
        }
        Some(closing)
    }

    /// One stretch between interpolations; `at` is its place in the parsed piece, `first` that the opening quotes stand before it.
    fn literal(&mut self, at: usize, raw: &str, indent: Option<&str>, first: bool, pieces: &mut Vec<Piece>) {
        let Some(indent) = indent else {
            let value = if raw.contains('\\') { self.unescaped(at, raw) } else { raw.to_owned() };
            if !value.is_empty() {
                pieces.push(Piece::Literal(value));
            }
            return;
        };
        let mut value = String::with_capacity(raw.len());
        let mut place = at;
        for (number, line) in raw.split_inclusive('\n').enumerate() {
            let begins_line = number > 0;
            if number == 0 && first {
                place += line.len();
                continue;
            }
            let mut text = line;
            if begins_line {
                text = self.without_indent(place, line, indent);
            }
            let skipped = line.len() - text.len();
            let clean = text.strip_suffix("\r\n").map(|kept| (kept, "\n")).unwrap_or((text, ""));
            value.push_str(&self.unescaped(place + skipped, clean.0));
            value.push_str(clean.1);
            place += line.len();
        }
        if raw.ends_with('\n') && !indent.is_empty() {
            // An interpolation begins the next line without the indent.
            let span = self.range(place, place);
            self.complain_of_indent(span, indent);
        }
        if !value.is_empty() {
            pieces.push(Piece::Literal(value));
        }
    }

    fn without_indent<'t>(&mut self, place: usize, line: &'t str, indent: &str) -> &'t str {
        if let Some(rest) = line.strip_prefix(indent) {
            return rest;
        }
        let blanks = line.len() - line.trim_start_matches([' ', '\t']).len();
        if line[blanks..].trim_end_matches(['\r', '\n']).is_empty() && line.ends_with('\n') {
            return &line[blanks..];
        }
        let span = self.range(place, place + blanks);
        self.complain_of_indent(span, indent);
        &line[blanks..]
    }

    fn complain_of_indent(&mut self, span: Span, indent: &str) {
        let kind = if indent.contains('\t') { "tabs" } else { "spaces" };
        let label = format!("indented less than the closing `\"\"\"`, or not with {kind} as it is");
        let help = "indent every line at least as far as the closing `\"\"\"`, with the same blanks";
        self.complain(&codes::MULTILINE_STRING, span, label, help);
    }

    fn unescaped(&mut self, at: usize, raw: &str) -> String {
        let mut value = String::with_capacity(raw.len());
        let mut rest = raw;
        while let Some(slash) = rest.find('\\') {
            value.push_str(&rest[..slash]);
            let place = at + raw.len() - rest.len() + slash;
            let escape = &rest[slash + 1..];
            let taken = match escape_of(escape) {
                Some((c, taken)) => {
                    value.push(c);
                    taken
                }
                None => {
                    let taken = escape.chars().next().map_or(0, char::len_utf8);
                    let span = self.range(place, place + 1 + taken);
                    let help = "the escapes are \\n \\t \\\" \\\\ \\$ and \\u{…}; write `\\\\` for a backslash";
                    self.complain(&codes::UNKNOWN_ESCAPE, span, "not an escape", help);
                    taken
                }
            };
            rest = &escape[taken..];
        }
        value.push_str(rest);
        value
    }
}

/// The character and how many bytes after the backslash make it.
fn escape_of(escape: &str) -> Option<(char, usize)> {
    let c = match escape.as_bytes().first()? {
        b'n' => '\n',
        b't' => '\t',
        b'"' => '"',
        b'\\' => '\\',
        b'$' => '$',
        b'u' => {
            let digits = escape.strip_prefix("u{")?.split_once('}')?.0;
            let valid = !digits.is_empty() && digits.len() <= 6 && digits.bytes().all(|b| b.is_ascii_hexdigit());
            let code = if valid { u32::from_str_radix(digits, 16).ok()? } else { return None };
            return Some((char::from_u32(code)?, digits.len() + 3));
        }
        _ => return None,
    };
    Some((c, 1))
}
