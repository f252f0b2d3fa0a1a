//! What can be nested, as text; also what `benches/hostile.rs` gives to the real binary.

/// `open` so many times, `middle`, `close` as often.
pub fn nest(depth: usize, open: &str, middle: &str, close: &str) -> String {
    format!("let a = {}{middle}{}\n", open.repeat(depth), close.repeat(depth))
}

/// Every construct that may stand within itself.
pub const NESTS: [(&str, &str, &str); 42] = [
    ("(", "1", ")"),
    ("[", "1", "]"),
    ("{ a = ", "1", " }"),
    ("f(", "1", ")"),
    ("f(1 + ", "1", ")"),
    ("a[", "1", "]"),
    ("\"${", "1", "}\""),
    ("[for x in ", "xs", " : x]"),
    ("[for x in xs : ", "x", "]"),
    ("{ for k, v in ", "m", " : k => v }"),
    ("[...", "xs", "]"),
    ("{ (", "k", ") = 1 }"),
    ("!", "true", ""),
    ("-", "1", ""),
    ("a ? ", "1", " : 2"),
    ("a ? 1 : ", "2", ""),
    ("a.", "b", ""),
    ("1 + ", "1", ""),
    ("a?.", "b", ""),
    ("a?[", "1", "]"),
    ("a[0].", "b", ""),
    ("-!", "true", ""),
    ("a && ", "b", ""),
    ("a ?? ", "b", ""),
    ("{ ...", "x", " }"),
    ("{ \"k\" = ", "1", " }"),
    ("[for x in xs if ", "x", " : x]"),
    ("{ for k, v in m : ", "k", " => v }"),
    ("f(a = ", "1", ")"),
    ("[[1], ", "1", "]"),
    ("\"\"\"\n${", "1", "}\n\"\"\""),
    ("\"a ${1} ${", "1", "} b\""),
    ("{ \"${", "k", "}\" = 1 }"),
    ("a[*].", "b", ""),
    ("a ? ", "1", " : (2)"),
    ("a == (", "1", ")"),
    ("1..", "2", ""),
    ("f(1, [", "1", "])"),
    ("{ for k, v in m if ", "k", " : k => v }"),
    ("{ for k, v in m : k => ", "v", " }"),
    ("1 * -(", "1", ")"),
    ("a.b[", "1", "]"),
];

/// Where an expression may stand: `@` is the nest.
pub const PLACES: [&str; 16] = [
    "let a = @\n",
    "server a for x in @ {}\n",
    "server a for x in xs by @ {}\n",
    "server a if @ {}\n",
    "server a {\n  b = @\n  lifecycle {\n    triggers = @\n    before { assert = @ }\n  }\n}\n",
    "module a from \"./a\" for x in @ if @ { b = @ }\n",
    "param a: int = @ { assert = @, message = @ }\n",
    "param a: { b: int = @ }\n",
    "fn f(a: int = @): int = @\n",
    "output a: int = @\n",
    "check \"a\" { assert = @ }\n",
    "policy a for r in server { assert = @ }\n",
    "environment a { params = { b = @ } }\n",
    "import server.a[@] = @\n",
    "moved server.a[@] -> server.b[@]\n",
    "test \"a\" { assert = [@] }\n",
];
