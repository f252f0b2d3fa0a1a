//! The user's own git, asked for one commit: no hooks, no submodules, no filters, no questions. What a repository holds
//! is read as data and never checked out.

use super::git_source::{GitSource, Revision, is_name};
use super::modules::MOST_BYTES;
use super::shell::Shell;
use crate::world::Errand;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// Files of a repository by path, from its top.
pub type Tree = BTreeMap<String, Vec<u8>>;

const MOST_FILES: usize = 10_000;
/// Of a whole repository at one commit.
const MOST_TOTAL: u64 = 64 << 20;
const PATIENCE: Duration = Duration::from_secs(300);

/// What git may keep of the environment: where it finds itself, its user's configuration, and how it reaches the net.
const KEPT: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "TMPDIR",
    "XDG_CONFIG_HOME",
    "SSH_AUTH_SOCK",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_SSL_CAINFO",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "SYSTEMROOT",
];

const SETTINGS: &[&str] = &[
    "core.hooksPath=/dev/null",
    "core.askPass=",
    "core.fsmonitor=false",
    "protocol.allow=never",
    "fetch.recurseSubmodules=false",
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=30",
    "gc.auto=0",
];

/// Git in one bare repository of our own.
pub struct Git<'a> {
    shell: &'a Shell,
    folder: &'a Path,
    source: &'a GitSource,
}

impl<'a> Git<'a> {
    pub fn new(shell: &'a Shell, folder: &'a Path, source: &'a GitSource) -> Git<'a> {
        Git { shell, folder, source }
    }

    /// The commit that the source's revision names. A tag that moved is told later, by its content.
    pub fn resolve(&self) -> Result<String, String> {
        let name = match &self.source.revision {
            Revision::Commit(commit) => return Ok(commit.clone()),
            Revision::Tag(name) => name,
        };
        let tag = format!("refs/tags/{name}");
        let peeled = format!("{tag}^{{}}");
        let head = format!("refs/heads/{name}");
        let found = self.text(&["ls-remote", "--", &self.source.url, &tag, &peeled, &head])?;
        let lines: BTreeMap<&str, &str> =
            found.lines().filter_map(|line| line.split_once('\t')).map(|(commit, name)| (name, commit)).collect();
        match lines.get(peeled.as_str()).or_else(|| lines.get(tag.as_str())) {
            Some(commit) if is_commit(commit) => Ok((*commit).to_owned()),
            Some(_) => Err("git's answer cannot be read".to_owned()),
            None if lines.contains_key(head.as_str()) => {
                Err(format!("`{name}` is a branch, which moves: pin a tag or a whole commit"))
            }
            None => Err(format!("the repository has no tag `{name}`")),
        }
    }

    /// Brings the commit here.
    pub fn fetch(&self, commit: &str) -> Result<(), String> {
        self.text(&["init", "--quiet", "--bare", "--template=", "."])?;
        let url = self.source.url.as_str();
        let fetch = ["fetch", "--quiet", "--depth=1", "--no-tags", "--no-write-fetch-head", "--", url];
        let wanted = |what: &str| fetch.iter().copied().chain([what]).map(str::to_owned).collect::<Vec<_>>();
        let first = self.run(&wanted(commit), &[]).map(|_| ());
        // Some servers give names only.
        match (first, &self.source.revision) {
            (Err(_), Revision::Tag(name)) => self.run(&wanted(&format!("refs/tags/{name}")), &[]).map(|_| ())?,
            (done, _) => done?,
        }
        self.text(&["cat-file", "-e", &format!("{commit}^{{commit}}")])
            .map(|_| ())
            .map_err(|_| format!("the repository does not give commit {commit}"))
    }

    /// All plain files of the commit. Links and submodules are left out.
    pub fn tree(&self, commit: &str) -> Result<Tree, String> {
        let listed = self.run(&["ls-tree", "-r", "-z", "-l", "--full-tree", commit].map(str::to_owned), &[])?;
        let listed = String::from_utf8(listed).map_err(|_| "the repository has a name that is no text")?;
        let mut wanted: Vec<(String, String)> = Vec::new();
        let mut folded: BTreeMap<String, String> = BTreeMap::new();
        let mut total = 0;
        for line in listed.split('\0').filter(|line| !line.is_empty()) {
            let (facts, path) = line.split_once('\t').ok_or("git's answer cannot be read")?;
            let facts: Vec<&str> = facts.split_whitespace().collect();
            let [mode, "blob", id, size] = facts[..] else { continue };
            if mode == "120000" {
                continue;
            }
            let size: u64 = size.parse().map_err(|_| "git's answer cannot be read")?;
            total += size;
            if size > MOST_BYTES || total > MOST_TOTAL || wanted.len() >= MOST_FILES {
                return Err("the repository is too large (16 MiB a file, 64 MiB and 10,000 files in all)".to_owned());
            }
            if !path.split('/').all(is_name) {
                return Err(format!("the repository has a file of an unusable name ({path:?})"));
            }
            if let Some(other) = folded.insert(path.to_lowercase(), path.to_owned()) {
                return Err(format!("the repository has {other:?} and {path:?}, which some disks take for one"));
            }
            wanted.push((path.to_owned(), id.to_owned()));
        }
        let ids: String = wanted.iter().map(|(_, id)| format!("{id}\n")).collect();
        let bytes = self.run(&["cat-file", "--batch"].map(str::to_owned), ids.as_bytes())?;
        contents(wanted, &bytes).ok_or_else(|| "git's answer cannot be read".to_owned())
    }

    fn text(&self, arguments: &[&str]) -> Result<String, String> {
        let arguments: Vec<String> = arguments.iter().map(|one| (*one).to_owned()).collect();
        Ok(String::from_utf8_lossy(&self.run(&arguments, &[])?).into_owned())
    }

    fn run(&self, arguments: &[String], input: &[u8]) -> Result<Vec<u8>, String> {
        let mut all = vec!["-C".to_owned(), self.folder.display().to_string()];
        let allowed = format!("protocol.{}.allow=always", self.source.protocol);
        for setting in SETTINGS.iter().copied().chain([allowed.as_str()]) {
            all.extend(["-c".to_owned(), setting.to_owned()]);
        }
        all.extend(arguments.iter().cloned());
        let ran = self.shell.world.programs.run(&Errand {
            program: "git",
            arguments: &all,
            environment: &self.environment(),
            input,
            most_output: MOST_TOTAL + (8 << 20),
            patience: PATIENCE,
        });
        let ran = ran.map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => "git is not installed".to_owned(),
            _ => format!("git: {error}"),
        })?;
        if ran.succeeded {
            return Ok(ran.stdout);
        }
        let said =
            ran.stderr.lines().map(str::trim).rfind(|line| line.starts_with("fatal:") || line.starts_with("ERROR"));
        Err(format!("git: {}", said.unwrap_or("it failed").trim_start_matches("fatal: ")))
    }

    fn environment(&self) -> BTreeMap<String, String> {
        let kept = |name: &&str| {
            let value = self.shell.world.environment.0.get(*name)?;
            Some(((*name).to_owned(), value.clone()))
        };
        let mut environment: BTreeMap<String, String> = KEPT.iter().filter_map(kept).collect();
        let fixed = [
            ("GIT_TERMINAL_PROMPT", "0"),
            ("GIT_ALLOW_PROTOCOL", self.source.protocol),
            ("GIT_CEILING_DIRECTORIES", "/"),
            ("LC_ALL", "C"),
        ];
        environment.extend(fixed.map(|(name, value)| (name.to_owned(), value.to_owned())));
        environment
            .entry("GIT_SSH_COMMAND".to_owned())
            .or_insert_with(|| "ssh -oBatchMode=yes -oConnectTimeout=30 -oStrictHostKeyChecking=yes".to_owned());
        environment
    }
}

pub fn is_commit(text: &str) -> bool {
    (text.len() == 40 || text.len() == 64) && text.chars().all(|c| c.is_ascii_hexdigit())
}

/// The answer of `cat-file --batch`: `ID blob SIZE`, the bytes, a line break, for each in order.
fn contents(wanted: Vec<(String, String)>, mut bytes: &[u8]) -> Option<Tree> {
    let mut tree = Tree::new();
    for (path, id) in wanted {
        let line = bytes.iter().position(|byte| *byte == b'\n')?;
        let head = std::str::from_utf8(&bytes[..line]).ok()?;
        let size: usize = head.strip_prefix(&format!("{id} blob "))?.parse().ok()?;
        let content = bytes.get(line + 1..line + 1 + size)?;
        tree.insert(path, content.to_vec());
        bytes = bytes.get(line + 2 + size..)?;
    }
    Some(tree)
}
