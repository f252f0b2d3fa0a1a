//! The board on a terminal: lines that are rewritten in place, sentences that scroll away above them.

use super::board::Board;
use super::sentences::Sentences;
use crate::apply::Progress;
use crate::report::look::Look;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::Duration;

/// A live view on stderr.
#[derive(Debug)]
pub struct Live {
    board: Board,
    sentences: Sentences,
    view: MultiProgress,
    rows: Vec<ProgressBar>,
}

impl Live {
    /// `estimate` is the plan's, in milliseconds.
    pub fn stderr(look: Look, estimate: i64) -> Live {
        Live::on_target(look, estimate, ProgressDrawTarget::stderr())
    }

    fn on_target(look: Look, estimate: i64, target: ProgressDrawTarget) -> Live {
        let view = MultiProgress::with_draw_target(target);
        Live { board: Board::new(look, estimate), sentences: Sentences::on_terminal(look), view, rows: Vec::new() }
    }

    /// Takes an event in and shows it.
    pub fn on(&mut self, event: &Progress, at: Duration) {
        self.board.on(event, at);
        if let Some(text) = self.sentences.on(event, at)
            && !matches!(event, Progress::StepStarted { .. } | Progress::Waiting { .. })
        {
            // A terminal that cannot be written to any more changes nothing about the apply.
            let _ = self.view.println(text);
        }
        self.show(at);
    }

    /// Lets elapsed times move on.
    pub fn show(&mut self, now: Duration) {
        let lines = self.board.lines(now);
        while self.rows.len() < lines.len() {
            let style = ProgressStyle::with_template("{msg}").expect("the template is well-formed");
            let row = self.view.insert(0, ProgressBar::new_spinner());
            row.set_style(style);
            self.rows.insert(0, row);
        }
        while self.rows.len() > lines.len() {
            let row = self.rows.remove(0);
            row.finish_and_clear();
            self.view.remove(&row);
        }
        for (row, line) in self.rows.iter().zip(lines) {
            row.set_message(line);
            row.tick();
        }
    }

    /// Takes the view away; what was said above it stays.
    pub fn end(&mut self) {
        for row in self.rows.drain(..) {
            row.finish_and_clear();
        }
    }
}
