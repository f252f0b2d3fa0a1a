//! Every code of every room and its page in `docs/errors`. Knows no command.

use super::codes;
use crate::diag::Code;
use crate::{apply, cloud, desired, plan, program, provider, state, syntax};

/// A code and the long form of what it says, in the Markdown of `report::page`.
#[derive(Clone, Copy, Debug)]
pub struct Explanation {
    pub code: &'static Code,
    /// Empty where the page is missing, which a test refuses.
    pub text: &'static str,
}

/// The codes of a room and the file with their pages, in reading order.
static ROOMS: &[(&[&Code], &str)] = &[
    (syntax::codes::ALL, include_str!("../../docs/errors/syntax.md")),
    (program::codes::ALL, include_str!("../../docs/errors/program.md")),
    (desired::codes::ALL, include_str!("../../docs/errors/desired.md")),
    (plan::codes::ALL, include_str!("../../docs/errors/plan.md")),
    (apply::codes::ALL, include_str!("../../docs/errors/apply.md")),
    (cloud::codes::ALL, include_str!("../../docs/errors/cloud.md")),
    (state::codes::ALL, include_str!("../../docs/errors/state.md")),
    (provider::codes::ALL, include_str!("../../docs/errors/provider.md")),
    (codes::ALL, include_str!("../../docs/errors/cli.md")),
];

/// All of them, room by room.
pub fn explanations() -> impl Iterator<Item = Explanation> {
    ROOMS.iter().flat_map(|(codes, file)| codes.iter().map(|code| Explanation { code, text: page(file, code.id) }))
}

/// What stands below `## CODE`, up to the next such heading.
fn page(file: &'static str, id: &str) -> &'static str {
    let heading = format!("\n## {id}\n");
    let Some(start) = file.find(&heading).map(|at| at + heading.len()) else { return "" };
    let end = file[start..].find("\n## ").map_or(file.len(), |at| start + at);
    file[start..end].trim()
}
