//! Jobs, polled together: one timer a surface, many ids a request, a bounded number of requests a minute.

use super::machine::Run;
use super::refuse::failure_of;
use super::work::{Deed, Failure, Next, Phase, Then, Waiter, Why};
use crate::apply::command::{Command, Ticket};
use crate::apply::event::Progress;
use crate::apply::identity::fraction;
use crate::cloud::{Job, JobStatus, SINGLE_JOBS};
use crate::model::{Ident, JobId, NodeId, RemoteId, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// `contract.md` 2.5.
const FIRST_POLL: Duration = Duration::from_secs(2);
const LAST_POLL: Duration = Duration::from_secs(10);
const GROWTH: f64 = 1.5;
/// Time that one polling request stands for, so that there are never more than 40 of them a minute.
const PER_REQUEST: Duration = Duration::from_millis(1500);

/// The open jobs of one surface.
#[derive(Debug, Default)]
pub(super) struct Poller {
    jobs: BTreeMap<JobId, Watch>,
    /// Those that are not asked for at the moment, by when they are due.
    waiting: BTreeSet<(Duration, JobId)>,
    /// When the timer that is set goes off, and its ticket: an earlier one replaces it.
    timer: Option<(Duration, Ticket)>,
    /// Not before this instant, by the requests made so far.
    not_before: Duration,
}

#[derive(Debug)]
struct Watch {
    steps: Vec<NodeId>,
    interval: Duration,
    due: Duration,
    progress: Option<u8>,
}

impl Run {
    /// From now on the job is polled; the step hears of its end.
    pub(super) fn watch_job(&mut self, step: NodeId, surface: Ident, job: JobId) {
        self.watch_job_from(step, surface, job, self.now.monotonic);
    }

    /// As `watch_job`, from an instant on at which it begins.
    fn watch_job_from(&mut self, step: NodeId, surface: Ident, job: JobId, begin: Duration) {
        let interval = self.scaled(FIRST_POLL);
        let due = begin.max(self.now.monotonic) + self.jittered(interval);
        let watch = Watch { steps: vec![step], interval, due, progress: None };
        let poller = self.pollers.entry(surface.clone()).or_default();
        match poller.jobs.get_mut(&job) {
            Some(watch) => watch.steps.push(step),
            None => {
                poller.waiting.insert((due, job.clone()));
                poller.jobs.insert(job, watch);
            }
        }
        self.set_timer(&surface);
    }

    fn jittered(&mut self, span: Duration) -> Duration {
        let draw = self.draw();
        span.mul_f64(0.8 + 0.4 * fraction(&self.seed, draw))
    }

    /// One timer a surface, at the earliest job that is due.
    fn set_timer(&mut self, surface: &Ident) {
        let now = self.now.monotonic;
        let Some(poller) = self.pollers.get(surface) else { return };
        let Some((due, _)) = poller.waiting.first() else { return };
        let at = (*due).max(poller.not_before);
        if poller.timer.as_ref().is_some_and(|(set, _)| *set <= at) {
            return;
        }
        let ticket = self.ticket(Waiter::Poll(surface.clone()));
        if let Some(poller) = self.pollers.get_mut(surface)
            && let Some((_, old)) = poller.timer.replace((at, ticket))
        {
            self.waiters.remove(&old);
        }
        self.out.push(Command::Sleep { ticket, span: at.saturating_sub(now) });
    }

    /// The timer went off: all that are due, and those that will be soon as far as the last request has room.
    pub(super) fn poll_due(&mut self, surface: &Ident) {
        let now = self.now.monotonic;
        let batch = self.catalog.surfaces.get(surface).map_or(50, |surface| surface.jobs_batch.max(1)) as usize;
        let per_request = self.scaled(PER_REQUEST);
        let Some(poller) = self.pollers.get_mut(surface) else { return };
        poller.timer = None;
        let due = poller.waiting.iter().take_while(|(due, _)| *due <= now).count();
        let asked = (due.div_ceil(batch) * batch).min(poller.waiting.len());
        let ids: Vec<JobId> = (0..asked).filter_map(|_| poller.waiting.pop_first()).map(|(_, job)| job).collect();
        let requests = u32::try_from(ids.len().div_ceil(batch)).unwrap_or(u32::MAX);
        poller.not_before = now + per_request.saturating_mul(requests);
        for ids in ids.chunks(batch) {
            let ticket = self.ticket(Waiter::Jobs(surface.clone(), ids.to_vec()));
            self.out.push(Command::PollJobs { ticket, surface: surface.clone(), ids: ids.to_vec() });
        }
        self.set_timer(surface);
    }

    /// An answer for a batch of jobs.
    pub(super) fn polled(&mut self, surface: &Ident, ids: &[JobId], answer: Result<Vec<Job>, String>) {
        if answer.is_err() && self.is_refused {
            return self.leave_jobs(surface, ids);
        }
        let mut jobs: BTreeMap<JobId, Job> =
            answer.unwrap_or_default().into_iter().map(|job| (job.id.clone(), job)).collect();
        let mut finished = Vec::new();
        let mut unasked = Vec::new();
        for id in ids {
            match jobs.remove(id) {
                Some(job) if job.status == JobStatus::Unasked => unasked.push(id.clone()),
                Some(job) if job.status != JobStatus::Open => {
                    let steps = self.unwatch(surface, id);
                    finished.extend(steps.into_iter().map(|step| (step, job.clone())));
                }
                Some(job) => self.watch_on(surface, id, Some(job.progress)),
                None => self.watch_on(surface, id, None),
            }
        }
        let mut together = Vec::new();
        for (step, job) in finished {
            if self.job_over(step, &job) {
                together.push(step);
            }
        }
        self.look_together(together, &Why::Done);
        self.ask_otherwise(surface, unasked);
        self.set_timer(surface);
    }

    /// Many jobs, and the API answers for one at a time: those whose objects a documented list shows are followed there;
    /// of the others a few are asked for now, and the rest after them.
    fn ask_otherwise(&mut self, surface: &Ident, unasked: Vec<JobId>) {
        let mut single = Vec::new();
        for id in unasked {
            let steps =
                self.pollers.get(surface).and_then(|poller| poller.jobs.get(&id)).map(|watch| watch.steps.clone());
            let steps = steps.unwrap_or_default();
            if steps.iter().all(|step| self.is_listed(*step)) {
                self.unwatch(surface, &id);
                steps.into_iter().for_each(|step| self.look_in_round(step, Duration::ZERO));
            } else {
                single.push(id);
            }
        }
        if single.is_empty() {
            return;
        }
        let rest = single.split_off(single.len().min(SINGLE_JOBS));
        let ticket = self.ticket(Waiter::Jobs(surface.clone(), single.clone()));
        self.out.push(Command::PollJobs { ticket, surface: surface.clone(), ids: single });
        let pause = self.scaled(PER_REQUEST * u32::try_from(SINGLE_JOBS).unwrap_or(1));
        let due = self.now.monotonic + pause;
        let Some(poller) = self.pollers.get_mut(surface) else { return };
        poller.not_before = poller.not_before.max(due);
        for id in rest {
            if let Some(watch) = poller.jobs.get_mut(&id) {
                watch.due = due;
                poller.waiting.insert((due, id));
            }
        }
    }

    /// Whether a list that the documents show tells of the step's object, or has yet to tell.
    fn is_listed(&self, step: NodeId) -> bool {
        let Some(doing) = &self.works[step.0 as usize].doing else { return false };
        let listed = self.catalog.kind(&doing.kind).is_some_and(|kind| kind.documented_list);
        let is_shown = doing.id.is_some() || doing.deed == Deed::Create && !doing.tries.unsure;
        listed && is_shown && doing.phase == Phase::Polling
    }

    /// As `watch_job`, asked for soon and by itself: what the object shows is not enough.
    pub(super) fn watch_job_alone(&mut self, step: NodeId, surface: Ident, job: JobId) {
        let ids = vec![job.clone()];
        self.watch_job(step, surface.clone(), job.clone());
        if let Some(poller) = self.pollers.get_mut(&surface) {
            if let Some(watch) = poller.jobs.get(&job) {
                poller.waiting.remove(&(watch.due, job));
            }
            let ticket = self.ticket(Waiter::Jobs(surface.clone(), ids.clone()));
            self.out.push(Command::PollJobs { ticket, surface, ids });
        }
    }

    fn unwatch(&mut self, surface: &Ident, job: &JobId) -> Vec<NodeId> {
        let Some(poller) = self.pollers.get_mut(surface) else { return Vec::new() };
        let Some(watch) = poller.jobs.remove(job) else { return Vec::new() };
        poller.waiting.remove(&(watch.due, job.clone()));
        watch.steps
    }

    /// The job goes on: its next poll, later than the last one; past the deadline its step is left open.
    fn watch_on(&mut self, surface: &Ident, id: &JobId, progress: Option<u8>) {
        let longest = self.scaled(LAST_POLL);
        let draw = self.draw();
        let jitter = 0.8 + 0.4 * fraction(&self.seed, draw);
        let now = self.now.monotonic;
        let Some(poller) = self.pollers.get_mut(surface) else { return };
        let Some(watch) = poller.jobs.get_mut(id) else { return };
        watch.interval = watch.interval.mul_f64(GROWTH).min(longest);
        watch.due = now + watch.interval.mul_f64(jitter);
        poller.waiting.insert((watch.due, id.clone()));
        let (steps, changed) = (watch.steps.clone(), progress.is_some() && progress != watch.progress);
        watch.progress = progress.or(watch.progress);
        let mut late = Vec::new();
        for step in steps {
            if changed && let Some(progress) = progress {
                self.tell(Progress::Job { step, job: id.clone(), progress });
            }
            late.extend(self.works[step.0 as usize].doing.as_ref().filter(|doing| now >= doing.deadline).map(|_| step));
        }
        for step in late {
            self.forget_job(surface, id, step);
            self.leave_open(step, format!("job {id} takes longer than its timeout"));
        }
    }

    /// Nothing that is asked is answered any more.
    fn leave_jobs(&mut self, surface: &Ident, ids: &[JobId]) {
        for id in ids {
            for step in self.unwatch(surface, id) {
                self.leave_open(step, format!("job {id} cannot be asked for: the API does not accept the key"));
            }
        }
    }

    fn forget_job(&mut self, surface: &Ident, id: &JobId, step: NodeId) {
        let Some(poller) = self.pollers.get_mut(surface) else { return };
        if let Some(watch) = poller.jobs.get_mut(id) {
            watch.steps.retain(|other| *other != step);
            if watch.steps.is_empty() {
                poller.waiting.remove(&(watch.due, id.clone()));
                poller.jobs.remove(id);
            }
        }
    }

    /// A job came to its end. Whether the object is now to be read, with others.
    fn job_over(&mut self, step: NodeId, job: &Job) -> bool {
        let Some(doing) = &self.works[step.0 as usize].doing else { return false };
        match doing.phase.clone() {
            Phase::Looking(why) if job.status == JobStatus::Missing => {
                let span = self.busy_pause(step);
                self.pause(step, span, Then::Look(why));
            }
            Phase::Closing(Next::AfterJob(..)) if job.status == JobStatus::Missing => {
                let span = self.busy_pause(step);
                self.pause(step, span, Then::Retry);
            }
            Phase::Looking(why) => self.look(step, why),
            Phase::Closing(Next::AfterJob(..)) => self.again(step),
            Phase::Polling => return self.own_job_over(step, job),
            Phase::Waiting
            | Phase::Recording
            | Phase::Sending
            | Phase::Accepting
            | Phase::Pausing(_)
            | Phase::Settling(_)
            | Phase::Closing(_) => {}
        }
        false
    }

    fn own_job_over(&mut self, step: NodeId, job: &Job) -> bool {
        let named = self.named_by(step, job);
        let waits = self.works[step.0 as usize].instance.as_ref().is_some_and(|i| i.lifecycle.wait_for_window);
        let timeout = self.timeout_of_kind(step);
        let is_listed = self.is_listed(step);
        let Some(doing) = self.works[step.0 as usize].doing.as_mut() else { return false };
        if doing.deed == Deed::Create && doing.id.is_none() {
            doing.id = named;
        }
        doing.tries.jobless |= job.status == JobStatus::Missing;
        let is_accepted = job.status != JobStatus::Missing || doing.tries.unsure;
        let (deed, has_object) = (doing.deed.clone(), doing.id.is_some());
        match (&job.status, deed) {
            (JobStatus::Scheduled(at), _) if waits => {
                let window = self.now.monotonic + at.since(self.now.wall);
                doing.deadline = doing.deadline.max(window + Duration::from_millis(timeout));
                let surface = doing.surface.clone();
                self.tell(Progress::Waiting { step, why: format!("scheduled for {at}") });
                self.watch_job_from(step, surface, job.id.clone(), window);
                false
            }
            (JobStatus::Succeeded | JobStatus::Scheduled(_), Deed::Delete) => {
                self.deleted(step);
                false
            }
            (JobStatus::Succeeded | JobStatus::Scheduled(_), Deed::Run) => {
                self.ran(step);
                false
            }
            (JobStatus::Succeeded | JobStatus::Scheduled(_), Deed::Create | Deed::Update(_)) if has_object => true,
            (JobStatus::Succeeded | JobStatus::Scheduled(_) | JobStatus::Missing, Deed::Create)
                if !has_object && is_listed =>
            {
                self.look_in_round(step, Duration::ZERO);
                false
            }
            (JobStatus::Succeeded | JobStatus::Scheduled(_) | JobStatus::Missing, Deed::Create) if !has_object => {
                let reason = format!("job {} does not name what it made", job.id);
                if is_accepted {
                    self.settle_accepted(step, reason);
                } else {
                    self.settle(step, reason);
                }
                false
            }
            (JobStatus::Missing, Deed::Run) => {
                self.ran(step);
                false
            }
            (JobStatus::Failed | JobStatus::Canceled, deed) => {
                self.job_failed(step, job, deed == Deed::Create && has_object);
                false
            }
            (
                JobStatus::Missing
                | JobStatus::Open
                | JobStatus::Unasked
                | JobStatus::Succeeded
                | JobStatus::Scheduled(_),
                deed,
            ) => {
                self.look(step, why_to_look(job, &deed));
                false
            }
        }
    }

    /// How long the step's operation may take, in milliseconds.
    fn timeout_of_kind(&self, step: NodeId) -> u64 {
        let operation = self.works[step.0 as usize].doing.as_ref().and_then(|doing| {
            let Deed::Update(name) = &doing.deed else { return None };
            self.catalog.kind(&doing.kind)?.updates.get(name)
        });
        operation.map_or(600_000, |operation| operation.timeout.max(0).unsigned_abs())
    }

    fn job_failed(&mut self, step: NodeId, job: &Job, left_something: bool) {
        let failure = match &job.error {
            Some(error) => failure_of(error),
            None => Failure {
                message: match job.status {
                    JobStatus::Canceled => format!("job {} was canceled", job.id),
                    JobStatus::Open
                    | JobStatus::Scheduled(_)
                    | JobStatus::Succeeded
                    | JobStatus::Failed
                    | JobStatus::Missing
                    | JobStatus::Unasked => format!("job {} failed", job.id),
                },
                help: "run again; if it fails again, ask the support with the job's id".to_owned(),
                ..Failure::default()
            },
        };
        let makes = self.works[step.0 as usize].doing.as_ref().is_some_and(|doing| doing.deed == Deed::Create);
        match (left_something, makes) {
            (true, _) => self.look(step, Why::Failed(Box::new(failure))),
            // The job is over, so whatever it left is there by now, even where the job does not name it.
            (false, true) => self.search_remains(step, failure),
            (false, false) => self.failed_for_good(step, failure, None),
        }
    }

    /// The object that a create's job names.
    pub(super) fn named_by(&self, step: NodeId, job: &Job) -> Option<RemoteId> {
        let kind = self.catalog.kind(&self.step(step).address.kind)?;
        let id = match &kind.create.id_in_result {
            Some(member) => match job.result.as_ref()? {
                Value::Object(members) => members.get(member.as_str())?.as_str().map(RemoteId::new),
                Value::Map(entries) => entries.get(&crate::model::Key::text(member))?.as_str().map(RemoteId::new),
                Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::String(_)
                | Value::Duration(_)
                | Value::List(_)
                | Value::Set(_)
                | Value::Unknown(_)
                | Value::Sealed(_) => None,
            },
            None => job.resource.clone(),
        };
        id.filter(|id| id.as_str().starts_with(&kind.id_prefix))
    }
}

/// What is looked for at an object whose job says no more: what is there and at rest is not being deleted.
fn why_to_look(job: &Job, deed: &Deed) -> Why {
    match (&job.status, deed) {
        (JobStatus::Missing, Deed::Delete) => Why::Unclear(format!("job {} is not known any more", job.id)),
        (_, Deed::Create | Deed::Update(_) | Deed::Delete | Deed::Run) => Why::Watching,
    }
}
