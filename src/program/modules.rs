//! `module NAME from "…" [for …] [if …] { params }`: what is given against what the folder declares; its outputs as a type.

use super::checker::Checker;
use super::codes;
use super::fits::has_error;
use super::ir::{Module, Program};
use super::symbols::duplicate;
use crate::diag::Diagnostic;
use crate::diag::suggest::did_you_mean;
use crate::model::{Ident, Member, ObjectType, Span, Type};
use crate::syntax::ast::{self, BodyEntry};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the checker knows of the folders that a folder uses.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// By source as written: the checked folder. `None` where it could not be read or checked; that is told elsewhere.
    pub modules: BTreeMap<String, Option<Arc<Program>>>,
    /// Where the files lie, from the project's folder.
    pub folder: String,
    /// The files of tests beside it.
    pub tests: Vec<ast::Ast>,
    /// An expression that somebody asks for.
    pub asked: Option<ast::Expr>,
    /// The project's folder itself: where environments and providers belong.
    pub is_module: bool,
    /// The project's settings have a default region.
    pub default_region: bool,
}

impl Checker<'_> {
    /// Checks one use of a module and notes its type.
    pub fn declare_module(&mut self, at: usize, surroundings: &Surroundings) {
        let documented = self.symbols.modules[at];
        let node = documented.node;
        let depth = self.locals.len();
        let repeat = node.repeat.as_ref().map(|clause| self.repeat(clause));
        let condition = node.condition.as_ref().map(|condition| self.check(condition, &Type::Bool));
        let found = surroundings.modules.get(&node.source.value);
        let program = found.cloned().flatten();
        // Where the source could not be read that is told already.
        if found.is_none() && !self.symbols.broken.contains(&node.name.value) {
            let message = format!("\"{}\" is no folder that can be used here", node.source.value);
            let help = "write a path below the project's folder: `from \"./path\"`";
            self.report(&codes::NO_MODULE, message, node.source.span, "not found", help);
        }
        let arguments = match &program {
            Some(program) => self.arguments(node, program),
            None => {
                self.unknown_arguments(&node.body);
                BTreeMap::new()
            }
        };
        self.locals.truncate(depth);
        self.module_types[at] = match (&program, &repeat, &condition) {
            (None, _, _) => Type::Error,
            (_, Some(repeat), _) if has_error(&repeat.each.over.ty) => Type::Error,
            (Some(program), Some(repeat), _) => Type::Map(repeat.key, Box::new(outputs(program))),
            (Some(program), None, Some(_)) => outputs(program).optional(),
            (Some(program), None, None) => outputs(program),
        };
        let (name, doc) = (node.name.clone(), documented.doc.to_owned());
        let program = program.unwrap_or_default();
        self.modules[at] = Some(Module { name, doc, program, repeat, condition, arguments });
    }

    fn arguments(&mut self, node: &ast::Module, program: &Program) -> BTreeMap<usize, super::expr::Expr> {
        let mut made = BTreeMap::new();
        let mut seen: BTreeMap<Ident, Span> = BTreeMap::new();
        for entry in &node.body.entries {
            let written = match entry {
                BodyEntry::Attribute(written) => written,
                BodyEntry::Block(block) => {
                    let message = format!("a module has no `{}`", block.name.value);
                    let help = "put it into the resources of the module's folder";
                    self.report(&codes::UNKNOWN_SETTING, message, block.name.span, "not here", help);
                    continue;
                }
            };
            let name = &written.name;
            let first = *seen.entry(name.value.clone()).or_insert(name.span);
            duplicate(&mut self.diagnostics, "parameter", name.value.as_str(), name.span, first);
            let Some(at) = program.params.iter().position(|param| param.name.value == name.value) else {
                if !program.unread.contains(&name.value) {
                    self.unknown_argument(node, program, name);
                }
                self.infer(&written.value);
                continue;
            };
            let param = &program.params[at];
            self.warn_of(&param.doc, "the parameter", name.value.as_str(), name.span);
            let expected = if param.default.is_some() { param.ty.clone().optional() } else { param.ty.clone() };
            let value = self.check(&written.value, &expected);
            made.entry(at).or_insert(value);
        }
        self.missing_arguments(node, program, &seen);
        made
    }

    fn unknown_argument(&mut self, node: &ast::Module, program: &Program, name: &crate::model::Spanned<Ident>) {
        let names: Vec<&str> = program.params.iter().map(|param| param.name.value.as_str()).collect();
        let fallback = match names.len() {
            0 => "the module takes no parameters".to_owned(),
            _ => format!("it takes `{}`", names.join("`, `")),
        };
        let help = did_you_mean(name.value.as_str(), names, &fallback);
        let message = format!("module `{}` has no parameter `{}`", node.name.value, name.value);
        self.report(&codes::UNKNOWN_ARGUMENT, message, name.span, "no such parameter", &help);
    }

    /// Parameters without a default that nobody wrote; a misspelt one was reported already.
    fn missing_arguments(&mut self, node: &ast::Module, program: &Program, seen: &BTreeMap<Ident, Span>) {
        let misspelt = |name: &Ident| {
            seen.keys().any(|other| {
                program.params.iter().all(|param| param.name.value != *other)
                    && crate::diag::suggest::closest(other.as_str(), [name.as_str()]).is_some()
            })
        };
        let missing: Vec<_> = program
            .params
            .iter()
            .filter(|param| param.default.is_none() && !param.ty.is_optional())
            .filter(|param| !seen.contains_key(&param.name.value) && !misspelt(&param.name.value))
            .filter(|param| !self.symbols.broken.contains(&param.name.value))
            .collect();
        if missing.is_empty() {
            return;
        }
        let names: Vec<String> = missing.iter().map(|param| format!("`{}`", param.name.value)).collect();
        let lines: Vec<String> =
            missing.iter().map(|param| format!("`{} = …` ({})", param.name.value, param.ty)).collect();
        let message = format!("module `{}` needs {}", node.name.value, names.join(", "));
        let mut complaint = Diagnostic::new(&codes::MISSING_ARGUMENT, message)
            .at(node.name.span, format!("{} not given", names.join(", ")));
        for param in missing {
            complaint = complaint.and(param.name.span, "declared here");
        }
        self.diagnostics.push(complaint.help(format!("add {}", lines.join(", "))));
    }

    /// What is given to a module that could not be read still counts as used, and is still checked.
    fn unknown_arguments(&mut self, body: &ast::Body) {
        for entry in &body.entries {
            match entry {
                BodyEntry::Attribute(written) => {
                    self.infer(&written.value);
                }
                BodyEntry::Block(block) => self.unknown_arguments(&block.body),
            }
        }
    }
}

/// A module as an object of its outputs.
fn outputs(program: &Program) -> Type {
    let member = |ty: Type| Member { ty, default: None };
    // What may be declared on a line that could not be read is no mistake.
    let unread = program.unread.iter().map(|name| (name.0.clone(), member(Type::Error)));
    let members = program.outputs.iter().map(|output| (output.name.value.0.clone(), member(output.ty.clone())));
    Type::Object(Arc::new(ObjectType { members: unread.chain(members).collect() }))
}
