//! The executor: engine processes that may go on, one of which is chosen, and time that moves when none may.

use super::choices::Point;
use super::faults::{self, Fault};
use super::hub::{Hub, Inner as World};
use super::launch::{Launch, Report};
use cnx::apply::Interrupt;
use futures::channel::mpsc::{UnboundedSender, unbounded};
use futures::future::{BoxFuture, FutureExt};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// More turns than any run takes.
const MOST_TURNS: u64 = 400_000;

/// How long a process is stopped: longer than the settle window, shorter than a request may take, longer than keys last.
const PAUSES_S: &[u64] = &[200, 10, 86_400];

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
    /// Until when it is stopped (SIGSTOP).
    stopped_until_ns: u64,
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
        Process { number, future, woken, waker, interrupts, stopped_until_ns: 0, ended: None }
    }

    fn may_go_on(&self, now_ns: u64) -> bool {
        self.future.is_some() && self.woken.0.load(Ordering::Relaxed) && self.stopped_until_ns <= now_ns
    }

    /// Nothing of it goes on for a while; everything else does, and what it sent is on its way.
    fn stop_for_a_while(&mut self, world: &mut World) {
        let span = PAUSES_S[world.choices.choose(Point::Detail, PAUSES_S.len() as u32 - 1) as usize];
        self.stopped_until_ns = world.now_ns + span * 1_000_000_000;
        world.manners[self.number].stopped_until_ns = self.stopped_until_ns;
        world.wake_at(self.stopped_until_ns, self.waker.clone());
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
        let now_ns = hub.lock().now_ns;
        let ready: Vec<usize> = (0..processes.len()).filter(|at| processes[*at].may_go_on(now_ns)).collect();
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
        Some(Fault::Pause) => return process.stop_for_a_while(&mut hub.lock()),
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
