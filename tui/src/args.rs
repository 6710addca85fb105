//! The command line.

use clap::{Args as ClapArgs, Parser, Subcommand};

use crate::client::Address;

/// A live console for async Rust: which cancelled tasks still hold something, and what.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true, max_term_width = 100)]
pub(crate) struct Args {
    /// The service: host:port, a port, or unix:/path. By default the only one on this
    /// machine that can be found, else 127.0.0.1:6669.
    #[arg(value_name = "ADDR")]
    pub(crate) address: Option<Address>,

    /// Draw with ASCII characters only.
    #[arg(long, global = true)]
    pub(crate) ascii: bool,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print the leaks of this moment.
    Leaks(Print),
    /// Run a small service that leaks, and attach to it.
    Demo(Demo),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Print {
    /// The service: host:port, a port, or unix:/path.
    #[arg(value_name = "ADDR")]
    pub(crate) address: Option<Address>,

    /// One JSON object a line.
    #[arg(long)]
    pub(crate) json: bool,
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
