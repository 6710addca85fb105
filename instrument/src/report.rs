//! What Holdover says by itself, in the service's own log: through the inner
//! subscriber, and never from a subscriber's callback.

#[cfg(feature = "console")]
mod leaks;
#[cfg(feature = "console")]
mod log;

#[cfg(feature = "console")]
pub(crate) use log::*;

/// With recording compiled out there is no log to write to.
#[cfg(not(feature = "console"))]
mod nowhere {
    pub(crate) fn callback_panicked(_: &str, _: &str) {}
    pub(crate) fn could_not_close(_: &str, _: &dyn std::fmt::Display) {}
    pub(crate) fn callback_without_runtime(_: &'static std::panic::Location<'static>) {}
}

#[cfg(not(feature = "console"))]
pub(crate) use nowhere::*;
