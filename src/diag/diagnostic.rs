//! The shape of a diagnostic. Each room lists its own codes; this file knows none of them.

use crate::model::{Secrets, Span};

/// How grave it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    Error,
    Warning,
}

/// What went wrong, as a constant: the code never changes, the title never changes with the input.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Code {
    /// `cnx::ROOM::what_is_wrong`.
    pub id: &'static str,
    pub title: &'static str,
    pub severity: Severity,
}

impl Code {
    pub const fn error(id: &'static str, title: &'static str) -> Code {
        Code { id, title, severity: Severity::Error }
    }

    pub const fn warning(id: &'static str, title: &'static str) -> Code {
        Code { id, title, severity: Severity::Warning }
    }
}

/// A place that matters and what is to be seen there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    pub span: Span,
    pub text: String,
}

/// One complaint: its code, the primary place (none for the machine's or the API's failures), further places, what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub code: &'static Code,
    /// What is particular to this case, one sentence without a full stop; may be empty.
    pub message: String,
    pub primary: Option<Label>,
    pub secondary: Vec<Label>,
    /// One line that says what to do.
    pub help: String,
}

impl Diagnostic {
    pub fn new(code: &'static Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic { code, message: message.into(), primary: None, secondary: Vec::new(), help: String::new() }
    }

    pub fn at(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.primary = Some(Label { span, text: text.into() });
        self
    }

    pub fn and(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.secondary.push(Label { span, text: text.into() });
        self
    }

    pub fn help(mut self, text: impl Into<String>) -> Diagnostic {
        self.help = text.into();
        self
    }

    pub fn is_error(&self) -> bool {
        self.code.severity == Severity::Error
    }
}

/// All complaints of a pass, in the order of discovery.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl Diagnostics {
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    pub fn append(&mut self, mut other: Diagnostics) {
        self.0.append(&mut other.0);
    }

    pub fn has_errors(&self) -> bool {
        self.0.iter().any(Diagnostic::is_error)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Without the secrets that stand in any of the texts.
    pub fn cleaned(&self, secrets: &Secrets) -> Diagnostics {
        let clean = |text: &str| secrets.clean(text).into_owned();
        let label = |label: &Label| Label { span: label.span, text: clean(&label.text) };
        let cleaned = self.0.iter().map(|one| Diagnostic {
            code: one.code,
            message: clean(&one.message),
            primary: one.primary.as_ref().map(label),
            secondary: one.secondary.iter().map(label).collect(),
            help: clean(&one.help),
        });
        Diagnostics(cleaned.collect())
    }

    /// By file and place, those without a place last.
    pub fn sort(&mut self) {
        self.0.sort_by_key(|diagnostic| {
            let span = diagnostic.primary.as_ref().map(|label| label.span);
            (span.is_none(), span)
        });
    }
}
