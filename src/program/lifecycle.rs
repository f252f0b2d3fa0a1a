//! The `lifecycle` block: what instructs cnx, typed.

use super::checker::Checker;
use super::expr::{Expr, ExprKind};
use super::ir::{Assertion, Lifecycle};
use super::symbols::duplicate;
use super::{codes, foreign};
use crate::diag::suggest::did_you_mean;
use crate::model::{Ident, Span, Spanned, Type};
use crate::syntax::ast::{self, BodyEntry, Element, ExprKind as Written, ResourceForm};
use std::collections::BTreeMap;

const SETTINGS: &[&str] = &[
    "protect",
    "create_before_destroy",
    "ignore",
    "replace_when",
    "depends_on",
    "retain",
    "timeouts",
    "triggers",
    "adopt",
    "wait_for_window",
    "retry_capacity",
    "region_fallback",
];

/// What only speaks of an object that lasts.
const OF_OBJECTS: &[&str] =
    &["protect", "create_before_destroy", "ignore", "adopt", "retain", "replace_when", "region_fallback"];

impl Checker<'_> {
    pub fn lifecycle(&mut self, block: &ast::Block, form: ResourceForm, kind: &Ident) -> Lifecycle {
        let mut made = Lifecycle::default();
        let mut seen: BTreeMap<Ident, Span> = BTreeMap::new();
        for entry in &block.body.entries {
            match entry {
                BodyEntry::Attribute(written) => {
                    let name = &written.name;
                    let first = *seen.entry(name.value.clone()).or_insert(name.span);
                    duplicate(&mut self.diagnostics, "setting", name.value.as_str(), name.span, first);
                    self.lifecycle_setting(written, form, kind, &mut made);
                }
                BodyEntry::Block(inner) => match inner.name.value.as_str() {
                    "before" => made.before.extend(self.assertion(&inner.body)),
                    "after" => made.after.extend(self.assertion(&inner.body)),
                    // The parser lets no other block through.
                    _ => {}
                },
            }
        }
        made
    }

    fn lifecycle_setting(&mut self, written: &ast::Attribute, form: ResourceForm, kind: &Ident, made: &mut Lifecycle) {
        let value = &written.value;
        let texts = Type::list(Type::String);
        match written.name.value.as_str() {
            "protect" => made.protect = Some(self.check(value, &Type::Bool)),
            "create_before_destroy" => {
                self.unique_twice(value, kind);
                made.create_before_destroy = Some(self.check(value, &Type::Bool));
            }
            "retain" => made.retain = Some(self.check(value, &Type::Bool)),
            "adopt" => made.adopt = Some(self.check(value, &Type::Bool)),
            "wait_for_window" => made.wait_for_window = Some(self.check(value, &Type::Bool)),
            "retry_capacity" => made.retry_capacity = Some(self.check(value, &Type::Duration)),
            "region_fallback" => made.region_fallback = Some(self.check(value, &texts)),
            "timeouts" => made.timeouts = Some(self.timeouts(value, kind)),
            "triggers" => made.triggers = Some(self.values(value)),
            "replace_when" => made.replace_when = Some(self.values(value)),
            "ignore" => made.ignore = self.ignored(value, kind),
            "depends_on" => made.depends_on = self.depends_on(value),
            other => {
                let fallback = format!("there are `{}`", SETTINGS.join("`, `"));
                let help = match other {
                    "prevent_destroy" => "it is called `protect`".to_owned(),
                    "ignore_changes" => "it is called `ignore`".to_owned(),
                    "replace_triggered_by" => "it is called `replace_when`".to_owned(),
                    other => did_you_mean(other, SETTINGS.iter().copied(), &fallback),
                };
                let message = format!("`lifecycle` has no setting `{other}`");
                self.report(&codes::UNKNOWN_SETTING, message, written.name.span, "unknown setting", &help);
                self.infer_quietly(value);
            }
        }
        self.setting_of_another_form(&written.name, form, kind);
    }

    /// What says nothing of the sort of thing that it stands in.
    fn setting_of_another_form(&mut self, name: &Spanned<Ident>, form: ResourceForm, kind: &Ident) {
        let word = name.value.as_str();
        let is_taken_anew = |kind: &Ident| self.catalog.kinds.get(kind).is_some_and(|kind| kind.updates.is_empty());
        let (of, label, help) = match form {
            ResourceForm::Data if word != "depends_on" => ("what is only read", "not for `data`", "remove the line"),
            ResourceForm::Action if OF_OBJECTS.contains(&word) => {
                let help = "remove the line: an action leaves no object behind";
                let help = if word == "replace_when" { "of an action it is called `triggers`" } else { help };
                ("an action", "not for an action", help)
            }
            ResourceForm::Managed if word == "triggers" && !is_taken_anew(kind) => {
                ("an object that lasts", "for actions only", "of a resource it is called `replace_when`")
            }
            ResourceForm::Data | ResourceForm::Action | ResourceForm::Managed => return,
        };
        self.report(&codes::UNKNOWN_SETTING, format!("`{word}` says nothing about {of}"), name.span, label, help);
    }

    fn unique_twice(&mut self, value: &ast::Expr, kind: &Ident) {
        let catalog = self.catalog;
        if let Some(kind) = catalog.kinds.get(kind).filter(|kind| !kind.replaceable_in_parallel)
            && matches!(value.kind, Written::Bool(true))
        {
            let message = format!("two of the same `{}` cannot exist at once", kind.name);
            self.report(&codes::INVALID_VALUE, message, value.span, "not possible for this kind", "remove the line");
        }
    }

    /// A list of any values; the elements may have different types.
    fn values(&mut self, value: &ast::Expr) -> Expr {
        self.check(value, &Type::list(Type::Any))
    }

    fn timeouts(&mut self, value: &ast::Expr, kind: &Ident) -> Expr {
        let checked = self.check(value, &Type::map(Type::Duration));
        let catalog = self.catalog;
        let mut known = vec!["create", "read", "delete"];
        if let Some(kind) = catalog.kinds.get(kind) {
            known.extend(kind.updates.keys().map(Ident::as_str));
        }
        if let Some(action) = catalog.actions.get(kind) {
            known = vec![action.operation.name.as_str(), "run"];
        }
        if let Written::Object(entries) = &value.kind {
            for entry in entries {
                if let ast::Entry::Pair { key: ast::ObjectKey::Name(name), .. } = entry
                    && !known.contains(&name.value.as_str())
                {
                    let fallback = format!("a `{kind}` has `{}`", known.join("`, `"));
                    let help = did_you_mean(name.value.as_str(), known.iter().copied(), &fallback);
                    let message = format!("a `{kind}` has no operation `{}`", name.value);
                    self.report(&codes::UNKNOWN_SETTING, message, name.span, "unknown operation", &help);
                }
            }
        }
        checked
    }

    /// Attribute paths: `[tags.owner, image]`, or as strings.
    fn ignored(&mut self, value: &ast::Expr, kind: &Ident) -> Vec<String> {
        let Written::List(elements) = &value.kind else {
            let help = "write a list of attributes: `ignore = [image, tags.owner]`";
            self.report(&codes::WRONG_TYPE, "", value.span, "expected a list of attributes", help);
            return Vec::new();
        };
        let mut paths = Vec::new();
        for element in elements {
            let path = match element {
                Element::Value(value) => path_of(value).map(|path| (path, value.span)),
                Element::Spread(_) => None,
            };
            let Some((path, span)) = path else {
                let span = match element {
                    Element::Value(value) | Element::Spread(value) => value.span,
                };
                let help = "write the name of an attribute, such as `tags.owner`";
                self.report(&codes::WRONG_TYPE, "", span, "expected an attribute", help);
                continue;
            };
            let root = path.split('.').next().unwrap_or_default();
            let known: Vec<&str> = self
                .catalog
                .attributes_of(kind.as_str())
                .map(|attributes| attributes.keys().map(Ident::as_str).collect())
                .unwrap_or_default();
            if known.contains(&root) {
                self.part_of_an_attribute(kind, &path, span);
                paths.push(path);
                continue;
            }
            let help = did_you_mean(root, known.iter().copied(), &format!("a `{kind}` has `{}`", known.join("`, `")));
            let message = format!("a `{kind}` has no attribute `{root}`");
            self.report(&codes::UNKNOWN_ATTRIBUTE, message, span, "unknown attribute", &help);
        }
        paths
    }

    /// Whether the attribute has such a part.
    fn part_of_an_attribute(&mut self, kind: &Ident, path: &str, span: Span) {
        let mut parts = path.split('.');
        let root = parts.next().unwrap_or_default();
        let catalog = self.catalog;
        let Some(attribute) = catalog.attributes_of(kind.as_str()).and_then(|all| all.get(root)) else { return };
        let mut ty = attribute.ty.required();
        let mut so_far = root.to_owned();
        for part in parts {
            match ty {
                Type::Map(_, _) | Type::Any => return,
                Type::Object(object) => {
                    let Some(member) = object.members.get(part) else {
                        let names = object.members.keys().map(|name| name.as_str());
                        let fallback = format!("it has `{}`", names.clone().collect::<Vec<_>>().join("`, `"));
                        let help = did_you_mean(part, names, &fallback);
                        let message = format!("`{so_far}` of a `{kind}` has no `{part}`");
                        return self.report(&codes::UNKNOWN_ATTRIBUTE, message, span, "unknown attribute", &help);
                    };
                    ty = member.ty.required();
                    so_far = format!("{so_far}.{part}");
                }
                other => {
                    let message = format!("`{so_far}` of a `{kind}` is a {other}, which has no parts");
                    let help = format!("ignore it whole: `{so_far}`");
                    return self.report(&codes::UNKNOWN_ATTRIBUTE, message, span, "no such part", &help);
                }
            }
        }
    }

    fn depends_on(&mut self, value: &ast::Expr) -> Vec<Expr> {
        let Written::List(elements) = &value.kind else {
            let help = "write a list of resources: `depends_on = [server.web]`";
            self.report(&codes::WRONG_TYPE, "", value.span, "expected a list of resources", help);
            return Vec::new();
        };
        let mut references = Vec::new();
        for element in elements {
            let (Element::Value(value) | Element::Spread(value)) = element;
            let found = self.infer(value);
            let target = match &found.kind {
                ExprKind::Index { target, .. } => &target.kind,
                other => other,
            };
            match target {
                ExprKind::Resource(_) | ExprKind::Module(_) => references.push(found),
                ExprKind::Error => {}
                _ => {
                    let help = "write a resource: `server.web`";
                    self.report(&codes::WRONG_TYPE, "", value.span, "expected a resource or a module", help);
                }
            }
        }
        references
    }

    /// `{ assert, message }` of a param, `before` or `after`.
    pub fn assertion(&mut self, body: &ast::Body) -> Option<Assertion> {
        let mut condition = None;
        let mut message = None;
        let mut unknown = false;
        for entry in &body.entries {
            match entry {
                BodyEntry::Attribute(written) => match written.name.value.as_str() {
                    "assert" => condition = Some(self.check(&written.value, &Type::Bool)),
                    "message" => message = Some(self.check(&written.value, &Type::String)),
                    other => {
                        unknown = true;
                        let known = foreign::setting(other).unwrap_or("there are `assert` and `message`");
                        let help = did_you_mean(other, ["assert", "message"], known);
                        let text = format!("there is no setting `{other}` here");
                        self.report(&codes::UNKNOWN_SETTING, text, written.name.span, "unknown setting", &help);
                    }
                },
                BodyEntry::Block(_) => {}
            }
        }
        if condition.is_none() && !unknown && !self.breaks_an_assertion() {
            let help = "add `assert = …`";
            self.report(&codes::MISSING_ATTRIBUTE, "`assert` is missing", body.span, "nothing is asserted", help);
        }
        condition.map(|condition| Assertion { condition, message })
    }
}

/// `a.b` or `"a.b"` as a path.
fn path_of(expr: &ast::Expr) -> Option<String> {
    match &expr.kind {
        Written::Name(name) => Some(name.to_string()),
        Written::Member { target, name, .. } => Some(format!("{}.{}", path_of(target)?, name.value)),
        Written::Text(text) => match text.pieces.as_slice() {
            [ast::Piece::Literal(literal)] => Some(literal.clone()),
            _ => None,
        },
        _ => None,
    }
}
