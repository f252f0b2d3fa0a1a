//! Which values are secret: inferred from what is declared so, through everything that is computed from it. Pure.

mod declarations;
mod flow;
mod library;
mod taint;

pub use declarations::{SecretsElsewhere, infer, mark_elsewhere};
