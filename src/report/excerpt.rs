//! Source text for snippets: the lines around some places, sanitised, and of very long lines what is near the places. Knows places, no
//! diagnostics.

use super::escape;
use crate::model::{FileId, SourceMap, Span};
use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::iter::{once, repeat_n};
use std::ops::Range;

/// Lines before and after one that is shown.
pub const AROUND: usize = 1;
/// The canonical form's own width: lines up to that are never cut.
const CANONICAL: usize = 120;
/// Columns that stand before a line's text.
const GUTTER: usize = 10;

/// The files of a run as they may be shown.
#[derive(Debug)]
pub struct Excerpts<'a> {
    sources: &'a SourceMap,
    texts: BTreeMap<FileId, Cow<'a, str>>,
    /// Characters of a line.
    width: usize,
    /// Stands for what is left out.
    gap: &'static str,
}

impl<'a> Excerpts<'a> {
    /// Sanitises the given files; others have no excerpt. Lines are cut to so many columns.
    pub fn new(
        sources: &'a SourceMap,
        files: impl Iterator<Item = FileId>,
        width: usize,
        unicode: bool,
    ) -> Excerpts<'a> {
        let mut texts = BTreeMap::new();
        for file in files {
            texts.entry(file).or_insert_with(|| escape::same_length(&sources.file(file).text));
        }
        let gap = if unicode { "…" } else { "..." };
        Excerpts { sources, texts, width: width.max(CANONICAL) - GUTTER, gap }
    }

    /// The lines of these places (all of that file) and those around them.
    pub fn of(&self, file: FileId, places: &[Span]) -> Excerpt<'a> {
        let text = self.texts.get(&file).map_or("", |text| text.as_ref());
        let name = escape::clean(&self.sources.file(file).name).into_owned();
        let mut lines: BTreeMap<usize, (usize, Vec<Range<usize>>)> = BTreeMap::new();
        for place in places {
            let focus = first_line(text, *place);
            let own = line_at(text, focus.start);
            let (mut before, mut after) = (own.clone(), own.clone());
            lines.entry(own.start).or_insert_with(|| (own.end, Vec::new())).1.push(focus);
            for _ in 0..AROUND {
                if before.start > 0 {
                    before = line_at(text, before.start - 1);
                    lines.entry(before.start).or_insert_with(|| (before.end, Vec::new()));
                }
                if after.end < text.len() {
                    after = line_at(text, after.end + 1);
                    lines.entry(after.start).or_insert_with(|| (after.end, Vec::new()));
                }
            }
        }
        let mut excerpt = Excerpt { sources: self.sources, file, name, text: String::new(), lines: Vec::new() };
        for (start, (end, focuses)) in lines {
            let (number, _) = self.sources.line_column(Span::new(file, start, start));
            let pieces = self.pieces(&text[start..end], start, focuses);
            excerpt.add(text, start..end, number, &pieces, self.gap);
        }
        excerpt
    }

    /// What of a line is shown: all of it, or what is around the places in it, or its beginning.
    fn pieces(&self, line: &str, start: usize, focuses: Vec<Range<usize>>) -> Vec<Range<usize>> {
        if line.len() <= self.width || line.chars().nth(self.width).is_none() {
            return once(start..start + line.len()).collect();
        }
        let mut wanted: Vec<Range<usize>> = focuses
            .into_iter()
            .map(|focus| {
                let (from, to) = (focus.start - start, focus.end - start);
                let to = characters_on(line, from, self.width / 2).min(to.max(from));
                start + characters_back(line, from, self.width / 3)..start + characters_on(line, to, self.width / 6)
            })
            .collect();
        if wanted.is_empty() {
            return once(start..start + characters_on(line, 0, self.width - 1)).collect();
        }
        wanted.sort_by_key(|piece| piece.start);
        wanted.dedup_by(|later, piece| {
            let touches = later.start <= piece.end;
            if touches {
                piece.end = piece.end.max(later.end);
            }
            touches
        });
        wanted
    }
}

/// The part of a span on its first line, so that a snippet never shows a whole block.
fn first_line(text: &str, span: Span) -> Range<usize> {
    let (start, end) = within(text, span.start as usize, span.end as usize);
    let end = text[start..end].find('\n').map_or(end, |at| start + at);
    start..end
}

/// The line of a byte, without its break.
fn line_at(text: &str, at: usize) -> Range<usize> {
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    start..text[at..].find('\n').map_or(text.len(), |newline| at + newline)
}

fn characters_back(line: &str, at: usize, count: usize) -> usize {
    line[..at].char_indices().rev().nth(count.saturating_sub(1)).map_or(0, |(at, _)| at)
}

fn characters_on(line: &str, at: usize, count: usize) -> usize {
    line[at..].char_indices().nth(count).map_or(line.len(), |(further, _)| at + further)
}

/// Byte positions inside the text and on character boundaries.
fn within(text: &str, start: usize, end: usize) -> (usize, usize) {
    let floor = |at: usize| (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let start = floor(start);
    (start, floor(end).max(start))
}

/// A line of an excerpt.
#[derive(Debug)]
struct Line {
    /// In the excerpt, without its break.
    shown: Range<usize>,
    /// In the file.
    written: Range<usize>,
    /// From 1.
    number: usize,
    /// Where its pieces stand in the excerpt and in the file, with their length.
    pieces: Vec<(usize, usize, usize)>,
}

/// Some lines of one file, as miette reads them.
#[derive(Debug)]
pub struct Excerpt<'a> {
    sources: &'a SourceMap,
    file: FileId,
    name: String,
    text: String,
    lines: Vec<Line>,
}

impl Excerpt<'_> {
    fn add(&mut self, text: &str, written: Range<usize>, number: usize, pieces: &[Range<usize>], gap: &str) {
        if let Some(last) = self.lines.last() {
            // Lines that are not neighbours are kept apart.
            let breaks = if last.written.end + 1 == written.start { 1 } else { 3 };
            self.text.extend(repeat_n('\n', breaks));
        }
        let start = self.text.len();
        let mut shown = Vec::with_capacity(pieces.len());
        let mut end = written.start;
        for piece in pieces {
            if piece.start > end {
                self.text.push_str(gap);
            }
            shown.push((self.text.len(), piece.start, piece.len()));
            self.text.push_str(&text[piece.clone()]);
            end = piece.end;
        }
        if end < written.end {
            self.text.push_str(gap);
        }
        let shown_line = start..self.text.len();
        self.lines.push(Line { shown: shown_line, written, number, pieces: shown });
    }

    /// Where the place stands in the excerpt: the part of it that is on its first line and shown.
    pub fn place(&self, span: Span) -> SourceSpan {
        let at = self.lines.partition_point(|line| line.written.start <= span.start as usize);
        let Some(line) = at.checked_sub(1).and_then(|at| self.lines.get(at)) else { return (0, 0).into() };
        let of = |at: usize| {
            let piece = line.pieces.partition_point(|(_, written, _)| *written <= at);
            let piece = piece.checked_sub(1).and_then(|piece| line.pieces.get(piece));
            piece.map_or(line.shown.start, |(shown, written, length)| shown + (at - written).min(*length))
        };
        let (start, end) = within(&self.text, of(span.start as usize), of((span.end as usize).min(line.written.end)));
        (start, end - start).into()
    }

    /// The line of a byte of the excerpt.
    fn line(&self, at: usize) -> usize {
        self.lines.partition_point(|line| line.shown.start <= at).saturating_sub(1)
    }

    /// Where a byte of the excerpt stands in the file.
    fn written(&self, at: usize) -> usize {
        let Some(line) = self.lines.get(self.line(at)) else { return 0 };
        let piece = line.pieces.iter().rev().find(|(shown, ..)| *shown <= at);
        piece.map_or(line.written.start, |(shown, written, length)| written + (at - shown).min(*length))
    }
}

impl SourceCode for Excerpt<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let (mut first, mut last) = (self.line(span.offset()), self.line(span.offset() + span.len()));
        let follows = |line: usize| {
            let pair = self.lines.get(line).zip(self.lines.get(line + 1));
            pair.is_some_and(|(one, next)| one.number + 1 == next.number)
        };
        for _ in 0..before {
            first -= usize::from(first > 0 && follows(first - 1));
        }
        for _ in 0..after {
            last += usize::from(follows(last));
        }
        let (Some(top), Some(bottom)) = (self.lines.get(first), self.lines.get(last)) else {
            return Err(MietteError::OutOfBounds);
        };
        // Without context miette asks for the place of the span itself.
        let start = if before == 0 { span.offset() } else { top.shown.start };
        let column = if before == 0 {
            let written = self.written(start);
            self.sources.line_column(Span::new(self.file, written, written)).1 - 1
        } else {
            0
        };
        let end = bottom.shown.end.max(start);
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            &self.text.as_bytes()[start..end],
            (start, end - start).into(),
            top.number - 1,
            column,
            last - first + 1,
        )))
    }
}
