//! What is wrong with a program whatever is there: said without a request, and before everything is given.

use super::outputs::Planned;
use super::{guard, import, moves, rules};
use crate::desired::Desired;
use crate::diag::Diagnostics;
use crate::model::Mode;

/// Complaints that every plan of the program would make: moves and imports that contradict it, and conditions and checks that
/// are known not to hold.
pub fn foreseen(desired: &Desired) -> Diagnostics {
    let mut out = Diagnostics::default();
    moves::contradictions(desired, &mut out);
    import::unclaimed(desired, true, &mut out);
    let managed = desired.graph.order().filter(|(_, instance)| instance.address.mode == Mode::Managed);
    managed.for_each(|(_, instance)| guard::conditions(instance, &mut out));
    out.append(rules::checks(desired, &Planned::new(desired)));
    out
}
