//! The emulator in process: one handle for any number of threads. Requests that arrive while another one is being
//! written to disk share its next sync.
use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::answer::Answer;
use super::clock::Now;
use super::config::Config;
use super::core::Emulator;
use super::handle::control_error;
use super::log::LogEntry;
use super::routes::{Door, Ports};
use super::store::Store;
use crate::model::http::{Method, Request, Response};

/// A shared emulator. Clones are the same one.
#[derive(Clone, Debug)]
pub struct LocalEmulator {
    shared: Arc<Shared>,
    is_persistent: bool,
}

#[derive(Debug)]
struct Shared {
    queue: Mutex<VecDeque<Waiting>>,
    machine: Mutex<Machine>,
}

#[derive(Debug)]
struct Machine {
    emulator: Emulator,
    keeping: Keeping,
}

/// Where changes go.
#[derive(Debug)]
enum Keeping {
    Memory,
    Disk(Box<Store>),
    /// The folder can't be written: reads are answered, writes are not.
    ReadOnly,
    /// The disk failed: memory knows more than it, so nothing is answered any more.
    Broken(String),
}

/// A request as it came in.
#[derive(Debug)]
struct Asked {
    door: Door,
    method: Option<Method>,
    request: Request,
    now: Now,
}

/// A request in the queue and the place for its answer.
#[derive(Debug)]
struct Waiting {
    asked: Asked,
    answer: Arc<Mutex<Option<Answer>>>,
}

/// A thread that panicked while it held a lock left no half-done change: the machine changes by whole records.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl LocalEmulator {
    /// A new world that ends with the process.
    pub fn in_memory(config: Config, now: Now) -> LocalEmulator {
        LocalEmulator::of(Emulator::new(config, now), Keeping::Memory)
    }

    /// The world of a folder, created where there is none. A folder that can't be written is read only.
    ///
    /// # Errors
    /// The disk's errors; `InvalidData` for a damaged journal.
    pub fn open(config: Config, folder: &Path, now: Now) -> io::Result<LocalEmulator> {
        match Store::open(folder, config.clone(), now) {
            Ok((store, emulator)) => Ok(LocalEmulator::of(emulator, Keeping::Disk(Box::new(store)))),
            Err(error)
                if matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem) =>
            {
                Ok(LocalEmulator::of(Store::read_only(folder, config, now)?, Keeping::ReadOnly))
            }
            Err(error) => Err(error),
        }
    }

    fn of(emulator: Emulator, keeping: Keeping) -> LocalEmulator {
        let is_persistent = matches!(keeping, Keeping::Disk(_));
        let machine = Mutex::new(Machine { emulator, keeping });
        LocalEmulator { shared: Arc::new(Shared { queue: Mutex::new(VecDeque::new()), machine }), is_persistent }
    }

    /// Answers a request that arrives now. Blocks for the time of a sync at most; callable from any thread.
    pub fn call(&self, door: Door, request: &Request, now: Now) -> Response {
        self.answer(door, Some(request.method), request, now).into_response()
    }

    /// As `call`, with what faults do to the answer on its way, which the caller carries out. `method` is `None` where
    /// it is none that the API uses.
    pub fn answer(&self, door: Door, method: Option<Method>, request: &Request, now: Now) -> Answer {
        self.answer_owned(door, method, request.clone(), now)
    }

    /// As `answer`, for a request that nobody else needs.
    pub fn answer_owned(&self, door: Door, method: Option<Method>, request: Request, now: Now) -> Answer {
        let asked = Asked { door, method, request, now };
        if !self.is_persistent {
            // Nothing is waited for but the machine itself.
            let answered = locked(&self.shared.machine).answered(&[&asked]).pop();
            return answered.expect("invariant: each request has its answer");
        }
        let answer = Arc::new(Mutex::new(None));
        let waiting = Waiting { asked, answer: Arc::clone(&answer) };
        locked(&self.shared.queue).push_back(waiting);
        let mut machine = locked(&self.shared.machine);
        if let Some(answered) = locked(&answer).take() {
            return answered;
        }
        // Nobody has answered it while this thread waited: it answers everything that has come up since.
        let batch: Vec<Waiting> = locked(&self.shared.queue).drain(..).collect();
        machine.answer_all(batch);
        let answered = locked(&answer).take();
        answered.expect("invariant: every request in the queue is answered by whoever drains it")
    }

    /// The request log, oldest first.
    pub fn requests(&self) -> Vec<LogEntry> {
        locked(&self.shared.machine).emulator.requests().cloned().collect()
    }

    /// What was set at the control door and is still so: knobs as a patch, and the number of faults.
    pub fn kept(&self) -> (serde_json::Map<String, serde_json::Value>, usize) {
        let machine = locked(&self.shared.machine);
        (machine.emulator.settings.clone(), machine.emulator.faults.list().len())
    }

    /// Stable for a folder; another one after a reset.
    pub fn account_id(&self) -> String {
        locked(&self.shared.machine).emulator.account_id().to_owned()
    }

    /// Tells the emulator where it is served.
    pub fn listens_on(&self, ports: Ports) {
        locked(&self.shared.machine).emulator.ports = ports;
    }

    /// Whether answering may wait for a disk.
    pub fn is_persistent(&self) -> bool {
        self.is_persistent
    }
}

impl Machine {
    /// Answers a batch; its changes are on the disk before any of its answers is given out.
    fn answer_all(&mut self, batch: Vec<Waiting>) {
        let asked: Vec<&Asked> = batch.iter().map(|waiting| &waiting.asked).collect();
        let answers = self.answered(&asked);
        give_out(&batch, answers);
    }

    fn answered(&mut self, batch: &[&Asked]) -> Vec<Answer> {
        self.answers(batch).unwrap_or_else(|reason| {
            let failed = |_: &&Asked| {
                let text = format!("The emulator's disk failed: {reason}.");
                Answer::whole(control_error(500, "internal_error", &text))
            };
            let answers = batch.iter().map(failed).collect();
            self.keeping = Keeping::Broken(reason);
            answers
        })
    }

    fn answers(&mut self, batch: &[&Asked]) -> Result<Vec<Answer>, String> {
        let (emulator, keeping) = (&mut self.emulator, &mut self.keeping);
        match keeping {
            Keeping::Memory => {
                let answers = batch.iter().map(|asked| answer(emulator, asked)).collect();
                emulator.take_records();
                Ok(answers)
            }
            Keeping::ReadOnly => Ok(batch.iter().map(|asked| answer_reading(emulator, asked)).collect()),
            Keeping::Broken(reason) => Err(reason.clone()),
            Keeping::Disk(store) => {
                let answers: Vec<Answer> = store
                    .transact(emulator, |emulator| {
                        // What time alone changed need not be synced: it is computed again.
                        let durable = batch.iter().any(|asked| asked.request.method.is_write());
                        (batch.iter().map(|asked| answer(emulator, asked)).collect(), durable)
                    })
                    .map_err(|error| error.to_string())?;
                let ends = batch.iter().zip(&answers).find(|(_, answered)| answered.restarts);
                if let Some((asked, _)) = ends {
                    let (anew, restored) = store.reopen(emulator.base.clone(), asked.now).map_err(|e| e.to_string())?;
                    let ports = emulator.ports;
                    *emulator = restored;
                    emulator.ports = ports;
                    **store = anew;
                }
                Ok(answers)
            }
        }
    }
}

fn answer(emulator: &mut Emulator, asked: &Asked) -> Answer {
    emulator.answer(asked.door, asked.method, &asked.request, asked.now)
}

fn answer_reading(emulator: &mut Emulator, asked: &Asked) -> Answer {
    if asked.request.method.is_write() {
        return Answer::whole(control_error(500, "internal_error", "The emulator's folder can't be written."));
    }
    let answered = answer(emulator, asked);
    emulator.take_records();
    answered
}

fn give_out(batch: &[Waiting], answers: Vec<Answer>) {
    for (waiting, answered) in batch.iter().zip(answers) {
        *locked(&waiting.answer) = Some(answered);
    }
}
