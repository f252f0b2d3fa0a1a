//! The attribute lines of an entry: one row an attribute, aligned, with long values cut or shown as a diff.

use super::entries::{Class, Entry, Member};
use super::render::Context;
use crate::model::{Address, Ident, Value};
use crate::plan::Change;
use crate::report::difference;
use crate::report::look::{Detail, Role, columns_of, pad};
use crate::report::value::{inline, inline_or_none, path_text};
use crate::state::Record;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Distinct values of one attribute shown side by side in a folded entry.
const SIDE_BY_SIDE: usize = 3;

/// Labels wider than this push their value to the right instead of all others.
const WIDEST_LABEL: usize = 26;

/// An attribute and what is to be read beside it, line by line.
struct Row {
    label: String,
    lines: Vec<String>,
}

/// The lines below an entry's head, indented.
pub fn lines(entry: &Entry<'_>, context: &Context<'_>) -> Vec<String> {
    let changes: Vec<Cow<'_, [Change]>> =
        entry.members.iter().map(|member| changes_of(entry.class, *member, context)).collect();
    let sibling = sibling_of(entry, context);
    let labels: Vec<String> = changes[0].iter().map(|change| path_text(&change.path)).collect();
    let widest = labels.iter().map(|label| columns_of(label)).filter(|width| *width <= WIDEST_LABEL).max().unwrap_or(0);
    let room = context.look.width.saturating_sub(widest + 6).max(24);
    let mut rows = Vec::new();
    let mut same = 0;
    for (at, label) in labels.into_iter().enumerate() {
        let each: Vec<&Change> = changes.iter().filter_map(|list| list.get(at)).collect();
        if sibling.is_some_and(|record| each.iter().all(|change| as_sibling(change, record))) {
            same += 1;
            continue;
        }
        let lines = row_lines(entry.class, &each, room, context);
        if !lines.is_empty() {
            rows.push(Row { label, lines });
        }
    }
    let mut out: Vec<String> = rows.iter().flat_map(|row| laid_out(row, widest)).collect();
    if let (Some(record), true) = (sibling, same > 0) {
        let text = format!("{} {same} more the same as {}", context.look.dots(), record.address);
        out.push(format!("    {}", context.look.paint(Role::Quiet, &text)));
    }
    out
}

fn laid_out(row: &Row, widest: usize) -> Vec<String> {
    let indent = " ".repeat(widest + 6);
    row.lines
        .iter()
        .enumerate()
        .map(
            |(at, line)| {
                if at == 0 { format!("    {}  {line}", pad(&row.label, widest)) } else { format!("{indent}{line}") }
            },
        )
        .collect()
}

/// What changes, as the plan says it; for a new object all that is known of it, for a vanishing one all of it in full detail.
fn changes_of<'a>(class: Class, member: Member<'a>, context: &Context<'_>) -> Cow<'a, [Change]> {
    let full = context.look.detail == Detail::Full;
    let step = member.step;
    match class {
        Class::Create if step.changes.is_empty() => {
            Cow::Owned(step.after.iter().map(|(name, value)| change(name, None, Some(value))).collect())
        }
        Class::Create | Class::Update | Class::Adopt => Cow::Borrowed(&step.changes),
        Class::ReplaceCreateFirst | Class::ReplaceDestroyFirst => match (&step.changes[..], member.destroy) {
            ([], Some(half)) => Cow::Borrowed(&half.changes),
            (own, _) => Cow::Borrowed(own),
        },
        Class::Destroy | Class::Forget if full => {
            Cow::Owned(step.before.iter().map(|(name, value)| change(name, Some(value), None)).collect())
        }
        Class::Run | Class::Read | Class::Wait | Class::Note if full => Cow::Borrowed(&step.changes),
        Class::Destroy | Class::Forget | Class::Run | Class::Read | Class::Wait | Class::Note => Cow::Borrowed(&[]),
    }
}

fn change(name: &Ident, before: Option<&Value>, after: Option<&Value>) -> Change {
    Change {
        path: vec![name.to_string()],
        before: before.cloned(),
        after: after.cloned(),
        forces_replacement: false,
        secret: false,
        span: None,
    }
}

/// An object of the same declaration that stays, to compare new ones with.
fn sibling_of<'a>(entry: &Entry<'_>, context: &Context<'a>) -> Option<&'a Record> {
    if entry.class != Class::Create || context.look.detail == Detail::Full {
        return None;
    }
    let declaration = entry.first().step.address.declaration();
    let made: BTreeSet<&Address> = entry.members.iter().map(|member| &member.step.address).collect();
    let records = &context.snapshot?.records;
    records
        .range(declaration.clone()..)
        .map(|(_, record)| record)
        .take_while(|record| record.address.declaration() == declaration)
        .find(|record| !made.contains(&record.address))
}

fn as_sibling(change: &Change, record: &Record) -> bool {
    let [name] = &change.path[..] else { return false };
    !change.secret && change.after.is_some() && record.applied.get(name.as_str()) == change.after.as_ref()
}

fn row_lines(class: Class, each: &[&Change], room: usize, context: &Context<'_>) -> Vec<String> {
    let Some(first) = each.first() else { return Vec::new() };
    let fresh = class == Class::Create;
    if fresh && each.iter().all(|change| change.after.as_ref().is_none_or(Value::is_null)) {
        return Vec::new();
    }
    let alike = each.iter().all(|change| change.before == first.before && change.after == first.after);
    let mut lines = match (first.secret, fresh, alike) {
        (true, true, _) => vec!["(secret)".to_owned()],
        (true, false, _) => vec!["(secret, changed)".to_owned()],
        (false, true, true) => new_value(first.after.as_ref(), room, context),
        (false, true, false) => vec![side_by_side(each.iter().map(|change| change.after.as_ref()), room, context)],
        (false, false, true) => changed_value(first, room, context),
        (false, false, false) => several(each, room, context),
    };
    if first.forces_replacement {
        let place = first.span.map_or_else(String::new, |span| format!(" ({})", context.place(span)));
        lines.push(context.look.paint(Role::Replace, &format!("cannot change in place{place}")));
    } else if let Some(span) = first.span.filter(|_| class == Class::Update || context.look.detail == Detail::Full) {
        add_place(&mut lines, &format!("({})", context.place(span)), room, context);
    }
    lines
}

/// Beside the value where there is room; below it only in full detail.
fn add_place(lines: &mut Vec<String>, place: &str, room: usize, context: &Context<'_>) {
    let shown = context.look.paint(Role::Quiet, place);
    match &mut lines[..] {
        [only] if columns_of(only) + columns_of(place) + 2 <= room => only.push_str(&format!("  {shown}")),
        _ if context.look.detail == Detail::Full => lines.push(shown),
        _ => {}
    }
}

fn new_value(value: Option<&Value>, room: usize, context: &Context<'_>) -> Vec<String> {
    match value {
        Some(Value::String(text)) if is_block(text) => difference::text(text, context.look),
        other => vec![context.look.cut(&inline_or_none(other, context.look), room)],
    }
}

/// More than one line; a single one may end with a newline.
fn is_block(text: &str) -> bool {
    text.trim_end_matches('\n').contains('\n')
}

fn changed_value(change: &Change, room: usize, context: &Context<'_>) -> Vec<String> {
    let look = context.look;
    let (before, after) = (change.before.as_ref(), change.after.as_ref());
    match (before, after) {
        (Some(Value::String(old)), Some(Value::String(new))) if is_block(old) || is_block(new) => {
            return difference::texts(old, new, look);
        }
        (Some(old), Some(new)) => {
            if let (Some(old), Some(new)) = (difference::members(old), difference::members(new)) {
                return difference::maps(&old, &new, look);
            }
        }
        (None, _) | (_, None) => {}
    }
    let (old, new) = (inline_or_none(before, look), inline_or_none(after, look));
    let whole = format!("{old} {} {new}", look.arrow());
    if columns_of(&whole) <= room {
        return vec![whole];
    }
    if let (Some(Value::List(_) | Value::Set(_)), Some(Value::List(_) | Value::Set(_))) = (before, after) {
        return difference::texts(&elements(before, context), &elements(after, context), look);
    }
    vec![look.cut(&old, room), format!("{} {}", look.arrow(), look.cut(&new, room.saturating_sub(3)))]
}

fn elements(value: Option<&Value>, context: &Context<'_>) -> String {
    let line = |item: &Value| inline(item, context.look) + "\n";
    match value {
        Some(Value::List(items)) => items.iter().map(line).collect(),
        Some(Value::Set(items)) => items.iter().map(line).collect(),
        other => inline_or_none(other, context.look),
    }
}

fn several(each: &[&Change], room: usize, context: &Context<'_>) -> Vec<String> {
    let half = room.saturating_sub(4) / 2;
    let before = side_by_side(each.iter().map(|change| change.before.as_ref()), half, context);
    let after = side_by_side(each.iter().map(|change| change.after.as_ref()), half, context);
    vec![format!("{before} {} {after}", context.look.arrow())]
}

/// `"web-03", "web-04"`; one value where all are alike, an ellipsis after a few.
fn side_by_side<'v>(values: impl Iterator<Item = Option<&'v Value>>, room: usize, context: &Context<'_>) -> String {
    let look = context.look;
    let mut distinct: Vec<String> = values.map(|value| inline_or_none(value, look)).collect();
    distinct.dedup();
    let more = distinct.len().saturating_sub(SIDE_BY_SIDE);
    distinct.truncate(SIDE_BY_SIDE);
    let tail = if more > 0 { format!(", {} {more} more", look.dots()) } else { String::new() };
    let each_room = (room.saturating_sub(columns_of(&tail)) / distinct.len().max(1)).saturating_sub(2).max(8);
    let shown: Vec<String> = distinct.iter().map(|text| look.cut(text, each_room)).collect();
    shown.join(", ") + &tail
}
