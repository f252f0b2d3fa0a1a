//! What became of tests: for people, as lines of JSON, and as JUnit's XML. Runs nothing.

use super::look::{Detail, Look, Role, count, pad};
use super::value::inline;
use super::{diagnostics, diagnostics_json, escape, value_json};
use crate::desired::Part;
use crate::diag::Diagnostics;
use crate::model::secrets::REDACTED;
use crate::model::{Secrets, SourceMap, Span, Spanned, Value};
use serde_json::{Value as Json, json};
use std::fmt::Write;
use std::time::Duration;

/// How a test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Passed,
    /// An assertion does not hold, or an expected error did not come.
    Failed,
    /// Something went wrong that nobody expected.
    Error,
}

/// An assertion that does not hold.
#[derive(Clone, Debug)]
pub struct Broken {
    pub span: Span,
    pub why: String,
    /// What it is made of, and what that is.
    pub parts: Vec<Part>,
}

/// One test that ran.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub name: Spanned<String>,
    pub status: Status,
    pub broken: Vec<Broken>,
    pub errors: Diagnostics,
    pub taken: Duration,
}

impl Outcome {
    /// Without the secrets of its run.
    pub fn cleaned(self, secrets: &Secrets) -> Outcome {
        Outcome { errors: self.errors.cleaned(secrets), ..self }
    }
}

fn source(span: Span, sources: &SourceMap) -> String {
    let text = &sources.file(span.file).text;
    text.get(span.start as usize..span.end as usize).unwrap_or_default().to_owned()
}

/// The source on one line.
fn one_line(span: Span, sources: &SourceMap) -> String {
    let text = source(span, sources);
    escape::clean(&text.split_whitespace().collect::<Vec<_>>().join(" ")).into_owned()
}

/// The parts worth telling: not the whole, and no object out of which a longer chain takes something.
fn told(broken: &Broken) -> impl Iterator<Item = &Part> {
    let goes_on = |part: &Part| {
        matches!(part.value, Value::Object(_) | Value::Map(_))
            && broken.parts.iter().any(|other| other.span.start == part.span.start && other.span.end > part.span.end)
    };
    broken.parts.iter().filter(move |part| part.span != broken.span && !goes_on(part))
}

fn shown(part: &Part, look: &Look) -> String {
    if part.secret { REDACTED.to_owned() } else { inline(&part.value, look) }
}

fn word(status: Status) -> &'static str {
    match status {
        Status::Passed => "passed",
        Status::Failed => "failed",
        Status::Error => "error",
    }
}

/// For people: a line a test, what failed below it, and the sum.
pub fn text(outcomes: &[Outcome], taken: Duration, sources: &SourceMap, look: &Look) -> String {
    let mut out = String::new();
    let names: Vec<String> = outcomes.iter().map(|one| escape::clean(&one.name.value).into_owned()).collect();
    let widest = names.iter().map(|name| super::look::columns_of(name)).max().unwrap_or(0).min(look.width / 2);
    for (outcome, name) in outcomes.iter().zip(&names) {
        let (mark, role) = match outcome.status {
            Status::Passed => ("ok    ", Role::Create),
            Status::Failed => ("FAILED", Role::Destroy),
            Status::Error => ("ERROR ", Role::Destroy),
        };
        let place = escape::clean(&sources.place(outcome.name.span)).into_owned();
        let _ = writeln!(out, "{}  {}  {}", look.paint(role, mark), pad(name, widest), look.paint(Role::Quiet, &place));
        outcome.broken.iter().for_each(|broken| out.push_str(&broken_text(broken, sources, look)));
        if !outcome.errors.is_empty() {
            out.push_str(&diagnostics::diagnostics(&outcome.errors, sources, look));
        }
    }
    let failed = outcomes.iter().filter(|one| one.status != Status::Passed).count();
    let role = if failed == 0 { Role::Create } else { Role::Destroy };
    let sum = format!("{}: {} passed, {failed} failed", count(outcomes.len(), "test"), outcomes.len() - failed);
    let _ = writeln!(out, "{} in {:.2} s", look.paint(role, &sum), taken.as_secs_f64());
    out
}

fn broken_text(broken: &Broken, sources: &SourceMap, look: &Look) -> String {
    let place = escape::clean(&sources.place(broken.span)).into_owned();
    let mut out = format!("\n    {place}: {}\n      {}\n", escape::clean(&broken.why), one_line(broken.span, sources));
    let rows: Vec<(String, String)> =
        told(broken).map(|part| (one_line(part.span, sources), shown(part, look))).collect();
    let widest = rows.iter().map(|(text, _)| super::look::columns_of(text)).max().unwrap_or(0).min(48);
    for (text, value) in rows {
        let room = look.width.saturating_sub(widest + 14).max(24);
        let _ = writeln!(out, "        {} = {}", pad(&text, widest), look.cut(&value, room));
    }
    out.push('\n');
    out
}

/// For machines: one object a test, then the sum.
pub fn json(outcomes: &[Outcome], taken: Duration, sources: &SourceMap) -> String {
    let mut out = String::new();
    for outcome in outcomes {
        let line = json!({
            "format": "cnx-test",
            "version": 1,
            "name": outcome.name.value,
            "status": word(outcome.status),
            "place": diagnostics_json::place(outcome.name.span, sources),
            "duration_ms": milliseconds(outcome.taken),
            "failures": outcome.broken.iter().map(|broken| failure(broken, sources)).collect::<Vec<_>>(),
            "errors": outcome.errors.0.iter().map(|one| diagnostics_json::one(one, sources)).collect::<Vec<_>>(),
        });
        out.push_str(&value_json::line(&line));
    }
    let of = |status: Status| outcomes.iter().filter(|one| one.status == status).count();
    let sum = json!({
        "format": "cnx-test-summary",
        "version": 1,
        "tests": outcomes.len(),
        "passed": of(Status::Passed),
        "failed": of(Status::Failed),
        "errors": of(Status::Error),
        "duration_ms": milliseconds(taken),
    });
    out + &value_json::line(&sum)
}

fn milliseconds(taken: Duration) -> u64 {
    u64::try_from(taken.as_millis()).unwrap_or(u64::MAX)
}

fn failure(broken: &Broken, sources: &SourceMap) -> Json {
    let value = |part: &Part| {
        let sealed = Value::Sealed("".into());
        value_json::value(if part.secret { &sealed } else { &part.value })
    };
    json!({
        "text": source(broken.span, sources),
        "why": broken.why,
        "place": diagnostics_json::place(broken.span, sources),
        "values": told(broken)
            .map(|part| json!({ "text": source(part.span, sources), "value": value(part) })).collect::<Vec<_>>(),
    })
}

/// The form that build servers read: one suite a file.
pub fn junit(outcomes: &[Outcome], taken: Duration, sources: &SourceMap) -> String {
    let of = |all: &[&Outcome], status: Status| all.iter().filter(|one| one.status == status).count();
    let every: Vec<&Outcome> = outcomes.iter().collect();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let (failed, errors) = (of(&every, Status::Failed), of(&every, Status::Error));
    let _ = writeln!(
        out,
        "<testsuites name=\"cnx\" tests=\"{}\" failures=\"{failed}\" errors=\"{errors}\" time=\"{:.3}\">",
        every.len(),
        taken.as_secs_f64()
    );
    let look = Look { width: 120, detail: Detail::Full, ..Look::default() };
    for all in every.chunk_by(|a, b| a.name.span.file == b.name.span.file) {
        let file = xml(&sources.file(all[0].name.span.file).name);
        let time: Duration = all.iter().map(|one| one.taken).sum();
        let (failed, errors) = (of(all, Status::Failed), of(all, Status::Error));
        let _ = writeln!(
            out,
            "  <testsuite name=\"{file}\" tests=\"{}\" failures=\"{failed}\" errors=\"{errors}\" time=\"{:.3}\">",
            all.len(),
            time.as_secs_f64()
        );
        all.iter().for_each(|one| out.push_str(&case(one, &file, sources, &look)));
        out.push_str("  </testsuite>\n");
    }
    out + "</testsuites>\n"
}

fn case(outcome: &Outcome, file: &str, sources: &SourceMap, look: &Look) -> String {
    let (line, _) = sources.line_column(outcome.name.span);
    let mut out = format!(
        "    <testcase classname=\"{file}\" name=\"{}\" file=\"{file}\" line=\"{line}\" time=\"{:.3}\"",
        xml(&outcome.name.value),
        outcome.taken.as_secs_f64()
    );
    if outcome.status == Status::Passed {
        return out + "/>\n";
    }
    out.push_str(">\n");
    for broken in &outcome.broken {
        let (message, text) = (one_line(broken.span, sources), broken_text(broken, sources, look));
        let why = format!("{}: {message}", broken.why);
        let _ = writeln!(out, "      <failure message=\"{}\">{}</failure>", xml(&why), xml(text.trim()));
    }
    for one in &outcome.errors.0 {
        let (message, text) = (diagnostics::headline(one), super::sarif::sentence(one));
        let code = xml(one.code.id);
        let _ = writeln!(out, "      <error type=\"{code}\" message=\"{}\">{}</error>", xml(&message), xml(&text));
    }
    out + "    </testcase>\n"
}

/// Text in XML, also within quotes; what XML cannot hold becomes a question mark.
fn xml(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('?'),
            c => out.push(c),
        }
        out
    })
}
