//! Providers by name: `cloudnexus.server` means what `server` means. Reads the words of a chain, knows no types.

use super::checker::Checker;
use super::codes;
use crate::diag::suggest::did_you_mean;
use crate::model::{Ident, Span, Spanned};
use crate::provider::PROVIDERS;
use crate::syntax::ast::{Expr, ExprKind};

/// `kind.name`, `data.kind.name`, either with the provider before the kind.
pub struct Chain<'e> {
    pub data: bool,
    pub provider: Option<(&'e Ident, Span)>,
    pub kind: &'e Ident,
    pub kind_span: Span,
}

/// The words before a name, where they may name a declaration: `server`, `cloudnexus.server`, `data.server`, `data.cloudnexus.server`.
/// `is_variable` says which words have another meaning here.
pub fn chain(target: &Expr, is_variable: impl Fn(&Ident) -> bool) -> Option<Chain<'_>> {
    let (kind, kind_span, before) = word_of(target)?;
    let Some(before) = before else {
        return (!is_variable(kind)).then_some(Chain { data: false, provider: None, kind, kind_span });
    };
    let (word, span, before) = word_of(before)?;
    let Some(before) = before else {
        let free = !is_variable(word);
        let (data, provider) = if word.as_str() == "data" { (true, None) } else { (false, Some((word, span))) };
        return free.then_some(Chain { data, provider, kind, kind_span });
    };
    let (data, _, nothing) = word_of(before)?;
    let is_data = data.as_str() == "data" && nothing.is_none() && !is_variable(data);
    is_data.then_some(Chain { data: true, provider: Some((word, span)), kind, kind_span })
}

/// A bare name, or a member and what it is of.
fn word_of(expr: &Expr) -> Option<(&Ident, Span, Option<&Expr>)> {
    match &expr.kind {
        ExprKind::Name(name) => Some((name, expr.span, None)),
        ExprKind::Member { target, name, optional: false } => Some((&name.value, name.span, Some(target))),
        _ => None,
    }
}

pub fn is_provider(name: &Ident) -> bool {
    PROVIDERS.contains(&name.as_str())
}

impl Checker<'_> {
    /// Whether there is such a provider; says which there are where it is none.
    pub fn known_provider(&mut self, name: &Spanned<Ident>) -> bool {
        let known = is_provider(&name.value);
        if !known {
            let all = PROVIDERS.join("`, `");
            let help = did_you_mean(name.value.as_str(), PROVIDERS.iter().copied(), &format!("there is `{all}`"));
            let message = format!("there is no provider `{}`", name.value);
            self.report(&codes::UNKNOWN_PROVIDER, message, name.span, "unknown provider", &help);
        }
        known
    }
}
