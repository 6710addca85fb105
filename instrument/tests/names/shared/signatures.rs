//! Every function that a shim stands for, called or named with the types that tokio's
//! has: these compile, or the test does not.

use std::{
    future::{Future, Ready, ready},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use tokio::runtime::{Handle, Runtime};

use super::rt::{
    task::{self, AbortHandle, Id, JoinError, JoinHandle, JoinSet, LocalEnterGuard, LocalSet},
    time::{self, Duration, Instant, Interval, MissedTickBehavior, Sleep, Timeout, error::Elapsed},
};

type Done = Ready<u8>;
/// A future that is not `Send`.
type Local = Ready<Rc<u8>>;
type Closure = fn() -> u8;
type LocalHandle = JoinHandle<Rc<u8>>;
type Joined = Result<u8, JoinError>;
type JoinedWithId = Result<(Id, u8), JoinError>;

#[test]
fn spawning() {
    let _: [fn(Done) -> JoinHandle<u8>; 2] = [super::rt::spawn::<Done>, task::spawn::<Done>];
    let _: fn(Local) -> LocalHandle = task::spawn_local::<Local>;
    let _: fn(Closure) -> JoinHandle<u8> = task::spawn_blocking::<Closure, u8>;
    let _: fn(Closure) -> u8 = task::block_in_place::<Closure, u8>;
    let _: fn() -> Id = task::id;
    let _: fn() -> Option<Id> = task::try_id;
}

#[test]
fn a_join_handle() {
    let _: fn(&JoinHandle<u8>) = JoinHandle::<u8>::abort;
    let _: fn(&JoinHandle<u8>) -> bool = JoinHandle::is_finished;
    let _: fn(&JoinHandle<u8>) -> AbortHandle = JoinHandle::abort_handle;
    let _: fn(&JoinHandle<u8>) -> Id = JoinHandle::id;
    let _: fn(Pin<&mut JoinHandle<u8>>, &mut Context<'_>) -> Poll<Joined> = Future::poll;
    let _: fn(&AbortHandle) = AbortHandle::abort;
    let _: fn(&AbortHandle) -> bool = AbortHandle::is_finished;
    let _: fn(&AbortHandle) -> Id = AbortHandle::id;
    let _: fn(&AbortHandle) -> AbortHandle = Clone::clone;
}

#[test]
fn a_join_set() {
    type Set = JoinSet<u8>;
    let _: fn() -> Set = Set::new;
    let _: fn() -> Set = Default::default;
    let _: fn(&Set) -> usize = Set::len;
    let _: fn(&Set) -> bool = Set::is_empty;
    let _: fn(&mut Set, Done) -> AbortHandle = Set::spawn::<Done>;
    let _: fn(&mut Set, Done, &Handle) -> AbortHandle = Set::spawn_on::<Done>;
    let _: fn(&mut Set, Closure) -> AbortHandle = Set::spawn_blocking::<Closure>;
    let _: fn(&mut Set, Closure, &Handle) -> AbortHandle = Set::spawn_blocking_on::<Closure>;
    let _: fn(&mut Set) -> Option<Joined> = Set::try_join_next;
    let _: fn(&mut Set) -> Option<JoinedWithId> = Set::try_join_next_with_id;
    let _: fn(&mut Set, &mut Context<'_>) -> Poll<Option<Joined>> = Set::poll_join_next;
    let _: fn(&mut Set, &mut Context<'_>) -> Poll<Option<JoinedWithId>> =
        Set::poll_join_next_with_id;
    let _: fn(&mut Set) = Set::abort_all;
    let _: fn(&mut Set) = Set::detach_all;
    let _: fn(Vec<Done>) -> Set = FromIterator::from_iter::<Vec<Done>>;
    let _: fn(&mut Set, Vec<Done>) = Extend::extend::<Vec<Done>>;
}

#[test]
fn a_join_set_of_what_is_not_send() {
    type Set = JoinSet<Rc<u8>>;
    type Joined = Result<Rc<u8>, JoinError>;
    let _: fn(&mut Set, Local) -> AbortHandle = Set::spawn_local::<Local>;
    let _: fn(&mut Set, Local, &LocalSet) -> AbortHandle = Set::spawn_local_on::<Local>;
    let _: fn(&mut Set) -> Option<Joined> = Set::try_join_next;
}

#[test]
fn a_local_set() {
    let _: fn() -> LocalSet = LocalSet::new;
    let _: fn(&LocalSet) -> LocalEnterGuard = LocalSet::enter;
    let _: fn(&LocalSet) -> tokio::runtime::Id = LocalSet::id;
    #[cfg(tokio_unstable)]
    let _: fn(&mut LocalSet, tokio::runtime::UnhandledPanic) -> &mut LocalSet =
        LocalSet::unhandled_panic;
    let _: fn(&LocalSet, Local) -> LocalHandle = LocalSet::spawn_local::<Local>;
    let _: fn(&LocalSet, &Runtime, Local) -> Rc<u8> = LocalSet::block_on::<Local>;
    let _: fn(Pin<&mut LocalSet>, &mut Context<'_>) -> Poll<()> = Future::poll;
}

#[test]
fn timers() {
    let _: fn(Duration) -> Sleep = time::sleep;
    let _: fn(Instant) -> Sleep = time::sleep_until;
    let _: fn(&Sleep) -> Instant = Sleep::deadline;
    let _: fn(&Sleep) -> bool = Sleep::is_elapsed;
    let _: fn(Pin<&mut Sleep>, Instant) = Sleep::reset;
    let _: fn(Duration) -> Interval = time::interval;
    let _: fn(Instant, Duration) -> Interval = time::interval_at;
    let _: fn(&mut Interval, &mut Context<'_>) -> Poll<Instant> = Interval::poll_tick;
    let _: [fn(&mut Interval); 2] = [Interval::reset, Interval::reset_immediately];
    let _: fn(&mut Interval, Duration) = Interval::reset_after;
    let _: fn(&mut Interval, Instant) = Interval::reset_at;
    let _: fn(&Interval) -> MissedTickBehavior = Interval::missed_tick_behavior;
    let _: fn(&mut Interval, MissedTickBehavior) = Interval::set_missed_tick_behavior;
    let _: fn(&Interval) -> Duration = Interval::period;
}

#[test]
fn a_timeout() {
    type Polled = Poll<Result<u8, Elapsed>>;
    let _: fn(Duration, Done) -> Timeout<Done> = time::timeout::<Done>;
    let _: fn(Instant, Done) -> Timeout<Done> = time::timeout_at::<Done>;
    let _: fn(&Timeout<Done>) -> &Done = Timeout::get_ref;
    let _: fn(&mut Timeout<Done>) -> &mut Done = Timeout::get_mut;
    let _: fn(Timeout<Done>) -> Done = Timeout::into_inner;
    let _: fn(Pin<&mut Timeout<Done>>, &mut Context<'_>) -> Polled = Future::poll;
}

/// As a library that spawns whatever it is given.
fn spawn_in_general<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    task::spawn(future)
}

async fn limit_in_general<F: IntoFuture>(future: F) -> Option<F::Output> {
    time::timeout(Duration::from_secs(60), future).await.ok()
}

fn send<F: Future + Send>(future: F) -> F {
    future
}

#[tokio::test]
async fn the_futures_of_async_methods_are_send_where_tokios_are() {
    let mut set = JoinSet::new();
    set.spawn(ready(1));
    assert_eq!(send(set.join_next()).await.unwrap().unwrap(), 1);
    set.spawn(ready(2));
    assert_eq!(send(set.join_next_with_id()).await.unwrap().unwrap().1, 2);
    send(set.shutdown()).await;
    set.spawn(ready(3));
    assert_eq!(send(set.join_all()).await, [3]);
    send(time::interval(Duration::from_secs(60)).tick()).await;
    send(time::timeout(Duration::from_secs(60), spawn_in_general(ready(4))))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(send(limit_in_general(ready(5))).await, Some(5));
    send(time::sleep(Duration::ZERO)).await;
    send(task::yield_now()).await;
}

/// The methods borrow no more than tokio's do.
#[tokio::test]
async fn what_async_methods_return_borrows_the_set_only() {
    fn shuts_down(set: &mut JoinSet<u8>) -> impl Future<Output = ()> + '_ {
        set.shutdown()
    }
    fn joins(set: &mut JoinSet<u8>) -> impl Future<Output = Option<Joined>> + '_ {
        set.join_next()
    }
    fn ticks(interval: &mut Interval) -> impl Future<Output = Instant> + '_ {
        interval.tick()
    }
    let mut set = JoinSet::from_iter([ready(1)]);
    assert_eq!(joins(&mut set).await.unwrap().unwrap(), 1);
    shuts_down(&mut set).await;
    ticks(&mut time::interval(Duration::from_secs(60))).await;
}

#[cfg(all(tokio_unstable, feature = "console"))]
#[test]
fn a_builder() {
    use std::io::Result;

    use super::rt::task::Builder;

    type Of = Builder<'static>;
    let _: fn() -> Of = Of::new;
    let _: fn() -> Of = Default::default;
    let _: fn(&Of, &'static str) -> Of = Of::name;
    let _: fn(Of, Done) -> Result<JoinHandle<u8>> = Of::spawn::<Done>;
    let _: fn(Of, Done, &Handle) -> Result<JoinHandle<u8>> = Of::spawn_on::<Done>;
    let _: fn(Of, Local) -> Result<LocalHandle> = Of::spawn_local::<Local>;
    let _: fn(Of, Local, &LocalSet) -> Result<LocalHandle> = Of::spawn_local_on::<Local>;
    let _: fn(Of, Closure) -> Result<JoinHandle<u8>> = Of::spawn_blocking::<Closure, u8>;
    let _: fn(Of, Closure, &Handle) -> Result<JoinHandle<u8>> =
        Of::spawn_blocking_on::<Closure, u8>;
}

#[cfg(all(tokio_unstable, feature = "console"))]
#[test]
fn a_builder_of_a_member() {
    use std::io::Result;

    use super::rt::task::join_set::Builder;

    type Of = Builder<'static, u8>;
    let _: fn(&mut JoinSet<u8>) -> Builder<'_, u8> = JoinSet::build_task;
    let _: fn(Of, &'static str) -> Of = Of::name;
    let _: fn(Of, Done) -> Result<AbortHandle> = Of::spawn::<Done>;
    let _: fn(Of, Done, &Handle) -> Result<AbortHandle> = Of::spawn_on::<Done>;
    let _: fn(Of, Done) -> Result<AbortHandle> = Of::spawn_local::<Done>;
    let _: fn(Of, Done, &LocalSet) -> Result<AbortHandle> = Of::spawn_local_on::<Done>;
    let _: fn(Of, Closure) -> Result<AbortHandle> = Of::spawn_blocking::<Closure>;
    let _: fn(Of, Closure, &Handle) -> Result<AbortHandle> = Of::spawn_blocking_on::<Closure>;
}
