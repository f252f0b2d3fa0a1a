//! The arguments of `cnx emulator` as clap reads them. Knows no command's work.

use crate::emulator::{EFFECTS, KNOBS, serve::PORT_BASE};
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct Emulator {
    /// A served emulator: its control address or control port; without it the project's own
    #[arg(long, value_name = "WHERE", global = true)]
    pub at: Option<String>,
    #[command(subcommand)]
    pub command: EmulatorCommand,
}

#[derive(Debug, Subcommand)]
pub enum EmulatorCommand {
    /// Serve it over HTTP on this machine
    Serve(Serve),
    /// Forget everything that it holds; knobs stay as they are
    Reset {
        /// Turn a knob first (`fixtures=documented`)
        #[arg(long = "set", value_name = "KNOB=VALUE")]
        set: Vec<String>,
    },
    /// Show the knobs, or turn some of them
    #[command(after_long_help = knobs())]
    Config {
        /// What to turn
        #[arg(value_name = "KNOB=VALUE")]
        set: Vec<String>,
        /// Forget what was turned since it was started
        #[arg(long)]
        clear: bool,
    },
    /// The requests that it was sent, newest last
    Requests(Requests),
    /// What is to go wrong
    Fault(Fault),
    /// What the cloud holds
    State(State),
    /// Its virtual time
    Clock(Clock),
}

#[derive(Debug, Args)]
#[command(after_long_help = knobs())]
pub struct Serve {
    /// The first of its four ports; 0 takes free ones
    #[arg(long, default_value_t = PORT_BASE)]
    pub port_base: u16,
    /// Keep its world in this folder; without it, it ends with the process
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// What is in it at first
    #[arg(long)]
    pub fixtures: Option<Fixtures>,
    /// How much of the API there is
    #[arg(long)]
    pub profile: Option<Profile>,
    /// Documented delays are multiplied by this; 0 is at once
    #[arg(long)]
    pub time_factor: Option<f64>,
    /// Whether its virtual time runs
    #[arg(long)]
    pub clock: Option<ClockMode>,
    /// What ids, delays and draws come from
    #[arg(long)]
    pub seed: Option<u64>,
    /// Any knob of the list below
    #[arg(long = "set", value_name = "KNOB=VALUE")]
    pub set: Vec<String>,
    /// Print one JSON line with its addresses when it can be spoken to
    #[arg(long)]
    pub ready: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Profile {
    /// Everything that cnx can use
    Full,
    /// Nothing beyond the documents
    Documented,
    /// The same, and no way to read a job
    DocumentedNojobs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Fixtures {
    Empty,
    /// The objects of the documents' examples
    Documented,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ClockMode {
    /// It follows real time
    Real,
    /// Only `cnx emulator clock` moves it
    Manual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Surface {
    /// Compute
    C,
    /// Platform
    P,
    /// The platform's sandbox
    Sandbox,
}

#[derive(Debug, Args)]
pub struct Requests {
    /// At most so many, the last ones
    #[arg(long)]
    pub limit: Option<usize>,
    /// Those after the one with this number
    #[arg(long, value_name = "NUMBER")]
    pub since: Option<u64>,
    #[arg(long)]
    pub surface: Option<Surface>,
    #[arg(long)]
    pub method: Option<String>,
    /// With `/v1`, `*` for any run of characters
    #[arg(long, value_name = "PATTERN")]
    pub path: Option<String>,
    /// `409`, `4xx`, or `error` for 400 and more
    #[arg(long)]
    pub status: Option<String>,
    /// Those that met this fault (`*`: any)
    #[arg(long, value_name = "EFFECT")]
    pub fault: Option<String>,
}

#[derive(Debug, Args)]
pub struct Fault {
    #[command(subcommand)]
    pub command: FaultCommand,
}

#[derive(Debug, Subcommand)]
pub enum FaultCommand {
    /// Let something go wrong
    Add(Box<FaultAdd>),
    /// The faults that are set, in order, and how often they happened
    List,
    /// Take faults away
    Remove {
        /// Their numbers
        #[arg(required_unless_present = "all", value_name = "ID")]
        ids: Vec<u64>,
        /// All of them
        #[arg(long)]
        all: bool,
    },
}

#[derive(Debug, Args)]
#[command(after_long_help = effects())]
pub struct FaultAdd {
    /// One of the list below
    pub effect: String,
    /// Its settings, as the list below shows them
    #[arg(value_name = "NAME=VALUE")]
    pub settings: Vec<String>,
    /// Only requests to this surface
    #[arg(long)]
    pub surface: Option<Surface>,
    /// Only requests with this method
    #[arg(long)]
    pub method: Option<String>,
    /// Only requests to this path, with `/v1`, `*` for any run of characters
    #[arg(long, value_name = "PATTERN")]
    pub path: Option<String>,
    /// Only requests with this key
    #[arg(long)]
    pub key: Option<String>,
    /// Of those only the n-th
    #[arg(long, value_name = "N")]
    pub nth: Option<u64>,
    /// Of those every n-th
    #[arg(long, value_name = "N")]
    pub every: Option<u64>,
    /// Of those so many, drawn from the seed (0 to 1)
    #[arg(long, value_name = "PROBABILITY", value_parser = probability)]
    pub p: Option<f64>,
    /// Of those all after the n-th
    #[arg(long, value_name = "N")]
    pub after: Option<u64>,
    /// At most so often
    #[arg(long)]
    pub times: Option<u32>,
    /// What the probability is drawn from; without it the emulator's seed
    #[arg(long)]
    pub seed: Option<u64>,
    /// Before this fault instead of after all others
    #[arg(long, value_name = "ID")]
    pub before: Option<u64>,
}

#[derive(Debug, Args)]
pub struct State {
    #[command(subcommand)]
    pub command: Option<StateCommand>,
}

#[derive(Debug, Subcommand)]
pub enum StateCommand {
    /// Every object, or those of a kind
    List {
        /// `server`, `compute_instance`, …; `job` for the jobs
        kind: Option<String>,
        /// Live or test data alone
        #[arg(long, value_name = "WHICH")]
        data: Option<DataOf>,
    },
    /// Write the whole world down
    Export {
        /// Where to; without it standard output
        file: Option<PathBuf>,
    },
    /// Put a world that was written down in the place of this one
    Import { file: PathBuf },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DataOf {
    Live,
    Test,
}

#[derive(Debug, Args)]
pub struct Clock {
    #[command(subcommand)]
    pub command: Option<ClockCommand>,
}

#[derive(Debug, Subcommand)]
pub enum ClockCommand {
    /// Both times
    Show,
    /// Let virtual time pass (`90s`, `1h30m`)
    Advance { span: String },
    /// Let virtual time pass until an instant (`2030-01-01T00:00:00Z`)
    Set { instant: String },
}

/// The list of knobs that help texts end with.
fn knobs() -> String {
    let mut text = "Knobs (KNOB=VALUE):\n".to_owned();
    for knob in KNOBS {
        let default = knob.default_value();
        let default = default.as_str().map_or_else(|| default.to_string(), str::to_owned);
        let default = if default == "null" { "none".to_owned() } else { default };
        text.push_str(&format!(
            "  {}: {}\n      {} (default {default}; {})\n",
            knob.name, knob.meaning, knob.values, knob.source
        ));
    }
    text
}

/// The list of effects that a fault's help ends with.
fn effects() -> String {
    let mut text = "Effects, with examples of their settings:\n".to_owned();
    for effect in EFFECTS {
        let settings = effect.settings.join(" ");
        text.push_str(&format!("  {} {settings}\n      {}\n", effect.name, effect.meaning));
    }
    text
}

fn probability(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| (0.0..=1.0).contains(number));
    number.ok_or_else(|| "a probability is a number from 0 to 1".to_owned())
}
