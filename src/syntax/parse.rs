//! The door from text to tree: scan, parse piece by piece, build.

use super::ast::{Ast, Broken, Comment, Expr, Item, TypeExpr};
use super::build::Builder;
use super::cascade::{declaration, spreads, without_consequences};
use super::codes;
use super::comments::attach_docs;
use super::grammar::{Grammar, Rule};
use super::scan::{Cut, Scan, Short, mended, scan};
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{FileId, Ident, Span};
use pest::Parser;

/// Bytes of a source file (`design: language`, "Limits").
pub const MAX_FILE: usize = 16 * 1024 * 1024;

/// A file read: what of it could be understood, and what was wrong with the rest.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The declarations and entries that are well-formed; broken ones are left out.
    pub ast: Ast,
    /// In order of place; no error among them exactly when the whole text is well-formed.
    pub diagnostics: Diagnostics,
}

/// Reads one source file. Never fails: everything that is wrong is among the diagnostics, all of it at once.
pub fn parse(file: FileId, text: &str) -> Parsed {
    parse_with(file, text, scan)
}

/// The same by the longer way: the text is parsed as it was written, never its short text. What `parse` is held against.
pub fn parse_as_written(file: FileId, text: &str) -> Parsed {
    parse_with(file, text, mended)
}

fn parse_with(file: FileId, text: &str, scan: fn(FileId, &str) -> Scan) -> Parsed {
    if text.len() > MAX_FILE {
        let place = Span::new(file, 0, 0);
        let label = format!("{} bytes", text.len());
        let help = "split it into several `.cnx` files of the folder: they are one module";
        let diagnostic = Diagnostic::new(&codes::TOO_LARGE, "").at(place, label).help(help);
        return parsed(file, "", Vec::new(), Vec::new(), vec![diagnostic]);
    }
    let scanned = scan(file, text);
    if scanned.refused {
        return parsed(file, text, Vec::new(), scanned.comments, scanned.diagnostics);
    }
    let Read { mut items, mut diagnostics, unread } = on_enough_stack(scanned.deepest, || items(file, text, &scanned));
    attach_docs(text, &scanned.comments, &mut items);
    diagnostics.splice(0..0, scanned.diagnostics);
    let mut parsed = parsed(file, text, items, scanned.comments, diagnostics);
    for (start, end) in unread.into_iter().chain(scanned.told) {
        let piece = text.get(start..end.min(text.len())).unwrap_or_default();
        parsed.ast.broken.words.extend(words(piece));
    }
    parsed
}

fn words(text: &str) -> impl Iterator<Item = Ident> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| !word.is_empty()).map(Ident::new)
}

/// Reads one expression, as after `-p NAME=`.
pub fn parse_expression(file: FileId, text: &str) -> Result<Expr, Diagnostic> {
    alone(file, text, Rule::alone_expr, |builder, pair| builder.expr(pair))
}

/// Whether a text that is typed line by line goes on in the next one: a bracket or a text of several lines is open, or it ends in an operator.
pub fn goes_on(text: &str) -> bool {
    super::scan::goes_on(text)
}

/// Reads one type.
pub fn parse_type(file: FileId, text: &str) -> Result<TypeExpr, Diagnostic> {
    alone(file, text, Rule::alone_type, |builder, pair| builder.type_expr(pair))
}

fn parsed(file: FileId, text: &str, items: Vec<Item>, comments: Vec<Comment>, diagnostics: Vec<Diagnostic>) -> Parsed {
    let mut diagnostics = Diagnostics(diagnostics);
    diagnostics.sort();
    let broken = broken(file, text, &diagnostics);
    let diagnostics = Diagnostics(without_consequences(text, diagnostics.0));
    Parsed { ast: Ast { file, items, comments, broken }, diagnostics }
}

/// The lines of the complaints and the names that stand on them.
fn broken(file: FileId, text: &str, diagnostics: &Diagnostics) -> Broken {
    let mut broken = Broken::default();
    let mut end = 0;
    for diagnostic in diagnostics.0.iter().filter(|diagnostic| diagnostic.is_error()) {
        let Some(label) = &diagnostic.primary else { continue };
        let at = (label.span.start as usize).min(text.len());
        if (at < end && end > 0) || !text.is_char_boundary(at) {
            continue;
        }
        let start;
        if spreads(text, diagnostic) {
            // Where it ends is not known: nothing in the declaration is what it seems.
            let whole = declaration(text, at);
            let lines = text[whole.clone()].trim_end_matches('\n').len();
            (start, end) = (whole.start, whole.start + lines);
        } else {
            start = text[..at].rfind('\n').map_or(0, |line_break| line_break + 1);
            end = text[at..].find('\n').map_or(text.len(), |length| at + length);
        }
        broken.lines.push(Span::new(file, start, end));
        broken.words.extend(words(&text[start..end]));
    }
    broken
}

/// What of a file could be read, what was wrong with the rest, and where the rest is, in bytes.
struct Read {
    items: Vec<Item>,
    diagnostics: Vec<Diagnostic>,
    unread: Vec<(usize, usize)>,
}

/// The declarations of a file, piece by piece: of the short text where there is one and it says all, else of the text as it was written.
fn items(file: FileId, text: &str, scanned: &Scan) -> Read {
    let (mut items, mut unread) = (Vec::new(), Vec::new());
    let ends = Cut { text: text.len(), short: scanned.short.as_ref().map_or(0, Short::len) };
    let starts = std::iter::once(Cut::default()).chain(scanned.cuts.iter().copied());
    let pieces = starts.zip(scanned.cuts.iter().copied().chain([ends]));
    let mut brief = Builder::new(file, text, Vec::new());
    brief.short = scanned.short.as_ref();
    let mut again = None;
    let mut diagnostics = Vec::new();
    for (start, end) in pieces {
        if let Some(short) = brief.short {
            brief.base = start.short;
            if let Some(found) = brief_items(&mut brief, &short.text()[start.short..end.short]) {
                items.extend(found);
                diagnostics.append(&mut brief.diagnostics);
                continue;
            }
        }
        let Scan { patched, told, .. } =
            if brief.short.is_none() { scanned } else { again.get_or_insert_with(|| mended(file, text)) };
        let whole = patched.as_deref().unwrap_or(text);
        let mut builder = Builder::new(file, whole, told.clone());
        builder.base = start.text;
        builder.limit = text.len();
        // What was mended at the end of the file belongs to the last piece.
        let stop = if end.text == text.len() { whole.len() } else { end.text };
        items.extend(spelled_items(&mut builder, &whole[start.text..stop]));
        // Of what was mended behind the end the bracket that is not closed has been told.
        let within =
            |found: &Diagnostic| found.primary.as_ref().is_none_or(|label| (label.span.start as usize) < text.len());
        diagnostics.extend(builder.diagnostics.drain(..).filter(|found| whole.len() == text.len() || within(found)));
        unread.append(&mut builder.unread);
    }
    Read { items, diagnostics, unread }
}

/// `None` where the piece has to be read as it was written.
fn brief_items(builder: &mut Builder<'_>, piece: &str) -> Option<Vec<Item>> {
    let pairs = Grammar::parse(Rule::file, piece).ok()?;
    let mut items = Vec::new();
    for pair in pairs.into_iter().flat_map(|pair| pair.into_inner()) {
        match pair.as_rule() {
            Rule::EOI => {}
            Rule::bad_item => builder.unclear = true,
            _ => items.extend(builder.item(pair)),
        }
        if builder.unclear {
            builder.unclear = false;
            builder.diagnostics.clear();
            return None;
        }
    }
    Some(items)
}

fn spelled_items(builder: &mut Builder<'_>, piece: &str) -> Vec<Item> {
    let pairs = match Grammar::parse(Rule::file, piece) {
        Ok(pairs) => pairs,
        Err(error) => {
            builder.whole_piece(piece, &error);
            return Vec::new();
        }
    };
    let mut items = Vec::new();
    let mut after_bad = false;
    for pair in pairs.into_iter().flat_map(|pair| pair.into_inner()) {
        match pair.as_rule() {
            Rule::EOI => {}
            Rule::bad_item => {
                // A header that goes on in the next line, or its `{` there: the header has been told.
                let goes_on = ["{", "if ", "for "].iter().any(|start| pair.as_str().starts_with(start));
                if !(after_bad && goes_on) {
                    items.extend(builder.bad_item(&pair));
                }
                after_bad = true;
                continue;
            }
            _ => items.extend(builder.item(pair)),
        }
        after_bad = false;
    }
    items
}

/// One expression or type that is the whole text.
fn alone<T>(
    file: FileId,
    text: &str,
    rule: Rule,
    build: fn(&mut Builder<'_>, super::build::Pair<'_>) -> T,
) -> Result<T, Diagnostic> {
    let Scan { diagnostics, deepest, patched, .. } = mended(file, text);
    let text = patched.as_deref().unwrap_or(text);
    if let Some(first) = diagnostics.into_iter().next() {
        return Err(first);
    }
    let mut builder = Builder::new(file, text, Vec::new());
    on_enough_stack(deepest, || {
        let parsed = Grammar::parse(rule, text);
        let inner = match parsed {
            Ok(pairs) => pairs.into_iter().flat_map(|pair| pair.into_inner()).find(|pair| pair.as_rule() != Rule::EOI),
            Err(_) => None,
        };
        let Some(inner) = inner else { return Err(builder.broken(rule, text, 0).0) };
        let built = build(&mut builder, inner);
        match builder.diagnostics.into_iter().next() {
            Some(diagnostic) => Err(diagnostic),
            None => Ok(built),
        }
    })
}

/// Runs on a stack that holds the deepest text that the limits allow; only deep texts pay for one.
fn on_enough_stack<T>(deepest: usize, work: impl FnOnce() -> T) -> T {
    const SHALLOW: usize = 16;
    const STACK: usize = 16 * 1024 * 1024;
    if deepest <= SHALLOW { stacker::maybe_grow(256 * 1024, STACK, work) } else { stacker::grow(STACK, work) }
}
