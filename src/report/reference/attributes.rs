//! What a catalog says of an attribute, as sentences. Knows no kind.

use crate::model::{Ident, Type};
use crate::provider::catalog::{Attribute, Operation, Presence, Update, Validation};
use crate::report::look::Look;
use crate::report::page::markdown::pieces;
use crate::report::page::{Block, Piece};
use crate::report::value::inline;
use indexmap::IndexMap;

/// Names and what each is; nothing where there is none.
pub fn table<'a>(
    title: &str,
    attributes: impl Iterator<Item = &'a Attribute>,
    updates: &IndexMap<Ident, Operation>,
) -> Vec<Block> {
    let rows: Vec<Vec<Vec<Piece>>> = attributes
        .map(|attribute| vec![vec![Piece::Code(attribute.name.to_string())], sentence(attribute, updates)])
        .collect();
    if rows.is_empty() {
        return Vec::new();
    }
    let head = vec![vec![Piece::Text("name".to_owned())], vec![Piece::Text("what it is".to_owned())]];
    vec![Block::Heading(2, vec![Piece::Text(title.to_owned())]), Block::Table(head, rows)]
}

/// Its type, whether it has to be there, what it is for, what it may be, how it changes.
fn sentence(attribute: &Attribute, updates: &IndexMap<Ident, Operation>) -> Vec<Piece> {
    let mut said = format!("`{}`", attribute.ty);
    match &attribute.presence {
        Presence::Required => said.push_str(", **required**"),
        Presence::Optional { default: Some(default) } => {
            said.push_str(&format!(", default `{}`", inline(default, &Look::default())));
        }
        Presence::Optional { default: None } => said.push_str(", optional"),
        Presence::Computed => {}
    }
    said.push_str(&format!(". {}", attribute.doc));
    for part in [bounds(attribute), change(attribute, updates)].into_iter().flatten() {
        said.push_str(&format!(" {part}"));
    }
    pieces(&said)
}

/// What a value may be, where the type says less.
fn bounds(attribute: &Attribute) -> Option<String> {
    let Validation { minimum, maximum, min_length, max_length, hint, .. } = &attribute.validation;
    let mut parts = Vec::new();
    match (minimum, maximum) {
        (Some(least), Some(most)) => parts.push(format!("from {least} to {most}")),
        (Some(least), None) => parts.push(format!("at least {least}")),
        (None, Some(most)) => parts.push(format!("at most {most}")),
        (None, None) => {}
    }
    let unit = match attribute.ty.required() {
        Type::List(_) | Type::Set(_) | Type::Map(..) => "elements",
        _ => "characters",
    };
    match (min_length, max_length) {
        (Some(least), Some(most)) => parts.push(format!("{least} to {most} {unit}")),
        (Some(least), None) => parts.push(format!("at least {least} {unit}")),
        (None, Some(most)) => parts.push(format!("at most {most} {unit}")),
        (None, None) => {}
    }
    parts.extend(hint.clone());
    let members = attribute.validation.members.iter();
    parts.extend(members.filter_map(|(name, rules)| rules.hint.as_ref().map(|hint| format!("`{name}`: {hint}"))));
    if attribute.unique {
        parts.push("no two alike".to_owned());
    }
    let all = parts.join("; ");
    let mut letters = all.chars();
    letters.next().map(|first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

/// How a change of it is made.
fn change(attribute: &Attribute, updates: &IndexMap<Ident, Operation>) -> Option<String> {
    let disrupts = |name: &Ident| updates.get(name).is_some_and(|operation| operation.disruptive);
    match &attribute.update {
        Update::By(name) if disrupts(name) => Some(format!("Changed in place by `{name}`, which interrupts it.")),
        Update::By(name) => Some(format!("Changed in place by `{name}`.")),
        Update::ByValue(values) => {
            let all: Vec<String> = values.iter().map(|(value, name)| format!("`{name}` for \"{value}\"")).collect();
            Some(format!("Changed in place: {}.", all.join(", ")))
        }
        Update::Replace => Some("Another value means a new object.".to_owned()),
        Update::Argument => Some("It goes along with other changes, and is none of its own.".to_owned()),
        Update::Never if attribute.stable => Some("It never changes.".to_owned()),
        Update::Never => None,
    }
}
