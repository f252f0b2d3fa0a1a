//! The syntax tree: what was written, with its places and comments. Owned; knows no names and no types' meaning.

use crate::model::{FileId, Ident, Number, Span, Spanned};

/// One source file.
#[derive(Clone, Debug)]
pub struct Ast {
    pub file: FileId,
    pub items: Vec<Item>,
    /// Every comment of the file in order, for the formatter.
    pub comments: Vec<Comment>,
    /// The lines that could not be read.
    pub broken: Broken,
}

/// What stood on lines with a mistake of syntax: names that may have been declared there, and the lines themselves,
/// so that the checker need not complain of what follows from it.
#[derive(Clone, Debug, Default)]
pub struct Broken {
    pub words: std::collections::BTreeSet<Ident>,
    /// Whole lines, in order.
    pub lines: Vec<Span>,
}

/// A `#` comment, without its line break; `text` includes the `#`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    pub span: Span,
    pub text: String,
}

/// A declaration with the comment right above it.
#[derive(Clone, Debug)]
pub struct Item {
    pub span: Span,
    /// The lines of the comment right above, without `# `, joined by newlines; empty without one.
    pub doc: String,
    pub kind: ItemKind,
}

#[derive(Clone, Debug)]
pub enum ItemKind {
    Project(Project),
    Environment(Environment),
    Param(Param),
    Let(Let),
    Function(Function),
    Type(TypeAlias),
    Provider(Provider),
    Resource(Resource),
    Module(Module),
    Output(Output),
    Check(Check),
    Policy(Policy),
    Moved(Moved),
    Forget(Forget),
    Import(Import),
    Test(Test),
}

/// `project "NAME" { … }`
#[derive(Clone, Debug)]
pub struct Project {
    pub name: Spanned<String>,
    pub body: Body,
}

/// `environment NAME { … }`, `environment "pr-*" { … }`
#[derive(Clone, Debug)]
pub struct Environment {
    pub name: Spanned<Ident>,
    pub body: Body,
}

/// `[secret] param NAME: TYPE [= default] [{ assert, message }]`
#[derive(Clone, Debug)]
pub struct Param {
    pub secret: bool,
    pub name: Spanned<Ident>,
    pub ty: TypeExpr,
    pub default: Option<Expr>,
    pub body: Option<Body>,
}

/// `let NAME = expr`
#[derive(Clone, Debug)]
pub struct Let {
    pub name: Spanned<Ident>,
    pub value: Expr,
}

/// `fn NAME(a: T, b: U = d): V = expr`
#[derive(Clone, Debug)]
pub struct Function {
    pub name: Spanned<Ident>,
    pub parameters: Vec<Parameter>,
    pub result: TypeExpr,
    pub value: Expr,
}

#[derive(Clone, Debug)]
pub struct Parameter {
    pub name: Spanned<Ident>,
    pub ty: TypeExpr,
    pub default: Option<Expr>,
}

/// `type Name = …`
#[derive(Clone, Debug)]
pub struct TypeAlias {
    pub name: Spanned<Ident>,
    pub ty: TypeExpr,
}

/// `provider NAME { … }`
#[derive(Clone, Debug)]
pub struct Provider {
    pub name: Spanned<Ident>,
    pub body: Body,
}

/// Which of the three forms a resource declaration has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceForm {
    Managed,
    Data,
    Action,
}

/// `[data|action] [provider.]KIND NAME [for …] [if …] { … }`
#[derive(Clone, Debug)]
pub struct Resource {
    pub form: ResourceForm,
    pub provider: Option<Spanned<Ident>>,
    pub kind: Spanned<Ident>,
    pub name: Spanned<Ident>,
    pub repeat: Option<ForClause>,
    pub condition: Option<Expr>,
    /// From the first word to the name: the primary place of "missing attribute".
    pub header: Span,
    pub body: Body,
}

/// `for k, v in EXPR [by EXPR]`
#[derive(Clone, Debug)]
pub struct ForClause {
    /// One name (value, or key of a map) or two (key, value).
    pub names: Vec<Spanned<Ident>>,
    pub over: Box<Expr>,
    /// `by s.name`: the explicit key for a list of objects (only in headers).
    pub by: Option<Box<Expr>>,
    pub span: Span,
}

/// `module NAME from "./path" [for …] [if …] { … }`
#[derive(Clone, Debug)]
pub struct Module {
    pub name: Spanned<Ident>,
    pub source: Spanned<String>,
    pub repeat: Option<ForClause>,
    pub condition: Option<Expr>,
    pub body: Body,
}

/// `[secret] output NAME[: TYPE] = expr`
#[derive(Clone, Debug)]
pub struct Output {
    pub secret: bool,
    pub name: Spanned<Ident>,
    pub ty: Option<TypeExpr>,
    pub value: Expr,
}

/// `check "what" { … }`
#[derive(Clone, Debug)]
pub struct Check {
    pub name: Spanned<String>,
    pub body: Body,
}

/// `policy NAME for r in [provider.]KIND { … }`
#[derive(Clone, Debug)]
pub struct Policy {
    pub name: Spanned<Ident>,
    pub variable: Spanned<Ident>,
    pub provider: Option<Spanned<Ident>>,
    pub kind: Spanned<Ident>,
    pub body: Body,
}

/// `moved A -> B`; both ends are address expressions (`server.web[1]`).
#[derive(Clone, Debug)]
pub struct Moved {
    pub from: Expr,
    pub to: Expr,
}

/// `forget A`
#[derive(Clone, Debug)]
pub struct Forget {
    pub target: Expr,
}

/// `import A = expr [for …]`
#[derive(Clone, Debug)]
pub struct Import {
    pub target: Expr,
    pub id: Expr,
    pub repeat: Option<ForClause>,
}

/// `test "what" { … }`
#[derive(Clone, Debug)]
pub struct Test {
    pub name: Spanned<String>,
    pub body: Body,
}

/// What stands between the braces of a declaration.
#[derive(Clone, Debug)]
pub struct Body {
    /// Braces included.
    pub span: Span,
    pub entries: Vec<BodyEntry>,
}

/// `name = expr`, or a nested block (`lifecycle`, and `before`/`after` in it).
#[derive(Clone, Debug)]
pub enum BodyEntry {
    Attribute(Attribute),
    Block(Block),
}

#[derive(Clone, Debug)]
pub struct Attribute {
    /// An identifier or a quoted name.
    pub name: Spanned<Ident>,
    pub value: Expr,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Block {
    pub name: Spanned<Ident>,
    pub body: Body,
}

#[derive(Clone, Debug)]
pub struct Expr {
    pub kind: ExprKind,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum ExprKind {
    Null,
    Bool(bool),
    Number(Number),
    /// Milliseconds; the text as written is at the span.
    Duration(i64),
    Text(Text),
    Name(Ident),
    List(Vec<Element>),
    Object(Vec<Entry>),
    /// `a.b`, `a?.b`
    Member {
        target: Box<Expr>,
        name: Spanned<Ident>,
        optional: bool,
    },
    /// `a[k]`, `a?[k]`
    Index {
        target: Box<Expr>,
        index: Box<Expr>,
        optional: bool,
    },
    /// `a[*]`
    Splat {
        target: Box<Expr>,
    },
    Call {
        name: Spanned<Ident>,
        arguments: Vec<Argument>,
    },
    Unary {
        operator: UnaryOperator,
        operand: Box<Expr>,
    },
    Binary {
        operator: Spanned<BinaryOperator>,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    Conditional {
        condition: Box<Expr>,
        yes: Box<Expr>,
        no: Box<Expr>,
    },
    /// `[for x in xs if p : e]`
    ListFor {
        clause: ForClause,
        condition: Option<Box<Expr>>,
        value: Box<Expr>,
    },
    /// `{ for k, v in m if p : k2 => e }`
    ObjectFor {
        clause: ForClause,
        condition: Option<Box<Expr>>,
        key: Box<Expr>,
        value: Box<Expr>,
    },
    /// Parentheses, kept for the formatter.
    Group(Box<Expr>),
}

/// A string with its interpolations; `pieces` are in order, escapes resolved, multi-line indent dropped.
#[derive(Clone, Debug)]
pub struct Text {
    pub pieces: Vec<Piece>,
    /// Written as `"""`.
    pub multiline: bool,
}

#[derive(Clone, Debug)]
pub enum Piece {
    Literal(String),
    Interpolation(Expr),
}

/// A list element: `e` or `...e`.
#[derive(Clone, Debug)]
pub enum Element {
    Value(Expr),
    Spread(Expr),
}

/// An object entry: `k = e` or `...e`.
#[derive(Clone, Debug)]
pub enum Entry {
    Pair { key: ObjectKey, value: Expr },
    Spread(Expr),
}

#[derive(Clone, Debug)]
pub enum ObjectKey {
    Name(Spanned<Ident>),
    Text(Text, Span),
    Computed(Expr),
}

/// `e` or `name = e`.
#[derive(Clone, Debug)]
pub struct Argument {
    pub name: Option<Spanned<Ident>>,
    pub value: Expr,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOperator {
    Not,
    Negate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOperator {
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

#[derive(Clone, Debug)]
pub struct TypeExpr {
    pub kind: TypeExprKind,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum TypeExprKind {
    /// `string`, `Size`
    Name(Ident),
    /// `list(T)`, `set(T)`, `map(T)`
    Apply {
        constructor: Spanned<Ident>,
        argument: Box<TypeExpr>,
    },
    /// `{ name: T, size: int = 1 }`
    Object(Vec<TypeMember>),
    /// `"a"`
    Literal(String),
    /// `A | B`
    Union(Vec<TypeExpr>),
    /// `T?`
    Optional(Box<TypeExpr>),
    /// `ssh_key.id`
    Id {
        kind: Spanned<Ident>,
        member: Spanned<Ident>,
    },
    Null,
    Group(Box<TypeExpr>),
}

#[derive(Clone, Debug)]
pub struct TypeMember {
    pub name: Spanned<Ident>,
    pub ty: TypeExpr,
    pub default: Option<Expr>,
}
