//! `holdover`: a live console for async Rust, in the terminal.

mod app;
mod args;
mod asked;
mod client;
mod columns;
mod config;
mod control;
mod demo;
mod editor;
mod explain;
mod export;
mod format;
mod keymap;
mod manual;
mod model;
mod names;
mod outside;
mod print;
mod remembered;
mod saved;
mod source;
mod subject;
mod terminal;
mod theme;
mod view;
mod whose;
mod words;

use std::{
    io::{self, IsTerminal},
    process::ExitCode,
    time::Instant,
};

use crate::{
    app::Ui,
    args::{Args, Command, Demo, Flags, Print, TasksBy},
    client::{Address, Addresses},
    config::{Config, Problem},
    print::Kind,
    theme::Theme,
    whose::Whose,
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
    /// The target does not do what it was asked to; 1.
    Refused(String),
    /// The service of a demo is gone; 1.
    Ended(String),
    /// How many were found where there should be none; 1.
    Leaks(String),
    /// It cannot be said that there are none; 4.
    Blind(String),
    /// The terminal or a file; 1.
    Io(io::Error),
}

impl Failure {
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Refused(_) | Self::Ended(_) | Self::Leaks(_) | Self::Io(_) => 1,
            Self::Usage(_) => 2,
            Self::Connect(_) => 3,
            Self::Blind(_) => 4,
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Usage(message)
            | Self::Connect(message)
            | Self::Refused(message)
            | Self::Ended(message)
            | Self::Leaks(message)
            | Self::Blind(message) => f.write_str(message),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Problem> for Failure {
    fn from(Problem(why): Problem) -> Self {
        Self::Usage(why)
    }
}

fn main() -> ExitCode {
    let args = Args::typed();
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
    eprintln!("holdover: {failure}");
    ExitCode::from(failure.code())
}

async fn run(args: Args) -> Result<(), Failure> {
    let Args { addresses, flags, command } = args;
    let config = || Config::load(&flags);
    match command {
        None => attach(targets(addresses)?, ui(config()?, &flags)).await,
        Some(Command::Leaks(what)) => {
            let kind = if what.ignored { Kind::Ignored } else { Kind::Leaks };
            print::print(kind, in_full(what.print, &config()?)?).await
        }
        Some(Command::Tasks(what)) => {
            let config = config()?;
            let (kind, print) = match what.group {
                Some(TasksBy::Loc) => (Kind::TaskGroups, with_filters(what.print, &config)?),
                None => (Kind::Tasks, in_full(what.print, &config)?),
            };
            print::print(kind, print).await
        }
        Some(Command::Holdings(what)) => {
            print::print(Kind::Holdings, in_full(what, &config()?)?).await
        }
        Some(Command::Events(what)) => print::print(Kind::Events, in_full(what, &config()?)?).await,
        Some(Command::Ignored(what)) => print::rules(what).await,
        Some(Command::Baseline(what)) => print::baseline(what).await,
        Some(Command::Diff(what)) => {
            let filter = whole_filter(&what.filter, &config()?)?;
            print::diff(args::Diff { filter, ..what }).await
        }
        Some(Command::Check(what)) => {
            let filter = whole_filter(&what.filter, &config()?)?;
            print::check(args::Check { filter, ..what }).await
        }
        Some(Command::Process(what)) => print::process(what).await,
        Some(Command::Pools(what)) => print::print(Kind::Pools, in_full(what, &config()?)?).await,
        Some(Command::Tokens(what)) => print::tokens(what).await,
        Some(Command::Cancel(what)) => print::cancel(what).await,
        Some(Command::Level(what)) => print::level(what).await,
        Some(Command::Explain(what)) => print::explain(what.verdict, what.kind),
        Some(Command::Config) => {
            let (columns, orders) = (config::columns_file(), config::orders_file());
            let chosen = config::Chosen { columns: columns.as_deref(), orders: orders.as_deref() };
            Ok(config()?.show(chosen, &mut io::stdout().lock())?)
        }
        Some(Command::Completions { shell }) => manual::completions(shell),
        Some(Command::Man { command }) => manual::page(command.as_deref()),
        Some(Command::Demo(demo)) if demo.list => demo::list(),
        Some(Command::Demo(demo)) => {
            let scenario = demo::find(demo.scenario.as_deref())?;
            if can_draw().is_ok() {
                demo::show(scenario, ui(config()?, &flags)).await
            } else {
                demo::tell(scenario, now).await
            }
        }
    }
}

fn ui(config: Config, flags: &Flags) -> Ui {
    let theme = Theme::new(config.look.value, config.ascii.value);
    Ui { theme, now, config, greeting: None, panic_at: flags.panic_at }
}

/// What is asked for of rows that are in no groups, with its saved filters in full.
fn in_full(what: Print, config: &Config) -> Result<Print, Failure> {
    if args::is_of_groups(&what.sort) {
        let wrong = "is what groups of tasks count: `holdover tasks --group loc` has them";
        return Err(Failure::Usage(format!("--sort {} {wrong}", what.sort)));
    }
    with_filters(what, config)
}

fn with_filters(what: Print, config: &Config) -> Result<Print, Failure> {
    Ok(Print { filter: whole_filter(&what.filter, config)?, ..what })
}

fn whole_filter(filter: &str, config: &Config) -> Result<String, Failure> {
    if let Some((_, why)) = saved::unknown(filter, &config.filters) {
        return Err(Failure::Usage(why));
    }
    let whole = saved::expand(filter, &config.filters);
    if Whose::of(&whole).is_everybodys() {
        return Ok(whole);
    }
    let why = "`target` tells several targets apart in the console: what is printed is of one";
    Err(Failure::Usage(why.to_owned()))
}

/// Opens the console on its targets.
async fn attach(addresses: Addresses, ui: Ui) -> Result<(), Failure> {
    can_draw()?;
    let (_taken, mut terminal) = terminal::take().map_err(|error| no_terminal(&error))?;
    app::run(&mut terminal, &addresses, ui, std::future::pending::<()>()).await?;
    Ok(())
}

/// Whether there is a terminal on which something can be drawn.
fn can_draw() -> Result<(), Failure> {
    if !io::stdout().is_terminal() {
        return Err(no_screen("standard output is no terminal"));
    }
    if std::env::var_os("TERM").is_some_and(|term| term == "dumb") {
        return Err(no_screen("TERM is dumb, so nothing can be drawn on this terminal"));
    }
    Ok(())
}

/// The terminal does not let itself be taken over.
fn no_terminal(error: &io::Error) -> Failure {
    no_screen(&format!("this terminal cannot be taken over ({error})"))
}

fn no_screen(why: &str) -> Failure {
    Failure::Usage(format!("{why}; `holdover leaks` prints the same, `--follow` goes on"))
}

/// Those that were named, else all that are set, else the only service that is found, else
/// the default address.
fn targets(named: Vec<Address>) -> Result<Addresses, Failure> {
    if let Some(named) = Addresses::of(named) {
        return Ok(named);
    }
    match Addresses::of(set()?) {
        Some(set) => Ok(set),
        None => found().map(Addresses::one),
    }
}

/// The one that is named, set or found: what is printed is of one target.
fn target(named: Option<Address>) -> Result<Address, Failure> {
    if let Some(address) = named {
        return Ok(address);
    }
    let set = set()?;
    if set.len() > 1 {
        let lines: Vec<String> = set.iter().map(|it| format!("  holdover {it}")).collect();
        let several = format!("several addresses are set:\n{}", lines.join("\n"));
        return Err(Failure::Usage(several));
    }
    set.into_iter().next().map_or_else(found, Ok)
}

fn set() -> Result<Vec<Address>, Failure> {
    Ok(Config::of_files(|name| std::env::var_os(name))?.addresses.value)
}

fn found() -> Result<Address, Failure> {
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
    let all: Vec<String> = found.iter().map(|it| it.address.to_string()).collect();
    let all = format!("  holdover {}   all of them", all.join(" "));
    let several = format!("several services can be attached to:\n{}\n{all}", lines.join("\n"));
    Err(Failure::Usage(several))
}
