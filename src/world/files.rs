//! The real disk. Writes are whole and durable or not at all; secrets are neither read through links nor left readable.

use super::below;
use super::seams::Files;
use std::fs::{self, File, OpenOptions};
use std::io::{Error, ErrorKind, Read, Result, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Clone, Copy, Debug, Default)]
pub struct RealFiles;

/// Bytes of the largest file that is read: plans and states of many thousands of objects are smaller.
const MOST: u64 = 512 * 1024 * 1024;

/// Tells temporary files of this process apart.
static WRITES: AtomicU64 = AtomicU64::new(0);

impl Files for RealFiles {
    fn read(&self, path: &Path) -> Result<Vec<u8>> {
        if fs::metadata(path).map_err(|error| named(path, &error))?.is_dir() {
            return Err(named(path, &Error::from(ErrorKind::IsADirectory)));
        }
        below::plain(path, MOST).map_err(|error| named(path, &error))
    }

    fn read_given(&self, path: &Path, most: u64) -> Result<Vec<u8>> {
        File::open(path).and_then(|file| below::bounded(file, most)).map_err(|error| named(path, &error))
    }

    fn read_private(&self, path: &Path) -> Result<Vec<u8>> {
        read_private(path).map_err(|error| named(path, &error))
    }

    fn list(&self, folder: &Path) -> Result<Vec<String>> {
        list(folder).map_err(|error| named(folder, &error))
    }

    fn write(&self, path: &Path, bytes: &[u8], private: bool) -> Result<()> {
        write(path, bytes, private).map_err(|error| named(path, &error))
    }

    fn begin(&self, path: &Path) -> Result<Box<dyn Write + Send>> {
        begin(path).map_err(|error| named(path, &error))
    }

    fn create_folder(&self, path: &Path) -> Result<()> {
        create_folder(path).map_err(|error| named(path, &error))
    }

    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }

    fn remove(&self, path: &Path) -> Result<()> {
        fs::remove_file(path).map_err(|error| named(path, &error))
    }

    fn inside(&self, root: &Path, path: &Path) -> Result<PathBuf> {
        below::inside(root, path).map_err(|error| named(path, &error))
    }

    fn read_below(&self, root: &Path, path: &Path, most: u64) -> Result<Vec<u8>> {
        below::read(root, path, most).map_err(|error| named(path, &error))
    }

    fn list_below(&self, root: &Path, folder: &Path) -> Result<Vec<String>> {
        below::list(root, folder).map_err(|error| named(folder, &error))
    }

    fn tree(&self, folder: &Path) -> Result<Vec<String>> {
        below::tree(folder).map_err(|error| named(folder, &error))
    }

    fn remove_folder(&self, path: &Path) -> Result<()> {
        fs::remove_dir_all(path).map_err(|error| named(path, &error))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        fs::rename(from, to).map_err(|error| named(to, &error))
    }
}

/// The error with the path in its text.
fn named(path: &Path, error: &Error) -> Error {
    Error::new(error.kind(), format!("{}: {error}", path.display()))
}

fn list(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let is_file = fs::metadata(entry.path()).is_ok_and(|metadata| metadata.is_file());
        if let (true, Ok(name)) = (is_file, entry.file_name().into_string()) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn write(path: &Path, bytes: &[u8], private: bool) -> Result<()> {
    let folder = folder_of(path);
    let temporary = temporary_beside(path)?;
    let mode = if private { 0o600 } else { 0o644 & kept_mode(path) };
    let written = write_new(&temporary, bytes, mode).and_then(|()| fs::rename(&temporary, path));
    if let Err(error) = written {
        // The first error is the one to tell; a leftover is only litter.
        let _ = fs::remove_file(&temporary);
        return Err(error);
    }
    File::open(&folder)?.sync_all()
}

fn begin(path: &Path) -> Result<Box<dyn Write + Send>> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    set_mode(&mut options, 0o600);
    Ok(Box::new(options.open(path)?))
}

/// `create_new` never follows a link that lies in wait. What has the name already goes: such a link, or what a killed process of the same
/// number left.
fn write_new(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    set_mode(&mut options, mode);
    let mut file = match options.open(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            fs::remove_file(path).and_then(|()| options.open(path))?
        }
        opened => opened?,
    };
    file.write_all(bytes)?;
    file.sync_all()
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn temporary_beside(path: &Path) -> Result<PathBuf> {
    let name = path.file_name().ok_or_else(|| Error::from(ErrorKind::InvalidInput))?;
    let count = WRITES.fetch_add(1, Ordering::Relaxed);
    Ok(folder_of(path).join(format!(".{}.{}-{count}.tmp", name.to_string_lossy(), std::process::id())))
}

/// What others were kept from they are kept from when the file is written anew.
#[cfg(unix)]
fn kept_mode(path: &Path) -> u32 {
    use std::os::unix::fs::MetadataExt;
    fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file).map_or(0o777, |there| there.mode() | 0o600)
}

#[cfg(not(unix))]
fn kept_mode(_: &Path) -> u32 {
    0o777
}

#[cfg(unix)]
fn set_mode(options: &mut OpenOptions, mode: u32) {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(mode);
}

#[cfg(not(unix))]
fn set_mode(_: &mut OpenOptions, _: u32) {}

#[cfg(unix)]
fn create_folder(path: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(not(unix))]
fn create_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path)
}

/// Looks at the name first and at the open file after: both must be the same plain file, readable by its owner alone.
#[cfg(unix)]
fn read_private(path: &Path) -> Result<Vec<u8>> {
    use std::os::unix::fs::MetadataExt;
    let refuse = |reason: &str| Error::new(ErrorKind::PermissionDenied, reason.to_owned());
    let named = fs::symlink_metadata(path)?;
    if !named.is_file() {
        return Err(refuse("holds secrets, and is a link or no plain file"));
    }
    let mut file = File::open(path)?;
    let opened = file.metadata()?;
    if (opened.dev(), opened.ino()) != (named.dev(), named.ino()) {
        return Err(refuse("was replaced while it was opened"));
    }
    if opened.mode() & 0o077 != 0 {
        return Err(refuse("holds secrets, and others may read it (its mode must be 0600)"));
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(not(unix))]
fn read_private(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn writes_replace_the_whole_file_and_leave_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        RealFiles.write(&path, b"first, long", true).unwrap();
        RealFiles.write(&path, b"second", true).unwrap();
        assert_eq!(RealFiles.read(&path).unwrap(), b"second");
        assert_eq!(mode(&path), 0o600);
        assert_eq!(RealFiles.list(folder.path()).unwrap(), ["state"]);
    }

    #[test]
    fn what_was_private_stays_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("main.cnx");
        RealFiles.write(&path, b"first", false).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        RealFiles.write(&path, b"second", false).unwrap();
        assert_eq!(mode(&path), 0o600);
    }

    #[test]
    fn a_link_in_the_place_of_the_file_is_replaced_and_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (victim, path) = (folder.path().join("victim"), folder.path().join("plan"));
        fs::write(&victim, "untouched").unwrap();
        symlink(&victim, &path).unwrap();
        RealFiles.write(&path, b"plan", true).unwrap();
        assert_eq!(fs::read(&victim).unwrap(), b"untouched");
        assert_eq!(fs::read(&path).unwrap(), b"plan");
    }

    #[test]
    fn what_lies_under_the_next_temporary_names_is_not_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let (victim, path) = (folder.path().join("victim"), folder.path().join("plan"));
        fs::write(&victim, "untouched").unwrap();
        fs::set_permissions(&victim, fs::Permissions::from_mode(0o644)).unwrap();
        let lie = |what: &dyn Fn(PathBuf)| {
            // Other tests take names of the same row at the same time.
            let next = WRITES.load(Ordering::Relaxed);
            let name = |count| format!(".plan.{}-{count}.tmp", std::process::id());
            (next..next + 1000).for_each(|count| what(folder.path().join(name(count))));
        };
        let count = || fs::read_dir(folder.path()).unwrap().count();
        let leftover = |path: PathBuf| {
            fs::write(&path, "a longer text that was left").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        };
        let link = |path: PathBuf| {
            let _ = fs::remove_file(&path);
            symlink(&victim, path).unwrap();
        };
        for what in [&leftover as &dyn Fn(PathBuf), &link] {
            lie(what);
            let before = count() - usize::from(path.exists());
            RealFiles.write(&path, b"plan", true).unwrap();
            assert_eq!(count(), before, "one of them is gone, and the file is there");
            assert!(fs::symlink_metadata(&path).unwrap().is_file());
            assert_eq!((fs::read(&path).unwrap(), mode(&path)), (b"plan".to_vec(), 0o600));
            assert_eq!((fs::read(&victim).unwrap(), mode(&victim)), (b"untouched".to_vec(), 0o644));
        }
    }

    #[test]
    fn secrets_are_read_only_from_a_plain_file_of_the_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("credentials");
        RealFiles.write(&path, b"key", true).unwrap();
        assert_eq!(RealFiles.read_private(&path).unwrap(), b"key");

        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert_eq!(RealFiles.read_private(&path).unwrap_err().kind(), ErrorKind::PermissionDenied);

        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let link = folder.path().join("link");
        symlink(&path, &link).unwrap();
        assert_eq!(RealFiles.read_private(&link).unwrap_err().kind(), ErrorKind::PermissionDenied);
    }

    #[test]
    fn folders_are_private_and_errors_name_the_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b");
        RealFiles.create_folder(&path).unwrap();
        assert_eq!(mode(&path), 0o700);
        let error = RealFiles.read(&path.join("absent")).unwrap_err();
        assert!(error.to_string().contains("a/b/absent"), "{error}");
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
}
