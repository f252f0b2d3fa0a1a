//! The command: finds what is meant, and shows it in the form that is asked for.

use super::super::args::Docs;
use super::super::codes;
use super::super::exit::{Exit, Failure};
use super::super::shell::Shell;
use super::folder;
use super::project::declarations;
use super::topics::{Sort, Topic, articles, topics};
use crate::diag::Diagnostic;
use crate::diag::suggest::did_you_mean;
use crate::program::library::{habit, left_out};
use crate::provider::cloudnexus;
use crate::report::page::markdown::pieces;
use crate::report::page::{Block, Page, terminal};
use crate::report::reference::site;

pub fn run(shell: &mut Shell, arguments: &Docs) -> Result<Exit, Failure> {
    let mut all = declarations(shell);
    all.extend(topics(cloudnexus()));
    if let Some(target) = &arguments.html {
        let index = folder::write(shell, target, &site(&articles(&all)))?;
        shell.say(&format!("Wrote {}.", index.display()));
        return Ok(Exit::Done);
    }
    let words: Vec<&str> = arguments.words.iter().map(String::as_str).collect();
    let (chosen, whole) = match words.as_slice() {
        [] => (all.iter().collect(), false),
        ["fn"] => (all.iter().filter(|topic| topic.sort == Sort::Function).collect(), false),
        ["fn", name] => (named(&all, name, |sort| sort == Sort::Function)?, true),
        ["data", name] => (named(&all, name, |sort| matches!(sort, Sort::Data | Sort::Kind))?, true),
        ["action", name] => (named(&all, name, |sort| sort == Sort::Action)?, true),
        [name] => (named(&all, name, |_| true)?, true),
        [_, extra, ..] => {
            let help = "write `cnx docs NAME`, or `cnx docs fn NAME` for a function";
            return Err(Diagnostic::new(&codes::BAD_ARGUMENT, format!("`{extra}` is too much")).help(help).into());
        }
    };
    if shell.global.json {
        chosen.iter().for_each(|topic| shell.print_json(&topic.json()));
    } else if whole {
        let pages: Vec<String> = chosen.iter().map(|topic| terminal::render(&topic.page, &shell.out_look)).collect();
        shell.print(&pages.join("\n"));
    } else {
        let text = terminal::render(&list(&chosen), &shell.out_look);
        shell.print(&text);
    }
    Ok(Exit::Done)
}

/// Those of this name; several sorts may share one.
fn named<'a>(all: &'a [Topic], name: &str, fits: impl Fn(Sort) -> bool) -> Result<Vec<&'a Topic>, Failure> {
    let name = name.trim_end_matches("()");
    let of_sort = || all.iter().filter(|topic| fits(topic.sort));
    let found: Vec<&Topic> = of_sort().filter(|topic| topic.name == name).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let help = match (left_out(name), habit(name)) {
        (Some(why), _) => format!("Terraform's `{name}` is left out: {why}"),
        (None, Some(why)) => why.to_owned(),
        (None, None) => {
            did_you_mean(name, of_sort().map(|topic| topic.name.as_str()), "`cnx docs` alone lists what there is")
        }
    };
    Err(Diagnostic::new(&codes::NOT_THERE, format!("there is nothing of the name `{name}`")).help(help).into())
}

/// Names with one line each, sort by sort.
fn list(chosen: &[&Topic]) -> Page {
    let sorts = [
        (Sort::Declaration, "This project"),
        (Sort::Kind, "Kinds"),
        (Sort::Data, "Data sources"),
        (Sort::Action, "Actions"),
        (Sort::Function, "Functions"),
    ];
    let mut blocks = Vec::new();
    for (sort, title) in sorts {
        let row = |topic: &&&Topic| vec![pieces(&topic.name), pieces(&topic.summary)];
        let rows: Vec<_> = chosen.iter().filter(|topic| topic.sort == sort).map(|topic| row(&topic)).collect();
        if !rows.is_empty() {
            blocks.push(Block::Heading(2, pieces(title)));
            blocks.push(Block::Table(vec![Vec::new(), Vec::new()], rows));
        }
    }
    blocks.push(Block::Paragraph(pieces("`cnx docs NAME` tells more of one, `cnx explain` of errors.")));
    Page(blocks)
}
