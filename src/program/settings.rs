//! `project`, `environment` and `provider`: where the program runs, and with what.

use super::checker::{Checker, Reach};
use super::codes;
use super::expr::Expr;
use super::ir::Environment;
use super::symbols::duplicate;
use super::version::{self, Demand};
use crate::diag::suggest::did_you_mean;
use crate::model::{Ident, Spanned, Type};
use crate::syntax::ast::{self, BodyEntry, Entry, ObjectKey};
use indexmap::IndexMap;
use smol_str::SmolStr;
use std::collections::BTreeMap;

const ENVIRONMENT: &[&str] = &["target", "params", "provider", "protect", "state"];

impl Checker<'_> {
    /// `project "NAME"`, and where it wants its states.
    pub fn project(&mut self, is_module: bool) -> (Option<Spanned<String>>, Option<Expr>) {
        let projects = self.symbols.projects.clone();
        let Some(first) = projects.first() else { return (None, None) };
        let mut state = None;
        for later in projects.iter().skip(1) {
            duplicate(&mut self.diagnostics, "project", &later.name.value, later.name.span, first.name.span);
        }
        for entry in &first.body.entries {
            match entry {
                BodyEntry::Attribute(written) if written.name.value.as_str() == "cnx" => self.version(&written.value),
                BodyEntry::Attribute(written) if written.name.value.as_str() == "state" => {
                    if is_module {
                        let help = "remove it: what a module makes is kept in the state of the project that uses it";
                        let message = "a module has no state of its own";
                        self.report(&codes::ROOT_ONLY, message, written.name.span, "in a module", help);
                    }
                    state = Some(self.within(Reach::Inputs, |it| it.check(&written.value, &Type::String)));
                }
                BodyEntry::Attribute(ast::Attribute { name, .. }) | BodyEntry::Block(ast::Block { name, .. }) => {
                    let help = did_you_mean(name.value.as_str(), ["cnx", "state"], "a project has `cnx` and `state`");
                    self.unknown_setting("a project", name, &help);
                }
            }
        }
        (Some(first.name.clone()), state)
    }

    fn version(&mut self, written: &ast::Expr) {
        let Some(value) = self.constant_of(written, &Type::String) else { return };
        let text = value.as_str().unwrap_or_default();
        let own = env!("CARGO_PKG_VERSION");
        match version::demand(text, own) {
            Demand::Met => {}
            Demand::NotMet => {
                let message = format!("this is cnx {own}, the project wants {text}");
                let help = "install a version of cnx that fits";
                self.report(&codes::WRONG_VERSION, message, written.span, "not met", help);
            }
            Demand::Unreadable => {
                let help = "write a comparison: `\">= 0.1\"`, several with commas";
                self.report(&codes::WRONG_VERSION, "", written.span, "no version demand", help);
            }
        }
    }

    fn unknown_setting(&mut self, what: &str, name: &Spanned<Ident>, help: &str) {
        let message = format!("{what} has no setting `{}`", name.value);
        self.report(&codes::UNKNOWN_SETTING, message, name.span, "unknown setting", help);
    }

    pub fn environments(&mut self) -> IndexMap<Ident, Environment> {
        let mut made: IndexMap<Ident, Environment> = IndexMap::new();
        for documented in self.symbols.environments.clone() {
            let node = documented.node;
            if let Some(first) = made.get(&node.name.value) {
                let first = first.name.span;
                let name = node.name.value.as_str();
                duplicate(&mut self.diagnostics, "environment", name, node.name.span, first);
            }
            self.environment_name(&node.name);
            let environment = self.environment(node, documented.doc);
            made.entry(node.name.value.clone()).or_insert(environment);
        }
        made
    }

    /// A name becomes part of file names, so it holds nothing odd.
    fn environment_name(&mut self, name: &Spanned<Ident>) {
        if !is_environment_name(&name.value.as_str().replace('*', "x")) {
            let help = "use letters, digits, `-`, `_`, `.`, and `*` for any run of them: `environment \"pr-*\" { … }`";
            let message = format!("\"{}\" names no environment", name.value);
            self.report(&codes::INVALID_VALUE, message, name.span, "not a name", help);
        }
    }

    fn environment(&mut self, node: &ast::Environment, doc: &str) -> Environment {
        let mut made = Environment {
            name: node.name.clone(),
            doc: doc.to_owned(),
            target: None,
            params: BTreeMap::new(),
            provider: BTreeMap::new(),
            protect: None,
            state: None,
        };
        for entry in &node.body.entries {
            let written = match entry {
                BodyEntry::Attribute(written) => written,
                BodyEntry::Block(_) => continue,
            };
            let value = &written.value;
            match written.name.value.as_str() {
                "target" => {
                    let targets = ["local", "sandbox", "production"].map(|one| Type::Literal(SmolStr::new(one)));
                    let target = self.within(Reach::Constants, |it| it.check(value, &Type::Union(targets.to_vec())));
                    made.target = Some(target);
                }
                "protect" => made.protect = Some(self.within(Reach::Constants, |it| it.check(value, &Type::Bool))),
                "params" => made.params = self.environment_params(value),
                "provider" => made.provider = self.provider_object(value),
                "state" => made.state = Some(self.within(Reach::Inputs, |it| it.check(value, &Type::String))),
                other => {
                    let help = did_you_mean(
                        other,
                        ENVIRONMENT.iter().copied(),
                        "there are `target`, `params`, `provider`, `protect` and `state`",
                    );
                    self.unknown_setting("an environment", &written.name, &help);
                }
            }
        }
        made
    }

    pub fn environment_params(&mut self, value: &ast::Expr) -> BTreeMap<usize, Expr> {
        let mut made = BTreeMap::new();
        for (name, value) in self.named_entries(value) {
            let names = self.symbols.params.iter().map(|param| param.node.name.value.as_str());
            let Some(at) = names.clone().position(|one| one == name.value.as_str()) else {
                if self.symbols.broken.contains(&name.value) {
                    continue;
                }
                let help = did_you_mean(name.value.as_str(), names, "declare it: `param NAME: TYPE`");
                let message = format!("there is no parameter `{}`", name.value);
                self.report(&codes::UNKNOWN_NAME, message, name.span, "not declared", &help);
                self.within(Reach::Constants, |it| it.infer(value));
                continue;
            };
            let ty = self.param_types[at].clone();
            let checked = self.within(Reach::Inputs, |it| it.check(value, &ty));
            if let std::collections::btree_map::Entry::Vacant(slot) = made.entry(at) {
                slot.insert(checked);
            } else {
                let first = name.span;
                self.diagnostics.push(
                    crate::diag::Diagnostic::new(&codes::DUPLICATE, format!("`{}` is given twice", name.value))
                        .at(first, "given again here")
                        .help("remove one of the two"),
                );
            }
        }
        made
    }

    /// The pairs of an object literal whose keys are plain names.
    fn named_entries<'e>(&mut self, value: &'e ast::Expr) -> Vec<(Spanned<Ident>, &'e ast::Expr)> {
        let ast::ExprKind::Object(entries) = &value.kind else {
            let help = "write `{ name = value }`";
            self.report(&codes::WRONG_TYPE, "", value.span, "expected an object", help);
            return Vec::new();
        };
        let mut pairs = Vec::new();
        for entry in entries {
            match entry {
                Entry::Pair { key: ObjectKey::Name(name), value } => pairs.push((name.clone(), value)),
                Entry::Pair { value, .. } | Entry::Spread(value) => {
                    self.report(&codes::NOT_HERE, "", value.span, "only plain names here", "write `name = value`");
                }
            }
        }
        pairs
    }

    /// `provider cloudnexus { … }`.
    pub fn provider(&mut self) -> BTreeMap<Ident, Expr> {
        let mut made = BTreeMap::new();
        let providers = self.symbols.providers.clone();
        let first = providers.first().map(|provider| provider.name.span);
        for provider in providers {
            if !self.known_provider(&provider.name) {
                continue;
            }
            if let Some(first) = first {
                duplicate(&mut self.diagnostics, "provider", "cloudnexus", provider.name.span, first);
            }
            for entry in &provider.body.entries {
                match entry {
                    BodyEntry::Attribute(written) => {
                        if let Some(value) = self.provider_setting(&written.name, &written.value) {
                            made.insert(written.name.value.clone(), value);
                        }
                    }
                    BodyEntry::Block(_) => {}
                }
            }
        }
        made
    }

    fn provider_object(&mut self, value: &ast::Expr) -> BTreeMap<Ident, Expr> {
        let pairs = self.named_entries(value);
        pairs
            .into_iter()
            .filter_map(|(name, value)| Some((name.value.clone(), self.provider_setting(&name, value)?)))
            .collect()
    }

    fn provider_setting(&mut self, name: &Spanned<Ident>, value: &ast::Expr) -> Option<Expr> {
        let urls: Vec<&str> = self.catalog.surfaces.values().map(|surface| surface.url_setting.as_str()).collect();
        let ty = match name.value.as_str() {
            "requests_per_minute" | "speed" => Type::Int,
            "max_wait" => Type::Duration,
            "allow_live_key" => Type::Bool,
            "default_tags" => Type::map(Type::String),
            "default_region" => Type::String,
            other if urls.contains(&other) => Type::String,
            other => {
                let rest =
                    ["requests_per_minute", "max_wait", "allow_live_key", "speed", "default_tags", "default_region"];
                let known: Vec<&str> = urls.iter().copied().chain(rest).collect();
                let fallback = format!("there are `{}`", known.join("`, `"));
                let help = did_you_mean(other, known, &fallback);
                self.unknown_setting("the provider", name, &help);
                self.within(Reach::Inputs, |it| it.infer(value));
                return None;
            }
        };
        Some(self.within(Reach::Inputs, |it| it.check(value, &ty)))
    }

    /// Where a program runs is said by the project, not by a module that it uses.
    pub fn root_only(&mut self) {
        let environments = self.symbols.environments.iter().map(|one| ("environment", one.node.name.span));
        let providers = self.symbols.providers.iter().map(|one| ("provider", one.name.span));
        for (word, span) in environments.chain(providers).collect::<Vec<_>>() {
            let message = format!("a module has no `{word}` of its own");
            let help = "move it into the project's folder: modules use what is set there";
            self.report(&codes::ROOT_ONLY, message, span, "in a module", help);
        }
    }
}

/// Whether an environment may be called so.
pub fn is_environment_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let begins = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    begins && name.len() <= 64 && name.chars().all(plain) && !name.contains("..") && !name.ends_with('.')
}
