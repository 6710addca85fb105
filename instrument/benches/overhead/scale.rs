//! Many live tasks, and who looks at them.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use holdover_proto::v1::{View, ViewKind};

use crate::{
    args::Args,
    client::{Attached, Clients, as_the_ui},
    cpu::Cores,
    job::Job,
    modes::{Mode, Protocol},
    print::{Budget, Line},
    process::{Process, setting},
    stats::middle,
    target::{Of, Target, Uses},
};

const NOBODY: &str = "console thread, nobody attached";
const UI: &str = "console thread, a client attached";
const LEFT: &str = "console thread, many leaks";
const SCREEN: &str = "first screen";
const QUERY: &str = "a filter and a group";
const CLIENTS: &str = "100 clients at once";
pub const NAMES: [&str; 6] = [NOBODY, UI, LEFT, SCREEN, QUERY, CLIENTS];

/// How often a screen is asked for.
const LOOKS: usize = 5;
/// Leaks for what is grouped, and where there are many.
const LEAKS: u32 = 1_000;
const MANY_LEAKS: u32 = 100_000;

/// A process with so many live tasks.
struct Live<'a> {
    args: &'a Args,
    clients: Clients,
    process: Process,
    mode: Mode,
    tasks: u32,
}

pub fn run(args: &Args) {
    if !NAMES.into_iter().any(|name| args.wants(name)) {
        return;
    }
    let cores = Cores::allowed();
    let sizes = [args.scaled(10_000, 10_000), args.scaled(100_000, 100_000), 1_000_000];
    let sizes = if args.full { &sizes[..] } else { &sizes[..2] };
    for mode in [Mode::Holdover, Mode::Console] {
        if !args.modes().contains(&mode) {
            continue;
        }
        // 52 KB each.
        let sizes = if mode == Mode::Console { &sizes[..1] } else { sizes };
        for (place, tasks) in sizes.iter().enumerate() {
            let leaks = if mode == Mode::Holdover { args.scaled(LEAKS, LEAKS) } else { 0 };
            let live = Live::start(args, &cores, mode, (*tasks, leaks));
            live.run(place + 1 == sizes.len());
        }
    }
    if args.modes().contains(&Mode::Holdover) && args.wants(LEFT) {
        many_leaks(args, &cores);
    }
}

/// What it costs to keep an eye on very many that have left something.
fn many_leaks(args: &Args, cores: &Cores) {
    let leaks = args.scaled(MANY_LEAKS, MANY_LEAKS);
    let mut live = Live::start(args, cores, Mode::Holdover, (LEAKS, leaks));
    let percent = live.percent_of_a_core();
    let line = Line::new(LEFT, Mode::Holdover, percent, "% of a core");
    line.with("leaks", f64::from(leaks)).print(args);
}

impl<'a> Live<'a> {
    fn start(args: &'a Args, cores: &Cores, mode: Mode, (tasks, leaks): (u32, u32)) -> Self {
        let target = Target { setting: setting(mode, cores), of: Of::Idle, tasks, leaks };
        let mut process = Process::start(&Job::Target(target));
        let clients = Clients::start();
        let _: Uses = process.hear();
        if leaks > 0 {
            clients.totals(process.socket(), |it| it.leaks >= u64::from(leaks));
        }
        Self { args, clients, process, mode, tasks }
    }

    fn run(mut self, largest: bool) {
        if largest && self.args.wants(NOBODY) {
            let budget = (self.mode == Mode::Holdover).then_some(Budget::AtMost(0.1));
            self.core_used(NOBODY, budget);
        }
        if self.args.wants(SCREEN) {
            self.first_screens();
        }
        if largest && self.mode == Mode::Holdover && self.args.wants(QUERY) {
            self.queries();
        }
        if largest && self.args.wants(UI) {
            let _attached = self.attach();
            self.core_used(UI, None);
        }
        if largest && self.mode == Mode::Holdover && self.args.wants(CLIENTS) {
            self.many_clients();
        }
    }

    fn protocol(&self) -> Protocol {
        if self.mode == Mode::Holdover { Protocol::Holdover } else { Protocol::Console }
    }

    fn attach(&self) -> Attached {
        self.clients.attach(self.protocol(), self.process.socket(), as_the_ui())
    }

    fn core_used(&mut self, name: &'static str, budget: Option<Budget>) {
        let percent = self.percent_of_a_core();
        self.line(name, percent, "% of a core").within(budget).print(self.args);
    }

    /// What the console thread uses.
    fn percent_of_a_core(&mut self) -> f64 {
        let before = self.uses();
        let began = Instant::now();
        sleep(Duration::from_secs(self.args.scaled(300, 1_000).div_ceil(100).into()));
        let console = self.uses().console - before.console;
        console / began.elapsed().as_secs_f64() * 100.0
    }

    fn uses(&mut self) -> Uses {
        self.process.go_on();
        self.process.hear()
    }

    fn line(&self, name: &'static str, value: f64, unit: &'static str) -> Line {
        Line::new(name, self.mode, value, unit).with("tasks", f64::from(self.tasks))
    }

    fn first_screens(&self) {
        if self.mode == Mode::Console {
            return self.first("first screen, everything", &as_the_ui());
        }
        self.first("first screen, leaks", &as_the_ui());
        self.first("first screen, tasks", &view(ViewKind::Tasks, ""));
    }

    fn queries(&self) {
        self.first("a filter over all tasks", &view(ViewKind::Tasks, "loc:target and polls>0"));
        self.first(
            "a sort of all tasks",
            &View { sort: "-busy".into(), ..view(ViewKind::Tasks, "") },
        );
        self.first("all tasks by spawn site", &view(ViewKind::TaskGroups, ""));
        self.first("a filter and a group of leaks", &view(ViewKind::LeakGroups, "holds:timer"));
    }

    /// From connecting to the first update, and what that knows.
    fn first(&self, name: &'static str, view: &View) {
        let firsts: Vec<_> = (0..LOOKS)
            .map(|_| self.clients.first(self.protocol(), self.process.socket(), view.clone()))
            .collect();
        let took = firsts.iter().map(|first| first.took.as_secs_f64() * 1e3).collect::<Vec<_>>();
        let Some(last) = firsts.last() else { return };
        let budget = (self.mode == Mode::Holdover).then_some(Budget::AtMost(250.0));
        let line = self.line(name, middle(&took).median, "ms").within(budget);
        let line = line.with("known", last.known as f64).with("matched", last.matched as f64);
        line.with("bytes", last.bytes as f64).print(self.args);
    }

    fn many_clients(&mut self) {
        let view = view(ViewKind::Tasks, "");
        let (took, attached) = self.clients.many(100, self.process.socket(), &view);
        self.line(CLIENTS, took.as_secs_f64() * 1e3, "ms until all know").print(self.args);
        self.core_used("console thread, 100 clients attached", None);
        drop(attached);
    }
}

fn view(kind: ViewKind, filter: &str) -> View {
    let filter = filter.to_owned();
    View { kind: kind.into(), filter, limit: 200, interval_ms: 1_000, ..View::default() }
}
