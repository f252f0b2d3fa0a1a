//! What stands where in a program: declarations, what uses them, and the places where people err. Byte ranges of one file.

use cnx::model::Span;
use std::ops::Range;

pub type Place = Range<usize>;

pub fn place(span: Span) -> Place {
    span.start as usize..span.end as usize
}

/// Something with a name; `key` is `web`, `server.web`, `module.web`, `output.web`, `Web`, or that of a local.
#[derive(Clone, Debug)]
pub struct Declared {
    pub key: String,
    pub name: Place,
    /// What it is made of: where this changes, it changes.
    pub depends: Vec<Place>,
}

/// A place where something declared is named.
#[derive(Clone, Debug)]
pub struct Use {
    pub key: String,
    pub place: Place,
    /// With the members, keys or arguments that follow.
    pub reach: Place,
}

/// `name = value` of a body or an object.
#[derive(Clone, Debug)]
pub struct Entry {
    pub name: Place,
    pub value: Place,
    pub whole: Place,
    /// The header, or the object that it belongs to: what lacks it where it is gone.
    pub owner: Place,
}

#[derive(Clone, Debug)]
pub struct Call {
    pub name: Place,
    pub whole: Place,
    pub arguments: Vec<Place>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Number,
    Bool,
    Duration,
}

#[derive(Clone, Debug)]
pub struct Literal {
    pub kind: Kind,
    pub place: Place,
}

/// One declaration of the file.
#[derive(Clone, Debug)]
pub struct Item {
    pub whole: Place,
    /// From its first word to its name.
    pub header: Place,
    pub name: Option<Place>,
    /// The kind in front of a resource's name.
    pub kind: Option<Place>,
    /// The folder that a module is read from.
    pub source: Option<String>,
}

#[derive(Clone, Debug, Default)]
pub struct Sites {
    pub items: Vec<Item>,
    pub declared: Vec<Declared>,
    pub uses: Vec<Use>,
    pub entries: Vec<Entry>,
    pub calls: Vec<Call>,
    pub literals: Vec<Literal>,
    /// Names behind a dot.
    pub members: Vec<Place>,
    /// Names in types.
    pub types: Vec<Place>,
    /// Every expression and the one that it is a part of.
    pub parts: Vec<(Place, Place)>,
    /// Parameters that an environment, a test or the use of a module gives.
    pub given: Vec<Given>,
}

/// A parameter that is given a value.
#[derive(Clone, Debug)]
pub struct Given {
    pub key: String,
    pub name: Place,
    pub whole: Place,
    /// The folder whose parameter it is; none: its own.
    pub source: Option<String>,
}
