//! Reading below a folder and never out of it: links are followed as long as they stay inside, only plain files are
//! opened, and no more than wished is read.

use std::fs::{self, File};
use std::io::{Error, ErrorKind, Read, Result};
use std::path::{Path, PathBuf};

/// The real path of what lies below `root`; refused where it lies elsewhere.
pub fn inside(root: &Path, path: &Path) -> Result<PathBuf> {
    let (root, real) = (fs::canonicalize(root)?, fs::canonicalize(path)?);
    if real.starts_with(&root) { Ok(real) } else { Err(refused("leads out of the folder that it belongs to")) }
}

/// A plain file of at most `most` bytes.
pub fn read(root: &Path, path: &Path, most: u64) -> Result<Vec<u8>> {
    plain(&inside(root, path)?, most)
}

/// A plain file of at most `most` bytes, wherever it is; a pipe or a device is never opened.
pub fn plain(path: &Path, most: u64) -> Result<Vec<u8>> {
    let named = fs::metadata(path)?;
    if !named.is_file() {
        return Err(refused("is no plain file"));
    }
    if named.len() > most {
        return Err(too_large(most));
    }
    let file = File::open(path)?;
    if !is_same(&named, &file.metadata()?) {
        return Err(refused("was replaced while it was opened"));
    }
    bounded(file, most)
}

/// At most `most` bytes.
pub fn bounded(file: File, most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(too_large(most)) } else { Ok(bytes) }
}

/// Names of all that is no folder, sorted.
pub fn list(root: &Path, folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(inside(root, folder)?)? {
        let entry = entry?;
        let is_folder = fs::metadata(entry.path()).is_ok_and(|metadata| metadata.is_dir());
        if let (false, Ok(name)) = (is_folder, entry.file_name().into_string()) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// Paths of all files below a folder, from there on, with `/` between names; links are not followed.
pub fn tree(folder: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut folders = vec![(folder.to_owned(), String::new())];
    while let Some((at, prefix)) = folders.pop() {
        for entry in fs::read_dir(&at)? {
            let entry = entry?;
            let name = entry.file_name().into_string().map_err(|_| refused("holds a name that is no text"))?;
            let path = format!("{prefix}{name}");
            if entry.file_type()?.is_dir() {
                folders.push((entry.path(), format!("{path}/")));
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn refused(why: &str) -> Error {
    Error::new(ErrorKind::PermissionDenied, why.to_owned())
}

fn too_large(most: u64) -> Error {
    Error::new(ErrorKind::InvalidData, format!("is larger than {} MiB", most >> 20))
}

#[cfg(unix)]
fn is_same(named: &fs::Metadata, opened: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (named.dev(), named.ino()) == (opened.dev(), opened.ino())
}

#[cfg(not(unix))]
fn is_same(_: &fs::Metadata, opened: &fs::Metadata) -> bool {
    opened.is_file()
}
