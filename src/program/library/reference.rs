//! The whole library in order of names, look-up, and the reference page made from it.

use super::table::Function;
use super::{collections, encoding, format, network, numbers, strings};
use std::sync::LazyLock;

static ALL: LazyLock<Vec<&'static Function>> = LazyLock::new(|| {
    let groups = [
        strings::FUNCTIONS,
        numbers::FUNCTIONS,
        collections::FUNCTIONS,
        encoding::FUNCTIONS,
        format::FUNCTIONS,
        network::FUNCTIONS,
    ];
    let mut all: Vec<&Function> = groups.into_iter().flatten().collect();
    all.sort_by_key(|function| function.name);
    all
});

/// Every function, by name.
pub fn functions() -> &'static [&'static Function] {
    &ALL
}

/// Its place in [`functions`].
pub fn find(name: &str) -> Option<usize> {
    ALL.binary_search_by_key(&name, |function| function.name).ok()
}

/// `docs/functions.md`.
pub fn markdown() -> String {
    let mut page = String::from(
        "# Functions\n\nEvery function is pure: the same arguments give the same value. Made from the table in \
         `src/program/library`; each example is run as a test.\n",
    );
    for function in functions() {
        let (example, expected) = function.example;
        page.push_str(&format!(
            "\n## {}\n\n`{}`\n\n{}\n\n```cnx\n{example} == {expected}\n```\n",
            function.name,
            function.signature(),
            function.doc
        ));
    }
    page
}
