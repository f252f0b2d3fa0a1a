//! Ctrl-C and the wish of the system that the process ends, as a stream.

use futures::stream::{self, BoxStream, StreamExt};
use std::io::Result;

/// What came from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupt {
    /// Ctrl-C: the first asks for an orderly end, the second for a quick one.
    Interrupt,
    /// SIGTERM: leave within two seconds.
    Terminate,
}

/// From now on the process no longer ends by itself on these signals. Needs a tokio runtime around it.
#[cfg(unix)]
pub fn interrupts() -> Result<BoxStream<'static, Interrupt>> {
    use tokio::signal::unix::{SignalKind, signal};
    let named = |kind, interrupt| -> Result<BoxStream<'static, Interrupt>> {
        let signals = signal(kind)?;
        Ok(stream::unfold(
            signals,
            move |mut signals| async move { signals.recv().await.map(|()| (interrupt, signals)) },
        )
        .boxed())
    };
    let interrupt = named(SignalKind::interrupt(), Interrupt::Interrupt)?;
    let terminate = named(SignalKind::terminate(), Interrupt::Terminate)?;
    Ok(stream::select(interrupt, terminate).boxed())
}

/// As on Unix, with Ctrl-C alone.
#[cfg(not(unix))]
pub fn interrupts() -> Result<BoxStream<'static, Interrupt>> {
    Ok(stream::unfold((), |()| async { tokio::signal::ctrl_c().await.ok().map(|()| (Interrupt::Interrupt, ())) })
        .boxed())
}
