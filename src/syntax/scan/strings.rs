//! Inside a string: to its end, its next interpolation, or the end of the line that it should have closed on.

use super::scanner::{Opening, Scanner};
use crate::diag::Diagnostic;
use crate::model::Span;
use crate::syntax::codes;

/// Bytes between the quotes (`design: language`, "Limits").
const MAX_STRING: usize = 1024 * 1024;

/// Bytes of a string that mean nothing but themselves.
static PLAIN: [bool; 256] = plain();

const fn plain() -> [bool; 256] {
    let mut table = [true; 256];
    let mut byte = 0;
    while byte < 32 {
        table[byte] = byte == b'\t' as usize || byte == b'\r' as usize;
        byte += 1;
    }
    table[b'"' as usize] = false;
    table[b'\\' as usize] = false;
    table[b'$' as usize] = false;
    table[127] = false;
    table
}

impl Scanner<'_> {
    /// Goes on inside the string that is open, up to what ends this part of it.
    pub(super) fn string_part(&mut self) {
        let Some(open) = self.stack.last().copied() else { return };
        let triple = open.what == Opening::Triple;
        while let Some(byte) = self.bytes.get(self.at) {
            match byte {
                _ if PLAIN[*byte as usize] => self.at += 1,
                b'"' if !triple => return self.close_string(1),
                b'"' if self.bytes[self.at..].starts_with(b"\"\"\"") => return self.close_string(3),
                b'\\' if self.bytes.get(self.at + 1).is_some_and(|next| *next != b'\n' || triple) => self.at += 2,
                b'$' if self.bytes.get(self.at + 1) == Some(&b'{') => return self.open(Opening::Hole),
                b'\n' if triple => {
                    self.at += 1;
                    self.line = self.at;
                }
                b'\n' => return self.line_break_in_quote(),
                0..=8 | 11 | 12 | 14..=31 | 127 => self.control_character(),
                _ => self.at += 1,
            }
        }
    }

    fn line_break_in_quote(&mut self) {
        if let Some(at) = self.stack.iter().position(|open| open.what == Opening::Quote) {
            self.unclosed_in_quote(at);
        }
    }

    fn close_string(&mut self, quotes: usize) {
        let Some(open) = self.stack.pop() else { return };
        self.short.close_string(open.short, self.at, self.at + quotes);
        self.at += quotes;
        self.last = b'"';
        if self.at - open.at > MAX_STRING + 2 * quotes {
            let span = Span::new(self.file, open.at, open.at + quotes);
            let label = format!("{} bytes", self.at - open.at - 2 * quotes);
            let help =
                "leave it where it can be fetched from, and write its address; `file(\"…\")` reads no more either";
            self.scan.diagnostics.push(Diagnostic::new(&codes::STRING_TOO_LONG, "").at(span, label).help(help));
            self.scan.told.push((open.at, self.at));
            self.fill(open.at, self.at, "0");
        }
    }

    /// The quoted string at this height of the stack meets the end of its line: tells it, and takes the string out of the text.
    pub(super) fn unclosed_in_quote(&mut self, height: usize) {
        let quote = self.stack[height];
        let hole = self.stack[height + 1..].iter().find(|open| open.what == Opening::Hole).copied();
        let end_of_line =
            self.bytes[self.at..].iter().position(|b| *b == b'\n').map_or(self.bytes.len(), |at| self.at + at);
        let line = &self.text[quote.at..end_of_line];
        match hole {
            Some(hole) => {
                let span = Span::new(self.file, hole.at, hole.at + 2);
                let help = "close it with `}` on the same line; name a longer expression with `let`";
                let diagnostic = Diagnostic::new(&codes::UNCLOSED_INTERPOLATION, "").at(span, "opened here").help(help);
                self.scan.diagnostics.push(diagnostic);
            }
            None => {
                let span = Span::new(self.file, quote.at, quote.at + 1);
                let help = "close it with `\"` on the same line; text of several lines stands between `\"\"\"` lines";
                let label = "opened here, open at the end of the line";
                self.scan.diagnostics.push(Diagnostic::new(&codes::UNCLOSED_STRING, "").at(span, label).help(help));
            }
        }
        // Brackets at the very end of the line were most likely meant to stand after the string.
        let kept = line.trim_end_matches(['}', ')', ']', '{', ',', ' ', '\t', '\r']).len().max(1);
        let tail = line[kept..].trim_start();
        let resume = if self.fits(height, tail) { end_of_line - tail.len() } else { end_of_line };
        self.scan.told.push((quote.at, resume));
        self.fill(quote.at, resume, "0");
        self.stack.truncate(height);
        self.last = b'0';
        self.at = resume;
    }

    /// Whether each closing bracket of the line's tail closes something opened on this line, or the tail opens a body.
    fn fits(&self, height: usize, tail: &str) -> bool {
        let mut open = self.stack[..height].to_vec();
        tail.chars().filter(|c| !matches!(c, ',' | ' ' | '\t' | '\r')).all(|c| match c {
            '{' => open.is_empty(),
            closing => {
                open.pop().is_some_and(|open| open.line == self.line && open.what.closing().starts_with(closing))
            }
        })
    }
}
