//! Around apply's functions while they run: signals go in, progress comes out, elapsed times move on.

use super::codes;
use super::exit::Failure;
use super::progress::Teller;
use crate::apply::{self, Context, Input, Interrupt, Progress, Recovered, Summary};
use crate::diag::Diagnostic;
use crate::plan::Approved;
use crate::state::Snapshot;
use crate::world::{self, interrupts};
use futures::StreamExt;
use futures::future::{Either, select};
use futures::stream::BoxStream;
use std::pin::pin;

/// Carries an approved plan out.
pub async fn apply(cloud: &Context, approved: &Approved, input: Input, teller: &Teller) -> Result<Summary, Failure> {
    let stops = stops()?;
    let mut tell = |progress: Progress| teller.tell(&progress);
    Ok(while_ticking(teller, apply::apply(cloud, approved, input, &mut tell, stops)).await)
}

/// Ends what an earlier run left open.
pub async fn recover(cloud: &Context, snapshot: Snapshot, teller: &Teller) -> Result<Recovered, Failure> {
    let stops = stops()?;
    let mut tell = |progress: Progress| teller.tell(&progress);
    Ok(while_ticking(teller, apply::recover(cloud, snapshot, &mut tell, stops)).await)
}

async fn while_ticking<T>(teller: &Teller, work: impl Future<Output = T>) -> T {
    let ended = match select(pin!(work), pin!(teller.tick())).await {
        Either::Left((ended, _)) => ended,
        Either::Right((never, _)) => match never {},
    };
    teller.end();
    ended
}

/// The first Ctrl-C stops, the second one and SIGTERM leave.
fn stops() -> Result<BoxStream<'static, Interrupt>, Failure> {
    let signals = interrupts().map_err(|error| {
        Failure::from(
            Diagnostic::new(&codes::MACHINE, format!("signals can't be caught: {error}")).help("run it elsewhere"),
        )
    })?;
    let mut asked = false;
    let stops = signals.map(move |signal| match (signal, std::mem::replace(&mut asked, true)) {
        (world::Interrupt::Interrupt, false) => Interrupt::Stop,
        (world::Interrupt::Interrupt, true) | (world::Interrupt::Terminate, _) => Interrupt::Leave,
    });
    Ok(stops.boxed())
}
