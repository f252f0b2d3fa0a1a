//! The one sanitizer: nothing that a file, the API or a person wrote reaches the terminal as a control sequence.
//! Knows characters, no terminal and no colour.

use std::borrow::Cow;
use std::fmt::Write;

/// Whether a character may be shown as it is: no control (C0, C1, DEL), nothing invisible, nothing that turns the direction of text.
pub fn is_plain(c: char) -> bool {
    !c.is_control()
        && !matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// The text on one line: newlines, tabs and everything not plain as an escape.
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    text.chars().for_each(|c| push(&mut out, c));
    Cow::Owned(out)
}

/// The text with its lines kept: a tab is four blanks, a carriage return before a newline vanishes, all else as in [`clean`].
pub fn clean_lines(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| c == '\n' || is_plain(c)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.replace("\r\n", "\n").chars() {
        match c {
            '\n' => out.push('\n'),
            '\t' => out.push_str("    "),
            other => push(&mut out, other),
        }
    }
    Cow::Owned(out)
}

/// The text with a harmless stand-in of the same length in bytes for each character that is not plain, so that places stay right.
/// Newlines and tabs stay.
pub fn same_length(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| matches!(c, '\n' | '\t') || is_plain(c)) {
        return Cow::Borrowed(text);
    }
    let stand_in = |c: char| match c.len_utf8() {
        _ if matches!(c, '\n' | '\t') || is_plain(c) => c,
        1 if c == '\r' => ' ',
        1 => '?',
        2 => '\u{bf}',
        3 => '\u{fffd}',
        _ => '\u{1f6c7}',
    };
    Cow::Owned(text.chars().map(stand_in).collect())
}

/// JSON text in which everything not plain is written as `\u…`; outside of strings JSON has nothing but plain characters and newlines.
pub fn json(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| c == '\n' || is_plain(c)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if c == '\n' || is_plain(c) {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}").expect("writing to a string does not fail");
            }
        }
    }
    Cow::Owned(out)
}

/// The text between quotes as the language writes it, on one line.
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            other => push(&mut out, other),
        }
    }
    out.push('"');
    out
}

fn push(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\t' => out.push_str("\\t"),
        '\r' => out.push_str("\\r"),
        c if is_plain(c) => out.push(c),
        c => write!(out, "\\u{{{:x}}}", u32::from(c)).expect("writing to a string does not fail"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn nasty() -> impl Strategy<Value = String> {
        let bad = prop::sample::select(vec![
            "\u{1b}[31m",
            "\u{1b}]8;;http://evil\u{7}",
            "\r",
            "\u{9b}2J",
            "\u{202e}",
            "\u{200b}",
            "\u{7f}",
            "\0",
            "\u{8}",
            "\t",
            "\n",
            "\u{e0041}",
            "\u{ad}",
            "\u{feff}",
        ]);
        prop::collection::vec(prop_oneof![bad.prop_map(str::to_owned), any::<String>()], 0..8)
            .prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn nothing_but_plain_characters_comes_out(text in nasty()) {
            prop_assert!(clean(&text).chars().all(is_plain));
            prop_assert!(quote(&text).chars().all(is_plain));
            prop_assert!(clean_lines(&text).chars().all(|c| c == '\n' || is_plain(c)));
            let written = serde_json::Value::String(text.clone()).to_string();
            let safe = json(&written);
            prop_assert!(safe.chars().all(is_plain));
            prop_assert_eq!(serde_json::from_str::<String>(&safe).expect("JSON"), text.clone());
            let same = same_length(&text);
            prop_assert_eq!(same.len(), text.len());
            prop_assert!(same.chars().all(|c| matches!(c, '\n' | '\t') || is_plain(c)));
        }

        #[test]
        fn what_is_plain_stays(text in "[ -~äöü→ß中]*") {
            let shown = clean(&text);
            prop_assert_eq!(shown.as_ref(), &text);
        }
    }

    #[test]
    fn escapes_can_be_read() {
        assert_eq!(clean("a\u{1b}[2Jb\nc"), "a\\u{1b}[2Jb\\nc");
        assert_eq!(quote("say \"hi\" \\ \u{202e}x"), "\"say \\\"hi\\\" \\\\ \\u{202e}x\"");
        assert_eq!(clean_lines("a\tb\r\nc"), "a    b\nc");
    }
}
