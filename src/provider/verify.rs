//! What only the whole catalog can tell: that every name in it leads somewhere, and that every pattern is one.

use super::catalog::{Attribute, Catalog, Kind, Operation, Update};
use super::codes;
use super::fields::Complaints;
use super::operations::placeholders;
use super::types::visit_ids;
use crate::diag::{Diagnostic, suggest};
use crate::model::{Ident, Span, Type};
use indexmap::IndexMap;

/// Complains at the header of the declaration that is wrong.
pub(super) fn verify(complaints: &Complaints, catalog: &Catalog, places: &IndexMap<(String, Ident), Span>) {
    let span_of = |sort: &str, name: &Ident| places.get(&(sort.to_owned(), name.clone())).copied();
    for kind in catalog.kinds.values() {
        if let Some(span) = span_of("kind", &kind.name) {
            let check = Check { complaints, catalog, span, attributes: &kind.attributes };
            check.kind(kind);
        }
    }
    for action in catalog.actions.values() {
        if let Some(span) = span_of("action_kind", &action.name) {
            let check = Check { complaints, catalog, span, attributes: &action.attributes };
            check.attributes();
            check.operation(&action.operation, false);
            check.attribute_exists(&action.target, "target");
        }
    }
    for source in catalog.sources.values() {
        if let Some(span) = span_of("source", &source.name) {
            let check = Check { complaints, catalog, span, attributes: &source.attributes };
            check.attributes();
            check.operation(&source.read, false);
        }
    }
}

struct Check<'a> {
    complaints: &'a Complaints,
    catalog: &'a Catalog,
    span: Span,
    attributes: &'a IndexMap<Ident, Attribute>,
}

impl Check<'_> {
    fn kind(&self, kind: &Kind) {
        self.surface(&kind.surface);
        self.attributes();
        self.operation(&kind.create, false);
        self.operation(&kind.read, true);
        self.operation(&kind.list, false);
        self.operation(&kind.delete, true);
        kind.updates.values().for_each(|operation| self.operation(operation, true));
        kind.natural_key.iter().for_each(|name| self.attribute_exists(name, "natural_key"));
        let references = [(&kind.parent, "parent"), (&kind.stamp, "stamp")];
        for (name, place) in references.into_iter().filter_map(|(name, place)| name.as_ref().map(|name| (name, place)))
        {
            self.attribute_exists(name, place);
        }
        if let Some(price) = &kind.price {
            self.attribute_exists(&price.slug, "price");
            price.replicas.iter().for_each(|name| self.attribute_exists(name, "price"));
            self.exists(&price.source, "source", self.catalog.sources.keys());
        }
        for attribute in kind.attributes.values() {
            match &attribute.update {
                Update::By(operation) => self.exists(operation, "operation", kind.updates.keys()),
                Update::ByValue(operations) => {
                    operations.values().for_each(|operation| self.exists(operation, "operation", kind.updates.keys()));
                }
                Update::Replace | Update::Argument | Update::Never => {}
            }
        }
        let needed = kind.updates.values().filter_map(|operation| operation.needs.as_ref());
        needed.for_each(|operation| self.exists(operation, "operation", kind.updates.keys()));
        let stamp = kind.stamp.as_ref().and_then(|name| kind.attributes.get(name));
        if stamp.is_some_and(|attribute| attribute.ty != Type::map(Type::String)) {
            self.complaints.wrong(self.span, "stamp: an attribute of type map(string)");
        }
    }

    fn attributes(&self) {
        for attribute in self.attributes.values() {
            visit_ids(&attribute.ty, &mut |kind| self.exists(kind, "kind", self.catalog.kinds.keys()));
            attribute.drift_signal.iter().for_each(|name| self.attribute_exists(name, "drift_signal"));
            let rules = std::iter::once(&attribute.validation).chain(attribute.validation.members.values());
            for pattern in rules.flat_map(|rules| [&rules.pattern, &rules.key_pattern]).flatten() {
                if !pattern.is_valid() {
                    let wanted = format!("a pattern for `{}`, not `{}`", attribute.name, pattern.as_str());
                    self.complaints.wrong(self.span, &wanted);
                }
            }
        }
    }

    fn operation(&self, operation: &Operation, has_id: bool) {
        for route in &operation.routes {
            self.surface(&route.surface);
            let is_path = route.path.starts_with('/') && !route.path.contains(['?', '#']);
            if !is_path {
                self.complaints.wrong(self.span, &format!("a path that begins with `/` for `{}`", operation.name));
            }
            for name in placeholders(&route.path).filter(|name| !(has_id && *name == "id")) {
                self.attribute_exists(&Ident::new(name), "path");
            }
            route.when.iter().for_each(|(name, _)| self.attribute_exists(name, "when"));
        }
        if operation.routes.is_empty() {
            self.complaints.wrong(self.span, &format!("at least one route for `{}`", operation.name));
        }
        operation
            .members
            .keys()
            .filter(|name| name.as_str() != "id")
            .for_each(|name| self.attribute_exists(name, "members"));
    }

    fn surface(&self, name: &Ident) {
        self.exists(name, "surface", self.catalog.surfaces.keys());
    }

    fn attribute_exists(&self, name: &Ident, place: &str) {
        self.exists(name, &format!("attribute of `{place}`"), self.attributes.keys());
    }

    fn exists<'n>(&self, name: &Ident, sort: &str, mut known: impl Iterator<Item = &'n Ident> + Clone) {
        let names = known.clone().map(Ident::as_str);
        if known.any(|candidate| candidate == name) {
            return;
        }
        let fallback = format!("declare it, or name another {sort}");
        self.complaints.push(
            Diagnostic::new(&codes::UNKNOWN_NAME, format!("there is no {sort} `{name}`"))
                .at(self.span, format!("speaks of {sort} `{name}`"))
                .help(suggest::did_you_mean(name.as_str(), names, &fallback)),
        );
    }
}
