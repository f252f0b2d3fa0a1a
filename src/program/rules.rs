//! `check` and `policy`: rules over what is planned, typed. Whether they hold is not known here.

use super::checker::Checker;
use super::codes;
use super::ir::{Check, Policy, Rule};
use super::symbols::duplicate;
use crate::diag::suggest::did_you_mean;
use crate::model::{Ident, Member, ObjectType, Span, Type, Value};
use crate::syntax::ast::{self, BodyEntry, ResourceForm};
use smol_str::SmolStr;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a policy's `r.action` may be.
pub const CHANGES: &[&str] = &["create", "update", "replace", "destroy", "forget", "adopt", "run"];

impl Checker<'_> {
    pub fn checks(&mut self) -> Vec<Check> {
        let mut made = Vec::new();
        for documented in self.symbols.checks.clone() {
            let node = documented.node;
            if let Some(rule) = self.rule(&node.body) {
                made.push(Check { name: node.name.clone(), doc: documented.doc.to_owned(), rule });
            }
        }
        made
    }

    pub fn policies(&mut self) -> Vec<Policy> {
        let mut made = Vec::new();
        let mut seen: BTreeMap<Ident, Span> = BTreeMap::new();
        for documented in self.symbols.policies.clone() {
            let node = documented.node;
            let first = *seen.entry(node.name.value.clone()).or_insert(node.name.span);
            duplicate(&mut self.diagnostics, "policy", node.name.value.as_str(), node.name.span, first);
            let kind = &node.kind.value;
            let provided = node.provider.as_ref().is_none_or(|provider| self.known_provider(provider));
            let declared = self.catalog.kinds.contains_key(kind) || self.catalog.actions.contains_key(kind);
            let known = provided && declared;
            if provided && !declared {
                self.unknown_kind(kind, node.kind.span, ResourceForm::Managed);
            }
            let variable = self.bind(&node.variable, if known { change_type(kind) } else { Type::Error });
            let rule = self.rule(&node.body);
            self.locals.truncate(0);
            if let (Some(rule), true) = (rule, known) {
                let (name, doc) = (node.name.clone(), documented.doc.to_owned());
                made.push(Policy { name, doc, kind: kind.clone(), variable, rule });
            }
        }
        made
    }

    /// Whether a line that could not be read may have held the condition that is missing.
    pub(super) fn breaks_an_assertion(&self) -> bool {
        ["assert", "condition", "validation"].iter().any(|word| self.symbols.broken.contains(*word))
    }

    /// `{ assert, message, severity }`
    fn rule(&mut self, body: &ast::Body) -> Option<Rule> {
        let severities = ["error", "warning"].map(|one| Type::Literal(SmolStr::new_static(one)));
        let mut condition = None;
        let mut message = None;
        let mut warns = false;
        // A misspelt or foreign setting is the mistake; that `assert` is missing follows from it.
        let mut unknown = false;
        let mut seen: BTreeMap<Ident, Span> = BTreeMap::new();
        for entry in &body.entries {
            let written = match entry {
                BodyEntry::Attribute(written) => written,
                BodyEntry::Block(_) => continue,
            };
            let name = &written.name;
            let first = *seen.entry(name.value.clone()).or_insert(name.span);
            duplicate(&mut self.diagnostics, "setting", name.value.as_str(), name.span, first);
            match name.value.as_str() {
                "assert" => condition = Some(self.check(&written.value, &Type::Bool)),
                "message" => message = Some(self.check(&written.value, &Type::String)),
                "severity" => {
                    let severity = self.constant_of(&written.value, &Type::Union(severities.to_vec()));
                    warns = severity.as_ref().and_then(Value::as_str) == Some("warning");
                }
                other => {
                    unknown = true;
                    let known = ["assert", "message", "severity"];
                    let help = did_you_mean(other, known, "there are `assert`, `message` and `severity`");
                    let text = format!("there is no setting `{other}` here");
                    self.report(&codes::UNKNOWN_SETTING, text, name.span, "unknown setting", &help);
                    self.infer(&written.value);
                }
            }
        }
        if condition.is_none() && !unknown && !self.breaks_an_assertion() {
            let help = "add `assert = …`";
            self.report(&codes::MISSING_ATTRIBUTE, "`assert` is missing", body.span, "nothing is asserted", help);
        }
        condition.map(|condition| Rule { condition, message, warns })
    }
}

/// `r` in `policy NAME for r in KIND`.
fn change_type(kind: &Ident) -> Type {
    let actions = CHANGES.iter().map(|one| Type::Literal(SmolStr::new_static(one))).collect();
    let object = Type::Instance(kind.clone()).optional();
    let members =
        [("action", Type::Union(actions)), ("address", Type::String), ("before", object.clone()), ("after", object)];
    let members = members.into_iter().map(|(name, ty)| (SmolStr::new_static(name), Member { ty, default: None }));
    Type::Object(Arc::new(ObjectType { members: members.collect() }))
}
