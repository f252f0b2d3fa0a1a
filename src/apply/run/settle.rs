//! An unclear create is traced: by its mark, else by the jobs, else by a person. Never sent again blindly, never called failed.

use super::accept::is_at_rest;
use super::begin::list_below;
use super::evidence::Seen;
use super::machine::Run;
use super::work::{Failure, Next, Phase, Settling, Waiter};
use crate::apply::event::StepEnd;
use crate::apply::identity::{could_be, differing, is_marked};
use crate::cloud::{CLOCKS_APART, Job, Listing};
use crate::model::{Ident, NodeId, Observed, RemoteId};
use crate::provider::Kind;
use crate::state::{Intent, JournalEntry, OperationId};
use std::collections::BTreeSet;
use std::time::Duration;

/// Between two lists while an unclear create may still appear.
const BETWEEN_LISTS: Duration = Duration::from_secs(5);

/// Lists in one window, about.
const MOST_PASSES: u32 = 24;

/// No more lists than these: where they never agree, a person is asked about what the last one showed.
const MOST_LISTS: u32 = 2 * MOST_PASSES;

/// So many lists after each other must say that there is nothing.
const AGREEING_LISTS: u32 = 2;

/// A person is shown no more objects than these: those that differ least.
const MOST_SHOWN: usize = 20;

/// An object that differs from what a create wanted in no more attributes than this may be what it made, changed since
/// (somebody gave it another name), as long as its job tells nothing else.
const MOST_CHANGED: usize = 1;

/// Rules that prove nothing: what is adopted by them is left alone until somebody confirms it.
const GUESSES: &[&str] = &["answer", "exact", "vague job"];

/// What the API accepted and nothing shows.
pub(super) const NOWHERE: &str = "the API accepted it, and it is nowhere to be seen";

/// What the evidence says.
pub(super) enum Verdict {
    Adopt { id: RemoteId, rule: &'static str, evidence: String },
    Ask(Vec<RemoteId>),
}

impl Run {
    /// Starts tracing. The window begins now: the request can no longer leave this machine.
    pub(super) fn settle(&mut self, step: NodeId, reason: String) {
        self.trace(step, Settling { reason, ..Settling::default() });
    }

    /// As `settle`, of a create that the API accepted: it is asked about or fails, and is never sent again.
    pub(super) fn settle_accepted(&mut self, step: NodeId, reason: String) {
        self.trace(step, Settling { reason, is_accepted: true, ..Settling::default() });
    }

    fn trace(&mut self, step: NodeId, settling: Settling) {
        let operation = self.works[step.0 as usize].doing.as_ref().map(|doing| doing.operation);
        let open = operation.and_then(|operation| self.snapshot.open.get(&operation));
        // That nothing shows is only said when the window is over; about candidates it may be asked earlier. Where requests are
        // repeated, one may have left since.
        let is_over =
            !self.may_have_repeated(step) && open.is_some_and(|open| open.asked && open.candidates.is_empty());
        let window = if self.in_process || is_over { Duration::ZERO } else { self.options.settle_window };
        let until = self.now.monotonic + window;
        self.begin_search(step, Settling { until, ..settling });
    }

    /// A create's job failed without naming what it made: one look at what is there.
    pub(super) fn search_remains(&mut self, step: NodeId, failure: Failure) {
        let (until, reason) = (self.now.monotonic, failure.message.clone());
        let failure = Some(Box::new(failure));
        self.begin_search(step, Settling { until, reason, failure, ..Settling::default() });
    }

    fn begin_search(&mut self, step: NodeId, settling: Settling) {
        self.remember_asked(step);
        if let Some(doing) = self.work(step).doing.as_mut() {
            doing.tries.looks = 0;
        }
        self.search(step, settling);
    }

    /// One pass: the list of the kind.
    pub(super) fn search(&mut self, step: NodeId, settling: Settling) {
        let now = self.now.monotonic;
        let work = &mut self.works[step.0 as usize];
        let Some(doing) = work.doing.as_mut() else { return };
        doing.tries.asked = now;
        let Some(kind) = self.catalog.kind(&doing.kind) else { return };
        doing.phase = Phase::Settling(Settling { passes: settling.passes + 1, listed: None, ..settling });
        let list = list_below(kind, &work.wanted);
        self.list_jointly(list, vec![step]);
    }

    /// The list is there.
    pub(super) fn traced(&mut self, step: NodeId, answer: Result<Listing, String>) {
        let catalog = self.catalog.clone();
        let Some(intent) = self.intent_of(step) else { return };
        let Some(kind) = catalog.kind(&intent.kind) else { return };
        let objects = match answer {
            Ok(listing) => listing.objects,
            Err(reason) => return self.pass_over(step, Some(reason)),
        };
        if let Some(answer) = self.options.answers.get(&intent.address).cloned() {
            return self.answered_by_person(step, &intent, answer, &objects);
        }
        let there = self.recall(step, &objects);
        // An API that leaves tags out of its answers shows no mark: then the object is looked for as one without.
        let shows =
            |stamp: &Ident| objects.is_empty() || objects.iter().any(|object| object.attributes.contains_key(stamp));
        if let Some(stamp) = kind.stamp.as_ref().filter(|stamp| shows(stamp)) {
            let marked: Vec<&Observed> = objects.iter().filter(|object| is_marked(object, stamp, &intent)).collect();
            if marked.is_empty() {
                if let Some(settling) = self.settling(step) {
                    settling.unexplained = there;
                }
                return self.pass_over(step, None);
            }
            let verdict = by_mark(kind, &intent, &marked);
            let ids: Vec<RemoteId> = marked.iter().map(|object| object.id.clone()).collect();
            self.remember(step, &ids);
            let is_sure =
                matches!(verdict, Verdict::Adopt { .. }) || self.is_window_over(step) || self.was_asked(step, &ids);
            let is_settled = self.shown_again(step, ids.iter().cloned().collect()) && is_sure;
            return match self.may_list_again(step) {
                _ if is_settled => self.judge(step, verdict, &objects),
                true => self.list_again(step),
                false => self.judge(step, Verdict::Ask(ids), &objects),
            };
        }
        let new = objects.into_iter().filter(|object| !self.is_known(&intent, &object.id));
        let (candidates, others): (Vec<Observed>, Vec<Observed>) =
            new.partition(|object| could_be(kind, &intent, object));
        let claims = self.claims(kind, Some(intent.operation));
        let (claimed, free): (Vec<&Observed>, Vec<&Observed>) = others.iter().partition(|object| claims.hold(object));
        let unexplained = self.unexplained(kind, &intent, &free);
        let is_another = |object: &&&Observed| differing(kind, &intent, object).nth(MOST_CHANGED).is_some();
        let others = claimed.iter().chain(free.iter().filter(is_another)).map(|object| object.id.clone());
        let others: BTreeSet<RemoteId> = others.collect();
        let is_blank = candidates.is_empty();
        self.remember(step, candidates.iter().map(|object| &object.id).chain(&unexplained));
        let Some(doing) = self.work(step).doing.as_mut() else { return };
        let surface = doing.surface.clone();
        if let Phase::Settling(settling) = &mut doing.phase {
            // A list that shows something else than the one before does not agree with it.
            if settling.unexplained != unexplained {
                settling.blank = 0;
            }
            settling.unexplained = unexplained;
            settling.others = others;
            settling.listed = Some(candidates).filter(|_| !is_blank);
        }
        if is_blank {
            return self.pass_over(step, None);
        }
        self.jobs_jointly(surface, step);
    }

    /// Ours already, or there before the first create. What a person was asked about stays a candidate, though later creates
    /// know it as there before them.
    pub(super) fn is_known(&self, intent: &Intent, id: &RemoteId) -> bool {
        let is_asked_about = || {
            let open = self.snapshot.open.get(&intent.operation);
            open.is_some_and(|open| open.candidates.contains(id))
        };
        let was_there = self.snapshot.strangers.get(&intent.kind).is_some_and(|ids| ids.contains(id));
        self.snapshot.ids.contains_key(id) || was_there && !is_asked_about()
    }

    /// What is nobody's, not known from before, no other create's and not as wanted: somebody may have changed it between its
    /// making and the list. Where nobody knows who was there before, that is whatever there is. Those that differ least come
    /// first.
    pub(super) fn unexplained(&self, kind: &Kind, intent: &Intent, new: &[&Observed]) -> Vec<RemoteId> {
        let others = new.iter().filter(|object| !self.touched.contains(&object.id));
        let mut found: Vec<(usize, &RemoteId)> =
            others.map(|it| (differing(kind, intent, it).count(), &it.id)).collect();
        found.sort();
        found.into_iter().take(MOST_SHOWN).map(|(_, id)| id.clone()).collect()
    }

    /// Whether the list before showed the same candidates: one list may leave out what is there.
    fn shown_again(&mut self, step: NodeId, ids: BTreeSet<RemoteId>) -> bool {
        let Some(settling) = self.settling(step) else { return true };
        settling.blank = 0;
        let is_same = settling.shown == ids;
        settling.shown = ids;
        is_same
    }

    /// The search that a step is at, between two pauses.
    pub(super) fn settling(&mut self, step: NodeId) -> Option<&mut Settling> {
        let Phase::Settling(settling) = &mut self.work(step).doing.as_mut()?.phase else { return None };
        Some(settling)
    }

    fn is_window_over(&self, step: NodeId) -> bool {
        let Some(doing) = &self.works[step.0 as usize].doing else { return true };
        !matches!(&doing.phase, Phase::Settling(settling) if doing.tries.asked < settling.until)
    }

    pub(super) fn may_list_again(&mut self, step: NodeId) -> bool {
        !self.is_window_over(step) || self.settling(step).is_some_and(|settling| settling.passes < MOST_LISTS)
    }

    /// Whether a person was asked about these very objects already.
    pub(super) fn was_asked(&self, step: NodeId, candidates: &[RemoteId]) -> bool {
        let operation = self.works[step.0 as usize].doing.as_ref().map(|doing| doing.operation);
        let open = operation.and_then(|operation| self.snapshot.open.get(&operation));
        open.is_some_and(|open| open.asked && open.candidates == candidates)
    }

    /// Another list in a moment; one that cannot be asked for any more leaves everything as it is.
    pub(super) fn list_again(&mut self, step: NodeId) {
        if self.is_refused {
            return self
                .leave_open(step, "what became of it cannot be seen: the API does not accept the key".to_owned());
        }
        let Some(settling) = self.settling(step).map(std::mem::take) else { return };
        let span = self.between_lists();
        self.search_in_round(step, span, settling);
    }

    fn between_lists(&self) -> Duration {
        let least = if self.in_process { Duration::ZERO } else { self.options.settle_window / MOST_PASSES };
        self.scaled(BETWEEN_LISTS).max(least)
    }

    /// The jobs are there: one that made a candidate is exact evidence, the create's own before all others.
    pub(super) fn recent_jobs(&mut self, step: NodeId, answer: Result<Vec<Job>, String>) {
        let Some(doing) = &self.works[step.0 as usize].doing else { return };
        let Phase::Settling(settling) = &doing.phase else { return };
        let Some(candidates) = settling.listed.clone() else { return };
        let shown: Vec<RemoteId> =
            candidates.iter().map(|object| object.id.clone()).chain(settling.unexplained.iter().cloned()).collect();
        let jobs = answer.unwrap_or_default();
        let Some(intent) = self.intent_of(step) else { return };
        let makes = |job: &Job, object: &Observed| {
            is_creation(job) && is_since(job, &intent) && self.named_by(step, job).as_ref() == Some(&object.id)
        };
        let made = |object: &Observed| jobs.iter().any(|job| is_exact(job) && makes(job, object));
        let is_vague = |object: &Observed| jobs.iter().any(|job| makes(job, object));
        let others = &settling.others;
        let is_contested = |object: &RemoteId| self.is_contested(step, &intent, &jobs, &Seen { object, others });
        let is_contested = matches!(candidates.as_slice(), [one] if is_contested(&one.id));
        let own = jobs.iter().find(|job| doing.job.as_ref() == Some(&job.id));
        let own = own.and_then(|job| candidates.iter().find(|object| makes(job, object)));
        let verdict = match (own, candidates.as_slice()) {
            (Some(one), _) => {
                Verdict::Adopt { id: one.id.clone(), rule: "job", evidence: format!("its own job names {}", one.id) }
            }
            // Who was there before is not known: each of them can be a stranger's.
            _ if !intent.surveyed => Verdict::Ask(shown.clone()),
            (None, [one]) if made(one) && !is_contested => Verdict::Adopt {
                id: one.id.clone(),
                rule: "job",
                evidence: format!("a create job names {}, which is new and as wanted", one.id),
            },
            (None, [one]) if self.is_unique(step) => Verdict::Adopt {
                id: one.id.clone(),
                rule: "unique",
                evidence: format!("{} is new and as wanted, and there can be no other", one.id),
            },
            (None, [one]) if is_vague(one) && !is_contested => Verdict::Adopt {
                id: one.id.clone(),
                rule: "vague job",
                evidence: format!(
                    "a job names {}, which is new and as wanted, and does not tell when and what it was",
                    one.id
                ),
            },
            (None, [one]) if self.options.adopt_exact => Verdict::Adopt {
                id: one.id.clone(),
                rule: "exact",
                evidence: format!("{} is the only new one that is as wanted, and --adopt exact was given", one.id),
            },
            _ => Verdict::Ask(shown.clone()),
        };
        let Some(kind) = self.catalog.kind(&doing.kind) else { return };
        let soon = candidates.iter().any(|object| !is_at_rest(kind, object)) && self.now.monotonic < doing.deadline;
        let is_same = self.shown_again(step, shown.iter().cloned().collect());
        let may_wait = self.may_list_again(step);
        let may_show = !self.is_window_over(step) && !self.was_asked(step, &shown);
        match &verdict {
            // The job that makes it names it when it is through.
            Verdict::Ask(_) if soon => self.list_again(step),
            // What the other job makes may show itself yet.
            Verdict::Ask(_) if is_contested && may_show => self.list_again(step),
            Verdict::Ask(_) if !is_same && may_wait => self.list_again(step),
            Verdict::Adopt { rule, .. } if GUESSES.contains(rule) && !is_same => {
                if may_wait {
                    self.list_again(step)
                } else {
                    self.judge(step, Verdict::Ask(shown), &candidates)
                }
            }
            Verdict::Ask(_) | Verdict::Adopt { .. } => self.judge(step, verdict, &candidates),
        }
    }

    fn is_unique(&self, step: NodeId) -> bool {
        self.catalog.kind(&self.step(step).address.kind).is_some_and(|kind| kind.natural_key_unique)
    }

    /// Only a person can tell; written once.
    pub(super) fn ask(&mut self, step: NodeId, operation: OperationId, candidates: Vec<RemoteId>, why: String) {
        let end = StepEnd::Open { why };
        self.summary.asked += 1;
        let same = self.snapshot.open.get(&operation).is_some_and(|open| open.asked && open.candidates == candidates);
        if same {
            return self.end(step, end);
        }
        self.close_with(step, vec![JournalEntry::Asked { operation, candidates }], Next::End(end));
    }

    pub(super) fn judge(&mut self, step: NodeId, verdict: Verdict, objects: &[Observed]) {
        let Some(intent) = self.intent_of(step) else { return };
        let operation = intent.operation;
        match verdict {
            Verdict::Ask(candidates) => {
                let why = match candidates.as_slice() {
                    [one] => format!("it may have made {one}: say whether"),
                    several => format!("it may have made one of {}: say which", listed(several)),
                };
                self.ask(step, operation, candidates, why);
            }
            Verdict::Adopt { id, rule, evidence } => {
                let seen = objects.iter().find(|object| object.id == id).cloned();
                if let Some(doing) = self.work(step).doing.as_mut() {
                    doing.id = Some(id.clone());
                    doing.job = seen.and_then(|object| object.current_job);
                    doing.phase = Phase::Accepting;
                }
                let mut entries = self.binding(step, operation, &id);
                entries.retain(|entry| !matches!(entry, JournalEntry::Bound { .. }));
                let is_guess = GUESSES.contains(&rule);
                let guess = JournalEntry::Quarantined { address: intent.address.clone(), why: evidence.clone() };
                entries.push(JournalEntry::Adopted { operation, id, rule: rule.to_owned(), evidence });
                entries.extend(is_guess.then_some(guess));
                self.append(Waiter::Step(step), entries);
            }
        }
    }

    /// Nothing showed in this pass: another one until the window is over, then the create made nothing, or a person is asked.
    fn pass_over(&mut self, step: NodeId, unread: Option<String>) {
        if unread.is_none() && self.is_out_of_sight(step) {
            return;
        }
        let Some(settling) = self.settling(step) else { return };
        settling.blank += u32::from(unread.is_none());
        settling.shown.clear();
        let is_seen_blank = settling.blank >= AGREEING_LISTS || unread.is_some();
        let (is_enough, unexplained) = (settling.passes >= MOST_LISTS, settling.unexplained.clone());
        let is_tried = unread.is_none() || settling.passes >= super::look::ATTEMPTS || self.is_refused;
        // A list that was asked for within the window may be from within it, however late it came. What was asked about
        // at its end is asked about again.
        let same = !unexplained.is_empty() && self.was_asked(step, &unexplained);
        let over = (self.is_window_over(step) || same) && (is_seen_blank || is_enough);
        match unread {
            _ if !(over && is_tried) => self.list_again(step),
            Some(reason) => self.leave_open(step, format!("what became of it cannot be seen: {reason}")),
            None => self.ask_for_missing(step),
        }
    }

    /// Neither a list nor a route of its own shows anything that it could have made.
    pub(super) fn give_up(&mut self, step: NodeId) {
        let Some(mut settling) = self.settling(step).map(std::mem::take) else { return };
        let Some(doing) = &self.works[step.0 as usize].doing else { return };
        let (operation, inherited, attempt) = (doing.operation, doing.inherited, doing.attempt);
        let kind = self.catalog.kind(&doing.kind);
        let is_telling = |kind: &Kind| kind.stamp.is_some() || settling.is_accepted && kind.documented_list;
        let is_told = kind.is_some_and(is_telling);
        let is_seen_blank = settling.blank >= AGREEING_LISTS;
        if let Some(failure) = settling.failure.take_if(|_| is_seen_blank) {
            let failure = self.beside(step, *failure, &settling.unexplained);
            return self.failed_for_good(step, failure, None);
        }
        let is_provable = is_seen_blank && (is_told || self.in_process || self.options.retry_unknown);
        if !is_provable || !settling.unexplained.is_empty() {
            let why = no_proof(&settling);
            return self.ask(step, operation, settling.unexplained, why);
        }
        if settling.is_accepted {
            return self.failed_for_good(step, nowhere(), None);
        }
        let evidence = format!("not in {} lists after: {}", settling.passes, settling.reason);
        let entry = JournalEntry::NotCreated { operation, evidence };
        let next = if inherited {
            Next::End(StepEnd::fruitless("it made nothing"))
        } else if attempt < super::look::ATTEMPTS {
            Next::Again(self.scaled(Duration::from_secs(1 << attempt.min(4))))
        } else {
            let failure = Failure {
                message: format!("it was tried {attempt} times: {}", settling.reason),
                help: "run again when the API answers".to_owned(),
                ..Failure::default()
            };
            Next::End(failure.end())
        };
        self.close_with(step, vec![entry], next);
    }

    /// A failure that tells what appeared while the create was under way and may be what it left, changed since.
    fn beside(&self, step: NodeId, failure: Failure, others: &[RemoteId]) -> Failure {
        let is_surveyed = self.intent_of(step).is_some_and(|intent| intent.surveyed);
        if others.is_empty() || !is_surveyed {
            return failure;
        }
        let (others, help) = (listed(others), &failure.help);
        Failure { help: format!("{help}; {others} appeared meanwhile: look whether that is what it left"), ..failure }
    }

    pub(super) fn intent_of(&self, step: NodeId) -> Option<Intent> {
        let doing = self.works[step.0 as usize].doing.as_ref()?;
        self.snapshot.open.get(&doing.operation).map(|open| open.intent.clone())
    }
}

fn no_proof(settling: &Settling) -> String {
    let reason = &settling.reason;
    if settling.unexplained.is_empty() {
        return format!(
            "nothing shows that it was made, and nothing proves that it was not ({reason}): look, and say so"
        );
    }
    may_be(&settling.unexplained, reason)
}

/// That the API accepted a create and nothing shows of it, as a failure.
pub(super) fn nowhere() -> Failure {
    Failure {
        message: NOWHERE.to_owned(),
        help: "run again; if it happens again, ask the support with the job's id".to_owned(),
        ..Failure::default()
    }
}

/// The question about objects that are not as wanted.
pub(super) fn may_be(shown: &[RemoteId], reason: &str) -> String {
    let shown = listed(shown);
    format!("{shown} may be it, changed since, and nobody knows whose it is ({reason}): look, and say so")
}

fn listed(ids: &[RemoteId]) -> String {
    let ids: Vec<&str> = ids.iter().map(RemoteId::as_str).collect();
    ids.join(", ")
}

/// An object with the mark is what the create made, as long as it is as the create wanted it: a copy takes its original's
/// mark along.
fn by_mark(kind: &Kind, intent: &Intent, marked: &[&Observed]) -> Verdict {
    match marked {
        [one] if could_be(kind, intent, one) => Verdict::Adopt {
            id: one.id.clone(),
            rule: "mark",
            evidence: format!("{} carries the mark of this very request", one.id),
        },
        others => Verdict::Ask(others.iter().map(|object| object.id.clone()).collect()),
    }
}

/// Whether the job began after the request left, as far as two machines' clocks can say.
pub(super) fn is_since(job: &Job, intent: &Intent) -> bool {
    job.created.is_none_or(|created| intent.at.since(created) <= CLOCKS_APART)
}

/// A job that tells neither what it is nor when it began is anybody's.
fn is_exact(job: &Job) -> bool {
    !job.work.is_empty() && job.created.is_some()
}

/// Jobs that make objects are called so by the API (`server.create`, `snapshot`).
pub(super) fn is_creation(job: &Job) -> bool {
    job.work.is_empty() || job.work.contains("create") || job.work.contains("snapshot")
}
