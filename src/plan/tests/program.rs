//! Programs for tests, one instance a line: `server web[1] plan=standard-8 ssh_keys=[@ssh_key.deploy.id] !create_first`.
//! `@` refers to an output; what begins with `!` is lifecycle.

use crate::desired::{Desired, Given, Instance, Output, Outputs, Resolve, Resolver};
use crate::diag::Diagnostics;
use crate::model::{Address, FileId, Graph, Ident, Key, Mode, NodeId, Span, Type, Value};
use crate::provider::{Catalog, Presence};
use indexmap::IndexMap;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| {
    let parsed = crate::syntax::parse(FileId(0), include_str!("../../provider/cloudnexus.cnx"));
    crate::provider::read(&parsed.ast).expect("the catalog is well-formed")
});

pub fn catalog() -> &'static Catalog {
    &CATALOG
}

pub fn address(text: &str) -> Address {
    Address::parse(text, |kind| catalog().actions.contains_key(kind)).unwrap_or_else(|| panic!("address {text}"))
}

/// Something written: a value, or a list with references in it.
#[derive(Clone, Debug)]
enum Written {
    Text(String),
    Reference(String),
    Many(Vec<Written>),
    Entries(Vec<(String, Written)>),
}

fn written(text: &str) -> Written {
    let inner = |open: &str, close: &str| text.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
    let parts =
        |inner: &str| -> Vec<String> { inner.split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect() };
    if let Some(reference) = text.strip_prefix('@') {
        return Written::Reference(reference.to_owned());
    }
    if let Some(inner) = inner("[", "]") {
        return Written::Many(parts(inner).iter().map(|part| written(part)).collect());
    }
    if let Some(inner) = inner("{", "}") {
        let entries = parts(inner).into_iter().map(|part| {
            let (name, value) = part.split_once(':').expect("name:value");
            (name.to_owned(), written(value))
        });
        return Written::Entries(entries.collect());
    }
    Written::Text(text.to_owned())
}

impl Written {
    fn references<'a>(&'a self, into: &mut Vec<&'a str>) {
        match self {
            Written::Text(_) => {}
            Written::Reference(reference) => into.push(reference),
            Written::Many(items) => items.iter().for_each(|item| item.references(into)),
            Written::Entries(entries) => entries.iter().for_each(|(_, item)| item.references(into)),
        }
    }

    fn value(&self, ty: &Type, outputs: &dyn Outputs) -> Value {
        let ty = ty.required();
        match (self, ty) {
            (Written::Text(text), Type::Int | Type::Number) => Value::int(text.parse().expect("number")),
            (Written::Text(text), Type::Bool) => Value::Bool(text == "true"),
            (Written::Text(text), _) => Value::string(&text.replace('_', " ")),
            (Written::Reference(reference), _) => referred(reference, ty, outputs),
            (Written::Many(items), Type::List(item)) => {
                Value::list(items.iter().map(|each| each.value(item, outputs)).collect())
            }
            (Written::Many(items), Type::Set(item)) => Value::set(items.iter().map(|each| each.value(item, outputs))),
            (Written::Many(items), _) => {
                Value::list(items.iter().map(|each| each.value(&Type::Any, outputs)).collect())
            }
            (Written::Entries(entries), Type::Map(_, item)) => {
                Value::map(entries.iter().map(|(name, each)| (Key::text(name), each.value(item, outputs))).collect())
            }
            (Written::Entries(entries), _) => Value::object(
                entries.iter().map(|(name, each)| (name.as_str().into(), each.value(&Type::String, outputs))).collect(),
            ),
        }
    }
}

/// `server.web[1].id`, or a whole instance: `server.web[1]`.
fn split_reference(reference: &str) -> (Address, Option<&str>) {
    match reference.rsplit_once('.') {
        Some((of, attribute)) if of.contains('.') && !attribute.contains(']') => (address(of), Some(attribute)),
        _ => (address(reference), None),
    }
}

fn referred(reference: &str, ty: &Type, outputs: &dyn Outputs) -> Value {
    let (of, attribute) = split_reference(reference);
    let Some(attributes) = outputs.attributes(&of) else {
        return super::super::values::awaited(&of, &Ident::new(attribute.unwrap_or("")), ty);
    };
    match attribute {
        Some(name) => attributes.get(name).cloned().unwrap_or(Value::Null),
        None => Value::object(attributes.iter().map(|(name, value)| (name.0.clone(), value.clone())).collect()),
    }
}

#[derive(Clone, Debug)]
struct Line {
    address: Address,
    attributes: Vec<(String, Written)>,
    lifecycle: Vec<(String, Option<Written>)>,
    span: Span,
}

/// The text of a program, one instance a line, read.
#[derive(Clone, Debug, Default)]
struct Lines(Vec<Line>);

fn read(text: &str) -> Lines {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).enumerate();
    Lines(lines.map(|(at, line)| read_line(at, line)).collect())
}

fn read_line(at: usize, line: &str) -> Line {
    let mut words = line.split_whitespace();
    let mut head = words.next().expect("kind").to_owned();
    if head == "data" || head == "output" {
        head = format!("{head}.{}", words.next().expect("kind"));
    }
    let address = address(&format!("{head}.{}", words.next().expect("name")));
    let mut out = Line {
        address,
        attributes: Vec::new(),
        lifecycle: Vec::new(),
        span: Span::new(FileId(0), at * 10, at * 10 + 5),
    };
    for word in words {
        match word.strip_prefix('!') {
            Some(word) => match word.split_once('=') {
                Some((name, value)) => out.lifecycle.push((name.to_owned(), Some(written(value)))),
                None => out.lifecycle.push((word.to_owned(), None)),
            },
            None => {
                let (name, value) = word.split_once('=').expect("attribute=value");
                out.attributes.push((name.to_owned(), written(value)));
            }
        }
    }
    out
}

impl Lines {
    fn instance(&self, node: usize, outputs: &dyn Outputs) -> Instance {
        let line = &self.0[node];
        let attributes = catalog().attributes_of(line.address.kind.as_str()).expect("kind");
        let mut given = BTreeMap::new();
        for (name, attribute) in attributes {
            let found = line.attributes.iter().find(|(written, _)| written == name.as_str());
            let default = match &attribute.presence {
                Presence::Optional { default } if line.address.mode == Mode::Managed => default.clone(),
                Presence::Optional { .. } => None,
                Presence::Required | Presence::Computed => None,
            };
            let value = found.map(|(_, written)| written.value(&attribute.ty, outputs)).or(default);
            given.extend(value.map(|value| (name.clone(), Given::plain(value, line.span))));
        }
        let mut instance = Instance {
            address: line.address.clone(),
            attributes: given,
            lifecycle: Default::default(),
            span: line.span,
            doc: "".into(),
        };
        for (name, written) in &line.lifecycle {
            let value = written.as_ref().map_or(Value::Null, |written| written.value(&Type::Any, outputs));
            let lifecycle = Arc::make_mut(&mut instance.lifecycle);
            match name.as_str() {
                "protect" => lifecycle.protect = Some(value.as_str() != Some("false")),
                "retain" => lifecycle.retain = true,
                "adopt" => lifecycle.adopt = true,
                "create_first" => lifecycle.create_before_destroy = true,
                "ignore" => lifecycle.ignore.push(value.as_str().expect("path").replace(' ', "_")),
                "trigger" => lifecycle.triggers.push(value),
                "replace_when" => lifecycle.replace_when.push(value),
                "after" => {}
                "before" => lifecycle.conditions.push(crate::desired::Condition {
                    after: false,
                    holds: Value::Bool(value.as_str() == Some("true")),
                    message: "must be so".to_owned(),
                    span: line.span,
                }),
                other => panic!("lifecycle {other}"),
            }
        }
        instance
    }
}

impl Resolve for Lines {
    fn instance(&self, node: NodeId, outputs: &dyn Outputs) -> Result<Instance, Diagnostics> {
        Ok(Lines::instance(self, node.0 as usize, outputs))
    }

    fn outputs(&self, outputs: &dyn Outputs) -> Result<IndexMap<Ident, Output>, Diagnostics> {
        let wanted = self.0.iter().filter(|line| line.address.mode == Mode::Managed).map(|line| {
            let reference = format!("{}.id", line.address);
            let value = referred(&reference, &Type::String, outputs);
            let name = Ident::new(&line.address.to_string());
            (name, Output { ty: Type::String, value, secret: false, span: line.span })
        });
        Ok(wanted.collect())
    }

    fn examine(&self, _: &crate::program::expr::Expr, _: &[Value], _: &dyn Outputs) -> crate::desired::Examined {
        crate::desired::Examined::default()
    }

    fn origin(&self, _: &crate::desired::Asked, _: &dyn Outputs) -> Option<crate::desired::Origin> {
        None
    }

    fn headers(&self) -> crate::desired::Headers {
        crate::desired::Headers::default()
    }
}

struct Nothing;

impl Outputs for Nothing {
    fn attributes(&self, _: &Address) -> Option<&crate::model::Attributes> {
        None
    }
}

/// The program of a text.
pub fn desired(text: &str) -> Desired {
    let lines = read(text);
    let mut graph = Graph::default();
    let mut by_address = BTreeMap::new();
    for at in 0..lines.0.len() {
        let node = graph.add(lines.instance(at, &Nothing));
        by_address.insert(lines.0[at].address.clone(), node);
    }
    for (at, line) in lines.0.iter().enumerate() {
        let mut references = Vec::new();
        line.attributes.iter().for_each(|(_, written)| written.references(&mut references));
        line.lifecycle.iter().filter_map(|(_, written)| written.as_ref()).for_each(|w| w.references(&mut references));
        for reference in references {
            let (of, _) = split_reference(reference);
            let Some(node) = by_address.get(&of) else { panic!("{reference} is not declared in\n{text}") };
            graph.depend(NodeId(at as u32), *node);
        }
    }
    let graph = graph.freeze().map_err(|(_, cycles)| cycles).expect("no cycle");
    Desired { graph, by_address, resolver: Resolver(Some(Arc::new(lines))), ..Desired::default() }
}
