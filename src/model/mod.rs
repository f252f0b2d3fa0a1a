//! The words that every room speaks. Knows no other room.

pub mod address;
pub mod dag;
pub mod hex;
pub mod http;
pub mod ident;
pub mod json;
pub mod number;
pub mod object;
pub mod secrecy;
pub mod secrets;
pub mod span;
pub mod time;
pub mod types;
pub mod value;

pub use address::{Address, AddressPattern, Mode, ModuleStep, shown_path};
pub use dag::{Cycle, Dag, Graph, NodeId};
pub use hex::hex;
pub use ident::{Ident, JobId, Key, RemoteId};
pub use number::Number;
pub use object::Observed;
pub use secrecy::Secrecy;
pub use secrets::Secrets;
pub use span::{FileId, SourceMap, Span, Spanned};
pub use time::Timestamp;
pub use types::{KeyType, Member, ObjectType, Type};
pub use value::{AttrPath, Attributes, Elements, Unknown, Value};
