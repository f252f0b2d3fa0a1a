//! Situations for codes that no example of a page can show by itself: a cloud that answers strangely, a broken disk.

/// A code, and what makes cnx say it: the codes that were said.
pub type Scenario = fn() -> Vec<String>;

pub const SCENARIOS: &[(&str, Scenario)] = &[];
