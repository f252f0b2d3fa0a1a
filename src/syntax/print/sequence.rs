//! Cells between brackets: on one line, hugging one that takes several, or one a line.

use super::cells::Cell;
use super::printer::Printer;
use crate::model::Span;
use crate::syntax::ast::{Argument, Body, BodyEntry, Expr};

/// How a bracket is written.
#[derive(Clone, Copy)]
pub(super) struct Style {
    pub open: &'static str,
    pub close: &'static str,
    /// A blank inside the brackets on one line: `{ a = 1 }`.
    pub padded: bool,
    /// A comma behind each cell that has a line of its own.
    pub commas: bool,
}

pub(super) const BRACES: Style = Style { open: "{", close: "}", padded: true, commas: false };
pub(super) const BRACKETS: Style = Style { open: "[", close: "]", padded: false, commas: true };
pub(super) const PARENTHESES: Style = Style { open: "(", close: ")", padded: false, commas: true };

/// A body's entries as cells.
pub(super) fn body_cells(body: &Body) -> Vec<Cell<'_>> {
    let cells = body.entries.iter().map(|entry| match entry {
        BodyEntry::Attribute(attribute) => Cell::Attribute(attribute),
        BodyEntry::Block(block) => Cell::Block(block),
    });
    cells.collect()
}

impl Printer<'_> {
    /// On one line; false where a line break was written between the cells, or a cell cannot be on one line.
    pub fn sequence_flat(&mut self, span: Span, style: Style, cells: &[Cell<'_>]) -> bool {
        if self.is_broken(span, cells) {
            return false;
        }
        self.push(style.open);
        if style.padded && !cells.is_empty() {
            self.push(" ");
        }
        for (at, cell) in cells.iter().enumerate() {
            if at > 0 {
                self.push(", ");
            }
            if !self.cell_flat(*cell) {
                return false;
            }
        }
        if style.padded && !cells.is_empty() {
            self.push(" ");
        }
        self.push(style.close);
        true
    }

    /// As few lines as it was written in, as many as it needs.
    pub fn sequence(&mut self, span: Span, style: Style, cells: &[Cell<'_>]) {
        if cells.is_empty() && !self.has_comments(span) {
            self.push(style.open);
            self.push(style.close);
        } else if self.is_broken(span, cells) || self.has_own_comments(span, cells) {
            self.one_a_line(span, style, cells);
        } else {
            let all_flat = cells.iter().all(|cell| !self.has_comments(cell.span()) && self.can_be_flat(*cell));
            match cells {
                _ if !all_flat => self.hug(style, cells),
                // `optional(object({`: one argument that breaks at its own brackets, where a line of its own does not help.
                [Cell::Argument(Argument { name: None, value })] if value.is_bracketed() && !self.fits_alone(value) => {
                    self.push(style.open);
                    self.broken(value);
                    self.push(style.close);
                }
                _ => self.one_a_line(span, style, cells),
            }
        }
    }

    /// Whether it fits on a line of its own, a comma behind it.
    fn fits_alone(&mut self, expr: &Expr) -> bool {
        self.measure(|printer| {
            printer.indent += 1;
            printer.line();
            printer.indent -= 1;
            let flat = printer.flat(expr);
            printer.push(",");
            flat && printer.fits()
        })
    }

    fn can_be_flat(&mut self, cell: Cell<'_>) -> bool {
        self.measure(|printer| printer.cell_flat(cell))
    }

    /// Whether a line break was written before, between or after the cells.
    fn is_broken(&self, span: Span, cells: &[Cell<'_>]) -> bool {
        let mut at = span.start;
        for cell in cells {
            let cell = cell.span();
            if self.breaks(at, cell.start) {
                return true;
            }
            at = cell.end;
        }
        !cells.is_empty() && self.breaks(at, span.end)
    }

    fn has_own_comments(&self, span: Span, cells: &[Cell<'_>]) -> bool {
        self.strays(span, cells.iter().map(|cell| cell.span()))
    }

    /// `f(x, {`, the entries, `})`.
    fn hug(&mut self, style: Style, cells: &[Cell<'_>]) {
        self.push(style.open);
        if style.padded {
            self.push(" ");
        }
        for (at, cell) in cells.iter().enumerate() {
            if at > 0 {
                self.push(", ");
            }
            self.cell(*cell);
        }
        if style.padded {
            self.push(" ");
        }
        self.push(style.close);
    }

    fn one_a_line(&mut self, span: Span, style: Style, cells: &[Cell<'_>]) {
        let widths = self.run_widths(cells);
        self.push(style.open);
        self.indent += 1;
        let close = span.end - style.close.len() as u32;
        let first = cells.first().map_or(close, |cell| cell.span().start);
        let mut at = self.trailing_comments(span.start + style.open.len() as u32, first);
        let mut is_first = true;
        for (index, cell) in cells.iter().enumerate() {
            let place = cell.span();
            at = self.own_line_comments(at, place.start, &mut is_first);
            self.line_after(!is_first && self.has_blank(at, place.start));
            is_first = false;
            match widths[index] {
                Some(width) => self.cell_aligned(*cell, width),
                None => self.cell(*cell),
            }
            if style.commas {
                self.push(",");
            }
            let next = cells.get(index + 1).map_or(close, |cell| cell.span().start);
            at = self.trailing_comments(place.end, next);
        }
        self.own_line_comments(at, close, &mut is_first);
        self.indent -= 1;
        self.line();
        self.push(style.close);
    }

    /// The comments up to `end`, each on a line; where the last of them ended.
    pub fn own_line_comments(&mut self, mut at: u32, end: u32, is_first: &mut bool) -> u32 {
        while let Some(comment) = self.comment_before(end) {
            self.line_after(!*is_first && self.has_blank(at, comment.span.start));
            self.out.push_str(&comment.text);
            at = comment.span.end;
            self.next += 1;
            *is_first = false;
        }
        at
    }

    /// For each cell the width of the longest name in its run; `None` for cells that are not aligned. A run is `name = value` on
    /// consecutive lines, each value on its line.
    fn run_widths(&mut self, cells: &[Cell<'_>]) -> Vec<Option<usize>> {
        self.indent += 1;
        let names: Vec<Option<usize>> = cells.iter().map(|cell| self.name_width(*cell)).collect();
        self.indent -= 1;
        let mut widths = vec![None; cells.len()];
        let mut start = 0;
        while start < cells.len() {
            let mut end = start + 1;
            while end < cells.len()
                && names[end - 1].is_some()
                && names[end].is_some()
                && self.are_adjacent(cells[end - 1], cells[end])
            {
                end += 1;
            }
            let width = names[start..end].iter().flatten().max().copied();
            for at in start..end {
                widths[at] = names[at].and(width);
            }
            start = end;
        }
        widths
    }

    /// No empty line and no comment line between the two.
    fn are_adjacent(&self, above: Cell<'_>, below: Cell<'_>) -> bool {
        let (end, start) = (above.span().end, below.span().start);
        let gap = Span { start: end, end: start, ..above.span() };
        !self.has_blank(end, start) && self.comments_in(gap).iter().all(|comment| !self.breaks(end, comment.span.start))
    }

    /// The width of the name of a `name = value` that stands on one line.
    fn name_width(&mut self, cell: Cell<'_>) -> Option<usize> {
        let value = cell.aligned_value()?;
        if self.has_comments(cell.span()) {
            return None;
        }
        self.measure(|printer| {
            printer.line();
            let start = printer.out.len();
            let on_one_line = printer.cell_flat(cell) && (printer.fits() || value.is_word());
            let before_value = printer.out[start..].find(" = ").unwrap_or(0);
            let width = match cell {
                Cell::Pair(key, _) => {
                    let end = printer.out.len();
                    printer.key(key);
                    printer.out[end..].chars().count()
                }
                _ => printer.out[start..start + before_value].chars().count(),
            };
            on_one_line.then_some(width)
        })
    }
}
