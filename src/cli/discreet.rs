//! A file of parameters that may hold secrets, as it may be shown: the names that something is given for, and nothing else. Knows how the
//! two forms are written; what is given means nothing here.

use super::json_places::Member;
use crate::model::{FileId, Span};
use crate::syntax::ast::{Entry, Expr, ExprKind, ObjectKey};
use crate::syntax::parse_expression;
use std::ops::Range;

/// What stands before `name = value` lines so that they read as one object.
pub const OPENING: &str = "{\n";

/// `name = value` lines: of each outermost pair the name and its `=`. Where names stand is known only of a text that is understood: of any
/// other nothing is shown, since a value of several lines may hold what looks like a name.
pub fn of_lines(text: &str) -> String {
    let read = parse_expression(FileId(u32::MAX), &format!("{OPENING}{text}\n}}"));
    let Ok(Expr { kind: ExprKind::Object(entries), .. }) = read else { return kept(text, []) };
    kept(text, entries.iter().filter_map(|entry| name(text, entry)))
}

/// The place of a name with its `=`.
fn name(text: &str, entry: &Entry) -> Option<Range<usize>> {
    let span = |span: Span| {
        (span.start as usize).checked_sub(OPENING.len()).zip((span.end as usize).checked_sub(OPENING.len()))
    };
    let (start, end) = match entry {
        Entry::Pair { key: ObjectKey::Name(name), .. } => span(name.span)?,
        Entry::Pair { key: ObjectKey::Text(_, place), .. } => span(*place)?,
        Entry::Pair { key: ObjectKey::Computed(_), .. } | Entry::Spread(_) => return None,
    };
    let behind = text.get(end..)?;
    let blanks = behind.len() - behind.trim_start_matches([' ', '\t']).len();
    let equals = usize::from(behind[blanks..].starts_with('='));
    Some(start..end + blanks + equals)
}

/// A JSON object: all but the values of its members, which are given in order. Without any, nothing is shown.
pub fn of_json(text: &str, members: &[Member]) -> String {
    let begins = std::iter::once(0).chain(members.iter().map(|(_, value)| value.end));
    let between = begins.zip(members.iter().map(|(_, value)| value.start).chain([text.len()]));
    kept(text, between.map(|(start, end)| start..end).filter(|_| !members.is_empty()))
}

/// The text of which these places are shown; all the rest is made unreadable byte for byte, so that lines and columns stay.
fn kept(text: &str, places: impl IntoIterator<Item = Range<usize>>) -> String {
    let hidden = |part: &str| part.bytes().map(|byte| if byte == b'\n' { '\n' } else { '*' }).collect::<String>();
    let (mut shown, mut at) = (String::with_capacity(text.len()), 0);
    for place in places {
        shown.push_str(&hidden(&text[at..place.start]));
        shown.push_str(&text[place.clone()]);
        at = place.end;
    }
    shown + &hidden(&text[at..])
}

#[cfg(test)]
mod tests {
    use super::{of_json, of_lines};
    use crate::cli::json_places;

    /// What is shown of each line begins as said and goes on hidden.
    #[test]
    fn of_lines_only_the_outermost_names_are_shown() {
        let cases: [&[(&str, &str)]; 6] = [
            &[("token = \"c2Vj=\" # note=1", "token ="), ("\"b\" = 2", "\"b\" =")],
            &[("keys = [", "keys ="), ("  \"c2VjcmV0S2V5==\",", ""), ("  \"hunter2=x\",", ""), ("]", "")],
            &[("a = {", "a ="), ("  inner = \"x\"", ""), ("}", ""), ("b = 1, c = 2", "b =****c =")],
            &[("pem = \"\"\"", "pem ="), ("  c2Vj = \"x\"", ""), ("  \"\"\"", ""), ("b = \"ä\"", "b =")],
            &[("# old = \"secret\"", ""), ("...more", ""), ("(\"s\") = 1", "")],
            &[("a =", "a ="), ("  # b = 1", ""), ("  \"x\"", ""), ("  b   = 1", "**b   =")],
        ];
        for lines in cases {
            let text: Vec<&str> = lines.iter().map(|(line, _)| *line).collect();
            let shown = lines.iter().map(|(line, shown)| format!("{shown:*<width$}", width = line.len()));
            assert_eq!(of_lines(&text.join("\n")), shown.collect::<Vec<_>>().join("\n"));
            assert_eq!(
                of_lines(&text.join("\r\n")).replace("*\n", "\n"),
                of_lines(&text.join("\n")),
                "carriage returns"
            );
        }
    }

    #[test]
    fn of_a_text_that_is_not_understood_nothing_is_shown() {
        for text in [
            "token = hunter2!",
            "key = BEGIN\nhunter2=\nEND",
            "keys = [\n  \"a=\",\nb = 1",
            "} == {",
            "for a in [s]: a => a",
        ] {
            let expected: String = text.chars().map(|c| if c == '\n' { '\n' } else { '*' }).collect();
            assert_eq!(of_lines(text), expected);
        }
    }

    #[test]
    fn of_json_only_the_outermost_names_are_shown() {
        let cases = [
            ("{ \"a\" : \"x, y: z\" ,\n\"b\":{\"c\":[1]}}", "{ \"a\" : ********* ,\n\"b\":*********}"),
            ("{\"a\": [\n  \"b\"\n]}", "{\"a\": *\n*****\n*}"),
            ("[\"a\", {\"b\": 1}]", "***************"),
            ("{}", "**"),
        ];
        for (text, shown) in cases {
            assert_eq!(of_json(text, &json_places::members(text).0), shown);
        }
    }
}
