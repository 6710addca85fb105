//! A future that waits for a share of something.

use std::{
    future::Future,
    panic::Location,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use crate::record::{Resource, Wait};

pin_project! {
    /// Whoever polls it while it is not ready waits for the resource.
    pub(super) struct Waits<'a, F> {
        #[pin]
        inner: F,
        resource: &'a Resource,
        label: &'static str,
        amount: u32,
        location: &'static Location<'static>,
        wait: Wait,
    }
}

impl<'a, F> Waits<'a, F> {
    pub(super) fn new(
        inner: F,
        resource: &'a Resource,
        amount: u32,
        location: &'static Location<'static>,
    ) -> Self {
        Self { inner, resource, label: resource.label(), amount, location, wait: Wait::default() }
    }

    /// What is waited for has a name of its own.
    pub(super) fn labelled(self, label: &'static str) -> Self {
        Self { label, ..self }
    }
}

impl<F: Future> Future for Waits<'_, F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        if let Poll::Ready(output) = this.inner.poll(cx) {
            this.wait.ends();
            return Poll::Ready(output);
        }
        this.wait.goes_on_as(this.resource, this.label, *this.amount, this.location);
        Poll::Pending
    }
}
