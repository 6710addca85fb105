//! How the console feels, from outside of it: `cargo bench -p holdover-tui --bench keys`.
//!
//! The real binary runs in a pseudo-terminal and is attached to a process with many tasks.
//! Measured are the time from a key that is written to the screen that it changes, whether
//! each key of a burst arrives, and the CPU time that the console's process takes for a key
//! and for a second in which nobody types. Nothing is asserted: it prints.

#![cfg(target_os = "linux")]
#![expect(clippy::print_stdout, reason = "a benchmark prints")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![expect(unreachable_pub, reason = "nothing in a benchmark is public")]

mod console;
mod figures;
mod target;

use std::time::Duration;

use clap::Parser;
use console::Console;
use figures::Figures;
use target::Target;

/// What is asked for on the command line.
#[derive(Debug, clap::Parser)]
#[command(bin_name = "cargo bench -p holdover-tui --bench keys --", about = None, long_about = None)]
struct Args {
    /// That live at the target [default: 100000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    tasks: Option<u32>,
    /// That are pressed one by one, and again in bursts [default: 1000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    keys: Option<u32>,
    /// One object a line instead of a table
    #[arg(long)]
    json: bool,
    /// Given by `cargo bench`; without it a trial: a few keys.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    if Target::is_this_process() {
        Target::run();
        return;
    }
    measure(&Args::parse());
}

fn measure(args: &Args) {
    let (tasks, keys, idle_for) = if args.bench { (100_000, 1_000, 20) } else { (1_000, 20, 1) };
    let (tasks, keys) = (args.tasks.unwrap_or(tasks), args.keys.unwrap_or(keys));
    // How long nobody types.
    let idle_for = Duration::from_secs(idle_for);
    let target = Target::start(tasks);
    let mut figures = Figures::new(args.json, tasks);
    let mut console = Console::attach(&target.address);
    console.shows("[1 Leaks");
    idle(&mut figures, &console, "Leaks", idle_for);
    console.press("2");
    console.shows("[2 Tasks");
    idle(&mut figures, &console, "Tasks", idle_for);
    one_by_one(&mut figures, &mut console, keys);
    screens(&mut figures, &mut console, keys / 10 + 1);
    bursts(&mut figures, &mut console, keys);
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
