//! Texts and maps side by side: what went, what came, a little of what stayed. Knows no plan.

use super::escape;
use super::look::{Detail, Look, Role, count};
use super::value;
use crate::model::Value;
use similar::{ChangeTag, TextDiff};
use std::collections::BTreeMap;
use std::time::Duration;

/// Longer diffs settle for a coarser answer.
const DEADLINE: Duration = Duration::from_millis(300);

/// Lines of a diff shown when folded.
const FOLDED_LINES: usize = 24;

/// Unchanged lines around a change.
const CONTEXT: usize = 2;

/// The line diff of two texts: `+ `, `- ` and `  ` before each line.
pub fn texts(before: &str, after: &str, look: &Look) -> Vec<String> {
    let (before, after) = (escape::clean_lines(before), escape::clean_lines(after));
    let diff = TextDiff::configure().timeout(DEADLINE).diff_lines(before.as_ref(), after.as_ref());
    let mut lines = Vec::new();
    for (at, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if at > 0 {
            lines.push(look.paint(Role::Quiet, look.dots()));
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let text = change.value().trim_end_matches('\n');
            lines.push(match change.tag() {
                ChangeTag::Insert => look.paint(Role::Create, &format!("+ {text}")),
                ChangeTag::Delete => look.paint(Role::Destroy, &format!("- {text}")),
                ChangeTag::Equal => look.paint(Role::Quiet, &format!("  {text}")),
            });
        }
    }
    folded(lines, look)
}

/// The lines of a new text.
pub fn text(new: &str, look: &Look) -> Vec<String> {
    let new = escape::clean_lines(new);
    folded(new.lines().map(|line| format!("| {line}")).collect(), look)
}

fn folded(mut lines: Vec<String>, look: &Look) -> Vec<String> {
    if look.detail == Detail::Folded && lines.len() > FOLDED_LINES {
        let more = lines.len() - FOLDED_LINES;
        lines.truncate(FOLDED_LINES);
        lines.push(look.paint(Role::Quiet, &format!("{} {}", look.dots(), count(more, "more line"))));
    }
    lines
}

/// The members of a map or an object by their shown names; `None` for other values.
pub fn members(of: &Value) -> Option<BTreeMap<String, &Value>> {
    match of {
        Value::Map(entries) => Some(entries.iter().map(|(key, value)| (value::key_text(key), value)).collect()),
        Value::Object(entries) => Some(entries.iter().map(|(name, value)| (value::member_text(name), value)).collect()),
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Duration(_)
        | Value::List(_)
        | Value::Set(_)
        | Value::Unknown(_)
        | Value::Sealed(_) => None,
    }
}

/// The member by member diff of two maps: what came, went and changed, and how many stayed.
pub fn maps(before: &BTreeMap<String, &Value>, after: &BTreeMap<String, &Value>, look: &Look) -> Vec<String> {
    let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let widest = names.iter().map(|name| super::look::columns_of(name)).max().unwrap_or(0).min(24);
    let mut lines = Vec::new();
    let mut same = 0;
    for name in names {
        let label = super::look::pad(name, widest);
        let shown =
            |value: &Value| look.cut(&value::inline(value, look), look.width.saturating_sub(widest + 16).max(16));
        match (before.get(name), after.get(name)) {
            (Some(old), Some(new)) if old == new => same += 1,
            (Some(old), Some(new)) => {
                let line = format!("~ {label}  {} {} {}", shown(old), look.arrow(), shown(new));
                lines.push(look.paint(Role::Update, &line));
            }
            (None, Some(new)) => lines.push(look.paint(Role::Create, &format!("+ {label}  {}", shown(new)))),
            (Some(old), None) => lines.push(look.paint(Role::Destroy, &format!("- {label}  {}", shown(old)))),
            (None, None) => {}
        }
    }
    let mut lines = folded(lines, look);
    if same > 0 {
        lines.push(look.paint(Role::Quiet, &format!("{} {same} unchanged", look.dots())));
    }
    lines
}
