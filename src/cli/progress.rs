//! An apply on its way to the terminal: one stream of events as a live view, plain lines or JSON.

use super::shell::Shell;
use crate::apply::{Progress, StepEnd};
use crate::report::Writer;
use crate::report::progress::{Live, Sentences, event};
use crate::world::Clock;
use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How often elapsed times move on.
const TICK: Duration = Duration::from_millis(100);

/// Where events go.
enum Face {
    Live(Live),
    Lines(Sentences, Writer),
    Json(Writer),
    /// Only what went wrong or stayed open.
    Trouble(Sentences, Writer),
}

/// Takes events from any thread and shows them in their order.
#[derive(Clone)]
pub struct Teller {
    face: Arc<Mutex<Face>>,
    clock: Arc<dyn Clock>,
    began: Duration,
}

impl fmt::Debug for Teller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Teller")
    }
}

impl Teller {
    /// The face that fits: JSON if asked for, live on a terminal, lines elsewhere. `estimate` is the plan's, in milliseconds.
    pub fn new(shell: &Shell, estimate: i64) -> Teller {
        let face = if shell.global.json {
            Face::Json(Writer::stdout())
        } else if shell.global.quiet {
            Face::Trouble(Sentences::new(shell.err_look), Writer::stderr())
        } else if shell.world.terminal.error_is_terminal()
            && !shell.global.verbose
            && shell.world.environment.get("TERM") != Some("dumb")
        {
            Face::Live(Live::stderr(shell.err_look, estimate))
        } else {
            Face::Lines(Sentences::new(shell.err_look), Writer::stderr())
        };
        let clock = Arc::clone(&shell.world.clock);
        Teller { face: Arc::new(Mutex::new(face)), began: clock.monotonic(), clock }
    }

    pub fn tell(&self, progress: &Progress) {
        let at = self.clock.monotonic().saturating_sub(self.began);
        match &mut *self.face.lock().unwrap_or_else(PoisonError::into_inner) {
            Face::Live(live) => live.on(progress, at),
            Face::Lines(sentences, out) => {
                if let Some(text) = sentences.on(progress, at) {
                    out.line(&text);
                }
            }
            Face::Json(out) => out.write(&event(progress, self.clock.now())),
            Face::Trouble(sentences, out) => {
                if let Some(text) = sentences.on(progress, at).filter(|_| is_trouble(progress)) {
                    out.line(&text);
                }
            }
        }
    }

    /// Lets elapsed times move on until it is dropped.
    pub async fn tick(&self) -> Infallible {
        loop {
            self.clock.sleep(TICK).await;
            let at = self.clock.monotonic().saturating_sub(self.began);
            if let Face::Live(live) = &mut *self.face.lock().unwrap_or_else(PoisonError::into_inner) {
                live.show(at);
            }
        }
    }

    /// Takes the live view away; what was said stays.
    pub fn end(&self) {
        if let Face::Live(live) = &mut *self.face.lock().unwrap_or_else(PoisonError::into_inner) {
            live.end();
        }
    }
}

fn is_trouble(progress: &Progress) -> bool {
    match progress {
        Progress::StepEnded { end, .. } => match end {
            StepEnd::Done => false,
            StepEnd::Failed { .. } | StepEnd::Skipped { .. } | StepEnd::Open { .. } => true,
        },
        Progress::RunStarted { .. }
        | Progress::StepStarted { .. }
        | Progress::Waiting { .. }
        | Progress::Stopping { .. }
        | Progress::Bound { .. }
        | Progress::Job { .. }
        | Progress::Budget { .. }
        | Progress::RollingBack { .. }
        | Progress::RunEnded(_) => false,
    }
}
