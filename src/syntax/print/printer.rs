//! What every part of the formatter shares: the text so far, the indent, the comments that still have to be printed.

use crate::model::Span;
use crate::syntax::ast::Comment;

/// Columns that a line should not exceed where it can be broken.
const WIDTH: usize = 120;

pub(super) struct Printer<'t> {
    /// The source, for what the tree does not keep.
    pub text: &'t str,
    pub comments: &'t [Comment],
    /// The first comment that is not printed yet.
    pub next: usize,
    pub out: String,
    pub indent: usize,
    /// Line breaks that were written do not count: all of it goes on one line.
    pub joins_lines: bool,
}

impl<'t> Printer<'t> {
    pub fn new(text: &'t str, comments: &'t [Comment]) -> Printer<'t> {
        Printer {
            text,
            comments,
            next: 0,
            out: String::with_capacity(text.len() + text.len() / 16),
            indent: 0,
            joins_lines: false,
        }
    }

    pub fn push(&mut self, text: &str) {
        self.out.push_str(text);
    }

    pub fn line(&mut self) {
        self.out.push('\n');
        self.push_indent();
    }

    pub fn push_indent(&mut self) {
        for _ in 0..self.indent {
            self.out.push_str("  ");
        }
    }

    /// A line break, with an empty line before it where asked.
    pub fn line_after(&mut self, blank: bool) {
        if blank {
            self.out.push('\n');
        }
        self.line();
    }

    pub fn source(&self, span: Span) -> &'t str {
        &self.text[span.start as usize..span.end as usize]
    }

    pub fn between(&self, start: u32, end: u32) -> &'t str {
        &self.text[start as usize..end.max(start) as usize]
    }

    /// Whether a line break was written between the two places.
    pub fn breaks(&self, start: u32, end: u32) -> bool {
        !self.joins_lines && self.between(start, end).contains('\n')
    }

    /// Whether an empty line was written between the two places.
    pub fn has_blank(&self, start: u32, end: u32) -> bool {
        self.between(start, end).bytes().filter(|b| *b == b'\n').nth(1).is_some()
    }

    /// The comments within a place.
    pub fn comments_in(&self, span: Span) -> &'t [Comment] {
        let first = self.comments.partition_point(|comment| comment.span.start < span.start);
        let last = self.comments[first..].partition_point(|comment| comment.span.start < span.end);
        &self.comments[first..first + last]
    }

    pub fn has_comments(&self, span: Span) -> bool {
        !self.comments_in(span).is_empty()
    }

    /// Whether a comment stands in `span` outside of all `parts`, where no layout has a place for it.
    pub fn strays(&self, span: Span, parts: impl Iterator<Item = Span> + Clone) -> bool {
        let inside = |comment: &Comment| {
            parts.clone().any(|part| part.start <= comment.span.start && comment.span.end <= part.end)
        };
        !self.comments_in(span).iter().all(inside)
    }

    /// The last `(` before a place, comments aside.
    pub fn opened_before(&self, place: u32) -> u32 {
        let mut end = place;
        loop {
            let Some(at) = self.text[..end as usize].rfind('(') else { return place };
            let before = self.comments.partition_point(|comment| comment.span.start as usize <= at);
            match before.checked_sub(1).map(|index| self.comments[index].span) {
                Some(comment) if comment.end as usize > at => end = comment.start,
                Some(_) | None => return at as u32,
            }
        }
    }

    /// Behind the first `)` after a place, comments aside.
    pub fn closed_after(&self, place: u32) -> u32 {
        let mut at = place;
        for comment in &self.comments[self.comments.partition_point(|comment| comment.span.start < place)..] {
            if self.between(at, comment.span.start).contains(')') {
                break;
            }
            at = comment.span.end;
        }
        self.text[at as usize..].find(')').map_or(at, |length| at + length as u32 + 1)
    }

    /// The next unprinted comment, where it begins before `end`.
    pub fn comment_before(&self, end: u32) -> Option<&'t Comment> {
        self.comments.get(self.next).filter(|comment| comment.span.start < end)
    }

    /// Prints the comments that follow on the same line as `at`; the place where the last of them ends.
    pub fn trailing_comments(&mut self, mut at: u32, end: u32) -> u32 {
        while let Some(comment) = self.comment_before(end).filter(|comment| !self.breaks(at, comment.span.start)) {
            self.out.push(' ');
            self.out.push_str(&comment.text);
            at = comment.span.end;
            self.next += 1;
        }
        at
    }

    /// As it was written, comments and all.
    pub fn verbatim(&mut self, span: Span) {
        let source = self.source(span);
        if source.contains('\r') {
            self.out.push_str(&source.replace("\r\n", "\n"));
        } else {
            self.out.push_str(source);
        }
        self.next += self.comments[self.next..].partition_point(|comment| comment.span.start < span.end);
    }

    /// Whether the last line is within the width.
    pub fn fits(&self) -> bool {
        self.column() <= WIDTH
    }

    /// Characters of the last line.
    pub fn column(&self) -> usize {
        let line = self.out.rfind('\n').map_or(0, |at| at + 1);
        self.out[line..].chars().count()
    }

    /// Tries a layout: what it printed stays if it says so.
    pub fn attempt(&mut self, print: impl FnOnce(&mut Self) -> bool) -> bool {
        let (mark, next) = (self.out.len(), self.next);
        let done = print(self);
        if !done {
            self.out.truncate(mark);
            self.next = next;
        }
        done
    }

    /// What can be learned from printing, which leaves no trace.
    pub fn measure<T>(&mut self, print: impl FnOnce(&mut Self) -> T) -> T {
        let (mark, next) = (self.out.len(), self.next);
        let result = print(self);
        self.out.truncate(mark);
        self.next = next;
        result
    }
}
