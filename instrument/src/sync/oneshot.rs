//! Mirrors [`tokio::sync::oneshot`]: an end belongs to the task that last used it, and
//! is held for as long as the other end lives.

use std::{
    fmt,
    future::{Future, poll_fn},
    panic::Location,
    pin::Pin,
    task::{Context, Poll},
};

pub use tokio::sync::oneshot::error;

use self::error::{RecvError, TryRecvError};
use crate::record::{End, Wait, unrecorded};

/// [`tokio::sync::oneshot::channel`], recorded.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use holdover::sync::oneshot;
///
/// let (tx, rx) = oneshot::channel();
/// holdover::spawn(async { tx.send(7) });
/// assert_eq!(rx.await, Ok(7));
/// # }
/// ```
#[track_caller]
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    // What tokio's own spans would tell of it is told here.
    let (sender, receiver) = unrecorded(tokio::sync::oneshot::channel);
    let (of_sender, of_receiver) = End::pair("oneshot", Location::caller());
    let receiver = Receiver { inner: receiver, wait: Wait::default(), end: of_receiver };
    (Sender { inner: sender, end: of_sender }, receiver)
}

/// [`tokio::sync::oneshot::Sender`], recorded.
pub struct Sender<T> {
    inner: tokio::sync::oneshot::Sender<T>,
    end: End,
}

impl<T> Sender<T> {
    /// [`tokio::sync::oneshot::Sender::send`].
    ///
    /// # Errors
    ///
    /// Gives the value back when the receiver is gone.
    pub fn send(self, t: T) -> Result<(), T> {
        self.inner.send(t)
    }

    /// [`tokio::sync::oneshot::Sender::closed`]. Cancel safe as tokio's.
    pub async fn closed(&mut self) {
        poll_fn(|cx| self.poll_closed(cx)).await;
    }

    /// [`tokio::sync::oneshot::Sender::is_closed`].
    pub fn is_closed(&self) -> bool {
        self.end.used_here();
        self.inner.is_closed()
    }

    /// [`tokio::sync::oneshot::Sender::poll_closed`].
    pub fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.end.used_here();
        self.inner.poll_closed(cx)
    }

    /// tokio's own, for what takes it by value. Whose it is then is not seen.
    pub fn into_tokio(self) -> tokio::sync::oneshot::Sender<T> {
        self.inner
    }
}

impl<T: fmt::Debug> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// [`tokio::sync::oneshot::Receiver`], recorded.
pub struct Receiver<T> {
    inner: tokio::sync::oneshot::Receiver<T>,
    wait: Wait,
    end: End,
}

impl<T> Receiver<T> {
    /// [`tokio::sync::oneshot::Receiver::close`].
    pub fn close(&mut self) {
        self.end.used_here();
        self.inner.close();
    }

    /// [`tokio::sync::oneshot::Receiver::is_terminated`].
    pub fn is_terminated(&self) -> bool {
        self.inner.is_terminated()
    }

    /// [`tokio::sync::oneshot::Receiver::is_empty`].
    pub fn is_empty(&self) -> bool {
        self.inner.is_empty()
    }

    /// [`tokio::sync::oneshot::Receiver::try_recv`].
    ///
    /// # Errors
    ///
    /// When there is no value yet, or the sender was dropped without sending one.
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        self.end.used_here();
        self.inner.try_recv()
    }

    /// [`tokio::sync::oneshot::Receiver::blocking_recv`].
    ///
    /// # Errors
    ///
    /// When the sender was dropped without sending a value.
    ///
    /// # Panics
    ///
    /// Within an asynchronous context.
    #[track_caller]
    pub fn blocking_recv(self) -> Result<T, RecvError> {
        self.inner.blocking_recv()
    }

    /// tokio's own, for what takes it by value. Whose it is then is not seen.
    pub fn into_tokio(self) -> tokio::sync::oneshot::Receiver<T> {
        self.inner
    }
}

impl<T> Future for Receiver<T> {
    type Output = Result<T, RecvError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.end.used_here();
        let polled = Pin::new(&mut self.inner).poll(cx);
        let Self { wait, end, .. } = &mut *self;
        if polled.is_ready() {
            wait.ends();
        } else {
            end.waits(wait);
        }
        polled
    }
}

impl<T: fmt::Debug> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
