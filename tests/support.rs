//! A project in a folder that vanishes, and the real binary run in it as a user would run it. Whatever a test is about: no
//! command prints a key, and no file that is left holds one.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

/// The keys that tests give to commands.
const KEYS: [&str; 2] = ["cnx_sk_test_admin0000000000000000", "cn_test_4c3b2a190f8e7d6c5b4a3928"];

static FORMS: LazyLock<Vec<String>> = LazyLock::new(|| KEYS.iter().flat_map(|key| forms(key)).collect());

/// A folder with `.cnx` files; `cnx` runs in it without a terminal, without keys, with an empty home.
#[derive(Debug)]
pub struct Project {
    folder: tempfile::TempDir,
}

/// What a run left: exit code and both streams as text.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Project {
    /// A project of these files (path, text).
    pub fn new(files: &[(&str, &str)]) -> Project {
        let project = Project { folder: tempfile::tempdir().expect("a temporary folder") };
        for (path, text) in files {
            project.write(path, text);
        }
        project
    }

    /// A copy of `examples/NAME`.
    pub fn example(name: &str) -> Project {
        let source = root().join("examples").join(name);
        let project = Project::new(&[]);
        copy(&source, project.path());
        project
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        std::fs::write(path, text).expect("a written file");
    }

    /// Replaces a text that must stand in the file.
    pub fn edit(&self, path: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.path().join(path)).expect("the file");
        assert!(text.contains(from), "{path} holds no {from:?}");
        self.write(path, &text.replace(from, to));
    }

    /// The command, ready for more arguments or variables.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cnx"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("HOME", self.path())
            .env("PATH", "/usr/bin:/bin");
        command.stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        Run::of(self.command(arguments).output().expect("cnx runs"))
    }

    /// Runs and demands exit code 0.
    pub fn ok(&self, arguments: &[&str]) -> Run {
        let run = self.run(arguments);
        assert_eq!(run.code, 0, "cnx {}\n{}\n{}", arguments.join(" "), run.stdout, run.stderr);
        run
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            keeps_no_key(self.path());
        }
    }
}

/// No file below holds a key of a test, but the one that is there to hold keys.
fn keeps_no_key(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, kind) = (entry.path(), entry.file_type().expect("a kind"));
        if kind.is_dir() {
            keeps_no_key(&path);
        } else if kind.is_file() && entry.metadata().is_ok_and(|found| found.len() < 16 << 20) {
            let bytes = std::fs::read(&path).unwrap_or_default();
            let found = key_in(&String::from_utf8_lossy(&bytes));
            assert!(found.is_none() || path.ends_with("credentials"), "{} holds {found:?}", path.display());
        }
    }
}

/// The form in which a text holds a key of a test.
fn key_in(text: &str) -> Option<&'static str> {
    FORMS.iter().map(String::as_str).find(|form| text.contains(form))
}

/// A secret as it is, within JSON, percent-encoded in both cases, and in base64 at every alignment.
pub fn forms(secret: &str) -> Vec<String> {
    let mut texts = vec![secret.to_owned(), serde_json::Value::from(secret).to_string().trim_matches('"').to_owned()];
    let percent: String = secret
        .bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect();
    texts.extend([percent.replace("%5F", "_").replace("%2D", "-"), percent.to_lowercase(), percent]);
    for before in 0..3 {
        let mut bytes = vec![b'x'; before];
        bytes.extend_from_slice(secret.as_bytes());
        bytes.truncate(bytes.len() / 3 * 3);
        // The first characters mix with what stands before.
        let begin = [0, 2, 3][before];
        texts.extend([
            STANDARD_NO_PAD.encode(&bytes)[begin..].to_owned(),
            URL_SAFE_NO_PAD.encode(&bytes)[begin..].to_owned(),
        ]);
    }
    texts.sort();
    texts.dedup();
    texts
}

/// Whether the bytes hold the secret in any form.
pub fn holds(bytes: &[u8], secret: &str) -> bool {
    let text = String::from_utf8_lossy(bytes);
    forms(secret).iter().any(|form| text.contains(form.as_str()))
}

impl Run {
    pub fn of(output: Output) -> Run {
        let run = Run {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("text on stdout"),
            stderr: String::from_utf8(output.stderr).expect("text on stderr"),
        };
        let found = key_in(&run.stdout).or_else(|| key_in(&run.stderr));
        assert!(found.is_none(), "a command printed {found:?}: {}", run.all());
        run
    }

    /// Both streams.
    pub fn all(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    /// Demands that a text was said on either stream.
    pub fn says(&self, text: &str) -> &Run {
        assert!(self.all().contains(text), "not said: {text:?}\n{}", self.all());
        self
    }
}

/// The package's folder.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Files and folders, but not what cnx keeps beside them.
fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).expect("the example's folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a file name");
        let target = to.join(name);
        if path.is_file() {
            std::fs::copy(&path, target).expect("a copy");
        } else if name != ".cnx" {
            std::fs::create_dir_all(&target).expect("a folder");
            copy(&path, &target);
        }
    }
}
