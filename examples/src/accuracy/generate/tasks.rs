//! What is done with tasks: they are spawned, asked to stop, waited for. Whoever ends with
//! another is found here, so that nobody else touches it in the same round.

use super::{ACTORS, Life, Maker};
use crate::accuracy::program::{
    Actor, ActorKind, Bond, Escape, Flavor, Keep, Plan, Step, ThingId, ThingKind, Token, WaitFor,
};

impl Maker {
    pub(super) fn plan(&mut self, kind: ActorKind, keep: Keep) -> Actor {
        self.program.actors.push(Plan::new(kind, keep));
        self.state.push(Life::default());
        self.program.actors.len() - 1
    }

    pub(super) fn spawn_top(&mut self) -> Step {
        let actor = self.plan(ActorKind::Task, Keep::Outside);
        self.decide(actor, true);
        self.state[actor].lives = true;
        Step::Spawn { actor, with: None, aborted: false }
    }

    pub(super) fn spawn_child(&mut self, spawner: Actor, in_future: bool) -> Option<Step> {
        if self.program.actors.len() >= ACTORS {
            return None;
        }
        // A runtime that is dropped waits for its closures.
        let blocking = if self.program.flavor == Flavor::Own { 0 } else { 15 };
        let kind = self.rng.weighted(&[(85, ActorKind::Task), (blocking, ActorKind::Blocking)]);
        let keep = self.rng.weighted(&[
            (40, Keep::Nobody),
            (18, Keep::Spawner),
            (17, Keep::Set),
            (25, Keep::Outside),
        ]);
        let gone_with_it = kind == ActorKind::Blocking && keep == Keep::Set;
        let keep = if gone_with_it || !in_future { Keep::Nobody } else { keep };
        let actor = self.plan(kind, keep);
        self.decide(actor, in_future);
        self.state[actor].spawner = Some(spawner);
        self.state[actor].lives = in_future;
        self.busy.insert(actor);
        let with = if in_future && self.rng.percent(25) { self.mine(spawner) } else { None };
        if let Some(thing) = with {
            self.state[spawner].mine.retain(|it| *it != thing);
            self.state[actor].mine.push(thing);
        }
        let aborted = self.may_be_aborted_at_once(actor) && self.rng.percent(12);
        if aborted {
            self.kill(&[actor]);
        }
        Some(Step::Spawn { actor, with, aborted })
    }

    /// Over tokio alone an abort while another worker polls it looks like its completion.
    pub(super) fn may_be_aborted_at_once(&self, actor: Actor) -> bool {
        let Plan { kind, keep, .. } = self.program.actors[actor];
        let has_handle = matches!(keep, Keep::Spawner | Keep::Outside);
        let seen = self.is_shim() || self.program.flavor != Flavor::Multi;
        let guards = self.program.actors[actor].guards().is_some();
        kind == ActorKind::Task && has_handle && seen && !guards
    }

    /// What is particular about a task.
    pub(super) fn decide(&mut self, actor: Actor, may_drop: bool) {
        let is_set = self.program.actors[actor].keep == Keep::Set;
        let is_task = self.program.actors[actor].kind == ActorKind::Task;
        if self.is_shim() && !is_set {
            self.program.actors[actor].tracked = self.rng.percent(10);
            self.program.actors[actor].detached = self.rng.percent(8);
            self.program.actors[actor].patient = self.rng.percent(5);
            if is_task && self.rng.percent(22) {
                self.bond(actor, may_drop);
            }
        }
        let ends_alone = !matches!(self.program.flavor, Flavor::Own | Flavor::OwnSet);
        if self.is_shim() && is_task && !is_set && may_drop && ends_alone && self.rng.percent(9) {
            self.guard(actor);
        }
        if is_task && may_drop && self.rng.percent(28) {
            for _ in 0..=self.rng.below(2) {
                let step = self.drop_step(actor);
                self.program.actors[actor].on_drop.extend(step);
            }
        }
    }

    /// It cancels a token when its future is dropped, as it has a `DropGuard`.
    pub(super) fn guard(&mut self, actor: Actor) {
        let of_others = |token: &Token| !self.is_cancelled(*token) && !self.asks(*token, actor);
        let tokens: Vec<Token> = (0..=self.program.tokens.len()).filter(of_others).collect();
        let token = self.rng.pick(&tokens);
        self.program.actors[actor].on_drop.extend(token.map(Step::DropGuard));
    }

    pub(super) fn bond(&mut self, actor: Actor, may_drop: bool) {
        let tokens: Vec<Token> =
            (0..=self.program.tokens.len()).filter(|token| !self.is_cancelled(*token)).collect();
        let Some(token) = self.rng.pick(&tokens) else { return };
        let (bound, returns) = (self.rng.percent(70), self.rng.percent(65));
        // Who merely waits is found when a console looks, and a shutdown may come before.
        let bound = bound || matches!(self.program.flavor, Flavor::Own | Flavor::OwnSet);
        // One that is spawned in a drop may be spawned, and not wait yet, when its token is
        // cancelled elsewhere.
        let bound = bound || !may_drop;
        self.program.actors[actor].bond = Some(Bond { token, bound, returns });
        if self.rng.percent(40) {
            let step = self.drop_step(actor);
            self.program.actors[actor].on_notice.extend(step);
        }
    }

    /// Something of which nothing stays where it is done.
    pub(super) fn drop_step(&mut self, actor: Actor) -> Option<Step> {
        if self.rng.percent(35) {
            return self.spawn_child(actor, false);
        }
        let kind = match self.kind() {
            ThingKind::Permit => ThingKind::Guard,
            // A runtime that is being dropped has no timers.
            _ if self.program.flavor == Flavor::Own => ThingKind::Guard,
            other => other,
        };
        let id = self.new_thing(kind);
        let escape =
            self.rng.weighted(&[(60, Escape::Static), (20, Escape::Channel), (20, Escape::None)]);
        Some(Step::Take(id, kind, escape))
    }

    pub(super) fn is_cancelled(&self, token: Token) -> bool {
        self.cancelled.iter().any(|above| self.program.is_below(token, *above))
    }

    /// Whoever ends with this one: the members of its set, those that return when the
    /// token is cancelled that it guards, and theirs.
    pub(super) fn killed_with(&self, actor: Actor) -> Vec<Actor> {
        let mut all = vec![actor];
        let mut seen = 0;
        while let Some(actor) = all.get(seen).copied() {
            seen += 1;
            let members = (0..self.state.len()).filter(|other| {
                let member = self.program.actors[*other].keep == Keep::Set;
                member && self.state[*other].spawner == Some(actor) && self.state[*other].lives
            });
            let guarded = self.asked_by_the_end_of(actor).into_iter();
            let returns = |it: &Actor| self.program.actors[*it].bond.is_some_and(|it| it.returns);
            let more: Vec<Actor> = members.chain(guarded.filter(returns)).collect();
            for more in more {
                if !all.contains(&more) {
                    all.push(more);
                }
            }
        }
        all
    }

    /// Those of the token that it guards.
    pub(super) fn asked_by_the_end_of(&self, actor: Actor) -> Vec<Actor> {
        let guards = self.program.actors[actor].guards().filter(|it| !self.is_cancelled(*it));
        let asked = |it: &Actor| guards.is_some_and(|token| self.asks(token, *it));
        self.living().into_iter().filter(asked).collect()
    }

    pub(super) fn asks(&self, token: Token, actor: Actor) -> bool {
        let bond = self.program.actors[actor].bond.map(|bond| bond.token);
        let of_scopes = self.state[actor].bound_scopes.iter().copied();
        bond.into_iter().chain(of_scopes).any(|below| self.program.is_below(below, token))
    }

    pub(super) fn kill(&mut self, actors: &[Actor]) {
        for actor in actors {
            let asked = self.asked_by_the_end_of(*actor);
            self.busy.extend(asked);
            self.cancelled.extend(self.program.actors[*actor].guards());
            self.busy.insert(*actor);
            if self.program.actors[*actor].kind != ActorKind::Blocking {
                self.state[*actor].lives = false;
                self.state[*actor].mine.clear();
            }
        }
    }

    /// None of them is touched by somebody else in this round, or is asked by their end
    /// and touched; nor is any about which tokens can quarrel.
    pub(super) fn are_free(&self, actors: &[Actor]) -> bool {
        let asked = actors.iter().flat_map(|it| self.asked_by_the_end_of(*it));
        let tokens: Vec<Token> =
            actors.iter().filter_map(|it| self.program.actors[*it].guards()).collect();
        let new = self.busy.iter().any(|it| tokens.iter().any(|token| self.asks(*token, *it)));
        !new && actors.iter().copied().chain(asked).all(|it| !self.busy.contains(&it))
    }

    /// All of these can be killed in this round.
    pub(super) fn kill_all(&mut self, actors: &[Actor]) -> bool {
        let all: Vec<Actor> = actors.iter().flat_map(|it| self.killed_with(*it)).collect();
        let free = self.are_free(&all);
        if free {
            self.kill(&all);
        }
        free
    }

    pub(super) fn abort(&mut self, victim: Actor) -> Option<Step> {
        self.kill_all(&[victim]).then_some(Step::Abort(victim))
    }

    pub(super) fn abort_another(&mut self, actor: Actor) -> Option<Step> {
        let has = |it: &Actor| {
            let plan = &self.program.actors[*it];
            let mine = plan.keep == Keep::Spawner && self.state[*it].spawner == Some(actor);
            it != &actor && (mine || plan.keep == Keep::Outside)
        };
        let has: Vec<Actor> = self.living().into_iter().filter(has).collect();
        let victim = self.rng.pick(&has)?;
        self.abort(victim)
    }

    pub(super) fn end_set(&mut self, actor: Actor) -> Option<Step> {
        let members: Vec<Actor> =
            self.killed_with(actor).into_iter().filter(|it| *it != actor).collect();
        let step = if self.rng.percent(50) { Step::AbortSet } else { Step::DropSet };
        (!members.is_empty() && self.kill_all(&members)).then_some(step)
    }

    pub(super) fn cancel_token(&mut self) -> Option<Step> {
        let tokens: Vec<Token> =
            (0..=self.program.tokens.len()).filter(|token| !self.is_cancelled(*token)).collect();
        let token = self.rng.pick(&tokens)?;
        self.cancel(token)
    }

    /// What a scope is bound to that runs until that is cancelled.
    pub(super) fn token_of_a_scope(&mut self) -> Option<Bond> {
        if !self.is_shim() {
            return None;
        }
        let tokens: Vec<Token> =
            (0..=self.program.tokens.len()).filter(|token| !self.is_cancelled(*token)).collect();
        let token = self.rng.pick(&tokens)?;
        Some(Bond { token, bound: true, returns: false })
    }

    pub(super) fn cancel(&mut self, token: Token) -> Option<Step> {
        let bonded: Vec<Actor> =
            self.living().into_iter().filter(|it| self.asks(token, *it)).collect();
        // Also one that is aborted in this round: which request is first is not known.
        if self.busy.iter().any(|it| self.asks(token, *it)) {
            return None;
        }
        let ends = |it: &Actor| self.program.actors[*it].bond.is_some_and(|bond| bond.returns);
        let dying: Vec<Actor> = bonded.iter().copied().filter(ends).collect();
        if !self.kill_all(&dying) {
            return None;
        }
        self.busy.extend(bonded);
        self.cancelled.insert(token);
        Some(Step::Cancel(token))
    }

    pub(super) fn wait(&mut self, actor: Actor) -> Step {
        if let Some(wait) = self.state[actor].wait.take() {
            return Step::GiveUp(wait);
        }
        let on = self.what_to_wait_for(actor);
        let wait = self.kinds.len();
        // A number of its own; nothing that can be moved or used.
        self.kinds.push(ThingKind::Hold);
        self.state[actor].wait = Some(wait);
        Step::Wait(wait, on)
    }

    fn what_to_wait_for(&mut self, actor: Actor) -> WaitFor {
        if self.rng.percent(30)
            && let Some(receiver) = self.open_receiver(actor)
        {
            self.state[actor].mine.retain(|it| *it != receiver);
            return WaitFor::Message(receiver);
        }
        let is_shared = |kind: &ThingKind| {
            use ThingKind::{Guard, Read, Single, Write};
            matches!(kind, Guard | Read | Write | Single)
        };
        let shared = 0..self.kinds.len();
        let shared: Vec<ThingId> = shared.filter(|it| is_shared(&self.kinds[*it])).collect();
        match self.rng.pick(&shared) {
            Some(permit) if self.kinds[permit] == ThingKind::Single => WaitFor::Permit(permit),
            Some(lock) if self.rng.percent(32) => WaitFor::Read(lock),
            Some(lock) if self.rng.percent(72) => WaitFor::Write(lock),
            _ if self.rng.percent(40) => WaitFor::Barrier,
            _ => WaitFor::Notify,
        }
    }

    /// One with which it can be waited until there is something.
    fn open_receiver(&mut self, actor: Actor) -> Option<ThingId> {
        let mine = &self.state[actor].mine;
        let receives = |it: &ThingId| matches!(self.kinds[*it], ThingKind::Receiver(_));
        let open = mine.iter().copied().filter(|it| receives(it) && !self.closed.contains(it));
        let open: Vec<ThingId> = open.collect();
        self.rng.pick(&open)
    }

    pub(super) fn on_done(&mut self, actor: Actor) -> Option<Step> {
        let has = |it: &Actor| {
            let plan = &self.program.actors[*it];
            let mine = plan.keep == Keep::Spawner && self.state[*it].spawner == Some(actor);
            it != &actor && !self.busy.contains(it) && (mine || plan.keep == Keep::Outside)
        };
        let has: Vec<Actor> = self.living().into_iter().filter(has).collect();
        let on = self.rng.pick(&has)?;
        self.busy.insert(on);
        let id = self.new_thing(ThingKind::Hold);
        Some(Step::OnDone(on, id))
    }
}
