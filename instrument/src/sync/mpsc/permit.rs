//! Places in a bounded channel that were reserved, each a holding of its own.

use std::{borrow::Borrow, fmt, iter::FusedIterator, panic::Location};

use super::Sender;
use crate::{
    hold::Named,
    record::{ChannelEnd, Holding},
};

/// So many places, given back when dropped; and the sender that they were reserved with.
pub(super) struct Reserved<E: Borrow<ChannelEnd>> {
    /// `None` once it is over.
    end: Option<E>,
    holding: Holding,
    places: usize,
    location: &'static Location<'static>,
}

impl<E: Borrow<ChannelEnd>> Reserved<E> {
    /// By whoever runs on this thread.
    pub(super) fn new(end: E, places: usize, location: &'static Location<'static>) -> Self {
        end.borrow().takes(places);
        Self::part(end, places, location)
    }

    fn part(end: E, places: usize, location: &'static Location<'static>) -> Self {
        let holding = end.borrow().reserves(places, location);
        Self { end: Some(end), holding, places, location }
    }

    /// One of the places, apart from the others.
    fn split_off_one(&mut self) -> Option<Self>
    where
        E: Copy,
    {
        let end = self.end?;
        self.places = self.places.checked_sub(1)?;
        if self.places == 0 {
            self.holding = Holding::NONE;
        } else {
            self.holding.set_amount(u32::try_from(self.places).unwrap_or(u32::MAX));
        }
        Some(Self::part(end, 1, self.location))
    }

    /// Its places are sent into.
    fn is_used(&mut self) {
        if let Some(end) = &self.end {
            end.borrow().used_here();
        }
        self.places = 0;
    }

    /// Over; what it was reserved with.
    fn into_end(mut self) -> Option<E> {
        self.is_over();
        self.end.take()
    }

    fn is_over(&mut self) {
        if let Some(end) = &self.end {
            end.borrow().unreserves(self.places);
        }
        self.places = 0;
    }
}

impl<E: Borrow<ChannelEnd>> Drop for Reserved<E> {
    fn drop(&mut self) {
        self.is_over();
    }
}

/// `transfer` and `transfer_to` of what was reserved.
macro_rules! transfers {
    () => {
        /// It is the calling task's from now on, on purpose.
        pub fn transfer(&self) {
            self.reserved.holding.transfer();
        }

        /// It is that task's from now on, on purpose.
        pub fn transfer_to<'t>(&self, task: impl Into<Named<'t>>) {
            task.into().takes(&self.reserved.holding);
        }
    };
}

/// [`tokio::sync::mpsc::Permit`], recorded.
pub struct Permit<'a, T> {
    inner: tokio::sync::mpsc::Permit<'a, T>,
    reserved: Reserved<&'a ChannelEnd>,
}

impl<'a, T> Permit<'a, T> {
    pub(super) fn new(
        inner: tokio::sync::mpsc::Permit<'a, T>,
        reserved: Reserved<&'a ChannelEnd>,
    ) -> Self {
        Self { inner, reserved }
    }

    /// [`tokio::sync::mpsc::Permit::send`].
    pub fn send(self, value: T) {
        let Self { inner, mut reserved } = self;
        reserved.is_used();
        inner.send(value);
    }

    transfers!();
}

impl<T> fmt::Debug for Permit<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// [`tokio::sync::mpsc::PermitIterator`], recorded.
pub struct PermitIterator<'a, T> {
    inner: tokio::sync::mpsc::PermitIterator<'a, T>,
    reserved: Reserved<&'a ChannelEnd>,
}

impl<'a, T> PermitIterator<'a, T> {
    pub(super) fn new(
        inner: tokio::sync::mpsc::PermitIterator<'a, T>,
        reserved: Reserved<&'a ChannelEnd>,
    ) -> Self {
        Self { inner, reserved }
    }

    transfers!();
}

impl<'a, T> Iterator for PermitIterator<'a, T> {
    type Item = Permit<'a, T>;

    fn next(&mut self) -> Option<Permit<'a, T>> {
        let inner = self.inner.next()?;
        Some(Permit { inner, reserved: self.reserved.split_off_one()? })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.size_hint()
    }
}

impl<T> ExactSizeIterator for PermitIterator<'_, T> {}
impl<T> FusedIterator for PermitIterator<'_, T> {}

impl<T> fmt::Debug for PermitIterator<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// [`tokio::sync::mpsc::OwnedPermit`], recorded.
pub struct OwnedPermit<T> {
    inner: tokio::sync::mpsc::OwnedPermit<T>,
    reserved: Reserved<ChannelEnd>,
}

impl<T> OwnedPermit<T> {
    pub(super) fn new(
        inner: tokio::sync::mpsc::OwnedPermit<T>,
        reserved: Reserved<ChannelEnd>,
    ) -> Self {
        Self { inner, reserved }
    }

    /// [`tokio::sync::mpsc::OwnedPermit::send`].
    pub fn send(self, value: T) -> Sender<T> {
        let Self { inner, mut reserved } = self;
        reserved.is_used();
        Sender::new(inner.send(value), reserved.into_end().unwrap_or(ChannelEnd::NONE))
    }

    /// [`tokio::sync::mpsc::OwnedPermit::release`].
    pub fn release(self) -> Sender<T> {
        let Self { inner, reserved } = self;
        Sender::new(inner.release(), reserved.into_end().unwrap_or(ChannelEnd::NONE))
    }

    /// [`tokio::sync::mpsc::OwnedPermit::same_channel`].
    pub fn same_channel(&self, other: &Self) -> bool {
        self.inner.same_channel(&other.inner)
    }

    /// [`tokio::sync::mpsc::OwnedPermit::same_channel_as_sender`].
    pub fn same_channel_as_sender(&self, sender: &Sender<T>) -> bool {
        self.inner.same_channel_as_sender(sender.inner())
    }

    /// It is the calling task's from now on, on purpose: the place, and the sender that
    /// it was reserved with.
    pub fn transfer(&self) {
        self.reserved.holding.transfer();
        if let Some(end) = &self.reserved.end {
            end.holding().transfer();
        }
    }

    /// It is that task's from now on, on purpose, with its sender.
    pub fn transfer_to<'t>(&self, task: impl Into<Named<'t>>) {
        let task = task.into();
        task.takes(&self.reserved.holding);
        if let Some(end) = &self.reserved.end {
            task.takes(end.holding());
        }
    }
}

impl<T> fmt::Debug for OwnedPermit<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
