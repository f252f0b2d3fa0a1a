//! The module's declarations by name: first pass over the trees. Reports what is declared twice or not supported.

use super::providers::is_provider;
use super::{codes, elsewhere};
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Ident, Mode, Span};
use crate::provider::Catalog;
use crate::syntax::ast::{self, Ast, ItemKind, ResourceForm};
use indexmap::IndexMap;
use std::collections::BTreeSet;

/// What a bare name in an expression may mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Global {
    Param(usize),
    Let(usize),
    Function(usize),
}

/// A declaration with the comment above it.
pub struct Documented<'a, T> {
    pub doc: &'a str,
    pub node: &'a T,
}

impl<T> Clone for Documented<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Documented<'_, T> {}

/// Declarations in order of appearance; indices are those of the program.
#[derive(Default)]
pub struct Symbols<'a> {
    pub params: Vec<Documented<'a, ast::Param>>,
    pub lets: Vec<Documented<'a, ast::Let>>,
    pub functions: Vec<Documented<'a, ast::Function>>,
    pub types: Vec<&'a ast::TypeAlias>,
    pub resources: Vec<Documented<'a, ast::Resource>>,
    /// `data cnx_outputs`.
    pub elsewhere: Vec<&'a ast::Resource>,
    pub elsewhere_names: IndexMap<Ident, (usize, Span)>,
    pub outputs: Vec<Documented<'a, ast::Output>>,
    pub checks: Vec<Documented<'a, ast::Check>>,
    pub policies: Vec<Documented<'a, ast::Policy>>,
    pub moves: Vec<&'a ast::Moved>,
    pub forgets: Vec<&'a ast::Forget>,
    pub imports: Vec<&'a ast::Import>,
    pub environments: Vec<Documented<'a, ast::Environment>>,
    pub providers: Vec<&'a ast::Provider>,
    pub projects: Vec<&'a ast::Project>,
    pub globals: IndexMap<Ident, (Global, Span)>,
    pub type_names: IndexMap<Ident, (usize, Span)>,
    pub resource_names: IndexMap<(bool, Ident, Ident), (usize, Span)>,
    output_names: IndexMap<Ident, Span>,
    /// Names on lines that could not be read: they may have been declared there.
    pub broken: BTreeSet<Ident>,
    pub modules: Vec<Documented<'a, ast::Module>>,
    pub module_names: IndexMap<Ident, (usize, Span)>,
}

/// Reads every item once.
pub fn collect<'a>(asts: &'a [Ast], catalog: &Catalog, diagnostics: &mut Diagnostics) -> Symbols<'a> {
    let mut symbols = Symbols::default();
    for item in asts.iter().flat_map(|ast| &ast.items) {
        symbols.add(item, catalog, diagnostics);
    }
    symbols.broken = asts.iter().flat_map(|ast| ast.broken.words.iter().cloned()).collect();
    symbols
}

/// `data` declarations have a namespace of their own; kinds and actions share theirs, their names differ.
pub fn resource_key(form: ResourceForm, kind: &Ident, name: &Ident) -> (bool, Ident, Ident) {
    (form == ResourceForm::Data, kind.clone(), name.clone())
}

pub fn mode_of(form: ResourceForm) -> Mode {
    match form {
        ResourceForm::Managed => Mode::Managed,
        ResourceForm::Data => Mode::Data,
        ResourceForm::Action => Mode::Action,
    }
}

impl<'a> Symbols<'a> {
    fn add(&mut self, item: &'a ast::Item, catalog: &Catalog, diagnostics: &mut Diagnostics) {
        let doc = item.doc.as_str();
        match &item.kind {
            ItemKind::Project(node) => self.projects.push(node),
            ItemKind::Environment(node) => self.environments.push(Documented { doc, node }),
            ItemKind::Provider(node) => self.providers.push(node),
            ItemKind::Param(node) => {
                self.global(&node.name, Global::Param(self.params.len()), catalog, diagnostics);
                self.params.push(Documented { doc, node });
            }
            ItemKind::Let(node) => {
                self.global(&node.name, Global::Let(self.lets.len()), catalog, diagnostics);
                self.lets.push(Documented { doc, node });
            }
            ItemKind::Function(node) => {
                self.global(&node.name, Global::Function(self.functions.len()), catalog, diagnostics);
                self.functions.push(Documented { doc, node });
            }
            ItemKind::Type(node) => {
                let slot = (self.types.len(), node.name.span);
                let first = self.type_names.entry(node.name.value.clone()).or_insert(slot);
                duplicate(diagnostics, "type", node.name.value.as_str(), node.name.span, first.1);
                self.types.push(node);
            }
            ItemKind::Resource(node)
                if node.form == ResourceForm::Data
                    && node.provider.is_none()
                    && node.kind.value.as_str() == elsewhere::SOURCE =>
            {
                let slot = (self.elsewhere.len(), node.name.span);
                let first = self.elsewhere_names.entry(node.name.value.clone()).or_insert(slot);
                duplicate(diagnostics, elsewhere::SOURCE, node.name.value.as_str(), node.name.span, first.1);
                self.elsewhere.push(node);
            }
            ItemKind::Resource(node) => self.resource(doc, node, diagnostics),
            ItemKind::Output(node) => {
                let first = *self.output_names.entry(node.name.value.clone()).or_insert(node.name.span);
                duplicate(diagnostics, "output", node.name.value.as_str(), node.name.span, first);
                self.outputs.push(Documented { doc, node });
            }
            ItemKind::Module(node) => {
                let slot = (self.modules.len(), node.name.span);
                let first = self.module_names.entry(node.name.value.clone()).or_insert(slot);
                duplicate(diagnostics, "module", node.name.value.as_str(), node.name.span, first.1);
                self.modules.push(Documented { doc, node });
            }
            ItemKind::Check(node) => self.checks.push(Documented { doc, node }),
            ItemKind::Policy(node) => self.policies.push(Documented { doc, node }),
            ItemKind::Test(node) => diagnostics.push(
                Diagnostic::new(&codes::NOT_HERE, "a test stands in a file of its own")
                    .at(node.name.span, "not among the declarations")
                    .help("move it to a file whose name ends in `.test.cnx`"),
            ),
            ItemKind::Moved(node) => self.moves.push(node),
            ItemKind::Forget(node) => self.forgets.push(node),
            ItemKind::Import(node) => self.imports.push(node),
        }
    }

    fn resource(&mut self, doc: &'a str, node: &'a ast::Resource, diagnostics: &mut Diagnostics) {
        let slot = (self.resources.len(), node.name.span);
        let key = resource_key(node.form, &node.kind.value, &node.name.value);
        let first = self.resource_names.entry(key).or_insert(slot);
        let shown = format!("{}.{}", node.kind.value, node.name.value);
        duplicate(diagnostics, "resource", &shown, node.name.span, first.1);
        self.resources.push(Documented { doc, node });
    }

    fn global(
        &mut self,
        name: &crate::model::Spanned<Ident>,
        meaning: Global,
        catalog: &Catalog,
        diagnostics: &mut Diagnostics,
    ) {
        let taken = |other: &str| other == "data" || other == "module" || other == "env";
        if taken(name.value.as_str()) || is_provider(&name.value) || catalog.kinds.contains_key(&name.value) {
            diagnostics.push(
                Diagnostic::new(&codes::SHADOWING, format!("`{}` already has a meaning", name.value))
                    .at(name.span, "this name is a kind or a word of the language")
                    .help("choose another name"),
            );
        }
        let first = self.globals.entry(name.value.clone()).or_insert((meaning, name.span));
        duplicate(diagnostics, "name", name.value.as_str(), name.span, first.1);
    }
}

/// Nothing where the two places are one.
pub fn duplicate(diagnostics: &mut Diagnostics, what: &str, name: &str, later: Span, first: Span) {
    if later != first {
        diagnostics.push(
            Diagnostic::new(&codes::DUPLICATE, format!("the {what} `{name}` is declared twice"))
                .at(later, "declared again here")
                .and(first, "first declared here")
                .help("rename or remove one of the two"),
        );
    }
}
