//! What is asked for on the command line.

use crate::{flags, modes::Mode, shop::Out};

pub const HELP: &str = "\
cargo bench -p holdover-services --bench load -- [FLAGS]

  --rounds N        how often the service is run in each mode (21)
  --requests N      requests of a run (20000)
  --connections N   that are open at once (32)
  --out memory|limited|sqlite   where the service keeps its orders; all. limited: in memory,
                    a permit, a lock and a timeout of tokio's for each request
  --only A[,B…]     only modes that have A or B in their name, beside bare
  --json            one object a line instead of a table
  --build           measure what Holdover adds to the building of a service
";

/// Enough for a 95 % interval of a median that is not just the extremes.
const ROUNDS: usize = 21;
const REQUESTS: usize = 20_000;
const CONNECTIONS: usize = 32;

pub const MODES: [Mode; 8] = [
    Mode::Bare,
    Mode::Floor,
    Mode::Holdover,
    Mode::Attached,
    Mode::Shims,
    Mode::Console,
    Mode::ConsoleForgets,
    Mode::ConsoleAttached,
];

#[derive(Debug)]
pub enum Asked {
    Help,
    Build { json: bool },
    Run(Args),
}

#[derive(Debug)]
pub struct Args {
    pub rounds: usize,
    pub requests: usize,
    pub connections: usize,
    pub json: bool,
    /// Not started by `cargo bench`: a few requests, once.
    pub trial: bool,
    pub modes: Vec<Mode>,
    pub outs: Vec<Out>,
}

/// # Errors
///
/// One sentence about what cannot be understood.
pub fn parse(given: impl Iterator<Item = String>) -> Result<Asked, String> {
    let mut args = Args {
        rounds: ROUNDS,
        requests: REQUESTS,
        connections: CONNECTIONS,
        json: false,
        trial: true,
        modes: MODES.to_vec(),
        outs: Out::ALL.to_vec(),
    };
    let mut build = false;
    for flag in flags::read(given, &["--rounds", "--requests", "--connections", "--only", "--out"])
    {
        let (flag, value) = flag?;
        match flag.as_str() {
            "--rounds" => args.rounds = flags::number(&flag, &value)?,
            "--requests" => args.requests = flags::number(&flag, &value)?,
            "--connections" => args.connections = flags::number(&flag, &value)?,
            "--only" => args.modes = modes(&value)?,
            "--out" => args.outs = vec![out(&value)?],
            "--help" | "-h" => return Ok(Asked::Help),
            "--bench" => args.trial = false,
            "--json" => args.json = true,
            "--build" => build = true,
            _ => return Err(flags::unknown(&flag)),
        }
    }
    if build {
        return Ok(Asked::Build { json: args.json });
    }
    Ok(Asked::Run(if args.trial { a_trial(args.json) } else { args }))
}

/// A few requests, once.
fn a_trial(json: bool) -> Args {
    let modes = vec![Mode::Bare, Mode::Holdover, Mode::Attached];
    Args {
        rounds: 1,
        requests: 200,
        connections: 4,
        json,
        trial: true,
        modes,
        outs: Out::ALL.to_vec(),
    }
}

fn out(value: &str) -> Result<Out, String> {
    let found = Out::ALL.into_iter().find(|out| out.name() == value);
    found.ok_or_else(|| format!("--out takes memory, limited or sqlite, and not {value:?}"))
}

fn modes(value: &str) -> Result<Vec<Mode>, String> {
    let names: Vec<&str> = value.split(',').map(str::trim).collect();
    let has = |mode: &Mode, name: &&str| !name.is_empty() && mode.name().contains(*name);
    if let Some(none) = names.iter().find(|name| !MODES.iter().any(|mode| has(mode, name))) {
        let known = MODES.map(Mode::name).join(", ");
        return Err(format!("--only {none:?}: no mode has that in its name; there are {known}"));
    }
    let wanted = |mode: &Mode| *mode == Mode::Bare || names.iter().any(|name| has(mode, name));
    Ok(MODES.into_iter().filter(wanted).collect())
}
