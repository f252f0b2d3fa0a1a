//! Completion: what a half-typed name may become, from the catalog and the program.

use crate::model::Mode;
use crate::program::{Program, library, member_names};
use crate::world::Complete;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Names at the root of an expression, and below each dotted path.
type Names = BTreeMap<String, BTreeSet<String>>;

/// Completes the dotted word before the cursor.
pub fn completion(program: &Program) -> Complete {
    let names = names(program);
    Arc::new(move |line, at| complete(&names, line, at))
}

fn names(program: &Program) -> Names {
    let mut names = Names::new();
    let mut add = |path: &str, name: &str| _ = names.entry(path.to_owned()).or_default().insert(name.to_owned());
    program.params.iter().for_each(|one| add("", one.name.value.as_str()));
    program.lets.iter().for_each(|one| add("", one.name.value.as_str()));
    program.functions.iter().for_each(|one| add("", &format!("{}(", one.name.value)));
    library::functions().iter().for_each(|one| add("", &format!("{}(", one.name)));
    [":help", ":quit", ":type ", "env.name"].iter().for_each(|one| add("", one));
    for module in &program.modules {
        add("", "module");
        add("module", module.name.value.as_str());
        let path = format!("module.{}", module.name.value);
        module.program.outputs.iter().for_each(|output| add(&path, output.name.value.as_str()));
    }
    for resource in &program.resources {
        let kind = match resource.mode {
            Mode::Data => format!("data.{}", resource.kind),
            Mode::Managed | Mode::Action => resource.kind.to_string(),
        };
        match resource.mode {
            Mode::Data => {
                add("", "data");
                add("data", resource.kind.as_str());
            }
            Mode::Managed | Mode::Action => add("", &kind),
        }
        add(&kind, resource.name.as_str());
        let path = format!("{kind}.{}", resource.name);
        member_names(&program.catalog, &resource.kind).iter().for_each(|name| add(&path, name));
    }
    names
}

fn complete(names: &Names, line: &str, at: usize) -> (usize, Vec<String>) {
    let before = line.get(..at).unwrap_or(line);
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_.[]\":".contains(c);
    let start = before.rfind(|c| !is_part(c)).map_or(0, |place| place + 1);
    let (path, word, begins) = match before[start..].rsplit_once('.') {
        Some((path, word)) => (without_keys(path), word, at - word.len()),
        None => (String::new(), &before[start..], start),
    };
    let found = names.get(&path).into_iter().flatten().filter(|name| name.starts_with(word));
    (begins, found.cloned().collect())
}

/// `server.web[1]` as `server.web`.
fn without_keys(path: &str) -> String {
    let mut depth = 0_i32;
    let kept = path.chars().filter(|c| {
        depth += i32::from(*c == '[');
        let keep = depth == 0;
        depth -= i32::from(*c == ']');
        keep
    });
    kept.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_completed_where_they_stand() {
        let mut names = Names::new();
        names.insert(String::new(), ["server".to_owned(), "size".to_owned()].into());
        names.insert("server.web".to_owned(), ["ipv4".to_owned(), "id".to_owned()].into());
        assert_eq!(complete(&names, "upper(s", 7), (6, vec!["server".to_owned(), "size".to_owned()]));
        assert_eq!(complete(&names, "server.web[1].ip", 16), (14, vec!["ipv4".to_owned()]));
        assert_eq!(complete(&names, "nothing.x", 9), (8, Vec::new()));
    }
}
