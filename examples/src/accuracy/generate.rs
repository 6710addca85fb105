//! Makes a random program from a number. What it knows of the program's state only makes
//! that its steps do something; what they did is noted when it runs. What tasks do at the
//! same time must not depend on who is first: each thing and each task is touched by one
//! of them in a round.

use std::collections::HashSet;

use super::{
    program::{
        Actor, ActorKind, Bond, ChannelKind, Escape, Flavor, Form, Keep, Order, Plan, Program,
        ScopeEnd, Step, ThingId, ThingKind, Token, WaitFor,
    },
    rng::Rng,
};

/// The program of a number.
pub fn generate(seed: u64, form: Form) -> Program {
    let mut rng = Rng::new(seed ^ 0x5EED);
    let flavor = rng.weighted(&[
        (42, Flavor::Current),
        (42, Flavor::Multi),
        (10, Flavor::Local),
        (6, Flavor::Own),
        (6, Flavor::OwnSet),
    ]);
    let tokens = match form {
        Form::Shim => [0, 0, 1][..rng.below(4)].to_vec(),
        Form::Plain => Vec::new(),
    };
    let rounds = Vec::new();
    let program = Program { seed, form, flavor, actors: Vec::new(), tokens, rounds };
    let mut maker = Maker {
        rng,
        program,
        state: Vec::new(),
        stored: Vec::new(),
        kinds: Vec::new(),
        cancelled: HashSet::new(),
        busy: HashSet::new(),
        touched: HashSet::new(),
        permits_touched: false,
    };
    maker.make();
    maker.program
}

/// What is known of a task while the program is made.
#[derive(Clone, Debug, Default)]
struct Life {
    lives: bool,
    spawner: Option<Actor>,
    mine: Vec<ThingId>,
    /// It has run something with a time, of which it has one at most: by that it is known.
    timed: bool,
    /// It waits, for one thing at most.
    wait: Option<ThingId>,
}

struct Maker {
    rng: Rng,
    program: Program,
    state: Vec<Life>,
    stored: Vec<(ThingId, Escape)>,
    kinds: Vec<ThingKind>,
    cancelled: HashSet<Token>,
    /// Those that nobody else may touch in this round.
    busy: HashSet<Actor>,
    touched: HashSet<ThingId>,
    permits_touched: bool,
}

/// Channels, by how often.
const CHANNELS: [(usize, ChannelKind); 5] = [
    (8, ChannelKind::Oneshot),
    (6, ChannelKind::Mpsc),
    (3, ChannelKind::Unbounded),
    (3, ChannelKind::Watch),
    (3, ChannelKind::Broadcast),
];

/// Scopes within each other.
const DEPTH: usize = 3;

/// Tasks and scopes that a program has at most.
const ACTORS: usize = 12;

impl Maker {
    fn make(&mut self) {
        let tops = 1 + self.rng.below(3);
        let first: Vec<Step> = (0..tops).map(|_| self.spawn_top()).collect();
        self.program.rounds.push(vec![Order { who: None, steps: first }]);
        for _ in 0..2 + self.rng.below(5) {
            if self.rng.percent(30) {
                self.cancel_round();
            } else {
                self.work_round();
            }
        }
        self.cancel_round();
        if self.rng.percent(35) {
            self.work_round();
        }
        if self.rng.percent(25) {
            self.release_round();
        }
    }

    fn begin_round(&mut self) {
        self.busy.clear();
        self.touched.clear();
        self.permits_touched = false;
    }

    fn living(&self) -> Vec<Actor> {
        (0..self.state.len()).filter(|actor| self.state[*actor].lives).collect()
    }

    fn is_shim(&self) -> bool {
        self.program.form == Form::Shim
    }

    // === rounds ===

    fn work_round(&mut self) {
        self.begin_round();
        let mut orders = Vec::new();
        for actor in self.living() {
            if self.state[actor].lives && !self.busy.contains(&actor) && self.rng.percent(65) {
                self.busy.insert(actor);
                let steps = self.steps_of(actor);
                orders.push(Order { who: Some(actor), steps });
            }
        }
        self.program.rounds.push(orders);
    }

    fn cancel_round(&mut self) {
        self.begin_round();
        let mut steps = Vec::new();
        if self.is_shim() && self.rng.percent(30) {
            steps.extend(self.cancel_token());
        }
        if steps.is_empty() || self.rng.percent(25) {
            let kept = |actor: &Actor| self.program.actors[*actor].keep == Keep::Outside;
            let kept: Vec<Actor> = self.living().into_iter().filter(kept).collect();
            if let Some(victim) = self.rng.pick(&kept) {
                steps.extend(self.abort(victim));
            }
        }
        self.program.rounds.push(vec![Order { who: None, steps }]);
    }

    fn release_round(&mut self) {
        self.begin_round();
        let mut steps = Vec::new();
        for _ in 0..=self.rng.below(3) {
            steps.extend(self.release_stored());
        }
        if self.rng.percent(30) {
            steps.push(Step::AddPermits(1 + self.rng.below(3)));
        }
        self.program.rounds.push(vec![Order { who: None, steps }]);
    }

    // === what a task does ===

    fn steps_of(&mut self, actor: Actor) -> Vec<Step> {
        let mut steps = Vec::new();
        for _ in 0..=self.rng.below(4) {
            let is_task = self.program.actors[actor].kind == ActorKind::Task;
            let last = is_task && self.rng.percent(9);
            if last {
                steps.extend(self.last_step(actor));
                if !self.state[actor].lives {
                    break;
                }
            } else {
                steps.extend(self.step(actor, is_task));
            }
        }
        steps
    }

    /// After which it is gone.
    fn last_step(&mut self, actor: Actor) -> Option<Step> {
        let outside = self.program.actors[actor].keep == Keep::Outside;
        if self.is_told_apart(actor) {
            return None;
        }
        // Over tokio alone an abort while it runs cannot be told from its completion.
        let while_running = match (outside, self.is_shim()) {
            (false, _) => 0,
            (true, true) => 2,
            (true, false) => 1,
        };
        let rest = if self.is_shim() { 1 } else { 6 };
        let kind = self.rng.weighted(&[
            (rest, 0),
            (rest, 1),
            (while_running, 2),
            (usize::from(while_running > 1), 3),
        ]);
        let step = match kind {
            0 => Step::End,
            1 => Step::Panic,
            2 => {
                let mut steps = Vec::new();
                for _ in 0..self.rng.below(3) {
                    steps.extend(self.plain_step(actor));
                }
                Step::AbortedWhileRunning(steps)
            }
            _ => Step::AbortedAndReady,
        };
        let rest = self.killed_with(actor);
        // It is busy itself.
        self.busy.remove(&actor);
        let free = self.are_free(&rest);
        self.busy.insert(actor);
        if !free {
            return None;
        }
        self.kill(&rest);
        Some(step)
    }

    /// It merely waits on a token that is cancelled, and does not look: a console finds
    /// those when it looks itself, and another request may come before that.
    fn is_told_apart(&self, actor: Actor) -> bool {
        let bond = self.program.actors[actor].bond;
        bond.is_some_and(|bond| !bond.bound && self.is_cancelled(bond.token))
    }

    fn step(&mut self, actor: Actor, is_task: bool) -> Option<Step> {
        if !is_task || self.rng.percent(70) {
            return self.plain_step(actor);
        }
        match self.rng.below(14) {
            0..=3 => self.scope(actor, actor, 0),
            4 => Some(Step::Yield),
            5 | 6 => self.abort_another(actor),
            7 | 8 => self.end_set(actor),
            12 | 13 if self.is_shim() => Some(self.wait(actor)),
            9 if self.is_shim() => self.on_done(actor),
            10 if self.is_shim() => self.cancel_token(),
            11 if self.program.actors[actor].bond.is_some() => Some(Step::Look),
            _ => None,
        }
    }

    /// Something that also a scope or a closure can do.
    fn plain_step(&mut self, actor: Actor) -> Option<Step> {
        match self.rng.below(100) {
            0..=34 => Some(self.take(actor)),
            35..=44 => self.put(actor),
            45..=52 => self.fetch(actor),
            53..=61 => self.use_it(actor),
            62..=67 => self.transfer(actor),
            68..=74 => self.release(actor),
            75..=77 => self.permits(actor),
            78 | 79 => self.downgrade(actor),
            80..=83 => self.channel(actor),
            _ => self.spawn_child(actor, true),
        }
    }

    fn kind(&mut self) -> ThingKind {
        use ThingKind::{
            Chain, Guard, Held, Hold, Interval, Later, Limited, Permit, Read, Registered, Roomy,
            Sender, ShortSleep, Sleep, Soon, Write,
        };
        let channel = self.rng.weighted(&CHANNELS);
        match self.program.form {
            Form::Shim => self.rng.weighted(&[
                (12, Sleep),
                (4, ShortSleep),
                (8, Interval),
                (12, Later),
                (3, Soon),
                (4, Chain),
                (8, Guard),
                (6, Read),
                (6, Write),
                (14, Permit),
                (20, Sender(channel)),
                (10, Hold),
                (9, Held),
                (6, Limited),
                (2, Roomy),
                (3, Registered),
            ]),
            Form::Plain => self.rng.weighted(&[
                (24, Sleep),
                (5, ShortSleep),
                (14, Interval),
                (14, Guard),
                (8, Read),
                (8, Write),
                (12, Permit),
                (14, Sender(channel)),
            ]),
        }
    }

    fn escape(&mut self, kind: ThingKind) -> Escape {
        if kind == ThingKind::Permit && !self.permits_touched && self.rng.percent(20) {
            self.permits_touched = true;
            return Escape::PermitForget;
        }
        self.rng.weighted(&[
            (10, Escape::Static),
            (6, Escape::Arc),
            (7, Escape::Channel),
            (1, Escape::Forget),
        ])
    }

    fn new_thing(&mut self, kind: ThingKind) -> ThingId {
        let id = self.kinds.len();
        self.kinds.push(kind);
        if let ThingKind::Sender(of) = kind {
            self.kinds.push(ThingKind::Receiver(of));
        }
        id
    }

    fn take(&mut self, actor: Actor) -> Step {
        let kind = self.kind();
        let id = self.new_thing(kind);
        let escape = if self.rng.percent(38) { self.escape(kind) } else { Escape::None };
        let two = matches!(kind, ThingKind::Sender(_));
        let all = if two { vec![id, id + 1] } else { vec![id] };
        for id in all {
            self.brought(actor, id, escape);
        }
        Step::Take(id, kind, escape)
    }

    fn brought(&mut self, actor: Actor, id: ThingId, escape: Escape) {
        self.touched.insert(id);
        match escape {
            Escape::None => self.state[actor].mine.push(id),
            Escape::Static | Escape::Arc | Escape::Channel => self.stored.push((id, escape)),
            Escape::Forget | Escape::PermitForget => {}
        }
    }

    fn mine(&mut self, actor: Actor) -> Option<ThingId> {
        let mine = self.state[actor].mine.clone();
        self.rng.pick(&mine)
    }

    fn put(&mut self, actor: Actor) -> Option<Step> {
        let id = self.mine(actor)?;
        let escape = self.escape(self.kinds[id]);
        self.state[actor].mine.retain(|it| *it != id);
        self.brought(actor, id, escape);
        Some(Step::Put(id, escape))
    }

    fn stored(&mut self, wanted: impl Fn(Escape) -> bool) -> Option<(ThingId, Escape)> {
        let free = |it: &&(ThingId, Escape)| wanted(it.1) && !self.touched.contains(&it.0);
        let free: Vec<(ThingId, Escape)> = self.stored.iter().filter(free).copied().collect();
        let found = self.rng.pick(&free)?;
        self.touched.insert(found.0);
        Some(found)
    }

    fn fetch(&mut self, actor: Actor) -> Option<Step> {
        let (id, _) = self.stored(|escape| escape != Escape::Arc)?;
        self.stored.retain(|it| it.0 != id);
        self.state[actor].mine.push(id);
        Some(Step::Fetch(id))
    }

    fn use_it(&mut self, actor: Actor) -> Option<Step> {
        let shared = if self.rng.percent(35) { self.stored(|it| it == Escape::Arc) } else { None };
        match shared {
            Some((id, _)) => Some(Step::Use(id)),
            None => self.mine(actor).map(Step::Use),
        }
    }

    fn transfer(&mut self, actor: Actor) -> Option<Step> {
        if !self.is_shim() {
            return None;
        }
        let id = self.mine(actor)?;
        if self.rng.percent(50) {
            return Some(Step::Transfer(id));
        }
        if self.rng.percent(20) {
            return Some(Step::Park(id));
        }
        let free = |it: &Actor| !self.busy.contains(it) || it == &actor;
        let spawned: Vec<Actor> = (0..self.state.len())
            .filter(|it| self.program.actors[*it].kind == ActorKind::Task)
            .filter(free)
            .collect();
        let to = self.rng.pick(&spawned)?;
        self.busy.insert(to);
        Some(Step::TransferTo(id, to))
    }

    fn release(&mut self, actor: Actor) -> Option<Step> {
        if self.rng.percent(60)
            && let Some(id) = self.mine(actor)
        {
            self.state[actor].mine.retain(|it| *it != id);
            return Some(Step::Release(id));
        }
        self.release_stored()
    }

    fn release_stored(&mut self) -> Option<Step> {
        let (id, _) = self.stored(|escape| escape != Escape::Arc)?;
        self.stored.retain(|it| it.0 != id);
        Some(Step::Release(id))
    }

    fn permits(&mut self, actor: Actor) -> Option<Step> {
        if !self.permits_touched && self.rng.percent(50) {
            self.permits_touched = true;
            return Some(Step::AddPermits(1 + self.rng.below(3)));
        }
        let is_permit = |it: &ThingId| self.kinds[*it] == ThingKind::Permit;
        let permits: Vec<_> = self.state[actor].mine.iter().copied().filter(is_permit).collect();
        let id = self.rng.pick(&permits)?;
        let part = self.new_thing(ThingKind::Permit);
        self.state[actor].mine.push(part);
        Some(Step::Split(id, part))
    }

    /// Makes an end of another, or closes its channel.
    fn channel(&mut self, actor: Actor) -> Option<Step> {
        use ChannelKind::{Broadcast, Mpsc, Unbounded, Watch};

        let mine = &self.state[actor].mine;
        let ends = mine.iter().copied().filter(|it| self.kinds[*it].is_shared_end());
        let ends: Vec<ThingId> = ends.collect();
        let id = self.rng.pick(&ends)?;
        let kind = match self.kinds[id] {
            ThingKind::Receiver(Mpsc | Unbounded) => return Some(Step::Close(id)),
            ThingKind::Sender(of @ (Watch | Broadcast)) if self.rng.percent(50) => {
                ThingKind::Receiver(of)
            }
            same => same,
        };
        // It is one end, not both.
        let end = self.kinds.len();
        self.kinds.push(kind);
        self.state[actor].mine.push(end);
        let subscribes = kind != self.kinds[id];
        Some(if subscribes { Step::Subscribe(id, end) } else { Step::Clone(id, end) })
    }

    fn downgrade(&mut self, actor: Actor) -> Option<Step> {
        let writes = |it: &ThingId| self.kinds[*it] == ThingKind::Write;
        let writes: Vec<_> = self.state[actor].mine.iter().copied().filter(writes).collect();
        let id = self.rng.pick(&writes)?;
        self.kinds[id] = ThingKind::Read;
        Some(Step::Downgrade(id))
    }

    // === tasks ===

    fn plan(&mut self, kind: ActorKind, keep: Keep) -> Actor {
        self.program.actors.push(Plan::new(kind, keep));
        self.state.push(Life::default());
        self.program.actors.len() - 1
    }

    fn spawn_top(&mut self) -> Step {
        let actor = self.plan(ActorKind::Task, Keep::Outside);
        self.decide(actor, true);
        self.state[actor].lives = true;
        Step::Spawn { actor, with: None, aborted: false }
    }

    fn spawn_child(&mut self, spawner: Actor, in_future: bool) -> Option<Step> {
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
    fn may_be_aborted_at_once(&self, actor: Actor) -> bool {
        let Plan { kind, keep, .. } = self.program.actors[actor];
        let has_handle = matches!(keep, Keep::Spawner | Keep::Outside);
        let seen = self.is_shim() || self.program.flavor != Flavor::Multi;
        let guards = self.program.actors[actor].guards().is_some();
        kind == ActorKind::Task && has_handle && seen && !guards
    }

    /// What is particular about a task.
    fn decide(&mut self, actor: Actor, may_drop: bool) {
        let is_set = self.program.actors[actor].keep == Keep::Set;
        let is_task = self.program.actors[actor].kind == ActorKind::Task;
        if self.is_shim() && !is_set {
            self.program.actors[actor].detached = self.rng.percent(8);
            self.program.actors[actor].patient = self.rng.percent(5);
            if is_task && self.rng.percent(22) {
                self.bond(actor);
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
    fn guard(&mut self, actor: Actor) {
        let of_others = |token: &Token| !self.is_cancelled(*token) && !self.asks(*token, actor);
        let tokens: Vec<Token> = (0..=self.program.tokens.len()).filter(of_others).collect();
        let token = self.rng.pick(&tokens);
        self.program.actors[actor].on_drop.extend(token.map(Step::DropGuard));
    }

    fn bond(&mut self, actor: Actor) {
        let tokens: Vec<Token> =
            (0..=self.program.tokens.len()).filter(|token| !self.is_cancelled(*token)).collect();
        let Some(token) = self.rng.pick(&tokens) else { return };
        let (bound, returns) = (self.rng.percent(70), self.rng.percent(65));
        // As in `is_told_apart`: a shutdown may come before a console has looked.
        let bound = bound || matches!(self.program.flavor, Flavor::Own | Flavor::OwnSet);
        self.program.actors[actor].bond = Some(Bond { token, bound, returns });
        if self.rng.percent(40) {
            let step = self.drop_step(actor);
            self.program.actors[actor].on_notice.extend(step);
        }
    }

    /// Something of which nothing stays where it is done.
    fn drop_step(&mut self, actor: Actor) -> Option<Step> {
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

    fn is_cancelled(&self, token: Token) -> bool {
        self.cancelled.iter().any(|above| self.program.is_below(token, *above))
    }

    /// Whoever ends with this one: the members of its set, those that return when the
    /// token is cancelled that it guards, and theirs.
    fn killed_with(&self, actor: Actor) -> Vec<Actor> {
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
    fn asked_by_the_end_of(&self, actor: Actor) -> Vec<Actor> {
        let guards = self.program.actors[actor].guards().filter(|it| !self.is_cancelled(*it));
        let asked = |it: &Actor| guards.is_some_and(|token| self.asks(token, *it));
        self.living().into_iter().filter(asked).collect()
    }

    fn asks(&self, token: Token, actor: Actor) -> bool {
        let bond = self.program.actors[actor].bond;
        bond.is_some_and(|bond| self.program.is_below(bond.token, token))
    }

    fn kill(&mut self, actors: &[Actor]) {
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
    fn are_free(&self, actors: &[Actor]) -> bool {
        let asked = actors.iter().flat_map(|it| self.asked_by_the_end_of(*it));
        let tokens: Vec<Token> =
            actors.iter().filter_map(|it| self.program.actors[*it].guards()).collect();
        let new = self.busy.iter().any(|it| tokens.iter().any(|token| self.asks(*token, *it)));
        !new && actors.iter().copied().chain(asked).all(|it| !self.busy.contains(&it))
    }

    /// All of these can be killed in this round.
    fn kill_all(&mut self, actors: &[Actor]) -> bool {
        let all: Vec<Actor> = actors.iter().flat_map(|it| self.killed_with(*it)).collect();
        let free = self.are_free(&all);
        if free {
            self.kill(&all);
        }
        free
    }

    fn abort(&mut self, victim: Actor) -> Option<Step> {
        let free = !self.is_told_apart(victim) && self.kill_all(&[victim]);
        free.then_some(Step::Abort(victim))
    }

    fn abort_another(&mut self, actor: Actor) -> Option<Step> {
        let has = |it: &Actor| {
            let plan = &self.program.actors[*it];
            let mine = plan.keep == Keep::Spawner && self.state[*it].spawner == Some(actor);
            it != &actor && (mine || plan.keep == Keep::Outside)
        };
        let has: Vec<Actor> = self.living().into_iter().filter(has).collect();
        let victim = self.rng.pick(&has)?;
        self.abort(victim)
    }

    fn end_set(&mut self, actor: Actor) -> Option<Step> {
        let members: Vec<Actor> =
            self.killed_with(actor).into_iter().filter(|it| *it != actor).collect();
        let step = if self.rng.percent(50) { Step::AbortSet } else { Step::DropSet };
        (!members.is_empty() && self.kill_all(&members)).then_some(step)
    }

    fn cancel_token(&mut self) -> Option<Step> {
        let tokens: Vec<Token> =
            (0..=self.program.tokens.len()).filter(|token| !self.is_cancelled(*token)).collect();
        let token = self.rng.pick(&tokens)?;
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

    fn wait(&mut self, actor: Actor) -> Step {
        if let Some(wait) = self.state[actor].wait.take() {
            return Step::GiveUp(wait);
        }
        let is_lock = |kind: &ThingKind| {
            matches!(kind, ThingKind::Guard | ThingKind::Read | ThingKind::Write)
        };
        let locks = 0..self.kinds.len();
        let locks: Vec<ThingId> = locks.filter(|it| is_lock(&self.kinds[*it])).collect();
        let on = match self.rng.pick(&locks) {
            None => WaitFor::Notify,
            Some(_) if self.rng.percent(20) => WaitFor::Notify,
            Some(lock) if self.rng.percent(40) => WaitFor::Read(lock),
            Some(lock) => WaitFor::Write(lock),
        };
        let wait = self.kinds.len();
        // A number of its own; nothing that can be moved or used.
        self.kinds.push(ThingKind::Hold);
        self.state[actor].wait = Some(wait);
        Step::Wait(wait, on)
    }

    fn on_done(&mut self, actor: Actor) -> Option<Step> {
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

    /// A scope of that task, in `around`.
    fn scope(&mut self, actor: Actor, around: Actor, depth: usize) -> Option<Step> {
        if self.program.actors.len() >= ACTORS {
            return None;
        }
        // What stays is polled once, so that nothing within it may take time.
        let stays = if depth == 0 { 20 } else { 0 };
        let end = self.rng.weighted(&[
            (30, ScopeEnd::Completes),
            (30, ScopeEnd::Loses),
            (20, ScopeEnd::TimesOut),
            (10, ScopeEnd::InTime),
            (stays, ScopeEnd::Stays),
        ]);
        let timed = matches!(end, ScopeEnd::TimesOut | ScopeEnd::InTime);
        if timed && std::mem::replace(&mut self.state[around].timed, true) {
            return None;
        }
        let scope = self.plan(ActorKind::Scope, Keep::Nobody);
        self.busy.insert(scope);
        self.program.actors[scope].owns = self.rng.percent(35);
        let owns = self.program.actors[scope].owns || end == ScopeEnd::Stays;
        let within = end != ScopeEnd::Stays && depth + 1 < DEPTH;
        let mut steps = Vec::new();
        let before = self.state[actor].mine.clone();
        for _ in 0..=self.rng.below(2) {
            if within && self.rng.percent(20) {
                steps.extend(self.scope(actor, scope, depth + 1));
            } else {
                steps.extend(self.plain_step(actor));
            }
        }
        if owns {
            self.state[actor].mine = before;
        }
        if self.rng.percent(25) {
            let step = self.drop_step(scope);
            self.program.actors[scope].on_drop.extend(step);
        }
        Some(Step::Scope(scope, steps, end))
    }
}
