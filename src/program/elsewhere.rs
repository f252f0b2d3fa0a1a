//! `data cnx_outputs NAME { project, environment, secret }`: outputs of another project. Their types are not known here: each
//! takes the type that its place expects.

use super::checker::{Checker, Reach};
use super::codes;
use super::expr::{Expr, ExprKind};
use super::ir::Elsewhere;
use super::symbols::duplicate;
use crate::diag::suggest::did_you_mean;
use crate::model::{Ident, Span, Spanned, Type, Value};
use crate::syntax::ast::{self, BodyEntry};
use std::collections::{BTreeMap, BTreeSet};

/// The name of this source; no provider has one of that name.
pub const SOURCE: &str = "cnx_outputs";

const SETTINGS: [&str; 3] = ["project", "environment", "secret"];

impl Checker<'_> {
    pub fn elsewhere(&mut self) -> Vec<Elsewhere> {
        let mut made = Vec::new();
        for node in self.symbols.elsewhere.clone() {
            let header = node.repeat.as_ref().map(|clause| clause.span);
            if let Some(span) = header.or(node.condition.as_ref().map(|condition| condition.span)) {
                let help = "leave it out: what is read of it can be chosen where it is used";
                self.report(&codes::NOT_HERE, format!("a `{SOURCE}` has no header"), span, "not here", help);
            }
            made.push(self.of_project(node));
        }
        made
    }

    fn of_project(&mut self, node: &ast::Resource) -> Elsewhere {
        let mut written: BTreeMap<Ident, Expr> = BTreeMap::new();
        let mut seen: BTreeMap<Ident, Span> = BTreeMap::new();
        for entry in &node.body.entries {
            let attribute = match entry {
                BodyEntry::Attribute(attribute) => attribute,
                BodyEntry::Block(block) => {
                    let help = "there are `project = …`, `environment = …` and `secret = …`";
                    self.report(&codes::UNKNOWN_SETTING, "", block.name.span, "unexpected block", help);
                    continue;
                }
            };
            let name = &attribute.name;
            let first = *seen.entry(name.value.clone()).or_insert(name.span);
            duplicate(&mut self.diagnostics, "attribute", name.value.as_str(), name.span, first);
            let value = match name.value.as_str() {
                "project" | "environment" => self.within(Reach::Inputs, |it| it.check(&attribute.value, &Type::String)),
                "secret" => self.within(Reach::Constants, |it| it.check(&attribute.value, &Type::Bool)),
                other => {
                    let help = did_you_mean(other, SETTINGS, "there are `project`, `environment` and `secret`");
                    let message = format!("a `{SOURCE}` has no attribute `{other}`");
                    self.report(&codes::UNKNOWN_ATTRIBUTE, message, name.span, "unknown attribute", &help);
                    self.infer(&attribute.value);
                    continue;
                }
            };
            written.entry(name.value.clone()).or_insert(value);
        }
        if !seen.contains_key("project") {
            let help =
                "add `project = \"../other\"` (its folder), or its name where both keep their states in one place";
            let message = format!("{SOURCE} needs `project`");
            self.report(&codes::MISSING_ATTRIBUTE, message, node.header, "`project` not written", help);
        }
        let secret = written.remove("secret").and_then(|value| value.as_constant().and_then(Value::as_bool));
        Elsewhere {
            name: node.name.clone(),
            project: written.remove("project").unwrap_or_else(|| Expr::error(node.header)),
            environment: written.remove("environment"),
            secret: secret.unwrap_or(false),
            secrets: BTreeSet::new(),
        }
    }

    /// `data.cnx_outputs.NAME`
    pub fn outputs_elsewhere(&mut self, name: &Spanned<Ident>, span: Span) -> Expr {
        if let Some((at, _)) = self.symbols.elsewhere_names.get(&name.value).copied() {
            self.touches_resource(&format!("data.{SOURCE}.{}", name.value), span);
            return Expr { kind: ExprKind::Elsewhere(at), ty: Type::Any, span };
        }
        if !self.symbols.broken.contains(&name.value) {
            let may = self.may_compare(self.symbols.elsewhere_names.len());
            let all = if may { self.symbols.elsewhere_names.len() } else { 0 };
            let names: Vec<&str> = self.symbols.elsewhere_names.keys().take(all).map(Ident::as_str).collect();
            let fallback = format!("declare it: `data {SOURCE} {} {{ project = \"…\" }}`", name.value);
            let help = did_you_mean(name.value.as_str(), names, &fallback);
            let message = format!("no `{SOURCE}` named `{}` is declared", name.value);
            self.report(&codes::UNKNOWN_RESOURCE, message, name.span, "not declared", &help);
        }
        Expr::error(span)
    }
}
