//! From arguments to an exit code: reads them, hands over to a command, tells what went wrong.

use super::args::{Arguments, Command, EnvCommand};
use super::exit::{Exit, Failure};
use super::shell::{Shell, World};
use super::{
    apply, check, completions, console, docs, doctor, drift, emulator, env, explain, fmt, graph, habits, init, plan,
    recover, run_action, show, state, test, unlock, version, why,
};
use crate::cloud::redact;
use crate::report::{Writer, escape};
use crate::world::{Environment, keep_memory_private, on_panic};
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use std::ffi::OsString;
use std::panic::AssertUnwindSafe;

/// The whole program: the exit code for these arguments (the first is the program's own name).
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    keep_memory_private();
    let world = World::real();
    let secrets = secrets_of(&world.environment);
    on_panic(move |said, place| Writer::stderr().write(&broken(said, place, &secrets)));
    let whole = || run_in(world, Writer::stdout(), Writer::stderr(), arguments);
    std::panic::catch_unwind(AssertUnwindSafe(whole)).unwrap_or(Exit::Error.code())
}

/// The values that the environment hands in and that nothing may show: keys and parameters.
fn secrets_of(environment: &Environment) -> Vec<String> {
    let is_secret = |name: &str| name.starts_with("CLOUDNEXUS_") || name.starts_with("CNX_PARAM_");
    let values = environment.0.iter().filter(|(name, value)| is_secret(name) && value.len() >= 8);
    values.map(|(_, value)| value.clone()).collect()
}

/// What is said when an invariant of cnx does not hold.
fn broken(said: &str, place: &str, secrets: &[String]) -> String {
    let said = secrets.iter().fold(redact(said), |text, secret| text.replace(secret, "(redacted)"));
    format!(
        "error: cnx is broken: {} ({place})\n  help: please report this; run again: what was under way is taken up\n",
        escape::clean(&said)
    )
}

/// The same in a given world, for tests.
pub fn run_in(world: World, mut out: Writer, mut err: Writer, arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let refused = habits::refused(&arguments, &Arguments::command());
    let parsed = match refused.map_or_else(|| Arguments::try_parse_from(&arguments), Err) {
        Ok(parsed) => parsed,
        Err(mut error) => {
            habits::translate(&mut error, &arguments);
            return usage(&error, &mut out, &mut err).code();
        }
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
        Command::Drift(arguments) => drift::run(shell, &arguments),
        Command::Show(arguments) => show::run(shell, &arguments),
        Command::Output(arguments) => state::output(shell, &arguments),
        Command::State(arguments) => state::run(shell, &arguments),
        Command::Recover(arguments) => recover::run(shell, &arguments),
        Command::Unlock(arguments) => unlock::run(shell, &arguments),
        Command::Check(arguments) => check::run(shell, &arguments),
        Command::Console(arguments) => console::run(shell, &arguments),
        Command::Test(arguments) => test::run(shell, &arguments),
        Command::Env(arguments) => match arguments.command {
            EnvCommand::List => env::list(shell),
        },
        Command::Doctor(arguments) => doctor::run(shell, &arguments),
        Command::Explain(arguments) => explain::run(shell, &arguments),
        Command::Graph(arguments) => graph::run(shell, &arguments),
        Command::Why(arguments) => why::run(shell, &arguments),
        Command::Docs(arguments) => docs::run(shell, &arguments),
        Command::Emulator(arguments) => emulator::run(shell, &arguments),
        Command::Completions(arguments) => Ok(completions::run(shell, &arguments)),
        Command::Version => Ok(version::run(shell)),
    }
}

/// Help and version are results; anything else that clap says is an error.
fn usage(error: &clap::Error, out: &mut Writer, err: &mut Writer) -> Exit {
    let text = escape::clean_lines(&error.render().to_string()).into_owned();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_tells_no_secret_and_no_escape() {
        let pairs =
            [("CLOUDNEXUS_API_KEY", "of-no-family-77"), ("CNX_PARAM_PASSWORD", "hunter2hunter2"), ("HOME", "/home/me")];
        let environment = Environment(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
        let said = "\u{1b}[2J of-no-family-77 hunter2hunter2 cnx_sk_live_8f9d2a1b4c5e6f7g8h9i0j /home/me";
        let text = broken(said, "src/x.rs:1:1", &secrets_of(&environment));
        let wanted = "error: cnx is broken: \\u{1b}[2J (redacted) (redacted) (key redacted) /home/me (src/x.rs:1:1)\n";
        assert!(text.starts_with(wanted), "{text}");
    }
}
