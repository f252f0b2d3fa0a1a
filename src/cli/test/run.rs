//! One test: a program with its parameters, planned against an empty cloud of its own; applied there, where that is asked for;
//! then its assertions. Touches nothing of the project.

use super::collect::Suite;
use super::views;
use crate::apply::{self, Context, Holdings, Input, Interrupt, Progress, StepEnd};
use crate::cli::choices::Choices;
use crate::cli::codes;
use crate::cli::planning;
use crate::cli::session::Prepared;
use crate::cloud::{Client, local_endpoints};
use crate::desired::{Desired, Inputs, ParamInput, constant, evaluate};
use crate::diag::{Diagnostic, Diagnostics};
use crate::emulator::local::LocalEmulator;
use crate::emulator::{Config, Now};
use crate::model::{Secrets, Value};
use crate::plan::{Plan, checks};
use crate::program::ir::Test;
use crate::provider::cloudnexus;
use crate::report::suite::{Broken, Outcome, Status};
use crate::state::{MemoryStore, Snapshot, Store};
use crate::world::{self, Clock, InProcess, Random, StillClock, StillRandom, Transport};
use std::sync::Arc;
use std::time::Duration;

/// The embedded emulator works this much faster than documented.
const SPEED: u32 = 100;

/// How far the engine came.
struct Reached {
    desired: Desired,
    plan: Plan,
    snapshot: Snapshot,
    /// What instances hold, as read or as applied.
    holdings: Holdings,
    /// What went wrong, of the program or in the cloud.
    errors: Diagnostics,
}

/// Runs it. `clock` measures how long that takes.
pub fn run(suite: &Suite, test: &Test, clock: &dyn Clock) -> (Outcome, Secrets) {
    let began = clock.monotonic();
    let (reached, secrets) = reach(suite, test);
    let mut outcome = Outcome {
        name: test.name.clone(),
        status: Status::Passed,
        broken: Vec::new(),
        errors: Diagnostics::default(),
        taken: Duration::ZERO,
    };
    match reached {
        Err(errors) => judge_errors(test, &errors, &Diagnostics::default(), &mut outcome),
        Ok(reached) => {
            judge_errors(test, &reached.errors, &reached.plan.warnings, &mut outcome);
            if outcome.errors.is_empty() {
                assert_all(test, &reached, &mut outcome);
            }
        }
    }
    outcome.status = match (outcome.errors.is_empty(), outcome.broken.is_empty()) {
        (false, _) => Status::Error,
        (true, false) => Status::Failed,
        (true, true) => Status::Passed,
    };
    outcome.taken = clock.monotonic().saturating_sub(began);
    (outcome, secrets)
}

fn reach(suite: &Suite, test: &Test) -> (Result<Reached, Diagnostics>, Secrets) {
    let mut params = suite.given.clone();
    for (at, expr) in &test.params {
        match constant(expr, &suite.program.catalog) {
            Ok(value) => {
                params.insert(suite.program.params[*at].name.value.to_string(), ParamInput::Value(value));
            }
            Err(errors) => return (Err(errors), Secrets::default()),
        }
    }
    let inputs = Inputs {
        environment: test.environment.as_ref().map(|name| name.value.clone()),
        params,
        files: Arc::clone(&suite.files),
        project_name: suite.project.clone(),
        ..Inputs::default()
    };
    let (desired, found) = evaluate(Arc::clone(&suite.program), &inputs);
    let secrets = desired.secrets.clone();
    if found.has_errors() {
        return (Err(errors_of(found)), secrets);
    }
    (engine(desired, test.apply), secrets)
}

fn errors_of(found: Diagnostics) -> Diagnostics {
    Diagnostics(found.0.into_iter().filter(Diagnostic::is_error).collect())
}

/// Plans, and applies where that is wanted, on an emulator that ends with the test.
fn engine(desired: Desired, applies: bool) -> Result<Reached, Diagnostics> {
    let store = Arc::new(MemoryStore::new("test"));
    let context = context(&desired.secrets, Arc::clone(&store));
    let prepared = Prepared { catalog: Arc::clone(cloudnexus()), desired, choices: Choices::default() };
    let ended = world::block_on(async {
        let planned = planning::plan(&prepared, &context, loaded(&store)?, SPEED).await.map_err(|f| f.diagnostics)?;
        let plan = planned.plan.clone();
        let mut errors = Diagnostics::default();
        let mut holdings = Holdings::seen(&prepared.desired, &planned.snapshot, &planned.live, &prepared.catalog);
        if applies {
            let fingerprint = plan.fingerprint();
            let approved = plan.clone().approve(&fingerprint).map_err(|changed| Diagnostics(vec![*changed]))?;
            let (desired, live) = (prepared.desired.clone(), planned.live);
            let input = Input { desired, snapshot: planned.snapshot, live };
            let mut tell = |progress: Progress| errors.0.extend(failed_step(progress));
            let interrupts = futures::stream::pending::<Interrupt>();
            holdings = apply::apply(&context, &approved, input, &mut tell, interrupts).await.holdings;
        }
        Ok((plan, holdings, errors))
    });
    let (plan, holdings, mut errors) = ended.map_err(|error| {
        Diagnostics(vec![Diagnostic::new(&codes::MACHINE, error.to_string()).help("run the tests elsewhere")])
    })??;
    let snapshot = loaded(&store)?;
    if applies && !errors.has_errors() {
        errors.append(errors_of(checks(&prepared.desired, &holdings)));
    }
    Ok(Reached { desired: prepared.desired, plan, snapshot, holdings, errors })
}

fn loaded(store: &MemoryStore) -> Result<Snapshot, Diagnostics> {
    store.load().map_err(|error| Diagnostics(vec![error.diagnostic()]))
}

fn failed_step(progress: Progress) -> Option<Diagnostic> {
    let Progress::StepEnded { address, end: StepEnd::Failed { message, code, help, .. }, .. } = progress else {
        return None;
    };
    let code = if code.is_empty() { String::new() } else { format!(" ({code})") };
    Some(Diagnostic::new(&codes::STEP_FAILED, format!("{address}: {message}{code}")).help(help))
}

/// A cloud in memory whose time moves as fast as it is waited for.
fn context(secrets: &Secrets, store: Arc<MemoryStore>) -> Context {
    let clock: Arc<dyn Clock> = Arc::new(StillClock::default());
    let random: Arc<dyn Random> = Arc::new(StillRandom::default());
    let config = Config { time_factor: 0.0, ..Config::local() };
    let emulator = LocalEmulator::in_memory(config, Now { unix_ms: clock.now().0 });
    let catalog = Arc::clone(cloudnexus());
    let transport: Arc<dyn Transport> = Arc::new(InProcess::new(emulator, Arc::clone(&clock)));
    let endpoints = local_endpoints(&catalog);
    let client = Client::new(Arc::clone(&catalog), endpoints, transport, Arc::clone(&clock), Arc::clone(&random));
    Context {
        cloud: Arc::new(client.discreet(secrets.clone())),
        store: store as Arc<dyn Store>,
        clock,
        random,
        catalog,
        options: apply::Options { speed: SPEED, ..apply::Options::default() },
    }
}

/// Every expected error must be among what went wrong (or what was warned of), and nothing else may have gone wrong.
fn judge_errors(test: &Test, errors: &Diagnostics, warnings: &Diagnostics, outcome: &mut Outcome) {
    let fits = |expected: &str, one: &Diagnostic| {
        one.code.id == expected || !expected.starts_with("cnx::") && text_of(one).contains(expected)
    };
    for expected in &test.expects {
        if !errors.0.iter().chain(&warnings.0).any(|one| fits(&expected.value, one)) {
            let told: Vec<&str> = errors.0.iter().map(|one| one.code.id).collect();
            let told = if told.is_empty() { "nothing went wrong".to_owned() } else { told.join(", ") };
            let why = format!("this error was expected, and did not occur: {told}");
            outcome.broken.push(Broken { span: expected.span, why, parts: Vec::new() });
        }
    }
    let unexpected = errors.0.iter().filter(|one| !test.expects.iter().any(|expected| fits(&expected.value, one)));
    outcome.errors = Diagnostics(unexpected.cloned().collect());
}

fn text_of(one: &Diagnostic) -> String {
    let labels = one.primary.iter().chain(&one.secondary).map(|label| label.text.as_str());
    let all: Vec<&str> = [one.code.title, &one.message, &one.help].into_iter().chain(labels).collect();
    all.join("\n")
}

fn assert_all(test: &Test, reached: &Reached, outcome: &mut Outcome) {
    let known = &reached.holdings;
    let Some(resolver) = &reached.desired.resolver.0 else { return };
    let outputs = match resolver.outputs(known) {
        Ok(outputs) => outputs,
        Err(errors) => {
            outcome.errors = errors;
            return;
        }
    };
    let frame = [views::plan(&reached.plan), views::outputs(&outputs), views::resources(&reached.snapshot, known)];
    for assertion in &test.asserts {
        let examined = resolver.examine(assertion, &frame, known);
        if examined.diagnostics.has_errors() {
            outcome.errors.append(examined.diagnostics);
            continue;
        }
        let why = match &examined.value {
            Some(Value::Bool(true)) => continue,
            Some(Value::Unknown(_)) => "it is not known before apply: write `apply = true`",
            Some(_) | None => "it does not hold",
        };
        outcome.broken.push(Broken { span: assertion.span, why: why.to_owned(), parts: examined.parts });
    }
}
