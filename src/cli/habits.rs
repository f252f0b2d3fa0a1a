//! What people type who come from other tools, and what it is called here. Knows words only, no command's work.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::ffi::OsString;

/// A word of another tool, what stands before it, and what to write.
struct Habit {
    after: &'static str,
    word: &'static str,
    here: &'static str,
}

const fn habit(after: &'static str, word: &'static str, here: &'static str) -> Habit {
    Habit { after, word, here }
}

/// Commands of Terraform, OpenTofu and Pulumi that have another name here.
const COMMANDS: &[Habit] = &[
    habit("", "validate", "`cnx check` tells everything that can be known without a request"),
    habit("", "preview", "`cnx plan` shows what would change"),
    habit("", "up", "`cnx apply` plans, asks and applies"),
    habit("", "update", "`cnx apply` plans, asks and applies"),
    habit("", "down", "`cnx destroy` destroys everything that is managed here"),
    habit("", "delete", "remove the declaration and `cnx apply`; `cnx destroy` destroys everything"),
    habit("", "refresh", "`cnx plan --refresh-only` shows what was changed outside, `cnx apply` reads by itself"),
    habit("", "taint", "`cnx apply --replace ADDR` replaces an object"),
    habit("", "untaint", "`cnx state untaint ADDR` keeps an object as it is"),
    habit("", "force-unlock", "`cnx unlock` takes the lock away from a run that will not end"),
    habit("", "cancel", "`cnx unlock` takes the lock away from a run that will not end"),
    habit("", "import", "write `import ADDR = \"ID\"` into the program; the next apply takes the object over"),
    habit("", "get", "modules are fetched by `cnx plan` and `cnx apply` themselves"),
    habit("", "providers", "there are none to install; `cnx docs` lists the kinds"),
    habit("", "workspace", "environments are declared: `environment NAME { … }`, `cnx env list`, `-e NAME`"),
    habit("", "stack", "environments are declared: `environment NAME { … }`, `cnx env list`, `-e NAME`"),
    habit("", "new", "`cnx init DIR` writes a first project"),
    habit("", "history", "`cnx state history` tells what runs did"),
    habit("", "config", "parameters are declared: `param NAME: TYPE`, `-p NAME=VALUE`"),
    habit("", "login", "set CLOUDNEXUS_API_KEY; the local emulator needs no key"),
    habit("", "logout", "unset CLOUDNEXUS_API_KEY; nothing is kept on this machine"),
    habit("", "help", "`cnx --help`, `cnx COMMAND --help`"),
    habit("state", "rm", "`cnx state forget ADDR` lets go of an object that stays"),
    habit("state", "mv", "`cnx state move FROM TO`"),
    habit("state", "pull", "`cnx state export`"),
    habit("state", "push", "`cnx state import FILE`"),
];

/// Options that have another name here. Terraform's have one hyphen, Pulumi's two.
const OPTIONS: &[Habit] = &[
    habit("", "auto-approve", "`--yes`, or `--approve sha256:…` for exactly one plan"),
    habit("", "skip-preview", "`--yes`, or `--approve sha256:…` for exactly one plan"),
    habit("", "var", "`-p NAME=VALUE`"),
    habit("", "config", "`-p NAME=VALUE`"),
    habit("", "var-file", "`--params FILE`"),
    habit("", "out", "`-o FILE`"),
    habit("", "stack", "`-e NAME` chooses a declared environment"),
    habit("", "chdir", "`-C DIR`"),
    habit("", "cwd", "`-C DIR`"),
    habit("", "detailed-exitcode", "`--detailed-exitcode`"),
    habit("", "exit-code", "`--detailed-exitcode`"),
    habit("", "expect-no-changes", "`--detailed-exitcode`"),
    habit("", "target", "`--target ADDR`"),
    habit("", "exclude", "`--exclude ADDR`"),
    habit("", "replace", "`--replace ADDR`"),
    habit("", "destroy", "`--destroy`"),
    habit("", "refresh", "`--refresh none`, or `--refresh changed`"),
    habit("", "refresh-only", "`--refresh-only`"),
    habit("", "lock-timeout", "`--lock-timeout SECONDS`"),
    habit("", "lock", "none: an apply always takes the lock; `cnx unlock` takes it away from a run that will not end"),
    habit("", "no-color", "`--color never`"),
    habit("", "input", "`--no-input`"),
    habit("", "json", "`--json`"),
    habit("", "raw", "`--raw`"),
    habit("", "upgrade", "none: `cnx init` fetches nothing"),
    habit("", "check", "`--check`"),
    habit("", "diff", "`--diff`"),
];

/// The refusal of an option with one hyphen, as Terraform writes them: read as letters, `-out=plan` would write a file `ut=plan`.
pub fn refused(arguments: &[OsString], command: &clap::Command) -> Option<clap::Error> {
    let words = arguments.iter().skip(1).map_while(|word| word.to_str().filter(|word| *word != "--"));
    let (written, habit) = words.filter_map(|word| Some((word, known(word.strip_prefix('-')?)?))).next()?;
    let mut error = clap::Error::new(ErrorKind::UnknownArgument).with_cmd(command);
    let written = written.split('=').next().unwrap_or(written);
    error.insert(ContextKind::InvalidArg, ContextValue::String(written.to_owned()));
    tell(&mut error, habit);
    Some(error)
}

/// Says what it is called here, where clap met another tool's word.
pub fn translate(error: &mut clap::Error, arguments: &[OsString]) {
    let kind = match error.kind() {
        ErrorKind::InvalidSubcommand => ContextKind::InvalidSubcommand,
        ErrorKind::UnknownArgument => ContextKind::InvalidArg,
        _ => return,
    };
    let Some(ContextValue::String(word)) = error.get(kind) else { return };
    let found = match word.strip_prefix("--") {
        Some(name) => known(name),
        None => COMMANDS.iter().find(|habit| habit.word == word && stands_after(arguments, habit)),
    };
    if let Some(habit) = found {
        tell(error, habit);
    }
}

/// Whether the command that the word belongs to was named before it.
fn stands_after(arguments: &[OsString], habit: &Habit) -> bool {
    habit.after.is_empty() || arguments.iter().any(|word| word == habit.after)
}

/// The option of that name, which ends before `=`.
fn known(written: &str) -> Option<&'static Habit> {
    let name = written.split('=').next()?;
    OPTIONS.iter().find(|habit| habit.word == name)
}

/// Its own word for it in the place of one that only looks alike.
fn tell(error: &mut clap::Error, habit: &Habit) {
    for alike in [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg] {
        error.remove(alike);
    }
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![format!("here: {}", habit.here).into()]));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::Arguments;
    use clap::{CommandFactory, Parser};

    #[test]
    fn every_command_that_is_named_is_there() {
        let mut named = 0;
        for habit in COMMANDS.iter().chain(OPTIONS) {
            let quoted = habit.here.split('`').skip(1).step_by(2);
            for words in quoted.filter_map(|text| text.strip_prefix("cnx ")) {
                let filled = words.replace("ADDR", "server.a").replace("COMMAND", "plan");
                let read = Arguments::try_parse_from(format!("cnx {filled}").split(' '));
                let fits = read.map_or_else(|error| error.kind() == ErrorKind::DisplayHelp, |_| true);
                assert!(fits, "`cnx {words}`, which {} is told to write", habit.word);
                named += 1;
            }
        }
        assert!(named > 20, "{named}");
    }

    #[test]
    fn a_word_that_is_one_here_too_is_left_alone() {
        let command = Arguments::command();
        for habit in COMMANDS.iter().filter(|habit| habit.after.is_empty()) {
            assert!(command.find_subcommand(habit.word).is_none(), "{}", habit.word);
        }
        for fine in [&["cnx", "plan", "-o", "out"][..], &["cnx", "run", "a.b", "--", "-out"]] {
            let words: Vec<OsString> = fine.iter().map(OsString::from).collect();
            assert!(refused(&words, &command).is_none(), "{fine:?}");
        }
    }
}
