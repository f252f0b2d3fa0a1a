//! Generated programs: every form, in every layout that the language allows, comments included.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;

type Text = BoxedStrategy<String>;

fn words(words: &'static [&'static str]) -> Text {
    select(words).prop_map(str::to_owned).boxed()
}

fn name() -> Text {
    words(&[
        "a",
        "b",
        "web",
        "plan_of",
        "x1",
        "format",
        "type",
        "match",
        "by",
        "secret",
        "a_rather_long_name_for_a_value",
    ])
}

/// Blanks that mean nothing: inside parentheses, after an operator or an opening bracket, before a closing one.
fn space() -> Text {
    Union::new_weighted(vec![
        (8, Just(String::new())),
        (4, Just(" ".to_owned())),
        (2, Just("\n".to_owned())),
        (1, Just("\n\n\n  ".to_owned())),
        (1, Just(" # why\n\t".to_owned())),
        (1, Just("\r\n".to_owned())),
    ])
    .boxed()
}

fn separator() -> Text {
    words(&[", ", ",", "\n", ",\n", "\n\n\n", " # note\n", "\n  # above\n  ", ", # behind\n"])
}

fn quoted(expr: Text) -> Text {
    let literal = words(&[
        "",
        "a",
        "web-",
        "# no comment",
        "{",
        "}",
        "$ ",
        "$5",
        "é",
        "\\n",
        "\\\"",
        "\\\\",
        "\\${x}",
        "\\u{1F600}",
        "'",
        "//",
        " ",
    ]);
    let hole = (words(&["", " "]), expr, words(&["", " "])).prop_map(|(before, inner, after)| {
        if inner.contains(['#', '\n']) { "${x}".to_owned() } else { format!("${{{before}{inner}{after}}}") }
    });
    vec(Union::new_weighted(vec![(4, literal), (1, hole.boxed())]), 0..4)
        .prop_map(|parts| format!("\"{}\"", parts.concat()))
        .boxed()
}

fn multiline() -> Text {
    let line = words(&["", "text", "  deeper", "with ${x} inside", "tail\\n", "\"quoted\"", "# no comment", "   "]);
    (vec(line, 0..4), words(&["", "  ", "      "]))
        .prop_map(|(lines, indent)| {
            let body: String = lines.iter().map(|line| format!("{indent}{line}\n")).collect();
            format!("\"\"\"\n{body}{indent}\"\"\"")
        })
        .boxed()
}

fn leaf() -> Text {
    prop_oneof![
        8 => name(),
        2 => words(&["true", "false", "null", "0", "42", "1.50", "123456789012345678901234567890", "10ms", "1h30m", "2d"]),
        1 => multiline(),
        3 => quoted(name()),
    ]
    .boxed()
}

/// `open`, the cells with separators between and blanks around, `close`.
fn bracketed(open: &'static str, close: &'static str, cell: Text, separator: Text) -> Text {
    (vec((cell, separator), 0..5), space(), space(), any::<bool>())
        .prop_map(move |(cells, before, after, trailing)| {
            let mut text = format!("{open}{before}");
            for (at, (cell, separator)) in cells.iter().enumerate() {
                text += cell;
                if at + 1 < cells.len() || trailing {
                    text += separator;
                }
            }
            format!("{text}{after}{close}")
        })
        .boxed()
}

fn arguments(expr: &Text) -> Text {
    let comma = (space(), space()).prop_map(|(before, after)| format!("{before},{after}")).boxed();
    let positional = bracketed("(", ")", expr.clone(), comma.clone());
    let named = bracketed(
        "(",
        ")",
        (name(), expr.clone()).prop_map(|(name, value)| format!("{name} = {value}")).boxed(),
        comma,
    );
    prop_oneof![positional, named].boxed()
}

fn object(expr: &Text) -> Text {
    let key = prop_oneof![4 => name(), 1 => quoted(name()), 1 => expr.clone().prop_map(|inner| format!("({inner})"))];
    let pair = (key, words(&[" = ", "=", "  =\n "]), expr.clone())
        .prop_map(|(key, equals, value)| format!("{key}{equals}{value}"));
    let spread = expr.clone().prop_map(|value| format!("...{value}"));
    bracketed("{", "}", prop_oneof![6 => pair, 1 => spread].boxed(), separator())
}

fn comprehension(expr: &Text) -> Text {
    let head = (words(&["a", "a, b"]), expr.clone(), proptest::option::of(expr.clone()), space())
        .prop_map(|(names, over, filter, gap)| {
            let filter = filter.map_or(String::new(), |filter| format!(" if {filter}"));
            format!("for {names} in {over}{filter}{gap} :")
        })
        .boxed();
    let list = (head.clone(), space(), expr.clone(), space())
        .prop_map(|(head, before, value, after)| format!("[{before}{head} {value}{after}]"));
    let map = (head, space(), expr.clone(), expr.clone(), space())
        .prop_map(|(head, gap, key, value, after)| format!("{{ {head}{gap} {key} => {value}{after} }}"));
    prop_oneof![list, map].boxed()
}

fn binary(expr: &Text) -> Text {
    let tight = words(&["*", "/", "%", "+", "-", "..", "..=", "??", "&&", "||", "<", ">=", "==", "!="]);
    let leading = words(&["??", "&&", "||"]);
    // Comparisons do not chain: the sides are in parentheses.
    let side = expr.clone().prop_map(|side| format!("({side})"));
    prop_oneof![
        (side.clone(), tight, space(), side.clone())
            .prop_map(|(left, operator, gap, right)| format!("{left} {operator} {gap}{right}")),
        (expr.clone(), leading.clone(), space(), side).prop_map(|(left, operator, gap, right)| {
            let left = format!("({left})");
            format!("{left}\n  {operator} {gap}{right}")
        }),
        (vec(leaf_word(), 2..5), leading).prop_map(|(sides, operator)| sides.join(&format!(" {operator} "))),
        (leaf_word(), leaf_word(), leaf_word()).prop_map(|(a, b, c)| format!("{a} + {b} * -{c} - {a}")),
    ]
    .boxed()
}

fn leaf_word() -> Text {
    words(&["a", "b", "server.web[1].ipv4", "!x", "f(1, b = 2)", "-3", "a_rather_long_name_for_a_value"])
}

pub(super) fn expression() -> Text {
    leaf()
        .prop_recursive(4, 24, 4, |expr| {
            let postfix = words(&[".name", "?.name", "[0]", "?[\"k\"]", "[*]", "\n    .late", "[\n1\n]", ".a.b[x]?.c"]);
            prop_oneof![
                3 => bracketed("[", "]", prop_oneof![6 => expr.clone(), 1 => expr.clone().prop_map(|e| format!("...{e}"))].boxed(), separator()),
                3 => object(&expr),
                2 => arguments(&expr).prop_map(|arguments| format!("f{arguments}")),
                1 => comprehension(&expr),
                2 => binary(&expr),
                1 => (expr.clone(), expr.clone(), expr.clone(), words(&[" ", "\n  "])).prop_map(|(a, b, c, gap)| {
                    format!("({a}){gap}? {b}{gap}: {c}")
                }),
                1 => (space(), expr.clone(), space()).prop_map(|(before, inner, after)| format!("({before}{inner}{after})")),
                2 => (name(), postfix).prop_map(|(name, postfix)| format!("{name}{postfix}")),
                1 => quoted(expr.clone()),
                1 => (words(&["!", "-", "!!", "- "]), expr).prop_map(|(prefix, inner)| format!("{prefix}({inner})")),
            ]
        })
        .boxed()
}

pub(super) fn type_text() -> Text {
    let leaf = words(&["string", "int", "Size", "null", "\"a\"", "\"a\" | \"b\"", "ssh_key.id", "duration"]);
    leaf.prop_recursive(3, 8, 3, |ty| {
        let member = (name(), ty.clone(), proptest::option::of(leaf_word())).prop_map(|(name, ty, default)| {
            format!("{name}: {ty}{}", default.map_or(String::new(), |value| format!(" = {value}")))
        });
        prop_oneof![
            (words(&["list", "set", "map"]), ty.clone()).prop_map(|(of, ty)| format!("{of}({ty})")),
            ty.clone().prop_map(|ty| format!("({ty})?")),
            (ty.clone(), words(&[" | ", "\n  | ", " |\n"]), ty)
                .prop_map(|(left, bar, right)| format!("({left}){bar}({right})")),
            bracketed("{", "}", member.boxed(), separator()),
        ]
    })
    .boxed()
}

fn body(expr: &Text) -> Text {
    let key = prop_oneof![8 => name(), 1 => Just("\"quoted name\"".to_owned())];
    let attribute = (key, words(&[" = ", "=", "   = "]), expr.clone())
        .prop_map(|(key, equals, value)| format!("{key}{equals}{value}"));
    let lifecycle = words(&[
        "lifecycle { protect = true }",
        "lifecycle {\n before {\n assert = a }\n\n after { message = \"m\" } }",
    ]);
    bracketed("{", "}", prop_oneof![8 => attribute, 1 => lifecycle].boxed(), separator())
}

fn plain_body(expr: &Text) -> Text {
    let attribute = (name(), expr.clone()).prop_map(|(key, value)| format!("{key} = {value}"));
    bracketed("{", "}", attribute.boxed(), separator())
}

fn declaration() -> Text {
    let expr = expression();
    let header = prop_oneof![
        4 => Just(String::new()),
        1 => leaf_word().prop_map(|over| format!(" for n in {over}")),
        1 => leaf_word().prop_map(|over| format!(" for k, v in [{over}] by k.id if x")),
        1 => leaf_word().prop_map(|filter| format!(" if {filter}")),
    ];
    let kind = words(&["server web", "data server found", "action cdn_purge all", "acme.widget one", "ssh_key key"]);
    prop_oneof![
        4 => (kind, header, body(&expr)).prop_map(|(kind, header, body)| format!("{kind}{header} {body}")),
        2 => (name(), expr.clone()).prop_map(|(name, value)| format!("let {name} = {value}")),
        2 => (words(&["", "secret "]), name(), type_text(), proptest::option::of(expr.clone()), proptest::option::of(plain_body(&expr)))
            .prop_map(|(secret, name, ty, default, body)| {
                let default = default.map_or(String::new(), |value| format!(" = {value}"));
                let body = body.map_or(String::new(), |body| format!(" {body}"));
                format!("{secret}param {name}: {ty}{default}{body}")
            }),
        1 => (name(), type_text(), type_text(), expr.clone()).prop_map(|(name, a, b, value)| format!("fn {name}(a: {a}, b: {b} = 1): {a} = {value}")),
        1 => type_text().prop_map(|ty| format!("type Size = {ty}")),
        1 => (words(&["", "secret "]), expr.clone()).prop_map(|(secret, value)| format!("{secret}output o = {value}")),
        1 => (type_text(), expr.clone()).prop_map(|(ty, value)| format!("output o: {ty} = {value}")),
        1 => (words(&["environment dev", "environment production", "project \"p\"", "check \"c\"", "test \"t\"", "provider cloudnexus", "policy p for r in server"]), plain_body(&expr))
            .prop_map(|(header, body)| format!("{header} {body}")),
        1 => plain_body(&expr).prop_map(|body| format!("module m from \"./m\" for x in xs {body}")),
        1 => words(&["moved a.b -> a.c[\"x\"]", "forget a.b[1]", "import a.b = \"id\"", "import a.b[k] = v for k, v in m"]),
    ]
    .boxed()
}

/// A whole file.
pub(super) fn program() -> Text {
    let between = words(&["\n", "\n\n", "\n\n\n\n", "\n# Documentation.\n", " # behind\n", "\n\n# Alone.\n\n"]);
    (words(&["", "\n\n", "# First.\n", "# First.\n\n"]), vec((declaration(), between), 0..6))
        .prop_map(|(start, items)| {
            start + &items.into_iter().map(|(item, between)| item + &between).collect::<String>()
        })
        .boxed()
}
