//! What only a person can tell, laid out: the objects that a create may have made side by side, and what to answer.

use super::escape;
use super::look::{Look, Role, columns_of, wrap};
use super::table::{pairs, table};
use super::value::inline;
use super::value_json::value;
use crate::apply::{Candidate, Question};
use crate::model::{Attributes, Ident, Value};
use serde_json::{Map, Value as Json, json};

/// The version of the JSON form below.
pub const VERSION: u32 = 1;
/// A value beside others is cut, to no less and no more than this.
const NARROWEST: usize = 14;
const WIDEST: usize = 24;
/// Attributes that tell candidates apart and that the create did not ask for; at most so many are shown.
const MOST_OTHERS: usize = 8;

/// The question as a page: the candidates as columns, what was asked for in the first one.
pub fn text(question: &Question, look: &Look) -> String {
    let address = escape::clean(&question.address.to_string()).into_owned();
    let what = match question.candidates.len() {
        0 => "Nothing shows what it made.".to_owned(),
        1 => "It may have made this:".to_owned(),
        several => format!("It may have made one of these {several}, or none:"),
    };
    let asks = format!("The create of {address}, sent {}, has no known outcome. {what}", question.sent);
    let mut out = look.paint(Role::Strong, &wrap(&asks, look.width, "")) + "\n";
    let names = rows(question);
    let layout = Layout::of(question, &names, look);
    for beside in question.candidates.chunks(layout.abreast) {
        out.push('\n');
        out.push_str(&block(question, &names, beside, &layout, look));
    }
    if question.candidates.iter().any(|one| !one.differing.is_empty()) {
        let marked = format!("  {} is not as it was asked for.\n", unlike(look));
        out.push_str(&look.paint(Role::Quiet, &marked));
    }
    out.push_str("\nTell `cnx apply` or `cnx recover` which:\n");
    out + &pairs(&answers(question), "  ")
}

/// What can be answered, as a flag, and what it means. The first ones are the candidates, in their order.
pub fn answers(question: &Question) -> Vec<(String, String)> {
    let flag =
        |what: &str| format!("--answer '{}={}'", escape::clean(&question.address.to_string()), escape::clean(what));
    let is_alone = question.candidates.len() == 1;
    let of_one = |(at, one): (usize, &Candidate)| {
        let meaning = if is_alone { "it made this one".to_owned() } else { format!("it made this one, {}", at + 1) };
        (flag(one.id.as_str()), meaning)
    };
    let mut all: Vec<(String, String)> = question.candidates.iter().enumerate().map(of_one).collect();
    if all.is_empty() {
        all.push((flag("ID"), "it made the object with this id".to_owned()));
    }
    all.push((flag("none"), "it made nothing".to_owned()));
    all
}

/// Attributes worth a row: all that the create asked for, then those in which the candidates differ.
fn rows(question: &Question) -> Vec<Ident> {
    let shows =
        |name: &&Ident| question.candidates.iter().any(|one| one.shown.get(*name).is_some_and(|it| !it.is_null()));
    let wanted = question.wanted.iter().filter(|(_, value)| !value.is_null()).map(|(name, _)| name);
    let mut names: Vec<Ident> = wanted.filter(shows).cloned().collect();
    let Some(first) = question.candidates.first() else { return names };
    let tells = |name: &&Ident| {
        let here = first.shown.get(*name);
        question.candidates.len() == 1 || question.candidates.iter().any(|other| other.shown.get(*name) != here)
    };
    let others = first.shown.keys().filter(|name| name.as_str() != "id" && !names.contains(name));
    let others: Vec<Ident> = others.filter(shows).filter(tells).take(MOST_OTHERS).cloned().collect();
    names.extend(others);
    names
}

/// What marks a row in which a candidate is not as it was asked for.
fn unlike(look: &Look) -> &'static str {
    if look.unicode { "≠" } else { "!" }
}

/// How wide the columns may be, and how many candidates stand beside each other.
struct Layout {
    wanted: usize,
    cell: usize,
    abreast: usize,
}

impl Layout {
    fn of(question: &Question, names: &[Ident], look: &Look) -> Layout {
        let first = names.iter().map(|name| columns_of(name.as_str())).max().unwrap_or(0) + 2;
        let wanted = names.iter().map(|name| columns_of(&cell(&question.wanted, name, WIDEST, look)));
        let wanted = wanted.max().unwrap_or(0).max("asked for".len());
        let id = question.candidates.iter().map(|one| columns_of(one.id.as_str())).max().unwrap_or(0);
        let all = question.candidates.len().max(1);
        let beside = |wanted: usize| {
            let room = look.width.saturating_sub(first + wanted + 2);
            (room, (room / (id.max(NARROWEST) + 2)).clamp(1, all))
        };
        // What was asked for is cut before the candidates are taken apart.
        let narrow = wanted.min(NARROWEST);
        let (wanted, (room, abreast)) = match (beside(wanted), beside(narrow)) {
            (wide, narrowed) if narrowed.1 > wide.1 => (narrow, narrowed),
            (wide, _) => (wanted, wide),
        };
        Layout { wanted, cell: (room / abreast).saturating_sub(2).clamp(NARROWEST, WIDEST), abreast }
    }
}

fn block(question: &Question, names: &[Ident], beside: &[Candidate], layout: &Layout, look: &Look) -> String {
    let ids = beside.iter().map(|one| escape::clean(one.id.as_str()).into_owned());
    let head: Vec<String> = ["  ".to_owned(), "asked for".to_owned()].into_iter().chain(ids).collect();
    let line = |name: &Ident| {
        let cells = beside.iter().map(|one| cell(&one.shown, name, layout.cell, look));
        let sign = if beside.iter().any(|one| one.differing.contains(name)) { unlike(look) } else { " " };
        let left =
            [format!("{sign} {}", escape::clean(name.as_str())), cell(&question.wanted, name, layout.wanted, look)];
        left.into_iter().chain(cells).collect::<Vec<String>>()
    };
    let lines: Vec<Vec<String>> = names.iter().map(line).collect();
    table(&head.iter().map(String::as_str).collect::<Vec<_>>(), &lines, look)
}

fn cell(attributes: &Attributes, name: &Ident, width: usize, look: &Look) -> String {
    let shown = attributes.get(name).filter(|value| !matches!(value, Value::Null));
    shown.map_or_else(String::new, |value| look.cut(&inline(value, look), width))
}

/// The question for machines, with the exact flag of each answer.
pub fn json(question: &Question) -> Json {
    let attributes = |attributes: &Attributes| {
        attributes.iter().map(|(name, item)| (name.to_string(), value(item))).collect::<Map<String, Json>>()
    };
    let flag = |what: &str| json!(["--answer", format!("{}={what}", question.address)]);
    json!({
        "format": "cnx-question",
        "version": VERSION,
        "address": question.address.to_string(),
        "kind": question.kind.as_str(),
        "operation": question.operation.0,
        "sent_at": question.sent.to_string(),
        "wanted": attributes(&question.wanted),
        "candidates": question.candidates.iter().map(|one| json!({
            "id": one.id.as_str(),
            "attributes": attributes(&one.shown),
            "differing": one.differing.iter().map(Ident::as_str).collect::<Vec<_>>(),
            "arguments": flag(one.id.as_str()),
        })).collect::<Vec<_>>(),
        "none": flag("none"),
    })
}
