//! Several cores for work that needs nothing of the outside: threads that end before the call returns.

use std::sync::Mutex;
use std::thread::available_parallelism;

/// The results in the order of the items. Each thread takes the next item when it is done with one, so a large one holds up no others.
pub fn in_parallel<T: Send, R: Send>(items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let threads = available_parallelism().map_or(1, usize::from).min(items.len());
    if threads <= 1 {
        return items.into_iter().map(work).collect();
    }
    let waiting = Mutex::new(items.into_iter().enumerate());
    let next = || waiting.lock().ok()?.next();
    let take = || std::iter::from_fn(next).map(|(at, item)| (at, work(item))).collect::<Vec<_>>();
    let mut done: Vec<(usize, R)> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(take)).collect();
        let mut done = take();
        for other in others {
            match other.join() {
                Ok(results) => done.extend(results),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::in_parallel;

    #[test]
    fn results_keep_the_order_of_the_items() {
        for count in [0, 1, 2, 1_000] {
            let doubled: Vec<usize> = (0..count).map(|n| 2 * n).collect();
            assert_eq!(in_parallel((0..count).collect(), |n| 2 * n), doubled);
        }
    }
}
