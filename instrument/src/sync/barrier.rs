//! [`tokio::sync::Barrier`], recorded: who waits at it. Nobody holds anything.

use std::{fmt, future::Future, panic::Location};

use tokio::sync::BarrierWaitResult;

use super::waits::Waits;
use crate::{record::Resource, words::Kind};

/// [`tokio::sync::Barrier`], recorded.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use holdover::sync::Barrier;
///
/// let start = Barrier::named("start", 1);
/// assert!(start.wait().await.is_leader());
/// # }
/// ```
pub struct Barrier {
    inner: tokio::sync::Barrier,
    resource: Resource,
}

impl Barrier {
    /// [`tokio::sync::Barrier::new`].
    #[track_caller]
    pub fn new(n: usize) -> Self {
        Self::named("barrier", n)
    }

    /// As [`new`](Self::new), with a name for the console.
    #[track_caller]
    pub fn named(name: &'static str, n: usize) -> Self {
        let resource = Resource::new(Kind::Custom, name);
        Self { inner: tokio::sync::Barrier::new(n), resource }
    }

    /// [`tokio::sync::Barrier::wait`]. As tokio's it is not cancel safe.
    #[track_caller]
    pub fn wait(&self) -> impl Future<Output = BarrierWaitResult> {
        Waits::new(self.inner.wait(), &self.resource, 1, Location::caller())
    }

    /// tokio's own, for what takes it by reference. Who waits at it is not seen.
    pub fn as_tokio(&self) -> &tokio::sync::Barrier {
        &self.inner
    }

    /// tokio's own, for what takes it by value. Who waits at it is not seen.
    pub fn into_tokio(self) -> tokio::sync::Barrier {
        self.inner
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
