//! `holdover`: a live console for async Rust, in the terminal.

mod app;
mod args;
mod asked;
mod client;
mod demo;
mod explain;
mod format;
mod keymap;
mod model;
mod names;
mod print;
mod terminal;
mod theme;
mod view;
mod words;

use std::{
    io::{self, IsTerminal},
    process::ExitCode,
    time::Instant,
};

use clap::Parser;

use crate::{
    app::Ui,
    args::{Args, Command, Demo},
    client::Address,
    print::Kind,
    theme::Theme,
};

/// Reads the clock. Only this file does: everything else takes `now`.
type Now = fn() -> Instant;

#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
fn now() -> Instant {
    Instant::now()
}

/// What went wrong, and with it the exit code.
#[derive(Debug)]
enum Failure {
    /// The command line or a setting; 2.
    Usage(String),
    /// No target, or one that does not answer; 3.
    Connect(String),
    /// The terminal or a file; 1.
    Io(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn main() -> ExitCode {
    let args = Args::parse();
    if let Some(Command::Demo(Demo { serve: Some(rounds), scenario, .. })) = &args.command {
        let served = demo::find(scenario.as_deref()).and_then(|it| demo::serve(it, *rounds));
        return served.map_or_else(|failure| fail(&failure), |()| ExitCode::SUCCESS);
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let ran = runtime.map_err(Failure::Io).and_then(|runtime| {
        let ran = runtime.block_on(run(args));
        // The terminal's reader blocks a thread until the next key: it is not waited for.
        runtime.shutdown_background();
        ran
    });
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => fail(&failure),
    }
}

#[expect(clippy::print_stderr, reason = "the program's own errors")]
fn fail(failure: &Failure) -> ExitCode {
    let (message, code) = match failure {
        Failure::Usage(message) => (message.clone(), 2),
        Failure::Connect(message) => (message.clone(), 3),
        Failure::Io(error) => (error.to_string(), 1),
    };
    eprintln!("holdover: {message}");
    ExitCode::from(code)
}

async fn run(args: Args) -> Result<(), Failure> {
    let theme = Theme::new(args.ascii, no_color());
    let ui = Ui { theme, now, panic_at: args.panic_at };
    match args.command {
        None => attach(target(args.address)?, ui).await,
        Some(Command::Leaks(what)) => {
            let kind = if what.ignored { Kind::Ignored } else { Kind::Leaks };
            print::print(kind, what.print).await
        }
        Some(Command::Tasks(what)) => print::print(Kind::Tasks, what).await,
        Some(Command::Events(what)) => print::print(Kind::Events, what).await,
        Some(Command::Ignored(what)) => print::rules(what).await,
        Some(Command::Baseline(what)) => print::baseline(what).await,
        Some(Command::Process(what)) => print::process(what).await,
        Some(Command::Pools(what)) => print::print(Kind::Pools, what).await,
        Some(Command::Explain(what)) => print::explain(&what.verdict, what.kind.as_deref()),
        Some(Command::Demo(demo)) if demo.list => demo::list(),
        Some(Command::Demo(demo)) => {
            let scenario = demo::find(demo.scenario.as_deref())?;
            if io::stdout().is_terminal() {
                demo::show(scenario, ui).await
            } else {
                demo::tell(scenario, now).await
            }
        }
    }
}

/// Opens the console on a target.
async fn attach(address: Address, ui: Ui) -> Result<(), Failure> {
    if !io::stdout().is_terminal() {
        let hint = "standard output is no terminal; `holdover leaks` prints";
        return Err(Failure::Usage(hint.to_owned()));
    }
    let (_taken, mut terminal) = terminal::take()?;
    app::run(&mut terminal, address, ui).await?;
    Ok(())
}

/// What was named, else the only service that is found, else the default address.
fn target(named: Option<Address>) -> Result<Address, Failure> {
    if let Some(address) = named {
        return Ok(address);
    }
    let mut found = client::discovered();
    if found.len() <= 1 {
        return Ok(found.pop().map(|only| only.address).unwrap_or_default());
    }
    let lines: Vec<String> = found
        .iter()
        .map(|it| {
            format!("  holdover {}   {} (pid {})", it.address, format::safe(&it.service), it.pid)
        })
        .collect();
    let several = format!("several services can be attached to:\n{}", lines.join("\n"));
    Err(Failure::Usage(several))
}

/// <https://no-color.org>: set to anything but nothing.
fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}
