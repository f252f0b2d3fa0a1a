//! A whole file: declarations, the empty lines between them, comments that stand alone.

use super::printer::Printer;
use crate::diag::Diagnostics;
use crate::model::FileId;
use crate::syntax::ast::{Ast, Item, ItemKind};
use crate::syntax::parse::parse;

/// The canonical form of a text. Its meaning stays: `parse(format(x)) == parse(x)` but for places, and `format(format(x)) == format(x)`.
/// A text with mistakes in its syntax has none; they are returned.
pub fn format(file: FileId, text: &str) -> Result<String, Diagnostics> {
    let parsed = parse(file, text);
    if parsed.diagnostics.has_errors() {
        return Err(parsed.diagnostics);
    }
    Ok(print(&parsed.ast, text))
}

fn print(ast: &Ast, text: &str) -> String {
    let mut printer = Printer::new(text, &ast.comments);
    let widths = printer.item_widths(&ast.items);
    let mut at = 0;
    let mut above: Option<(&Item, bool)> = None;
    for (item, width) in ast.items.iter().zip(widths) {
        let start = item.span.start;
        let forced =
            above.is_some_and(|(above, one_line)| needs_blank(above, one_line, item, printer.is_one_line(item)));
        printer.gap(at, start, forced);
        let mark = printer.out.len();
        let aligned = width.is_some_and(|width| printer.attempt(|printer| printer.item_on_one_line(item, width)));
        if !aligned {
            printer.item(item);
        }
        above = Some((item, !printer.out[mark..].contains('\n')));
        at = printer.trailing_comments(item.span.end, next_start(ast, item));
    }
    printer.gap(at, text.len() as u32, false);
    while printer.out.ends_with('\n') {
        printer.out.pop();
    }
    if !printer.out.is_empty() {
        printer.out.push('\n');
    }
    printer.out
}

fn next_start(ast: &Ast, item: &Item) -> u32 {
    let after = ast.items.partition_point(|other| other.span.start <= item.span.start);
    ast.items.get(after).map_or(u32::MAX, |next| next.span.start)
}

/// Whether an empty line belongs between the two, whatever was written: not between statements, and not between one-liners.
fn needs_blank(above: &Item, above_one_line: bool, below: &Item, below_one_line: bool) -> bool {
    let both_statements = is_statement(above) && is_statement(below);
    !(both_statements || above_one_line && below_one_line)
}

fn is_statement(item: &Item) -> bool {
    match &item.kind {
        ItemKind::Param(_)
        | ItemKind::Let(_)
        | ItemKind::Function(_)
        | ItemKind::Type(_)
        | ItemKind::Output(_)
        | ItemKind::Moved(_)
        | ItemKind::Forget(_)
        | ItemKind::Import(_) => true,
        ItemKind::Project(_)
        | ItemKind::Environment(_)
        | ItemKind::Provider(_)
        | ItemKind::Resource(_)
        | ItemKind::Module(_)
        | ItemKind::Check(_)
        | ItemKind::Policy(_)
        | ItemKind::Test(_) => false,
    }
}

impl Printer<'_> {
    /// Line breaks, empty lines and comments between what ended at `at` and what begins at `start`.
    fn gap(&mut self, mut at: u32, start: u32, forced: bool) {
        let mut blank = forced && !self.has_blank_line(at, start);
        while let Some(comment) = self.comment_before(start) {
            self.break_line(blank || self.has_blank(at, comment.span.start));
            blank = false;
            self.out.push_str(&comment.text);
            at = comment.span.end;
            self.next += 1;
        }
        self.break_line(blank || self.has_blank(at, start));
    }

    /// Whether an empty line was written anywhere between the two, comments aside.
    fn has_blank_line(&self, start: u32, end: u32) -> bool {
        let lines: Vec<&str> = self.between(start, end).split('\n').collect();
        lines.len() > 2 && lines[1..lines.len() - 1].iter().any(|line| line.trim().is_empty())
    }

    fn break_line(&mut self, blank: bool) {
        if self.out.is_empty() {
            return;
        }
        self.out.push('\n');
        if blank {
            self.out.push('\n');
        }
    }

    fn is_one_line(&mut self, item: &Item) -> bool {
        self.measure(|printer| {
            printer.out.push('\n');
            let mark = printer.out.len();
            printer.item(item);
            !printer.out[mark..].contains('\n')
        })
    }

    /// For each declaration that is one of a run of one-liners of a sort, the width of the longest header of the run.
    fn item_widths(&mut self, items: &[Item]) -> Vec<Option<usize>> {
        let headers: Vec<Option<usize>> = items
            .iter()
            .map(|item| {
                let one_line = self.measure(|printer| printer.item_on_one_line(item, 0));
                one_line.then(|| self.header_width(item))
            })
            .collect();
        let mut widths = vec![None; items.len()];
        let mut start = 0;
        while start < items.len() {
            let mut end = start + 1;
            while end < items.len()
                && headers[end - 1].is_some()
                && headers[end].is_some()
                && self.are_a_run(&items[end - 1], &items[end])
            {
                end += 1;
            }
            let width = headers[start..end].iter().flatten().max().copied();
            for at in start..end {
                widths[at] = headers[at].and(width);
            }
            start = end;
        }
        widths
    }

    /// Of one sort, on consecutive lines, no comment line between.
    fn are_a_run(&self, above: &Item, below: &Item) -> bool {
        let (end, start) = (above.span.end, below.span.start);
        is_simple(above) && is_simple(below) && sort(above) == sort(below) && !self.has_blank(end, start)
    }
}

/// With a body, and a header that is words only.
fn is_simple(item: &Item) -> bool {
    match &item.kind {
        ItemKind::Resource(resource) => resource.repeat.is_none() && resource.condition.is_none(),
        ItemKind::Module(_) | ItemKind::Param(_) => false,
        ItemKind::Project(_)
        | ItemKind::Environment(_)
        | ItemKind::Provider(_)
        | ItemKind::Check(_)
        | ItemKind::Policy(_)
        | ItemKind::Test(_) => true,
        ItemKind::Let(_)
        | ItemKind::Function(_)
        | ItemKind::Type(_)
        | ItemKind::Output(_)
        | ItemKind::Moved(_)
        | ItemKind::Forget(_)
        | ItemKind::Import(_) => false,
    }
}

/// What declarations of one sort share: the keyword, or the kind.
fn sort(item: &Item) -> (u8, &str) {
    match &item.kind {
        ItemKind::Resource(resource) => (resource.form as u8, resource.kind.value.as_str()),
        ItemKind::Project(_) => (3, ""),
        ItemKind::Environment(_) => (4, ""),
        ItemKind::Provider(_) => (5, ""),
        ItemKind::Module(_) => (6, ""),
        ItemKind::Check(_) => (7, ""),
        ItemKind::Policy(_) => (8, ""),
        ItemKind::Test(_) => (9, ""),
        ItemKind::Param(_) => (10, ""),
        ItemKind::Let(_)
        | ItemKind::Function(_)
        | ItemKind::Type(_)
        | ItemKind::Output(_)
        | ItemKind::Moved(_)
        | ItemKind::Forget(_)
        | ItemKind::Import(_) => (11, ""),
    }
}
