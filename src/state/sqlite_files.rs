//! The files around a state's database: who may read them, that none is a link, and the reserve for a full disk.
//! Knows nothing of what is inside.

use super::store::StoreError;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Room that is kept free on the disk for the records of what is under way when the disk fills up (R4).
const RESERVE_BYTES: usize = 8 << 20;

/// Makes folder and file where they are missing, private to the user, and refuses links. The path without links in its folder.
pub fn prepare(path: &Path) -> Result<PathBuf, StoreError> {
    let folder = parent(path);
    refuse_linked_folder(folder)?;
    create_private_folder(folder).map_err(|error| unwritable(folder, &error))?;
    let path = canonical(path)?;
    for part in family(&path) {
        refuse_link(&part)?;
    }
    create_private_file(&path).map_err(|error| unwritable(&path, &error))?;
    Ok(path)
}

/// The path without links in its folder, where the file exists.
pub fn existing(path: &Path) -> Result<Option<PathBuf>, StoreError> {
    refuse_linked_folder(parent(path))?;
    refuse_link(path)?;
    if !path.exists() {
        return Ok(None);
    }
    canonical(path).map(Some)
}

fn canonical(path: &Path) -> Result<PathBuf, StoreError> {
    let folder = fs::canonicalize(parent(path)).map_err(|error| unwritable(path, &error))?;
    Ok(folder.join(path.file_name().unwrap_or_default()))
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The database, its log and the log's index.
fn family(path: &Path) -> [PathBuf; 3] {
    [path.to_owned(), beside(path, "-wal"), beside(path, "-shm")]
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Refuses what is there and is neither a plain file nor a folder.
pub fn refuse_link(path: &Path) -> Result<(), StoreError> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_file() || found.is_dir() => Ok(()),
        Ok(_) => Err(StoreError::UnsafePath {
            path: path.display().to_string(),
            reason: "it is a symbolic link or no plain file".to_owned(),
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(StoreError::Unreadable { path: path.display().to_string(), reason: error.to_string() }),
    }
}

/// Refuses a link in the place of the folder, or of the one around it (`.cnx/state` and `.cnx`).
pub fn refuse_linked_folder(folder: &Path) -> Result<(), StoreError> {
    refuse_link(folder)?;
    folder.parent().filter(|above| !above.as_os_str().is_empty()).map_or(Ok(()), refuse_link)
}

/// With all its parents, private to the user.
pub fn create_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    narrow(folder, 0o700)
}

/// Creates the file if it is missing, readable by its owner only whatever the umask says, its name durable in the folder.
pub fn create_private_file(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(file) => {
            file.sync_all()?;
            File::open(parent(path))?.sync_all()
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => narrow(path, 0o600),
        Err(error) => Err(error),
    }
}

/// Takes rights away that others have.
#[cfg(unix)]
fn narrow(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let present = fs::symlink_metadata(path)?.permissions().mode();
    if present & 0o077 == 0 {
        return Ok(());
    }
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn narrow(_path: &Path, _mode: u32) -> io::Result<()> {
    Ok(())
}

/// Sets the reserve aside; an error says that there is no room to record what would be started.
pub fn reserve(path: &Path) -> Result<(), StoreError> {
    let reserve = path.with_extension("reserve");
    refuse_link(&reserve)?;
    if fs::metadata(&reserve).is_ok_and(|found| found.len() == RESERVE_BYTES as u64) {
        return Ok(());
    }
    write_reserve(&reserve).map_err(|error| {
        let _ = fs::remove_file(&reserve);
        match error.kind() {
            io::ErrorKind::StorageFull => StoreError::NoSpace { path: path.display().to_string() },
            _ => unwritable(&reserve, &error),
        }
    })
}

fn write_reserve(reserve: &Path) -> io::Result<()> {
    create_private_file(reserve)?;
    let mut file = OpenOptions::new().write(true).truncate(true).open(reserve)?;
    // Not zeros: a file system may store those as a hole and keep no room for them.
    let block: Vec<u8> = (0..64 << 10).map(|at: u32| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for _ in 0..RESERVE_BYTES / block.len() {
        file.write_all(&block)?;
    }
    file.sync_all()
}

/// The file beside a state that says how far it has come (`mark_text`). Written after each commit and never ahead of
/// it, so that a log that was damaged, and with it the end of the journal lost, is noticed.
pub fn mark_path(path: &Path) -> PathBuf {
    path.with_extension("serial")
}

/// Opens the mark; a disk that has no room for it goes without.
pub fn open_mark(path: &Path) -> Result<Option<File>, StoreError> {
    let mark = mark_path(path);
    refuse_link(&mark)?;
    let opened = create_private_file(&mark).and_then(|()| OpenOptions::new().write(true).open(&mark));
    Ok(opened.ok())
}

/// `LINEAGE SERIAL SERIAL`: the number twice, so that of a write that came through in part never more is read than was there.
pub fn mark_text(lineage: &str, serial: u64) -> String {
    format!("{lineage} {serial:020} {serial:020}\n")
}

/// How far a mark says that the lineage had come: the lower of its numbers; nothing where it is no whole mark of it.
pub fn marked_serial(text: &str, lineage: &str) -> u64 {
    let mut words = text.split_whitespace();
    if words.next() != Some(lineage) {
        return 0;
    }
    let mut numbers = words.map(|word| word.parse().unwrap_or(0));
    numbers.next().zip(numbers.next()).map_or(0, |(one, other)| one.min(other))
}

/// Not synced: it survives the process, and where the machine fails it may be behind and never ahead.
pub fn write_mark(mark: &mut File, lineage: &str, serial: u64) {
    let text = mark_text(lineage, serial);
    // One that can't be written stays behind.
    let _ = mark.seek(SeekFrom::Start(0)).and_then(|_| mark.write_all(text.as_bytes()));
}

/// How far the state of this lineage had come, as far as its mark says.
pub fn high_water(path: &Path, lineage: &str) -> u64 {
    marked_serial(&fs::read_to_string(mark_path(path)).unwrap_or_default(), lineage)
}

/// Whether a state was kept here before: the reserve is set aside after the file is laid out.
pub fn was_used(path: &Path) -> bool {
    fs::symlink_metadata(path.with_extension("reserve"))
        .is_ok_and(|found| found.is_file() && found.len() == RESERVE_BYTES as u64)
}

/// Gives the reserve back to the disk; whether there was one.
pub fn release(path: &Path) -> bool {
    fs::remove_file(path.with_extension("reserve")).is_ok()
}

/// Changes whenever the file or its log does.
pub fn version(path: &Path) -> impl PartialEq + use<> {
    let file = fs::metadata(path).ok().and_then(|found| Some((found.len(), found.modified().ok()?)));
    (file, has_log(path))
}

pub fn has_log(path: &Path) -> bool {
    fs::metadata(beside(path, "-wal")).is_ok_and(|found| found.len() > 0)
}

/// A SQLite URI that opens the file as one that nobody changes.
pub fn immutable_uri(path: &Path) -> String {
    let mut uri = String::from("file:");
    for c in path.to_string_lossy().chars() {
        match c {
            '%' => uri.push_str("%25"),
            '?' => uri.push_str("%3f"),
            '#' => uri.push_str("%23"),
            other => uri.push(other),
        }
    }
    uri.push_str("?immutable=1");
    uri
}

fn unwritable(path: &Path, error: &io::Error) -> StoreError {
    StoreError::Unwritable { path: path.display().to_string(), reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::{mark_text, marked_serial};

    #[test]
    fn a_torn_mark_is_never_ahead_of_what_was_there() {
        for (before, after) in [(0, 7), (7, 8), (199, 200), (999, 1_000), (89_999, 90_000)] {
            let (old, new) = (mark_text("l", before), mark_text("l", after));
            for end in 0..=new.len() {
                for text in [format!("{}{}", &new[..end], &old[end..]), new[..end].to_owned()] {
                    let read = marked_serial(&text, "l");
                    assert!(read <= after, "{before} and {after}, torn at {end}: {read}");
                }
            }
            assert_eq!(marked_serial(&new, "l"), after);
            assert_eq!(marked_serial(&new, "other"), 0);
        }
    }
}
