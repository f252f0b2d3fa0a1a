//! What must hold for every text: the targets of the fuzzer, and of `tests/fuzz.rs`, which runs them in every build.

use cnx::desired::Inputs;
use cnx::diag::Diagnostics;
use cnx::model::FileId;
use cnx::program::{Folder, Unsound};
use cnx::provider::cloudnexus;
use cnx::syntax;
use std::sync::Arc;

const FILE: FileId = FileId(0);

/// Reading ends, by either way with the same result; every place is in the text, on whole characters.
pub fn parse(text: &str) {
    let (short, written) = (syntax::parse(FILE, text), syntax::parse_as_written(FILE, text));
    assert_eq!(short.diagnostics, written.diagnostics);
    assert_eq!(format!("{:?}", short.ast), format!("{:?}", written.ast));
    places(text, &short.diagnostics);
}

fn places(text: &str, found: &Diagnostics) {
    for label in found.0.iter().flat_map(|found| found.primary.iter().chain(&found.secondary)) {
        let (start, end) = (label.span.start as usize, label.span.end as usize);
        assert!(start <= end && text.is_char_boundary(start) && text.is_char_boundary(end), "{label:?}");
    }
}

/// Whatever can be read is checked, and what nothing is wrong with is evaluated; every place is in the text.
pub fn evaluate(text: &str) {
    let parsed = syntax::parse(FILE, text);
    let (program, mut found) = cnx::program::check(std::slice::from_ref(&parsed.ast), cloudnexus());
    places(text, &found);
    let inputs = Inputs { project_name: "fuzz".to_owned(), ..Inputs::default() };
    if !parsed.diagnostics.has_errors() && !found.has_errors() {
        places(text, &cnx::desired::evaluate(Arc::new(program), &inputs).1);
    } else {
        found.append(parsed.diagnostics);
        let folder = Folder { trees: vec![parsed.ast], ..Folder::default() };
        let rest = Unsound::of(&[folder], &found).taken_out_of(program);
        places(text, &cnx::desired::foresee(Arc::new(rest), &inputs).1);
    }
}

/// The canonical form means the same and is its own canonical form.
pub fn format(text: &str) {
    let Ok(formatted) = syntax::format(FILE, text) else { return };
    let (before, after) = (syntax::parse(FILE, text), syntax::parse(FILE, &formatted));
    assert!(!after.diagnostics.has_errors(), "{:?} in {formatted:?}", after.diagnostics);
    assert_eq!(syntax::shape(&before.ast), syntax::shape(&after.ast), "{formatted:?}");
    assert_eq!(syntax::format(FILE, &formatted).as_deref(), Ok(formatted.as_str()));
}
