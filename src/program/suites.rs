//! `test "what" { … }` of `*.test.cnx`: what is given, what must hold over a plan or an apply, typed. Nothing is run here.

use super::checker::{Checker, Reach};
use super::codes;
use super::expr::Expr;
use super::ir::{Output, Test, is_environment_of};
use super::symbols::duplicate;
use crate::diag::suggest::did_you_mean;
use crate::model::{Ident, Member, ObjectType, Span, Spanned, Type, Value};
use crate::syntax::ast::{self, Ast, BodyEntry, ItemKind};
use smol_str::SmolStr;
use std::collections::BTreeMap;
use std::sync::Arc;

const SETTINGS: &[&str] = &["env", "params", "apply", "assert", "expect_error"];

/// What `plan.changes[…].action` may be.
pub const STEPS: &[&str] =
    &["create", "update", "replace", "destroy", "forget", "read", "run", "adopt", "wait", "note"];

/// The slots of what an assertion looks at.
pub const VIEWS: [&str; 3] = ["plan", "outputs", "resources"];

impl Checker<'_> {
    /// The tests of these trees, which hold nothing else.
    pub fn tests(&mut self, trees: &[Ast], outputs: &[Output]) -> Vec<Test> {
        let mut made: Vec<Test> = Vec::new();
        let mut seen: BTreeMap<String, Span> = BTreeMap::new();
        for item in trees.iter().flat_map(|tree| &tree.items) {
            let ItemKind::Test(node) = &item.kind else {
                let help = "move it into a file of the program; here stand only `test` blocks";
                self.report(&codes::NOT_HERE, "", item.span, "not in a file of tests", help);
                continue;
            };
            let first = *seen.entry(node.name.value.clone()).or_insert(node.name.span);
            duplicate(&mut self.diagnostics, "test", &node.name.value, node.name.span, first);
            made.push(self.test(node, item.doc.as_str(), outputs));
        }
        made
    }

    fn test(&mut self, node: &ast::Test, doc: &str, outputs: &[Output]) -> Test {
        let mut made = Test {
            name: node.name.clone(),
            doc: doc.to_owned(),
            environment: None,
            params: BTreeMap::new(),
            apply: false,
            asserts: Vec::new(),
            expects: Vec::new(),
        };
        let mut seen: BTreeMap<Ident, Span> = BTreeMap::new();
        for entry in &node.body.entries {
            let written = match entry {
                BodyEntry::Attribute(written) => written,
                BodyEntry::Block(block) => {
                    let help = format!("write an equals sign: `{} = …`", block.name.value);
                    self.report(&codes::UNKNOWN_SETTING, "", block.name.span, "unexpected block", &help);
                    continue;
                }
            };
            let name = &written.name;
            let first = *seen.entry(name.value.clone()).or_insert(name.span);
            duplicate(&mut self.diagnostics, "setting", name.value.as_str(), name.span, first);
            self.test_setting(written, outputs, &mut made);
        }
        let unread = ["assert", "expect_error"].iter().any(|word| self.symbols.broken.contains(*word));
        if made.asserts.is_empty() && made.expects.is_empty() && !unread {
            let help = "add `assert = [ … ]`, or `expect_error = \"…\"`";
            self.report(&codes::MISSING_ATTRIBUTE, "`assert` is missing", node.name.span, "nothing is asserted", help);
        }
        made
    }

    fn test_setting(&mut self, written: &ast::Attribute, outputs: &[Output], made: &mut Test) {
        let value = &written.value;
        match written.name.value.as_str() {
            "env" => {
                let named = self.constant_of(value, &Type::String);
                let named =
                    named.as_ref().and_then(Value::as_str).map(|name| Spanned::new(name.to_owned(), value.span));
                if let Some(named) = &named {
                    self.known_environment(named);
                }
                made.environment = named;
            }
            "params" => made.params = self.environment_params(value),
            "apply" => {
                made.apply = self.constant_of(value, &Type::Bool).and_then(|flag| flag.as_bool()).unwrap_or(false);
            }
            "assert" => made.asserts = self.asserts(value, outputs),
            "expect_error" => made.expects = self.expects(value),
            other => {
                let fallback = format!("there are `{}`", SETTINGS.join("`, `"));
                let help = match other {
                    "variables" => "they are called `params`".to_owned(),
                    "command" => "write `apply = true`".to_owned(),
                    "expect_failures" => {
                        "it is called `expect_error`, and names a code or a part of the message".to_owned()
                    }
                    other => did_you_mean(other, SETTINGS.iter().copied(), &fallback),
                };
                let message = format!("a test has no setting `{other}`");
                self.report(&codes::UNKNOWN_SETTING, message, written.name.span, "unknown setting", &help);
            }
        }
    }

    fn known_environment(&mut self, named: &Spanned<String>) {
        let known: Vec<String> = self.symbols.environments.iter().map(|one| one.node.name.value.to_string()).collect();
        let unread = self.symbols.broken.contains(named.value.as_str());
        let is_known = known.iter().any(|one| *one == named.value || is_environment_of(one, &named.value));
        if unread || is_known || known.is_empty() && named.value == "default" {
            return;
        }
        let help = did_you_mean(&named.value, known.iter().map(String::as_str), "declare it: `environment NAME { … }`");
        let message = format!("there is no environment `{}`", named.value);
        self.report(&codes::UNKNOWN_NAME, message, named.span, "not declared", &help);
    }

    /// A list of conditions, or one. They see what the program's expressions see, and the views.
    fn asserts(&mut self, value: &ast::Expr, outputs: &[Output]) -> Vec<Expr> {
        let depth = self.locals.len();
        for (name, ty) in VIEWS.iter().zip([plan_type(), self.outputs_type(outputs), resources_type()]) {
            self.bind_silently(Ident::new(name), ty);
        }
        let made = listed(value).into_iter().map(|one| self.within(Reach::Everything, |it| it.check(one, &Type::Bool)));
        let made = made.collect();
        self.locals.truncate(depth);
        made
    }

    /// `outputs`; what may be declared on a line that could not be read is no mistake.
    fn outputs_type(&self, outputs: &[Output]) -> Type {
        let unread = self.symbols.broken.iter().map(|name| (name.0.clone(), Type::Error));
        object(unread.chain(outputs.iter().map(|output| (output.name.value.0.clone(), output.ty.clone()))))
    }

    /// A text or a list of texts: codes, or parts of messages.
    fn expects(&mut self, value: &ast::Expr) -> Vec<Spanned<String>> {
        let mut made = Vec::new();
        for one in listed(value) {
            let text = self.constant_of(one, &Type::String);
            made.extend(text.as_ref().and_then(Value::as_str).map(|text| Spanned::new(text.to_owned(), one.span)));
        }
        made
    }
}

/// The elements of a written list; what is none stands for itself.
fn listed<'e>(value: &'e ast::Expr) -> Vec<&'e ast::Expr> {
    let ast::ExprKind::List(elements) = &value.kind else { return vec![value] };
    let inner = |element: &'e ast::Element| {
        let (ast::Element::Value(one) | ast::Element::Spread(one)) = element;
        one
    };
    elements.iter().map(inner).collect()
}

fn object(members: impl IntoIterator<Item = (SmolStr, Type)>) -> Type {
    let members = members.into_iter().map(|(name, ty)| (name, Member { ty, default: None }));
    Type::Object(Arc::new(ObjectType { members: members.collect() }))
}

/// `plan`
fn plan_type() -> Type {
    let counts = STEPS.iter().chain(&["unchanged"]).map(|name| (SmolStr::new_static(name), Type::Int));
    let action = Type::Union(STEPS.iter().map(|one| Type::Literal(SmolStr::new_static(one))).collect());
    let change = [
        ("address", Type::String),
        ("kind", Type::String),
        ("action", action),
        ("reason", Type::String),
        ("changed", Type::list(Type::String)),
        ("before", Type::Any),
        ("after", Type::Any),
    ];
    let change = object(change.into_iter().map(|(name, ty)| (SmolStr::new_static(name), ty)));
    let warning =
        object([("code", Type::String), ("message", Type::String)].map(|(n, ty)| (SmolStr::new_static(n), ty)));
    object([
        (SmolStr::new_static("counts"), object(counts)),
        (SmolStr::new_static("changes"), Type::map(change)),
        (SmolStr::new_static("is_empty"), Type::Bool),
        (SmolStr::new_static("warnings"), Type::list(warning)),
    ])
}

/// `resources`: what is there after an apply, by address.
fn resources_type() -> Type {
    let members = [("kind", Type::String), ("id", Type::String), ("attributes", Type::Any)];
    Type::map(object(members.map(|(name, ty)| (SmolStr::new_static(name), ty))))
}
