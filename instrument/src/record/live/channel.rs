//! A channel with any number of ends on either side, which come and go: what a sender or
//! a receiver tells of itself. Using an end takes no lock; making and dropping one does.

use std::{
    panic::Location,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
};

use super::{Holding, Traits, Wait, resource::two_numbers};
use crate::{
    record::{ChannelKind, ChannelName, Side},
    recorder::{
        Level, Recorder,
        fill::Fill,
        holding::Acquired,
        key::Key,
        owner::{self, User},
        table::{SiteId, TextId},
    },
    words::Kind,
};

/// What all ends know, those of weak senders too.
#[derive(Debug)]
struct Channel {
    recorder: &'static Recorder,
    label: TextId,
    /// How the ends of either side are called.
    labels: [TextId; 2],
    /// Either side's number: what who waits for it waits for.
    numbers: [u64; 2],
    fill: Option<Arc<Fill>>,
    ends: Mutex<Ends>,
    /// Reservations that were not used or given back yet.
    reserved: AtomicUsize,
    /// There is nobody to receive.
    receiver_gone: AtomicBool,
}

#[derive(Debug, Default)]
struct Ends {
    sides: [Entries; 2],
    /// A receiver refused to be sent more: nobody misses an end.
    closed: bool,
}

/// The live ends of one side.
#[derive(Debug, Default)]
struct Entries {
    keys: Vec<Option<Key>>,
    free: Vec<u32>,
    live: usize,
}

impl Entries {
    fn insert(&mut self, key: Option<Key>) -> u32 {
        self.live += 1;
        if let Some(index) = self.free.pop() {
            self.keys[index as usize] = key;
            return index;
        }
        self.keys.push(key);
        u32::try_from(self.keys.len() - 1).unwrap_or(u32::MAX)
    }

    fn remove(&mut self, index: u32) {
        self.live -= 1;
        if let Some(entry) = self.keys.get_mut(index as usize) {
            *entry = None;
            self.free.push(index);
        }
    }

    fn keys(&self) -> impl Iterator<Item = Key> {
        self.keys.iter().flatten().copied()
    }
}

impl Side {
    fn other(self) -> Self {
        match self {
            Self::Senders => Self::Receivers,
            Self::Receivers => Self::Senders,
        }
    }
}

impl Ends {
    fn of(&mut self, side: Side) -> &mut Entries {
        &mut self.sides[side as usize]
    }

    /// Nobody can miss an end of this side.
    fn is_missed_by_nobody(&mut self, side: Side) -> bool {
        self.closed || self.of(side.other()).live == 0
    }
}

impl Channel {
    fn lock(&self) -> MutexGuard<'_, Ends> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn share(&self, label: TextId, side: Side, location: &'static Location<'static>) -> Acquired {
        let flags = Traits::Guard.flags();
        let what = Acquired::new(Kind::Channel, label, SiteId::of(location), flags);
        Acquired { resource: self.numbers[side as usize], ..what }
    }

    /// Another end, of whoever runs on this thread.
    fn join(self: &Arc<Self>, side: Side, location: &'static Location<'static>) -> ChannelEnd {
        let share = self.share(self.labels[side as usize], side, location);
        let mut ends = self.lock();
        let key = self.recorder.end_made(&share);
        let index = ends.of(side).insert(key);
        if ends.of(side).live == 1 && !ends.closed {
            ends.of(side.other()).keys().for_each(|it| self.recorder.end_is_missed_again(it));
        }
        if let Some(key) = key.filter(|_| ends.is_missed_by_nobody(side)) {
            self.recorder.end_is_missed_by_nobody(key);
        }
        drop(ends);
        let holding = Holding(key.map(|key| (self.recorder, key)));
        ChannelEnd(Some(Attached { channel: Arc::clone(self), holding, index, side }))
    }

    fn leave(&self, side: Side, index: u32) {
        let mut ends = self.lock();
        ends.of(side).remove(index);
        let was_last = ends.of(side).live == 0;
        if was_last {
            ends.of(side.other()).keys().for_each(|it| self.recorder.end_is_missed_by_nobody(it));
        }
        drop(ends);
        if was_last && side == Side::Receivers {
            self.nobody_receives();
        }
    }

    /// What is reserved nobody can miss either. A reservation that is being made sees
    /// that there is no receiver, if this does not see it.
    fn nobody_receives(&self) {
        self.receiver_gone.store(true, SeqCst);
        if self.reserved.load(SeqCst) > 0 {
            self.recorder.shares_are_over(self.numbers[Side::Receivers as usize]);
        }
    }

    fn close(&self) {
        let mut ends = self.lock();
        ends.closed = true;
        let both = ends.sides.iter().flat_map(Entries::keys);
        both.for_each(|it| self.recorder.end_is_missed_by_nobody(it));
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        if self.fill.is_some() {
            self.recorder.fills.remove(self.numbers);
        }
    }
}

/// An end, held for as long as the other side lives; or of a channel that is not
/// recorded.
#[derive(Debug)]
pub(crate) struct ChannelEnd(Option<Attached>);

#[derive(Debug)]
struct Attached {
    channel: Arc<Channel>,
    holding: Holding,
    index: u32,
    side: Side,
}

impl Drop for Attached {
    fn drop(&mut self) {
        // Its holding is released afterwards: nobody else finds it then.
        self.channel.leave(self.side, self.index);
    }
}

impl ChannelEnd {
    /// Of what was tokio's own before.
    pub(crate) const NONE: Self = Self(None);

    /// The first sender of a channel. Allocates, where it is recorded.
    pub(crate) fn first_sender(name: &ChannelName, location: &'static Location<'static>) -> Self {
        let Some(recorder) = Recorder::current().filter(|it| it.level() == Level::All) else {
            return Self::NONE;
        };
        let numbers = two_numbers();
        let fill = name.capacity.map(|capacity| match name.kind {
            ChannelKind::Mpsc => Arc::new(Fill::counted(capacity)),
            // Where its receivers stand is known to tokio alone, under its lock.
            ChannelKind::Watch | ChannelKind::Broadcast => Arc::new(Fill::of_capacity(capacity)),
        });
        if let Some(fill) = &fill {
            recorder.fills.insert(numbers, fill);
        }
        let channel = Arc::new(Channel {
            recorder,
            label: TextId::fixed(name.shown()),
            labels: name.ends(),
            numbers,
            fill,
            ends: Mutex::default(),
            reserved: AtomicUsize::new(0),
            receiver_gone: AtomicBool::new(false),
        });
        channel.join(Side::Senders, location)
    }

    /// Another end of the same channel, of whoever runs on this thread.
    pub(crate) fn another(&self, side: Side, location: &'static Location<'static>) -> Self {
        self.0.as_ref().map_or(Self::NONE, |end| end.channel.join(side, location))
    }

    /// What a weak sender keeps.
    pub(crate) fn weak(&self) -> WeakEnd {
        WeakEnd(self.0.as_ref().map(|end| Arc::clone(&end.channel)))
    }

    /// Whoever runs on this thread has used it: it is theirs.
    #[inline]
    pub(crate) fn used_here(&self) {
        if let Some(Attached { holding: Holding(Some((recorder, key))), .. }) = self.0 {
            match owner::user(recorder) {
                User::Task(task) => recorder.end_used(key, Some(task)),
                User::Nobody => recorder.end_used(key, None),
                User::Unsaid => {}
            }
        }
    }

    /// The receiver refuses to be sent more.
    pub(crate) fn closes(&self) {
        if let Some(end) = &self.0 {
            end.channel.close();
        }
    }

    /// Polled, and not ready: whoever polls it waits for an end of that side.
    pub(crate) fn waits(&self, wait: &mut Wait, side: Side, location: &'static Location<'static>) {
        if let Some(Attached { channel, .. }) = &self.0 {
            wait.goes_on_for(|| channel.share(channel.label, side, location));
        }
    }

    fn fill(&self) -> Option<&Fill> {
        self.0.as_ref()?.channel.fill.as_deref()
    }

    /// So many places were taken.
    #[inline]
    pub(crate) fn takes(&self, places: usize) {
        if let Some(fill) = self.fill() {
            fill.takes(places);
        }
    }

    /// So many messages were received.
    #[inline]
    pub(crate) fn receives(&self, messages: usize) {
        if let Some(fill) = self.fill() {
            fill.receives(messages);
        }
    }

    /// tokio's own end is used from now on: what goes through it is not seen.
    pub(crate) fn is_not_followed(&self) {
        if let Some(fill) = self.fill() {
            fill.is_unknown();
        }
    }

    /// So many places are reserved, by whoever runs on this thread.
    pub(crate) fn reserves(&self, places: usize, location: &'static Location<'static>) -> Holding {
        let Some(Attached { channel, .. }) = &self.0 else { return Holding::NONE };
        channel.reserved.fetch_add(1, SeqCst);
        if places == 0 {
            return Holding::NONE;
        }
        let amount = u32::try_from(places).unwrap_or(u32::MAX);
        let share = channel.share(channel.label, Side::Receivers, location);
        let share = Acquired { kind: Kind::Permit, amount, ..share };
        let holding = Holding(channel.recorder.acquired(&share).map(|key| (channel.recorder, key)));
        if channel.receiver_gone.load(SeqCst) {
            holding.is_over();
        }
        holding
    }

    /// A reservation is over; so many of its places were not sent into.
    pub(crate) fn unreserves(&self, unused: usize) {
        if let Some(Attached { channel, .. }) = &self.0 {
            channel.reserved.fetch_sub(1, SeqCst);
            if let Some(fill) = channel.fill.as_ref().filter(|_| unused > 0) {
                fill.gives_back(unused);
            }
        }
    }

    /// As [`Holding::transfer`].
    pub(crate) fn holding(&self) -> &Holding {
        static NONE: Holding = Holding::NONE;
        self.0.as_ref().map_or(&NONE, |end| &end.holding)
    }
}

/// What a weak sender keeps: it is no end.
#[derive(Clone, Debug)]
pub(crate) struct WeakEnd(Option<Arc<Channel>>);

impl WeakEnd {
    /// A sender was made of it.
    pub(crate) fn upgraded(&self, location: &'static Location<'static>) -> ChannelEnd {
        let join = |channel: &Arc<Channel>| channel.join(Side::Senders, location);
        self.0.as_ref().map_or(ChannelEnd::NONE, join)
    }
}
