//! The shape of the library: names, types, one line and one example for each function. Functions are pure and total.

use crate::model::{KeyType, Type, Value};

/// A type in a signature; `A` and `B` stand for whatever the arguments are.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    Any,
    Bool,
    Int,
    Number,
    String,
    Duration,
    A,
    B,
    /// The keys of the map argument.
    Key,
    List(&'static Shape),
    Set(&'static Shape),
    /// A map, or an object whose members share a type.
    Map(&'static Shape),
    /// A list or a set.
    Collection(&'static Shape),
    /// A string, or anything that has elements.
    Sized,
    Optional(&'static Shape),
}

/// What a search gives, and the bytes that it looked at.
pub type Searched = (u64, Result<Value, String>);

/// What runs when the function is called.
#[derive(Clone, Copy, Debug)]
pub enum Run {
    /// On known values only; the error is one phrase.
    Pure(fn(&[Value]) -> Result<Value, String>),
    /// On values whose elements may be unknown.
    Partial(fn(&[Value]) -> Result<Value, String>),
    /// Searching with a pattern on known values: it may look at so many bytes, and says at how many it did.
    Search(fn(&[Value], u64) -> Searched),
    /// The first argument names a file of the module's folder; its bytes come first.
    File(fn(&[u8]) -> Result<Value, String>),
    /// A file with interpolations, and the variables that it may use.
    Template,
}

/// One function of the library.
#[derive(Debug)]
pub struct Function {
    pub name: &'static str,
    pub doc: &'static str,
    pub parameters: &'static [(&'static str, Shape)],
    /// How many of the last parameters may be left out.
    pub optional: usize,
    /// The last parameter may be given any number of times.
    pub variadic: bool,
    pub result: Shape,
    /// An expression and the expression that it equals.
    pub example: (&'static str, &'static str),
    /// Which argument is a regular expression.
    pub pattern: Option<usize>,
    pub run: Run,
}

impl Function {
    pub const fn new(
        name: &'static str,
        doc: &'static str,
        parameters: &'static [(&'static str, Shape)],
        result: Shape,
        example: (&'static str, &'static str),
        run: fn(&[Value]) -> Result<Value, String>,
    ) -> Function {
        let run = Run::Pure(run);
        Function { name, doc, parameters, optional: 0, variadic: false, result, example, pattern: None, run }
    }

    /// That argument is a regular expression, which is sought so.
    pub const fn searching(mut self, pattern: usize, run: fn(&[Value], u64) -> Searched) -> Function {
        self.pattern = Some(pattern);
        self.run = Run::Search(run);
        self
    }

    pub const fn optional(mut self, count: usize) -> Function {
        self.optional = count;
        self
    }

    pub const fn variadic(mut self) -> Function {
        self.variadic = true;
        self
    }

    /// It looks at no element, so elements may be unknown.
    pub const fn partial(mut self) -> Function {
        if let Run::Pure(run) = self.run {
            self.run = Run::Partial(run);
        }
        self
    }

    pub const fn runs(mut self, run: Run) -> Function {
        self.run = run;
        self
    }

    /// As printed in the reference: `join(separator: string, parts: list(string)): string`.
    pub fn signature(&self) -> String {
        let last = self.parameters.len().saturating_sub(1);
        let parameters: Vec<String> = self
            .parameters
            .iter()
            .enumerate()
            .map(|(at, (name, shape))| {
                let dots = if self.variadic && at == last { "..." } else { "" };
                let mark = if at + self.optional >= self.parameters.len() && !self.variadic { "?" } else { "" };
                format!("{dots}{name}{mark}: {}", shape.shown())
            })
            .collect();
        format!("{}({}): {}", self.name, parameters.join(", "), self.result.shown())
    }
}

/// What `A`, `B` and the key stand for in one call.
#[derive(Clone, Debug, Default)]
pub struct Bindings {
    pub a: Option<Type>,
    pub b: Option<Type>,
    pub key: Option<KeyType>,
}

impl Shape {
    /// Whether such a result is one of the arguments or a part of one, so no larger than what there was.
    pub fn is_part(&self) -> bool {
        match self {
            Shape::A | Shape::B => true,
            Shape::Optional(inner) => inner.is_part(),
            Shape::Any
            | Shape::Bool
            | Shape::Int
            | Shape::Number
            | Shape::String
            | Shape::Duration
            | Shape::Key
            | Shape::List(_)
            | Shape::Set(_)
            | Shape::Map(_)
            | Shape::Collection(_)
            | Shape::Sized => false,
        }
    }

    /// The type that it stands for; what is not bound yet is `any`.
    pub fn instantiate(&self, bindings: &Bindings) -> Type {
        match self {
            Shape::Any | Shape::Sized => Type::Any,
            Shape::Bool => Type::Bool,
            Shape::Int => Type::Int,
            Shape::Number => Type::Number,
            Shape::String => Type::String,
            Shape::Duration => Type::Duration,
            Shape::A => bindings.a.clone().unwrap_or(Type::Any),
            Shape::B => bindings.b.clone().unwrap_or(Type::Any),
            Shape::Key => {
                if bindings.key == Some(KeyType::Int) {
                    Type::Int
                } else {
                    Type::String
                }
            }
            Shape::List(item) | Shape::Collection(item) => Type::list(item.instantiate(bindings)),
            Shape::Set(item) => Type::set(item.instantiate(bindings)),
            Shape::Map(item) => Type::Map(bindings.key.unwrap_or(KeyType::Text), Box::new(item.instantiate(bindings))),
            Shape::Optional(inner) => inner.instantiate(bindings).optional(),
        }
    }

    /// In the words of a signature.
    pub fn shown(&self) -> String {
        match self {
            Shape::Any => "any".to_owned(),
            Shape::Bool => "bool".to_owned(),
            Shape::Int => "int".to_owned(),
            Shape::Number => "number".to_owned(),
            Shape::String => "string".to_owned(),
            Shape::Duration => "duration".to_owned(),
            Shape::A => "A".to_owned(),
            Shape::B => "B".to_owned(),
            Shape::Key => "key".to_owned(),
            Shape::List(item) => format!("list({})", item.shown()),
            Shape::Set(item) => format!("set({})", item.shown()),
            Shape::Map(item) => format!("map({})", item.shown()),
            Shape::Collection(item) => format!("list or set of {}", item.shown()),
            Shape::Sized => "string or collection".to_owned(),
            Shape::Optional(inner) => format!("{}?", inner.shown()),
        }
    }
}
