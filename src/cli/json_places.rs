//! Where the members of a JSON object stand in its text. The text is known to be JSON; what the values mean is said elsewhere.

use std::collections::BTreeMap;
use std::ops::Range;

/// A member of the outermost object: its name, and where its value stands.
pub type Member = (String, Range<usize>);

/// A name that an object has twice, at whatever depth: both places of it.
#[derive(Debug, PartialEq, Eq)]
pub struct Twice {
    pub again: Range<usize>,
    pub first: Range<usize>,
}

/// What the walk is in.
enum Inside {
    /// The names that the object has so far.
    Object(BTreeMap<String, Range<usize>>),
    Array,
}

/// The members of the outermost object, in order, and the first name that stands twice in an object.
pub fn members(text: &str) -> (Vec<Member>, Option<Twice>) {
    let bytes = text.as_bytes();
    let (mut members, mut stack): (Vec<Member>, Vec<Inside>) = (Vec::new(), Vec::new());
    // Whether a name is next, and where the value of the last outermost name begins.
    let (mut is_name, mut value) = (false, None);
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        at += 1;
        match bytes[start] {
            b'"' => {
                at = end_of_text(bytes, start);
                if let (true, Some(Inside::Object(names))) = (is_name, stack.last_mut()) {
                    let name: String = serde_json::from_str(&text[start..at]).unwrap_or_default();
                    if let Some(first) = names.insert(name.clone(), start..at) {
                        return (members, Some(Twice { again: start..at, first }));
                    }
                    if stack.len() == 1 {
                        members.push((name, at..at));
                    }
                    is_name = false;
                }
            }
            b':' if stack.len() == 1 => value = Some(at),
            b'{' => {
                stack.push(Inside::Object(BTreeMap::new()));
                is_name = true;
            }
            b'[' => {
                stack.push(Inside::Array);
                is_name = false;
            }
            closing @ (b',' | b'}' | b']') => {
                if let (1, Some(begun), Some(last)) = (stack.len(), value, members.last_mut()) {
                    last.1 = trimmed(text, begun..start);
                    value = None;
                }
                if closing != b',' {
                    stack.pop();
                }
                is_name = closing == b',' && matches!(stack.last(), Some(Inside::Object(_)));
            }
            _ => {}
        }
    }
    (members, None)
}

/// Behind the closing quote.
fn end_of_text(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    bytes.len().min(at + 1)
}

fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let part = &text[range.clone()];
    let start = range.start + (part.len() - part.trim_start().len());
    start..start + part.trim().len()
}

#[cfg(test)]
mod tests {
    use super::{Twice, members};

    #[test]
    fn members_are_found_where_they_stand() {
        let text = "{ \"a\\\"b\" : [1, {\"x\": \"}\"}] ,\n\"c\":\"d\" }";
        let (found, twice) = members(text);
        let shown: Vec<(&str, &str)> = found.iter().map(|(name, at)| (name.as_str(), &text[at.clone()])).collect();
        assert_eq!((shown, twice), (vec![("a\"b", "[1, {\"x\": \"}\"}]"), ("c", "\"d\"")], None));
        assert_eq!(members("{\"a\":1,\"a\":2}").1, Some(Twice { again: 7..10, first: 1..4 }));
        assert_eq!(members("{\"b\":[{\"x\":1,\"\\u0078\":2}]}").1, Some(Twice { again: 13..21, first: 7..10 }));
        assert_eq!(members("{}"), (vec![], None));
    }
}
