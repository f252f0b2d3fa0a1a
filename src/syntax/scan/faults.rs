//! What the walk complains of outside strings, and how it mends the copy that is parsed.

use super::scanner::{Open, Opening, Scanner};
use crate::diag::{Code, Diagnostic};
use crate::model::Span;
use crate::syntax::codes;

impl Scanner<'_> {
    fn tell(&mut self, code: &'static Code, start: usize, end: usize, label: impl Into<String>, help: &str) {
        self.complain(code, start, end, label, help);
        self.scan.told.push((start, end));
    }

    /// As `tell`, where the copy that is parsed is mended whole: what else is wrong there is worth telling.
    fn complain(&mut self, code: &'static Code, start: usize, end: usize, label: impl Into<String>, help: &str) {
        let span = Span::new(self.file, start, end);
        self.scan.diagnostics.push(Diagnostic::new(code, "").at(span, label).help(help));
    }

    /// Looked for once in a line, however much is wrong in it.
    fn end_of_line(&mut self) -> usize {
        if self.at > self.line_end || self.line_end == 0 {
            let rest = self.bytes[self.at..].iter().position(|b| *b == b'\n');
            self.line_end = rest.map_or(self.bytes.len(), |at| self.at + at);
        }
        self.line_end
    }

    pub(super) fn single_quotes(&mut self) {
        let (start, end) = (self.at, self.end_of_line());
        let closing = self.bytes[start + 1..end].iter().position(|b| *b == b'\'');
        let stop = closing.map_or(start + 1, |at| start + at + 2);
        let (label, help) = ("strings stand in double quotes", "write \"…\" instead of '…'");
        match closing {
            Some(_) => self.complain(&codes::SINGLE_QUOTES, start, stop, label, help),
            None => self.tell(&codes::SINGLE_QUOTES, start, stop, label, help),
        }
        // As a plain string of the same length, so that a place that wants text finds one.
        let filler = if stop - start > 1 { format!("\"{}\"", "x".repeat(stop - start - 2)) } else { String::new() };
        self.fill(start, stop, &filler);
        self.last = b'0';
        self.at = stop;
    }

    pub(super) fn slash_comment(&mut self) {
        let start = self.at;
        let block = self.bytes[start + 1] == b'*';
        let end = if block {
            self.text[start + 2..].find("*/").map_or(self.bytes.len(), |at| start + at + 4)
        } else {
            self.end_of_line()
        };
        let help = if block { "begin every line of the comment with `#`" } else { "begin the comment with `#`" };
        self.complain(&codes::SLASH_COMMENT, start, start + 2, "comments begin with `#`", help);
        self.blank(start, end);
        self.at = end;
    }

    /// `<<EOF`, `<<-EOF`: up to the line that repeats the word.
    pub(super) fn heredoc(&mut self) {
        let (start, text) = (self.at, self.text);
        let rest = &text[start + 2..];
        let word = rest.trim_start_matches(['-', '~']);
        let dashes = rest.len() - word.len();
        let word = &word[..word.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(word.len())];
        if !word.starts_with(|c: char| c.is_ascii_alphabetic()) {
            self.last = b'<';
            self.at += 1;
            return;
        }
        let label_end = start + 2 + dashes + word.len();
        let mut end = self.end_of_line();
        let mut found = false;
        // Many that are never closed would each look through the rest of the file.
        while end < self.bytes.len() && !found && self.lines_to_search > 0 && !self.endless.contains(word) {
            self.lines_to_search -= 1;
            let line = self.text[end + 1..].split('\n').next().unwrap_or("");
            found = line.trim() == word;
            end += 1 + line.len();
        }
        if !found {
            self.endless.insert(word);
            end = self.end_of_line();
        }
        let help = "put the text between `\"\"\"` lines; the indent of the closing line is dropped";
        self.complain(&codes::HEREDOC, start, label_end, "there are no heredocs", help);
        if !found {
            self.scan.told.push((start, end));
        }
        self.fill(start, end, "\"\"");
        self.last = b'"';
        self.at = end;
    }

    pub(super) fn semicolon(&mut self) {
        let help = "remove it; put each declaration and each entry on a line of its own";
        self.complain(&codes::SEMICOLON, self.at, self.at + 1, "nothing ends with `;`", help);
        let end = self.end_of_line();
        let at_line_end = self.bytes[self.at + 1..end].iter().all(|b| matches!(b, b' ' | b'\t' | b'\r'));
        let filler = match (at_line_end, self.stack.is_empty()) {
            (true, _) => " ",
            (false, true) => "\n",
            (false, false) => ",",
        };
        self.fill(self.at, self.at + 1, filler);
        self.at += 1;
    }

    pub(super) fn unexpected_character(&mut self) {
        let Some(c) = self.text[self.at..].chars().next() else { return };
        let start = self.at;
        let rest = &self.text[start..];
        let run = || rest.find(|other: char| other.is_ascii()).unwrap_or(rest.len());
        let one = start + c.len_utf8();
        let is_blank = matches!(c, '\u{a0}' | '\u{2000}'..='\u{200b}' | '\u{202f}' | '\u{feff}') || c.is_control();
        let (end, help) = match c {
            '“' | '”' | '„' | '«' | '»' | '‘' | '’' => (one, "quote with the plain `\"`"),
            _ if c.is_control() => (one, "remove it"),
            _ if is_blank => (one, "replace it with a plain blank"),
            _ if c.is_alphanumeric() => (start + run(), "names are ASCII: letters, digits and `_`; quote a text"),
            _ => (one, "remove it"),
        };
        let label = if c.is_alphanumeric() { "not ASCII".to_owned() } else { format!("U+{:04X}", c as u32) };
        self.tell(&codes::UNEXPECTED_CHARACTER, start, end, label, help);
        // A visible character was most likely meant to be part of a value.
        let filler = if is_blank { String::new() } else { "x".repeat(end - start) };
        self.fill(start, end, &filler);
        self.last = if is_blank { self.last } else { b'x' };
        self.at = end;
    }

    /// A control character inside a string.
    pub(super) fn control_character(&mut self) {
        let label = format!("U+{:04X}", self.bytes[self.at]);
        let help = "write it as an escape: \\u{…}";
        self.tell(&codes::UNEXPECTED_CHARACTER, self.at, self.at + 1, label, help);
        self.blank(self.at, self.at + 1);
        self.at += 1;
    }

    /// Control characters inside a comment.
    pub(super) fn control_in(&mut self, start: usize, length: usize) {
        let bytes = self.bytes;
        let is_control = |b: &u8| b.is_ascii_control() && *b != b'\t';
        let first = bytes[start..start + length].iter().position(is_control).unwrap_or(0) + start;
        self.tell(&codes::UNEXPECTED_CHARACTER, first, first + 1, format!("U+{:04X}", bytes[first]), "remove it");
    }

    /// A closing bracket that does not fit what is open.
    pub(super) fn stray(&mut self, byte: u8) {
        let closing = byte as char;
        let holder = self.stack.iter().rposition(|open| {
            matches!(open.what, Opening::Quote | Opening::Triple) || open.what.closing().starts_with(closing)
        });
        let fitting = holder.filter(|at| !matches!(self.stack[*at].what, Opening::Quote | Opening::Triple));
        match fitting {
            Some(height) => {
                let open = self.stack[height + 1];
                let label = format!("`{}` is open at this `{closing}`", open.what.text());
                let what = open.what.closing();
                let help = format!("close it with `{what}`");
                let span = Span::new(self.file, open.at, open.at + open.what.text().len());
                let here = Span::new(self.file, self.at, self.at + 1);
                let diagnostic = Diagnostic::new(&codes::UNCLOSED_BRACKET, "");
                self.scan.diagnostics.push(diagnostic.at(span, "opened here").and(here, label).help(help));
                self.take_out(open);
                self.stack.truncate(height + 1);
            }
            None if self.mend_kind(byte) => {}
            None => {
                let help = "remove it, or open it before";
                self.tell(&codes::STRAY_BRACKET, self.at, self.at + 1, "nothing is open that it could close", help);
                self.blank(self.at, self.at + 1);
                self.at += 1;
            }
        }
    }

    /// `f(1]`: takes the wrong bracket for the right one where the opening stands on the same line; false where it does not.
    fn mend_kind(&mut self, byte: u8) -> bool {
        let Some(open) = self.stack.last().copied() else { return false };
        let is_bracket = matches!(open.what, Opening::Bracket | Opening::Parenthesis);
        if !is_bracket || open.line != self.line {
            return false;
        }
        let right = open.what.closing();
        let here = Span::new(self.file, self.at, self.at + 1);
        let diagnostic = Diagnostic::new(&codes::MISMATCHED_BRACKETS, "")
            .at(here, format!("`{}` does not close `{}`", byte as char, open.what.text()))
            .and(Span::new(self.file, open.at, open.at + 1), "opened here")
            .help(format!("write `{right}`"));
        self.scan.diagnostics.push(diagnostic);
        self.fill(self.at, self.at + 1, right);
        self.stack.pop();
        self.last = byte;
        self.at += 1;
        true
    }

    /// Replaces an opening that nothing closes: to the end of its line where that part is balanced, else up to here.
    fn take_out(&mut self, open: Open) {
        let end_of_line = self.bytes[open.at..].iter().position(|b| *b == b'\n').map_or(self.at, |at| open.at + at);
        let part = &self.bytes[open.at + 1..end_of_line.min(self.at)];
        let opens = part.iter().filter(|b| matches!(b, b'{' | b'[' | b'(')).count();
        let closes = part.iter().filter(|b| matches!(b, b'}' | b']' | b')')).count();
        let end = if opens == closes { end_of_line.min(self.at) } else { self.at };
        self.scan.told.push((open.at, end));
        self.fill(open.at, end, "0");
    }

    /// What is still open where a declaration begins, or the file ends.
    pub(super) fn unclosed_before(&mut self, here: usize) {
        let innermost = self.stack[self.stack.len() - 1];
        let open = self.suspect.filter(|_| innermost.what != Opening::Triple).unwrap_or(innermost);
        let text = open.what.text();
        let span = Span::new(self.file, open.at, open.at + text.len());
        let (code, label) = match open.what {
            Opening::Triple => (&codes::UNCLOSED_STRING, "opened here, open at the end of the file"),
            Opening::Hole => (&codes::UNCLOSED_INTERPOLATION, "opened here"),
            _ => (&codes::UNCLOSED_BRACKET, "opened here"),
        };
        let closing = open.what.closing();
        let mut diagnostic = Diagnostic::new(code, "").at(span, label).help(format!("close it with `{closing}`"));
        if here < self.bytes.len() {
            diagnostic =
                diagnostic.and(Span::new(self.file, here, here + 1), "still open where this declaration begins");
        }
        self.scan.diagnostics.push(diagnostic);
        self.scan.told.push((open.at, open.at + 1));
        self.close_all(here);
        self.stack.clear();
        self.suspect = None;
        self.last = b'}';
    }

    /// Writes the missing closings over the blanks before `here`, after the end, or takes the open part out.
    fn close_all(&mut self, here: usize) {
        let has_string = self.stack.iter().any(|open| matches!(open.what, Opening::Triple | Opening::Hole));
        let closings: String = self.stack.iter().rev().map(|open| open.what.closing()).collect();
        let blanks = self.bytes[..here].iter().rev().take_while(|b| b.is_ascii_whitespace()).count();
        let outermost = self.stack[0];
        if has_string || (here < self.bytes.len() && blanks <= closings.len()) {
            let start = self.text[..outermost.at].rfind('\n').map_or(0, |at| at + 1);
            self.scan.told.push((start, here));
            self.blank(start, here);
            if here < self.bytes.len() {
                self.fill(here - 1, here, "\n");
            }
        } else if here < self.bytes.len() {
            self.fill(here - blanks, here - 1, &closings);
        } else {
            self.patches.append(&closings);
        }
    }
}
