//! What an ignore file does, end to end: a service with one, its log, and a console that
//! is told what is ignored, by which rule, and which rules are wrong.

#![cfg(all(feature = "console", feature = "fmt"))]
#![expect(clippy::disallowed_methods, reason = "a test reads the clock")]

#[path = "shared/look.rs"]
mod look;

use std::{
    fs,
    future::pending,
    io::{self, Write},
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use holdover::{
    hold::{Hold, Kind},
    sync::CancellationToken,
};
use holdover_proto::v1::{self, ViewKind, holdover_client::HoldoverClient};
use look::interval_of_its_own;
use tonic::transport::{Channel, Endpoint};

const GRACE: Duration = Duration::from_millis(100);
/// Long enough for a machine with everything else going on.
const DEADLINE: Duration = Duration::from_secs(30);

static KEPT: Mutex<Vec<(&str, Hold)>> = Mutex::new(Vec::new());

const RULES: &str = r#"# what this service is known to leak
label:known until 2999-12-31 why "goes with the new cache"
verdict:stuck name:deaf until 2999-12-31 why "ends with the process"
label:expired until 2020-01-31 why "was to be mended by then"
label:never until 2999-12-31 why "nobody holds it"

verdict:stack until 2999-12-31 why "a typo"
label:new why "without a day"
"#;

/// The service's own log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("it").clone()).expect("text")
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("it").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A file in a folder of this test's own.
fn file(name: &str, text: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, text).expect("a file");
    path
}

/// A cancelled task that has left these behind.
fn leaves(name: &'static str, labels: &'static [&'static str]) {
    let (tell, left) = tokio::sync::oneshot::channel();
    let task = holdover::task::Builder::new().name(name).spawn(async move {
        for label in labels {
            KEPT.lock().expect("it").push((label, Hold::new(Kind::Custom, *label)));
        }
        let _ = tell.send(());
        pending::<()>().await;
    });
    let task = task.expect("a task");
    drop(holdover::task::Builder::new().name("canceller").spawn(async move {
        left.await.expect("it runs");
        task.abort();
    }));
}

fn release(label: &str) {
    KEPT.lock().expect("it").retain(|(kept, _)| *kept != label);
}

struct Console(HoldoverClient<Channel>);

impl Console {
    async fn attach(address: &str) -> Self {
        let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("an address");
        Self(HoldoverClient::new(endpoint.connect().await.expect("it listens")))
    }

    async fn look(&mut self, kind: ViewKind, ignored: bool) -> v1::Update {
        let (kind, interval_ms) = (kind.into(), interval_of_its_own());
        let view = v1::View { kind, limit: 500, interval_ms, ignored, ..Default::default() };
        let request = v1::WatchRequest { view: Some(view) };
        let mut updates = self.0.watch(request).await.expect("a view").into_inner();
        updates.message().await.expect("an update").expect("one at least")
    }

    /// Waits for these to be reported and those to be ignored, by name.
    async fn wait_for(&mut self, reported: &[&str], ignored: &[&str]) -> (v1::Update, v1::Update) {
        let end = Instant::now() + DEADLINE;
        loop {
            let told = self.look(ViewKind::Leaks, false).await;
            let not_told = self.look(ViewKind::Leaks, true).await;
            // Nothing has changed from one look to the other.
            let is_one_moment = counts(&told) == counts(&not_told);
            if is_one_moment && names(&told) == reported && names(&not_told) == ignored {
                return (told, not_told);
            }
            assert!(
                Instant::now() < end,
                "reported {:?}, ignored {:?}",
                names(&told),
                names(&not_told)
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn ignoring(&mut self) -> v1::Ignoring {
        let described = self.0.describe(v1::DescribeRequest {}).await.expect("it answers");
        described.into_inner().ignoring.expect("rules")
    }
}

/// Of leaks: reported, ignored, and those that were given and have cleared so far.
fn counts(update: &v1::Update) -> (u64, u64, u64, u64) {
    let totals = update.totals.expect("totals");
    (totals.leaks, totals.ignored, totals.given, totals.cleared)
}

fn names(update: &v1::Update) -> Vec<&str> {
    let name = |leak: &'_ v1::Leak| -> usize { leak.task.as_ref().map_or(0, |it| it.name.len()) };
    let mut leaks: Vec<&v1::Leak> = update.leaks.iter().collect();
    leaks.sort_by_key(|leak| (name(leak), leak.verdict));
    leaks.into_iter().filter_map(|leak| Some(leak.task.as_ref()?.name.as_str())).collect()
}

/// One test, since a process has one recorder.
#[test]
fn what_is_ignored_is_counted_and_not_reported() {
    let (good, missing) = (file("ignore.txt", RULES), PathBuf::from("/nowhere/at/all"));
    let log = Log::default();
    let writer = log.clone();
    let subscriber =
        tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let started = holdover::Builder::new()
        .bind("127.0.0.1:0")
        .grace(GRACE)
        .ignore(&good)
        .ignore(&missing)
        .wrap(subscriber)
        .try_init()
        .expect("it starts, with the good rules");
    let address = started.address().expect("an address").to_owned();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let token = CancellationToken::new();
        let deaf = holdover::task::Builder::new().name("deaf").token(&token);
        drop(deaf.spawn(pending::<()>()).expect("a task"));
        token.cancel();
        leaves("known", &["known"]);
        leaves("expired", &["expired"]);
        leaves("both kinds", &["known", "new"]);
        let mut console = Console::attach(&address).await;
        what_is_told(&mut console).await;
        what_becomes_of_rules(&mut console, &good.display().to_string()).await;
        what_is_left_is_known(&mut console).await;
    });
    what_the_log_says(&log.text(), &good.display().to_string());
}

async fn what_is_told(console: &mut Console) {
    let (told, not_told) = console.wait_for(&["expired", "both kinds"], &["deaf", "known"]).await;
    assert_eq!(counts(&told), (2, 2, 2, 0));
    assert!(told.leaks.iter().all(|leak| leak.ignored.is_empty()));
    assert_eq!((told.all, not_told.all), (2, 2));
    let known = not_told.leaks.iter().find(|leak| leak.verdict() != v1::Verdict::Stuck);
    let by = &known.expect("it is listed").ignored[0];
    assert_eq!((by.why.as_str(), by.until.as_str()), ("goes with the new cache", "2999-12-31"));
    assert!(by.place.ends_with("ignore.txt:2"), "{by:?}");
    let groups = console.look(ViewKind::LeakGroups, true).await.groups;
    assert!(groups.len() == 2 && groups.iter().all(|it| it.count == 1), "{groups:#?}");
    let events = console.look(ViewKind::Events, false).await.events;
    let given = events.iter().filter(|event| event.kind() == v1::EventKind::Given);
    let what: Vec<&str> = given.map(|event| event.what.as_str()).collect();
    assert!(what.contains(&"custom known, ignored: goes with the new cache"), "{what:?}");
    assert_eq!(what.len(), 4, "the history has them all: {what:?}");
}

async fn what_becomes_of_rules(console: &mut Console, path: &str) {
    let ignoring = console.ignoring().await;
    let told = |rule: &v1::IgnoreRule| (rule.expired, rule.now, rule.so_far);
    let rules: Vec<_> = ignoring.rules.iter().map(told).collect();
    assert_eq!(rules, [(false, 1, 1), (false, 1, 1), (true, 0, 0), (false, 0, 0)], "{ignoring:#?}");
    let [typo, no_day, missing] = ignoring.errors.as_slice() else {
        panic!("{:#?}", ignoring.errors)
    };
    assert!(typo.starts_with(&format!("{path}:7:9: `verdict` is one of stuck,")), "{typo}");
    assert!(no_day.starts_with(&format!("{path}:8:11: expected `until`")), "{no_day}");
    assert!(missing.starts_with("/nowhere/at/all: cannot be read: No such file"), "{missing}");
}

/// What is new goes: what is left is ignored. Then all of it goes.
async fn what_is_left_is_known(console: &mut Console) {
    release("new");
    let (told, _) = console.wait_for(&["expired"], &["deaf", "known", "both kinds"]).await;
    assert_eq!(counts(&told), (1, 3, 2, 1));
    release("known");
    release("expired");
    let (told, _) = console.wait_for(&[], &["deaf"]).await;
    assert_eq!(counts(&told), (0, 1, 2, 2));
    assert_eq!(console.ignoring().await.rules[0].so_far, 2);
}

fn what_the_log_says(log: &str, path: &str) {
    for expected in [
        &format!("ERROR holdover::ignore: {path}:7:9: `verdict` is one of stuck,"),
        "ERROR holdover::ignore: /nowhere/at/all: cannot be read",
        "INFO holdover::ignore: leaks that match a rule are not reported rules=4",
        "WARN holdover::ignore: a rule has expired",
        "task=\"expired #",
        "task=\"both kinds #",
    ] {
        assert!(log.contains(expected), "not {expected:?} in:\n{log}");
    }
    assert!(!log.contains("task=\"known #") && !log.contains("task=\"deaf #"), "{log}");
}
