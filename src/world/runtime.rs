//! The runtime that drives futures. Only `world` and `cli` name tokio.

use std::future::Future;
use std::io::Result;

/// Runs a future to its end on a runtime of its own with timers, network and signals.
pub fn block_on<F: Future>(future: F) -> Result<F::Output> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let output = runtime.block_on(future);
    // A resolver that still hangs must not hold up the end of the process.
    runtime.shutdown_background();
    Ok(output)
}
