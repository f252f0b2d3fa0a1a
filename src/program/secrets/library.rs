//! What library functions make of secrets: most make a secret of whatever they are given; those that only move elements
//! about keep each where it is.

use super::flow::Flow;
use super::taint::{Origin, Taint};
use crate::model::Span;
use crate::program::expr::Expr;
use crate::program::library;
use smol_str::{SmolStr, format_smolstr};

impl Flow<'_> {
    pub fn library(&mut self, function: usize, arguments: &[Expr], span: Span) -> Taint {
        let name = library::functions()[function].name;
        let taints: Vec<Taint> = arguments.iter().map(|argument| self.eval(argument)).collect();
        match name {
            "nonsensitive" => {
                if let Some(origin) = taints.first().and_then(Taint::origin) {
                    self.lifted.insert((span, origin.clone()));
                }
                Taint::Clear
            }
            "sensitive" => taints
                .first()
                .map(Taint::whole)
                .filter(|taint| !taint.is_clear())
                .unwrap_or_else(|| Taint::Secret(Origin { what: SmolStr::new_static("`sensitive(…)`"), span })),
            _ if taints.iter().any(Taint::is_whole) => joined(&taints).whole(),
            "length" | "keys" => Taint::Clear,
            "merge" | "deep_merge" => joined(&taints),
            "lookup" => match arguments.get(1).and_then(Expr::as_constant).and_then(|key| key.as_str()) {
                Some(key) => taints[0].member(key).join(&joined(&taints[2..])),
                None => joined(&taints[1..]).whole().join(&taints[0].element()),
            },
            "concat" | "reverse" | "slice" | "toset" | "tolist" | "values" | "pick" | "omit" => {
                Taint::each(taints.iter().fold(Taint::Clear, |all, one| all.join(&one.element())))
            }
            _ => joined(&taints).whole(),
        }
    }
}

fn joined(taints: &[Taint]) -> Taint {
    taints.iter().fold(Taint::Clear, |all, one| all.join(one))
}

/// ``param `password` ``
pub fn origin_of(what: &str, name: &str, span: Span) -> Origin {
    Origin { what: format_smolstr!("{what} `{name}`"), span }
}
