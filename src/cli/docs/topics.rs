//! Everything that the reference tells of, each under its name. Reads nothing but what cnx brings along.

use super::super::explanations::explanations;
use crate::program::library::{Function, functions, otherwise};
use crate::provider::Catalog;
use crate::report::page::markdown::{Sample, pieces};
use crate::report::page::{Block, Page, parse};
use crate::report::reference::site::Entry;
use crate::report::reference::{Article, Group, action, json, kind, source};
use serde_json::{Value as Json, json};

/// The version of the JSON form.
const VERSION: u32 = 1;

/// What a topic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    Kind,
    Data,
    Action,
    Function,
    /// A declaration of the project.
    Declaration,
}

impl Sort {
    fn word(self) -> &'static str {
        match self {
            Sort::Kind => "kind",
            Sort::Data => "data",
            Sort::Action => "action",
            Sort::Function => "function",
            Sort::Declaration => "declaration",
        }
    }
}

/// One thing with a page of its own.
#[derive(Clone, Debug)]
pub struct Topic {
    pub sort: Sort,
    pub name: String,
    /// One line of Markdown.
    pub summary: String,
    pub page: Page,
    /// What its JSON holds beside name, sort and text.
    pub members: Json,
}

impl Topic {
    pub fn json(&self) -> Json {
        let mut made = json!({
            "format": "cnx-docs",
            "version": VERSION,
            "sort": self.sort.word(),
            "name": self.name,
            "text": self.summary,
        });
        if let (Json::Object(whole), Json::Object(members)) = (&mut made, &self.members) {
            whole.extend(members.clone());
        }
        made
    }
}

/// Kinds, data sources, actions, functions.
pub fn topics(catalog: &Catalog) -> Vec<Topic> {
    let of = |sort: Sort, name: &str, doc: &str, page: Page, members: Json| Topic {
        sort,
        name: name.to_owned(),
        summary: doc.to_owned(),
        page,
        members,
    };
    let mut all = Vec::new();
    for (name, one) in &catalog.kinds {
        let members = json!({ "attributes": json::attributes(&one.attributes) });
        all.push(of(Sort::Kind, name.as_str(), &one.doc, kind(catalog, one), members));
    }
    for (name, one) in &catalog.sources {
        let items = one.items.as_ref().map(ToString::to_string);
        let members = json!({ "attributes": json::attributes(&one.attributes), "items": items });
        all.push(of(Sort::Data, name.as_str(), &one.doc, source(catalog, one), members));
    }
    for (name, one) in &catalog.actions {
        let members = json!({ "attributes": json::attributes(&one.attributes) });
        all.push(of(Sort::Action, name.as_str(), &one.doc, action(one), members));
    }
    for one in functions() {
        let (example, value) = one.example;
        let members = json!({ "signature": one.signature(), "example": example, "value": value });
        all.push(of(Sort::Function, one.name, one.doc, function(one), members));
    }
    all
}

fn function(one: &Function) -> Page {
    let mut blocks = vec![Block::Heading(1, pieces(&format!("`{}`", one.name)))];
    blocks.extend(function_body(one));
    Page(blocks)
}

fn function_body(one: &Function) -> Vec<Block> {
    let (example, value) = one.example;
    let code = |text: String| Block::Code(Sample { language: "cnx".to_owned(), text, ..Sample::default() });
    let mut blocks = vec![
        code(format!("{}\n", one.signature())),
        Block::Paragraph(pieces(one.doc)),
        code(format!("{example} == {value}\n")),
    ];
    let differs = otherwise(one.name).map(|how| format!("Not as in Terraform: `{}` {how}.", one.name));
    blocks.extend(differs.map(|text| Block::Paragraph(pieces(&text))));
    blocks
}

/// The whole reference, article by article.
pub fn articles(topics: &[Topic]) -> Vec<Article> {
    let mut made = Vec::new();
    for topic in topics {
        let (group, prefix) = match topic.sort {
            Sort::Kind => (Group::Kinds, "kind"),
            Sort::Data => (Group::Data, "data"),
            Sort::Action => (Group::Actions, "action"),
            Sort::Function | Sort::Declaration => continue,
        };
        let entry = Entry { name: topic.name.clone(), summary: topic.summary.clone(), heading: None };
        let (file, title) = (format!("{prefix}-{}.html", topic.name), topic.name.clone());
        made.push(Article { file, title, group, page: topic.page.clone(), entries: vec![entry] });
    }
    made.extend(declarations(topics));
    made.push(language());
    made.push(library());
    made.extend(errors());
    made
}

/// The project's declarations on one page.
fn declarations(topics: &[Topic]) -> Option<Article> {
    let own: Vec<&Topic> = topics.iter().filter(|topic| topic.sort == Sort::Declaration).collect();
    if own.is_empty() {
        return None;
    }
    let mut blocks = vec![Block::Heading(1, pieces("This project"))];
    for topic in &own {
        let lower = topic.page.0.iter().map(|block| match block {
            Block::Heading(level, text) => Block::Heading(level + 1, text.clone()),
            Block::Paragraph(_) | Block::List(_) | Block::Table(..) | Block::Code(_) => block.clone(),
        });
        blocks.extend(lower);
    }
    let entry = |topic: &&Topic| {
        let (name, summary) = (topic.name.clone(), topic.summary.clone());
        Entry { heading: Some(name.clone()), name, summary }
    };
    let (file, title) = ("project.html".to_owned(), "This project".to_owned());
    let entries = own.iter().map(entry).collect();
    Some(Article { file, title, group: Group::Project, page: Page(blocks), entries })
}

fn language() -> Article {
    let page = parse(include_str!("../../../docs/language.md"));
    let headings = page.0.iter().filter_map(|block| match block {
        Block::Heading(2, text) => Some(crate::report::page::terminal::plain(text)),
        Block::Heading(..) | Block::Paragraph(_) | Block::List(_) | Block::Table(..) | Block::Code(_) => None,
    });
    let entries = headings.map(|name| Entry { heading: Some(name.clone()), name, summary: String::new() }).collect();
    let (file, title) = ("language.html".to_owned(), "The cnx language".to_owned());
    Article { file, title, group: Group::Language, page, entries }
}

fn library() -> Article {
    let mut blocks = vec![Block::Heading(1, pieces("Functions"))];
    let intro = "Every function is pure: the same arguments give the same value. What of Terraform's is left out, and why, stands \
                 at the end.";
    blocks.push(Block::Paragraph(pieces(intro)));
    for one in functions() {
        blocks.push(Block::Heading(2, pieces(one.name)));
        blocks.extend(function_body(one));
    }
    let written = parse(include_str!("../../../docs/functions.md"));
    let is_end = |block: &Block| matches!(block, Block::Heading(2, text) if *text == pieces("Left out"));
    blocks.extend(written.0.into_iter().skip_while(|block| !is_end(block)));
    let entry = |one: &&Function| Entry {
        name: one.name.to_owned(),
        summary: one.doc.to_owned(),
        heading: Some(one.name.to_owned()),
    };
    let (file, title) = ("functions.html".to_owned(), "Functions".to_owned());
    let entries = functions().iter().map(entry).collect();
    Article { file, title, group: Group::Functions, page: Page(blocks), entries }
}

/// One article a room, with the text that `cnx explain` shows.
fn errors() -> Vec<Article> {
    let mut made: Vec<Article> = Vec::new();
    for one in explanations() {
        let room = one.code.id.split("::").nth(1).unwrap_or_default();
        let file = format!("errors-{room}.html");
        if made.last().is_none_or(|last| last.file != file) {
            let title = format!("Errors of {room}");
            let page = Page(vec![Block::Heading(1, pieces(&title))]);
            made.push(Article { file, title, group: Group::Errors, page, entries: Vec::new() });
        }
        let Some(article) = made.last_mut() else { continue };
        article.page.0.push(Block::Heading(2, pieces(one.code.id)));
        article.page.0.push(Block::Paragraph(pieces(&format!("**{}**", one.code.title))));
        article.page.0.extend(parse(one.text).0);
        let (name, summary) = (one.code.id.to_owned(), one.code.title.to_owned());
        article.entries.push(Entry { heading: Some(name.clone()), name, summary });
    }
    made
}
