//! Why a piece of text is no declaration, entry, expression or type: parses it alone and looks how far that came.
//! What to say about it is in `wording`.

use super::build::{Builder, Pair};
use super::codes;
use super::grammar::{Grammar, Rule};
use super::hints;
use super::wording::{Stop, explain, stops_short};
use crate::diag::Diagnostic;
use crate::model::Span;
use crate::syntax::ast::Item;
use pest::Parser;
use pest::error::{Error, ErrorVariant, InputLocation};
use pest::iterators::Pairs;
use std::sync::Mutex;

/// Bytes of a broken declaration that is explained in detail.
const MAX_DETAILED: usize = 64 * 1024;

impl Builder<'_> {
    /// An entry of a body that is none.
    pub(in crate::syntax) fn bad_entry(&mut self, pair: &Pair<'_>) {
        let _entry = self.bad(Rule::alone_entry, pair);
    }

    /// A declaration that is none; the one after it, where that was taken for its rest.
    pub(in crate::syntax) fn bad_item(&mut self, pair: &Pair<'_>) -> Option<Item> {
        let sound = self.bad(Rule::alone_item, pair)?;
        let (text, at) = (&pair.as_str()[sound - pair.as_span().start()..], sound);
        let parsed = Grammar::parse(Rule::alone_item, text).ok()?;
        let declaration = parsed.into_iter().flat_map(|one| one.into_inner()).find(|one| one.as_rule() != Rule::EOI)?;
        let base = self.base;
        self.base += at;
        let item = self.item(declaration);
        self.base = base;
        item
    }

    /// Where what follows begins, if that is sound.
    fn bad(&mut self, rule: Rule, pair: &Pair<'_>) -> Option<usize> {
        let span = pair.as_span();
        let unread = self.unread.len();
        self.unread.push((self.base + span.start(), self.base + span.end()));
        if self.is_told(span.start(), span.end()) {
            return None;
        }
        let (mut text, mut at) = (pair.as_str(), span.start());
        let mut failed = failure(rule, text);
        loop {
            let (diagnostic, next) = self.broken_at(rule, text, at, failed);
            self.diagnostics.push(diagnostic);
            // A line that stops short takes the next one with it: that one is looked at on its own.
            let next = next?;
            (text, at) = (&text[next..], at + next);
            failed = failure(rule, text);
            if failed == Failure::None {
                if rule == Rule::alone_item {
                    self.unread[unread].1 = self.base + at;
                }
                return Some(at);
            }
        }
    }

    /// A whole piece that the grammar could not split into declarations; only the limit of the stack can do that.
    pub(in crate::syntax) fn whole_piece(&mut self, piece: &str, error: &Error<Rule>) {
        debug_assert!(matches!(error.variant, ErrorVariant::CustomError { .. }), "{error}");
        let span = self.place(0, piece.len().min(1));
        self.diagnostics.push(too_deep(span));
    }

    /// What is wrong with `text`, which is no `rule`, and where in it the next entry begins if it was swallowed;
    /// `at` is the place of the text in the parsed piece.
    pub(in crate::syntax) fn broken(&self, rule: Rule, text: &str, at: usize) -> (Diagnostic, Option<usize>) {
        self.broken_at(rule, text, at, failure(rule, text))
    }

    fn broken_at(&self, rule: Rule, text: &str, at: usize, failed: Failure) -> (Diagnostic, Option<usize>) {
        let place = |start: usize, end: usize| self.place(at + start, at + end);
        if let Some(hint) = hints::foreign(rule, text, place) {
            return (hint, None);
        }
        // What could have stood there takes ten times as long to note; where the next entry stands, nobody asks.
        if let Failure::At(reached) = failed
            && let Some((diagnostic, next)) = stops_short(&Stop::new(rule, text, reached, Vec::new()), place)
        {
            return (diagnostic, Some(next));
        }
        let error = match detailed(rule, text) {
            Err(error) => error,
            Ok(_) => {
                let diagnostic = Diagnostic::new(&codes::UNEXPECTED, "").at(place(0, text.len()), "cannot stand here");
                return (diagnostic.help("move it to a line of its own"), None);
            }
        };
        if let (ErrorVariant::ParsingError { .. }, InputLocation::Pos(at), None) =
            (&error.variant, &error.location, error.parse_attempts())
        {
            let end = text[*at..].chars().next().map_or(*at, |c| at + c.len_utf8());
            let label = "what begins here cannot be read";
            let diagnostic = Diagnostic::new(&codes::UNEXPECTED, "").at(place(*at, end), label);
            return (diagnostic.help("split it into shorter declarations to see what is wrong"), None);
        }
        let attempts = match (&error.variant, error.parse_attempts()) {
            (ErrorVariant::ParsingError { .. }, Some(attempts)) => attempts,
            _ => return (too_deep(place(0, 1)), None),
        };
        let tokens = attempts.expected_tokens().into_iter().map(|token| token.to_string());
        // Marks stand in the short text only.
        let tokens =
            tokens.filter(|token| !token.contains(|c: char| c.is_control() && c != '\n' && c != '\t')).collect();
        explain(&Stop::new(rule, text, attempts.max_position, tokens), place)
    }

    fn place(&self, start: usize, end: usize) -> Span {
        self.range(self.base + start, self.base + end)
    }
}

/// The parser takes time by the length of the whole text to say where it failed, so the first lines of a long one are tried alone.
const FIRST: usize = 2048;
/// A failure that lies so far before their end has nothing to do with where they were cut.
const MARGIN: usize = 256;
/// Most fail in their first line or two: those are tried before.
const FEW: usize = FIRST / 8;

/// The first lines of a text that is much longer, about so many bytes.
fn first_lines(text: &str, size: usize) -> Option<&str> {
    if text.len() < 2 * FIRST {
        return None;
    }
    let end = text.as_bytes()[..size].iter().rposition(|byte| *byte == b'\n')?;
    Some(&text[..=end])
}

/// Where a text fails to be what it should.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Failure {
    None,
    At(usize),
    /// The stack is at its limit.
    Deep,
}

fn failure(rule: Rule, text: &str) -> Failure {
    let of = |text: &str| match Grammar::parse(rule, text) {
        Ok(_) => Failure::None,
        Err(Error { location: InputLocation::Pos(at), variant: ErrorVariant::ParsingError { .. }, .. }) => {
            Failure::At(at)
        }
        Err(_) => Failure::Deep,
    };
    for (size, margin) in [(FEW, MARGIN / 4), (FIRST, MARGIN)] {
        if let Some(lines) = first_lines(text, size)
            && let Failure::At(at) = of(lines)
            && at + margin < lines.len()
        {
            return Failure::At(at);
        }
    }
    of(text)
}

/// With what could have stood where the parser stopped; not so where the text is very long, since to note that takes ten times as long.
fn detailed(rule: Rule, text: &str) -> Result<Pairs<'_, Rule>, Box<Error<Rule>>> {
    // The parser's switch is one for all threads: whoever needs it on holds it so.
    static SWITCH: Mutex<()> = Mutex::new(());
    if let Some(lines) = first_lines(text, FIRST) {
        match detailed(rule, lines) {
            Err(error) if error.parse_attempts().is_some_and(|all| all.max_position + MARGIN < lines.len()) => {
                return Err(error);
            }
            Err(_) | Ok(_) => {}
        }
    }
    if text.len() > MAX_DETAILED {
        return Grammar::parse(rule, text).map_err(Box::new);
    }
    let _held = SWITCH.lock();
    pest::set_error_detail(true);
    let parsed = Grammar::parse(rule, text);
    pest::set_error_detail(false);
    parsed.map_err(Box::new)
}

fn too_deep(span: Span) -> Diagnostic {
    let help = "name inner parts with `let`";
    Diagnostic::new(&codes::TOO_DEEP, "").at(span, "too many operators within one another").help(help)
}
