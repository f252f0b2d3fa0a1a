//! What each declaration refers to, and the order that follows: dependencies first. Rings are reported edge by edge.

use super::codes;
use super::ir::Declaration;
use super::locals::Locals;
use super::providers::{chain, is_provider};
use super::symbols::{Global, Symbols, resource_key};
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Dag, Graph, Ident, NodeId, Span};
use crate::syntax::ast::{self, BodyEntry, Element, Entry, Expr, ExprKind, ObjectKey, Piece, ResourceForm};
use indexmap::IndexMap;
use std::collections::{BTreeMap, BTreeSet};

/// The order; the declarations that stand in a ring (their types cannot be known); functions that too many stand below.
pub struct Order {
    pub order: Vec<Declaration>,
    pub broken: BTreeSet<Declaration>,
    pub deep: BTreeSet<Declaration>,
}

type Edges = IndexMap<(Declaration, Declaration), Span>;

/// So many rings are told one by one; where there are more, the rest of them is cut at once.
const MOST_RINGS: usize = 32;
/// So many edges of a ring are told.
const LONGEST_SHOWN: usize = 40;

/// So many functions may stand below one; evaluation would end there too, and what they take by default adds up.
const LONGEST_CHAIN: usize = 390;

/// Orders every declaration; each ring is one diagnostic.
pub fn order(symbols: &Symbols, diagnostics: &mut Diagnostics) -> Order {
    let all = declarations(symbols);
    let mut edges = edges(symbols);
    let mut broken = BTreeSet::new();
    for round in 0.. {
        let mut graph = Graph::default();
        all.iter().for_each(|one| _ = graph.add(*one));
        for (from, to) in edges.keys() {
            graph.depend(node(*from, symbols), node(*to, symbols));
        }
        let cycles = match graph.freeze() {
            Ok(dag) => {
                let deep = deep(&dag, symbols, diagnostics);
                return Order { order: dag.order().map(|(_, node)| *node).collect(), broken, deep };
            }
            Err((graph, _)) if round == MOST_RINGS => {
                broken.extend(graph.in_rings().into_iter().map(|id| all[id.0 as usize]));
                edges.retain(|(from, to), _| !broken.contains(from) || !broken.contains(to));
                continue;
            }
            Err((_, cycles)) => cycles,
        };
        for cycle in cycles {
            let ring: Vec<Declaration> = cycle.0.iter().map(|id| all[id.0 as usize]).collect();
            if !ring.iter().any(|one| broken.contains(one)) {
                diagnostics.push(complaint(&ring, &edges, symbols));
            }
            for (at, from) in ring.iter().enumerate() {
                edges.swap_remove(&(*from, ring[(at + 1) % ring.len()]));
            }
            broken.extend(ring);
        }
    }
    Order { order: all, broken, deep: BTreeSet::new() }
}

/// Functions that stand on a longer chain of others than may be; the first of them is told.
fn deep(dag: &Dag<Declaration>, symbols: &Symbols, diagnostics: &mut Diagnostics) -> BTreeSet<Declaration> {
    let mut below: BTreeMap<NodeId, usize> = BTreeMap::new();
    let mut deep = BTreeSet::new();
    for (id, declaration) in dag.order() {
        let Declaration::Function(at) = *declaration else { continue };
        let longest = dag.dependencies(id).into_iter().filter_map(|other| below.get(&other)).max();
        let chain = longest.map_or(0, |longest| longest + 1);
        below.insert(id, chain);
        if chain <= LONGEST_CHAIN {
            continue;
        }
        if deep.is_empty() {
            let name = &symbols.functions[at].node.name;
            let message = format!("`{}` stands on a chain of more than {LONGEST_CHAIN} functions", name.value);
            let help = "make the chain shorter: one function may do what several in a row do";
            diagnostics.push(Diagnostic::new(&codes::TOO_DEEP, message).at(name.span, "too deep").help(help));
        }
        deep.insert(*declaration);
    }
    deep
}

/// Its place among [`declarations`].
fn node(one: Declaration, symbols: &Symbols) -> NodeId {
    let counts = [symbols.params.len(), symbols.lets.len(), symbols.functions.len(), symbols.resources.len()];
    let (kind, at) = match one {
        Declaration::Param(at) => (0, at),
        Declaration::Let(at) => (1, at),
        Declaration::Function(at) => (2, at),
        Declaration::Resource(at) => (3, at),
        Declaration::Module(at) => (4, at),
    };
    NodeId((counts[..kind].iter().sum::<usize>() + at) as u32)
}

fn declarations(symbols: &Symbols) -> Vec<Declaration> {
    let params = (0..symbols.params.len()).map(Declaration::Param);
    let lets = (0..symbols.lets.len()).map(Declaration::Let);
    let functions = (0..symbols.functions.len()).map(Declaration::Function);
    let resources = (0..symbols.resources.len()).map(Declaration::Resource);
    let modules = (0..symbols.modules.len()).map(Declaration::Module);
    params.chain(lets).chain(functions).chain(resources).chain(modules).collect()
}

fn complaint(ring: &[Declaration], edges: &Edges, symbols: &Symbols) -> Diagnostic {
    let shown = |one: &Declaration| shown(one, symbols);
    let mut path: Vec<String> = ring.iter().take(LONGEST_SHOWN).map(shown).collect();
    if let Some(more) = ring.len().checked_sub(LONGEST_SHOWN).filter(|more| *more > 0) {
        path.push(format!("({more} more)"));
    }
    path.extend(ring.first().map(shown));
    let mut diagnostic = Diagnostic::new(&codes::CYCLE, path.join(" → "));
    for (at, from) in ring.iter().enumerate().take(LONGEST_SHOWN) {
        let to = &ring[(at + 1) % ring.len()];
        let Some(span) = edges.get(&(*from, *to)) else { continue };
        let text = match from == to {
            true => format!("`{}` needs itself", shown(from)),
            false => format!("`{}` needs `{}`", shown(from), shown(to)),
        };
        diagnostic = if at == 0 { diagnostic.at(*span, text) } else { diagnostic.and(*span, text) };
    }
    diagnostic.help("break the ring: remove one of these references, or pass the value in another way")
}

fn shown(one: &Declaration, symbols: &Symbols) -> String {
    match one {
        Declaration::Param(at) => symbols.params[*at].node.name.value.to_string(),
        Declaration::Let(at) => symbols.lets[*at].node.name.value.to_string(),
        Declaration::Function(at) => symbols.functions[*at].node.name.value.to_string(),
        Declaration::Resource(at) => {
            let node = symbols.resources[*at].node;
            let data = if node.form == ResourceForm::Data { "data." } else { "" };
            format!("{data}{}.{}", node.kind.value, node.name.value)
        }
        Declaration::Module(at) => format!("module.{}", symbols.modules[*at].node.name.value),
    }
}

fn edges(symbols: &Symbols) -> Edges {
    let mut walker =
        Walker { symbols, from: Declaration::Param(0), own: true, locals: Locals::default(), edges: Edges::new() };
    for (at, param) in symbols.params.iter().enumerate() {
        walker.from = Declaration::Param(at);
        walker.own = false;
        param.node.default.iter().for_each(|default| walker.expr(default));
        param.node.body.iter().for_each(|body| walker.body(body));
    }
    for environment in &symbols.environments {
        walker.environment(&environment.node.body);
    }
    walker.own = true;
    for (at, one) in symbols.lets.iter().enumerate() {
        walker.from = Declaration::Let(at);
        walker.expr(&one.node.value);
    }
    for (at, function) in symbols.functions.iter().enumerate() {
        walker.from = Declaration::Function(at);
        let depth = walker.locals.len();
        for parameter in &function.node.parameters {
            parameter.default.iter().for_each(|default| walker.expr(default));
        }
        for parameter in &function.node.parameters {
            walker.locals.push(parameter.name.value.clone(), ());
        }
        walker.expr(&function.node.value);
        walker.locals.truncate(depth);
    }
    for (at, resource) in symbols.resources.iter().enumerate() {
        walker.from = Declaration::Resource(at);
        let node = resource.node;
        walker.resource(node.repeat.as_ref(), node.condition.as_ref(), &node.body);
    }
    for (at, module) in symbols.modules.iter().enumerate() {
        walker.from = Declaration::Module(at);
        let node = module.node;
        walker.resource(node.repeat.as_ref(), node.condition.as_ref(), &node.body);
    }
    walker.edges
}

struct Walker<'a, 'b> {
    symbols: &'b Symbols<'a>,
    from: Declaration,
    /// Whether a reference to itself counts.
    own: bool,
    locals: Locals<()>,
    edges: Edges,
}

impl Walker<'_, '_> {
    fn add(&mut self, to: Declaration, span: Span) {
        if self.own || to != self.from {
            self.edges.entry((self.from, to)).or_insert(span);
        }
    }

    /// A parameter hangs on what an environment gives it.
    fn environment(&mut self, body: &ast::Body) {
        for entry in &body.entries {
            let BodyEntry::Attribute(attribute) = entry else { continue };
            let ExprKind::Object(entries) = &attribute.value.kind else { continue };
            if attribute.name.value.as_str() != "params" {
                continue;
            }
            for entry in entries {
                let Entry::Pair { key: ObjectKey::Name(name), value } = entry else { continue };
                if let Some((Global::Param(at), _)) = self.symbols.globals.get(&name.value) {
                    self.from = Declaration::Param(*at);
                    self.expr(value);
                }
            }
        }
    }

    fn resource(&mut self, repeat: Option<&ast::ForClause>, condition: Option<&Expr>, body: &ast::Body) {
        let depth = self.locals.len();
        repeat.into_iter().for_each(|clause| self.clause(clause));
        condition.into_iter().for_each(|condition| self.expr(condition));
        self.body(body);
        self.locals.truncate(depth);
    }

    fn body(&mut self, body: &ast::Body) {
        for entry in &body.entries {
            match entry {
                BodyEntry::Attribute(attribute) if attribute.name.value.as_str() == "ignore" => {}
                BodyEntry::Attribute(attribute) => self.expr(&attribute.value),
                BodyEntry::Block(block) => {
                    let own = self.own;
                    self.own = own && block.name.value.as_str() != "after";
                    self.body(&block.body);
                    self.own = own;
                }
            }
        }
    }

    /// The clause's variables stay in scope; the caller takes them out.
    fn clause(&mut self, clause: &ast::ForClause) {
        self.expr(&clause.over);
        for name in &clause.names {
            self.locals.push(name.value.clone(), ());
        }
        clause.by.iter().for_each(|by| self.expr(by));
    }

    fn name(&mut self, name: &Ident, span: Span) {
        if self.locals.find(name.as_str()).is_some() {
            return;
        }
        if let Some((global, _)) = self.symbols.globals.get(name) {
            let to = match global {
                Global::Param(at) => Declaration::Param(*at),
                Global::Let(at) => Declaration::Let(*at),
                Global::Function(at) => Declaration::Function(*at),
            };
            self.add(to, span);
        }
    }

    /// Whether `expr` names a resource or a module; then the edge is noted.
    fn reference(&mut self, expr: &Expr) -> bool {
        let ExprKind::Member { target, name, .. } = &expr.kind else { return false };
        if matches!(&target.kind, ExprKind::Name(word) if word.as_str() == "module") {
            let found = self.symbols.module_names.get(&name.value).map(|(at, _)| *at);
            found.into_iter().for_each(|at| self.add(Declaration::Module(at), expr.span));
            return found.is_some();
        }
        let Some(found) = chain(target, |word| self.locals.find(word.as_str()).is_some()) else { return false };
        if found.provider.is_some_and(|(provider, _)| !is_provider(provider)) {
            return false;
        }
        let form = if found.data { ResourceForm::Data } else { ResourceForm::Managed };
        let key = resource_key(form, found.kind, &name.value);
        let found = self.symbols.resource_names.get(&key).map(|(at, _)| *at);
        if let Some(at) = found {
            self.add(Declaration::Resource(at), expr.span);
        }
        found.is_some()
    }

    fn expr(&mut self, expr: &Expr) {
        if self.reference(expr) {
            return;
        }
        match &expr.kind {
            ExprKind::Null | ExprKind::Bool(_) | ExprKind::Number(_) | ExprKind::Duration(_) => {}
            ExprKind::Text(text) => self.text(text),
            ExprKind::Name(name) => self.name(name, expr.span),
            ExprKind::List(elements) => elements.iter().for_each(|element| match element {
                Element::Value(value) | Element::Spread(value) => self.expr(value),
            }),
            ExprKind::Object(entries) => entries.iter().for_each(|entry| self.entry(entry)),
            ExprKind::Member { target, .. } | ExprKind::Splat { target } => self.expr(target),
            ExprKind::Index { target, index, .. } => {
                self.expr(target);
                self.expr(index);
            }
            ExprKind::Call { name, arguments } => {
                self.name(&name.value, name.span);
                arguments.iter().for_each(|argument| self.expr(&argument.value));
            }
            ExprKind::Unary { operand, .. } => self.expr(operand),
            ExprKind::Binary { left, right, .. } => {
                self.expr(left);
                self.expr(right);
            }
            ExprKind::Conditional { condition, yes, no } => {
                self.expr(condition);
                self.expr(yes);
                self.expr(no);
            }
            ExprKind::ListFor { clause, condition, value } => {
                self.comprehension(clause, condition.as_deref(), &[value]);
            }
            ExprKind::ObjectFor { clause, condition, key, value } => {
                self.comprehension(clause, condition.as_deref(), &[key, value]);
            }
            ExprKind::Group(inner) => self.expr(inner),
        }
    }

    fn comprehension(&mut self, clause: &ast::ForClause, condition: Option<&Expr>, values: &[&Expr]) {
        let depth = self.locals.len();
        self.clause(clause);
        condition.into_iter().for_each(|condition| self.expr(condition));
        values.iter().for_each(|value| self.expr(value));
        self.locals.truncate(depth);
    }

    fn text(&mut self, text: &ast::Text) {
        for piece in &text.pieces {
            match piece {
                Piece::Literal(_) => {}
                Piece::Interpolation(expr) => self.expr(expr),
            }
        }
    }

    fn entry(&mut self, entry: &Entry) {
        match entry {
            Entry::Spread(value) => self.expr(value),
            Entry::Pair { key, value } => {
                match key {
                    ObjectKey::Name(_) => {}
                    ObjectKey::Text(text, _) => self.text(text),
                    ObjectKey::Computed(key) => self.expr(key),
                }
                self.expr(value);
            }
        }
    }
}
