//! The plan: typed steps with reasons, linked into a graph; what is told beside it. The door to apply and report.

use crate::desired::Lifted;
use crate::diag::Diagnostics;
use crate::model::{Address, Attributes, Dag, Ident, NodeId, Observed, RemoteId, Span, Timestamp, Value};
use crate::state::OperationId;
use std::collections::{BTreeMap, BTreeSet};

/// A collection to list before planning.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListRead {
    pub kind: Ident,
    /// Values of the path's attributes (`zone_id`), empty for a plain collection.
    pub parent: BTreeMap<Ident, RemoteId>,
}

/// A data source to read; its arguments must be known.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceRead {
    pub address: Address,
    pub source: Ident,
    pub arguments: Attributes,
}

/// Everything to read before planning.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reads {
    pub lists: BTreeSet<ListRead>,
    pub sources: Vec<SourceRead>,
    /// Objects to read one by one (kinds whose parent is gone or unknown), by kind and id.
    pub objects: BTreeSet<(Ident, RemoteId)>,
}

/// Why an object that should be there was not found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Absence {
    /// Confirmed gone (`contract.md` 2.3).
    Gone,
    /// Not visible to this key, or gone: a person decides.
    Hidden,
    /// Could not be read; the state's word stands.
    Unread(String),
}

/// What the cloud holds, as far as it was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Live {
    pub objects: BTreeMap<Ident, BTreeMap<RemoteId, Observed>>,
    /// Collections that were read to their end. One whose parent is gone counts as read and empty.
    pub listed: BTreeSet<ListRead>,
    /// Collections that could not be read, and why: the state's word stands for what is in them.
    pub unlisted: BTreeMap<ListRead, String>,
    /// Of those, the ones that the API has no route for.
    pub routeless: BTreeSet<ListRead>,
    pub absent: BTreeMap<(Ident, RemoteId), Absence>,
    pub sources: BTreeMap<Address, Value>,
    pub objects_read: usize,
    pub requests: u32,
    /// When reading began, by the monotonic clock of the process; none where nothing was read.
    pub read_at: Option<std::time::Duration>,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    Create,
    /// In place, by these operations of the catalog in order.
    Update(Vec<Ident>),
    Destroy,
    /// No longer managed; the object stays.
    Forget,
    /// A data source that can only be read while applying.
    Read,
    /// An action runs.
    Run,
    /// An existing object comes under management.
    Adopt(RemoteId),
    /// An operation of an earlier run is still open: wait for its end.
    Wait(OperationId),
    /// Nothing at the API: what is remembered changes (lifecycle, dependencies, applied values).
    Note,
}

impl Action {
    /// Whether it is what makes an instance hold what is written of it.
    pub fn leads(&self) -> bool {
        match self {
            Action::Create | Action::Update(_) | Action::Adopt(_) | Action::Read | Action::Wait(_) => true,
            Action::Destroy | Action::Forget | Action::Run | Action::Note => false,
        }
    }
}

/// Why a step is there. `code` is shared word for word with Terraform's JSON where it has one.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    pub code: ReasonCode,
    /// One phrase: `region cannot change in place`.
    pub text: String,
    pub span: Option<Span>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReasonCode {
    /// Declared and not there.
    Declared,
    /// Was there, gone outside cnx.
    DeletedOutside,
    AttributesChanged,
    ReplaceBecauseCannotUpdate,
    ReplaceBecauseTainted,
    ReplaceByRequest,
    ReplaceByTriggers,
    /// What it depends on is replaced, and create_before_destroy spreads.
    ReplaceBecauseDependency,
    /// Its unique value is wanted by another object while it takes that one's.
    MovedAside,
    DeleteBecauseNoResourceConfig,
    /// Its `if`, or that of its module, is false.
    DeleteBecauseCondition,
    DeleteBecauseEachKey,
    DeleteBecauseWrongRepetition,
    DeleteDeposed,
    DestroyRequested,
    /// An action that never ran.
    FirstRun,
    ArgumentsChanged,
    TriggersChanged,
    /// A trigger is replaced or created in this plan.
    TriggerReplaced,
    /// `cnx run`.
    RunRequested,
    Retained,
    /// `forget` says so.
    Forgotten,
    NaturalKeyExists,
    /// `import` says so.
    Imported,
    OpenOperation,
    ReadDuringApply,
    Remembered,
    /// A step of the run failed, and `--on-failure rollback` undoes the others.
    RolledBack,
}

impl ReasonCode {
    /// The word for machines; Terraform's where it has one.
    pub fn as_str(self) -> &'static str {
        match self {
            ReasonCode::Declared => "create_because_declared",
            ReasonCode::DeletedOutside => "deleted_outside",
            ReasonCode::AttributesChanged => "update_because_attributes_changed",
            ReasonCode::ReplaceBecauseCannotUpdate => "replace_because_cannot_update",
            ReasonCode::ReplaceBecauseTainted => "replace_because_tainted",
            ReasonCode::ReplaceByRequest => "replace_by_request",
            ReasonCode::ReplaceByTriggers => "replace_by_triggers",
            ReasonCode::ReplaceBecauseDependency => "replace_because_dependency",
            ReasonCode::MovedAside => "update_because_moved_aside",
            ReasonCode::DeleteBecauseNoResourceConfig => "delete_because_no_resource_config",
            ReasonCode::DeleteBecauseEachKey => "delete_because_each_key",
            ReasonCode::DeleteBecauseCondition => "delete_because_condition",
            ReasonCode::DeleteBecauseWrongRepetition => "delete_because_wrong_repetition",
            ReasonCode::DeleteDeposed => "delete_deposed",
            ReasonCode::DestroyRequested => "delete_by_request",
            ReasonCode::FirstRun => "run_because_never_ran",
            ReasonCode::ArgumentsChanged => "run_because_arguments_changed",
            ReasonCode::TriggersChanged => "run_by_triggers",
            ReasonCode::TriggerReplaced => "run_because_trigger_replaced",
            ReasonCode::RunRequested => "run_by_request",
            ReasonCode::Retained => "forget_because_retained",
            ReasonCode::Forgotten => "forget_because_declared",
            ReasonCode::Imported => "adopt_because_imported",
            ReasonCode::NaturalKeyExists => "adopt_because_natural_key_exists",
            ReasonCode::OpenOperation => "wait_because_operation_open",
            ReasonCode::ReadDuringApply => "read_because_arguments_wait",
            ReasonCode::Remembered => "note_because_memory_differs",
            ReasonCode::RolledBack => "rolled_back",
        }
    }
}

/// Which half of a replacement a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplaceOrder {
    DestroyFirst,
    CreateFirst,
}

/// The other half of a replacement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Twin {
    pub step: NodeId,
    pub order: ReplaceOrder,
}

/// One attribute's change. A secret shows no value.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Attribute, then members or keys below it.
    pub path: Vec<String>,
    pub before: Option<Value>,
    pub after: Option<Value>,
    /// This change is why the object is replaced.
    pub forces_replacement: bool,
    pub secret: bool,
    pub span: Option<Span>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub address: Address,
    pub action: Action,
    pub reason: Reason,
    /// The object, where there is one.
    pub id: Option<RemoteId>,
    /// It is an object that a successor replaced earlier.
    pub deposed: bool,
    pub changes: Vec<Change>,
    /// As it stands now, as read, the engine's stamp included (empty for a create).
    pub before: Attributes,
    /// As wanted, with unknown values where outputs are awaited and without the engine's stamp (empty for a destroy).
    /// When the outputs are there, resolve `desired` again and take [`crate::plan::wanted`] of it.
    pub after: Attributes,
    /// Values that this step sets instead of the program's, so that another object can take the old ones first; a later step
    /// of the same address brings the program's. Empty as a rule.
    pub interim: Attributes,
    /// The instance in `Desired`'s graph, to be resolved again when its dependencies are done.
    pub desired: Option<NodeId>,
    pub twin: Option<Twin>,
    /// Restarts or interrupts the object.
    pub disruptive: bool,
    /// Expected milliseconds and requests.
    pub expected: i64,
    pub requests: u32,
}

/// A difference between what was last applied and what is there, made outside cnx.
#[derive(Clone, Debug, PartialEq)]
pub struct Drift {
    pub address: Address,
    pub path: Vec<String>,
    pub applied: Option<Value>,
    pub live: Option<Value>,
    pub handling: DriftHandling,
}

/// What the plan does about a drift.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DriftHandling {
    /// A step puts it back.
    Reverted,
    /// `lifecycle.ignore` or unmanaged: left as it is.
    Ignored,
    /// The program already says what is there.
    Accepted,
    /// The object is gone.
    Gone,
}

#[derive(Clone, Debug, PartialEq)]
pub struct OutputChange {
    pub name: Ident,
    pub before: Option<Value>,
    pub after: Option<Value>,
    pub secret: bool,
}

/// What will be lost for good.
#[derive(Clone, Debug, PartialEq)]
pub struct Irreversible {
    pub address: Address,
    /// `no snapshot`
    pub why: String,
}

/// How long it takes and what it costs, by the catalog's figures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Estimate {
    pub requests: u32,
    /// Milliseconds along the longest path.
    pub duration: i64,
    pub longest_path: Vec<Address>,
    /// Change of the monthly price in USD text, where the catalog of the cloud was read.
    pub monthly: Option<String>,
}

/// What has to be done, and what is to be said about it.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Old and new address of what only changed its name; done first.
    pub moves: Vec<(Address, Address)>,
    pub steps: Dag<Step>,
    /// Declared instances that are not as written, and whose steps `--target` or `--exclude` leaves out.
    pub left_out: BTreeSet<Address>,
    /// `--refresh-only`: outputs stay as they are.
    pub refresh_only: bool,
    pub drift: Vec<Drift>,
    pub outputs: Vec<OutputChange>,
    /// Secrets that may be shown, since the program says so.
    pub lifted: Vec<Lifted>,
    /// Managed objects that stay as they are.
    pub unchanged: usize,
    pub irreversible: Vec<Irreversible>,
    pub estimate: Estimate,
    pub objects_read: usize,
    pub read_requests: u32,
    pub warnings: Diagnostics,
}

/// Choices of the command line that shape a plan.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The plan of an empty program.
    pub destroy: bool,
    pub targets: Vec<crate::model::AddressPattern>,
    pub excludes: Vec<crate::model::AddressPattern>,
    pub replace: Vec<crate::model::AddressPattern>,
    pub allow_destroy: Vec<crate::model::AddressPattern>,
    pub assume_gone: Vec<crate::model::AddressPattern>,
    /// Objects that were taken over by a guess, and are the right ones.
    pub confirm: Vec<crate::model::AddressPattern>,
    /// Actions that run now, whatever they ran with before.
    pub run: Vec<crate::model::AddressPattern>,
    /// Objects that agree in every attribute with what is declared are taken over by their natural key.
    pub adopt_exact: bool,
    /// Plan no changes, only show what differs from the state.
    pub refresh_only: bool,
    /// How many times faster than documented the target works, for estimates; 0 and 1 mean as documented.
    pub speed: i64,
    /// The present, to tell instants that are past; none where it does not matter.
    pub now: Option<Timestamp>,
}
