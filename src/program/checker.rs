//! The state of one check: what is declared, what is in scope, what was used, what was complained about.

use super::codes;
use super::expr::Expr;
use super::fits::{has_error, too_complex};
use super::ir::{Function, Lifecycle, Module, Resource};
use super::locals::Locals;
use super::providers::is_provider;
use super::symbols::Symbols;
use crate::diag::suggest::did_you_mean;
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::model::{Ident, Span, Spanned, Type, Value};
use crate::provider::{Attribute, Catalog, Presence};
use crate::syntax::ast::{self, ResourceForm};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What an expression may refer to in this place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Literals and library functions.
    Constants,
    /// Also parameters, lets and functions.
    Inputs,
    /// Also resources.
    Everything,
}

#[derive(Default)]
pub struct Used {
    pub params: BTreeSet<usize>,
    pub lets: BTreeSet<usize>,
    pub functions: BTreeSet<usize>,
    pub types: BTreeSet<usize>,
}

pub struct Checker<'a> {
    pub catalog: &'a Arc<Catalog>,
    pub symbols: Symbols<'a>,
    /// Resolved aliases.
    pub types: BTreeMap<Ident, Type>,
    pub param_types: Vec<Type>,
    pub let_types: Vec<Type>,
    pub functions: Vec<Option<Arc<Function>>>,
    pub resource_types: Vec<Type>,
    pub resources: Vec<Option<Resource>>,
    pub no_lifecycle: Arc<Lifecycle>,
    pub module_types: Vec<Type>,
    pub modules: Vec<Option<Module>>,
    /// Types of the variables of loops and functions.
    pub locals: Locals<Type>,
    /// Lets, and slots of variables, whose texts nobody declared: those of their type are only those that were written.
    pub open_lets: BTreeSet<usize>,
    pub open_locals: BTreeSet<usize>,
    pub reach: Reach,
    /// Lets and functions that lead to a resource: not for places that only know inputs.
    pub live_lets: BTreeSet<usize>,
    pub live_functions: BTreeSet<usize>,
    pub touched_resource: bool,
    /// `region` may be left out: the provider's settings have one.
    pub default_region: bool,
    pub used: Used,
    /// Names that may still be compared to find what a misspelt one means: with very many mistakes in a very large program, the last ones
    /// are told without that.
    pub comparisons: usize,
    /// Splats under way: the address of the node and the slot that stands for its element.
    pub splats: Vec<(usize, usize)>,
    pub diagnostics: Diagnostics,
}

impl<'a> Checker<'a> {
    pub fn new(symbols: Symbols<'a>, catalog: &'a Arc<Catalog>, diagnostics: Diagnostics) -> Checker<'a> {
        Checker {
            catalog,
            types: BTreeMap::new(),
            param_types: vec![Type::Error; symbols.params.len()],
            let_types: vec![Type::Error; symbols.lets.len()],
            functions: vec![None; symbols.functions.len()],
            resource_types: vec![Type::Error; symbols.resources.len()],
            resources: vec![None; symbols.resources.len()],
            no_lifecycle: Arc::default(),
            comparisons: 5_000_000,
            module_types: vec![Type::Error; symbols.modules.len()],
            modules: vec![None; symbols.modules.len()],
            symbols,
            locals: Locals::default(),
            open_lets: BTreeSet::new(),
            open_locals: BTreeSet::new(),
            reach: Reach::Everything,
            live_lets: BTreeSet::new(),
            live_functions: BTreeSet::new(),
            touched_resource: false,
            default_region: false,
            used: Used::default(),
            splats: Vec::new(),
            diagnostics,
        }
    }

    pub fn report(&mut self, code: &'static Code, message: impl Into<String>, span: Span, label: &str, help: &str) {
        self.diagnostics.push(Diagnostic::new(code, message).at(span, label).help(help));
    }

    /// Whether so many names may be compared with one that is misspelt.
    pub fn may_compare(&mut self, names: usize) -> bool {
        let rest = self.comparisons.checked_sub(names);
        self.comparisons = rest.unwrap_or(0);
        rest.is_some()
    }

    /// The value of an expression that must be a constant; complaints are reported.
    pub fn constant_of(&mut self, expr: &ast::Expr, ty: &Type) -> Option<Value> {
        let reach = std::mem::replace(&mut self.reach, Reach::Constants);
        let checked = self.check(expr, ty);
        self.reach = reach;
        let constant = checked.as_constant().cloned();
        if constant.is_none() && !has_error(&checked.ty) {
            self.report(&codes::NOT_HERE, "", expr.span, "not a constant", "write a plain value here");
        }
        constant
    }

    /// With a wider or narrower reach.
    pub fn within<T>(&mut self, reach: Reach, work: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.reach, reach);
        let result = work(self);
        self.reach = before;
        result
    }

    /// Brings a variable into scope and says its slot; a taken name is reported.
    pub fn bind(&mut self, name: &Spanned<Ident>, ty: Type) -> usize {
        let taken = match self.symbols.globals.get(&name.value) {
            Some((_, first)) => Some(Some(*first)),
            None if self.locals.find(name.value.as_str()).is_some() => Some(None),
            None if self.catalog.kinds.contains_key(&name.value) || is_provider(&name.value) => Some(None),
            None => matches!(name.value.as_str(), "data" | "module" | "env").then_some(None),
        };
        if let Some(first) = taken {
            let message = format!("`{}` would hide another meaning of that name", name.value);
            let mut complaint = Diagnostic::new(&codes::SHADOWING, message).at(name.span, "this name is taken");
            if let Some(first) = first {
                complaint = complaint.and(first, "declared here");
            }
            self.diagnostics.push(complaint.help("choose another name for the variable"));
        }
        let ty = self.bounded(ty, name.span);
        self.bind_silently(name.value.clone(), ty)
    }

    /// The type, or a complaint where it is too large to work with.
    pub fn bounded(&mut self, ty: Type, span: Span) -> Type {
        if !too_complex(&ty) {
            return ty;
        }
        if has_error(&ty) {
            return Type::Error;
        }
        let message = "a type is nested at most 128 deep and has at most 20,000 parts";
        self.report(&codes::TOO_COMPLEX, message, span, "its type is too large", "nest less, or share less");
        Type::Error
    }

    pub fn bind_silently(&mut self, name: Ident, ty: Type) -> usize {
        let slot = self.locals.push(name, ty);
        self.open_locals.remove(&slot);
        slot
    }

    pub fn unknown_kind(&mut self, kind: &Ident, span: Span, form: ResourceForm) {
        let catalog = self.catalog;
        let kinds = catalog.kinds.keys().map(Ident::as_str);
        let sources = catalog.sources.keys().map(Ident::as_str);
        let actions = catalog.actions.keys().map(Ident::as_str);
        let (what, help) = match form {
            ResourceForm::Managed if catalog.actions.contains_key(kind) => {
                ("resource kind", format!("`{kind}` is an action: write `action {kind} NAME {{ … }}`"))
            }
            ResourceForm::Managed if catalog.sources.contains_key(kind) => {
                ("resource kind", format!("`{kind}` is only read: write `data {kind} NAME {{ … }}`"))
            }
            ResourceForm::Managed => {
                ("resource kind", did_you_mean(kind.as_str(), kinds, "`cnx docs` lists the kinds"))
            }
            ResourceForm::Data => {
                ("data source", did_you_mean(kind.as_str(), sources.chain(kinds), "`cnx docs` lists the data sources"))
            }
            ResourceForm::Action if catalog.kinds.contains_key(kind) => {
                ("action", format!("`{kind}` is a resource: write `{kind} NAME {{ … }}`"))
            }
            ResourceForm::Action => ("action", did_you_mean(kind.as_str(), actions, "`cnx docs` lists the actions")),
        };
        self.report(&codes::UNKNOWN_KIND, format!("there is no {what} `{kind}`"), span, "not in the catalog", &help);
    }

    /// The type that a member of an instance has in an expression.
    pub fn member_type(&self, kind: &Ident, name: &str) -> Option<Type> {
        member_type(self.catalog, kind, name)
    }
}

/// The type of an instance's member: computed ones as the catalog says, optional where nothing may stand.
pub fn member_type(catalog: &Catalog, kind: &Ident, name: &str) -> Option<Type> {
    let attributes = catalog.attributes_of(kind.as_str())?;
    if let Some(attribute) = attributes.get(name) {
        return Some(read_type(attribute));
    }
    let source = catalog.sources.get(kind)?;
    let items = source.items.clone()?;
    (name == "items").then(|| Type::list(items))
}

/// What reading the attribute gives.
pub fn read_type(attribute: &Attribute) -> Type {
    match &attribute.presence {
        Presence::Required | Presence::Computed => attribute.ty.clone(),
        Presence::Optional { default: Some(_) } => attribute.ty.required().clone(),
        Presence::Optional { default: None } => attribute.ty.clone().optional(),
    }
}

/// Names of an instance's members, for suggestions.
pub fn member_names(catalog: &Catalog, kind: &Ident) -> Vec<String> {
    let attributes = catalog.attributes_of(kind.as_str());
    let mut names: Vec<String> = attributes.into_iter().flat_map(|all| all.keys()).map(Ident::to_string).collect();
    if catalog.sources.get(kind).is_some_and(|source| source.items.is_some()) {
        names.push("items".to_owned());
    }
    names
}

/// Attributes by which a data source of a kind is looked up.
pub fn lookup_attributes(catalog: &Catalog, kind: &Ident) -> Vec<Ident> {
    let key = catalog.kinds.get(kind).map(|kind| kind.natural_key.clone()).unwrap_or_default();
    std::iter::once(Ident::new("id")).chain(key).collect()
}

/// An expression that was never written: `null`.
pub fn absent(span: Span) -> Expr {
    Expr::constant(Value::Null, Type::Null, span)
}
