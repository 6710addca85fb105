//! Pools whose holders can be seen: which task has which connection, since when, and who
//! waits for one.
//!
//! A connection that is out of its pool is a [holding](crate::hold) of kind `connection`,
//! labelled with the pool's name. It belongs to the task that last used it, else to the
//! one that took it, until it is back in the pool, closed or detached. A connection that is
//! idle in its pool is nobody's, whoever opened it.
//!
//! Each pool has a module here, and a feature of the same name:
//!
//! - `sqlx`: who holds a connection and since when, where it was acquired (but where a query is
//!   given the pool itself: then the task is shown), who waits, how old it is where
//!   the pool's hooks may tell, and how long the pool has been busy taking it back. In place
//!   of the pool there is one of the same names: sqlx's hooks are not told of a connection that
//!   is detached, closed or returned past its lifetime, and tell none from another.
//! - `deadpool`: who holds and since when, how old it is, how many wait. Where it was acquired
//!   cannot be seen; the task is shown.
//! - `bb8`: as deadpool, but not who or how many wait. With `test_on_check_out(false)` only
//!   how many connections there are.
//!
//! A pool of one's own implements [`Pool`], is [watched](watch), and says who takes
//! what:
//!
//! ```
//! use std::sync::{Arc, Mutex};
//! use holdover::pool::{Pool, Status, Taken, Watch};
//!
//! struct Buffers {
//!     idle: Mutex<Vec<Vec<u8>>>,
//! }
//!
//! impl Pool for Buffers {
//!     fn status(&self) -> Status {
//!         Status::new().idle(self.idle.lock().unwrap().len())
//!     }
//! }
//!
//! let buffers = Arc::new(Buffers { idle: Mutex::default() });
//! let watch: Watch = holdover::pool::watch("buffers", &buffers);
//! let buffer = buffers.idle.lock().unwrap().pop().unwrap_or_default();
//! let taken: Taken = watch.take();
//! // … the task that runs here holds it, until
//! buffers.idle.lock().unwrap().push(buffer);
//! drop(taken);
//! ```

#[cfg(feature = "bb8")]
pub mod bb8;
#[cfg(feature = "deadpool")]
pub mod deadpool;
#[cfg(feature = "sqlx")]
pub mod sqlx;

use std::{
    future::Future,
    panic::Location,
    pin::Pin,
    sync::{Arc, Weak},
    task::{Context, Poll},
    thread,
    time::Duration,
};

use pin_project_lite::pin_project;

use crate::{
    hold::Named,
    record::{Lease, Lender, Pooled, Wait},
};

/// A pool that can say how it is. See the [module](self).
pub trait Pool: Send + Sync + 'static {
    /// How it is at this moment. Called on the console's thread, while somebody looks:
    /// it must not wait for long.
    fn status(&self) -> Status;
}

/// How a pool is, as far as it says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Status(Pooled);

impl Status {
    /// Nothing is known yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many connections are open: idle, and out.
    #[must_use]
    pub fn size(mut self, connections: usize) -> Self {
        self.0.size = Some(connections);
        self
    }

    /// How many wait for somebody to take them.
    #[must_use]
    pub fn idle(mut self, connections: usize) -> Self {
        self.0.idle = Some(connections);
        self
    }

    /// How many there may be at most.
    #[must_use]
    pub fn max(mut self, connections: usize) -> Self {
        self.0.max = Some(connections);
        self
    }

    /// How many wait for a connection, where [`Watch::waits`] does not say who.
    #[must_use]
    pub fn waiting(mut self, tasks: usize) -> Self {
        self.0.waiting = Some(tasks);
        self
    }

    /// How old a connection may become.
    #[must_use]
    pub fn max_lifetime(mut self, age: Option<Duration>) -> Self {
        self.0.max_lifetime = age;
        self
    }
}

/// Watches the pool, under this name. Does not keep it: of a pool that is gone only
/// the connections are listed that are still out.
pub fn watch<P: Pool>(name: &'static str, pool: &Arc<P>) -> Watch {
    let pool = Arc::downgrade(pool);
    Watch { lender: Lender::new(name, move || ask(&pool)) }
}

/// How the pool is; `None` when it is gone.
fn ask<P: Pool>(pool: &Weak<P>) -> Option<Pooled> {
    let pool = DropsElsewhere(Some(pool.upgrade()?));
    Some(pool.0.as_ref()?.status().0)
}

/// Whoever had the pool may have let go of it meanwhile: then what it does when it is
/// dropped, which may take long, is not done on the console's thread. But where no other
/// thread can be had.
struct DropsElsewhere<P: Pool>(Option<Arc<P>>);

impl<P: Pool> Drop for DropsElsewhere<P> {
    fn drop(&mut self) {
        if let Some(last) = self.0.take().and_then(Arc::into_inner) {
            drop(thread::Builder::new().name("pool".to_owned()).spawn(move || drop(last)));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, mpsc};

    use super::*;

    /// Says on which thread it is dropped; the last to have it lets go while it is asked.
    struct LetGo {
        last: Mutex<Option<Arc<Self>>>,
        dropped_on: mpsc::Sender<thread::ThreadId>,
    }

    impl Pool for LetGo {
        fn status(&self) -> Status {
            drop(self.last.lock().expect("nobody panics here").take());
            Status::new().size(1)
        }
    }

    impl Drop for LetGo {
        fn drop(&mut self) {
            let _ = self.dropped_on.send(thread::current().id());
        }
    }

    #[test]
    fn a_pool_that_is_let_go_of_while_it_is_asked_is_not_dropped_by_who_asks() {
        let (dropped_on, dropped) = mpsc::channel();
        let pool = Arc::new(LetGo { last: Mutex::default(), dropped_on });
        *pool.last.lock().expect("nobody panics here") = Some(Arc::clone(&pool));
        let weak = Arc::downgrade(&pool);
        drop(pool);
        assert_eq!(ask(&weak).and_then(|it| it.size), Some(1));
        let on = dropped.recv_timeout(Duration::from_secs(60)).expect("it is dropped");
        assert_ne!(on, thread::current().id());
        assert!(ask(&weak).is_none(), "it is gone");
    }
}

/// A pool that is [watched](watch), for whoever gives out its connections. The pool
/// is listed for as long as one of these lives, or something [taken](Self::take).
#[derive(Clone, Debug)]
pub struct Watch {
    lender: Lender,
}

impl Watch {
    /// The task that runs here has taken a connection.
    #[track_caller]
    pub fn take(&self) -> Taken {
        Taken { lease: self.lender.lends(None, Some(Location::caller())) }
    }

    /// As [`take`](Self::take), of a connection that is so old. It is held past its
    /// lifetime when it is older than [`Status::max_lifetime`].
    #[track_caller]
    pub fn take_aged(&self, age: Duration) -> Taken {
        Taken { lease: self.lender.lends(Some(age), Some(Location::caller())) }
    }

    /// Whoever polls the future, while it is not ready, waits for a connection.
    #[track_caller]
    pub fn waits<F: Future>(&self, future: F) -> Waiting<F> {
        self.waiting(future, Some(Location::caller()))
    }

    fn waiting<F>(&self, inner: F, location: Option<&'static Location<'static>>) -> Waiting<F> {
        self.lender.tells_who_waits();
        Waiting { inner, watch: self.clone(), location, wait: Wait::default() }
    }

    /// As [`take`](Self::take), from where no caller of ours can be seen.
    #[cfg(any(feature = "bb8", feature = "deadpool", feature = "sqlx"))]
    fn take_from(
        &self,
        age: Option<Duration>,
        location: Option<&'static Location<'static>>,
    ) -> Taken {
        Taken { lease: self.lender.lends(age, location) }
    }
}

/// A connection that is out: it is back, or closed, when this is dropped.
#[derive(Debug)]
#[must_use = "the connection is back when this is dropped"]
pub struct Taken {
    lease: Lease,
}

impl Taken {
    /// Whoever runs here has used it: it is theirs.
    #[inline]
    pub fn used(&self) {
        self.lease.holding().used_here();
    }

    /// It is on its way back. It stays whose it was until this is dropped: one that does
    /// not arrive is missing.
    pub fn returns(&self) {
        self.lease.returns();
    }

    /// It is the calling task's from now on, on purpose.
    pub fn transfer(&self) {
        self.lease.holding().transfer();
    }

    /// It is that task's from now on, on purpose.
    pub fn transfer_to<'a>(&self, task: impl Into<Named<'a>>) {
        task.into().takes(self.lease.holding());
    }

    #[cfg(feature = "sqlx")]
    fn is_recorded(&self) -> bool {
        self.lease.is_recorded()
    }
}

pin_project! {
    /// The future of [`Watch::waits`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct Waiting<F> {
        #[pin]
        inner: F,
        watch: Watch,
        location: Option<&'static Location<'static>>,
        wait: Wait,
    }
}

impl<F: Future> Future for Waiting<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        if let Poll::Ready(output) = this.inner.poll(cx) {
            this.wait.ends();
            return Poll::Ready(output);
        }
        this.watch.lender.waits(this.wait, *this.location);
        Poll::Pending
    }
}
