//! A text as tokens, with the partner of every bracket and quote. Well-formed texts only; knows no grammar.

use std::ops::Range;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Word,
    /// With its unit.
    Number,
    /// `"` or `"""`.
    Quote,
    /// What stands between quotes and interpolations.
    Text,
    /// Of `( [ {` and `${`.
    Open,
    Close,
    Comma,
    Operator,
}

#[derive(Clone, Debug)]
pub struct Token {
    pub what: What,
    pub range: Range<usize>,
    /// The token that it opens with or closes.
    pub partner: Option<usize>,
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    tokens: Vec<Token>,
    /// Open tokens by index; quotes among them.
    open: Vec<usize>,
}

/// Every token of the text in order; comments and blanks are none.
pub fn tokens(text: &str) -> Vec<Token> {
    let mut lexer = Lexer { text, at: 0, tokens: Vec::new(), open: Vec::new() };
    while lexer.at < text.len() {
        lexer.step();
    }
    lexer.tokens
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn push(&mut self, what: What, length: usize) -> usize {
        self.tokens.push(Token { what, range: self.at..self.at + length, partner: None });
        self.at += length;
        self.tokens.len() - 1
    }

    fn open(&mut self, what: What, length: usize) {
        let at = self.push(what, length);
        self.open.push(at);
    }

    fn close(&mut self, what: What, length: usize) {
        let at = self.push(what, length);
        if let Some(partner) = self.open.pop() {
            self.tokens[at].partner = Some(partner);
            self.tokens[partner].partner = Some(at);
        }
    }

    fn within(&self) -> Option<&str> {
        self.open.last().map(|at| &self.text[self.tokens[*at].range.clone()])
    }

    fn step(&mut self) {
        match self.within() {
            Some("\"") => self.in_text("\""),
            Some("\"\"\"") => self.in_text("\"\"\""),
            _ => self.in_code(),
        }
    }

    fn in_text(&mut self, quote: &str) {
        let rest = self.rest();
        if rest.starts_with(quote) {
            self.close(What::Quote, quote.len());
        } else if rest.starts_with("${") {
            self.open(What::Open, 2);
        } else {
            let mut length = 0;
            while length < rest.len() && !rest[length..].starts_with(quote) && !rest[length..].starts_with("${") {
                let escaped = rest[length..].starts_with('\\');
                let mut taken = rest[length..].chars().take(1 + usize::from(escaped));
                length += taken.by_ref().map(char::len_utf8).sum::<usize>();
            }
            self.push(What::Text, length);
        }
    }

    fn in_code(&mut self) {
        let rest = self.rest();
        let run = |fits: fn(char) -> bool| rest.find(|c| !fits(c)).unwrap_or(rest.len());
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        match rest.chars().next().unwrap_or_default() {
            ' ' | '\t' | '\n' | '\r' => self.at += 1,
            '#' => self.at += rest.find('\n').unwrap_or(rest.len()),
            '"' => self.open(What::Quote, if rest.starts_with("\"\"\"") { 3 } else { 1 }),
            '(' | '[' | '{' => self.open(What::Open, 1),
            ')' | ']' | '}' => self.close(What::Close, 1),
            ',' => _ = self.push(What::Comma, 1),
            '0'..='9' => {
                let mut length = run(is_word);
                if rest[length..].starts_with('.') && rest[length + 1..].starts_with(|c: char| c.is_ascii_digit()) {
                    length += 1 + rest[length + 1..].find(|c| !is_word(c)).unwrap_or(rest.len() - length - 1);
                }
                self.push(What::Number, length);
            }
            c if is_word(c) => _ = self.push(What::Word, run(is_word)),
            _ => {
                let two = ["..=", "...", "=>", "->", "==", "!=", "<=", ">=", "&&", "||", "??", "?.", "..", "?["];
                let length = two.iter().find(|one| rest.starts_with(**one)).map_or(1, |one| one.len());
                let bracket = usize::from(length == 2 && rest.starts_with("?["));
                let one = rest.chars().next().map_or(1, char::len_utf8);
                self.push(What::Operator, if length == 1 { one } else { length - bracket });
            }
        }
    }
}
