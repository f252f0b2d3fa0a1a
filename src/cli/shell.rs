//! Where a command stands: the seams to the outside, the two streams and how they look, the sources read so far.

use super::args::{Colour, Global};
use super::codes;
use super::exit::Failure;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Secrets, SourceMap};
use crate::report::{Detail, Look, Writer, diagnostics, diagnostics_json, escape, value_json};
use crate::world::{
    Clock, ColourWish, Environment, Files, Programs, Random, RealClock, RealFiles, RealPrograms, RealRandom,
    RealTerminal, Terminal,
};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// The outside, behind its seams.
#[derive(Clone)]
pub struct World {
    pub files: Arc<dyn Files>,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    pub terminal: Arc<dyn Terminal>,
    pub programs: Arc<dyn Programs>,
    pub environment: Environment,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").finish_non_exhaustive()
    }
}

impl World {
    pub fn real() -> World {
        World {
            files: Arc::new(RealFiles),
            clock: Arc::new(RealClock::default()),
            random: Arc::new(RealRandom),
            terminal: Arc::new(RealTerminal),
            programs: Arc::new(RealPrograms),
            environment: Environment::of_process(),
        }
    }
}

/// A command's surroundings.
pub struct Shell {
    pub world: World,
    pub global: Global,
    /// Results.
    pub out: Writer,
    /// What is being done, questions, complaints.
    pub err: Writer,
    pub out_look: Look,
    pub err_look: Look,
    pub sources: SourceMap,
    /// What no complaint and no foreign text may show.
    pub secrets: Secrets,
}

impl fmt::Debug for Shell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shell").field("global", &self.global).finish_non_exhaustive()
    }
}

impl Shell {
    pub fn new(world: World, global: Global, out: Writer, err: Writer) -> Shell {
        let (to_terminal, err_to_terminal) = (world.terminal.output_is_terminal(), world.terminal.error_is_terminal());
        let (out_look, err_look) = (look(&world, &global, to_terminal), look(&world, &global, err_to_terminal));
        Shell {
            world,
            global,
            out,
            err,
            out_look,
            err_look,
            sources: SourceMap::default(),
            secrets: Secrets::default(),
        }
    }

    /// A line about what is being done; silent with `--quiet`.
    pub fn say(&mut self, text: &str) {
        if !self.global.quiet {
            self.err.line(&escape::clean_lines(text));
        }
    }

    /// A result for people.
    pub fn print(&mut self, text: &str) {
        self.out.write(text);
    }

    /// A result for machines, on one line.
    pub fn print_json(&mut self, json: &serde_json::Value) {
        self.out.write(&value_json::line(json));
    }

    /// Complaints: on standard error for people, as lines on standard output with `--json`.
    pub fn complain(&mut self, all: &Diagnostics) {
        if all.is_empty() {
            return;
        }
        let all = &all.cleaned(&self.secrets);
        if self.global.json {
            self.out.write(&diagnostics_json::diagnostics(all, &self.sources));
        } else {
            self.err.write(&diagnostics::diagnostics(all, &self.sources, &self.err_look));
        }
    }

    /// Whether a person can be asked.
    pub fn can_ask(&self) -> bool {
        !self.global.no_input && !self.global.json && self.world.terminal.can_ask()
    }

    /// The text of a file.
    pub fn read_text(&self, path: &Path) -> Result<String, Failure> {
        text_of(path, self.world.files.read(path))
    }

    /// The text of a file that may be a pipe, as a shell's `<(…)` is.
    pub fn read_given(&self, path: &Path) -> Result<String, Failure> {
        text_of(path, self.world.files.read_given(path, MOST_GIVEN))
    }

    /// Writes a whole file.
    pub fn write_file(&self, path: &Path, bytes: &[u8], private: bool) -> Result<(), Failure> {
        self.world.files.write(path, bytes, private).map_err(|error| {
            Diagnostic::new(&codes::UNWRITABLE, error.to_string())
                .help("check the folder's permissions and the disk")
                .into()
        })
    }
}

/// Bytes of what may be given by a pipe.
const MOST_GIVEN: u64 = 4 * 1024 * 1024;

fn text_of(path: &Path, read: std::io::Result<Vec<u8>>) -> Result<String, Failure> {
    let bytes = read.map_err(|error| unreadable(&error))?;
    String::from_utf8(bytes).map_err(|error| not_text(path, error.utf8_error().valid_up_to()).into())
}

fn unreadable(error: &std::io::Error) -> Failure {
    Diagnostic::new(&codes::UNREADABLE, error.to_string()).help("check the name and the permissions").into()
}

pub fn not_text(path: &Path, good: usize) -> Diagnostic {
    Diagnostic::new(&codes::NOT_TEXT, format!("{}, from byte {good} on", path.display())).help("save it as UTF-8")
}

fn look(world: &World, global: &Global, to_terminal: bool) -> Look {
    let colour = match (global.colour, world.environment.colour()) {
        (Colour::Always, _) | (Colour::Auto, ColourWish::Always) => true,
        (Colour::Never, _) | (Colour::Auto, ColourWish::Never) => false,
        (Colour::Auto, ColourWish::Unsaid) => to_terminal,
    };
    let told = world.environment.get("COLUMNS").and_then(|columns| columns.parse().ok());
    let shown = world.terminal.width().filter(|_| to_terminal).map(usize::from);
    let width = shown.or(told).unwrap_or(80).clamp(40, 1_000);
    let detail = if global.verbose { Detail::Full } else { Detail::Folded };
    Look { colour, unicode: speaks_unicode(&world.environment), width, detail }
}

/// Unless the locale or the terminal says that it can't.
fn speaks_unicode(environment: &Environment) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| environment.get(name));
    let able = locale.is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    });
    able && environment.get("TERM") != Some("dumb")
}
