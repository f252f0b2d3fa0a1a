//! Calls: of the program's functions and of the library, positional and named arguments, generic types.

use super::checker::{Checker, Reach, absent};
use super::codes;
use super::expr::{Expr, ExprKind};
use super::fits::{fits, has_error, is_text_as_written, join, with_parts};
use super::library::{self, Bindings, Function, Shape};
use super::literals::shared_member_type;
use super::mismatch::mismatch;
use super::symbols::Global;
use crate::diag::Diagnostic;
use crate::diag::suggest::did_you_mean;
use crate::model::{Ident, Span, Spanned, Type};
use crate::syntax::ast::{self, Argument};

impl Checker<'_> {
    pub fn call(&mut self, name: &Spanned<Ident>, arguments: &[Argument], span: Span, _: Option<&Type>) -> Expr {
        match self.symbols.globals.get(&name.value).copied() {
            Some((Global::Function(at), _)) => self.own_call(at, name, arguments, span),
            Some(_) => {
                let help = format!("leave out the parentheses: `{}`", name.value);
                self.report(
                    &codes::WRONG_TYPE,
                    format!("`{}` is no function", name.value),
                    name.span,
                    "a value",
                    &help,
                );
                self.infer_arguments(arguments);
                Expr::error(span)
            }
            None => match library::find(name.value.as_str()) {
                Some(at) => self.library_call(at, name, arguments, span),
                None if self.symbols.broken.contains(&name.value) => {
                    self.infer_arguments(arguments);
                    Expr::error(span)
                }
                None => {
                    self.mark_meant(name.value.as_str());
                    let may = self.may_compare(self.symbols.globals.len());
                    let own = self.symbols.globals.iter().take(if may { usize::MAX } else { 0 });
                    let own = own.filter(|(_, (global, _))| matches!(global, Global::Function(_)));
                    let known = library::functions().iter().map(|function| function.name);
                    let candidates = known.chain(own.map(|(name, _)| name.as_str()));
                    let help = match library::habit(name.value.as_str()) {
                        Some(why) => why.to_owned(),
                        None => did_you_mean(name.value.as_str(), candidates, "`cnx docs` lists all functions"),
                    };
                    let message = format!("there is no function `{}`", name.value);
                    self.report(&codes::UNKNOWN_FUNCTION, message, name.span, "not a function", &help);
                    self.infer_arguments(arguments);
                    Expr::error(span)
                }
            },
        }
    }

    /// So that names used in a broken call still count as used.
    fn infer_arguments(&mut self, arguments: &[Argument]) {
        for argument in arguments {
            self.infer(&argument.value);
        }
    }

    fn own_call(&mut self, at: usize, name: &Spanned<Ident>, arguments: &[Argument], span: Span) -> Expr {
        self.mark_used(Global::Function(at));
        if self.reach == Reach::Constants {
            let help = "write the value itself";
            self.report(&codes::NOT_HERE, "", span, "only constants here", help);
            return Expr::error(span);
        }
        if self.live_functions.contains(&at) {
            self.touches_resource(name.value.as_str(), name.span);
        }
        let Some(function) = self.functions[at].clone() else {
            self.infer_arguments(arguments);
            return Expr::error(span);
        };
        let doc = self.symbols.functions[at].doc;
        self.warn_of(doc, "the function", name.value.as_str(), name.span);
        let names: Vec<&str> = function.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
        let Some(places) = self.place(name, arguments, &names, false, span) else { return Expr::error(span) };
        let mut values = Vec::new();
        for (parameter, given) in function.parameters.iter().zip(places) {
            match (given, &parameter.default) {
                (Some(argument), _) => values.push(self.check(argument, &parameter.ty)),
                (None, Some(default)) => values.push(default.clone()),
                (None, None) => {
                    self.missing_argument(name, parameter.name.as_str(), span);
                    return Expr::error(span);
                }
            }
        }
        Expr { kind: ExprKind::Call { function: at, arguments: values }, ty: function.result.clone(), span }
    }

    fn missing_argument(&mut self, name: &Spanned<Ident>, parameter: &str, span: Span) {
        let message = format!("`{}` needs `{parameter}`", name.value);
        let help = format!("add `{parameter} = …`");
        self.report(&codes::WRONG_ARGUMENTS, message, span, "an argument is missing", &help);
    }

    /// Arguments in the order of the parameters; further ones (of a variadic function) after them.
    fn place<'e>(
        &mut self,
        name: &Spanned<Ident>,
        arguments: &'e [Argument],
        names: &[&str],
        variadic: bool,
        span: Span,
    ) -> Option<Vec<Option<&'e ast::Expr>>> {
        let mut places: Vec<Option<&ast::Expr>> = vec![None; names.len()];
        for (at, argument) in arguments.iter().enumerate() {
            let slot = match &argument.name {
                None => at,
                Some(given) => match names.iter().position(|one| *one == given.value.as_str()) {
                    Some(slot) => slot,
                    None => {
                        let list = format!("it takes `{}`", names.join("`, `"));
                        let help = did_you_mean(given.value.as_str(), names.iter().copied(), &list);
                        let message = format!("`{}` has no parameter `{}`", name.value, given.value);
                        self.report(&codes::WRONG_ARGUMENTS, message, given.span, "no such parameter", &help);
                        return None;
                    }
                },
            };
            if slot >= places.len() {
                if !variadic {
                    let message = format!("`{}` takes {} arguments", name.value, names.len());
                    let help = format!("it takes `{}`", names.join("`, `"));
                    self.report(&codes::WRONG_ARGUMENTS, message, argument.value.span, "one too many", &help);
                    return None;
                }
                places.push(Some(&argument.value));
            } else if places[slot].is_some() {
                let message = format!("`{}` is given twice", names[slot]);
                self.report(&codes::WRONG_ARGUMENTS, message, span, "twice", "give it once");
                return None;
            } else {
                places[slot] = Some(&argument.value);
            }
        }
        Some(places)
    }

    fn library_call(&mut self, at: usize, name: &Spanned<Ident>, arguments: &[Argument], span: Span) -> Expr {
        let function: &Function = library::functions()[at];
        let names: Vec<&str> = function.parameters.iter().map(|(name, _)| *name).collect();
        let Some(places) = self.place(name, arguments, &names, function.variadic, span) else {
            return Expr::error(span);
        };
        let mut bindings = Bindings::default();
        let mut values: Vec<(Expr, Shape)> = Vec::new();
        let last = function.parameters.len() - 1;
        for (slot, given) in places.into_iter().enumerate() {
            let (parameter, shape) = function.parameters[slot.min(last)];
            let Some(argument) = given else {
                if function.variadic && slot == last {
                    continue;
                }
                if slot + function.optional < function.parameters.len() {
                    self.missing_argument(name, parameter, span);
                    return Expr::error(span);
                }
                values.push((absent(span), Shape::Any));
                continue;
            };
            let hint = shape.instantiate(&bindings);
            let value = self.shape(argument, Some(&loosened(&hint)));
            if !has_error(&value.ty) && !bind(&shape, &value.ty, &mut bindings) {
                let complaint = match shape_alone(&shape, &bindings) {
                    Some(shown) => not_of_shape(function, &value, &shown),
                    None => match mixed_help(function, &bindings) {
                        Some(help) => mismatch(self.catalog, &value, &hint).help(help),
                        None => mismatch(self.catalog, &value, &hint),
                    },
                };
                self.diagnostics.push(complaint);
                return Expr::error(span);
            }
            // JSON has a null, no other text has.
            let wants_value = matches!(shape, Shape::Any) && function.name != "jsonencode";
            if wants_value && matches!(value.ty, Type::Null | Type::Optional(_)) {
                let wanted = if value.ty == Type::Null { &Type::String } else { value.ty.required() };
                self.diagnostics.push(mismatch(self.catalog, &value, wanted));
                return Expr::error(span);
            }
            values.push((value, shape));
        }
        self.library_made(at, values, &bindings, span)
    }

    fn library_made(&mut self, at: usize, values: Vec<(Expr, Shape)>, bindings: &Bindings, span: Span) -> Expr {
        let function = library::functions()[at];
        let mut broken = false;
        let mut arguments = Vec::new();
        for (value, shape) in values {
            broken |= has_error(&value.ty);
            let target = match (&shape, &value.ty) {
                (Shape::Any | Shape::Sized, _) => Type::Any,
                (Shape::Collection(item), Type::Set(_)) => Type::set(item.instantiate(bindings)),
                (shape, _) => shape.instantiate(bindings),
            };
            let value = if broken { value } else { self.fit(value, &target) };
            broken |= has_error(&value.ty);
            arguments.push(value);
        }
        if broken {
            return Expr::error(span);
        }
        let numeric = matches!(function.name, "abs" | "min" | "max" | "sum" | "pow");
        if numeric && !bindings.a.as_ref().is_none_or(|a| fits(a, &Type::Number)) {
            if let Some(first) = arguments.first() {
                self.diagnostics.push(mismatch(self.catalog, first, &Type::Number));
            }
            return Expr::error(span);
        }
        let ty = match function.name {
            "flatten" => Type::list(bindings.a.as_ref().map_or(Type::Any, flat)),
            _ => function.result.instantiate(bindings),
        };
        Expr { kind: ExprKind::Library { function: at, arguments }, ty, span }
    }
}

/// What the elements of such an element are, at every level; the element itself where it has none.
fn flat(ty: &Type) -> Type {
    match ty {
        Type::List(item) | Type::Set(item) => flat(item),
        Type::Optional(inner) => flat(inner).optional(),
        Type::Union(members) => {
            let mut all = members.iter().map(flat);
            let first = all.next().unwrap_or(Type::Any);
            all.try_fold(first, |so_far, one| join(&so_far, &one)).unwrap_or(Type::Any)
        }
        other => other.clone(),
    }
}

/// A shape that stands for no single type here, in words without its letters: `list`, `string or collection`.
fn shape_alone(shape: &Shape, bindings: &Bindings) -> Option<String> {
    let open = match shape {
        Shape::Sized | Shape::Any => true,
        Shape::List(item) | Shape::Set(item) | Shape::Collection(item) | Shape::Map(item) => {
            item.instantiate(bindings) == Type::Any
        }
        Shape::Optional(_)
        | Shape::A
        | Shape::B
        | Shape::Bool
        | Shape::Int
        | Shape::Number
        | Shape::String
        | Shape::Duration
        | Shape::Key => false,
    };
    let words = || shape.shown().replace("(A)", "").replace("(B)", "").replace("(any)", "");
    open.then(|| words().replace(" of A", "").replace(" of B", "").replace(" of any", ""))
}

/// What joins values that have no common type, where a function cannot.
fn mixed_help(function: &Function, bindings: &Bindings) -> Option<&'static str> {
    bindings.a.as_ref()?;
    match function.name {
        "merge" => Some("the values of a map share a type; objects are joined by `{ ...a, ...b }`"),
        "concat" => Some("the elements of a list share a type; make them one, as in `[for x in xs : \"${x}\"]`"),
        _ => None,
    }
}

fn not_of_shape(function: &Function, value: &Expr, shown: &str) -> Diagnostic {
    let found = super::fits::widened(&value.ty);
    let help = match (&value.ty, shown) {
        (Type::List(_), "set") => "use `toset(…)`".to_owned(),
        (Type::Set(_), "list") => "use `tolist(…)`".to_owned(),
        (Type::Map(..), "list" | "list or set") => "take its `keys(…)` or its `values(…)`".to_owned(),
        _ => format!("see `{}`", function.signature()),
    };
    Diagnostic::new(&codes::WRONG_TYPE, format!("`{}` needs a {shown} here", function.name))
        .at(value.span, format!("expected a {shown}, found {found}"))
        .help(help)
}

/// What an argument is read by after others said what it must be: that they were written as one text or as an int does not
/// bind it, the types are joined.
fn loosened(ty: &Type) -> Type {
    if is_text_as_written(ty) || *ty == Type::Int {
        Type::Any
    } else if matches!(ty, Type::Object(_)) {
        with_parts(ty, &|member| if matches!(member, Type::Literal(_)) { Type::String } else { member.clone() })
    } else {
        with_parts(ty, &loosened)
    }
}

/// Whether a type suits the shape; what its letters stand for is noted.
fn bind(shape: &Shape, ty: &Type, bindings: &mut Bindings) -> bool {
    if matches!(ty, Type::Any) {
        return true;
    }
    match shape {
        Shape::Any => true,
        Shape::Sized => matches!(
            ty,
            Type::List(_)
                | Type::Set(_)
                | Type::Map(..)
                | Type::Object(_)
                | Type::String
                | Type::Literal(_)
                | Type::Id(_)
        ),
        Shape::A => widen(&mut bindings.a, ty),
        Shape::B => widen(&mut bindings.b, ty),
        Shape::List(item) => matches!(ty, Type::List(found) if bind(item, found, bindings)),
        Shape::Set(item) => matches!(ty, Type::Set(found) if bind(item, found, bindings)),
        Shape::Collection(item) => matches!(ty, Type::List(found) | Type::Set(found) if bind(item, found, bindings)),
        Shape::Map(item) => match ty {
            Type::Map(key, found) => {
                bindings.key = Some(*key);
                bind(item, found, bindings)
            }
            Type::Object(object) => {
                let shared = shared_member_type(object).unwrap_or(Type::Any);
                bind(item, &shared, bindings)
            }
            _ => false,
        },
        Shape::Optional(inner) => match ty {
            Type::Null => true,
            Type::Optional(found) => bind(inner, found, bindings),
            found => bind(inner, found, bindings),
        },
        Shape::Bool | Shape::Int | Shape::Number | Shape::String | Shape::Duration | Shape::Key => {
            fits(ty, &shape.instantiate(bindings))
        }
    }
}

fn widen(slot: &mut Option<Type>, ty: &Type) -> bool {
    let joined = match slot.as_ref() {
        None => Some(ty.clone()),
        Some(before) => join(before, ty),
    };
    let fitting = joined.is_some();
    if fitting {
        *slot = joined;
    }
    fitting
}
