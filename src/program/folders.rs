//! Folders that use each other as modules: each is checked once, those that it uses before it. Rings are told.

use super::check::{check_folder, on_whole_lines};
use super::codes;
use super::ir::Program;
use super::modules::Surroundings;
use super::secrets;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Graph, NodeId, Span};
use crate::provider::Catalog;
use crate::syntax::ast::{Ast, Expr, ItemKind};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One folder of source files.
#[derive(Clone, Debug, Default)]
pub struct Folder {
    /// From the project's folder; empty for that folder itself.
    pub path: String,
    pub trees: Vec<Ast>,
    /// Which folder (by its place among all) a source leads to; `None` where it leads nowhere and that was told.
    pub sources: BTreeMap<String, Option<usize>>,
    /// The files of tests beside the program.
    pub tests: Vec<Ast>,
    /// An expression that somebody asks for, beside the program.
    pub asked: Option<Expr>,
}

/// A use of one folder by another, and where it is written.
type Uses = BTreeMap<(usize, usize), Span>;

/// Checks the first of the folders and all that it uses, directly or not. What is wrong in a folder is told once.
pub fn check_folders(folders: &[Folder], catalog: &Arc<Catalog>) -> (Program, Diagnostics) {
    let mut diagnostics = Diagnostics::default();
    let mut uses = uses(folders);
    let order = order(folders, &mut uses, &mut diagnostics);
    let users = users(&uses);
    let default_region = folders.first().is_some_and(|root| sets_default_region(&root.trees));
    let mut checked: Vec<Option<Arc<Program>>> = vec![None; folders.len()];
    for at in order {
        let folder = &folders[at];
        let of_source =
            |leads: &Option<usize>| leads.filter(|to| uses.contains_key(&(at, *to))).and_then(|to| checked[to].clone());
        let surroundings = Surroundings {
            modules: folder.sources.iter().map(|(source, leads)| (source.clone(), of_source(leads))).collect(),
            folder: folder.path.clone(),
            tests: folder.tests.clone(),
            asked: folder.asked.clone(),
            is_module: at != 0,
            default_region,
        };
        let (program, found) = check_folder(&folder.trees, catalog, &surroundings);
        for complaint in found.0 {
            diagnostics.push(match users.get(&at) {
                Some(user) => complaint.and(*user, "the module is used here"),
                None => complaint,
            });
        }
        checked[at] = Some(Arc::new(program));
    }
    let root = checked.into_iter().next().flatten();
    let mut root = root.map(Arc::unwrap_or_clone).unwrap_or_default();
    secrets::infer(&mut root, &mut diagnostics);
    diagnostics.sort();
    on_whole_lines(&mut diagnostics, folders.iter().flat_map(|folder| folder.trees.iter().chain(&folder.tests)));
    (root, diagnostics)
}

fn uses(folders: &[Folder]) -> Uses {
    let mut uses = Uses::new();
    for (at, folder) in folders.iter().enumerate() {
        for item in folder.trees.iter().flat_map(|tree| &tree.items) {
            let ItemKind::Module(module) = &item.kind else { continue };
            if let Some(Some(to)) = folder.sources.get(&module.source.value) {
                uses.entry((at, *to)).or_insert(module.source.span);
            }
        }
    }
    uses
}

/// Those that are used before those that use them. The uses of a ring are taken out.
fn order(folders: &[Folder], uses: &mut Uses, diagnostics: &mut Diagnostics) -> Vec<usize> {
    loop {
        let mut graph = Graph::default();
        let nodes: Vec<NodeId> = (0..folders.len()).map(|at| graph.add(at)).collect();
        for (from, to) in uses.keys() {
            graph.depend(nodes[*from], nodes[*to]);
        }
        let cycles = match graph.freeze() {
            Ok(dag) => return dag.order().map(|(_, at)| *at).collect(),
            Err((_, cycles)) => cycles,
        };
        for cycle in cycles {
            let ring: Vec<usize> = cycle.0.iter().map(|node| node.0 as usize).collect();
            diagnostics.push(complaint(&ring, folders, uses));
            for (at, from) in ring.iter().enumerate() {
                uses.remove(&(*from, ring[(at + 1) % ring.len()]));
            }
        }
    }
}

fn complaint(ring: &[usize], folders: &[Folder], uses: &Uses) -> Diagnostic {
    let shown = |at: &usize| if folders[*at].path.is_empty() { "." } else { folders[*at].path.as_str() };
    let path: Vec<&str> = ring.iter().chain(ring.first()).map(shown).collect();
    let mut diagnostic = Diagnostic::new(&codes::MODULE_RING, path.join(" → "));
    for (at, from) in ring.iter().enumerate() {
        let to = &ring[(at + 1) % ring.len()];
        let Some(span) = uses.get(&(*from, *to)) else { continue };
        let text = format!("`{}` uses `{}`", shown(from), shown(to));
        diagnostic = if at == 0 { diagnostic.at(*span, text) } else { diagnostic.and(*span, text) };
    }
    diagnostic.help("break the ring: move what both need into a module of its own")
}

/// Where each folder is used first, seen from the root.
fn users(uses: &Uses) -> BTreeMap<usize, Span> {
    let mut found = BTreeMap::new();
    let mut seen = BTreeSet::from([0]);
    let mut queue = std::collections::VecDeque::from([0]);
    while let Some(at) = queue.pop_front() {
        for ((_, to), span) in uses.range((at, 0)..=(at, usize::MAX)) {
            if seen.insert(*to) {
                found.insert(*to, *span);
                queue.push_back(*to);
            }
        }
    }
    found
}

/// Whether a default region is set anywhere, so that `region` may be left out.
pub fn sets_default_region(trees: &[Ast]) -> bool {
    use crate::syntax::ast::BodyEntry;
    let providers = trees.iter().flat_map(|tree| &tree.items).filter_map(|item| match &item.kind {
        ItemKind::Provider(provider) => Some(provider),
        _ => None,
    });
    providers
        .flat_map(|provider| &provider.body.entries)
        .any(|entry| matches!(entry, BodyEntry::Attribute(written) if written.name.value.as_str() == "default_region"))
}
