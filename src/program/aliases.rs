//! Written types to types: `type Name = …`, ids, objects with defaults. A type may not contain itself.

use super::checker::Checker;
use super::codes;
use super::symbols::Symbols;
use crate::diag::Diagnostic;
use crate::diag::suggest::{closest, did_you_mean};
use crate::model::{Graph, Ident, Member, ObjectType, Span, Type, Value};
use crate::syntax::ast::{TypeExpr, TypeExprKind, TypeMember};
use smol_str::SmolStr;
use std::sync::Arc;

const BUILT_IN: &[&str] = &["string", "bool", "int", "number", "duration"];
const CONSTRUCTORS: &[&str] = &["list", "set", "map"];

impl Checker<'_> {
    /// Resolves every alias, dependencies first; rings are reported and their members unknown.
    pub fn resolve_aliases(&mut self) {
        let mut graph = Graph::default();
        let nodes: Vec<_> = (0..self.symbols.types.len()).map(|at| graph.add(at)).collect();
        for (at, alias) in self.symbols.types.iter().enumerate() {
            let mut names = Vec::new();
            names_in(&alias.ty, &mut names);
            for name in names {
                if let Some((to, _)) = self.symbols.type_names.get(&name) {
                    graph.depend(nodes[at], nodes[*to]);
                }
            }
        }
        let order: Vec<usize> = match graph.freeze() {
            Ok(dag) => dag.order().map(|(_, at)| *at).collect(),
            Err((_, cycles)) => {
                for cycle in cycles {
                    let ring: Vec<usize> = cycle.0.iter().map(|id| id.0 as usize).collect();
                    let complaint = ring_complaint(&ring, &self.symbols);
                    self.diagnostics.push(complaint);
                    for at in ring {
                        let alias = self.symbols.types[at];
                        self.used.types.insert(at);
                        self.types.insert(alias.name.value.clone(), Type::Error);
                    }
                }
                (0..self.symbols.types.len()).collect()
            }
        };
        for at in order {
            let alias = self.symbols.types[at];
            if !self.types.contains_key(&alias.name.value) {
                let ty = self.resolve_type(&alias.ty);
                let ty = self.bounded(ty, alias.name.span);
                self.types.insert(alias.name.value.clone(), ty);
            }
        }
    }

    /// The type that was written.
    pub fn resolve_type(&mut self, written: &TypeExpr) -> Type {
        match &written.kind {
            TypeExprKind::Name(name) => self.named_type(name, written.span),
            TypeExprKind::Apply { constructor, argument } => {
                let item = self.resolve_type(argument);
                match constructor.value.as_str() {
                    "list" => Type::list(item),
                    "set" => Type::set(item),
                    "map" => Type::map(item),
                    other => self.unknown_type(other, constructor.span, CONSTRUCTORS),
                }
            }
            TypeExprKind::Object(members) => self.object_type(members),
            TypeExprKind::Literal(text) => Type::Literal(SmolStr::new(text)),
            TypeExprKind::Union(members) => {
                let mut types: Vec<Type> = Vec::new();
                for member in members {
                    let resolved = self.resolve_type(member);
                    let parts = if let Type::Union(parts) = resolved { parts } else { vec![resolved] };
                    types.extend(parts.into_iter().filter(|part| part != &Type::Null));
                    if matches!(member.kind, TypeExprKind::Null) {
                        types.push(Type::Null);
                    }
                }
                let nullable = types.contains(&Type::Null);
                types.retain(|ty| *ty != Type::Null);
                let union = if types.len() == 1 { types.swap_remove(0) } else { Type::Union(types) };
                if nullable { union.optional() } else { union }
            }
            TypeExprKind::Optional(inner) => self.resolve_type(inner).optional(),
            TypeExprKind::Id { kind, member } if member.value.as_str() == "id" => {
                if self.catalog.kinds.contains_key(&kind.value) {
                    return Type::Id(kind.value.clone());
                }
                self.unknown_kind(&kind.value, kind.span, crate::syntax::ast::ResourceForm::Managed);
                Type::Error
            }
            TypeExprKind::Id { member, .. } => self.unknown_type(member.value.as_str(), member.span, &["id"]),
            TypeExprKind::Null => Type::Null,
            TypeExprKind::Group(inner) => self.resolve_type(inner),
        }
    }

    fn named_type(&mut self, name: &Ident, span: Span) -> Type {
        match name.as_str() {
            "string" => Type::String,
            "bool" => Type::Bool,
            "int" => Type::Int,
            "number" => Type::Number,
            "duration" => Type::Duration,
            other => {
                if let Some((at, _)) = self.symbols.type_names.get(name) {
                    self.used.types.insert(*at);
                    return self.types.get(name).cloned().unwrap_or(Type::Error);
                }
                self.unknown_type(other, span, BUILT_IN)
            }
        }
    }

    fn unknown_type(&mut self, name: &str, span: Span, built_in: &[&str]) -> Type {
        if self.symbols.broken.contains(name) {
            return Type::Error;
        }
        let may = self.may_compare(self.symbols.type_names.len());
        let all = if may { self.symbols.type_names.len() } else { 0 };
        let aliases: Vec<&str> = self.symbols.type_names.keys().take(all).map(Ident::as_str).collect();
        // What was most likely meant is used: that it is not would be a second complaint about one mistake.
        if let Some(near) = closest(name, aliases.iter().copied())
            && let Some((at, _)) = self.symbols.type_names.get(near)
        {
            self.used.types.insert(*at);
        }
        let candidates = built_in.iter().copied().chain(aliases);
        let unknown = "declare it: `type Name = …`; own types begin with a capital";
        let foreign = super::foreign::type_name(name).map(str::to_owned);
        let help = foreign.unwrap_or_else(|| did_you_mean(name, candidates, unknown));
        self.diagnostics.push(
            Diagnostic::new(&codes::UNKNOWN_TYPE, format!("there is no type `{name}`"))
                .at(span, "not a type")
                .help(help),
        );
        Type::Error
    }

    fn object_type(&mut self, written: &[TypeMember]) -> Type {
        let mut object = ObjectType::default();
        for member in written {
            let ty = self.resolve_type(&member.ty);
            // One that is wrong has been told; the member may be left out all the same.
            let default = member.default.as_ref().map(|expr| self.constant_of(expr, &ty).unwrap_or(Value::Null));
            let name = member.name.value.0.clone();
            if object.members.insert(name.clone(), Member { ty, default }).is_some() {
                let first = written.iter().find(|other| other.name.value.0 == name);
                let earlier = first.map_or(member.name.span, |first| first.name.span);
                super::symbols::duplicate(&mut self.diagnostics, "member", &name, member.name.span, earlier);
            }
        }
        Type::Object(Arc::new(object))
    }
}

fn ring_complaint(ring: &[usize], symbols: &Symbols) -> Diagnostic {
    let names: Vec<&str> = ring.iter().chain(ring.first()).map(|at| symbols.types[*at].name.value.as_str()).collect();
    let mut diagnostic = Diagnostic::new(&codes::CYCLE, names.join(" → "));
    for (at, one) in ring.iter().enumerate() {
        let alias = symbols.types[*one];
        let text = format!("`{}` contains `{}`", alias.name.value, names[at + 1]);
        diagnostic = if at == 0 { diagnostic.at(alias.name.span, text) } else { diagnostic.and(alias.name.span, text) };
    }
    diagnostic.help("a type cannot contain itself; name the inner part by an id or a key")
}

fn names_in(ty: &TypeExpr, into: &mut Vec<Ident>) {
    match &ty.kind {
        TypeExprKind::Name(name) => into.push(name.clone()),
        TypeExprKind::Apply { argument, .. } => names_in(argument, into),
        TypeExprKind::Object(members) => members.iter().for_each(|member| names_in(&member.ty, into)),
        TypeExprKind::Union(members) => members.iter().for_each(|member| names_in(member, into)),
        TypeExprKind::Optional(inner) | TypeExprKind::Group(inner) => names_in(inner, into),
        TypeExprKind::Literal(_) | TypeExprKind::Id { .. } | TypeExprKind::Null => {}
    }
}
