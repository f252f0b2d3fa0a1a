//! What has comments between its parts, where no layout has a place for them: the parts as ever, and what stands between them word by word,
//! with the line breaks that were written there.

use super::cells::Cell;
use super::printer::Printer;
use super::sequence::PARENTHESES;
use crate::model::Span;
use crate::syntax::ast::{Body, Expr, Text, TypeExpr};

/// What has a layout of its own.
pub(super) enum Part<'a> {
    Expr(&'a Expr),
    Type(&'a TypeExpr),
    Body(&'a Body),
    /// A quoted key.
    Text(&'a Text, Span),
    /// From `(` to `)`.
    Parameters(Vec<Cell<'a>>, Span),
}

impl Part<'_> {
    pub fn span(&self) -> Span {
        match self {
            Part::Expr(expr) => expr.span,
            Part::Type(ty) => ty.span,
            Part::Body(body) => body.span,
            Part::Text(_, span) | Part::Parameters(_, span) => *span,
        }
    }

    /// How it begins, as far as the blank before it goes.
    fn opening(&self) -> &'static str {
        match self {
            Part::Expr(_) | Part::Type(_) | Part::Body(_) | Part::Text(..) => VALUE,
            Part::Parameters(..) => "(",
        }
    }
}

/// Stands for a part among words.
const VALUE: &str = "a";

/// Symbols of more than one character, the longest first.
const SYMBOLS: [&str; 14] = ["..=", "...", "..", "?.", "?[", "??", "=>", "->", "==", "!=", "<=", ">=", "&&", "||"];

/// What is written apart.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Whole {
    /// A conditional or a comprehension has a blank before its `:`.
    Expr,
    /// `-x`, `!x`
    Prefixed,
    /// Types, and whatever names and types something: no blank before `:` and `?`.
    Typed,
}

/// Where the walk is.
struct Walk<'t> {
    whole: Whole,
    /// The indent of the line on which it begins.
    indent: usize,
    /// The word before.
    last: Option<&'t str>,
    breaks: bool,
}

impl<'t> Printer<'t> {
    /// Prints `span`, whose parts are given in order of place.
    pub fn apart(&mut self, span: Span, whole: Whole, parts: &[Part<'_>]) {
        let mut walk = Walk { whole, indent: self.indent, last: None, breaks: false };
        let mut at = span.start;
        for part in parts {
            self.between_parts(&mut walk, at, part.span().start);
            self.lead(&mut walk, part.opening());
            walk.last = Some(VALUE);
            self.part(part, walk.indent);
            at = part.span().end;
        }
        self.between_parts(&mut walk, at, span.end);
        self.indent = walk.indent;
    }

    fn part(&mut self, part: &Part<'_>, indent: usize) {
        match part {
            Part::Expr(expr) => self.expr(expr),
            Part::Type(ty) => self.type_expr(ty),
            Part::Body(body) => {
                self.indent = indent;
                self.block_body(body);
            }
            Part::Text(text, span) => self.quoted(text, *span),
            Part::Parameters(cells, span) => self.parameters(*span, cells),
        }
    }

    /// The parameters of a function.
    pub fn parameters(&mut self, span: Span, cells: &[Cell<'_>]) {
        let flat = !self.has_comments(span)
            && self.attempt(|printer| printer.sequence_flat(span, PARENTHESES, cells) && printer.fits());
        if !flat {
            self.sequence(span, PARENTHESES, cells);
        }
    }

    /// Words, symbols and comments.
    fn between_parts(&mut self, walk: &mut Walk<'t>, start: u32, end: u32) {
        let mut at = start;
        while at < end {
            let rest = self.between(at, end);
            let length = match rest.as_bytes()[0] {
                b'\n' => {
                    walk.breaks = true;
                    1
                }
                b' ' | b'\t' | b'\r' => 1,
                b'#' => self.comment_apart(walk, at),
                _ => {
                    let word = &rest[..word_length(rest)];
                    self.lead(walk, word);
                    self.push(word);
                    walk.last = Some(word);
                    word.len()
                }
            };
            at += length as u32;
        }
    }

    /// The comment at this place, unless it was printed before; its length.
    fn comment_apart(&mut self, walk: &mut Walk<'t>, at: u32) -> usize {
        let index = self.comments.partition_point(|comment| comment.span.start < at);
        let Some(comment) = self.comments.get(index) else { return 1 };
        if index >= self.next {
            if walk.breaks {
                self.indent = walk.indent + 1;
                self.line();
            } else {
                self.push(" ");
            }
            self.push(&comment.text);
            self.next = index + 1;
            walk.breaks = true;
        }
        comment.span.len()
    }

    /// What stands before a word: a line break, a blank or nothing.
    fn lead(&mut self, walk: &mut Walk<'t>, word: &str) {
        if std::mem::take(&mut walk.breaks) {
            self.indent = walk.indent + usize::from(!matches!(word, ")" | "]" | "}"));
            self.line();
        } else if walk.last.is_some_and(|last| has_blank(last, word, walk.whole)) {
            self.push(" ");
        }
    }
}

fn has_blank(last: &str, next: &str, whole: Whole) -> bool {
    let opens = matches!(last, "(" | "[" | "?[" | "." | "?." | "..." | ".." | "..=");
    let closes = matches!(next, ")" | "]" | "," | "." | "?." | ".." | "..=" | "(" | "[" | "?[");
    let prefixed = whole == Whole::Prefixed && matches!(last, "-" | "!");
    let typed = whole == Whole::Typed && matches!(next, ":" | "?");
    !(opens || closes || prefixed || typed)
}

/// The length of the word, the text or the symbol that a text begins with.
fn word_length(text: &str) -> usize {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    match text.chars().next() {
        Some(c) if is_word(c) => text.find(|c: char| !is_word(c)).unwrap_or(text.len()),
        Some('"') => text_length(text),
        Some(c) => SYMBOLS.iter().find(|symbol| text.starts_with(**symbol)).map_or(c.len_utf8(), |symbol| symbol.len()),
        None => 0,
    }
}

/// The length of a text without interpolations, quotes included.
fn text_length(text: &str) -> usize {
    let mut escaped = true;
    let end = text.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |end| end + 1)
}
