//! The spans of timers, and the events by which their deadlines are known.

use std::{
    future::{Future, pending, poll_fn, ready},
    pin::{Pin, pin},
    task::Poll,
    time::Duration,
};

use tokio::time::{Instant, interval, sleep, timeout};
use tracing_core::Level;

use crate::{
    harness::{HOUR, Traced, on_each_flavor},
    log::{
        Call::{Close, Enter},
        Entry, Log, Parent,
    },
};

const STATE: &str = "runtime::resource::state_update";

async fn poll_once<F: Future>(mut future: Pin<&mut F>) {
    poll_fn(|cx| {
        assert!(future.as_mut().poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
}

/// What is told of durations, after checking how.
fn durations(log: &Log) -> Vec<Entry> {
    let events = log.events(STATE).into_iter();
    let durations: Vec<_> = events.filter(|event| event.has_field("duration")).collect();
    for event in &durations {
        assert_eq!(event.level, Level::TRACE);
        assert_eq!(event.text("duration.unit"), Some("ms"));
        assert_eq!(event.text("duration.op"), Some("override"));
    }
    durations
}

fn assert_about(milliseconds: Option<u64>, expected: Duration) {
    let expected = u64::try_from(expected.as_millis()).expect("it fits");
    let told = milliseconds.expect("a number");
    assert!(told <= expected + 1 && told > expected - 60_000, "{told} is not about {expected}");
}

fn assert_is_a_timer(span: &Entry, target: &str, concrete_type: &str) {
    assert_eq!((span.name, span.target), ("runtime.resource", target));
    assert_eq!(span.level, Level::TRACE);
    assert_eq!(span.parent, Parent::None);
    assert_eq!(span.text("concrete_type"), Some(concrete_type));
    assert_eq!(span.text("kind"), Some("timer"));
}

#[test]
fn a_sleep_is_a_resource_at_the_callers_line_and_lives_as_long() {
    on_each_flavor(|traced| {
        let line = traced.run(async {
            drop(sleep(HOUR));
            line!() - 1
        });
        let span = traced.log.only_timer();
        assert_is_a_timer(&span, "tokio::time::sleep", "Sleep");
        assert!(span.is_located_at(file!(), line), "{span:#?}");
        assert!(traced.log.calls(span.span).contains(&Close));
    });
}

#[test]
fn a_sleeps_duration_is_told_at_its_first_poll_with_its_span_entered() {
    on_each_flavor(|traced| {
        traced.run(async {
            let mut sleep = pin!(sleep(HOUR));
            assert!(durations(&traced.log).is_empty(), "it has no deadline yet");
            poll_once(sleep.as_mut()).await;
            poll_once(sleep.as_mut()).await;
        });
        let told = durations(&traced.log);
        assert_eq!(told.len(), 1, "{told:#?}");
        assert_about(told[0].number("duration"), HOUR);
        assert!(told[0].entered.contains(&traced.log.only_timer().span));
    });
}

#[test]
fn a_sleeps_reset_tells_the_new_duration_at_once() {
    on_each_flavor(|traced| {
        traced.run(async {
            let mut sleep = pin!(sleep(HOUR));
            sleep.as_mut().reset(Instant::now() + 2 * HOUR);
            poll_once(sleep.as_mut()).await;
        });
        let told = durations(&traced.log);
        assert_eq!(told.len(), 1, "{told:#?}");
        assert_about(told[0].number("duration"), 2 * HOUR);
        assert!(told[0].entered.contains(&traced.log.only_timer().span));
    });
}

#[test]
fn polling_a_timer_enters_its_span_within_the_polling_task() {
    on_each_flavor(|traced| {
        traced.run(async { poll_once(pin!(sleep(HOUR))).await });
        let (timer, task) = (traced.log.only_timer().span, traced.log.tasks());
        let block_on = task.iter().find(|task| task.parent == Parent::None).expect("block_on").span;
        let entries = traced.log.entries();
        let entered = entries.iter().find(|it| it.call == Enter && it.span == timer);
        assert_eq!(entered.expect("the timer is entered").entered, [block_on]);
    });
}

fn interval_and_the_sleep_in_it(traced: &Traced) -> [Entry; 2] {
    traced.log.timers().try_into().expect("two timers")
}

#[test]
fn an_interval_is_made_before_the_sleep_in_it_which_lies_in_tokios_source() {
    on_each_flavor(|traced| {
        let line = traced.run(async {
            drop(interval(HOUR));
            line!() - 1
        });
        let [interval, sleep] = interval_and_the_sleep_in_it(traced);
        assert_is_a_timer(&interval, "tokio::time::interval", "Interval");
        assert!(interval.is_located_at(file!(), line), "{interval:#?}");
        assert_is_a_timer(&sleep, "tokio::time::sleep", "Sleep");
        let file = sleep.text("loc.file").expect("a file");
        let path: Vec<_> = file.rsplitn(4, ['/', '\\']).collect();
        assert_eq!(path[..3], ["interval.rs", "time", "src"]);
        let package = path[3].rsplit(['/', '\\']).next().unwrap_or_default();
        assert!(package == "tokio" || package.starts_with("tokio-1."), "{file}");
        assert_eq!(sleep.entered, interval.entered, "neither is made within the other");
    });
}

#[test]
fn a_tick_enters_the_intervals_span_and_tells_how_long_it_waits() {
    on_each_flavor(|traced| {
        traced.run(async {
            let mut interval = interval(HOUR);
            interval.tick().await;
            poll_once(pin!(interval.tick())).await;
        });
        let [interval, sleep] = interval_and_the_sleep_in_it(traced).map(|entry| entry.span);
        let told = durations(&traced.log);
        assert_eq!(told.len(), 2, "once a tick: {told:#?}");
        for event in &told {
            let outer = event.entered.iter().position(|it| *it == interval);
            let inner = event.entered.iter().position(|it| *it == sleep);
            assert!(outer.is_some() && outer < inner, "{event:#?}");
        }
        assert!(told[0].number("duration") <= Some(1), "rounded up: {told:#?}");
        assert_about(told[1].number("duration"), HOUR);
    });
}

#[test]
fn a_timeout_is_a_sleep_at_the_callers_line() {
    on_each_flavor(|traced| {
        let line = traced.run(async {
            timeout(HOUR, ready(())).await.unwrap();
            line!() - 1
        });
        let span = traced.log.only_timer();
        assert_is_a_timer(&span, "tokio::time::sleep", "Sleep");
        assert!(span.is_located_at(file!(), line), "{span:#?}");
    });
}

#[test]
fn a_timeout_that_never_comes_is_no_timer() {
    on_each_flavor(|traced| {
        traced.run(async { poll_once(pin!(timeout(Duration::MAX, pending::<()>()))).await });
        assert!(traced.log.timers().is_empty());
    });
}
