//! Futures that wait: polled once, and kept.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use super::{
    rt::sync::{Barrier, Mutex, Notify, RwLock, Semaphore},
    things::Thing,
};
use crate::accuracy::{
    ledger::{What, Witness},
    program::{Actor, ThingId, WaitFor},
    world::{Kept, World},
};

/// What a guard or a permit is of.
#[derive(Clone, Debug)]
pub(super) enum Of {
    Mutex(Arc<Mutex<u8>>),
    Semaphore(Arc<Semaphore>),
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
    /// `None` where there is nothing to wait for. It owns the receiver that it waits with.
    pub(super) fn begin(
        id: ThingId,
        wait: WaitFor,
        receiver: Option<Thing>,
        world: &Arc<World>,
        by: Actor,
    ) -> Option<Self> {
        let mut future = future(wait, receiver, world)?;
        // It must be noted before it can end.
        let _moment = world.moment();
        if let WaitFor::Message(receiver) = wait {
            world.ledger.note(What::Used(receiver, by));
        }
        match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(()) => None,
            Poll::Pending => {
                world.ledger.note(What::Waits { wait: id, by, on: wait });
                Some(Self { future, witness: Witness::new(id, &world.ledger) })
            }
        }
    }
}

fn future(
    wait: WaitFor,
    receiver: Option<Thing>,
    world: &World,
) -> Option<Pin<Box<dyn Future<Output = ()> + Send>>> {
    let lock = |thing| world.lock_of(thing, |kept| kept?.downcast_ref::<Of>().cloned());
    match wait {
        WaitFor::Notify => {
            let notify = Arc::new(Notify::new());
            Some(Box::pin(async move { notify.notified().await }))
        }
        WaitFor::Read(thing) => match lock(thing)? {
            Of::RwLock(lock) => Some(Box::pin(async move { drop(lock.read_owned().await) })),
            Of::Mutex(_) | Of::Semaphore(_) => None,
        },
        WaitFor::Write(thing) => Some(match lock(thing)? {
            Of::Mutex(lock) => Box::pin(async move { drop(lock.lock_owned().await) }),
            Of::RwLock(lock) => Box::pin(async move { drop(lock.write_owned().await) }),
            Of::Semaphore(_) => return None,
        }),
        WaitFor::Permit(thing) => match lock(thing)? {
            Of::Semaphore(all) => Some(Box::pin(async move { drop(all.acquire_owned().await) })),
            Of::Mutex(_) | Of::RwLock(_) => None,
        },
        WaitFor::Message(_) => {
            let receiver = receiver?;
            Some(Box::pin(async move { receiver.receive().await }))
        }
        WaitFor::Barrier => {
            let barrier = Arc::new(Barrier::new(2));
            Some(Box::pin(async move {
                let _ = barrier.wait().await;
            }))
        }
    }
}

/// So that others can wait for what a guard is of.
pub(super) fn keep(world: &World, thing: ThingId, of: Of) {
    let of: Kept = Box::new(of);
    world.keep_lock(thing, of);
}
