//! `cnx apply [FILE]` and `cnx destroy`: plan, ask, carry out.

use super::answers::{self, Answers};
use super::args::{Apply, Consent, Destroy, OnFailure};
use super::choices::Choices;
use super::driving::Signals;
use super::exit::{Exit, Failure};
use super::memory::Held;
use super::parameters::Given;
use super::planning::{self, Planned};
use super::progress::Teller;
use super::run_action::Meant;
use super::saved::Saved;
use super::session::{self, Prepared, block_on};
use super::shell::Shell;
use super::target::{Access, Reached};
use super::{codes, consent, driving, edit, memory, plan, saved, settling, state};
use crate::apply::{self, Ended, Holdings, Input, Recovered, RolledBack, Summary, Undone};
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Address, AddressPattern};
use crate::plan::{Action, Approved, Live, Plan, checks};
use crate::report::progress::{rolled_back, summary};
use crate::state::{JournalEntry, Snapshot, Store};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const QUESTION: &str = "Apply these changes?";

pub fn run(shell: &mut Shell, arguments: &Apply) -> Result<Exit, Failure> {
    if let Some(path) = &arguments.file {
        return saved_plan(shell, path, arguments);
    }
    let choices = Choices {
        refresh_only: arguments.refresh_only,
        ..Choices::new(shell.global.environment.clone(), &arguments.planning)
    };
    let order = Order {
        command: "apply",
        question: QUESTION,
        consent: &arguments.consent,
        choices,
        given: None,
        agreed: None,
        meant: None,
    };
    carry_out(shell, order)
}

pub fn destroy(shell: &mut Shell, arguments: &Destroy) -> Result<Exit, Failure> {
    let choices = Choices { destroy: true, ..Choices::new(shell.global.environment.clone(), &arguments.planning) };
    let question = "Destroy all of this?";
    let order = Order {
        command: "destroy",
        question,
        consent: &arguments.consent,
        choices,
        given: None,
        agreed: None,
        meant: None,
    };
    carry_out(shell, order)
}

/// Whoever saved a plan looked at it: it needs no further yes, but it must still be the same.
fn saved_plan(shell: &mut Shell, path: &Path, arguments: &Apply) -> Result<Exit, Failure> {
    let saved = saved::read(shell, path)?;
    let consent = &arguments.consent;
    saved.is_all_of(arguments, shell.global.environment.as_deref())?;
    if let Some(approved) = consent.approve.as_ref().filter(|approved| *approved != saved.approval()) {
        let message = format!("approved was {approved}, {} is {}", path.display(), saved.approval());
        let help = "look at the file with `cnx show FILE` and approve what it says";
        return Err(Failure::refused(Diagnostic::new(&crate::plan::codes::CHANGED, message).help(help)));
    }
    let given = Some(saved.choices.given());
    let (choices, agreed) = (saved.choices.clone(), Some(saved));
    let order = Order { command: "apply", question: QUESTION, consent, choices, given, agreed, meant: None };
    carry_out(shell, order)
}

/// What is to be carried out.
pub struct Order<'a> {
    /// For whoever finds the lock taken.
    pub command: &'static str,
    pub question: &'static str,
    pub consent: &'a Consent,
    pub choices: Choices,
    /// Of a saved plan.
    pub given: Option<Given>,
    /// What was agreed to when it was saved.
    pub agreed: Option<Saved>,
    /// Of `cnx run`.
    pub meant: Option<Meant>,
}

/// From arguments to the end of the run.
pub fn carry_out(shell: &mut Shell, order: Order<'_>) -> Result<Exit, Failure> {
    let Order { command, question, consent, choices, given, agreed, meant } = order;
    let patience = patience(consent.lock_timeout.as_deref())?;
    let answers = answers::read(&consent.answers)?;
    let mut prepared = session::prepare(shell, choices, given)?;
    let known = memory::read(shell, &prepared.desired.settings)?;
    if let Some(meant) = &meant {
        meant.add_to(&mut prepared, &known)?;
    }
    let reached = session::reach(shell, &prepared, &known, Access::Change)?;
    let mut has_written = false;
    let done = block_on(async {
        let mut signals = Signals::catch()?;
        let hold = memory::hold(shell, &prepared.desired.settings, command, patience);
        let held = signals.unless_stopped(hold).await?;
        let pin = signals.unless_stopped(reached.pin()).await?;
        let known = held.store.load().map_err(|error| Failure::from(error.diagnostic()))?;
        session::same_cloud(&known, &pin, &prepared.choices)?;
        signals.unless_stopped(reached.know_keys_of(&known, &prepared.catalog)).await?;
        agreed.as_ref().map_or(Ok(()), |saved| saved.fits(&known))?;
        let stops = consent.on_failure != OnFailure::Continue;
        let store: Arc<dyn Store> = Arc::clone(&held.store) as Arc<dyn Store>;
        let context = session::context(shell, &prepared, &reached, store, pin, stops);
        let (prepared, reached, held, context) = (&prepared, &reached, &held, &context);
        let mut run = Run { prepared, reached, held, context, consent, question, meant, signals, so_far: Exit::Done };
        let done = run.whole(shell, agreed, answers).await;
        has_written = run.load().map_or(true, |now| now.serial != known.serial);
        // What was open before something else went wrong is open still.
        done.map_err(|failure| Failure { exit: failure.exit.and(run.so_far), ..failure })
    });
    if let Err(Failure { exit: Exit::Interrupted, .. }) = &done {
        let what = if has_written { "what was done until then is in the state" } else { "nothing was changed" };
        shell.say(&format!("Interrupted; {what}."));
    }
    done
}

/// How long the lock is waited for.
pub fn patience(given: Option<&str>) -> Result<Duration, Failure> {
    let Some(text) = given else { return Ok(Duration::ZERO) };
    session::duration(text).ok_or_else(|| {
        let message = format!("`--lock-timeout {text}` is no duration");
        Failure::from(Diagnostic::new(&codes::BAD_ARGUMENT, message).help("write it as 30s, 5m or 1h30m"))
    })
}

/// A run that holds the lock.
struct Run<'a> {
    prepared: &'a Prepared,
    reached: &'a Reached,
    held: &'a Held,
    context: &'a apply::Context,
    consent: &'a Consent,
    question: &'static str,
    meant: Option<Meant>,
    signals: Signals,
    /// How the process ends by what was done until now, whatever goes wrong from here on.
    so_far: Exit,
}

impl Run<'_> {
    async fn whole(&mut self, shell: &mut Shell, agreed: Option<Saved>, answers: Answers) -> Result<Exit, Failure> {
        let mut open = settling::settle(shell, self.context, answers, &mut self.signals).await?;
        if open == Exit::Interrupted {
            return Ok(open);
        }
        self.so_far = open;
        if let Some(meant) = &self.meant {
            meant.is_still(self.prepared, &self.load()?)?;
        }
        let planned = self.plan().await?;
        let will_ask = agreed.is_none() && !self.consent.yes && self.consent.approve.is_none();
        if will_ask || !shell.global.quiet {
            plan::show(shell, self.prepared, &planned, &self.reached.shown);
        } else {
            shell.complain(&planned.plan.warnings);
        }
        if let Some(meant) = &self.meant {
            meant.alone_in(&planned.plan)?;
        }
        let fingerprint = planned.plan.fingerprint();
        let has_changes = planned.plan.has_changes();
        if let Some(saved) = agreed.as_ref().filter(|saved| saved.fingerprint == fingerprint) {
            plan::is_as_shown(shell, self.prepared, &planned, &self.reached.shown, saved)?;
        }
        if has_changes {
            self.may_write(&planned).await?;
        }
        let agreed = match agreed {
            Some(saved) => saved.fingerprint,
            None if !has_changes && self.consent.approve.is_none() => fingerprint,
            None => {
                let consent = consent::obtain(shell, self.consent, &fingerprint, self.question);
                let answer = self.signals.unless_stopped(consent).await;
                if let (Err(Failure { exit: Exit::Interrupted, .. }), true) = (&answer, will_ask && shell.can_ask()) {
                    shell.err.line("");
                }
                answer?
            }
        };
        self.tell_of_rollback(shell, &planned.plan);
        let warned = planned.plan.warnings.clone();
        let Planned { plan, snapshot, live } = planned;
        let approved = plan.approve(&agreed).map_err(|changed| Failure::refused(*changed))?;
        let (mut ended, mut back) = self.apply(shell, &approved, snapshot, live).await?;
        self.so_far = self.so_far.and(how_it_went(&ended.summary, back.as_ref()));
        if open == Exit::Done && !is_cut_short(&ended.summary, back.as_ref()) {
            open = self.ask(shell, approved.plan(), &mut ended, back.as_mut()).await?;
        }
        // What an earlier run left open may have ended with this one.
        if open == Exit::Open && self.load()?.open.is_empty() {
            open = Exit::Done;
        }
        self.conclude(shell, (ended, back), open, (has_changes, warned)).await
    }

    /// After the steps: what came of them, late objects, checks, and with `--verify` another plan. `open`: how the settling
    /// ended.
    async fn conclude(
        &mut self,
        shell: &mut Shell,
        (ended, back): (Ended, Option<RolledBack>),
        open: Exit,
        (has_changes, warned): (bool, Diagnostics),
    ) -> Result<Exit, Failure> {
        let Ended { summary, holdings } = ended;
        self.so_far = open.and(how_it_went(&summary, back.as_ref()));
        if !has_changes && self.so_far == Exit::Done {
            shell.say("Nothing to do.");
        } else if !has_changes && summary_is_clean(&summary) {
            shell.say("Nothing else to do.");
        }
        if has_changes && !summary.interrupted {
            self.late(shell, &warned).await?;
        }
        let done = self.outcome(shell, &summary, has_changes)?;
        let mut exit = done.and(open).and(undone_so_far(shell, back.as_ref()));
        let has_rules = self.prepared.desired.rules.0.is_some();
        if has_changes && has_rules && !summary.interrupted && back.is_none() {
            exit = exit.and(self.checks(shell, &holdings, &warned));
        }
        self.so_far = exit;
        match exit {
            Exit::Open if self.consent.verify => shell.say("Not verified: something is open."),
            Exit::Interrupted | Exit::Open => {}
            _ if self.consent.verify => return Ok(exit.and(self.verify(shell).await?)),
            _ => {}
        }
        Ok(exit)
    }

    /// A key that may only read is told before anybody is asked.
    async fn may_write(&self, planned: &Planned) -> Result<(), Failure> {
        let catalog = &self.prepared.catalog;
        let surface = |kind: &crate::model::Ident| catalog.kind(kind).map(|kind| kind.surface.clone());
        let surfaces = planned.plan.steps.order().filter_map(|(_, step)| surface(&step.address.kind)).collect();
        match self.reached.client.only_reads(&surfaces).await {
            Ok(None) => Ok(()),
            Ok(Some(diagnostic)) => Err(diagnostic.into()),
            Err(error) => Err(error.diagnostic().into()),
        }
    }

    /// What this run left open is asked about while the person who began it is still there; what that comes to counts where
    /// it was begun, and in outputs and checks.
    async fn ask(
        &mut self,
        shell: &mut Shell,
        plan: &Plan,
        ended: &mut Ended,
        back: Option<&mut RolledBack>,
    ) -> Result<Exit, Failure> {
        let mut recovered = Recovered { snapshot: self.load()?, ..Recovered::default() };
        let left = recovered.snapshot.open.clone();
        if left.is_empty() {
            return Ok(Exit::Done);
        }
        let exit = match settling::ask(shell, self.context, &mut recovered, &mut self.signals).await {
            Err(Failure { exit: Exit::Interrupted, .. }) => Exit::Interrupted,
            told => told?,
        };
        if back.is_none() && recovered.summary.broken.is_none() {
            let made_from = (&self.prepared.desired, &*self.prepared.catalog);
            if let Some((outputs, count)) = recovered.catch_up(&left, plan, made_from, &mut ended.holdings) {
                ended.summary.outputs += count;
                let entries = edit::as_run(shell, &self.load()?, "cnx apply", vec![JournalEntry::Outputs(outputs)]);
                self.held.store.append(&entries).map_err(|error| Failure::from(error.diagnostic()))?;
            }
        }
        recovered.count_in(left, plan, &mut ended.summary, back);
        Ok(exit)
    }

    /// What creates made after they were given up, in this run too; what the plan told is not told again.
    async fn late(&mut self, shell: &mut Shell, told: &Diagnostics) -> Result<(), Failure> {
        let snapshot = self.load()?;
        let sweeping = async { Ok(apply::sweep_again(self.context, &snapshot).await) };
        // Whoever interrupts now is through with the apply itself.
        let mut found = self.signals.unless_stopped(sweeping).await.unwrap_or_default();
        found.0.retain(|one| !told.0.iter().any(|before| before.message == one.message));
        shell.complain(&found);
        Ok(())
    }

    fn load(&self) -> Result<Snapshot, Failure> {
        self.held.store.load().map_err(|error| Failure::from(error.diagnostic()))
    }

    async fn plan(&mut self) -> Result<Planned, Failure> {
        let plan = planning::plan(self.prepared, self.context, self.load()?, self.reached.speed);
        self.signals.unless_stopped(plan).await
    }

    /// Carries it out. What a rollback came to, where there was one; why there was none is told.
    async fn apply(
        &mut self,
        shell: &mut Shell,
        approved: &Approved,
        snapshot: Snapshot,
        live: Live,
    ) -> Result<(Ended, Option<RolledBack>), Failure> {
        let teller = Teller::new(shell, approved.plan().estimate.duration);
        let snapshot = self.confirmed(shell, snapshot)?;
        let input = Input { desired: self.prepared.desired.clone(), snapshot, live };
        if self.consent.on_failure != OnFailure::Rollback {
            let ended = driving::apply(self.context, approved, input, &teller, &mut self.signals).await;
            return Ok((ended, None));
        }
        let options = self.prepared.choices.options(self.reached.speed, self.context.clock.now());
        let signals = &mut self.signals;
        let (ended, undone) =
            driving::apply_or_roll_back(self.context, approved, input, &options, &teller, signals).await;
        Ok(match undone {
            Undone::NotNeeded => (ended, None),
            Undone::Impossible(why) => {
                shell.complain(&why);
                (ended, None)
            }
            Undone::Done(back) => (ended, Some(back)),
        })
    }

    /// Before anything is done: what no rollback brings back.
    fn tell_of_rollback(&self, shell: &mut Shell, plan: &Plan) {
        if self.consent.on_failure != OnFailure::Rollback {
            return;
        }
        let actions = || plan.steps.order().map(|(_, step)| &step.action);
        let (destroys, runs) = (
            actions().filter(|it| **it == Action::Destroy).count(),
            actions().filter(|it| **it == Action::Run).count(),
        );
        let lasting: Vec<String> = [(destroys, "destroy"), (runs, "run")]
            .iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, what)| format!("{number} to {what}"))
            .collect();
        if !lasting.is_empty() {
            shell.say(&format!(
                "If a step fails this run is undone, but for what is done by then of: {}.",
                lasting.join(", ")
            ));
        }
    }

    /// What `--confirm` names is no guess any more.
    fn confirmed(&self, shell: &Shell, snapshot: Snapshot) -> Result<Snapshot, Failure> {
        let patterns: Vec<AddressPattern> = self.prepared.choices.confirm.iter().cloned().map(AddressPattern).collect();
        let is_meant = |address: &Address| patterns.iter().any(|pattern| pattern.matches(address));
        let guessed = snapshot.records.values().filter(|it| it.quarantine.is_some() && is_meant(&it.address));
        let entries: Vec<JournalEntry> =
            guessed.map(|record| JournalEntry::Confirmed { address: record.address.clone() }).collect();
        if entries.is_empty() {
            return Ok(snapshot);
        }
        let entries = edit::as_run(shell, &snapshot, "cnx apply --confirm", entries);
        self.held.store.append(&entries).map_err(|error| Failure::from(error.diagnostic()))?;
        self.load()
    }

    /// The program's checks over what is there now; what the plan said already is not said again. Nothing is undone.
    fn checks(&self, shell: &mut Shell, holdings: &Holdings, told: &Diagnostics) -> Exit {
        if self.prepared.choices.destroy || self.prepared.choices.refresh_only {
            return Exit::Done;
        }
        let mut found = checks(&self.prepared.desired, holdings);
        found.0.retain(|one| !told.0.iter().any(|before| before.code == one.code && before.primary == one.primary));
        shell.complain(&found);
        if found.has_errors() { Exit::Error } else { Exit::Done }
    }

    /// The last lines, and how the process ends.
    fn outcome(&self, shell: &mut Shell, ended: &Summary, has_changes: bool) -> Result<Exit, Failure> {
        if has_changes || !summary_is_clean(ended) {
            let text = summary(ended, &shell.err_look);
            if !shell.global.json && (!shell.global.quiet || !summary_is_clean(ended)) {
                shell.err.line(&text);
            }
        }
        let snapshot = self.load()?;
        if !snapshot.outputs.is_empty() {
            state::print_outputs(shell, &snapshot.outputs);
        }
        let exit = if self.consent.detailed_exitcode && has_changes { Exit::Changes } else { Exit::Done };
        Ok(exit.and(Exit::of_run(ended)))
    }

    /// Plans again: nothing may be left.
    async fn verify(&mut self, shell: &mut Shell) -> Result<Exit, Failure> {
        let again = self.plan().await?;
        if !again.plan.has_changes() {
            shell.say("Verified: planning again finds nothing to do.");
            return Ok(Exit::Done);
        }
        plan::show(shell, self.prepared, &again, &self.reached.shown);
        let help = "run again; if it stays, the API does not keep what it was told";
        Err(Diagnostic::new(&codes::NOT_EMPTY, "there is still something to do").help(help).into())
    }
}

/// How far a run that failed was undone.
fn undone_so_far(shell: &mut Shell, back: Option<&RolledBack>) -> Exit {
    let Some(back) = back else { return Exit::Done };
    let text = rolled_back(back, &shell.err_look);
    if !shell.global.json {
        shell.err.line(&text);
    }
    Exit::of_run(&back.summary)
}

/// How a run ends, and its undoing.
fn how_it_went(summary: &Summary, back: Option<&RolledBack>) -> Exit {
    Exit::of_run(summary).and(back.map_or(Exit::Done, |back| Exit::of_run(&back.summary)))
}

/// Whether it, or its undoing, was interrupted or could not be recorded.
fn is_cut_short(summary: &Summary, back: Option<&RolledBack>) -> bool {
    let mut all = [Some(summary), back.map(|back| &back.summary)].into_iter().flatten();
    all.any(|one| one.interrupted || one.broken.is_some())
}

fn summary_is_clean(summary: &Summary) -> bool {
    Exit::of_run(summary) == Exit::Done
}
