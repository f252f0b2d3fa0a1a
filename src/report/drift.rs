//! What `cnx drift` found, for people and for machines. Judges nothing: verdicts are handed in.

use super::escape;
use super::look::{Look, Role, columns_of, count, pad, wrap};
use super::value::{inline_or_none, path_text};
use super::value_json::value;
use crate::plan::{Finding, Unseen, What};
use serde_json::{Value as Json, json};

/// What a finding counts as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Drifted,
    /// A baseline holds; the day it ends on.
    Accepted {
        until: String,
    },
    /// A baseline has ended, and it counts again.
    Expired {
        until: String,
    },
    /// `lifecycle.ignore`.
    Ignored,
    /// Nobody can tell.
    Unknown,
}

impl Verdict {
    /// The word for machines.
    pub fn as_str(&self) -> &'static str {
        match self {
            Verdict::Drifted => "drifted",
            Verdict::Accepted { .. } => "accepted",
            Verdict::Expired { .. } => "expired",
            Verdict::Ignored => "ignored",
            Verdict::Unknown => "unknown",
        }
    }

    /// Whether it makes a difference to the exit code.
    pub fn counts(&self) -> bool {
        match self {
            Verdict::Drifted | Verdict::Expired { .. } => true,
            Verdict::Accepted { .. } | Verdict::Ignored | Verdict::Unknown => false,
        }
    }

    fn until(&self) -> Option<&str> {
        match self {
            Verdict::Accepted { until } | Verdict::Expired { until } => Some(until),
            Verdict::Drifted | Verdict::Ignored | Verdict::Unknown => None,
        }
    }
}

/// All that was found, and where.
#[derive(Debug)]
pub struct Page<'a> {
    pub project: &'a str,
    pub environment: &'a str,
    pub target: &'a str,
    /// Objects that the state knows.
    pub known: usize,
    pub requests: u32,
    pub findings: &'a [(Finding, Verdict)],
}

/// The page for people.
pub fn text(page: &Page<'_>, look: &Look) -> String {
    let parts =
        [page.project, &format!("env {}", page.environment), page.target].map(|part| escape::clean(part).into_owned());
    let (objects, requests) = (count(page.known, "resource"), count(page.requests as usize, "request"));
    let head = format!("{} · {objects}, {requests}", parts.join(" · "));
    let mut out = look.paint(Role::Quiet, &wrap(&head, look.width, "")) + "\n\n";
    let sections: [(&str, Select); 4] = [
        ("Changed outside cnx since the last apply:", |verdict| verdict.counts()),
        ("Accepted:", |verdict| matches!(verdict, Verdict::Accepted { .. })),
        ("Ignored by the program:", |verdict| *verdict == Verdict::Ignored),
        ("Unknown:", |verdict| *verdict == Verdict::Unknown),
    ];
    for (title, wanted) in sections {
        let rows: Vec<&(Finding, Verdict)> = page.findings.iter().filter(|(_, verdict)| wanted(verdict)).collect();
        if !rows.is_empty() {
            out.push_str(&format!("{}\n{}\n", look.paint(Role::Strong, title), lines(&rows, look)));
        }
    }
    out + &summary(page) + "\n"
}

type Select = fn(&Verdict) -> bool;

fn lines(rows: &[&(Finding, Verdict)], look: &Look) -> String {
    let names: Vec<String> = rows.iter().map(|(finding, _)| name(finding)).collect();
    let widest = names.iter().map(|name| columns_of(name)).max().unwrap_or(0).min(look.width / 2);
    let mut out = String::new();
    for ((finding, verdict), name) in rows.iter().zip(&names) {
        let note = match verdict {
            Verdict::Accepted { until } => format!("(until {until})"),
            Verdict::Expired { until } => format!("(accepted until {until})"),
            Verdict::Drifted | Verdict::Ignored | Verdict::Unknown => String::new(),
        };
        let line =
            format!("  {}    {}    {}", pad(name, widest), what(finding, widest, look), look.paint(Role::Quiet, &note));
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

fn name(finding: &Finding) -> String {
    let dot = if finding.path.is_empty() { "" } else { "." };
    format!("{}{dot}{}", escape::clean(&finding.address.to_string()), path_text(&finding.path))
}

fn what(finding: &Finding, widest: usize, look: &Look) -> String {
    match &finding.what {
        What::Changed { applied, live, .. } => {
            let room = look.width.saturating_sub(widest + 24).max(16) / 2;
            let [old, new] = [applied, live].map(|value| inline_or_none(value.as_ref(), look));
            format!("{} {} {}", look.cut(&old, room), look.arrow(), look.cut(&new, room))
        }
        What::Gone => format!("gone ({})", escape::clean(finding.id.as_str())),
        What::Unknown(why) => escape::clean(&reason(why)).into_owned(),
    }
}

fn reason(why: &Unseen) -> String {
    match why {
        Unseen::NotShown => "the API does not show it".to_owned(),
        Unseen::Hidden => "not visible to this key, or gone".to_owned(),
        Unseen::Unread(why) => format!("not read: {why}"),
        Unseen::Open => "an operation of an earlier run is still open".to_owned(),
    }
}

fn summary(page: &Page<'_>) -> String {
    let counted = page.findings.iter().filter(|(_, verdict)| verdict.counts());
    let objects: std::collections::BTreeSet<_> = counted.map(|(finding, _)| &finding.address).collect();
    let count = |wanted: Select| page.findings.iter().filter(|(_, verdict)| wanted(verdict)).count();
    let others = [
        (count(|verdict| matches!(verdict, Verdict::Accepted { .. })), "accepted"),
        (count(|verdict| *verdict == Verdict::Ignored), "ignored"),
        (count(|verdict| *verdict == Verdict::Unknown), "unknown"),
    ];
    let others: Vec<String> =
        others.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    let others = if others.is_empty() { String::new() } else { format!(" ({})", others.join(", ")) };
    match objects.len() {
        0 => format!("No drift: what can be seen is as it was applied{others}."),
        1 => format!("Drift: 1 of {} resources{others}.", page.known),
        many => format!("Drift: {many} of {} resources{others}.", page.known),
    }
}

/// The page for machines.
pub fn json(page: &Page<'_>) -> Json {
    let findings: Vec<Json> = page.findings.iter().map(finding_json).collect();
    json!({
        "format": "cnx-drift",
        "version": 1,
        "project": page.project,
        "environment": page.environment,
        "target": page.target,
        "drift": page.findings.iter().any(|(_, verdict)| verdict.counts()),
        "read": {"resources": page.known, "requests": page.requests},
        "findings": findings,
    })
}

fn finding_json((finding, verdict): &(Finding, Verdict)) -> Json {
    let (what, applied, live, why) = match &finding.what {
        What::Changed { applied, live, .. } => ("changed", applied.as_ref(), live.as_ref(), None),
        What::Gone => ("gone", None, None, None),
        What::Unknown(why) => ("unknown", None, None, Some(reason(why))),
    };
    json!({
        "address": finding.address.to_string(),
        "id": finding.id.as_str(),
        "path": finding.path,
        "what": what,
        "applied": applied.map(value),
        "live": live.map(value),
        "why": why,
        "verdict": verdict.as_str(),
        "until": verdict.until(),
    })
}
