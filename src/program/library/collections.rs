//! Lists, sets and maps.

use super::arguments::{count, fits_elements, fits_together, int, items, key_value, list, map, set, text};
use super::table::{Function, Shape};
use crate::model::{Key, Type, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const S: Shape = Shape::String;
const LIST: Shape = Shape::List(&Shape::A);
const SET: Shape = Shape::Set(&Shape::A);
const MAP: Shape = Shape::Map(&Shape::A);
const MANY: Shape = Shape::Collection(&Shape::A);

pub static FUNCTIONS: &[Function] = &[
    Function::new(
        "length",
        "How many elements, or characters (Unicode code points).",
        &[("of", Shape::Sized)],
        Shape::Int,
        (r#"length(["a", "b"])"#, "2"),
        length,
    )
    .partial(),
    Function::new(
        "keys",
        "The keys of a map, in order.",
        &[("map", MAP)],
        Shape::List(&Shape::Key),
        ("keys({ b = 1, a = 2 })", r#"["a", "b"]"#),
        |a| Ok(Value::list(map(&a[0])?.keys().map(key_value).collect())),
    )
    .partial(),
    Function::new(
        "values",
        "The values of a map, in the order of its keys.",
        &[("map", MAP)],
        LIST,
        ("values({ b = 1, a = 2 })", "[2, 1]"),
        |a| Ok(Value::list(map(&a[0])?.values().cloned().collect())),
    )
    .partial(),
    Function::new(
        "lookup",
        "The value at a key, or the default.",
        &[("map", MAP), ("key", S), ("default", Shape::A)],
        Shape::A,
        (r#"lookup({ a = 1 }, "b", 0)"#, "0"),
        |a| Ok(map(&a[0])?.get(&Key::text(text(&a[1])?)).cloned().unwrap_or_else(|| a[2].clone())),
    )
    .partial(),
    Function::new(
        "haskey",
        "Whether the map has the key.",
        &[("map", MAP), ("key", S)],
        Shape::Bool,
        (r#"haskey({ a = 1 }, "a")"#, "true"),
        |a| Ok(Value::Bool(map(&a[0])?.contains_key(&Key::text(text(&a[1])?)))),
    )
    .partial(),
    Function::new(
        "merge",
        "All entries; the later map wins.",
        &[("maps", MAP)],
        MAP,
        ("merge({ a = 1 }, { a = 2, b = 3 })", "{ a = 2, b = 3 }"),
        merge,
    )
    .variadic()
    .partial(),
    Function::new(
        "concat",
        "One list after the other.",
        &[("lists", LIST)],
        LIST,
        ("concat([1], [2, 3])", "[1, 2, 3]"),
        concat,
    )
    .variadic()
    .partial(),
    Function::new(
        "contains",
        "Whether the element is in it.",
        &[("collection", MANY), ("element", Shape::A)],
        Shape::Bool,
        (r#"contains(["a"], "a")"#, "true"),
        |a| match &a[0] {
            Value::Set(items) => Ok(Value::Bool(items.contains(&a[1]))),
            other => Ok(Value::Bool(list(other)?.contains(&a[1]))),
        },
    ),
    Function::new(
        "index",
        "The place of the first such element.",
        &[("list", LIST), ("element", Shape::A)],
        Shape::Int,
        (r#"index(["a", "b"], "b")"#, "1"),
        |a| {
            let found = list(&a[0])?.iter().position(|item| *item == a[1]);
            found.map(|at| Value::int(at as i64)).ok_or_else(|| "no such element".to_owned())
        },
    ),
    Function::new(
        "distinct",
        "Each element once, where it first stands.",
        &[("list", LIST)],
        LIST,
        ("distinct([1, 2, 1])", "[1, 2]"),
        |a| {
            let mut seen = BTreeSet::new();
            Ok(Value::list(list(&a[0])?.iter().filter(|item| seen.insert((*item).clone())).cloned().collect()))
        },
    ),
    Function::new(
        "flatten",
        "The elements of a list, and in the place of each list or set in it the elements of that, at every level.",
        &[("list", MANY)],
        Shape::List(&Shape::B),
        ("flatten([[1], [[2], 3]])", "[1, 2, 3]"),
        flatten,
    )
    .partial(),
    Function::new(
        "sort",
        "In order: texts by character, numbers by value.",
        &[("collection", MANY)],
        LIST,
        (r#"sort(["b", "a"])"#, r#"["a", "b"]"#),
        |a| {
            let mut all: Vec<Value> = items(&a[0])?.into_iter().cloned().collect();
            all.sort();
            Ok(Value::list(all))
        },
    ),
    Function::new("reverse", "Last first.", &[("list", LIST)], LIST, ("reverse([1, 2])", "[2, 1]"), |a| {
        Ok(Value::list(list(&a[0])?.iter().rev().cloned().collect()))
    })
    .partial(),
    Function::new(
        "element",
        "The element at a place; places beyond the end begin anew.",
        &[("list", LIST), ("at", Shape::Int)],
        Shape::A,
        (r#"element(["a", "b"], 3)"#, r#""b""#),
        element,
    )
    .partial(),
    Function::new(
        "one",
        "The only element, or null where there is none.",
        &[("collection", MANY)],
        Shape::Optional(&Shape::A),
        ("one([1])", "1"),
        |a| match items(&a[0])?.as_slice() {
            [] => Ok(Value::Null),
            [only] => Ok((*only).clone()),
            more => Err(format!("there are {} elements", more.len())),
        },
    )
    .partial(),
    Function::new(
        "slice",
        "From one place up to another, which is left out.",
        &[("list", LIST), ("from", Shape::Int), ("to", Shape::Int)],
        LIST,
        ("slice([1, 2, 3], 0, 2)", "[1, 2]"),
        slice,
    )
    .partial(),
    Function::new(
        "range",
        "Ints from a start (0 where only a limit is given) up to the limit, which is left out.",
        &[("start", Shape::Int), ("limit", Shape::Int), ("step", Shape::Int)],
        Shape::List(&Shape::Int),
        ("range(0, 6, 2)", "[0, 2, 4]"),
        range,
    )
    .optional(2),
    Function::new(
        "zipmap",
        "A map from a list of keys and a list of values.",
        &[("keys", Shape::List(&S)), ("values", LIST)],
        MAP,
        (r#"zipmap(["a"], [1])"#, "{ a = 1 }"),
        zipmap,
    )
    .partial(),
    Function::new(
        "transpose",
        "A map of lists turned around.",
        &[("map", Shape::Map(&Shape::List(&S)))],
        Shape::Map(&Shape::List(&S)),
        (r#"transpose({ a = ["x"], b = ["x"] })"#, r#"{ x = ["a", "b"] }"#),
        transpose,
    ),
    Function::new(
        "setunion",
        "What is in any of them.",
        &[("sets", SET)],
        SET,
        ("setunion([1], [2])", "toset([1, 2])"),
        |a| Ok(Value::set(a.iter().map(set).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().cloned())),
    )
    .variadic(),
    Function::new(
        "setintersection",
        "What is in all of them.",
        &[("sets", SET)],
        SET,
        ("setintersection([1, 2], [2])", "toset([2])"),
        |a| {
            let sets = a.iter().map(set).collect::<Result<Vec<_>, _>>()?;
            let Some((first, rest)) = sets.split_first() else { return Ok(Value::set([])) };
            Ok(Value::set(first.iter().filter(|item| rest.iter().all(|other| other.contains(*item))).cloned()))
        },
    )
    .variadic(),
    Function::new(
        "setsubtract",
        "What is in the first and not in the second.",
        &[("from", SET), ("without", SET)],
        SET,
        ("setsubtract([1, 2], [2])", "toset([1])"),
        |a| Ok(Value::set(set(&a[0])?.difference(set(&a[1])?).cloned())),
    ),
    Function::new(
        "setproduct",
        "Every choice of one element from each list.",
        &[("lists", MANY)],
        Shape::List(&LIST),
        ("setproduct([1, 2], [3])", "[[1, 3], [2, 3]]"),
        setproduct,
    )
    .variadic(),
    Function::new(
        "toset",
        "The elements as a set.",
        &[("collection", MANY)],
        SET,
        ("toset([1, 1])", "toset([1])"),
        |a| Ok(Value::set(items(&a[0])?.into_iter().cloned())),
    )
    .partial(),
    Function::new(
        "tolist",
        "The elements as a list, those of a set in order.",
        &[("collection", MANY)],
        LIST,
        ("tolist(toset([2, 1]))", "[1, 2]"),
        |a| Ok(Value::list(items(&a[0])?.into_iter().cloned().collect())),
    ),
    Function::new(
        "compact",
        "Without null and without empty texts.",
        &[("texts", Shape::List(&Shape::Optional(&S)))],
        Shape::List(&S),
        (r#"compact(["a", "", null])"#, r#"["a"]"#),
        |a| {
            let full = |value: &&Value| !value.is_null() && value.as_str() != Some("");
            Ok(Value::list(list(&a[0])?.iter().filter(full).cloned().collect()))
        },
    ),
    Function::new(
        "chunklist",
        "Cut into lists of at most so many; a size of 0 cuts nothing.",
        &[("list", LIST), ("size", Shape::Int)],
        Shape::List(&LIST),
        ("chunklist([1, 2, 3], 2)", "[[1, 2], [3]]"),
        |a| {
            let all = list(&a[0])?;
            let size = match count(&a[1])? {
                0 => all.len().max(1),
                size => size,
            };
            Ok(Value::list(all.chunks(size).map(|chunk| Value::list(chunk.to_vec())).collect()))
        },
    )
    .partial(),
    Function::new(
        "coalesce",
        "The first that is neither null nor an empty text.",
        &[("values", Shape::Optional(&Shape::A))],
        Shape::A,
        (r#"coalesce(null, "", "a")"#, r#""a""#),
        |a| {
            let found = a.iter().find(|value| !value.is_null() && value.as_str() != Some(""));
            found.cloned().ok_or_else(|| "every value is null or empty".to_owned())
        },
    )
    .variadic(),
    Function::new(
        "coalescelist",
        "The first list that has elements.",
        &[("lists", LIST)],
        LIST,
        ("coalescelist([], [1])", "[1]"),
        |a| {
            let found = a.iter().find(|value| list(value).is_ok_and(|items| !items.is_empty()));
            found.cloned().ok_or_else(|| "every list is empty".to_owned())
        },
    )
    .variadic()
    .partial(),
    Function::new(
        "alltrue",
        "Whether all are true.",
        &[("flags", Shape::Collection(&Shape::Bool))],
        Shape::Bool,
        ("alltrue([true, false])", "false"),
        |a| Ok(Value::Bool(items(&a[0])?.into_iter().all(|one| one.as_bool() == Some(true)))),
    ),
    Function::new(
        "anytrue",
        "Whether any is true.",
        &[("flags", Shape::Collection(&Shape::Bool))],
        Shape::Bool,
        ("anytrue([true, false])", "true"),
        |a| Ok(Value::Bool(items(&a[0])?.into_iter().any(|one| one.as_bool() == Some(true)))),
    ),
    Function::new(
        "group_by",
        "Objects by the text of one member.",
        &[("objects", LIST), ("member", S)],
        Shape::Map(&LIST),
        (r#"keys(group_by([{ a = "x" }, { a = "y" }], "a"))"#, r#"["x", "y"]"#),
        group_by,
    ),
    Function::new(
        "sort_by",
        "Objects in the order of one member.",
        &[("objects", LIST), ("member", S)],
        LIST,
        (r#"sort_by([{ n = 2 }, { n = 1 }], "n")[0].n"#, "1"),
        |a| {
            let name = text(&a[1])?;
            let mut all = list(&a[0])?
                .iter()
                .map(|one| Ok((member(one, name)?, one.clone())))
                .collect::<Result<Vec<_>, String>>()?;
            all.sort_by(|(left, _), (right, _)| left.cmp(right));
            Ok(Value::list(all.into_iter().map(|(_, one)| one).collect()))
        },
    ),
];

fn length(a: &[Value]) -> Result<Value, String> {
    let length = match &a[0] {
        Value::String(text) => text.chars().count(),
        Value::List(items) => items.len(),
        Value::Set(items) => items.len(),
        Value::Map(entries) => entries.len(),
        Value::Object(members) => members.len(),
        other => return Err(format!("{} has no length", crate::program::convert::shown(other))),
    };
    Ok(Value::int(length as i64))
}

fn merge(a: &[Value]) -> Result<Value, String> {
    let mut merged = BTreeMap::new();
    for one in a {
        merged.extend(map(one)?.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
    fits_elements(merged.len())?;
    Ok(Value::map(merged))
}

fn concat(a: &[Value]) -> Result<Value, String> {
    let lists = a.iter().map(list).collect::<Result<Vec<_>, _>>()?;
    fits_elements(lists.iter().map(|items| items.len()).sum())?;
    Ok(Value::list(lists.concat()))
}

fn flatten(a: &[Value]) -> Result<Value, String> {
    let (mut all, mut waits_for, mut is_known) = (Vec::new(), BTreeSet::new(), true);
    let mut stack: Vec<&Value> = items(&a[0])?.into_iter().rev().collect();
    while let Some(one) = stack.pop() {
        match one {
            Value::List(items) => stack.extend(items.iter().rev()),
            Value::Set(items) => stack.extend(items.iter().rev()),
            Value::Unknown(unknown) if may_have_elements(&unknown.ty) => {
                is_known = false;
                waits_for.extend(unknown.waits_for.iter().cloned());
            }
            other => all.push(other.clone()),
        }
        fits_elements(all.len())?;
    }
    Ok(if is_known { Value::list(all) } else { Value::unknown(Type::Any, waits_for) })
}

fn may_have_elements(ty: &Type) -> bool {
    match ty.required() {
        Type::Union(members) => members.iter().any(may_have_elements),
        other => matches!(other, Type::List(_) | Type::Set(_) | Type::Any),
    }
}

fn element(a: &[Value]) -> Result<Value, String> {
    let all = list(&a[0])?;
    if all.is_empty() {
        return Err("the list is empty".to_owned());
    }
    Ok(all[int(&a[1])?.rem_euclid(all.len() as i64) as usize].clone())
}

fn slice(a: &[Value]) -> Result<Value, String> {
    let (all, from, to) = (list(&a[0])?, count(&a[1])?, count(&a[2])?);
    let part = all.get(from..to).ok_or_else(|| format!("{from} to {to} is not within 0 to {}", all.len()))?;
    Ok(Value::list(part.to_vec()))
}

fn range(a: &[Value]) -> Result<Value, String> {
    let (start, limit) = match a.get(1) {
        Some(Value::Null) | None => (0, int(&a[0])?),
        Some(limit) => (int(&a[0])?, int(limit)?),
    };
    let step = match a.get(2) {
        Some(Value::Null) | None => {
            if limit < start {
                -1
            } else {
                1
            }
        }
        Some(step) => int(step)?,
    };
    if step == 0 {
        return Err("the step is 0".to_owned());
    }
    let span = (i128::from(limit) - i128::from(start)) * i128::from(step.signum());
    let size = (span.max(0) + i128::from(step.unsigned_abs()) - 1) / i128::from(step.unsigned_abs());
    fits_elements(usize::try_from(size).unwrap_or(usize::MAX))?;
    Ok(Value::list((0..size as i64).map(|at| Value::int(start + at * step)).collect()))
}

fn zipmap(a: &[Value]) -> Result<Value, String> {
    let (keys, values) = (list(&a[0])?, list(&a[1])?);
    if keys.len() != values.len() {
        return Err(format!("{} keys and {} values", keys.len(), values.len()));
    }
    let entry = |(key, value): (&Value, &Value)| Ok((Key::text(text(key)?), value.clone()));
    Ok(Value::map(keys.iter().zip(values).map(entry).collect::<Result<_, String>>()?))
}

fn transpose(a: &[Value]) -> Result<Value, String> {
    let mut turned: BTreeMap<Key, Vec<Value>> = BTreeMap::new();
    for (key, values) in map(&a[0])? {
        for value in list(values)? {
            turned.entry(Key::text(text(value)?)).or_default().push(key_value(key));
        }
    }
    Ok(Value::map(turned.into_iter().map(|(key, values)| (key, Value::list(values))).collect()))
}

fn setproduct(a: &[Value]) -> Result<Value, String> {
    let lists = a.iter().map(items).collect::<Result<Vec<_>, _>>()?;
    let rows = lists.iter().fold(1usize, |rows, choices| rows.saturating_mul(choices.len()));
    fits_elements(rows)?;
    fits_together(rows * lists.len())?;
    let row = |at: usize| {
        let (mut rest, mut made) = (at, vec![Value::Null; lists.len()]);
        for (place, choices) in made.iter_mut().zip(&lists).rev() {
            *place = choices[rest % choices.len()].clone();
            rest /= choices.len();
        }
        Value::list(made)
    };
    Ok(Value::list((0..rows).map(row).collect()))
}

fn member(object: &Value, name: &str) -> Result<Value, String> {
    let found = match object {
        Value::Object(members) => members.get(name).cloned(),
        Value::Map(entries) => entries.get(&Key::text(name)).cloned(),
        _ => None,
    };
    found.ok_or_else(|| format!("an element has no `{name}`"))
}

fn group_by(a: &[Value]) -> Result<Value, String> {
    let name = text(&a[1])?;
    let mut groups: BTreeMap<Key, Vec<Value>> = BTreeMap::new();
    for object in list(&a[0])? {
        let key = member(object, name)?;
        groups.entry(Key::text(text(&key)?)).or_default().push(object.clone());
    }
    Ok(Value::Map(Arc::new(groups.into_iter().map(|(key, all)| (key, Value::list(all))).collect())))
}
