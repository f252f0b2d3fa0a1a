//! The short text: what is left of a sound text for the grammar to read. Comments, indents and blanks that mean nothing are gone; a word, a
//! number, a string, a member, an operator is one character, a mark. Each character knows its place in the original.
//!
//! The grammar reads the marks beside the spelled forms, so one grammar serves both texts: the short one is parsed first, since the parser's
//! time goes by characters tried; where it does not parse whole, the original is parsed, from which the complaints are made. Whatever is
//! shortened here must therefore parse exactly as it does spelled out; `tests/properties.rs` holds the two against each other.

/// A word.
const WORD: u8 = 0x01;
/// A word, a path `a.b.c`, a number, a string that is a whole expression: a comma, a closing bracket or the end of the line follows.
const WHOLE_WORD: u8 = 0x02;
const WHOLE_PATH: u8 = 0x03;
const WHOLE_NUMBER: u8 = 0x04;
const WHOLE_STRING: u8 = 0x05;
/// A string without interpolations.
const STRING: u8 = 0x06;
const NUMBER: u8 = 0x07;
/// A word and the `=` behind it; its place is the word's.
const KEY: u8 = 0x08;
/// `.name`
const MEMBER: u8 = 0x0e;
/// An operator between two operands, but for `-`, which is `MINUS`, and for those that go on with the line above.
pub(super) const OPERATOR: u8 = 0x0f;
const MINUS: u8 = 0x10;
/// `(` of a call and `[` of an index.
const CALL: u8 = 0x11;
const INDEX: u8 = 0x12;
/// Nothing that stands there: the expression before is at its end, where it is not one character.
const END: u8 = 0x13;
/// A quote of a string with interpolations.
const QUOTE: u8 = 0x14;
/// `?` of a conditional.
const THEN: u8 = 0x15;

/// What lies between two tokens.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::syntax) enum Gap {
    None,
    Blank,
    Break,
}

/// A piece of a file: where it begins in the text and in the short text.
#[derive(Clone, Copy, Default, Debug)]
pub(in crate::syntax) struct Cut {
    pub text: usize,
    pub short: usize,
}

/// The short text with the place of each of its characters.
#[derive(Default)]
pub(in crate::syntax) struct Short {
    bytes: Vec<u8>,
    /// First byte, and the byte after the last, in the original.
    pub starts: Vec<u32>,
    pub ends: Vec<u32>,
}

impl Short {
    pub fn for_text(text: &str) -> Short {
        let size = text.len() / 2;
        Short { bytes: Vec::with_capacity(size), starts: Vec::with_capacity(size), ends: Vec::with_capacity(size) }
    }

    pub fn text(&self) -> &str {
        // Only ASCII is written; marks are control characters, which the scan refuses everywhere.
        std::str::from_utf8(&self.bytes).unwrap_or_default()
    }

    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether `*` would be that of `[*]`.
    pub fn is_after_bracket(&self) -> bool {
        matches!(self.last(), b'[' | INDEX)
    }

    fn last(&self) -> u8 {
        self.bytes.last().copied().unwrap_or(b'\n')
    }

    fn push(&mut self, byte: u8, start: usize, end: usize) {
        self.bytes.push(byte);
        self.starts.push(start as u32);
        self.ends.push(end as u32);
    }

    /// A character as it stands.
    pub fn raw(&mut self, byte: u8, at: usize) {
        self.push(byte, at, at + 1);
    }

    /// As they stand.
    pub fn spelled(&mut self, bytes: &[u8], start: usize) {
        for (at, byte) in bytes.iter().enumerate() {
            self.raw(*byte, start + at);
        }
    }

    pub fn word(&mut self, start: usize, end: usize) {
        self.push(WORD, start, end);
    }

    pub fn number(&mut self, start: usize, end: usize) {
        self.push(NUMBER, start, end);
    }

    pub fn member(&mut self, start: usize, end: usize) {
        self.push(MEMBER, start, end);
    }

    pub fn operator(&mut self, start: usize, end: usize) {
        self.push(OPERATOR, start, end);
    }

    pub fn then(&mut self, at: usize) {
        self.push(THEN, at, at + 1);
    }

    pub fn minus(&mut self, at: usize) {
        self.push(MINUS, at, at + 1);
    }

    /// An opening bracket or quotes, after that gap; where they stand here.
    pub fn open(&mut self, opening: &[u8], gap: Gap, at: usize) -> usize {
        let follows = gap == Gap::None && self.is_value();
        match opening {
            [b'"', ..] => self.push(QUOTE, at, at + opening.len()),
            b"(" if follows => self.push(CALL, at, at + 1),
            b"[" if follows => self.push(INDEX, at, at + 1),
            _ => self.spelled(opening, at),
        }
        self.bytes.len() - 1
    }

    /// Whether what was written last can be the end of a value.
    pub fn is_value(&self) -> bool {
        matches!(self.last(), WORD..=NUMBER | MEMBER | QUOTE | b')' | b']' | b'}')
    }

    /// Closing quotes: a string in which nothing stands is one character.
    pub fn close_string(&mut self, opened: usize, start: usize, end: usize) {
        if opened + 1 == self.bytes.len() {
            self.bytes[opened] = STRING;
            self.ends[opened] = end as u32;
        } else {
            self.push(QUOTE, start, end);
        }
    }

    /// `=`: one with the word before it where that is the name of what follows, not the type in `a: int = 1`.
    pub fn equals(&mut self, gap: Gap, at: usize) {
        let length = self.bytes.len();
        let is_key = gap != Gap::Break && self.last() == WORD && {
            let before = self.bytes[..length - 1].iter().rev().find(|byte| !matches!(byte, b' ' | b'\n'));
            !matches!(before, Some(b':' | b'|'))
        };
        if is_key {
            self.bytes[length - 1] = KEY;
        } else {
            self.gap(gap, b'=', at);
            self.raw(b'=', at);
        }
    }

    /// Writes what lies before a token that begins with `next`, where it means something.
    pub fn gap(&mut self, gap: Gap, next: u8, at: usize) {
        let last = self.last();
        let after_nothing =
            matches!(last, b'\n' | b',' | b'(' | b'[' | b'{' | b':' | KEY | OPERATOR | MINUS | CALL | INDEX | THEN);
        match gap {
            Gap::None => {}
            _ if after_nothing || matches!(next, b')' | b']' | b'}') => {}
            Gap::Break => self.raw(b'\n', at - 1),
            Gap::Blank => {
                let before_nothing = matches!(next, b',' | b':' | OPERATOR)
                    || next == b'{' && matches!(last, WORD..=NUMBER | END | b')' | b']');
                if !before_nothing {
                    self.raw(b' ', at - 1);
                }
            }
        }
    }

    /// What was written last ends its expression; `value` says that a closing brace was an object's.
    pub fn end_expression(&mut self, value: bool) {
        let length = self.bytes.len();
        let Some(last) = self.bytes.last().copied() else { return };
        let whole = match last {
            WORD => WHOLE_WORD,
            NUMBER => WHOLE_NUMBER,
            STRING => WHOLE_STRING,
            MEMBER if self.end_path() => return,
            MEMBER | QUOTE | b')' | b']' => return self.end(),
            b'}' if value => return self.end(),
            _ => return,
        };
        if self.begins_expression(length - 1) {
            self.bytes[length - 1] = whole;
        } else {
            self.end();
        }
    }

    fn end(&mut self) {
        let at = self.ends[self.bytes.len() - 1] as usize;
        self.push(END, at, at);
    }

    /// Whether nothing of the expression can stand before this one of its operands.
    fn begins_expression(&self, at: usize) -> bool {
        let before = at.checked_sub(1).map_or(b'\n', |before| self.bytes[before]);
        !matches!(before, OPERATOR | MINUS | THEN | b'!' | b'?' | b'.' | b'&' | b'|' | b'-')
    }

    /// Makes one character of `a.b.c`, where that is the whole expression.
    fn end_path(&mut self) -> bool {
        let members = self.bytes.iter().rev().take_while(|byte| **byte == MEMBER).count();
        let Some(first) = self.bytes.len().checked_sub(members + 1) else { return false };
        let is_path = self.bytes[first] == WORD && self.begins_expression(first);
        if is_path {
            self.bytes[first] = WHOLE_PATH;
            self.ends[first] = self.ends[first + members];
            self.bytes.truncate(first + 1);
            self.starts.truncate(first + 1);
            self.ends.truncate(first + 1);
        }
        is_path
    }
}
