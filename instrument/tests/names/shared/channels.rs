//! How channels behave.

use std::{
    fmt::Debug,
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use super::{
    begin,
    rt::sync::{broadcast, mpsc, watch},
};

fn poll<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

fn shows(value: &impl Debug) -> String {
    format!("{value:?}")
}

#[test]
fn signatures_of_a_bounded_channel() {
    use mpsc::{
        OwnedPermit, Permit, PermitIterator, Receiver, Sender, WeakSender,
        error::{SendError, TryRecvError, TrySendError},
    };

    type S = Sender<u8>;
    type R = Receiver<u8>;
    type Permits<'a> = Result<PermitIterator<'a, u8>, TrySendError<()>>;
    let _: fn(usize) -> (S, R) = mpsc::channel;
    let _: fn(&S, u8) -> Result<(), TrySendError<u8>> = S::try_send;
    let _: fn(&S, u8) -> Result<(), SendError<u8>> = S::blocking_send;
    let _: fn(&S) -> bool = S::is_closed;
    let _: fn(&S) -> Result<Permit<'_, u8>, TrySendError<()>> = S::try_reserve;
    let _: fn(&S, usize) -> Permits<'_> = S::try_reserve_many;
    let _: fn(S) -> Result<OwnedPermit<u8>, TrySendError<S>> = S::try_reserve_owned;
    let _: fn(&S, &S) -> bool = S::same_channel;
    let _: [fn(&S) -> usize; 4] = [S::capacity, S::max_capacity, S::strong_count, S::weak_count];
    let _: fn(&S) -> WeakSender<u8> = S::downgrade;
    let _: fn(&WeakSender<u8>) -> Option<S> = WeakSender::upgrade;
    let _: [fn(&WeakSender<u8>) -> usize; 2] = [WeakSender::strong_count, WeakSender::weak_count];
    let _: fn(Permit<'static, u8>, u8) = Permit::send;
    let _: fn(OwnedPermit<u8>, u8) -> S = OwnedPermit::send;
    let _: fn(OwnedPermit<u8>) -> S = OwnedPermit::release;
    let _: fn(&OwnedPermit<u8>, &OwnedPermit<u8>) -> bool = OwnedPermit::same_channel;
    let _: fn(&OwnedPermit<u8>, &S) -> bool = OwnedPermit::same_channel_as_sender;
    let _: fn(&mut R) -> Result<u8, TryRecvError> = R::try_recv;
    let _: fn(&mut R) -> Option<u8> = R::blocking_recv;
    let _: fn(&mut R, &mut Vec<u8>, usize) -> usize = R::blocking_recv_many;
    let _: fn(&mut R) = R::close;
    let _: [fn(&R) -> bool; 2] = [R::is_closed, R::is_empty];
    let _: [fn(&R) -> usize; 5] =
        [R::len, R::capacity, R::max_capacity, R::sender_strong_count, R::sender_weak_count];
    let _: fn(&mut R, &mut Context<'_>) -> Poll<Option<u8>> = R::poll_recv;
    let _: fn(&mut R, &mut Context<'_>, &mut Vec<u8>, usize) -> Poll<usize> = R::poll_recv_many;
}

#[test]
fn signatures_of_an_unbounded_channel() {
    use mpsc::{
        UnboundedReceiver, UnboundedSender, WeakUnboundedSender,
        error::{SendError, TryRecvError},
    };

    type S = UnboundedSender<u8>;
    type R = UnboundedReceiver<u8>;
    let _: fn() -> (S, R) = mpsc::unbounded_channel;
    let _: fn(&S, u8) -> Result<(), SendError<u8>> = S::send;
    let _: fn(&S) -> bool = S::is_closed;
    let _: fn(&S, &S) -> bool = S::same_channel;
    let _: [fn(&S) -> usize; 2] = [S::strong_count, S::weak_count];
    let _: fn(&S) -> WeakUnboundedSender<u8> = S::downgrade;
    let _: fn(&WeakUnboundedSender<u8>) -> Option<S> = WeakUnboundedSender::upgrade;
    let _: [fn(&WeakUnboundedSender<u8>) -> usize; 2] =
        [WeakUnboundedSender::strong_count, WeakUnboundedSender::weak_count];
    let _: fn(&mut R) -> Result<u8, TryRecvError> = R::try_recv;
    let _: fn(&mut R) -> Option<u8> = R::blocking_recv;
    let _: fn(&mut R, &mut Vec<u8>, usize) -> usize = R::blocking_recv_many;
    let _: fn(&mut R) = R::close;
    let _: [fn(&R) -> bool; 2] = [R::is_closed, R::is_empty];
    let _: [fn(&R) -> usize; 3] = [R::len, R::sender_strong_count, R::sender_weak_count];
    let _: fn(&mut R, &mut Context<'_>) -> Poll<Option<u8>> = R::poll_recv;
    let _: fn(&mut R, &mut Context<'_>, &mut Vec<u8>, usize) -> Poll<usize> = R::poll_recv_many;
}

#[test]
fn signatures_of_a_watch_channel() {
    use watch::{
        Receiver, Ref, Sender,
        error::{RecvError, SendError},
    };

    type S = Sender<u8>;
    type R = Receiver<u8>;
    type IfSo = fn(&mut u8) -> bool;
    let _: fn(u8) -> (S, R) = watch::channel;
    let _: fn(u8) -> S = S::new;
    let _: fn() -> S = Default::default;
    let _: fn(&S, u8) -> Result<(), SendError<u8>> = S::send;
    let _: fn(&S, fn(&mut u8)) = S::send_modify;
    let _: fn(&S, IfSo) -> bool = S::send_if_modified;
    let _: fn(&S, u8) -> u8 = S::send_replace;
    let _: fn(&S) -> Ref<'_, u8> = S::borrow;
    let _: fn(&S) -> bool = S::is_closed;
    let _: fn(&S) -> R = S::subscribe;
    let _: [fn(&S) -> usize; 2] = [S::receiver_count, S::sender_count];
    let _: fn(&S, &S) -> bool = S::same_channel;
    let _: fn(&R) -> Ref<'_, u8> = R::borrow;
    let _: fn(&mut R) -> Ref<'_, u8> = R::borrow_and_update;
    let _: fn(&R) -> Result<bool, RecvError> = R::has_changed;
    let _: fn(&R) -> bool = R::is_closed;
    let _: [fn(&mut R); 2] = [R::mark_changed, R::mark_unchanged];
    let _: fn(&R, &R) -> bool = R::same_channel;
}

#[test]
fn signatures_of_a_broadcast_channel() {
    use broadcast::{
        Receiver, Sender, WeakSender,
        error::{RecvError, SendError, TryRecvError},
    };

    /// What is not cloned: only what receives asks for that.
    struct Unique;
    type S = Sender<u8>;
    type R = Receiver<u8>;
    let _: fn(usize) -> (S, R) = broadcast::channel;
    let _: fn(usize) -> Sender<Unique> = Sender::new;
    let _: fn(&S, u8) -> Result<usize, SendError<u8>> = S::send;
    let _: fn(&Sender<Unique>) -> Receiver<Unique> = Sender::subscribe;
    let _: fn(&S) -> WeakSender<u8> = S::downgrade;
    let _: [fn(&S) -> usize; 4] = [S::len, S::receiver_count, S::strong_count, S::weak_count];
    let _: fn(&S) -> bool = S::is_empty;
    let _: fn(&S, &S) -> bool = S::same_channel;
    let _: fn(&WeakSender<u8>) -> Option<S> = WeakSender::upgrade;
    let _: [fn(&WeakSender<u8>) -> usize; 2] = [WeakSender::strong_count, WeakSender::weak_count];
    let _: [fn(&R) -> usize; 3] = [R::len, R::sender_strong_count, R::sender_weak_count];
    let _: [fn(&R) -> bool; 2] = [R::is_empty, R::is_closed];
    let _: fn(&R, &R) -> bool = R::same_channel;
    let _: fn(&R) -> R = R::resubscribe;
    let _: fn(&mut R) -> Result<u8, TryRecvError> = R::try_recv;
    let _: fn(&mut R) -> Result<u8, RecvError> = R::blocking_recv;
}

/// Whatever `async fn` promises.
#[test]
fn futures_can_be_sent_and_shared() {
    fn sent_and_shared<T: Send + Sync>(value: T) -> T {
        value
    }
    fn kept<T: 'static>(_: T) {}

    let (tx, mut rx) = mpsc::channel(1);
    drop(sent_and_shared(tx.send(1)));
    drop(sent_and_shared(tx.reserve()));
    drop(sent_and_shared(tx.reserve_many(1)));
    drop(sent_and_shared(tx.closed()));
    drop(sent_and_shared(rx.recv()));
    drop(sent_and_shared(rx.recv_many(&mut Vec::new(), 1)));
    kept(sent_and_shared(tx.reserve_owned()));
    let (tx, mut rx) = watch::channel(1);
    drop(sent_and_shared(tx.closed()));
    drop(sent_and_shared(rx.changed()));
    let (tx, mut rx) = broadcast::channel::<u8>(1);
    drop(sent_and_shared(tx.closed()));
    drop(sent_and_shared(rx.recv()));
}

/// A future does nothing until it is polled, and its value goes with it.
#[test]
fn what_borrows_and_cannot_be_sent_is_carried() {
    begin();
    let text = String::from("borrowed");
    let (tx, mut rx) = mpsc::channel(2);
    drop(tx.send((text.as_str(), std::rc::Rc::new(1))));
    assert!(rx.try_recv().is_err(), "it was not polled");
    assert!(poll(tx.send((text.as_str(), std::rc::Rc::new(1)))).is_ready());
    assert_eq!(rx.try_recv().unwrap().0, "borrowed");
    let (tx, rx) = watch::channel(text.as_str());
    tx.send("another").unwrap();
    assert_eq!(*rx.borrow(), "another");
}

#[tokio::test]
async fn a_bounded_channel_has_so_many_places() {
    use mpsc::error::{SendError, SendTimeoutError, TryRecvError, TrySendError};

    begin();
    let (tx, mut rx) = mpsc::channel(2);
    assert_eq!((tx.capacity(), tx.max_capacity(), rx.max_capacity()), (2, 2, 2));
    assert_eq!(tx.send(1).await, Ok(()));
    assert_eq!(tx.try_send(2), Ok(()));
    assert_eq!(tx.try_send(3), Err(TrySendError::Full(3)));
    let soon = Duration::from_millis(1);
    assert_eq!(tx.send_timeout(4, soon).await, Err(SendTimeoutError::Timeout(4)));
    let mut sending = Box::pin(tx.send(5));
    assert!(poll(sending.as_mut()).is_pending());
    assert_eq!((rx.len(), rx.is_empty(), rx.capacity()), (2, false, 0));
    assert_eq!(rx.recv().await, Some(1));
    assert_eq!(sending.await, Ok(()));
    let mut all = Vec::new();
    assert_eq!(rx.recv_many(&mut all, 8).await, 2);
    assert_eq!(all, [2, 5]);
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    assert!(poll(rx.recv()).is_pending());
    let mut cx = Context::from_waker(Waker::noop());
    assert!(rx.poll_recv(&mut cx).is_pending());
    tx.send_timeout(6, soon).await.unwrap();
    assert_eq!(rx.poll_recv(&mut cx), Poll::Ready(Some(6)));
    assert!(rx.poll_recv_many(&mut cx, &mut all, 8).is_pending());
    tx.send(7).await.unwrap();
    assert_eq!(rx.poll_recv_many(&mut cx, &mut all, 8), Poll::Ready(1));
    assert_eq!(all, [2, 5, 7]);
    assert!(poll(tx.closed()).is_pending());
    drop(rx);
    tx.closed().await;
    assert!(tx.is_closed());
    assert_eq!(tx.send(8).await, Err(SendError(8)));
    assert_eq!(tx.try_send(9), Err(TrySendError::Closed(9)));
    assert_eq!(tx.send_timeout(9, soon).await, Err(SendTimeoutError::Closed(9)));
    assert!(tx.reserve().await.is_err() && tx.reserve_many(1).await.is_err());
}

#[tokio::test]
async fn a_receiver_is_told_that_all_senders_are_gone() {
    use mpsc::error::TryRecvError;

    begin();
    let (tx, mut rx) = mpsc::channel::<u8>(4);
    let (other, weak) = (tx.clone(), tx.downgrade());
    assert!(tx.same_channel(&other) && !tx.same_channel(&mpsc::channel(1).0));
    assert_eq!((tx.strong_count(), tx.weak_count()), (2, 1));
    assert_eq!((rx.sender_strong_count(), rx.sender_weak_count()), (2, 1));
    let more = weak.clone();
    assert_eq!((weak.strong_count(), weak.weak_count()), (2, 2));
    drop(more);
    drop((tx, other));
    assert!(weak.upgrade().is_none());
    assert_eq!(rx.recv().await, None);
    assert!(rx.is_closed());
    assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));

    let (tx, mut rx) = mpsc::channel(4);
    tx.downgrade().upgrade().unwrap().send(1).await.unwrap();
    rx.close();
    assert!(tx.try_send(2).is_err());
    assert_eq!((rx.recv().await, rx.recv().await), (Some(1), None));
}

#[tokio::test]
async fn a_place_can_be_reserved() {
    use mpsc::error::TrySendError;

    begin();
    let (tx, mut rx) = mpsc::channel(3);
    let permit = tx.reserve().await.unwrap();
    assert_eq!(tx.capacity(), 2);
    drop(permit);
    assert_eq!(tx.capacity(), 3);
    tx.try_reserve().unwrap().send(1);
    let mut permits = tx.reserve_many(2).await.unwrap();
    assert_eq!((permits.len(), permits.size_hint()), (2, (2, Some(2))));
    assert!(matches!(tx.try_reserve(), Err(TrySendError::Full(()))));
    assert!(matches!(tx.try_reserve_many(1), Err(TrySendError::Full(()))));
    assert!(matches!(tx.try_reserve_many(9), Err(TrySendError::Full(()))));
    assert!(tx.reserve_many(9).await.is_err());
    assert_eq!(tx.reserve_many(0).await.unwrap().count(), 0);
    permits.next().unwrap().send(2);
    drop(permits);
    assert_eq!(tx.capacity(), 1);
    let owned = tx.clone().reserve_owned().await.unwrap();
    assert!(owned.same_channel_as_sender(&tx) && owned.same_channel(&owned));
    let full = tx.clone().try_reserve_owned().unwrap_err();
    assert!(matches!(full, TrySendError::Full(_)));
    let sender = owned.send(3);
    assert_eq!((rx.recv().await, rx.recv().await, rx.recv().await), (Some(1), Some(2), Some(3)));
    let released = sender.try_reserve_owned().unwrap().release();
    assert_eq!(released.capacity(), 3);
    rx.close();
    assert!(matches!(released.try_reserve_owned(), Err(TrySendError::Closed(_))));

    // Who has reserved a place is waited for after the close.
    let (tx, mut rx) = mpsc::channel(1);
    let permit = tx.reserve().await.unwrap();
    rx.close();
    assert!(poll(rx.recv()).is_pending());
    permit.send(1);
    assert_eq!((rx.recv().await, rx.recv().await), (Some(1), None));
}

#[tokio::test]
async fn an_unbounded_channel_has_as_many_places_as_are_needed() {
    use mpsc::error::{SendError, TryRecvError};

    begin();
    let (tx, mut rx) = mpsc::unbounded_channel();
    for number in 0..100 {
        tx.send(number).unwrap();
    }
    assert_eq!((rx.len(), rx.is_empty()), (100, false));
    assert_eq!((rx.recv().await, rx.try_recv()), (Some(0), Ok(1)));
    assert_eq!(rx.recv_many(&mut Vec::new(), 1000).await, 98);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(rx.poll_recv(&mut cx).is_pending());
    assert!(rx.poll_recv_many(&mut cx, &mut Vec::new(), 2).is_pending());
    let weak = tx.downgrade();
    assert!(weak.upgrade().unwrap().same_channel(&tx));
    assert_eq!((tx.strong_count(), tx.weak_count()), (1, 1));
    assert_eq!((rx.sender_strong_count(), rx.sender_weak_count()), (1, 1));
    assert_eq!((weak.clone().strong_count(), weak.weak_count()), (1, 2), "and the clone");
    assert!(poll(tx.closed()).is_pending());
    rx.close();
    tx.closed().await;
    assert_eq!((tx.is_closed(), rx.is_closed(), tx.send(1)), (true, true, Err(SendError(1))));
    drop(tx);
    assert_eq!((rx.try_recv(), rx.recv().await), (Err(TryRecvError::Disconnected), None));
}

#[tokio::test]
async fn threads_block_on_a_channel() {
    begin();
    let (tx, mut rx) = mpsc::channel(1);
    let (back, mut backs) = mpsc::unbounded_channel();
    let thread = std::thread::spawn(move || {
        let mut seen = Vec::new();
        seen.extend(rx.blocking_recv());
        assert_eq!(rx.blocking_recv_many(&mut seen, 1), 1);
        back.send(seen).unwrap();
    });
    let sends = std::thread::spawn(move || {
        tx.blocking_send(1).unwrap();
        tx.blocking_send(2).unwrap();
    });
    assert_eq!(backs.recv().await, Some(vec![1, 2]));
    let joined = tokio::task::spawn_blocking(move || {
        thread.join().unwrap();
        sends.join().unwrap();
        (backs.blocking_recv(), backs.blocking_recv_many(&mut Vec::new(), 3))
    });
    assert_eq!(joined.await.unwrap(), (None, 0));
    let (events, mut listens) = broadcast::channel(2);
    let listens = std::thread::spawn(move || listens.blocking_recv());
    events.send(7).unwrap();
    assert_eq!(listens.join().unwrap(), Ok(7));
}

#[tokio::test]
async fn a_watch_channel_has_its_last_value() {
    begin();
    let (tx, mut rx) = watch::channel(1);
    assert!(!rx.has_changed().unwrap() && poll(rx.changed()).is_pending());
    tx.send(2).unwrap();
    assert!(rx.has_changed().unwrap() && rx.borrow().has_changed());
    assert_eq!(*rx.borrow_and_update(), 2);
    rx.mark_changed();
    rx.changed().await.unwrap();
    tx.send_modify(|value| *value += 1);
    rx.mark_unchanged();
    assert!(!rx.has_changed().unwrap());
    assert!(!tx.send_if_modified(|_| false) && tx.send_if_modified(|value| *value == 3));
    assert_eq!((tx.send_replace(4), *tx.borrow()), (3, 4));
    assert_eq!(rx.wait_for(|value| *value == 4).await.map(|value| *value).unwrap(), 4);
    assert!(poll(rx.wait_for(|value| *value == 9)).is_pending());
    let (other, more) = (tx.clone(), rx.clone());
    assert!(tx.same_channel(&other) && rx.same_channel(&more));
    assert_eq!((tx.sender_count(), tx.receiver_count()), (2, 2));
    assert!(poll(tx.closed()).is_pending());
    drop((rx, more));
    tx.closed().await;
    assert!(tx.is_closed() && tx.send(5).is_err());
    let mut again = tx.subscribe();
    assert!(!tx.is_closed());
    drop((tx, other));
    assert!(again.is_closed() && again.has_changed().is_err());
    assert!(again.changed().await.is_err());
    assert!(again.wait_for(|value| *value == 9).await.is_err());
    assert_eq!(*again.borrow(), 4);
    assert_eq!(*watch::Sender::<u8>::default().borrow(), 0);
    assert_eq!(*watch::Sender::new(7).subscribe().borrow(), 7);
}

#[tokio::test]
async fn a_broadcast_channel_tells_everybody() {
    use broadcast::error::{RecvError, TryRecvError};

    begin();
    let (tx, mut first) = broadcast::channel(2);
    let mut second = tx.subscribe();
    assert_eq!((tx.receiver_count(), tx.is_empty()), (2, true));
    assert_eq!(tx.send(1).unwrap(), 2);
    assert_eq!((tx.len(), first.len(), first.is_empty()), (1, 1, false));
    assert_eq!((first.recv().await, second.try_recv()), (Ok(1), Ok(1)));
    assert!(poll(first.recv()).is_pending());
    assert_eq!(first.try_recv(), Err(TryRecvError::Empty));
    for value in 2..6 {
        tx.send(value).unwrap();
    }
    assert_eq!(first.recv().await, Err(RecvError::Lagged(2)));
    assert_eq!((first.recv().await, first.recv().await), (Ok(4), Ok(5)));
    let mut third = second.resubscribe();
    assert!(first.same_channel(&third) && tx.same_channel(&tx.clone()));
    assert_eq!(third.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(second.try_recv(), Err(TryRecvError::Lagged(2)));
    let weak = tx.downgrade();
    assert_eq!((weak.clone().strong_count(), weak.weak_count()), (1, 2), "and the clone");
    assert_eq!((tx.strong_count(), tx.weak_count()), (1, 1));
    assert_eq!((first.sender_strong_count(), first.sender_weak_count()), (1, 1));
    assert!(weak.upgrade().unwrap().same_channel(&tx));
    assert!(poll(tx.closed()).is_pending());
    drop((first, second));
    drop(third);
    tx.closed().await;
    assert!(tx.send(7).is_err());
    let mut again = tx.subscribe();
    drop(tx);
    assert!(again.is_closed() && weak.upgrade().is_none());
    assert_eq!(again.recv().await, Err(RecvError::Closed));
    assert_eq!(again.try_recv(), Err(TryRecvError::Closed));
    assert_eq!(broadcast::Sender::<u8>::new(3).receiver_count(), 0);
}

#[test]
fn ends_show_themselves() {
    /// What shows nothing of itself: only a watch channel asks for that.
    struct Hidden;
    let (tx, rx) = mpsc::channel::<Hidden>(1);
    assert!(shows(&tx).starts_with("Sender { chan: Tx {"), "{tx:?}");
    assert!(shows(&rx).starts_with("Receiver { chan: Rx {"), "{rx:?}");
    assert_eq!(shows(&tx.downgrade()), "WeakSender");
    assert!(shows(&tx.try_reserve().unwrap()).starts_with("Permit { chan: Tx {"));
    assert!(shows(&tx.try_reserve_many(1).unwrap()).ends_with(", capacity: 1 }"));
    assert!(shows(&tx.try_reserve_owned().unwrap()).starts_with("OwnedPermit { chan: Some("));
    let (tx, rx) = mpsc::unbounded_channel::<Hidden>();
    assert!(shows(&tx).starts_with("UnboundedSender { chan: Tx {"));
    assert!(shows(&rx).starts_with("UnboundedReceiver { chan: Rx {"));
    assert_eq!(shows(&tx.downgrade()), "WeakUnboundedSender");
    let (tx, rx) = watch::channel(7);
    for (shown, start) in [(shows(&tx), "Sender { shared: "), (shows(&rx), "Receiver { shared: ")] {
        assert!(shown.starts_with(start) && shown.contains("data: 7"), "{shown}");
    }
    let tx = broadcast::Sender::<Hidden>::new(1);
    assert_eq!(shows(&tx), "broadcast::Sender");
    assert_eq!(shows(&tx.subscribe()), "broadcast::Receiver");
    assert_eq!(shows(&tx.downgrade()), "broadcast::WeakSender");
}

/// A value that was not sent goes with the future, and a place that was reserved is free
/// again.
#[tokio::test]
async fn a_send_that_is_given_up_takes_no_place() {
    begin();
    let (tx, mut rx) = mpsc::channel(1);
    tx.send(1).await.unwrap();
    let mut sending = Box::pin(tx.send(2));
    assert!(poll(sending.as_mut()).is_pending());
    assert_eq!(rx.recv().await, Some(1));
    drop(sending);
    assert_eq!(tx.capacity(), 1);
    tx.send(3).await.unwrap();
    assert_eq!(rx.recv().await, Some(3));
    let task = super::rt::spawn(async move {
        let _ = rx.recv().await;
    });
    tokio::task::yield_now().await;
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert!(tx.is_closed());
}
