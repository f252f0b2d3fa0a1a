//! The rooms of cnx from text to what is wanted, as a crate of their own: they need nothing of the others, and the fuzzer builds in a
//! tenth of the time.

#[path = "../../src/desired/mod.rs"]
pub mod desired;
#[path = "../../src/diag/mod.rs"]
pub mod diag;
#[path = "../../src/model/mod.rs"]
pub mod model;
#[path = "../../src/program/mod.rs"]
pub mod program;
#[path = "../../src/provider/mod.rs"]
pub mod provider;
#[path = "../../src/syntax/mod.rs"]
pub mod syntax;
