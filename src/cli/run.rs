//! From arguments to an exit code: reads them, hands over to a command, tells what went wrong.

use super::args::{Arguments, Command, EnvCommand};
use super::exit::{Exit, Failure};
use super::shell::{Shell, World};
use super::{apply, check, completions, emulator, env, explain, fmt, init, plan, run_action, show, state, version};
use crate::report::Writer;
use clap::Parser;
use clap::error::ErrorKind;
use std::ffi::OsString;

/// The whole program: the exit code for these arguments (the first is the program's own name).
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    run_in(World::real(), Writer::stdout(), Writer::stderr(), arguments)
}

/// The same in a given world, for tests.
pub fn run_in(world: World, mut out: Writer, mut err: Writer, arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let parsed = match Arguments::try_parse_from(arguments) {
        Ok(parsed) => parsed,
        Err(error) => return usage(&error, &mut out, &mut err).code(),
    };
    let mut shell = Shell::new(world, parsed.global, out, err);
    let exit = match dispatch(&mut shell, parsed.command) {
        Ok(exit) => exit,
        Err(Failure { exit, diagnostics }) => {
            shell.complain(&diagnostics);
            exit
        }
    };
    lost_output(&mut shell, exit).code()
}

fn dispatch(shell: &mut Shell, command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Init(arguments) => init::run(shell, &arguments),
        Command::Fmt(arguments) => fmt::run(shell, &arguments),
        Command::Plan(arguments) => plan::run(shell, &arguments),
        Command::Apply(arguments) => apply::run(shell, &arguments),
        Command::Destroy(arguments) => apply::destroy(shell, &arguments),
        Command::Run(arguments) => run_action::run(shell, &arguments),
        Command::Show(arguments) => show::run(shell, &arguments),
        Command::Output(arguments) => state::output(shell, &arguments),
        Command::State(arguments) => state::run(shell, &arguments),
        Command::Check => check::run(shell),
        Command::Env(arguments) => match arguments.command {
            EnvCommand::List => env::list(shell),
        },
        Command::Explain(arguments) => explain::run(shell, &arguments),
        Command::Emulator(arguments) => emulator::run(shell, &arguments),
        Command::Completions(arguments) => Ok(completions::run(shell, &arguments)),
        Command::Version => Ok(version::run(shell)),
    }
}

/// Help and version are results; anything else that clap says is an error.
fn usage(error: &clap::Error, out: &mut Writer, err: &mut Writer) -> Exit {
    let text = error.render().to_string();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            out.write(&text);
            Exit::Done
        }
        _ => {
            err.write(&text);
            Exit::Error
        }
    }
}

/// Output that a full disk swallowed is an error, even where all else went well.
fn lost_output(shell: &mut Shell, exit: Exit) -> Exit {
    let Some(error) = shell.out.failure().map(ToString::to_string) else { return exit };
    shell.err.line(&format!("error: the output could not be written: {error}"));
    exit.and(Exit::Error)
}
