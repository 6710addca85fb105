//! What is asked for on the command line.

use crate::{flags, memory, modes::Mode, scale, workloads::Workload};

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
    for flag in flags::read(given, &["--rounds", "--only"]) {
        let (flag, value) = flag?;
        match flag.as_str() {
            "--help" | "-h" => return Ok(Asked::Help),
            "--list" => return Ok(Asked::List),
            "--bench" => args.trial = false,
            "--full" => args.full = true,
            "--json" => args.json = true,
            "--instructions" => args.instructions = true,
            "--rounds" => args.rounds = flags::number(&flag, &value)?,
            "--only" => args.only.extend(names_of(&value)?),
            _ => return Err(flags::unknown(&flag)),
        }
    }
    if args.trial {
        args.rounds = 1;
    }
    Ok(Asked::Run(args))
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
