//! Programs of one or more folders, checked and evaluated in this process.

use super::sites::Sites;
use super::tokens::{Token, tokens};
use super::walk;
use crate::generate::{Dice, Program};
use crate::support::root;
use cnx::desired::{Inputs, evaluate, foresee};
use cnx::diag::Diagnostics;
use cnx::model::SourceMap;
use cnx::program::{Folder, Unsound, check_folders};
use cnx::provider::cloudnexus;
use cnx::syntax::ast::{Ast, ItemKind};
use cnx::syntax::parse;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// One file and all that is known of it.
#[derive(Clone, Debug)]
pub struct Source {
    /// From the project's folder; empty for that folder.
    pub folder: String,
    pub name: String,
    pub text: String,
    pub tree: Ast,
    pub tokens: Vec<Token>,
    pub sites: Sites,
}

impl Source {
    fn is_test(&self) -> bool {
        self.name.ends_with(".test.cnx")
    }
}

/// A program that nothing is wrong with.
#[derive(Clone, Debug)]
pub struct Base {
    pub name: String,
    pub sources: Vec<Source>,
}

/// What a program may read.
fn file(path: &str) -> Result<Vec<u8>, String> {
    match path {
        "deploy.pub" | "workers.pub" => Ok(b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0 deploy@example.com\n".to_vec()),
        "greeting.txt" => Ok(b"hello ${name}\n".to_vec()),
        _ => Err("it is not there".to_owned()),
    }
}

impl Base {
    /// Of files: path from the project's folder, text. `None` where cnx says anything of it.
    pub fn new(name: &str, files: &[(String, String)]) -> Option<Base> {
        let mut sources = Vec::new();
        for (at, (path, text)) in files.iter().enumerate() {
            let parsed = parse(cnx::model::FileId(at as u32), text);
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
            sources.push(Source {
                folder: folder.to_owned(),
                name: name.to_owned(),
                text: text.clone(),
                tree: parsed.ast,
                tokens: tokens(text),
                sites: Sites::default(),
            });
        }
        for at in 0..sources.len() {
            let folder = sources[at].folder.clone();
            let trees: Vec<&Ast> = sources.iter().filter(|one| one.folder == folder).map(|one| &one.tree).collect();
            let known = walk::keys(&trees);
            let found = walk::sites(&sources[at].tree, &known);
            sources[at].sites = found;
        }
        let base = Base { name: name.to_owned(), sources };
        let first = base.sources.first().map(|source| source.text.clone())?;
        base.check(0, &first).1.is_empty().then_some(base)
    }

    /// What cnx says where one file has this text.
    pub fn check(&self, changed: usize, text: &str) -> (SourceMap, Diagnostics) {
        let mut map = SourceMap::default();
        let mut found = Diagnostics::default();
        let mut folders = vec![Folder::default()];
        let mut places = BTreeMap::from([(String::new(), 0)]);
        for (at, source) in self.sources.iter().enumerate() {
            let text = if at == changed { text } else { &source.text };
            let file = map.add(&source.name, text);
            let tree = if at == changed {
                let parsed = parse(file, text);
                found.append(parsed.diagnostics);
                parsed.ast
            } else {
                source.tree.clone()
            };
            let place = *places.entry(source.folder.clone()).or_insert_with(|| {
                folders.push(Folder { path: source.folder.clone(), ..Folder::default() });
                folders.len() - 1
            });
            let into = if source.is_test() { &mut folders[place].tests } else { &mut folders[place].trees };
            into.push(tree);
        }
        for folder in &mut folders {
            for item in folder.trees.iter().flat_map(|tree| &tree.items) {
                if let ItemKind::Module(module) = &item.kind {
                    let path = module.source.value.trim_start_matches("./");
                    folder.sources.insert(module.source.value.clone(), places.get(path).copied());
                }
            }
        }
        let (program, checked) = check_folders(&folders, cloudnexus());
        found.append(checked);
        let first = program.environments.values().find(|one| !one.is_pattern());
        let inputs = Inputs {
            environment: first.map(|one| one.name.value.to_string()),
            files: Arc::new(|path: &str| file(path.rsplit('/').next().unwrap_or(path))),
            project_name: "test".to_owned(),
            ..Inputs::default()
        };
        if found.has_errors() {
            // As `cnx check` does: what nothing is wrong with is evaluated all the same.
            let unsound = Unsound::of(&folders, &found);
            let rest = unsound.taken_out_of(program);
            found.append(unsound.kept(foresee(Arc::new(rest), &inputs).1));
        } else {
            found.append(evaluate(Arc::new(program), &inputs).1);
        }
        (map, found)
    }
}

/// The `.cnx` files of a folder and below, by path.
fn files_below(folder: &Path, prefix: &str, into: &mut Vec<(String, String)>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).expect("a folder").map(|it| it.expect("an entry")).collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() && !name.starts_with('.') {
            files_below(&entry.path(), &format!("{prefix}{name}/"), into);
        } else if name.ends_with(".cnx") {
            into.push((format!("{prefix}{name}"), std::fs::read_to_string(entry.path()).expect("a text")));
        }
    }
}

/// The examples and the programs of `tests/mutants/programs`: one mistake in any of them must be told well.
pub fn written() -> Vec<Base> {
    let mut made = Vec::new();
    for folder in ["examples", "tests/mutants/programs"] {
        let mut entries: Vec<_> = std::fs::read_dir(root().join(folder)).expect("a folder").collect();
        entries.sort_by_key(|entry| entry.as_ref().expect("an entry").file_name());
        for entry in entries {
            let path = entry.expect("an entry").path();
            let mut files = Vec::new();
            files_below(&path, "", &mut files);
            files.sort_by_key(|(path, _)| path.contains('/'));
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            let base = Base::new(&name, &files);
            assert!(base.is_some(), "cnx says something of {name}\n{}", complained(&name, &files));
            made.extend(base);
        }
    }
    made
}

fn complained(name: &str, files: &[(String, String)]) -> String {
    let mut texts = String::new();
    for (_, text) in files {
        let mut map = SourceMap::default();
        let file = map.add(name, text);
        let parsed = parse(file, text);
        let mut found = parsed.diagnostics;
        found.append(cnx::program::check(&[parsed.ast], cloudnexus()).1);
        for one in found.0 {
            let at = one.primary.as_ref().map(|label| map.place(label.span));
            texts += &format!("{at:?} {} {} {}\n", one.code.id, one.message, one.help);
        }
    }
    texts
}

/// The right examples of the pages of `cnx explain` that are whole programs without a word against them.
pub fn explained() -> Vec<Base> {
    use cnx::report::page::{Block, parse};
    let mut made = Vec::new();
    for one in cnx::cli::explanations::explanations() {
        for block in parse(one.text).0 {
            let Block::Code(sample) = block else { continue };
            if sample.is("right") && sample.language == "cnx" && !one.code.id.starts_with("cnx::provider::") {
                made.extend(Base::new(one.code.id, &[("main.cnx".to_owned(), sample.text)]));
            }
        }
    }
    made
}

/// Generated programs.
pub fn generated(count: u64) -> Vec<Base> {
    let made = (0..count).filter_map(|seed| {
        let text = Program::generate(&mut Dice(seed)).text();
        Base::new(&format!("generated {seed}"), &[("main.cnx".to_owned(), text)])
    });
    made.collect()
}
