//! Resources, data sources and actions against the catalog: header, attributes, what is missing.

use super::checker::{Checker, lookup_attributes};
use super::codes;
use super::expr::Expr;
use super::fits::has_error;
use super::ir::{Lifecycle, Resource, Setting};
use super::symbols::{duplicate, mode_of};
use super::validate::validate;
use crate::diag::Diagnostic;
use crate::diag::suggest::{closest, did_you_mean};
use crate::model::{Ident, Secrecy, Span, Type};
use crate::provider::{Attribute, Presence};
use crate::syntax::ast::{self, BodyEntry, ResourceForm};
use indexmap::IndexMap;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What one declaration is measured against.
struct Measure<'c> {
    form: ResourceForm,
    kind: &'c Ident,
    attributes: &'c IndexMap<Ident, Attribute>,
    /// For a data source of a kind: the only attributes that may be given.
    lookup: Option<Vec<Ident>>,
}

impl<'a> Checker<'a> {
    /// Checks one declaration and notes its type.
    pub fn declare_resource(&mut self, at: usize) {
        let documented = self.symbols.resources[at];
        let node = documented.node;
        let depth = self.locals.len();
        let repeat = node.repeat.as_ref().map(|clause| self.repeat(clause));
        let condition = node.condition.as_ref().map(|condition| self.check(condition, &Type::Bool));
        let known = self.known_kind(node);
        let instance = if known { Type::Instance(node.kind.value.clone()) } else { Type::Error };
        self.resource_types[at] = match (&repeat, &condition) {
            _ if !known => Type::Error,
            (Some(repeat), _) if has_error(&repeat.each.over.ty) => Type::Error,
            (Some(repeat), _) => Type::Map(repeat.key, Box::new(instance)),
            (None, Some(_)) => instance.optional(),
            (None, None) => instance,
        };
        let catalog = self.catalog;
        let (mut attributes, mut lifecycle) = (IndexMap::new(), None);
        match catalog.attributes_of(node.kind.value.as_str()) {
            Some(known_attributes) if known => {
                let lookup = (node.form == ResourceForm::Data && catalog.kinds.contains_key(&node.kind.value))
                    .then(|| lookup_attributes(catalog, &node.kind.value));
                let kind = &node.kind.value;
                let measure = Measure { form: node.form, kind, attributes: known_attributes, lookup };
                (attributes, lifecycle) = self.resource_body(node, &measure);
                self.missing(node, &measure, &attributes);
            }
            _ => self.unknown_body(&node.body),
        }
        self.locals.truncate(depth);
        self.resources[at] = Some(Resource {
            mode: mode_of(node.form),
            kind: node.kind.value.clone(),
            name: node.name.value.clone(),
            doc: Arc::from(documented.doc),
            span: node.header,
            repeat,
            condition,
            attributes,
            lifecycle: lifecycle.map_or_else(|| Arc::clone(&self.no_lifecycle), Arc::new),
        });
    }

    fn known_kind(&mut self, node: &ast::Resource) -> bool {
        if node.provider.as_ref().is_some_and(|provider| !self.known_provider(provider)) {
            return false;
        }
        let catalog = self.catalog;
        let known = match node.form {
            ResourceForm::Managed => catalog.kinds.contains_key(&node.kind.value),
            ResourceForm::Data => {
                catalog.kinds.contains_key(&node.kind.value) || catalog.sources.contains_key(&node.kind.value)
            }
            ResourceForm::Action => catalog.actions.contains_key(&node.kind.value),
        };
        if !known {
            self.unknown_kind(&node.kind.value, node.kind.span, node.form);
        }
        let doc = catalog.kinds.get(&node.kind.value).map(|kind| &kind.doc);
        let doc = doc.or_else(|| catalog.sources.get(&node.kind.value).map(|source| &source.doc));
        if let Some(doc) = doc.or_else(|| catalog.actions.get(&node.kind.value).map(|action| &action.doc)) {
            self.warn_of(doc, "the kind", node.kind.value.as_str(), node.kind.span);
        }
        known
    }

    /// The body of an unknown kind: what it refers to still counts as used and is still checked.
    fn unknown_body(&mut self, body: &ast::Body) {
        for entry in &body.entries {
            match entry {
                BodyEntry::Attribute(attribute) => {
                    self.infer(&attribute.value);
                }
                BodyEntry::Block(block) if block.name.value.as_str() == "lifecycle" => {}
                BodyEntry::Block(block) => self.unknown_body(&block.body),
            }
        }
    }

    fn resource_body(
        &mut self,
        node: &'a ast::Resource,
        measure: &Measure,
    ) -> (IndexMap<Ident, Setting>, Option<Lifecycle>) {
        let mut settings: IndexMap<Ident, Setting> = IndexMap::with_capacity(node.body.entries.len());
        let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
        let mut lifecycle = None;
        for entry in &node.body.entries {
            match entry {
                BodyEntry::Attribute(written) => {
                    let name = &written.name;
                    let first = *seen.entry(name.value.as_str()).or_insert(name.span);
                    duplicate(&mut self.diagnostics, "attribute", name.value.as_str(), name.span, first);
                    if let Some(value) = self.attribute(written, measure) {
                        settings.entry(name.value.clone()).or_insert(Setting {
                            value,
                            secrecy: Secrecy::Clear,
                            span: written.value.span,
                        });
                    }
                }
                BodyEntry::Block(block) if block.name.value.as_str() == "lifecycle" => match lifecycle {
                    None => lifecycle = Some((self.lifecycle(block, measure.form, measure.kind), block.name.span)),
                    Some((_, first)) => duplicate(&mut self.diagnostics, "block", "lifecycle", block.name.span, first),
                },
                // No other block reaches this tree: the parser tells of it and leaves it out.
                BodyEntry::Block(_) => {}
            }
        }
        (settings, lifecycle.map(|(lifecycle, _)| lifecycle))
    }

    fn attribute(&mut self, written: &ast::Attribute, measure: &Measure) -> Option<Expr> {
        let Some(attribute) = measure.attributes.get(&written.name.value) else {
            self.unknown_attribute(written, measure);
            self.infer_quietly(&written.value);
            return None;
        };
        let name = &written.name;
        self.warn_of(&attribute.doc, "the attribute", name.value.as_str(), name.span);
        if let Some(lookup) = &measure.lookup {
            if !lookup.contains(&name.value) {
                let key: Vec<String> = lookup.iter().skip(1).map(|one| format!("`{one}`")).collect();
                let or = if key.is_empty() { String::new() } else { format!(", or by {}", key.join(" and ")) };
                let help = format!("look it up by `id`{or}; all else is read");
                let message = format!("a `data {}` is not looked up by `{}`", measure.kind, name.value);
                self.report(&codes::UNKNOWN_ATTRIBUTE, message, name.span, "no key", &help);
                self.infer(&written.value);
                return None;
            }
        } else if attribute.presence == Presence::Computed {
            let message = format!("`{}` of a `{}` is set by the API", name.value, measure.kind);
            self.report(&codes::COMPUTED_ATTRIBUTE, message, name.span, "only read", "remove the line");
            self.infer(&written.value);
            return None;
        }
        let expected = match &attribute.presence {
            Presence::Optional { .. } => attribute.ty.clone().optional(),
            Presence::Required | Presence::Computed => attribute.ty.clone(),
        };
        let value = self.check(&written.value, &expected);
        if has_error(&value.ty) {
            return None;
        }
        if let Some(constant) = value.as_constant()
            && let Some(complaint) = validate(attribute, constant, value.span)
        {
            self.diagnostics.push(complaint);
        }
        Some(value)
    }

    fn unknown_attribute(&mut self, written: &ast::Attribute, measure: &Measure) {
        let name = &written.name;
        let habit = |attribute: &&Attribute| attribute.also_known_as.iter().any(|other| other == name.value.as_str());
        let help = match measure.attributes.values().find(habit) {
            Some(right) => format!("on a `{}` it is called `{}`", measure.kind, right.name),
            None if matches!(name.value.as_str(), "count" | "for_each") => {
                "repeat in the header: `KIND NAME for n in 1..=3 { … }`".to_owned()
            }
            None if name.value.as_str() == "lifecycle" => "it is a block: `lifecycle { … }`, without `=`".to_owned(),
            None if matches!(name.value.as_str(), "depends_on" | "protect" | "triggers" | "ignore") => {
                format!("what instructs cnx stands in the block: `lifecycle {{ {} = … }}`", name.value)
            }
            None => {
                let settable = measure.attributes.values().filter(|one| one.presence != Presence::Computed);
                let names: Vec<&str> = settable.map(|one| one.name.as_str()).collect();
                let fallback = if names.is_empty() {
                    format!("a `{}` takes none: remove the line", measure.kind)
                } else {
                    format!("a `{}` has `{}`", measure.kind, names.join("`, `"))
                };
                did_you_mean(name.value.as_str(), names, &fallback)
            }
        };
        let message = format!("a `{}` has no attribute `{}`", measure.kind, name.value);
        self.report(&codes::UNKNOWN_ATTRIBUTE, message, name.span, "unknown attribute", &help);
    }

    /// Required attributes that nobody wrote; a misspelt one was reported already and does not count twice.
    fn missing(&mut self, node: &ast::Resource, measure: &Measure, given: &IndexMap<Ident, Setting>) {
        let written = written_names(&node.body);
        if let Some(lookup) = &measure.lookup {
            let by_id = written.contains(&"id");
            let by_key = lookup.len() > 1 && lookup.iter().skip(1).all(|name| written.contains(&name.as_str()));
            let unread = lookup.iter().any(|name| self.symbols.broken.contains(name));
            // Something else was taken for a key: that is told.
            let unread = unread || written.iter().any(|name| lookup.iter().all(|key| key.as_str() != *name));
            if !by_id && !by_key && !unread {
                let key: Vec<String> = lookup.iter().skip(1).map(|name| format!("`{name}`")).collect();
                let or = if key.is_empty() { String::new() } else { format!(" or {}", key.join(" and ")) };
                let help = format!("say which: give `id`{or}");
                let message = format!("it is not said which `{}` is meant", measure.kind);
                self.report(&codes::MISSING_ATTRIBUTE, message, node.header, "no key", &help);
            }
            return;
        }
        let required = measure.attributes.values().filter(|attribute| attribute.presence == Presence::Required);
        let missing: Vec<&Attribute> = required
            .filter(|attribute| !given.contains_key(&attribute.name))
            .filter(|attribute| !meant(attribute, &written, measure.attributes))
            .filter(|attribute| !self.has_default_region(attribute) && !self.symbols.broken.contains(&attribute.name))
            .collect();
        if missing.is_empty() {
            return;
        }
        let names: Vec<String> = missing.iter().map(|attribute| format!("`{}`", attribute.name)).collect();
        let lines: Vec<String> = missing.iter().map(|one| format!("`{} = …` ({})", one.name, one.ty)).collect();
        self.diagnostics.push(
            Diagnostic::new(&codes::MISSING_ATTRIBUTE, format!("{} needs {}", measure.kind, names.join(", ")))
                .at(node.header, format!("{} not written", names.join(", ")))
                .help(format!("add {}", lines.join(", "))),
        );
    }

    fn has_default_region(&self, attribute: &Attribute) -> bool {
        attribute.name.as_str() == "region" && self.default_region
    }
}

fn written_names(body: &ast::Body) -> Vec<&str> {
    body.entries
        .iter()
        .filter_map(|entry| match entry {
            BodyEntry::Attribute(attribute) => Some(attribute.name.value.as_str()),
            BodyEntry::Block(_) => None,
        })
        .collect()
}

/// Whether the attribute was written, if only under another or a misspelt name.
fn meant(attribute: &Attribute, written: &[&str], known: &IndexMap<Ident, Attribute>) -> bool {
    written.iter().any(|name| {
        *name == attribute.name.as_str()
            || (!known.contains_key(*name)
                && (attribute.also_known_as.iter().any(|other| other == name)
                    || closest(name, [attribute.name.as_str()]).is_some()))
    })
}
