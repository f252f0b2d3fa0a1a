//! What follows from a bracket or a quote that is missing: the rest of its declaration cannot be read as it was meant, so of all that is
//! said of it the one complaint at the cause stays. Knows no grammar, only lines and indents.

use super::codes;
use crate::diag::{Code, Diagnostic};
use std::collections::BTreeMap;
use std::ops::Range;

/// How far up a line is looked for that a stray bracket may close.
const LINES_UP: usize = 2_000;

/// Leaves out what follows from something else. The complaints are in order of place.
pub(super) fn without_consequences(text: &str, diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    if !diagnostics.iter().any(is_structural) {
        return diagnostics;
    }
    let mut kept = Vec::with_capacity(diagnostics.len());
    let mut group: Vec<Diagnostic> = Vec::new();
    let mut extent = 0..0;
    for diagnostic in diagnostics {
        let at = start(&diagnostic);
        if at >= extent.end && !group.is_empty() {
            kept.append(&mut settled(text, std::mem::take(&mut group)));
        }
        if group.is_empty() {
            extent = declaration(text, at);
        }
        group.push(diagnostic);
    }
    kept.append(&mut settled(text, group));
    kept
}

fn start(diagnostic: &Diagnostic) -> usize {
    diagnostic.primary.as_ref().map_or(0, |label| label.span.start as usize)
}

/// Whether brackets or quotes do not close as they open.
fn is_structural(diagnostic: &Diagnostic) -> bool {
    let code = diagnostic.code;
    is_bracket(code) || *code == codes::UNCLOSED_STRING || *code == codes::UNCLOSED_INTERPOLATION
}

fn is_bracket(code: &'static Code) -> bool {
    [&codes::UNCLOSED_BRACKET, &codes::STRAY_BRACKET, &codes::MISMATCHED_BRACKETS].iter().any(|other| **other == *code)
}

/// Whether more than its line cannot be read: where a bracket ends that is never closed, nobody knows; a closing one that leads its line
/// belongs to an opening on another.
pub(super) fn spreads(text: &str, diagnostic: &Diagnostic) -> bool {
    let at = start(diagnostic);
    let leads = || text[line_of(text, at).start..at].trim().is_empty();
    let code = diagnostic.code;
    *code == codes::UNCLOSED_BRACKET
        || *code == codes::STRAY_BRACKET && leads()
        || *code == codes::UNCLOSED_STRING && text[at..].starts_with("\"\"\"")
}

/// The lines of the declaration around a place: from the nearest line above that begins at the margin and closes nothing, to the next one.
pub(super) fn declaration(text: &str, at: usize) -> Range<usize> {
    let begins = |line: &str| line.starts_with(|c: char| !c.is_whitespace() && !matches!(c, '}' | ']' | ')' | '#'));
    let mut from = line_of(text, at).start;
    while from > 0 && !begins(&text[from..]) {
        from = line_of(text, from - 1).start;
    }
    let mut to = line_of(text, at).end;
    while to < text.len() && !begins(&text[to..]) {
        to = line_of(text, to).end;
    }
    from..to
}

/// The line around a place, its line break included.
fn line_of(text: &str, at: usize) -> Range<usize> {
    let start = text[..at].rfind('\n').map_or(0, |line_break| line_break + 1);
    let end = text[at..].find('\n').map_or(text.len(), |length| at + length + 1);
    start..end
}

/// The complaints about one declaration without those that follow.
fn settled(text: &str, group: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let Some(first) = group.iter().position(is_structural) else { return group };
    if !group.iter().any(|one| spreads(text, one)) {
        return settled_lines(text, group);
    }
    let is = |one: &Diagnostic, code: &'static Code| *one.code == *code;
    let has_bracket = group.iter().any(|one| is_bracket(one.code));
    // A quote or a comment that swallows a bracket is the cause of it.
    let swallows = |one: &Diagnostic| is(one, &codes::UNCLOSED_STRING) || is(one, &codes::SLASH_COMMENT);
    let cause = group.iter().position(|one| has_bracket && swallows(one)).unwrap_or(first);
    let cause = if is(&group[cause], &codes::STRAY_BRACKET) { cause_of_stray(text, &group, cause) } else { cause };
    let line = line_of(text, start(&group[cause])).start;
    let mut kept = Vec::new();
    for (at, one) in group.into_iter().enumerate() {
        if at == cause || at < first && start(&one) < line {
            kept.push(one);
        }
    }
    kept
}

/// Without what stands on one line with something that does not close.
fn settled_lines(text: &str, group: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let line = |one: &Diagnostic| line_of(text, start(one)).start;
    let mut causes: BTreeMap<usize, usize> = BTreeMap::new();
    for (at, one) in group.iter().enumerate().filter(|(_, one)| is_structural(one)) {
        causes.entry(line(one)).or_insert(at);
    }
    let keeps = |(at, one): &(usize, Diagnostic)| causes.get(&line(one)).is_none_or(|cause| cause == at);
    group.into_iter().enumerate().filter(keeps).map(|(_, one)| one).collect()
}

/// A bracket that closes nothing: either its opening is missing, on the line above with its indent, or what it should close was closed
/// too early in between.
fn cause_of_stray(text: &str, group: &[Diagnostic], stray: usize) -> usize {
    let at = start(&group[stray]);
    let line = line_of(text, at);
    let indent = at - line.start;
    if !text[line.start..at].trim().is_empty() {
        return stray;
    }
    let mut above = line.clone();
    for _ in 0..LINES_UP {
        if above.start == 0 {
            return stray;
        }
        above = line_of(text, above.start - 1);
        let written = text[above.clone()].trim_end();
        let blanks = written.len() - written.trim_start().len();
        if !written.trim().is_empty() && blanks <= indent {
            break;
        }
    }
    let opens = text[above.clone()].trim_end().ends_with(['{', '[', '(']);
    let within = if opens { above.end..at } else { above.clone() };
    group.iter().position(|one| within.contains(&start(one))).unwrap_or(stray)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declaration_ends_where_the_next_begins() {
        let text = "let a = [\n  1,\n]\n\n# b\nlet b = 2\n";
        assert_eq!(declaration(text, 12), 0..text.find("let b").expect("b"));
        assert_eq!(&text[declaration(text, text.len() - 2)], "let b = 2\n");
    }
}
