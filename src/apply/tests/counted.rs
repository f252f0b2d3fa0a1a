//! What the end of an operation that a run had left open counts as, and what is said of one that has none yet.

use super::super::*;
use super::intent;
use super::rollback::instance;
use super::sim::World;
use crate::model::{Address, Attributes, Ident, JobId, RemoteId, Timestamp};
use crate::plan::{Action, Plan};
use crate::state::{Condition, Intent, Open, OperationId, Purpose, Record, Remembered, Snapshot};
use std::collections::BTreeMap;

fn open(purpose: Purpose, id: Option<&str>) -> Open {
    let intent = Intent { purpose, id: id.map(RemoteId::new), ..intent("server") };
    Open { id: intent.id.clone(), intent, job: None, candidates: Vec::new(), asked: false }
}

fn record(condition: Condition) -> Record {
    let intent = intent("server");
    Record {
        address: intent.address,
        kind: intent.kind,
        id: RemoteId::new("srv_1"),
        applied: Attributes::new(),
        observed: Attributes::new(),
        status: None,
        condition,
        quarantine: None,
        lifecycle: Remembered::default(),
        created: Timestamp(0),
        updated: Timestamp(0),
    }
}

fn failed() -> StepEnd {
    StepEnd::Failed { message: "no".into(), code: String::new(), request_id: String::new(), help: String::new() }
}

fn recovered(end: StepEnd, condition: Condition) -> Recovered {
    let record = record(condition);
    let snapshot = Snapshot { records: BTreeMap::from([(record.address.clone(), record)]), ..Snapshot::default() };
    Recovered { snapshot, ends: BTreeMap::from([(OperationId(0), end)]), ..Recovered::default() }
}

#[test]
fn a_create_that_failed_and_left_something_is_incomplete() {
    let tainted = || Condition::Tainted("half".to_owned());
    let update = || Purpose::Update(vec![Ident::new("resize")]);
    let rows = [
        (Purpose::Create, failed(), tainted(), Summary { failed: 1, incomplete: 1, ..Summary::default() }),
        (Purpose::Create, failed(), Condition::Ready, Summary { failed: 1, ..Summary::default() }),
        (Purpose::Create, StepEnd::Done, tainted(), Summary { created: 1, ..Summary::default() }),
        (update(), failed(), tainted(), Summary { failed: 1, ..Summary::default() }),
        (Purpose::Delete, StepEnd::Done, Condition::Ready, Summary { destroyed: 1, ..Summary::default() }),
        (Purpose::Run, StepEnd::Done, Condition::Ready, Summary { ran: 1, ..Summary::default() }),
    ];
    for (purpose, end, condition, counted) in rows {
        let mut summary = Summary { open: 1, ..Summary::default() };
        let left = BTreeMap::from([(OperationId(0), open(purpose.clone(), None))]);
        recovered(end, condition).count_in(left, &Plan::default(), &mut summary, None);
        assert_eq!(summary, counted, "{purpose:?}");
    }
}

/// An update of two operations, of which the first one's end came later.
#[test]
fn only_the_very_object_had_more_to_come() {
    let program =
        |size: &str, team: &str| instance("app", "us-east-1", size, &format!("tags = {{ team = \"{team}\" }}"));
    let world = World::local();
    world.run(&program("standard-2x4", "a")).expect("lives");
    let plan = world.plan(&program("standard-4x8", "b"));
    let step = plan.steps.order().map(|(_, step)| step.clone()).next().expect("a step");
    let Action::Update(operations) = &step.action else { panic!("{step:?}") };
    let first = Purpose::Update(vec![operations[0].clone()]);
    let counted = |address: Address, id: Option<RemoteId>| {
        let intent = Intent { purpose: first.clone(), address, id: id.clone(), ..intent("compute_instance") };
        let open = Open { intent, job: None, id, candidates: Vec::new(), asked: false };
        let ends = BTreeMap::from([(OperationId(0), StepEnd::Done)]);
        let mut summary = Summary::default();
        Recovered { ends, ..Recovered::default() }.count_in([(OperationId(0), open)].into(), &plan, &mut summary, None);
        (summary.updated, summary.skipped)
    };
    assert_eq!(counted(step.address.clone(), step.id.clone()), (0, 1));
    let other = Address::managed("compute_instance", "other", None);
    assert_eq!(counted(other, step.id.clone()), (1, 0), "another address");
    assert_eq!(counted(step.address.clone(), Some(RemoteId::new("inst_other"))), (1, 0), "what stood there before");
}

#[test]
fn what_is_open_says_what_ends_it() {
    let help = |open: Open| {
        let snapshot = Snapshot { open: BTreeMap::from([(OperationId(0), open)]), ..Snapshot::default() };
        let found = Recovered { snapshot, ..Recovered::default() }.still_open();
        let [diagnostic] = &found.0[..] else { panic!("{found:?}") };
        assert!(diagnostic.message.starts_with("the "), "{diagnostic:?}");
        diagnostic.help.clone()
    };
    let job = || Some(JobId::new("job_1"));
    let candidates = |ids: &[&str]| ids.iter().map(|id| RemoteId::new(id)).collect::<Vec<_>>();
    let create = || open(Purpose::Create, None);
    assert_eq!(help(Open { job: job(), ..create() }), "run again: job_1 is asked for its end");
    let either = "look whether it was made, then say so: --answer 'server.app=ID' if it was, 'server.app=none' if not";
    assert_eq!(help(create()), either);
    assert_eq!(help(Open { job: job(), asked: true, ..create() }), either, "its job did not tell");
    assert_eq!(
        help(Open { asked: true, candidates: candidates(&["srv_1", "srv_2"]), ..create() }),
        "look at srv_1 and srv_2, then say which: --answer 'server.app=srv_1', or 'server.app=none'"
    );
    assert_eq!(help(open(Purpose::Delete, Some("srv_1"))), "run again: the object is looked at until it shows");
}
