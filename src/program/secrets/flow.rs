//! The walk over expressions: what each one takes from secrets. Notes every place where a secret takes part, so that
//! complaints made there later show no value.

use super::taint::{Origin, Taint};
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Span, Type};
use crate::program::codes;
use crate::program::expr::{Element, Entry, Expr, ExprKind, MAX_DEPTH, Operator};
use crate::program::ir::{Each, Program};
use smol_str::SmolStr;
use std::collections::{BTreeMap, BTreeSet};

/// What is known so far of one program.
pub struct Flow<'p> {
    pub program: &'p Program,
    pub params: Vec<Taint>,
    pub lets: Vec<Taint>,
    /// Of each resource, its attributes.
    pub resources: Vec<BTreeMap<SmolStr, Taint>>,
    /// Of each module, its outputs.
    pub modules: Vec<Taint>,
    /// Of each slot.
    pub frame: Vec<Taint>,
    /// What functions give, by their arguments.
    calls: BTreeMap<(usize, Vec<Taint>), Taint>,
    /// Where a secret takes part.
    pub places: BTreeSet<Span>,
    /// Where `nonsensitive` lifts it, and from what.
    pub lifted: BTreeSet<(Span, Origin)>,
    /// How deep the walk is, and where it ends: evaluation does not go deeper.
    depth: u32,
    /// How many places were met.
    met: usize,
    pub diagnostics: Diagnostics,
}

impl<'p> Flow<'p> {
    pub fn new(program: &'p Program) -> Flow<'p> {
        Flow {
            program,
            params: vec![Taint::Clear; program.params.len()],
            lets: vec![Taint::Clear; program.lets.len()],
            resources: vec![BTreeMap::new(); program.resources.len()],
            modules: vec![Taint::Clear; program.modules.len()],
            frame: Vec::new(),
            calls: BTreeMap::new(),
            places: BTreeSet::new(),
            lifted: BTreeSet::new(),
            depth: 0,
            met: 0,
            diagnostics: Diagnostics::default(),
        }
    }

    pub fn eval(&mut self, expr: &Expr) -> Taint {
        let before = self.met;
        self.depth += 1;
        let taint = if self.depth > MAX_DEPTH { Taint::Clear } else { self.step(expr) };
        self.depth -= 1;
        if taint.is_clear() && is_chosen(expr) {
            self.met = before;
        }
        if self.met > before || !taint.is_clear() {
            self.met += 1;
            self.places.insert(expr.span);
            self.places.extend(expr.children().iter().map(|child| child.span));
        }
        taint
    }

    /// Secret as a whole where any part of these is.
    fn mixed<'e>(&mut self, parts: impl IntoIterator<Item = &'e Expr>) -> Taint {
        parts.into_iter().fold(Taint::Clear, |all, part| all.join(&self.eval(part).whole()))
    }

    fn step(&mut self, expr: &Expr) -> Taint {
        match &expr.kind {
            ExprKind::Error | ExprKind::Constant(_) | ExprKind::EnvironmentName => Taint::Clear,
            ExprKind::Text(pieces) => self.mixed(pieces),
            ExprKind::Param(at) => self.params.get(*at).cloned().unwrap_or_default(),
            ExprKind::Let(at) => self.lets.get(*at).cloned().unwrap_or_default(),
            ExprKind::Local(slot) => self.frame.get(*slot).cloned().unwrap_or_default(),
            ExprKind::Resource(at) => self.resource(*at),
            ExprKind::Module(at) => self.modules.get(*at).cloned().unwrap_or_default(),
            ExprKind::Elsewhere(at) => self.elsewhere(*at),
            ExprKind::List(elements) | ExprKind::Set(elements) => self.elements(elements),
            ExprKind::Object(entries) | ExprKind::Map(entries) => self.entries(entries),
            ExprKind::Member { target, name, .. } => match target.kind {
                // The other outputs of that project take no part.
                ExprKind::Elsewhere(at) => self.elsewhere(at).member(name),
                _ => self.eval(target).member(name),
            },
            ExprKind::Index { target, index, .. } => {
                let (target, at) = (self.eval(target), self.eval(index));
                let found = match index.as_constant().and_then(|key| key.as_str()) {
                    Some(name) => target.member(name),
                    None => target.element(),
                };
                if at.is_clear() { found } else { at.whole() }
            }
            ExprKind::Chain(inner) | ExprKind::Convert(inner) => {
                let taint = self.eval(inner);
                if matches!(expr.ty.required(), Type::Set(_)) { Taint::each(taint.element()) } else { taint }
            }
            ExprKind::Not(inner) | ExprKind::Negate(inner) => self.mixed([&**inner]),
            ExprKind::Library { function, arguments } => self.library(*function, arguments, expr.span),
            ExprKind::Call { function, arguments } => self.call(*function, arguments),
            ExprKind::Binary { operator: Operator::Coalesce, left, right } => {
                let left = self.eval(left);
                left.join(&self.eval(right))
            }
            ExprKind::Binary { left, right, .. } => self.mixed([&**left, &**right]),
            ExprKind::Conditional { condition, yes, no } => {
                let decides = self.eval(condition).whole();
                let yes = self.eval(yes);
                let either = yes.join(&self.eval(no));
                decides.join(&either)
            }
            ExprKind::ListFor { each, condition, value, .. } => {
                let decides = self.each(each, condition.as_deref());
                let value = self.eval(value);
                decides.join(&Taint::each(value))
            }
            ExprKind::MapFor { each, condition, key, value } => {
                let decides = self.each(each, condition.as_deref());
                self.key(key);
                let value = self.eval(value);
                decides.join(&Taint::each(value))
            }
        }
    }

    /// The outputs of another project, as far as they are secret.
    fn elsewhere(&self, at: usize) -> Taint {
        let Some(source) = self.program.elsewhere.get(at) else { return Taint::Clear };
        let origin = super::library::origin_of("data", source.name.value.as_str(), source.name.span);
        if source.secret {
            return Taint::Secret(origin);
        }
        let secrets = source.secrets.iter();
        Taint::members(secrets.map(|name| (name.clone(), Taint::Secret(origin.clone()))).collect())
    }

    fn resource(&self, at: usize) -> Taint {
        let attributes = self.resources.get(at).cloned().map(Taint::members).unwrap_or_default();
        let repeated = self.program.resources.get(at).is_some_and(|resource| resource.repeat.is_some());
        if repeated { Taint::each(attributes) } else { attributes }
    }

    fn elements(&mut self, elements: &[Element]) -> Taint {
        let mut all = Taint::Clear;
        for element in elements {
            match element {
                Element::Value(value) => {
                    let taint = self.eval(value);
                    all = all.join(&Taint::each(taint));
                }
                Element::Spread(value) => {
                    let taint = self.eval(value);
                    let taint = if taint.is_whole() { taint } else { Taint::each(taint.element()) };
                    all = all.join(&taint);
                }
            }
        }
        all
    }

    fn entries(&mut self, entries: &[Entry]) -> Taint {
        let mut all = Taint::Clear;
        let mut named: BTreeMap<SmolStr, Taint> = BTreeMap::new();
        for entry in entries {
            match entry {
                Entry::Pair { key, value } => {
                    self.key(key);
                    let taint = self.eval(value);
                    match key.as_constant().and_then(|key| key.as_str()) {
                        Some(name) => _ = named.insert(SmolStr::new(name), taint),
                        None => all = all.join(&Taint::each(taint)),
                    }
                }
                Entry::Spread(value) => match self.eval(value) {
                    Taint::Members(members) => named.extend(members),
                    other => all = all.join(&other),
                },
            }
        }
        all.join(&Taint::members(named))
    }

    /// A key is shown and remembered: it can't be secret.
    pub fn key(&mut self, key: &Expr) {
        let taint = self.eval(key);
        if let Some(origin) = taint.origin() {
            let origin = origin.clone();
            self.complain(
                &codes::SECRET_KEY,
                "a key is shown, and this one is secret",
                key.span,
                &origin,
                "make the key from something else",
            );
        }
    }

    /// Fills the loop's slots; what decides how many passes there are.
    pub fn each(&mut self, each: &Each, condition: Option<&Expr>) -> Taint {
        let over = self.eval(&each.over);
        let structure = if over.is_whole() { over.clone() } else { Taint::Clear };
        let is_set = matches!(each.over.ty.required(), Type::Set(_));
        self.fill(each.value, over.element());
        if let Some(slot) = each.key {
            self.fill(slot, if is_set { over.element() } else { structure.clone() });
        }
        match condition {
            Some(condition) => structure.join(&self.eval(condition).whole()),
            None => structure,
        }
    }

    pub fn fill(&mut self, slot: usize, taint: Taint) {
        if self.frame.len() <= slot {
            self.frame.resize(slot + 1, Taint::Clear);
        }
        self.frame[slot] = taint;
    }

    fn call(&mut self, function: usize, arguments: &[Expr]) -> Taint {
        let taints: Vec<Taint> = arguments.iter().map(|argument| self.eval(argument)).collect();
        let key = (function, taints);
        if let Some(known) = self.calls.get(&key) {
            return known.clone();
        }
        let Some(called) = self.program.functions.get(function) else { return Taint::Clear };
        let caller = std::mem::replace(&mut self.frame, key.1.clone());
        let taint = self.eval(&called.value);
        self.frame = caller;
        self.calls.insert(key, taint.clone());
        taint
    }

    pub fn complain(
        &mut self,
        code: &'static crate::diag::Code,
        message: &str,
        span: Span,
        origin: &Origin,
        help: &str,
    ) {
        let diagnostic = Diagnostic::new(code, message)
            .at(span, format!("comes from {}", origin.what))
            .and(origin.span, "declared secret here")
            .help(help);
        if !self.diagnostics.0.contains(&diagnostic) {
            self.diagnostics.push(diagnostic);
        }
    }
}

/// A member or element of something that has a name: where it is clear itself, nothing of what is beside it can be told there.
fn is_chosen(expr: &Expr) -> bool {
    let target = match &expr.kind {
        ExprKind::Member { target, .. } => target,
        ExprKind::Index { target, index, .. } if index.as_constant().is_some() => target,
        _ => return false,
    };
    matches!(
        target.kind,
        ExprKind::Local(_)
            | ExprKind::Param(_)
            | ExprKind::Let(_)
            | ExprKind::Resource(_)
            | ExprKind::Module(_)
            | ExprKind::Member { .. }
            | ExprKind::Index { .. }
    )
}
