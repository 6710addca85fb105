//! Runs each case as a process of this very executable, asks its console, and prints
//! as libtest does.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Read},
    panic::{AssertUnwindSafe, catch_unwind},
    process::{Child, Command, ExitCode, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

use holdover_proto::v1::{self, HoldingKind, TaskKind, ViewKind, holdover_client::HoldoverClient};
use tonic::transport::{Channel, Endpoint};
use tracing::level_filters::STATIC_MAX_LEVEL;

use crate::{
    causes::{self, Cause},
    programs::{EARLY, HELD, PLAIN, READY, SHIM, TASK},
};

/// A service, and what is to be said of it.
pub struct Case {
    name: &'static str,
    program: fn(),
    environment: &'static [(&'static str, &'static str)],
    blind: &'static [Cause],
    recorded: &'static [Recorded],
    has_log: bool,
    error: Option<&'static str>,
}

/// What a service can have recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// Tasks of tokio's own; never in a build that is blind to them.
    Spans,
    /// The future of `block_on`, in the same builds.
    BlockOn,
    /// Tasks of the shims.
    Shims,
    /// What these tasks hold.
    Holdings,
}

/// A check that needs no service.
pub struct Check {
    pub name: &'static str,
    pub run: fn(),
}

impl Case {
    pub const fn new(name: &'static str, program: fn()) -> Self {
        use Recorded::{BlockOn, Holdings, Shims, Spans};

        Self {
            name,
            program,
            environment: &[],
            blind: &[],
            recorded: &[Spans, BlockOn, Shims, Holdings],
            has_log: true,
            error: None,
        }
    }

    pub const fn environment(self, set: &'static [(&'static str, &'static str)]) -> Self {
        Self { environment: set, ..self }
    }

    /// The causes, and what is recorded all the same.
    pub const fn blind(self, causes: &'static [Cause], recorded: &'static [Recorded]) -> Self {
        Self { blind: causes, recorded, ..self }
    }

    /// The service's log says this as an error.
    pub const fn error(self, said: &'static str) -> Self {
        Self { error: Some(said), ..self }
    }

    /// The service has no log.
    #[cfg(unix)]
    pub const fn without_a_log(self) -> Self {
        Self { has_log: false, ..self }
    }

    /// Those of the level, those of the build, those of the program.
    fn causes(&self) -> Vec<Cause> {
        let build = causes::of_the_build();
        let is_said = |cause: &&Cause| build.is_empty() || !cause.is_of_spans();
        let (level, program): (Vec<_>, Vec<_>) =
            self.blind.iter().filter(is_said).partition(|cause| cause.is_of_the_level());
        [level, build, program].concat()
    }

    /// Is it recorded, in this build?
    fn records(&self, what: Recorded) -> bool {
        let in_this_build = match what {
            Recorded::Spans | Recorded::BlockOn => causes::of_the_build().is_empty(),
            Recorded::Shims | Recorded::Holdings => true,
        };
        in_this_build && self.recorded.contains(&what)
    }

    fn in_short(&self) -> &'static str {
        match (self.records(Recorded::Shims), self.records(Recorded::Spans)) {
            (false, _) => "off",
            (true, true) => "shims and tokio's spans",
            (true, false) => "shims only",
        }
    }
}

struct Test<'a> {
    name: &'static str,
    run: Box<dyn Fn() + 'a>,
}

impl<'a> Test<'a> {
    fn of_a_case(case: &'a Case) -> Self {
        Self { name: case.name, run: Box::new(|| check(case)) }
    }
}

/// The variable by which a process knows that it is the service.
const SERVICE: &str = "HOLDOVER_TEST_SERVICE";
/// Long enough for a machine with everything else going on.
const DEADLINE: Duration = Duration::from_secs(30);

pub fn main(cases: &[Case], checks: &[Check]) -> ExitCode {
    if let Ok(wanted) = std::env::var(SERVICE) {
        let case = cases.iter().find(|case| case.name == wanted).expect("a case of this name");
        serve(case);
    }
    let mut tests: Vec<Test<'_>> = cases.iter().map(Test::of_a_case).collect();
    tests.extend(checks.iter().map(|check| Test { name: check.name, run: Box::new(check.run) }));
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.iter().any(|arg| arg == "--list") {
        for Test { name, .. } in &tests {
            println!("{name}: test");
        }
        return ExitCode::SUCCESS;
    }
    let filters: Vec<&String> = args.iter().filter(|arg| !arg.starts_with('-')).collect();
    let all = tests.len();
    tests.retain(|test| filters.is_empty() || filters.iter().any(|it| test.name.contains(*it)));
    println!("\nrunning {} tests", tests.len());
    let mut failures = 0;
    for Test { name, run } in &tests {
        let passed = catch_unwind(AssertUnwindSafe(run)).is_ok();
        println!("test {name} ... {}", if passed { "ok" } else { "FAILED" });
        failures += usize::from(!passed);
    }
    let word = if failures == 0 { "ok" } else { "FAILED" };
    let (passed, left_out) = (tests.len() - failures, all - tests.len());
    println!(
        "\ntest result: {word}. {passed} passed; {failures} failed; 0 ignored; 0 measured; \
         {left_out} filtered out\n"
    );
    if failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Is the service: until whoever started it is gone.
fn serve(case: &Case) -> ! {
    thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    (case.program)();
    unreachable!("a service runs for ever");
}

/// The service's process, and what it has said so far.
struct Service {
    child: Child,
    lines: Receiver<String>,
    said: Vec<String>,
}

impl Service {
    fn start(case: &Case, bind: &str) -> Self {
        let this = std::env::current_exe().expect("this executable");
        let mut command = Command::new(this);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("HOLDOVER")) {
            command.env_remove(name);
        }
        let mut child = command
            .env(SERVICE, case.name)
            .env("HOLDOVER_BIND", bind)
            .env("RUST_LOG", "info")
            .env("NO_COLOR", "1")
            // Where a service leaves a file for those who look for it.
            .env_remove("XDG_RUNTIME_DIR")
            .envs(case.environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a service process");
        let out = BufReader::new(child.stdout.take().expect("its output"));
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            out.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        Self { child, lines, said: Vec::new() }
    }

    /// Waits for a line that is said once.
    fn line(&mut self, is_it: impl Fn(&str) -> bool) -> String {
        let end = Instant::now() + DEADLINE;
        loop {
            if let Some(line) = self.said.iter().find(|line| is_it(line)) {
                return line.clone();
            }
            let left = end.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => self.said.push(line),
                Err(error) => panic!("{error}, and it said {:#?}", self.said),
            }
        }
    }

    /// Each task by its name, as tokio numbers it.
    fn tasks(&self) -> HashMap<&str, u64> {
        let tasks = self.said.iter().filter_map(|line| line.strip_prefix(TASK)?.rsplit_once(' '));
        tasks.map(|(name, id)| (name, id.parse().expect("a number"))).collect()
    }

    fn errors(&self) -> Vec<&str> {
        let error = |line: &'_ String| line.find("ERROR holdover: ");
        let errors = self.said.iter().filter_map(|line| Some(&line[error(line)?..]));
        errors.map(|line| &line["ERROR holdover: ".len()..]).collect()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn check(case: &Case) {
    let socket = std::env::temp_dir().join(format!("holdover-blind-{}", std::process::id()));
    let bind =
        if case.has_log { "127.0.0.1:0".to_owned() } else { format!("unix:{}", socket.display()) };
    let mut service = Service::start(case, &bind);
    service.line(|line| line == READY);
    let address = if case.has_log {
        let line = service.line(|line| line.contains("INFO holdover: recording;"));
        assert_eq!(field(&line, "coverage"), case.in_short(), "{line}");
        format!("http://{}", field(&line, "address"))
    } else {
        bind
    };
    assert_eq!(service.errors(), case.error.as_slice(), "{:#?}", service.said);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let asked = tokio::time::timeout(DEADLINE, Seen::at(address)).await;
        let seen = asked.expect("it answers in time");
        said_to_the_letter(case, &seen.coverage);
        what_is_said_is_so(case, &seen, &service.tasks());
    });
    drop(service);
    let _ = std::fs::remove_file(socket);
}

/// The value of a field in a line of the log.
fn field<'a>(line: &'a str, name: &str) -> &'a str {
    let (_, rest) = line.split_once(&format!(" {name}=\"")).expect("the field");
    rest.split('"').next().unwrap_or_default()
}

/// What a console is told.
struct Seen {
    coverage: v1::Coverage,
    tasks: Vec<v1::Task>,
    holdings: Vec<v1::HeldRow>,
}

impl Seen {
    async fn at(address: String) -> Self {
        let endpoint = Endpoint::from_shared(address).expect("an address");
        let mut client = HoldoverClient::new(endpoint.connect().await.expect("it listens"));
        let described = client.describe(v1::DescribeRequest {}).await.expect("an answer");
        Self {
            coverage: described.into_inner().coverage.expect("coverage"),
            tasks: look(&mut client, ViewKind::Tasks).await.tasks,
            holdings: look(&mut client, ViewKind::Holdings).await.holdings,
        }
    }
}

async fn look(client: &mut HoldoverClient<Channel>, kind: ViewKind) -> v1::Update {
    let view = v1::View { kind: kind.into(), limit: 500, ..v1::View::default() };
    let request = v1::WatchRequest { view: Some(view) };
    let mut updates = client.watch(request).await.expect("a view").into_inner();
    updates.message().await.expect("an update").expect("one at least")
}

fn said_to_the_letter(case: &Case, coverage: &v1::Coverage) {
    let first_line = |fix: &str| fix.lines().next().unwrap_or_default().to_owned();
    let said: Vec<_> = coverage
        .blind
        .iter()
        .map(|it| (it.cause.clone(), it.sentence.clone(), first_line(&it.fix)))
        .collect();
    let text = |cause: Cause| [cause.name, cause.sentence, cause.fix].map(str::to_owned).into();
    let expected: Vec<(String, String, String)> = case.causes().into_iter().map(text).collect();
    assert_eq!(said, expected);
    assert_eq!(coverage.spans, case.records(Recorded::Spans));
    assert_eq!(coverage.shims, case.records(Recorded::Shims));
    assert_eq!(coverage.tokio_unstable, cfg!(tokio_unstable));
    assert_eq!(coverage.static_max_level, STATIC_MAX_LEVEL.to_string().to_uppercase());
}

fn what_is_said_is_so(case: &Case, seen: &Seen, tasks: &HashMap<&str, u64>) {
    let recorded = |name| seen.tasks.iter().find(|it| it.tokio_id == tasks.get(name).copied());
    let (plain, shim) = (recorded(PLAIN), recorded(SHIM));
    assert_eq!(plain.is_some(), case.records(Recorded::Spans), "tokio's task in {:#?}", seen.tasks);
    assert_eq!(
        shim.is_some(),
        case.records(Recorded::Shims),
        "the shim's task in {:#?}",
        seen.tasks
    );
    for early in EARLY.into_iter().filter(|it| tasks.contains_key(it)) {
        assert!(recorded(early).is_none(), "{early} in {:#?}", seen.tasks);
    }
    let block_on = seen.tasks.iter().any(|it| it.kind() == TaskKind::BlockOn);
    assert_eq!(block_on, case.records(Recorded::BlockOn), "{:#?}", seen.tasks);
    let held = |task: Option<&v1::Task>, is_it: fn(&v1::Holding) -> bool| {
        seen.holdings.iter().any(|row| {
            task.is_some_and(|task| row.owner.as_ref().is_some_and(|owner| owner.id == task.id))
                && row.holding.as_ref().is_some_and(is_it)
        })
    };
    let holdings = case.records(Recorded::Holdings);
    let timer = held(plain, |it| it.kind() == HoldingKind::Timer);
    assert_eq!(timer, holdings && plain.is_some(), "{:#?}", seen.holdings);
    let hold = held(shim, |it| it.label == HELD);
    assert_eq!(hold, holdings && shim.is_some(), "{:#?}", seen.holdings);
}
