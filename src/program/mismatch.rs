//! Wording of type mismatches: which of the usual mistakes it is, and the edit that mends it.

use super::codes;
use super::expr::{Expr, ExprKind};
use super::fits::{fits, literals, may_be_left_out, widened};
use super::library;
use crate::diag::Diagnostic;
use crate::diag::suggest::did_you_mean;
use crate::model::{Ident, Span, Type};
use crate::provider::Catalog;
use smol_str::SmolStr;

/// The complaint about an expression of one type where another is wanted.
pub fn mismatch(catalog: &Catalog, found: &Expr, expected: &Type) -> Diagnostic {
    let span = found.span;
    if found.ty == Type::Null {
        return Diagnostic::new(&codes::MAYBE_NULL, format!("a value of type {expected} is needed"))
            .at(span, format!("expected {expected}, found null"))
            .help("write a value; `null` means \"not written\"");
    }
    if let Type::Optional(inner) = &found.ty
        && fits(inner, expected)
    {
        return Diagnostic::new(&codes::MAYBE_NULL, format!("the value is of type {}", found.ty))
            .at(span, format!("may be null, expected {expected}"))
            .help("say what stands in for null: `… ?? value`");
    }
    if let (Type::Literal(text), Some(allowed)) = (&found.ty, literals(expected)) {
        return wrong_literal(text, &allowed, span);
    }
    if let (Type::Id(given), Type::Id(wanted)) = (found.ty.required(), expected.required()) {
        return Diagnostic::new(&codes::WRONG_ID, format!("the id of a `{given}` is not the id of a `{wanted}`"))
            .at(span, format!("expected {wanted}.id, found {given}.id"))
            .help(format!("refer to a `{wanted}`: `{wanted}.NAME.id`"));
    }
    if let (Type::Object(given), Type::Object(wanted)) = (found.ty.required(), expected.required()) {
        let missing = wanted.members.iter().find(|(name, m)| !given.members.contains_key(*name) && !may_be_left_out(m));
        if let Some((name, _)) = missing {
            return Diagnostic::new(&codes::MISSING_MEMBER, format!("`{name}` is missing"))
                .at(span, format!("expected {expected}"))
                .help(format!("add `{name} = …`"));
        }
        if let Some(name) = given.members.keys().find(|name| !wanted.members.contains_key(*name)) {
            return unknown_member(name, wanted.members.keys().map(SmolStr::as_str), span);
        }
    }
    let shown = if literals(expected).is_some() { found.ty.clone() } else { widened(&found.ty) };
    Diagnostic::new(&codes::WRONG_TYPE, format!("a value of type {expected} is needed"))
        .at(span, format!("expected {expected}, found {shown}"))
        .help(advice(catalog, found, expected))
}

fn advice(catalog: &Catalog, found: &Expr, expected: &Type) -> String {
    let reference = matches!(found.kind, ExprKind::Resource(_) | ExprKind::Index { .. } | ExprKind::Local(_));
    match (found.ty.required(), expected.required()) {
        (Type::Instance(kind), Type::Id(_) | Type::String) if catalog.kinds.contains_key(kind) && reference => {
            "add `.id`".to_owned()
        }
        (Type::Map(_, item), _) if matches!(**item, Type::Instance(_)) => {
            "choose one instance with `[key]`, or all of them with `[*].attribute`".to_owned()
        }
        (Type::Int | Type::Number, Type::String) => "write it in quotes, or as `\"${…}\"`".to_owned(),
        (Type::Bool, Type::String) => "write it in quotes".to_owned(),
        (Type::Literal(text), Type::Int | Type::Number) if crate::model::Number::parse(text).is_some() => {
            "write the number without quotes".to_owned()
        }
        (Type::Literal(text), Type::Bool) if text == "true" || text == "false" => {
            format!("write {text} without quotes")
        }
        (Type::String | Type::Literal(_), Type::Int) => "use `toint(…)`".to_owned(),
        (Type::String | Type::Literal(_), Type::Number) => "use `tonumber(…)`".to_owned(),
        (Type::Number, Type::Int) if is_call_of("tonumber", found) => {
            "use `toint(…)` instead: what it gives is an int".to_owned()
        }
        (Type::Number, Type::Int) => "use `floor(…)`, `ceil(…)`, or `toint(…)` where it has no fraction".to_owned(),
        (Type::Int | Type::Number, Type::Duration) => "add a unit: `30s`, `5m`, `1h`".to_owned(),
        (Type::List(_), Type::Set(_)) => "use `toset(…)`".to_owned(),
        (Type::Set(_), Type::List(_)) => "use `tolist(…)`".to_owned(),
        (found, Type::List(item) | Type::Set(item)) if fits(found, item) => "put it into brackets: `[…]`".to_owned(),
        (_, Type::Object(_) | Type::Map(..)) => "write `{ name = value }`".to_owned(),
        _ => format!("write a value of type {expected}"),
    }
}

fn is_call_of(name: &str, found: &Expr) -> bool {
    matches!(found.kind, ExprKind::Library { function, .. } if library::functions()[function].name == name)
}

/// A text that is none of the allowed ones.
pub fn wrong_literal(text: &str, allowed: &[&SmolStr], span: Span) -> Diagnostic {
    let list: Vec<String> = allowed.iter().map(|one| format!("\"{one}\"")).collect();
    let help = did_you_mean(text, allowed.iter().map(|one| one.as_str()), &format!("write {}", list.join(" or ")));
    Diagnostic::new(&codes::WRONG_LITERAL, format!("\"{text}\" is none of {}", list.join(", ")))
        .at(span, format!("expected {}", list.join(" | ")))
        .help(help)
}

pub fn unknown_member<'n>(name: &str, known: impl IntoIterator<Item = &'n str>, span: Span) -> Diagnostic {
    let known: Vec<&str> = known.into_iter().collect();
    let fallback = match known.len() {
        0 => "the object has no members".to_owned(),
        1..=12 => format!("it has `{}`", known.join("`, `")),
        _ => "see the type of the object".to_owned(),
    };
    Diagnostic::new(&codes::UNKNOWN_MEMBER, format!("there is no `{name}` here"))
        .at(span, "unknown member")
        .help(did_you_mean(name, known, &fallback))
}

/// The complaint about a written id whose prefix is another kind's; `None` where the prefix is right.
pub fn wrong_prefix(catalog: &Catalog, text: &str, kind: &Ident, span: Span) -> Option<Diagnostic> {
    let prefix = &catalog.kinds.get(kind)?.id_prefix;
    if text.starts_with(prefix.as_str()) {
        return None;
    }
    let other = catalog.kinds.values().find(|other| text.starts_with(other.id_prefix.as_str()));
    let found = other.map_or_else(|| "no id".to_owned(), |other| format!("{}.id", other.name));
    Some(
        Diagnostic::new(&codes::WRONG_ID, format!("\"{text}\" is not the id of a `{kind}`"))
            .at(span, format!("expected {kind}.id, found {found}"))
            .help(format!("ids of a `{kind}` begin with `{prefix}`; or refer to one: `{kind}.NAME.id`")),
    )
}
