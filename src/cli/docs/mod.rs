//! `cnx docs`: what there is, in the terminal, for machines, and as a folder of HTML.

mod command;
mod folder;
mod project;
mod topics;

pub use command::run;
