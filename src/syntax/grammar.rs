//! The generated parser of `grammar/cnx.pest`. Nothing outside this room may name `Rule`.

#[derive(pest_derive::Parser)]
#[grammar = "../grammar/cnx.pest"]
pub(super) struct Grammar;
