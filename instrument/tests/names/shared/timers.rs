//! How timers behave. The clock is paused: time passes when nothing else is left to do.

use std::{
    future::{Future, pending, poll_fn, ready},
    io,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use tokio::select;

use super::{
    begin,
    rt::{
        task::{
            coop::{consume_budget, unconstrained},
            spawn, yield_now,
        },
        time::{
            Duration, Instant, MissedTickBehavior, advance, interval, interval_at, pause, resume,
            sleep, sleep_until, timeout, timeout_at,
        },
    },
};

const SECOND: Duration = Duration::from_secs(1);

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[tokio::test]
async fn the_clock_can_be_paused_and_resumed() {
    begin();
    pause();
    let start = Instant::now();
    advance(SECOND).await;
    assert_eq!(start.elapsed(), SECOND);
    resume();
}

#[tokio::test(start_paused = true)]
async fn a_sleep_ends_at_its_deadline() {
    begin();
    let start = Instant::now();
    let mut first = pin!(sleep(SECOND));
    assert_eq!((first.deadline(), first.is_elapsed()), (start + SECOND, false));
    first.as_mut().await;
    assert!(first.is_elapsed());
    assert_eq!(start.elapsed(), SECOND);
    sleep_until(start + 2 * SECOND).await;
    assert_eq!(start.elapsed(), 2 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_sleep_can_be_reset_before_and_after_it_has_ended() {
    begin();
    let start = Instant::now();
    let mut again = pin!(sleep(SECOND));
    again.as_mut().reset(start + 2 * SECOND);
    assert_eq!(again.deadline(), start + 2 * SECOND);
    again.as_mut().await;
    assert_eq!(start.elapsed(), 2 * SECOND);
    again.as_mut().reset(start + 3 * SECOND);
    assert!(!again.is_elapsed());
    again.as_mut().await;
    assert_eq!(start.elapsed(), 3 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_sleep_of_no_end_is_far_away() {
    begin();
    let start = Instant::now();
    assert!(sleep(Duration::MAX).deadline() > start + 86_400 * 365 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_sleep_that_loses_a_select_goes_on_by_reference() {
    begin();
    let start = Instant::now();
    let mut long = pin!(sleep(3 * SECOND));
    for seconds in 1..3 {
        select! {
            () = &mut long => panic!("too early"),
            () = sleep(SECOND) => assert_eq!(start.elapsed(), seconds * SECOND),
        }
    }
    long.await;
    assert_eq!(start.elapsed(), 3 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn an_interval_ticks_at_once_and_then_every_period() {
    begin();
    let start = Instant::now();
    let mut every = interval(SECOND);
    assert_eq!(every.period(), SECOND);
    for ticks in 0..3 {
        assert_eq!(every.tick().await, start + ticks * SECOND);
    }
    let mut every = interval_at(start + 5 * SECOND, SECOND);
    assert_eq!(every.tick().await, start + 5 * SECOND);
    assert_eq!(poll_fn(|cx| every.poll_tick(cx)).await, start + 6 * SECOND);
}

/// A tick that loses a `select!` is not lost.
#[tokio::test(start_paused = true)]
async fn tick_is_cancel_safe() {
    begin();
    let start = Instant::now();
    let mut every = interval(SECOND);
    let mut ticks = Vec::new();
    while ticks.len() < 5 {
        select! {
            biased;
            tick = every.tick() => ticks.push(tick),
            () = sleep(SECOND / 3) => {}
        }
        if let Poll::Ready(tick) = poll(pin!(every.tick())) {
            ticks.push(tick);
        }
    }
    let expected: Vec<_> = (0..5).map(|ticks| start + ticks * SECOND).collect();
    assert_eq!(ticks, expected);
}

#[tokio::test(start_paused = true)]
async fn an_interval_can_be_reset() {
    begin();
    let start = Instant::now();
    let mut every = interval(SECOND);
    every.tick().await;
    advance(SECOND / 2).await;
    every.reset();
    assert_eq!(every.tick().await, start + SECOND / 2 + SECOND);
    every.reset_immediately();
    assert_eq!(every.tick().await, start + SECOND / 2 + SECOND);
    every.reset_after(3 * SECOND);
    assert_eq!(every.tick().await, start + SECOND / 2 + 4 * SECOND);
    every.reset_at(start + 9 * SECOND);
    assert_eq!(every.tick().await, start + 9 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn an_interval_makes_up_for_missed_ticks_as_it_is_told() {
    begin();
    for (behavior, next) in [
        (MissedTickBehavior::Burst, 2.0),
        (MissedTickBehavior::Delay, 3.5),
        (MissedTickBehavior::Skip, 3.0),
    ] {
        let start = Instant::now();
        let mut every = interval(SECOND);
        assert_eq!(every.missed_tick_behavior(), MissedTickBehavior::default());
        every.set_missed_tick_behavior(behavior);
        assert_eq!(every.missed_tick_behavior(), behavior);
        every.tick().await;
        advance(5 * SECOND / 2).await;
        assert_eq!(every.tick().await, start + SECOND);
        assert_eq!(every.tick().await, start + SECOND.mul_f64(next), "{behavior:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_timeout_gives_the_value_or_that_the_time_is_over() {
    begin();
    let start = Instant::now();
    assert_eq!(timeout(SECOND, ready(7)).await.unwrap(), 7);
    assert_eq!(timeout(SECOND, async { sleep(SECOND / 2).await }).await, Ok(()));
    let elapsed = timeout(SECOND, pending::<()>()).await.unwrap_err();
    assert_eq!(start.elapsed(), SECOND / 2 + SECOND);
    assert_eq!(elapsed.to_string(), "deadline has elapsed");
    assert_eq!(io::Error::from(elapsed).kind(), io::ErrorKind::TimedOut);
    assert!(timeout_at(start + 3 * SECOND, pending::<()>()).await.is_err());
    assert_eq!(start.elapsed(), 3 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_looks_at_its_body_first() {
    begin();
    assert_eq!(timeout(Duration::ZERO, ready(7)).await.unwrap(), 7);
    assert!(timeout(Duration::ZERO, yield_now()).await.is_err());
    assert!(timeout_at(Instant::now(), pending::<()>()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_timeout_takes_whatever_becomes_a_future() {
    begin();
    let handle = spawn(ready(7));
    assert_eq!(timeout(SECOND, handle).await.unwrap().unwrap(), 7);
    let mut slow = pin!(sleep(2 * SECOND));
    assert!(timeout(SECOND, &mut slow).await.is_err());
    timeout(2 * SECOND, slow).await.expect("it goes on where it was");
}

#[tokio::test(start_paused = true)]
async fn a_timeouts_body_can_be_reached_and_taken_out() {
    begin();
    let mut limited = timeout(SECOND, ready(7));
    assert_eq!(limited.get_ref().clone().into_inner(), 7);
    *limited.get_mut() = ready(8);
    assert_eq!(limited.into_inner().await, 8);
    let limited = timeout(SECOND, Box::pin(sleep(2 * SECOND)));
    // Its timer is gone with the timeout.
    limited.into_inner().await;
}

/// A body that is always ready to go on does not keep the time from being over.
#[tokio::test]
async fn a_timeout_ends_a_body_that_uses_up_its_budget() {
    begin();
    let greedy = async {
        loop {
            consume_budget().await;
        }
    };
    let limited: Result<(), _> = timeout(Duration::from_millis(1), greedy).await;
    assert!(limited.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_timeout_without_end_never_comes() {
    begin();
    let mut forever = pin!(timeout(Duration::MAX, pending::<()>()));
    advance(1_000_000 * SECOND).await;
    assert!(poll(forever.as_mut()).is_pending());
    assert_eq!(unconstrained(timeout(Duration::MAX, ready(7))).await.unwrap(), 7);
}
