//! Strings, as they were written: escapes stay, interpolations are formatted, multi-line ones move with their indent.

use super::printer::Printer;
use crate::model::Span;
use crate::syntax::ast::{Expr, Piece, Text};

impl Printer<'_> {
    /// A `"…"` string.
    pub fn quoted(&mut self, text: &Text, span: Span) {
        if self.source(span).starts_with("\"\"\"") {
            return self.multiline(text, span);
        }
        let mut at = span.start;
        for hole in holes(text) {
            let open = self.hole_start(at, hole);
            self.push(self.between(at, open));
            at = self.hole_end(hole);
            if !self.attempt(|printer| printer.flat_hole(hole)) {
                self.push(self.between(open, at));
            }
        }
        self.push(self.between(at, span.end));
    }

    fn flat_hole(&mut self, hole: &Expr) -> bool {
        self.push("${");
        let flat = self.flat(hole);
        self.push("}");
        flat
    }

    /// A `"""` string, indented one level deeper than the line that it begins on.
    pub fn multiline(&mut self, text: &Text, span: Span) {
        let source = self.source(span);
        let Some(flat) = self.with_flat_holes(text, span).filter(|_| source.contains('\n')) else {
            return self.verbatim(span);
        };
        let (_, closing) = source.rsplit_once('\n').unwrap_or(("", source));
        let indent = &closing[..closing.len().saturating_sub(3)];
        self.indent += 1;
        self.push("\"\"\"");
        for line in flat.split('\n').skip(1) {
            let line = line.strip_suffix('\r').unwrap_or(line);
            let content = line.strip_prefix(indent).unwrap_or("");
            if content.is_empty() {
                self.push("\n");
            } else {
                self.line();
                self.push(content);
            }
        }
        self.indent -= 1;
    }

    /// The text with every interpolation formatted, each on one line; `None` where one that was written on several cannot be.
    fn with_flat_holes(&mut self, text: &Text, span: Span) -> Option<String> {
        let (mut made, mut at) = (String::new(), span.start);
        for hole in holes(text) {
            let open = self.hole_start(at, hole);
            made.push_str(self.between(at, open));
            at = self.hole_end(hole);
            match self.on_one_line(hole, Span { start: open, end: at, ..span }) {
                Some(flat) => made.push_str(&flat),
                None if self.between(open, at).contains('\n') => return None,
                None => made.push_str(self.between(open, at)),
            }
        }
        made.push_str(self.between(at, span.end));
        Some(made)
    }

    fn on_one_line(&mut self, hole: &Expr, span: Span) -> Option<String> {
        if self.has_comments(span) {
            return None;
        }
        let joins_lines = std::mem::replace(&mut self.joins_lines, true);
        let flat = self.measure(|printer| {
            let mark = printer.out.len();
            printer.flat_hole(hole).then(|| printer.out.split_off(mark))
        });
        self.joins_lines = joins_lines;
        flat.filter(|text| !text.contains('\n'))
    }

    /// Where the `${` of an interpolation begins.
    fn hole_start(&self, from: u32, hole: &Expr) -> u32 {
        let before = self.between(from, hole.span.start);
        before.rfind("${").map_or(hole.span.start, |at| from + at as u32)
    }

    /// Behind the `}` of an interpolation.
    fn hole_end(&self, hole: &Expr) -> u32 {
        let mut end = hole.span.end;
        for line in self.text[end as usize..].split_inclusive('\n') {
            let code = line.trim_start();
            if code.starts_with('}') {
                return end + (line.len() - code.len()) as u32 + 1;
            }
            end += line.len() as u32;
        }
        end
    }
}

fn holes(text: &Text) -> impl Iterator<Item = &Expr> {
    text.pieces.iter().filter_map(|piece| match piece {
        Piece::Interpolation(expr) => Some(expr),
        Piece::Literal(_) => None,
    })
}
