//! Headers: which instances a declaration stands for, and their keys.

use super::codes;
use super::machine::{Machine, Stop};
use super::scope::{Expansion, Slot};
use crate::diag::Diagnostic;
use crate::model::{Key, KeyType, Span, Value};
use crate::program::convert::shown;
use crate::program::expr::{Expr, ExprKind};
use crate::program::ir::Repeat;

/// Instances of one `for`, and of a whole plan (language, Limits).
pub const MAX_INSTANCES: usize = 1_000_000;

impl Machine<'_> {
    /// The expansion of a header; a failed one after a complaint.
    pub fn expand(&mut self, repeat: Option<&Repeat>, condition: Option<&Expr>) -> Expansion {
        self.frame.clear();
        let made = match repeat {
            Some(repeat) => self.repeated(repeat, condition),
            None => self.single(condition),
        };
        self.frame.clear();
        made.unwrap_or(Expansion { failed: true, repeated: repeat.is_some(), ..Expansion::default() })
    }

    fn single(&mut self, condition: Option<&Expr>) -> Result<Expansion, Stop> {
        let exists = self.exists(condition)?;
        let frames = if exists { vec![Vec::new()] } else { Vec::new() };
        Ok(Expansion { frames, ..Expansion::default() })
    }

    fn exists(&mut self, condition: Option<&Expr>) -> Result<bool, Stop> {
        let Some(condition) = condition else { return Ok(true) };
        match self.eval(condition)? {
            Value::Bool(flag) => Ok(flag),
            other => {
                self.not_known_yet(&other, condition.span, "whether it exists");
                Err(Stop::Failed)
            }
        }
    }

    fn repeated(&mut self, repeat: &Repeat, condition: Option<&Expr>) -> Result<Expansion, Stop> {
        let limit = std::mem::replace(&mut self.element_limit, MAX_INSTANCES);
        let items = self.items(&repeat.each.over);
        self.element_limit = limit;
        let over = &repeat.each.over;
        let keyed_by_value = !matches!(over.ty.required(), crate::model::Type::Map(..) | crate::model::Type::Object(_));
        let passes = match self.passes(items?) {
            Ok(passes) => passes,
            Err(unknown) => {
                self.not_known_yet(&unknown, over.span, "how many instances there are");
                return Err(Stop::Failed);
            }
        };
        let program = std::sync::Arc::clone(&self.scope.program);
        let places = match over.kind {
            ExprKind::Let(at) => &program.lets[at].places,
            _ => &repeat.places,
        };
        let places = if places.len() == passes.len() { places.as_slice() } else { &[] };
        let mut made: Vec<(Key, Vec<Slot>, usize)> = Vec::with_capacity(passes.len());
        for (at, (key, slot)) in passes.into_iter().enumerate() {
            self.grant();
            let own = match &slot {
                Slot::Value(value) if keyed_by_value => value.clone(),
                Slot::Value(_) | Slot::Instance(..) | Slot::Module(_) | Slot::Empty => key.clone(),
            };
            self.bind(&repeat.each, key, slot);
            if !self.exists(condition)? {
                continue;
            }
            let key = match &repeat.by {
                Some(by) => (self.eval(by)?, by.span),
                None => (own, over.span),
            };
            let key = self.key(&key.0, repeat.key, key.1)?;
            made.push((key, self.frame.clone(), at));
        }
        made.sort_by(|(left, ..), (right, ..)| left.cmp(right));
        if let Some(twice) = made.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            let both = places.get(twice[0].2).zip(places.get(twice[1].2));
            self.twice(&twice[0].0, repeat, both);
            return Err(Stop::Failed);
        }
        let (keys, frames) = made.into_iter().map(|(key, frame, _)| (key, frame)).unzip();
        Ok(Expansion { keys, frames, repeated: true, failed: false })
    }

    fn key(&mut self, value: &Value, kind: KeyType, span: Span) -> Result<Key, Stop> {
        match (value, kind) {
            (Value::String(text), _) => Ok(Key::Text(text.clone())),
            (Value::Number(number), _) => match number.to_i64() {
                Some(number) => Ok(Key::Int(number)),
                None => {
                    let help = "use ints that fit into 64 bits";
                    self.fail(&codes::NUMBER_TOO_LARGE, span, &format!("{number} is no key"), "no key", help)
                }
            },
            (Value::Unknown(_), _) => {
                self.not_known_yet(value, span, "a key");
                Err(Stop::Failed)
            }
            (other, _) => {
                let message = format!("{} is no key", shown(other));
                self.fail(&codes::WRONG_VALUE, span, &message, "no key", "keys are strings or ints: add `by …`")
            }
        }
    }

    /// Names both places where the elements stand in the source, else the loop.
    fn twice(&mut self, key: &Key, repeat: &Repeat, both: Option<(&Span, &Span)>) {
        let place = repeat.by.as_ref().map_or(repeat.each.over.span, |by| by.span);
        let diagnostic = Diagnostic::new(&codes::DUPLICATE_KEY, format!("two elements have the key {key}"));
        let diagnostic = match both {
            Some((first, second)) => diagnostic.at(*second, format!("{key} again")).and(*first, format!("{key} first")),
            None => diagnostic.at(place, format!("{key} comes twice")),
        };
        self.complain(diagnostic.help("make the keys unique, or remove one of the elements"));
    }
}
