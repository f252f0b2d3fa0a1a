//! The terminal: whether there is one, how wide it is, and a line that a person types.

use std::io::{BufRead, IsTerminal, Result, Write};

/// What the command line needs of the terminal; tests bring their own.
pub trait Terminal: Send + Sync {
    /// Somebody can answer a question.
    fn can_ask(&self) -> bool;
    fn output_is_terminal(&self) -> bool;
    fn error_is_terminal(&self) -> bool;
    /// In columns, where it is known.
    fn width(&self) -> Option<u16>;
    /// Shows the question on standard error and waits for a line; `None` at the end of input.
    fn ask(&self, question: &str) -> Result<Option<String>>;
    /// The same, and what is typed is not shown. An error where that can't be done.
    fn ask_secretly(&self, question: &str) -> Result<Option<String>>;
}

#[derive(Clone, Copy, Debug, Default)]
pub struct RealTerminal;

impl Terminal for RealTerminal {
    fn can_ask(&self) -> bool {
        std::io::stdin().is_terminal() && self.error_is_terminal()
    }

    fn output_is_terminal(&self) -> bool {
        std::io::stdout().is_terminal()
    }

    fn error_is_terminal(&self) -> bool {
        std::io::stderr().is_terminal()
    }

    fn width(&self) -> Option<u16> {
        terminal_size::terminal_size().map(|(width, _)| width.0)
    }

    fn ask(&self, question: &str) -> Result<Option<String>> {
        // Not locked while waiting: others may have something to say meanwhile.
        std::io::stderr().write_all(question.as_bytes())?;
        let mut line = String::new();
        let length = std::io::stdin().lock().read_line(&mut line)?;
        Ok((length > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned()))
    }

    fn ask_secretly(&self, question: &str) -> Result<Option<String>> {
        let silence = Silence::begin()?;
        let answer = self.ask(question);
        drop(silence);
        answer
    }
}

/// While it lives the terminal does not show what is typed.
struct Silence(rustix::termios::Termios);

impl Silence {
    fn begin() -> Result<Silence> {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        let before = tcgetattr(std::io::stdin())?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        quiet.local_modes.insert(LocalModes::ECHONL);
        tcsetattr(std::io::stdin(), OptionalActions::Flush, &quiet)?;
        Ok(Silence(before))
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        use rustix::termios::{OptionalActions, tcsetattr};
        // Nothing can be done where the terminal is gone.
        let _gone = tcsetattr(std::io::stdin(), OptionalActions::Now, &self.0).is_err();
    }
}
