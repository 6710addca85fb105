//! How the console feels, from outside of it: `cargo bench -p holdover-tui --bench keys`.
//!
//! The real binary runs in a pseudo-terminal and is attached to a process with many tasks.
//! Measured are the time from a key that is written to the screen that it changes, whether
//! each key of a burst arrives, and the CPU time that the console's process takes for a key
//! and for a second in which nobody types. Nothing is asserted: it prints.

#![cfg(target_os = "linux")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![expect(unreachable_pub, reason = "nothing in a benchmark is public")]

mod console;
mod figures;
mod target;

use std::{process::ExitCode, time::Duration};

use console::Console;
use figures::Figures;
use target::Target;

const HELP: &str = "\
cargo bench -p holdover-tui --bench keys -- [FLAGS]

  --tasks N   that live at the target (100000)
  --keys N    that are pressed one by one, and again in bursts (1000)
  --json      one object a line instead of a table
";

/// What is asked for on the command line.
#[derive(Clone, Copy, Debug)]
struct Args {
    tasks: u32,
    keys: u32,
    json: bool,
    /// How long nobody types.
    idle: Duration,
}

impl Args {
    /// Without `--bench`, which `cargo bench` gives, a trial: a few keys.
    fn parse(given: impl Iterator<Item = String>) -> Result<Option<Self>, String> {
        let given: Vec<String> = given.collect();
        let is_trial = !given.iter().any(|arg| arg == "--bench");
        let (tasks, keys) = if is_trial { (1_000, 20) } else { (100_000, 1_000) };
        let idle = Duration::from_secs(if is_trial { 1 } else { 20 });
        let mut args = Self { tasks, keys, json: false, idle };
        let mut given = given.iter().map(String::as_str);
        while let Some(flag) = given.next() {
            match flag {
                "--help" | "-h" => return Ok(None),
                "--bench" => {}
                "--json" => args.json = true,
                "--tasks" => args.tasks = number(flag, given.next())?,
                "--keys" => args.keys = number(flag, given.next())?,
                _ => return Err(format!("there is no flag {flag}; --help lists them")),
            }
        }
        Ok(Some(args))
    }
}

fn number(flag: &str, value: Option<&str>) -> Result<u32, String> {
    let value = value.ok_or_else(|| format!("{flag} needs a value"))?;
    match value.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(format!("{flag} takes a number from 1, and not {value:?}")),
    }
}

fn main() -> ExitCode {
    if Target::is_this_process() {
        Target::run();
        return ExitCode::SUCCESS;
    }
    match Args::parse(std::env::args().skip(1)) {
        Ok(Some(args)) => measure(args),
        Ok(None) => print!("{HELP}"),
        Err(wrong) => {
            eprintln!("keys: {wrong}");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

fn measure(args: Args) {
    let target = Target::start(args.tasks);
    let mut figures = Figures::new(args.json, args.tasks);
    let mut console = Console::attach(&target.address);
    console.shows("[1 Leaks");
    idle(&mut figures, &console, "Leaks", args.idle);
    console.press("2");
    console.shows("[2 Tasks");
    idle(&mut figures, &console, "Tasks", args.idle);
    one_by_one(&mut figures, &mut console, args.keys);
    screens(&mut figures, &mut console, args.keys / 10 + 1);
    bursts(&mut figures, &mut console, args.keys);
    console.press("q");
}

/// One update a second comes, and is drawn, and countdowns move.
fn idle(figures: &mut Figures, console: &Console, screen: &str, long: Duration) {
    let before = console.cpu();
    std::thread::sleep(long);
    let used = console.cpu().saturating_sub(before);
    let percent = used.as_secs_f64() / long.as_secs_f64() * 100.0;
    figures.percent(&format!("CPU while nobody types, {screen}"), percent, 3.0);
}

/// Down and up again: each moves the selection by one row.
fn one_by_one(figures: &mut Figures, console: &mut Console, keys: u32) {
    let mut took = Vec::new();
    let before = console.cpu();
    for number in 0..keys {
        let key = if number / 10 % 2 == 0 { "j" } else { "k" };
        let selected = console.selected();
        took.push(console.press_until(key, move |screen| {
            let now = console::selected(screen);
            now.is_some() && now != selected
        }));
        // As fast as a key repeats.
        std::thread::sleep(Duration::from_millis(30));
    }
    let used = console.cpu().saturating_sub(before);
    figures.latency("from a key to the changed screen, selection", &mut took, 50.0);
    let each = used.as_secs_f64() * 1e3 / f64::from(keys);
    figures.milliseconds("CPU a key, with the frame that it changes", each, 5.0);
}

/// From one screen to the next and back; what it shows comes from the target.
fn screens(figures: &mut Figures, console: &mut Console, times: u32) {
    let mut took = Vec::new();
    for (key, title) in [("3", "[3 Holdings"), ("4", "[4 Events"), ("2", "[2 Tasks")]
        .into_iter()
        .cycle()
        .take(times as usize)
    {
        took.push(console.press_until(key, move |screen| screen.contents().contains(title)));
        std::thread::sleep(Duration::from_millis(50));
    }
    console.press("2");
    console.shows("[2 Tasks");
    figures.latency("from a key to the changed screen, another tab", &mut took, 50.0);
}

/// Typed at once, as when something is pasted: each must arrive, in its place.
fn bursts(figures: &mut Figures, console: &mut Console, keys: u32) {
    const BURST: u32 = 50;
    let mut lost = 0;
    let mut took = Vec::new();
    for number in 0..keys.div_ceil(BURST) {
        console.press("/");
        let text: String = format!("{number:04}").chars().cycle().take(BURST as usize).collect();
        let shown = text.clone();
        let arrived = console.try_press(&text, move |screen| screen.contents().contains(&shown));
        match arrived {
            Some(arrived) => took.push(arrived),
            None => lost += 1,
        }
        console.press("\u{15}\u{1b}");
        console.shows("filter");
    }
    figures.latency("fifty keys at once, until all are shown", &mut took, 50.0);
    figures.count("bursts of which a key was lost", lost);
}
