//! Source text for snippets: sanitised once a file, read a few lines at a time. Knows places, no diagnostics.

use super::escape;
use crate::model::{FileId, SourceMap, Span};
use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The files of a run as they may be shown.
#[derive(Debug)]
pub struct Excerpts<'a> {
    sources: &'a SourceMap,
    texts: BTreeMap<FileId, Cow<'a, str>>,
}

impl<'a> Excerpts<'a> {
    /// Sanitises the given files; others have no excerpt.
    pub fn new(sources: &'a SourceMap, files: impl Iterator<Item = FileId>) -> Excerpts<'a> {
        let mut texts = BTreeMap::new();
        for file in files {
            texts.entry(file).or_insert_with(|| escape::same_length(&sources.file(file).text));
        }
        Excerpts { sources, texts }
    }

    pub fn of(&'a self, file: FileId) -> Excerpt<'a> {
        let text = self.texts.get(&file).map_or("", |text| text.as_ref());
        let name = escape::clean(&self.sources.file(file).name).into_owned();
        Excerpt { sources: self.sources, file, name, text }
    }

    /// The part of a span on its first line, so that a snippet never shows a whole block.
    pub fn first_line(&self, span: Span) -> SourceSpan {
        let text = self.texts.get(&span.file).map_or("", |text| text.as_ref());
        let (start, end) = within(text, span.start as usize, span.end as usize);
        let end = text[start..end].find('\n').map_or(end, |at| start + at);
        (start, end - start).into()
    }
}

/// Byte positions inside the text and on character boundaries.
fn within(text: &str, start: usize, end: usize) -> (usize, usize) {
    let floor = |at: usize| (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let start = floor(start);
    (start, floor(end).max(start))
}

/// One file as miette reads it: only the lines around a span are looked at.
#[derive(Debug)]
pub struct Excerpt<'a> {
    sources: &'a SourceMap,
    file: FileId,
    name: String,
    text: &'a str,
}

impl SourceCode for Excerpt<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let (first, last) = within(self.text, span.offset(), span.offset() + span.len());
        // Without context miette asks for the place of the span itself.
        let start = if before == 0 { first } else { lines_back(self.text, first, before) };
        let end = lines_on(self.text, last, after);
        let (line, column) = self.sources.line_column(Span::new(self.file, start, start));
        let lines = self.text[start..end].matches('\n').count() + 1;
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            &self.text.as_bytes()[start..end],
            (start, end - start).into(),
            line - 1,
            column - 1,
            lines,
        )))
    }
}

/// Where the line begins that lies so many lines before the one of `at`.
fn lines_back(text: &str, at: usize, lines: usize) -> usize {
    let mut start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    for _ in 0..lines {
        if start == 0 {
            break;
        }
        start = text[..start - 1].rfind('\n').map_or(0, |newline| newline + 1);
    }
    start
}

/// Where the line ends that lies so many lines after the one of `at`.
fn lines_on(text: &str, at: usize, lines: usize) -> usize {
    let mut end = text[at..].find('\n').map_or(text.len(), |newline| at + newline);
    for _ in 0..lines {
        if end == text.len() {
            break;
        }
        end = text[end + 1..].find('\n').map_or(text.len(), |newline| end + 1 + newline);
    }
    end
}
