//! What the service does: tasks that choose at every step, and threads that interfere.

use std::{
    future::{pending, poll_fn},
    pin::Pin,
    sync::{Arc, atomic::Ordering::SeqCst},
    task::Poll,
    thread,
    time::{Duration, Instant},
};

use holdover::{
    FutureExt,
    hold::{Held, Hold, Kind},
    sync::{CancellationToken, mpsc, oneshot},
    task::{Builder, JoinSet},
    time::call_later,
};
use tokio::{runtime::Handle, time::timeout};

use crate::{
    rng::Rng,
    world::{Abort, Life, Of, Thing, World, count},
};

/// More than the machine has cores, as a rule.
const WORKERS: usize = 4;
/// Tasks that go on all the time, and threads that are no runtime's.
const ACTORS: usize = 8;
const THREADS: usize = 2;
/// How deep children of children go.
const DEPTH: u64 = 3;
/// Nobody waits longer for anybody.
const PATIENCE: Duration = Duration::from_millis(4);

/// How many of what there were.
#[derive(Clone, Copy, Debug)]
pub struct Counts {
    /// Through shims: tasks, blocking closures, scopes.
    pub shims: u64,
    /// tokio's own, and `block_on`.
    pub plain: u64,
    /// Tasks of shims that were dropped before they had ended.
    pub cancelled: u64,
    /// Others of which that is so: some are not told from completed ones.
    pub perhaps_cancelled: u64,
}

impl Counts {
    /// How many a console knows of.
    pub fn recorded(&self) -> u64 {
        self.shims + if cfg!(tokio_unstable) { self.plain } else { 0 }
    }

    pub fn to_line(self) -> String {
        let Self { shims, plain, cancelled, perhaps_cancelled } = self;
        format!("{shims} {plain} {cancelled} {perhaps_cancelled}")
    }

    pub fn from_line(line: &str) -> Self {
        let numbers = line.split(' ').map(|number| number.parse().expect("a number"));
        let numbers: Vec<u64> = numbers.collect();
        let [shims, plain, cancelled, perhaps_cancelled] = numbers[..] else {
            panic!("four numbers, and not {line:?}")
        };
        Self { shims, plain, cancelled, perhaps_cancelled }
    }
}

type Body = Pin<Box<dyn Future<Output = ()> + Send>>;

pub fn run(seed: u64, time: Duration) -> Counts {
    let mut rng = Rng::new(seed);
    let world = World::new();
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(WORKERS).enable_all().build().expect("a runtime");
    let end = Instant::now() + time;
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let (world, rng, runtime) = (Arc::clone(&world), rng.fork(), runtime.handle().clone());
            thread::spawn(move || interfere(&world, rng, &runtime, end))
        })
        .collect();
    count(&world.plain);
    runtime.block_on(act(&world, &mut rng, end));
    for thread in threads {
        thread.join().expect("it does not panic");
    }
    while !world.end_all(&mut rng) {
        thread::sleep(Duration::from_millis(1));
    }
    world.clear();
    drop(runtime);
    let of = |counter: &std::sync::atomic::AtomicU64| counter.load(SeqCst);
    Counts {
        shims: of(&world.shims),
        plain: of(&world.plain),
        cancelled: of(&world.cancelled),
        perhaps_cancelled: of(&world.perhaps_cancelled),
    }
}

/// The actors: each goes on spawning tasks and waiting for some of them.
async fn act(world: &Arc<World>, rng: &mut Rng, end: Instant) {
    let mut actors = tokio::task::JoinSet::new();
    for _ in 0..ACTORS {
        let (world, mut rng) = (Arc::clone(world), rng.fork());
        count(&world.plain);
        actors.spawn(async move {
            while Instant::now() < end {
                spawn(&world, &mut rng, 0).await;
                for _ in 0..rng.below(4) {
                    step(&world, &mut rng, 0).await;
                }
            }
        });
    }
    while let Some(actor) = actors.join_next().await {
        actor.expect("it does not panic");
    }
}

/// A thread that is no runtime's wakes, drops and aborts, and blocks on what it spawns.
fn interfere(world: &Arc<World>, mut rng: Rng, runtime: &Handle, end: Instant) {
    while Instant::now() < end {
        match rng.below(5) {
            0 => world.drop_one(&mut rng),
            1 => world.wake_one(&mut rng),
            2 => world.abort_one(&mut rng),
            3 => {
                count(&world.plain);
                let body = body(world, &mut rng, DEPTH, Of::PlainOrScope);
                let _ = runtime.block_on(async { timeout(PATIENCE, body).await });
            }
            _ => {
                let _entered = runtime.enter();
                spawn_shim(world, &mut rng, DEPTH);
            }
        }
        thread::yield_now();
    }
}

/// What a task does: some steps, and perhaps no end until it is cancelled.
fn body(world: &Arc<World>, rng: &mut Rng, depth: u64, of: Of) -> Body {
    let (world, mut rng) = (Arc::clone(world), rng.fork());
    let life = Life::begin(&world, of);
    Box::pin(async move {
        for _ in 0..rng.below(5) {
            step(&world, &mut rng, depth).await;
        }
        if rng.chance(8) {
            let _held = Held::new(rng.below(9), Kind::Connection, "for ever");
            pending::<()>().await;
        }
        life.end();
    })
}

async fn step(world: &Arc<World>, rng: &mut Rng, depth: u64) {
    match rng.below(20) {
        0 => tokio::task::yield_now().await,
        1 => holdover::time::sleep(soon(rng)).await,
        2 => tokio::time::sleep(soon(rng)).await,
        3 => world.leave(Thing::Hold(Hold::new(Kind::Custom, "left"))),
        4 => world.leave(Thing::Held(Held::new(rng.below(9), Kind::Memory, "left").bytes(9))),
        5 => permits(world, rng).await,
        6 => locks(world, rng).await,
        7 => waits_for_a_wake(world).await,
        8 => channels(world, rng).await,
        9 => oneshots(world, rng).await,
        10 => callback(world, rng),
        11 => gives_up(world, rng).await,
        12 if depth < DEPTH => Box::pin(spawn(world, rng, depth + 1)).await,
        13 => world.abort_one(rng),
        14 => world.wake_one(rng),
        15 => blocking(world, rng).await,
        16 | 17 => gives_to_who_has_ended(world).await,
        _ => world.drop_one(rng),
    }
}

fn soon(rng: &mut Rng) -> Duration {
    Duration::from_micros(rng.below(3_000))
}

/// Spawns in one of the ways there are, and perhaps waits for what is spawned.
async fn spawn(world: &Arc<World>, rng: &mut Rng, depth: u64) {
    match rng.below(4) {
        0 => spawn_shim(world, rng, depth),
        1 => {
            count(&world.plain);
            let task = tokio::spawn(body(world, rng, depth, Of::PlainOrScope));
            world.leave_abort(Abort::Plain(task.abort_handle()));
            if rng.chance(2) {
                let _ = timeout(PATIENCE, task).await;
            }
        }
        2 => members(world, rng, depth).await,
        _ => bound(world, rng, depth).await,
    }
}

fn spawn_shim(world: &Arc<World>, rng: &mut Rng, depth: u64) {
    count(&world.shims);
    let task = holdover::spawn(body(world, rng, depth, Of::Shim));
    if rng.chance(3) {
        let life = Life::begin(world, Of::Callback);
        task.on_done(move |_| life.end());
    }
    if rng.chance(3) {
        let held = Hold::new(Kind::File, "given away");
        held.transfer_to(&task);
        world.leave(Thing::Hold(held));
    }
    world.leave_abort(Abort::Shim(task.abort_handle()));
}

/// A set that is joined, aborted or dropped.
async fn members(world: &Arc<World>, rng: &mut Rng, depth: u64) {
    let mut set = JoinSet::new();
    for _ in 0..rng.below(6) {
        count(&world.shims);
        set.spawn(body(world, rng, depth, Of::Shim));
    }
    match rng.below(3) {
        0 => drop(set),
        1 => set.abort_all(),
        _ => {
            let _ = timeout(PATIENCE, async { while set.join_next().await.is_some() {} }).await;
        }
    }
}

/// A task that a token asks.
async fn bound(world: &Arc<World>, rng: &mut Rng, depth: u64) {
    let token = CancellationToken::named("a choice");
    count(&world.shims);
    let builder = Builder::new().name("bound").token(&token);
    let body = body(world, rng, depth, Of::Shim);
    let own = token.clone();
    let life = Life::begin(world, Of::Callback);
    let task = builder.spawn(async move {
        tokio::select! {
            () = own.cancelled() => {}
            () = body => {}
        }
        life.end();
    });
    let task = task.expect("a task");
    world.leave_abort(Abort::Shim(task.abort_handle()));
    if rng.chance(2) {
        holdover::time::sleep(soon(rng)).await;
    }
    token.child_token().cancel();
    token.cancel();
    world.leave(Thing::Token(token));
    let _ = timeout(PATIENCE, task).await;
}

async fn permits(world: &Arc<World>, rng: &mut Rng) {
    let semaphore = Arc::clone(&world.semaphore);
    let Ok(Ok(permit)) = timeout(PATIENCE, semaphore.acquire_owned()).await else { return };
    match rng.below(3) {
        0 => world.leave(Thing::Permit(permit)),
        1 => {
            permit.forget();
            world.semaphore.add_permits(1);
        }
        _ => {
            let plain = Arc::clone(&world.plain_semaphore);
            if let Ok(Ok(plain)) = timeout(PATIENCE, plain.acquire_owned()).await {
                world.leave(Thing::PlainPermit(plain));
            }
        }
    }
}

async fn locks(world: &Arc<World>, rng: &mut Rng) {
    let lock = Arc::clone(&world.lock);
    if let Ok(mut guard) = timeout(PATIENCE, lock.lock_owned()).await {
        *guard += 1;
        if rng.chance(2) {
            return world.leave(Thing::Guard(guard));
        }
        tokio::task::yield_now().await;
    }
    if let Ok(mut guard) = timeout(PATIENCE, world.plain_lock.lock()).await {
        *guard += 1;
        holdover::task::yield_now().await;
    }
}

/// Leaves its waker to whoever finds it, who may use it long after this has ended.
async fn waits_for_a_wake(world: &Arc<World>) {
    let mut left = false;
    let waits = poll_fn(|cx| {
        if left {
            return Poll::Ready(());
        }
        left = true;
        world.leave_waker(cx.waker().clone());
        Poll::Pending
    });
    let _ = timeout(PATIENCE, waits).await;
}

async fn channels(world: &Arc<World>, rng: &mut Rng) {
    let (sender, mut receiver) = mpsc::channel(2);
    world.leave(Thing::Sender(sender.clone()));
    let _ = timeout(PATIENCE, sender.send(1)).await;
    if rng.chance(2) {
        drop(sender);
    } else {
        let (plain, mut queue) = tokio::sync::mpsc::channel(1);
        world.leave(Thing::PlainSender(plain.clone()));
        let _ = timeout(PATIENCE, plain.send(1)).await;
        let _ = timeout(PATIENCE, queue.recv()).await;
        world.leave(Thing::Sender(sender));
    }
    let _ = timeout(PATIENCE, receiver.recv()).await;
    if rng.chance(2) {
        receiver.close();
    }
    world.leave(Thing::Receiver(receiver));
}

async fn oneshots(world: &Arc<World>, rng: &mut Rng) {
    let (reply, mut answer) = oneshot::channel();
    match rng.below(4) {
        0 => world.leave(Thing::Reply(reply)),
        1 => drop(reply),
        2 => {
            let _ = reply.send(1);
        }
        _ => {
            world.leave(Thing::Answer(answer));
            return world.leave(Thing::Reply(reply));
        }
    }
    let _ = timeout(PATIENCE, &mut answer).await;
    world.leave(Thing::Answer(answer));
}

async fn gives_to_who_has_ended(world: &Arc<World>) {
    count(&world.shims);
    let life = Life::begin(world, Of::Shim);
    let mut task = holdover::spawn(async move { life.end() });
    if timeout(PATIENCE, &mut task).await.is_ok() {
        let held = Hold::new(Kind::File, "given too late");
        held.transfer_to(&task);
        world.leave(Thing::Hold(held));
    }
}

fn callback(world: &Arc<World>, rng: &mut Rng) {
    let (in_it, life) = (Arc::clone(world), Life::begin(world, Of::Callback));
    let timer = call_later(soon(rng), move || {
        in_it.leave(Thing::Hold(Hold::new(Kind::Socket, "made in a callback")));
        life.end();
    });
    if rng.chance(3) {
        timer.cancel();
    }
    world.leave(Thing::Timer(timer));
}

/// Scopes that are dropped unfinished: by a timeout, and as the branch of a `select!`.
async fn gives_up(world: &Arc<World>, rng: &mut Rng) {
    let scope = |world: &Arc<World>, mut rng: Rng| {
        let world = Arc::clone(world);
        async move {
            // A scope is recorded from its first poll on.
            count(&world.shims);
            let life = Life::begin(&world, Of::PlainOrScope);
            let _held = Hold::new(Kind::Connection, "of a scope");
            tokio::time::sleep(soon(&mut rng)).await;
            life.end();
        }
    };
    let _ = holdover::time::timeout(soon(rng), scope(world, rng.fork())).await;
    let (one, other) = (scope(world, rng.fork()), scope(world, rng.fork()));
    tokio::select! {
        () = one.scope("one") => {}
        () = other.scope("other") => {}
    }
}

async fn blocking(world: &Arc<World>, rng: &mut Rng) {
    let life = Life::begin(world, Of::Callback);
    if rng.chance(2) {
        count(&world.shims);
        let _ = timeout(PATIENCE, holdover::task::spawn_blocking(move || life.end())).await;
    } else {
        count(&world.plain);
        let _ = timeout(PATIENCE, tokio::task::spawn_blocking(move || life.end())).await;
    }
}
