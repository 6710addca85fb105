//! What can be acquired, and what can be done with it.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Waker},
    time::Duration,
};

use super::{
    Extra, Given,
    ends::End,
    rt::{
        sync::{
            OwnedMutexGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, OwnedSemaphorePermit,
            RwLock, Semaphore,
        },
        task::Id,
        time::{Interval, Sleep},
    },
    waits::{self, Of},
};
use crate::accuracy::{
    ledger::{What, Witness},
    program::{Actor, ChannelKind, ThingId, ThingKind},
    world::World,
};

const FAR: Duration = Duration::from_secs(3600);
const SOON: Duration = Duration::from_millis(2);

/// The value itself, dropped before its witness.
#[derive(Debug)]
enum Value {
    Sleep(Pin<Box<Sleep>>),
    Interval(Interval),
    Guard(OwnedMutexGuard<u8>),
    Read(OwnedRwLockReadGuard<u8>),
    Write(OwnedRwLockWriteGuard<u8>),
    Permit(OwnedSemaphorePermit),
    End(End),
    Extra(Extra),
}

/// Something that was acquired.
#[derive(Debug)]
pub(super) struct Thing {
    value: Value,
    /// `None` where a callback has it.
    witness: Option<Witness>,
    /// Of a sender that a place owns.
    sender: Option<Witness>,
}

/// Something that two places have.
pub(super) type Shared = Arc<Mutex<Thing>>;

/// Polls once; the tasks of these programs wait by hand.
fn poll_once<F: Future>(future: Pin<&mut F>) -> Option<F::Output> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        std::task::Poll::Ready(ready) => Some(ready),
        std::task::Poll::Pending => None,
    }
}

impl Thing {
    /// Acquires something: more than one, of a channel.
    pub(super) fn take(
        id: ThingId,
        kind: ThingKind,
        world: &Arc<World>,
        semaphore: &Arc<Semaphore>,
        by: Actor,
    ) -> Vec<(ThingId, Self)> {
        let _moment = world.moment();
        let note_of = |thing, kind, amount| {
            world.ledger.note(What::Acquired { thing, kind, by: Some(by), amount });
        };
        let note = |thing, amount| note_of(thing, kind, amount);
        let witness = |thing| Some(Witness::new(thing, &world.ledger));
        if let ThingKind::Sender(of) = kind {
            let (sender, receiver) = End::pair(of);
            note(id, 1);
            note_of(id + 1, ThingKind::Receiver(of), 1);
            let sender = Self { value: Value::End(sender), witness: witness(id), sender: None };
            let receiver =
                Self { value: Value::End(receiver), witness: witness(id + 1), sender: None };
            return vec![(id, sender), (id + 1, receiver)];
        }
        if kind == ThingKind::Place {
            let (sender, receiver) = End::pair(ChannelKind::Mpsc);
            note_of(id, ThingKind::Sender(ChannelKind::Mpsc), 1);
            note_of(id + 1, ThingKind::Receiver(ChannelKind::Mpsc), 1);
            let Some(place) = sender.into_place().map(Value::End) else { return Vec::new() };
            world.ledger.note(What::Reserved { place: id + 2, with: id, by });
            let place = Self { value: place, witness: witness(id + 2), sender: witness(id) };
            let value = Value::End(receiver);
            let receiver = Self { value, witness: witness(id + 1), sender: None };
            return vec![(id + 1, receiver), (id + 2, place)];
        }
        let (value, witness) = match kind {
            ThingKind::Sleep => (Some(Value::Sleep(polled_sleep(FAR))), witness(id)),
            ThingKind::ShortSleep => (Some(Value::Sleep(polled_sleep(SOON))), witness(id)),
            ThingKind::Interval => (Some(Value::Interval(polled_interval())), witness(id)),
            ThingKind::Guard => (guard(id, world).map(Value::Guard), witness(id)),
            ThingKind::Read => (read(id, world).map(Value::Read), witness(id)),
            ThingKind::Write => (write(id, world).map(Value::Write), witness(id)),
            ThingKind::Permit => (permit(semaphore).map(Value::Permit), witness(id)),
            ThingKind::Single => (single(id, world).map(Value::Permit), witness(id)),
            _ => {
                note(id, 1);
                let (extra, witness) = Extra::take(kind, Witness::new(id, &world.ledger), world);
                let thing = extra
                    .map(|extra| (id, Self { value: Value::Extra(extra), witness, sender: None }));
                return thing.into_iter().collect();
            }
        };
        let Some(value) = value else { return Vec::new() };
        note(id, if kind == ThingKind::Permit { 2 } else { 1 });
        vec![(id, Self { value, witness, sender: None })]
    }

    /// Uses it, as `by`. False where there is nothing to be used.
    fn use_value(&mut self) -> bool {
        match &mut self.value {
            Value::Sleep(sleep) => {
                poll_once(sleep.as_mut());
            }
            Value::Interval(interval) => {
                let _ = poll_once(std::pin::pin!(interval.tick()));
            }
            Value::Guard(guard) => **guard = guard.wrapping_add(1),
            Value::Read(guard) => {
                std::hint::black_box(**guard);
            }
            Value::Write(guard) => **guard = guard.wrapping_add(1),
            Value::Permit(_) => return false,
            Value::End(end) => return end.use_it(),
            Value::Extra(extra) => return extra.use_it(),
        }
        true
    }

    pub(super) fn use_it(&mut self, world: &World, by: Actor) {
        if self.use_value()
            && let Some(witness) = &self.witness
        {
            world.ledger.note(What::Used(witness.thing, by));
        }
    }

    /// `transfer`, or `transfer_to` that task. False where there is no such method.
    pub(super) fn transfer(&self, to: Option<Id>) -> bool {
        match (&self.value, to) {
            (Value::Guard(guard), to) => guard.given(to),
            (Value::Read(guard), to) => guard.given(to),
            (Value::Write(guard), to) => guard.given(to),
            (Value::Permit(permit), to) => permit.given(to),
            (Value::End(end), to) => end.given(to),
            (Value::Extra(extra), None) => extra.transfer(),
            (Value::Extra(extra), Some(task)) => extra.transfer_to(task),
            _ => false,
        }
    }

    /// It is nobody's from now on. False where there is no such method.
    pub(super) fn park(&self) -> bool {
        matches!(&self.value, Value::Extra(extra) if extra.park())
    }

    /// Of a permit, one of the two that it is.
    pub(super) fn split(&mut self, part: ThingId, world: &Arc<World>, by: Actor) -> Option<Self> {
        let (Value::Permit(permit), Some(witness)) = (&mut self.value, &self.witness) else {
            return None;
        };
        if permit.num_permits() < 2 {
            return None;
        }
        let half = permit.split(1)?;
        world.ledger.note(What::Amount(witness.thing, 1));
        let kind = ThingKind::Permit;
        world.ledger.note(What::Acquired { thing: part, kind, by: Some(by), amount: 1 });
        let witness = Some(Witness::new(part, &world.ledger));
        Some(Self { value: Value::Permit(half), witness, sender: None })
    }

    /// Another end of the same side.
    pub(super) fn another(&self, id: ThingId, world: &Arc<World>, by: Actor) -> Option<Self> {
        self.joined(id, world, by, End::another, false)
    }

    /// Another receiver.
    pub(super) fn subscribe(&self, id: ThingId, world: &Arc<World>, by: Actor) -> Option<Self> {
        self.joined(id, world, by, End::subscribe, true)
    }

    /// A place, which owns the sender that it is reserved with.
    pub(super) fn reserve(
        &self,
        [end, place]: [ThingId; 2],
        world: &Arc<World>,
        by: Actor,
    ) -> Option<Self> {
        let (Value::End(made_of), Some(witness)) = (&self.value, &self.witness) else {
            return None;
        };
        let _moment = world.moment();
        let value = Value::End(made_of.reserve()?);
        world.ledger.note(What::Joined { end, of: witness.thing, receives: false, by });
        world.ledger.note(What::Reserved { place, with: end, by });
        let [sender, witness] = [end, place].map(|it| Some(Witness::new(it, &world.ledger)));
        Some(Self { value, witness, sender })
    }

    fn joined(
        &self,
        end: ThingId,
        world: &Arc<World>,
        by: Actor,
        make: impl FnOnce(&End) -> Option<End>,
        receives: bool,
    ) -> Option<Self> {
        let (Value::End(made_of), Some(witness)) = (&self.value, &self.witness) else {
            return None;
        };
        let _moment = world.moment();
        let value = Value::End(make(made_of)?);
        world.ledger.note(What::Joined { end, of: witness.thing, receives, by });
        let witness = Some(Witness::new(end, &world.ledger));
        Some(Self { value, witness, sender: None })
    }

    /// Waits for a message, as a receiver; gone with that.
    pub(super) async fn receive(self) {
        let Self { value, witness, sender } = self;
        if let Value::End(end) = value {
            end.receive().await;
        }
        drop((witness, sender));
    }

    pub(super) fn close(&mut self, world: &World) {
        if let (Value::End(end), Some(witness)) = (&mut self.value, &self.witness)
            && end.close()
        {
            world.ledger.note(What::Closed(witness.thing));
        }
    }

    /// A guard that writes becomes one that reads.
    pub(super) fn downgrade(self, world: &World, by: Actor) -> Self {
        let Self { value, witness, sender } = self;
        let value = match (value, &witness) {
            (Value::Write(guard), Some(witness)) => {
                world.ledger.note(What::Downgraded(witness.thing, by));
                Value::Read(guard.downgrade())
            }
            (other, _) => other,
        };
        Self { value, witness, sender }
    }

    /// A permit's own `forget`. Its witness is not dropped: it is held until somebody
    /// adds as many.
    pub(super) fn forget(self) {
        let Self { value, witness, .. } = self;
        if let Value::Permit(permit) = value {
            std::mem::forget(witness);
            permit.forget();
        }
    }

    pub(super) fn is_permit(&self) -> bool {
        matches!(self.value, Value::Permit(_))
    }

    pub(super) fn release(self) {
        let Self { value, witness, sender } = self;
        match value {
            Value::Extra(extra) => extra.release(),
            other => drop(other),
        }
        drop((witness, sender));
    }
}

fn polled_sleep(duration: Duration) -> Pin<Box<Sleep>> {
    let mut sleep = Box::pin(super::rt::time::sleep(duration));
    poll_once(sleep.as_mut());
    sleep
}

fn polled_interval() -> Interval {
    let mut interval = super::rt::time::interval(FAR);
    for _ in 0..2 {
        let _ = poll_once(std::pin::pin!(interval.tick()));
    }
    interval
}

fn guard(id: ThingId, world: &World) -> Option<OwnedMutexGuard<u8>> {
    let lock = Arc::new(super::rt::sync::Mutex::new(0));
    waits::keep(world, id, Of::Mutex(Arc::clone(&lock)));
    poll_once(std::pin::pin!(lock.lock_owned()))
}

fn read(id: ThingId, world: &World) -> Option<OwnedRwLockReadGuard<u8>> {
    poll_once(std::pin::pin!(rwlock(id, world).read_owned()))
}

fn write(id: ThingId, world: &World) -> Option<OwnedRwLockWriteGuard<u8>> {
    poll_once(std::pin::pin!(rwlock(id, world).write_owned()))
}

fn rwlock(id: ThingId, world: &World) -> Arc<RwLock<u8>> {
    let lock = Arc::new(RwLock::new(0));
    waits::keep(world, id, Of::RwLock(Arc::clone(&lock)));
    lock
}

fn single(id: ThingId, world: &World) -> Option<OwnedSemaphorePermit> {
    let semaphore = Arc::new(Semaphore::new(1));
    waits::keep(world, id, Of::Semaphore(Arc::clone(&semaphore)));
    poll_once(std::pin::pin!(semaphore.acquire_owned()))?.ok()
}

fn permit(semaphore: &Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
    poll_once(std::pin::pin!(Arc::clone(semaphore).acquire_many_owned(2)))?.ok()
}

/// Uses something in an `Arc`.
pub(super) fn use_shared(shared: &Shared, world: &World, by: Actor) {
    shared.lock().unwrap_or_else(PoisonError::into_inner).use_it(world, by);
}
