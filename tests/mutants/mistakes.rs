//! The mistakes that people make, one function each: a place chosen at random, and the change.

use super::edits::{Spot, also};
use super::regions::Edit;
use super::sites::{Entry, Kind, Place};
use super::tokens::{Token, What};
use crate::generate::Dice;

type Mistake = fn(&Spot<'_>, &mut Dice) -> Option<Edit>;

/// Every kind of mistake by its name.
pub const MISTAKES: &[(&str, Mistake)] = &[
    ("a misspelt name where it is used", misspelt_use),
    ("a misspelt name where it is declared", misspelt_declaration),
    ("a misspelt attribute", misspelt_attribute),
    ("a misspelt member", misspelt_member),
    ("a misspelt kind", misspelt_kind),
    ("a misspelt function", misspelt_function),
    ("a misspelt type", misspelt_type),
    ("a misspelt keyword", misspelt_keyword),
    ("a keyword of another language", foreign_keyword),
    ("a reserved word as a name", reserved_name),
    ("an attribute removed", removed_attribute),
    ("an attribute too many", extra_attribute),
    ("an attribute twice", doubled_attribute),
    ("an opening bracket removed", removed_open),
    ("a closing bracket removed", removed_close),
    ("a wrong bracket", wrong_bracket),
    ("a quote removed", removed_quote),
    ("single quotes", single_quotes),
    ("a comma removed", removed_comma),
    ("an equals sign removed", removed_equals),
    ("a colon for an equals sign", colon_for_equals),
    ("a wrong operator", wrong_operator),
    ("a literal of the wrong type", wrong_literal),
    ("a value not allowed", wrong_enum),
    ("a wrong unit", wrong_unit),
    ("null", null),
    ("arguments swapped", swapped_arguments),
    ("an argument missing", missing_argument),
    ("an argument too many", extra_argument),
    ("a declaration twice", doubled_declaration),
    ("a declaration removed", removed_declaration),
    ("an unknown parameter given", unknown_parameter),
    ("an access that forgets null", careless_access),
    ("a reference cut short", short_reference),
    ("a value quoted", quoted_reference),
];

fn one_of<'a, T>(items: &'a [T], dice: &mut Dice) -> Option<&'a T> {
    (!items.is_empty()).then(|| dice.pick(items))
}

fn tokens_of<'a>(spot: &'a Spot<'_>, fits: impl Fn(&Token, &str) -> bool) -> Vec<&'a Token> {
    spot.source().tokens.iter().filter(|token| fits(token, spot.text(&token.range))).collect()
}

fn partner(spot: &Spot<'_>, token: &Token) -> Vec<Place> {
    token.partner.map(|at| spot.source().tokens[at].range.clone()).into_iter().collect()
}

fn misspelt_use(spot: &Spot<'_>, dice: &mut Dice) -> Option<Edit> {
    let used = one_of(&spot.source().sites.uses, dice)?.place.clone();
    let parts: Vec<&Token> =
        spot.source().tokens.iter().filter(|it| used.start <= it.range.start && it.range.end <= used.end).collect();
    let words: Vec<&&Token> = parts.iter().filter(|token| token.what == What::Word).collect();
    let place = one_of(&words, dice)?.range.clone();
    also(spot.misspelt(&place, dice), [used])
}

fn misspelt_declaration(spot: &Spot<'_>, dice: &mut Dice) -> Option<Edit> {
    spot.misspelt(&one_of(&spot.source().sites.declared, dice)?.name, dice)
}

fn misspelt_attribute(spot: &Spot<'_>, dice: &mut Dice) -> Option<Edit> {
    let entry = one_of(&spot.source().sites.entries, dice)?;
    also(spot.misspelt(&entry.name, dice), [entry.owner.clone()])
}

fn misspelt_member(spot: &Spot<'_>, dice: &mut Dice) -> Option<Edit> {
    spot.misspelt(one_of(&spot.source().sites.members, dice)?, dice)
}

fn misspelt_kind(spot: &Spot<'_>, dice: &mut Dice) -> Option<Edit> {
    let kinds: Vec<Place> = spot.source().sites.items.iter().filter_map(|item| item.kind.clone()).collect();
    spot.misspelt(one_of(&kinds, dice)?, dice)
}

fn misspelt_function(spot: &Spot<'_>, dice: &mut Dice) -> Option<Edit> {
    spot.misspelt(&one_of(&spot.source().sites.calls, dice)?.name, dice)
}

fn misspelt_type(spot: &Spot<'_>, dice: &mut Dice) -> Option<Edit> {
    spot.misspelt(one_of(&spot.source().sites.types, dice)?, dice)
}

const KEYWORDS: &[&str] = &[
    "param",
    "let",
    "output",
    "type",
    "module",
    "environment",
    "project",
    "provider",
    "data",
    "action",
    "check",
    "policy",
    "moved",
    "forget",
    "import",
    "test",
    "secret",
    "for",
    "in",
    "if",
    "from",
    "lifecycle",
    "before",
    "after",
    "true",
    "false",
];

/// Words that begin a declaration, or stand within its header or a comprehension.
fn keywords(spot: &Spot<'_>) -> Vec<Place> {
    let sites = &spot.source().sites;
    let is_name = |place: &Place| {
        sites.entries.iter().any(|entry| entry.name == *place)
            || sites.members.contains(place)
            || sites.uses.iter().any(|one| one.place.start <= place.start && place.end <= one.place.end)
            || sites.declared.iter().any(|one| one.name == *place)
    };
    let words = tokens_of(spot, |token, text| token.what == What::Word && KEYWORDS.contains(&text));
    words.into_iter().map(|token| token.range.clone()).filter(|place| !is_name(place)).collect()
}

fn misspelt_keyword(spot: &Spot<'_>, dice: &mut Dice) -> Option<Edit> {
    let place = one_of(&keywords(spot), dice)?.clone();
    let edit = spot.misspelt(&place, dice);
    also(edit, header_of(spot, &place).into_iter().chain(operands(spot, &place)))
}

/// The header of the declaration that begins here.
fn header_of(spot: &Spot<'_>, place: &Place) -> Option<Place> {
    let items = spot.source().sites.items.iter();
    items.map(|item| item.header.clone()).find(|header| header.start <= place.start && place.end <= header.end)
}

fn foreign_keyword(spot: &Spot<'_>, dice: &mut Dice) -> Option<Edit> {
    const WORDS: &[(&str, &[&str])] = &[
        ("param", &["variable", "var", "input", "parameter"]),
        ("let", &["local", "const", "var", "locals"]),
        ("fn", &["function", "func", "def"]),
        ("output", &["out", "export"]),
        ("type", &["typealias", "class", "struct"]),
        ("for", &["foreach", "for_each", "loop"]),
        ("in", &["of", ":"]),
        ("if", &["when", "unless"]),
        ("from", &["source", "in"]),
        ("true", &["True", "yes", "on"]),
        ("false", &["False", "no", "off"]),
        ("null", &["None", "nil", "undefined"]),
        ("data", &["existing"]),
        ("action", &["run"]),
        ("environment", &["env", "stage", "workspace"]),
        ("test", &["describe", "it"]),
    ];
    let places = keywords(spot);
    let place = one_of(&places, dice)?;
    let others = WORDS.iter().find(|(word, _)| *word == spot.text(place))?.1;
    also(spot.put(place, *dice.pick(others)), header_of(spot, place).into_iter().chain(operands(spot, place)))
}

fn reserved_name(spot: &Spot<'_>, dice: &mut Dice) -> Option<Edit> {
    let place = one_of(&spot.source().sites.declared, dice)?.name.clone();
    also(spot.put(&place, *dice.pick(&["for", "in", "if", "true", "null"])), operands(spot, &place))
}

fn removed_attribute(spot: &Spot<'_>, dice: &mut Dice) -> Option<Edit> {
    let entry = one_of(&spot.source().sites.entries, dice)?;
    let place = spot.with_line(&entry.whole);
    also(spot.put(&place, ""), [entry.owner.clone()])
}

fn extra_attribute(spot: &Spot<'_>, dice: &mut Dice) -> Option<Edit> {
    let entry = one_of(&spot.source().sites.entries, dice)?;
    let extra = dice.pick(&[
        "colour = \"red\"",
        "nmae = \"x\"",
        "count = 3",
        "depends_on = []",
        "status = \"running\"",
        "id = \"x\"",
    ]);
    let at = entry.whole.end..entry.whole.end;
    also(spot.put(&at, format!(", {extra}")), [])
}

fn doubled_attribute(spot: &Spot<'_>, dice: &mut Dice) -> Option<Edit> {
    let entry = one_of(&spot.source().sites.entries, dice)?;
    let at = entry.whole.end..entry.whole.end;
    spot.put(&at, format!(", {}", spot.text(&entry.whole)))
}

fn removed_open(spot: &Spot<'_>, dice: &mut Dice) -> Option<Edit> {
    let open = tokens_of(spot, |token, _| token.what == What::Open);
    let token = one_of(&open, dice)?;
    let partners = partner(spot, token);
    // What stood between them on one line stands outside now.
    let inside = partners.first().map(|close| token.range.end..close.start);
    let inside = inside.filter(|inside| !spot.text(inside).contains('\n'));
    let before = operands(spot, &token.range);
    also(spot.put(&token.range, ""), partners.into_iter().chain(inside).chain(before))
}

fn removed_close(spot: &Spot<'_>, dice: &mut Dice) -> Option<Edit> {
    let close = tokens_of(spot, |token, _| token.what == What::Close);
    let token = one_of(&close, dice)?;
    // Of `))` nobody can tell which one is gone.
    let text = spot.text(&token.range);
    let alike = |other: &&&Token| {
        let (from, to) = (token.range.start.min(other.range.start), token.range.end.max(other.range.end));
        spot.text(&other.range) == text && spot.text(&(from..to)).chars().all(|c| text.contains(c))
    };
    let partners = close.iter().filter(alike).flat_map(|other| partner(spot, other)).collect::<Vec<_>>();
    also(spot.put(&token.range, ""), partners)
}

fn wrong_bracket(spot: &Spot<'_>, dice: &mut Dice) -> Option<Edit> {
    let close = tokens_of(spot, |token, _| token.what == What::Close);
    let token = one_of(&close, dice)?;
    also(spot.put(&token.range, *dice.pick(&[")", "]", "}"])), partner(spot, token))
}

fn removed_quote(spot: &Spot<'_>, dice: &mut Dice) -> Option<Edit> {
    let quotes = tokens_of(spot, |token, text| token.what == What::Quote && text == "\"");
    let token = one_of(&quotes, dice)?;
    // From here on what was text is code, and what was code is text.
    let text = &spot.source().text;
    let end = text[token.range.end..].find('\n').map_or(text.len(), |length| token.range.end + length);
    let rest = token.range.end..end;
    also(spot.put(&token.range, ""), partner(spot, token).into_iter().chain([rest]))
}

fn literal(spot: &Spot<'_>, dice: &mut Dice, kind: Kind) -> Option<Place> {
    let fits: Vec<Place> =
        spot.source().sites.literals.iter().filter(|one| one.kind == kind).map(|one| one.place.clone()).collect();
    one_of(&fits, dice).cloned()
}

fn single_quotes(spot: &Spot<'_>, dice: &mut Dice) -> Option<Edit> {
    let place = literal(spot, dice, Kind::Text)?;
    spot.put(&place, spot.text(&place).replace('"', "'"))
}

fn removed_comma(spot: &Spot<'_>, dice: &mut Dice) -> Option<Edit> {
    let commas = tokens_of(spot, |token, _| token.what == What::Comma);
    let place = one_of(&commas, dice)?.range.clone();
    // Both neighbours become one; either may be pointed at.
    let tokens = &spot.source().tokens;
    let at = tokens.iter().position(|token| token.range == place)?;
    let around = [at.checked_sub(1), Some(at + 1)].into_iter().flatten().filter_map(|at| tokens.get(at));
    let around: Vec<Place> = around.map(|token| token.range.clone()).collect();
    also(spot.put(&place, ""), around)
}

fn equals<'a>(spot: &'a Spot<'_>) -> Vec<&'a Token> {
    tokens_of(spot, |token, text| token.what == What::Operator && text == "=")
}

fn removed_equals(spot: &Spot<'_>, dice: &mut Dice) -> Option<Edit> {
    let tokens = equals(spot);
    let place = one_of(&tokens, dice)?.range.clone();
    let all = &spot.source().tokens;
    let at = all.iter().position(|token| token.range == place)?;
    let around: Vec<Place> =
        [at - 1, at + 1].into_iter().filter_map(|at| all.get(at)).map(|it| it.range.clone()).collect();
    also(spot.put(&place, ""), around)
}

fn colon_for_equals(spot: &Spot<'_>, dice: &mut Dice) -> Option<Edit> {
    let tokens = equals(spot);
    let place = one_of(&tokens, dice)?.range.clone();
    also(spot.put(&place, *dice.pick(&[":", ":=", "=="])), operands(spot, &place))
}

fn wrong_operator(spot: &Spot<'_>, dice: &mut Dice) -> Option<Edit> {
    const OTHERS: &[(&str, &[&str])] = &[
        ("==", &["=", "===", "is"]),
        ("!=", &["<>", "!==", "="]),
        ("&&", &["&", "and", "+"]),
        ("||", &["|", "or", "+"]),
        ("+", &["-", ".", "++"]),
        ("=>", &["->", ":", "="]),
        ("->", &["=>", "to", "="]),
        ("..=", &["...", "to", ".."]),
        ("??", &["?", "?:", "||"]),
        ("...", &["..", "*"]),
        ("?.", &["?", "!."]),
        ("<", &["=<", "lt"]),
        ("<=", &["=<", "≤"]),
        (">=", &["=>", "≥"]),
        ("?", &["then", "?."]),
        ("!", &["not "]),
    ];
    let known = tokens_of(spot, |token, text| {
        token.what == What::Operator && OTHERS.iter().any(|(operator, _)| *operator == text)
    });
    let token = one_of(&known, dice)?;
    let others = OTHERS.iter().find(|(operator, _)| *operator == spot.text(&token.range))?.1;
    let sides = operands(spot, &token.range);
    also(spot.put(&token.range, *dice.pick(others)), sides)
}

/// The tokens on both sides.
fn operands(spot: &Spot<'_>, place: &Place) -> Vec<Place> {
    let all = &spot.source().tokens;
    let Some(at) = all.iter().position(|token| token.range == *place) else { return Vec::new() };
    [at.checked_sub(1), Some(at + 1)]
        .into_iter()
        .flatten()
        .filter_map(|at| all.get(at))
        .map(|it| it.range.clone())
        .collect()
}

fn wrong_literal(spot: &Spot<'_>, dice: &mut Dice) -> Option<Edit> {
    let literal = one_of(&spot.source().sites.literals, dice)?;
    let others: &[&str] = match literal.kind {
        Kind::Text => &["7", "true", "[]", "{ a = 1 }"],
        Kind::Number => &["\"7\"", "true", "[7]", "1.5"],
        Kind::Bool => &["\"true\"", "1", "[true]"],
        Kind::Duration => &["600", "\"10m\"", "true"],
    };
    spot.put(&literal.place, *dice.pick(others))
}

fn wrong_enum(spot: &Spot<'_>, dice: &mut Dice) -> Option<Edit> {
    let place = literal(spot, dice, Kind::Text)?;
    let text = spot.text(&place).to_owned();
    let wrong = match dice.below(3) {
        0 => text.to_uppercase(),
        1 => "\"something else\"".to_owned(),
        _ => text.replacen('-', "_", 1),
    };
    spot.put(&place, wrong)
}

fn wrong_unit(spot: &Spot<'_>, dice: &mut Dice) -> Option<Edit> {
    let kind = if dice.chance(70) { Kind::Duration } else { Kind::Number };
    let place = literal(spot, dice, kind)?;
    let number: String = spot.text(&place).chars().take_while(char::is_ascii_digit).collect();
    let units = ["min", "hours", "sec", "w", "M", "e3", "GB", "us", ""];
    spot.put(&place, format!("{number}{}", dice.pick(&units)))
}

fn null(spot: &Spot<'_>, dice: &mut Dice) -> Option<Edit> {
    let entry = one_of(&spot.source().sites.entries, dice)?;
    also(spot.put(&entry.value, "null"), [entry.owner.clone()])
}

fn call<'a>(spot: &'a Spot<'_>, dice: &mut Dice, least: usize) -> Option<&'a super::sites::Call> {
    let fits: Vec<_> = spot.source().sites.calls.iter().filter(|call| call.arguments.len() >= least).collect();
    one_of(&fits, dice).copied()
}

fn swapped_arguments(spot: &Spot<'_>, dice: &mut Dice) -> Option<Edit> {
    let call = call(spot, dice, 2)?;
    let at = dice.below(call.arguments.len() - 1);
    let (first, second) = (&call.arguments[at], &call.arguments[at + 1]);
    let between = spot.text(&(first.end..second.start));
    let swapped = format!("{}{between}{}", spot.text(second), spot.text(first));
    also(spot.put(&(first.start..second.end), swapped), [call.whole.clone()])
}

fn missing_argument(spot: &Spot<'_>, dice: &mut Dice) -> Option<Edit> {
    let call = call(spot, dice, 1)?;
    let at = dice.below(call.arguments.len());
    let arguments = &call.arguments;
    let place = match (arguments.get(at + 1), at.checked_sub(1)) {
        (Some(next), _) => arguments[at].start..next.start,
        (None, Some(before)) => arguments[before].end..arguments[at].end,
        (None, None) => arguments[at].clone(),
    };
    also(spot.put(&place, ""), [call.whole.clone()])
}

fn extra_argument(spot: &Spot<'_>, dice: &mut Dice) -> Option<Edit> {
    let call = call(spot, dice, 1)?;
    let end = call.arguments.last()?.end;
    also(spot.put(&(end..end), *dice.pick(&[", 1", ", \"x\"", ", null", ", by = 2"])), [call.whole.clone()])
}

fn doubled_declaration(spot: &Spot<'_>, dice: &mut Dice) -> Option<Edit> {
    let item = one_of(&spot.source().sites.items, dice)?;
    spot.put(&(item.whole.end..item.whole.end), format!("\n{}", spot.text(&item.whole)))
}

fn removed_declaration(spot: &Spot<'_>, dice: &mut Dice) -> Option<Edit> {
    let item = one_of(&spot.source().sites.items, dice)?;
    spot.put(&spot.with_line(&item.whole), "")
}

fn unknown_parameter(spot: &Spot<'_>, dice: &mut Dice) -> Option<Edit> {
    let given = &spot.source().sites.given;
    let place = &one_of(given, dice)?.name;
    let owner =
        spot.source().sites.items.iter().find(|item| item.whole.start <= place.start && place.end <= item.whole.end);
    let wrong = if dice.chance(50) { spot.misspelt(place, dice) } else { spot.put(place, "bogus") };
    also(wrong, owner.map(|item| item.header.clone()))
}

fn careless_access(spot: &Spot<'_>, dice: &mut Dice) -> Option<Edit> {
    let careful = tokens_of(spot, |token, text| token.what == What::Operator && text == "?." || text == "?");
    let token = one_of(&careful, dice)?;
    let wrong = if spot.text(&token.range) == "?." { "." } else { "" };
    also(spot.put(&token.range, wrong), operands(spot, &token.range))
}

fn short_reference(spot: &Spot<'_>, dice: &mut Dice) -> Option<Edit> {
    let member = one_of(&spot.source().sites.members, dice)?;
    let start = spot.source().text[..member.start].rfind(['.', '?'])?;
    let before = &spot.source().tokens;
    let root = before.iter().rev().find(|token| token.range.end <= start)?.range.clone();
    let next = before.iter().find(|token| token.range.start >= member.end)?.range.clone();
    also(spot.put(&(start..member.end), ""), [root, next])
}

fn quoted_reference(spot: &Spot<'_>, dice: &mut Dice) -> Option<Edit> {
    let entries: Vec<&Entry> =
        spot.source().sites.entries.iter().filter(|entry| !spot.text(&entry.value).contains(['"', '\n'])).collect();
    let value = &one_of(&entries, dice)?.value;
    spot.put(value, format!("\"{}\"", spot.text(value)))
}
