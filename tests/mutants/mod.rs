//! One mistake, one diagnostic: valid programs are changed at one place, as people err, and what cnx then says is held against where the
//! mistake is. The canonical form is held against the same programs.

mod checked;
mod edits;
mod formatted;
mod mistakes;
mod regions;
mod run;
mod sites;
mod tokens;
mod walk;
