//! How read-write locks behave.

use std::{
    future::{Future, pending},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::pin,
    sync::Arc,
    task::{Context, Waker},
};

use super::{
    begin,
    rt::sync::{
        OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock,
        RwLockMappedWriteGuard, RwLockReadGuard, RwLockWriteGuard, TryLockError,
    },
};

fn is_ready<F: Future>(future: F) -> bool {
    pin!(future).poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

type L = RwLock<u8>;
type Read<'a> = RwLockReadGuard<'a, u8>;
type Write<'a> = RwLockWriteGuard<'a, u8>;
type Part<'a> = RwLockMappedWriteGuard<'a, u8>;
type OwnedRead = OwnedRwLockReadGuard<u8>;
type OwnedWrite = OwnedRwLockWriteGuard<u8>;
type OwnedPart = OwnedRwLockMappedWriteGuard<u8>;

#[test]
fn signatures_of_an_rwlock() {
    static OF_A_STATIC: L = L::const_new(7);
    static OF_TWO: L = L::const_with_max_readers(7, 2);
    let _: fn(u8) -> L = L::new;
    let _: fn(u8, u32) -> L = L::with_max_readers;
    let _: fn(u8) -> L = From::from;
    let _: fn() -> L = Default::default;
    let _: fn(&L) -> Result<Read<'_>, TryLockError> = L::try_read;
    let _: fn(&L) -> Result<Write<'_>, TryLockError> = L::try_write;
    let _: fn(Arc<L>) -> Result<OwnedRead, TryLockError> = L::try_read_owned;
    let _: fn(Arc<L>) -> Result<OwnedWrite, TryLockError> = L::try_write_owned;
    let _: fn(&L) -> Read<'_> = L::blocking_read;
    let _: fn(&L) -> Write<'_> = L::blocking_write;
    let _: fn(&mut L) -> &mut u8 = L::get_mut;
    let _: fn(L) -> u8 = L::into_inner;
    assert_eq!(OF_A_STATIC.try_read().map(|guard| *guard).ok(), Some(7));
    let both = (OF_TWO.try_read(), OF_TWO.try_read());
    assert!(both.0.is_ok() && both.1.is_ok() && OF_TWO.try_read().is_err());
}

#[test]
fn signatures_of_the_guards_of_an_rwlock() {
    type Closure<T, U> = fn(&T) -> &U;
    type MutClosure<T, U> = fn(&mut T) -> &mut U;
    type TryClosure<T, U> = fn(&T) -> Option<&U>;
    type TryMutClosure<T, U> = fn(&mut T) -> Option<&mut U>;
    type C = Closure<u8, u8>;
    type M = MutClosure<u8, u8>;
    type T = TryClosure<u8, u8>;
    type N = TryMutClosure<u8, u8>;

    let _: fn(Read<'static>, C) -> Read<'static> = Read::map::<C, u8>;
    let _: fn(Read<'static>, T) -> Result<Read<'static>, Read<'static>> = Read::try_map::<T, u8>;
    let _: fn(Write<'static>, M) -> Part<'static> = Write::map::<M, u8>;
    let _: fn(Write<'static>, N) -> Result<Part<'static>, Write<'static>> = Write::try_map::<N, u8>;
    let _: fn(Write<'static>) -> Part<'static> = Write::into_mapped;
    let _: fn(Write<'static>) -> Read<'static> = Write::downgrade;
    let _: fn(Write<'static>, C) -> Read<'static> = Write::downgrade_map::<C, u8>;
    let _: fn(Write<'static>, T) -> Result<Read<'static>, Write<'static>> =
        Write::try_downgrade_map::<T, u8>;
    let _: fn(Part<'static>, M) -> Part<'static> = Part::map::<M, u8>;
    let _: fn(Part<'static>, N) -> Result<Part<'static>, Part<'static>> = Part::try_map::<N, u8>;

    let _: fn(OwnedRead, C) -> OwnedRead = OwnedRead::map::<C, u8>;
    let _: fn(OwnedRead, T) -> Result<OwnedRead, OwnedRead> = OwnedRead::try_map::<T, u8>;
    let _: fn(&OwnedRead) -> &Arc<L> = OwnedRead::rwlock;
    let _: fn(OwnedWrite, M) -> OwnedPart = OwnedWrite::map::<M, u8>;
    let _: fn(OwnedWrite, N) -> Result<OwnedPart, OwnedWrite> = OwnedWrite::try_map::<N, u8>;
    let _: fn(OwnedWrite) -> OwnedPart = OwnedWrite::into_mapped;
    let _: fn(OwnedWrite) -> OwnedRead = OwnedWrite::downgrade;
    let _: fn(OwnedWrite, C) -> OwnedRead = OwnedWrite::downgrade_map::<C, u8>;
    let _: fn(OwnedWrite, T) -> Result<OwnedRead, OwnedWrite> =
        OwnedWrite::try_downgrade_map::<T, u8>;
    let _: fn(&OwnedWrite) -> &Arc<L> = OwnedWrite::rwlock;
    let _: fn(OwnedPart, M) -> OwnedPart = OwnedPart::map::<M, u8>;
    let _: fn(OwnedPart, N) -> Result<OwnedPart, OwnedPart> = OwnedPart::try_map::<N, u8>;
    let _: fn(&OwnedPart) -> &Arc<L> = OwnedPart::rwlock;
}

/// A guard that reads a part of something that borrows may stand for one that borrows
/// shorter.
#[test]
fn read_guards_are_covariant() {
    fn shorter<'a: 'b, 'b>(
        guard: RwLockReadGuard<'a, &'static str>,
    ) -> RwLockReadGuard<'b, &'b str> {
        guard
    }
    fn shorter_part<'b>(
        guard: OwnedRwLockReadGuard<u8, &'static str>,
    ) -> OwnedRwLockReadGuard<u8, &'b str> {
        guard
    }

    let _ = (shorter, shorter_part);
    let lock = RwLock::new("it");
    assert_eq!(*shorter(lock.try_read().unwrap()), "it");
}

#[test]
fn futures_of_an_rwlock_can_be_sent_and_shared() {
    fn sent_and_shared<T: Send + Sync>(value: T) -> T {
        value
    }
    fn kept<T: 'static>(_: T) {}

    let lock = Arc::new(RwLock::new(1));
    drop(sent_and_shared(lock.read()));
    drop(sent_and_shared(lock.write()));
    kept(sent_and_shared(Arc::clone(&lock).read_owned()));
    kept(sent_and_shared(Arc::clone(&lock).write_owned()));
}

#[tokio::test]
async fn many_read_or_one_writes() {
    begin();
    let lock = RwLock::new(vec![1]);
    let (one, other) = (lock.read().await, lock.read().await);
    assert!(lock.try_write().is_err() && !is_ready(lock.write()));
    assert_eq!((one.len(), format!("{other:?} {lock:?}")), (1, "[1] RwLock { data: [1] }".into()));
    drop((one, other));
    let mut guard = lock.write().await;
    guard.push(2);
    assert!(lock.try_read().is_err() && lock.try_write().is_err() && !is_ready(lock.read()));
    assert_eq!(format!("{guard:?} {lock:?}"), "[1, 2] RwLock { data: <locked> }");
    drop(guard);
    assert_eq!(lock.into_inner(), [1, 2]);
}

#[tokio::test]
async fn who_waits_to_write_is_not_overtaken() {
    begin();
    let lock = Arc::new(RwLock::new(0));
    let reads = lock.read().await;
    let writer = Arc::clone(&lock);
    let writer = super::rt::spawn(async move { *writer.write_owned().await = 7 });
    tokio::task::yield_now().await;
    assert!(lock.try_read().is_err(), "somebody waits to write");
    drop(reads);
    writer.await.unwrap();
    assert_eq!(*lock.read().await, 7);
}

#[tokio::test]
async fn a_write_lock_becomes_a_read_lock() {
    begin();
    let lock = RwLock::new((1, String::from("a")));
    let reads = lock.write().await.downgrade();
    assert!(lock.try_read().is_ok() && lock.try_write().is_err());
    assert_eq!(reads.0, 1);
    drop(reads);
    let part = RwLockWriteGuard::downgrade_map(lock.write().await, |both| &both.1);
    assert!(lock.try_read().is_ok());
    assert_eq!(format!("{part} {part:?}"), r#"a "a""#);
    drop(part);
    let whole = RwLockWriteGuard::try_downgrade_map(lock.write().await, |_| None::<&u8>);
    let whole = whole.unwrap_err();
    assert!(lock.try_read().is_err(), "it still writes");
    let part = RwLockWriteGuard::try_downgrade_map(whole, |both| Some(&both.0)).unwrap();
    assert_eq!(*part, 1);
    drop(part);
    assert!(lock.try_write().is_ok());
}

#[tokio::test]
async fn an_owned_write_lock_becomes_a_read_lock() {
    begin();
    let lock = Arc::new(RwLock::new((1, String::from("a"))));
    let mut writes = Arc::clone(&lock).write_owned().await;
    writes.0 = 2;
    assert!(Arc::ptr_eq(OwnedRwLockWriteGuard::rwlock(&writes), &lock));
    assert_eq!(format!("{writes:?}"), r#"(2, "a")"#);
    let reads = writes.downgrade();
    assert!(lock.try_read().is_ok() && lock.try_write().is_err());
    assert_eq!(reads.0, 2);
    drop(reads);
    let writes = Arc::clone(&lock).try_write_owned().unwrap();
    let part = OwnedRwLockWriteGuard::downgrade_map(writes, |both| both.1.as_str());
    assert!(lock.try_read().is_ok());
    assert_eq!(format!("{part} {part:?}"), r#"a "a""#);
    drop(part);
    let writes = Arc::clone(&lock).try_write_owned().unwrap();
    let writes = OwnedRwLockWriteGuard::try_downgrade_map(writes, |_| None::<&u8>).unwrap_err();
    assert!(lock.try_read().is_err(), "it still writes");
    let part = OwnedRwLockWriteGuard::try_downgrade_map(writes, |both| Some(&both.0)).unwrap();
    drop(lock);
    assert_eq!(*part, 2, "it keeps the lock alive");
}

#[tokio::test]
async fn guards_of_a_part_unlock_the_whole() {
    begin();
    let lock = RwLock::new((1, String::from("a")));
    let part = RwLockReadGuard::map(lock.read().await, |both| &both.1);
    let part = RwLockReadGuard::try_map(part, |_| None::<&u8>).unwrap_err();
    let part = RwLockReadGuard::try_map(part, |text| Some(text.as_str())).unwrap();
    assert!(lock.try_write().is_err());
    assert_eq!(format!("{part} {part:?}"), r#"a "a""#);
    drop(part);
    let part = RwLockWriteGuard::map(lock.write().await, |both| &mut both.1);
    let mut part = RwLockMappedWriteGuard::map(part, |text| text);
    part.push('b');
    assert!(lock.try_read().is_err());
    assert_eq!(format!("{part} {part:?}"), r#"ab "ab""#);
    drop(part);
    let writes = RwLockWriteGuard::try_map(lock.write().await, |_| None::<&mut u8>).unwrap_err();
    let part = RwLockWriteGuard::try_map(writes, |both| Some(&mut both.0)).unwrap();
    let part = RwLockMappedWriteGuard::try_map(part, |_| None::<&mut u8>).unwrap_err();
    assert_eq!(*part, 1);
    drop(part);
    drop(RwLockWriteGuard::into_mapped(lock.write().await));
    assert!(lock.try_write().is_ok());
}

#[tokio::test]
async fn owned_guards_of_a_part_unlock_the_whole() {
    begin();
    let lock = Arc::new(RwLock::new((1, vec![String::from("a")])));
    let part = OwnedRwLockReadGuard::map(Arc::clone(&lock).read_owned().await, |both| &both.1);
    let part = OwnedRwLockReadGuard::try_map(part, |_| None::<&u8>).unwrap_err();
    let part = OwnedRwLockReadGuard::try_map(part, |texts| texts.first()).unwrap();
    assert!(lock.try_write().is_err() && lock.try_read().is_ok());
    assert!(Arc::ptr_eq(OwnedRwLockReadGuard::rwlock(&part), &lock));
    assert_eq!(format!("{part} {part:?}"), r#"a "a""#);
    drop(part);
    let writes = Arc::clone(&lock).write_owned().await;
    let part = OwnedRwLockWriteGuard::map(writes, |both| both.1.as_mut_slice());
    let part = OwnedRwLockMappedWriteGuard::try_map(part, |_| None::<&mut u8>).unwrap_err();
    let mut part = OwnedRwLockMappedWriteGuard::map(part, |texts| &mut texts[0]);
    part.push('b');
    assert!(lock.try_read().is_err());
    assert!(Arc::ptr_eq(OwnedRwLockMappedWriteGuard::rwlock(&part), &lock));
    assert_eq!(format!("{part} {part:?}"), r#"ab "ab""#);
    drop(part);
    let writes = Arc::clone(&lock).try_write_owned().unwrap();
    let writes = OwnedRwLockWriteGuard::try_map(writes, |_| None::<&mut u8>).unwrap_err();
    let part = OwnedRwLockWriteGuard::try_map(writes, |both| Some(&mut both.0)).unwrap();
    drop(lock);
    assert_eq!(*part, 1, "it keeps the lock alive");
}

#[tokio::test]
async fn an_owned_guard_is_sent_and_keeps_its_lock_alive() {
    begin();
    let lock = Arc::new(RwLock::new(String::from("a")));
    let mut writes = Arc::clone(&lock).write_owned().await;
    drop(lock);
    let thread = std::thread::spawn(move || {
        writes.push('b');
        writes.downgrade()
    });
    let reads = thread.join().unwrap();
    assert_eq!(format!("{reads} {reads:?}"), r#"ab "ab""#);
}

/// A lock can be of a type without a size, and its value need not live for ever.
#[tokio::test]
async fn an_rwlock_of_what_has_no_size_or_borrows() {
    begin();
    let of_a_slice: Arc<RwLock<[u8]>> = Arc::new(RwLock::new([1, 2, 3]));
    of_a_slice.write().await[0] = 7;
    let mut writes = Arc::clone(&of_a_slice).write_owned().await;
    writes[1] = 8;
    assert_eq!(writes.downgrade()[..], [7, 8, 3]);
    assert_eq!(Arc::clone(&of_a_slice).read_owned().await[..], [7, 8, 3]);
    drop(OwnedRwLockWriteGuard::into_mapped(Arc::clone(&of_a_slice).write_owned().await));

    let text = String::from("it");
    let borrows = Arc::new(RwLock::new(text.as_str()));
    let part = OwnedRwLockWriteGuard::map(Arc::clone(&borrows).write_owned().await, |text| text);
    assert_eq!(*part, "it");
    drop(part);
    let part = OwnedRwLockReadGuard::map(borrows.read_owned().await, |text| *text);
    assert_eq!(&*part, "it");
}

#[tokio::test]
async fn a_guard_of_an_rwlock_that_is_dropped_by_a_panic_unlocks() {
    begin();
    let lock = Arc::new(RwLock::new(1));
    let writes = Arc::clone(&lock).write_owned().await;
    let panics = AssertUnwindSafe(|| {
        drop(OwnedRwLockWriteGuard::downgrade_map(writes, |_| -> &u8 {
            resume_unwind(Box::new(()))
        }));
    });
    assert!(catch_unwind(panics).is_err());
    let reads = Arc::clone(&lock).try_read_owned().unwrap();
    let panics = AssertUnwindSafe(|| {
        drop(OwnedRwLockReadGuard::map(reads, |_| -> &u8 { resume_unwind(Box::new(())) }));
    });
    assert!(catch_unwind(panics).is_err());
    assert!(lock.try_write().is_ok());
}

#[tokio::test]
async fn who_gives_up_waiting_for_an_rwlock_loses_nothing() {
    begin();
    let lock = RwLock::new(1);
    let guard = lock.write().await;
    {
        let (mut reads, mut writes) = (Box::pin(lock.read()), Box::pin(lock.write()));
        assert!(!is_ready(reads.as_mut()) && !is_ready(writes.as_mut()));
    }
    drop(guard);
    assert!(lock.try_write().is_ok());
}

#[test]
fn an_rwlock_where_it_may_block() {
    begin();
    let lock = RwLock::new(1);
    *lock.blocking_write() += 1;
    assert_eq!(*lock.blocking_read(), 2);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let panics = AssertUnwindSafe(|| runtime.block_on(async { drop(lock.blocking_read()) }));
    assert!(catch_unwind(panics).is_err());
    let panics = AssertUnwindSafe(|| runtime.block_on(async { drop(lock.blocking_write()) }));
    assert!(catch_unwind(panics).is_err());
}

#[tokio::test]
async fn a_task_that_is_aborted_lets_others_write() {
    begin();
    let lock = Arc::new(RwLock::new(1));
    let held = Arc::clone(&lock);
    let task = super::rt::spawn(async move {
        let _guard = held.read().await;
        pending::<()>().await;
    });
    tokio::task::yield_now().await;
    assert!(lock.try_write().is_err());
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert!(lock.try_write().is_ok());
}
