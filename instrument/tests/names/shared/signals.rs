//! How notifications and barriers behave.

use std::{
    future::Future,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Waker},
};

use super::{
    begin,
    rt::sync::{
        Barrier, Notify,
        futures::{Notified, OwnedNotified},
    },
};

fn is_ready<F: Future>(future: Pin<&mut F>) -> bool {
    future.poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

#[test]
fn signatures_of_a_notify() {
    static OF_A_STATIC: Notify = Notify::const_new();
    let _: fn() -> Notify = Notify::new;
    let _: fn() -> Notify = Default::default;
    let _: fn(&'static Notify) -> Notified<'static> = Notify::notified;
    let _: fn(Arc<Notify>) -> OwnedNotified = Notify::notified_owned;
    let _: fn(&Notify) = Notify::notify_one;
    let _: fn(&Notify) = Notify::notify_last;
    let _: fn(&Notify) = Notify::notify_waiters;
    let _: fn(Pin<&mut Notified<'static>>) -> bool = Notified::enable;
    let _: fn(Pin<&mut OwnedNotified>) -> bool = OwnedNotified::enable;
    OF_A_STATIC.notify_one();
    assert!(is_ready(pin!(OF_A_STATIC.notified())));
}

#[tokio::test]
async fn one_is_notified_the_first_or_the_last_or_all() {
    begin();
    let notify = Notify::new();
    let (mut first, mut second, mut third) =
        (pin!(notify.notified()), pin!(notify.notified()), pin!(notify.notified()));
    assert!(!is_ready(first.as_mut()) && !is_ready(second.as_mut()) && !is_ready(third.as_mut()));
    notify.notify_one();
    assert!(is_ready(first.as_mut()) && !is_ready(second.as_mut()) && !is_ready(third.as_mut()));
    notify.notify_last();
    assert!(!is_ready(second.as_mut()) && is_ready(third.as_mut()));
    let mut made_before = pin!(notify.notified());
    notify.notify_waiters();
    assert!(is_ready(second.as_mut()) && is_ready(made_before.as_mut()));
    assert!(!is_ready(pin!(notify.notified())), "it is not kept for who comes later");
}

#[tokio::test]
async fn a_notification_is_kept_for_one() {
    begin();
    let notify = Notify::new();
    notify.notify_one();
    notify.notify_one();
    notify.notified().await;
    assert!(!is_ready(pin!(notify.notified())));
    {
        let mut waits = pin!(notify.notified());
        assert!(!is_ready(waits.as_mut()));
        notify.notify_one();
        // It is passed on when whoever got it is dropped.
    }
    notify.notified().await;
}

#[tokio::test]
async fn what_is_enabled_is_notified_before_it_is_polled() {
    begin();
    let notify = Arc::new(Notify::new());
    let mut enabled = pin!(notify.notified());
    let mut owned = Box::pin(Arc::clone(&notify).notified_owned());
    assert!(!enabled.as_mut().enable() && !owned.as_mut().enable());
    notify.notify_one();
    assert!(is_ready(enabled.as_mut()) && !is_ready(owned.as_mut()));
    notify.notify_one();
    assert!(owned.as_mut().enable() && is_ready(owned.as_mut()));
}

#[tokio::test]
async fn an_owned_wait_keeps_its_notify_alive() {
    begin();
    let notify = Arc::new(Notify::new());
    let waits = Arc::clone(&notify).notified_owned();
    let task = super::rt::spawn(waits);
    tokio::task::yield_now().await;
    notify.notify_one();
    task.await.unwrap();
    let mut waits = Box::pin(notify.notified_owned());
    assert!(!is_ready(waits.as_mut()));
    assert!(format!("{waits:?}").contains("Notified"));
    drop(waits);
}

#[test]
fn signatures_of_a_barrier() {
    let _: fn(usize) -> Barrier = Barrier::new;
}

#[tokio::test]
async fn whoever_comes_last_to_a_barrier_leads() {
    begin();
    let barrier = Arc::new(Barrier::new(2));
    let other = Arc::clone(&barrier);
    let first = super::rt::spawn(async move { other.wait().await.is_leader() });
    tokio::task::yield_now().await;
    assert!(barrier.wait().await.is_leader());
    assert!(!first.await.unwrap());
    assert!(Barrier::new(0).wait().await.is_leader());
}
