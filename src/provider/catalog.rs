//! What a cloud is, as data: surfaces, kinds, attributes, operations. Read from `cloudnexus.cnx`; no kind has Rust of its own.

use super::pattern::Pattern;
use crate::model::http::Method;
use crate::model::{Ident, Type, Value};
use indexmap::IndexMap;
use smol_str::SmolStr;
use std::collections::BTreeMap;

/// Everything that a provider offers, in declared order.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    pub surfaces: IndexMap<Ident, Surface>,
    /// Managed resources.
    pub kinds: IndexMap<Ident, Kind>,
    /// Data sources that are no kind: catalogs and the account.
    pub sources: IndexMap<Ident, Source>,
    pub actions: IndexMap<Ident, ActionKind>,
}

/// How lists are cut into pages (`contract.md L14`): what is sent; what comes back is read from the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pagination {
    /// `page`, `per_page`.
    Page,
    /// `cursor`, `limit`.
    Cursor,
}

/// One API host with its own auth, pagination and budget (`contract.md L1`).
#[derive(Clone, Debug)]
pub struct Surface {
    pub name: Ident,
    pub doc: String,
    /// With its `/v1`, as documented.
    pub production_url: String,
    pub sandbox_url: String,
    /// The provider setting that overrides the URL (`compute_url`).
    pub url_setting: Ident,
    /// Environment variables that may hold the key, first found wins.
    pub key_variables: Vec<String>,
    pub pagination: Pagination,
    pub page_size: u32,
    pub requests_per_minute: u32,
    /// Path of the job collection: `/jobs`.
    pub jobs_path: String,
    /// How many ids one job request may carry.
    pub jobs_batch: u32,
    /// Path of the account: `/account`.
    pub account_path: String,
}

/// What a resource costs (`contract.md` 2.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CostClass {
    Free,
    Usage,
    Storage,
    Hourly,
    HourlyHigh,
}

/// A managed resource kind.
#[derive(Clone, Debug)]
pub struct Kind {
    pub name: Ident,
    pub doc: String,
    pub surface: Ident,
    /// `srv_`: what every id begins with.
    pub id_prefix: String,
    pub attributes: IndexMap<Ident, Attribute>,
    pub create: Operation,
    /// `GET` of one object; its path holds `{id}`.
    pub read: Operation,
    /// `GET` of the collection; a path with `{attribute}` lists one parent at a time.
    pub list: Operation,
    pub delete: Operation,
    /// Updates by name: `patch`, `resize`, `scale`, `start`, `stop`, …
    pub updates: IndexMap<Ident, Operation>,
    /// Attributes that name an object for people; import and adoption look it up by them. Empty: by id only.
    pub natural_key: Vec<Ident>,
    /// Whether the API keeps the natural key unique.
    pub natural_key_unique: bool,
    /// The documents show this list (`contract.md` 2.3).
    pub documented_list: bool,
    /// The attribute that holds the parent's id (`zone_id` of a rule); writes below one parent go one after the other.
    pub parent: Option<Ident>,
    pub cost: CostClass,
    /// Where the price is listed: source name, and the attribute that holds the slug (`plans`, `plan`).
    pub price: Option<Price>,
    /// Losing it loses data: destroy and replace need approval.
    pub stateful: bool,
    /// Two may exist at once, so create_before_destroy is possible.
    pub replaceable_in_parallel: bool,
    /// The attribute (a map of text) that carries cnx's mark in the create request.
    pub stamp: Option<Ident>,
    /// Deadlines of its operations.
    pub timeouts: Timeouts,
    /// Attributes of an object that costs nothing and stands in nobody's way, for trying an API out; `{random}` stands for 24
    /// random letters and digits.
    pub trial: Option<Vec<(Ident, String)>>,
    /// Statuses in which an object stays until something is asked of it; every other one means that it is on its way
    /// (`contract.md L35`). Empty where the kind has none.
    pub at_rest: Vec<String>,
}

/// Deadlines in milliseconds by operation name (`create`, `delete`, `resize`, …), and the default for the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeouts {
    pub by_operation: IndexMap<Ident, i64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    /// The data source that lists prices.
    pub source: Ident,
    /// The attribute of the resource that holds the slug.
    pub slug: Ident,
    /// An attribute that multiplies the price by one plus itself (`read_replicas`).
    pub replicas: Option<Ident>,
}

/// Whether a program may, must or must not set an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    Required,
    /// May be left out; then this value, or unmanaged where there is none.
    Optional {
        default: Option<Value>,
    },
    Computed,
}

/// How a change of an attribute is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Update {
    /// The operation of this name; several attributes may share one (`scale`, `patch`).
    By(Ident),
    /// The operation is chosen by the value that is wanted (`desired_status`: running → start, stopped → stop).
    ByValue(IndexMap<String, Ident>),
    /// Only by a new object.
    Replace,
    /// It is an argument of another change and no state of its own (`maintenance_window`).
    Argument,
    /// Never changes by cnx (computed).
    Never,
}

/// How two values are compared; writing another form of the same value is no change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compare {
    Exact,
    /// Equal when both are in one group (`ubuntu-22.04` and `ubuntu-22.04-lts`, `contract.md L30`): the suffix is ignored.
    ModuloSuffix(String),
    /// An OpenSSH public key without its comment.
    PublicKey,
}

/// Bounds on what a program may write; outside them is an error, or a warning where only a pattern is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validation {
    /// Of a text, or of each text in a collection.
    pub pattern: Option<Pattern>,
    /// The pattern only warns: the set is open.
    pub pattern_warns: bool,
    /// Inclusive bounds of a number.
    pub minimum: Option<i64>,
    pub maximum: Option<i64>,
    /// The only numbers that there are; empty: all of them.
    pub allowed: Vec<i64>,
    /// Inclusive bounds of a text's or collection's length.
    pub min_length: Option<u64>,
    pub max_length: Option<u64>,
    /// Bounds on the keys and values of a map.
    pub key_pattern: Option<Pattern>,
    pub value_max_length: Option<u64>,
    /// Of an object, or of each object of a union, by the names of its members.
    pub members: BTreeMap<SmolStr, Validation>,
    pub hint: Option<String>,
}

#[derive(Clone, Debug)]
pub struct Attribute {
    pub name: Ident,
    pub doc: String,
    pub ty: Type,
    pub presence: Presence,
    pub update: Update,
    pub compare: Compare,
    pub validation: Validation,
    /// The member of the API's objects that shows it, when it is not the attribute's own name (`desired_status` shows in `status`).
    /// Dots go down into objects (`source.id`).
    pub shown_as: String,
    /// Where the API shows a change of it that is accepted and waits for its window (`pending_scale.new_tier`); dots as above.
    pub pending_as: Option<String>,
    /// Members that the API may leave out of its answers (`contract.md L28`): then the last applied value stands.
    pub may_be_hidden: bool,
    /// A computed value that no update in place changes (`id`, `created_at`): known across updates.
    pub stable: bool,
    /// The attribute whose observed value betrays a change of this one (`specs` of `plan`).
    pub drift_signal: Option<Ident>,
    /// Observed values that mean "in transition" or "unknown" and are no drift: for `desired_status`, all but its own enum.
    pub observed_only: Vec<String>,
    /// Sent to the API at all (`desired_status` is engine-side).
    pub sent: bool,
    /// No two objects below one parent (in one collection, where the kind has no parent) may have the same value.
    pub unique: bool,
    /// An instant: one in the past is warned of (`contract.md L46`).
    pub past_warns: bool,
    /// Quotes around the value are no part of it (`contract.md L51`).
    pub bare: bool,
    /// The name of a common mistake (`type` on a server) and the right attribute.
    pub also_known_as: Vec<String>,
}

/// One request that the API offers: where it goes, what it sends, how it answers.
#[derive(Clone, Debug)]
pub struct Operation {
    pub name: Ident,
    pub method: Method,
    /// One, or several told apart by the id prefix of an attribute's value.
    pub routes: Vec<Route>,
    /// Members with fixed values: `{ action = "resize" }`.
    pub constants: IndexMap<String, Value>,
    /// Attribute → member of the body, of the query for a GET. `id` stands for the object's own id.
    pub members: IndexMap<Ident, String>,
    /// Send all members, not only the changed ones (`scale`).
    pub sends_all: bool,
    /// Where the new object's id is in a finished job's result (`snapshot_id`); otherwise the answer or the job's resource.
    pub id_in_result: Option<String>,
    /// Sending it twice does no harm (`purge`, PATCH, DELETE).
    pub repeatable: bool,
    /// Visible to users of the object: a resize restarts it.
    pub disruptive: bool,
    /// A documented operation (seeds), with its place; inferred ones have none.
    pub documented: Option<String>,
    /// Expected time in milliseconds, for estimates.
    pub typical: i64,
    /// Deadline in milliseconds.
    pub timeout: i64,
    /// Answered with a job as a rule (the answer decides; used for estimates).
    pub job: bool,
    /// The operation to run first where the API refuses because of the object's state (`resize` may need `stop`, `contract.md L44`).
    pub needs: Option<Ident>,
}

/// A path below the surface's URL; `{attribute}` is filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Applies where the value of the attribute begins with this (`inst_`); `None` applies always.
    pub when: Option<(Ident, String)>,
    pub surface: Ident,
    pub path: String,
}

/// A data source that is no kind: one list (`plans`) or one object (`account`, `cdn_analytics`).
#[derive(Clone, Debug)]
pub struct Source {
    pub name: Ident,
    pub doc: String,
    pub surface: Ident,
    /// Arguments that a program gives (`zone_id` of `cdn_analytics`), and for objects the attributes that come back.
    pub attributes: IndexMap<Ident, Attribute>,
    pub read: Operation,
    /// A list: the program sees `items`, a list of objects of this type.
    pub items: Option<Type>,
}

/// `action KIND NAME { … }`: an operation on its own.
#[derive(Clone, Debug)]
pub struct ActionKind {
    pub name: Ident,
    pub doc: String,
    pub attributes: IndexMap<Ident, Attribute>,
    pub operation: Operation,
    /// The kinds it acts on, for `cnx run server.web[1] reboot`: the attribute that takes the id.
    pub target: Ident,
    /// Shown in a plan's estimate.
    pub cost: CostClass,
}

impl Kind {
    /// The type of one instance as expressions see it: every attribute, computed ones too.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.get(name)
    }
}

impl Catalog {
    pub fn kind(&self, name: &Ident) -> Option<&Kind> {
        self.kinds.get(name)
    }

    /// Attributes of a kind, a source or an action by its name, whichever declares it.
    pub fn attributes_of(&self, name: &str) -> Option<&IndexMap<Ident, Attribute>> {
        self.kinds
            .get(name)
            .map(|kind| &kind.attributes)
            .or_else(|| self.sources.get(name).map(|source| &source.attributes))
            .or_else(|| self.actions.get(name).map(|action| &action.attributes))
    }
}
