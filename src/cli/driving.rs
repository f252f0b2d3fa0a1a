//! Around apply's functions while they run: signals go in, progress comes out, elapsed times move on.

use super::codes;
use super::exit::Failure;
use super::progress::Teller;
use crate::apply::{self, Context, Ended, Input, Interrupt, Progress, Recovered, Undone};
use crate::diag::Diagnostic;
use crate::plan::{self, Approved};
use crate::state::Snapshot;
use crate::world::{self, interrupts};
use futures::StreamExt;
use futures::future::{Either, select};
use futures::stream::BoxStream;
use std::fmt;
use std::pin::pin;

/// Carries an approved plan out.
pub async fn apply(
    cloud: &Context,
    approved: &Approved,
    input: Input,
    teller: &Teller,
    signals: &mut Signals,
) -> Ended {
    let mut tell = |progress: Progress| teller.tell(&progress);
    while_ticking(teller, apply::apply(cloud, approved, input, &mut tell, &mut signals.0)).await
}

/// As `apply`; where a step fails, what was done is undone as far as it can be.
pub async fn apply_or_roll_back(
    cloud: &Context,
    approved: &Approved,
    input: Input,
    options: &plan::Options,
    teller: &Teller,
    signals: &mut Signals,
) -> (Ended, Undone) {
    let mut tell = |progress: Progress| teller.tell(&progress);
    while_ticking(teller, apply::apply_or_roll_back(cloud, approved, input, options, &mut tell, &mut signals.0)).await
}

/// Ends what an earlier run left open.
pub async fn recover(cloud: &Context, snapshot: Snapshot, teller: &Teller, signals: &mut Signals) -> Recovered {
    let mut tell = |progress: Progress| teller.tell(&progress);
    while_ticking(teller, apply::recover(cloud, snapshot, &mut tell, &mut signals.0)).await
}

async fn while_ticking<T>(teller: &Teller, work: impl Future<Output = T>) -> T {
    let ended = match select(pin!(work), pin!(teller.tick())).await {
        Either::Left((ended, _)) => ended,
        Either::Right((never, _)) => match never {},
    };
    teller.end();
    ended
}

/// What comes from outside while a run lasts: the first Ctrl-C stops, the second one and SIGTERM leave.
pub struct Signals(BoxStream<'static, Interrupt>);

impl fmt::Debug for Signals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signals")
    }
}

impl Signals {
    /// From now on signals no longer end the process by themselves.
    pub fn catch() -> Result<Signals, Failure> {
        let signals = interrupts().map_err(|error| {
            let message = format!("signals can't be caught: {error}");
            Failure::from(Diagnostic::new(&codes::MACHINE, message).help("run it elsewhere"))
        })?;
        let mut asked = false;
        let stops = signals.map(move |signal| match (signal, std::mem::replace(&mut asked, true)) {
            (world::Interrupt::Interrupt, false) => Interrupt::Stop,
            (world::Interrupt::Interrupt, true) | (world::Interrupt::Terminate, _) => Interrupt::Leave,
        });
        Ok(Signals(stops.boxed()))
    }

    /// Does something that may simply be dropped: while reading and asking nothing is at stake.
    pub async fn unless_stopped<T>(&mut self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        match select(pin!(work), self.0.next()).await {
            Either::Left((done, _)) => done,
            Either::Right((_, _)) => Err(Failure::interrupted()),
        }
    }
}
