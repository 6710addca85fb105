//! Every name.

#![expect(unused_imports, reason = "that they are there is what is tested")]

use std::any::TypeId;

use super::rt::{
    spawn,
    sync::{
        AcquireError, Barrier, BarrierWaitResult, MappedMutexGuard, Mutex, MutexGuard, Notify,
        OnceCell, OwnedMappedMutexGuard, OwnedMutexGuard, OwnedRwLockMappedWriteGuard,
        OwnedRwLockReadGuard, OwnedRwLockWriteGuard, OwnedSemaphorePermit, RwLock,
        RwLockMappedWriteGuard, RwLockReadGuard, RwLockWriteGuard, Semaphore, SemaphorePermit,
        SetError, SetOnce, SetOnceError, TryAcquireError, TryLockError, broadcast,
        broadcast::error as _, futures, futures::Notified, futures::OwnedNotified, mpsc,
        mpsc::error as _, oneshot, oneshot::error as _, watch, watch::error as _,
    },
    task::{
        AbortHandle, Id, JoinError, JoinHandle, JoinSet, LocalEnterGuard, LocalKey, LocalSet,
        block_in_place, coop,
        coop::{Coop, RestoreOnPending, cooperative, has_budget_remaining, poll_proceed},
        futures::TaskLocalFuture,
        id, spawn_blocking, spawn_local, try_id, yield_now,
    },
    time::{
        Duration, Instant, Interval, MissedTickBehavior, Sleep, Timeout, advance, error,
        error::{Elapsed, Error},
        interval, interval_at, pause, resume, sleep, sleep_until, timeout, timeout_at,
    },
};

/// Where they are and where they were.
mod moved {
    use super::super::rt::task::{
        Unconstrained, consume_budget,
        coop::{
            Unconstrained as CoopUnconstrained, consume_budget as coop_consume_budget,
            unconstrained as coop_unconstrained,
        },
        unconstrained,
    };
}

mod channels {
    use super::super::rt::sync::{
        broadcast::{
            Receiver as _, Sender as _, WeakSender as _, channel as _,
            error::{RecvError as _, SendError as _, TryRecvError as _},
        },
        mpsc::{
            OwnedPermit as _, Permit as _, PermitIterator as _, Receiver as _, Sender as _,
            UnboundedReceiver as _, UnboundedSender as _, WeakSender as _,
            WeakUnboundedSender as _, channel as _,
            error::{SendError as _, SendTimeoutError as _, TryRecvError as _, TrySendError as _},
            unbounded_channel as _,
        },
        oneshot::{
            Receiver as _, Sender as _, channel as _,
            error::{RecvError as _, TryRecvError as _},
        },
        watch::{
            Receiver as _, Ref as _, Sender as _, channel as _,
            error::{RecvError as _, SendError as _},
        },
    };
}

#[cfg(all(tokio_unstable, feature = "console"))]
use super::rt::task::Builder;
#[cfg(tokio_unstable)]
use super::rt::task::join_set::JoinSet as JoinSetInItsModule;

/// What the functions of both return and take: to be passed from one to the other, they
/// must be one type.
#[test]
fn what_is_plain_data_is_tokios_own_type() {
    assert_eq!(TypeId::of::<Id>(), TypeId::of::<tokio::task::Id>());
    assert_eq!(TypeId::of::<JoinError>(), TypeId::of::<tokio::task::JoinError>());
    assert_eq!(TypeId::of::<LocalKey<u8>>(), TypeId::of::<tokio::task::LocalKey<u8>>());
    assert_eq!(TypeId::of::<Instant>(), TypeId::of::<tokio::time::Instant>());
    assert_eq!(TypeId::of::<Duration>(), TypeId::of::<std::time::Duration>());
    assert_eq!(TypeId::of::<Elapsed>(), TypeId::of::<tokio::time::error::Elapsed>());
    assert_eq!(TypeId::of::<Error>(), TypeId::of::<tokio::time::error::Error>());
    assert_eq!(TypeId::of::<MissedTickBehavior>(), TypeId::of::<tokio::time::MissedTickBehavior>());
}
