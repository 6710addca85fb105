//! Makes a random program from a number. What it knows of the program's state only makes
//! that its steps do something; what they did is noted when it runs. What tasks do at the
//! same time must not depend on who is first: each thing and each task is touched by one
//! of them in a round.

mod tasks;
mod things;

use std::collections::HashSet;

use super::{
    program::{
        Actor, ActorKind, ChannelKind, Escape, Flavor, Form, Keep, Order, Program, ScopeEnd, Step,
        ThingId, ThingKind, Token,
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
        closed: HashSet::new(),
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
    /// It has run something that has no name of its own, of which it has one at most: by
    /// that it is known.
    unnamed: bool,
    /// The tokens to which scopes are bound that stay with it.
    bound_scopes: Vec<Token>,
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
    /// Receivers that have closed their channel.
    closed: HashSet<ThingId>,
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
            0..=32 => Some(self.take(actor)),
            33..=41 => self.put(actor),
            42..=49 => self.fetch(actor),
            50..=58 => self.use_it(actor),
            59..=64 => self.transfer(actor),
            65..=71 => self.release(actor),
            72..=74 => self.permits(actor),
            75 | 76 => self.downgrade(actor),
            77..=83 => self.channel(actor),
            _ => self.spawn_child(actor, true),
        }
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
        let bound = matches!(end, ScopeEnd::Completes | ScopeEnd::Stays) && self.rng.percent(25);
        let bond = if bound { self.token_of_a_scope() } else { None };
        let timed = matches!(end, ScopeEnd::TimesOut | ScopeEnd::InTime);
        let unnamed = timed || bond.is_some();
        if unnamed && std::mem::replace(&mut self.state[around].unnamed, true) {
            return None;
        }
        let cancels = match bond {
            Some(bond) if end == ScopeEnd::Completes && self.rng.percent(50) => {
                self.cancel(bond.token)
            }
            _ => None,
        };
        let end = if cancels.is_some() { ScopeEnd::Until } else { end };
        let scope = self.plan(ActorKind::Scope, Keep::Nobody);
        self.program.actors[scope].bond = bond;
        if end == ScopeEnd::Stays {
            self.state[actor].bound_scopes.extend(bond.map(|bond| bond.token));
        }
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
        steps.extend(cancels);
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
