//! Articles as a folder of HTML files that need nothing else: no script, no network, light and dark, narrow and wide.

use crate::report::page::html::{anchor, escaped, render};
use crate::report::page::terminal::plain;
use crate::report::page::{Block, Page, Piece};
use std::collections::BTreeMap;

/// Where an article stands in the index, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    Project,
    Kinds,
    Data,
    Actions,
    Language,
    Functions,
    Errors,
}

impl Group {
    fn title(self) -> &'static str {
        match self {
            Group::Project => "This project",
            Group::Kinds => "Kinds",
            Group::Data => "Data sources",
            Group::Actions => "Actions",
            Group::Language => "The language",
            Group::Functions => "Functions",
            Group::Errors => "Errors",
        }
    }
}

/// One file of the reference.
#[derive(Clone, Debug)]
pub struct Article {
    /// `kind-server.html`
    pub file: String,
    pub title: String,
    pub group: Group,
    pub page: Page,
    /// What of it the index lists: name, one line, the heading that it leads to (none: the article's beginning).
    pub entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
pub struct Entry {
    pub name: String,
    pub summary: String,
    pub heading: Option<String>,
}

impl Article {
    fn target(&self, entry: &Entry) -> String {
        match &entry.heading {
            Some(heading) => format!("{}#{}", self.file, anchor(heading)),
            None => self.file.clone(),
        }
    }
}

/// Headings that a table of contents is made of: so many at least.
const WORTH_CONTENTS: usize = 4;

/// Every file with its text: the articles and `index.html`.
pub fn site(articles: &[Article]) -> Vec<(String, String)> {
    let known: BTreeMap<&str, String> = articles
        .iter()
        .filter(|article| article.group != Group::Functions && article.group != Group::Project)
        .flat_map(|article| article.entries.iter().map(|entry| (entry.name.as_str(), article.target(entry))))
        .collect();
    let mut files = vec![("index.html".to_owned(), index(articles))];
    for article in articles {
        let page = linked(&article.page, &known);
        let body = render(&page, &|target| followed(target, articles));
        let body = format!("{}{body}", contents(&article.page));
        files.push((article.file.clone(), whole(&article.title, articles, &body)));
    }
    files
}

/// Where a link of the Markdown leads: to an article, to the web, or nowhere.
fn followed(target: &str, articles: &[Article]) -> Option<String> {
    if target.starts_with("https://") || target.starts_with('#') {
        return Some(target.to_owned());
    }
    let (file, heading) = target.split_once('#').unwrap_or((target, ""));
    let stem = file.rsplit('/').next().unwrap_or(file).strip_suffix(".md")?;
    let article = articles.iter().find(|article| article.file == format!("{stem}.html"))?;
    let heading = if heading.is_empty() { String::new() } else { format!("#{heading}") };
    Some(format!("{}{heading}", article.file))
}

/// Codes and kinds that are named lead to where they are told of; headings stay as they are.
fn linked(page: &Page, known: &BTreeMap<&str, String>) -> Page {
    let piece = |piece: &Piece| match piece {
        Piece::Code(text) => match known.get(text.as_str()) {
            Some(target) => Piece::Link(format!("`{text}`"), target.replace(".html", ".md")),
            None => piece.clone(),
        },
        Piece::Text(_) | Piece::Strong(_) | Piece::Link(..) => piece.clone(),
    };
    let line = |pieces: &Vec<Piece>| pieces.iter().map(piece).collect::<Vec<Piece>>();
    let block = |block: &Block| match block {
        Block::Paragraph(text) => Block::Paragraph(line(text)),
        Block::List(items) => Block::List(items.iter().map(line).collect()),
        Block::Table(head, rows) => {
            Block::Table(head.clone(), rows.iter().map(|row| row.iter().map(line).collect()).collect())
        }
        Block::Heading(..) | Block::Code(_) => block.clone(),
    };
    Page(page.0.iter().map(block).collect())
}

/// The headings of a long article, as links.
fn contents(page: &Page) -> String {
    let second = page.0.iter().filter_map(|block| match block {
        Block::Heading(2, text) => Some(plain(text)),
        Block::Heading(..) | Block::Paragraph(_) | Block::List(_) | Block::Table(..) | Block::Code(_) => None,
    });
    let second: Vec<String> = second.collect();
    if second.len() < WORTH_CONTENTS {
        return String::new();
    }
    let link = |text: &String| format!("<a href=\"#{}\">{}</a>", anchor(text), escaped(text));
    let links: Vec<String> = second.iter().map(link).collect();
    format!("<nav class=\"contents\" aria-label=\"On this page\">{}</nav>\n", links.join(" "))
}

fn index(articles: &[Article]) -> String {
    let mut body = String::from(
        "<h1>cnx reference</h1>\n<input id=\"search\" type=\"search\" placeholder=\"Search\" aria-label=\"Search\" hidden>\n",
    );
    for group in groups(articles) {
        let title = group.title();
        body.push_str(&format!("<section>\n<h2 id=\"{}\">{title}</h2>\n<ul class=\"index\">\n", anchor(title)));
        for article in articles.iter().filter(|article| article.group == group) {
            for entry in &article.entries {
                let (name, summary) = (escaped(&entry.name), inline(&entry.summary));
                body.push_str(&format!(
                    "<li><a href=\"{}\">{name}</a> <span>{summary}</span></li>\n",
                    article.target(entry)
                ));
            }
        }
        body.push_str("</ul>\n</section>\n");
    }
    body.push_str(&format!("<script>{SEARCH}</script>\n"));
    whole("cnx reference", articles, &body)
}

fn inline(markdown: &str) -> String {
    let page = Page(vec![Block::Paragraph(crate::report::page::markdown::pieces(markdown))]);
    render(&page, &|_| None).trim().trim_start_matches("<p>").trim_end_matches("</p>").to_owned()
}

fn groups(articles: &[Article]) -> Vec<Group> {
    let mut groups: Vec<Group> = articles.iter().map(|article| article.group).collect();
    groups.sort();
    groups.dedup();
    groups
}

fn whole(title: &str, articles: &[Article], body: &str) -> String {
    let link = |group: &Group| format!("<a href=\"index.html#{}\">{}</a>", anchor(group.title()), group.title());
    let links: Vec<String> = groups(articles).iter().map(link).collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, \
         initial-scale=1\">\n<title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<header><a href=\"index.html\"><b>cnx</b></a> \
         {}</header>\n<main>\n{body}</main>\n</body>\n</html>\n",
        escaped(title),
        links.join(" "),
    )
}

const STYLE: &str = include_str!("site/style.css");
const SEARCH: &str = include_str!("site/search.js");
