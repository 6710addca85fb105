//! What is asked for on the command line.

use crate::{memory, modes::Mode, scale, workloads::Workload};

pub const HELP: &str = "\
cargo bench -p holdover --bench overhead -- [FLAGS]

  --only A[,B…]     only what has A or B in its name: workloads, modes, and the rest of --list
  --rounds N        how often each workload is measured in each mode (5)
  --full            memory and scale at full size: a million tasks, minutes
  --instructions    count instructions under valgrind instead of measuring time
  --json            one object a line instead of tables
  --list            the names of everything
";

/// Enough for an interquartile range.
const ROUNDS: usize = 5;

#[derive(Debug)]
pub enum Asked {
    Help,
    List,
    Run(Args),
}

#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "they are the flags")]
pub struct Args {
    pub rounds: usize,
    pub full: bool,
    pub json: bool,
    pub instructions: bool,
    /// Not started by `cargo bench`: everything once, and small.
    pub trial: bool,
    only: Vec<String>,
}

impl Args {
    /// Those that `--only` names, or all when it names none.
    pub fn modes(&self) -> Vec<Mode> {
        let all = if self.trial { vec![Mode::Bare, Mode::Holdover] } else { Mode::ALL.to_vec() };
        let named = |mode: &Mode| self.names(mode.name());
        if !self.only_names(Mode::ALL.iter().map(|mode| mode.name())) {
            return all;
        }
        // Bare is what everything is compared with.
        Mode::ALL.into_iter().filter(|mode| *mode == Mode::Bare || named(mode)).collect()
    }

    pub fn workloads(&self) -> Vec<Workload> {
        if !self.only_names(measured()) {
            return Workload::ALL.to_vec();
        }
        Workload::ALL.into_iter().filter(|it| self.names(it.name())).collect()
    }

    /// Whether something that is measured beside the workloads is asked for.
    pub fn wants(&self, name: &str) -> bool {
        !self.only_names(measured()) || self.names(name)
    }

    pub fn scaled(&self, usual: u32, full: u32) -> u32 {
        match (self.trial, self.full) {
            (true, _) => usual / 100,
            (false, false) => usual,
            (false, true) => full,
        }
    }

    fn names(&self, name: &str) -> bool {
        self.only.iter().any(|only| name.contains(only))
    }

    fn only_names(&self, mut names: impl Iterator<Item = &'static str>) -> bool {
        names.any(|name| self.names(name))
    }
}

/// The names of what is measured.
fn measured() -> impl Iterator<Item = &'static str> {
    let workloads = Workload::ALL.into_iter().map(Workload::name);
    workloads.chain(memory::NAMES).chain(scale::NAMES)
}

/// # Errors
///
/// One sentence about what cannot be understood.
pub fn parse(given: impl Iterator<Item = String>) -> Result<Asked, String> {
    let (rounds, only) = (ROUNDS, Vec::new());
    let mut args =
        Args { rounds, full: false, json: false, instructions: false, trial: true, only };
    let mut given = given.peekable();
    while let Some(arg) = given.next() {
        let (flag, mut value) = match arg.split_once('=') {
            Some((flag, value)) => (flag.to_owned(), Some(value.to_owned())),
            None => (arg, None),
        };
        if matches!(flag.as_str(), "--only" | "--rounds") {
            value = value.or_else(|| given.next());
        } else if value.is_some() {
            return Err(format!("{flag} takes no value"));
        }
        match (flag.as_str(), value) {
            ("--help" | "-h", _) => return Ok(Asked::Help),
            ("--list", _) => return Ok(Asked::List),
            ("--bench", _) => args.trial = false,
            ("--full", _) => args.full = true,
            ("--json", _) => args.json = true,
            ("--instructions", _) => args.instructions = true,
            ("--rounds", Some(value)) => args.rounds = rounds_of(&value)?,
            ("--only", Some(value)) => args.only.extend(names_of(&value)?),
            ("--rounds" | "--only", None) => return Err(format!("{flag} needs a value")),
            _ => return Err(format!("there is no flag {flag}; --help lists them")),
        }
    }
    if args.trial {
        args.rounds = 1;
    }
    Ok(Asked::Run(args))
}

fn rounds_of(value: &str) -> Result<usize, String> {
    match value.parse() {
        Ok(rounds) if rounds > 0 => Ok(rounds),
        _ => Err(format!("--rounds takes a number from 1, and not {value:?}")),
    }
}

fn names_of(value: &str) -> Result<Vec<String>, String> {
    let names = value.split(',').map(|name| name.trim().to_owned());
    let known = |part: &str| {
        let mut all = measured().chain(Mode::ALL.iter().map(|mode| mode.name()));
        !part.is_empty() && all.any(|name| name.contains(part))
    };
    names
        .map(|name| {
            if known(&name) {
                return Ok(name);
            }
            Err(format!("--only {name:?}: nothing has that in its name; see --list"))
        })
        .collect()
}

pub fn list() {
    println!("workloads");
    for workload in Workload::ALL {
        println!("  {}", workload.name());
    }
    println!("memory and scale");
    for name in memory::NAMES.into_iter().chain(scale::NAMES) {
        println!("  {name}");
    }
    println!("modes");
    for mode in Mode::ALL {
        println!("  {:<18}{}", mode.name(), mode.meaning());
    }
}
