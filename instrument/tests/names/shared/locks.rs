//! How locks and permits behave.

use std::{
    fmt::Debug,
    future::{Future, pending},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use super::{
    begin,
    rt::sync::{
        AcquireError, MappedMutexGuard, Mutex, MutexGuard, OwnedMappedMutexGuard, OwnedMutexGuard,
        OwnedSemaphorePermit, Semaphore, SemaphorePermit, TryAcquireError, TryLockError,
    },
};

fn is_ready<F: Future>(future: F) -> bool {
    pin!(future).poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

fn shows(value: &impl Debug) -> String {
    format!("{value:?}")
}

#[test]
fn signatures_of_a_mutex() {
    type M = Mutex<u8>;
    static OF_A_STATIC: M = M::const_new(7);
    let _: fn(u8) -> M = M::new;
    let _: fn(u8) -> M = From::from;
    let _: fn() -> M = Default::default;
    let _: fn(&M) -> Result<MutexGuard<'_, u8>, TryLockError> = M::try_lock;
    let _: fn(Arc<M>) -> Result<OwnedMutexGuard<u8>, TryLockError> = M::try_lock_owned;
    let _: fn(&M) -> MutexGuard<'_, u8> = M::blocking_lock;
    let _: fn(Arc<M>) -> OwnedMutexGuard<u8> = M::blocking_lock_owned;
    let _: fn(&mut M) -> &mut u8 = M::get_mut;
    let _: fn(M) -> u8 = M::into_inner;
    let _: fn(&MutexGuard<'static, u8>) -> &'static M = MutexGuard::mutex;
    let _: fn(&OwnedMutexGuard<u8>) -> &Arc<M> = OwnedMutexGuard::mutex;
    assert_eq!(OF_A_STATIC.try_lock().map(|guard| *guard).ok(), Some(7));
}

#[test]
fn signatures_of_a_semaphore() {
    type S = Semaphore;
    static OF_A_STATIC: S = S::const_new(2);
    let _: usize = S::MAX_PERMITS;
    let _: fn(usize) -> S = S::new;
    let _: fn(&S) -> usize = S::available_permits;
    let _: fn(&S, usize) = S::add_permits;
    let _: fn(&S, usize) -> usize = S::forget_permits;
    let _: fn(&S) -> Result<SemaphorePermit<'_>, TryAcquireError> = S::try_acquire;
    let _: fn(&S, u32) -> Result<SemaphorePermit<'_>, TryAcquireError> = S::try_acquire_many;
    let _: fn(Arc<S>) -> Result<OwnedSemaphorePermit, TryAcquireError> = S::try_acquire_owned;
    let _: fn(Arc<S>, u32) -> Result<OwnedSemaphorePermit, TryAcquireError> =
        S::try_acquire_many_owned;
    let _: fn(&S) -> Result<SemaphorePermit<'_>, AcquireError> = S::blocking_acquire;
    let _: fn(&S, u32) -> Result<SemaphorePermit<'_>, AcquireError> = S::blocking_acquire_many;
    let _: fn(Arc<S>) -> Result<OwnedSemaphorePermit, AcquireError> = S::blocking_acquire_owned;
    let _: fn(Arc<S>, u32) -> Result<OwnedSemaphorePermit, AcquireError> =
        S::blocking_acquire_many_owned;
    let _: fn(&S) = S::close;
    let _: fn(&S) -> bool = S::is_closed;
    let _: fn(SemaphorePermit<'static>) = SemaphorePermit::forget;
    let _: fn(&SemaphorePermit<'static>) -> usize = SemaphorePermit::num_permits;
    let _: fn(OwnedSemaphorePermit) = OwnedSemaphorePermit::forget;
    let _: fn(&OwnedSemaphorePermit) -> &Arc<S> = OwnedSemaphorePermit::semaphore;
    let _: fn(&OwnedSemaphorePermit) -> usize = OwnedSemaphorePermit::num_permits;
    assert_eq!(OF_A_STATIC.available_permits(), 2);
}

/// Whatever `async fn` promises: to be sent, shared and kept as long as its arguments.
#[test]
fn futures_can_be_sent_and_shared() {
    fn sent_and_shared<T: Send + Sync>(value: T) -> T {
        value
    }
    fn kept<T: 'static>(_: T) {}

    let (lock, semaphore) = (Arc::new(Mutex::new(1)), Arc::new(Semaphore::new(1)));
    drop(sent_and_shared(lock.lock()));
    drop(sent_and_shared(semaphore.acquire()));
    drop(sent_and_shared(semaphore.acquire_many(1)));
    kept(sent_and_shared(Arc::clone(&lock).lock_owned()));
    kept(sent_and_shared(Arc::clone(&semaphore).acquire_owned()));
    kept(sent_and_shared(Arc::clone(&semaphore).acquire_many_owned(1)));
}

#[tokio::test]
async fn a_mutex_is_held_by_one_at_a_time() {
    begin();
    let lock = Mutex::new(vec![1]);
    let mut guard = lock.lock().await;
    guard.push(2);
    assert!(lock.try_lock().is_err());
    assert!(!is_ready(lock.lock()), "it is locked");
    assert_eq!((guard.len(), shows(&guard)), (2, "[1, 2]".to_owned()));
    assert_eq!(shows(&lock), "Mutex { data: <locked> }");
    assert!(std::ptr::eq(MutexGuard::mutex(&guard), &raw const lock));
    drop(guard);
    assert_eq!(shows(&lock), "Mutex { data: [1, 2] }");
    assert_eq!(lock.into_inner(), [1, 2]);
}

#[tokio::test]
async fn an_owned_guard_keeps_its_lock_alive() {
    begin();
    let lock = Arc::new(Mutex::new(String::from("a")));
    let mut guard = Arc::clone(&lock).lock_owned().await;
    assert!(Arc::clone(&lock).try_lock_owned().is_err());
    assert!(Arc::ptr_eq(OwnedMutexGuard::mutex(&guard), &lock));
    drop(lock);
    let thread = std::thread::spawn(move || {
        guard.push('b');
        format!("{guard} {guard:?}")
    });
    assert_eq!(thread.join().unwrap(), r#"ab "ab""#);
}

#[tokio::test]
async fn a_guard_of_a_part_unlocks_the_whole() {
    begin();
    let lock = Mutex::new((1, String::from("a")));
    let part = MutexGuard::map(lock.lock().await, |both| &mut both.1);
    let mut part = MappedMutexGuard::map(part, |text| text);
    part.make_ascii_uppercase();
    assert!(lock.try_lock().is_err());
    assert_eq!(format!("{part} {part:?}"), r#"A "A""#);
    drop(part);
    let guard = MutexGuard::try_map(lock.lock().await, |_| None::<&mut u8>).unwrap_err();
    let part = MutexGuard::try_map(guard, |both| Some(&mut both.1)).unwrap();
    let part = MappedMutexGuard::try_map(part, |_| None::<&mut u8>).unwrap_err();
    assert_eq!(*part, "A");
    drop(part);
    assert!(lock.try_lock().is_ok());
}

#[tokio::test]
async fn an_owned_guard_of_a_part_unlocks_the_whole() {
    begin();
    let lock = Arc::new(Mutex::new((1, vec![String::from("a")])));
    let guard = Arc::clone(&lock).lock_owned().await;
    let part = OwnedMutexGuard::map(guard, |both| both.1.as_mut_slice());
    let part = OwnedMappedMutexGuard::try_map(part, |_| None::<&mut u8>).unwrap_err();
    let mut part = OwnedMappedMutexGuard::map(part, |texts| &mut texts[0]);
    part.push('b');
    assert!(lock.try_lock().is_err());
    assert_eq!(format!("{part} {part:?}"), r#"ab "ab""#);
    drop(part);
    let guard = Arc::clone(&lock).try_lock_owned().unwrap();
    let guard = OwnedMutexGuard::try_map(guard, |_| None::<&mut u8>).unwrap_err();
    let part = OwnedMutexGuard::try_map(guard, |both| Some(&mut both.0)).unwrap();
    drop(lock);
    assert_eq!(*part, 1, "it keeps the lock alive");
}

/// A lock can be of a type without a size, and its value need not live for ever.
#[tokio::test]
async fn a_lock_of_what_has_no_size_or_borrows() {
    begin();
    let of_a_slice: Arc<Mutex<[u8]>> = Arc::new(Mutex::new([1, 2, 3]));
    of_a_slice.lock().await[0] = 7;
    assert_eq!(Arc::clone(&of_a_slice).lock_owned().await[..], [7, 2, 3]);

    let text = String::from("it");
    let borrows = Arc::new(Mutex::new(text.as_str()));
    let part = OwnedMutexGuard::map(Arc::clone(&borrows).lock_owned().await, |text| text);
    assert_eq!(*part, "it");
}

#[tokio::test]
async fn a_guard_that_is_dropped_by_a_panic_unlocks() {
    begin();
    let lock = Arc::new(Mutex::new(1));
    let (borrowed, owned) = (lock.lock().await, Arc::clone(&lock));
    let panics = AssertUnwindSafe(move || {
        let _guard = borrowed;
        std::panic::resume_unwind(Box::new(()));
    });
    assert!(catch_unwind(panics).is_err());
    let guard = owned.lock_owned().await;
    let panics = AssertUnwindSafe(|| {
        drop(OwnedMutexGuard::map(guard, |_| -> &mut u8 {
            std::panic::resume_unwind(Box::new(()))
        }));
    });
    assert!(catch_unwind(panics).is_err());
    assert!(lock.try_lock().is_ok());
}

#[tokio::test]
async fn who_gives_up_waiting_loses_nothing() {
    begin();
    let lock = Mutex::new(1);
    let guard = lock.lock().await;
    {
        let mut waits = pin!(lock.lock());
        let polled = waits.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(polled, Poll::Pending));
    }
    drop(guard);
    assert!(lock.try_lock().is_ok());
}

#[test]
fn a_lock_where_it_may_block() {
    begin();
    let lock = Arc::new(Mutex::new(1));
    *lock.blocking_lock() += 1;
    *Arc::clone(&lock).blocking_lock_owned() += 1;
    let semaphore = Arc::new(Semaphore::new(3));
    let permits = (
        semaphore.blocking_acquire().unwrap(),
        Arc::clone(&semaphore).blocking_acquire_many_owned(2).unwrap(),
    );
    assert_eq!((*lock.blocking_lock(), semaphore.available_permits()), (3, 0));
    drop(permits);
    assert_eq!(semaphore.available_permits(), 3);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let panics = AssertUnwindSafe(|| runtime.block_on(async { drop(lock.blocking_lock()) }));
    assert!(catch_unwind(panics).is_err());
}

#[tokio::test]
async fn permits_are_given_back_when_they_are_dropped() {
    begin();
    let semaphore = Arc::new(Semaphore::new(3));
    let mut two = semaphore.acquire_many(2).await.unwrap();
    let one = Arc::clone(&semaphore).acquire_owned().await.unwrap();
    assert_eq!((two.num_permits(), one.num_permits()), (2, 1));
    assert!(matches!(semaphore.try_acquire(), Err(TryAcquireError::NoPermits)));
    assert!(!is_ready(semaphore.acquire()));
    assert!(std::ptr::eq(two.semaphore(), &raw const *semaphore));
    assert!(Arc::ptr_eq(one.semaphore(), &semaphore));
    drop(one);
    let third = semaphore.try_acquire().unwrap();
    two.merge(third);
    assert_eq!((two.num_permits(), semaphore.available_permits()), (3, 0));
    let part = two.split(2).unwrap();
    assert!(two.split(2).is_none());
    assert_eq!((two.num_permits(), part.num_permits()), (1, 2));
    drop(part);
    assert_eq!(semaphore.available_permits(), 2);
    drop(two);
    assert_eq!(semaphore.available_permits(), 3);
    let mut owned = Arc::clone(&semaphore).try_acquire_many_owned(3).unwrap();
    let part = owned.split(1).unwrap();
    owned.merge(part);
    assert_eq!((owned.num_permits(), semaphore.available_permits()), (3, 0));
}

#[tokio::test]
async fn forgotten_permits_are_gone_until_somebody_adds_some() {
    begin();
    let semaphore = Arc::new(Semaphore::new(4));
    semaphore.acquire_many(2).await.unwrap().forget();
    Arc::clone(&semaphore).acquire_owned().await.unwrap().forget();
    assert_eq!(semaphore.available_permits(), 1);
    semaphore.add_permits(2);
    assert_eq!(semaphore.available_permits(), 3);
    assert_eq!(semaphore.forget_permits(9), 3);
    assert_eq!(semaphore.available_permits(), 0);
}

#[test]
fn permits_of_two_semaphores_do_not_mix() {
    begin();
    let (a, b) = (Semaphore::new(1), Semaphore::new(1));
    let (mut of_a, of_b) = (a.try_acquire().unwrap(), b.try_acquire().unwrap());
    let merged = catch_unwind(AssertUnwindSafe(|| of_a.merge(of_b)));
    let said = merged.unwrap_err().downcast_ref::<&str>().map(ToString::to_string);
    assert_eq!(said.as_deref(), Some("merging permits from different semaphore instances"));
    assert_eq!((a.available_permits(), b.available_permits()), (0, 1));
}

#[tokio::test]
async fn a_closed_semaphore_gives_nothing() {
    begin();
    let semaphore = Arc::new(Semaphore::new(1));
    let permit = semaphore.acquire().await.unwrap();
    let waiter = Arc::clone(&semaphore);
    let waiter = super::rt::spawn(async move { waiter.acquire().await.map(drop) });
    tokio::task::yield_now().await;
    semaphore.close();
    assert!(waiter.await.unwrap().is_err());
    assert!(semaphore.is_closed());
    assert!(matches!(semaphore.try_acquire(), Err(TryAcquireError::Closed)));
    assert!(Arc::clone(&semaphore).acquire_many_owned(1).await.is_err());
    permit.forget();
}

#[tokio::test]
async fn whoever_waits_first_is_served_first() {
    begin();
    let lock = Arc::new(Mutex::new(Vec::new()));
    let guard = lock.lock().await;
    let mut tasks = Vec::new();
    for number in 0..5 {
        let lock = Arc::clone(&lock);
        tasks.push(super::rt::spawn(async move { lock.lock().await.push(number) }));
        tokio::task::yield_now().await;
    }
    drop(guard);
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(*lock.lock().await, [0, 1, 2, 3, 4]);
}

#[tokio::test]
async fn a_task_that_is_aborted_unlocks() {
    begin();
    let lock = Arc::new(Mutex::new(1));
    let held = Arc::clone(&lock);
    let task = super::rt::spawn(async move {
        let _guard = held.lock().await;
        pending::<()>().await;
    });
    tokio::task::yield_now().await;
    assert!(lock.try_lock().is_err());
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert!(lock.try_lock().is_ok());
}

#[test]
fn signatures_of_a_oneshot_channel() {
    use super::rt::sync::oneshot::{
        Receiver, Sender, channel,
        error::{RecvError, TryRecvError},
    };

    let _: fn() -> (Sender<u8>, Receiver<u8>) = channel;
    let _: fn(Sender<u8>, u8) -> Result<(), u8> = Sender::send;
    let _: fn(&Sender<u8>) -> bool = Sender::is_closed;
    let _: fn(&mut Sender<u8>, &mut Context<'_>) -> Poll<()> = Sender::poll_closed;
    let _: fn(&mut Receiver<u8>) = Receiver::close;
    let _: fn(&Receiver<u8>) -> bool = Receiver::is_terminated;
    let _: fn(&Receiver<u8>) -> bool = Receiver::is_empty;
    let _: fn(&mut Receiver<u8>) -> Result<u8, TryRecvError> = Receiver::try_recv;
    let _: fn(Receiver<u8>) -> Result<u8, RecvError> = Receiver::blocking_recv;
}

#[tokio::test]
async fn a_oneshot_carries_one_value() {
    use super::rt::sync::oneshot::{channel, error::TryRecvError};

    begin();
    let (tx, mut rx) = channel();
    assert!(!is_ready(&mut rx) && rx.is_empty() && !tx.is_closed());
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(tx.send(7), Ok(()));
    assert!(!rx.is_empty());
    assert_eq!((&mut rx).await, Ok(7));
    assert!(rx.is_terminated());

    let (tx, rx) = channel::<u8>();
    drop(tx);
    assert!(rx.await.is_err());

    let (mut tx, mut rx) = channel();
    assert!(!is_ready(tx.closed()));
    rx.close();
    tx.closed().await;
    assert!(tx.is_closed());
    assert_eq!(tx.send(7), Err(7));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));

    let (tx, rx) = channel();
    let waits = super::rt::spawn(rx);
    tokio::task::yield_now().await;
    tx.send(String::from("it")).unwrap();
    assert_eq!(waits.await.unwrap().unwrap(), "it");

    let (tx, rx) = channel();
    let thread = std::thread::spawn(|| rx.blocking_recv());
    tx.send(1).unwrap();
    assert_eq!(thread.join().unwrap(), Ok(1));
}
