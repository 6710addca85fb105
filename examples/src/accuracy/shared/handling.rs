//! What a task does with things: it brings, uses and releases them.

use std::sync::{Arc, Mutex};

use super::{
    super::{
        note_registered, on_done,
        rt::task::JoinHandle,
        things::{Shared, Thing, use_shared},
    },
    Hands,
};
use crate::accuracy::{
    ledger::{What, Witness},
    program::{Actor, Escape, ThingId},
    world::{Kept, World},
};

impl Hands {
    pub(super) fn put(&mut self, id: ThingId, thing: Thing, escape: Escape) {
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

    pub(super) fn join(
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

    pub(super) fn fetch(&mut self, by: Option<Actor>, thing: ThingId) {
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

    pub(super) fn use_it(&mut self, by: Option<Actor>, thing: ThingId) {
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

    pub(super) fn transfer_to(&self, thing: ThingId, actor: Actor) {
        let Some(taken) = self.mine.get(&thing) else { return };
        let Some(id) = self.world().id_of(actor) else { return };
        if taken.transfer(Some(id)) && !self.world().has_ended(actor) {
            self.world().ledger.note(What::Transferred(thing, Some(actor)));
        }
    }

    pub(super) fn release(&mut self, thing: ThingId) {
        if let Some(mine) = self.mine.remove(&thing) {
            return mine.release();
        }
        // From an `Arc`, only the half that lies outside.
        if let Some(Ok(kept)) = self.world().take(thing).map(Kept::downcast::<Thing>) {
            kept.release();
        }
    }

    pub(super) fn register(&self, actor: Actor, thing: ThingId) {
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
}
