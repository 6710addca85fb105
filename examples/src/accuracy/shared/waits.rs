//! Futures that wait: polled once, and kept.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use super::rt::sync::{Mutex, Notify, RwLock};
use crate::accuracy::{
    ledger::{What, Witness},
    program::{Actor, ThingId, WaitFor},
    world::{Kept, World},
};

/// What a guard is of.
#[derive(Clone, Debug)]
pub(super) enum Lock {
    Mutex(Arc<Mutex<u8>>),
    RwLock(Arc<RwLock<u8>>),
}

/// Dropped before its witness.
pub(super) struct Waiting {
    #[expect(dead_code, reason = "it waits until it is dropped")]
    future: Pin<Box<dyn Future<Output = ()> + Send>>,
    #[expect(dead_code, reason = "it says when it is dropped")]
    witness: Witness,
}

impl Waiting {
    /// `None` where there is nothing to wait for.
    pub(super) fn begin(id: ThingId, wait: WaitFor, world: &Arc<World>, by: Actor) -> Option<Self> {
        let mut future = future(wait, world)?;
        // It must be noted before it can end.
        let _moment = world.moment();
        match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(()) => None,
            Poll::Pending => {
                world.ledger.note(What::Waits { wait: id, by, on: wait });
                Some(Self { future, witness: Witness::new(id, &world.ledger) })
            }
        }
    }
}

fn future(wait: WaitFor, world: &World) -> Option<Pin<Box<dyn Future<Output = ()> + Send>>> {
    let lock = |thing| world.lock_of(thing, |kept| kept?.downcast_ref::<Lock>().cloned());
    match wait {
        WaitFor::Notify => {
            let notify = Arc::new(Notify::new());
            Some(Box::pin(async move { notify.notified().await }))
        }
        WaitFor::Read(thing) => match lock(thing)? {
            Lock::Mutex(_) => None,
            Lock::RwLock(lock) => Some(Box::pin(async move { drop(lock.read_owned().await) })),
        },
        WaitFor::Write(thing) => Some(match lock(thing)? {
            Lock::Mutex(lock) => Box::pin(async move { drop(lock.lock_owned().await) }),
            Lock::RwLock(lock) => Box::pin(async move { drop(lock.write_owned().await) }),
        }),
    }
}

/// So that others can wait for what a guard is of.
pub(super) fn keep(world: &World, thing: ThingId, lock: Lock) {
    let lock: Kept = Box::new(lock);
    world.keep_lock(thing, lock);
}
