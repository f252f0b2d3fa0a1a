//! The whole library in order of names, look-up, and the reference page made from it.

use super::table::Function;
use super::{collections, encoding, format, nested, network, numbers, strings};
use std::sync::LazyLock;

static ALL: LazyLock<Vec<&'static Function>> = LazyLock::new(|| {
    let groups = [
        strings::FUNCTIONS,
        numbers::FUNCTIONS,
        collections::FUNCTIONS,
        encoding::FUNCTIONS,
        format::FUNCTIONS,
        nested::FUNCTIONS,
        network::FUNCTIONS,
    ];
    let mut all: Vec<&Function> = groups.into_iter().flatten().collect();
    all.sort_by_key(|function| function.name);
    all
});

/// Functions of Terraform that are not here, and what stands for them.
const LEFT_OUT: &[(&str, &str)] = &[
    ("timestamp, plantimestamp, uuid, bcrypt", "no clock and no randomness: the same inputs give the same plan"),
    ("uuidv5", "nothing in the catalog is named by a UUID; `sha256` gives a name from its parts"),
    ("formatdate, timeadd, timecmp", "without a clock there are no dates to compute with; durations are a type"),
    ("abspath, pathexpand, fileset, fileexists", "only named files of the program's own folder are read"),
    ("templatefile, templatestring", "`template(file, variables)`, and interpolation"),
    ("try, can", "`?.` and `??` say which value may be absent"),
    ("tomap", "the expected type shapes a literal: `{ … }` is a map where one is wanted"),
    ("md5, sha1, filemd5, filesha1", "broken hashes; `sha256` and `sha512` are here"),
    ("rsadecrypt", "no key material passes through a program"),
    ("log", "numbers are exact decimals; a logarithm is not"),
    ("yamlencode, yamldecode, csvdecode", "`jsonencode` and `jsondecode` carry structured data"),
    ("textencodebase64, textdecodebase64, base64gzip", "texts are UTF-8; `base64encode` is here"),
    ("ephemeralasnull", "nothing is ephemeral: a secret is marked by `secret`, and the state holds only its seal"),
    ("issensitive", "what is secret is known before anything is evaluated: `cnx check` says it"),
];

/// Why a function of Terraform is not here, or what stands for it.
pub fn left_out(name: &str) -> Option<&'static str> {
    let names = |list: &str| list.split(", ").any(|one| one.split(' ').next() == Some(name));
    LEFT_OUT.iter().find(|(list, _)| names(list)).map(|(_, why)| *why)
}

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
    page.push_str("\n## Left out\n\nThe other functions of Terraform 1.11 are here under their own names.\n\n| Terraform | why |\n|---|---|\n");
    for (names, why) in LEFT_OUT {
        page.push_str(&format!("| {names} | {why} |\n"));
    }
    page
}
