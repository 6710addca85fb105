//! Runs each test as processes of this very executable, and prints as libtest does.

use std::{
    fmt::Write,
    process::{Command, ExitCode},
    sync::mpsc,
    thread,
    time::Duration,
};

/// How a stack is made the process's default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variant {
    /// By itself: tokio's spans and events reach it.
    Bare,
    /// By itself, in a program whose tokio emits nothing: what it is to see.
    Alone,
    /// In `holdover::Builder::wrap`.
    Wrapped,
    /// The same, with `HOLDOVER_LEVEL=tasks`: what tasks hold is not recorded.
    Tasks,
    /// The same, with `HOLDOVER=off`.
    Off,
    /// The same, with a setting that is not one: an error.
    Misset,
    /// The same, where the console cannot listen: an error.
    Unheard,
    /// Beside `holdover::layer()`, in a registry.
    Layer,
}

impl Variant {
    const ALL: [Self; 8] = [
        Self::Bare,
        Self::Alone,
        Self::Wrapped,
        Self::Tasks,
        Self::Off,
        Self::Misset,
        Self::Unheard,
        Self::Layer,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Alone => "alone",
            Self::Wrapped => "wrapped",
            Self::Tasks => "tasks",
            Self::Off => "off",
            Self::Misset => "misset",
            Self::Unheard => "unheard",
            Self::Layer => "layer",
        }
    }

    /// What it must come out equal to. Where nothing is started there is no subscriber
    /// of ours, so nothing keeps tokio's spans from the stack.
    fn reference(self) -> Self {
        match self {
            Self::Bare | Self::Off | Self::Misset => Self::Bare,
            Self::Alone | Self::Wrapped | Self::Tasks | Self::Unheard | Self::Layer => Self::Alone,
        }
    }
}

pub(crate) enum Test {
    /// The program under a stack: what comes out of each variant is compared.
    Compare(Stack),
    /// A process that asserts for itself.
    Process { name: &'static str, run: fn() },
}

pub(crate) struct Stack {
    pub(crate) name: &'static str,
    pub(crate) run: fn(Variant),
    /// Those that are compared with their reference.
    pub(crate) variants: &'static [Variant],
    /// Parts of lines that the reference has: without them the comparison says little.
    pub(crate) has: &'static [&'static str],
    /// Parts of lines that it must not have.
    pub(crate) has_not: &'static [&'static str],
}

/// The variable by which a process knows what it is to run: set by hand, it shows the
/// whole of what is compared.
const CHILD: &str = "HOLDOVER_TEST_CHILD";
/// What `EnvFilter::from_default_env` gets: static, dynamic, and by a field's value.
const RUST_LOG: &str = "info,app::db=warn,app::cache=trace,[request{id=7}]=trace,[worker]=debug";
/// A process takes milliseconds: one that takes this long hangs.
const DEADLINE: Duration = Duration::from_secs(30);

pub(crate) fn main(tests: &[Test]) -> ExitCode {
    if let Ok(child) = std::env::var(CHILD) {
        be(tests, &child);
        return ExitCode::SUCCESS;
    }
    let mut cases = cases(tests);
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.iter().any(|arg| arg == "--list") {
        for case in &cases {
            println!("{}: test", case.name);
        }
        return ExitCode::SUCCESS;
    }
    let filters: Vec<&String> = args.iter().filter(|arg| !arg.starts_with('-')).collect();
    let all = cases.len();
    cases.retain(|case| filters.is_empty() || filters.iter().any(|it| case.name.contains(*it)));
    println!("\nrunning {} tests", cases.len());
    let mut failures = 0;
    for case in &cases {
        let checked = (case.check)();
        println!("test {} ... {}", case.name, if checked.is_ok() { "ok" } else { "FAILED" });
        if let Err(why) = checked {
            println!("---- {} ----\n{why}\n", case.name);
            failures += 1;
        }
    }
    let word = if failures == 0 { "ok" } else { "FAILED" };
    let (passed, left_out) = (cases.len() - failures, all - cases.len());
    println!(
        "\ntest result: {word}. {passed} passed; {failures} failed; 0 ignored; 0 measured; \
         {left_out} filtered out\n"
    );
    if failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

struct Case<'a> {
    name: String,
    check: Box<dyn Fn() -> Result<(), String> + 'a>,
}

fn cases(tests: &[Test]) -> Vec<Case<'_>> {
    let mut cases = Vec::new();
    for test in tests {
        match test {
            Test::Compare(stack) => cases.extend(stack.variants.iter().map(|variant| Case {
                name: child_name(stack, *variant),
                check: Box::new(|| compare(stack, *variant)),
            })),
            Test::Process { name, .. } => cases.push(Case {
                name: (*name).to_owned(),
                check: Box::new(|| output_of(name, Variant::Wrapped).map(drop)),
            }),
        }
    }
    cases
}

fn child_name(stack: &Stack, variant: Variant) -> String {
    format!("{}::{}", stack.name, variant.name())
}

/// Is the process that the variable names.
fn be(tests: &[Test], child: &str) {
    thread::spawn(|| {
        // Nobody sends: it only ends by the deadline.
        let (_sender, never) = mpsc::channel::<()>();
        let _ = never.recv_timeout(DEADLINE);
        std::process::abort();
    });
    for test in tests {
        match test {
            Test::Compare(stack) => {
                let variant = Variant::ALL.into_iter().find(|it| child_name(stack, *it) == child);
                if let Some(variant) = variant {
                    (stack.run)(variant);
                }
            }
            Test::Process { name, run } if *name == child => run(),
            Test::Process { .. } => {}
        }
    }
}

fn compare(stack: &Stack, variant: Variant) -> Result<(), String> {
    let reference = variant.reference();
    let expected = output_of(&child_name(stack, reference), reference)?;
    let seen = output_of(&child_name(stack, variant), variant)?;
    if let Some(missing) = stack.has.iter().find(|part| !expected.contains(**part)) {
        return Err(format!("{} has no {missing:?}", child_name(stack, reference)));
    }
    if let Some(part) = stack.has_not.iter().find(|part| expected.contains(**part)) {
        return Err(format!("{} has {part:?}", child_name(stack, reference)));
    }
    let (expected, seen) = (lines(&expected), lines(&seen));
    if seen == expected { Ok(()) } else { Err(difference(&expected, &seen)) }
}

/// Without the time, and without what Holdover says itself: the shims do so too when
/// nothing is recorded.
fn lines(output: &str) -> Vec<&str> {
    output.lines().filter(|line| !is_of_holdover(line)).map(without_the_time).collect()
}

/// What `fmt` begins its lines with by default: `2030-12-31T23:59:59.000000Z `.
fn without_the_time(line: &str) -> &str {
    match line.split_once(' ') {
        Some((time, rest)) if time.starts_with("20") && time.ends_with('Z') => rest,
        _ => line,
    }
}

/// What Holdover says itself is of targets of its own.
fn is_of_holdover(line: &str) -> bool {
    let is_ours = |word: &str| {
        word.strip_suffix(':')
            .is_some_and(|target| target == "holdover" || target.starts_with("holdover::"))
    };
    line.split_whitespace().any(is_ours)
}

/// The lines around the first that differs.
fn difference(expected: &[&str], seen: &[&str]) -> String {
    let at = expected.iter().zip(seen).take_while(|(one, other)| one == other).count();
    let mut said =
        format!("{} lines instead of {}; from line {} on:\n", seen.len(), expected.len(), at + 1);
    for (what, lines) in [("without", expected), ("with", seen)] {
        let _ = writeln!(said, "{what} holdover:");
        for line in lines.iter().skip(at.saturating_sub(2)).take(6) {
            let _ = writeln!(said, "  {line}");
        }
    }
    said
}

/// What such a process writes; an error when it does not succeed.
fn output_of(child: &str, variant: Variant) -> Result<String, String> {
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(this);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("HOLDOVER")) {
        command.env_remove(name);
    }
    command
        .env(CHILD, child)
        .env("HOLDOVER_BIND", "127.0.0.1:0")
        .env("HOLDOVER_LOG", "off")
        .env("RUST_LOG", RUST_LOG)
        .env("NO_COLOR", "1")
        // Where a service leaves a file for those who look for it.
        .env_remove("XDG_RUNTIME_DIR")
        .env_remove("RUST_BACKTRACE");
    match variant {
        Variant::Off => command.env("HOLDOVER", "off"),
        Variant::Tasks => command.env("HOLDOVER_LEVEL", "tasks"),
        Variant::Misset => command.env("HOLDOVER_GRACE", "soon"),
        Variant::Unheard => command.env("HOLDOVER_BIND", "unix:/nowhere/at/all"),
        Variant::Bare | Variant::Alone | Variant::Wrapped | Variant::Layer => &mut command,
    };
    let output = command.output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(said);
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    Err(format!("{child}: {}\n{errors}\n{said}", output.status))
}
