//! The wrapper around a spawned future: it knows whether it was dropped before it was
//! ready, which is what tokio tells nobody.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use crate::record::{Polling, Task};

pin_project! {
    /// Adds 24 bytes at most to the future, and no allocation.
    #[derive(Debug)]
    pub(crate) struct Followed<F> {
        // `None` once it was dropped inside the task's frame, by us.
        #[pin]
        future: Option<F>,
        task: Task,
    }

    impl<F> PinnedDrop for Followed<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if this.future.is_some() {
                this.task.is_dropped(|| this.future.set(None));
            }
        }
    }
}

impl<F> Followed<F> {
    pub(crate) fn new(future: F, task: Task) -> Self {
        Self { future: Some(future), task }
    }
}

impl<F: Future> Future for Followed<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let polling = this.task.begin_poll();
        let future = this.future.as_mut().as_pin_mut();
        match future.expect("a task is not polled after it was ready").poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(value) => {
                this.task.completes(polling, || this.future.set(None));
                Poll::Ready(value)
            }
        }
    }
}

/// The wrapper around a blocking closure.
#[derive(Debug)]
pub(crate) struct FollowedClosure<F> {
    closure: Option<F>,
    task: Task,
}

impl<F> FollowedClosure<F> {
    pub(crate) fn new(closure: F, task: Task) -> Self {
        Self { closure: Some(closure), task }
    }

    pub(crate) fn run<R>(mut self) -> R
    where
        F: FnOnce() -> R,
    {
        let closure = self.closure.take();
        let running =
            ClosureRuns { task: self.task.clone(), polling: Some(self.task.begin_poll()) };
        let value = closure.expect("a closure runs once")();
        drop(running);
        value
    }
}

/// Ends the task when the closure has returned or panicked.
struct ClosureRuns {
    task: Task,
    polling: Option<Polling>,
}

impl Drop for ClosureRuns {
    fn drop(&mut self) {
        if let Some(polling) = self.polling.take() {
            self.task.returns(polling);
        }
    }
}

impl<F> Drop for FollowedClosure<F> {
    fn drop(&mut self) {
        if let Some(closure) = self.closure.take() {
            self.task.is_dropped(|| drop(closure));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wrapper_adds_24_bytes_at_most() {
        fn added<F>(future: &F) -> usize {
            size_of::<Followed<F>>() - size_of_val(future)
        }
        assert!(added(&std::future::ready(1_u8)) <= 24);
        assert!(added(&async { std::future::pending::<()>().await }) <= 24);
        assert!(
            added(&async {
                let kept = [0_u8; 100];
                std::future::pending::<()>().await;
                std::hint::black_box(&kept);
            }) <= 24
        );
        let kept = [0_u8; 100];
        let closure = move || std::hint::black_box(kept);
        assert!(size_of_val(&FollowedClosure::new(closure, task())) <= 100 + 24);
    }

    fn task() -> Task {
        Task::new(crate::record::NewTask {
            kind: crate::record::NewKind::Blocking,
            location: Some(std::panic::Location::caller()),
            type_name: "",
            size: 0,
            name: None,
            options: crate::record::Options::default(),
        })
    }
}
