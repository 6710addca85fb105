//! The command line.

use clap::{Args as ClapArgs, Parser, Subcommand};

use crate::client::Address;

/// A live console for async Rust: which cancelled tasks still hold something, and what.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true, max_term_width = 100)]
pub(crate) struct Args {
    /// The service: `host:port`, a port, or `unix:/path`. By default the only one on this
    /// machine that can be found, else 127.0.0.1:6669.
    #[arg(value_name = "ADDR")]
    pub(crate) address: Option<Address>,

    /// Draw with ASCII characters only.
    #[arg(long, global = true)]
    pub(crate) ascii: bool,

    /// Panic at this key: how a test sees that the terminal is given back.
    #[arg(long, global = true, hide = true, value_name = "KEY")]
    pub(crate) panic_at: Option<char>,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print the leaks of this moment.
    Leaks(Leaks),
    /// Print the tasks of this moment.
    Tasks(Print),
    /// Print what happened lately.
    Events(Print),
    /// Print the rules by which leaks are ignored, and what became of each.
    Ignored(Ignored),
    /// Print rules that ignore what is reported now, for `HOLDOVER_IGNORE`.
    Baseline(Baseline),
    /// Print the process: files and sockets, memory, threads, runtimes.
    Process(Process),
    /// Print the pools of this moment, and who has their connections.
    Pools(Print),
    /// Say why a verdict is given, and how to mend it.
    Explain(Explain),
    /// Run a small service that leaks, and attach to it.
    Demo(Demo),
}

#[derive(Debug, ClapArgs)]
#[command(after_help = fields())]
pub(crate) struct Print {
    /// The service: `host:port`, a port, or `unix:/path`.
    #[arg(value_name = "ADDR")]
    pub(crate) address: Option<Address>,

    /// Only what matches, such as `verdict:left-behind since>5s`.
    #[arg(long, value_name = "EXPR", default_value = "", hide_default_value = true, value_parser = filter)]
    pub(crate) filter: String,

    /// By this field; with a `-` before it the other way round.
    #[arg(
        long,
        value_name = "FIELD",
        default_value = "",
        hide_default_value = true,
        allow_hyphen_values = true,
        value_parser = sort
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

/// A reason that can stand in quotes in a line.
fn reason(text: &str) -> Result<String, &'static str> {
    let fits = !text.trim().is_empty() && !text.contains(|c: char| c.is_control() || c == '\\');
    if fits {
        Ok(text.to_owned())
    } else {
        Err("expected a reason in one line, without backslashes")
    }
}

/// A filter that parses.
fn filter(text: &str) -> Result<String, holdover::FilterError> {
    holdover::Filter::parse(text).map(|_| text.to_owned())
}

/// A field, to sort by.
fn sort(text: &str) -> Result<String, String> {
    let name = text.strip_prefix('-').unwrap_or(text);
    if name.is_empty() || holdover::FIELDS.iter().any(|field| field.name == name) {
        return Ok(text.to_owned());
    }
    let all: Vec<&str> = holdover::FIELDS.iter().map(|field| field.name).collect();
    Err(format!("there is no field `{name}`; there are {}", all.join(", ")))
}

/// The fields of filters, for the help.
fn fields() -> String {
    let fields = holdover::FIELDS.iter();
    let lines: Vec<String> =
        fields.map(|field| format!("  {:<12} {}", field.name, field.meaning)).collect();
    format!("Fields to filter and to sort by:\n{}", lines.join("\n"))
}

fn limit(text: &str) -> Result<usize, &'static str> {
    text.parse().or(Err("expected a whole number"))
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Explain {
    /// stuck, left-behind, after-cancel, orphaned or overdue.
    pub(crate) verdict: String,

    /// What is held: timer, lock, connection, …
    pub(crate) kind: Option<String>,
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
