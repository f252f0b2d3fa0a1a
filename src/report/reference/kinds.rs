//! One kind, data source or action as a page: what it is, how it is declared, its attributes, what else the catalog knows.

use super::attributes::table;
use super::examples::{declaration, source_declaration};
use crate::model::{Ident, Mode};
use crate::provider::catalog::{ActionKind, Attribute, Catalog, CostClass, Kind, Operation, Presence, Source};
use crate::report::look::span_of;
use crate::report::page::markdown::{Sample, pieces};
use crate::report::page::{Block, Page};
use indexmap::IndexMap;

/// The page of a managed kind.
pub fn kind(catalog: &Catalog, kind: &Kind) -> Page {
    let mut blocks = head(&kind.name, &kind.doc);
    blocks.push(sample(declaration(Mode::Managed, &kind.name, &kind.attributes)));
    let set = |attribute: &&Attribute| attribute.presence != Presence::Computed;
    blocks.extend(table("Attributes", ordered(&kind.attributes).filter(set), &kind.updates));
    blocks.extend(table("Read back", ordered(&kind.attributes).filter(|it| !set(it)), &kind.updates));
    blocks.extend(list("What else is known", facts(catalog, kind)));
    Page(blocks)
}

/// The page of a data source that is no kind.
pub fn source(catalog: &Catalog, source: &Source) -> Page {
    let mut blocks = head(&source.name, &source.doc);
    blocks.push(sample(source_declaration(source)));
    let set = |attribute: &&Attribute| attribute.presence != Presence::Computed;
    let none = IndexMap::new();
    blocks.extend(table("Attributes", ordered(&source.attributes).filter(set), &none));
    blocks.extend(table("Read back", ordered(&source.attributes).filter(|it| !set(it)), &none));
    if let Some(items) = &source.items {
        let text = format!("`data.{}.NAME.items` is a `list({items})`.", source.name);
        blocks.push(Block::Paragraph(pieces(&text)));
    }
    blocks.extend(list("What else is known", [surface(catalog, &source.surface)]));
    Page(blocks)
}

/// The page of an action.
pub fn action(action: &ActionKind) -> Page {
    let mut blocks = head(&action.name, &action.doc);
    blocks.push(sample(declaration(Mode::Action, &action.name, &action.attributes)));
    blocks.extend(table("Attributes", ordered(&action.attributes), &IndexMap::new()));
    let Operation { repeatable, disruptive, .. } = &action.operation;
    let mut known = vec![
        format!("On an object that is managed already: `cnx run ADDRESS {}`.", action.name),
        timing("It", &action.operation),
    ];
    known.extend(disruptive.then(|| "It interrupts what it acts on.".to_owned()));
    known.extend(repeatable.then(|| "Running it twice does no harm.".to_owned()));
    blocks.extend(list("What else is known", known));
    Page(blocks)
}

fn head(name: &Ident, doc: &str) -> Vec<Block> {
    vec![Block::Heading(1, pieces(&format!("`{name}`"))), Block::Paragraph(pieces(doc))]
}

fn sample(text: String) -> Block {
    Block::Code(Sample { language: "cnx".to_owned(), text, ..Sample::default() })
}

fn list(title: &str, items: impl IntoIterator<Item = String>) -> Vec<Block> {
    let items = items.into_iter().map(|item| pieces(&item)).collect();
    vec![Block::Heading(2, pieces(title)), Block::List(items)]
}

/// Those that must be there first, else as the catalog has them.
fn ordered(attributes: &IndexMap<Ident, Attribute>) -> impl Iterator<Item = &Attribute> {
    let required = |attribute: &&Attribute| attribute.presence == Presence::Required;
    attributes.values().filter(required).chain(attributes.values().filter(move |attribute| !required(attribute)))
}

fn surface(catalog: &Catalog, name: &Ident) -> String {
    let described = catalog.surfaces.get(name).map(|surface| surface.doc.trim_end_matches('.').to_owned());
    format!("It belongs to the surface `{name}`{}.", described.map_or(String::new(), |doc| format!(": {doc}")))
}

fn timing(subject: &str, operation: &Operation) -> String {
    let (typical, most) = (span_of(operation.typical), span_of(operation.timeout));
    format!("{subject} takes about {typical}, and is waited for {most} at most.")
}

fn facts(catalog: &Catalog, kind: &Kind) -> Vec<String> {
    let mut facts = vec![surface(catalog, &kind.surface), format!("Ids begin with `{}`.", kind.id_prefix)];
    let names: Vec<String> = kind.natural_key.iter().map(|name| format!("`{name}`")).collect();
    if !names.is_empty() {
        let unique = if kind.natural_key_unique { "" } else { ", which need not be unique" };
        facts.push(format!("`data` and import find it by {}{unique}.", names.join(" and ")));
    }
    facts.push(
        match kind.cost {
            CostClass::Free => "It costs nothing.",
            CostClass::Usage => "It costs by use.",
            CostClass::Storage => "It costs by what it stores.",
            CostClass::Hourly => "It costs by the hour.",
            CostClass::HourlyHigh => "It costs by the hour, and much.",
        }
        .to_owned(),
    );
    facts.extend(kind.stateful.then(|| {
        "It holds data: destroying or replacing it needs `--allow-destroy`, but on the local emulator.".to_owned()
    }));
    facts.extend(kind.replaceable_in_parallel.then(|| "`create_before_destroy` is possible.".to_owned()));
    let parent = kind.parent.as_ref();
    facts.extend(parent.map(|parent| format!("What is below one `{parent}` is written one after the other.")));
    facts.push(timing("Creating it", &kind.create));
    facts.push(timing("Deleting it", &kind.delete));
    facts
}
