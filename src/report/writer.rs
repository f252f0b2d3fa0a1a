//! The one way to the terminal: text goes out whole, and a reader that has gone away ends nothing but the output.

use std::fmt;
use std::io::{ErrorKind, Write};

/// A stream for people or machines. Never panics on a closed pipe: from then on it swallows what it is given.
pub struct Writer {
    out: Box<dyn Write + Send>,
    closed: bool,
    failure: Option<std::io::Error>,
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("closed", &self.closed).finish_non_exhaustive()
    }
}

impl Writer {
    pub fn new(out: Box<dyn Write + Send>) -> Writer {
        Writer { out, closed: false, failure: None }
    }

    pub fn stdout() -> Writer {
        Writer::new(Box::new(std::io::stdout()))
    }

    pub fn stderr() -> Writer {
        Writer::new(Box::new(std::io::stderr()))
    }

    /// Writes and flushes. Any error closes the writer; all but a closed pipe are kept for [`Writer::failure`].
    pub fn write(&mut self, text: &str) {
        if self.closed || text.is_empty() {
            return;
        }
        let done = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
        match done {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::BrokenPipe => self.closed = true,
            Err(error) => {
                self.closed = true;
                self.failure = Some(error);
            }
        }
    }

    /// Why output was lost, where its reader did not simply go away (a full disk behind a redirection).
    pub fn failure(&self) -> Option<&std::io::Error> {
        self.failure.as_ref()
    }

    /// The text and a newline.
    pub fn line(&mut self, text: &str) {
        self.write(&format!("{text}\n"));
    }
}
