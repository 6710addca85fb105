//! Resources that are closed when their time is over.

use std::{
    collections::BTreeMap,
    fmt::{self, Display},
    future::Future,
    panic::Location,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, MissedTickBehavior};

use super::Kind;
use crate::{
    record::{Holding, Label, NewHolding, Traits},
    time::interval_of,
};

/// Keeps resources with a limit each, and closes those whose time is over whenever it
/// is [swept](Self::sweep). One that cannot be closed is logged, kept and tried again;
/// beyond its limit the console calls it `overdue`.
///
/// A resource is the registry's, and not the task's that registered it: while it has its
/// time it is nobody's leak. Time is tokio's.
///
/// ```
/// use std::{io, sync::Arc, time::Duration};
/// use holdover::hold::{Kind, Registry};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// let uploads = Registry::new(Kind::File, "upload");
/// let limit = Duration::from_secs(60);
/// let first = uploads.register(Arc::new("a.part"), limit);
/// uploads.register(Arc::new("b.part"), limit);
/// uploads.release(first).expect("it is there"); // done with in time
///
/// tokio::time::sleep(Duration::from_secs(61)).await;
/// let swept = uploads.sweep(async |path: Arc<&str>| {
///     assert_eq!(*path, "b.part");
///     Ok::<(), io::Error>(())
/// });
/// assert_eq!(swept.await.closed, 1);
/// assert!(uploads.is_empty());
/// # }
/// ```
pub struct Registry<T> {
    inner: Arc<Inner<T>>,
}

struct Inner<T> {
    kind: Kind,
    label: &'static str,
    entries: Mutex<Entries<T>>,
}

struct Entries<T> {
    next: u64,
    by_number: BTreeMap<u64, Entry<T>>,
}

struct Entry<T> {
    value: Arc<T>,
    expires_at: Instant,
    #[expect(dead_code, reason = "it is released with the entry")]
    holding: Holding,
}

/// Names a registered resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Registered(u64);

/// What a sweep has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Swept {
    /// Expired, closed and gone.
    pub closed: usize,
    /// Expired, and could not be closed: kept for the next sweep.
    pub failed: usize,
}

impl<T> Registry<T> {
    /// Without any resource: of which kind they will be, and a label that says which.
    pub fn new(kind: Kind, label: &'static str) -> Self {
        let entries = Mutex::new(Entries { next: 1, by_number: BTreeMap::new() });
        Self { inner: Arc::new(Inner { kind, label, entries }) }
    }

    fn entries(&self) -> MutexGuard<'_, Entries<T>> {
        self.inner.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the resource until it is released, or until a sweep after `limit`.
    #[track_caller]
    pub fn register(&self, value: Arc<T>, limit: Duration) -> Registered {
        let holding = Holding::new(&NewHolding {
            kind: self.inner.kind,
            label: Label::Fixed(self.inner.label),
            location: Location::caller(),
            due_in: None,
            traits: Traits::Fixed,
        });
        holding.is_nobodys();
        holding.set_limit(limit);
        let now = Instant::now();
        // A limit that ends beyond what a clock can say is none.
        let far = Duration::from_secs(100 * 365 * 24 * 3600);
        let expires_at = now.checked_add(limit).unwrap_or(now + far);
        let mut entries = self.entries();
        let number = entries.next;
        entries.next += 1;
        entries.by_number.insert(number, Entry { value, expires_at, holding });
        Registered(number)
    }

    /// Gives the resource back; `None` when it was released before, was closed, or is
    /// being closed.
    pub fn release(&self, resource: Registered) -> Option<Arc<T>> {
        let entry = self.entries().by_number.remove(&resource.0)?;
        Some(entry.value)
    }

    /// How many are registered, those that are being closed not counted.
    pub fn len(&self) -> usize {
        self.entries().by_number.len()
    }

    /// None is registered, or those that are are being closed.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Closes what has expired, one after the other, the oldest first. What fails is
    /// logged and kept.
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped, the resource that it was closing stays registered.
    pub async fn sweep<E, Closing>(&self, mut close: impl FnMut(Arc<T>) -> Closing) -> Swept
    where
        E: Display,
        Closing: Future<Output = Result<(), E>>,
    {
        let mut swept = Swept::default();
        let mut after = 0;
        while let Some(taken) = self.take_expired(after) {
            after = taken.number;
            match close(Arc::clone(taken.value())).await {
                Ok(()) => {
                    taken.closed();
                    swept.closed += 1;
                }
                Err(error) => {
                    swept.failed += 1;
                    crate::report::could_not_close(self.inner.label, &error);
                }
            }
        }
        swept
    }

    /// [Sweeps](Self::sweep) after each `period`, until it is dropped.
    ///
    /// # Panics
    ///
    /// With a `period` of zero, or in a runtime without timers.
    #[track_caller]
    pub fn sweep_every<E, Closing>(
        &self,
        period: Duration,
        mut close: impl FnMut(Arc<T>) -> Closing,
    ) -> impl Future<Output = ()>
    where
        E: Display,
        Closing: Future<Output = Result<(), E>>,
    {
        // The timer is that of whoever sweeps, and not of a file of this crate.
        let site = Location::caller();
        async move {
            let mut ticks = interval_of(Instant::now() + period, period, site);
            // A sweep that took long is no reason for two at once.
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                self.sweep(&mut close).await;
            }
        }
    }

    fn take_expired(&self, after: u64) -> Option<Taken<'_, T>> {
        let now = Instant::now();
        let mut entries = self.entries();
        let mut later = entries.by_number.range(after + 1..);
        let (number, _) = later.find(|(_, entry)| entry.expires_at <= now)?;
        let number = *number;
        let entry = entries.by_number.remove(&number);
        entry.map(|entry| Taken { registry: self, number, entry: Some(entry) })
    }
}

/// Taken out for as long as it is being closed, so that nobody else closes it; put back
/// unless it was.
struct Taken<'a, T> {
    registry: &'a Registry<T>,
    number: u64,
    /// `None` once it is closed.
    entry: Option<Entry<T>>,
}

impl<T> Taken<'_, T> {
    fn value(&self) -> &Arc<T> {
        &self.entry.as_ref().expect("it is not closed yet").value
    }

    fn closed(mut self) {
        drop(self.entry.take());
    }
}

impl<T> Drop for Taken<'_, T> {
    fn drop(&mut self) {
        if let Some(entry) = self.entry.take() {
            self.registry.entries().by_number.insert(self.number, entry);
        }
    }
}

impl<T> Clone for Registry<T> {
    /// The same registry.
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<T> fmt::Debug for Registry<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, label, .. } = &*self.inner;
        f.debug_struct("Registry")
            .field("kind", kind)
            .field("label", label)
            .field("len", &self.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn only_what_has_expired_is_closed_the_oldest_first() {
        let registry = Registry::new(Kind::Custom, "thing");
        registry.register(Arc::new(1), MINUTE);
        registry.register(Arc::new(2), 10 * MINUTE);
        registry.register(Arc::new(3), MINUTE);
        let mut closed = Vec::new();
        let mut close = |number: Arc<i32>| {
            closed.push(*number);
            async { Ok::<(), &str>(()) }
        };
        assert_eq!(registry.sweep(&mut close).await, Swept::default());
        tokio::time::advance(MINUTE).await;
        assert_eq!(registry.sweep(&mut close).await, Swept { closed: 2, failed: 0 });
        assert_eq!((closed, registry.len()), (vec![1, 3], 1));
    }

    #[tokio::test(start_paused = true)]
    async fn what_fails_to_close_is_kept_and_tried_again_and_the_others_are_closed() {
        let registry = Registry::new(Kind::Custom, "thing");
        let numbers: Vec<Registered> =
            [1, 2, 3].map(|number| registry.register(Arc::new(number), MINUTE)).into();
        tokio::time::advance(MINUTE).await;
        let mut tries = 0;
        let mut close = |number: Arc<i32>| {
            tries += i32::from(*number == 2);
            let busy = *number == 2 && tries < 3;
            async move { if busy { Err("it is busy") } else { Ok(()) } }
        };
        assert_eq!(registry.sweep(&mut close).await, Swept { closed: 2, failed: 1 });
        assert_eq!(registry.sweep(&mut close).await, Swept { closed: 0, failed: 1 });
        assert_eq!(registry.len(), 1);
        assert_eq!(registry.sweep(&mut close).await, Swept { closed: 1, failed: 0 });
        assert!(numbers.into_iter().all(|number| registry.release(number).is_none()));
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_is_released_is_not_closed() {
        let registry = Registry::new(Kind::Custom, "thing");
        let resource = registry.register(Arc::new("it"), MINUTE);
        assert_eq!(registry.clone().release(resource).as_deref(), Some(&"it"));
        assert_eq!(registry.release(resource), None);
        tokio::time::advance(MINUTE).await;
        let close = async |_| Err("nobody asks");
        assert_eq!(registry.sweep(close).await, Swept::default());
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_was_being_closed_stays_when_the_sweep_is_given_up() {
        let registry = Registry::new(Kind::Custom, "thing");
        registry.register(Arc::new(1), Duration::ZERO);
        let swept = registry.sweep(|_| std::future::pending::<Result<(), &str>>());
        assert!(tokio::time::timeout(MINUTE, swept).await.is_err());
        assert_eq!(registry.len(), 1);
    }

    /// As it is used: in a task of its own.
    #[tokio::test(start_paused = true)]
    async fn it_is_swept_on_an_interval() {
        let registry = Registry::new(Kind::Custom, "thing");
        registry.register(Arc::new(1), MINUTE / 2);
        let swept = registry.clone();
        let sweeper = crate::spawn(async move {
            swept.sweep_every(MINUTE, async |_| Ok::<(), &str>(())).await;
        });
        tokio::time::sleep(MINUTE / 4 * 3).await;
        assert_eq!(registry.len(), 1, "it has expired, and the minute is not over");
        tokio::time::sleep(MINUTE / 2).await;
        assert!(registry.is_empty());
        registry.register(Arc::new(2), Duration::ZERO);
        tokio::time::sleep(MINUTE).await;
        assert!(registry.is_empty());
        sweeper.abort();
    }
}
