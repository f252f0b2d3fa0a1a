//! `cnx completions SHELL`

use super::args::{Arguments, Completions};
use super::exit::Exit;
use super::shell::Shell;
use clap::CommandFactory;

pub fn run(shell: &mut Shell, arguments: &Completions) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "cnx", &mut script);
    shell.print(&String::from_utf8_lossy(&script));
    Exit::Done
}
