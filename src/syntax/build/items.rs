//! Declarations.

use super::bodies::Place;
use super::builder::{Builder, Pair};
use crate::model::{Ident, Span, Spanned};
use crate::syntax::ast::*;
use crate::syntax::codes;
use crate::syntax::grammar::Rule;
use pest::iterators::Pairs;
use std::iter::Peekable;

/// The children of a declaration, taken one by one; the grammar fixes their order.
struct Children<'t>(Peekable<Pairs<'t, Rule>>);

impl<'t> Children<'t> {
    fn take(&mut self) -> Pair<'t> {
        self.0.next().expect("invariant: the grammar fixes the parts of a declaration")
    }

    fn take_if(&mut self, rule: Rule) -> Option<Pair<'t>> {
        self.0.next_if(|pair| pair.as_rule() == rule)
    }
}

impl Builder<'_> {
    /// One declaration, without its documentation; `None`, with a complaint, where it only looks like one.
    pub(in crate::syntax) fn item(&mut self, pair: Pair<'_>) -> Option<Item> {
        let span = self.span(&pair);
        let rule = pair.as_rule();
        let mut parts = Children(pair.into_inner().peekable());
        let kind = match rule {
            Rule::project => {
                let name = self.plain_text(parts.take(), "the name of a project");
                ItemKind::Project(Project { name, body: self.body(parts.take(), Place::Plain) })
            }
            Rule::environment => {
                let name = match parts.take_if(Rule::string) {
                    Some(pattern) => {
                        let text = self.plain_text(pattern, "the name of an environment");
                        Spanned::new(Ident::new(&text.value), text.span)
                    }
                    None => self.name(&parts.take()),
                };
                ItemKind::Environment(Environment { name, body: self.body(parts.take(), Place::Plain) })
            }
            Rule::param => ItemKind::Param(self.param(parts)),
            Rule::let_value => {
                let name = self.name(&parts.take());
                self.refuse_colon(&mut parts.0);
                ItemKind::Let(Let { name, value: self.expr(parts.take()) })
            }
            Rule::function => ItemKind::Function(self.function(parts)),
            Rule::type_alias => {
                let name = self.type_name(&parts.take());
                ItemKind::Type(TypeAlias { name, ty: self.type_expr(parts.take()) })
            }
            Rule::provider => {
                let name = self.name(&parts.take());
                ItemKind::Provider(Provider { name, body: self.body(parts.take(), Place::Plain) })
            }
            Rule::module => ItemKind::Module(self.module(parts)),
            Rule::output => ItemKind::Output(self.output(parts)),
            Rule::check => {
                let name = self.plain_text(parts.take(), "the name of a check");
                ItemKind::Check(Check { name, body: self.body(parts.take(), Place::Plain) })
            }
            Rule::policy => ItemKind::Policy(self.policy(parts)),
            Rule::moved => ItemKind::Moved(Moved { from: self.expr(parts.take()), to: self.expr(parts.take()) }),
            Rule::forget => ItemKind::Forget(Forget { target: self.expr(parts.take()) }),
            Rule::import => ItemKind::Import(self.import(parts)),
            Rule::test => {
                let name = self.plain_text(parts.take(), "the name of a test");
                ItemKind::Test(Test { name, body: self.body(parts.take(), Place::Plain) })
            }
            _ => ItemKind::Resource(self.resource(parts, span)?),
        };
        Some(Item { span, doc: String::new(), kind })
    }

    fn param(&mut self, mut parts: Children<'_>) -> Param {
        let secret = parts.take_if(Rule::secret).is_some();
        let name = self.name(&parts.take());
        let ty = self.type_expr(parts.take());
        let default = parts.0.next_if(|pair| pair.as_rule() != Rule::body).map(|value| self.expr(value));
        let body = parts.take_if(Rule::body).map(|body| self.body(body, Place::Plain));
        Param { secret, name, ty, default, body }
    }

    fn function(&mut self, mut parts: Children<'_>) -> Function {
        let name = self.name(&parts.take());
        let mut parameters = Vec::new();
        while let Some(parameter) = parts.take_if(Rule::parameter) {
            let mut inner = Children(parameter.into_inner().peekable());
            let name = self.name(&inner.take());
            let ty = self.type_expr(inner.take());
            let default = inner.0.next().map(|value| self.expr(value));
            parameters.push(Parameter { name, ty, default });
        }
        let result = self.type_expr(parts.take());
        Function { name, parameters, result, value: self.expr(parts.take()) }
    }

    fn module(&mut self, mut parts: Children<'_>) -> Module {
        let name = self.name(&parts.take());
        let source = self.plain_text(parts.take(), "the path of a module");
        let (repeat, condition) = self.header(&mut parts);
        Module { name, source, repeat, condition, body: self.body(parts.take(), Place::Plain) }
    }

    fn output(&mut self, mut parts: Children<'_>) -> Output {
        let secret = parts.take_if(Rule::secret).is_some();
        let name = self.name(&parts.take());
        let ty = parts.take_if(Rule::type_expr).map(|ty| self.type_expr(ty));
        Output { secret, name, ty, value: self.expr(parts.take()) }
    }

    fn policy(&mut self, mut parts: Children<'_>) -> Policy {
        let name = self.name(&parts.take());
        let variable = self.name(&parts.take());
        let first = parts.take();
        let (provider, kind) = if first.as_rule() == Rule::path {
            let whole = self.span(&first);
            let text = self.source(whole);
            let words: Vec<&str> = text.split('.').collect();
            // Where there are more words than two it is read as it was written, and told.
            self.unclear |= words.len() != 2 || text.contains(char::is_whitespace);
            let provider = Span { end: whole.start + words[0].len() as u32, ..whole };
            (Some(Spanned::new(Ident::new(words[0]), provider)), self.member_name(&first))
        } else {
            let first = self.spanned_word(&first);
            match parts.take_if(Rule::word) {
                Some(kind) => (Some(first), self.spanned_word(&kind)),
                None => (None, first),
            }
        };
        Policy { name, variable, provider, kind, body: self.body(parts.take(), Place::Plain) }
    }

    fn import(&mut self, mut parts: Children<'_>) -> Import {
        let target = self.expr(parts.take());
        let id = self.expr(parts.take());
        let repeat = parts.take_if(Rule::for_header).map(|clause| self.for_clause(clause));
        Import { target, id, repeat }
    }

    fn resource(&mut self, mut parts: Children<'_>, span: Span) -> Option<Resource> {
        let form = match parts.take_if(Rule::form).map(|form| self.source(self.span(&form)) == "data") {
            Some(true) => ResourceForm::Data,
            Some(false) => ResourceForm::Action,
            None => ResourceForm::Managed,
        };
        let first = self.spanned_word(&parts.take());
        let second = parts.take();
        let (provider, kind, name) = match parts.take_if(Rule::word) {
            Some(third) => (Some(first), self.member_name(&second), self.spanned_word(&third)),
            None => (None, first, self.spanned_word(&second)),
        };
        if provider.is_none() && self.is_declaration_word(&kind) {
            return None;
        }
        self.check_name(&name);
        let header = Span { end: name.span.end, ..span };
        let (repeat, condition) = self.header(&mut parts);
        let body = self.body(parts.take(), Place::Resource);
        Some(Resource { form, provider, kind, name, repeat, condition, header, body })
    }

    fn header(&mut self, parts: &mut Children<'_>) -> (Option<ForClause>, Option<Expr>) {
        let repeat = parts.take_if(Rule::for_header).map(|clause| self.for_clause(clause));
        let condition = parts.take_if(Rule::filter).map(|filter| self.inner_expr(filter));
        (repeat, condition)
    }

    /// `module web { … }` and the like read as resources of a kind that cannot be.
    fn is_declaration_word(&mut self, kind: &Spanned<Ident>) -> bool {
        let form = match kind.value.as_str() {
            "module" => "module NAME from \"./path\" { … }",
            "param" => "param NAME: TYPE = default",
            "output" => "output NAME = value",
            "let" => "let NAME = value",
            "type" => "type Name = …",
            "check" => "check \"what it checks\" { … }",
            "test" => "test \"what it tests\" { … }",
            "project" => "project \"NAME\" { … }",
            "policy" => "policy NAME for r in KIND { … }",
            "secret" => "secret param NAME: TYPE",
            "data" => "data KIND NAME { … }",
            "action" => "action KIND NAME { … }",
            "fn" => "fn NAME(a: TYPE): TYPE = value",
            "moved" => "moved old.address -> new.address",
            "forget" => "forget kind.name",
            "import" => "import kind.name = \"id\"",
            "resource" => "KIND NAME { … }",
            "variable" => "param NAME: TYPE = default",
            _ => return false,
        };
        let label = format!("not how `{}` is written", kind.value);
        self.complain(&codes::NOT_A_DECLARATION, kind.span, label, format!("write `{form}`"));
        true
    }
}
