//! How steps and the run end: dependants start or are skipped, the count is kept, the last entries are written.

use super::machine::{Course, Run};
use super::work::{Aim, Errand, Next, Phase, Status, Waiter};
use crate::apply::command::Command;
use crate::apply::event::{Progress, StepEnd};
use crate::apply::identity::run_name;
use crate::apply::outputs::{differing, outputs};
use crate::desired::Outputs;
use crate::model::{Mode, NodeId};
use crate::plan::{Action, Step};
use crate::state::{Condition, JournalEntry};

impl Run {
    /// The step is over, once. What waits for it starts, or is skipped, and so on down the graph.
    pub(super) fn end(&mut self, step: NodeId, end: StepEnd) {
        let mut ending = vec![(step, end)];
        while let Some((step, end)) = ending.pop() {
            if matches!(self.works[step.0 as usize].status, Status::Ended(_)) {
                continue;
            }
            let Step { address, action, .. } = self.step(step).clone();
            self.count(step, &end);
            self.release(step);
            let work = self.work(step);
            work.status = Status::Ended(end.clone());
            (work.doing, work.instance, work.errand) = (None, None, None);
            work.todo.clear();
            self.remaining -= 1;
            let dependants = self.plan.steps.dependants(step);
            if end == StepEnd::Done {
                for dependant in dependants {
                    self.unblock(dependant);
                }
            } else {
                let because = match &end {
                    // What came of an earlier run's operation is that step's own affair.
                    StepEnd::Skipped { because: None, .. } if matches!(action, Action::Wait(_)) => {
                        Some(address.clone())
                    }
                    StepEnd::Skipped { because, .. } => because.clone(),
                    StepEnd::Done | StepEnd::Failed { .. } | StepEnd::Open { .. } => Some(address.clone()),
                };
                let why = match (&end, &because) {
                    (StepEnd::Open { .. }, Some(root)) => format!("the outcome of {root} is open"),
                    (StepEnd::Skipped { why, .. }, None) => why.clone(),
                    (StepEnd::Done | StepEnd::Failed { .. } | StepEnd::Open { .. } | StepEnd::Skipped { .. }, _) => {
                        "a step that it needs failed".to_owned()
                    }
                };
                let skipped = |dependant| (dependant, StepEnd::Skipped { because: because.clone(), why: why.clone() });
                ending.extend(dependants.into_iter().map(skipped));
            }
            let failed = matches!(end, StepEnd::Failed { .. });
            self.tell(Progress::StepEnded { step, address, action, end });
            if failed && self.options.stop_on_failure && self.course == Course::Going {
                self.course = Course::Stopping;
                self.stopped_why = Some("another step failed".to_owned());
                self.sweep_due = true;
            }
        }
        if std::mem::take(&mut self.sweep_due) {
            self.skip_rest();
        }
    }

    fn unblock(&mut self, step: NodeId) {
        let Status::Blocked(waiting) = self.works[step.0 as usize].status else { return };
        self.work(step).status = Status::Blocked(waiting.saturating_sub(1));
        if waiting <= 1 {
            self.enqueue(step);
        }
    }

    fn count(&mut self, step: NodeId, end: &StepEnd) {
        let Step { address, action, twin, .. } = self.plan.steps.node(step);
        let record = self.snapshot.records.get(address);
        let is_incomplete = matches!(end, StepEnd::Failed { .. })
            && matches!(action, Action::Create | Action::Wait(_))
            && record.is_some_and(|record| matches!(record.condition, Condition::Tainted(_)));
        self.summary.incomplete += usize::from(is_incomplete);
        self.summary.count(action, twin.is_some(), end);
    }

    /// The first Ctrl-C.
    pub(super) fn stop(&mut self) {
        self.summary.interrupted = true;
        if matches!(self.course, Course::Going | Course::Opening) {
            let in_flight = self.works.iter().filter(|work| work.began.is_some() && work.status == Status::Started);
            let in_flight = in_flight.count();
            self.course = Course::Stopping;
            self.tell(Progress::Stopping { in_flight });
            self.skip_rest();
        }
    }

    /// A second one, or SIGTERM: the journal holds what is under way; the last entry is all that is still written.
    pub(super) fn leave(&mut self) {
        self.summary.interrupted = true;
        if matches!(self.course, Course::Closing | Course::Over) {
            return;
        }
        self.course = Course::Stopping;
        self.skip_rest();
        self.abandon("it was left running; the next run takes it up");
    }

    /// Every step ends: what the journal holds as open stays open, the rest is over or did not come to it.
    fn abandon(&mut self, why: &str) {
        let all: Vec<NodeId> = self.plan.steps.order().map(|(node, _)| node).collect();
        for step in all {
            if !matches!(self.works[step.0 as usize].status, Status::Ended(_)) {
                self.abandon_step(step, why);
            }
        }
    }

    fn abandon_step(&mut self, step: NodeId, why: &str) {
        let work = &self.works[step.0 as usize];
        let doing = work.doing.as_deref();
        let is_open = doing.is_some_and(|doing| self.snapshot.open.contains_key(&doing.operation));
        let is_last = work.todo.is_empty();
        // What was given to the journal will be in it, unless nothing can be written any more.
        let is_written = self.broken.is_none();
        match (doing.map(|doing| doing.phase.clone()), &work.errand) {
            (Some(Phase::Closing(Next::End(end))), _) if is_written => self.end(step, end),
            (Some(Phase::Closing(Next::Go)), _) if is_written && is_last => self.conclude(step),
            (None, Some(Errand::Noting)) if is_written => self.conclude(step),
            (Some(Phase::Closing(_)), _) if !is_written => self.end(step, StepEnd::Open { why: why.to_owned() }),
            (Some(_), _) if is_open => self.end(step, StepEnd::Open { why: why.to_owned() }),
            (Some(_) | None, _) => self.skip(step),
        }
    }

    /// Nothing can be written any more (R5): what is under way is open, the rest does not start.
    pub(super) fn break_off(&mut self, reason: String) {
        if self.broken.is_some() {
            return;
        }
        self.broken = Some(reason.clone());
        self.summary.broken = Some(reason.clone());
        self.course = Course::Stopping;
        self.skip_rest();
        self.abandon(&format!("it cannot be recorded: {reason}"));
    }

    pub(super) fn append_failed(&mut self, waiter: Option<Waiter>, reason: String, full: bool) {
        if matches!(self.course, Course::Closing) {
            self.summary.broken.get_or_insert(reason);
            return self.finish();
        }
        match waiter {
            Some(Waiter::Step(step)) if full => {
                self.course = Course::Stopping;
                self.summary.broken.get_or_insert(reason.clone());
                let end = StepEnd::Failed {
                    message: format!("it was not started: {reason}"),
                    code: String::new(),
                    request_id: String::new(),
                    help: "free some disk space, then run again".to_owned(),
                };
                self.end(step, end);
                self.skip_rest();
            }
            Some(_) | None => self.break_off(reason),
        }
    }

    /// All steps are over: outputs and the end of the run are written.
    pub(super) fn close(&mut self) {
        self.course = Course::Closing;
        self.miss();
        if self.broken.is_some() {
            return self.finish();
        }
        let mut entries = Vec::new();
        entries.extend(self.names_back());
        let outputs = match &self.aim {
            Aim::Recovery => None,
            Aim::Apply if self.plan.refresh_only => None,
            Aim::Apply => outputs(&self.desired, &self.holdings, &self.snapshot.outputs),
            Aim::WayBack(back) => {
                self.outputs_back(back).or_else(|| outputs(&self.desired, &self.holdings, &back.former.outputs))
            }
        };
        let outputs = outputs.filter(|outputs| *outputs != self.snapshot.outputs);
        self.summary.outputs = outputs.as_ref().map_or(0, |outputs| differing(&self.snapshot.outputs, outputs));
        entries.extend(outputs.map(JournalEntry::Outputs));
        entries.push(JournalEntry::RunEnded { run: run_name(&self.seed), at: self.now.wall });
        self.append(Waiter::End, entries);
    }

    /// What was to be made or changed and was not holds what it held before, or nothing. What is written of it must not be
    /// told as if it were so; after a way back, nothing that is written holds by itself.
    fn miss(&mut self) {
        let mut missed = self.plan.left_out.clone();
        for (_, instance) in self.desired.graph.order().filter(|(_, it)| it.address.mode != Mode::Action) {
            if self.back().is_some() || self.holdings.attributes(&instance.address).is_none() {
                missed.insert(instance.address.clone());
            }
        }
        for (step, planned) in self.plan.steps.order() {
            if planned.action.leads() && self.works[step.0 as usize].status != Status::Ended(StepEnd::Done) {
                missed.insert(planned.address.clone());
            }
        }
        let catalog = self.catalog.clone();
        for address in missed.iter().filter(|address| address.mode == Mode::Managed) {
            match self.snapshot.records.get(address) {
                Some(record) if record.condition == Condition::Ready => {
                    let read = self.live.objects.get(&record.kind).and_then(|objects| objects.get(&record.id));
                    let read = read.filter(|_| !self.touched.contains(&record.id));
                    let observed = read.map_or(&record.observed, |read| &read.attributes);
                    self.holdings.hold(&catalog, record, observed);
                }
                Some(_) | None => self.holdings.drop(address),
            }
        }
        self.holdings.miss(missed);
    }

    pub(super) fn finish(&mut self) {
        self.course = Course::Over;
        self.summary.elapsed = self.elapsed();
        let summary = self.summary.clone();
        self.out.push(Command::Finish(Box::new(summary)));
    }
}
