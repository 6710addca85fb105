//! A future that waits for the other side of a channel.

use std::{
    future::Future,
    panic::Location,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use crate::record::{ChannelEnd, Side, Wait};

pin_project! {
    /// Whoever polls it has used the end, and waits for that side while it is not ready.
    pub(super) struct WaitsFor<'a, F, D> {
        #[pin]
        inner: F,
        done: D,
        end: &'a ChannelEnd,
        side: Side,
        location: &'static Location<'static>,
        wait: Wait,
    }
}

impl<'a, F, D> WaitsFor<'a, F, D> {
    /// `done` makes what is given of what tokio gave, for the end and the caller's place.
    pub(super) fn new<O>(
        inner: F,
        end: &'a ChannelEnd,
        side: Side,
        location: &'static Location<'static>,
        done: D,
    ) -> Self
    where
        F: Future,
        D: FnMut(F::Output, &'a ChannelEnd, &'static Location<'static>) -> O,
    {
        Self { inner, done, end, side, location, wait: Wait::default() }
    }
}

impl<'a, F, D, O> Future for WaitsFor<'a, F, D>
where
    F: Future,
    D: FnMut(F::Output, &'a ChannelEnd, &'static Location<'static>) -> O,
{
    type Output = O;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<O> {
        let this = self.project();
        this.end.used_here();
        if let Poll::Ready(output) = this.inner.poll(cx) {
            this.wait.ends();
            return Poll::Ready((this.done)(output, this.end, this.location));
        }
        this.end.waits(this.wait, *this.side, this.location);
        Poll::Pending
    }
}

/// The thread is about to block until there is an end of that side, or what that does.
pub(super) fn blocks(end: &ChannelEnd, side: Side, location: &'static Location<'static>) -> Wait {
    let mut wait = Wait::default();
    end.used_here();
    end.waits(&mut wait, side, location);
    wait
}

/// `transfer` and `transfer_to` of an end.
macro_rules! transfers {
    () => {
        /// It is the calling task's from now on, on purpose.
        pub fn transfer(&self) {
            self.end.holding().transfer();
        }

        /// It is that task's from now on, on purpose.
        pub fn transfer_to<'t>(&self, task: impl Into<$crate::hold::Named<'t>>) {
            task.into().takes(self.end.holding());
        }
    };
}

pub(super) use transfers;
