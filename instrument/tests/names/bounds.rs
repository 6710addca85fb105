//! Our types implement what tokio's do, and nothing that would let a service compile
//! that does not over tokio.

use std::{
    cell::Cell,
    future::{Pending, Ready},
    marker::PhantomPinned,
    rc::Rc,
};

/// Declares a question for each trait, and `traits!`, which asks them all of a type. An
/// inherent constant, where its bound holds, wins over the constant of a trait.
macro_rules! questions {
    ($($name:ident: $trait:path,)+) => {
        mod ask {
            pub(super) trait No {
                const ANSWER: bool = false;
            }

            $(
                pub(super) struct $name<T: ?Sized>(std::marker::PhantomData<T>);
                impl<T: ?Sized> No for $name<T> {}
                impl<T: ?Sized + $trait> $name<T> {
                    pub(super) const ANSWER: bool = true;
                }
            )+
        }

        macro_rules! traits {
            ($type:ty) => {
                [$((stringify!($name), <ask::$name<$type>>::ANSWER)),+]
            };
        }
    };
}

questions! {
    Send: std::marker::Send,
    Sync: std::marker::Sync,
    Unpin: std::marker::Unpin,
    UnwindSafe: std::panic::UnwindSafe,
    RefUnwindSafe: std::panic::RefUnwindSafe,
    Clone: std::clone::Clone,
    Copy: std::marker::Copy,
    Debug: std::fmt::Debug,
    Display: std::fmt::Display,
    Default: std::default::Default,
    Eq: std::cmp::Eq,
    Hash: std::hash::Hash,
    Future: std::future::Future,
    Iterator: std::iter::Iterator,
    FromIterator: std::iter::FromIterator<std::future::Ready<u8>>,
}

/// Compares ours with tokio's, and names the traits that only one of them implements.
macro_rules! same {
    ($name:ident: $({ $($type:tt)+ })+) => {
        #[test]
        fn $name() {
            use ask::No as _;

            $(
                let both = traits!(tokio::$($type)+).into_iter().zip(traits!(holdover::$($type)+));
                let differ: Vec<_> = both.filter(|(tokios, ours)| tokios != ours).collect();
                assert!(differ.is_empty(), "tokio's and ours, {}: {differ:?}", stringify!($($type)+));
            )+
        }
    };
}

type NotSend = Rc<()>;
type NotSync = Cell<u8>;
type NotUnwindSafe = &'static mut u8;

same! { join_handle:
    { task::JoinHandle<u8> }
    { task::JoinHandle<NotSend> }
    { task::JoinHandle<NotSync> }
    { task::JoinHandle<NotUnwindSafe> }
    { task::JoinHandle<PhantomPinned> }
}

same! { abort_handle: { task::AbortHandle } }

same! { join_set:
    { task::JoinSet<u8> }
    { task::JoinSet<NotSend> }
    { task::JoinSet<NotSync> }
    { task::JoinSet<NotUnwindSafe> }
    { task::JoinSet<PhantomPinned> }
}

same! { local_set:
    { task::LocalSet }
    { task::LocalEnterGuard }
}

#[cfg(all(tokio_unstable, feature = "console"))]
same! { builder:
    { task::Builder<'static> }
    { task::join_set::Builder<'static, u8> }
}

same! { plain_data:
    { task::Id }
    { task::JoinError }
    { task::coop::RestoreOnPending }
    { time::Instant }
    { time::error::Elapsed }
}

same! { timers:
    { time::Sleep }
    { time::Interval }
}

same! { timeout:
    { time::Timeout<Ready<u8>> }
    { time::Timeout<Pending<NotSend>> }
    { time::Timeout<Ready<NotSend>> }
    { time::Timeout<Ready<NotSync>> }
    { time::Timeout<Ready<NotUnwindSafe>> }
    { time::Timeout<PhantomPinned> }
}

same! { locks:
    { sync::Mutex<u8> }
    { sync::Mutex<NotSync> }
    { sync::Mutex<NotSend> }
    { sync::MutexGuard<'static, u8> }
    { sync::MutexGuard<'static, NotSync> }
    { sync::OwnedMutexGuard<NotSync> }
    { sync::MappedMutexGuard<'static, NotSync> }
    { sync::OwnedMappedMutexGuard<NotSync, NotSync> }
    { sync::RwLock<u8> }
    { sync::RwLock<NotSync> }
    { sync::RwLockReadGuard<'static, u8> }
    { sync::RwLockReadGuard<'static, NotSync> }
    { sync::RwLockWriteGuard<'static, NotSync> }
    { sync::RwLockMappedWriteGuard<'static, NotSync> }
    { sync::OwnedRwLockReadGuard<u8> }
    { sync::OwnedRwLockReadGuard<NotSync> }
    { sync::OwnedRwLockReadGuard<u8, NotSend> }
    { sync::OwnedRwLockWriteGuard<u8> }
    { sync::OwnedRwLockWriteGuard<NotSync> }
    { sync::OwnedRwLockMappedWriteGuard<u8> }
    { sync::OwnedRwLockMappedWriteGuard<NotSync> }
    { sync::RwLockWriteGuard<'static, u8> }
}

same! { permits_and_signals:
    { sync::Semaphore }
    { sync::SemaphorePermit<'static> }
    { sync::OwnedSemaphorePermit }
    { sync::Barrier }
    { sync::Notify }
    { sync::futures::Notified<'static> }
    { sync::futures::OwnedNotified }
    { sync::OnceCell<u8> }
    { sync::OnceCell<NotSync> }
    { sync::SetOnce<u8> }
    { sync::SetOnce<NotSync> }
}

same! { channels:
    { sync::mpsc::Sender<u8> }
    { sync::mpsc::Sender<NotSend> }
    { sync::mpsc::Sender<NotSync> }
    { sync::mpsc::WeakSender<NotSync> }
    { sync::mpsc::Receiver<u8> }
    { sync::mpsc::Receiver<NotSend> }
    { sync::mpsc::Receiver<NotSync> }
    { sync::mpsc::Permit<'static, NotSync> }
    { sync::mpsc::OwnedPermit<NotSync> }
    { sync::mpsc::PermitIterator<'static, NotSync> }
    { sync::mpsc::UnboundedSender<NotSync> }
    { sync::mpsc::WeakUnboundedSender<NotSync> }
    { sync::mpsc::UnboundedReceiver<NotSync> }
    { sync::oneshot::Sender<NotSend> }
    { sync::oneshot::Sender<NotSync> }
    { sync::oneshot::Receiver<NotSend> }
    { sync::oneshot::Receiver<NotSync> }
    { sync::watch::Sender<NotSync> }
    { sync::watch::Receiver<NotSync> }
    { sync::watch::Ref<'static, NotSync> }
    { sync::broadcast::Sender<NotSync> }
    { sync::broadcast::WeakSender<NotSync> }
    { sync::broadcast::Receiver<NotSync> }
    { sync::mpsc::WeakSender<NotSend> }
    { sync::mpsc::Permit<'static, NotSend> }
    { sync::mpsc::OwnedPermit<NotSend> }
    { sync::mpsc::PermitIterator<'static, NotSend> }
    { sync::mpsc::UnboundedSender<NotSend> }
    { sync::mpsc::WeakUnboundedSender<NotSend> }
    { sync::mpsc::UnboundedReceiver<NotSend> }
    { sync::mpsc::Sender<NotUnwindSafe> }
    { sync::mpsc::Receiver<NotUnwindSafe> }
    { sync::mpsc::Receiver<PhantomPinned> }
    { sync::watch::Sender<u8> }
    { sync::watch::Sender<NotSend> }
    { sync::watch::Sender<PhantomPinned> }
    { sync::watch::Receiver<u8> }
    { sync::watch::Receiver<NotSend> }
    { sync::broadcast::Sender<u8> }
    { sync::broadcast::Sender<NotSend> }
    { sync::broadcast::WeakSender<NotSend> }
    { sync::broadcast::Receiver<NotSend> }
    { sync::broadcast::Receiver<NotUnwindSafe> }
}

/// That the questions are answered.
#[test]
fn what_the_service_is_promised() {
    use ask::No as _;

    const { assert!(<ask::Send<holdover::task::JoinHandle<u8>>>::ANSWER) };
    const { assert!(!<ask::Send<holdover::task::JoinHandle<NotSend>>>::ANSWER) };
    const { assert!(!<ask::Send<holdover::task::LocalSet>>::ANSWER) };
    const { assert!(!<ask::Unpin<holdover::time::Sleep>>::ANSWER) };
    const { assert!(<ask::Unpin<holdover::time::Interval>>::ANSWER) };
    const { assert!(<ask::UnwindSafe<holdover::task::JoinHandle<NotUnwindSafe>>>::ANSWER) };
}
