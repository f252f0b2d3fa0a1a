//! Words, numbers and operators: what of them goes into the short text.

use super::scanner::{Opening, Scanner};
use super::short::{Gap, OPERATOR};

/// Words that the grammar looks for: anywhere, and outside of all brackets. They stay spelled out.
const WORDS: [&[u8]; 3] = [b"for", b"if", b"in"];
const OUTER_WORDS: [&[u8]; 20] = [
    b"action",
    b"by",
    b"check",
    b"data",
    b"environment",
    b"fn",
    b"forget",
    b"from",
    b"import",
    b"let",
    b"module",
    b"moved",
    b"output",
    b"param",
    b"policy",
    b"project",
    b"provider",
    b"secret",
    b"test",
    b"type",
];

static IN_WORD: [bool; 256] = in_word();

const fn in_word() -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = (byte as u8).is_ascii_alphanumeric() || byte as u8 == b'_';
        byte += 1;
    }
    table
}

impl Scanner<'_> {
    /// Before a token that begins with `next`: what the blanks before it mean.
    pub(super) fn before(&mut self, next: u8) {
        let gap = std::mem::replace(&mut self.gap, Gap::None);
        let ends = match next {
            b',' | b')' | b']' | b'}' | b':' => true,
            b'.' | b'?' | b'&' | b'|' => false,
            _ => gap == Gap::Break && self.stack.last().is_none_or(|open| open.what == Opening::Brace),
        };
        let after_body = std::mem::replace(&mut self.after_body, false);
        if ends {
            self.short.end_expression(!after_body);
        }
        self.short.gap(gap, next, self.at);
    }

    pub(super) fn word(&mut self) {
        let (start, end) = (self.at, self.end_of_word(self.at + 1));
        let word = &self.bytes[start..end];
        self.before(b'a');
        let is_spelled = match self.stack.is_empty() {
            true => word.len() <= 11 && (WORDS.contains(&word) || OUTER_WORDS.contains(&word)),
            false => word.len() <= 3 && WORDS.contains(&word),
        };
        if is_spelled {
            self.short.spelled(word, start);
        } else {
            self.short.word(start, end);
        }
        self.last = b'a';
        self.at = end;
    }

    fn end_of_word(&self, from: usize) -> usize {
        let rest = &self.bytes[from..];
        from + rest.iter().position(|b| !IN_WORD[*b as usize]).unwrap_or(rest.len())
    }

    /// Digits and letters; once more after a point that a digit follows.
    pub(super) fn number(&mut self) {
        let start = self.at;
        let mut end = self.end_of_word(start + 1);
        if self.bytes.get(end) == Some(&b'.') && self.bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
            end = self.end_of_word(end + 2);
        }
        self.before(b'0');
        self.short.number(start, end);
        self.last = b'0';
        self.at = end;
    }

    /// Whatever else is visible.
    pub(super) fn symbol(&mut self, byte: u8) {
        let next = self.bytes.get(self.at + 1).copied().unwrap_or(b'\n');
        self.last = byte;
        match (byte, next) {
            (b'.', b'.') => self.dots(),
            (b'.', b'a'..=b'z' | b'A'..=b'Z' | b'_') => {
                let end = self.end_of_word(self.at + 2);
                self.before(byte);
                self.short.member(self.at, end);
                self.last = b'a';
                self.at = end;
            }
            (b'?', b'?') | (b'&', b'&') | (b'|', b'|') if self.gap != Gap::Break => self.operator(2),
            (b'?', b' ' | b'\n') if self.gap == Gap::Blank => {
                self.before(OPERATOR);
                self.short.then(self.at);
                self.at += 1;
            }
            (b'?', b'?' | b'.') | (b'&', b'&') | (b'|', b'|') | (b'=', b'>') | (b'-', b'>') => self.spelled(2),
            (b'=' | b'!' | b'<' | b'>', b'=') => self.operator(2),
            (b'<' | b'>' | b'+' | b'/' | b'%', _) => self.operator(1),
            (b'*', _) if !self.short.is_after_bracket() => self.operator(1),
            (b'-', _) => {
                self.before(OPERATOR);
                self.short.minus(self.at);
                self.at += 1;
            }
            (b'=', _) => {
                let gap = std::mem::replace(&mut self.gap, Gap::None);
                self.short.equals(gap, self.at);
                self.at += 1;
            }
            _ => self.spelled(1),
        }
    }

    /// `..`, `..=`, `...`, and more that mean nothing.
    fn dots(&mut self) {
        let count = self.bytes[self.at..].iter().take_while(|byte| **byte == b'.').count();
        match count {
            2 if self.bytes.get(self.at + 2) == Some(&b'=') => self.operator(3),
            2 => self.operator(2),
            _ => self.spelled(count),
        }
    }

    fn operator(&mut self, length: usize) {
        self.before(OPERATOR);
        self.short.operator(self.at, self.at + length);
        self.at += length;
    }

    fn spelled(&mut self, length: usize) {
        self.before(self.bytes[self.at]);
        self.short.spelled(&self.bytes[self.at..self.at + length], self.at);
        self.at += length;
    }
}
