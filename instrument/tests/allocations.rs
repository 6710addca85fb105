//! The hot path allocates nothing: counted, with an allocator of its own.

#![cfg(feature = "console")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    future::{Future, poll_fn},
    task::{Context, Poll, Waker},
};

use holdover::sync::{CancellationToken, Mutex, Semaphore};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    /// Bytes that this thread has allocated and not freed.
    static LIVE: Cell<usize> = const { Cell::new(0) };
}

#[expect(unsafe_code, reason = "an allocator that counts is a trait of unsafe functions")]
// SAFETY: every call is handed to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        LIVE.set(LIVE.get().wrapping_add(layout.size()));
        // SAFETY: as the caller's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.set(LIVE.get().wrapping_sub(layout.size()));
        // SAFETY: as the caller's.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Allocations of this thread while `work` runs.
fn allocations(work: impl FnOnce()) -> u64 {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

/// One test, since a process has one recorder.
#[test]
fn polls_wakes_and_token_checks_allocate_nothing() {
    let started = holdover::Builder::new().bind("127.0.0.1:0").log(holdover::Log::Off).try_init();
    started.expect("it starts");
    what_a_token_allocates();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let token = CancellationToken::named("shutdown");
        for plain in [false, true] {
            let token = token.clone();
            let work = async move {
                // The first rounds fill what is filled once.
                measure(&token).await;
                measure(&token).await
            };
            let counted = if plain {
                tokio::spawn(work).await.expect("it ends")
            } else {
                holdover::spawn(work).await.expect("it ends")
            };
            a_waker_keeps_what_tokio_has_not_boxed().await;
            assert_eq!(counted, [0; 6], "polls, wakes, checks, waits, locks, permits ({plain})");
            let work = async { (of_tokios_channels().await, of_our_channels().await) };
            let (tokios, ours) = if plain {
                tokio::spawn(work).await.expect("it ends")
            } else {
                holdover::spawn(work).await.expect("it ends")
            };
            assert_eq!(ours, tokios, "sends, waits, places, watch, broadcast ({plain})");
        }
    });
}

/// Where no console may cancel it: what tokio's does, its place in its tree, and its name.
fn what_a_token_allocates() {
    let tokios = allocations(|| drop(tokio_util::sync::CancellationToken::new()));
    assert_eq!(allocations(|| drop(CancellationToken::new())), tokios + 1);
    assert_eq!(allocations(|| drop(CancellationToken::named("shutdown"))), tokios + 2);
    let (tokio, token) = (tokio_util::sync::CancellationToken::new(), CancellationToken::new());
    // The first one of each makes room for more.
    let _children = (tokio.child_token(), token.child_token());
    let tokios = allocations(|| drop(tokio.child_token()));
    assert_eq!(allocations(|| drop(token.child_token())), tokios + 1);
    assert_eq!(allocations(|| drop(token.clone())), 0);
}

/// What is said to be kept by a waker: of a future that tokio boxes not its own size.
async fn a_waker_keeps_what_tokio_has_not_boxed() {
    const LARGE: usize = 64 << 10;
    const SMALL: usize = 1_000;
    let start = LIVE.get();
    let large = waker_of_a_cancelled_task::<LARGE>().await;
    assert!(LIVE.get().wrapping_sub(start) < LARGE, "the future is freed");
    let start = LIVE.get();
    drop(large);
    assert!(start.wrapping_sub(LIVE.get()) < LARGE, "only the rest of the task was left");

    let small = waker_of_a_cancelled_task::<SMALL>().await;
    let start = LIVE.get();
    drop(small);
    let freed = start.wrapping_sub(LIVE.get());
    assert!((SMALL..LARGE).contains(&freed), "{freed} bytes went with the waker");
}

async fn waker_of_a_cancelled_task<const ROOM: usize>() -> Waker {
    let (give, given) = tokio::sync::oneshot::channel();
    let mut give = Some(give);
    let room = [0_u8; ROOM];
    let task = tokio::spawn(async move {
        poll_fn(|cx| {
            if let Some(give) = give.take() {
                give.send(cx.waker().clone()).expect("it is taken");
            }
            Poll::<()>::Pending
        })
        .await;
        std::hint::black_box(room);
    });
    let waker = given.await.expect("it is given");
    task.abort();
    assert!(task.await.expect_err("it is aborted").is_cancelled());
    waker
}

async fn measure(token: &CancellationToken) -> [u64; 6] {
    let before = ALLOCATIONS.get();
    for _ in 0..1_000 {
        yield_once().await;
    }
    let polls = ALLOCATIONS.get() - before;
    let waker = poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
    let wakes = allocations(|| {
        for _ in 0..1_000 {
            waker.wake_by_ref();
            drop(waker.clone());
            let copy = waker.clone();
            copy.wake();
        }
    });
    let checks = allocations(|| {
        for _ in 0..1_000 {
            assert!(!token.is_cancelled());
        }
    });
    let waits = allocations(|| {
        for _ in 0..1_000 {
            let mut waiting = std::pin::pin!(token.cancelled());
            let polled = waiting.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(polled.is_pending());
        }
    });
    let lock = Mutex::named("state", 0);
    let before = ALLOCATIONS.get();
    for _ in 0..1_000 {
        let mut guard = lock.lock().await;
        *guard += 1;
        // Somebody waits for it meanwhile.
        let mut waiting = std::pin::pin!(lock.lock());
        let polled = waiting.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
    }
    let locks = ALLOCATIONS.get() - before;
    let semaphore = Semaphore::named("db", 2);
    let before = ALLOCATIONS.get();
    for _ in 0..1_000 {
        drop(semaphore.acquire().await.expect("open"));
    }
    [polls, wakes, checks, waits, locks, ALLOCATIONS.get() - before]
}

/// Sends and receives: over ours it is to allocate what it does over tokio itself.
macro_rules! measure_channels {
    ($rt:ident) => {{
        use $rt::sync;
        let (tx, mut rx) = sync::mpsc::channel(4);
        let mut counted = [0; 5];
        // The first rounds fill what is filled once.
        for _ in 0..2 {
            let before = ALLOCATIONS.get();
            for number in 0..1_000 {
                tx.send(number).await.expect("open");
                assert_eq!(rx.recv().await, Some(number));
            }
            counted[0] = ALLOCATIONS.get() - before;
            counted[1] = allocations(|| {
                for _ in 0..1_000 {
                    let mut waiting = std::pin::pin!(rx.recv());
                    let polled = waiting.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                    assert!(polled.is_pending());
                }
            });
            let before = ALLOCATIONS.get();
            for number in 0..1_000 {
                tx.reserve().await.expect("open").send(number);
                drop(tx.try_reserve().expect("it has room"));
                assert_eq!(rx.try_recv(), Ok(number));
            }
            counted[2] = ALLOCATIONS.get() - before;
            let (config, mut watching) = sync::watch::channel(0);
            counted[3] = allocations(|| {
                for number in 1..1_000 {
                    config.send_replace(number);
                    assert_eq!(*watching.borrow_and_update(), number);
                }
            });
            let (events, mut listening) = sync::broadcast::channel(2);
            let before = ALLOCATIONS.get();
            for number in 0..1_000 {
                events.send(number).expect("somebody listens");
                assert_eq!(listening.recv().await, Ok(number));
            }
            counted[4] = ALLOCATIONS.get() - before;
        }
        counted
    }};
}

async fn of_tokios_channels() -> [u64; 5] {
    measure_channels!(tokio)
}

async fn of_our_channels() -> [u64; 5] {
    measure_channels!(holdover)
}

/// Wakes itself and is polled again.
async fn yield_once() {
    let mut yielded = false;
    poll_fn(|cx| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
