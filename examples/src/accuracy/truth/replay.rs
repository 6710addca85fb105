//! From the entries of a ledger to what is known of each actor and each thing.

use crate::accuracy::{
    facts::Outcome,
    ledger::{How, What, Why},
    program::{Actor, ActorKind, Escape, Form, Program, ThingId, ThingKind, Token, WaitFor},
};

/// The place of an entry in the ledger.
pub(super) type At = usize;

/// A request to stop.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) at: At,
    pub(super) why: Why,
    pub(super) by: Option<Actor>,
    /// While it ran.
    pub(super) running: bool,
    /// It merely waits on the token.
    pub(super) waiting: bool,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    pub(super) actors: Vec<ActorFacts>,
    pub(super) things: Vec<ThingFacts>,
    pub(super) waits: Vec<WaitFacts>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct ActorFacts {
    pub(super) spawned: Option<(At, Option<Actor>)>,
    pub(super) asked: Option<Asked>,
    pub(super) delivered: Option<At>,
    /// A `LocalSet` polls it.
    pub(super) on_set: bool,
    pub(super) drop_began: Option<At>,
    pub(super) ended: Option<(At, How)>,
}

/// A future that was polled and not ready.
#[derive(Clone, Debug)]
pub(super) struct WaitFacts {
    pub(super) id: ThingId,
    pub(super) by: Actor,
    pub(super) on: WaitFor,
    pub(super) gone: bool,
}

#[derive(Clone, Debug)]
pub(super) struct ThingFacts {
    pub(super) id: ThingId,
    /// `None` for a callback on the end of a task.
    pub(super) kind: Option<ThingKind>,
    pub(super) at: At,
    pub(super) owner: Option<Actor>,
    pub(super) amount: u32,
    pub(super) gone: bool,
    pub(super) escape: Escape,
    /// Who has it, when it was fetched from where it was brought.
    pub(super) hands: Option<Actor>,
    /// The task that acquired it, or that it was given to; none where several share it.
    pub(super) acquirer: Option<Actor>,
    /// It was given back: whoever uses it next has taken it.
    pub(super) parked: bool,
    /// Of an end: its channel.
    pub(super) channel: Option<Channel>,
    /// Of a place: the sender that it owns.
    pub(super) sender: Option<ThingId>,
    /// In plain form: it was used where nothing tells of that.
    pub(super) used_unseen: bool,
}

/// What is known of an end of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Channel {
    /// The number of its first sender.
    pub(super) of: ThingId,
    /// A receiver has refused to be sent more.
    pub(super) closed: bool,
}

impl ActorFacts {
    pub(super) fn outcome(&self) -> Outcome {
        match self.ended {
            None => Outcome::Lives,
            Some((_, How::Completed)) => Outcome::Completed,
            Some((_, How::Dropped)) => Outcome::Cancelled,
            Some((_, How::Panicked)) => Outcome::Panicked,
            Some((_, How::ShutDown)) => Outcome::Shutdown,
        }
    }

    pub(super) fn lives(&self) -> bool {
        self.spawned.is_some() && self.ended.is_none()
    }

    /// Cancelled, or ended otherwise after a token's request that it has noticed.
    pub(super) fn ended_by_cancellation(&self) -> bool {
        match self.outcome() {
            Outcome::Cancelled => true,
            Outcome::Completed | Outcome::Panicked => self.delivered.is_some(),
            Outcome::Lives | Outcome::Shutdown => false,
        }
    }
}

/// See the module's header.
pub(super) fn replay(program: &Program, entries: &[What]) -> Known {
    let actors = program.actors.iter().map(|_| ActorFacts::default()).collect();
    let mut replay = Replay {
        program,
        known: Known { actors, things: Vec::new(), waits: Vec::new() },
        cancelled: Vec::new(),
        forgotten: Vec::new(),
        shut_down: false,
        is_plain: program.form == Form::Plain,
    };
    for (at, what) in entries.iter().enumerate() {
        replay.take(at, what);
    }
    replay.known
}

struct Replay<'a> {
    program: &'a Program,
    known: Known,
    cancelled: Vec<(At, Token, Option<Actor>)>,
    /// Permits that were forgotten, the oldest first.
    forgotten: Vec<ThingId>,
    /// Its runtime is being dropped.
    shut_down: bool,
    is_plain: bool,
}

impl Replay<'_> {
    fn take(&mut self, at: At, what: &What) {
        match *what {
            What::Spawned(actor, by) => self.spawned(at, actor, by),
            What::Asked { actor, why, by, running } => {
                self.asked(actor, Asked { at, why, by, running, waiting: false });
            }
            What::Cancelled { token, by } => self.token_cancelled(at, token, by),
            What::Told(actor) => {
                let facts = &mut self.known.actors[actor];
                if facts.asked.is_some() {
                    facts.delivered.get_or_insert(at);
                }
            }
            What::ShutDown => self.shut_down = true,
            What::OnSet(actor) => self.known.actors[actor].on_set = true,
            What::LocalSetDropped => self.set_dropped(at),
            What::DropBegan(actor) => self.known.actors[actor].drop_began = Some(at),
            What::Ended(actor, how) => self.ended(at, actor, how),
            _ => self.take_of_things(at, what),
        }
    }

    fn spawned(&mut self, at: At, actor: Actor, by: Option<Actor>) {
        let by = by.map(|by| self.who(by));
        self.known.actors[actor].spawned = Some((at, by));
        let bond = self.program.actors[actor].bond.filter(|bond| bond.bound);
        let below = |(_, token, _): &&(At, Token, Option<Actor>)| {
            bond.is_some_and(|bond| self.program.is_below(bond.token, *token))
        };
        if let Some((at, _, by)) = self.cancelled.iter().find(below).copied() {
            let asked = Asked { at, why: Why::Token, by, running: false, waiting: false };
            self.asked(actor, asked);
        }
    }

    /// The first request counts, and one of somebody who has ended is none.
    fn asked(&mut self, actor: Actor, asked: Asked) {
        let facts = &mut self.known.actors[actor];
        if facts.lives() {
            facts.asked.get_or_insert(asked);
        }
    }

    fn token_cancelled(&mut self, at: At, token: Token, by: Option<Actor>) {
        if self.cancelled.iter().any(|(_, above, _)| self.program.is_below(token, *above)) {
            return;
        }
        self.cancelled.push((at, token, by));
        for (actor, plan) in self.program.actors.iter().enumerate() {
            let Some(bond) = plan.bond else { continue };
            // Who merely waits is not asked by itself.
            let outside = bond.bound || by.map(|by| self.task_of(by)) != Some(actor);
            if self.program.is_below(bond.token, token) && outside {
                let waiting = !bond.bound;
                let asked = Asked { at, why: Why::Token, by, running: false, waiting };
                self.asked(actor, asked);
            }
        }
    }

    /// All members are asked at once, by nobody.
    fn set_dropped(&mut self, at: At) {
        for actor in 0..self.known.actors.len() {
            let is_task = self.program.actors[actor].kind == ActorKind::Task;
            if is_task && self.known.actors[actor].on_set {
                let (why, by, running, waiting) = (Why::Dropped, None, false, false);
                self.asked(actor, Asked { at, why, by, running, waiting });
            }
        }
    }

    fn ended(&mut self, at: At, actor: Actor, how: How) {
        let shut_down = self.shut_down && how == How::Dropped;
        let is_scope = self.program.actors[actor].kind == ActorKind::Scope;
        let facts = &mut self.known.actors[actor];
        let how = if shut_down && !is_scope && (facts.asked.is_none() || self.is_plain) {
            How::ShutDown
        } else {
            how
        };
        facts.ended = Some((at, how));
        if how == How::Dropped && is_scope && facts.asked.is_none() {
            // By whoever dropped it: what is around it.
            let by = facts.spawned.and_then(|(_, by)| by);
            let at = facts.drop_began.unwrap_or(at);
            facts.asked = Some(Asked { at, why: Why::Dropped, by, running: false, waiting: false });
        }
        // Ready before the request reached it: there was none.
        if how == How::Completed && facts.delivered.is_none() && !self.is_blocking(actor) {
            self.known.actors[actor].asked = None;
        }
    }

    fn is_blocking(&self, actor: Actor) -> bool {
        self.program.actors[actor].kind == ActorKind::Blocking
    }

    /// Whom something is charged to that `actor` does: over tokio alone there are no
    /// scopes.
    fn who(&self, actor: Actor) -> Actor {
        match self.program.form {
            Form::Shim => actor,
            Form::Plain => self.task_of(actor),
        }
    }

    fn task_of(&self, actor: Actor) -> Actor {
        match (self.program.actors[actor].kind, self.known.actors[actor].spawned) {
            (ActorKind::Scope, Some((_, Some(around)))) => self.task_of(around),
            _ => actor,
        }
    }

    fn take_of_things(&mut self, at: At, what: &What) {
        match *what {
            What::Acquired { thing, kind, by, amount } => {
                // What is registered is the registry's.
                let by = by.filter(|_| kind != ThingKind::Registered).map(|by| self.who(by));
                self.acquired(at, thing, Some(kind), by, amount);
            }
            What::Registered { thing, on } => self.acquired(at, thing, None, Some(on), 1),
            What::Used(thing, by) => self.used(thing, by),
            What::Transferred(thing, to) => {
                let to = to.map(|to| self.who(to));
                let task = to.map(|to| self.task_of(to));
                self.with_its_sender(thing, |it| {
                    (it.owner, it.hands) = (to, None);
                    (it.acquirer, it.parked) = (task, to.is_none());
                });
            }
            What::Joined { end, of, receives, by } => self.joined(at, end, of, receives, by),
            What::Reserved { place, with, by } => self.reserved(at, place, with, by),
            What::Closed(end) => self.closed(end),
            What::Fetched(thing, by) => {
                let by = self.task_of(by);
                self.with_its_sender(thing, |it| it.hands = Some(by));
            }
            What::Escaped(thing, escape) => {
                self.with_its_sender(thing, |it| (it.escape, it.hands) = (escape, None));
                if escape == Escape::PermitForget {
                    self.forgotten.push(thing);
                }
            }
            What::Downgraded(thing, by) => self.downgraded(at, thing, by),
            What::Amount(thing, amount) => self.thing(thing, |it| it.amount = amount),
            What::PermitsAdded(permits) => self.permits_added(permits),
            What::Waits { wait: id, by, on } => {
                self.known.waits.push(WaitFacts { id, by, on, gone: false });
            }
            What::Gone(thing) => {
                self.thing(thing, |it| it.gone = true);
                let waits = self.known.waits.iter_mut().filter(|it| it.id == thing);
                waits.for_each(|it| it.gone = true);
            }
            _ => {}
        }
    }

    fn acquired(
        &mut self,
        at: At,
        id: ThingId,
        kind: Option<ThingKind>,
        owner: Option<Actor>,
        amount: u32,
    ) {
        let acquirer = owner.map(|owner| self.task_of(owner));
        let channel = |of| Some(Channel { of, closed: false });
        self.known.things.push(ThingFacts {
            id,
            kind,
            at,
            owner,
            amount,
            gone: false,
            escape: Escape::None,
            hands: None,
            acquirer,
            parked: false,
            channel: match kind {
                Some(ThingKind::Sender(_)) => channel(id),
                Some(ThingKind::Receiver(_)) => channel(id - 1),
                _ => None,
            },
            sender: None,
            used_unseen: false,
        });
    }

    /// Whoever makes an end of another uses that.
    fn joined(&mut self, at: At, end: ThingId, of: ThingId, receives: bool, by: Actor) {
        self.used(of, by);
        let Some(other) = self.known.things.iter().find(|it| it.id == of) else { return };
        let channel = other.channel.map(|it| it.of);
        let kind = match other.kind {
            Some(ThingKind::Sender(of)) if receives => Some(ThingKind::Receiver(of)),
            same => same,
        };
        let owner = self.who(by);
        self.acquired(at, end, kind, Some(owner), 1);
        let closed = self.ends_of(channel).any(|it| it.closed);
        self.thing(end, |it| {
            if let Some((mine, of)) = it.channel.as_mut().zip(channel) {
                (mine.of, mine.closed) = (of, closed);
            }
        });
    }

    fn reserved(&mut self, at: At, place: ThingId, with: ThingId, by: Actor) {
        let owner = self.who(by);
        self.acquired(at, place, Some(ThingKind::Place), Some(owner), 1);
        let channel = self.known.things.iter().find(|it| it.id == with).and_then(|it| it.channel);
        self.thing(place, |it| (it.channel, it.sender) = (channel, Some(with)));
    }

    /// Where a place goes, the sender goes that it owns.
    fn with_its_sender(&mut self, id: ThingId, change: impl Fn(&mut ThingFacts)) {
        self.thing(id, &change);
        let sender = self.known.things.iter().find(|it| it.id == id).and_then(|it| it.sender);
        if let Some(sender) = sender {
            self.thing(sender, &change);
        }
    }

    fn ends_of(&self, channel: Option<ThingId>) -> impl Iterator<Item = Channel> {
        let ends = self.known.things.iter().filter_map(|it| it.channel);
        ends.filter(move |it| Some(it.of) == channel)
    }

    fn closed(&mut self, end: ThingId) {
        let of = self.known.things.iter().find(|it| it.id == end).and_then(|it| it.channel);
        let ends = self.known.things.iter_mut().filter_map(|it| it.channel.as_mut());
        ends.filter(|it| Some(it.of) == of.map(|of| of.of)).for_each(|it| it.closed = true);
    }

    fn thing(&mut self, id: ThingId, change: impl FnOnce(&mut ThingFacts)) {
        if let Some(thing) = self.known.things.iter_mut().find(|it| it.id == id) {
            change(thing);
        }
    }

    /// It is its user's from now on; a scope's only what that has already. Over tokio alone
    /// only a timer says who uses it.
    fn used(&mut self, thing: ThingId, by: Actor) {
        let (by, plain) = (self.who(by), self.program.form == Form::Plain);
        let before = self.known.things.iter().find(|it| it.id == thing).and_then(|it| it.owner);
        let (has_it, task) = (self.within_both(before, by), self.task_of(by));
        self.thing(thing, |it| {
            let timer = matches!(
                it.kind,
                Some(ThingKind::Sleep | ThingKind::ShortSleep | ThingKind::Interval)
            );
            if timer || !plain {
                (it.owner, it.hands) = (Some(has_it), None);
                if std::mem::take(&mut it.parked) {
                    it.acquirer = Some(task);
                } else if it.kind.is_some_and(ThingKind::is_polled) && it.acquirer != Some(task) {
                    // Any of those who have polled it may have it.
                    it.acquirer = None;
                }
            } else if it.owner != Some(by) {
                it.used_unseen = true;
            }
        });
    }

    /// The innermost of what both are in; all of the task that uses it, where there is none.
    fn within_both(&self, owner: Option<Actor>, user: Actor) -> Actor {
        let around = |actor: &Actor| match (self.program.actors[*actor].kind, *actor) {
            (ActorKind::Scope, scope) => self.known.actors[scope].spawned.and_then(|(_, by)| by),
            _ => None,
        };
        let of_owner: Vec<Actor> = std::iter::successors(owner, around).collect();
        let mut of_user = std::iter::successors(Some(user), around);
        of_user.find(|it| of_owner.contains(it)).unwrap_or_else(|| self.task_of(user))
    }

    /// The guard is the same. Over tokio alone a lock to write is given back, and one to
    /// read is acquired.
    fn downgraded(&mut self, at: At, thing: ThingId, by: Actor) {
        let (by, plain) = (self.who(by), self.is_plain);
        self.thing(thing, |it| {
            it.kind = Some(ThingKind::Read);
            if plain {
                (it.at, it.owner, it.hands, it.used_unseen) = (at, Some(by), None, false);
            }
        });
    }

    fn permits_added(&mut self, permits: usize) {
        let mut left = u32::try_from(permits).unwrap_or(u32::MAX);
        for id in self.forgotten.clone() {
            self.thing(id, |it| {
                let back = left.min(it.amount);
                it.amount -= back;
                left -= back;
                it.gone |= it.amount == 0;
            });
        }
    }
}
