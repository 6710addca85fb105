//! Permits: borrowed, and owned.

use std::{ops::Deref, panic::Location, sync::Arc};

use super::{Semaphore, forgotten::amount};
use crate::{
    hold::Named,
    record::{Holding, Traits},
};

/// So many permits of a semaphore: given back when dropped. tokio's own permit is
/// forgotten when it is acquired, so that an owned one needs no `Arc` of tokio's.
#[derive(Debug)]
pub(super) struct Permit<S: Deref<Target = Semaphore>> {
    semaphore: S,
    permits: usize,
    holding: Holding,
}

impl<S: Deref<Target = Semaphore>> Permit<S> {
    pub(super) fn new(semaphore: S, permits: u32, location: &'static Location<'static>) -> Self {
        let holding = holding_of(&semaphore, permits as usize, location);
        Self { semaphore, permits: permits as usize, holding }
    }

    fn take(&mut self) -> (usize, Holding) {
        let holding = std::mem::replace(&mut self.holding, Holding::NONE);
        (std::mem::take(&mut self.permits), holding)
    }

    fn forget(mut self) {
        let (permits, holding) = self.take();
        if !self.semaphore.is_closed() {
            self.semaphore.forgotten.push(permits, holding);
        }
    }
}

impl<S: Deref<Target = Semaphore> + Clone> Permit<S> {
    #[track_caller]
    fn merge(&mut self, mut other: Self) {
        assert!(
            std::ptr::eq(&raw const *self.semaphore, &raw const *other.semaphore),
            "merging permits from different semaphore instances"
        );
        let more = self.permits.checked_add(other.permits);
        let more = more.expect("number of permits overflowed");
        let (_, theirs) = other.take();
        if self.permits == 0 {
            self.holding = theirs;
        }
        self.permits = more;
        self.holding.set_amount(amount(more));
    }

    fn split(&mut self, permits: usize, location: &'static Location<'static>) -> Option<Self> {
        self.permits = self.permits.checked_sub(permits)?;
        if self.permits == 0 {
            self.holding = Holding::NONE;
        }
        self.holding.set_amount(amount(self.permits));
        let holding = holding_of(&self.semaphore, permits, location);
        Some(Self { semaphore: self.semaphore.clone(), permits, holding })
    }
}

/// Of no permit there is nothing to hold.
fn holding_of(
    semaphore: &Semaphore,
    permits: usize,
    location: &'static Location<'static>,
) -> Holding {
    match amount(permits) {
        0 => Holding::NONE,
        permits => semaphore.resource.acquired(permits, Traits::Value, location),
    }
}

impl<S: Deref<Target = Semaphore>> Drop for Permit<S> {
    fn drop(&mut self) {
        self.semaphore.inner.add_permits(self.permits);
    }
}

/// [`tokio::sync::SemaphorePermit`], recorded.
#[must_use = "it is given back when it is dropped"]
#[derive(Debug)]
pub struct SemaphorePermit<'a>(pub(super) Permit<&'a Semaphore>);

/// [`tokio::sync::OwnedSemaphorePermit`], recorded.
#[must_use = "it is given back when it is dropped"]
#[derive(Debug)]
pub struct OwnedSemaphorePermit(pub(super) Permit<Arc<Semaphore>>);

impl SemaphorePermit<'_> {
    /// [`tokio::sync::SemaphorePermit::forget`]. It is held until somebody adds as many permits;
    /// those of a closed semaphore nobody can miss, and they are not.
    pub fn forget(self) {
        self.0.forget();
    }

    /// [`tokio::sync::SemaphorePermit::merge`].
    ///
    /// # Panics
    ///
    /// With a permit of another semaphore.
    #[track_caller]
    pub fn merge(&mut self, other: Self) {
        self.0.merge(other.0);
    }

    /// [`tokio::sync::SemaphorePermit::split`]. The part belongs to the calling task.
    #[track_caller]
    pub fn split(&mut self, n: usize) -> Option<Self> {
        self.0.split(n, Location::caller()).map(Self)
    }

    /// [`tokio::sync::SemaphorePermit::semaphore`].
    pub fn semaphore(&self) -> &Semaphore {
        self.0.semaphore
    }

    /// [`tokio::sync::SemaphorePermit::num_permits`].
    pub fn num_permits(&self) -> usize {
        self.0.permits
    }

    /// It is the calling task's from now on, on purpose.
    pub fn transfer(&self) {
        self.0.holding.transfer();
    }

    /// It is that task's from now on, on purpose.
    pub fn transfer_to<'t>(&self, task: impl Into<Named<'t>>) {
        task.into().takes(&self.0.holding);
    }
}

impl OwnedSemaphorePermit {
    /// [`tokio::sync::OwnedSemaphorePermit::forget`]. It is held until somebody adds as many permits;
    /// those of a closed semaphore nobody can miss, and they are not.
    pub fn forget(self) {
        self.0.forget();
    }

    /// [`tokio::sync::OwnedSemaphorePermit::merge`].
    ///
    /// # Panics
    ///
    /// With a permit of another semaphore.
    #[track_caller]
    pub fn merge(&mut self, other: Self) {
        self.0.merge(other.0);
    }

    /// [`tokio::sync::OwnedSemaphorePermit::split`]. The part belongs to the calling task.
    #[track_caller]
    pub fn split(&mut self, n: usize) -> Option<Self> {
        self.0.split(n, Location::caller()).map(Self)
    }

    /// [`tokio::sync::OwnedSemaphorePermit::semaphore`].
    pub fn semaphore(&self) -> &Arc<Semaphore> {
        &self.0.semaphore
    }

    /// [`tokio::sync::OwnedSemaphorePermit::num_permits`].
    pub fn num_permits(&self) -> usize {
        self.0.permits
    }

    /// It is the calling task's from now on, on purpose.
    pub fn transfer(&self) {
        self.0.holding.transfer();
    }

    /// It is that task's from now on, on purpose.
    pub fn transfer_to<'t>(&self, task: impl Into<Named<'t>>) {
        task.into().takes(&self.0.holding);
    }
}
