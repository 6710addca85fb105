//! What reaches the inner subscriber, where that can only be seen from within.

use std::{
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    thread,
    time::Duration,
};

use tracing::{Level, Span, info, info_span};
use tracing_core::{
    Callsite, Kind, dispatcher, identify_callsite, metadata, subscriber::NoSubscriber,
};

use super::*;
use crate::recorder;

/// Notes what it gets.
#[derive(Debug)]
struct Noting(Arc<Noted>);

#[derive(Debug)]
struct Noted {
    hint: Mutex<Option<LevelFilter>>,
    calls: Mutex<Vec<String>>,
}

impl Noted {
    fn new(hint: LevelFilter) -> Arc<Self> {
        Arc::new(Self { hint: Mutex::new(Some(hint)), calls: Mutex::default() })
    }

    fn calls(&self) -> MutexGuard<'_, Vec<String>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, call: &str, what: &str) {
        self.calls().push(format!("{call} {what}"));
    }

    fn took(&self) -> Vec<String> {
        std::mem::take(&mut self.calls())
    }
}

impl Subscriber for Noting {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if metadata.target() == "noted" {
            self.0.note("register", metadata.name());
        }
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        if metadata.target() == "noted" {
            self.0.note("enabled", metadata.name());
        }
        true
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        *self.0.hint.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        self.0.note("new", attributes.metadata().target());
        Id::from_u64(7)
    }

    fn record(&self, span: &Id, _: &Record<'_>) {
        self.0.note("record", &span.into_u64().to_string());
    }

    fn record_follows_from(&self, span: &Id, follows: &Id) {
        self.0.note("follows", &format!("{} {}", span.into_u64(), follows.into_u64()));
    }

    fn event(&self, event: &Event<'_>) {
        self.0.note("event", event.metadata().target());
    }

    fn enter(&self, span: &Id) {
        self.0.note("enter", &span.into_u64().to_string());
    }

    fn exit(&self, span: &Id) {
        self.0.note("exit", &span.into_u64().to_string());
    }
}

fn wrapped(hint: LevelFilter) -> (Arc<Noted>, &'static Recorder, HoldoverSubscriber<Noting>) {
    let (noted, recorder) = (Noted::new(hint), Recorder::start(recorder::Level::All));
    let subscriber = HoldoverSubscriber::new(recorder, Noting(Arc::clone(&noted)));
    (noted, recorder, subscriber)
}

/// While a process has a single dispatcher, a callsite that is first hit on a thread
/// without a default is off for ever: a second one prevents it.
fn keep_callsites_open() {
    static SECOND: OnceLock<Dispatch> = OnceLock::new();
    SECOND.get_or_init(|| Dispatch::new(NoSubscriber::new()));
}

// === Holdover's own threads ===

#[test]
fn on_our_own_threads_only_what_holdover_says_is_forwarded() {
    keep_callsites_open();
    let (noted, recorder, subscriber) = wrapped(LevelFilter::TRACE);
    let dispatch = Dispatch::new(subscriber);
    let says = || {
        info!(target: "hyper::proto", "what our server is made of");
        let span = info_span!(target: "h2::codec", "connection");
        span.in_scope(|| info!(target: "holdover::leak", "what is said by ourselves"));
        info!(target: "holdover", "and this");
    };
    let ours = || {
        owner::this_thread_is_ours();
        dispatcher::with_default(&dispatch, || {
            says();
            assert_eq!(Span::current().id(), None);
            let mut builder = tokio::runtime::Builder::new_current_thread();
            let runtime = builder.enable_all().build().expect("a runtime");
            runtime.block_on(async {
                tokio::spawn(tokio::time::sleep(Duration::from_millis(1))).await.expect("it ends");
                crate::spawn(crate::time::sleep(Duration::from_millis(1))).await.expect("it ends");
            });
        });
    };
    thread::scope(|scope| scope.spawn(ours).join()).expect("it does not panic");
    let forwarded = noted.took();
    assert_eq!(forwarded, ["event holdover::leak", "event holdover"]);
    assert_eq!((recorder.spawned_so_far(), recorder.all_holdings().count()), (0, 0));
    // Elsewhere all of it is.
    dispatcher::with_default(&dispatch, says);
    let all = noted.took();
    assert_eq!(all.iter().filter(|call| call.starts_with("event")).count(), 3);
    assert!(all.contains(&"new h2::codec".to_owned()), "{all:?}");
}

// === the level hint ===

struct Site;
static SITE: Site = Site;
static DEBUG: Metadata<'static> = metadata! {
    name: "a debug",
    target: "noted",
    level: Level::DEBUG,
    fields: &[],
    callsite: &SITE,
    kind: Kind::EVENT,
};

impl Callsite for Site {
    fn set_interest(&self, _: Interest) {}

    fn metadata(&self) -> &Metadata<'_> {
        &DEBUG
    }
}

#[test]
fn what_is_above_the_hint_is_not_asked_for() {
    let (noted, _, subscriber) = wrapped(LevelFilter::INFO);
    assert!(subscriber.register_callsite(&DEBUG).is_never());
    assert!(!subscriber.enabled(&DEBUG));
    assert!(noted.took().is_empty());
    // The hint is what it was when tracing asked for it last.
    *noted.hint.lock().unwrap() = Some(LevelFilter::DEBUG);
    assert!(!subscriber.enabled(&DEBUG));
    subscriber.max_level_hint();
    assert!(subscriber.register_callsite(&DEBUG).is_sometimes(), "its answer, unchanged");
    assert!(subscriber.enabled(&DEBUG));
    assert_eq!(noted.took(), ["register a debug", "enabled a debug"]);
    *noted.hint.lock().unwrap() = None;
    subscriber.max_level_hint();
    assert!(subscriber.enabled(&DEBUG), "without a hint it is asked for all");
}

#[test]
fn our_hint_lets_through_what_tokio_emits_where_it_emits_anything() {
    let (_, _, subscriber) = wrapped(LevelFilter::INFO);
    let expected = if cfg!(tokio_unstable) { LevelFilter::TRACE } else { LevelFilter::INFO };
    assert_eq!(subscriber.max_level_hint(), Some(expected));
}

// === ids ===

#[test]
fn what_is_recorded_on_a_span_of_ours_stays_here() {
    let (noted, recorder, subscriber) = wrapped(LevelFilter::TRACE);
    let birth = recorder::task::Birth::new(
        crate::words::TaskKind::Task,
        recorder::table::SiteId::default(),
    );
    let key = recorder.spawned_by(&birth, None).expect("a slot");
    assert!(recorder.span_opened(key));
    let (ours, theirs, other) = (Id::from_u64(key.bits()), Id::from_u64(7), Id::from_u64(8));
    for (span, follows) in [(&ours, &theirs), (&theirs, &ours), (&ours, &ours)] {
        subscriber.record_follows_from(span, follows);
    }
    let values = DEBUG.fields().value_set(&[]);
    subscriber.record(&ours, &Record::new(&values));
    subscriber.enter(&ours);
    subscriber.exit(&ours);
    assert!(noted.took().is_empty());
    subscriber.record_follows_from(&theirs, &other);
    subscriber.record(&theirs, &Record::new(&values));
    assert_eq!(noted.took(), ["follows 7 8", "record 7"]);
    assert_eq!(DEBUG.callsite(), identify_callsite!(&SITE));
}

#[test]
fn it_is_found_behind_a_dispatcher_and_so_is_what_it_wraps() {
    let (_, recorder, subscriber) = wrapped(LevelFilter::TRACE);
    let dispatch = Dispatch::new(subscriber);
    assert!(dispatch.is::<HoldoverSubscriber<Noting>>() && dispatch.is::<Noting>());
    let handle = dispatch.downcast_ref::<RecorderHandle>().expect("our handle");
    assert!(ptr::eq(handle.0, recorder));
    assert!(!dispatch.is::<NoSubscriber>());
}

// === what is said by itself ===

#[test]
fn a_callback_that_nothing_can_run_is_one_line() {
    keep_callsites_open();
    let (noted, _, subscriber) = wrapped(LevelFilter::INFO);
    dispatcher::with_default(&Dispatch::new(subscriber), || {
        drop(crate::time::call_later(Duration::ZERO, || {}));
        assert_eq!(noted.took(), ["event holdover::callback"]);
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async { drop(crate::time::call_later(Duration::ZERO, || {})) });
        assert_eq!(noted.took(), ["event holdover::callback"], "without timers");
    });
}

#[test]
fn a_callback_that_panics_is_one_line() {
    keep_callsites_open();
    let (noted, _, subscriber) = wrapped(LevelFilter::INFO);
    dispatcher::with_default(&Dispatch::new(subscriber), || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_all().start_paused(true).build().expect("a runtime");
        runtime.block_on(async {
            let task = crate::spawn(async {});
            task.on_done(|_| panic!("as it is meant to"));
            task.await.expect("it ends all the same");
            assert_eq!(noted.took(), ["event holdover::callback"]);
            crate::time::call_later(Duration::ZERO, || panic!("as it is meant to"));
            crate::time::sleep(Duration::from_secs(1)).await;
            assert_eq!(noted.took(), ["event holdover::callback"]);
        });
    });
}
