//! A page as HTML: escaped, without anything from outside. Knows no page; links are handed in as they shall be.

use super::markdown::{Block, Page, Piece, Sample};
use super::terminal::{plain, title};

/// The blocks as HTML, headings with an anchor each. `link` turns a target into the one that is written; `None` leaves the text alone.
pub fn render(page: &Page, link: &dyn Fn(&str) -> Option<String>) -> String {
    page.0.iter().map(|block| one(block, link)).collect()
}

fn one(block: &Block, link: &dyn Fn(&str) -> Option<String>) -> String {
    match block {
        Block::Heading(level, text) => {
            format!("<h{level} id=\"{}\">{}</h{level}>\n", anchor(&plain(text)), inline(text, link))
        }
        Block::Paragraph(text) => format!("<p>{}</p>\n", inline(text, link)),
        Block::List(items) => {
            let items: String = items.iter().map(|item| format!("<li>{}</li>\n", inline(item, link))).collect();
            format!("<ul>\n{items}</ul>\n")
        }
        Block::Table(head, rows) => table(head, rows, link),
        Block::Code(sample) => code(sample),
    }
}

fn table(head: &[Vec<Piece>], rows: &[Vec<Vec<Piece>>], link: &dyn Fn(&str) -> Option<String>) -> String {
    let row = |tag: &str, cells: &[Vec<Piece>]| {
        let cells: String = cells.iter().map(|cell| format!("<{tag}>{}</{tag}>", inline(cell, link))).collect();
        format!("<tr>{cells}</tr>\n")
    };
    let body: String = rows.iter().map(|cells| row("td", cells)).collect();
    format!("<table>\n<thead>\n{}</thead>\n<tbody>\n{body}</tbody>\n</table>\n", row("th", head))
}

fn code(sample: &Sample) -> String {
    let kind = if sample.is("wrong") { " class=\"wrong\"" } else { "" };
    let caption =
        title(sample).map_or(String::new(), |(text, _)| format!("<figcaption>{}</figcaption>", escaped(&text)));
    let mut lines = String::new();
    for (at, line) in sample.text.lines().enumerate() {
        lines.push_str(&format!("{}\n", escaped(line)));
        for place in sample.places.iter().filter(|place| place.line == at + 1) {
            lines.push_str(&format!("{}<b class=\"here\">^</b>\n", " ".repeat(place.column - 1)));
        }
    }
    format!("<figure{kind}>{caption}<pre><code>{lines}</code></pre></figure>\n")
}

fn inline(pieces: &[Piece], link: &dyn Fn(&str) -> Option<String>) -> String {
    let one = |piece: &Piece| match piece {
        Piece::Text(text) => escaped(text),
        Piece::Code(text) => format!("<code>{}</code>", escaped(text)),
        Piece::Strong(text) => format!("<strong>{}</strong>", escaped(text)),
        Piece::Link(text, target) => match link(target) {
            Some(target) => {
                let shown: String = super::markdown::pieces(text)
                    .iter()
                    .map(|piece| inline(std::slice::from_ref(piece), &|_| None))
                    .collect();
                format!("<a href=\"{}\">{shown}</a>", escaped(&target))
            }
            None => escaped(text),
        },
    };
    pieces.iter().map(one).collect()
}

/// The anchor of a heading: its letters and digits, `-` between words.
pub fn anchor(text: &str) -> String {
    let mut anchor = String::new();
    for c in text.chars() {
        match c {
            c if c.is_alphanumeric() || c == '_' => anchor.extend(c.to_lowercase()),
            _ if anchor.ends_with('-') || anchor.is_empty() => {}
            _ => anchor.push('-'),
        }
    }
    anchor.trim_end_matches('-').to_owned()
}

/// Text that means nothing but itself in HTML, attributes included.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}
