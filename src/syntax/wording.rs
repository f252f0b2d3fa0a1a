//! Where the parser stopped and what could have stood there, in the words of the language.

use super::codes;
use super::grammar::Rule;
use crate::diag::{Code, Diagnostic};
use crate::model::Span;

/// A stop of the parser in a text that is no `rule`.
pub(super) struct Stop<'t> {
    rule: Rule,
    text: &'t str,
    /// What could have stood there, as the grammar writes it.
    tokens: Vec<String>,
    /// The token found: its bytes; empty at the end of the text.
    start: usize,
    end: usize,
}

/// The groups of things that can be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Operator,
    /// The `:` of a conditional or a comprehension.
    Colon,
    Arrow,
    Value,
    Equals,
    Annotation,
    Type,
    Body,
    Name,
    Text,
    Word(&'static str),
    Other,
}

impl<'t> Stop<'t> {
    pub fn new(rule: Rule, text: &'t str, reached: usize, tokens: Vec<String>) -> Stop<'t> {
        let (start, end) = token_at(text, reached);
        Stop { rule, text, tokens, start, end }
    }

    fn has(&self, token: &str) -> bool {
        self.tokens.iter().any(|other| other == token)
    }

    fn before(&self) -> &'t str {
        self.text[..self.start].trim_end()
    }

    /// A line break lies between what came before and the token found.
    fn breaks(&self) -> bool {
        self.text[self.before().len()..self.start].contains('\n')
    }

    fn wanted(&self) -> Wanted {
        // After a word the parser has also tried one more letter or digit; a name begins with a letter alone.
        let name = self.has("a..z") && !self.has("0..9");
        let operator = self.has("||") || self.has("(..(");
        let ends_here = self.start == self.end;
        if self.has("\"") && self.has("(") && self.has("0..9") {
            Wanted::Value
        } else if self.has("=>") {
            Wanted::Arrow
        } else if self.has(":") && (operator || self.has("if") && !self.has("for")) {
            Wanted::Colon
        } else if self.has("\"") && self.has("(") && self.has("{") {
            Wanted::Type
        } else if self.has("->") {
            Wanted::Word("->")
        } else if self.has("from") {
            Wanted::Word("from")
        } else if self.leading() == "fn" && self.has("(") && (self.has("for") || self.has("{")) {
            Wanted::Word("(")
        } else if self.leading() == "policy" && self.has("for") && self.has("{") {
            Wanted::Word("for")
        } else if self.has("=") && (ends_here || !operator && !self.has("for")) && !self.has("}") && !self.has(")") {
            Wanted::Equals
        } else if operator && !(ends_here && self.has("{")) {
            Wanted::Operator
        } else if self.has(":") {
            Wanted::Annotation
        } else if self.has("{") {
            Wanted::Body
        } else if self.has("in") {
            Wanted::Word("in")
        } else if self.has("for") {
            Wanted::Word("for")
        } else if self.has("\"") && (!name || matches!(self.leading(), "check" | "test" | "project")) {
            Wanted::Text
        } else if name && self.start > 0 {
            Wanted::Name
        } else {
            Wanted::Other
        }
    }

    fn leading(&self) -> &'t str {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        &self.text[..self.text.find(|c| !word(c)).unwrap_or(self.text.len())]
    }

    fn token(&self) -> &'t str {
        &self.text[self.start..self.end]
    }

    fn found(&self) -> String {
        let end = match self.rule {
            Rule::alone_item => "the end of the declaration",
            Rule::alone_entry => "the end of the entry",
            _ => "the end of the text",
        };
        match (self.start == self.end, self.breaks()) {
            (true, _) => end.to_owned(),
            (false, true) if self.wanted() != Wanted::Value => "a line break".to_owned(),
            _ if self.token() == "`" => "a backtick".to_owned(),
            _ => format!("`{}`", self.token()),
        }
    }

    /// ` after `x``, or nothing at the start.
    fn after(&self) -> String {
        let before = self.before();
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let symbol = |c: char| !word(c) && !c.is_whitespace() && !matches!(c, '"' | ')' | ']' | '}' | '(' | '[' | '{');
        let last = match before.chars().next_back() {
            None => return String::new(),
            Some(c) if word(c) => before.trim_end_matches(word).len(),
            Some(c) if symbol(c) => before.trim_end_matches(symbol).len(),
            Some('"') => return " after the text".to_owned(),
            Some('{') if before.ends_with("${") => before.len() - 2,
            Some(c) => before.len() - c.len_utf8(),
        };
        format!(" after `{}`", &before[last..])
    }

    /// Where the next entry begins that was read as the rest of a line that stops short: `a = 1 +`, then `b = 2`.
    fn swallowed(&self) -> Option<usize> {
        let line = self.text[..self.start].rfind('\n')? + 1;
        let above = self.text[..line - 1].trim_end().rsplit('\n').next()?;
        let stops_short = above.ends_with(['=', '+', '-', '*', '/', '%', '<', '>', '&', '|', '?', ':', '.', '!']);
        let words = self.text[line..self.start].split_whitespace().collect::<Vec<_>>();
        let only_words =
            words.len() <= 2 && words.iter().all(|word| word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
        let token = &self.text[self.start..self.end];
        let begins_entry =
            !words.is_empty() && (token.starts_with(['=', '{', '"', ':']) || self.rule == Rule::alone_item);
        (stops_short && only_words && begins_entry).then_some(line)
    }
}

/// The diagnostic for a line that stops short and takes the next entry with it, and where that begins; asks not what could have stood there.
pub(super) fn stops_short(stop: &Stop<'_>, place: impl Fn(usize, usize) -> Span) -> Option<(Diagnostic, usize)> {
    let line = stop.swallowed()?;
    let above = stop.text[..line - 1].trim_end();
    let code_end = above.rfind('\n').map_or(0, |at| at + 1) + above.rsplit('\n').next().unwrap_or("").trim_end().len();
    let symbol = above[..code_end]
        .trim_end_matches(|c: char| !c.is_ascii_alphanumeric() && !c.is_whitespace() && !"\"')]}".contains(c));
    let operator = &above[symbol.len()..code_end];
    let (code, what) = match operator {
        "." | "?." => (&codes::EXPECTED_NAME, "a name"),
        "|" => (&codes::EXPECTED_TYPE, "a type"),
        _ => (&codes::EXPECTED_VALUE, "a value"),
    };
    let label = format!("expected {what} after `{operator}`, found the next entry");
    let help = format!("write {what} after `{operator}`; a line that ends so goes on in the next one");
    Some((Diagnostic::new(code, "").at(place(symbol.len(), code_end), label).help(help), line))
}

/// The diagnostic for a stop, and where the next entry begins if the broken one swallowed it.
pub(super) fn explain(stop: &Stop<'_>, place: impl Fn(usize, usize) -> Span) -> (Diagnostic, Option<usize>) {
    if let Some((diagnostic, line)) = stops_short(stop, &place) {
        return (diagnostic, Some(line));
    }
    let (code, label, help) = words(stop);
    let before = stop.before();
    if *code == codes::EXPECTED_COLON
        && let Some(question) = open_question(before)
    {
        let diagnostic = Diagnostic::new(code, "").at(place(question, question + 1), "no `:` follows this `?`");
        let end = stop.end.max(stop.start);
        return (diagnostic.and(place(stop.start, end), label).help(help), None);
    }
    // Where something is missing at the end of a line or of the text, the place is the last token before.
    let (start, end) = if stop.start == stop.end || stop.found() == "a line break" {
        let last = before.chars().next_back().map_or(0, char::len_utf8);
        (before.len() - last, before.len())
    } else {
        (stop.start, stop.end)
    };
    (Diagnostic::new(code, "").at(place(start, end), label).help(help), None)
}

/// The code, the label and the help.
fn words(stop: &Stop<'_>) -> (&'static Code, String, String) {
    let (found, after) = (stop.found(), stop.after());
    let expected = |what: &str| format!("expected {what}{after}, found {found}");
    if let Some(name) = dashed(stop) {
        let help = match stop.leading() {
            "environment" => format!("write `environment \"{name}\"`, or `{}`", name.replace('-', "_")),
            _ => format!("write `{}`", name.replace('-', "_")),
        };
        return (&codes::BAD_NAME, "names have `_` where others have `-`".to_owned(), help);
    }
    if let Some(help) = value_habit(stop) {
        return (&codes::EXPECTED_VALUE, expected("a value"), help.to_owned());
    }
    match stop.wanted() {
        Wanted::Value => (&codes::EXPECTED_VALUE, expected("a value"), format!("write a value{after}")),
        Wanted::Type => {
            let help = "write a type, such as `string`, `int`, `list(string)` or `\"a\" | \"b\"`";
            (&codes::EXPECTED_TYPE, expected("a type"), help.to_owned())
        }
        Wanted::Colon => {
            let help = "write `condition ? value : other`, or `for x in xs : value` in a comprehension";
            (&codes::EXPECTED_COLON, expected("`:`"), help.to_owned())
        }
        Wanted::Arrow => {
            (&codes::EXPECTED_ARROW, expected("`=>`"), "write `{ for k, v in m : key => value }`".to_owned())
        }
        Wanted::Equals => (&codes::EXPECTED_EQUALS, expected("`=`"), "write `name = value`".to_owned()),
        Wanted::Annotation => (&codes::EXPECTED_TYPE, expected("`:` and a type"), "write `name: TYPE`".to_owned()),
        Wanted::Body => {
            let help = "open the body with `{` at the end of the header's line";
            (&codes::EXPECTED_BODY, expected("`{`"), help.to_owned())
        }
        Wanted::Name => {
            let help = match stop.token() {
                "*" if stop.before().ends_with('.') => "all of them are `[*]`: `server.web[*].id`",
                number if stop.before().ends_with('.') && number.starts_with(|c: char| c.is_ascii_digit()) => {
                    "write it in brackets: `list[0]`, `server.web[1]` (the key of an instance, not its place)"
                }
                _ => "write a name: lower-case letters, digits and `_`, a letter first, without quotes",
            };
            (&codes::EXPECTED_NAME, expected("a name"), help.to_owned())
        }
        Wanted::Text => (&codes::EXPECTED_TEXT, expected("a text in double quotes"), "write `\"…\"`".to_owned()),
        Wanted::Word(word) => (&codes::EXPECTED_WORD, expected(&format!("`{word}`")), header_form(word).to_owned()),
        Wanted::Operator => trailing(stop, &found, &after),
        Wanted::Other if !stop.before().is_empty() => trailing(stop, &found, &after),
        Wanted::Other => {
            let (code, help) = match stop.rule {
                Rule::alone_item => (
                    &codes::NOT_A_DECLARATION,
                    "a declaration is `KIND NAME { … }`, `let NAME = value`, `param NAME: TYPE`, `output NAME = value` and the like",
                ),
                Rule::alone_entry => (&codes::UNEXPECTED, "an entry is `name = value`"),
                _ => (&codes::UNEXPECTED, "remove it"),
            };
            (code, format!("{found} cannot stand here"), help.to_owned())
        }
    }
}

/// The last `?` of a conditional that stands before, outside of texts and later than any `:`.
fn open_question(before: &str) -> Option<usize> {
    let mut quoted = false;
    let mut found = None;
    let bytes = before.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b':' if !quoted => found = None,
            b'?' if !quoted => {
                let next = bytes.get(at + 1);
                let other = matches!(next, Some(b'.' | b'[' | b'?')) || at > 0 && bytes[at - 1] == b'?';
                found = if other { found } else { Some(at) };
            }
            _ => {}
        }
    }
    found
}

/// Where a value is wanted: how another language begins one.
fn value_habit(stop: &Stop<'_>) -> Option<&'static str> {
    if stop.wanted() != Wanted::Value {
        return None;
    }
    let before = stop.before();
    Some(match stop.token() {
        "`" => "strings stand in double quotes; `${…}` works in them",
        "=" if before.ends_with("==") => "write `==`",
        "." if before.ends_with(['[', '{', ',']) => "a spread has three dots: `...xs`",
        "." => "write a digit before the point: `0.5`",
        _ => return None,
    })
}

/// `my-web` where a name was given.
fn dashed<'t>(stop: &Stop<'t>) -> Option<&'t str> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let before = &stop.text[..stop.start];
    let is_name = matches!(stop.wanted(), Wanted::Body | Wanted::Equals | Wanted::Annotation | Wanted::Word(_));
    let start = before.trim_end_matches(word).len();
    if stop.token() != "-" || !is_name || start == before.len() {
        return None;
    }
    let rest = &stop.text[stop.end..];
    let length = rest.find(|c: char| !word(c) && c != '-').unwrap_or(rest.len());
    (length > 0).then(|| &stop.text[start..stop.end + length])
}

fn header_form(word: &str) -> &'static str {
    match word {
        "->" => "write `moved old.address -> new.address`",
        "from" => "write `module NAME from \"./path\" { … }`",
        "(" => "write `fn NAME(a: TYPE): TYPE = value`",
        "in" => "write `for x in xs`, or `for key, value in map`",
        _ => "write `policy NAME for r in KIND { … }`",
    }
}

/// Something follows what is complete already.
fn trailing(stop: &Stop<'_>, found: &str, after: &str) -> (&'static Code, String, String) {
    let open = innermost_open(stop.before());
    if let Some(habit) = habit(stop, open) {
        return habit;
    }
    let mut wanted = Vec::new();
    if stop.has("||") || stop.has("(..(") || open == Some('(') && !stop.has(",") {
        wanted.push("an operator".to_owned());
    }
    if stop.has(",") {
        wanted.push("`,`".to_owned());
    }
    if stop.has(",") && open != Some('(') {
        wanted.push("a line break".to_owned());
    }
    let closing = open.map(|open| match open {
        '(' => ')',
        '[' => ']',
        _ => '}',
    });
    let label = match (closing, wanted.is_empty()) {
        (Some(closing), true) => format!("expected `{closing}`{after}, found {found}"),
        (Some(closing), false) => format!("expected {} or `{closing}`{after}, found {found}", wanted.join(", ")),
        (None, _) => format!("{found} cannot follow here"),
    };
    let help = match (open, stop.rule) {
        (Some(_), _) if stop.has(",") => "separate the two with a comma, or join them with an operator",
        (Some(_), _) => "close the bracket, or join the two with an operator",
        (None, Rule::alone_entry) => "put the next entry on a line of its own, or after a comma",
        (None, Rule::alone_item) => "put the next declaration on a line of its own",
        (None, _) => "remove it, or join the two with an operator",
    };
    (&codes::TRAILING, label, help.to_owned())
}

/// What follows is how another language says it.
fn habit(stop: &Stop<'_>, open: Option<char>) -> Option<(&'static Code, String, String)> {
    let before = stop.before();
    let blank_before = before.len() < stop.start;
    let after_word = before.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    let (code, label, help) = match stop.token() {
        "for" if matches!(open, Some('[' | '{')) => {
            (&codes::TRAILING, "a comprehension begins with its `for`", "write `[for x in xs if condition : value]`")
        }
        "if" if open == Some('[') && before.contains("for ") || before.starts_with("for ") => {
            (&codes::TRAILING, "a filter stands before the `:`", "write `[for x in xs if condition : value]`")
        }
        "=>" if open == Some('[') => {
            (&codes::TRAILING, "a list has values and no keys", "write `[for x in xs : value]`, or braces for a map")
        }
        "." if before.ends_with("..") => {
            (&codes::TRAILING, "a range has two dots", "write `a..b`, or `a..=b` with the end")
        }
        "|" if before.ends_with('|') => (&codes::TRAILING, "`|` joins types", "write `\"a\" | \"b\"`"),
        "," if open.is_none() && before.starts_with("type ") => {
            (&codes::TRAILING, "`|` joins types", "write `\"a\" | \"b\"`")
        }
        "=" if open.is_none() && before.ends_with(|c: char| c.is_ascii_alphanumeric() || "\"])".contains(c)) => {
            (&codes::TRAILING, "`=` gives a value to a name, once", "compare with `==`")
        }
        "in" if before.ends_with("for") => {
            (&codes::EXPECTED_NAME, "expected a name after `for`, found `in`", "write `for x in xs`")
        }
        "and" => (&codes::WORD_OPERATOR, "`&&` is meant", "write `&&`"),
        "or" => (&codes::WORD_OPERATOR, "`||` is meant", "write `||`"),
        _ if before.ends_with(" not") => {
            (&codes::WORD_OPERATOR, "`!` is meant", "write `!` before it instead of `not`")
        }
        ":" if open == Some('(') => (&codes::COLON_FOR_EQUALS, "`=` is meant", "write `f(name = value)`"),
        "(" if blank_before && after_word => {
            (&codes::TRAILING, "a call has no blank here", "write `name(…)` without the blank")
        }
        "[" if blank_before && after_word => {
            (&codes::TRAILING, "an index has no blank here", "write `name[…]` without the blank")
        }
        _ => return None,
    };
    Some((code, label.to_owned(), help.to_owned()))
}

/// The innermost bracket that is open at the end of the text.
fn innermost_open(text: &str) -> Option<char> {
    let mut open = Vec::new();
    let mut quoted = false;
    let mut escaped = false;
    for c in text.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '(' | '[' | '{' if !quoted => open.push(c),
            ')' | ']' | '}' if !quoted => {
                open.pop();
            }
            _ => {}
        }
    }
    open.pop()
}

/// The token that stands at or after `at`, as a byte range; empty at the end.
fn token_at(text: &str, at: usize) -> (usize, usize) {
    let start = text.len() - text[at..].trim_start().len();
    let rest = &text[start..];
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let length = match rest.chars().next() {
        None => 0,
        Some(c) if is_word(c) => rest.find(|c: char| !is_word(c)).unwrap_or(rest.len()),
        Some('"') => rest[1..].find(['"', '\n']).map_or(rest.len(), |end| end + 2).min(rest.len()),
        Some(c) => ["=>", "==", "&&", "||", "->", "..."]
            .iter()
            .find(|two| rest.starts_with(**two))
            .map_or(c.len_utf8(), |two| two.len()),
    };
    (start, start + length)
}
