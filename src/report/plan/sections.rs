//! What lies beside the steps: open operations, drift, outputs.

use super::render::{Context, address_text};
use crate::plan::{Drift, DriftHandling, OutputChange, Plan};
use crate::report::difference;
use crate::report::escape;
use crate::report::look::{Detail, Look, Role, columns_of, pad, wrap};
use crate::report::value::{inline_or_none, path_text};
use crate::state::Open;

/// Drifted attributes shown when folded.
const FOLDED_DRIFT: usize = 20;

/// What only changes its name.
pub fn moves(plan: &Plan, context: &Context<'_>) -> String {
    let mut out = String::new();
    for (from, to) in &plan.moves {
        let text = format!("  {} {} {}", address_text(from), context.look.arrow(), address_text(to));
        out.push_str(&wrap(&text, context.look.width, "    "));
        out.push('\n');
    }
    if out.is_empty() { out } else { context.look.paint(Role::Strong, "Moved:") + "\n" + &out }
}

/// Operations of earlier runs whose end is unknown.
pub fn open(context: &Context<'_>) -> String {
    let Some(snapshot) = context.snapshot.filter(|snapshot| !snapshot.open.is_empty()) else { return String::new() };
    let mut out = context.look.paint(Role::Warning, "Open from an earlier run; apply settles these first:") + "\n";
    for open in snapshot.open.values() {
        let text = format!("  {}  {}", address_text(&open.intent.address), open_text(open));
        out.push_str(&wrap(&text, context.look.width, "    "));
        out.push('\n');
    }
    out
}

/// Objects that were taken over by a guess.
pub fn guessed(context: &Context<'_>) -> String {
    let records = context.snapshot.into_iter().flat_map(|snapshot| snapshot.records.values());
    let mut out = String::new();
    for (record, why) in records.filter_map(|record| Some((record, record.quarantine.as_ref()?))) {
        let (address, why) = (address_text(&record.address), escape::clean(why));
        let text = format!("  {address}  {}  {why}", escape::clean(record.id.as_str()));
        out.push_str(&wrap(&text, context.look.width, "    "));
        out.push('\n');
    }
    let title = "Adopted by a guess; neither changed nor destroyed until `cnx state confirm ADDR`:";
    if out.is_empty() {
        out
    } else {
        context.look.paint(Role::Warning, &wrap(title, context.look.width, "")) + "\n" + &out
    }
}

fn open_text(open: &Open) -> String {
    let what = open.intent.purpose.verb();
    let sent = open.intent.at;
    let candidates: Vec<&str> = open.candidates.iter().map(|id| id.as_str()).collect();
    match (&open.job, candidates.as_slice()) {
        (Some(job), _) => format!("{what} accepted as {} (sent {sent})", escape::clean(job.as_str())),
        (None, []) => format!("{what} sent {sent}, its outcome is unknown"),
        (None, several) => {
            let several = escape::clean(&several.join(" or ")).into_owned();
            format!("{what} sent {sent}, may have made {several}: `cnx recover` shows them")
        }
    }
}

/// What changed outside, first what this plan leaves, then what it handles.
pub fn drift(plan: &Plan, context: &Context<'_>) -> String {
    let (left, handled): (Vec<&Drift>, Vec<&Drift>) =
        plan.drift.iter().partition(|drift| drift.handling == DriftHandling::Ignored);
    let mut out = String::new();
    for (title, list) in [
        ("Changed outside cnx since the last apply, and not touched by this plan:", left),
        ("Changed outside cnx since the last apply:", handled),
    ] {
        if list.is_empty() {
            continue;
        }
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&context.look.paint(Role::Strong, &wrap(title, context.look.width, "")));
        out.push('\n');
        out.push_str(&drift_lines(&list, context));
    }
    out
}

fn drift_lines(list: &[&Drift], context: &Context<'_>) -> String {
    let look = context.look;
    let shown = if look.detail == Detail::Full { list.len() } else { list.len().min(FOLDED_DRIFT) };
    let names: Vec<String> = list.iter().take(shown).map(|drift| drift_name(drift)).collect();
    let widest = names.iter().map(|name| columns_of(name)).max().unwrap_or(0).min(look.width / 2);
    let mut out = String::new();
    for (drift, name) in list.iter().zip(&names) {
        let handling = match drift.handling {
            DriftHandling::Reverted => "(put back)",
            DriftHandling::Ignored => "(ignored)",
            DriftHandling::Accepted => "(as declared)",
            DriftHandling::Gone => "",
        };
        let change = if drift.handling == DriftHandling::Gone {
            "gone".to_owned()
        } else {
            let (old, new) = (inline_or_none(drift.applied.as_ref(), look), inline_or_none(drift.live.as_ref(), look));
            let room = look.width.saturating_sub(widest + 24).max(16) / 2;
            format!("{} {} {}", look.cut(&old, room), look.arrow(), look.cut(&new, room))
        };
        let line = format!("  {}    {change}    {}", pad(name, widest), look.paint(Role::Quiet, handling));
        out.push_str(line.trim_end());
        out.push('\n');
    }
    if shown < list.len() {
        out.push_str(&format!("  {} {} more\n", look.dots(), list.len() - shown));
    }
    out
}

fn drift_name(drift: &Drift) -> String {
    let dot = if drift.path.is_empty() { "" } else { "." };
    format!("{}{dot}{}", address_text(&drift.address), path_text(&drift.path))
}

/// How the program's outputs will change.
pub fn outputs(plan: &Plan, context: &Context<'_>) -> String {
    if plan.outputs.is_empty() {
        return String::new();
    }
    let look = context.look;
    let widest = plan.outputs.iter().map(|output| columns_of(output.name.as_str())).max().unwrap_or(0);
    let mut out = look.paint(Role::Strong, "Outputs:") + "\n";
    let room = look.width.saturating_sub(widest + 6).max(24);
    for output in &plan.outputs {
        let (sign, role) = match (&output.before, &output.after) {
            (None, _) => ("+", Role::Create),
            (Some(_), None) => ("-", Role::Destroy),
            (Some(_), Some(_)) => ("~", Role::Update),
        };
        let indent = " ".repeat(widest + 6);
        let lines = output_lines(output, room, look).join(&format!("\n{indent}"));
        out.push_str(&format!("  {} {}  {lines}\n", look.paint(role, sign), pad(output.name.as_str(), widest)));
    }
    out
}

/// Where the program says that a secret may be shown.
pub fn lifted(plan: &Plan, context: &Context<'_>) -> String {
    let mut out = String::new();
    for one in &plan.lifted {
        let text = format!("  {} ({})", escape::clean(&one.from), context.place(one.span));
        out.push_str(&wrap(&text, context.look.width, "    "));
        out.push('\n');
    }
    let title = "Secret, and shown by `nonsensitive`:";
    if out.is_empty() { out } else { context.look.paint(Role::Strong, title) + "\n" + &out }
}

/// A map is compared member by member, everything else side by side.
fn output_lines(output: &OutputChange, room: usize, look: &Look) -> Vec<String> {
    if output.secret {
        let is_changed = output.before.is_some() && output.after.is_some();
        return vec![if is_changed { "(secret, changed)" } else { "(secret)" }.to_owned()];
    }
    match (&output.before, &output.after) {
        (Some(before), None) => vec![look.cut(&inline_or_none(Some(before), look), room)],
        (None, after) => vec![look.cut(&inline_or_none(after.as_ref(), look), room)],
        (Some(before), Some(after)) => {
            if let (Some(old), Some(new)) = (difference::members(before), difference::members(after)) {
                return difference::maps(&old, &new, look);
            }
            let half = room.saturating_sub(4) / 2;
            let shown = |value| look.cut(&inline_or_none(Some(value), look), half);
            vec![format!("{} {} {}", shown(before), look.arrow(), shown(after))]
        }
    }
}
