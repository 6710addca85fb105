//! Receivers: of a bounded channel, and what they have in common with one of a channel
//! that is not.

use std::{
    fmt,
    future::Future,
    panic::Location,
    task::{Context, Poll},
};

use super::error::TryRecvError;
use crate::{
    record::{ChannelEnd, Side, Wait},
    sync::ends::{WaitsFor, blocks, transfers},
};

/// [`tokio::sync::mpsc::Receiver`], recorded.
pub struct Receiver<T> {
    // Gone first: whoever waits need not wait for our bookkeeping.
    inner: tokio::sync::mpsc::Receiver<T>,
    /// What a poll by hand waits for.
    wait: Wait,
    end: ChannelEnd,
}

/// What both receivers do.
macro_rules! receives {
    ($name:ident, $tokio:literal) => {
        impl<T> $name<T> {
            pub(super) fn new(inner: tokio::sync::mpsc::$name<T>, end: ChannelEnd) -> Self {
                Self { inner, wait: Wait::default(), end }
            }

            /// tokio's own, for what takes it by reference.
            pub fn as_tokio(&self) -> &tokio::sync::mpsc::$name<T> {
                &self.inner
            }

            /// tokio's own, for what takes it by value. Whose it is then is not seen.
            pub fn into_tokio(self) -> tokio::sync::mpsc::$name<T> {
                self.end.is_not_followed();
                self.inner
            }

            transfers!();

            /// Whom it waits for: once it is closed, those who have reserved a place.
            fn waits_for(&self) -> Side {
                if self.inner.is_closed() { Side::Receivers } else { Side::Senders }
            }

            #[doc = concat!("[`", $tokio, "::recv`]. Cancel safe as tokio's.")]
            #[track_caller]
            pub fn recv(&mut self) -> impl Future<Output = Option<T>> {
                self.wait.ends();
                let (side, location) = (self.waits_for(), Location::caller());
                WaitsFor::new(self.inner.recv(), &self.end, side, location, |message, end, _| {
                    end.receives(usize::from(message.is_some()));
                    message
                })
            }

            #[doc = concat!("[`", $tokio, "::recv_many`]. Cancel safe as tokio's.")]
            #[track_caller]
            pub fn recv_many(
                &mut self,
                buffer: &mut Vec<T>,
                limit: usize,
            ) -> impl Future<Output = usize> {
                self.wait.ends();
                let (side, location) = (self.waits_for(), Location::caller());
                let receiving = self.inner.recv_many(buffer, limit);
                WaitsFor::new(receiving, &self.end, side, location, |messages, end, _| {
                    end.receives(messages);
                    messages
                })
            }

            #[doc = concat!("[`", $tokio, "::try_recv`].")]
            ///
            /// # Errors
            ///
            /// When there is no message at the moment, or there will be none.
            pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
                self.wait.ends();
                self.end.used_here();
                let message = self.inner.try_recv()?;
                self.end.receives(1);
                Ok(message)
            }

            #[doc = concat!("[`", $tokio, "::blocking_recv`].")]
            ///
            /// # Panics
            ///
            /// Within an asynchronous context.
            #[track_caller]
            pub fn blocking_recv(&mut self) -> Option<T> {
                self.wait.ends();
                let _blocks = blocks(&self.end, self.waits_for(), Location::caller());
                let message = self.inner.blocking_recv();
                self.end.receives(usize::from(message.is_some()));
                message
            }

            #[doc = concat!("[`", $tokio, "::blocking_recv_many`].")]
            ///
            /// # Panics
            ///
            /// Within an asynchronous context.
            #[track_caller]
            pub fn blocking_recv_many(&mut self, buffer: &mut Vec<T>, limit: usize) -> usize {
                self.wait.ends();
                let _blocks = blocks(&self.end, self.waits_for(), Location::caller());
                let messages = self.inner.blocking_recv_many(buffer, limit);
                self.end.receives(messages);
                messages
            }

            #[doc = concat!("[`", $tokio, "::close`]. Nobody can miss an end from then on.")]
            pub fn close(&mut self) {
                self.inner.close();
                self.end.closes();
            }

            #[doc = concat!("[`", $tokio, "::is_closed`].")]
            pub fn is_closed(&self) -> bool {
                self.inner.is_closed()
            }

            #[doc = concat!("[`", $tokio, "::is_empty`].")]
            pub fn is_empty(&self) -> bool {
                self.inner.is_empty()
            }

            #[doc = concat!("[`", $tokio, "::len`].")]
            pub fn len(&self) -> usize {
                self.inner.len()
            }

            #[doc = concat!("[`", $tokio, "::poll_recv`].")]
            #[track_caller]
            pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
                let polled = self.inner.poll_recv(cx);
                let received = match &polled {
                    Poll::Ready(message) => Poll::Ready(usize::from(message.is_some())),
                    Poll::Pending => Poll::Pending,
                };
                self.polled(received, Location::caller());
                polled
            }

            #[doc = concat!("[`", $tokio, "::poll_recv_many`].")]
            #[track_caller]
            pub fn poll_recv_many(
                &mut self,
                cx: &mut Context<'_>,
                buffer: &mut Vec<T>,
                limit: usize,
            ) -> Poll<usize> {
                let polled = self.inner.poll_recv_many(cx, buffer, limit);
                self.polled(polled, Location::caller());
                polled
            }

            /// So many messages were received, or whoever polls it waits.
            fn polled(&mut self, received: Poll<usize>, location: &'static Location<'static>) {
                self.end.used_here();
                if let Poll::Ready(messages) = received {
                    self.wait.ends();
                    self.end.receives(messages);
                } else {
                    let side = self.waits_for();
                    self.end.waits(&mut self.wait, side, location);
                }
            }

            #[doc = concat!("[`", $tokio, "::sender_strong_count`].")]
            pub fn sender_strong_count(&self) -> usize {
                self.inner.sender_strong_count()
            }

            #[doc = concat!("[`", $tokio, "::sender_weak_count`].")]
            pub fn sender_weak_count(&self) -> usize {
                self.inner.sender_weak_count()
            }
        }

        impl<T> fmt::Debug for $name<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.inner.fmt(f)
            }
        }

        /// What is received of it is seen; the channel is not.
        impl<T> From<tokio::sync::mpsc::$name<T>> for $name<T> {
            fn from(inner: tokio::sync::mpsc::$name<T>) -> Self {
                Self::new(inner, ChannelEnd::NONE)
            }
        }

        impl<T> From<$name<T>> for tokio::sync::mpsc::$name<T> {
            fn from(receiver: $name<T>) -> Self {
                receiver.into_tokio()
            }
        }
    };
}

receives!(Receiver, "tokio::sync::mpsc::Receiver");

impl<T> Receiver<T> {
    /// [`tokio::sync::mpsc::Receiver::capacity`].
    pub fn capacity(&self) -> usize {
        self.inner.capacity()
    }

    /// [`tokio::sync::mpsc::Receiver::max_capacity`].
    pub fn max_capacity(&self) -> usize {
        self.inner.max_capacity()
    }
}

/// [`tokio::sync::mpsc::UnboundedReceiver`], recorded.
pub struct UnboundedReceiver<T> {
    // Gone first: whoever waits need not wait for our bookkeeping.
    inner: tokio::sync::mpsc::UnboundedReceiver<T>,
    /// What a poll by hand waits for.
    wait: Wait,
    end: ChannelEnd,
}

receives!(UnboundedReceiver, "tokio::sync::mpsc::UnboundedReceiver");
