//! `cnx explain [CODE]`: the long form of a complaint; without a code, all of them. Needs no project.

use super::args::Explain;
use super::codes;
use super::exit::{Exit, Failure};
use super::explanations::{Explanation, explanations};
use super::shell::Shell;
use crate::diag::suggest::closest;
use crate::diag::{Diagnostic, Severity};
use crate::report::page::{Block, Page, Piece, parse, terminal};
use crate::report::{Look, Role};
use serde_json::{Value as Json, json};

/// The version of the JSON form.
const VERSION: u32 = 1;

pub fn run(shell: &mut Shell, arguments: &Explain) -> Result<Exit, Failure> {
    let chosen = match &arguments.code {
        Some(wanted) => find(wanted)?,
        None => explanations().collect(),
    };
    if shell.global.json {
        chosen.iter().for_each(|one| shell.print_json(&as_json(one)));
    } else if arguments.code.is_none() {
        let text = list(&chosen, &shell.out_look);
        shell.print(&text);
    } else {
        let pages: Vec<String> = chosen.iter().map(|one| shown(one, &shell.out_look)).collect();
        shell.print(&pages.join("\n"));
    }
    Ok(Exit::Done)
}

/// By the whole code, by its last part, or by its room and last part; one last part may belong to several rooms.
fn find(wanted: &str) -> Result<Vec<Explanation>, Failure> {
    let wanted = wanted.trim_matches(['[', ']', ':', '`']);
    let fits = |one: &Explanation| one.code.id == wanted || one.code.id.ends_with(&format!("::{wanted}"));
    let found: Vec<Explanation> = explanations().filter(fits).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let ids = explanations().map(|one| one.code.id);
    let near = if wanted.contains("::") {
        closest(wanted, ids)
    } else {
        closest(wanted, ids.map(|id| id.rsplit("::").next().unwrap_or(id)))
    };
    let help = near.map_or_else(
        || "`cnx explain` alone lists all codes".to_owned(),
        |near| format!("did you mean `{near}`? `cnx explain` alone lists all codes"),
    );
    Err(Diagnostic::new(&codes::NOT_THERE, format!("there is no code `{wanted}`")).help(help).into())
}

fn severity(one: &Explanation) -> (&'static str, Role) {
    match one.code.severity {
        Severity::Error => ("error", Role::Error),
        Severity::Warning => ("warning", Role::Warning),
    }
}

/// The code and its title, then the page.
fn shown(one: &Explanation, look: &Look) -> String {
    let (word, role) = severity(one);
    let head = format!("{} {}\n{}\n\n", look.paint(role, word), one.code.id, look.paint(Role::Strong, one.code.title));
    head + &terminal::render(&parse(one.text), look)
}

/// Every code with its title, by room.
fn list(all: &[Explanation], look: &Look) -> String {
    let mut rows = Vec::new();
    for one in all {
        rows.push(vec![vec![Piece::Text(one.code.id.to_owned())], vec![Piece::Text(one.code.title.to_owned())]]);
    }
    let head = ["code", "what it says"].map(|text| vec![Piece::Text(text.to_owned())]).to_vec();
    let help = vec![Piece::Text("`cnx explain CODE` tells more of one.".to_owned())];
    terminal::render(&Page(vec![Block::Table(head, rows), Block::Paragraph(help)]), look)
}

fn as_json(one: &Explanation) -> Json {
    let samples = |word: &str| -> Vec<String> {
        let page = parse(one.text);
        let of = |block: &Block| match block {
            Block::Code(sample) if sample.is(word) => Some(sample.text.clone()),
            Block::Code(_) | Block::Heading(..) | Block::Paragraph(_) | Block::List(_) | Block::Table(..) => None,
        };
        page.0.iter().filter_map(of).collect()
    };
    json!({
        "format": "cnx-explanation",
        "version": VERSION,
        "code": one.code.id,
        "severity": severity(one).0,
        "title": one.code.title,
        "text": one.text,
        "wrong": samples("wrong"),
        "right": samples("right"),
    })
}
