//! Reading what planning needs: lists and sources, all at the same time; the client's budgets keep them in bounds.

use super::codes;
use super::context::{Context, Seen, Target};
use crate::cloud::Listing;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Attributes, Ident, RemoteId, Value};
use crate::plan::{Absence, ListRead, Live, Reads, SourceRead, list_of};
use crate::state::Snapshot;
use futures::future::{FutureExt, join_all};

/// Reads all of it into `live`. Lists and objects that could not be read are told there as well: nothing unread counts as
/// gone. A data source has no state's word to fall back on, so the plan needs it: its failure is an error.
pub async fn refresh(
    context: &Context,
    reads: &Reads,
    snapshot: &Snapshot,
    live: &mut Live,
) -> Result<(), Diagnostics> {
    let before = context.cloud.requests();
    live.read_at.get_or_insert_with(|| context.clock.monotonic());
    let lists = join_all(reads.lists.iter().map(|list| context.cloud.list(list.clone()).map(move |a| (list, a))));
    let sources = join_all(reads.sources.iter().map(|read| {
        let answer = context.cloud.source(read.source.clone(), read.arguments.clone());
        answer.map(move |answer| (read, answer))
    }));
    let objects = join_all(reads.objects.iter().map(|(kind, id)| {
        let target = target(snapshot, kind, id);
        context.cloud.read(target).map(move |seen| (kind, id, seen))
    }));
    let (lists, sources, objects) = futures::join!(lists, sources, objects);
    for (list, answer) in lists {
        if answer.is_err() && context.cloud.lacks(list) {
            live.routeless.insert(list.clone());
        }
        take_list(live, list, answer);
    }
    let mut complaints = Diagnostics::default();
    for (read, answer) in sources {
        take_source(live, read, answer, &mut complaints);
    }
    for (kind, id, seen) in objects {
        take_object(live, kind, id, seen);
    }
    confirm_absent(context, snapshot, live).await;
    if let Some(refusal) = context.cloud.refusal() {
        return Err(Diagnostics(vec![refusal]));
    }
    live.requests += context.cloud.requests().saturating_sub(before);
    if complaints.is_empty() { Ok(()) } else { Err(complaints) }
}

fn target(snapshot: &Snapshot, kind: &Ident, id: &RemoteId) -> Target {
    let record = snapshot.ids.get(id).and_then(|address| crate::state::find(snapshot, address, id));
    let mut attributes = Attributes::new();
    if let Some(record) = record {
        attributes.extend(record.applied.clone());
        attributes.extend(record.observed.clone());
    }
    Target { kind: kind.clone(), id: id.clone(), attributes }
}

fn take_list(live: &mut Live, list: &ListRead, answer: Result<Listing, String>) {
    match answer {
        Ok(listing) => {
            live.objects_read += listing.objects.len();
            let objects = live.objects.entry(list.kind.clone()).or_default();
            objects.extend(listing.objects.into_iter().map(|observed| (observed.id.clone(), observed)));
            live.listed.insert(list.clone());
        }
        Err(reason) => {
            live.unlisted.insert(list.clone(), reason);
        }
    }
}

fn take_source(live: &mut Live, read: &SourceRead, answer: Result<Value, String>, out: &mut Diagnostics) {
    match answer {
        Ok(value) => {
            live.objects_read += 1;
            live.sources.insert(read.address.clone(), value);
        }
        Err(reason) => out.push(
            Diagnostic::new(&codes::SOURCE_UNREAD, format!("{}: {reason}", read.address))
                .help("check the key and the network, then run again"),
        ),
    }
}

fn take_object(live: &mut Live, kind: &Ident, id: &RemoteId, seen: Seen) {
    let absence = match seen {
        Seen::Found(observed) => {
            live.objects_read += 1;
            live.objects.entry(kind.clone()).or_default().insert(id.clone(), *observed);
            return;
        }
        Seen::Gone => Absence::Gone,
        Seen::Hidden => Absence::Hidden,
        Seen::Unread(reason) | Seen::Unseeable(reason) => Absence::Unread(reason),
    };
    live.absent.insert((kind.clone(), id.clone()), absence);
}

/// An object of the state that its list does not show is asked for by its id, so that a list that lags, or a key that may
/// not see everything, is not taken for a deletion (`contract.md` 2.3). Many at once are not: the plan's guard asks then.
async fn confirm_absent(context: &Context, snapshot: &Snapshot, live: &mut Live) {
    let records = snapshot.records.values().chain(snapshot.deposed.values().flatten());
    let missing: Vec<(Ident, RemoteId)> = records
        .filter(|record| list_of(record, &context.catalog).is_some_and(|list| live.listed.contains(&list)))
        .filter(|record| !live.objects.get(&record.kind).is_some_and(|objects| objects.contains_key(&record.id)))
        .map(|record| (record.kind.clone(), record.id.clone()))
        .filter(|key| !live.absent.contains_key(key))
        .take(CONFIRMED)
        .collect();
    let reads = missing.iter().map(|(kind, id)| {
        let target = target(snapshot, kind, id);
        context.cloud.read(target).map(move |seen| (kind, id, seen))
    });
    for (kind, id, seen) in join_all(reads).await {
        take_object(live, kind, id, seen);
    }
}

/// So many objects are asked for one by one.
const CONFIRMED: usize = 20;
