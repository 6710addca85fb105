//! How tasks, sets and handles behave.

use std::{
    cell::RefCell,
    future::{Future, pending, poll_fn, ready},
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
};

use tokio::{
    runtime::{Builder, Handle, LocalOptions},
    select,
    sync::oneshot,
};

use super::{
    begin,
    rt::task::{self, JoinSet, LocalSet, yield_now},
};

#[cfg(all(tokio_unstable, feature = "console"))]
use super::rt::task::Builder as TaskBuilder;

tokio::task_local! {
    static NUMBER: u32;
}

#[tokio::test]
async fn a_task_gives_its_value_its_panic_or_that_it_was_cancelled() {
    begin();
    assert_eq!(task::spawn(async { 7 }).await.unwrap(), 7);
    let panicked = task::spawn(async { std::panic::resume_unwind(Box::new(7_u8)) });
    let panicked: Result<(), _> = panicked.await;
    assert_eq!(panicked.unwrap_err().into_panic().downcast_ref(), Some(&7_u8));
    let aborted = task::spawn(pending::<()>());
    let id = aborted.id();
    aborted.abort();
    let error = aborted.await.unwrap_err();
    assert!(error.is_cancelled());
    assert_eq!(error.id(), id);
}

#[tokio::test]
async fn a_task_knows_its_id_as_its_handles_do() {
    begin();
    let handle = task::spawn(async { task::id() });
    let (id, abort) = (handle.id(), handle.abort_handle());
    assert_eq!((abort.id(), handle.await.unwrap()), (id, id));
    assert!(abort.is_finished() && abort.clone().is_finished());
}

#[tokio::test]
async fn a_handle_is_finished_when_its_task_is() {
    begin();
    let (release, released) = oneshot::channel::<()>();
    let mut handle = task::spawn(released);
    yield_now().await;
    assert!(!handle.is_finished());
    release.send(()).unwrap();
    (&mut handle).await.unwrap().unwrap();
    assert!(handle.is_finished());
}

#[tokio::test]
async fn a_task_whose_handle_is_dropped_goes_on() {
    begin();
    let (tell, told) = oneshot::channel();
    drop(task::spawn(async move { tell.send(7) }));
    assert_eq!(told.await, Ok(7));
}

#[tokio::test]
async fn a_handle_can_lose_a_select_and_be_awaited_again() {
    begin();
    let (release, released) = oneshot::channel::<()>();
    let mut handle = task::spawn(async move {
        released.await.expect("it is released");
        7
    });
    for _ in 0..3 {
        select! {
            biased;
            joined = &mut handle => panic!("{joined:?}"),
            () = yield_now() => {}
        }
    }
    release.send(()).unwrap();
    let joined = select! {
        joined = &mut handle => joined,
        () = pending() => unreachable!("it never is"),
    };
    assert_eq!(joined.unwrap(), 7);
}

#[tokio::test]
async fn a_blocking_closure_gives_its_value() {
    begin();
    assert_eq!(task::spawn_blocking(|| 7).await.unwrap(), 7);
    let mut set = JoinSet::new();
    set.spawn_blocking(|| 7);
    set.spawn_blocking_on(|| 7, &Handle::current());
    assert_eq!(set.join_all().await, [7, 7]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_worker_steps_aside_for_a_blocking_call() {
    begin();
    let blocks = async {
        let (release, released) = oneshot::channel::<()>();
        task::spawn(async { release.send(()) });
        // Another thread must take over the worker's tasks.
        task::block_in_place(|| released.blocking_recv())
    };
    task::spawn(blocks).await.unwrap().unwrap();
}

#[tokio::test]
async fn task_locals_and_cooperation_are_tokios() {
    begin();
    let scoped = NUMBER.scope(7, async { NUMBER.get() });
    assert_eq!(task::spawn(scoped).await.unwrap(), 7);
    assert!(NUMBER.try_with(|number| *number).is_err());
    task::coop::consume_budget().await;
    assert!(task::coop::has_budget_remaining());
    assert_eq!(task::coop::unconstrained(ready(7)).await, 7);
    assert_eq!(task::coop::cooperative(ready(7)).await, 7);
}

#[tokio::test]
async fn a_set_gives_each_member_once() {
    begin();
    let mut set: JoinSet<u32> = (0..5).map(ready).collect();
    let sixth = set.spawn_on(ready(5), &Handle::current()).id();
    assert_eq!((set.len(), set.is_empty()), (6, false));
    let mut joined = Vec::new();
    while let Some(member) = set.join_next_with_id().await {
        joined.push(member.unwrap());
    }
    assert!(joined.contains(&(sixth, 5)));
    let mut values: Vec<_> = joined.into_iter().map(|(_, value)| value).collect();
    values.sort_unstable();
    assert_eq!(values, [0, 1, 2, 3, 4, 5]);
    assert!(set.is_empty() && set.join_next().await.is_none());
}

#[tokio::test]
async fn a_set_gives_what_is_ready_without_waiting() {
    begin();
    let mut set = JoinSet::new();
    assert!(set.try_join_next().is_none());
    let id = set.spawn(ready(7)).id();
    assert!(set.try_join_next().is_none(), "it has not run yet");
    yield_now().await;
    assert_eq!(set.try_join_next_with_id().unwrap().unwrap(), (id, 7));
    set.spawn(ready(8));
    let mut polls = 0;
    let joined = poll_fn(|cx| {
        polls += 1;
        set.poll_join_next(cx)
    });
    assert_eq!(joined.await.unwrap().unwrap(), 8);
    assert_eq!(polls, 2);
    assert!(poll_fn(|cx| set.poll_join_next_with_id(cx)).await.is_none());
}

/// `join_next` may lose a `select!` as often as one likes.
#[tokio::test]
async fn join_next_is_cancel_safe() {
    begin();
    let mut set = JoinSet::new();
    for number in 0..100 {
        set.spawn(async move {
            for _ in 0..number % 7 {
                yield_now().await;
            }
            number
        });
    }
    let (mut joined, mut lost) = (Vec::new(), 0);
    while !set.is_empty() {
        select! {
            biased;
            () = ready(()), if lost % 2 == 0 => lost += 1,
            member = set.join_next() => {
                joined.push(member.expect("it is not empty").unwrap());
                lost += 1;
            }
        }
        poll_and_drop(set.join_next(), &mut joined);
    }
    joined.sort_unstable();
    assert_eq!(joined, (0..100).collect::<Vec<_>>());
}

fn poll_and_drop<T, E>(next: impl Future<Output = Option<Result<T, E>>>, joined: &mut Vec<T>) {
    let polled = std::pin::pin!(next).poll(&mut Context::from_waker(Waker::noop()));
    if let Poll::Ready(Some(Ok(value))) = polled {
        joined.push(value);
    }
}

#[tokio::test]
async fn a_sets_members_are_aborted_with_it() {
    begin();
    let alive = Arc::new(());
    let member = |alive: &Arc<()>| {
        let alive = Arc::clone(alive);
        async move {
            pending::<()>().await;
            drop(alive);
        }
    };
    let mut set = JoinSet::new();
    set.spawn(member(&alive));
    set.abort_all();
    assert!(set.join_next().await.unwrap().unwrap_err().is_cancelled());
    set.spawn(member(&alive));
    set.shutdown().await;
    assert!(set.is_empty());
    set.spawn(member(&alive));
    drop(set);
    yield_now().await;
    assert_eq!(Arc::strong_count(&alive), 1);
}

#[tokio::test]
async fn shutdown_does_nothing_until_it_is_polled() {
    begin();
    let mut set = JoinSet::new();
    set.spawn(pending::<()>());
    drop(set.shutdown());
    yield_now().await;
    assert!(set.try_join_next().is_none());
    assert_eq!(set.len(), 1);
}

#[tokio::test]
async fn members_that_are_detached_go_on() {
    begin();
    let (tell, told) = oneshot::channel();
    let mut set = JoinSet::new();
    set.spawn(async move { tell.send(7) });
    set.detach_all();
    assert!(set.is_empty());
    drop(set);
    assert_eq!(told.await, Ok(7));
}

#[tokio::test]
async fn an_abort_handle_of_a_set_aborts_one_member() {
    begin();
    let mut set = JoinSet::new();
    let first = set.spawn(pending::<u8>());
    set.spawn(ready(7));
    first.abort();
    let mut ended = [set.join_next().await.unwrap(), set.join_next().await.unwrap()];
    ended.sort_by_key(Result::is_err);
    assert!(
        matches!(&ended, [Ok(7), Err(error)] if error.is_cancelled() && error.id() == first.id())
    );
}

#[test]
fn a_local_set_runs_what_is_not_send() {
    begin();
    let runtime = Builder::new_current_thread().build().unwrap();
    let local = LocalSet::new();
    let said = Rc::new(RefCell::new(Vec::new()));
    let says = |what: &'static str| {
        let said = Rc::clone(&said);
        async move { said.borrow_mut().push(what) }
    };
    let first = local.spawn_local(says("first"));
    {
        let _entered = local.enter();
        task::spawn_local(says("entered"));
    }
    local.block_on(&runtime, async {
        first.await.unwrap();
        task::spawn_local(says("within")).await.unwrap();
        let mut set = JoinSet::new();
        set.spawn_local(says("member"));
        set.spawn_local_on(says("member on"), &local);
        set.join_all().await;
    });
    local.spawn_local(says("awaited"));
    runtime.block_on(local);
    assert_eq!(*said.borrow(), ["first", "entered", "within", "member", "member on", "awaited"]);
}

#[test]
fn run_until_goes_on_with_the_sets_tasks() {
    begin();
    let runtime = Builder::new_current_thread().build().unwrap();
    let local = LocalSet::new();
    let polls = Rc::new(AtomicUsize::new(0));
    let counts = Rc::clone(&polls);
    let handle = local.spawn_local(async move {
        loop {
            counts.fetch_add(1, Ordering::Relaxed);
            yield_now().await;
        }
    });
    runtime.block_on(local.run_until(yield_now()));
    let before = polls.load(Ordering::Relaxed);
    assert!(before > 0);
    runtime.block_on(local.run_until(yield_now()));
    assert!(polls.load(Ordering::Relaxed) > before);
    drop(local);
    let ended: Result<(), _> = runtime.block_on(handle);
    assert!(ended.unwrap_err().is_cancelled());
    assert_eq!(Rc::strong_count(&polls), 1);
}

/// A runtime all of whose tasks are local needs no set.
#[test]
fn spawn_local_on_a_local_runtime() {
    begin();
    let runtime = Builder::new_current_thread().build_local(LocalOptions::default()).unwrap();
    let not_send = Rc::new(7);
    let spawned = runtime.block_on(async { task::spawn_local(async move { not_send }).await });
    assert_eq!(*spawned.unwrap(), 7);
}

#[tokio::test]
async fn handles_and_sets_are_shown_as_tokios() {
    begin();
    let handle = task::spawn(ready(7));
    let (abort, set, local) = (handle.abort_handle(), JoinSet::<u8>::new(), LocalSet::new());
    let id = format!("{:?}", handle.id());
    assert_eq!(format!("{handle:?}"), format!("JoinHandle {{ id: {id} }}"));
    assert_eq!(format!("{abort:?}"), format!("AbortHandle {{ id: {id} }}"));
    assert_eq!(format!("{set:?}"), "JoinSet { len: 0 }");
    assert_eq!(format!("{local:?}"), "LocalSet");
}

#[cfg(all(tokio_unstable, feature = "console"))]
#[tokio::test]
async fn a_builder_spawns_whatever_can_be_spawned() {
    begin();
    let runtime = Handle::current();
    assert_eq!(TaskBuilder::new().name("1").spawn(ready(1)).unwrap().await.unwrap(), 1);
    assert_eq!(TaskBuilder::new().spawn_on(ready(2), &runtime).unwrap().await.unwrap(), 2);
    assert_eq!(TaskBuilder::new().spawn_blocking(|| 3).unwrap().await.unwrap(), 3);
    assert_eq!(TaskBuilder::new().spawn_blocking_on(|| 4, &runtime).unwrap().await.unwrap(), 4);
    let local = LocalSet::new();
    let fifth = TaskBuilder::new().name("5").spawn_local_on(ready(Rc::new(5)), &local).unwrap();
    let rest = async {
        assert_eq!(*fifth.await.unwrap(), 5);
        *TaskBuilder::new().spawn_local(ready(Rc::new(6))).unwrap().await.unwrap()
    };
    assert_eq!(local.run_until(rest).await, 6);
}
