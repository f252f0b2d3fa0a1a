//! The attributes of a kind, source or action, as a provider file declares them.

use super::catalog::{Attribute, Compare, Presence, Update, Validation};
use super::codes;
use super::fields::{Complaints, Fields, constant, plain};
use super::pattern::Pattern;
use super::types::{shaped, type_of};
use crate::diag::Diagnostic;
use crate::model::{Ident, Span, Type};
use crate::syntax::ast::{Expr, ExprKind};
use indexmap::IndexMap;
use smol_str::SmolStr;
use std::collections::BTreeMap;

/// `attributes = { name = { … }, … }`; `is_argument` where nothing of them is ever updated (actions, sources).
pub(super) fn read_attributes(complaints: &Complaints, object: &Expr, is_argument: bool) -> IndexMap<Ident, Attribute> {
    let Some(fields) = Fields::of_object(complaints, object) else { return IndexMap::new() };
    let mut attributes = IndexMap::new();
    for (name, span, value) in fields.rest() {
        if let Some(fields) = Fields::of_object(complaints, value) {
            let attribute = read_attribute(complaints, name.clone(), span, fields, is_argument);
            attributes.insert(name, attribute);
        }
    }
    attributes
}

fn read_attribute(
    complaints: &Complaints,
    name: Ident,
    span: Span,
    mut fields: Fields<'_>,
    is_argument: bool,
) -> Attribute {
    fields.span = span;
    let ty = fields.require("type").map_or(Type::Error, |value| type_of(complaints, value));
    let presence = read_presence(complaints, &mut fields, &ty);
    let update = match fields.take("update") {
        Some(value) => read_update(complaints, value),
        None => Update::Never,
    };
    let is_fixed = matches!(update, Update::Never);
    if is_fixed && !is_argument && presence != Presence::Computed {
        complaints.push(
            Diagnostic::new(&codes::MISSING_MEMBER, format!("`{name}` does not say how it changes"))
                .at(span, "has no `update`")
                .help("add `update = \"patch\"`, another operation, \"replace\" or \"argument\""),
        );
    }
    let attribute = Attribute {
        doc: fields.required_text("doc"),
        ty,
        update,
        compare: read_compare(complaints, &mut fields),
        validation: read_validation(complaints, &mut fields),
        shown_as: fields.text("shown_as").unwrap_or_else(|| name.to_string()),
        pending_as: fields.text("pending_as"),
        past_warns: fields.flag("past_warns").unwrap_or(false),
        bare: fields.flag("bare").unwrap_or(false),
        may_be_hidden: fields.flag("may_be_hidden").unwrap_or(false),
        stable: fields.flag("stable").unwrap_or(false),
        drift_signal: fields.ident("drift_signal"),
        observed_only: fields.texts("observed_only"),
        sent: fields.flag("sent").unwrap_or(presence != Presence::Computed),
        unique: fields.flag("unique").unwrap_or(false),
        also_known_as: fields.texts("also_known_as"),
        presence,
        name,
    };
    fields.finish();
    attribute
}

fn read_presence(complaints: &Complaints, fields: &mut Fields<'_>, ty: &Type) -> Presence {
    let required = fields.flag("required").unwrap_or(false);
    let computed = fields.flag("computed").unwrap_or(false);
    let default = fields.take("default");
    match (required, computed, default) {
        (true, false, None) => Presence::Required,
        (false, true, None) => Presence::Computed,
        (false, false, None) => Presence::Optional { default: None },
        (false, false, Some(value)) => {
            Presence::Optional { default: constant(complaints, value).map(|value| shaped(value, ty)) }
        }
        (_, _, _) => {
            complaints.wrong(fields.span, "only one of `required`, `computed` and `default`");
            Presence::Required
        }
    }
}

fn read_update(complaints: &Complaints, value: &Expr) -> Update {
    if let ExprKind::Object(_) = plain(value).kind {
        let Some(fields) = Fields::of_object(complaints, value) else { return Update::Never };
        let by_value = fields.rest().into_iter().filter_map(|(wanted, _, operation)| {
            super::fields::text_of(complaints, operation).map(|name| (wanted.to_string(), Ident::new(&name)))
        });
        return Update::ByValue(by_value.collect());
    }
    match super::fields::text_of(complaints, value).as_deref() {
        Some("replace") => Update::Replace,
        Some("argument") => Update::Argument,
        Some("never") | None => Update::Never,
        Some(operation) => Update::By(Ident::new(operation)),
    }
}

fn read_compare(complaints: &Complaints, fields: &mut Fields<'_>) -> Compare {
    let Some(value) = fields.take("compare") else { return Compare::Exact };
    if let ExprKind::Object(_) = plain(value).kind {
        let Some(mut fields) = Fields::of_object(complaints, value) else { return Compare::Exact };
        let suffix = fields.required_text("modulo_suffix");
        fields.finish();
        return Compare::ModuloSuffix(suffix);
    }
    match super::fields::text_of(complaints, value).as_deref() {
        Some("public_key") => Compare::PublicKey,
        Some("exact") | None => Compare::Exact,
        Some(_) => {
            complaints.wrong(value.span, "\"exact\", \"public_key\" or { modulo_suffix = \"…\" }");
            Compare::Exact
        }
    }
}

fn read_members(complaints: &Complaints, members: Fields<'_>) -> BTreeMap<SmolStr, Validation> {
    let read = members.rest().into_iter().filter_map(|(name, _, value)| {
        let mut fields = Fields::of_object(complaints, value)?;
        let rules = read_validation(complaints, &mut fields);
        fields.finish();
        Some((name.0, rules))
    });
    read.collect()
}

fn read_validation(complaints: &Complaints, fields: &mut Fields<'_>) -> Validation {
    Validation {
        pattern: fields.text("pattern").map(Pattern::new),
        pattern_warns: fields.flag("pattern_warns").unwrap_or(false),
        minimum: fields.int("minimum"),
        maximum: fields.int("maximum"),
        allowed: fields.ints("allowed"),
        min_length: fields.int("min_length").map(i64::unsigned_abs),
        max_length: fields.int("max_length").map(i64::unsigned_abs),
        key_pattern: fields.text("key_pattern").map(Pattern::new),
        value_max_length: fields.int("value_max_length").map(i64::unsigned_abs),
        members: fields.object("members").map(|members| read_members(complaints, members)).unwrap_or_default(),
        hint: fields.text("hint"),
    }
}
