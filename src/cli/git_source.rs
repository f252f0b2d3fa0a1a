//! `git+https://HOST/PATH//FOLDER?rev=REVISION`: what a module's source says, and what it may not say. Pure.

/// A folder of a repository at a pinned revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitSource {
    /// As git takes it: `https://…`, `ssh://…`, `file:///…`.
    pub url: String,
    /// The only protocol that git may use: `https`, `ssh`, `file`.
    pub protocol: &'static str,
    /// In the repository, `/` between names; empty for its top.
    pub folder: String,
    pub revision: Revision,
}

/// What does not move by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revision {
    /// 40 or 64 hexadecimal digits.
    Commit(String),
    /// Anything else has to be a tag.
    Tag(String),
}

impl Revision {
    pub fn as_str(&self) -> &str {
        match self {
            Revision::Commit(text) | Revision::Tag(text) => text,
        }
    }
}

const PROTOCOLS: &[&str] = &["https", "ssh", "file"];

/// Reads a source; the error is one phrase.
pub fn parse(source: &str) -> Result<GitSource, String> {
    let rest = source.strip_prefix("git+").ok_or("a git source begins with `git+`")?;
    let (scheme, rest) = rest.split_once("://").ok_or("a git source is `git+https://…`")?;
    let known = PROTOCOLS.iter().find(|protocol| **protocol == scheme);
    let protocol = *known.ok_or_else(|| format!("`{scheme}` is not one of https, ssh and file"))?;
    let (place, query) = rest.split_once('?').ok_or("it is not pinned: `?rev=` is missing")?;
    let revision = query.strip_prefix("rev=").ok_or("after `?` only `rev=REVISION` may stand")?;
    let (path, folder) = place.split_once("//").unwrap_or((place, ""));
    let host = path.split('/').next().unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~/:@+%".contains(c);
    if !path.chars().all(plain) || path.ends_with('/') || path.len() < 2 {
        return Err("the address of the repository is not of the usual form".to_owned());
    }
    let local = protocol == "file";
    if local != host.is_empty() || host.starts_with(['-', '.']) || host.contains("@-") {
        return Err(if local {
            "a file address begins with `git+file:///`"
        } else {
            "the host is not of the usual form"
        }
        .to_owned());
    }
    if protocol == "https" && host.contains('@') {
        return Err("a key does not belong into a program: let git's credential helper give it".to_owned());
    }
    let folder = folder.trim_end_matches('/');
    if folder.split('/').any(|name| !folder.is_empty() && !is_name(name)) {
        return Err("the folder in the repository is not of the usual form".to_owned());
    }
    let (url, folder) = (format!("{protocol}://{path}"), folder.to_owned());
    Ok(GitSource { url, protocol, folder, revision: pinned(revision)? })
}

fn pinned(revision: &str) -> Result<Revision, String> {
    let hex = !revision.is_empty() && revision.chars().all(|c| c.is_ascii_hexdigit());
    if hex && (revision.len() == 40 || revision.len() == 64) {
        return Ok(Revision::Commit(revision.to_ascii_lowercase()));
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._/+".contains(c);
    let odd = revision.starts_with(['-', '/', '.']) || revision.ends_with(['/', '.']) || revision.contains("..");
    if revision.is_empty() || odd || revision.contains("//") || !revision.chars().all(plain) {
        return Err("the revision is neither a whole commit (40 digits) nor the name of a tag".to_owned());
    }
    Ok(Revision::Tag(revision.to_owned()))
}

/// Whether a name may become a file or folder here: no way up, no `.git`, nothing that a disk reads in its own way.
pub fn is_name(name: &str) -> bool {
    let bad = |c: char| c.is_control() || matches!(c, '/' | '\\' | ':' | '<' | '>' | '"' | '|' | '?' | '*');
    let odd = name.is_empty() || name == "." || name == ".." || name.ends_with(['.', ' ']);
    !odd && !name.eq_ignore_ascii_case(".git") && !name.contains(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_that_are_pinned() {
        let check = |source: &str, url: &str, folder: &str, revision: Revision| {
            let found = parse(source).unwrap_or_else(|why| panic!("{source}: {why}"));
            assert_eq!((found.url.as_str(), found.folder.as_str(), found.revision), (url, folder, revision));
        };
        let tag = |name: &str| Revision::Tag(name.to_owned());
        let commit = "0123456789abcdef0123456789abcdef01234567";
        check("git+https://h.example/a/b.git?rev=v1.2", "https://h.example/a/b.git", "", tag("v1.2"));
        check("git+https://h.example/a.git//x/y/?rev=r/1", "https://h.example/a.git", "x/y", tag("r/1"));
        check("git+ssh://git@h.example:22/a.git?rev=v1", "ssh://git@h.example:22/a.git", "", tag("v1"));
        check(
            &format!("git+file:///srv/a.git//m?rev={}", commit.to_uppercase()),
            "file:///srv/a.git",
            "m",
            Revision::Commit(commit.to_owned()),
        );
    }

    #[test]
    fn sources_that_are_refused() {
        for source in [
            "git+https://h.example/a.git",
            "git+https://h.example/a.git?ref=v1",
            "git+https://h.example/a.git?rev=",
            "git+https://h.example/a.git?rev=-x",
            "git+https://h.example/a.git?rev=a..b",
            "git+https://h.example/a.git?rev=v1&depth=1",
            "git+http://h.example/a.git?rev=v1",
            "git+ext::sh -c evil?rev=v1",
            "git+ext://sh?rev=v1",
            "git+ssh://-oProxyCommand=evil/a.git?rev=v1",
            "git+ssh://git@-oProxyCommand=evil/a.git?rev=v1",
            "git+https://user:key@h.example/a.git?rev=v1",
            "git+https:///a.git?rev=v1",
            "git+file://host/a.git?rev=v1",
            "git+https://h.example/a b.git?rev=v1",
            "git+https://h.example/a.git//../x?rev=v1",
            "git+https://h.example/a.git//.git/hooks?rev=v1",
            "git+https://h.example/a.git//x/./y?rev=v1",
        ] {
            assert!(parse(source).is_err(), "{source}");
        }
    }
}
