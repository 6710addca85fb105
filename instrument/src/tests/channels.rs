//! Whose an end of a channel is, while it is one, and who waits for it.

use std::{
    future::{Future, pending},
    pin::pin,
};

use super::support::{GRACE_OVER, Service, keep, named, on_each, poll_once, settle};
use crate::{
    recorder::holding::HoldingFacts,
    sync::{broadcast, mpsc, watch},
    task::JoinHandle,
    words::Kind,
};

/// The holdings of this label.
fn labelled(service: &Service, label: &str) -> Vec<HoldingFacts> {
    service.holdings().into_iter().filter(|it| &*it.label.text() == label).collect()
}

/// The names of the owners of the holdings of this label; `main` for what runs in no
/// task, or in the runtime's own.
fn owners(service: &Service, label: &str) -> Vec<String> {
    let of = labelled(service, label).into_iter();
    let name = |it: HoldingFacts| {
        let facts = it.owner.and_then(|owner| service.recorder.task(owner));
        let name = facts.map(|facts| facts.name.text().to_string()).unwrap_or_default();
        if name.is_empty() { "main".to_owned() } else { name }
    };
    let mut names: Vec<String> = of.map(name).collect();
    names.sort_unstable();
    names
}

/// The name of each task that waits, with the label and the number of what it waits for.
fn waits(service: &Service) -> Vec<(String, String, u64)> {
    let waits = service.recorder.blocked_tasks().map(|wait| {
        let task = wait.owner.and_then(|owner| service.recorder.task(owner));
        let name = task.map(|task| task.name.text().to_string()).unwrap_or_default();
        (name, wait.label.text().to_string(), wait.resource)
    });
    waits.collect()
}

/// How full the channel is that has this end.
fn depth(service: &Service, label: &str) -> Option<u64> {
    let end = labelled(service, label).pop().expect("it is held");
    service.recorder.fills.get(end.resource).expect("it is bounded").depth()
}

/// A task that does this, and then keeps what came of it.
fn keeps<T: Send + 'static>(
    name: &str,
    work: impl Future<Output = T> + Send + 'static,
) -> JoinHandle<()> {
    named(name, async { keep(work.await).await })
}

async fn aborted(task: &JoinHandle<()>) {
    task.abort();
    settle().await;
}

/// As one that polled the receiver by hand, and gave it away.
#[test]
fn who_has_ended_waits_for_nothing() {
    on_each(|service| {
        service.run(async {
            let (made, receiver) = tokio::sync::oneshot::channel();
            let (left, sender) = tokio::sync::oneshot::channel();
            let (polled, given) = tokio::sync::oneshot::channel();
            let (go, told) = tokio::sync::oneshot::channel::<()>();
            let leaves = named("leaves", async {
                let (tx, rx) = mpsc::unbounded_channel::<u8>();
                drop((made.send(rx), left.send(tx)));
                pending::<()>().await;
            });
            named("polls", async move {
                let mut rx = receiver.await.expect("it is made");
                std::future::poll_fn(|cx| std::task::Poll::Ready(rx.poll_recv(cx).is_pending()))
                    .await;
                drop(polled.send(rx));
                told.await.expect("it is told");
            });
            let _tx = sender.await.expect("it is left");
            let _rx = given.await.expect("it is given");
            settle().await;
            aborted(&leaves).await;
            service.look(GRACE_OVER);
            assert_eq!(service.waiting_behind("leaves"), ["polls"]);
            go.send(()).expect("it waits");
            settle().await;
            assert!(waits(service).is_empty(), "it has ended");
            service.look(GRACE_OVER);
            assert!(service.waiting_behind("leaves").is_empty());
        });
    });
}

// === whose it is ===

/// Makes a channel in one task and uses an end of it in another; tells whose that is.
fn owner_when_used<E: Send + 'static, O: Send + 'static, F>(
    label: &str,
    make: fn() -> (E, O),
    used: impl Fn(E) -> F + Send + Copy + Sync + 'static,
) where
    F: Future<Output = E> + Send + 'static,
{
    on_each(|service| {
        service.run(async {
            let (send, receive) = tokio::sync::oneshot::channel();
            drop(named("maker", async move {
                let (end, other) = make();
                let _ = send.send(end);
                keep(other).await;
            }));
            settle().await;
            assert_eq!(owners(service, label), ["maker"], "nobody used it");
            let end = receive.await.unwrap_or_else(|_| panic!("it is made"));
            drop(keeps("user", used(end)));
            settle().await;
            assert_eq!(owners(service, label), ["user"]);
        });
    });
}

fn swapped<A, B>((a, b): (A, B)) -> (B, A) {
    (b, a)
}

#[test]
fn a_sender_is_whose_it_was_last_sent_by() {
    let (label, make) = ("mpsc sender", || mpsc::channel::<u8>(4));
    owner_when_used(label, make, async |tx: mpsc::Sender<u8>| {
        tx.send(1).await.expect("open");
        tx
    });
    owner_when_used(label, make, async |tx: mpsc::Sender<u8>| {
        tx.try_send(1).expect("open");
        tx
    });
    owner_when_used(label, make, async |tx: mpsc::Sender<u8>| {
        drop(tx.reserve().await.expect("open"));
        tx
    });
    owner_when_used(label, make, async |tx: mpsc::Sender<u8>| {
        drop(tx.clone());
        tx
    });
    let make = || mpsc::unbounded_channel::<u8>();
    owner_when_used(label, make, async |tx: mpsc::UnboundedSender<u8>| {
        tx.send(1).expect("open");
        tx
    });
    let make = || watch::channel(1);
    owner_when_used("watch sender", make, async |tx: watch::Sender<i32>| {
        tx.send_modify(|value| *value += 1);
        tx
    });
    let make = || broadcast::channel::<u8>(4);
    owner_when_used("broadcast sender", make, async |tx: broadcast::Sender<u8>| {
        assert_eq!(tx.send(1).expect("open"), 1);
        tx
    });
}

#[test]
fn a_receiver_is_whose_it_was_last_received_by() {
    let (label, make) = ("mpsc receiver", || swapped(mpsc::channel::<u8>(4)));
    owner_when_used(label, make, async |mut rx: mpsc::Receiver<u8>| {
        assert!(poll_once(pin!(rx.recv())).await.is_pending());
        rx
    });
    owner_when_used(label, make, async |mut rx: mpsc::Receiver<u8>| {
        rx.try_recv().expect_err("nothing is sent");
        rx
    });
    owner_when_used(label, make, async |mut rx: mpsc::Receiver<u8>| {
        std::future::poll_fn(|cx| {
            assert!(rx.poll_recv(cx).is_pending());
            std::task::Poll::Ready(())
        })
        .await;
        rx
    });
    let make = || swapped(watch::channel(1));
    owner_when_used("watch receiver", make, async |mut rx: watch::Receiver<i32>| {
        assert_eq!(*rx.borrow_and_update(), 1);
        rx
    });
    owner_when_used("watch receiver", make, async |mut rx: watch::Receiver<i32>| {
        assert!(poll_once(pin!(rx.changed())).await.is_pending());
        rx
    });
    let make = || swapped(broadcast::channel::<u8>(4));
    owner_when_used("broadcast receiver", make, async |mut rx: broadcast::Receiver<u8>| {
        assert!(poll_once(pin!(rx.recv())).await.is_pending());
        rx
    });
}

#[test]
fn to_look_at_a_channel_is_not_to_use_it() {
    on_each(|service| {
        service.run(async {
            let (tx, rx) = mpsc::named::<u8>("jobs", 4);
            named("looker", async move {
                let seen = (tx.is_closed(), tx.capacity(), tx.downgrade().strong_count());
                assert_eq!((seen, rx.len(), rx.is_empty()), ((false, 4, 1), 0, true));
                keep((tx, rx)).await;
            });
            settle().await;
            assert_eq!(owners(service, "jobs sender"), ["main"]);
            assert_eq!(owners(service, "jobs receiver"), ["main"]);
        });
    });
}

#[test]
fn a_clone_is_its_makers_and_a_weak_sender_is_no_end() {
    on_each(|service| {
        service.run(async {
            let (tx, rx) = mpsc::channel::<u8>(4);
            let weak = tx.downgrade();
            drop(keeps("cloner", async move { (tx.clone(), tx) }));
            settle().await;
            assert_eq!(owners(service, "mpsc sender"), ["cloner", "cloner"]);
            let upgrading = weak.clone();
            drop(keeps("upgrader", async move { upgrading.upgrade() }));
            settle().await;
            assert_eq!(owners(service, "mpsc sender"), ["cloner", "cloner", "upgrader"]);
            assert_eq!(service.holdings().len(), 4);
            drop((rx, weak));
            assert_eq!(service.holdings(), []);
        });
    });
}

// === while it is one ===

#[test]
fn an_end_is_held_while_the_other_side_lives() {
    fn holds_nothing<A, B>(service: &Service, make: fn() -> (A, B)) {
        for first_goes in [true, false] {
            service.within(|| {
                let (a, b) = make();
                assert_eq!(service.holdings().len(), 2);
                let (mut a, mut b) = (Some(a), Some(b));
                if first_goes {
                    drop(a.take());
                } else {
                    drop(b.take());
                }
                assert_eq!(service.holdings(), []);
                assert_eq!(service.recorder.live_holdings(), 0);
            });
        }
    }
    let service = Service::of_shims();
    holds_nothing(&service, || mpsc::channel::<u8>(1));
    holds_nothing(&service, mpsc::unbounded_channel::<u8>);
    holds_nothing(&service, || watch::channel(1));
    holds_nothing(&service, || broadcast::channel::<u8>(1));
}

#[test]
fn a_channel_that_is_closed_by_its_receiver_has_no_ends() {
    let service = Service::of_shims();
    service.within(|| {
        let (tx, mut rx) = mpsc::channel::<u8>(1);
        let other = tx.clone();
        rx.close();
        assert_eq!(service.holdings(), []);
        drop(tx.clone());
        drop((tx, other, rx));
        assert_eq!(service.recorder.live_holdings(), 0);
    });
}

/// A sender whose receivers come and go is whose it would have been.
#[test]
fn a_sender_is_held_again_when_there_is_a_receiver_again() {
    on_each(|service| {
        service.run(async {
            let tx = watch::Sender::new(1);
            assert_eq!(service.holdings(), [], "nobody watches");
            let other = tx.clone();
            drop(keeps("publisher", async move {
                other.send_replace(2);
                other
            }));
            settle().await;
            assert_eq!(service.holdings(), []);
            assert_eq!(service.task("publisher").holdings, 0);
            let rx = tx.subscribe();
            assert_eq!(owners(service, "watch sender"), ["main", "publisher"]);
            assert_eq!(service.task("publisher").holdings, 1);
            let clone = rx.clone();
            drop(rx);
            assert_eq!(labelled(service, "watch sender").len(), 2, "one receiver is left");
            drop(clone);
            assert_eq!(service.holdings(), []);
            assert_eq!(service.recorder.live_holdings(), 0);
            assert_eq!(service.task("publisher").holdings, 0);
        });
    });
}

#[test]
fn a_slot_goes_with_its_end() {
    let service = Service::of_shims();
    service.within(|| {
        for _ in 0..3 {
            let (tx, rx) = mpsc::channel::<u8>(2);
            let more: Vec<_> = (0..10).map(|_| tx.clone()).collect();
            drop(tx);
            drop(rx);
            drop(more);
        }
        assert_eq!(service.recorder.all_holdings().count(), 0);
    });
}

// === what is said of it ===

#[test]
fn an_end_that_its_acquirer_has_left_behind() {
    on_each(|service| {
        let kept = service.run(async {
            let (tx, rx) = mpsc::named::<u8>("jobs", 2);
            let (send, receive) = tokio::sync::oneshot::channel();
            let task = named("parker", async move {
                let _ = send.send(tx.clone());
                keep(tx).await;
            });
            settle().await;
            aborted(&task).await;
            let kept = receive.await.expect("it is cloned");
            assert_eq!(
                service.verdicts(GRACE_OVER),
                ["left-behind parker: channel jobs sender, before"]
            );
            drop(rx);
            assert!(service.verdicts(GRACE_OVER).is_empty(), "there is nobody to send to");
            kept
        });
        service.within(|| drop(kept));
    });
}

/// As a request does with a sender of the service's.
#[test]
fn who_has_only_used_an_end_may_have_been_lent_it() {
    on_each(|service| {
        service.run(async {
            let (tx, _rx) = mpsc::channel::<u8>(2);
            let of_service = std::sync::Arc::new(tx);
            let lent = std::sync::Arc::clone(&of_service);
            let request = named("request", async move {
                lent.send(1).await.expect("open");
                pending::<()>().await;
            });
            settle().await;
            assert_eq!(owners(service, "mpsc sender"), ["request"]);
            aborted(&request).await;
            assert!(service.verdicts(GRACE_OVER).is_empty());
            let story = service.held_in_the_story_of("request");
            assert!(story.len() == 1 && story[0].maybe_moved, "{story:#?}");
            drop(of_service);
        });
    });
}

#[test]
fn who_was_transferred_an_end_has_it() {
    on_each(|service| {
        service.run(async {
            let (tx, _rx) = mpsc::channel::<u8>(2);
            let of_service = std::sync::Arc::new(tx);
            let given = std::sync::Arc::clone(&of_service);
            let taker = named("taker", async move {
                given.transfer();
                given.send(1).await.expect("open");
                pending::<()>().await;
            });
            settle().await;
            aborted(&taker).await;
            let expected = ["left-behind taker: channel mpsc sender, before"];
            assert_eq!(service.verdicts(GRACE_OVER), expected);
            let keeper = named("keeper", pending::<()>());
            of_service.transfer_to(&keeper);
            assert!(service.verdicts(GRACE_OVER).is_empty());
            assert_eq!(owners(service, "mpsc sender"), ["keeper"]);
        });
    });
}

/// Used in a scope of the task that has acquired it.
#[test]
fn a_scope_of_its_acquirer_is_not_lent_an_end() {
    use crate::FutureExt;

    on_each(|service| {
        let kept = service.run(async {
            let (send, receive) = tokio::sync::oneshot::channel();
            let task = named("parker", async move {
                let (tx, rx) = mpsc::channel::<u8>(2);
                async { tx.send(1).await.expect("open") }.scope("sending").await;
                let _ = send.send((tx, rx));
                pending::<()>().await;
            });
            settle().await;
            aborted(&task).await;
            let said = service.verdicts(GRACE_OVER);
            assert!(said.len() == 1 && said[0].contains("channel mpsc sender, before"), "{said:?}");
            assert!(!said[0].contains("maybe moved"), "{said:?}");
            receive.await.expect("it is sent")
        });
        service.within(|| drop(kept));
    });
}

// === reservations ===

#[test]
fn a_reserved_place_is_a_holding_of_its_own() {
    on_each(|service| {
        service.run(async {
            let (tx, mut rx) = mpsc::named::<u8>("jobs", 4);
            let permits = || -> Vec<u32> {
                let permits = labelled(service, "jobs").into_iter();
                permits.filter(|it| it.kind == Kind::Permit).map(|it| it.amount).collect()
            };
            let permit = tx.reserve().await.expect("open");
            assert_eq!((permits(), depth(service, "jobs sender")), (vec![1], Some(1)));
            permit.send(1);
            assert_eq!((permits(), depth(service, "jobs sender")), (vec![], Some(1)));
            drop(tx.try_reserve().expect("open"));
            assert_eq!((permits(), depth(service, "jobs sender")), (vec![], Some(1)));
            let mut many = tx.reserve_many(3).await.expect("open");
            assert_eq!((permits(), depth(service, "jobs sender")), (vec![3], Some(4)));
            let one = many.next().expect("one of three");
            let mut amounts = permits();
            amounts.sort_unstable();
            assert_eq!((amounts, depth(service, "jobs sender")), (vec![1, 2], Some(4)));
            one.send(2);
            drop(many);
            assert_eq!((permits(), depth(service, "jobs sender")), (vec![], Some(2)));
            let owned = tx.clone().reserve_owned().await.expect("open");
            assert_eq!((permits(), labelled(service, "jobs sender").len()), (vec![1], 2));
            let released = owned.release();
            assert_eq!((permits(), depth(service, "jobs sender")), (vec![], Some(2)));
            drop(released.try_reserve_owned().expect("open").send(3));
            assert_eq!((permits(), labelled(service, "jobs sender").len()), (vec![], 1));
            assert_eq!(depth(service, "jobs receiver"), Some(3));
            assert_eq!(rx.recv_many(&mut Vec::new(), 8).await, 3);
            assert_eq!(depth(service, "jobs receiver"), Some(0));
        });
    });
}

#[test]
fn a_place_is_held_while_there_is_a_receiver() {
    let service = Service::of_shims();
    service.within(|| {
        let (tx, mut rx) = mpsc::channel::<u8>(2);
        let permit = tx.try_reserve().expect("open");
        rx.close();
        let held: Vec<Kind> = service.holdings().iter().map(|it| it.kind).collect();
        assert_eq!(held, [Kind::Permit], "the receiver waits for it to be sent into");
        drop(rx);
        assert_eq!(service.holdings(), []);
        permit.send(1);
        assert_eq!(service.recorder.live_holdings(), 0);
    });
}

#[test]
fn a_reserved_place_that_is_left_behind() {
    on_each(|service| {
        let kept = service.run(async {
            let (tx, rx) = mpsc::channel::<u8>(1);
            let (send, receive) = tokio::sync::oneshot::channel();
            let sender = tx.clone();
            let task = named("parker", async move {
                let _ = send.send(sender.reserve_owned().await.expect("open"));
                pending::<()>().await;
            });
            settle().await;
            aborted(&task).await;
            // The sender was lent to it, for all that is known.
            let expected = "left-behind parker: channel mpsc sender, before, maybe moved; \
                            permit mpsc, before";
            assert_eq!(service.verdicts(GRACE_OVER), [expected]);
            (receive.await.expect("it is reserved"), tx, rx)
        });
        service.within(|| drop(kept));
    });
}

#[test]
fn a_reserved_place_is_transferred_with_the_sender_that_it_owns() {
    on_each(|service| {
        let kept = service.run(async {
            let (send, receive) = tokio::sync::oneshot::channel();
            let task = named("reserves", async move {
                let (tx, rx) = mpsc::channel::<u8>(2);
                let own = tx.clone().reserve_owned().await.expect("open");
                let other = tx.reserve_owned().await.expect("open");
                drop(send.send((own, other, rx)));
                pending::<()>().await;
            });
            let (own, other, rx) = receive.await.expect("they are reserved");
            rx.transfer();
            own.transfer();
            let to = named("takes", pending::<()>());
            other.transfer_to(&to);
            aborted(&task).await;
            assert!(service.verdicts(GRACE_OVER).is_empty());
            let of_permits = owners(service, "mpsc");
            assert_eq!(owners(service, "mpsc sender"), of_permits);
            assert_eq!(of_permits, ["main", "takes"]);
            (own, other, rx)
        });
        service.within(|| drop(kept));
    });
}

// === who waits ===

#[test]
fn who_receives_waits_for_the_senders_and_who_sends_for_the_receiver() {
    on_each(|service| {
        service.run(async {
            let (tx, mut rx) = mpsc::named::<u8>("jobs", 1);
            let (sender, receiver) =
                (labelled(service, "jobs sender"), labelled(service, "jobs receiver"));
            let (of_sender, of_receiver) = (sender[0].resource, receiver[0].resource);
            assert_ne!(of_sender, of_receiver);
            let reads = named("reader", async move {
                assert_eq!(rx.recv().await, Some(1));
                keep(rx).await;
            });
            settle().await;
            let waiting = |who: &str, number| vec![(who.to_owned(), "jobs".to_owned(), number)];
            assert_eq!(waits(service), waiting("reader", of_sender));
            tx.send(1).await.expect("open");
            settle().await;
            assert_eq!(waits(service), []);
            tx.send(2).await.expect("it has room");
            let full = tx.clone();
            let writes = named("writer", async move { keep(full.send(3).await).await });
            settle().await;
            assert_eq!(waits(service), waiting("writer", of_receiver));
            aborted(&writes).await;
            assert_eq!(waits(service), []);
            drop(keeps("closer", async move { tx.closed().await }));
            settle().await;
            assert_eq!(waits(service), waiting("closer", of_receiver));
            aborted(&reads).await;
            assert_eq!(waits(service), []);
        });
    });
}

#[test]
fn who_receives_of_a_closed_channel_waits_for_the_reservations() {
    on_each(|service| {
        service.run(async {
            let (tx, mut rx) = mpsc::named::<u8>("jobs", 1);
            let permit = tx.reserve().await.expect("open");
            let reader = named("reader", async move {
                rx.close();
                assert_eq!(rx.recv().await, None);
            });
            settle().await;
            let reserved = labelled(service, "jobs").pop().expect("a permit").resource;
            assert_eq!(waits(service), [("reader".into(), "jobs".into(), reserved)]);
            drop(permit);
            settle().await;
            assert!(reader.is_finished());
            assert_eq!(waits(service), []);
        });
    });
}

#[test]
fn who_watches_and_who_listens_waits_for_the_senders() {
    on_each(|service| {
        service.run(async {
            let (config, mut watching) = watch::named("config", 1);
            let (events, mut listening) = broadcast::named::<u8>("events", 2);
            let mut waiting_for = watching.clone();
            drop(keeps("watcher", async move { watching.changed().await }));
            drop(keeps("picky", async move {
                waiting_for.wait_for(|value| *value == 3).await.map(|value| *value)
            }));
            drop(keeps("listener", async move { listening.recv().await }));
            settle().await;
            let mut who: Vec<_> =
                waits(service).into_iter().map(|(who, what, _)| (who, what)).collect();
            who.sort_unstable();
            let expected = [("listener", "events"), ("picky", "config"), ("watcher", "config")];
            assert_eq!(who, expected.map(|(who, what)| (who.to_owned(), what.to_owned())));
            config.send_replace(3);
            events.send(1).expect("somebody listens");
            settle().await;
            assert_eq!(waits(service), []);
        });
    });
}

#[test]
fn what_tokios_own_types_send_is_not_counted() {
    let service = Service::of_shims();
    service.within(|| {
        let (tx, mut rx) = mpsc::channel::<u8>(2);
        tx.try_send(1).expect("open");
        assert_eq!(depth(&service, "mpsc sender"), Some(1));
        tx.as_tokio().try_send(2).expect("open");
        assert_eq!(depth(&service, "mpsc sender"), None);
        assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(1), Ok(2)));
        // What was tokio's and becomes ours is not recorded, and works.
        let (tx, rx) = tokio::sync::mpsc::channel::<u8>(1);
        let (tx, mut rx): (mpsc::Sender<u8>, mpsc::Receiver<u8>) = (tx.into(), rx.into());
        tx.clone().try_send(3).expect("open");
        assert_eq!(rx.try_recv(), Ok(3));
    });
}
