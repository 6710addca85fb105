//! What a task does with things: it acquires, brings, uses and releases them.

use super::{CHANNELS, Maker};
use crate::accuracy::program::{
    Actor, ActorKind, ChannelKind, Escape, Form, Step, ThingId, ThingKind,
};

impl Maker {
    pub(super) fn kind(&mut self) -> ThingKind {
        use ThingKind::{
            Chain, Guard, Held, Hold, Interval, Later, Limited, Permit, Place, Read, Registered,
            Roomy, Sender, ShortSleep, Single, Sleep, Soon, Write,
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
                (5, Single),
                (17, Sender(channel)),
                (6, Place),
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

    pub(super) fn escape(&mut self, kind: ThingKind) -> Escape {
        if kind == ThingKind::Permit && !self.permits_touched && self.rng.percent(20) {
            self.permits_touched = true;
            return Escape::PermitForget;
        }
        // What nobody has is in one row for all programs, which does not list everything:
        // what may be overdue is let go of when its program is over.
        let for_good = usize::from(!matches!(kind, ThingKind::Limited | ThingKind::Registered));
        self.rng.weighted(&[
            (10, Escape::Static),
            (6, Escape::Arc),
            (7, Escape::Channel),
            (for_good, Escape::Forget),
        ])
    }

    pub(super) fn new_thing(&mut self, kind: ThingKind) -> ThingId {
        let id = self.kinds.len();
        self.kinds.push(kind);
        if kind == ThingKind::Place {
            let of = ChannelKind::Mpsc;
            self.kinds[id] = ThingKind::Sender(of);
            self.kinds.extend([ThingKind::Receiver(of), kind]);
        }
        if let ThingKind::Sender(of) = kind {
            self.kinds.push(ThingKind::Receiver(of));
        }
        id
    }

    pub(super) fn take(&mut self, actor: Actor) -> Step {
        let kind = self.kind();
        let id = self.new_thing(kind);
        let escape = if self.rng.percent(38) { self.escape(kind) } else { Escape::None };
        let all = match kind {
            ThingKind::Sender(_) => vec![id, id + 1],
            ThingKind::Place => vec![id + 1, id + 2],
            _ => vec![id],
        };
        for id in all {
            self.brought(actor, id, escape);
        }
        Step::Take(id, kind, escape)
    }

    pub(super) fn brought(&mut self, actor: Actor, id: ThingId, escape: Escape) {
        self.touched.insert(id);
        match escape {
            Escape::None => self.state[actor].mine.push(id),
            Escape::Static | Escape::Arc | Escape::Channel => self.stored.push((id, escape)),
            Escape::Forget | Escape::PermitForget => {}
        }
    }

    pub(super) fn mine(&mut self, actor: Actor) -> Option<ThingId> {
        let mine = self.state[actor].mine.clone();
        self.rng.pick(&mine)
    }

    pub(super) fn put(&mut self, actor: Actor) -> Option<Step> {
        let id = self.mine(actor)?;
        let escape = self.escape(self.kinds[id]);
        self.state[actor].mine.retain(|it| *it != id);
        self.brought(actor, id, escape);
        Some(Step::Put(id, escape))
    }

    pub(super) fn stored(&mut self, wanted: impl Fn(Escape) -> bool) -> Option<(ThingId, Escape)> {
        let free = |it: &&(ThingId, Escape)| wanted(it.1) && !self.touched.contains(&it.0);
        let free: Vec<(ThingId, Escape)> = self.stored.iter().filter(free).copied().collect();
        let found = self.rng.pick(&free)?;
        self.touched.insert(found.0);
        Some(found)
    }

    pub(super) fn fetch(&mut self, actor: Actor) -> Option<Step> {
        let (id, _) = self.stored(|escape| escape != Escape::Arc)?;
        self.stored.retain(|it| it.0 != id);
        self.state[actor].mine.push(id);
        Some(Step::Fetch(id))
    }

    pub(super) fn use_it(&mut self, actor: Actor) -> Option<Step> {
        let shared = if self.rng.percent(35) { self.stored(|it| it == Escape::Arc) } else { None };
        match shared {
            Some((id, _)) => Some(Step::Use(id)),
            None => self.mine(actor).map(Step::Use),
        }
    }

    pub(super) fn transfer(&mut self, actor: Actor) -> Option<Step> {
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

    pub(super) fn release(&mut self, actor: Actor) -> Option<Step> {
        if self.rng.percent(60)
            && let Some(id) = self.mine(actor)
        {
            self.state[actor].mine.retain(|it| *it != id);
            return Some(Step::Release(id));
        }
        self.release_stored()
    }

    pub(super) fn release_stored(&mut self) -> Option<Step> {
        let (id, _) = self.stored(|escape| escape != Escape::Arc)?;
        self.stored.retain(|it| it.0 != id);
        Some(Step::Release(id))
    }

    pub(super) fn permits(&mut self, actor: Actor) -> Option<Step> {
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
    pub(super) fn channel(&mut self, actor: Actor) -> Option<Step> {
        use ChannelKind::{Broadcast, Mpsc, Unbounded, Watch};

        let mine = &self.state[actor].mine;
        let ends = mine.iter().copied().filter(|it| self.kinds[*it].is_shared_end());
        let ends: Vec<ThingId> = ends.collect();
        let id = self.rng.pick(&ends)?;
        let kind = match self.kinds[id] {
            ThingKind::Receiver(Mpsc | Unbounded) => {
                self.closed.insert(id);
                return Some(Step::Close(id));
            }
            ThingKind::Sender(of @ (Watch | Broadcast)) if self.rng.percent(50) => {
                ThingKind::Receiver(of)
            }
            same => same,
        };
        if kind == ThingKind::Sender(Mpsc) && self.is_shim() && self.rng.percent(50) {
            let (end, place) = (self.kinds.len(), self.kinds.len() + 1);
            self.kinds.extend([kind, ThingKind::Place]);
            // The place goes with the end that it owns.
            self.state[actor].mine.push(place);
            return Some(Step::Reserve(id, end, place));
        }
        // It is one end, not both.
        let end = self.kinds.len();
        self.kinds.push(kind);
        self.state[actor].mine.push(end);
        let subscribes = kind != self.kinds[id];
        Some(if subscribes { Step::Subscribe(id, end) } else { Step::Clone(id, end) })
    }

    pub(super) fn downgrade(&mut self, actor: Actor) -> Option<Step> {
        let writes = |it: &ThingId| self.kinds[*it] == ThingKind::Write;
        let writes: Vec<_> = self.state[actor].mine.iter().copied().filter(writes).collect();
        let id = self.rng.pick(&writes)?;
        self.kinds[id] = ThingKind::Read;
        Some(Step::Downgrade(id))
    }
}
