//! The operations of a kind, source or action: routes, bodies, expected times.

use super::catalog::{Attribute, Operation, Presence, Route, Update};
use super::codes;
use super::fields::{Complaints, Fields, constant, list_of, text_of};
use crate::diag::Diagnostic;
use crate::model::http::Method;
use crate::model::{Ident, Span};
use crate::syntax::ast::Expr;
use indexmap::IndexMap;

/// Expected time and deadline of an operation that says nothing, in milliseconds.
const TYPICAL: i64 = 200;
const TIMEOUT: i64 = 60_000;

/// What an operation may refer to.
pub(super) struct Context<'a> {
    pub complaints: &'a Complaints,
    /// The surface of routes that name none.
    pub surface: Option<&'a Ident>,
    pub attributes: &'a IndexMap<Ident, Attribute>,
}

/// `create = { … }`
pub(super) fn read_operation(context: &Context<'_>, name: &Ident, span: Span, value: &Expr) -> Option<Operation> {
    let mut fields = Fields::of_object(context.complaints, value)?;
    fields.span = span;
    Some(finish_operation(context, name, fields))
}

/// The operation whose members these are.
pub(super) fn finish_operation(context: &Context<'_>, name: &Ident, mut fields: Fields<'_>) -> Operation {
    let method = read_method(context, name, &mut fields);
    let routes = read_routes(context, &mut fields);
    let constants = match fields.object("constants") {
        Some(constants) => constants
            .rest()
            .into_iter()
            .filter_map(|(name, _, value)| constant(context.complaints, value).map(|value| (name.to_string(), value)))
            .collect(),
        None => IndexMap::new(),
    };
    let members = match fields.object("members") {
        Some(members) => members
            .rest()
            .into_iter()
            .filter_map(|(name, _, value)| text_of(context.complaints, value).map(|member| (name, member)))
            .collect(),
        None => default_members(context, name, method, &routes),
    };
    let operation = Operation {
        name: name.clone(),
        method,
        routes,
        constants,
        members,
        sends_all: fields.flag("sends_all").unwrap_or(false),
        id_in_result: fields.text("id_in_result"),
        repeatable: fields.flag("repeatable").unwrap_or(method != Method::Post),
        disruptive: fields.flag("disruptive").unwrap_or(false),
        documented: fields.text("documented"),
        typical: fields.duration("typical").unwrap_or(TYPICAL),
        timeout: fields.duration("timeout").unwrap_or(TIMEOUT),
        job: fields.flag("job").unwrap_or(false),
        needs: fields.ident("needs"),
    };
    fields.finish();
    operation
}

fn read_method(context: &Context<'_>, name: &Ident, fields: &mut Fields<'_>) -> Method {
    let given = fields.take("method");
    let text = given.and_then(|value| text_of(context.complaints, value));
    match (given, text.as_deref().map(Method::parse)) {
        (_, Some(Some(method))) => method,
        (Some(value), _) => {
            context.complaints.wrong(value.span, "\"GET\", \"POST\", \"PUT\", \"PATCH\" or \"DELETE\"");
            Method::Post
        }
        (None, _) => match name.as_str() {
            "read" | "list" => Method::Get,
            "delete" => Method::Delete,
            "patch" => Method::Patch,
            _ => Method::Post,
        },
    }
}

fn read_routes(context: &Context<'_>, fields: &mut Fields<'_>) -> Vec<Route> {
    if fields.has("routes") {
        let routes = fields.take("routes").map(|value| list_of(context.complaints, value)).unwrap_or_default();
        return routes.into_iter().filter_map(|route| read_route(context, route)).collect();
    }
    let surface = read_surface(context, fields);
    let path = fields.required_text("path");
    vec![Route { when: None, surface, path }]
}

fn read_route(context: &Context<'_>, value: &Expr) -> Option<Route> {
    let mut fields = Fields::of_object(context.complaints, value)?;
    let when = fields.object("when").map(|mut when| {
        let condition = (Ident::new(&when.required_text("attribute")), when.required_text("prefix"));
        when.finish();
        condition
    });
    let surface = read_surface(context, &mut fields);
    let path = fields.required_text("path");
    fields.finish();
    Some(Route { when, surface, path })
}

fn read_surface(context: &Context<'_>, fields: &mut Fields<'_>) -> Ident {
    match (fields.ident("surface"), context.surface) {
        (Some(surface), _) => surface,
        (None, Some(surface)) => surface.clone(),
        (None, None) => {
            context.complaints.push(
                Diagnostic::new(&codes::MISSING_MEMBER, "`surface` is missing")
                    .at(fields.span, "has no `surface`")
                    .help("add `surface = \"…\"`"),
            );
            Ident::new("")
        }
    }
}

/// What is sent where the file does not say: a create sends all that may be set, an update what changes by it,
/// everything else all its arguments. What stands in the path is not sent again.
fn default_members(context: &Context<'_>, name: &Ident, method: Method, routes: &[Route]) -> IndexMap<Ident, String> {
    let is_update = !matches!(name.as_str(), "create" | "run" | "source");
    let none = is_update && matches!(method, Method::Get | Method::Delete);
    let in_path =
        |attribute: &Ident| routes.iter().any(|route| placeholders(&route.path).any(|p| p == attribute.as_str()));
    let is_sent = |attribute: &&Attribute| {
        let changes_by = match &attribute.update {
            Update::By(operation) => operation == name,
            Update::Argument => !is_update && name.as_str() != "create",
            Update::ByValue(_) | Update::Replace | Update::Never => false,
        };
        let wanted = if is_update { changes_by } else { attribute.update != Update::Argument || changes_by };
        attribute.sent && attribute.presence != Presence::Computed && wanted && !none && !in_path(&attribute.name)
    };
    context.attributes.values().filter(is_sent).map(|a| (a.name.clone(), a.name.to_string())).collect()
}

/// The names between braces in a path.
pub(super) fn placeholders(path: &str) -> impl Iterator<Item = &str> {
    path.split('{').skip(1).filter_map(|part| part.split_once('}').map(|(name, _)| name))
}
