//! The Markdown that cnx's own pages are written in: headings, paragraphs, lists, tables, code; `code`, **strong** and links in a line.
//! Knows no renderer. Text that is none of these is a paragraph: nothing fails.

/// A page, block by block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page(pub Vec<Block>);

/// One block of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// Level (1 to 6) and text.
    Heading(usize, Vec<Piece>),
    Paragraph(Vec<Piece>),
    List(Vec<Vec<Piece>>),
    /// The head and the rows, cell by cell.
    Table(Vec<Vec<Piece>>, Vec<Vec<Vec<Piece>>>),
    Code(Sample),
}

/// A code block: ```` ```cnx wrong 4:3 ````.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// `cnx`, `console`, …; may be empty.
    pub language: String,
    /// The other words of the opening line, places left out: `wrong`, a file's name.
    pub words: Vec<String>,
    /// Places that the text complains of.
    pub places: Vec<Place>,
    /// With its last line break.
    pub text: String,
}

/// Line and column, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub line: usize,
    pub column: usize,
}

/// A part of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Text(String),
    Code(String),
    Strong(String),
    /// Text and target.
    Link(String, String),
}

impl Sample {
    /// Whether the opening line has the word.
    pub fn is(&self, word: &str) -> bool {
        self.words.iter().any(|other| other == word)
    }
}

/// Reads a page.
pub fn parse(text: &str) -> Page {
    let mut blocks = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if line.trim().is_empty() {
            continue;
        }
        let level = line.bytes().take_while(|byte| *byte == b'#').count();
        if let Some(opening) = line.strip_prefix("```") {
            let inside = lines.by_ref().take_while(|line| *line != "```");
            let text = inside.map(|line| format!("{line}\n")).collect();
            blocks.push(Block::Code(sample(opening, text)));
        } else if (1..=6).contains(&level) && line[level..].starts_with(' ') {
            blocks.push(Block::Heading(level, pieces(line[level..].trim())));
        } else if line.starts_with('|') {
            let mut rows = vec![cells(line)];
            while let Some(row) = lines.next_if(|line| line.starts_with('|')) {
                rows.push(cells(row));
            }
            let head = rows.remove(0);
            rows.retain(|row| !row.iter().all(|cell| is_rule(cell)));
            blocks.push(Block::Table(head, rows));
        } else if let Some(first) = line.strip_prefix("- ") {
            let mut items = vec![first.to_owned()];
            while let Some(next) = lines.next_if(|line| line.starts_with("- ") || line.starts_with("  ")) {
                match (next.strip_prefix("- "), items.last_mut()) {
                    (None, Some(last)) => *last = format!("{last} {}", next.trim()),
                    (item, _) => items.extend(item.map(str::to_owned)),
                }
            }
            blocks.push(Block::List(items.iter().map(|item| pieces(item)).collect()));
        } else {
            let mut paragraph = line.trim().to_owned();
            let goes_on = |line: &&str| !line.trim().is_empty() && !line.starts_with(['#', '|', '-', '`']);
            while let Some(next) =
                lines.next_if(|line| goes_on(line) || line.starts_with('`') && !line.starts_with("```"))
            {
                paragraph = format!("{paragraph} {}", next.trim());
            }
            blocks.push(Block::Paragraph(pieces(&paragraph)));
        }
    }
    Page(blocks)
}

fn sample(opening: &str, text: String) -> Sample {
    let mut words = opening.split_whitespace();
    let language = words.next().unwrap_or_default().to_owned();
    let mut sample = Sample { language, text, ..Sample::default() };
    for word in words {
        match place(word) {
            Some(place) => sample.places.push(place),
            None => sample.words.push(word.to_owned()),
        }
    }
    sample
}

/// `4:3`
fn place(word: &str) -> Option<Place> {
    let (line, column) = word.split_once(':')?;
    Some(Place { line: line.parse().ok()?, column: column.parse().ok()? })
}

/// The cells between the bars; `\|` is a bar in a cell.
fn cells(line: &str) -> Vec<Vec<Piece>> {
    let inner = line.trim().trim_start_matches('|');
    let inner = if inner.ends_with("\\|") { inner } else { inner.strip_suffix('|').unwrap_or(inner) };
    let marked = inner.replace("\\|", "\u{0}");
    marked.split('|').map(|cell| pieces(cell.replace('\u{0}', "|").trim())).collect()
}

fn is_rule(cell: &[Piece]) -> bool {
    matches!(cell, [Piece::Text(text)] if text.bytes().all(|byte| byte == b'-' || byte == b':'))
}

/// The parts of a line of prose.
pub fn pieces(text: &str) -> Vec<Piece> {
    let mut found = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        match special(rest) {
            Some((piece, length)) => {
                if !plain.is_empty() {
                    found.push(Piece::Text(std::mem::take(&mut plain)));
                }
                found.push(piece);
                rest = &rest[length..];
            }
            None => {
                plain.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    if !plain.is_empty() {
        found.push(Piece::Text(plain));
    }
    found
}

/// The piece that begins here and its length, where it is more than text.
fn special(text: &str) -> Option<(Piece, usize)> {
    if text.starts_with('`') {
        let ticks = text.bytes().take_while(|byte| *byte == b'`').count();
        let fence = &text[..ticks];
        let length = text[ticks..].find(fence)?;
        let inside = &text[ticks..ticks + length];
        let shown = if ticks > 1 { inside.trim() } else { inside };
        return Some((Piece::Code(shown.to_owned()), length + 2 * ticks));
    }
    if let Some(inside) = text.strip_prefix("**") {
        let length = inside.find("**")?;
        return Some((Piece::Strong(inside[..length].to_owned()), length + 4));
    }
    let inside = text.strip_prefix('[')?;
    let middle = inside.find("](")?;
    let target = &inside[middle + 2..];
    let end = target.find(')')?;
    if inside[..middle].contains(['[', ']']) {
        return None;
    }
    Some((Piece::Link(inside[..middle].to_owned(), target[..end].to_owned()), middle + end + 4))
}
