//! Carries out a program: its tasks and scopes, and what they do.

use std::{
    collections::HashMap,
    future::{Future, pending, poll_fn},
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
    time::Duration,
};

use super::{
    Cancelled, Tokens, Tracker, note_registered, on_done,
    rt::{
        sync::Semaphore,
        task::{Builder, JoinHandle, JoinSet},
        time::timeout,
    },
    scope, set_options,
    things::{Shared, Thing, use_shared},
    waits::Waiting,
};
use crate::accuracy::{
    ledger::{How, What, Why, Witness},
    program::{Actor, ActorKind, Escape, Flavor, Keep, Plan, ScopeEnd, Step, ThingId},
    runtimes::Workers,
    world::{Kept, Next, World},
};

/// What all of a run share.
#[derive(Debug)]
struct Env {
    world: Arc<World>,
    tokens: Tokens,
    tracker: Tracker,
    semaphore: Arc<Semaphore>,
}

/// Whether an actor goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    GoesOn,
    Ends,
}

/// One run of a program.
pub(in crate::accuracy) struct Run {
    env: Arc<Env>,
    outside: Hands,
}

impl Run {
    /// Of permits there are more than a program ever takes.
    const PERMITS: usize = 1000;

    pub(in crate::accuracy) fn new(world: Arc<World>) -> Self {
        let tokens = Tokens::new(&world.program);
        let semaphore = Arc::new(Semaphore::new(Self::PERMITS));
        let env = Arc::new(Env { world, tokens, tracker: Tracker::new(), semaphore });
        Self { outside: Hands::new(&env, None), env }
    }

    /// Carries out all rounds, within a runtime. False when one took too long.
    pub(in crate::accuracy) fn carry_out(&mut self, workers: &Workers) -> bool {
        let program = Arc::clone(&self.env.world.program);
        program.rounds.iter().all(|round| {
            for order in round {
                match order.who {
                    Some(actor) => self.env.world.post(actor, &order.steps),
                    None => order.steps.iter().for_each(|step| self.done_outside(step)),
                }
            }
            let at_rest = self.env.world.comes_to_rest();
            workers.have_parked();
            at_rest
        })
    }

    fn done_outside(&mut self, step: &Step) {
        match (step, self.env.world.remote()) {
            (Step::Spawn { actor, .. }, Some(remote)) => {
                let (env, actor) = (Arc::clone(&self.env), *actor);
                remote.run(move || Hands::new(&env, None).spawn(None, actor, None));
            }
            _ => self.outside.act(None, step),
        }
    }

    /// Lets go of everything.
    pub(in crate::accuracy) fn close(self) {
        self.env.world.close();
        self.env.semaphore.add_permits(Self::PERMITS);
    }
}

/// What an actor has.
struct Hands {
    env: Arc<Env>,
    /// Whose they are: a task's, or those of a scope that stays.
    me: Option<Actor>,
    /// They are those of a value's `Drop`: no `LocalSet` is entered there, perhaps.
    dropping: bool,
    mine: HashMap<ThingId, Thing>,
    shared: Vec<Shared>,
    waits: HashMap<ThingId, Waiting>,
    handles: HashMap<Actor, JoinHandle<()>>,
    set: Option<Set>,
    scopes: Vec<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Hands {
    fn new(env: &Arc<Env>, me: Option<Actor>) -> Self {
        Self {
            env: Arc::clone(env),
            me,
            dropping: false,
            mine: HashMap::new(),
            shared: Vec::new(),
            waits: HashMap::new(),
            handles: HashMap::new(),
            set: None,
            scopes: Vec::new(),
        }
    }

    fn world(&self) -> &Arc<World> {
        &self.env.world
    }

    async fn perform(&mut self, me: Actor, step: &Step) -> Flow {
        match step {
            Step::Scope(actor, steps, end) => self.scope(me, *actor, steps, *end).await,
            Step::Yield => super::rt::task::yield_now().await,
            Step::AbortedWhileRunning(steps) => {
                self.is_aborted_from_outside(me);
                for step in steps {
                    self.act(Some(me), step);
                }
                pending::<()>().await;
            }
            Step::AbortedAndReady => {
                self.is_aborted_from_outside(me);
                return Flow::Ends;
            }
            Step::End => return Flow::Ends,
            // No hook is to print this.
            Step::Panic => std::panic::resume_unwind(Box::new("on purpose")),
            step => self.act(Some(me), step),
        }
        Flow::GoesOn
    }

    /// Everything that takes no time.
    fn act(&mut self, by: Option<Actor>, step: &Step) {
        match step {
            Step::Take(thing, kind, escape) => {
                let Some(by) = by else { return };
                let env = Arc::clone(&self.env);
                for (id, taken) in Thing::take(*thing, *kind, &env.world, &env.semaphore, by) {
                    self.put(id, taken, *escape);
                    if let Some(me) = self.me.filter(|me| *escape == Escape::None && *me != by) {
                        // A scope's, in the hands of its task.
                        env.world.ledger.note(What::Fetched(id, me));
                    }
                }
            }
            Step::Put(thing, escape) => {
                if let Some(taken) = self.mine.remove(thing) {
                    self.put(*thing, taken, *escape);
                }
            }
            Step::Fetch(thing) => self.fetch(by, *thing),
            Step::Use(thing) => self.use_it(by, *thing),
            Step::Transfer(thing) => {
                if let Some(taken) = self.mine.get(thing)
                    && taken.transfer(None)
                {
                    self.world().ledger.note(What::Transferred(*thing, by));
                }
            }
            Step::Park(thing) => {
                if self.mine.get(thing).is_some_and(Thing::park) {
                    self.world().ledger.note(What::Transferred(*thing, None));
                }
            }
            Step::TransferTo(thing, actor) => self.transfer_to(*thing, *actor),
            Step::Split(thing, part) => {
                let (world, by) = (Arc::clone(self.world()), by);
                let taken = self.mine.get_mut(thing).zip(by);
                let half = taken.and_then(|(it, by)| it.split(*part, &world, by));
                self.mine.extend(half.map(|half| (*part, half)));
            }
            Step::Wait(wait, on) => {
                let begun = by.and_then(|by| Waiting::begin(*wait, *on, self.world(), by));
                self.waits.extend(begun.map(|begun| (*wait, begun)));
            }
            Step::GiveUp(wait) => drop(self.waits.remove(wait)),
            Step::Clone(of, thing) => self.join(by, *of, *thing, Thing::another),
            Step::Reserve(of, end, place) => {
                let both = [*end, *place];
                let reserve = |it: &Thing, _, world: &_, by| it.reserve(both, world, by);
                self.join(by, *of, *place, reserve);
            }
            Step::Subscribe(of, thing) => self.join(by, *of, *thing, Thing::subscribe),
            Step::Close(thing) => {
                if let Some(taken) = self.mine.get_mut(thing) {
                    taken.close(&self.env.world);
                }
            }
            Step::Downgrade(thing) => {
                if let Some((taken, by)) = by.and_then(|by| Some((self.mine.remove(thing)?, by))) {
                    let taken = taken.downgrade(&self.env.world, by);
                    self.mine.insert(*thing, taken);
                }
            }
            Step::Release(thing) => self.release(*thing),
            Step::AddPermits(permits) => {
                self.world().ledger.note(What::PermitsAdded(*permits));
                self.env.semaphore.add_permits(*permits);
            }
            Step::OnDone(actor, thing) => self.register(*actor, *thing),
            step => self.act_on_tasks(by, step),
        }
    }

    fn act_on_tasks(&mut self, by: Option<Actor>, step: &Step) {
        match step {
            Step::Spawn { actor, with, aborted } => {
                self.spawn(by, *actor, *with);
                if *aborted {
                    self.abort(by, *actor);
                }
            }
            Step::Abort(actor) => self.abort(by, *actor),
            Step::AbortSet => {
                if let Some(set) = &mut self.set {
                    set.is_asked(Why::AbortAll, by);
                    set.tasks.abort_all();
                }
            }
            Step::DropSet => {
                if let Some(mut set) = self.set.take() {
                    set.owner = by;
                }
            }
            Step::Cancel(token) => self.cancel(by, *token, Tokens::cancel),
            Step::DropGuard(token) => self.cancel(by, *token, Tokens::drop_guard),
            Step::Look => {
                let me = by.and_then(|by| Some((by, self.world().program.actors[by].bond?)));
                if let Some((me, bond)) = me
                    && self.env.tokens.is_cancelled(bond.token)
                {
                    self.world().ledger.note(What::Told(me));
                }
            }
            _ => {}
        }
    }

    // === things ===

    fn put(&mut self, id: ThingId, thing: Thing, escape: Escape) {
        let world = Arc::clone(self.world());
        let escape = match escape {
            Escape::PermitForget if !thing.is_permit() => Escape::Static,
            other => other,
        };
        if escape != Escape::None {
            world.ledger.note(What::Escaped(id, escape));
        }
        match escape {
            Escape::None => {
                self.mine.insert(id, thing);
            }
            Escape::Static | Escape::Channel => world.keep(id, escape, Box::new(thing)),
            Escape::Arc => {
                let shared: Shared = Arc::new(Mutex::new(thing));
                self.shared.push(Arc::clone(&shared));
                world.keep(id, escape, Box::new(shared));
            }
            Escape::PermitForget => thing.forget(),
            Escape::Forget => std::mem::forget(thing),
        }
    }

    fn join(
        &mut self,
        by: Option<Actor>,
        of: ThingId,
        thing: ThingId,
        make: impl FnOnce(&Thing, ThingId, &Arc<World>, Actor) -> Option<Thing>,
    ) {
        let Some(by) = by else { return };
        let made = self.mine.get(&of).and_then(|it| make(it, thing, &self.env.world, by));
        if let Some(made) = made {
            self.mine.insert(thing, made);
            if let Some(me) = self.me.filter(|me| *me != by) {
                self.world().ledger.note(What::Fetched(thing, me));
            }
        }
    }

    fn fetch(&mut self, by: Option<Actor>, thing: ThingId) {
        let Some(by) = by else { return };
        let Some(kept) = self.world().take(thing) else { return };
        match kept.downcast::<Thing>() {
            Ok(taken) => {
                self.world().ledger.note(What::Fetched(thing, by));
                self.mine.insert(thing, *taken);
            }
            Err(shared) => self.world().keep(thing, Escape::Arc, shared),
        }
    }

    fn use_it(&mut self, by: Option<Actor>, thing: ThingId) {
        let Some(by) = by else { return };
        let world = Arc::clone(self.world());
        if let Some(mine) = self.mine.get_mut(&thing) {
            return mine.use_it(&world, by);
        }
        world.look_at(thing, |kept| {
            if let Some(shared) = kept.and_then(|kept| kept.downcast_ref::<Shared>()) {
                use_shared(shared, &world, by);
            }
        });
    }

    fn transfer_to(&self, thing: ThingId, actor: Actor) {
        let Some(taken) = self.mine.get(&thing) else { return };
        let Some(id) = self.world().id_of(actor) else { return };
        if taken.transfer(Some(id)) && !self.world().has_ended(actor) {
            self.world().ledger.note(What::Transferred(thing, Some(actor)));
        }
    }

    fn release(&mut self, thing: ThingId) {
        if let Some(mine) = self.mine.remove(&thing) {
            return mine.release();
        }
        // From an `Arc`, only the half that lies outside.
        if let Some(Ok(kept)) = self.world().take(thing).map(Kept::downcast::<Thing>) {
            kept.release();
        }
    }

    fn register(&self, actor: Actor, thing: ThingId) {
        let world = self.world();
        let register = |handle: &JoinHandle<()>| {
            let witness = Witness::new(thing, &world.ledger);
            note_registered(world, &witness, actor);
            on_done(handle, witness);
        };
        if let Some(handle) = self.handles.get(&actor) {
            return register(handle);
        }
        world.with_handle(actor, |kept| {
            kept.and_then(|kept| kept.downcast_ref()).into_iter().for_each(register);
        });
    }

    // === tasks ===

    fn spawn(&mut self, by: Option<Actor>, actor: Actor, with: Option<ThingId>) {
        let world = Arc::clone(self.world());
        let plan = &world.program.actors[actor];
        if plan.kind == ActorKind::Scope || world.was_spawned(actor) {
            return;
        }
        let _moment = world.moment();
        world.ledger.note(What::Spawned(actor, by));
        world.spawned(actor);
        let name = world.name(actor);
        // On the set is what the set polls: no closure, and nothing that those spawn.
        let on_set = !self.dropping && self.me.is_none_or(|me| world.is_on_set(me));
        let has_set = matches!(world.program.flavor, Flavor::Local | Flavor::OwnSet);
        let local = has_set && on_set;
        if local && plan.kind != ActorKind::Blocking {
            world.is_put_on_set(actor);
        }
        let carried = with.and_then(|thing| Some((thing, self.mine.remove(&thing)?)));
        if let Some((thing, _)) = carried {
            world.ledger.note(What::Fetched(thing, actor));
        }
        if plan.kind == ActorKind::Blocking {
            return self.spawn_blocking(&name, actor, carried);
        }
        let body = witnessed(&self.env, actor, live(Arc::clone(&self.env), actor, carried));
        if plan.keep == Keep::Set {
            let set = self.set.get_or_insert_with(|| Set::new(&self.env, self.me));
            set.members.push(actor);
            let builder = set.tasks.build_task().name(&name);
            let handle = if local { builder.spawn_local(body) } else { builder.spawn(body) };
            world.set_id(actor, handle.expect("a runtime").id());
            return;
        }
        let builder = set_options(Builder::new().name(&name), plan, &self.env.tokens);
        let handle = if local {
            builder.spawn_local(body)
        } else if plan.tracked {
            builder.spawn(self.env.tracker.track(body))
        } else {
            builder.spawn(body)
        };
        self.keep(actor, handle.expect("a runtime"));
    }

    fn spawn_blocking(&mut self, name: &str, actor: Actor, carried: Option<(ThingId, Thing)>) {
        let (env, plan) = (Arc::clone(&self.env), &self.env.world.program.actors[actor]);
        let builder = set_options(Builder::new().name(name), plan, &env.tokens);
        let closure = {
            let env = Arc::clone(&env);
            move || block(&env, actor, carried)
        };
        self.keep(actor, builder.spawn_blocking(closure).expect("a runtime"));
    }

    fn keep(&mut self, actor: Actor, handle: JoinHandle<()>) {
        let world = Arc::clone(self.world());
        world.set_id(actor, handle.id());
        match world.program.actors[actor].keep {
            Keep::Outside => world.keep_handle(actor, Box::new(handle)),
            Keep::Spawner => {
                self.handles.insert(actor, handle);
            }
            Keep::Nobody | Keep::Set => drop(handle),
        }
    }

    fn abort(&self, by: Option<Actor>, actor: Actor) {
        let world = self.world();
        let abort = |handle: &JoinHandle<()>| {
            if world.has_ended(actor) {
                // What it ended by is noted a moment before tokio and the recorder
                // know of it.
                while !handle.is_finished() {
                    std::thread::yield_now();
                }
            }
            world.ledger.note(What::Asked { actor, why: Why::Abort, by, running: false });
            if world.program.actors[actor].kind == ActorKind::Task {
                world.must_end(actor);
            }
            handle.abort();
        };
        if let Some(handle) = self.handles.get(&actor) {
            return abort(handle);
        }
        world.with_handle(actor, |kept| {
            kept.and_then(|kept| kept.downcast_ref()).into_iter().for_each(abort);
        });
    }

    /// Aborts the very task that runs here.
    fn is_aborted_from_outside(&self, me: Actor) {
        let world = self.world();
        world.with_handle(me, |kept| {
            let Some(handle) = kept.and_then(|kept| kept.downcast_ref::<JoinHandle<()>>()) else {
                return;
            };
            let why = Why::Abort;
            world.ledger.note(What::Asked { actor: me, why, by: None, running: true });
            world.must_end(me);
            std::thread::scope(|threads| {
                threads.spawn(|| handle.abort());
            });
        });
    }

    fn cancel(&self, by: Option<Actor>, token: usize, how: impl FnOnce(&Tokens, usize)) {
        let world = self.world();
        world.ledger.note(What::Cancelled { token, by });
        for (actor, plan) in world.program.actors.iter().enumerate() {
            let ends = plan
                .bond
                .is_some_and(|bond| bond.returns && world.program.is_below(bond.token, token));
            if ends && world.was_spawned(actor) {
                world.must_end(actor);
            }
        }
        how(&self.env.tokens, token);
    }

    // === scopes ===

    /// What a scope does, which may be another scope within it.
    fn does<'a>(
        &'a mut self,
        me: Actor,
        steps: &'a [Step],
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async move {
            for step in steps {
                match step {
                    Step::Scope(actor, steps, end) => self.scope(me, *actor, steps, *end).await,
                    step => self.act(Some(me), step),
                }
            }
        })
    }

    async fn scope(&mut self, me: Actor, actor: Actor, steps: &[Step], end: ScopeEnd) {
        let env = Arc::clone(&self.env);
        let name = env.world.name(actor);
        if env.world.was_spawned(actor) {
            return;
        }
        env.world.scope_begins(actor);
        if env.world.is_on_set(me) {
            env.world.is_put_on_set(actor);
        }
        env.world.ledger.note(What::Spawned(actor, Some(me)));
        if end == ScopeEnd::Stays {
            let (mut hands, steps) = (Self::new(&env, Some(actor)), steps.to_vec());
            let body = async move {
                let _on_drop = OnDrop::new(&hands.env, actor);
                hands.does(actor, &steps).await;
                pending::<()>().await;
            };
            let mut scope: Pin<Box<dyn Future<Output = ()> + Send>> =
                Box::pin(scope(Witnessed::new(&env, actor, body), name));
            let _ = scope.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            self.scopes.push(scope);
            return;
        }
        let body = async {
            let _on_drop = OnDrop::new(&env, actor);
            let owns = env.world.program.actors[actor].owns;
            let mut own = owns.then(|| Self::new(&env, Some(actor)));
            own.as_mut().unwrap_or(self).does(actor, steps).await;
            if matches!(end, ScopeEnd::Loses | ScopeEnd::TimesOut) {
                pending::<()>().await;
            }
        };
        let asked = match end {
            ScopeEnd::TimesOut => Some((Why::Timeout, me)),
            ScopeEnd::Loses => Some((Why::Dropped, me)),
            ScopeEnd::Completes | ScopeEnd::InTime | ScopeEnd::Stays => None,
        };
        let mut body = Witnessed::new(&env, actor, body);
        body.asked = asked;
        match end {
            ScopeEnd::TimesOut => {
                let _ = timeout(Duration::from_millis(2), body).await;
            }
            ScopeEnd::InTime => {
                let _ = timeout(Duration::from_secs(3600), body).await;
            }
            ScopeEnd::Loses => {
                tokio::select! {
                    biased;
                    () = scope(body, name) => {}
                    () = std::future::ready(()) => {}
                }
            }
            ScopeEnd::Completes | ScopeEnd::Stays => scope(body, name).await,
        }
    }
}

/// A set, and who is in it.
struct Set {
    tasks: JoinSet<()>,
    members: Vec<Actor>,
    owner: Option<Actor>,
    env: Arc<Env>,
}

impl Set {
    fn new(env: &Arc<Env>, owner: Option<Actor>) -> Self {
        Self { tasks: JoinSet::new(), members: Vec::new(), owner, env: Arc::clone(env) }
    }

    fn is_asked(&self, why: Why, by: Option<Actor>) {
        for actor in &self.members {
            let (actor, running) = (*actor, false);
            self.env.world.ledger.note(What::Asked { actor, why, by, running });
            self.env.world.must_end(actor);
        }
    }
}

impl Drop for Set {
    fn drop(&mut self) {
        self.is_asked(Why::SetDropped, self.owner);
    }
}

/// Does what is planned when it is dropped, in a value's `Drop`.
struct OnDrop {
    env: Arc<Env>,
    actor: Actor,
}

impl OnDrop {
    fn new(env: &Arc<Env>, actor: Actor) -> Self {
        Self { env: Arc::clone(env), actor }
    }
}

impl Drop for OnDrop {
    fn drop(&mut self) {
        let world = Arc::clone(&self.env.world);
        let mut hands = Hands::new(&self.env, Some(self.actor));
        hands.dropping = true;
        if !world.is_closing() {
            for step in &world.program.actors[self.actor].on_drop {
                hands.act(Some(self.actor), step);
            }
        }
    }
}

/// A future that notes when it begins to be dropped and when it is gone.
struct Witnessed<F> {
    future: Option<Pin<Box<F>>>,
    env: Arc<Env>,
    actor: Actor,
    how: How,
    /// Of a scope, why it is dropped, and by whom.
    asked: Option<(Why, Actor)>,
}

fn witnessed<F: Future<Output = ()>>(env: &Arc<Env>, actor: Actor, future: F) -> Witnessed<F> {
    Witnessed::new(env, actor, future)
}

impl<F: Future<Output = ()>> Witnessed<F> {
    fn new(env: &Arc<Env>, actor: Actor, future: F) -> Self {
        let (env, future) = (Arc::clone(env), Some(Box::pin(future)));
        Self { future, env, actor, how: How::Dropped, asked: None }
    }
}

impl<F: Future<Output = ()>> Future for Witnessed<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(mut future) = self.future.take() else { return Poll::Ready(()) };
        // It stays so when the poll panics: then the future is gone with that.
        self.how = How::Panicked;
        let polled = future.as_mut().poll(cx);
        self.how = if polled.is_ready() { How::Completed } else { How::Dropped };
        if polled.is_pending() {
            self.future = Some(future);
        }
        polled
    }
}

impl<F> Drop for Witnessed<F> {
    fn drop(&mut self) {
        let world = Arc::clone(&self.env.world);
        if self.how == How::Dropped {
            if let Some((why, by)) = self.asked {
                let (actor, by, running) = (self.actor, Some(by), false);
                world.ledger.note(What::Asked { actor, why, by, running });
            }
            world.ledger.note(What::DropBegan(self.actor));
        }
        drop(self.future.take());
        world.ledger.note(What::Ended(self.actor, self.how));
        world.ended(self.actor);
    }
}

/// A task's life: it does what it is told, until it is to end.
async fn live(env: Arc<Env>, me: Actor, carried: Option<(ThingId, Thing)>) {
    let world = Arc::clone(&env.world);
    let plan = &world.program.actors[me];
    let mut hands = Hands::new(&env, Some(me));
    hands.mine.extend(carried);
    let _on_drop = OnDrop::new(&env, me);
    let mut cancelled = cancelled_of(&env, plan);
    let returns = plan.bond.is_some_and(|bond| bond.returns);
    let mut looked = false;
    loop {
        let next = poll_fn(|cx| {
            // A task that ignores its token waits on it, and never looks again.
            if (returns || !looked) && cancelled.poll(cx).is_ready() {
                return Poll::Ready(None);
            }
            looked = true;
            world.poll_next(me, cx).map(Some)
        });
        match next.await {
            Some(Next::Do(steps)) => {
                for step in &steps {
                    if hands.perform(me, step).await == Flow::Ends {
                        return;
                    }
                }
                world.done(me);
            }
            Some(Next::Leave) => return,
            None => {
                world.ledger.note(What::Told(me));
                for step in &plan.on_notice {
                    hands.act(Some(me), step);
                }
                return;
            }
        }
    }
}

fn cancelled_of(env: &Env, plan: &Plan) -> Cancelled {
    match plan.bond {
        Some(bond) if bond.returns || !bond.bound => env.tokens.cancelled(bond.token),
        _ => Cancelled::NEVER,
    }
}

/// A blocking closure's life.
fn block(env: &Arc<Env>, me: Actor, carried: Option<(ThingId, Thing)>) {
    struct Ends<'a>(&'a World, Actor);
    impl Drop for Ends<'_> {
        fn drop(&mut self) {
            self.0.ledger.note(What::Ended(self.1, How::Completed));
            self.0.ended(self.1);
        }
    }

    let world = Arc::clone(&env.world);
    let _ends = Ends(&world, me);
    let mut hands = Hands::new(env, Some(me));
    hands.mine.extend(carried);
    while let Next::Do(steps) = world.wait_next(me) {
        for step in &steps {
            if *step == Step::End {
                return;
            }
            hands.act(Some(me), step);
        }
        world.done(me);
    }
}
