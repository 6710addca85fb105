//! Runs programs, some dozens at once, and compares what a console is told of them with
//! what is true of them.

use std::{
    collections::HashMap,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use super::{
    compare::{Compared, Limits, Wrong, compare, compare_fates},
    console::{Console, Rows, Told},
    program::{Form, Program},
    runtimes::{Ran, Runtimes},
    truth::{Truth, truth},
};

/// How long anything must last before it is a verdict.
const GRACE: Duration = Duration::from_millis(60);
const ORPHAN_GRACE: Duration = Duration::from_millis(150);
/// How long the console may take to say what is true.
const DEADLINE: Duration = Duration::from_secs(5);

/// Threads that drive programs.
const DRIVERS: usize = 8;
const BRIEFLY: Duration = Duration::from_millis(700);

/// An error of the proof itself.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// A program, and how what was told of it compares.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The program.
    pub program: Arc<Program>,
    /// What is true of it.
    pub truth: Truth,
    pub(super) compared: Compared,
}

impl Checked {
    /// What is wrong.
    pub fn wrong(&self) -> &[Wrong] {
        &self.compared.wrong
    }
}

/// The recording of this process, the runtimes and a console attached to it.
#[derive(Debug)]
pub struct Proof {
    console: Console,
    runtimes: Arc<Runtimes>,
    batches: u64,
    deadline: Duration,
}

impl Proof {
    /// Starts recording in this process, once.
    ///
    /// # Errors
    ///
    /// When it cannot be started, or be attached to.
    pub fn start() -> Result<Self, Error> {
        let started = holdover::Builder::new()
            .bind("127.0.0.1:0")
            .grace(GRACE)
            .orphan_grace(ORPHAN_GRACE)
            .retention(Duration::from_secs(30))
            .max_ended(100_000)
            .log(holdover::Log::Off)
            .service("accuracy")
            .try_init()?;
        let address = started.address().ok_or("recording is off")?.to_owned();
        let runtimes = Arc::new(Runtimes::start()?);
        Ok(Self { console: Console::attach(&address)?, runtimes, batches: 0, deadline: DEADLINE })
    }

    /// Runs these programs at once, or as many as can be told apart.
    ///
    /// # Errors
    ///
    /// When the console is lost.
    pub fn check(&mut self, programs: &[Arc<Program>]) -> Result<Vec<Checked>, Error> {
        let mut checked = Vec::new();
        for some in told_apart(programs) {
            checked.extend(self.check_at_once(some)?);
        }
        Ok(checked)
    }

    fn check_at_once(&mut self, programs: &[Arc<Program>]) -> Result<Vec<Checked>, Error> {
        self.batches += 1;
        let batch = format!("b{}x", self.batches);
        let all = self.run(&batch, programs);
        let truths: Vec<(Truth, bool)> =
            all.iter().map(|ran| (truth_of(ran), ran.at_rest)).collect();
        let compared = self.wait(&batch, &all, &truths)?;
        let mut checked = Vec::new();
        let fates = self.console.fates(&batch)?;
        for (((ran, (truth, at_rest)), mut compared), program) in
            all.iter().zip(truths).zip(compared).zip(programs)
        {
            let none = super::facts::Fates::new();
            let of_program = fates.get(&ran.world.names.prefix).unwrap_or(&none);
            compared.wrong.extend(compare_fates(&truth, of_program));
            if !at_rest {
                compared.wrong.push(Wrong::NoRest);
            }
            checked.push(Checked { program: Arc::clone(program), truth, compared });
        }
        self.close(&batch, all, &mut checked)?;
        Ok(checked)
    }

    /// As [`check`](Self::check), where it is known that something is wrong: nobody waits
    /// for it to become right.
    pub(super) fn check_briefly(
        &mut self,
        programs: &[Arc<Program>],
    ) -> Result<Vec<Checked>, Error> {
        self.deadline = BRIEFLY;
        let checked = self.check(programs);
        self.deadline = DEADLINE;
        checked
    }

    /// A few at a time: they are short, and wait for each other's threads.
    fn run(&self, batch: &str, programs: &[Arc<Program>]) -> Vec<Ran> {
        let drive = |driver: usize| {
            let numbered = programs.iter().cloned().enumerate();
            let mine: Vec<(usize, Arc<Program>)> = numbered.skip(driver).step_by(DRIVERS).collect();
            let (runtimes, batch) = (Arc::clone(&self.runtimes), batch.to_owned());
            thread::spawn(move || {
                let run = |(at, program): (usize, Arc<Program>)| {
                    let form = if program.form == Form::Shim { "s" } else { "p" };
                    (at, runtimes.run(program, format!("{batch}{at}{form}")))
                };
                mine.into_iter().map(run).collect::<Vec<_>>()
            })
        };
        let drivers: Vec<_> = (0..DRIVERS).map(drive).collect();
        let mut all: Vec<(usize, Ran)> =
            drivers.into_iter().filter_map(|it| it.join().ok()).flatten().collect();
        all.sort_by_key(|(at, _)| *at);
        all.into_iter().map(|(_, ran)| ran).collect()
    }

    /// Waits until what is told is what is true, and still is a grace later; or until
    /// it is too late for that.
    fn wait(
        &mut self,
        batch: &str,
        all: &[Ran],
        truths: &[(Truth, bool)],
    ) -> Result<Vec<Compared>, Error> {
        thread::sleep(ORPHAN_GRACE);
        let end = Instant::now() + self.deadline;
        let mut was_right = false;
        loop {
            let rows = self.console.rows(batch)?;
            let compared: Vec<Compared> =
                all.iter().zip(truths).map(|(ran, (truth, _))| of(ran, truth, &rows)).collect();
            let right = compared.iter().all(|it| it.wrong.is_empty());
            if (right && was_right) || Instant::now() > end {
                return Ok(compared);
            }
            was_right = right;
            thread::sleep(if right { GRACE } else { GRACE / 4 });
        }
    }

    /// Lets go of everything: then nothing may be said any more.
    fn close(&mut self, batch: &str, all: Vec<Ran>, checked: &mut [Checked]) -> Result<(), Error> {
        let prefixes: Vec<String> = all.iter().map(|ran| ran.world.names.prefix.clone()).collect();
        all.into_iter().for_each(Ran::close);
        let end = Instant::now() + self.deadline;
        loop {
            let rows = self.console.rows(batch)?;
            let stays: HashMap<&String, Vec<Wrong>> = prefixes
                .iter()
                .zip(checked.iter())
                .filter(|(_, it)| !it.truth.forgets)
                .map(|(prefix, _)| (prefix, stays(rows.get(prefix))))
                .filter(|(_, stays)| !stays.is_empty())
                .collect();
            if stays.is_empty() {
                return Ok(());
            }
            if Instant::now() > end {
                for (prefix, it) in prefixes.iter().zip(checked) {
                    it.compared.wrong.extend(stays.get(prefix).cloned().unwrap_or_default());
                }
                return Ok(());
            }
            thread::sleep(GRACE / 4);
        }
    }
}

/// What is nobody's is in one row for all programs, of which so much is listed.
fn told_apart(programs: &[Arc<Program>]) -> Vec<&[Arc<Program>]> {
    /// As the wire format says.
    const LISTED: usize = 16;
    let (mut parts, mut begin, mut nobodys) = (Vec::new(), 0, 0);
    for (at, program) in programs.iter().enumerate() {
        let its = program.nobodys();
        if nobodys + its > LISTED {
            parts.push(&programs[begin..at]);
            (begin, nobodys) = (at, 0);
        }
        nobodys += its;
    }
    parts.push(&programs[begin..]);
    parts
}

fn truth_of(ran: &Ran) -> Truth {
    truth(&ran.world.program, &ran.entries(), &ran.world.names)
}

fn of(ran: &Ran, truth: &Truth, rows: &Rows) -> Compared {
    let told = rows.get(&ran.world.names.prefix).map_or(&[][..], Vec::as_slice);
    let limits = Limits {
        grace_ns: u64::try_from(GRACE.as_nanos()).unwrap_or(0),
        orphan_grace_ns: u64::try_from(ORPHAN_GRACE.as_nanos()).unwrap_or(0),
    };
    compare(truth, told, ran.world.program.form == Form::Plain, limits)
}

fn stays(rows: Option<&Vec<Told>>) -> Vec<Wrong> {
    let rows = rows.map_or(&[][..], Vec::as_slice);
    rows.iter().filter(|it| !it.cleared).map(|it| Wrong::Stays(it.row.clone())).collect()
}
