//! Habits from other languages: the form that was meant.

use super::codes;
use super::grammar::Rule;
use crate::diag::Diagnostic;
use crate::model::Span;

/// The complaint about a declaration that HCL, Bicep or a programming language would have; `None` where it is none.
pub(super) fn foreign(rule: Rule, text: &str, place: impl Fn(usize, usize) -> Span) -> Option<Diagnostic> {
    if let Some(hint) = if_expression(text, &place) {
        return Some(hint);
    }
    match rule {
        Rule::alone_item => declaration(text, place),
        Rule::alone_entry => entry(text, place),
        _ => None,
    }
}

/// `a = if x { … }`
fn if_expression(text: &str, place: &impl Fn(usize, usize) -> Span) -> Option<Diagnostic> {
    let value = text.find('=')? + 1;
    let start = text.len() - text[value..].trim_start().len();
    let rest = text[start..].strip_prefix("if")?;
    if !rest.starts_with([' ', '(']) {
        return None;
    }
    let label = "`if` filters a `for`; it is no expression";
    Some(
        Diagnostic::new(&codes::IF_EXPRESSION, "")
            .at(place(start, start + 2), label)
            .help("write `condition ? value : other`"),
    )
}

/// `provisioner "local-exec" { … }`, `a == 1`
fn entry(text: &str, place: impl Fn(usize, usize) -> Span) -> Option<Diagnostic> {
    let word = leading_word(text);
    let rest = text[word.len()..].trim_start();
    if word.is_empty() {
        return None;
    }
    if rest.starts_with("==") {
        let at = text.len() - rest.len();
        let label = "`==` compares; an entry takes `=`";
        return Some(
            Diagnostic::new(&codes::EXPECTED_EQUALS, "")
                .at(place(at, at + 2), label)
                .help(format!("write `{word} = value`")),
        );
    }
    let labels = labels(rest);
    let opens = labels.last().is_some_and(|last| {
        let after = rest.rfind(&format!("{last}\"")).map_or("", |at| &rest[at + last.len() + 1..]);
        rest.contains('{') && after.trim_start().starts_with('{') || rest.trim_end().ends_with('}')
    });
    if !opens {
        return None;
    }
    let label = "only `lifecycle` and its `before` and `after` are blocks";
    let help = match word {
        "dynamic" => "write a comprehension: `name = [for x in xs : { … }]`".to_owned(),
        "provisioner" | "connection" => {
            "cnx runs no programs on machines: bake an image, or use what starts with the machine".to_owned()
        }
        _ => format!("write `{word} = {{ … }}`"),
    };
    Some(Diagnostic::new(&codes::NESTED_BLOCK, "").at(place(0, word.len()), label).help(help))
}

/// `let a = 1`, and `+ 2` on the next line
fn leading_operator(text: &str, place: &impl Fn(usize, usize) -> Span) -> Option<Diagnostic> {
    const OPERATORS: [&str; 15] = ["..=", "..", "==", "!=", "<=", ">=", "=>", "->", "+", "-", "*", "/", "%", "<", ">"];
    let operator = OPERATORS.iter().find(|operator| text.starts_with(**operator))?;
    let label = format!("a line does not begin with `{operator}`");
    let help = format!("put `{operator}` at the end of the line before: it goes on in the next one then");
    Some(Diagnostic::new(&codes::NOT_A_DECLARATION, "").at(place(0, operator.len()), label).help(help))
}

/// `server web for_each in xs {`, `server web count = 3 {`
fn repeated(text: &str, place: &impl Fn(usize, usize) -> Span) -> Option<Diagnostic> {
    let header = text.split(['\n', '{']).next()?;
    let words = header.split_whitespace().skip(2).take(2);
    let word = words.into_iter().find(|word| matches!(*word, "for_each" | "count"))?;
    let at = header.find(&format!(" {word}"))? + 1;
    let form = if word == "count" { "for n in 1..=3" } else { "for key, value in …" };
    let label = format!("`{word}` is not written so here");
    let help = format!("repeat in the header: `KIND NAME {form} {{ … }}`");
    Some(Diagnostic::new(&codes::FOREIGN_DECLARATION, "").at(place(at, at + word.len()), label).help(help))
}

/// `param token: secret string`
fn secret_type(text: &str, place: &impl Fn(usize, usize) -> Span) -> Option<Diagnostic> {
    let (head, rest) = text.lines().next()?.split_once(':')?;
    let word = leading_word(rest.trim_start());
    if word != "secret" || leading_word(head) != "param" {
        return None;
    }
    let at = head.len() + 1 + (rest.len() - rest.trim_start().len());
    let help = format!("write `secret {head}: {}`", rest.trim_start()[word.len()..].trim());
    let label = "a parameter is secret, not its type";
    Some(Diagnostic::new(&codes::FOREIGN_DECLARATION, "").at(place(at, at + word.len()), label).help(help))
}

fn declaration(text: &str, place: impl Fn(usize, usize) -> Span) -> Option<Diagnostic> {
    let hints = [leading_operator(text, &place), repeated(text, &place), secret_type(text, &place)];
    if let Some(hint) = hints.into_iter().flatten().next() {
        return Some(hint);
    }
    let word = leading_word(text);
    let labels = labels(&text[word.len()..]);
    let label = |at: usize, default: &str| labels.get(at).map_or(default.to_owned(), |label| (*label).to_owned());
    let form = match (word, labels.len()) {
        ("resource", _) => format!("`{} {} {{ … }}`", label(0, "KIND"), label(1, "NAME")),
        ("data" | "action", 1..) => format!("`{word} {} {} {{ … }}`", label(0, "KIND"), label(1, "NAME")),
        ("variable", _) => format!("`param {}: TYPE = default`", label(0, "NAME")),
        ("locals", _) => "`let NAME = value`, one declaration each".to_owned(),
        ("module", 1..) => format!("`module {} from \"./path\" {{ … }}`", label(0, "NAME")),
        ("output", 1..) => format!("`output {} = value`", label(0, "NAME")),
        ("provider" | "environment", 1..) => format!("`{word} {} {{ … }}`", label(0, "NAME")),
        ("terraform", _) => "`project \"NAME\" { cnx = \">= 0.1\" }`".to_owned(),
        ("moved", _) if text[word.len()..].trim_start().starts_with('{') => {
            "`moved old.address -> new.address`".to_owned()
        }
        ("import", _) if text[word.len()..].trim_start().starts_with('{') => "`import kind.name = \"id\"`".to_owned(),
        ("removed", _) => "`forget kind.name`".to_owned(),
        ("let", _) if is_typed_let(&text[word.len()..]) => {
            let name = leading_word(text[word.len()..].trim_start());
            let colon = text.find(':').unwrap_or(0);
            let help = format!("write `let {name} = value`; its type is the value's");
            let label = "a `let` has no type";
            return Some(Diagnostic::new(&codes::UNEXPECTED, "").at(place(colon, colon + 1), label).help(help));
        }
        ("var" | "const" | "local", _) => "`let NAME = value`".to_owned(),
        ("function" | "func" | "def", _) => "`fn NAME(a: TYPE): TYPE = value`".to_owned(),
        (name, 0) if is_assignment(&text[word.len()..]) && !name.is_empty() && !KEYWORDS.contains(&name) => {
            let label = "an entry stands inside a declaration";
            let help = format!("write `let {name} = value`, or move it between the braces of its declaration");
            return Some(Diagnostic::new(&codes::NOT_A_DECLARATION, "").at(place(0, word.len()), label).help(help));
        }
        _ => return super::heads::head(text, place),
    };
    let span = place(0, word.len());
    let label = format!("`{word}` is not written so here");
    Some(Diagnostic::new(&codes::FOREIGN_DECLARATION, "").at(span, label).help(format!("write {form}")))
}

/// ` x: int = 5`
fn is_typed_let(text: &str) -> bool {
    let text = text.trim_start();
    let rest = text[leading_word(text).len()..].trim_start();
    rest.starts_with(':') && rest.split('\n').next().is_some_and(|line| line.contains('='))
}

/// Words that begin a declaration, after which `=` is only a mistake in it.
const KEYWORDS: [&str; 8] = ["let", "param", "output", "type", "fn", "import", "secret", "moved"];

fn is_assignment(text: &str) -> bool {
    let rest = text.trim_start_matches([' ', '\t']);
    rest.starts_with('=') && !rest.starts_with("==") || rest.starts_with(':')
}

fn leading_word(text: &str) -> &str {
    &text[..text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len())]
}

/// The quoted labels at the start, without their quotes.
fn labels(text: &str) -> Vec<&str> {
    let mut labels = Vec::new();
    let mut rest = text.trim_start();
    while let Some(quoted) = rest.strip_prefix('"') {
        let Some((label, tail)) = quoted.split_once('"') else { break };
        labels.push(label);
        rest = tail.trim_start();
    }
    labels
}
