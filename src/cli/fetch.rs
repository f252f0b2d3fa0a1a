//! Modules from git: fetched once into `.cnx/modules`, pinned in `cnx.lock`, held against it at every use.

use super::codes;
use super::exit::Failure;
use super::git::{Git, Tree, is_commit};
use super::git_source::{self, GitSource};
use super::modules::{MOST_BYTES, on_disk};
use super::shell::Shell;
use crate::diag::{Code, Diagnostic};
use crate::model::{Span, Spanned, hex};
use crate::program::codes::NO_MODULE;
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Beside the `.cnx` files, committed with them.
const LOCK_FILE: &str = "cnx.lock";
/// Where fetched modules lie, from the project's folder.
const FOLDER: &str = ".cnx/modules";

/// Where a fetched module is, from the project's folder.
#[derive(Clone, Debug)]
pub struct Fetched {
    pub path: String,
    /// The whole repository, which must not be left.
    pub root: String,
}

/// What a source was found to be.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pin {
    commit: String,
    /// `sha256:…` over all files.
    hash: String,
}

/// The lock file: read when first needed, written where it changed.
#[derive(Debug, Default)]
pub struct Locked {
    pins: Option<BTreeMap<(String, String), Pin>>,
    /// Those that a module asked for.
    used: BTreeSet<(String, String)>,
    changed: bool,
}

/// The part of a path that a fetched module must not leave.
pub fn root_of(path: &str) -> Option<PathBuf> {
    let rest = path.strip_prefix(FOLDER)?.strip_prefix('/')?;
    let name = rest.split('/').next()?;
    Some(Path::new(FOLDER).join(name))
}

/// The module of a git source, on this disk and as it was locked.
pub fn fetched(shell: &mut Shell, source: &Spanned<String>, lock: &mut Locked) -> Result<Fetched, Failure> {
    let help = "write `git+https://HOST/PATH//FOLDER?rev=TAG` (or all digits of a commit)";
    let git = git_source::parse(&source.value).map_err(|why| complaint(&NO_MODULE, source.span, &why, help))?;
    let key = (git.url.clone(), git.revision.as_str().to_owned());
    lock.used.insert(key.clone());
    let pin = lock.pins(shell)?.get(&key).cloned();
    let pin = match pin {
        Some(pin) => {
            present(shell, source.span, &git, &pin)?;
            pin
        }
        None => {
            let pin = first(shell, source.span, &git)?;
            lock.pins(shell)?.insert(key, pin.clone());
            lock.changed = true;
            pin
        }
    };
    let root = format!("{FOLDER}/{}", name(&git, &pin.commit));
    let path = if git.folder.is_empty() { root.clone() } else { format!("{root}/{}", git.folder) };
    Ok(Fetched { path, root })
}

/// Makes sure that what was locked is here, unchanged.
fn present(shell: &mut Shell, span: Span, source: &GitSource, pin: &Pin) -> Result<(), Failure> {
    let folder = on_disk(shell, &format!("{FOLDER}/{}", name(source, &pin.commit)));
    if shell.world.files.exists(&folder) {
        let found = hash_on_disk(shell, &folder)
            .map_err(|why| complaint(&codes::MODULE_CHANGED, span, &why, "remove that folder, and run again"))?;
        if found == pin.hash {
            return Ok(());
        }
        let why = format!("{} is not as `{LOCK_FILE}` says", folder.display());
        let help = "fetched modules are not edited: remove that folder, and run again to fetch it anew";
        return Err(complaint(&codes::MODULE_CHANGED, span, &why, help));
    }
    let tree = download(shell, span, source, &pin.commit)?;
    if hash(&tree) != pin.hash {
        let why = format!("{} at {} has another content than `{LOCK_FILE}` says", source.url, pin.commit);
        let help = "somebody changed it: look what happened before you remove the entry from the lock file";
        return Err(complaint(&codes::MODULE_CHANGED, span, &why, help));
    }
    place(shell, &folder, &tree)
}

/// Resolves and fetches what is not locked yet.
fn first(shell: &mut Shell, span: Span, source: &GitSource) -> Result<Pin, Failure> {
    if shell.global.locked {
        let why = format!("`{LOCK_FILE}` does not hold {} at {}", source.url, source.revision.as_str());
        let help = "run once without `--locked`, and commit the lock file";
        return Err(complaint(&codes::NOT_LOCKED, span, &why, help));
    }
    online(shell, span, source)?;
    let here = shell.global.directory.clone();
    let commit = Git::new(shell, &here, source).resolve().map_err(|why| not_fetched(span, &why))?;
    let tree = download(shell, span, source, &commit)?;
    let pin = Pin { hash: hash(&tree), commit };
    let folder = on_disk(shell, &format!("{FOLDER}/{}", name(source, &pin.commit)));
    if shell.world.files.exists(&folder) {
        let _ = shell.world.files.remove_folder(&folder);
    }
    place(shell, &folder, &tree)?;
    Ok(pin)
}

fn online(shell: &Shell, span: Span, source: &GitSource) -> Result<(), Failure> {
    if !shell.global.offline {
        return Ok(());
    }
    let why = format!("{} is not here, and `--offline` fetches nothing", source.url);
    Err(complaint(&codes::NOT_FETCHED, span, &why, "run once without `--offline`"))
}

/// All files of a commit, read through a repository that is gone afterwards.
fn download(shell: &mut Shell, span: Span, source: &GitSource, commit: &str) -> Result<Tree, Failure> {
    online(shell, span, source)?;
    shell.say(&format!("fetching {} at {}", source.url, source.revision.as_str()));
    let folder = on_disk(shell, &format!("{FOLDER}/.{}", random(shell)));
    shell.world.files.create_folder(&folder).map_err(|error| unwritable(&error))?;
    let git = Git::new(shell, &folder, source);
    let tree = git.fetch(commit).and_then(|()| git.tree(commit));
    // Nothing depends on it; what is left over is only litter.
    let _ = shell.world.files.remove_folder(&folder);
    tree.map_err(|why| not_fetched(span, &why))
}

/// Writes a tree beside its place, then moves it there whole.
fn place(shell: &Shell, folder: &Path, tree: &Tree) -> Result<(), Failure> {
    let beside = on_disk(shell, &format!("{FOLDER}/.{}", random(shell)));
    let files = &shell.world.files;
    let write = || -> std::io::Result<()> {
        files.create_folder(&beside)?;
        for (path, bytes) in tree {
            let path = beside.join(path);
            if let Some(parent) = path.parent() {
                files.create_folder(parent)?;
            }
            files.write(&path, bytes, false)?;
        }
        files.rename(&beside, folder)
    };
    write().map_err(|error| {
        let _ = files.remove_folder(&beside);
        unwritable(&error)
    })
}

/// The folder of a repository at a commit.
fn name(source: &GitSource, commit: &str) -> String {
    let digest = hex(&Sha256::digest(source.url.as_bytes()));
    format!("{}-{}", &digest[..12], &commit[..12])
}

fn random(shell: &Shell) -> String {
    let mut bytes = [0; 8];
    shell.world.random.fill(&mut bytes);
    hex(&bytes)
}

/// Over every path and content, with their lengths, in order.
fn hash(tree: &Tree) -> String {
    let mut digest = Sha256::new();
    for (path, bytes) in tree {
        for part in [path.as_bytes(), bytes] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
    }
    format!("sha256:{}", hex(&digest.finalize()))
}

fn hash_on_disk(shell: &Shell, folder: &Path) -> Result<String, String> {
    let files = &shell.world.files;
    let mut tree = Tree::new();
    for path in files.tree(folder).map_err(|error| error.to_string())? {
        let bytes = files.read_below(folder, &folder.join(&path), MOST_BYTES).map_err(|error| error.to_string())?;
        tree.insert(path, bytes);
    }
    Ok(hash(&tree))
}

fn complaint(code: &'static Code, span: Span, why: &str, help: &str) -> Failure {
    Diagnostic::new(code, why).at(span, "this module").help(help).into()
}

fn not_fetched(span: Span, why: &str) -> Failure {
    complaint(&codes::NOT_FETCHED, span, why, "check the address, the revision, and what `git fetch` says of it")
}

fn unwritable(error: &std::io::Error) -> Failure {
    Diagnostic::new(&codes::UNWRITABLE, error.to_string()).help("check the folder's permissions and the disk").into()
}

impl Locked {
    fn pins(&mut self, shell: &Shell) -> Result<&mut BTreeMap<(String, String), Pin>, Failure> {
        if self.pins.is_none() {
            self.pins = Some(read(shell)?);
        }
        Ok(self.pins.get_or_insert_default())
    }

    /// Writes the lock file, where something new was locked. Where `is_whole` (every module was found), without what no module uses any more.
    pub fn save(&self, shell: &Shell, is_whole: bool) -> Result<(), Failure> {
        let (true, Some(pins)) = (self.changed, &self.pins) else { return Ok(()) };
        let modules: Vec<Json> = pins
            .iter()
            .filter(|(key, _)| !is_whole || self.used.contains(*key))
            .map(|((source, revision), pin)| {
                json!({ "source": source, "revision": revision, "commit": pin.commit, "hash": pin.hash })
            })
            .collect();
        let text = format!("{:#}\n", json!({ "format": "cnx-lock", "version": 1, "modules": modules }));
        shell.write_file(&on_disk(shell, LOCK_FILE), text.as_bytes(), false)
    }
}

fn read(shell: &Shell) -> Result<BTreeMap<(String, String), Pin>, Failure> {
    let path = on_disk(shell, LOCK_FILE);
    if !shell.world.files.exists(&path) {
        return Ok(BTreeMap::new());
    }
    let text = shell.read_text(&path)?;
    let unreadable = |why: &str| {
        let message = format!("{}: {why}", path.display());
        Failure::from(Diagnostic::new(&codes::BAD_LOCK, message).help("take it from the history of the project"))
    };
    let json: Json = serde_json::from_str(&text).map_err(|error| unreadable(&error.to_string()))?;
    if json["format"] != "cnx-lock" {
        return Err(unreadable("it is no lock file"));
    }
    if json["version"] != 1 {
        return Err(unreadable("it is of a newer format than this cnx reads"));
    }
    let modules = json["modules"].as_array().ok_or_else(|| unreadable("it has no list of modules"))?;
    let mut pins = BTreeMap::new();
    for module in modules {
        let text = |name: &str| module[name].as_str().map(str::to_owned);
        let (source, revision) = (text("source"), text("revision"));
        let commit = text("commit").filter(|commit| is_commit(commit));
        let (Some(source), Some(revision), Some(commit), Some(hash)) = (source, revision, commit, text("hash")) else {
            return Err(unreadable("an entry is not whole"));
        };
        if pins.insert((source, revision), Pin { commit, hash }).is_some() {
            return Err(unreadable("an entry is there twice"));
        }
    }
    Ok(pins)
}
