//! The command line.

mod values;

use std::time::Duration;

use clap::{
    Args as ClapArgs, CommandFactory, Parser, Subcommand, ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
    error::ErrorKind,
};
use holdover_proto::v1::{HoldingKind, Verdict};

use self::values::{
    TaskId, address, fields, filter, limit, reason, sort_of_rows, task, token, while_of,
};
pub(crate) use self::values::{TokenId, is_of_groups, nearest, sort};
use crate::{
    client::Address,
    config::{Interval, SourceRoot},
    explain,
    theme::Look,
    words,
};

/// A live console for async Rust: which cancelled tasks still hold something, and what.
#[derive(Debug, Parser)]
#[command(name = "holdover", version, max_term_width = 100, subcommand_precedence_over_arg = true)]
pub(crate) struct Args {
    /// The service, or several: `host:port`, a port, or `unix:/path`. By default those that are
    /// set, else the only one on this machine that can be found, else 127.0.0.1:6669.
    #[arg(value_name = "ADDR", value_parser = address)]
    pub(crate) addresses: Vec<Address>,

    #[command(flatten)]
    pub(crate) flags: Flags,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// How it is drawn: before a command or after it.
#[derive(Debug, Default, ClapArgs)]
pub(crate) struct Flags {
    /// Draw with ASCII characters only.
    #[arg(long, global = true)]
    pub(crate) ascii: bool,

    /// terminal, high-contrast, ascii or none; `NO_COLOR` is `none`.
    #[arg(long, global = true, value_name = "THEME", value_parser = look(), ignore_case = true)]
    pub(crate) theme: Option<Look>,

    /// Ask the target so often what changed, from 50ms to 1m.
    #[arg(long, global = true, value_name = "DURATION")]
    pub(crate) interval: Option<Interval>,

    /// Where the source is of a service that was built elsewhere.
    #[arg(long = "source-root", global = true, value_name = "FROM=TO")]
    pub(crate) source_roots: Vec<SourceRoot>,

    /// Panic at this key: how a test sees that the terminal is given back.
    #[arg(long, global = true, hide = true, value_name = "KEY")]
    pub(crate) panic_at: Option<char>,
}

impl Args {
    /// What was typed; what is wrong with it is said, and ends the program.
    pub(crate) fn typed() -> Self {
        let args = Self::parse();
        if let (Some(address), Some(_)) = (args.addresses.first(), &args.command) {
            let message = format!("the address comes after the command, as in `leaks {address}`");
            Self::command().error(ErrorKind::ArgumentConflict, message).exit();
        }
        args
    }
}

fn look() -> impl TypedValueParser<Value = Look> {
    PossibleValuesParser::new(Look::ALL.map(Look::name)).try_map(|name| name.parse::<Look>())
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print the leaks of this moment.
    Leaks(Leaks),
    /// Print the tasks of this moment.
    Tasks(Tasks),
    /// Print what is held at this moment, and by whom.
    Holdings(Print),
    /// Print what happened lately.
    Events(Print),
    /// Print the rules by which leaks are ignored, and what became of each.
    Ignored(Ignored),
    /// Print rules that ignore what is reported now, for `HOLDOVER_IGNORE`.
    Baseline(Baseline),
    /// Print what leaked and what was let go in a while, and where it grows.
    Diff(Diff),
    /// Fail when anything leaks: for a pipeline, after its load.
    Check(Check),
    /// Print the process: files and sockets, memory, threads, runtimes.
    Process(Process),
    /// Print the pools of this moment, and who has their connections.
    Pools(Print),
    /// Print the tokens that live, and whom each asks, where the service allows control.
    Tokens(Tokens),
    /// Ask a task to stop, or cancel a token, where the service allows it: `HOLDOVER_CONTROL=1`,
    /// over a Unix socket.
    Cancel(Cancel),
    /// Print how much is recorded, or set it, where the service allows it.
    Level(Level),
    /// Say why a verdict is given, and how to mend it.
    Explain(Explain),
    /// Run a small service that leaks, and attach to it.
    Demo(Demo),
    /// Print what is set for the console, and where each value comes from.
    Config,
    /// Print a script with which a shell completes commands, for its start-up file.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page, of one command if it is named: `holdover man | man -l -`.
    Man {
        /// Which command.
        command: Option<String>,
    },
}

#[derive(Debug, ClapArgs)]
#[command(after_help = fields())]
pub(crate) struct Print {
    /// The service: `host:port`, a port, or `unix:/path`.
    #[arg(value_name = "ADDR")]
    pub(crate) address: Option<Address>,

    /// Only what matches, such as `verdict:left-behind since>5s`; `@name` is a saved filter.
    #[arg(long, value_name = "EXPR", default_value = "", hide_default_value = true, value_parser = filter)]
    pub(crate) filter: String,

    /// By this field; with a `-` before it the other way round.
    #[arg(
        long,
        value_name = "FIELD",
        default_value = "",
        hide_default_value = true,
        allow_hyphen_values = true,
        value_parser = sort_of_rows
    )]
    pub(crate) sort: String,

    /// So many rows at the most.
    #[arg(long, value_name = "N", value_parser = limit)]
    pub(crate) limit: Option<usize>,

    /// One JSON object a line.
    #[arg(long)]
    pub(crate) json: bool,

    /// Go on: print what changes, until interrupted.
    #[arg(long)]
    pub(crate) follow: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Diff {
    /// The service: `host:port`, a port, or `unix:/path`.
    #[arg(value_name = "ADDR")]
    pub(crate) address: Option<Address>,

    /// How long it is from the first look to the second.
    #[arg(long = "for", value_name = "DURATION", default_value = "60s", value_parser = while_of)]
    pub(crate) between: Duration,

    /// Only what matches, such as `verdict:left-behind since>5s`; `@name` is a saved filter.
    #[arg(long, value_name = "EXPR", default_value = "", hide_default_value = true, value_parser = filter)]
    pub(crate) filter: String,

    /// One JSON object a line.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Default, ClapArgs)]
#[command(after_help = check())]
pub(crate) struct Check {
    /// The service: `host:port`, a port, or `unix:/path`.
    #[arg(value_name = "ADDR")]
    pub(crate) address: Option<Address>,

    /// How long to wait before it looks; the grace of the service by default, after which what was
    /// cancelled before has its verdict.
    #[arg(long = "for", value_name = "DURATION", value_parser = while_of)]
    pub(crate) wait: Option<Duration>,

    /// Only what matches, such as `verdict:left-behind since>5s`; `@name` is a saved filter.
    #[arg(long, value_name = "EXPR", default_value = "", hide_default_value = true, value_parser = filter)]
    pub(crate) filter: String,

    /// Warnings fail it too, and so does whatever may hide a leak.
    #[arg(long)]
    pub(crate) strict: bool,

    /// Go by what is seen in spite of this cause of blindness: what fails for one names it.
    #[arg(long, value_name = "CAUSE")]
    pub(crate) despite: Vec<String>,

    /// One JSON object a line.
    #[arg(long)]
    pub(crate) json: bool,
}

fn check() -> String {
    let codes =
        "Exit codes: 0 nothing leaks, 1 something does, 2 usage, 3 no target, 4 too blind to say.";
    format!("{codes}\n\n{}", fields())
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Process {
    /// The service: `host:port`, a port, or `unix:/path`.
    #[arg(value_name = "ADDR")]
    pub(crate) address: Option<Address>,

    /// One JSON object a line.
    #[arg(long)]
    pub(crate) json: bool,

    /// Go on: print it once a second, until interrupted.
    #[arg(long)]
    pub(crate) follow: bool,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = fields())]
pub(crate) struct Leaks {
    #[command(flatten)]
    pub(crate) print: Print,

    /// Those that a rule ignores, in place of those that are reported.
    #[arg(long)]
    pub(crate) ignored: bool,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = fields())]
pub(crate) struct Tasks {
    #[command(flatten)]
    pub(crate) print: Print,

    /// A line for each value of this field: how many live, and how many have ended since the
    /// recording began, listed or not. Also sorted by live, ended, spawned, completed,
    /// cancelled, panicked, shutdown.
    #[arg(long, value_name = "FIELD")]
    pub(crate) group: Option<TasksBy>,
}

/// What tasks are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TasksBy {
    /// Where they were spawned.
    #[value(alias = "location")]
    Loc,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Ignored {
    /// The service: `host:port`, a port, or `unix:/path`.
    #[arg(value_name = "ADDR")]
    pub(crate) address: Option<Address>,

    /// One JSON object a line.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Baseline {
    /// The service: `host:port`, a port, or `unix:/path`.
    #[arg(value_name = "ADDR")]
    pub(crate) address: Option<Address>,

    /// The last day on which the rules are in force, in UTC; in 90 days by default.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) until: Option<jiff::civil::Date>,

    /// The reason that each rule gives.
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    pub(crate) why: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Tokens {
    /// The service: `unix:/path`.
    #[arg(value_name = "ADDR")]
    pub(crate) address: Option<Address>,

    /// So many at the most, those that ask most first.
    #[arg(long, value_name = "N", value_parser = limit)]
    pub(crate) limit: Option<usize>,

    /// One JSON object a line.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, ClapArgs)]
#[command(override_usage = "holdover cancel [OPTIONS] <ADDR> <TASK>\n       \
                            holdover cancel [OPTIONS] --token <TOKEN> [ADDR]")]
pub(crate) struct Cancel {
    /// The service: `unix:/path`.
    #[arg(value_name = "ADDR", required_unless_present = "token")]
    pub(crate) address: Option<Address>,

    /// Which task, by the number that it is shown with.
    #[arg(
        value_name = "TASK",
        value_parser = task,
        required_unless_present = "token",
        conflicts_with = "token"
    )]
    pub(crate) task: Option<TaskId>,

    /// In place of a task a token, by its number or its name, with whoever it asks;
    /// `holdover tokens` lists them.
    #[arg(long, value_name = "TOKEN", value_parser = token)]
    pub(crate) token: Option<TokenId>,

    /// The reason that its story gives.
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    pub(crate) reason: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Level {
    /// The service: `host:port`, a port, or `unix:/path`.
    #[arg(value_name = "ADDR")]
    pub(crate) address: Address,

    /// How much is recorded from now on: nothing, tasks, or also what they hold.
    #[arg(value_parser = ["off", "tasks", "all"])]
    pub(crate) level: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Explain {
    /// Which verdict.
    #[arg(value_parser = verdict(), ignore_case = true)]
    pub(crate) verdict: Verdict,

    /// What is held.
    #[arg(value_parser = kind(), ignore_case = true)]
    pub(crate) kind: Option<HoldingKind>,
}

fn verdict() -> impl TypedValueParser<Value = Verdict> {
    let named = |name: String| explain::verdict_named(&name).ok_or("there is no such verdict");
    PossibleValuesParser::new(explain::verdicts()).try_map(named)
}

fn kind() -> impl TypedValueParser<Value = HoldingKind> {
    let named = |name: String| words::kind_named(&name).ok_or("nothing is held that is called so");
    PossibleValuesParser::new(words::kinds()).try_map(named)
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Demo {
    /// Which one; --list names them.
    #[arg(value_name = "SCENARIO")]
    pub(crate) scenario: Option<String>,

    /// Name every scenario, with a line about each.
    #[arg(long, conflicts_with = "scenario")]
    pub(crate) list: bool,

    /// Be the service: so many rounds, 0 for no end.
    #[arg(long, hide = true, value_name = "ROUNDS")]
    pub(crate) serve: Option<u32>,
}
