//! Events as sentences: the plain lines of a pipe, and the history above the live view.

use crate::apply::{Progress, RolledBack, StepEnd, Summary};
use crate::model::{Address, NodeId};
use crate::plan::Action;
use crate::report::escape;
use crate::report::look::{Look, Role, count, span_of, wrap};
use std::collections::BTreeMap;
use std::time::Duration;

/// Remembers when steps began.
#[derive(Clone, Debug)]
pub struct Sentences {
    look: Look,
    /// Lines end at words, where the terminal ends.
    wraps: bool,
    started: BTreeMap<NodeId, (Duration, Address)>,
}

impl Sentences {
    pub fn new(look: Look) -> Sentences {
        Sentences { look, wraps: false, started: BTreeMap::new() }
    }

    /// No line is longer than the terminal is wide.
    pub fn on_terminal(look: Look) -> Sentences {
        Sentences { wraps: true, ..Sentences::new(look) }
    }

    fn paint(&self, role: Role, text: &str) -> String {
        if self.wraps { self.look.paint(role, &wrap(text, self.look.width, "  ")) } else { self.look.paint(role, text) }
    }

    /// What is to be said of an event, if anything; `at` is since the run's start. May hold several lines.
    pub fn on(&mut self, event: &Progress, at: Duration) -> Option<String> {
        match event {
            Progress::StepStarted { step, address, action, expected } => {
                self.started.insert(*step, (at, address.clone()));
                let expected =
                    if *expected >= 1_000 { format!(" (about {})", span_of(*expected)) } else { String::new() };
                Some(format!("{}: {}{expected}", shown(address), beginning(action)))
            }
            Progress::Waiting { step, why } => {
                let (_, address) = self.started.get(step)?;
                let text = format!("{}: waiting, {}", shown(address), escape::clean(why));
                Some(if self.wraps { wrap(&text, self.look.width, "  ") } else { text })
            }
            Progress::StepEnded { step, address, action, end } => {
                let taken = self.started.remove(step).map(|(began, _)| at.saturating_sub(began));
                Some(self.ended(address, action, end, taken))
            }
            Progress::Stopping { in_flight } => {
                let text = format!(
                    "Stopping: {} in flight will be waited for; once more leaves at once.",
                    count(*in_flight, "step")
                );
                Some(self.paint(Role::Warning, &text))
            }
            Progress::RollingBack { steps, .. } => {
                let what = if *steps == 0 { "nothing of it".to_owned() } else { count(*steps, "step") };
                Some(self.paint(Role::Warning, &format!("A step failed. Undoing what this run did: {what}.")))
            }
            Progress::RunStarted { .. }
            | Progress::Bound { .. }
            | Progress::Job { .. }
            | Progress::Budget { .. }
            | Progress::RunEnded(_) => None,
        }
    }

    fn ended(&self, address: &Address, action: &Action, end: &StepEnd, taken: Option<Duration>) -> String {
        let name = shown(address);
        let after = taken.map_or_else(String::new, |taken| format!(" after {}", span_of(taken.as_millis() as i64)));
        match end {
            StepEnd::Done => self.paint(Role::Create, &format!("{name}: {}{after}", done(action))),
            StepEnd::Failed { message, code, request_id, help } => self.failed(&name, message, code, request_id, help),
            StepEnd::Skipped { because, why } => {
                let because =
                    because.as_ref().map_or_else(String::new, |other| format!(" because of {}", shown(other)));
                let colon = if why.is_empty() { "" } else { ": " };
                self.paint(Role::Quiet, &format!("{name}: skipped{because}{colon}{}", escape::clean(why)))
            }
            StepEnd::Open { why } => {
                let text = format!("{name}: open, {}", escape::clean(why));
                self.paint(Role::Warning, &text)
            }
        }
    }

    fn failed(&self, name: &str, message: &str, code: &str, request_id: &str, help: &str) -> String {
        let code = if code.is_empty() { String::new() } else { format!(" [{}]", escape::clean(code)) };
        let request =
            if request_id.is_empty() { String::new() } else { format!(" (request {})", escape::clean(request_id)) };
        let mut text = self.paint(Role::Error, &format!("{name}: failed: {}{code}{request}", escape::clean(message)));
        if !help.is_empty() {
            let help = format!("  help: {}", escape::clean(help));
            let help = if self.wraps { wrap(&help, self.look.width, "        ") } else { help };
            text.push_str(&format!("\n{help}"));
        }
        text
    }
}

fn shown(address: &Address) -> String {
    escape::clean(&address.to_string()).into_owned()
}

/// `creating`
pub fn beginning(action: &Action) -> String {
    match action {
        Action::Create => "creating".to_owned(),
        Action::Update(names) if !names.is_empty() => {
            format!("updating ({})", names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", "))
        }
        Action::Update(_) => "updating".to_owned(),
        Action::Destroy => "destroying".to_owned(),
        Action::Forget => "forgetting".to_owned(),
        Action::Read => "reading".to_owned(),
        Action::Run => "running".to_owned(),
        Action::Adopt(_) => "adopting".to_owned(),
        Action::Wait(_) => "waiting for an earlier run's operation".to_owned(),
        Action::Note => "remembering".to_owned(),
    }
}

fn done(action: &Action) -> &'static str {
    match action {
        Action::Create => "created",
        Action::Update(_) => "updated",
        Action::Destroy => "destroyed",
        Action::Forget => "forgotten",
        Action::Read => "read",
        Action::Run => "ran",
        Action::Adopt(_) => "adopted",
        Action::Wait(_) => "finished",
        Action::Note => "remembered",
    }
}

/// The last line of a run: `Applied: 2 created, 1 updated in 4.2s with 14 requests.`
pub fn summary(summary: &Summary, look: &Look) -> String {
    let listed = |parts: &[(usize, &str)]| {
        parts
            .iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, what)| format!("{number} {what}"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let well = listed(&[
        (summary.created, "created"),
        (summary.updated, "updated"),
        (summary.replaced, "replaced"),
        (summary.destroyed, "destroyed"),
        (summary.ran, "ran"),
        (summary.incomplete, "left incomplete"),
        (summary.adopted, "adopted"),
        (summary.forgotten, "forgotten"),
        (summary.moved, "moved"),
        (summary.other, "noted"),
    ]);
    let ill = listed(&[(summary.failed, "failed"), (summary.skipped, "skipped"), (summary.open, "open")]);
    let effort = format!("in {} with {}", span_of(summary.elapsed), count(summary.requests as usize, "request"));
    let well = match (well.is_empty(), summary.outputs) {
        (false, _) => well,
        (true, 0) => "nothing changed".to_owned(),
        (true, outputs) => count(outputs, "output"),
    };
    let is_whole = ill.is_empty() && summary.broken.is_none();
    let (word, role) = match (summary.interrupted, is_whole) {
        (true, _) => ("Interrupted", Role::Warning),
        (false, true) => ("Applied", Role::Create),
        (false, false) => ("Not all applied", Role::Error),
    };
    let ill = if ill.is_empty() { String::new() } else { format!("; {ill}") };
    let mut again = String::new();
    if summary.incomplete > 0 {
        again.push_str(" What is incomplete is there, and the next apply replaces it.");
    }
    if summary.asked > 0 {
        again.push_str(" What is open needs an answer.");
    }
    if summary.open > summary.asked {
        again.push_str(" Running again takes up what is open.");
    } else if summary.interrupted && summary.failed + summary.skipped > 0 {
        again.push_str(" Running again does the rest.");
    }
    if let Some(reason) = &summary.broken {
        again.push_str(&format!(" The state could not be written to the end: {}.", escape::clean(reason)));
    }
    let text = wrap(&format!("{word}: {well} {effort}{ill}.{again}"), look.width, "  ");
    let rest = text.strip_prefix(word).unwrap_or_default();
    look.paint(role, word) + rest
}

/// How far a run was undone, and what stays: `Rolled back: 2 destroyed, 1 updated in 4.2s with 7 requests.`
pub fn rolled_back(undone: &RolledBack, look: &Look) -> String {
    let RolledBack { summary, first: _, kept } = undone;
    let parts = [(summary.destroyed, "destroyed"), (summary.updated, "set back")];
    let parts: Vec<String> =
        parts.iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!("{number} {what}")).collect();
    let done = if parts.is_empty() { "nothing at the API".to_owned() } else { parts.join(", ") };
    let ill = summary.failed + summary.skipped + summary.open;
    let effort = format!("in {} with {}", span_of(summary.elapsed), count(summary.requests as usize, "request"));
    let is_whole = ill == 0 && kept.is_empty() && summary.broken.is_none();
    let (word, role) = match (summary.interrupted, is_whole) {
        (true, _) => ("Rolling back was interrupted", Role::Warning),
        (false, true) => ("Rolled back", Role::Warning),
        (false, false) => ("Not all rolled back", Role::Error),
    };
    let ill = if ill > 0 { format!("; {} could not be undone", count(ill, "step")) } else { String::new() };
    let mut text = format!("{}: {done} {effort}{ill}.", look.paint(role, word));
    if let Some(reason) = &summary.broken {
        text.push_str(&format!("\nThe state could not be written to the end: {}.", escape::clean(reason)));
    }
    if !kept.is_empty() {
        text.push_str("\nThis stays as the run left it:");
    }
    for one in kept {
        let line = format!("  {}: {}", shown(&one.address), escape::clean(&one.why));
        text.push_str(&format!("\n{}", wrap(&line, look.width, "    ")));
    }
    text
}
