//! One walk over the bytes, with a stack of what is open.

use super::patches::Patches;
use super::short::{Cut, Gap, Short};
use crate::diag::Diagnostic;
use crate::model::{FileId, Span};
use crate::syntax::ast::Comment;
use crate::syntax::build::RESERVED;
use crate::syntax::codes;
use std::collections::BTreeSet;

/// Brackets, strings and interpolations within one another (`design: language`, "Limits").
pub(super) const MAX_NESTING: usize = 128;

/// A parsed piece is at least so long, in bytes: what the parser keeps for a piece stays in the processor's cache.
const PIECE: usize = 64 * 1024;

/// What the walk found.
pub(in crate::syntax) struct Scan {
    pub comments: Vec<Comment>,
    pub diagnostics: Vec<Diagnostic>,
    /// Byte ranges that were complained of, in order.
    pub told: Vec<(usize, usize)>,
    /// The text with comments, tabs, carriage returns and broken places replaced, where there were any; as long as the original, or longer
    /// at its end.
    pub patched: Option<String>,
    /// The short text of a sound text.
    pub short: Option<Short>,
    /// Where the text may be cut between declarations, in order; neither 0 nor the end are among them.
    pub cuts: Vec<Cut>,
    /// How deep it nests.
    pub deepest: usize,
    /// Nested too deeply: not to be parsed at all.
    pub refused: bool,
}

/// Something open: its opening bytes and where the line that it stands on begins.
#[derive(Clone, Copy)]
pub(super) struct Open {
    pub what: Opening,
    pub at: usize,
    pub line: usize,
    /// Where it stands in the short text.
    pub short: usize,
    /// A declaration's or a block's brace, not an object's or a type's.
    pub body: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Opening {
    Brace,
    Bracket,
    Parenthesis,
    /// `"`
    Quote,
    /// `"""`
    Triple,
    /// `${`
    Hole,
}

impl Opening {
    pub fn text(self) -> &'static str {
        match self {
            Opening::Brace => "{",
            Opening::Bracket => "[",
            Opening::Parenthesis => "(",
            Opening::Quote => "\"",
            Opening::Triple => "\"\"\"",
            Opening::Hole => "${",
        }
    }

    pub fn closing(self) -> &'static str {
        match self {
            Opening::Brace | Opening::Hole => "}",
            Opening::Bracket => "]",
            Opening::Parenthesis => ")",
            Opening::Quote => "\"",
            Opening::Triple => "\"\"\"",
        }
    }
}

pub(super) struct Scanner<'t> {
    pub file: FileId,
    pub text: &'t str,
    pub bytes: &'t [u8],
    pub at: usize,
    /// Where the current line begins.
    pub line: usize,
    pub stack: Vec<Open>,
    /// The last byte that is neither blank nor comment.
    pub last: u8,
    /// What lies between the last token and this place.
    pub gap: Gap,
    /// The last token closed a body.
    pub after_body: bool,
    /// An opening whose closing bracket stands at another indent: the likely culprit when one is missing.
    pub suspect: Option<Open>,
    /// Where the line ends that was asked for last.
    pub line_end: usize,
    /// How many lines may still be searched for the ends of heredocs.
    pub lines_to_search: usize,
    /// Words of heredocs that nothing in the rest of the text ends.
    pub endless: BTreeSet<&'t str>,
    pub patches: Patches,
    pub short: Short,
    pub scan: Scan,
}

/// Walks the text: once where it is sound, else up to the first fault, and then again to mend it.
pub(in crate::syntax) fn scan(file: FileId, text: &str) -> Scan {
    let scan = walk(file, text, true);
    if scan.diagnostics.is_empty() { scan } else { mended(file, text) }
}

/// Walks the text and makes the patched copy of it.
pub(in crate::syntax) fn mended(file: FileId, text: &str) -> Scan {
    walk(file, text, false)
}

/// Whether the text goes on in the next line: something is open that may, or it ends in an operator.
pub(in crate::syntax) fn goes_on(text: &str) -> bool {
    let mut scanner = begun(FileId(u32::MAX), text, false);
    while scanner.at < scanner.bytes.len() && !scanner.scan.refused {
        scanner.step();
    }
    let is_quoted = scanner.stack.iter().any(|open| open.what == Opening::Quote);
    let is_open = !scanner.stack.is_empty() && !is_quoted;
    is_open || scanner.stack.is_empty() && b"=,?:.+-*/%<>&|!".contains(&scanner.last)
}

fn walk(file: FileId, text: &str, shorten: bool) -> Scan {
    let mut scanner = begun(file, text, shorten);
    while scanner.at < scanner.bytes.len() && !scanner.scan.refused {
        scanner.step();
        if shorten && !scanner.scan.diagnostics.is_empty() {
            return scanner.scan;
        }
    }
    scanner.finish(shorten)
}

fn begun(file: FileId, text: &str, shorten: bool) -> Scanner<'_> {
    let scan = Scan {
        comments: Vec::new(),
        diagnostics: Vec::new(),
        told: Vec::new(),
        patched: None,
        short: None,
        cuts: Vec::new(),
        deepest: 0,
        refused: false,
    };
    let mut scanner = Scanner {
        file,
        text,
        bytes: text.as_bytes(),
        at: 0,
        line: 0,
        stack: Vec::new(),
        last: b'\n',
        gap: Gap::None,
        after_body: false,
        suspect: None,
        line_end: 0,
        lines_to_search: 1_000_000,
        endless: BTreeSet::new(),
        patches: Patches::new(!shorten),
        short: Short::for_text(if shorten { text } else { "" }),
        scan,
    };
    if text.starts_with('\u{feff}') {
        scanner.blank(0, 3);
        scanner.at = 3;
    }
    scanner
}

impl Scanner<'_> {
    fn step(&mut self) {
        if let Some(Open { what: Opening::Quote | Opening::Triple, .. }) = self.stack.last() {
            self.string_part();
            return;
        }
        let byte = self.bytes[self.at];
        match byte {
            b' ' => self.skip_blanks(),
            b'\t' | b'\r' => {
                self.blank(self.at, self.at + 1);
                self.skip_blanks();
            }
            b'\n' => self.line_break(),
            b'#' => self.comment(),
            b'"' => {
                let what = if self.bytes[self.at..].starts_with(b"\"\"\"") { Opening::Triple } else { Opening::Quote };
                self.open(what);
            }
            b'{' => self.open(Opening::Brace),
            b'[' => self.open(Opening::Bracket),
            b'(' => self.open(Opening::Parenthesis),
            b'}' | b']' | b')' => self.close(byte),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.word(),
            b'0'..=b'9' => self.number(),
            b'\'' => self.single_quotes(),
            b'/' if matches!(self.bytes.get(self.at + 1), Some(b'/' | b'*')) => self.slash_comment(),
            b'<' if self.bytes.get(self.at + 1) == Some(&b'<') => self.heredoc(),
            b';' => self.semicolon(),
            _ if byte.is_ascii_graphic() => self.symbol(byte),
            _ => self.unexpected_character(),
        }
    }

    fn skip_blanks(&mut self) {
        self.at += 1;
        while self.bytes.get(self.at) == Some(&b' ') {
            self.at += 1;
        }
        if self.gap == Gap::None {
            self.gap = Gap::Blank;
        }
    }

    fn line_break(&mut self) {
        if let Some(at) = self.stack.iter().position(|open| open.what == Opening::Quote) {
            self.unclosed_in_quote(at);
            return;
        }
        self.at += 1;
        self.line = self.at;
        self.gap = Gap::Break;
        let begins_with_letter = self.bytes.get(self.at).is_some_and(u8::is_ascii_lowercase);
        if !begins_with_letter {
            return;
        }
        if self.stack.is_empty() {
            let previous = self.scan.cuts.last().map_or(0, |cut| cut.text);
            if self.last == b'}' && self.at - previous >= PIECE {
                self.before(b'a');
                self.scan.cuts.push(Cut { text: self.at, short: self.short.len() });
            }
        } else if self.begins_declaration() {
            self.unclosed_before(self.at);
        }
    }

    fn comment(&mut self) {
        let rest = &self.text[self.at..];
        let length = rest.find('\n').unwrap_or(rest.len());
        let text = rest[..length].trim_end();
        let span = Span::new(self.file, self.at, self.at + text.len());
        self.scan.comments.push(Comment { span, text: text.to_owned() });
        if text.bytes().fold(false, |found, b| found | (b.is_ascii_control() && b != b'\t')) {
            self.control_in(self.at, text.len());
        }
        self.blank(self.at, self.at + length);
        self.at += length;
    }

    pub fn fill(&mut self, start: usize, end: usize, with: &str) {
        self.patches.fill(self.text, start, end, with);
    }

    pub fn blank(&mut self, start: usize, end: usize) {
        self.fill(start, end, "");
    }

    pub fn open(&mut self, what: Opening) {
        let gap = self.gap;
        let body = what == Opening::Brace && gap != Gap::Break && self.short.is_value();
        if body {
            self.short.end_expression(!self.after_body);
        }
        self.before(self.bytes[self.at]);
        let short = self.short.open(what.text().as_bytes(), gap, self.at);
        let open = Open { what, at: self.at, line: self.line, short, body };
        self.stack.push(open);
        self.scan.deepest = self.scan.deepest.max(self.stack.len());
        self.last = self.bytes[self.at];
        self.at += what.text().len();
        if self.stack.len() > MAX_NESTING {
            let span = Span::new(self.file, open.at, self.at);
            let help = "name the inner part with `let`, or write it as a `type` or a `fn` of its own";
            let label = format!("the {}th level of brackets and strings", MAX_NESTING + 1);
            self.scan.diagnostics.push(Diagnostic::new(&codes::TOO_DEEP, "").at(span, label).help(help));
            self.scan.refused = true;
        }
    }

    fn close(&mut self, byte: u8) {
        let closing = byte as char;
        let matches = |open: &Open| open.what.closing().starts_with(closing);
        match self.stack.last().copied() {
            Some(open) if matches(&open) => {
                self.note_indent(open);
                self.before(byte);
                self.short.raw(byte, self.at);
                self.after_body = open.body;
                self.stack.pop();
                if self.stack.is_empty() {
                    self.suspect = None;
                }
                self.last = byte;
                self.at += 1;
            }
            _ => self.stray(byte),
        }
    }

    /// Remembers the first opening whose closing bracket leads its line at another indent than the line of the opening.
    fn note_indent(&mut self, open: Open) {
        let leads = self.bytes[self.line..self.at].iter().all(|b| matches!(b, b' ' | b'\t'));
        let indent = |line: usize| self.bytes[line..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
        if self.suspect.is_none() && leads && open.line != self.line && indent(open.line) != indent(self.line) {
            self.suspect = Some(open);
        }
    }

    /// Whether the line that begins here can only be a declaration: `let x`, `server web … {`.
    fn begins_declaration(&self) -> bool {
        if self.stack.iter().any(|open| open.what == Opening::Triple) {
            return false;
        }
        let rest = &self.text[self.at..];
        let line = rest.split('\n').next().unwrap_or("");
        let mut words = line.split([' ', '\t']).filter(|word| !word.is_empty());
        let (Some(first), Some(second)) = (words.next(), words.next()) else { return false };
        let is_name = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'));
        let opens = line.trim_end().ends_with(['{', '}']);
        let second_starts = second.starts_with(|c: char| c.is_ascii_alphabetic() || c == '"');
        let keyword =
            matches!(first, "let" | "param" | "output" | "fn" | "type" | "moved" | "forget" | "import" | "secret");
        is_name(first) && !RESERVED.contains(&first) && second_starts && (keyword || opens)
    }

    fn finish(mut self, shorten: bool) -> Scan {
        if !self.scan.refused {
            if let Some(at) = self.stack.iter().position(|open| open.what == Opening::Quote) {
                self.unclosed_in_quote(at);
            }
            if !self.stack.is_empty() {
                self.unclosed_before(self.bytes.len());
            }
        }
        self.short.end_expression(!self.after_body);
        let Scanner { text, patches, short, mut scan, .. } = self;
        scan.patched = patches.apply(text);
        scan.told = merged(scan.told);
        scan.short = (shorten && scan.diagnostics.is_empty()).then_some(short);
        scan
    }
}

/// The ranges in order, those that overlap as one.
fn merged(mut ranges: Vec<(usize, usize)>) -> Vec<(usize, usize)> {
    ranges.sort_unstable();
    let mut merged: Vec<(usize, usize)> = Vec::with_capacity(ranges.len());
    for (start, end) in ranges {
        match merged.last_mut() {
            Some(last) if start < last.1 => last.1 = last.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    merged
}
