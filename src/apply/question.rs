//! What only a person can tell: creates with an unknown end, each with the objects that it may have made as they are now.

use super::context::Context;
use super::identity::differing;
use super::run::begin::list_below;
use crate::model::{Address, Attributes, Ident, Observed, RemoteId, Timestamp};
use crate::plan::{ListRead, seen};
use crate::provider::Attribute;
use crate::state::{Open, OperationId, Purpose, Snapshot, without_marks};
use futures::future::join_all;
use std::collections::{BTreeMap, BTreeSet};

/// One question.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    pub address: Address,
    pub kind: Ident,
    pub operation: OperationId,
    /// When the request was sent.
    pub sent: Timestamp,
    /// What the create asked for.
    pub wanted: Attributes,
    pub candidates: Vec<Candidate>,
}

/// An object that may be what the create made.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    pub id: RemoteId,
    /// What its kind's attributes show, and its status; empty where it is not there any more.
    pub shown: Attributes,
    /// The attributes that are not as the create asked for them.
    pub differing: BTreeSet<Ident>,
}

/// Creates that were searched for to the end, or whose search is not begun yet: what an answer can be about.
pub fn answerable(snapshot: &Snapshot) -> impl Iterator<Item = &Open> {
    let creates = |open: &&Open| open.intent.purpose == Purpose::Create && open.id.is_none();
    snapshot.open.values().filter(creates)
}

/// The questions that a state holds; the candidates are read anew. One that cannot be read is asked about by its id alone.
pub async fn questions(context: &Context, snapshot: &Snapshot) -> Vec<Question> {
    let asked: Vec<&Open> = answerable(snapshot).filter(|open| open.asked).collect();
    let list_of = |open: &Open| Some(list_below(context.catalog.kind(&open.intent.kind)?, &open.intent.wanted));
    let chosen = asked.iter().filter(|open| !open.candidates.is_empty());
    let lists: BTreeSet<ListRead> = chosen.filter_map(|open| list_of(open)).collect();
    let read = join_all(lists.iter().map(|list| context.cloud.list(list.clone()))).await;
    let objects = read.into_iter().flatten().flat_map(|listing| listing.objects);
    let objects: BTreeMap<RemoteId, Observed> = objects.map(|object| (object.id.clone(), object)).collect();
    asked.into_iter().map(|open| question(context, open, &objects)).collect()
}

fn question(context: &Context, open: &Open, objects: &BTreeMap<RemoteId, Observed>) -> Question {
    let intent = &open.intent;
    let shown = |id: &RemoteId| match (objects.get(id), context.catalog.kind(&intent.kind)) {
        (Some(object), Some(kind)) => {
            let value = |attribute: &Attribute| {
                let value = seen(attribute, &object.attributes)?;
                Some((attribute.name.clone(), without_marks(value)))
            };
            kind.attributes.values().filter_map(value).collect()
        }
        (Some(_) | None, _) => Attributes::new(),
    };
    let differing = |id: &RemoteId| match (objects.get(id), context.catalog.kind(&intent.kind)) {
        (Some(object), Some(kind)) => differing(kind, intent, object).cloned().collect(),
        (Some(_) | None, _) => BTreeSet::new(),
    };
    let candidate = |id: &RemoteId| Candidate { id: id.clone(), shown: shown(id), differing: differing(id) };
    Question {
        address: intent.address.clone(),
        kind: intent.kind.clone(),
        operation: intent.operation,
        sent: intent.at,
        wanted: intent.wanted.clone(),
        candidates: open.candidates.iter().map(candidate).collect(),
    }
}
