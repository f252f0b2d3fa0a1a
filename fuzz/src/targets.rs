//! What must hold for every text: the targets of the fuzzer, and of `tests/fuzz.rs`, which runs them in every build.

use cnx::desired::Inputs;
use cnx::diag::Diagnostics;
use cnx::model::FileId;
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

/// Whatever can be read is checked, and evaluated where nothing is wrong with it; every place is in the text.
pub fn evaluate(text: &str) {
    let parsed = syntax::parse(FILE, text);
    let (program, found) = cnx::program::check(&[parsed.ast], cloudnexus());
    places(text, &found);
    if !parsed.diagnostics.has_errors() && !found.has_errors() {
        let inputs = Inputs { project_name: "fuzz".to_owned(), ..Inputs::default() };
        places(text, &cnx::desired::evaluate(Arc::new(program), &inputs).1);
    }
}

/// The canonical form means the same and is its own canonical form.
pub fn format(text: &str) {
    let Ok(formatted) = syntax::format(FILE, text) else { return };
    let (before, after) = (syntax::parse(FILE, text), syntax::parse(FILE, &formatted));
    assert!(after.diagnostics.is_empty(), "{:?} in {formatted:?}", after.diagnostics);
    assert_eq!(syntax::shape(&before.ast), syntax::shape(&after.ast), "{formatted:?}");
    assert_eq!(syntax::format(FILE, &formatted).as_deref(), Ok(formatted.as_str()));
}
