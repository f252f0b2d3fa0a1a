//! The pass itself: collect, order, type every declaration, then say what was never used.

use super::checker::{Checker, Reach};
use super::codes;
use super::expr::Expr;
use super::fits::has_error;
use super::folders::sets_default_region;
use super::ir::{Declaration, Function, Let, Output, Param, Parameter, Program};
use super::loops::written_elements;
use super::modules::Surroundings;
use super::order::{Order, order};
use super::repeats::told_once;
use super::secrets;
use super::symbols::{Global, collect};
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Span, Type};
use crate::provider::Catalog;
use crate::syntax::ast::{self, Ast};
use std::sync::Arc;

/// Names and types of one folder (all of its files) that uses no other. The program is whole only where no diagnostic is
/// an error.
pub fn check(asts: &[Ast], catalog: &Arc<Catalog>) -> (Program, Diagnostics) {
    let default_region = sets_default_region(asts);
    let around = Surroundings { default_region, ..Surroundings::default() };
    let (mut program, mut diagnostics) = check_folder(asts, catalog, &around);
    secrets::infer(&mut program, &mut diagnostics);
    diagnostics.sort();
    on_whole_lines(&mut diagnostics, asts.iter());
    (program, diagnostics)
}

/// Leaves out complaints on lines that could not be read, and of what such a line may hold.
pub(super) fn on_whole_lines<'a>(diagnostics: &mut Diagnostics, asts: impl Iterator<Item = &'a Ast> + Clone) {
    let mut lines: Vec<Span> = asts.clone().flat_map(|ast| ast.broken.lines.iter().copied()).collect();
    lines.sort();
    // Those that overlap become one, so that at most one line can hold a place.
    lines.dedup_by(|later, line| {
        let overlaps = later.file == line.file && later.start <= line.end;
        if overlaps {
            line.end = line.end.max(later.end);
        }
        overlaps
    });
    let items = asts.filter(|ast| !ast.broken.lines.is_empty()).flat_map(|ast| &ast.items).map(|item| item.span);
    let mut broken: Vec<Span> = items.filter(|item| holds_one_of(&lines, *item)).collect();
    broken.sort();
    let follows = |one: &Diagnostic| on_one_of(&lines, one) || (is_of_missing(one) && on_one_of(&broken, one));
    diagnostics.0.retain(|one| !follows(one));
}

/// Whether something is said to be missing.
fn is_of_missing(diagnostic: &Diagnostic) -> bool {
    [&codes::MISSING_ATTRIBUTE, &codes::MISSING_ARGUMENT, &codes::MISSING_MEMBER].contains(&diagnostic.code)
}

/// Whether a line begins in a declaration.
fn holds_one_of(lines: &[Span], item: Span) -> bool {
    let before = lines.partition_point(|line| (line.file, line.end) < (item.file, item.start));
    lines.get(before).is_some_and(|line| line.file == item.file && line.start < item.end)
}

/// Names and types of one folder, among those that it uses.
pub fn check_folder(asts: &[Ast], catalog: &Arc<Catalog>, around: &Surroundings) -> (Program, Diagnostics) {
    let mut diagnostics = Diagnostics::default();
    let mut symbols = collect(asts, catalog, &mut diagnostics);
    symbols.broken.extend(around.tests.iter().flat_map(|tree| tree.broken.words.iter().cloned()));
    let ordered = order(&symbols, &mut diagnostics);
    let mut checker = Checker::new(symbols, catalog, diagnostics);
    checker.default_region = around.default_region;
    checker.resolve_aliases();
    let mut parts = Parts::new(&mut checker);
    for declaration in &ordered.order {
        checker.declaration(*declaration, &ordered, around, &mut parts);
    }
    let elsewhere = checker.elsewhere();
    let outputs = checker.outputs();
    let (checks, policies) = (checker.checks(), checker.policies());
    let (moves, module_moves) = checker.moves();
    let (forgets, module_forgets) = checker.forgets();
    let imports = checker.imports();
    if around.is_module {
        checker.root_only();
    }
    let (project, state) = checker.project(around.is_module);
    let environments = checker.environments();
    let provider = checker.provider();
    let tests = checker.tests(&around.tests, &outputs);
    let asked = around.asked.as_ref().map(|asked| checker.infer(asked));
    // What a mistake leaves unused is used once that is mended.
    let all = || asts.iter().chain(&around.tests);
    if !checker.diagnostics.has_errors() && all().all(|tree| tree.broken.lines.is_empty()) {
        checker.unused();
    }
    let mut diagnostics = checker.diagnostics;
    diagnostics.sort();
    on_whole_lines(&mut diagnostics, all());
    told_once(&mut diagnostics);
    let program = Program {
        catalog: Arc::clone(catalog),
        folder: around.folder.clone(),
        project,
        elsewhere,
        environments,
        state,
        params: parts.params.into_iter().flatten().collect(),
        lets: parts.lets.into_iter().flatten().collect(),
        functions: checker.functions.into_iter().flatten().map(Arc::unwrap_or_clone).collect(),
        resources: checker.resources.into_iter().flatten().collect(),
        modules: checker.modules.into_iter().flatten().collect(),
        outputs,
        checks,
        policies,
        moves,
        forgets,
        module_moves,
        module_forgets,
        imports,
        provider,
        tests,
        asked,
        order: ordered.order,
        unread: checker.symbols.broken,
        ..Program::default()
    };
    (program, diagnostics)
}

/// Whether it is said of a place in one of these, which are in order and apart.
fn on_one_of(spans: &[Span], diagnostic: &Diagnostic) -> bool {
    let Some(label) = &diagnostic.primary else { return false };
    let (file, at) = (label.span.file, label.span.start);
    let behind = spans.partition_point(|span| (span.file, span.start) <= (file, at));
    behind.checked_sub(1).is_some_and(|last| spans[last].file == file && at <= spans[last].end)
}

/// Declarations made so far, by index.
struct Parts {
    params: Vec<Option<Param>>,
    lets: Vec<Option<Let>>,
}

impl Parts {
    fn new(checker: &mut Checker) -> Parts {
        let mut params = Vec::new();
        for at in 0..checker.symbols.params.len() {
            let node = checker.symbols.params[at].node;
            checker.param_types[at] = checker.resolve_type(&node.ty);
            params.push(None);
        }
        Parts { params, lets: vec![None; checker.symbols.lets.len()] }
    }
}

impl Checker<'_> {
    fn declaration(&mut self, declaration: Declaration, ordered: &Order, around: &Surroundings, parts: &mut Parts) {
        let in_ring = ordered.broken.contains(&declaration);
        self.touched_resource = false;
        match declaration {
            Declaration::Param(at) => parts.params[at] = Some(self.param(at)),
            Declaration::Let(at) => {
                let documented = self.symbols.lets[at];
                let found = self.infer(&documented.node.value);
                let ty = self.bounded(found.ty.clone(), documented.node.name.span);
                let value = if in_ring || ty == Type::Error { Expr::error(found.span) } else { found };
                self.let_types[at] = value.ty.clone();
                if !self.is_declared(&value) {
                    self.open_lets.insert(at);
                }
                if self.touched_resource {
                    self.live_lets.insert(at);
                }
                let (name, doc) = (documented.node.name.clone(), documented.doc.to_owned());
                parts.lets[at] = Some(Let { name, doc, value, places: written_elements(&documented.node.value) });
            }
            Declaration::Function(at) if ordered.deep.contains(&declaration) => {
                self.functions[at] = Some(Arc::new(self.outline(at)));
            }
            Declaration::Function(at) => {
                let mut function = self.function(at);
                if in_ring {
                    function.value = Expr::error(function.value.span);
                }
                self.functions[at] = Some(Arc::new(function));
                if self.touched_resource {
                    self.live_functions.insert(at);
                }
            }
            Declaration::Resource(at) => self.declare_resource(at),
            Declaration::Module(at) => self.declare_module(at, around),
        }
    }

    fn param(&mut self, at: usize) -> Param {
        let documented = self.symbols.params[at];
        let node = documented.node;
        let ty = self.param_types[at].clone();
        let default = node.default.as_ref().map(|default| self.within(Reach::Inputs, |it| it.check(default, &ty)));
        let was_used = self.used.params.contains(&at);
        let body = node.body.as_ref();
        let assertion = body.and_then(|body| self.within(Reach::Inputs, |it| it.assertion(body)));
        if !was_used {
            self.used.params.remove(&at);
        }
        let (doc, secret) = (documented.doc.to_owned(), node.secret);
        Param { name: node.name.clone(), doc, secret, said_secret: secret, ty, default, assertion }
    }

    /// What calls see of a function whose body is not looked at.
    fn outline(&mut self, at: usize) -> Function {
        let documented = self.symbols.functions[at];
        let node = documented.node;
        let mut parameters = Vec::new();
        for parameter in &node.parameters {
            let ty = self.resolve_type(&parameter.ty);
            let default = parameter.default.as_ref().map(|default| Expr::error(default.span));
            parameters.push(Parameter { name: parameter.name.value.clone(), ty, default });
        }
        let (result, value) = (self.resolve_type(&node.result), Expr::error(node.value.span));
        Function { name: node.name.clone(), doc: documented.doc.to_owned(), parameters, result, value }
    }

    fn function(&mut self, at: usize) -> Function {
        let documented = self.symbols.functions[at];
        let node = documented.node;
        let mut parameters: Vec<Parameter> = Vec::new();
        for parameter in &node.parameters {
            let ty = self.resolve_type(&parameter.ty);
            let default = parameter.default.as_ref().map(|default| self.check(default, &ty));
            parameters.push(Parameter { name: parameter.name.value.clone(), ty, default });
        }
        for (written, parameter) in node.parameters.iter().zip(&parameters) {
            self.bind(&written.name, parameter.ty.clone());
        }
        let result = self.resolve_type(&node.result);
        let value = self.check(&node.value, &result);
        self.locals.truncate(0);
        Function { name: node.name.clone(), doc: documented.doc.to_owned(), parameters, result, value }
    }

    fn outputs(&mut self) -> Vec<Output> {
        let mut made = Vec::new();
        for documented in self.symbols.outputs.clone() {
            let node = documented.node;
            let (ty, value) = match &node.ty {
                Some(written) => {
                    let ty = self.resolve_type(written);
                    let value = self.check(&node.value, &ty);
                    (ty, value)
                }
                None => {
                    let value = self.infer(&node.value);
                    (super::fits::widened(&value.ty), value)
                }
            };
            let doc = documented.doc.to_owned();
            made.push(Output { name: node.name.clone(), doc, ty, secret: node.secret, value });
        }
        made
    }

    /// Whether the name means this declaration, no earlier one that it repeats, and is not used on an unreadable line.
    fn is_first(&self, name: &crate::model::Ident, meaning: Global) -> bool {
        let first = self.symbols.globals.get(name).is_some_and(|(first, _)| *first == meaning);
        first && !self.symbols.broken.contains(name)
    }

    fn unused(&mut self) {
        let mut complaints = Vec::new();
        for (at, param) in self.symbols.params.iter().enumerate() {
            if !self.used.params.contains(&at) && self.is_first(&param.node.name.value, Global::Param(at)) {
                complaints.push(unused("parameter", param.node.name.value.as_str(), param.node.name.span));
            }
        }
        for (at, one) in self.symbols.lets.iter().enumerate() {
            if !self.used.lets.contains(&at) && self.is_first(&one.node.name.value, Global::Let(at)) {
                complaints.push(unused("let", one.node.name.value.as_str(), one.node.name.span));
            }
        }
        for (at, function) in self.symbols.functions.iter().enumerate() {
            if !self.used.functions.contains(&at) && self.is_first(&function.node.name.value, Global::Function(at)) {
                complaints.push(unused("function", function.node.name.value.as_str(), function.node.name.span));
            }
        }
        for (at, alias) in self.symbols.types.iter().enumerate() {
            if !self.used.types.contains(&at) && !self.symbols.broken.contains(&alias.name.value) {
                complaints.push(unused("type", alias.name.value.as_str(), alias.name.span));
            }
        }
        self.diagnostics.0.extend(complaints);
    }
}

fn unused(what: &str, name: &str, span: Span) -> Diagnostic {
    Diagnostic::new(&codes::UNUSED, format!("the {what} `{name}` is never used"))
        .at(span, "not used anywhere")
        .help("remove it, or use it")
}

/// An expression of its own, without declarations around it: a parameter's text from the command line.
pub fn check_constant(written: &ast::Expr, ty: &Type, catalog: &Arc<Catalog>) -> Result<Expr, Diagnostics> {
    let mut checker = Checker::new(Default::default(), catalog, Diagnostics::default());
    checker.reach = Reach::Constants;
    let checked = checker.check(written, ty);
    if checker.diagnostics.has_errors() || has_error(&checked.ty) { Err(checker.diagnostics) } else { Ok(checked) }
}

/// An expression that may use the given variables only (a template's): their slots are in order.
pub fn check_with_locals(
    written: &ast::Expr,
    variables: &[String],
    catalog: &Arc<Catalog>,
) -> Result<Expr, Diagnostics> {
    let mut checker = Checker::new(Default::default(), catalog, Diagnostics::default());
    checker.reach = Reach::Constants;
    for name in variables {
        checker.bind_silently(crate::model::Ident::new(name), Type::Any);
    }
    let checked = checker.infer(written);
    if checker.diagnostics.has_errors() { Err(checker.diagnostics) } else { Ok(checked) }
}
