//! [`tokio::sync::Notify`], recorded: who waits to be notified. Nobody holds anything.

#[expect(unsafe_code, reason = "a future that owns what it waits for borrows from it")]
mod owned;

use std::{
    fmt,
    future::Future,
    panic::Location,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

pub use self::owned::OwnedNotified;
use crate::{
    record::{Resource, Wait},
    words::Kind,
};

/// [`tokio::sync::Notify`], recorded.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use holdover::sync::Notify;
///
/// let changed = Notify::named("changed");
/// changed.notify_one();
/// changed.notified().await;
/// # }
/// ```
pub struct Notify {
    inner: tokio::sync::Notify,
    resource: Resource,
}

impl Notify {
    /// [`tokio::sync::Notify::new`].
    pub fn new() -> Self {
        Self::const_new()
    }

    /// As [`new`](Self::new), with a name for the console.
    pub fn named(name: &'static str) -> Self {
        Self::of(tokio::sync::Notify::new(), name)
    }

    /// [`tokio::sync::Notify::const_new`].
    pub const fn const_new() -> Self {
        Self::of(tokio::sync::Notify::const_new(), "notify")
    }

    const fn of(inner: tokio::sync::Notify, name: &'static str) -> Self {
        Self { inner, resource: Resource::new(Kind::Channel, name) }
    }

    /// [`tokio::sync::Notify::notified`]. Whoever polls it waits.
    #[track_caller]
    pub fn notified(&self) -> Notified<'_> {
        let (location, wait) = (Location::caller(), Wait::default());
        Notified { inner: self.inner.notified(), resource: &self.resource, location, wait }
    }

    /// [`tokio::sync::Notify::notified_owned`]. Whoever polls it waits.
    #[track_caller]
    pub fn notified_owned(self: Arc<Self>) -> OwnedNotified {
        OwnedNotified::new(self, Location::caller())
    }

    /// [`tokio::sync::Notify::notify_one`].
    pub fn notify_one(&self) {
        self.inner.notify_one();
    }

    /// [`tokio::sync::Notify::notify_last`].
    pub fn notify_last(&self) {
        self.inner.notify_last();
    }

    /// [`tokio::sync::Notify::notify_waiters`].
    pub fn notify_waiters(&self) {
        self.inner.notify_waiters();
    }

    /// tokio's own, for what takes it by reference. Who waits on it is not seen.
    pub fn as_tokio(&self) -> &tokio::sync::Notify {
        &self.inner
    }

    /// tokio's own, for what takes it by value. Who waits on it is not seen.
    pub fn into_tokio(self) -> tokio::sync::Notify {
        self.inner
    }
}

impl Default for Notify {
    fn default() -> Self {
        Self::new()
    }
}

impl From<tokio::sync::Notify> for Notify {
    fn from(inner: tokio::sync::Notify) -> Self {
        Self::of(inner, "notify")
    }
}

impl From<Notify> for tokio::sync::Notify {
    fn from(notify: Notify) -> Self {
        notify.into_tokio()
    }
}

impl fmt::Debug for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

pin_project! {
    /// [`tokio::sync::futures::Notified`], recorded.
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct Notified<'a> {
        #[pin]
        inner: tokio::sync::futures::Notified<'a>,
        resource: &'a Resource,
        location: &'static Location<'static>,
        wait: Wait,
    }
}

impl Notified<'_> {
    /// [`tokio::sync::futures::Notified::enable`]. Nobody waits before it is polled.
    pub fn enable(self: Pin<&mut Self>) -> bool {
        self.project().inner.enable()
    }
}

impl Future for Notified<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        let polled = this.inner.poll(cx);
        this.wait.after(&polled, this.resource, this.location);
        polled
    }
}

impl fmt::Debug for Notified<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
