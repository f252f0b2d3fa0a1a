//! Where a value comes from: the evaluator runs once more and records what it met; the walk over the expression tells the names in
//! it, and goes on behind each. Evaluates nothing by itself.

use super::machine::Machine;
use super::named::Named;
use super::origin::{Asked, Cut, Origin, Source};
use super::references::Place;
use super::resolve::Resolution;
use super::scope::{Declared, ScopeId, Slot};
use super::seen::Seen;
use super::types::Outputs;
use crate::model::{Address, ModuleStep, Span, Value};
use crate::program::expr::{Expr, ExprKind};
use crate::program::ir::Each;
use crate::program::library::{self, Run};
use smol_str::SmolStr;
use std::collections::HashSet;

/// Steps below steps, and steps in all.
const MOST_DEEP: usize = 32;
const MOST_STEPS: usize = 2_000;

/// What is told only once.
#[derive(PartialEq, Eq, Hash)]
pub enum Told {
    Named(Named),
    Attribute(Declared, usize, SmolStr),
    Function(ScopeId, usize),
    Loop(ScopeId, Span),
}

pub struct Tracer<'w> {
    pub machine: Machine<'w>,
    pub told: HashSet<Told>,
    deep: usize,
    left: usize,
}

/// Where an expression stands: its scope, the variables around it, and the header that fills them.
pub struct Site<'w> {
    pub scope: ScopeId,
    pub frame: Vec<Slot>,
    pub each: Option<&'w Each>,
}

impl Site<'_> {
    pub fn plain(scope: ScopeId) -> Site<'static> {
        Site { scope, frame: Vec::new(), each: None }
    }
}

impl Resolution {
    pub fn traced(&self, asked: &Asked, outputs: &dyn Outputs) -> Option<Origin> {
        let mut machine = Machine::new(&self.world, Some(outputs));
        machine.fuel = machine.fuel.saturating_mul(10);
        let mut tracer = Tracer { machine, told: HashSet::new(), deep: 0, left: MOST_STEPS };
        match asked {
            Asked::Attribute(address, path) => {
                let (declared, index) = self.find(address)?;
                let (name, below) = path.split_first()?;
                tracer.attribute((declared, index), name, below, None)
            }
            Asked::Named(path, name) => Some(tracer.named(self.find_named(path, name)?, None)),
        }
    }

    fn find(&self, address: &Address) -> Option<(Declared, usize)> {
        let scope = self.world.scopes().find(|scope| scope.path == address.module)?;
        let is_it = |one: &crate::program::ir::Resource| {
            one.mode == address.mode && one.kind == address.kind && one.name == address.name
        };
        let at = scope.program.resources.iter().position(is_it)?;
        let expansion = scope.expansion(at);
        let index = match &address.key {
            Some(key) => expansion.find(key)?,
            None => (!expansion.repeated && expansion.len() == 1).then_some(0)?,
        };
        Some((scope.declared(at), index))
    }

    fn find_named(&self, path: &[ModuleStep], name: &str) -> Option<Named> {
        let scope = self.world.scopes().find(|scope| scope.path == path)?;
        let program = &scope.program;
        let param = program.params.iter().position(|one| one.name.value.as_str() == name);
        let value = program.lets.iter().position(|one| one.name.value.as_str() == name);
        let output = program.outputs.iter().position(|one| one.name.value.as_str() == name);
        match (param, value, output) {
            // From outside a module only its outputs can be seen.
            (_, _, Some(at)) if !path.is_empty() => Some(Named::Output(scope.declared(at))),
            (Some(at), _, _) => Some(Named::Param(scope.declared(at))),
            (_, Some(at), _) => Some(Named::Let(scope.declared(at))),
            (_, _, Some(at)) => Some(Named::Output(scope.declared(at))),
            (None, None, None) => None,
        }
    }
}

impl<'w> Tracer<'w> {
    /// The value of an expression, and the steps that it is made of.
    pub fn traced(&mut self, site: &Site<'w>, expr: &'w Expr) -> (Option<Value>, Vec<Origin>) {
        let (value, seen) = self.machine.within(site.scope, site.frame.clone(), |machine| {
            machine.seen = Some(Seen::default());
            let value = machine.value(expr);
            (value, machine.seen.take().unwrap_or_default())
        });
        let mut parts = Vec::new();
        if self.deep < MOST_DEEP {
            self.deep += 1;
            self.parts(site, expr, &seen, &mut parts);
            self.deep -= 1;
        }
        (value, parts)
    }

    /// The same, into a step.
    pub fn follow(&mut self, mut origin: Origin, site: &Site<'w>, expr: &'w Expr) -> Origin {
        let (_, parts) = self.traced(site, expr);
        if self.deep >= MOST_DEEP || self.left == 0 {
            origin.cut = Some(Cut::TooMany);
        }
        origin.span = Some(expr.span);
        origin.parts = parts;
        origin
    }

    /// The names in an expression, as far as it was evaluated, in the order of the text.
    fn parts(&mut self, site: &Site<'w>, expr: &'w Expr, seen: &Seen, out: &mut Vec<Origin>) {
        let Some(values) = seen.of(expr) else { return };
        if self.left == 0 {
            return;
        }
        if let Some(step) = self.step(site, expr, seen, values) {
            self.left -= 1;
            let known = step.cut == Some(Cut::Above) && out.iter().any(|one| one.name == step.name);
            if !known {
                out.push(step);
            }
            return;
        }
        let mut below = expr.children();
        below.sort_by_key(|child| child.span.start);
        below.into_iter().for_each(|child| self.parts(site, child, seen, out));
    }

    /// What one expression is a name of; `None` where it is made of others.
    fn step(&mut self, site: &Site<'w>, expr: &'w Expr, seen: &Seen, values: &[Value]) -> Option<Origin> {
        let used = Some(expr.span);
        let of = |at: usize| Declared { scope: site.scope, at };
        match &expr.kind {
            ExprKind::Param(at) => Some(self.named(Named::Param(of(*at)), used)),
            ExprKind::Let(at) => Some(self.named(Named::Let(of(*at)), used)),
            ExprKind::EnvironmentName => {
                let origin = Origin::new("env.name".to_owned(), used, Source::EnvironmentName);
                Some(origin.holding(values.first().cloned(), false))
            }
            ExprKind::Local(slot) => self.local(site, *slot, expr),
            ExprKind::Resource(_) | ExprKind::Module(_) => self.place(site, expr).map(|place| self.whole(place, used)),
            ExprKind::Elsewhere(at) => Some(self.elsewhere(of(*at), None, expr, values)),
            ExprKind::Member { .. } | ExprKind::Index { .. } => self.reference(site, expr, values),
            ExprKind::Chain(inner) if seen.of(inner).is_none() => {
                let origin = Origin::new(String::new(), used, Source::Absent);
                Some(origin.holding(Some(Value::Null), false))
            }
            ExprKind::Call { function, arguments } => {
                let mut parts = Vec::new();
                arguments.iter().for_each(|argument| self.parts(site, argument, seen, &mut parts));
                Some(self.call(site, expr, (*function, arguments), seen, parts))
            }
            ExprKind::Library { function, arguments } => self.file(site, expr, (*function, arguments), seen),
            _ => None,
        }
    }

    /// `file("x")` and the like; other functions are made of their arguments.
    fn file(
        &mut self,
        site: &Site<'w>,
        expr: &'w Expr,
        (function, arguments): (usize, &'w [Expr]),
        seen: &Seen,
    ) -> Option<Origin> {
        match library::functions()[function].run {
            Run::File(_) | Run::Template => {}
            Run::Pure(_) | Run::Partial(_) | Run::Search(_) => return None,
        }
        let path = arguments.first().and_then(|path| one_value(path, seen))?;
        let program = &self.machine.world.scope(site.scope).program;
        let folder = if program.folder.is_empty() { String::new() } else { format!("{}/", program.folder) };
        let mut origin =
            Origin::new(String::new(), Some(expr.span), Source::File(format!("{folder}{}", path.as_str()?)));
        arguments.iter().for_each(|argument| self.parts(site, argument, seen, &mut origin.parts));
        Some(origin)
    }

    /// What stands there, where that is an instance, a module, or all of them.
    fn place(&mut self, site: &Site<'w>, expr: &'w Expr) -> Option<Place> {
        self.machine.within(site.scope, site.frame.clone(), |machine| machine.place(expr)).ok().flatten()
    }

    /// `server.web[1].plan`, `module.shop.address`, `data.cnx_outputs.net.gateway`, or something in a loop.
    fn reference(&mut self, site: &Site<'w>, expr: &'w Expr, values: &[Value]) -> Option<Origin> {
        let used = Some(expr.span);
        if reads_loop(expr, site.frame.len()) {
            let secret = self.is_secret(site.scope, expr.span);
            let mut origin = Origin::new(String::new(), used, Source::Pass).holding(None, secret);
            if !secret {
                origin.values = values.to_vec();
            }
            return Some(origin);
        }
        if let Some(place) = self.place(site, expr) {
            return Some(self.whole(place, used));
        }
        let ExprKind::Member { target, name, .. } = &expr.kind else { return None };
        if let ExprKind::Elsewhere(at) = target.kind {
            return Some(self.elsewhere(Declared { scope: site.scope, at }, Some(name), expr, values));
        }
        match self.place(site, target)? {
            Place::Instance(declared, index) => self.attribute((declared, index), name, &[], used),
            Place::Module(scope) => {
                let outputs = &self.machine.world.scope(scope).program.outputs;
                let at = outputs.iter().position(|output| output.name.value.as_str() == name.as_str())?;
                Some(self.named(Named::Output(Declared { scope, at }), used))
            }
            Place::Instances(_) | Place::Modules(_) | Place::Absent => None,
        }
    }

    pub fn is_secret(&self, scope: ScopeId, span: Span) -> bool {
        self.machine.world.scope(scope).program.secret_places.0.contains(&span)
    }
}

/// The value of an expression that had one.
pub fn one_value(expr: &Expr, seen: &Seen) -> Option<Value> {
    match (expr.as_constant(), seen.of(expr)) {
        (Some(value), _) | (None, Some([value])) => Some(value.clone()),
        (None, _) => None,
    }
}

/// Whether it reads a variable of a loop inside of the expression.
fn reads_loop(expr: &Expr, bound: usize) -> bool {
    matches!(expr.kind, ExprKind::Local(slot) if slot >= bound)
        || expr.children().into_iter().any(|child| reads_loop(child, bound))
}
