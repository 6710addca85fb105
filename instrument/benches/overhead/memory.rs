//! What a live task and an ended one weigh.

use crate::{
    args::Args,
    client::Clients,
    cpu::Cores,
    job::Job,
    modes::Mode,
    print::{Budget, Line},
    process::{Process, setting},
    target::{BLOCK_ONS, Of, Target, Uses, WARM_UP},
};

const IDLE: &str = "memory of an idle task";
const SLEEPING: &str = "memory of a task that sleeps";
const SHORT: &str = "short tasks";
pub const NAMES: [&str; 3] = [IDLE, SLEEPING, SHORT];

const MODES: [Mode; 6] =
    [Mode::Bare, Mode::Registry, Mode::Holdover, Mode::Layer, Mode::Shims, Mode::Console];

pub fn run(args: &Args) {
    let cores = Cores::allowed();
    let wanted = args.modes();
    let modes: Vec<Mode> = MODES.into_iter().filter(|mode| wanted.contains(mode)).collect();
    let live = [(IDLE, Of::Idle, 256.0), (SLEEPING, Of::Sleeping, 640.0)];
    for (name, of, budget) in live {
        if args.wants(name) {
            of_live_tasks(args, &cores, &modes, name, of, budget);
        }
    }
    if args.wants(SHORT) {
        for mode in modes {
            of_short_tasks(args, &cores, mode);
        }
    }
}

/// So many tasks as that a mode can be asked to keep.
fn tasks(args: &Args, mode: Mode) -> u32 {
    if mode.is_console_subscriber() {
        args.scaled(5_000, 20_000)
    } else {
        args.scaled(100_000, 1_000_000)
    }
}

fn of_live_tasks(
    args: &Args,
    cores: &Cores,
    modes: &[Mode],
    name: &'static str,
    of: Of,
    budget: f64,
) {
    let mut bare = f64::NAN;
    for mode in modes {
        let tasks = tasks(args, *mode);
        let setting = setting(*mode, cores);
        let mut process = Process::start(&Job::Target(Target { setting, of, tasks, leaks: 0 }));
        let uses: Uses = process.hear();
        let each = uses.resident.saturating_sub(uses.before) as f64 / f64::from(tasks);
        if *mode == Mode::Bare {
            bare = each;
        }
        let over = if *mode == Mode::Bare { each } else { each - bare };
        let ours = *mode == Mode::Holdover;
        let unit = if *mode == Mode::Bare { "B" } else { "B over bare" };
        let line = Line::new(name, *mode, over, unit).with("tasks", f64::from(tasks));
        line.within(ours.then_some(Budget::AtMost(budget))).print(args);
    }
}

fn of_short_tasks(args: &Args, cores: &Cores, mode: Mode) {
    let tasks = if mode.is_console_subscriber() {
        args.scaled(10_000, 50_000)
    } else {
        args.scaled(500_000, 5_000_000)
    };
    let setting = setting(mode, cores);
    let of = Of::Short;
    let mut process = Process::start(&Job::Target(Target { setting, of, tasks, leaks: 0 }));
    let uses: Uses = process.hear();
    let grown = uses.resident.saturating_sub(uses.before) as f64 / f64::from(1 << 20);
    let line = Line::new(SHORT, mode, grown, "MiB more").with("tasks", f64::from(tasks));
    line.print(args);
    if matches!(mode, Mode::Holdover | Mode::Layer | Mode::Shims) {
        let blocked_on = if cfg!(tokio_unstable) { u64::from(BLOCK_ONS) } else { 0 };
        let all = u64::from(tasks + WARM_UP) + blocked_on;
        let totals = Clients::start().totals(process.socket(), |it| it.tasks_live == 0);
        let lost = all.saturating_sub(totals.tasks_spawned) as f64;
        let line = Line::new(SHORT, mode, lost, "tasks lost").within(Some(Budget::AtMost(0.0)));
        line.with("still live", totals.tasks_live as f64).print(args);
    }
}
