//! Lives, from the first poll to what is left: a task's, a scope's, a closure's.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use super::{
    super::{Cancelled, things::Thing},
    Env, Flow, Hands,
};
use crate::accuracy::{
    ledger::{How, What, Why},
    program::{Actor, Plan, Step, ThingId},
    world::{Next, World},
};

/// Does what is planned when it is dropped, in a value's `Drop`.
pub(super) struct OnDrop {
    env: Arc<Env>,
    actor: Actor,
}

impl OnDrop {
    pub(super) fn new(env: &Arc<Env>, actor: Actor) -> Self {
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
pub(super) struct Witnessed<F> {
    future: Option<Pin<Box<F>>>,
    env: Arc<Env>,
    actor: Actor,
    how: How,
    /// Of a scope, why it is dropped, and by whom.
    pub(super) asked: Option<(Why, Actor)>,
}

impl<F: Future<Output = ()>> Witnessed<F> {
    pub(super) fn new(env: &Arc<Env>, actor: Actor, future: F) -> Self {
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
pub(super) async fn live(env: Arc<Env>, me: Actor, carried: Option<(ThingId, Thing)>) {
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
pub(super) fn block(env: &Arc<Env>, me: Actor, carried: Option<(ThingId, Thing)>) {
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
