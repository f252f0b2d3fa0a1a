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
    ("uuidv5", "pure, and left out: nothing in the catalog is named by a UUID; `sha256` gives a name from its parts"),
    ("formatdate, timeadd, timecmp", "without a clock there are no dates to compute with; durations are a type"),
    ("abspath, pathexpand", "paths begin at the program's own folder, wherever that lies on this machine"),
    (
        "fileset, fileexists",
        "what a file is not there for would change the program silently: files are named, and must be there",
    ),
    ("templatefile, templatestring", "`template(file, variables)`, and interpolation"),
    ("try, can", "`?.` and `??` say which value may be absent"),
    ("tomap", "the expected type shapes a literal: `{ … }` is a map where one is wanted"),
    ("md5, sha1, filemd5, filesha1", "broken hashes; `sha256` and `sha512` are here"),
    ("rsadecrypt", "no key material passes through a program"),
    ("log", "numbers are exact decimals; a logarithm is not"),
    (
        "yamlencode, yamldecode, csvdecode",
        "pure, and superseded: `jsonencode` and `jsondecode` carry structured data, and JSON is YAML",
    ),
    ("textencodebase64, textdecodebase64, base64gzip", "texts are UTF-8; `base64encode` is here"),
    ("ephemeralasnull", "nothing is ephemeral: a secret is marked by `secret`, and the state holds only its seal"),
    ("issensitive", "what is secret is known before anything is evaluated: `cnx check` says it"),
];

/// What else people write there that is no function of it any more, or stands in its console alone.
const HABITS: &[(&str, &str)] = &[
    ("list", "a list is written `[a, b]`"),
    ("map", "a map is written `{ name = value }`"),
    ("set", "a set is a list where one is wanted, or `toset([a, b])`"),
    ("type", "the type of an expression: `:type EXPR` in `cnx console`"),
    ("defaults", "write the defaults in the type: `{ name: string, size: int = 1 }`"),
    ("optional", "an optional member is `name: TYPE?`, one with a default `name: TYPE = value`"),
    ("string", "the text of a scalar is `tostring(…)`, or `\"${…}\"`"),
    ("number", "the number of a text is `tonumber(…)`, the int `toint(…)`"),
    ("bool", "the bool of a text is `tobool(…)`"),
    ("int", "the int of a text is `toint(…)`; of a number, `floor(…)` or `ceil(…)`"),
    ("len", "it is called `length`"),
];

/// Functions that do something else here than Terraform's of that name.
const OTHERWISE: &[(&str, &str)] = &[
    (
        "regex",
        "always gives a map of the groups, by name or number, and the whole match as `[\"0\"]`: a type does not hang on what a text holds. In Terraform it is a text, a list or a map, as the pattern has groups",
    ),
    (
        "regexall",
        "always gives the whole matches. In Terraform the groups of each, where the pattern has some; take those with `[for m in regexall(p, text) : regex(p, m)]`",
    ),
    (
        "replace",
        "takes what it looks for as it stands, also between slashes. In Terraform `\"/…/\"` is a pattern; here `replace_regex` takes one",
    ),
    (
        "length",
        "counts the code points of a text, as do `substr`, `strrev` and the padding of `format`. In Terraform those that are seen as one character count as one",
    ),
    (
        "jsonencode",
        "writes a duration, which Terraform does not have, as its milliseconds; `\"${d}\"` is its text. It leaves `<`, `>` and `&` as they are. Terraform writes them as `\\u003c` and the like",
    ),
    ("format", "has no `%g` and no `*`; `%v` writes a number as it is. Terraform writes a large one with an exponent"),
    (
        "merge",
        "takes maps whose values share a type, as in `map(string)`; objects are joined by `{ ...a, ...b }`. In Terraform it takes both",
    ),
    ("sort", "also takes numbers, and puts them in the order of their value. Terraform's takes texts only"),
    ("sum", "of no numbers is 0. In Terraform it fails"),
];

/// Why a function of Terraform is not here, or what stands for it.
pub fn left_out(name: &str) -> Option<&'static str> {
    let names = |list: &str| list.split(", ").any(|one| one.split(' ').next() == Some(name));
    LEFT_OUT.iter().find(|(list, _)| names(list)).map(|(_, why)| *why)
}

/// What stands for a name that people call as if it were a function.
pub fn habit(name: &str) -> Option<&'static str> {
    left_out(name).or_else(|| HABITS.iter().find(|(habit, _)| *habit == name).map(|(_, why)| *why))
}

/// How a function differs from Terraform's of that name.
pub fn otherwise(name: &str) -> Option<&'static str> {
    OTHERWISE.iter().find(|(function, _)| *function == name).map(|(_, how)| *how)
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
    page.push_str(
        "\n## Where a name means something else than in Terraform\n\n`cnx docs fn NAME` says it of each.\n\n\
         | function | here |\n|---|---|\n",
    );
    for (name, how) in OTHERWISE {
        page.push_str(&format!("| {name} | {how} |\n"));
    }
    page.push_str("\n## Written otherwise\n\n| not a function | here |\n|---|---|\n");
    for (name, how) in HABITS {
        page.push_str(&format!("| {name} | {how} |\n"));
    }
    page.push_str("\n## Left out\n\nThe other functions of Terraform 1.11 are here under their own names.\n\n| Terraform | why |\n|---|---|\n");
    for (names, why) in LEFT_OUT {
        page.push_str(&format!("| {names} | {why} |\n"));
    }
    page
}
