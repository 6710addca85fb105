//! Runs scenarios as processes, several at once, and prints as libtest does.

use std::{
    collections::VecDeque,
    future::Future,
    io::{BufRead, BufReader, Read, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    process::{Child, Command, ExitCode, Stdio},
    sync::{Mutex, PoisonError},
    thread,
    time::Duration,
};

use tracing_subscriber::{layer::SubscriberExt, registry};

use crate::client::{Console, go_on};

/// The grace that a service process of ours goes by.
pub const GRACE: Duration = match env!("CARGO_CRATE_NAME").as_bytes() {
    // A database takes a connection back by threads of its own, which a busy machine
    // lets wait.
    b"pools" => Duration::from_millis(400),
    _ => Duration::from_millis(100),
};
pub const ORPHAN_GRACE: Duration = Duration::from_millis(400);

/// The grace of a service under load, where a drop may have to wait for its turn, and of one that
/// has much to do at once.
pub const GRACE_UNDER_LOAD: Duration = Duration::from_secs(1);
const UNDER_LOAD: [&str; 2] = ["30_", "53_"];

/// What a scenario is written with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Shim,
    Plain,
}

/// Which runtime it runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavor {
    Current,
    Multi,
}

pub type Run = fn() -> Pin<Box<dyn Future<Output = ()>>>;
pub type Check = for<'a> fn(&'a mut Console, Form) -> Pin<Box<dyn Future<Output = ()> + 'a>>;

/// A scenario in the forms it exists in, and what a console must be told of it.
pub struct Scenario {
    pub name: &'static str,
    pub shim: Option<Run>,
    pub plain: Option<Run>,
    pub check: Check,
}

/// Declares a scenario: the body of each form, and the check.
#[macro_export]
macro_rules! scenario {
    ($name:literal, shim: $shim:expr, plain: $plain:expr, check: $check:expr $(,)?) => {
        $crate::harness::Scenario {
            name: $name,
            shim: Some(|| Box::pin($shim)),
            plain: Some(|| Box::pin($plain)),
            check: |console, form| Box::pin($check(console, form)),
        }
    };
    ($name:literal, shim: $shim:expr, check: $check:expr $(,)?) => {
        $crate::harness::Scenario {
            name: $name,
            shim: Some(|| Box::pin($shim)),
            plain: None,
            check: |console, form| Box::pin($check(console, form)),
        }
    };
    ($name:literal, plain: $plain:expr, check: $check:expr $(,)?) => {
        $crate::harness::Scenario {
            name: $name,
            shim: None,
            plain: Some(|| Box::pin($plain)),
            check: |console, form| Box::pin($check(console, form)),
        }
    };
}

/// Through which front end tokio's spans are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Front {
    Subscriber,
    /// A layer of a registry; and the console listens on a Unix socket.
    Layer,
}

/// Scenarios that are run through the layer too.
const THROUGH_THE_LAYER: [&str; 6] = ["01_", "07_", "08_", "14_", "26_", "35_"];

/// What the service processes of some scenarios are told beside the usual.
const SETTINGS: [(&str, &str, &str); 1] = [("26_with_wakers_on", "HOLDOVER_WAKERS", "on")];

fn settings_of(scenario: &Scenario) -> impl Iterator<Item = (&'static str, &'static str)> {
    let of_it = SETTINGS.into_iter().filter(|(name, ..)| scenario.name.starts_with(name));
    of_it.map(|(_, variable, value)| (variable, value))
}

/// One scenario in one form on one runtime.
#[derive(Clone, Copy)]
struct Case<'a> {
    scenario: &'a Scenario,
    form: Form,
    flavor: Flavor,
    front: Front,
}

impl Case<'_> {
    fn grace(&self) -> Duration {
        let is_it = |number: &str| self.scenario.name.starts_with(number);
        if UNDER_LOAD.into_iter().any(is_it) { GRACE_UNDER_LOAD } else { GRACE }
    }

    fn name(&self) -> String {
        let form = if self.form == Form::Shim { "shim" } else { "plain" };
        let flavor = if self.flavor == Flavor::Current { "current" } else { "multi" };
        let layer = if self.front == Front::Layer { "::layer" } else { "" };
        format!("{}::{form}::{flavor}{layer}", self.scenario.name)
    }
}

/// The name of the variable by which a process knows that it is the service.
const SERVICE: &str = "HOLDOVER_TEST_SERVICE";
/// Cases at once: they mostly wait.
pub const AT_ONCE: usize = 6;

/// Runs those that are named, so many at once.
pub fn main(scenarios: &[Scenario], at_once: usize) -> ExitCode {
    let mut cases = Vec::new();
    for scenario in scenarios {
        for (form, run) in [(Form::Shim, scenario.shim), (Form::Plain, scenario.plain)] {
            let seen = form == Form::Shim || cfg!(tokio_unstable);
            if run.is_some() && seen {
                for flavor in [Flavor::Current, Flavor::Multi] {
                    cases.push(Case { scenario, form, flavor, front: Front::Subscriber });
                }
                let through_layer = |it: &&str| scenario.name.starts_with(*it);
                if cfg!(unix) && THROUGH_THE_LAYER.iter().any(through_layer) {
                    let flavor = Flavor::Multi;
                    cases.push(Case { scenario, form, flavor, front: Front::Layer });
                }
            }
        }
    }
    if let Ok(wanted) = std::env::var(SERVICE) {
        if let Some(case) = cases.iter().find(|case| case.name() == wanted) {
            serve(*case);
        }
        return ExitCode::SUCCESS;
    }
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.iter().any(|arg| arg == "--list") {
        for case in &cases {
            println!("{}: test", case.name());
        }
        return ExitCode::SUCCESS;
    }
    let filters: Vec<&String> = args.iter().filter(|arg| !arg.starts_with('-')).collect();
    cases.retain(|case| filters.is_empty() || filters.iter().any(|it| case.name().contains(*it)));
    run_all(cases, at_once)
}

fn run_all(cases: Vec<Case<'_>>, at_once: usize) -> ExitCode {
    println!("\nrunning {} tests", cases.len());
    let total = cases.len();
    let queue = Mutex::new(VecDeque::from(cases));
    let failed = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                    let Some(case) = next else { return };
                    let result = catch_unwind(AssertUnwindSafe(|| check(case)));
                    let word = if result.is_ok() { "ok" } else { "FAILED" };
                    println!("test {} ... {word}", case.name());
                    if result.is_err() {
                        failed.lock().unwrap_or_else(PoisonError::into_inner).push(case.name());
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    for name in &failed {
        println!("failed: {name}");
    }
    let word = if failed.is_empty() { "ok" } else { "FAILED" };
    let passed = total - failed.len();
    let failures = failed.len();
    println!(
        "\ntest result: {word}. {passed} passed; {failures} failed; 0 ignored; 0 measured; 0 \
         filtered out\n"
    );
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The service process.
struct Service {
    child: Child,
    address: String,
}

impl Service {
    fn start(case: Case<'_>) -> Self {
        let this = std::env::current_exe().expect("this executable");
        let bind = match case.front {
            Front::Subscriber => "127.0.0.1:0".to_owned(),
            Front::Layer => {
                let name = format!("{}-{}.sock", std::process::id(), case.name());
                let path = std::env::temp_dir().join(name.replace("::", "-"));
                format!("unix:{}", path.display())
            }
        };
        let mut child = Command::new(this)
            .env(SERVICE, case.name())
            .env("HOLDOVER_BIND", &bind)
            .env("HOLDOVER_GRACE", format!("{}ms", case.grace().as_millis()))
            .env("HOLDOVER_ORPHAN_GRACE", format!("{}ms", ORPHAN_GRACE.as_millis()))
            .env("HOLDOVER_RETENTION", "60s")
            .env("RUST_LOG", "off")
            .envs(settings_of(case.scenario))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a service process");
        let mut address = String::new();
        let out = child.stdout.take().expect("its output");
        BufReader::new(out).read_line(&mut address).expect("its address");
        Self { child, address: address.trim().to_owned() }
    }

    fn stop(mut self) -> String {
        let _ = self.child.kill();
        let mut said = String::new();
        if let Some(mut errors) = self.child.stderr.take() {
            let _ = errors.read_to_string(&mut said);
        }
        let _ = self.child.wait();
        if let Some(socket) = self.address.strip_prefix("unix:") {
            let _ = std::fs::remove_file(socket);
        }
        said
    }
}

fn check(case: Case<'_>) {
    let mut service = Service::start(case);
    let stdin = service.child.stdin.take().expect("its input");
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let address = service.address.clone();
    let checked = catch_unwind(AssertUnwindSafe(|| {
        runtime.block_on(async {
            let mut console = Console::attach(&address, stdin).await;
            (case.scenario.check)(&mut console, case.form).await;
        });
    }));
    let said = service.stop();
    if let Err(panic) = checked {
        println!("---- {} ----\nthe service said: {said}", case.name());
        std::panic::resume_unwind(panic);
    }
}

/// Is the service: until whoever started it is gone.
fn serve(case: Case<'_>) {
    let builder = holdover::Builder::new().service("scenario");
    match case.front {
        Front::Subscriber => {
            let started = builder.try_init().expect("it starts");
            println!("{}", started.address().expect("an address"));
        }
        Front::Layer => {
            tracing::subscriber::set_global_default(registry().with(builder.layer()))
                .expect("nobody was faster");
            println!("{}", std::env::var("HOLDOVER_BIND").expect("an address"));
        }
    }
    std::io::stdout().flush().expect("somebody reads");
    let run = match case.form {
        Form::Shim => case.scenario.shim,
        Form::Plain => case.scenario.plain,
    };
    let run = run.expect("the form exists");
    thread::spawn(|| {
        std::io::stdin().lines().map_while(Result::ok).for_each(|_| go_on());
        std::process::exit(0);
    });
    let mut builder = match case.flavor {
        Flavor::Current => tokio::runtime::Builder::new_current_thread(),
        Flavor::Multi => tokio::runtime::Builder::new_multi_thread(),
    };
    let runtime = builder.enable_all().build().expect("a runtime");
    runtime.block_on(async {
        run().await;
        std::future::pending::<()>().await;
    });
}
