//! What is wrong with a program whatever is there: said without a request, and before everything is given.

use super::outputs::Planned;
use super::{collide, guard, import, moves, rules};
use crate::desired::Desired;
use crate::diag::Diagnostics;
use crate::model::Mode;
use crate::provider::Catalog;

/// Complaints that every plan of the program would make: moves and imports that contradict it, objects that
/// want the same, and conditions and checks that are known not to hold.
pub fn foreseen(desired: &Desired, catalog: &Catalog) -> Diagnostics {
    let mut out = Diagnostics::default();
    moves::contradictions(desired, &mut out);
    import::unclaimed(desired, true, &mut out);
    collide::collisions(desired, catalog, &mut out);
    let managed = desired.graph.order().filter(|(_, instance)| instance.address.mode == Mode::Managed);
    managed.for_each(|(_, instance)| guard::conditions(instance, &mut out));
    out.append(rules::checks(desired, &Planned::new(desired)));
    out
}
