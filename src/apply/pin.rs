//! Whether a state and a cloud belong together: with another cloud everything would look gone. Pure.

use crate::model::Ident;
use crate::state::{Pin, Snapshot};

/// Whether the state holds something and was made with another account, or under another URL. A surface that only one of
/// the two knows (a key more, a key less) makes no other cloud.
pub fn is_of_another_cloud(snapshot: &Snapshot, pin: &Pin) -> bool {
    let Some(known) = &snapshot.pin else { return false };
    let differs = |(surface, url): (&Ident, &String)| known.urls.get(surface).is_some_and(|other| other != url);
    let has_moved = known.account != pin.account || pin.urls.iter().any(differs);
    let holds_nothing = snapshot.records.is_empty() && snapshot.deposed.is_empty() && snapshot.open.is_empty();
    has_moved && !holds_nothing
}
