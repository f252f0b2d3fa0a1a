//! Right before a write that would overwrite: is the object still as it was when the plan was made (`contract.md` 2.6)?

use super::machine::Run;
use super::work::{Deed, Failure, Phase, Why};
use crate::model::http::Method;
use crate::model::{Attributes, NodeId, Observed};
use crate::plan;
use crate::provider::{Kind, Presence};
use std::time::Duration;

/// A reading of this age counts as made right before the write.
const FRESH: Duration = Duration::from_secs(10);

impl Run {
    /// Whether the object is being looked at first.
    pub(super) fn looks_before(&mut self, step: NodeId) -> bool {
        let now = self.now.monotonic;
        let is_fresh = self.live.read_at.is_none_or(|read| now.saturating_sub(read) <= FRESH);
        let Some(doing) = &self.works[step.0 as usize].doing else { return false };
        let is_ours = doing.id.as_ref().is_none_or(|id| self.touched.contains(id));
        if is_fresh || is_ours || doing.is_checked || doing.call.etag.is_some() || !self.overwrites(step) {
            return false;
        }
        self.look(step, Why::Before);
        true
    }

    /// Actions lead to a goal from wherever the object is; PATCH and DELETE do not look.
    fn overwrites(&self, step: NodeId) -> bool {
        let Some(doing) = &self.works[step.0 as usize].doing else { return false };
        let Some(kind) = self.catalog.kind(&doing.kind) else { return false };
        match &doing.deed {
            Deed::Delete => true,
            Deed::Update(name) => kind.updates.get(name).is_some_and(|operation| operation.method == Method::Patch),
            Deed::Create | Deed::Run => false,
        }
    }

    /// The object was read: the write goes on with the version that was seen, or is refused.
    pub(super) fn still_as_planned(&mut self, step: NodeId, observed: &Observed) {
        let planned = self.step(step);
        let kind = self.catalog.kind(&planned.address.kind);
        let differing = kind.and_then(|kind| differing(kind, &planned.before, &observed.attributes));
        if let Some(name) = differing {
            let failure = Failure {
                message: format!("{} was changed since the plan: `{name}` is another", observed.id),
                help: "plan again: nothing was overwritten".to_owned(),
                ..Failure::default()
            };
            return self.end(step, failure.end());
        }
        if let Some(doing) = self.work(step).doing.as_mut() {
            doing.call.etag.clone_from(&observed.etag);
        }
        self.go_ahead(step);
    }

    /// The look is over and speaks not against the write; where nothing was seen, the API's answer decides.
    pub(super) fn go_ahead(&mut self, step: NodeId) {
        if let Some(doing) = self.work(step).doing.as_mut() {
            doing.is_checked = true;
            doing.phase = Phase::Waiting;
        }
        self.enqueue_deed(step);
    }
}

/// The first attribute that a program can set and that both readings show, with different values.
fn differing(kind: &Kind, before: &Attributes, now: &Attributes) -> Option<String> {
    let settable = kind.attributes.values().filter(|attribute| attribute.presence != Presence::Computed);
    let changed = |attribute: &&crate::provider::Attribute| {
        let (then, now) = (plan::seen(attribute, before), plan::seen(attribute, now));
        then.zip(now).is_some_and(|(then, now)| !plan::is_same(&attribute.compare, then, now, Some(then)))
    };
    settable.into_iter().find(changed).map(|attribute| attribute.name.to_string())
}
