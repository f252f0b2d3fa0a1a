//! The last lines: how much, how long, what cannot be undone.

use super::entries::{Class, counts};
use super::render::{Context, address_text};
use crate::plan::Plan;
use crate::report::escape;
use crate::report::look::{Role, count, span_of, wrap};

/// Addresses of the longest path that are written out.
const PATH: usize = 6;

const INDENT: &str = "      ";

/// `Plan: 2 to create, 1 to update.` and what it takes; `No changes.` where there is nothing to do.
pub fn summary(plan: &Plan, context: &Context<'_>) -> String {
    let look = context.look;
    if !plan.has_changes() {
        let stay = match plan.unchanged {
            _ if !plan.steps.is_empty() => "nothing is to be done at the API".to_owned(),
            _ if plan.refresh_only => "the state is as the cloud is".to_owned(),
            0 => "nothing is declared and nothing is managed".to_owned(),
            1 => "1 resource is as declared".to_owned(),
            many => format!("{many} resources are as declared"),
        };
        return format!("{} {stay}.\n", look.paint(Role::Strong, "No changes:"));
    }
    let mut out = look.paint(Role::Strong, "Plan:") + " ";
    out.push_str(&wrap(&format!("{}.", classes(plan).join(", ")), look.width.saturating_sub(INDENT.len()), INDENT));
    out.push('\n');
    out.push_str(&indented(&effort(plan, context), context));
    for lost in &plan.irreversible {
        let why = if lost.why.is_empty() { String::new() } else { format!(" ({})", escape::clean(&lost.why)) };
        let text = format!("Cannot be undone: destroy {}{why}.", address_text(&lost.address));
        let text = wrap(&text, look.width.saturating_sub(INDENT.len()), INDENT);
        out.push_str(&format!("{INDENT}{}\n", look.paint(Role::Destroy, &text)));
    }
    out
}

fn indented(text: &str, context: &Context<'_>) -> String {
    format!("{INDENT}{}\n", wrap(text, context.look.width.saturating_sub(INDENT.len()), INDENT))
}

/// `2 to create`, `1 to replace`, in the order of the classes.
fn classes(plan: &Plan) -> Vec<String> {
    let counts = counts(plan);
    let replace = counts.of(Class::ReplaceCreateFirst) + counts.of(Class::ReplaceDestroyFirst);
    let parts = [
        (counts.of(Class::Create), "to create"),
        (counts.of(Class::Update), "to update"),
        (replace, "to replace"),
        (counts.of(Class::Destroy), "to destroy"),
        (counts.of(Class::Run), "to run"),
        (counts.of(Class::Adopt), "to adopt"),
        (plan.moves.len(), "to move"),
        (counts.of(Class::Forget), "to forget"),
        (counts.of(Class::Read), "to read"),
        (counts.of(Class::Wait), "to wait for"),
    ];
    let told = parts.iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!("{number} {what}"));
    let told: Vec<String> = told.collect();
    if told.is_empty() { vec![format!("{} to change", count(plan.known_outputs(), "output"))] } else { told }
}

fn effort(plan: &Plan, context: &Context<'_>) -> String {
    let estimate = &plan.estimate;
    let time = if estimate.duration < 1_000 {
        "under a second".to_owned()
    } else {
        format!("about {}", span_of(estimate.duration))
    };
    let stays = if plan.unchanged > 0 { format!("{} unchanged, ", plan.unchanged) } else { String::new() };
    let mut text = format!("{stays}{}, {time}", count(estimate.requests as usize, "request"));
    if let Some(monthly) = &estimate.monthly {
        text.push_str(&format!(", {} a month", escape::clean(monthly)));
    }
    if estimate.longest_path.len() > 1 {
        let arrow = format!(" {} ", context.look.arrow());
        let mut names: Vec<String> = estimate.longest_path.iter().take(PATH).map(address_text).collect();
        if estimate.longest_path.len() > PATH {
            names.push(format!("{} {} more", context.look.dots(), estimate.longest_path.len() - PATH));
        }
        text.push_str(&format!("; the longest path is {}", names.join(&arrow)));
    }
    text + "."
}
