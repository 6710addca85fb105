//! How tasks are spawned and asked to stop.

use std::sync::Arc;

use super::{
    super::{
        Tokens,
        rt::task::{Builder, JoinHandle, JoinSet},
        set_options,
        things::Thing,
    },
    Env, Hands,
    lives::{Witnessed, block, live},
};
use crate::accuracy::{
    ledger::{What, Why},
    program::{Actor, ActorKind, Flavor, Keep, ThingId},
};

impl Hands {
    pub(super) fn spawn(&mut self, by: Option<Actor>, actor: Actor, with: Option<ThingId>) {
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
        let body = Witnessed::new(&self.env, actor, live(Arc::clone(&self.env), actor, carried));
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

    pub(super) fn spawn_blocking(
        &mut self,
        name: &str,
        actor: Actor,
        carried: Option<(ThingId, Thing)>,
    ) {
        let (env, plan) = (Arc::clone(&self.env), &self.env.world.program.actors[actor]);
        let builder = set_options(Builder::new().name(name), plan, &env.tokens);
        let closure = {
            let env = Arc::clone(&env);
            move || block(&env, actor, carried)
        };
        self.keep(actor, builder.spawn_blocking(closure).expect("a runtime"));
    }

    pub(super) fn keep(&mut self, actor: Actor, handle: JoinHandle<()>) {
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

    pub(super) fn abort(&self, by: Option<Actor>, actor: Actor) {
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
    pub(super) fn is_aborted_from_outside(&self, me: Actor) {
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

    pub(super) fn cancel(&self, by: Option<Actor>, token: usize, how: impl FnOnce(&Tokens, usize)) {
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
}

/// A set, and who is in it.
pub(super) struct Set {
    pub(super) tasks: JoinSet<()>,
    members: Vec<Actor>,
    pub(super) owner: Option<Actor>,
    env: Arc<Env>,
}

impl Set {
    pub(super) fn new(env: &Arc<Env>, owner: Option<Actor>) -> Self {
        Self { tasks: JoinSet::new(), members: Vec::new(), owner, env: Arc::clone(env) }
    }

    pub(super) fn is_asked(&self, why: Why, by: Option<Actor>) {
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
