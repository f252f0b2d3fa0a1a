//! What holds for every text.

use super::fixtures::{check_format, well_formed};
use super::generate::{expression, program, type_text};
use crate::model::FileId;
use crate::syntax::*;
use proptest::prelude::*;

/// Every place lies in the text, on whole characters, in order of place; every complaint says what to do.
fn check_complaints(text: &str) {
    let parsed = parse(FileId(0), text);
    let mut last = 0;
    for diagnostic in &parsed.diagnostics.0 {
        let labels = diagnostic.primary.iter().chain(&diagnostic.secondary);
        for label in labels {
            let (start, end) = (label.span.start as usize, label.span.end as usize);
            assert!(
                start <= end && text.is_char_boundary(start) && text.is_char_boundary(end),
                "{diagnostic:?} in {text:?}"
            );
        }
        let start = diagnostic.primary.as_ref().expect("a place").span.start;
        assert!(start >= last, "{text:?}");
        last = start;
        assert!(!diagnostic.help.is_empty(), "{diagnostic:?}");
    }
    assert_eq!(format(FileId(0), text).is_err(), parsed.diagnostics.has_errors());
}

/// The short text says the same as the text as it was written: trees, places and complaints.
pub(super) fn check_both_ways(text: &str) {
    let (short, written) = (parse(FileId(0), text), parse_as_written(FileId(0), text));
    assert_eq!(short.diagnostics, written.diagnostics, "{text:?}");
    assert_eq!(format!("{:?}", short.ast), format!("{:?}", written.ast), "{text:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_canonical_form_means_the_same_and_is_its_own(text in program()) {
        check_format("generated", &text);
        check_both_ways(&text);
    }

    #[test]
    fn a_line_ending_does_not_matter(text in program()) {
        let unix = text.replace("\r\n", "\n");
        let windows = unix.replace('\n', "\r\n");
        prop_assert_eq!(shape(&well_formed("unix", &unix)), shape(&well_formed("windows", &windows)));
    }

    #[test]
    fn an_expression_alone_is_the_one_in_a_let(text in expression()) {
        let alone = parse_expression(FileId(0), &text).map_err(|diagnostic| TestCaseError::fail(format!("{diagnostic:?}")))?;
        let ast = well_formed("let", &format!("let a = ({text})"));
        let mut whole = String::new();
        if let ast::ItemKind::Let(value) = &ast.items[0].kind
            && let ast::ExprKind::Group(inner) = &value.value.kind
        {
            whole = expr_shape(inner);
        }
        prop_assert_eq!(expr_shape(&alone), whole);
    }

    #[test]
    fn a_type_alone_is_read(text in type_text()) {
        prop_assert!(parse_type(FileId(0), &text).is_ok());
    }

    #[test]
    fn a_damaged_text_is_told(text in program(), at in any::<prop::sample::Index>(), with in "[ -~\n\"{}()#$'é]{0,3}", cut in 0_usize..4) {
        let starts: Vec<usize> = text.char_indices().map(|(start, _)| start).chain([text.len()]).collect();
        let from = at.index(starts.len());
        let to = (from + cut).min(starts.len() - 1);
        let damaged = format!("{}{with}{}", &text[..starts[from]], &text[starts[to]..]);
        check_complaints(&damaged);
        check_both_ways(&damaged);
    }

    #[test]
    fn any_text_is_told(text in "[ -~\n\t\"{}()#$é\\x00\\[\\]]{0,60}") {
        check_complaints(&text);
        check_both_ways(&text);
        let _either = (parse_expression(FileId(0), &text), parse_type(FileId(0), &text));
    }
}
