//! Late duplicates: objects that a create made after it was given up, or made a second time after it was answered. Told,
//! never taken and never deleted.

use super::codes;
use super::context::Context;
use super::identity::{could_be, fingerprint_of};
use crate::cloud::CLOCKS_APART;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Ident, Observed, RemoteId, Timestamp, Type, Value};
use crate::plan::{ListRead, Live};
use crate::provider::{Catalog, Kind};
use crate::state::{Intent, Open, Purpose, STAMP_OPERATION, Snapshot, Tombstone, mark};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// When an object was made, RFC 3339 (`contract.md` 1).
const CREATED: &str = "created_at";

/// No request is carried out later than so long after it was sent, as far as two machines' clocks can say.
pub(super) const MOST_LATE: Duration = Duration::from_secs(60 * 60);

/// The same over fresh lists, at the end of an apply: of the kinds of which creates were given up, and no other request.
/// A list that cannot be had is left to the next plan.
pub async fn sweep_again(context: &Context, snapshot: &Snapshot) -> Diagnostics {
    let kinds: BTreeSet<&Ident> = snapshot.tombstones.values().map(|tombstone| &tombstone.kind).collect();
    let mut live = Live::default();
    let now = context.now();
    let is_recent = |kind: &Kind| {
        let mut given_up = snapshot.tombstones.values().filter(|tombstone| tombstone.kind == kind.name);
        given_up.any(|tombstone| now.since(tombstone.at) <= MOST_LATE)
    };
    // One list for each parent: only as long as a request may still be carried out.
    let is_meant = |kind: &&Kind| kind.parent.is_none() || is_recent(kind);
    for kind in kinds.into_iter().filter_map(|kind| context.catalog.kind(kind)).filter(is_meant) {
        for list in lists_of(snapshot, kind) {
            if let Ok(listing) = context.cloud.list(list).await {
                let objects = listing.objects.into_iter().map(|object| (object.id.clone(), object));
                live.objects.entry(kind.name.clone()).or_default().extend(objects);
            }
        }
    }
    sweep(snapshot, &live, &context.catalog)
}

/// The lists that show all objects of a kind: one, or one below each parent that is managed.
fn lists_of(snapshot: &Snapshot, kind: &Kind) -> Vec<ListRead> {
    let list = |parent: BTreeMap<Ident, RemoteId>| ListRead { kind: kind.name.clone(), parent };
    let Some(parent) = &kind.parent else { return vec![list(BTreeMap::new())] };
    let Some(Type::Id(of)) = kind.attributes.get(parent).map(|attribute| &attribute.ty) else { return Vec::new() };
    let parents = snapshot.records.values().filter(|record| record.kind == *of);
    parents.map(|record| list(BTreeMap::from([(parent.clone(), record.id.clone())]))).collect()
}

/// Among what was read: objects that carry the mark of a create that was given up, or where there is no mark, that look
/// as it would have made them and were not there before; and those that carry the mark of an object that is managed.
pub fn sweep(snapshot: &Snapshot, live: &Live, catalog: &Catalog) -> Diagnostics {
    let mut found = Diagnostics::default();
    let mut by_kind: BTreeMap<&Ident, BTreeMap<String, Vec<&Observed>>> = BTreeMap::new();
    for tombstone in snapshot.tombstones.values() {
        let Some(kind) = catalog.kind(&tombstone.kind) else { continue };
        let unknown = by_kind.entry(&kind.name).or_insert_with(|| unknown(snapshot, live, kind));
        let sign = if kind.stamp.is_some() { &tombstone.nonce.0 } else { &tombstone.fingerprint };
        let alike = unknown.get(sign).into_iter().flatten();
        let late = alike.filter(|object| is_in_time(tombstone, kind, object));
        found.0.extend(late.map(|object| describe(tombstone, kind, &object.id)));
    }
    for kind in catalog.kinds.values() {
        found.0.extend(doubles(snapshot, live, kind));
    }
    found
}

/// Objects that carry the mark of one that is managed, and are not it: its create was carried out twice, or somebody copied it.
fn doubles(snapshot: &Snapshot, live: &Live, kind: &Kind) -> Vec<Diagnostic> {
    let (Some(stamp), Some(objects)) = (&kind.stamp, live.objects.get(&kind.name)) else { return Vec::new() };
    let (own, others): (Vec<_>, Vec<_>) = objects.iter().partition(|(id, _)| snapshot.ids.contains_key(*id));
    let own: BTreeMap<&str, &RemoteId> = own
        .into_iter()
        .filter_map(|(id, object)| Some((mark(&object.attributes, stamp, STAMP_OPERATION)?, id)))
        .collect();
    let double = |(id, object): (&RemoteId, &Observed)| {
        let original = *own.get(mark(&object.attributes, stamp, STAMP_OPERATION)?)?;
        let address = snapshot.ids.get(original)?;
        let message = format!("{id} carries the mark of {address}, which is {original}: made twice, or a copy of it");
        let help = format!(
            "look at it; if nobody needs it, delete {id} at the API; if it is to stay, take its tag `{STAMP_OPERATION}` away"
        );
        Some(Diagnostic::new(&codes::LATE_DUPLICATE, message).help(help))
    };
    others.into_iter().filter_map(double).collect()
}

/// Objects of a kind that are nobody's, that no open question is about, and that were not there before, by their mark, or
/// where there is none, by what they look like. What an open create may have made may be that one's, which shows when it ends.
fn unknown<'a>(snapshot: &Snapshot, live: &'a Live, kind: &Kind) -> BTreeMap<String, Vec<&'a Observed>> {
    let was_there = |id: &RemoteId| snapshot.strangers.get(&kind.name).is_some_and(|ids| ids.contains(id));
    let asked: BTreeSet<&RemoteId> =
        snapshot.open.values().flat_map(|open| open.candidates.iter().chain(&open.id)).collect();
    let objects = live.objects.get(&kind.name).into_iter().flatten();
    let unknown = objects.filter(|(id, _)| !was_there(id) && !snapshot.ids.contains_key(*id) && !asked.contains(id));
    let is_traced = |open: &&Open| open.intent.purpose == Purpose::Create && open.id.is_none() && !open.asked;
    let traced: Vec<&Intent> = snapshot.open.values().filter(is_traced).map(|open| &open.intent).collect();
    let is_awaited = |sign: &str, object: &Observed| {
        let is_since = |intent: &Intent| made_at(object).is_none_or(|made| intent.at.since(made) <= CLOCKS_APART);
        traced.iter().any(|intent| intent.fingerprint == sign && could_be(kind, intent, object) && is_since(intent))
    };
    let mut by_sign: BTreeMap<String, Vec<&Observed>> = BTreeMap::new();
    for (_, object) in unknown {
        let sign = match &kind.stamp {
            Some(stamp) => mark(&object.attributes, stamp, STAMP_OPERATION).map(str::to_owned),
            None => Some(fingerprint_of(kind, &object.attributes)),
        };
        if let Some(sign) = sign.filter(|sign| !is_awaited(sign, object)) {
            by_sign.entry(sign).or_default().push(object);
        }
    }
    by_sign
}

/// Whether it was made when the create may have been carried out. What has a name of its own is told whenever it was made;
/// without one, all that anybody makes of the same thing looks the same.
pub(super) fn is_in_time(tombstone: &Tombstone, kind: &Kind, object: &Observed) -> bool {
    let made = made_at(object);
    let is_named = kind.stamp.is_some() || !kind.natural_key.is_empty();
    is_named || made.is_none_or(|made| made.since(tombstone.at).max(tombstone.at.since(made)) <= MOST_LATE)
}

/// When the object was made, where it shows that.
pub(super) fn made_at(object: &Observed) -> Option<Timestamp> {
    object.attributes.get(CREATED).and_then(Value::as_str).and_then(Timestamp::parse)
}

fn describe(tombstone: &Tombstone, kind: &Kind, id: &RemoteId) -> Diagnostic {
    let surely = if kind.stamp.is_some() { "was made" } else { "was perhaps made" };
    let message = format!("{id} {surely} by a create of {} that was given up on {}", tombstone.address, tombstone.at);
    Diagnostic::new(&codes::LATE_DUPLICATE, message)
        .help(format!("look at it; if nobody needs it, delete {id} at the API"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apply::identity::fingerprint;
    use crate::apply::tests::intent;
    use crate::model::{Address, Attributes, Key};
    use crate::provider::cloudnexus;
    use crate::state::{Nonce, OperationId};

    fn object(id: &str, name: &str, mark: Option<&str>) -> Observed {
        let mut attributes = Attributes::from([
            (Ident::new("name"), Value::string(name)),
            (Ident::new("region"), Value::string("eu-west-2")),
            (Ident::new("source_id"), Value::string(name)),
        ]);
        if let Some(mark) = mark {
            let tags = BTreeMap::from([(Key::text(STAMP_OPERATION), Value::string(mark))]);
            attributes.insert(Ident::new("tags"), Value::map(tags));
        }
        Observed { id: RemoteId::new(id), attributes, status: None, current_job: None, etag: None }
    }

    /// Which of the objects are told of, after the create of `app` with the nonce `n` was given up.
    fn told(kind: &str, objects: &[Observed], known: &[&str], strangers: &[&str]) -> Vec<String> {
        told_beside(None, kind, objects, known, strangers)
    }

    /// The same while another create of the same thing is open.
    fn told_beside(
        open: Option<Open>,
        kind: &str,
        objects: &[Observed],
        known: &[&str],
        strangers: &[&str],
    ) -> Vec<String> {
        let kind = cloudnexus().kind(&Ident::new(kind)).expect("a kind");
        let wanted = object("", "app", None).attributes;
        let tombstone = Tombstone {
            address: Address::managed(kind.name.as_str(), "app", None),
            kind: kind.name.clone(),
            nonce: Nonce("n".to_owned()),
            fingerprint: fingerprint(kind, &wanted),
            at: Timestamp(0),
            surveyed: true,
        };
        let ids = |ids: &[&str]| ids.iter().map(|id| RemoteId::new(id)).collect::<BTreeSet<_>>();
        let owner = Address::managed(kind.name.as_str(), "other", None);
        let snapshot = Snapshot {
            tombstones: BTreeMap::from([(OperationId(0), tombstone)]),
            ids: ids(known).into_iter().map(|id| (id, owner.clone())).collect(),
            strangers: BTreeMap::from([(kind.name.clone(), ids(strangers))]),
            open: open.into_iter().map(|open| (OperationId(1), open)).collect(),
            ..Snapshot::default()
        };
        let mut live = Live::default();
        let by_id = objects.iter().map(|object| (object.id.clone(), object.clone())).collect();
        live.objects.insert(kind.name.clone(), by_id);
        let found = sweep(&snapshot, &live, cloudnexus());
        found.0.iter().filter_map(|d| d.message.split(' ').next().map(str::to_owned)).collect()
    }

    #[test]
    fn what_carries_the_mark_of_a_managed_object_is_told() {
        let marked = |id: &str, mark| object(id, "app", Some(mark));
        let all = [marked("inst_a", "m"), marked("inst_b", "m"), marked("inst_c", "o"), object("inst_d", "app", None)];
        assert_eq!(told("compute_instance", &all, &["inst_a"], &[]), ["inst_b"]);
        assert_eq!(told("compute_instance", &all, &["inst_a"], &["inst_b"]), ["inst_b"], "however long it is there");
        assert!(told("compute_instance", &all, &["inst_a", "inst_b"], &[]).is_empty(), "both are managed");
        assert!(told("compute_instance", &all, &["inst_d"], &[]).is_empty());
        assert!(told("compute_instance", &all, &[], &[]).is_empty(), "of which nobody knows an original");
    }

    #[test]
    fn what_an_open_create_may_have_made_is_not_told_as_another_ones() {
        let kind = cloudnexus().kind(&Ident::new("server")).expect("a kind");
        let named = [object("srv_a", "app", None), object("srv_b", "app", None)];
        let looks_like = |name: &str| {
            let fingerprint = fingerprint(kind, &object("", name, None).attributes);
            Intent { fingerprint, ..intent("server") }
        };
        let open = |name: &str, id: Option<&str>| {
            let id = id.map(RemoteId::new);
            Some(Open { intent: looks_like(name), job: None, id, candidates: Vec::new(), asked: false })
        };
        let asked = open("app", None).map(|open| Open { asked: true, ..open });
        assert!(told_beside(open("app", None), "server", &named, &[], &[]).is_empty(), "it shows when that one ends");
        assert_eq!(told_beside(open("web", None), "server", &named, &[], &[]), ["srv_a", "srv_b"]);
        assert_eq!(told_beside(open("app", Some("srv_a")), "server", &named, &[], &[]), ["srv_b"], "it made the other");
        assert_eq!(told_beside(asked, "server", &named, &[], &[]).len(), 2, "a person was shown what it may have made");
        let larger = open("app", None).map(|mut open| {
            open.intent.wanted.insert(Ident::new("region"), Value::string("us-east-1"));
            open
        });
        assert_eq!(told_beside(larger, "server", &named, &[], &[]).len(), 2, "it wants another");
        let mut old = object("srv_a", "app", None);
        old.attributes.insert(Ident::new(CREATED), Value::string("1969-12-31T23:59:00Z"));
        assert_eq!(told_beside(open("app", None), "server", &[old], &[], &[]), ["srv_a"], "made before it was sent");
    }

    #[test]
    fn what_a_given_up_create_made_later_is_told() {
        let marked =
            [object("inst_a", "x", Some("n")), object("inst_b", "app", Some("m")), object("inst_c", "app", None)];
        assert_eq!(told("compute_instance", &marked, &[], &[]), ["inst_a"], "by its mark alone");
        assert!(told("compute_instance", &marked, &["inst_a"], &[]).is_empty(), "ours by now");
        let named = [object("srv_a", "app", None), object("srv_b", "app", None), object("srv_c", "web", None)];
        assert_eq!(told("server", &named, &[], &["srv_b"]), ["srv_a"], "by its name, and not there before");
        let taken = [object("snap_a", "app", None), object("snap_b", "app", None), object("snap_c", "web", None)];
        assert_eq!(told("snapshot", &taken, &[], &["snap_b"]), ["snap_a"], "by what it was taken of");
        let made = |id: &str, at| {
            let mut made = object(id, "app", None);
            made.attributes.insert(Ident::new(CREATED), Value::string(at));
            made
        };
        let soon = "1970-01-01T00:20:00Z";
        assert_eq!(
            told("snapshot", &[made("snap_a", soon), made("snap_b", "1970-01-02T00:00:00Z")], &[], &[]),
            ["snap_a"]
        );
        assert_eq!(told("server", &[made("srv_a", "1970-01-02T00:00:00Z")], &[], &[]), ["srv_a"], "it has a name");
    }
}
