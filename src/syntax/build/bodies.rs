//! What stands between the braces of a declaration, entry by entry; a broken entry is told and left out.

use super::builder::{Builder, Pair};
use crate::model::{Ident, Spanned};
use crate::syntax::ast::{Attribute, Block, Body, BodyEntry};
use crate::syntax::codes;
use crate::syntax::grammar::Rule;

/// Where a body stands, which decides the nested blocks that it may have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A declaration that has no nested blocks.
    Plain,
    /// A resource, data source or action: `lifecycle`.
    Resource,
    /// `lifecycle`: `before` and `after`.
    Lifecycle,
    /// `before`, `after`: none.
    Condition,
}

const BLOCKS: &str = "only `lifecycle` and its `before` and `after` are blocks";

impl Place {
    fn of_block(self, name: &str) -> Option<Place> {
        match (self, name) {
            (Place::Resource, "lifecycle") => Some(Place::Lifecycle),
            (Place::Lifecycle, "before" | "after") => Some(Place::Condition),
            _ => None,
        }
    }
}

impl Builder<'_> {
    pub(super) fn body(&mut self, pair: Pair<'_>, place: Place) -> Body {
        let span = self.span(&pair);
        let inner = pair.into_inner();
        let mut entries = Vec::with_capacity(inner.len() / 2);
        let mut inner = inner.peekable();
        while let Some(child) = inner.next() {
            if child.as_rule() == Rule::bad_entry {
                if self.short.is_some() {
                    self.unclear = true;
                } else {
                    self.bad_entry(&child);
                }
                continue;
            }
            let name = self.key_name(child);
            self.refuse_colon(&mut inner);
            let value = inner.next().expect("invariant: an entry has a value or a body");
            if value.as_rule() == Rule::body {
                entries.extend(self.block(name, value, place).map(BodyEntry::Block));
            } else {
                let value = self.expr(value);
                if place == Place::Resource && matches!(name.value.as_str(), "count" | "for_each") {
                    self.complain_of_count(&name);
                    continue;
                }
                let span = name.span.to(value.span);
                entries.push(BodyEntry::Attribute(Attribute { name, value, span }));
            }
        }
        Body { span, entries }
    }

    fn block(&mut self, name: Spanned<Ident>, pair: Pair<'_>, place: Place) -> Option<Block> {
        let span = name.span;
        match place.of_block(name.value.as_str()) {
            Some(inside) => {
                let body = self.deeper(1, span, |builder| builder.body(pair, inside))?;
                Some(Block { name, body })
            }
            None => {
                self.complain_of_block(&name);
                // Its entries are checked all the same; the block itself is not handed on.
                self.deeper(1, span, |builder| builder.body(pair, Place::Condition));
                None
            }
        }
    }

    fn complain_of_count(&mut self, name: &Spanned<Ident>) {
        let label = "the header says how often, and by which keys";
        let help = "write `KIND NAME for n in 1..=3 { … }`, or `… for key, value in map { … }`";
        self.complain(&codes::COUNT, name.span, label, help);
    }

    fn complain_of_block(&mut self, name: &Spanned<Ident>) {
        let text = name.value.as_str();
        let (label, help) = match text {
            "lifecycle" => ("not here", "`lifecycle` stands in a resource, an action or a data source".to_owned()),
            "before" | "after" => ("not here", format!("`{text}` stands in the `lifecycle` of a resource")),
            "precondition" => (BLOCKS, "write `before { assert = …, message = \"…\" }`".to_owned()),
            "postcondition" => (BLOCKS, "write `after { assert = …, message = \"…\" }`".to_owned()),
            "validation" | "assert" => (BLOCKS, "write `assert = …` and `message = \"…\"` themselves".to_owned()),
            "timeouts" => (BLOCKS, "write `lifecycle { timeouts = { create = 10m } }`".to_owned()),
            _ => (BLOCKS, format!("write `{text} = {{ … }}`")),
        };
        self.complain(&codes::NESTED_BLOCK, name.span, label, help);
    }
}
