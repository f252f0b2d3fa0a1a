//! The executor: engine processes that may go on, one of which is chosen, and time that moves when none may.

use super::choices::Point;
use super::faults::{self, Fault};
use super::hub::Hub;
use super::launch::{Launch, Report};
use cnx::apply::Interrupt;
use futures::channel::mpsc::{UnboundedSender, unbounded};
use futures::future::{BoxFuture, FutureExt};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// More turns than any run takes.
const MOST_TURNS: u64 = 400_000;

#[derive(Debug, Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

struct Process {
    number: usize,
    future: Option<BoxFuture<'static, Report>>,
    woken: Arc<Flag>,
    waker: Waker,
    interrupts: UnboundedSender<Interrupt>,
    /// `None`: killed.
    ended: Option<Report>,
}

impl Process {
    fn new(launch: Launch) -> Process {
        let number = launch.process;
        let (interrupts, receiver) = unbounded();
        let woken = Arc::new(Flag(AtomicBool::new(true)));
        let waker = Waker::from(woken.clone());
        let future = Some(launch.run(receiver).boxed());
        Process { number, future, woken, waker, interrupts, ended: None }
    }

    fn may_go_on(&self) -> bool {
        self.future.is_some() && self.woken.0.load(Ordering::Relaxed)
    }

    /// Lets go of everything that the process held.
    fn bury(&mut self, hub: &Hub) {
        self.future = None;
        hub.lock().left_behind(self.number);
    }
}

/// Runs processes beside each other until each has ended or was killed; a killed one has no report.
pub fn run(hub: &Arc<Hub>, launches: Vec<Launch>) -> Vec<Option<Report>> {
    {
        let mut world = hub.lock();
        world.has_rivals = launches.len() > 1;
        world.launched_ns = world.now_ns;
    }
    for launch in &launches {
        let manners = &mut hub.lock().manners[launch.process];
        *manners = Default::default();
    }
    let mut processes: Vec<Process> = launches.into_iter().map(Process::new).collect();
    let mut turns = 0;
    while processes.iter().any(|process| process.future.is_some()) {
        turns += 1;
        if turns > MOST_TURNS {
            hub.lock().truth.violate("liveness", "a run never ends".to_owned());
            break;
        }
        let doomed = |process: &&mut Process| process.future.is_some() && hub.lock().manners[process.number].doomed;
        processes.iter_mut().filter(doomed).for_each(|process| process.bury(hub));
        if processes.iter().all(|process| process.future.is_none()) {
            break;
        }
        let ready: Vec<usize> = (0..processes.len()).filter(|at| processes[*at].may_go_on()).collect();
        if ready.is_empty() {
            if !hub.happen() {
                hub.lock().truth.violate("liveness", "everything waits for something that never comes".to_owned());
                break;
            }
            continue;
        }
        let way = hub.lock().choices.choose(Point::Order, ready.len() as u32 - 1) as usize;
        turn(hub, &mut processes[ready[way]]);
    }
    processes.into_iter().map(|process| process.ended).collect()
}

/// One process goes on until it waits again.
fn turn(hub: &Arc<Hub>, process: &mut Process) {
    let accident = {
        let mut world = hub.lock();
        let fault = world.choices.fault(Point::Await, faults::AWAIT);
        if let Some(fault) = fault {
            world.note(|_| format!("p{} {fault:?}", process.number));
            if fault == Fault::PowerFails {
                (0..world.manners.len()).for_each(|each| world.kill(each, None));
                world.took_effect(Some(fault));
            } else if fault.kills() {
                world.kill(process.number, Some(fault));
            } else {
                world.took_effect(Some(fault));
            }
        }
        fault
    };
    if let Some(Fault::Stop | Fault::Leave) = accident {
        hub.lock().manners[process.number].interrupted = true;
    }
    match accident {
        Some(Fault::Stop) => drop(process.interrupts.unbounded_send(Interrupt::Stop)),
        Some(Fault::Leave) => drop(process.interrupts.unbounded_send(Interrupt::Leave)),
        Some(Fault::ClockForth) => hub.lock().turn_clock(1),
        Some(Fault::ClockBack) => hub.lock().turn_clock(-1),
        Some(_) | None => {}
    }
    if hub.lock().manners[process.number].doomed {
        return process.bury(hub);
    }
    process.woken.0.store(false, Ordering::Relaxed);
    let Some(future) = &mut process.future else { return };
    let polled = future.as_mut().poll(&mut Context::from_waker(&process.waker));
    if hub.lock().manners[process.number].doomed {
        return process.bury(hub);
    }
    if let Poll::Ready(report) = polled {
        hub.lock().note(|_| format!("p{} ended {:?}", process.number, report));
        process.ended = Some(report);
        process.bury(hub);
    }
}
