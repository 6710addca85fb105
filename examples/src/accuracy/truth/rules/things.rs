//! Whose things are, whether they are held, and how they are called.

use super::{Item, Judge};
use crate::accuracy::{
    facts::{Held, HeldKind, Phase},
    ledger::How,
    program::{Actor, ActorKind, ChannelKind, Escape, ThingId, ThingKind, WaitFor},
    truth::replay::{At, ThingFacts, WaitFacts},
};

impl Judge<'_> {
    /// What a scope owns passes outward when it completes, or when it is dropped with
    /// what is around it.
    pub(super) fn owner(&self, actor: Actor) -> Actor {
        let facts = self.facts(actor);
        let (ActorKind::Scope, Some((_, Some(around)))) = (self.kind(actor), facts.spawned) else {
            return actor;
        };
        let passes = match facts.ended {
            None | Some((_, How::Panicked)) => false,
            Some((_, How::Completed)) => true,
            Some((_, How::Dropped | How::ShutDown)) => {
                let (inner, outer) = (facts.drop_began, self.facts(around).drop_began);
                outer.is_some_and(|outer| Some(outer) <= inner)
            }
        };
        if passes { self.owner(around) } else { actor }
    }

    pub(super) fn phase(&self, owner: Actor, at: At) -> Phase {
        let facts = self.facts(owner);
        // Over tokio alone the request is the delivery: the beginning of the drop.
        let asked =
            if self.is_plain() { facts.drop_began } else { facts.asked.map(|asked| asked.at) };
        let ended = facts.ended.map_or(At::MAX, |(at, _)| at);
        match (asked, facts.drop_began) {
            (Some(_), Some(began)) if (began..=ended).contains(&at) => Phase::InDrop,
            (Some(asked), _) if at >= asked => Phase::After,
            _ => Phase::Before,
        }
    }

    pub(super) fn children(&self, spawner: Actor) -> impl Iterator<Item = (Actor, At)> {
        self.branches(spawner).filter(|(actor, _)| self.kind(*actor) != ActorKind::Scope)
    }

    /// The tasks that it has spawned, and the scopes in it.
    pub(super) fn branches(&self, spawner: Actor) -> impl Iterator<Item = (Actor, At)> {
        let actors = self.known.actors.iter().enumerate();
        actors.filter_map(move |(actor, facts)| {
            let (at, by) = facts.spawned?;
            let scope = self.kind(actor) == ActorKind::Scope;
            if scope && self.is_plain() {
                return None;
            }
            (self.owner(by?) == spawner).then_some((actor, at))
        })
    }

    pub(super) fn is_detached(&self, actor: Actor) -> bool {
        let above = || self.facts(actor).spawned.and_then(|(_, by)| by);
        !self.is_plain()
            && (self.program.actors[actor].detached
                || above().is_some_and(|by| self.is_detached(by)))
    }

    pub(super) fn is_live(&self, thing: &ThingFacts) -> bool {
        match thing.kind {
            _ if thing.gone => false,
            Some(ThingKind::ShortSleep | ThingKind::Soon) => false,
            Some(ThingKind::Sender(of) | ThingKind::Receiver(of)) => {
                let told = of == ChannelKind::Oneshot || !self.is_plain();
                told && self.is_missed(thing)
            }
            // Who receives waits for it, though the channel was closed.
            Some(ThingKind::Place) => {
                self.has_live(thing, |it| matches!(it, ThingKind::Receiver(_)))
            }
            _ => true,
        }
    }

    /// The other side has a live end.
    pub(super) fn is_missed(&self, end: &ThingFacts) -> bool {
        let sends = matches!(end.kind, Some(ThingKind::Sender(_)));
        let is_other = |it: ThingKind| match it {
            ThingKind::Sender(_) => !sends,
            ThingKind::Receiver(_) => sends,
            _ => false,
        };
        !end.channel.is_some_and(|it| it.closed) && self.has_live(end, is_other)
    }

    /// Of its channel such a one lives.
    fn has_live(&self, thing: &ThingFacts, wanted: impl Fn(ThingKind) -> bool) -> bool {
        let channel = thing.channel.map(|it| it.of);
        let mut all =
            self.known.things.iter().filter(|it| !it.gone && it.kind.is_some_and(&wanted));
        all.any(|it| channel.is_some() && it.channel.map(|it| it.of) == channel)
    }

    /// Who only uses something may have been lent it, unless it can be used by one alone.
    pub(super) fn may_be_lent(&self, owner: Actor, thing: &ThingFacts) -> bool {
        let by_any = |kind: ThingKind| kind.can_be_lent(self.is_plain());
        thing.kind.is_some_and(by_any) && thing.acquirer != Some(self.task_of(owner))
    }

    pub(super) fn task_of(&self, actor: Actor) -> Actor {
        match (self.kind(actor), self.facts(actor).spawned) {
            (ActorKind::Scope, Some((_, Some(around)))) => self.task_of(around),
            _ => actor,
        }
    }

    /// A task lives that was spawned since, or descends from one that was. What is done in
    /// a scope is done by the task around it: it can give away what that has.
    pub(super) fn has_living_branch(&self, actor: Actor, since: At) -> bool {
        let lives = |child: Actor| self.facts(child).lives();
        self.branches(actor)
            .any(|(child, at)| at >= since && (lives(child) || self.has_living_branch(child, 0)))
    }

    pub(super) fn held_by(&self, owner: Actor) -> Vec<Item> {
        let things =
            self.known.things.iter().filter(|it| {
                it.owner.is_some_and(|it| self.owner(it) == owner) && self.is_live(it)
            });
        let mut all: Vec<Item> = things.map(|it| self.item(owner, it)).collect();
        for (child, at) in self.children(owner) {
            let counts = self.facts(child).lives() && !self.is_detached(child);
            if counts {
                all.push(self.child_item(owner, child, at));
            }
        }
        all
    }

    pub(super) fn item(&self, owner: Actor, thing: &ThingFacts) -> Item {
        let (kind, label) = self.words(thing);
        let moves = !matches!(
            thing.kind,
            None | Some(ThingKind::Later | ThingKind::Soon | ThingKind::Chain)
        );
        let has_it = thing.hands.filter(|hands| *hands != owner && self.facts(*hands).lives());
        let forgotten = thing.escape == Escape::PermitForget;
        let held = Held {
            kind,
            label,
            phase: self.phase(owner, thing.at),
            via: None,
            maybe_moved: moves && self.has_living_branch(owner, thing.at)
                || self.may_be_lent(owner, thing),
            amount: thing.amount,
            waiting: self.waiting(thing),
        };
        let silent = has_it.is_some() || thing.used_unseen;
        let untold = self.is_plain() && forgotten;
        let (kind, escape) = (thing.kind, thing.escape);
        Item { held, child: None, thing: kind, silent, untold, escape }
    }

    /// Who waits for what the guard is of.
    pub(super) fn waiting(&self, guard: &ThingFacts) -> Vec<String> {
        let of_it = |it: &&WaitFacts| match it.on {
            WaitFor::Notify | WaitFor::Barrier => false,
            WaitFor::Read(thing) | WaitFor::Write(thing) | WaitFor::Permit(thing) => {
                thing == guard.id
            }
            WaitFor::Message(receiver) => self.sends_to(guard, receiver),
        };
        let waits = self.known.waits.iter().filter(|it| !it.gone && !self.is_plain());
        let mut all: Vec<String> = waits.filter(of_it).map(|it| self.key(it.by)).collect();
        all.sort();
        all
    }

    fn sends_to(&self, sender: &ThingFacts, receiver: ThingId) -> bool {
        let channel = self.thing(receiver).and_then(|it| it.channel).map(|it| it.of);
        let sends = matches!(sender.kind, Some(ThingKind::Sender(_)));
        sends && channel.is_some() && sender.channel.map(|it| it.of) == channel
    }

    fn thing(&self, id: ThingId) -> Option<&ThingFacts> {
        self.known.things.iter().find(|it| it.id == id)
    }

    pub(super) fn waits_for(&self, actor: Actor) -> Option<(HeldKind, String)> {
        let mut mine = self.known.waits.iter().filter(|it| it.by == actor && !it.gone);
        let (kind, label) = match mine.next().filter(|_| !self.is_plain())?.on {
            WaitFor::Notify => (HeldKind::Channel, "notify"),
            WaitFor::Read(_) => (HeldKind::Lock, "read"),
            WaitFor::Write(thing) => {
                let mutex = self.thing(thing).is_some_and(|it| it.kind == Some(ThingKind::Guard));
                (HeldKind::Lock, if mutex { "" } else { "write" })
            }
            WaitFor::Permit(_) => (HeldKind::Permit, ""),
            WaitFor::Message(receiver) => match self.thing(receiver)?.kind? {
                ThingKind::Receiver(of) => (HeldKind::Channel, channel(of)),
                _ => return None,
            },
            WaitFor::Barrier => (HeldKind::Custom, "barrier"),
        };
        Some((kind, label.to_owned()))
    }

    pub(super) fn words(&self, thing: &ThingFacts) -> (HeldKind, String) {
        let (kind, label) = words(thing.kind, self.is_plain());
        match thing.kind {
            Some(ThingKind::Limited | ThingKind::Roomy | ThingKind::Registered) => {
                (kind, self.names.thing(thing.id))
            }
            _ => (kind, label.to_owned()),
        }
    }

    pub(super) fn child_item(&self, owner: Actor, child: Actor, at: At) -> Item {
        let blocking = self.kind(child) == ActorKind::Blocking;
        let held = Held {
            kind: if blocking { HeldKind::Blocking } else { HeldKind::Child },
            label: self.key(child),
            phase: self.phase(owner, at),
            via: None,
            maybe_moved: false,
            amount: 1,
            waiting: Vec::new(),
        };
        let (silent, untold, escape) = (false, false, Escape::None);
        Item { held, child: Some(child), thing: None, silent, untold, escape }
    }
}

fn words(kind: Option<ThingKind>, plain: bool) -> (HeldKind, &'static str) {
    match kind {
        None => (HeldKind::Callback, "on_done"),
        Some(ThingKind::Sleep | ThingKind::ShortSleep) => (HeldKind::Timer, "sleep"),
        Some(ThingKind::Interval) => (HeldKind::Timer, "interval"),
        Some(ThingKind::Later | ThingKind::Soon | ThingKind::Chain) => {
            (HeldKind::Timer, "call_later")
        }
        // It has no name of its own.
        Some(ThingKind::Guard) => (HeldKind::Lock, if plain { "Mutex" } else { "" }),
        Some(ThingKind::Read) => (HeldKind::Lock, if plain { "RwLock, read" } else { "read" }),
        Some(ThingKind::Write) => (HeldKind::Lock, if plain { "RwLock, write" } else { "write" }),
        Some(ThingKind::Permit | ThingKind::Single) => {
            (HeldKind::Permit, if plain { "Semaphore" } else { "" })
        }
        Some(ThingKind::Sender(of)) => (HeldKind::Channel, sender(of)),
        Some(ThingKind::Receiver(of)) => (HeldKind::Channel, receiver(of)),
        Some(ThingKind::Hold) => (HeldKind::Custom, "hold"),
        Some(ThingKind::Held) => (HeldKind::Connection, "held"),
        Some(ThingKind::Place) => (HeldKind::Permit, "mpsc"),
        // They have names of their own.
        Some(ThingKind::Limited | ThingKind::Roomy | ThingKind::Registered) => {
            (HeldKind::Connection, "")
        }
    }
}

fn channel(of: ChannelKind) -> &'static str {
    match of {
        ChannelKind::Oneshot => "oneshot",
        ChannelKind::Mpsc | ChannelKind::Unbounded => "mpsc",
        ChannelKind::Watch => "watch",
        ChannelKind::Broadcast => "broadcast",
    }
}

fn sender(of: ChannelKind) -> &'static str {
    match of {
        ChannelKind::Oneshot => "sender",
        ChannelKind::Mpsc | ChannelKind::Unbounded => "mpsc sender",
        ChannelKind::Watch => "watch sender",
        ChannelKind::Broadcast => "broadcast sender",
    }
}

fn receiver(of: ChannelKind) -> &'static str {
    match of {
        ChannelKind::Oneshot => "receiver",
        ChannelKind::Mpsc | ChannelKind::Unbounded => "mpsc receiver",
        ChannelKind::Watch => "watch receiver",
        ChannelKind::Broadcast => "broadcast receiver",
    }
}
