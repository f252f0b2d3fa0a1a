//! What every part of the tree builder shares: places, names, depth, complaints.

use crate::diag::{Code, Diagnostic};
use crate::model::{FileId, Ident, Span, Spanned};
use crate::syntax::codes;
use crate::syntax::grammar::Rule;
use crate::syntax::scan::Short;

pub(in crate::syntax) type Pair<'t> = pest::iterators::Pair<'t, Rule>;

/// Levels of a tree: brackets count, and so do operators, members and arguments in a row. Keeps whoever walks the tree off the
/// end of a small stack; 128 nested calls with an operator each still fit.
const MAX_LEVELS: usize = 384;

/// Reserved everywhere; all other words are contextual.
pub(in crate::syntax) const RESERVED: [&str; 6] = ["for", "in", "if", "true", "false", "null"];

/// Builds the tree of one piece of a file.
pub(in crate::syntax) struct Builder<'t> {
    pub file: FileId,
    /// The whole file, with the closing brackets behind it that are missing at its end.
    pub text: &'t str,
    /// Where the file itself ends: no place lies beyond.
    pub limit: usize,
    /// Where the parsed piece begins: in the short text, where that is parsed, else in the file; in bytes.
    pub base: usize,
    /// The short text, where that is parsed.
    pub short: Option<&'t Short>,
    /// Something that the short text does not say: the piece has to be parsed as it was written.
    pub unclear: bool,
    pub diagnostics: Vec<Diagnostic>,
    /// Byte ranges that the scan complained of: a broken entry that touches one has been told already.
    pub told: Vec<(usize, usize)>,
    /// Byte ranges of entries and declarations that could not be read: names in them may be declared or used there.
    pub unread: Vec<(usize, usize)>,
    pub(super) levels: usize,
}

impl<'t> Builder<'t> {
    pub fn new(file: FileId, text: &'t str, told: Vec<(usize, usize)>) -> Builder<'t> {
        let (diagnostics, unread) = (Vec::new(), Vec::new());
        Builder {
            file,
            text,
            limit: text.len(),
            base: 0,
            short: None,
            unclear: false,
            diagnostics,
            told,
            unread,
            levels: 0,
        }
    }

    /// The place of a pair in the file.
    pub(super) fn span(&self, pair: &Pair<'_>) -> Span {
        let span = pair.as_span();
        let (start, end) = (self.base + span.start(), self.base + span.end());
        match self.short {
            Some(short) => {
                Span { file: self.file, start: short.starts[start], end: short.ends[end.max(start + 1) - 1] }
            }
            None => self.range(start, end),
        }
    }

    /// What was written there.
    pub(super) fn source(&self, span: Span) -> &'t str {
        &self.text[span.start as usize..span.end as usize]
    }

    /// A place given in bytes of the file.
    pub(in crate::syntax) fn range(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, start.min(self.limit), end.min(self.limit))
    }

    pub(super) fn complain(
        &mut self,
        code: &'static Code,
        span: Span,
        label: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.diagnostics.push(Diagnostic::new(code, "").at(span, label).help(help));
    }

    /// Whether something in this range has been complained of before parsing.
    pub(in crate::syntax) fn is_told(&self, start: usize, end: usize) -> bool {
        let (start, end) = (self.base + start, self.base + end);
        let first = self.told.partition_point(|(_, told_end)| *told_end <= start);
        self.told.get(first).is_some_and(|(told_start, _)| *told_start < end)
    }

    /// Goes `by` levels deeper for `inside`; `None`, with a complaint, where that is too deep.
    pub(super) fn deeper<T>(&mut self, by: usize, span: Span, inside: impl FnOnce(&mut Builder<'t>) -> T) -> Option<T> {
        if self.levels + by > MAX_LEVELS {
            let help = "name an inner part with `let`, or join many values with a list and a function";
            self.complain(&codes::TOO_DEEP, span, "too many operators and brackets within one another", help);
            return None;
        }
        self.levels += by;
        let result = inside(self);
        self.levels -= by;
        Some(result)
    }

    pub(super) fn spanned_word(&self, pair: &Pair<'_>) -> Spanned<Ident> {
        let span = self.span(pair);
        Spanned::new(Ident::new(self.source(span)), span)
    }

    /// A name that a declaration, a loop or a key gives: `[a-z][a-z0-9_]*`, not reserved.
    pub(super) fn name(&mut self, pair: &Pair<'_>) -> Spanned<Ident> {
        let name = self.spanned_word(pair);
        self.check_name(&name);
        name
    }

    pub(super) fn check_name(&mut self, name: &Spanned<Ident>) {
        let text = name.value.as_str();
        if text.len() <= 5 && RESERVED.contains(&text) {
            let help = format!("choose another name than `{text}`, or quote it where it is a key");
            self.complain(&codes::RESERVED_WORD, name.span, "reserved", help);
        } else if !text.as_bytes()[0].is_ascii_lowercase() || text.bytes().any(|b| b.is_ascii_uppercase()) {
            let help = format!("write `{}`; a key with other letters stands in quotes", lower_name(text));
            self.complain(
                &codes::BAD_NAME,
                name.span,
                "names are lower case: letters, digits and `_`, a letter first",
                help,
            );
        }
    }

    pub(super) fn type_name(&mut self, pair: &Pair<'_>) -> Spanned<Ident> {
        let name = self.spanned_word(pair);
        let text = name.value.as_str();
        if !text.starts_with(|c: char| c.is_ascii_uppercase()) {
            let help = format!("write `{}`", camel_name(text));
            self.complain(&codes::BAD_NAME, name.span, "the name of a type begins with a capital letter", help);
        }
        name
    }
}

/// `myServer` as `my_server`.
fn lower_name(text: &str) -> String {
    let mut name = String::new();
    for c in text.trim_start_matches(|c: char| !c.is_ascii_alphabetic()).chars() {
        if c.is_ascii_uppercase() && !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
        name.push(c.to_ascii_lowercase());
    }
    if name.is_empty() { "name".to_owned() } else { name }
}

/// `plan_size` as `PlanSize`.
fn camel_name(text: &str) -> String {
    let words = text.split('_').filter(|word| !word.is_empty());
    let name: String = words.map(|word| word[..1].to_ascii_uppercase() + &word[1..]).collect();
    if name.is_empty() { "Name".to_owned() } else { name }
}
