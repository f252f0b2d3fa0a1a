//! From the tree of a provider file to a catalog. Strict: what it does not know is an error, and all errors are given at once.

use super::attributes::read_attributes;
use super::catalog::{ActionKind, Catalog, CostClass, Kind, Operation, Pagination, Price, Source, Surface, Timeouts};
use super::codes;
use super::fields::{Complaints, Fields, text_of};
use super::operations::{Context, finish_operation, read_operation};
use super::types::type_of;
use super::verify::verify;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Ident, Span};
use crate::syntax::ast::{Ast, Item, ItemKind, Resource, ResourceForm};
use indexmap::IndexMap;

/// Reads `surface`, `kind`, `action_kind` and `source` declarations.
pub fn read(ast: &Ast) -> Result<Catalog, Diagnostics> {
    let complaints = Complaints::default();
    let mut catalog = Catalog::default();
    let mut places = IndexMap::new();
    for item in &ast.items {
        let ItemKind::Resource(resource) = &item.kind else {
            complaints.push(unknown_declaration(item.span));
            continue;
        };
        read_declaration(&complaints, &mut catalog, &mut places, item, resource);
    }
    verify(&complaints, &catalog, &places);
    let diagnostics = complaints.into_inner();
    if diagnostics.has_errors() { Err(diagnostics) } else { Ok(catalog) }
}

fn unknown_declaration(span: Span) -> Diagnostic {
    Diagnostic::new(&codes::UNKNOWN_DECLARATION, "")
        .at(span, "not understood here")
        .help("a provider file holds `surface`, `kind`, `action_kind` and `source` declarations")
}

fn read_declaration(
    complaints: &Complaints,
    catalog: &mut Catalog,
    places: &mut IndexMap<(String, Ident), Span>,
    item: &Item,
    resource: &Resource,
) {
    let is_plain = resource.form == ResourceForm::Managed && resource.repeat.is_none() && resource.condition.is_none();
    if !is_plain || resource.provider.is_some() {
        complaints.push(unknown_declaration(resource.header));
        return;
    }
    let (sort, name) = (resource.kind.value.to_string(), resource.name.value.clone());
    if let Some(first) = places.get(&(sort.clone(), name.clone())) {
        complaints.push(
            Diagnostic::new(&codes::DUPLICATE, format!("{sort} `{name}` is declared twice"))
                .at(resource.header, "here again")
                .and(*first, "first here")
                .help("delete one of the two"),
        );
        return;
    }
    places.insert((sort.clone(), name.clone()), resource.header);
    let fields = Fields::of_body(complaints, resource.header, &resource.body);
    let declared = Declared { complaints, name: name.clone(), doc: item.doc.clone(), span: resource.header, fields };
    match sort.as_str() {
        "surface" => drop(catalog.surfaces.insert(name, declared.surface())),
        "kind" => drop(catalog.kinds.insert(name, declared.kind())),
        "action_kind" => drop(catalog.actions.insert(name, declared.action())),
        "source" => drop(catalog.sources.insert(name, declared.source())),
        _ => complaints.push(unknown_declaration(resource.header)),
    }
}

/// One declaration: its name, its comment, its members.
struct Declared<'a> {
    complaints: &'a Complaints,
    name: Ident,
    doc: String,
    span: Span,
    fields: Fields<'a>,
}

impl Declared<'_> {
    fn surface(mut self) -> Surface {
        let fields = &mut self.fields;
        let surface = Surface {
            production_url: fields.required_text("production_url"),
            sandbox_url: fields.required_text("sandbox_url"),
            url_setting: Ident::new(&fields.required_text("url_setting")),
            key_variables: fields.texts("key_variables"),
            pagination: read_pagination(self.complaints, fields),
            page_size: bounded(fields.required_int("page_size")),
            requests_per_minute: bounded(fields.required_int("requests_per_minute")),
            jobs_path: fields.required_text("jobs_path"),
            jobs_batch: bounded(fields.required_int("jobs_batch")),
            account_path: fields.required_text("account_path"),
            doc: self.doc,
            name: self.name,
        };
        self.fields.finish();
        surface
    }

    fn kind(mut self) -> Kind {
        let fields = &mut self.fields;
        let surface = Ident::new(&fields.required_text("surface"));
        let attributes = match fields.require("attributes") {
            Some(value) => read_attributes(self.complaints, value, false),
            None => IndexMap::new(),
        };
        let context = Context { complaints: self.complaints, surface: Some(&surface), attributes: &attributes };
        let mut operations = IndexMap::new();
        if let Some(declared) = fields.object("operations") {
            for (name, span, value) in declared.rest() {
                if let Some(operation) = read_operation(&context, &name, span, value) {
                    operations.insert(name, operation);
                }
            }
        }
        let timeouts = Timeouts {
            by_operation: operations.iter().map(|(n, o): (&Ident, &Operation)| (n.clone(), o.timeout)).collect(),
        };
        let mut standard = |name: &str| take_operation(self.complaints, self.span, &mut operations, name, &surface);
        let (create, read, list, delete) = (standard("create"), standard("read"), standard("list"), standard("delete"));
        let kind = Kind {
            id_prefix: fields.required_text("id_prefix"),
            natural_key: fields.texts("natural_key").iter().map(|name| Ident::new(name)).collect(),
            natural_key_unique: fields.flag("natural_key_unique").unwrap_or(false),
            documented_list: fields.flag("documented_list").unwrap_or(false),
            parent: fields.ident("parent"),
            cost: read_cost(self.complaints, fields),
            price: read_price(fields),
            stateful: fields.flag("stateful").unwrap_or(false),
            replaceable_in_parallel: fields.flag("replaceable_in_parallel").unwrap_or(false),
            stamp: fields.ident("stamp"),
            at_rest: fields.texts("at_rest"),
            trial: read_trial(self.complaints, fields),
            name: self.name,
            doc: self.doc,
            updates: operations,
            surface,
            attributes,
            create,
            read,
            list,
            delete,
            timeouts,
        };
        self.fields.finish();
        kind
    }

    fn action(mut self) -> ActionKind {
        let fields = &mut self.fields;
        let attributes = match fields.require("attributes") {
            Some(value) => read_attributes(self.complaints, value, true),
            None => IndexMap::new(),
        };
        let target = Ident::new(&fields.required_text("target"));
        let cost = read_cost(self.complaints, fields);
        let context = Context { complaints: self.complaints, surface: None, attributes: &attributes };
        let name = Ident::new("run");
        let operation = match fields.require("operation") {
            Some(value) => read_operation(&context, &name, self.span, value),
            None => None,
        };
        self.fields.finish();
        let operation = operation.unwrap_or_else(|| empty_operation(&name, &Ident::new("")));
        ActionKind { name: self.name, doc: self.doc, attributes, operation, target, cost }
    }

    /// A source's own members and those of its one operation stand side by side.
    fn source(mut self) -> Source {
        let fields = &mut self.fields;
        let attributes = match fields.take("attributes") {
            Some(value) => read_attributes(self.complaints, value, true),
            None => IndexMap::new(),
        };
        let items = fields.take("items").map(|value| type_of(self.complaints, value));
        let context = Context { complaints: self.complaints, surface: None, attributes: &attributes };
        let mut read = finish_operation(&context, &Ident::new("source"), self.fields);
        read.method = crate::model::http::Method::Get;
        read.repeatable = true;
        let surface = read.routes.first().map_or_else(|| Ident::new(""), |route| route.surface.clone());
        Source { name: self.name, doc: self.doc, surface, attributes, read, items }
    }
}

fn bounded(number: i64) -> u32 {
    u32::try_from(number).unwrap_or(1).max(1)
}

fn read_pagination(complaints: &Complaints, fields: &mut Fields<'_>) -> Pagination {
    let span = fields.span;
    match fields.required_text("pagination").as_str() {
        "page" => Pagination::Page,
        "cursor" => Pagination::Cursor,
        _ => {
            complaints.wrong(span, "pagination: \"page\" or \"cursor\"");
            Pagination::Page
        }
    }
}

fn read_cost(complaints: &Complaints, fields: &mut Fields<'_>) -> CostClass {
    let span = fields.span;
    match fields.required_text("cost").as_str() {
        "free" => CostClass::Free,
        "usage" => CostClass::Usage,
        "storage" => CostClass::Storage,
        "hourly" => CostClass::Hourly,
        "hourly_high" => CostClass::HourlyHigh,
        _ => {
            complaints.wrong(span, "cost: \"free\", \"usage\", \"storage\", \"hourly\" or \"hourly_high\"");
            CostClass::Free
        }
    }
}

fn read_trial(complaints: &Complaints, fields: &mut Fields<'_>) -> Option<Vec<(Ident, String)>> {
    let trial = fields.object("trial")?;
    let members = trial.rest().into_iter().filter_map(|(name, _, value)| Some((name, text_of(complaints, value)?)));
    Some(members.collect())
}

fn read_price(fields: &mut Fields<'_>) -> Option<Price> {
    let mut price = fields.object("price")?;
    let found = Price {
        source: Ident::new(&price.required_text("source")),
        slug: Ident::new(&price.required_text("slug")),
        replicas: price.ident("replicas"),
    };
    price.finish();
    Some(found)
}

fn take_operation(
    complaints: &Complaints,
    span: Span,
    operations: &mut IndexMap<Ident, Operation>,
    name: &str,
    surface: &Ident,
) -> Operation {
    operations.shift_remove(name).unwrap_or_else(|| {
        complaints.push(
            Diagnostic::new(&codes::MISSING_MEMBER, format!("the operation `{name}` is missing"))
                .at(span, format!("has no operation `{name}`"))
                .help(format!("add `{name} = {{ path = \"…\" }}` to `operations`")),
        );
        empty_operation(&Ident::new(name), surface)
    })
}

/// Stands in after a complaint, so that the rest is still read.
fn empty_operation(name: &Ident, surface: &Ident) -> Operation {
    Operation {
        name: name.clone(),
        method: crate::model::http::Method::Get,
        routes: vec![super::catalog::Route { when: None, surface: surface.clone(), path: String::new() }],
        constants: IndexMap::new(),
        members: IndexMap::new(),
        sends_all: false,
        id_in_result: None,
        repeatable: false,
        disruptive: false,
        documented: None,
        typical: 0,
        timeout: 0,
        job: false,
        needs: None,
    }
}
