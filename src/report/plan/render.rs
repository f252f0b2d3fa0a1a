//! The page: header, entries, what lies beside them, summary.

use super::changes;
use super::entries::{Class, Entry, entries};
use super::{sections, summary};
use crate::model::{Address, Key, SourceMap, Span};
use crate::plan::{Action, Plan, ReasonCode};
use crate::report::escape;
use crate::report::look::{Detail, Look, Role, columns_of, count, pad, wrap};
use crate::state::Snapshot;

/// Keys of a folded entry that are written out.
const KEYS: usize = 6;

/// What a plan's text needs beside the plan.
#[derive(Debug)]
pub struct Context<'a> {
    pub project: &'a str,
    pub environment: &'a str,
    /// `local emulator`, `sandbox`, `production`.
    pub target: &'a str,
    pub sources: &'a SourceMap,
    /// The state planned against: siblings of new objects, open operations.
    pub snapshot: Option<&'a Snapshot>,
    pub look: &'a Look,
}

impl Context<'_> {
    /// `path:line:column`, escaped.
    pub fn place(&self, span: Span) -> String {
        escape::clean(&self.sources.place(span)).into_owned()
    }
}

/// The whole plan.
pub fn plan(plan: &Plan, context: &Context<'_>) -> String {
    let mut out = header(plan, context) + "\n";
    let entries = entries(plan, context.look.detail);
    let columns = Columns::of(&entries, context);
    for entry in &entries {
        out.push('\n');
        out.push_str(&head(entry, &columns, context));
        for line in changes::lines(entry, context) {
            out.push_str(&line);
            out.push('\n');
        }
    }
    for section in [
        sections::moves(plan, context),
        sections::open(context),
        sections::guessed(context),
        sections::drift(plan, context),
        sections::outputs(plan, context),
        sections::lifted(plan, context),
        summary::summary(plan, context),
    ] {
        if !section.is_empty() {
            out.push('\n');
            out.push_str(&section);
        }
    }
    out
}

fn header(plan: &Plan, context: &Context<'_>) -> String {
    let read =
        format!("{} read in {}", count(plan.objects_read, "resource"), count(plan.read_requests as usize, "request"));
    let environment = format!("env {}", escape::clean(context.environment));
    let project = escape::clean(context.project).into_owned();
    let text = [project.clone(), environment, context.target.to_owned(), read].join(context.look.separator());
    let lines = wrap(&text, context.look.width, "  ");
    let rest = lines.strip_prefix(&project).map(str::to_owned);
    rest.map_or(lines, |rest| context.look.paint(Role::Strong, &project) + &rest)
}

/// Where the three parts of an entry's head begin, the same for all.
struct Columns {
    address: usize,
    total: usize,
}

impl Columns {
    fn of(entries: &[Entry<'_>], context: &Context<'_>) -> Columns {
        let limit = context.look.width / 2;
        let address = entries
            .iter()
            .filter(|entry| shown_id(entry).is_some())
            .map(|entry| columns_of(&addresses(entry, context)))
            .filter(|width| *width <= limit)
            .max()
            .unwrap_or(0);
        let total = entries
            .iter()
            .map(|entry| columns_of(&left(entry, address, context)))
            .filter(|width| *width <= limit)
            .max()
            .unwrap_or(0);
        Columns { address, total }
    }
}

fn head(entry: &Entry<'_>, columns: &Columns, context: &Context<'_>) -> String {
    let look = context.look;
    let sign = look.paint(entry.class.role(), entry.class.sign(look.unicode));
    let left = left(entry, columns.address, context);
    let verb = verb(entry, context);
    let padded = pad(&left, columns.total);
    let fits = columns_of(&padded) + columns_of(&verb) + 5 <= look.width;
    let verb = if fits { verb } else { wrap(&verb, look.width.saturating_sub(6), "      ") };
    let verb = look.paint(entry.class.role(), &verb);
    let (address, rest) = padded.split_at(left.find("  ").unwrap_or(left.len()));
    let strong = look.paint(Role::Strong, address);
    if fits {
        format!("{sign} {strong}{rest}  {verb}\n")
    } else {
        format!("{sign} {strong}{}\n      {verb}\n", rest.trim_end())
    }
}

fn left(entry: &Entry<'_>, address_columns: usize, context: &Context<'_>) -> String {
    let addresses = addresses(entry, context);
    match shown_id(entry) {
        Some(id) => format!("{}  {id}", pad(&addresses, address_columns)),
        None => addresses,
    }
}

fn shown_id(entry: &Entry<'_>) -> Option<String> {
    match &entry.members[..] {
        [one] => one.id().map(|id| escape::clean(id.as_str()).into_owned()),
        _ => None,
    }
}

/// `server.web[3], [4]`
fn addresses(entry: &Entry<'_>, context: &Context<'_>) -> String {
    let first = &entry.first().step.address;
    let mut out = address_text(first);
    for member in entry.members.iter().skip(1).take(KEYS - 1) {
        match &member.step.address.key {
            Some(key) => out.push_str(&format!(", [{}]", key_text(key))),
            None => out.push_str(&format!(", {}", address_text(&member.step.address))),
        }
    }
    if entry.members.len() > KEYS {
        out.push_str(&format!(", {} {} more", context.look.dots(), entry.members.len() - KEYS));
    }
    out
}

/// An address as it is pasted back, escaped.
pub fn address_text(address: &Address) -> String {
    escape::clean(&address.to_string()).into_owned()
}

fn key_text(key: &Key) -> String {
    escape::clean(&key.to_string()).into_owned()
}

/// What is done, without the reason.
pub fn deed(entry: &Entry<'_>) -> String {
    let step = entry.first().step;
    let many = entry.members.len();
    let number = if many > 1 { format!(" {many}") } else { String::new() };
    let deposed = if step.deposed { " the former object" } else { "" };
    match entry.class {
        Class::Create => format!("create{number}"),
        Class::Update => format!("update{number} in place{}", operations(&step.action)),
        Class::ReplaceCreateFirst => format!("replace{number}: create, then destroy"),
        Class::ReplaceDestroyFirst => format!("replace{number}: destroy, then create"),
        Class::Destroy => format!("destroy{number}{deposed}"),
        Class::Run => format!("run{number}"),
        Class::Adopt => format!("adopt{number}"),
        Class::Forget => format!("forget{number}, the object stays"),
        Class::Read => format!("read{number} while applying"),
        Class::Wait => format!("wait{number}"),
        Class::Note => format!("remember{number}"),
    }
}

/// What is done and why, on one line.
fn verb(entry: &Entry<'_>, context: &Context<'_>) -> String {
    let step = entry.first().step;
    let why = escape::clean(&step.reason.text).into_owned();
    let text = deed(entry);
    let say_why = match entry.class {
        Class::Create => step.reason.code != ReasonCode::Declared,
        Class::Update => step.reason.code != ReasonCode::AttributesChanged,
        Class::ReplaceCreateFirst | Class::ReplaceDestroyFirst => says_more(entry),
        Class::Destroy => step.reason.code != ReasonCode::DestroyRequested,
        Class::Run | Class::Adopt | Class::Forget | Class::Read | Class::Wait | Class::Note => true,
    };
    let place = step.reason.span.map_or_else(String::new, |span| format!(" ({})", context.place(span)));
    let colon = if text.contains(": ") { "; " } else { ": " };
    match (say_why && !why.is_empty(), context.look.detail) {
        (true, _) => format!("{text}{colon}{why}{place}"),
        (false, Detail::Full) => format!("{text}{place}"),
        (false, Detail::Folded) => text,
    }
}

/// A replacement whose attribute lines do not tell the reason.
fn says_more(entry: &Entry<'_>) -> bool {
    entry.first().step.reason.code != ReasonCode::ReplaceBecauseCannotUpdate
}

fn operations(action: &Action) -> String {
    match action {
        Action::Update(names) if !names.is_empty() => {
            let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
            format!(" ({})", names.join(", "))
        }
        Action::Update(_)
        | Action::Create
        | Action::Destroy
        | Action::Forget
        | Action::Read
        | Action::Run
        | Action::Adopt(_)
        | Action::Wait(_)
        | Action::Note => String::new(),
    }
}
