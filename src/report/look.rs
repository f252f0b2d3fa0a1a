//! How to write for whoever reads: colour, symbols, width. Decided once at the door, handed to every renderer.

use anstyle::{AnsiColor, Effects, Style};
use unicode_width::UnicodeWidthStr;

/// How much of a plan is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// Same-shaped changes in one entry, long values cut.
    #[default]
    Folded,
    /// Every step, every attribute, every line.
    Full,
}

/// What the reader's device can show.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    pub colour: bool,
    /// Arrows and box lines beyond ASCII.
    pub unicode: bool,
    /// Columns.
    pub width: usize,
    pub detail: Detail,
}

impl Default for Look {
    fn default() -> Look {
        Look { colour: false, unicode: true, width: 80, detail: Detail::Folded }
    }
}

/// What a piece of text is; its colour follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Create,
    Update,
    Replace,
    Destroy,
    Run,
    Quiet,
    Strong,
    Error,
    Warning,
}

impl Role {
    fn style(self) -> Style {
        let colour = |colour: AnsiColor| Style::new().fg_color(Some(colour.into()));
        match self {
            Role::Create => colour(AnsiColor::Green),
            Role::Update => colour(AnsiColor::Yellow),
            Role::Replace => colour(AnsiColor::Magenta),
            Role::Destroy => colour(AnsiColor::Red),
            Role::Run => colour(AnsiColor::Cyan),
            Role::Quiet => Style::new().effects(Effects::DIMMED),
            Role::Strong => Style::new().effects(Effects::BOLD),
            Role::Error => colour(AnsiColor::Red).effects(Effects::BOLD),
            Role::Warning => colour(AnsiColor::Yellow).effects(Effects::BOLD),
        }
    }
}

impl Look {
    /// The text in the colour of its role; as it is where no colour is wanted.
    pub fn paint(&self, role: Role, text: &str) -> String {
        if !self.colour || text.is_empty() {
            return text.to_owned();
        }
        let style = role.style();
        format!("{style}{text}{style:#}")
    }

    pub fn arrow(&self) -> &'static str {
        if self.unicode { "→" } else { "->" }
    }

    pub fn dots(&self) -> &'static str {
        if self.unicode { "…" } else { "..." }
    }

    pub fn separator(&self) -> &'static str {
        if self.unicode { " · " } else { " - " }
    }

    /// The text cut to so many columns, its end marked; whole where everything is to be shown.
    pub fn cut(&self, text: &str, columns: usize) -> String {
        if self.detail == Detail::Full || columns_of(text) <= columns {
            return text.to_owned();
        }
        let room = columns.saturating_sub(columns_of(self.dots()));
        let mut used = 0;
        let kept: String = text
            .chars()
            .take_while(|c| {
                used += unicode_width::UnicodeWidthChar::width(*c).unwrap_or(0);
                used <= room
            })
            .collect();
        kept + self.dots()
    }
}

/// Display columns of a text without escapes.
pub fn columns_of(text: &str) -> usize {
    text.width()
}

/// The text and blanks up to so many columns.
pub fn pad(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(columns_of(text))))
}

/// The words on lines of at most so many columns; lines after the first begin with `indent`. A longer word stands alone.
pub fn wrap(text: &str, columns: usize, indent: &str) -> String {
    let words = text.trim_start_matches(' ');
    let mut out = " ".repeat(text.len() - words.len());
    let mut used = out.len();
    for (at, word) in words.split(' ').enumerate() {
        let wide = columns_of(word);
        if at > 0 && used + 1 + wide > columns {
            out.push('\n');
            out.push_str(indent);
            used = columns_of(indent);
        } else if at > 0 {
            out.push(' ');
            used += 1;
        }
        out.push_str(word);
        used += wide;
    }
    out
}

/// `2 errors`, `1 error`.
pub fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// Milliseconds as people say them: `0.4s`, `12s`, `1m 10s`, `2h 5m`.
pub fn span_of(milliseconds: i64) -> String {
    let seconds = milliseconds.max(0) / 1000;
    match seconds {
        0..10 => format!("{}.{}s", seconds, milliseconds.max(0) % 1000 / 100),
        10..60 => format!("{seconds}s"),
        60..3600 => format!("{}m {}s", seconds / 60, seconds % 60),
        _ => format!("{}h {}m", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_like_speech() {
        for (milliseconds, text) in
            [(0, "0.0s"), (440, "0.4s"), (12_300, "12s"), (70_000, "1m 10s"), (7_500_000, "2h 5m")]
        {
            assert_eq!(span_of(milliseconds), text);
        }
    }

    #[test]
    fn cutting_counts_columns() {
        let look = Look::default();
        assert_eq!(look.cut("abcdef", 4), "abc…");
        assert_eq!(look.cut("中中中", 5), "中中…");
        assert_eq!(Look { detail: Detail::Full, ..look }.cut("abcdef", 4), "abcdef");
    }

    #[test]
    fn wrapping_indents_what_follows() {
        assert_eq!(wrap("one two three four", 9, "  "), "one two\n  three\n  four");
        assert_eq!(wrap("  one two", 20, "    "), "  one two");
    }
}
