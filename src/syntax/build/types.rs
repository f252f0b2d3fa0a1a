//! Types as written.

use super::builder::{Builder, Pair};
use crate::model::{Ident, Spanned};
use crate::syntax::ast::{TypeExpr, TypeExprKind, TypeMember};
use crate::syntax::grammar::Rule;

impl Builder<'_> {
    /// A `type_expr`.
    pub(in crate::syntax) fn type_expr(&mut self, pair: Pair<'_>) -> TypeExpr {
        let span = self.span(&pair);
        let mut units = pair.into_inner();
        let first = self.type_unit(units.next().expect("invariant: a type has a unit"));
        let mut alternatives = vec![first];
        for unit in units {
            let unit = self.type_unit(unit);
            alternatives.push(unit);
        }
        match alternatives.pop() {
            Some(only) if alternatives.is_empty() => only,
            last => {
                alternatives.extend(last);
                TypeExpr { kind: TypeExprKind::Union(alternatives), span }
            }
        }
    }

    fn type_unit(&mut self, pair: Pair<'_>) -> TypeExpr {
        let mut inner = pair.into_inner();
        let base = inner.next().expect("invariant: a type unit has a base");
        let span = self.span(&base);
        let kind = self.deeper(1, span, |builder| builder.type_base(base)).unwrap_or(TypeExprKind::Null);
        let ty = TypeExpr { kind, span };
        // `T??` is the same as `T?`, and is kept as one.
        match inner.last() {
            Some(question) => {
                let span = span.to(self.span(&question));
                TypeExpr { kind: TypeExprKind::Optional(Box::new(ty)), span }
            }
            None => ty,
        }
    }

    fn type_base(&mut self, pair: Pair<'_>) -> TypeExprKind {
        match pair.as_rule() {
            Rule::path => self.type_path(&pair),
            Rule::type_name => self.type_word(pair),
            Rule::string => TypeExprKind::Literal(self.plain_text(pair, "a literal type").value),
            Rule::type_group => {
                let inner = pair.into_inner().next().expect("invariant: a group holds a type");
                TypeExprKind::Group(Box::new(self.type_expr(inner)))
            }
            _ => TypeExprKind::Object(pair.into_inner().map(|member| self.type_member(member)).collect()),
        }
    }

    /// `ssh_key.id`, as one.
    fn type_path(&mut self, pair: &Pair<'_>) -> TypeExprKind {
        match self.path(pair).as_slice() {
            [kind, member] => TypeExprKind::Id { kind: kind.clone(), member: member.clone() },
            _ => {
                self.unclear = true;
                TypeExprKind::Null
            }
        }
    }

    fn type_word(&mut self, pair: Pair<'_>) -> TypeExprKind {
        let mut inner = pair.into_inner();
        let word = inner.next().expect("invariant: a type name has a word");
        match inner.next() {
            Some(argument) if argument.as_rule() == Rule::type_expr => {
                let constructor = self.spanned_word(&word);
                TypeExprKind::Apply { constructor, argument: Box::new(self.type_expr(argument)) }
            }
            Some(member) => TypeExprKind::Id { kind: self.spanned_word(&word), member: self.member_name(&member) },
            None => match self.source(self.span(&word)) {
                "null" => TypeExprKind::Null,
                name => TypeExprKind::Name(Ident::new(name)),
            },
        }
    }

    fn type_member(&mut self, pair: Pair<'_>) -> TypeMember {
        let mut inner = pair.into_inner().peekable();
        let key = inner.next().expect("invariant: a member has a name");
        let name = self.key_name(key);
        let ty = self.type_expr(inner.next().expect("invariant: a member has a type"));
        self.refuse_colon(&mut inner);
        let default = inner.next().map(|value| self.expr(value));
        TypeMember { name, ty, default }
    }

    /// A name written bare or in quotes.
    pub(super) fn key_name(&mut self, pair: Pair<'_>) -> Spanned<Ident> {
        if matches!(pair.as_rule(), Rule::word | Rule::key) {
            return self.name(&pair);
        }
        let text = self.plain_text(pair, "a name");
        Spanned::new(Ident::new(&text.value), text.span)
    }
}
