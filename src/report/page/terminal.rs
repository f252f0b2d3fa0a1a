//! A page for a terminal: wrapped at its width, in colour where it has any. Knows no page.

use super::markdown::{Block, Page, Piece, Sample};
use crate::report::escape;
use crate::report::look::{Look, Role, columns_of, pad};

/// Prose wider than this is hard to read, however wide the terminal is.
const WIDEST_PROSE: usize = 100;

/// The page as lines of text.
pub fn render(page: &Page, look: &Look) -> String {
    let blocks: Vec<String> = page.0.iter().map(|block| one(block, look)).collect();
    blocks.join("\n")
}

fn one(block: &Block, look: &Look) -> String {
    let width = look.width.min(WIDEST_PROSE);
    match block {
        Block::Heading(_, text) => format!("{}\n", look.paint(Role::Strong, &escape::clean(&plain(text)))),
        Block::Paragraph(text) => format!("{}\n", wrapped(text, width, "", look)),
        Block::List(items) => items
            .iter()
            .map(|item| format!("{} {}\n", if look.unicode { "•" } else { "-" }, wrapped(item, width - 2, "  ", look)))
            .collect(),
        Block::Table(head, rows) => table(head, rows, look),
        Block::Code(sample) => code(sample, look),
    }
}

/// The text without its marks.
pub fn plain(pieces: &[Piece]) -> String {
    let text = |piece: &Piece| match piece {
        Piece::Text(text) | Piece::Code(text) | Piece::Strong(text) | Piece::Link(text, _) => text.clone(),
    };
    pieces.iter().map(text).collect()
}

/// A word and the role of each of its parts: `(code)` is three parts.
type Word = Vec<(String, Option<Role>)>;

fn words(pieces: &[Piece], look: &Look) -> Vec<Word> {
    let mut words: Vec<Word> = vec![Word::new()];
    for piece in pieces {
        let (text, role) = match piece {
            Piece::Text(text) | Piece::Link(text, _) => (text.clone(), None),
            // Without colour the ticks say where code begins and ends.
            Piece::Code(text) if look.colour => (text.clone(), Some(Role::Run)),
            Piece::Code(text) => (format!("`{text}`"), None),
            Piece::Strong(text) => (text.clone(), Some(Role::Strong)),
        };
        for (at, part) in escape::clean(&text).split(' ').enumerate() {
            if at > 0 {
                words.push(Word::new());
            }
            if let Some(last) = words.last_mut()
                && !part.is_empty()
            {
                last.push((part.to_owned(), role));
            }
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The words on lines of at most so many columns; lines after the first begin with `indent`.
fn wrapped(pieces: &[Piece], columns: usize, indent: &str, look: &Look) -> String {
    lines(pieces, columns, look).join(&format!("\n{indent}"))
}

fn lines(pieces: &[Piece], columns: usize, look: &Look) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in words(pieces, look) {
        let wide: usize = word.iter().map(|(text, _)| columns_of(text)).sum();
        if used > 0 && used + 1 + wide > columns {
            lines.push(String::new());
            used = 0;
        }
        if let Some(line) = lines.last_mut() {
            if used > 0 {
                line.push(' ');
                used += 1;
            }
            for (text, role) in &word {
                line.push_str(&role.map_or_else(|| text.clone(), |role| look.paint(role, text)));
            }
            used += wide;
        }
    }
    lines
}

/// Columns side by side, the last one wrapped in what is left; below one another where too little is left.
fn table(head: &[Vec<Piece>], rows: &[Vec<Vec<Piece>>], look: &Look) -> String {
    let shown = |cell: &Vec<Piece>| lines(cell, usize::MAX, &Look { colour: false, ..*look }).join("");
    let width_of = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at)).chain(head.get(at));
        cells.map(|cell| columns_of(&shown(cell))).max().unwrap_or(0)
    };
    let columns = head.len().max(1);
    let widths: Vec<usize> = (0..columns - 1).map(width_of).collect();
    let before: usize = widths.iter().map(|width| width + 2).sum();
    let has_head = head.iter().any(|cell| !cell.is_empty());
    if before + 24 > look.width {
        return stacked(rows, look);
    }
    let mut out = String::new();
    let heading = has_head.then_some((head, Some(Role::Quiet)));
    for (row, role) in heading.into_iter().chain(rows.iter().map(|row| (row.as_slice(), None))) {
        for (at, cell) in row.iter().take(columns - 1).enumerate() {
            let text = shown(cell);
            let blanks = " ".repeat(widths[at] - columns_of(&text) + 2);
            let text = role.map_or_else(|| lines(cell, usize::MAX, look).join(""), |role| look.paint(role, &text));
            out.push_str(&format!("{text}{blanks}"));
        }
        let last = row.get(columns - 1).map(Vec::as_slice).unwrap_or_default();
        let room = (look.width - before).min(WIDEST_PROSE);
        let last = match role {
            Some(role) => look.paint(role, &escape::clean(&plain(last))),
            None => wrapped(last, room, &" ".repeat(before), look),
        };
        out.push_str(&last);
        out.truncate(out.trim_end_matches(' ').len());
        out.push('\n');
    }
    out
}

/// The first cell on a line of its own, the others indented below it.
fn stacked(rows: &[Vec<Vec<Piece>>], look: &Look) -> String {
    let mut out = String::new();
    for row in rows {
        for (at, cell) in row.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
            let indent = if at == 0 { "" } else { "    " };
            let text = wrapped(cell, look.width.min(WIDEST_PROSE) - indent.len(), indent, look);
            out.push_str(&format!("{indent}{text}\n"));
        }
    }
    out
}

/// The sample under what it is, its places marked.
fn code(sample: &Sample, look: &Look) -> String {
    let mut out = match title(sample) {
        Some((text, role)) => format!("{}\n\n", look.paint(role, &text)),
        None => String::new(),
    };
    for (at, line) in sample.text.lines().enumerate() {
        let shown = escape::clean_lines(line);
        out.push_str(&if shown.is_empty() { "\n".to_owned() } else { format!("    {shown}\n") });
        for place in sample.places.iter().filter(|place| place.line == at + 1) {
            let before: String = line.chars().take(place.column - 1).collect();
            out.push_str(&format!("    {}{}\n", pad("", columns_of(&before)), look.paint(Role::Error, "^")));
        }
    }
    out
}

/// `Wrong:`, `Right:`, or the name of the file that it is.
pub fn title(sample: &Sample) -> Option<(String, Role)> {
    let told = ["wrong", "right"];
    let file = sample.words.iter().find(|word| !told.contains(&word.as_str()) && word.contains('.'));
    let file = file.map_or(String::new(), |name| format!(" ({name})"));
    match (sample.is("wrong"), sample.is("right")) {
        (true, _) => Some((format!("Wrong{file}:"), Role::Error)),
        (_, true) => Some((format!("Right{file}:"), Role::Create)),
        (false, false) if file.is_empty() => None,
        (false, false) => Some((format!("{}:", file.trim_matches([' ', '(', ')'])), Role::Quiet)),
    }
}
