//! Places in source text: byte ranges of a file, and the map that turns them into lines and columns.

use std::sync::Arc;

/// One source file of a run; an index into [`SourceMap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A byte range `start..end` of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    pub file: FileId,
    pub start: u32,
    pub end: u32,
}

impl Span {
    pub fn new(file: FileId, start: usize, end: usize) -> Span {
        Span { file, start: start as u32, end: end as u32 }
    }

    /// From the start of this span to the end of the other (of the same file).
    pub fn to(self, other: Span) -> Span {
        Span { file: self.file, start: self.start, end: other.end.max(self.end) }
    }

    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    pub fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// A value and where it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    pub value: T,
    pub span: Span,
}

impl<T> Spanned<T> {
    pub fn new(value: T, span: Span) -> Spanned<T> {
        Spanned { value, span }
    }
}

/// One file: its name as shown to people (relative to the project), its text and where its lines begin.
#[derive(Clone, Debug)]
pub struct SourceFile {
    pub name: String,
    pub text: Arc<str>,
    line_starts: Vec<u32>,
    /// Characters before each [`BLOCK`] of bytes: a column in a very long line is found without counting all of it.
    counts: Vec<u32>,
}

/// Bytes between two counts of a file's characters.
const BLOCK: usize = 4096;

impl SourceFile {
    fn characters_before(&self, at: usize) -> usize {
        let block = (at / BLOCK).min(self.counts.len().saturating_sub(1));
        let before = self.counts.get(block).copied().unwrap_or(0) as usize;
        before + characters(&self.text.as_bytes()[block * BLOCK..at])
    }
}

/// Characters that begin in these bytes of a text.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte as i8 >= -0x40).count()
}

/// All source files of a run.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    files: Vec<SourceFile>,
}

impl SourceMap {
    pub fn add(&mut self, name: &str, text: &str) -> FileId {
        let starts = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at as u32 + 1);
        let line_starts = std::iter::once(0).chain(starts).collect();
        let mut count = 0;
        let blocks = text.as_bytes().chunks(BLOCK).map(|block| {
            let before = count;
            count += characters(block) as u32;
            before
        });
        let counts = blocks.collect();
        self.files.push(SourceFile { name: name.to_owned(), text: Arc::from(text), line_starts, counts });
        FileId(self.files.len() as u32 - 1)
    }

    /// The same files with their names as seen from a folder that they may lie in.
    #[must_use]
    pub fn seen_from(&self, folder: &str) -> SourceMap {
        let mut all = self.clone();
        for file in &mut all.files {
            let below = file.name.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')).map(str::to_owned);
            file.name = below.unwrap_or_else(|| std::mem::take(&mut file.name));
        }
        all
    }

    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    pub fn files(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        self.files.iter().enumerate().map(|(at, file)| (FileId(at as u32), file))
    }

    pub fn text(&self, span: Span) -> &str {
        &self.file(span.file).text[span.start as usize..span.end as usize]
    }

    /// Line and column of the span's start, both from 1; the column counts characters.
    pub fn line_column(&self, span: Span) -> (usize, usize) {
        let file = self.file(span.file);
        let line = file.line_starts.partition_point(|start| *start <= span.start);
        let start = file.line_starts[line - 1] as usize;
        (line, file.characters_before(span.start as usize) - file.characters_before(start) + 1)
    }

    /// `path:line:column` of the span's start.
    pub fn place(&self, span: Span) -> String {
        let (line, column) = self.line_column(span);
        format!("{}:{line}:{column}", self.file(span.file).name)
    }
}
