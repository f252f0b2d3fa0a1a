//! Typed expressions: what the evaluator walks. Locals are slots of the frame, declarations are indices.

use super::ir::Each;
use crate::model::{Span, Type, Value};
use smol_str::SmolStr;

/// Nesting of expressions across calls: nothing walks deeper.
pub const MAX_DEPTH: u32 = 400;

/// An expression with its type and place.
#[derive(Clone, Debug)]
pub struct Expr {
    pub kind: ExprKind,
    pub ty: Type,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum ExprKind {
    /// Checking complained here already.
    Error,
    Constant(Value),
    /// Interpolation; each piece is a scalar.
    Text(Vec<Expr>),
    Param(usize),
    Let(usize),
    Local(usize),
    /// `env.name`
    EnvironmentName,
    /// A whole declaration: its instance, or the map of its instances.
    Resource(usize),
    /// A whole module: its outputs, or the map of its instances.
    Module(usize),
    /// The outputs of another project.
    Elsewhere(usize),
    List(Vec<Element>),
    Set(Vec<Element>),
    Object(Vec<Entry>),
    Map(Vec<Entry>),
    Member {
        target: Box<Expr>,
        name: SmolStr,
        optional: bool,
    },
    Index {
        target: Box<Expr>,
        index: Box<Expr>,
        optional: bool,
    },
    /// The end of a chain with `?.` in it: where it stops short, the whole is null.
    Chain(Box<Expr>),
    /// A library function, by its place in the table.
    Library {
        function: usize,
        arguments: Vec<Expr>,
    },
    Call {
        function: usize,
        arguments: Vec<Expr>,
    },
    Not(Box<Expr>),
    Negate(Box<Expr>),
    Binary {
        operator: Operator,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    Conditional {
        condition: Box<Expr>,
        yes: Box<Expr>,
        no: Box<Expr>,
    },
    ListFor {
        each: Each,
        condition: Option<Box<Expr>>,
        value: Box<Expr>,
        set: bool,
    },
    MapFor {
        each: Each,
        condition: Option<Box<Expr>>,
        key: Box<Expr>,
        value: Box<Expr>,
    },
    /// The value in the form that the expression's type asks for, checked where the types could not tell.
    Convert(Box<Expr>),
}

#[derive(Clone, Debug)]
pub enum Element {
    Value(Expr),
    Spread(Expr),
}

#[derive(Clone, Debug)]
pub enum Entry {
    Pair { key: Expr, value: Expr },
    Spread(Expr),
}

/// A binary operator whose operands' types are known to suit it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Multiply,
    Divide,
    Remainder,
    Add,
    Subtract,
    Range,
    RangeInclusive,
    Coalesce,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
    And,
    Or,
}

impl Expr {
    pub fn error(span: Span) -> Expr {
        Expr { kind: ExprKind::Error, ty: Type::Error, span }
    }

    pub fn constant(value: Value, ty: Type, span: Span) -> Expr {
        Expr { kind: ExprKind::Constant(value), ty, span }
    }

    /// The value, where it was written as a constant.
    pub fn as_constant(&self) -> Option<&Value> {
        if let ExprKind::Constant(value) = &self.kind { Some(value) } else { None }
    }

    /// The expressions right below this one.
    pub fn children(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::Error
            | ExprKind::Constant(_)
            | ExprKind::Param(_)
            | ExprKind::Let(_)
            | ExprKind::Local(_)
            | ExprKind::EnvironmentName
            | ExprKind::Resource(_)
            | ExprKind::Module(_)
            | ExprKind::Elsewhere(_) => Vec::new(),
            ExprKind::Text(pieces) => pieces.iter().collect(),
            ExprKind::List(elements) | ExprKind::Set(elements) => elements.iter().map(Element::expr).collect(),
            ExprKind::Object(entries) | ExprKind::Map(entries) => entries.iter().flat_map(Entry::exprs).collect(),
            ExprKind::Member { target, .. } => vec![target],
            ExprKind::Index { target, index, .. } => vec![target, index],
            ExprKind::Chain(inner) | ExprKind::Not(inner) | ExprKind::Negate(inner) | ExprKind::Convert(inner) => {
                vec![inner]
            }
            ExprKind::Library { arguments, .. } | ExprKind::Call { arguments, .. } => arguments.iter().collect(),
            ExprKind::Binary { left, right, .. } => vec![left, right],
            ExprKind::Conditional { condition, yes, no } => vec![condition, yes, no],
            ExprKind::ListFor { each, condition, value, .. } => {
                let mut all = vec![&*each.over, &**value];
                all.extend(condition.as_deref());
                all
            }
            ExprKind::MapFor { each, condition, key, value } => {
                let mut all = vec![&*each.over, &**key, &**value];
                all.extend(condition.as_deref());
                all
            }
        }
    }

    /// Whether it reads a local slot below `frame` (the loop variables of a header).
    pub fn reads_local_below(&self, frame: usize) -> bool {
        matches!(self.kind, ExprKind::Local(slot) if slot < frame)
            || self.children().into_iter().any(|child| child.reads_local_below(frame))
    }
}

impl Element {
    pub fn expr(&self) -> &Expr {
        match self {
            Element::Value(expr) | Element::Spread(expr) => expr,
        }
    }
}

impl Entry {
    fn exprs(&self) -> Vec<&Expr> {
        match self {
            Entry::Pair { key, value } => vec![key, value],
            Entry::Spread(expr) => vec![expr],
        }
    }
}
