//! From the arguments of `cnx emulator` to its commands.

use super::control::Control;
use super::{clock, config, faults, requests, serve, state};
use crate::cli::args::Emulator;
use crate::cli::args_emulator::EmulatorCommand;
use crate::cli::codes;
use crate::cli::exit::{Exit, Failure};
use crate::cli::shell::Shell;
use crate::diag::Diagnostic;

pub fn run(shell: &mut Shell, arguments: &Emulator) -> Result<Exit, Failure> {
    if let EmulatorCommand::Serve(options) = &arguments.command {
        if arguments.at.is_some() {
            let message = "--at names an emulator that is served already";
            return Err(Diagnostic::new(&codes::BAD_ARGUMENT, message).help("leave it out, or use --port-base").into());
        }
        return serve::serve(shell, options);
    }
    let control = Control::new(shell, arguments.at.as_deref())?;
    match &arguments.command {
        EmulatorCommand::Serve(_) => Ok(Exit::Done),
        EmulatorCommand::Reset { set } => config::reset(shell, &control, set),
        EmulatorCommand::Config { set, clear } => config::config(shell, &control, set, *clear),
        EmulatorCommand::Requests(wanted) => requests::requests(shell, &control, wanted),
        EmulatorCommand::Fault(arguments) => faults::run(shell, &control, &arguments.command),
        EmulatorCommand::State(arguments) => state::run(shell, &control, arguments.command.as_ref()),
        EmulatorCommand::Clock(arguments) => clock::run(shell, &control, arguments.command.as_ref()),
    }
}
