//! What its comment calls deprecated: `# Deprecated: use …`, as a line of the comment above a declaration, or in the provider's own words.
//! Whoever uses it is warned; whoever declares it is not.

use super::checker::Checker;
use super::codes;
use super::expr::{Expr, ExprKind};
use crate::model::Span;

/// What a comment says of it, where it says so.
pub fn deprecation(doc: &str) -> Option<&str> {
    doc.lines().find_map(|line| line.trim().strip_prefix("Deprecated:")).map(str::trim)
}

impl Checker<'_> {
    /// Warns of the use of something with this comment.
    pub fn warn_of(&mut self, doc: &str, what: &str, name: &str, span: Span) {
        if let Some(said) = deprecation(doc) {
            let help = if said.is_empty() { "find out what replaces it" } else { said };
            self.report(&codes::DEPRECATED, format!("{what} `{name}` is deprecated"), span, "used here", help);
        }
    }

    /// `module.shop.old`, `module.shop[1].old`
    pub fn warn_of_output(&mut self, target: &Expr, name: &str, span: Span) {
        let module = match &target.kind {
            ExprKind::Module(at) => *at,
            ExprKind::Index { target, .. } => match &target.kind {
                ExprKind::Module(at) => *at,
                _ => return,
            },
            _ => return,
        };
        let Some(Some(module)) = self.modules.get(module) else { return };
        let output = module.program.outputs.iter().find(|output| output.name.value.as_str() == name);
        if let Some(doc) = output.map(|output| output.doc.clone()) {
            self.warn_of(&doc, "the output", name, span);
        }
    }
}
