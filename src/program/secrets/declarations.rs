//! The walk over declarations, dependencies first: where secrets go, and where they may not.

use super::flow::Flow;
use super::library::origin_of;
use super::taint::Taint;
use crate::diag::{Code, Diagnostics};
use crate::model::{Ident, Secrecy, Span};
use crate::program::codes;
use crate::program::expr::Expr;
use crate::program::ir::{Assertion, Declaration, Lifecycle, Lifted, Module, Program, Repeat, Resource, SecretPlaces};
use smol_str::SmolStr;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What one program was found to be.
#[derive(Clone, Default)]
struct Passed {
    /// The program with its secrets marked; `None` where it has none.
    marked: Option<Arc<Program>>,
    /// By output.
    outputs: Taint,
}

/// Programs that were looked at, by what they were given: a folder that many use alike is walked once.
type Memory = BTreeMap<(usize, BTreeMap<usize, Taint>), Passed>;

/// Secrets of a resource: its settings, its triggers, its `replace_when`.
type Marks = (BTreeMap<SmolStr, Secrecy>, Secrecy, Secrecy);

/// Marks what is secret in a checked program and the modules that it uses; complains where a secret would be shown, be a key
/// or decide what exists.
pub fn infer(program: &mut Program, diagnostics: &mut Diagnostics) {
    let mut found = Diagnostics::default();
    let passed = pass(program, &BTreeMap::new(), true, &mut Memory::new(), &mut found);
    if let Some(marked) = passed.marked {
        *program = Arc::unwrap_or_clone(marked);
    }
    diagnostics.append(found);
}

/// The outputs of other projects that are secret there: by the folder of the module that reads them, and the name of its declaration.
pub type SecretsElsewhere = BTreeMap<(String, Ident), BTreeSet<SmolStr>>;

/// The same for a program that was marked, now that it is known which outputs of other projects are secret.
pub fn mark_elsewhere(program: &mut Program, found: &SecretsElsewhere) -> Diagnostics {
    let mut diagnostics = Diagnostics::default();
    note(program, found, &mut BTreeMap::new());
    infer(program, &mut diagnostics);
    diagnostics
}

/// Programs by where they lay, and what became of them; the former stay, so that no other comes to lie there.
type Noted = BTreeMap<usize, (Arc<Program>, Arc<Program>)>;

fn note(program: &mut Program, found: &SecretsElsewhere, noted: &mut Noted) {
    for source in &mut program.elsewhere {
        let names = found.get(&(program.folder.clone(), source.name.value.clone()));
        source.secrets.extend(names.into_iter().flatten().cloned());
    }
    for module in &mut program.modules {
        let key = Arc::as_ptr(&module.program) as usize;
        if let Some((_, known)) = noted.get(&key) {
            module.program = Arc::clone(known);
            continue;
        }
        let former = Arc::clone(&module.program);
        let mut changed = Program::clone(&former);
        note(&mut changed, found, noted);
        module.program = Arc::new(changed);
        noted.insert(key, (former, Arc::clone(&module.program)));
    }
}

/// One program with what it is given.
fn pass(
    program: &Program,
    given: &BTreeMap<usize, Taint>,
    is_root: bool,
    memory: &mut Memory,
    out: &mut Diagnostics,
) -> Passed {
    let mut flow = Flow::new(program);
    let mut marks: Vec<Marks> = vec![Marks::default(); program.resources.len()];
    let mut modules: BTreeMap<usize, Arc<Program>> = BTreeMap::new();
    for declaration in &program.order {
        flow.frame.clear();
        match declaration {
            Declaration::Param(at) => flow.param(*at, given.get(at)),
            Declaration::Let(at) => {
                if let Some(one) = program.lets.get(*at) {
                    flow.lets[*at] = flow.eval(&one.value);
                }
            }
            Declaration::Function(_) => {}
            Declaration::Resource(at) => {
                if let Some(resource) = program.resources.get(*at) {
                    marks[*at] = flow.declared(*at, resource);
                }
            }
            Declaration::Module(at) => {
                if let Some(module) = program.modules.get(*at) {
                    modules.extend(flow.module(*at, module, memory, out).map(|marked| (*at, marked)));
                }
            }
        }
    }
    flow.functions();
    let outputs = flow.outputs(is_root);
    flow.rules();
    flow.settings();
    flow.frame.clear();
    if let Some(asked) = &program.asked {
        flow.asked(asked);
    }
    for test in &program.tests {
        flow.frame = vec![Taint::Clear, outputs.clone(), Taint::Clear];
        test.asserts.iter().for_each(|assertion| _ = flow.eval(assertion));
    }
    let Flow { params, places, lifted, diagnostics, .. } = flow;
    for complaint in diagnostics.0 {
        if !out.0.contains(&complaint) {
            out.push(complaint);
        }
    }
    let touched = !places.is_empty() || !modules.is_empty() || params.iter().any(|taint| !taint.is_clear());
    let marked = touched.then(|| {
        let mut marked = program.clone();
        mark(&mut marked, &params, marks, modules);
        marked.secret_places = SecretPlaces(places);
        let lifted = lifted.into_iter();
        marked.lifted = lifted.map(|(span, origin)| Lifted { span, from: origin.what.to_string() }).collect();
        Arc::new(marked)
    });
    Passed { marked, outputs }
}

fn mark(program: &mut Program, params: &[Taint], marks: Vec<Marks>, modules: BTreeMap<usize, Arc<Program>>) {
    for (param, taint) in program.params.iter_mut().zip(params) {
        param.secret |= !taint.is_clear();
    }
    for (resource, (settings, triggers, replace_when)) in program.resources.iter_mut().zip(marks) {
        for (name, secrecy) in settings {
            if let Some(setting) = resource.attributes.get_mut(name.as_str()) {
                setting.secrecy = secrecy;
            }
        }
        if (&triggers, &replace_when) != (&Secrecy::Clear, &Secrecy::Clear) {
            let lifecycle = Arc::make_mut(&mut resource.lifecycle);
            (lifecycle.triggers_secrecy, lifecycle.replace_when_secrecy) = (triggers, replace_when);
        }
    }
    for (at, marked) in modules {
        program.modules[at].program = marked;
    }
}

const IN_MESSAGE: &str = "say it without the value";

impl Flow<'_> {
    fn param(&mut self, at: usize, given: Option<&Taint>) {
        let Some(param) = self.program.params.get(at) else { return };
        let mut taint = param.default.as_ref().map(|default| self.eval(default)).unwrap_or_default();
        for environment in self.program.environments.values() {
            if let Some(given) = environment.params.get(&at) {
                taint = taint.join(&self.eval(given));
            }
        }
        taint = taint.join(given.unwrap_or(&Taint::Clear));
        if param.said_secret {
            taint = Taint::Secret(origin_of("param", param.name.value.as_str(), param.name.span));
        }
        self.params[at] = taint;
        if let Some(assertion) = &param.assertion {
            self.assertion(assertion);
        }
    }

    fn assertion(&mut self, assertion: &Assertion) {
        self.eval(&assertion.condition);
        self.shown(assertion.message.as_ref(), &codes::SECRET_SHOWN, "a message is shown", IN_MESSAGE);
    }

    /// Complains where a secret reaches what is shown.
    fn shown(&mut self, expr: Option<&Expr>, code: &'static Code, what: &str, help: &str) {
        let Some(expr) = expr else { return };
        let taint = self.eval(expr);
        if let Some(origin) = taint.origin() {
            self.complain(code, &format!("{what}, and a secret reaches it"), expr.span, &origin.clone(), help);
        }
    }

    /// Complains where a secret decides how many there are, or whether.
    fn decided(&mut self, taint: &Taint, span: Span, what: &str) {
        if let Some(origin) = taint.origin() {
            let message = format!("{what} would tell what the secret is");
            self.complain(
                &codes::SECRET_DECIDES,
                &message,
                span,
                &origin.clone(),
                "decide it by something else; `nonsensitive(…)` says that it may be known",
            );
        }
    }

    fn declared(&mut self, at: usize, resource: &Resource) -> (BTreeMap<SmolStr, Secrecy>, Secrecy, Secrecy) {
        self.header(resource.repeat.as_ref(), resource.condition.as_ref());
        let mut taints = BTreeMap::new();
        for (name, setting) in &resource.attributes {
            let taint = self.eval(&setting.value);
            if !taint.is_clear() || self.places.contains(&setting.value.span) {
                self.places.insert(setting.span);
            }
            if !taint.is_clear() {
                taints.insert(name.0.clone(), taint);
            }
        }
        let secrecies = taints.iter().map(|(name, taint)| (name.clone(), taint.secrecy())).collect();
        self.resources[at] = taints;
        let (triggers, replace_when) = self.lifecycle(&resource.lifecycle);
        (secrecies, triggers, replace_when)
    }

    /// What a use of a module gives, and gets. The module with its secrets marked, where it has some.
    fn module(
        &mut self,
        at: usize,
        module: &Module,
        memory: &mut Memory,
        out: &mut Diagnostics,
    ) -> Option<Arc<Program>> {
        self.header(module.repeat.as_ref(), module.condition.as_ref());
        let arguments = module.arguments.iter().map(|(param, value)| (*param, self.eval(value)));
        let given: BTreeMap<usize, Taint> = arguments.filter(|(_, taint)| !taint.is_clear()).collect();
        let key = (Arc::as_ptr(&module.program) as usize, given);
        let passed = match memory.get(&key) {
            Some(known) => known.clone(),
            None => {
                let passed = pass(&module.program, &key.1, false, memory, out);
                memory.insert(key, passed.clone());
                passed
            }
        };
        self.modules[at] = if module.repeat.is_some() { Taint::each(passed.outputs) } else { passed.outputs };
        passed.marked
    }

    fn header(&mut self, repeat: Option<&Repeat>, condition: Option<&Expr>) {
        if let Some(repeat) = repeat {
            let structure = self.each(&repeat.each, None);
            let over = &repeat.each.over;
            let by_value = matches!(over.ty.required(), crate::model::Type::Set(_) | crate::model::Type::List(_))
                && repeat.by.is_none();
            if by_value {
                let taint = self.frame.get(repeat.each.value).cloned().unwrap_or_default();
                self.decided(&structure.join(&taint.whole()), over.span, "the keys of its instances");
            } else {
                self.decided(&structure, over.span, "the number of its instances");
            }
            if let Some(by) = &repeat.by {
                self.key(by);
            }
        }
        if let Some(condition) = condition {
            let taint = self.eval(condition);
            self.decided(&taint, condition.span, "whether it exists");
        }
    }

    fn lifecycle(&mut self, lifecycle: &Lifecycle) -> (Secrecy, Secrecy) {
        let shown = [
            &lifecycle.protect,
            &lifecycle.create_before_destroy,
            &lifecycle.retain,
            &lifecycle.adopt,
            &lifecycle.wait_for_window,
            &lifecycle.retry_capacity,
            &lifecycle.region_fallback,
            &lifecycle.timeouts,
        ];
        for expr in shown.into_iter().flatten() {
            let taint = self.eval(expr);
            self.decided(&taint, expr.span, "an instruction to cnx");
        }
        lifecycle.before.iter().chain(&lifecycle.after).for_each(|assertion| self.assertion(assertion));
        let mut of = |expr: &Option<Expr>| expr.as_ref().map(|expr| self.eval(expr).secrecy()).unwrap_or_default();
        (of(&lifecycle.triggers), of(&lifecycle.replace_when))
    }

    /// Bodies that nobody calls are looked at too.
    fn functions(&mut self) {
        let program = self.program;
        for function in &program.functions {
            self.frame.clear();
            self.eval(&function.value);
        }
    }

    /// A plain output of the root shows what it holds; one of a module tells it to its user.
    fn outputs(&mut self, is_root: bool) -> Taint {
        let program = self.program;
        let mut all = BTreeMap::new();
        for output in &program.outputs {
            self.frame.clear();
            let (name, mut taint) = (&output.name, self.eval(&output.value));
            if output.secret {
                self.places.insert(output.value.span);
                taint = Taint::Secret(origin_of("output", name.value.as_str(), name.span));
            } else if let (true, Some(origin)) = (is_root, taint.origin()) {
                let message = format!("output `{}` is plain, and a secret reaches it", name.value);
                let way = format!("write `secret output {} = …`", name.value);
                let help = format!("{way}, or `nonsensitive(…)` around what may be shown");
                self.complain(&codes::SECRET_OUTPUT, &message, output.value.span, &origin.clone(), &help);
            }
            all.insert(name.value.0.clone(), taint);
        }
        Taint::members(all)
    }

    /// Checks, policies and imports.
    fn rules(&mut self) {
        let program = self.program;
        for check in &program.checks {
            self.frame.clear();
            self.eval(&check.rule.condition);
            self.shown(check.rule.message.as_ref(), &codes::SECRET_SHOWN, "a message is shown", IN_MESSAGE);
        }
        for policy in &program.policies {
            self.frame.clear();
            let of_kind = program.resources.iter().zip(&self.resources).filter(|(one, _)| one.kind == policy.kind);
            let all = of_kind.fold(Taint::Clear, |all, (_, taints)| all.join(&Taint::members(taints.clone())));
            let change = ["before", "after"].map(|name| (SmolStr::new_static(name), all.clone()));
            self.fill(policy.variable, Taint::members(change.into()));
            self.eval(&policy.rule.condition);
            self.shown(policy.rule.message.as_ref(), &codes::SECRET_SHOWN, "a message is shown", IN_MESSAGE);
        }
        for import in &program.imports {
            self.frame.clear();
            if let Some(each) = &import.each {
                let structure = self.each(each, None);
                self.decided(&structure, each.over.span, "the number of imports");
            }
            if let Some(key) = &import.key {
                self.key(key);
            }
            self.shown(Some(&import.id), &codes::SECRET_SHOWN, "an id is shown", "write the id itself");
        }
    }

    /// Whoever asks is told nothing of a secret; what only touches one is told.
    fn asked(&mut self, asked: &Expr) {
        let taint = self.eval(asked);
        if taint.is_clear() {
            self.places.remove(&asked.span);
        }
    }

    /// Of the provider and of environments: all of them are shown.
    fn settings(&mut self) {
        let program = self.program;
        let help = "settings are shown: write them plainly";
        let of_environments = program.environments.values();
        let exprs = of_environments
            .flat_map(|one| one.provider.values().chain(&one.protect).chain(&one.target).chain(&one.state));
        for expr in program.provider.values().chain(&program.state).chain(exprs) {
            self.frame.clear();
            self.shown(Some(expr), &codes::SECRET_SHOWN, "a setting is shown", help);
        }
    }
}
