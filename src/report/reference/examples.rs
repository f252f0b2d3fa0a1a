//! The shortest right declaration of a kind: what must be written, with values that the catalog allows.

use crate::model::{Ident, Mode, Type};
use crate::provider::catalog::{Attribute, Presence, Source, Validation};
use indexmap::IndexMap;

/// `server main { … }` with what is required.
pub fn declaration(mode: Mode, kind: &Ident, attributes: &IndexMap<Ident, Attribute>) -> String {
    let word = match mode {
        Mode::Managed => "",
        Mode::Data => "data ",
        Mode::Action => "action ",
    };
    let required: Vec<&Attribute> =
        attributes.values().filter(|attribute| attribute.presence == Presence::Required).collect();
    if required.is_empty() {
        return format!("{word}{kind} main {{}}\n");
    }
    let widest = required.iter().map(|attribute| attribute.name.as_str().len()).max().unwrap_or(0);
    let line = |attribute: &&Attribute| {
        let written = of_attribute(attribute);
        format!("  {:widest$} = {written}\n", attribute.name.as_str())
    };
    let lines: String = required.iter().map(line).collect();
    format!("{word}{kind} main {{\n{lines}}}\n")
}

/// `data regions main {}`
pub fn source_declaration(source: &Source) -> String {
    declaration(Mode::Data, &source.name, &source.attributes)
}

fn of_attribute(attribute: &Attribute) -> String {
    let Validation { hint, minimum, .. } = &attribute.validation;
    let named = hint.as_deref().and_then(|hint| hint.split_once("such as ")).map(|(_, example)| example);
    let first = named.and_then(|example| example.split([' ', ':', ',']).next().map(|word| (example, word)));
    match (first, attribute.ty.required()) {
        (Some((whole, _)), Type::String) if whole.contains('(') => whole.to_owned(),
        (Some((whole, _)), Type::String) if whole.contains("://") => format!("\"{whole}\""),
        (Some((_, word)), Type::String) => format!("\"{word}\""),
        (_, Type::Set(item) | Type::List(item)) if **item == Type::String => {
            let slash = attribute.validation.pattern.as_ref().is_some_and(|pattern| pattern.as_str().starts_with("^/"));
            format!("[\"{}\"]", if slash { "/*" } else { "main" })
        }
        (_, Type::Int | Type::Number) => minimum.unwrap_or(1).max(1).to_string(),
        (_, ty) => of_type(ty, attribute.name.as_str()),
    }
}

/// A value of the type; texts are the attribute's own name where nothing else is known.
fn of_type(ty: &Type, name: &str) -> String {
    match ty {
        Type::Bool => "true".to_owned(),
        Type::Int | Type::Number => "1".to_owned(),
        Type::Duration => "10m".to_owned(),
        Type::Literal(text) => crate::model::Key::Text(text.clone()).to_string(),
        Type::Id(kind) => format!("{kind}.main.id"),
        Type::List(item) | Type::Set(item) => format!("[{}]", of_type(item, name)),
        Type::Map(_, item) => format!("{{ {name} = {} }}", of_type(item, name)),
        Type::Object(object) => {
            let needed =
                object.members.iter().filter(|(_, member)| member.default.is_none() && !member.ty.is_optional());
            let written: Vec<String> =
                needed.map(|(name, member)| format!("{name} = {}", of_type(&member.ty, name))).collect();
            format!("{{ {} }}", written.join(", "))
        }
        Type::Union(members) => members.first().map_or_else(|| "null".to_owned(), |first| of_type(first, name)),
        Type::Optional(inner) => of_type(inner, name),
        Type::String | Type::Any => format!("\"{}\"", if name == "path" { "/*" } else { "main" }),
        Type::Null | Type::Error | Type::Instance(_) => "null".to_owned(),
    }
}
