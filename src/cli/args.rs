//! The arguments as clap reads them. Knows no command's work.

use super::address::plain;
pub use super::args_emulator::Emulator;
pub use super::args_reference::{Console, Docs, Graph, GraphFormat, Why};
pub use super::args_state::{State, StateCommand, StateHistory, StateImport, StateRestore};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Infrastructure as code for the CloudNexus cloud.
#[derive(Debug, Parser)]
#[command(
    name = "cnx",
    version,
    max_term_width = 100,
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub struct Arguments {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Work in this folder
    #[arg(short = 'C', value_name = "DIR", global = true, default_value = ".", hide_default_value = true)]
    pub directory: PathBuf,
    /// A declared environment; without it the first whose target is `local`
    #[arg(short, long = "env", value_name = "NAME", global = true)]
    pub environment: Option<String>,
    /// A parameter: raw text for a string, an expression for everything else
    #[arg(short, long = "param", value_name = "NAME=VALUE", global = true)]
    pub parameters: Vec<String>,
    /// A file of `NAME = VALUE` lines, or with a JSON object
    #[arg(long = "params", value_name = "FILE", global = true)]
    pub parameter_file: Option<PathBuf>,
    /// Ask for parameters that have no value
    #[arg(long = "param-prompt", global = true)]
    pub parameter_prompt: bool,
    /// Refuse a module that the lock file does not hold yet
    #[arg(long, global = true)]
    pub locked: bool,
    /// Fetch no module: what is needed must be here already
    #[arg(long, global = true)]
    pub offline: bool,
    /// For machines: one versioned JSON object a line
    #[arg(long, global = true)]
    pub json: bool,
    /// When to use colour
    #[arg(long = "color", value_name = "WHEN", global = true, default_value = "auto", hide_default_value = true)]
    pub colour: Colour,
    /// Never ask anything
    #[arg(long, global = true)]
    pub no_input: bool,
    /// Say only what was asked for, and errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Show every request (secrets redacted) and plans in full detail
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// Write every request to a file, one JSON object a line (secrets redacted, bodies left out)
    #[arg(long, value_name = "FILE", global = true)]
    pub trace: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a first project
    Init(Init),
    /// Bring files into their canonical form
    Fmt(Fmt),
    /// Everything that can be known without a request
    Check(Check),
    /// Read, compare, explain; change nothing
    Plan(Plan),
    /// Plan, ask, apply
    Apply(Apply),
    /// Destroy everything that is managed here
    Destroy(Destroy),
    /// What was changed outside cnx since the last apply
    Drift(Drift),
    /// Show the state, or a saved plan
    Show(Show),
    /// Show the outputs
    Output(Output),
    /// The state: look into it, change it by hand, copy it, go back
    State(State),
    /// End what an earlier run left open; rebuild the map of a lost state
    Recover(Recover),
    /// Take the lock away from a run that will not end
    Unlock(Unlock),
    /// Run an action now
    Run(Run),
    /// The declared environments
    Env(Env),
    /// Evaluate expressions against the program, the state and what is there
    Console(Console),
    /// Run the tests of `*.test.cnx`
    Test(Test),
    /// The long form of an error
    Explain(Explain),
    /// What there is: kinds, functions, the project's own declarations
    Docs(Docs),
    /// What depends on what
    Graph(Graph),
    /// Where a value comes from; why something changes
    Why(Why),
    /// What the target supports
    Doctor(Doctor),
    /// The local CloudNexus
    Emulator(Emulator),
    /// A completion script for a shell
    Completions(Completions),
    /// The version, and the formats that this cnx reads
    Version,
}

#[derive(Debug, Args)]
pub struct Init {
    /// Where; it is made if it is not there
    #[arg(value_name = "DIR")]
    pub folder: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Check {
    /// For code scanning, or for annotations of a workflow
    #[arg(long, value_name = "FORMAT", conflicts_with = "json")]
    pub format: Option<Format>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Sarif,
    Github,
}

#[derive(Debug, Args)]
pub struct Test {
    /// Folders; without any that of the project. Those below them count too
    #[arg(value_name = "DIR")]
    pub folders: Vec<PathBuf>,
    /// Only tests with this in their name, or in their file's
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,
    /// Write the results as JUnit's XML too
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Fmt {
    /// Files and folders; `-` is standard input
    pub paths: Vec<PathBuf>,
    /// Change nothing; exit with 1 where something would change
    #[arg(long)]
    pub check: bool,
    /// Show what would change, change nothing
    #[arg(long)]
    pub diff: bool,
}

/// What shapes a plan.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Planning options")]
pub struct Planning {
    /// Only this address, its instances and what they need (`*` is a wildcard)
    #[arg(long = "target", value_name = "ADDR", value_parser = plain)]
    pub targets: Vec<String>,
    /// Not this address, nor what needs it
    #[arg(long = "exclude", value_name = "ADDR", value_parser = plain)]
    pub excludes: Vec<String>,
    /// Replace this object
    #[arg(long = "replace", value_name = "ADDR", value_parser = plain)]
    pub replace: Vec<String>,
    /// Approve destroying or replacing what holds data or is in a protected environment
    #[arg(long = "allow-destroy", value_name = "ADDR", value_parser = plain)]
    pub allow_destroy: Vec<String>,
    /// What is read first
    #[arg(long, value_name = "WHAT", default_value = "all")]
    pub refresh: Refresh,
    /// An object that can't be found is gone
    #[arg(long = "assume-gone", value_name = "ADDR", value_parser = plain)]
    pub assume_gone: Vec<String>,
    /// Send again what an earlier run left with an unknown outcome
    #[arg(long = "retry-unknown")]
    pub retry_unknown: bool,
    /// Take over existing objects that match by their natural key
    #[arg(long, value_name = "HOW")]
    pub adopt: Option<Adopt>,
    /// The object that was adopted by a guess is the right one
    #[arg(long, value_name = "ADDR", value_parser = plain)]
    pub confirm: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refresh {
    /// Everything that is managed
    #[default]
    All,
    /// What the program changes
    Changed,
    /// Nothing: the state's word stands
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Adopt {
    /// Only where every attribute agrees
    Exact,
}

#[derive(Debug, Args)]
pub struct Plan {
    /// Save the plan for `cnx apply FILE`
    #[arg(short, long = "out", value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// The plan of an empty program
    #[arg(long)]
    pub destroy: bool,
    /// Show what differs from the state, plan no changes
    #[arg(long, conflicts_with = "destroy")]
    pub refresh_only: bool,
    /// Exit with 2 where there are changes
    #[arg(long)]
    pub detailed_exitcode: bool,
    #[command(flatten)]
    pub planning: Planning,
}

/// What an apply may do.
#[derive(Clone, Debug, Args)]
pub struct Consent {
    /// Apply without asking
    #[arg(short, long)]
    pub yes: bool,
    /// Approve exactly the plan with this fingerprint
    #[arg(long, value_name = "sha256:…")]
    pub approve: Option<String>,
    /// When a step fails: let the others finish, start nothing more, or undo what this run did
    #[arg(long, value_name = "WHAT", default_value = "continue")]
    pub on_failure: OnFailure,
    /// Plan again afterwards: nothing may be left to do
    #[arg(long)]
    pub verify: bool,
    /// What a create without an answer made: `ADDR=ID`, or `ADDR=none`
    #[arg(long = "answer", value_name = "ADDR=ID", value_parser = plain)]
    pub answers: Vec<String>,
    /// Wait so long for the lock (`30s`, `5m`)
    #[arg(long, value_name = "DURATION")]
    pub lock_timeout: Option<String>,
    /// Exit with 2 where something was changed
    #[arg(long)]
    pub detailed_exitcode: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OnFailure {
    Continue,
    Stop,
    Rollback,
}

#[derive(Debug, Args)]
pub struct Apply {
    /// A plan saved by `cnx plan -o`: applied only if it is still the same
    pub file: Option<PathBuf>,
    /// Take the changes made outside into the state, change nothing else
    #[arg(long)]
    pub refresh_only: bool,
    #[command(flatten)]
    pub consent: Consent,
    #[command(flatten)]
    pub planning: Planning,
}

#[derive(Debug, Args)]
pub struct Destroy {
    #[command(flatten)]
    pub consent: Consent,
    #[command(flatten)]
    pub planning: Planning,
}

#[derive(Debug, Args)]
pub struct Drift {
    /// Take the drift at this address as it is now for granted
    #[arg(long, value_name = "ADDR", value_parser = plain, requires = "until")]
    pub accept: Vec<String>,
    /// The last day on which that holds
    #[arg(long, value_name = "DATE", requires = "accept")]
    pub until: Option<String>,
}

#[derive(Debug, Args)]
pub struct Show {
    /// A saved plan; without it the state
    pub file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Output {
    /// One output; without it all of them
    pub name: Option<String>,
    /// The bare text, for a shell
    #[arg(long, requires = "name", conflicts_with = "json")]
    pub raw: bool,
    /// Show secret ones too
    #[arg(long)]
    pub reveal: bool,
}

#[derive(Debug, Args)]
pub struct Recover {
    /// Rebuild a lost state from the marks on what it made
    #[arg(long)]
    pub from_cloud: bool,
    /// Of several lost states, the one with this lineage
    #[arg(long, value_name = "LINEAGE", requires = "from_cloud")]
    pub lineage: Option<String>,
    /// What a create without an answer made: `ADDR=ID`, or `ADDR=none`
    #[arg(long = "answer", value_name = "ADDR=ID", value_parser = plain, conflicts_with = "from_cloud")]
    pub answers: Vec<String>,
    /// What left no trace was not made
    #[arg(long = "retry-unknown", conflicts_with = "from_cloud")]
    pub retry_unknown: bool,
    /// The only object that a create can have made is its own, by a guess
    #[arg(long, value_name = "HOW", conflicts_with = "from_cloud")]
    pub adopt: Option<Adopt>,
    /// Wait so long for the lock (`30s`, `5m`)
    #[arg(long, value_name = "DURATION")]
    pub lock_timeout: Option<String>,
    /// Write the rebuilt state without asking
    #[arg(short, long, requires = "from_cloud")]
    pub yes: bool,
}

#[derive(Debug, Args)]
pub struct Unlock {
    /// Without asking
    #[arg(short, long)]
    pub yes: bool,
}

#[derive(Debug, Args)]
pub struct Run {
    /// A declared action (`cdn_purge.assets`), or an object (`server.web[1]`)
    #[arg(value_parser = plain)]
    pub address: String,
    /// For an object: the action's kind (`reboot`)
    pub action: Option<String>,
    /// Run without asking
    #[arg(short, long)]
    pub yes: bool,
}

#[derive(Debug, Args)]
pub struct Env {
    #[command(subcommand)]
    pub command: EnvCommand,
}

#[derive(Debug, Subcommand)]
pub enum EnvCommand {
    /// Every declared environment
    List,
}

#[derive(Debug, Args)]
pub struct Doctor {
    /// Also make an object that costs nothing and delete it: tells of idempotency keys and of lists that lag
    #[arg(long)]
    pub write: bool,
    /// Examine this cloud instead of the environment's
    #[arg(long, value_name = "TARGET")]
    pub target: Option<Cloud>,
    /// Where its compute API is, such as http://127.0.0.1:4710/v1
    #[arg(long, value_name = "URL")]
    pub compute_url: Option<String>,
    /// Where its platform API is, such as http://127.0.0.1:4711/v1
    #[arg(long, value_name = "URL")]
    pub platform_url: Option<String>,
}

/// A cloud, in the words of `target`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Cloud {
    /// The emulator inside cnx
    Local,
    /// CloudNexus's sandbox
    Sandbox,
    /// CloudNexus
    Production,
}

#[derive(Debug, Args)]
pub struct Explain {
    /// As printed with the error, or its last part; without it, a list of all
    pub code: Option<String>,
}

#[derive(Debug, Args)]
pub struct Completions {
    /// For which shell
    pub shell: clap_complete::Shell,
}
