//! Programs of several folders and the complaints that they must give, each at its file, line and column.

use super::tests::CATALOG;
use super::{Folder, Program, check_folders};
use crate::diag::Diagnostics;
use crate::model::SourceMap;
use crate::syntax::ast::ItemKind;
use std::collections::BTreeMap;

/// Files between `@@ PATH` lines; what stands before the first is `main.cnx`.
pub fn project(text: &str) -> (Program, Diagnostics, SourceMap) {
    let mut files: Vec<(String, String)> = Vec::new();
    let mut path = "main.cnx".to_owned();
    let mut body = String::new();
    for line in text.lines() {
        match line.strip_prefix("@@ ") {
            Some(next) => files.push((std::mem::replace(&mut path, next.to_owned()), std::mem::take(&mut body))),
            None => body += &format!("{line}\n"),
        }
    }
    files.push((path, body));
    let mut sources = SourceMap::default();
    let mut folders: BTreeMap<String, Folder> = BTreeMap::new();
    let mut diagnostics = Diagnostics::default();
    for (path, text) in &files {
        let file = sources.add(path, text);
        let parsed = crate::syntax::parse(file, text);
        diagnostics.append(parsed.diagnostics);
        let name = path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        let folder = folders.entry(name.clone()).or_insert_with(|| Folder { path: name, ..Folder::default() });
        folder.trees.push(parsed.ast);
    }
    let places: BTreeMap<String, usize> = folders.keys().enumerate().map(|(at, name)| (name.clone(), at)).collect();
    let mut folders: Vec<Folder> = folders.into_values().collect();
    for folder in &mut folders {
        for item in folder.trees.iter().flat_map(|tree| &tree.items) {
            let ItemKind::Module(module) = &item.kind else { continue };
            let leads = places.get(&beside(&folder.path, &module.source.value)).copied();
            folder.sources.extend(leads.map(|at| (module.source.value.clone(), Some(at))));
        }
    }
    let (program, found) = check_folders(&folders, &CATALOG);
    diagnostics.append(found);
    diagnostics.sort();
    (program, diagnostics, sources)
}

fn beside(folder: &str, source: &str) -> String {
    let mut names: Vec<&str> = folder.split('/').filter(|name| !name.is_empty()).collect();
    for part in source.split('/') {
        match part {
            "." => {}
            ".." => drop(names.pop()),
            name => names.push(name),
        }
    }
    names.join("/")
}

/// `code@path:line:column` of every complaint, then ` +path:line:column` of each further place.
pub fn places(diagnostics: &Diagnostics, sources: &SourceMap) -> Vec<String> {
    let place = |diagnostic: &crate::diag::Diagnostic| {
        let name = diagnostic.code.id.rsplit("::").next().unwrap_or_default();
        let primary = diagnostic.primary.as_ref().map(|label| sources.place(label.span)).unwrap_or_default();
        let further = diagnostic.secondary.iter().map(|label| format!(" +{}", sources.place(label.span)));
        format!("{name}@{primary}{}", further.collect::<String>())
    };
    diagnostics.0.iter().map(place).collect()
}

/// The cases of a fixture: name, text, and what its `--- ` lines expect.
pub fn cases(text: &str) -> Vec<(&str, String, Vec<&str>)> {
    let parts = text.split("=== ").skip(1);
    parts
        .map(|part| {
            let (name, body) = part.split_once('\n').expect("a case has a name");
            let (expected, source): (Vec<&str>, Vec<&str>) = body.lines().partition(|line| line.starts_with("--- "));
            (name, source.join("\n") + "\n", expected.into_iter().map(|line| &line[4..]).collect())
        })
        .collect()
}

#[test]
fn wrong_projects() {
    let mut wrong = Vec::new();
    for (name, source, expected) in cases(include_str!("fixtures/modules.txt")) {
        let (_, diagnostics, sources) = project(&source);
        let found = places(&diagnostics, &sources);
        if found != expected {
            wrong.push(format!("{name}\n{}\nexpected\n{}", found.join("\n"), expected.join("\n")));
        }
        for diagnostic in &diagnostics.0 {
            assert!(!diagnostic.help.is_empty(), "{name}: {} has no help", diagnostic.code.id);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
