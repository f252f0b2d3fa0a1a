//! Situations for codes that no example of a page can show by itself: a cloud that answers strangely, a broken disk, a damaged state.

mod cloud;
mod place;
mod state;

use crate::support::Run;
use cloud::{
    another_object, answer, answered, needs_approval, not_empty, not_possible, not_rolled_back, past_instant,
    read_only_key, test_key, twisted, unseen,
};
use cnx::diag::Diagnostics;
use cnx::model::FileId;
use cnx::model::http::{Headers, Response};
use cnx::provider::cloudnexus;
use cnx::state::StoreError;
use cnx::world::TransportError;
use place::{declined, machine, module_changed, no_network, not_text, step_failed, unsafe_path};
use state::{
    damaged, fenced, illegal_entry, late_duplicate, locked, open_operation, unknown_kind, unreadable, unwritable,
};

/// A code, and what makes cnx say it: the codes that were said.
pub type Scenario = fn() -> Vec<String>;

pub const SCENARIOS: &[(&str, Scenario)] = &[
    ("cnx::syntax::file_too_large", || text(&" ".repeat(17 << 20))),
    ("cnx::syntax::nesting_too_deep", || text(&format!("let a = {}1{}\n", "[".repeat(129), "]".repeat(129)))),
    ("cnx::syntax::string_too_long", || text(&format!("let a = \"{}\"\n", "x".repeat(2 << 20)))),
    ("cnx::syntax::number_too_long", || text(&format!("let a = {}\n", "1".repeat(1_001)))),
    ("cnx::program::too_complex", too_complex),
    ("cnx::program::too_deep", too_deep),
    ("cnx::plan::hidden", || {
        twisted(KEY, |request| match request.target.split('?').next() {
            Some("/v1/ssh_keys") => Some(Ok(Response { body: br#"{"data":[]}"#.to_vec(), ..answer(200, "") })),
            _ => Some(Ok(answer(403, "insufficient_permissions"))),
        })
    }),
    ("cnx::plan::unread", || twisted(KEY, |_| Some(Ok(answer(500, "internal_error"))))),
    ("cnx::plan::unseen", unseen),
    ("cnx::plan::needs_approval", needs_approval),
    ("cnx::plan::another_object", another_object),
    ("cnx::plan::past_instant", past_instant),
    ("cnx::cloud::read_only_key", read_only_key),
    ("cnx::cli::step_failed", step_failed),
    ("cnx::cli::from_elsewhere", crate::recovery::meanwhile::codes_of_a_state_from_elsewhere),
    ("cnx::cli::meanwhile", crate::recovery::meanwhile::codes_of_a_state_that_goes_on),
    ("cnx::plan::unknown_kind", unknown_kind),
    ("cnx::apply::source_unread", || {
        twisted(&format!("{KEY}data plans all {{}}\n"), |_| Some(Ok(answer(500, "internal_error"))))
    }),
    ("cnx::apply::late_duplicate", late_duplicate),
    ("cnx::apply::open_operation", open_operation),
    ("cnx::apply::not_rolled_back", not_rolled_back),
    ("cnx::cloud::authentication", || answered(|| Ok(answer(401, "invalid_api_key")))),
    ("cnx::cloud::permission", || answered(|| Ok(answer(403, "insufficient_permissions")))),
    ("cnx::cloud::unreachable", || {
        answered(|| Err(TransportError::NotSent { reason: "connection refused".to_owned() }))
    }),
    ("cnx::cloud::untrusted", || {
        answered(|| Err(TransportError::NotSent { reason: "invalid peer certificate".to_owned() }))
    }),
    ("cnx::cloud::interrupted", || answered(|| Err(TransportError::Lost { reason: "connection reset".to_owned() }))),
    ("cnx::cloud::rate_limited", || {
        let headers = Headers(vec![("Retry-After".to_owned(), "3600".to_owned())]);
        answered(move || Ok(Response { headers: Headers(headers.0.clone()), ..answer(429, "rate_limit_exceeded") }))
    }),
    ("cnx::cloud::bad_answer", || answered(|| Ok(Response { body: b"<html>".to_vec(), ..answer(200, "") }))),
    ("cnx::cloud::server_error", || answered(|| Ok(answer(500, "internal_error")))),
    ("cnx::cloud::refused", || answered(|| Ok(answer(422, "quota_exceeded")))),
    ("cnx::cloud::not_found", || answered(|| Ok(answer(404, "not_found")))),
    ("cnx::cloud::no_capacity", || answered(|| Ok(answer(409, "insufficient_resources")))),
    ("cnx::cloud::not_possible", not_possible),
    ("cnx::cloud::test_key_on_production", test_key),
    ("cnx::state::locked", locked),
    ("cnx::state::unwritable", unwritable),
    ("cnx::state::unreadable", unreadable),
    ("cnx::state::corrupt", || damaged("UPDATE journal SET entry = replace(entry, 'deploy', 'depoly')")),
    ("cnx::state::too_new", || damaged("PRAGMA user_version = 99")),
    ("cnx::state::unsafe_path", unsafe_path),
    ("cnx::state::fenced", fenced),
    // A full disk is made in the room's own tests, where pages can be limited.
    ("cnx::state::no_space", || {
        vec![StoreError::NoSpace { path: "dev.db".to_owned() }.diagnostic().code.id.to_owned()]
    }),
    ("cnx::state::illegal_entry", illegal_entry),
    ("cnx::cli::not_text", not_text),
    ("cnx::cli::declined", declined),
    ("cnx::cli::module_changed", module_changed),
    ("cnx::cli::not_empty", not_empty),
    ("cnx::cli::no_network", no_network),
    ("cnx::cli::machine", machine),
];

const KEY: &str =
    "ssh_key deploy {\n  name = \"deploy\"\n  public_key = \"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEsM\"\n}\n";

fn codes(found: &Diagnostics) -> Vec<String> {
    found.0.iter().map(|one| one.code.id.to_owned()).collect()
}

/// What is wrong with a text.
fn text(source: &str) -> Vec<String> {
    codes(&cnx::syntax::parse(FileId(0), source).diagnostics)
}

/// Every code that the run printed.
fn said(run: &Run) -> Vec<String> {
    let words = run.stdout.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'));
    let words = words.chain(run.stderr.split_whitespace());
    words.filter(|word| word.starts_with("cnx::")).map(str::to_owned).collect()
}

fn too_deep() -> Vec<String> {
    let functions: String = (1..=400).map(|n| format!("fn f{n}(x: int): int = f{}(x)\n", n - 1)).collect();
    let parsed = cnx::syntax::parse(FileId(0), &format!("fn f0(x: int): int = x\n{functions}output b = f400(1)\n"));
    codes(&cnx::program::check(&[parsed.ast], cloudnexus()).1)
}

fn too_complex() -> Vec<String> {
    let types: String = (1..40).map(|n| format!("let a{n} = {{ x = a{}, y = a{} }}\n", n - 1, n - 1)).collect();
    let source = format!("let a0 = {{ x = 1 }}\n{types}output b = a39\n");
    let parsed = cnx::syntax::parse(FileId(0), &source);
    codes(&cnx::program::check(&[parsed.ast], cloudnexus()).1)
}
