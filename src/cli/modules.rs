//! The folders of a project: its own, and those that it uses as modules, however deep. Reads them; what they say is
//! judged elsewhere.

use super::exit::Failure;
use super::shell::Shell;
use super::{fetch, project};
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Span, Spanned};
use crate::program::Folder;
use crate::program::codes::NO_MODULE;
use crate::syntax::ast::{Ast, ItemKind};
use crate::syntax::parse;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The most bytes of a source file (language, Limits), and of a file that a program reads.
pub const MOST_BYTES: u64 = 16 << 20;
/// Folders that a project may use.
const MOST_FOLDERS: usize = 10_000;
/// How deep modules may use modules.
const MOST_DEPTH: usize = 64;

/// Where a folder is, and how far it may reach.
#[derive(Clone, Debug)]
pub struct Place {
    /// From the project's folder, `/` between names; empty for that folder.
    pub path: String,
    /// From the project's folder: what must not be left. Empty for that folder.
    pub root: String,
    pub depth: usize,
}

/// A project's folders, and where they lie.
#[derive(Debug, Default)]
pub struct Loaded {
    pub folders: Vec<Folder>,
    pub places: Vec<Place>,
    pub diagnostics: Diagnostics,
}

/// Reads the project's folder (whose trees are given) and all that it uses.
pub fn load(shell: &mut Shell, trees: Vec<Ast>) -> Result<Loaded, Failure> {
    let mut loaded = Loaded::default();
    let root = Place { path: String::new(), root: String::new(), depth: 0 };
    let mut known: BTreeMap<String, usize> = BTreeMap::from([(String::new(), 0)]);
    loaded.add(root, trees);
    let mut lock = fetch::Locked::default();
    let mut at = 0;
    while at < loaded.folders.len() {
        let place = loaded.places[at].clone();
        for source in sources(&loaded.folders[at].trees) {
            let found = located(shell, &place, &source, &mut lock).and_then(|place| {
                let folder = known.get(&place.path).copied();
                folder.map_or_else(|| loaded.read(shell, &place, source.span, &mut known), Ok)
            });
            let leads = found.map_err(|failure| loaded.diagnostics.append(failure.diagnostics)).ok();
            loaded.folders[at].sources.insert(source.value, leads);
        }
        at += 1;
    }
    let is_broken = |tree: &Ast| !tree.broken.lines.is_empty();
    let is_whole = !loaded.folders.iter().flat_map(|folder| &folder.trees).any(is_broken);
    lock.save(shell, is_whole && !loaded.diagnostics.has_errors())?;
    Ok(loaded)
}

impl Loaded {
    fn add(&mut self, place: Place, trees: Vec<Ast>) -> usize {
        self.folders.push(Folder { path: place.path.clone(), trees, sources: BTreeMap::new(), ..Folder::default() });
        self.places.push(place);
        self.folders.len() - 1
    }

    fn read(
        &mut self,
        shell: &mut Shell,
        place: &Place,
        used: Span,
        known: &mut BTreeMap<String, usize>,
    ) -> Result<usize, Failure> {
        if place.depth > MOST_DEPTH || self.folders.len() >= MOST_FOLDERS {
            let why = format!("modules go {MOST_DEPTH} deep at most, and are {MOST_FOLDERS} folders at most");
            return Err(refused(used, &why, "use fewer modules"));
        }
        let (trees, found) = trees(shell, place, used)?;
        self.diagnostics.append(found);
        let at = self.add(place.clone(), trees);
        known.insert(place.path.clone(), at);
        Ok(at)
    }
}

/// Every source once, in order.
fn sources(trees: &[Ast]) -> Vec<Spanned<String>> {
    let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
    for item in trees.iter().flat_map(|tree| &tree.items) {
        if let ItemKind::Module(module) = &item.kind {
            seen.entry(&module.source.value).or_insert(module.source.span);
        }
    }
    let mut all: Vec<Spanned<String>> =
        seen.into_iter().map(|(source, span)| Spanned::new(source.to_owned(), span)).collect();
    all.sort_by_key(|source| source.span);
    all
}

/// The folder that a source leads to from another one.
fn located(
    shell: &mut Shell,
    from: &Place,
    source: &Spanned<String>,
    lock: &mut fetch::Locked,
) -> Result<Place, Failure> {
    let depth = from.depth + 1;
    if source.value.starts_with("git+") {
        let fetched = fetch::fetched(shell, source, lock)?;
        return Ok(Place { path: fetched.path, root: fetched.root, depth });
    }
    let path = beside(&from.path, &source.value)
        .filter(|path| from.root.is_empty() || *path == from.root || path.starts_with(&format!("{}/", from.root)));
    let Some(path) = path else {
        let why = format!("\"{}\" is no path of a folder below the project's", source.value);
        let help = "write `./NAME` or `../NAME`, or `git+https://HOST/PATH?rev=REVISION`";
        return Err(refused(source.span, &why, help));
    };
    let place = Place { path, root: from.root.clone(), depth };
    let (root, folder) = (on_disk(shell, &place.root), on_disk(shell, &place.path));
    let real = shell.world.files.inside(&root, &folder).and_then(|real| {
        let root = shell.world.files.inside(&root, &root)?;
        Ok((root, real))
    });
    let (root, real) =
        real.map_err(|error| refused(source.span, &error.to_string(), "write the path of a folder that is there"))?;
    Ok(Place { path: below(&place.root, &root, &real), ..place })
}

/// A path with its `.` and `..` resolved; `None` where it is none, or leads out of the project.
fn beside(from: &str, source: &str) -> Option<String> {
    let relative = source == "." || source == ".." || source.starts_with("./") || source.starts_with("../");
    if !relative || source.contains(['\\', '\0', ':']) {
        return None;
    }
    let mut names: Vec<&str> = from.split('/').filter(|name| !name.is_empty()).collect();
    for part in source.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                names.pop()?;
            }
            name => names.push(name),
        }
    }
    Some(names.join("/"))
}

/// The real folder, from the project's: two names of one folder are one.
fn below(prefix: &str, root: &Path, real: &Path) -> String {
    let rest = real.strip_prefix(root).unwrap_or(real);
    let names = rest.components().map(|part| part.as_os_str().to_string_lossy().into_owned());
    let prefix = Some(prefix.to_owned()).filter(|prefix| !prefix.is_empty());
    prefix.into_iter().chain(names).collect::<Vec<_>>().join("/")
}

pub fn on_disk(shell: &Shell, path: &str) -> PathBuf {
    if path.is_empty() { shell.global.directory.clone() } else { project::shown(&shell.global.directory, path) }
}

/// The `.cnx` files of a module's folder (tests are none of it), parsed.
fn trees(shell: &mut Shell, place: &Place, used: Span) -> Result<(Vec<Ast>, Diagnostics), Failure> {
    let (root, folder) = (on_disk(shell, &place.root), on_disk(shell, &place.path));
    let unreadable = |why: String| refused(used, &why, "make it a readable folder of plain `.cnx` files");
    let names = shell.world.files.list_below(&root, &folder).map_err(|error| unreadable(error.to_string()))?;
    let names: Vec<String> =
        names.into_iter().filter(|name| name.ends_with(".cnx") && !project::is_test(Path::new(name))).collect();
    if names.is_empty() {
        return Err(refused(
            used,
            &format!("{} holds no `.cnx` file", folder.display()),
            "name the folder of the module",
        ));
    }
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for name in &names {
        if let Some(other) = seen.insert(name.to_lowercase(), name) {
            let why = format!("{} holds `{other}` and `{name}`, which some disks take for one", folder.display());
            return Err(refused(used, &why, "rename one of the two"));
        }
    }
    let mut trees = Vec::new();
    let mut diagnostics = Diagnostics::default();
    for name in &names {
        let path = folder.join(name);
        let bytes =
            shell.world.files.read_below(&root, &path, MOST_BYTES).map_err(|error| unreadable(error.to_string()))?;
        let text = String::from_utf8(bytes)
            .map_err(|error| Failure::from(super::shell::not_text(&path, error.utf8_error().valid_up_to())))?;
        let file = shell.sources.add(&path.display().to_string(), &text);
        let parsed = parse(file, &text);
        diagnostics.append(parsed.diagnostics);
        trees.push(parsed.ast);
    }
    Ok((trees, diagnostics))
}

fn refused(used: Span, why: &str, help: &str) -> Failure {
    Diagnostic::new(&NO_MODULE, why).at(used, "this module").help(help).into()
}

/// Local folders of modules, for what works on files (`cnx fmt`): a module that cannot be read is left out.
pub fn local_folders(shell: &mut Shell) -> Vec<PathBuf> {
    let Ok((trees, _)) = project::trees(shell) else { return Vec::new() };
    let Ok(loaded) = load(shell, trees) else { return Vec::new() };
    let local = loaded.places.iter().skip(1).filter(|place| place.root.is_empty());
    local.map(|place| on_disk(shell, &place.path)).collect()
}
