//! `call_later` and `call_at`, asyncio's: a callback run once, later, on behalf of the
//! task that asked for it, whether that still lives or not.

use std::{fmt, panic::Location, sync::Arc};

use tokio::time::{Duration, Instant};

use super::{driver, driver::Armed, sleep::until};
use crate::{
    record::{Chain, Label, NewHolding, Traits},
    words::Kind,
};

/// Runs `callback` once, after `delay`.
///
/// This is asyncio's [`loop.call_later`]. The callback is charged to the task that
/// called this; when that task is cancelled the callback still runs, which is what
/// the console's verdicts `left-behind` and `after-cancel` report. A callback that is
/// armed while a callback runs continues it: both are one holding.
///
/// It never panics, so that it can be called in a `Drop`: outside a runtime, or in one
/// that is shut down or has no timers, the handle comes back cancelled and one line is
/// logged.
///
/// [`loop.call_later`]: https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.call_later
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use std::time::Duration;
///
/// let (tx, rx) = tokio::sync::oneshot::channel();
/// holdover::time::call_later(Duration::from_millis(1), || { let _ = tx.send("called"); });
/// assert_eq!(rx.await, Ok("called"));
/// # }
/// ```
#[track_caller]
pub fn call_later(delay: Duration, callback: impl FnOnce() + Send + 'static) -> TimerHandle {
    arm(after(delay), Location::caller(), Box::new(callback), false)
}

/// Runs `callback` once, at `deadline`: asyncio's [`loop.call_at`]. See [`call_later`].
///
/// [`loop.call_at`]: https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.call_at
#[track_caller]
pub fn call_at(deadline: Instant, callback: impl FnOnce() + Send + 'static) -> TimerHandle {
    arm(|| (deadline, until(deadline)), Location::caller(), Box::new(callback), false)
}

/// As [`call_later`], and the callback is dropped instead of run when the task that
/// asked for it has ended by then, or was asked to stop.
#[track_caller]
pub fn call_later_while_alive(
    delay: Duration,
    callback: impl FnOnce() + Send + 'static,
) -> TimerHandle {
    arm(after(delay), Location::caller(), Box::new(callback), true)
}

/// In a callback: whether the task that asked for it still lives and was not asked to
/// stop. True outside a callback, and where nothing is recorded.
pub fn owner_is_alive() -> bool {
    Chain::running().is_none_or(|chain| chain.owner_lives())
}

/// As tokio's `sleep` does with a delay that no `Instant` can hold.
fn after(delay: Duration) -> impl FnOnce() -> (Instant, Duration) {
    const FAR: Duration = Duration::from_secs(86_400 * 365 * 30);
    move || {
        let now = Instant::now();
        (now.checked_add(delay).unwrap_or_else(|| now + FAR), delay)
    }
}

/// `when` is asked for once there is a runtime: without one tokio's clock may panic.
fn arm(
    when: impl FnOnce() -> (Instant, Duration),
    location: &'static Location<'static>,
    callback: Box<dyn FnOnce() + Send>,
    alive_only: bool,
) -> TimerHandle {
    let Some(driver) = driver::of_this_runtime() else {
        crate::report::callback_without_runtime(location);
        return TimerHandle { armed: Arc::new(Armed::cancelled()) };
    };
    let (deadline, due_in) = when();
    let timer = NewHolding {
        kind: Kind::Timer,
        label: Label::Fixed("call_later"),
        location,
        due_in: Some(due_in),
        traits: Traits::Fixed,
    };
    let armed = Arc::new(Armed::new(callback, alive_only, Chain::next(&timer)));
    if !driver.arm(deadline, &armed) {
        armed.cancel();
        crate::report::callback_without_runtime(location);
    }
    TimerHandle { armed }
}

/// A callback that was armed. Dropping the handle lets the callback run; only
/// [`cancel`](Self::cancel) stops it. This is asyncio's [`TimerHandle`].
///
/// [`TimerHandle`]: https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.TimerHandle
#[derive(Clone)]
pub struct TimerHandle {
    armed: Arc<Armed>,
}

impl TimerHandle {
    /// Stops the callback and drops it, on this thread. Does nothing once it has
    /// begun to run.
    pub fn cancel(&self) {
        self.armed.cancel();
    }

    /// The callback was cancelled before it ran.
    pub fn cancelled(&self) -> bool {
        self.armed.was_cancelled()
    }
}

impl fmt::Debug for TimerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimerHandle").field("cancelled", &self.cancelled()).finish_non_exhaustive()
    }
}
