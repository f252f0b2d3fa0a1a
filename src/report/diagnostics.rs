//! Complaints as people read them: code, title, snippets with labels, what to do, and a count at the end.
//! The only file that knows how a diagnostic looks.

use super::escape;
use super::excerpt::{self, Excerpt, Excerpts};
use super::look::{Look, Role, count};
use crate::diag::{Diagnostic, Diagnostics, Label, Severity};
use crate::model::{FileId, SourceMap, Span};
use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode, ThemeCharacters, ThemeStyles};
use std::collections::BTreeMap;
use std::fmt;

/// So many are shown to people; machines get all of them.
const MOST_SHOWN: usize = 200;

/// In the order given, then `3 errors, 1 warning`. Where there are very many, the first ones, errors before warnings. Empty for none.
pub fn diagnostics(all: &Diagnostics, sources: &SourceMap, look: &Look) -> String {
    let chosen = chosen(all);
    let files = chosen.iter().flat_map(|diagnostic| labels_of(diagnostic)).map(|label| label.span.file);
    let excerpts = Excerpts::new(sources, files, look.width, look.unicode);
    let handler = handler(look);
    let mut out = String::new();
    for diagnostic in &chosen {
        let shown = Shown::new(diagnostic, &excerpts, sources);
        handler.render_report(&mut out, &shown).expect("writing to a string does not fail");
        out.push('\n');
    }
    let left_out = all.0.len() - chosen.len();
    if left_out > 0 {
        out.push_str(&format!("… and {left_out} more, not shown\n\n"));
    }
    let summary = summary(all, look);
    if !summary.is_empty() {
        out.push_str(&summary);
        out.push('\n');
    }
    out
}

/// Those that are shown, in the order given.
fn chosen(all: &Diagnostics) -> Vec<&Diagnostic> {
    if all.0.len() <= MOST_SHOWN {
        return all.0.iter().collect();
    }
    let mut places: Vec<usize> = (0..all.0.len()).collect();
    places.sort_by_key(|at| !all.0[*at].is_error());
    places.truncate(MOST_SHOWN);
    places.sort_unstable();
    places.into_iter().map(|at| &all.0[at]).collect()
}

/// `3 errors, 1 warning`; empty for none.
pub fn summary(all: &Diagnostics, look: &Look) -> String {
    let errors = all.0.iter().filter(|diagnostic| diagnostic.is_error()).count();
    let warnings = all.0.len() - errors;
    let mut parts = Vec::new();
    if errors > 0 {
        parts.push(look.paint(Role::Error, &count(errors, "error")));
    }
    if warnings > 0 {
        parts.push(look.paint(Role::Warning, &count(warnings, "warning")));
    }
    parts.join(", ")
}

fn handler(look: &Look) -> GraphicalReportHandler {
    let characters = if look.unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() };
    let styles = if look.colour { ThemeStyles::ansi() } else { ThemeStyles::none() };
    GraphicalReportHandler::new_themed(GraphicalTheme { characters, styles })
        .with_links(false)
        .with_context_lines(excerpt::AROUND)
        .with_width(look.width)
        .with_break_words(false)
        .tab_width(2)
}

fn labels_of(diagnostic: &Diagnostic) -> impl Iterator<Item = &Label> {
    diagnostic.primary.iter().chain(&diagnostic.secondary)
}

/// One snippet's worth of a diagnostic: the labels in one file. Labels in other files follow as related ones.
struct Shown<'a> {
    code: Option<&'static str>,
    severity: miette::Severity,
    message: String,
    help: Option<String>,
    source: Option<Excerpt<'a>>,
    labels: Vec<LabeledSpan>,
    elsewhere: Vec<Shown<'a>>,
}

impl<'a> Shown<'a> {
    fn new(diagnostic: &Diagnostic, excerpts: &Excerpts<'a>, sources: &SourceMap) -> Shown<'a> {
        let main = diagnostic.primary.as_ref().map(|label| label.span.file);
        let mut places: BTreeMap<FileId, Vec<Span>> = BTreeMap::new();
        for label in labels_of(diagnostic) {
            places.entry(label.span.file).or_default().push(label.span);
        }
        let mut shown: BTreeMap<FileId, (Excerpt<'a>, Vec<LabeledSpan>)> =
            places.into_iter().map(|(file, spans)| (file, (excerpts.of(file, &spans), Vec::new()))).collect();
        if let Some(primary) = &diagnostic.primary
            && let Some((excerpt, labels)) = shown.get_mut(&primary.span.file)
        {
            labels.push(LabeledSpan::new_primary_with_span(label_text(&primary.text), excerpt.place(primary.span)));
        }
        for label in &diagnostic.secondary {
            let text = format!("{} ({})", escape::clean(&label.text), escape::clean(&sources.place(label.span)));
            if let Some((excerpt, labels)) = shown.get_mut(&label.span.file) {
                labels.push(LabeledSpan::new_with_span(Some(text), excerpt.place(label.span)));
            }
        }
        let own = main.and_then(|file| shown.remove(&file));
        let (source, labels) = own.map_or_else(|| (None, Vec::new()), |(excerpt, labels)| (Some(excerpt), labels));
        Shown {
            code: Some(diagnostic.code.id),
            severity: match diagnostic.code.severity {
                Severity::Error => miette::Severity::Error,
                Severity::Warning => miette::Severity::Warning,
            },
            message: headline(diagnostic),
            help: (!diagnostic.help.is_empty()).then(|| escape::clean_lines(&diagnostic.help).into_owned()),
            source,
            labels,
            elsewhere: shown.into_values().map(|(excerpt, labels)| Shown::related(excerpt, labels)).collect(),
        }
    }

    fn related(source: Excerpt<'a>, labels: Vec<LabeledSpan>) -> Shown<'a> {
        Shown {
            code: None,
            severity: miette::Severity::Advice,
            message: "see also".to_owned(),
            help: None,
            source: Some(source),
            labels,
            elsewhere: Vec::new(),
        }
    }
}

/// `title: message`, or the title alone.
pub fn headline(diagnostic: &Diagnostic) -> String {
    let title = diagnostic.code.title;
    match diagnostic.message.as_str() {
        "" => title.to_owned(),
        message => format!("{title}: {}", escape::clean_lines(message)),
    }
}

fn label_text(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| escape::clean(text).into_owned())
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Shown<'_> {}

impl miette::Diagnostic for Shown<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.code.map(|code| Box::new(code) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        (!self.labels.is_empty())
            .then(|| Box::new(self.labels.iter().cloned()) as Box<dyn Iterator<Item = LabeledSpan>>)
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        (!self.elsewhere.is_empty()).then(|| {
            let all = self.elsewhere.iter().map(|other| other as &dyn miette::Diagnostic);
            Box::new(all) as Box<dyn Iterator<Item = &dyn miette::Diagnostic>>
        })
    }
}
