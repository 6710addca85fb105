//! Tables for people, and one object a line for programs.

use serde_json::{Map, Value, json};

use crate::{
    args::Args,
    modes::Mode,
    operations::Figure,
    stats::{Middle, middle},
    workloads::{Flavor, Workload},
};

/// What a figure may be.
#[derive(Clone, Copy, Debug)]
pub enum Budget {
    AtMost(f64),
}

impl Budget {
    fn most(self) -> f64 {
        let Self::AtMost(most) = self;
        most
    }

    fn word(self, value: f64) -> &'static str {
        if value <= self.most() { "ok" } else { "over" }
    }
}

/// One figure of memory or scale.
#[derive(Clone, Debug)]
pub struct Line {
    name: &'static str,
    mode: Mode,
    value: f64,
    unit: &'static str,
    with: Vec<(&'static str, f64)>,
    budget: Option<Budget>,
}

impl Line {
    pub fn new(name: &'static str, mode: Mode, value: f64, unit: &'static str) -> Self {
        Self { name, mode, value, unit, with: Vec::new(), budget: None }
    }

    pub fn with(mut self, what: &'static str, value: f64) -> Self {
        self.with.push((what, value));
        self
    }

    pub fn within(mut self, budget: Option<Budget>) -> Self {
        self.budget = budget;
        self
    }

    pub fn print(&self, args: &Args) {
        if args.json {
            println!("{}", self.json());
            return;
        }
        let value = format!("{:.*} {}", decimals(self.value), self.value, self.unit);
        let mut line = format!("{:<38}{:<12}{value:<26}", self.name, self.mode.name());
        if let Some(budget) = self.budget {
            let said = format!("budget {} {}", budget.most(), budget.word(self.value));
            line = format!("{line}{said:<18}");
        }
        for (what, value) in &self.with {
            line = format!("{line} {what} {value},");
        }
        println!("{}", line.trim_end_matches(',').trim_end());
    }

    fn json(&self) -> Value {
        let mut object = Map::new();
        object.insert("type".into(), json!("scale"));
        object.insert("name".into(), json!(self.name));
        object.insert("mode".into(), json!(self.mode.name()));
        object.insert("value".into(), json!(self.value));
        object.insert("unit".into(), json!(self.unit));
        object.insert("budget".into(), json!(self.budget.map(Budget::most)));
        for (what, value) in &self.with {
            object.insert((*what).into(), json!(value));
        }
        object.into()
    }
}

fn decimals(value: f64) -> usize {
    if value.abs() < 10.0 { 2 } else { 0 }
}

/// A workload on a runtime: a row of the tables.
#[derive(Clone, Copy)]
struct Row<'a> {
    workload: Workload,
    flavor: Flavor,
    figures: &'a [Figure],
}

pub fn operations(args: &Args, modes: &[Mode], workloads: &[Workload], figures: &[Figure]) {
    let rows: Vec<Row<'_>> = workloads
        .iter()
        .flat_map(|workload| Flavor::ALL.map(|flavor| Row { workload: *workload, flavor, figures }))
        .collect();
    if args.json {
        return json_lines(&rows, modes);
    }
    println!("\nCPU nanoseconds an operation over bare: median, and the interquartile range");
    println!("(bare: as it is; {} interleaved rounds; of Holdover the budget)\n", args.rounds);
    let ours = |mode: &Mode| !mode.is_console_subscriber();
    costs(&rows, &modes.iter().copied().filter(ours).collect::<Vec<_>>());
    let theirs = |mode: &Mode| mode.is_console_subscriber();
    let theirs: Vec<Mode> = modes.iter().copied().filter(theirs).collect();
    if modes.contains(&Mode::Holdover) && !theirs.is_empty() {
        println!("\nconsole-subscriber, the same run; in brackets how often what Holdover costs\n");
        beside(&rows, &theirs);
    }
    println!("\nCPU nanoseconds an operation of the console thread (one round)\n");
    consoles(&rows, modes);
    println!();
}

impl Row<'_> {
    fn of(&self, mode: Mode) -> impl Iterator<Item = &Figure> {
        let (workload, flavor) = (self.workload, self.flavor);
        self.figures.iter().filter(move |it| {
            it.workload == workload && it.took.flavor == flavor && it.mode == mode
        })
    }

    fn cpu(&self, mode: Mode) -> Middle {
        middle(&self.of(mode).map(|it| it.took.cpu).collect::<Vec<_>>())
    }

    fn wall(&self, mode: Mode) -> Middle {
        middle(&self.of(mode).map(|it| it.took.wall).collect::<Vec<_>>())
    }

    /// Compared round by round with bare.
    fn over(&self, mode: Mode) -> Middle {
        let over = self.of(mode).filter_map(|it| {
            let bare = self.of(Mode::Bare).find(|bare| bare.round == it.round)?;
            Some(it.took.cpu - bare.took.cpu)
        });
        middle(&over.collect::<Vec<_>>())
    }

    fn console(&self, mode: Mode) -> Option<f64> {
        self.of(mode).find_map(|it| it.took.console)
    }

    fn head(&self) -> String {
        let flavor = if self.flavor == Flavor::Current { "current" } else { "multi" };
        format!("{:<32}{flavor:<9}", self.workload.name())
    }
}

fn costs(rows: &[Row<'_>], modes: &[Mode]) {
    print!("{:<41}", "");
    for mode in modes {
        print!("{:>16}", mode.name());
    }
    println!("{:>14}", "budget");
    for row in rows {
        print!("{}", row.head());
        for mode in modes {
            let it = if *mode == Mode::Bare { row.cpu(*mode) } else { row.over(*mode) };
            let cell = format!("{:.0} ({:.0})", it.median, it.spread);
            print!("{cell:>16}");
        }
        let budget = row.workload.budget(row.flavor).filter(|_| modes.contains(&Mode::Holdover));
        let said = budget.map(|most| {
            let word = Budget::AtMost(most).word(row.over(Mode::Holdover).median);
            format!("{most:.0} {word}")
        });
        println!("{:>14}", said.unwrap_or_default());
    }
}

fn beside(rows: &[Row<'_>], theirs: &[Mode]) {
    print!("{:<41}{:>10}", "", "holdover");
    for mode in theirs {
        print!("{:>28}", mode.name());
    }
    println!();
    for row in rows {
        let ours = row.over(Mode::Holdover).median;
        print!("{}{ours:>10.0}", row.head());
        for mode in theirs {
            let it = row.over(*mode);
            let times = if ours > 0.0 { format!("{:.1}x", it.median / ours) } else { "-".into() };
            let cell = format!("{:.0} ({:.0}) [{times}]", it.median, it.spread);
            print!("{cell:>28}");
        }
        println!();
    }
}

fn consoles(rows: &[Row<'_>], modes: &[Mode]) {
    let modes: Vec<Mode> = modes.iter().copied().filter(|mode| mode.has_console()).collect();
    print!("{:<41}", "");
    for mode in &modes {
        print!("{:>17}", mode.name());
    }
    println!();
    for row in rows {
        if modes.iter().all(|mode| row.console(*mode).is_none()) {
            continue;
        }
        print!("{}", row.head());
        for mode in &modes {
            let cell = row.console(*mode).map_or("-".to_owned(), |nanos| format!("{nanos:.0}"));
            print!("{cell:>17}");
        }
        println!();
    }
}

fn json_lines(rows: &[Row<'_>], modes: &[Mode]) {
    for row in rows {
        for mode in modes {
            let (cpu, over) = (row.cpu(*mode), row.over(*mode));
            let budget = row.workload.budget(row.flavor).filter(|_| *mode == Mode::Holdover);
            let object = json!({
                "type": "operation",
                "workload": row.workload.name(),
                "runtime": row.flavor.name(),
                "mode": mode.name(),
                "rounds": row.of(*mode).count(),
                "cpu_ns": cpu.median,
                "cpu_iqr_ns": cpu.spread,
                "over_bare_ns": over.median,
                "over_bare_iqr_ns": over.spread,
                "wall_ns": row.wall(*mode).median,
                "console_ns": row.console(*mode),
                "budget_ns": budget,
            });
            println!("{object}");
        }
    }
}
