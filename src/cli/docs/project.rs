//! The project's own declarations, as they are written and with the comments above them. Nothing is checked; a text with mistakes gives
//! what of it could be read.

use super::super::project;
use super::super::shell::Shell;
use super::topics::{Sort, Topic};
use crate::model::{Span, Spanned};
use crate::report::page::markdown::{Sample, pieces};
use crate::report::page::{Block, Page};
use crate::syntax::ast::{Item, ItemKind, ResourceForm};
use serde_json::json;

/// What stands in the folder; nothing where there is no program.
pub fn declarations(shell: &mut Shell) -> Vec<Topic> {
    let Ok((trees, _)) = project::trees(shell) else { return Vec::new() };
    let items = trees.iter().flat_map(|tree| &tree.items);
    items.filter_map(|item| topic(shell, item)).collect()
}

fn topic(shell: &Shell, item: &Item) -> Option<Topic> {
    let (name, end, word) = described(&item.kind)?;
    let head = shell.sources.text(Span { end, ..item.span }).to_owned();
    let place = shell.sources.place(item.span);
    let doc = item.doc.replace('\n', " ");
    let sample = Sample { language: "cnx".to_owned(), text: format!("{head}\n"), ..Sample::default() };
    let mut blocks = vec![Block::Heading(1, pieces(&format!("`{name}`"))), Block::Code(sample)];
    if !doc.is_empty() {
        blocks.push(Block::Paragraph(pieces(&doc)));
    }
    blocks.push(Block::Paragraph(pieces(&format!("A {word} of this project, {place}."))));
    let summary = if doc.is_empty() { format!("({word})") } else { doc };
    let members = json!({ "declaration": head, "what": word, "place": place });
    Some(Topic { sort: Sort::Declaration, name, summary, page: Page(blocks), members })
}

/// Its name, where its head ends, and what it is. A secret's default is no part of the head.
fn described(kind: &ItemKind) -> Option<(String, u32, &'static str)> {
    let of = |name: &Spanned<crate::model::Ident>, end: u32, word| Some((name.value.to_string(), end, word));
    match kind {
        ItemKind::Param(it) => {
            let shown = it.default.as_ref().filter(|_| !it.secret);
            of(&it.name, shown.map_or(it.ty.span.end, |default| default.span.end), "parameter")
        }
        ItemKind::Let(it) => of(&it.name, it.name.span.end, "value"),
        ItemKind::Function(it) => of(&it.name, it.result.span.end, "function"),
        ItemKind::Type(it) => of(&it.name, it.ty.span.end, "type"),
        ItemKind::Output(it) => of(&it.name, it.ty.as_ref().map_or(it.name.span.end, |ty| ty.span.end), "output"),
        ItemKind::Module(it) => {
            let end = it.condition.as_ref().map(|condition| condition.span.end);
            let end = end.or(it.repeat.as_ref().map(|clause| clause.span.end)).unwrap_or(it.source.span.end);
            Some((format!("module.{}", it.name.value), end, "module"))
        }
        ItemKind::Resource(it) => {
            let end = it.condition.as_ref().map(|condition| condition.span.end);
            let end = end.or(it.repeat.as_ref().map(|clause| clause.span.end)).unwrap_or(it.name.span.end);
            let (prefix, word) = match it.form {
                ResourceForm::Managed => ("", "resource"),
                ResourceForm::Data => ("data.", "data source"),
                ResourceForm::Action => ("", "declared action"),
            };
            Some((format!("{prefix}{}.{}", it.kind.value, it.name.value), end, word))
        }
        ItemKind::Project(_)
        | ItemKind::Environment(_)
        | ItemKind::Provider(_)
        | ItemKind::Check(_)
        | ItemKind::Policy(_)
        | ItemKind::Moved(_)
        | ItemKind::Forget(_)
        | ItemKind::Import(_)
        | ItemKind::Test(_) => None,
    }
}
