//! `cnx run ACTION`: a declared action now, or `cnx run server.web[1] reboot` on a managed object.

use super::apply::{Order, carry_out};
use super::args::{Consent, OnFailure, Run};
use super::choices::Choices;
use super::codes;
use super::exit::{Exit, Failure};
use super::session::Prepared;
use super::shell::Shell;
use crate::desired::{Desired, Given, Instance};
use crate::diag::Diagnostic;
use crate::diag::suggest::did_you_mean;
use crate::model::{Address, FileId, Graph, Ident, Mode, NodeId, Span, Type, Value};
use crate::plan::{Action, Plan};
use crate::program::fits;
use crate::provider::{ActionKind, Presence, cloudnexus};
use crate::state::{Record, Snapshot};
use std::collections::BTreeMap;
use std::sync::Arc;

pub fn run(shell: &mut Shell, arguments: &Run) -> Result<Exit, Failure> {
    let is_action = |kind: &str| cloudnexus().actions.contains_key(kind);
    let Some(address) = Address::parse(&arguments.address, is_action) else {
        let message = format!("`{}` is no address", arguments.address);
        return Err(Diagnostic::new(&codes::BAD_ARGUMENT, message)
            .help("write `cdn_purge.assets`, or `server.web[1] reboot`")
            .into());
    };
    let meant = match &arguments.action {
        Some(kind) => Meant::On { object: address, action: Ident::new(kind) },
        None if address.mode == Mode::Action => Meant::Declared(address),
        None => return Err(which_action(&address)),
    };
    let named = meant.address().to_string();
    let environment = shell.global.environment.clone();
    let choices = Choices { environment, targets: vec![named.clone()], run: vec![named], ..Choices::default() };
    let consent = Consent {
        yes: arguments.yes,
        approve: None,
        on_failure: OnFailure::Continue,
        verify: false,
        answers: Vec::new(),
        lock_timeout: None,
        detailed_exitcode: false,
    };
    let question = "Run it?";
    let order =
        Order { command: "run", question, consent: &consent, choices, given: None, agreed: None, meant: Some(meant) };
    carry_out(shell, order)
}

/// What is to run.
#[derive(Clone, Debug)]
pub enum Meant {
    /// An `action` of the program.
    Declared(Address),
    /// An action's kind, on an object of the state.
    On { object: Address, action: Ident },
}

impl Meant {
    /// An action on an object is known as `reboot.web[1]`.
    fn address(&self) -> Address {
        match self {
            Meant::Declared(address) => address.clone(),
            Meant::On { object, action } => Address { mode: Mode::Action, kind: action.clone(), ..object.clone() },
        }
    }

    /// Makes sure that the program holds it: an action on an object is added to what is wanted.
    pub fn add_to(&self, prepared: &mut Prepared, snapshot: &Snapshot) -> Result<(), Failure> {
        match self {
            Meant::Declared(address) => declared(prepared, address),
            Meant::On { object, action } => {
                let instance = on_object(snapshot, object, action, self.address())?;
                prepared.desired = with(&prepared.desired, instance);
                Ok(())
            }
        }
    }

    /// What an earlier run left open has ended meanwhile: the object may be another one now.
    pub fn is_still(&self, prepared: &Prepared, snapshot: &Snapshot) -> Result<(), Failure> {
        let Meant::On { object, .. } = self else { return Ok(()) };
        let id = &record_of(snapshot, object)?.id;
        let desired = &prepared.desired;
        let added = desired.by_address.get(&self.address()).map(|node| desired.graph.node(*node));
        let mut given = added.into_iter().flat_map(|added| added.attributes.values());
        if given.any(|given| given.value == Value::string(id.as_str())) {
            return Ok(());
        }
        let message = format!("{object} is {id} by now: an earlier run that was open had made it anew");
        Err(Failure::refused(Diagnostic::new(&codes::NEEDS_APPLY, message).help("run it again")))
    }

    /// Whoever runs an action agrees to nothing else: what it needs must be as declared already.
    pub fn alone_in(&self, plan: &Plan) -> Result<(), Failure> {
        let changes = |action: &Action| match action {
            Action::Create
            | Action::Update(_)
            | Action::Destroy
            | Action::Forget
            | Action::Run
            | Action::Adopt(_)
            | Action::Wait(_) => true,
            Action::Read | Action::Note => false,
        };
        let own = self.address();
        let is_own = |address: &Address| *address == own || address.declaration() == own;
        let Some((_, other)) = plan.steps.order().find(|(_, step)| changes(&step.action) && !is_own(&step.address))
        else {
            return Ok(());
        };
        let message = format!("{own} needs {}, which is to be changed first", other.address);
        let help = format!("apply first: `cnx apply`, or `cnx apply --target {}`", other.address);
        Err(Failure::refused(Diagnostic::new(&codes::NEEDS_APPLY, message).help(help)))
    }
}

fn which_action(address: &Address) -> Failure {
    let kinds =
        cloudnexus().actions.values().filter(|kind| acts_on(kind, &address.kind)).map(|kind| kind.name.as_str());
    let kinds: Vec<&str> = kinds.collect();
    let message = format!("which action is to run on {address}?");
    let help = if kinds.is_empty() {
        format!("a {} has no actions; declared ones are run by their address", address.kind)
    } else {
        format!("add one: {}", kinds.join(", "))
    };
    Diagnostic::new(&codes::BAD_ARGUMENT, message).help(help).into()
}

fn acts_on(action: &ActionKind, kind: &Ident) -> bool {
    action.attributes.get(&action.target).is_some_and(|attribute| fits(&Type::Id(kind.clone()), &attribute.ty))
}

fn declared(prepared: &Prepared, address: &Address) -> Result<(), Failure> {
    let known = || prepared.desired.by_address.keys().filter(|known| known.mode == Mode::Action);
    if known().any(|known| known == address || known.declaration() == *address) {
        return Ok(());
    }
    let names: Vec<String> = known().map(ToString::to_string).collect();
    let help =
        did_you_mean(&address.to_string(), names.iter().map(String::as_str), "declare it: `action KIND NAME { … }`");
    Err(Diagnostic::new(&codes::NOT_THERE, format!("the program declares no action `{address}`")).help(help).into())
}

fn on_object(snapshot: &Snapshot, object: &Address, action: &Ident, address: Address) -> Result<Instance, Failure> {
    let record = record_of(snapshot, object)?;
    let actions = &cloudnexus().actions;
    let Some(kind) = actions.get(action).filter(|kind| acts_on(kind, &record.kind)) else {
        let names = actions.values().filter(|kind| acts_on(kind, &record.kind)).map(|kind| kind.name.as_str());
        let names: Vec<&str> = names.collect();
        let help = did_you_mean(action.as_str(), names.iter().copied(), &format!("there is: {}", names.join(", ")));
        let message = format!("a {} has no action `{action}`", record.kind);
        return Err(Diagnostic::new(&codes::NOT_THERE, message).help(help).into());
    };
    let missing = kind
        .attributes
        .values()
        .find(|attribute| attribute.presence == Presence::Required && attribute.name != kind.target);
    if let Some(attribute) = missing {
        let message = format!("`{action}` needs `{}` as well", attribute.name);
        let help = format!("declare it: `action {action} NAME {{ … }}`, then `cnx run {action}.NAME`");
        return Err(Diagnostic::new(&codes::BAD_ARGUMENT, message).help(help).into());
    }
    Ok(instance(address, &kind.target, record))
}

fn record_of<'a>(snapshot: &'a Snapshot, object: &Address) -> Result<&'a Record, Failure> {
    snapshot.records.get(object).ok_or_else(|| {
        let known: Vec<String> = snapshot.records.keys().map(ToString::to_string).collect();
        let text = object.to_string();
        let help = did_you_mean(&text, known.iter().map(String::as_str), "`cnx state list` shows what is managed");
        Diagnostic::new(&codes::NOT_THERE, format!("nothing managed is called `{text}`")).help(help).into()
    })
}

fn instance(address: Address, target: &Ident, record: &Record) -> Instance {
    // It stands in no file: places are not shown for it.
    let span = Span::new(FileId(0), 0, 0);
    let given = Given::plain(Value::string(record.id.as_str()), span);
    let attributes = BTreeMap::from([(target.clone(), given)]);
    Instance { address, attributes, lifecycle: Arc::default(), span, doc: Arc::from("") }
}

/// The same wishes and one more; all others keep their numbers, which the resolver knows them by.
fn with(desired: &Desired, instance: Instance) -> Desired {
    let old = &desired.graph;
    let count = u32::try_from(old.len()).unwrap_or(u32::MAX);
    let mut graph = Graph::default();
    for id in (0..count).map(NodeId) {
        graph.add(old.node(id).clone());
    }
    for id in (0..count).map(NodeId) {
        old.dependencies(id).into_iter().for_each(|dependency| graph.depend(id, dependency));
    }
    let address = instance.address.clone();
    let added = graph.add(instance);
    let graph = graph.freeze().expect("the same edges have no cycle, and the new node has none");
    let mut by_address = desired.by_address.clone();
    by_address.insert(address, added);
    Desired { graph, by_address, ..desired.clone() }
}
