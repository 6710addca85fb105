//! Mirrors [`tokio::time`]: the same names, signatures and behaviour, and every timer
//! is recorded with its owner.
//!
//! [`call_later`] and [`call_at`] are asyncio's: a callback that runs after a while,
//! also when the task that asked for it is gone.

mod callback;
mod driver;
mod interval;
mod sleep;
mod timeout;

#[cfg(feature = "console")]
pub(crate) use self::driver::has_a_driver;
pub(crate) use self::interval::interval_of;
// What is not defined here is tokio's own; what is, shadows it.
pub use tokio::time::*;

pub use self::{
    callback::{TimerHandle, call_at, call_later, call_later_while_alive, owner_is_alive},
    interval::{Interval, interval, interval_at},
    sleep::{Sleep, sleep, sleep_until},
    timeout::{Timeout, timeout, timeout_at},
};
