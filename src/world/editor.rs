//! Lines that a person edits: history, completion, and going on to the next line while a bracket is open. The one place that
//! knows the line editor.

use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Config, Context, Helper};
use std::fmt;
use std::io;
use std::sync::Arc;

/// Where the word under the cursor begins, and what it may become.
pub type Complete = Arc<dyn Fn(&str, usize) -> (usize, Vec<String>) + Send + Sync>;

/// What came of asking for a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    Line(String),
    /// Ctrl-C: the line is dropped.
    Dropped,
    /// The end of input.
    End,
}

/// A line editor on the terminal; what is to be fetched back it is told by [`Editor::remember`].
pub struct Editor(rustyline::Editor<Aid, FileHistory>);

impl fmt::Debug for Editor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Editor")
    }
}

impl Editor {
    /// `is_open` says whether a text goes on in the next line.
    pub fn new(complete: Complete, is_open: fn(&str) -> bool) -> io::Result<Editor> {
        let config = Config::builder().auto_add_history(false).build();
        let mut editor = rustyline::Editor::with_config(config).map_err(io::Error::other)?;
        editor.set_helper(Some(Aid { complete, is_open }));
        Ok(Editor(editor))
    }

    /// A text that can be fetched back with the arrow keys.
    pub fn remember(&mut self, text: &str) {
        // A history that can't grow is no reason to stop.
        let _full = self.0.add_history_entry(text).is_err();
    }

    pub fn read(&mut self, prompt: &str) -> io::Result<Typed> {
        match self.0.readline(prompt) {
            Ok(line) => Ok(Typed::Line(line)),
            Err(ReadlineError::Interrupted) => Ok(Typed::Dropped),
            Err(ReadlineError::Eof) => Ok(Typed::End),
            Err(error) => Err(io::Error::other(error)),
        }
    }
}

struct Aid {
    complete: Complete,
    is_open: fn(&str) -> bool,
}

impl Completer for Aid {
    type Candidate = String;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        Ok((self.complete)(line, at))
    }
}

impl Validator for Aid {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let open = (self.is_open)(context.input());
        Ok(if open { ValidationResult::Incomplete } else { ValidationResult::Valid(None) })
    }
}

impl Hinter for Aid {
    type Hint = String;
}

impl Highlighter for Aid {}

impl Helper for Aid {}
