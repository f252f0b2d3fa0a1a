//! The discrepancy ledger of docs/api/contract.md, row by row: what the client does where the documents differ, are silent or
//! contradict each other. Each row has a test of its number here, or the reason why it has none.

#![expect(clippy::panic, reason = "a test that fails says what was found instead")]

#[path = "ledger/absence.rs"]
mod absence;
#[path = "ledger/doctor.rs"]
mod doctor;
#[path = "ledger/errors.rs"]
mod errors;
#[path = "ledger/hosts.rs"]
mod hosts;
#[path = "ledger/jobs.rs"]
mod jobs;
#[path = "ledger/lists.rs"]
mod lists;
#[path = "ledger/machines.rs"]
mod machines;
#[path = "ledger/retries.rs"]
mod retries;
#[path = "ledger/stage.rs"]
pub mod stage;
#[path = "ledger/waiting.rs"]
mod waiting;

use std::collections::BTreeSet;

macro_rules! rows {
    ($($row:ident, $what:literal, $room:ident;)*) => {
        $(#[test] fn $row() { $room::$row(); })*

        /// Rows with a test, and what it shows.
        const SHOWN: &[(&str, &str)] = &[$((stringify!($row), $what)),*];
    };
}

rows! {
    l1, "two endpoints, each overridable alone; a kind is bound to one of them", hosts;
    l2, "the environment picks the platform's host, compute keeps its one", hosts;
    l3, "only /v1 is sent; unknown members are ignored", hosts;
    l4, "https but for loopback; no redirect is followed", hosts;
    l5, "Content-Type with a body and only then; Accept always", hosts;
    l6, "one attribute `region` on both", hosts;
    l7, "a key's shape never blocks; every family is redacted", hosts;
    l8, "a live key never goes to the sandbox by accident; a test key on .io is warned of", hosts;
    l9, "a read-only key plans, and apply refuses up front", hosts;
    l10, "403 is `may not`, never `gone`", hosts;
    l11, "absence from a list proves a deletion to an unrestricted key only", hosts;
    l12, "authentication: one class, never retried, ends the run", hosts;
    l13, "no key in state, plan, log or output; the credentials file is private", hosts;
    l14, "the answer chooses how the next page is asked for", lists;
    l15, "next_cursor, else next_page, else the end; the same cursor twice is an error", lists;
    l16, "links are resolved against the origin; another origin is refused", lists;
    l17, "the own page size goes along where the link forgets it", lists;
    l18, "cursors are opaque and escaped; an expired one restarts once", lists;
    l19, "a short page ends nothing; a list with less than its total is asked again, then an error", lists;
    l20, "100 on compute, 50 on platform; halved once a run where refused", lists;
    l21, "each id once; a changed total is read once more", lists;
    l22, "tags are filtered by the client itself, of a list that no filter shortens", lists;
    l23, "strict in what is sent, open in what is read", lists;
    l24, "two kinds, never merged", machines;
    l25, "`type` and `plan`, each named where the other is given", machines;
    l26, "an open set of types; an odd one only warns", machines;
    l27, "specs are never computed", machines;
    l28, "what an answer leaves out is unknown, not removed; specs betray the plan", machines;
    l29, "no tags on servers", machines;
    l30, "images are compared modulo their alias", machines;
    l31, "a snapshot's id is an image", machines;
    l32, "the type selects what it is", machines;
    l33, "at once or after minutes", machines;
    l34, "addresses of any range, null or absent", machines;
    l35, "an unknown status is on its way until the timeout; failed is the end", machines;
    l36, "ids are opaque", machines;
    l37, "duplicate names are legal", machines;
    l38, "name, region, plan and image are always sent", machines;
    l39, "Location, then job_id; without jobs the object is polled", jobs;
    l40, "any 2xx; the id from the job where the data has none", jobs;
    l41, "actions without a job are waited for by their goal", jobs;
    l42, "the presence of a job decides what is waited for", jobs;
    l43, "a conflict whose goal holds is a success", jobs;
    l44, "resize in place; stop, resize, start where the API asks for it", jobs;
    l45, "scale is a route, not an id", jobs;
    l46, "a window in the past warns, one in the future is not waited for", jobs;
    l47, "tier and replicas always together; another count than asked for is told", jobs;
    l48, "databases whole where the routes exist, scale-only where they do not", jobs;
    l49, "routing rules and analytics", jobs;
    l50, "the purge with both its quotes", jobs;
    l51, "quotes around an entity tag are taken off", jobs;
    l53, "every form of an error, with status and request id", errors;
    l54, "409 on both hosts", errors;
    l55, "capacity by its code, whatever the status", errors;
    l56, "alternatives are shown, never applied", errors;
    l57, "Retry-After, else reset, else back-off; too long a wait is given up", errors;
    l58, "resets in milliseconds, seconds, deltas and the past", errors;
    l59, "documented budgets a host, until the answers tell another", errors;
    l60, "no ceiling; budgets are a key's", errors;
    l61, "absent headers are normal", errors;
    l62, "deleted is what neither route nor list shows", errors;
    l63, "500: reads again, writes in doubt, with the request id", errors;
    l64, "statuses that no document lists", errors;
    l65, "an error under 200 is an error", errors;
    l66, "the request id of the header", errors;
    l67, "no closed list of regions; edges are something else", errors;
}

/// Rows without a test, and why.
const UNSHOWN: &[(&str, &str)] = &[("l52", "notation only: `:id` and `{zone_id}`, stray backslashes in a cURL line")];

#[test]
fn the_table_has_the_ledgers_rows_and_no_others() {
    let path = crate::support::root().join("docs/api/contract.md");
    let contract = std::fs::read_to_string(path).expect("the contract");
    let row = |line: &str| {
        let number: u32 = line.strip_prefix("| L")?.split(' ').next()?.parse().ok()?;
        Some(format!("l{number}"))
    };
    let rows: BTreeSet<String> = contract.lines().filter_map(row).collect();
    assert_eq!(rows.len(), 67, "the contract's ledger has changed");
    let all: Vec<&str> = SHOWN.iter().chain(UNSHOWN).map(|(row, _)| *row).collect();
    let here: BTreeSet<String> = all.iter().map(|row| (*row).to_owned()).collect();
    assert_eq!(here.len(), all.len(), "a row stands twice");
    assert_eq!(here, rows);
    assert!(SHOWN.iter().chain(UNSHOWN).all(|(_, words)| !words.is_empty()));
}
