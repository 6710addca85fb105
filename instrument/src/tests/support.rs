//! A service of one thread. Its clock is paused, so that time passes when nothing else is
//! left to do; grace passes when the test says so.

use std::{
    cell::RefCell,
    fmt::Write,
    future::{pending, poll_fn},
    pin::Pin,
    task::Poll,
    time::Duration,
};

use tokio::{
    runtime::{Builder, Runtime},
    task::yield_now,
};
use tracing_core::{Dispatch, dispatcher, subscriber::NoSubscriber};

use crate::{
    process::Sampler,
    query::{self, Rows, Sort, View, ViewKind, Window, filter::Filter},
    record::unrecorded,
    recorder::{
        Level, Recorder,
        clock::nanos,
        holding::{HoldingFacts, HoldingFlag},
        owner::{self, Work},
        task::TaskFacts,
    },
    settings::Settings,
    store::{CancelStory, Held, Ignore, Row, Store, Totals, cancel_story},
    subscriber::HoldoverSubscriber,
    task::JoinHandle,
    words::{Outcome, TaskKind},
};

/// Longer than grace, shorter than the orphan grace.
pub(super) const GRACE_OVER: Duration = Duration::from_secs(5);
/// Longer than either.
pub(super) const ORPHANS_TOO: Duration = Duration::from_secs(60);
/// Longer than any of them.
pub(super) const DAY: Duration = Duration::from_secs(86_400);

pub(super) struct Service {
    pub(super) recorder: &'static Recorder,
    store: RefCell<Store>,
    /// `None` where only the shims record.
    dispatch: Option<Dispatch>,
    runtime: Runtime,
}

/// Runs the test where only shims record, and where tokio's spans are recorded too.
pub(super) fn on_each(test: impl Fn(&Service)) {
    test(&Service::of_shims());
    if cfg!(tokio_unstable) {
        test(&Service::of_spans());
    }
}

impl Service {
    pub(super) fn of_shims() -> Self {
        Self::with(Level::All, Settings::default())
    }

    fn with(level: Level, settings: Settings) -> Self {
        let recorder = Recorder::start(level);
        // What has ended stays to be looked at.
        let settings = Settings { retention: 7 * DAY, ..settings };
        let store = RefCell::new(Store::new(recorder, settings, Ignore::default()));
        let mut builder = Builder::new_current_thread();
        let runtime = builder.enable_all().start_paused(true).build().expect("a runtime");
        Self { recorder, store, dispatch: None, runtime }
    }

    pub(super) fn of_spans() -> Self {
        Self::of_spans_with(Level::All, Settings::default())
    }

    pub(super) fn of_spans_with(level: Level, settings: Settings) -> Self {
        keep_callsites_open();
        let service = Self::with(level, settings);
        let subscriber = HoldoverSubscriber::new(service.recorder, NoSubscriber::new());
        Self { dispatch: Some(Dispatch::new(subscriber)), ..service }
    }

    /// The future, recorded by this service wherever it runs.
    pub(super) fn here<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        let recorder = self.recorder;
        let mut future = Box::pin(future);
        poll_fn(move |cx| {
            let _entered = owner::enter(recorder, Work::Nobody);
            future.as_mut().poll(cx)
        })
    }

    /// The service's runtime is shut down.
    pub(super) fn ends(&mut self) {
        let mut builder = Builder::new_current_thread();
        let next = builder.enable_all().start_paused(true).build().expect("a runtime");
        drop(std::mem::replace(&mut self.runtime, next));
    }

    pub(super) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Runs the closure where everything is recorded by this service's recorder.
    pub(super) fn within<R>(&self, run: impl FnOnce() -> R) -> R {
        if let Some(dispatch) = &self.dispatch {
            return dispatcher::with_default(dispatch, run);
        }
        let _entered = owner::enter(self.recorder, Work::Nobody);
        run()
    }

    /// Runs the future in the service's runtime. It fails when all that is left is to wait.
    pub(super) fn run<F: Future>(&self, future: F) -> F::Output {
        self.within(|| {
            self.runtime.block_on(async {
                let limit = unrecorded(|| tokio::time::sleep(300 * DAY));
                tokio::select! {
                    biased;
                    output = future => output,
                    () = limit => panic!("it waits for ever"),
                }
            })
        })
    }

    // === what is told of it ===

    pub(super) fn tasks(&self, name: &str) -> Vec<TaskFacts> {
        self.recorder.tasks().filter(|facts| &*facts.name.text() == name).collect()
    }

    #[track_caller]
    pub(super) fn task(&self, name: &str) -> TaskFacts {
        let mut named = self.tasks(name);
        assert_eq!(named.len(), 1, "tasks of the name {name}: {named:#?}");
        named.remove(0)
    }

    #[track_caller]
    pub(super) fn outcome(&self, name: &str) -> Outcome {
        self.task(name).outcome.expect("it has ended")
    }

    #[track_caller]
    pub(super) fn cancel(&self, name: &str) -> Option<CancelStory> {
        cancel_story(self.recorder, &self.task(name))
    }

    /// What is held at the moment.
    pub(super) fn holdings(&self) -> Vec<HoldingFacts> {
        let now = self.recorder.clock.now();
        let live = |it: &HoldingFacts| !it.has(HoldingFlag::Over) && !it.is_over(now);
        self.recorder.all_holdings().filter(live).collect()
    }

    #[track_caller]
    pub(super) fn only_holding(&self) -> HoldingFacts {
        let mut all = self.holdings();
        assert_eq!(all.len(), 1, "{all:#?}");
        all.remove(0)
    }

    /// The name of who owns the only holding; `None` when nobody does.
    #[track_caller]
    pub(super) fn owner(&self) -> Option<String> {
        let owner = self.only_holding().owner?;
        let facts = self.recorder.task(owner).expect("what it owns pins it");
        Some(facts.name.text().as_ref().to_owned())
    }

    // === what is said of it ===

    /// A look at everything, so much later than now.
    pub(super) fn look(&self, later: Duration) {
        let now = self.recorder.clock.now() + nanos(later);
        self.store.borrow_mut().round(now);
    }

    /// What is said so much later, a line a verdict.
    pub(super) fn verdicts(&self, later: Duration) -> Vec<String> {
        self.look(later);
        self.store.borrow().rows().map(|row| said(row)).collect()
    }

    /// What the view of all holdings lists, and of whom.
    #[cfg(tokio_unstable)]
    pub(super) fn held_by_anybody(&self) -> Vec<query::HeldRow> {
        let window = self.evaluate(ViewKind::Holdings);
        let Rows::Holdings(rows) = window.rows else { panic!("other rows") };
        rows
    }

    fn evaluate(&self, kind: ViewKind) -> Window {
        self.sorted(kind, "")
    }

    /// The names of the tasks of the groups of leaks, sorted so.
    pub(super) fn groups(&self, sort: &str) -> Vec<String> {
        let Rows::Groups(groups, _) = self.sorted(ViewKind::LeakGroups, sort).rows else {
            panic!("other rows")
        };
        groups.iter().map(|group| group.worst.person.name.to_string()).collect()
    }

    fn sorted(&self, kind: ViewKind, sort: &str) -> Window {
        let filter = Filter::parse("").expect("everything");
        let sort = Sort::parse(sort).expect("a field");
        self.view(&View { sort, ..view_of(kind, filter) })
    }

    /// The groups by these fields, so much later: how many, and what they share.
    pub(super) fn grouped(&self, by: &str, sort: &str, later: Duration) -> Vec<String> {
        let said = |group: &query::Group| format!("{} {}", group.count, group.by.join(" "));
        self.groups_by(by, sort, later).iter().map(said).collect()
    }

    /// The groups as usual: how many, what they are called and hold, and how those differ.
    pub(super) fn named_groups(&self) -> Vec<String> {
        let said = |group: query::Group| {
            let query::Group { count, worst, differ, .. } = group;
            let label = worst.alike.held.as_ref().map_or("", |(_, label)| label);
            let (names, labels) = (differ.names, differ.labels);
            format!("{count} {} {label}: {names} names, {labels} labels", worst.alike.name)
        };
        self.groups_by("", "", GRACE_OVER).into_iter().map(said).collect()
    }

    /// How many each group had, minute by minute, up to so much later.
    pub(super) fn counts(&self, by: &str, later: Duration) -> Vec<Vec<u32>> {
        self.groups_by(by, "", later).into_iter().map(|group| group.counts).collect()
    }

    fn groups_by(&self, by: &str, sort: &str, later: Duration) -> Vec<query::Group> {
        let by = query::parse_by(by).expect("fields");
        let sort = Sort::parse(sort).expect("a field");
        let everything = Filter::parse("").expect("everything");
        let view = View { sort, by, ..view_of(ViewKind::LeakGroups, everything) };
        let Rows::Groups(groups, _) = self.view_at(&view, later).rows else { panic!("other rows") };
        groups
    }

    fn view(&self, view: &View) -> Window {
        self.view_at(view, Duration::ZERO)
    }

    fn view_at(&self, view: &View, later: Duration) -> Window {
        let now = self.recorder.clock.now() + nanos(later);
        let mut sampler = Sampler::new();
        query::evaluate(&mut self.store.borrow_mut(), &mut sampler, view, now)
    }

    /// The tasks that are being cancelled, so much later.
    pub(super) fn cancelling(&self, later: Duration) -> Vec<String> {
        self.look(later);
        let everything = Filter::parse("").expect("everything");
        let view = View { cancelling: true, ..view_of(ViewKind::Tasks, everything) };
        let Rows::Tasks(rows) = self.view(&view).rows else { panic!("other rows") };
        rows.iter().map(|row| row.person.name.to_string()).collect()
    }

    /// The tree of these rows, without the `block_on` that tokio's spans show at its root:
    /// each task's name, and what is said of its place.
    pub(super) fn tree(&self, kind: ViewKind, filter: &str, folded: &[&str]) -> Vec<String> {
        let filter = Filter::parse(filter).expect("a filter");
        let folded = folded.iter().map(|name| self.task(name).id).collect();
        let window = self.view(&View { tree: Some(folded), ..view_of(kind, filter) });
        let Rows::Tree(branches) = window.rows else { panic!("other rows") };
        let is_outside = |it: &&query::Branch| it.task.facts.kind == TaskKind::BlockOn;
        let outside = branches.iter().filter(is_outside).count();
        branches.iter().skip(outside).map(|it| said_of_branch(it, outside)).collect()
    }

    /// The groups of tasks, each with how many live and how many have ended.
    pub(super) fn sites(&self, sort: &str, filter: &str) -> Vec<String> {
        self.look(Duration::ZERO);
        let (sort, filter) = (Sort::parse(sort).expect("a sort"), Filter::parse(filter));
        let filter = filter.expect("a filter");
        let window = self.view(&View { sort, ..view_of(ViewKind::TaskGroups, filter) });
        let Rows::Sites(rows) = window.rows else { panic!("other rows") };
        assert_eq!(window.matched, rows.len());
        rows.iter()
            .filter(|row| row.location.contains("tests/sites.rs"))
            .map(|row| {
                let line = row.location.split(':').nth(1).unwrap_or_default();
                format!("{line}: {} {}", row.live, row.ended.all())
            })
            .collect()
    }

    /// Where the tasks that live were spawned, and how many there; of no place, nothing.
    pub(super) fn places(&self) -> Vec<String> {
        self.look(Duration::ZERO);
        let filter = Filter::parse("").expect("a filter");
        let window = self.view(&view_of(ViewKind::TaskGroups, filter));
        let Rows::Sites(rows) = window.rows else { panic!("other rows") };
        let inside = rows.iter().filter(|row| row.live > 0 && !row.location.contains("support.rs"));
        let file = |place: &str| place.rsplit('/').next().unwrap_or_default().to_owned();
        let mut places: Vec<String> =
            inside.map(|row| format!("{} {}", row.live, file(&row.location))).collect();
        places.sort();
        places
    }

    /// What a task's story lists as held by it.
    pub(super) fn held_in_the_story_of(&self, name: &str) -> Vec<Held> {
        let window = self.evaluate(ViewKind::Story { task: self.task(name).id, asks: false });
        let Rows::Story(Some(story)) = window.rows else { panic!("{name} has no story") };
        story.holdings
    }

    /// Who waits for what the rows of that task list.
    pub(super) fn waiting_behind(&self, name: &str) -> Vec<String> {
        let store = self.store.borrow();
        let rows = store.rows().filter(|row| &*row.person.name == name);
        let waiters = rows.flat_map(|row| &row.holdings).flat_map(|held| &held.waiters);
        waiters.map(|waiter| waiter.name.to_string()).collect()
    }

    pub(super) fn totals(&self) -> Totals {
        self.store.borrow().totals()
    }
}

fn view_of(kind: ViewKind, filter: Filter) -> View {
    View {
        kind,
        filter,
        sort: None,
        offset: 0,
        limit: 100,
        cleared: false,
        ignored: false,
        tree: None,
        cancelling: false,
        by: Vec::new(),
        requested_at: 0,
        age: 0,
    }
}

/// `left-behind parker: connection pg, before`.
fn said(row: &Row) -> String {
    let holdings: Vec<String> = row.holdings.iter().map(said_of).collect();
    let what = format!("{} {}: {}", row.verdict.name(), row.person.name, holdings.join("; "));
    what.trim_end_matches([':', ' ']).to_owned()
}

fn said_of_branch(branch: &query::Branch, outside: usize) -> String {
    let place = branch.place;
    let mut text = format!("{}{}", "  ".repeat(place.depth - outside), branch.task.person.name);
    let marks = [
        (!place.matched, " above"),
        (branch.cancelled, " cancelled"),
        (branch.below_cancelled, " below"),
        (place.goes_on, " |"),
    ];
    text.extend(marks.into_iter().filter_map(|(is, mark)| is.then_some(mark)));
    text.extend(branch.verdicts.iter().map(|verdict| format!(" {}", verdict.name())));
    if place.hidden > 0 {
        let _ = write!(text, " -{}", place.hidden);
    }
    text
}

fn said_of(held: &Held) -> String {
    let moved = if held.maybe_moved { ", maybe moved" } else { "" };
    let via = held.via.as_ref().map(|via| format!(", via {}", via.name)).unwrap_or_default();
    format!("{} {}, {}{via}{moved}", held.kind.name(), held.label, held.phase.name())
}

/// While a process has a single dispatcher, a callsite that is first hit on a thread
/// without a default is off for ever: a second one prevents it.
fn keep_callsites_open() {
    static SECOND: std::sync::OnceLock<Dispatch> = std::sync::OnceLock::new();
    SECOND.get_or_init(|| Dispatch::new(NoSubscriber::new()));
}

/// A recorded task with a name.
pub(super) fn named<F>(name: &str, future: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    crate::task::Builder::new().name(name).spawn(future).expect("a task")
}

/// Whoever is ready to run has run.
pub(super) async fn settle() {
    for _ in 0..20 {
        yield_now().await;
    }
}

/// Polls the future once.
pub(super) async fn poll_once<F: Future>(mut future: Pin<&mut F>) -> Poll<F::Output> {
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await
}

/// A future that is never ready and keeps `kept` until it is dropped.
pub(super) async fn keep<T>(kept: T) {
    pending::<()>().await;
    drop(kept);
}

/// Calls the closure when dropped.
pub(super) struct OnDrop<F: FnMut()>(pub(super) F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
