//! Why: where one value comes from, step by step, and why one thing changes. Knows what was found out, finds out nothing.

use super::escape;
use super::look::{Role, columns_of, pad};
use super::plan::{Class, Context, Entry, deed};
use super::value::{inline, inline_or_none, path_text};
use crate::desired::{Cut, Origin, Source};
use crate::model::{Address, Attributes, Ident, RemoteId, Span};
use crate::plan::{Change, ReasonCode};
use std::collections::BTreeSet;

/// What is known of one thing.
#[derive(Debug)]
pub struct Thing<'a> {
    pub address: &'a Address,
    pub id: Option<&'a RemoteId>,
    /// Its declaration's header; none where it is no longer declared.
    pub declared: Option<Span>,
    /// What the plan does with it; none where it stays as it is.
    pub entry: Option<&'a Entry<'a>>,
    /// What the program wants of it.
    pub wanted: Vec<(Ident, Origin)>,
    /// What is there of what is no longer wanted.
    pub former: Attributes,
    /// What was changed outside cnx, and is put back.
    pub outside: BTreeSet<Vec<String>>,
}

/// Deeper steps are not moved further to the right.
const DEEPEST: usize = 8;
/// Labels and values wider than this push what follows to the next line.
const WIDEST_LABEL: usize = 26;
const WIDEST_VALUE: usize = 32;

/// One value and its steps. `change` is what the plan does with it.
pub fn value(origin: &Origin, change: Option<&Change>, context: &Context<'_>) -> String {
    let mut out = String::new();
    step(&mut out, origin, 0, change, context);
    out
}

fn step(out: &mut String, origin: &Origin, deep: usize, change: Option<&Change>, context: &Context<'_>) {
    let look = context.look;
    let indent = "  ".repeat(deep.min(DEEPEST));
    let name = called(origin, context);
    let held = held(origin, context);
    let told = if origin.cut == Some(Cut::Above) { " (above)" } else { "" };
    let room = look.width.saturating_sub(columns_of(&indent) + told.len());
    let line = if held.is_empty() { name.clone() } else { format!("{name} = {held}") };
    let line = look.cut(&line, room);
    let (strong, rest) = line.split_at(if line.starts_with(&name) { name.len() } else { 0 });
    out.push_str(&format!("{indent}{}{rest}{}\n", look.paint(Role::Strong, strong), look.paint(Role::Quiet, told)));
    if origin.cut == Some(Cut::Above) {
        return;
    }
    let room = look.width.saturating_sub(columns_of(&indent) + 4);
    if let Some(before) = change.map(|change| change.before.as_ref()) {
        let before = if origin.secret { "(secret)".to_owned() } else { inline_or_none(before, look) };
        out.push_str(&format!("{indent}    {}\n", look.cut(&format!("changed by this plan; now {before}"), room)));
    }
    let words = words(origin, context);
    if !words.is_empty() {
        out.push_str(&format!("{indent}    {}\n", look.paint(Role::Quiet, &look.cut(&words, room))));
    }
    origin.parts.iter().for_each(|part| step(out, part, deep + 1, None, context));
    if origin.cut == Some(Cut::TooMany) {
        out.push_str(&format!("{indent}  {} it goes on; ask for one of its parts\n", look.dots()));
    }
}

/// Its name, else the text of the place where it is used.
pub fn called(origin: &Origin, context: &Context<'_>) -> String {
    match (origin.name.as_str(), origin.used) {
        ("", Some(used)) => excerpt(used, context),
        (name, _) => escape::clean(name).into_owned(),
    }
}

fn held(origin: &Origin, context: &Context<'_>) -> String {
    match (&origin.value, &origin.values[..]) {
        (Some(value), _) => inline(value, context.look),
        (None, []) if origin.secret => "(secret)".to_owned(),
        (None, []) => String::new(),
        (None, values) => values.iter().map(|value| inline(value, context.look)).collect::<Vec<_>>().join(", "),
    }
}

/// Place and source of a step, in words.
fn words(origin: &Origin, context: &Context<'_>) -> String {
    let place = origin.span.map(|span| context.place(span)).unwrap_or_default();
    let declared = origin.declared.map(|span| context.place(span)).unwrap_or_default();
    let text = written(origin, context);
    match &origin.source {
        Source::Written => format!("{place}  {text}"),
        Source::Given(by) if place.is_empty() => format!("given by {}, declared at {declared}", escape::clean(by)),
        Source::Given(by) => format!("given by {} ({place}), declared at {declared}", escape::clean(by)),
        Source::Environment(name) => format!("{place}  in environment {}: {text}", escape::clean(name)),
        Source::Default => format!("{place}  its default: {text}"),
        Source::Argument => format!("{place}  where the module is used: {text}"),
        Source::NotGiven => format!("optional and not given, declared at {declared}"),
        Source::Setting(name) => format!("not written: the provider's {name} stands for it"),
        Source::Catalog => "not written: the catalog's default".to_owned(),
        Source::Unmanaged => "not written, and no default: cnx leaves it to the API".to_owned(),
        Source::Api => "the API decides it".to_owned(),
        Source::Loop => format!("{place}  from the loop over {text}"),
        Source::EnvironmentName => "the name of the environment: `-e NAME`".to_owned(),
        Source::Function => format!("{declared}  the function gives {text}"),
        Source::File(path) => format!("read from {}", escape::clean(path)),
        Source::Elsewhere => format!("{place}  an output of the project {text}"),
        Source::Whole if place.is_empty() => String::new(),
        Source::Whole => format!("{place}  declared there"),
        Source::Pass => "in a loop".to_owned(),
        Source::Absent => "does not exist here".to_owned(),
    }
    .trim_end_matches([' ', ':'])
    .to_owned()
}

/// The text at the place; a secret that is written out is not shown.
pub fn written(origin: &Origin, context: &Context<'_>) -> String {
    match origin.span {
        Some(span) if !(origin.secret && origin.parts.is_empty()) => excerpt(span, context),
        Some(_) | None => String::new(),
    }
}

/// The text of a span on its first line.
fn excerpt(span: Span, context: &Context<'_>) -> String {
    let text = context.sources.text(span);
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default().trim_end();
    let dots = if lines.next().is_some() { format!(" {}", context.look.dots()) } else { String::new() };
    format!("{}{dots}", escape::clean(&first.replace('\t', " ")))
}

/// One thing: what happens to it and why, then a line for each attribute.
pub fn thing(thing: &Thing<'_>, context: &Context<'_>) -> String {
    let look = context.look;
    let address = look.paint(Role::Strong, &escape::clean(&thing.address.to_string()));
    let id = thing.id.map_or_else(String::new, |id| format!("  {}", escape::clean(id.as_str())));
    let (what, role) = match thing.entry {
        Some(entry) => (deed(entry), entry.class.role()),
        None => ("no change".to_owned(), Role::Quiet),
    };
    let mut out = format!("{address}{id}: {}\n  {}\n", look.paint(role, &what), because(thing, context));
    let rows = rows(thing, context);
    if !rows.is_empty() {
        out.push('\n');
    }
    let label = rows.iter().map(|row| columns_of(&row.label)).filter(|wide| *wide <= WIDEST_LABEL).max().unwrap_or(0);
    let beside = rows.iter().map(|row| columns_of(&row.value)).filter(|wide| *wide <= WIDEST_VALUE).max().unwrap_or(0);
    rows.iter().for_each(|row| out.push_str(&row.laid_out(label, beside, context)));
    if let Some((name, _)) = thing.wanted.first() {
        let hint = format!("`cnx why {}.{name}` tells where one of them comes from.", thing.address);
        out.push_str(&format!("\n{}\n", look.paint(Role::Quiet, &escape::clean(&hint))));
    }
    out
}

fn because(thing: &Thing<'_>, context: &Context<'_>) -> String {
    let at = |span: Option<Span>| span.map_or_else(String::new, |span| format!(" ({})", context.place(span)));
    match thing.entry.map(|entry| &entry.first().step.reason) {
        Some(reason) if reason.code == ReasonCode::AttributesChanged => {
            let changes = changes_of(thing);
            let paths: BTreeSet<String> = changes.iter().map(|change| path_text(&change.path)).collect();
            let verb = if paths.len() == 1 { "differs" } else { "differ" };
            let paths: Vec<String> = paths.into_iter().collect();
            format!("{} {verb} from what is there{}", escape::clean(&paths.join(", ")), at(reason.span))
        }
        Some(reason) => format!("{}{}", escape::clean(&reason.text), at(reason.span)),
        None => format!("it is as declared{}", at(thing.declared)),
    }
}

/// One attribute: name, value or change, remark.
struct Row {
    label: String,
    value: String,
    remark: String,
}

impl Row {
    fn laid_out(&self, label: usize, beside: usize, context: &Context<'_>) -> String {
        let look = context.look;
        let start = label.max(columns_of(&self.label)) + 4;
        let value = look.cut(&self.value, look.width.saturating_sub(start));
        let remark = look.paint(Role::Quiet, &self.remark);
        let head = format!("  {}  ", pad(&self.label, label));
        let fits = columns_of(&value) <= beside && start + beside + 2 + columns_of(&self.remark) <= look.width;
        match (self.remark.is_empty(), fits) {
            (true, _) => format!("{head}{value}\n"),
            (false, true) => format!("{head}{}  {remark}\n", pad(&value, beside)),
            (false, false) => format!("{head}{value}\n{}{remark}\n", " ".repeat(start)),
        }
    }
}

fn rows(thing: &Thing<'_>, context: &Context<'_>) -> Vec<Row> {
    let changes = changes_of(thing);
    let mut rows: Vec<Row> = Vec::new();
    for (name, origin) in &thing.wanted {
        let own: Vec<&&Change> =
            changes.iter().filter(|change| change.path.first() == Some(&name.to_string())).collect();
        if own.is_empty() || thing.entry.is_some_and(|entry| entry.class == Class::Create) {
            rows.push(Row { label: name.to_string(), value: held(origin, context), remark: remark(origin, context) });
        }
        let made = thing.entry.is_none_or(|entry| entry.class != Class::Create);
        rows.extend(
            own.into_iter().filter(|_| made).map(|change| changed(thing, change, remark(origin, context), context)),
        );
    }
    let wanted =
        |change: &&&Change| thing.wanted.iter().any(|(name, _)| change.path.first() == Some(&name.to_string()));
    let others = changes.iter().filter(|change| !wanted(change));
    rows.extend(others.map(|change| {
        let place = change.span.map_or_else(|| "not written any more".to_owned(), |span| context.place(span));
        changed(thing, change, place, context)
    }));
    let former = thing.former.iter().filter(|(_, value)| !value.is_null());
    rows.extend(former.map(|(name, value)| Row {
        label: escape::clean(name.as_str()).into_owned(),
        value: inline(value, context.look),
        remark: String::new(),
    }));
    rows
}

/// The changes of the step, or of its other half.
pub fn changes_of<'a>(thing: &Thing<'a>) -> Vec<&'a Change> {
    let Some(entry) = thing.entry else { return Vec::new() };
    let member = entry.first();
    let own = if member.step.changes.is_empty() { member.destroy.map(|half| &half.changes) } else { None };
    own.unwrap_or(&member.step.changes).iter().collect()
}

fn changed(thing: &Thing<'_>, change: &Change, mut remark: String, context: &Context<'_>) -> Row {
    let look = context.look;
    let value = if change.secret {
        "(secret, changed)".to_owned()
    } else {
        let (before, after) =
            (inline_or_none(change.before.as_ref(), look), inline_or_none(change.after.as_ref(), look));
        format!("{before} {} {after}", look.arrow())
    };
    if change.forces_replacement {
        remark.push_str(", cannot change in place");
    }
    if thing.outside.contains(&change.path) {
        remark.push_str(", changed outside cnx");
    }
    Row { label: escape::clean(&path_text(&change.path)).into_owned(), value, remark }
}

/// Where an attribute's value comes from, in a few words.
fn remark(origin: &Origin, context: &Context<'_>) -> String {
    match &origin.source {
        Source::Setting(name) => format!("the provider's {name}"),
        Source::Catalog => "the catalog's default".to_owned(),
        Source::Unmanaged => "left to the API".to_owned(),
        Source::Api => "decided by the API".to_owned(),
        _ => origin.span.map(|span| context.place(span)).unwrap_or_default(),
    }
}
