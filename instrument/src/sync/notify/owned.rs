//! The future that owns what it waits for.

use std::{
    fmt,
    future::Future,
    mem,
    panic::Location,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;
use tokio::sync::futures::Notified;

use super::Notify;
use crate::record::Wait;

pin_project! {
    /// [`tokio::sync::futures::OwnedNotified`], recorded.
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct OwnedNotified {
        // The order matters: it is dropped before what it borrows from may go.
        #[pin]
        inner: Notified<'static>,
        location: &'static Location<'static>,
        wait: Wait,
        notify: Arc<Notify>,
    }
}

impl OwnedNotified {
    pub(super) fn new(notify: Arc<Notify>, location: &'static Location<'static>) -> Self {
        let inner = notify.inner.notified();
        // SAFETY: it borrows what `notify` keeps alive where it is. It is dropped before
        // that, and is not given to anybody with the lifetime that it has not.
        let inner = unsafe { mem::transmute::<Notified<'_>, Notified<'static>>(inner) };
        Self { inner, location, wait: Wait::default(), notify }
    }

    /// [`tokio::sync::futures::OwnedNotified::enable`]. Nobody waits before it is polled.
    pub fn enable(self: Pin<&mut Self>) -> bool {
        self.project().inner.enable()
    }
}

impl Future for OwnedNotified {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        let polled = this.inner.poll(cx);
        this.wait.after(&polled, &this.notify.resource, this.location);
        polled
    }
}

impl fmt::Debug for OwnedNotified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
