//! `holdover demo`: a scenario as a service process of its own, and the console
//! attached to it over real gRPC.

use std::{
    collections::{BTreeMap, VecDeque, btree_map::Entry},
    io::{self, Read, Write},
    process::Stdio,
    time::Duration,
};

use holdover_examples::{Form, LEFT_OUT, Rounds, SCENARIOS, Scenario};
use holdover_proto::v1;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, ChildStderr, ChildStdin, Command},
};

use crate::{
    Failure, Now,
    app::{self, Ended, Ui},
    args::nearest,
    client::{self, Address, Addresses},
    format::{counted, leaks_and_warnings, safe, span},
    print, terminal, words,
};

/// How many times the scenario is told where standard output is no terminal.
const ROUNDS_TOLD: u32 = 3;
/// How long a scenario without leaks is watched after its last update.
const QUIET: Duration = Duration::from_secs(12);
/// Of what a service said before it ended, so many lines are shown.
const LINES_SAID: usize = 5;
/// So long they are waited for when it has ended.
const SAID_WITHIN: Duration = Duration::from_secs(1);
/// What has lost its connection ends within this, if it does.
const ENDS_WITHIN: Duration = Duration::from_secs(2);
/// When the telling ends at the latest.
const TOLD_WITHIN: Duration = Duration::from_secs(60);

pub(crate) fn list() -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    for scenario in SCENARIOS {
        let needs = if is_seen(scenario) { "" } else { " (needs --cfg tokio_unstable)" };
        writeln!(out, "{:<18} {}{needs}", scenario.name, scenario.about)?;
    }
    for (name, feature) in LEFT_OUT {
        writeln!(out, "{name:<18} {}", needs(feature))?;
    }
    Ok(())
}

/// What a scenario needs that is not in this build.
fn needs(feature: &str) -> String {
    format!("not in this build: needs --features {feature} of holdover-tui")
}

/// Whether this build sees anything of it.
fn is_seen(scenario: &Scenario) -> bool {
    scenario.form == Form::Shim || cfg!(tokio_unstable)
}

/// The scenario of that name, the first one without a name.
pub(crate) fn find(name: Option<&str>) -> Result<&'static Scenario, Failure> {
    let found = match name {
        None => SCENARIOS.first(),
        Some(name) => holdover_examples::find(name),
    };
    let scenario = found.ok_or_else(|| {
        let name = name.unwrap_or_default();
        if let Some((name, feature)) = LEFT_OUT.iter().find(|(it, _)| *it == name) {
            return Failure::Usage(format!("{name} is {}", needs(feature)));
        }
        let meant = nearest(name, SCENARIOS.iter().map(|it| it.name));
        let meant = meant.map(|it| format!("did you mean `{it}`? ")).unwrap_or_default();
        Failure::Usage(format!(
            "there is no scenario {name:?}; {meant}`holdover demo --list` names them"
        ))
    })?;
    if !is_seen(scenario) {
        return Err(Failure::Usage(format!(
            "{} uses tokio only, and this build was made without --cfg tokio_unstable, so nothing \
             of it would be seen; build with RUSTFLAGS=\"--cfg tokio_unstable\"",
            scenario.name
        )));
    }
    Ok(scenario)
}

/// Is the service: says where it listens, runs, and ends with whoever started it. The
/// recorder starts before the runtime does, as it should.
pub(crate) fn serve(scenario: &'static Scenario, rounds: u32) -> Result<(), Failure> {
    let started = holdover::Builder::new()
        .service("demo")
        .bind("127.0.0.1:0")
        .try_init()
        .map_err(|error| Failure::Usage(error.to_string()))?;
    let Some(address) = started.address() else { return Err(switched_off("HOLDOVER")) };
    if std::env::var("HOLDOVER_LEVEL").is_ok_and(|level| level.trim() == "off") {
        return Err(switched_off("HOLDOVER_LEVEL"));
    }
    writeln!(io::stdout(), "{address}")?;
    io::stdout().flush()?;
    let rounds = if rounds == 0 { Rounds::Endless } else { Rounds::Exactly(rounds) };
    std::thread::spawn(|| {
        // Closed when whoever started this is gone, however that went.
        let mut rest = Vec::new();
        let _ = io::stdin().read_to_end(&mut rest);
        std::process::exit(0);
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        drop(holdover::task::Builder::new().name("main").spawn((scenario.run)(rounds)));
        std::future::pending::<()>().await;
    });
    Ok(())
}

/// With recording switched off there is nothing to show.
fn switched_off(variable: &str) -> Failure {
    Failure::Usage(format!(
        "{variable} switches recording off here, and a demo shows what is recorded: \
         `env -u {variable} holdover demo` runs it all the same"
    ))
}

/// The service process; it ends when this is dropped.
struct Service {
    child: Child,
    /// It ends when this is closed, which is done to that of a child that is waited for.
    _alive: Option<ChildStdin>,
    address: Address,
    said: tokio::task::JoinHandle<VecDeque<String>>,
}

impl Service {
    async fn start(scenario: &Scenario, rounds: u32) -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args(["demo", scenario.name, "--serve", &rounds.to_string()])
            .env_remove("HOLDOVER_BIND")
            // Its standard output says where it listens, and nothing else.
            .env("RUST_LOG", "off")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        // What is typed at an editor is not meant for it.
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.spawn()?;
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut line).await?;
        }
        let Ok(address) = line.trim().parse() else { return Err(why_not(child).await) };
        Ok(Self::of(child, address))
    }

    fn of(mut child: Child, address: Address) -> Self {
        // The screen is the console's: what it says from here on is shown when it has ended.
        let said = tokio::spawn(last_lines(child.stderr.take()));
        Self { _alive: child.stdin.take(), child, address, said }
    }

    /// How it ended, once it has: in one sentence, and beneath that what it said last.
    async fn ends(&mut self) -> Failure {
        let how = match self.child.wait().await {
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        };
        let mut text = format!("the demo's service has ended ({how})");
        // A process of its own may have its standard error, and keep it open.
        let said = tokio::time::timeout(SAID_WITHIN, &mut self.said).await;
        if let Some(said) = said.ok().and_then(Result::ok).filter(|said| !said.is_empty()) {
            text.push_str("; it said last:");
            for line in said {
                text.push_str("\n  ");
                text.push_str(&safe(&line));
            }
        }
        Failure::Ended(text)
    }
}

/// The last lines of these, when they end.
async fn last_lines(of: Option<ChildStderr>) -> VecDeque<String> {
    let mut last = VecDeque::new();
    let Some(of) = of else { return last };
    let mut lines = BufReader::new(of).split(b'\n');
    while let Ok(Some(line)) = lines.next_segment().await {
        last.push_back(String::from_utf8_lossy(&line).into_owned());
        if last.len() > LINES_SAID {
            last.pop_front();
        }
    }
    last
}

/// Why a service process did not start, in its own words.
async fn why_not(child: Child) -> Failure {
    const NO_WORDS: &str = "the demo's service process did not start";
    match child.wait_with_output().await {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            let said = said.trim();
            Failure::Usage(said.strip_prefix("holdover: ").unwrap_or(NO_WORDS).to_owned())
        }
        Err(error) => Failure::Io(error),
    }
}

/// Shows the scenario in the console, until the user quits or the service ends.
pub(crate) async fn show(scenario: &'static Scenario, ui: Ui) -> Result<(), Failure> {
    let mut service = Service::start(scenario, 0).await?;
    let (_taken, mut terminal) = terminal::take().map_err(|error| crate::no_terminal(&error))?;
    let addresses = Addresses::one(service.address.clone());
    // Whoever has never seen it does not know what to look for.
    let ui = Ui { greeting: Some(scenario.about.to_owned()), ..ui };
    match app::run(&mut terminal, &addresses, ui, service.ends()).await? {
        Ended::ByTheUser => Ok(()),
        Ended::Because(failure) => Err(failure),
    }
}

/// Tells the same as lines of text, and ends by itself.
pub(crate) async fn tell(scenario: &'static Scenario, now: Now) -> Result<(), Failure> {
    let mut service = Service::start(scenario, ROUNDS_TOLD).await?;
    let address = service.address.clone();
    let lost = tokio::select! {
        ended = service.ends() => return Err(ended),
        told = tell_of(scenario, &address, now) => match told {
            Ok(()) => return Ok(()),
            Err(lost) => lost,
        },
    };
    // The connection to a service that ends is lost a little before it has ended.
    Err(tokio::time::timeout(ENDS_WITHIN, service.ends()).await.unwrap_or(lost))
}

async fn tell_of(scenario: &Scenario, address: &Address, now: Now) -> Result<(), Failure> {
    let failed = |client::Failed(why)| Failure::Connect(why);
    let (mut client, described) = client::connect(address).await.map_err(failed)?;
    let view = v1::View {
        kind: v1::ViewKind::Leaks.into(),
        limit: 500,
        interval_ms: 100,
        cleared: true,
        ..v1::View::default()
    };
    let lost = |status: tonic::Status| Failure::Connect(status.message().to_owned());
    let request = v1::WatchRequest { view: Some(view) };
    let mut updates = client.watch(request).await.map_err(lost)?.into_inner();
    let mut story = Story::new(scenario.leaks_a_round * ROUNDS_TOLD);
    Story::begin(scenario, described.grace_ns)?;
    let end = now() + TOLD_WITHIN;
    while !story.is_over() {
        let left = end.saturating_duration_since(now()).min(story.patience());
        match tokio::time::timeout(left, updates.message()).await {
            Ok(update) => match update.map_err(lost)? {
                Some(update) => story.take(&update)?,
                None => return Err(Failure::Connect("the service ended the stream".to_owned())),
            },
            Err(_) => break,
        }
    }
    story.end()?;
    Ok(())
}

/// When a verdict of this scenario is given: each has its own rule.
fn when_reported(scenario: &Scenario, grace_ns: u64) -> String {
    let grace = span(grace_ns);
    match scenario.name {
        "resource_manager" => {
            "A thing is overdue as soon as it is older than its limit.".to_owned()
        }
        _ => format!(
            "A leak is reported when it has lasted for its grace: {grace}, or the task's own."
        ),
    }
}

/// What has been told of which leak.
struct Story {
    expected: u32,
    /// By task, verdict and when it was given: whether it has cleared.
    told: BTreeMap<(u64, i32, u64), bool>,
}

impl Story {
    fn new(expected: u32) -> Self {
        Self { expected, told: BTreeMap::new() }
    }

    fn begin(scenario: &Scenario, grace_ns: u64) -> io::Result<()> {
        let mut out = io::stdout();
        writeln!(out, "{}: {}", scenario.name, scenario.about)?;
        writeln!(out, "{}", when_reported(scenario, grace_ns))
    }

    fn take(&mut self, update: &v1::Update) -> io::Result<()> {
        for leak in &update.leaks {
            let Some(task) = &leak.task else { continue };
            let name = (task.id, leak.verdict, leak.given_ns);
            if let Entry::Vacant(vacant) = self.told.entry(name) {
                vacant.insert(false);
                writeln!(io::stdout(), "{}", print::text::leak(leak, update.now_ns))?;
            }
            if let (Some(cleared), Some(false)) = (leak.cleared_ns, self.told.get(&name)) {
                self.told.insert(name, true);
                let lasted = span(cleared.saturating_sub(leak.since_ns));
                let who = match task.id {
                    0 => "it was let go".to_owned(),
                    id => format!("task #{id} let go"),
                };
                writeln!(io::stdout(), "  cleared: {who} after {lasted}")?;
            }
        }
        Ok(())
    }

    /// What is overdue or orphaned is reported, and is no leak.
    fn called(&self) -> String {
        let is_warning = |verdict| v1::Verdict::try_from(verdict).is_ok_and(words::is_warning);
        let warned = self.told.keys().filter(|(_, verdict, _)| is_warning(*verdict)).count();
        match (self.seen() - warned, warned) {
            (0, 1..) => counted(warned as u64, "warning"),
            (leaks, warned) => leaks_and_warnings(leaks as u64, warned as u64),
        }
    }

    fn seen(&self) -> usize {
        self.told.len()
    }

    fn cleared(&self) -> usize {
        self.told.values().filter(|cleared| **cleared).count()
    }

    fn is_over(&self) -> bool {
        self.expected > 0 && self.cleared() >= self.expected as usize
    }

    /// Where nothing is to be seen, how long nothing is watched.
    fn patience(&self) -> Duration {
        if self.expected == 0 { QUIET } else { TOLD_WITHIN }
    }

    fn end(&self) -> io::Result<()> {
        let missed = (self.expected as usize).saturating_sub(self.seen());
        let (them, cleared) = (self.called(), self.cleared());
        writeln!(io::stdout(), "{them} seen, {cleared} cleared, {missed} missed")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_when_a_verdict_is_given_is_true_of_the_scenario() {
        let of =
            |name| when_reported(find(Some(name)).expect("it is in every build"), 2_000_000_000);
        assert!(of("graceful_shutdown").ends_with("its grace: 2.0s, or the task's own."));
        assert!(of("resource_manager").contains("older than its limit"));
    }

    #[tokio::test]
    async fn a_service_that_ends_says_how_and_what_it_said_last() {
        for (script, expected) in [
            ("exit 7", "the demo's service has ended (exit status: 7)"),
            (
                "seq 9 >&2; printf 'a\\033b' >&2",
                "the demo's service has ended (exit status: 0); it said last:\n  6\n  7\n  8\n  9\n  a\\eb",
            ),
        ] {
            let mut command = Command::new("sh");
            let command = command.args(["-c", script]).stderr(Stdio::piped());
            let child = command.spawn().expect("a shell");
            let ended = Service::of(child, Address::default()).ends().await;
            assert_eq!(ended.to_string(), expected);
        }
    }

    #[test]
    fn what_is_overdue_is_not_called_a_leak() {
        let mut story = Story::new(1);
        assert_eq!(story.called(), "0 leaks");
        story.told.insert((0, v1::Verdict::Overdue.into(), 7), false);
        assert_eq!(story.called(), "1 warning");
        story.told.insert((9, v1::Verdict::Stuck.into(), 8), false);
        assert_eq!(story.called(), "1 leak and 1 warning");
    }
}
