//! Comments and the declarations that they document.

use super::ast::{Comment, Item};

/// Gives each item the comment lines right above it. Both lists are in order of place.
pub(super) fn attach_docs(text: &str, comments: &[Comment], items: &mut [Item]) {
    let bytes = text.as_bytes();
    for item in items {
        let before = comments.partition_point(|comment| comment.span.start < item.span.start);
        let mut first = before;
        let mut below = item.span.start as usize;
        while first > 0 && is_right_above(bytes, &comments[first - 1], below) {
            first -= 1;
            below = comments[first].span.start as usize;
        }
        if first < before {
            let lines: Vec<&str> = comments[first..before].iter().map(|comment| prose(&comment.text)).collect();
            item.doc = lines.join("\n");
        }
    }
}

/// Whether the comment has its line for itself and only one line break lies between it and `below`.
fn is_right_above(bytes: &[u8], comment: &Comment, below: usize) -> bool {
    let (start, end) = (comment.span.start as usize, comment.span.end as usize);
    let between = &bytes[end..below];
    let is_blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\r');
    let one_break =
        between.iter().all(|b| *b == b'\n' || is_blank(b)) && between.iter().filter(|b| **b == b'\n').count() == 1;
    let line = bytes[..start].iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
    one_break && bytes[line..start].iter().all(is_blank)
}

/// A comment's text without `#` and the blank after it.
fn prose(comment: &str) -> &str {
    let text = comment.strip_prefix('#').unwrap_or(comment);
    text.strip_prefix(' ').unwrap_or(text)
}
