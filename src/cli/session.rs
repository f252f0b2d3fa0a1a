//! One run, step by step: program, cloud, what is there, plan. Joins the rooms in their order and decides nothing.

use super::choices::Choices;
use super::exit::Failure;
use super::parameters::{self, Given};
use super::shell::Shell;
use super::target::{self, Access, Reached};
use super::{codes, fetch, findings, memory, modules, others, project};
use crate::apply;
use crate::cloud::against_urls;
use crate::desired::{self, Desired, Inputs, evaluate};
use crate::diag::Diagnostic;
use crate::model::{FileId, Ident, Mode};
use crate::provider::{Catalog, cloudnexus};
use crate::state::{Pin, Snapshot, Store};
use crate::syntax::ast::ExprKind;
use crate::syntax::parse_expression;
use crate::world;
use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// A program evaluated for one environment.
#[derive(Debug)]
pub struct Prepared {
    pub catalog: Arc<Catalog>,
    /// Empty but for its settings where everything is to be destroyed.
    pub desired: Desired,
    pub choices: Choices,
}

impl Prepared {
    pub fn environment(&self) -> &str {
        &self.desired.settings.environment
    }
}

/// From files to what is wanted. `given` are the parameters of a saved plan; otherwise the command line's.
pub fn prepare(shell: &mut Shell, mut choices: Choices, given: Option<Given>) -> Result<Prepared, Failure> {
    let (program, found) = project::checked(shell)?;
    if found.has_errors() {
        return Err(found.into());
    }
    shell.complain(&found);
    let fresh = parameters::given(shell, &program)?;
    let (given, given_by) = match given {
        Some(saved) => {
            let by_plan = parameters::given_by_plan(&saved);
            let given = parameters::completed(saved, fresh, &program)?;
            let given_by = parameters::given_by(shell, &given).into_iter().chain(by_plan).collect();
            (given, given_by)
        }
        None => {
            let given_by = parameters::given_by(shell, &fresh);
            (fresh, given_by)
        }
    };
    choices.remember(&given, &program);
    let environment = choices.environment.clone().or_else(|| project::environment_name(shell, &program));
    let program = Arc::new(program);
    let inputs = Inputs { given_by: given_by.clone(), ..inputs(shell, environment, given) };
    let (desired, mut found) = evaluate(program, &inputs);
    shell.secrets = desired.secrets.clone();
    found.append(against_urls(cloudnexus(), &desired.settings.urls, &desired.settings.url_places));
    if found.has_errors() {
        return Err(found.into());
    }
    shell.complain(&found);
    let desired = if choices.destroy { emptied(desired) } else { desired };
    Ok(Prepared { catalog: Arc::clone(cloudnexus()), desired, choices })
}

/// What evaluation reads beside the program.
pub fn inputs(shell: &Shell, environment: Option<String>, params: Given) -> Inputs {
    Inputs {
        environment,
        given_by: parameters::given_by(shell, &params),
        params,
        files: files(shell),
        other_outputs: others::outputs(shell),
        project_name: project::name(shell),
    }
}

/// The plan of an empty program, under the settings and rules of this one.
fn emptied(desired: Desired) -> Desired {
    Desired { settings: desired.settings, rules: desired.rules, secrets: desired.secrets, ..Desired::default() }
}

/// Reads below the project's folder (a fetched module: below that), and nowhere else.
pub fn files(shell: &Shell) -> desired::Files {
    let (files, folder) = (Arc::clone(&shell.world.files), shell.global.directory.clone());
    Arc::new(move |path: &str| {
        let below: PathBuf = PathBuf::from(path);
        let stays = below.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if !stays || path.is_empty() {
            return Err("it is not below the module's folder".to_owned());
        }
        let root = fetch::root_of(path).map_or_else(|| folder.clone(), |root| folder.join(root));
        files.read_below(&root, &folder.join(Path::new(path)), modules::MOST_BYTES).map_err(|error| error.to_string())
    })
}

/// Says what is spoken to, and makes the client. Nothing is sent yet.
pub fn reach(shell: &mut Shell, prepared: &Prepared, snapshot: &Snapshot, access: Access) -> Result<Reached, Failure> {
    let needed = surfaces(prepared, snapshot);
    let reached = target::reach(shell, &prepared.catalog, &prepared.desired.settings, needed, access)?;
    reached.client.steer(&findings::load(shell, &prepared.desired.settings));
    Ok(reached)
}

/// The surfaces that program and state use.
pub fn surfaces(prepared: &Prepared, snapshot: &Snapshot) -> BTreeSet<Ident> {
    let catalog = &prepared.catalog;
    let of_kind = |kind: &Ident| catalog.kind(kind).map(|kind| kind.surface.clone());
    let of_state =
        snapshot.records.values().chain(snapshot.deposed.values().flatten()).filter_map(|record| of_kind(&record.kind));
    let of_program = prepared.desired.graph.order().filter_map(|(_, instance)| {
        let kind = &instance.address.kind;
        match instance.address.mode {
            Mode::Managed => of_kind(kind),
            Mode::Data => of_kind(kind).or_else(|| catalog.sources.get(kind).map(|source| source.surface.clone())),
            Mode::Action => {
                let routes = &catalog.actions.get(kind)?.operation.routes;
                routes.first().map(|route| route.surface.clone())
            }
        }
    });
    of_state.chain(of_program).collect()
}

/// A state belongs to one cloud: with another one everything would look gone.
pub fn same_cloud(snapshot: &Snapshot, pin: &Pin, choices: &Choices) -> Result<(), Failure> {
    let Some(known) = snapshot.pin.as_ref().filter(|_| apply::is_of_another_cloud(snapshot, pin)) else {
        return Ok(());
    };
    if choices.assume_gone.iter().any(|pattern| pattern == "*") {
        return Ok(());
    }
    let message = if known.account == pin.account {
        "the same account, but under other URLs".to_owned()
    } else {
        format!("the state was made with account {}, this is account {}", known.account, pin.account)
    };
    let help = "choose the right environment or key; after a reset of the emulator, `--assume-gone '*'` lets go of what was there";
    Err(Failure::refused(Diagnostic::new(&codes::ANOTHER_CLOUD, message).help(help)))
}

/// What apply's functions take.
pub fn context(
    shell: &Shell,
    prepared: &Prepared,
    reached: &Reached,
    store: Arc<dyn Store>,
    pin: Pin,
    stop_on_failure: bool,
) -> apply::Context {
    let defaults = apply::Options::default();
    let window = findings::settle_window(shell, &findings::load(shell, &prepared.desired.settings));
    apply::Context {
        cloud: Arc::clone(&reached.client) as Arc<dyn apply::Cloud>,
        store,
        clock: Arc::clone(&shell.world.clock),
        random: Arc::clone(&shell.world.random),
        catalog: Arc::clone(&prepared.catalog),
        options: apply::Options {
            holder: memory::who(shell),
            home: (prepared.desired.settings.project.clone(), prepared.desired.settings.environment.clone()),
            pin: Some(pin),
            speed: reached.speed,
            stop_on_failure,
            retry_unknown: prepared.choices.retry_unknown,
            adopt_exact: prepared.choices.adopt_exact,
            settle_window: window / reached.speed.max(1),
            ..defaults
        },
    }
}

/// Drives a command's future; a machine that gives no threads is a complaint.
pub fn block_on<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    world::block_on(future).unwrap_or_else(|error| {
        Err(Diagnostic::new(&codes::MACHINE, error.to_string())
            .help("free some memory or threads, then run again")
            .into())
    })
}

/// `90s`, `1h30m`: as a duration is written in the language.
pub fn duration(text: &str) -> Option<Duration> {
    let expr = parse_expression(FileId(u32::MAX), text).ok()?;
    let ExprKind::Duration(milliseconds) = expr.kind else { return None };
    u64::try_from(milliseconds).ok().map(Duration::from_millis)
}
