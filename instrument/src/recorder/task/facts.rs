//! A task as the console thread reads it.

use super::{ANSWERED, Flag, TaskSlot, awaits_a_poll, is_by_cancellation, low, some};
use crate::{
    atomics::{
        AtomicU64,
        Ordering::{Relaxed, SeqCst},
    },
    recorder::{
        clock::Nanos,
        key::Key,
        table::{SiteId, TextId},
    },
    words::{Accuracy, Outcome, TaskKind},
};

/// A task as it was at one moment: plain data.
#[derive(Clone, Debug)]
pub(crate) struct TaskFacts {
    pub(crate) key: Key,
    pub(crate) id: u64,
    /// As its span has it.
    pub(crate) tokio_id: Option<u64>,
    pub(crate) kind: TaskKind,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) flags: u32,
    pub(crate) site: SiteId,
    pub(crate) name: TextId,
    pub(crate) type_name: TextId,
    pub(crate) size: u32,
    /// What of its memory stays while it is not freed; 0 when that is not known.
    pub(crate) cell: u32,
    /// As [`crate::runtimes`] counts them; 0 until it is known.
    pub(crate) runtime: u32,
    pub(crate) spawner: Option<Key>,
    pub(crate) extra: u32,
    pub(crate) request: u32,
    pub(crate) spawned_at: Nanos,
    pub(crate) first_poll: Option<Nanos>,
    pub(crate) running_since: Option<Nanos>,
    pub(crate) last_poll: Option<Nanos>,
    /// How long the last poll that is over took.
    #[cfg_attr(
        not(feature = "tokio-console"),
        expect(dead_code, reason = "only tokio-console tells when a poll ended")
    )]
    pub(crate) last_run: Nanos,
    /// Not polled since.
    pub(crate) woken_at: Option<Nanos>,
    /// As that, or the wake that the last poll answered; the spawn is the first.
    #[cfg_attr(
        not(feature = "tokio-console"),
        expect(dead_code, reason = "only tokio-console tells when it was last woken")
    )]
    pub(crate) last_woken: Option<Nanos>,
    /// With the one that it is in.
    pub(crate) polls: u64,
    /// Without that.
    pub(crate) busy: Nanos,
    pub(crate) scheduled: Nanos,
    pub(crate) wakes: u64,
    /// Of these, by itself: while it was polled.
    #[cfg_attr(
        not(feature = "tokio-console"),
        expect(dead_code, reason = "only tokio-console tells them apart")
    )]
    pub(crate) self_wakes: u32,
    pub(crate) wakers: u32,
    pub(crate) requested_at: Option<Nanos>,
    pub(crate) polls_since: u64,
    pub(crate) delivered_at: Option<Nanos>,
    pub(crate) drop_began: Option<Nanos>,
    pub(crate) ended_at: Option<Nanos>,
    pub(crate) holdings: u32,
    pub(crate) children: u32,
    pub(crate) handles: u32,
    pub(crate) pins: u64,
}

impl TaskFacts {
    /// Stands for whoever holds what no task owns. Its id is nobody's.
    pub(crate) fn nobody(key: Key) -> Self {
        Self {
            key,
            id: 0,
            tokio_id: None,
            kind: TaskKind::Task,
            outcome: None,
            flags: Flag::Shim as u32,
            site: SiteId::default(),
            name: TextId::fixed("nobody"),
            type_name: TextId::EMPTY,
            size: 0,
            cell: 0,
            runtime: 0,
            spawner: None,
            extra: 0,
            request: 0,
            spawned_at: 0,
            first_poll: None,
            running_since: None,
            last_poll: None,
            last_run: 0,
            woken_at: None,
            last_woken: None,
            polls: 0,
            busy: 0,
            scheduled: 0,
            wakes: 0,
            self_wakes: 0,
            wakers: 0,
            requested_at: None,
            polls_since: 0,
            delivered_at: None,
            drop_began: None,
            ended_at: None,
            holdings: 0,
            children: 0,
            handles: 0,
            pins: 0,
        }
    }

    pub(crate) fn has(&self, flag: Flag) -> bool {
        self.flags & flag as u32 != 0
    }

    /// Nobody is to see it any more: its slot is about to be freed.
    pub(crate) fn is_over(&self) -> bool {
        self.has(Flag::Retired) && self.pins == 0
    }

    /// As `tokio::task::id()` tells it: not within a `block_on`.
    pub(crate) fn told_id(&self) -> Option<u64> {
        self.tokio_id.filter(|_| self.kind != TaskKind::BlockOn)
    }

    pub(crate) fn accuracy(&self) -> Accuracy {
        if self.has(Flag::Shim) { Accuracy::Exact } else { Accuracy::Inferred }
    }

    /// Ended by cancellation: cancelled, or ended any way but shutdown after a
    /// delivered token request.
    #[inline]
    pub(crate) fn ended_by_cancellation(&self) -> bool {
        is_by_cancellation(self.outcome, self.delivered_at)
    }

    /// It ended by cancellation, and its memory stays allocated since wakers of it are
    /// stored somewhere.
    pub(crate) fn keeps_its_cell(&self) -> bool {
        self.has(Flag::Cell)
    }

    /// How many things it holds, as they are listed: all wakers of it are one.
    pub(crate) fn holdings_listed(&self) -> u32 {
        self.holdings.saturating_add(u32::from(self.keeps_its_cell()))
    }
}

impl TaskSlot {
    /// Of those that were begun; a run that was taken back may have been one before it.
    fn polls_since(&self, begun: u64) -> u64 {
        let since = low(begun).wrapping_sub(self.polls_at_request.load(Relaxed));
        u64::try_from(since.cast_signed()).unwrap_or(0)
    }

    /// Whether what may still change of a task that has ended is as it was read: what it
    /// holds, who it was spawned by, who can wake it, and whether it was asked after all.
    pub(in crate::recorder) fn is_still(&self, read: &TaskFacts, spawner: Option<Key>) -> bool {
        let when = |cell: &AtomicU64| some(cell.load(SeqCst));
        self.life.pins() == read.pins
            && self.holdings_here.sum(&self.holdings) == read.holdings
            && self.children_here.sum(&self.children) == read.children
            && self.handles.load(Relaxed) == read.handles
            && self.wakers.count() == read.wakers
            && self.flags() == read.flags
            && spawner == read.spawner
            && self.request_index() == read.request
            && self.extra() == read.extra
            && when(&self.requested_at) == read.requested_at
            && when(&self.delivered_at) == read.delivered_at
    }

    /// Reads everything. The caller checks the generation again afterwards.
    pub(in crate::recorder) fn facts(&self, key: Key, spawner: Option<Key>) -> TaskFacts {
        let load = |cell: &AtomicU64| cell.load(Relaxed);
        let when = |cell: &AtomicU64| some(cell.load(SeqCst));
        let running = when(&self.running_since);
        let begun = load(&self.polls) + u64::from(running.is_some());
        let requested_at = when(&self.requested_at);
        let woken = load(&self.woken_at);
        // Before the outcome, which is written first: an end has an outcome.
        let ended_at = when(&self.ended_at);
        TaskFacts {
            key,
            id: load(&self.id),
            tokio_id: some(load(&self.tokio_id)),
            kind: self.kind(),
            outcome: self.outcome(),
            flags: self.flags(),
            site: SiteId(self.site.load(Relaxed)),
            name: TextId(self.name.load(Relaxed)),
            type_name: TextId(self.type_name.load(Relaxed)),
            size: self.size.load(Relaxed),
            cell: self.cell.load(Relaxed).into(),
            runtime: self.runtime(),
            spawner,
            extra: self.extra(),
            request: self.request_index(),
            spawned_at: load(&self.spawned_at),
            first_poll: when(&self.first_poll),
            running_since: running,
            last_poll: running.or_else(|| when(&self.last_poll)),
            last_run: load(&self.last_run),
            woken_at: Some(woken).filter(|woken| awaits_a_poll(*woken)),
            last_woken: some(woken & !ANSWERED),
            polls: begun,
            busy: load(&self.busy),
            scheduled: load(&self.scheduled),
            wakes: self.wakers.wakes(),
            self_wakes: self.wakers.by_itself(),
            wakers: self.wakers.count(),
            requested_at,
            polls_since: self.polls_since(begun),
            delivered_at: when(&self.delivered_at),
            drop_began: when(&self.drop_began),
            ended_at,
            holdings: self.holdings_here.sum(&self.holdings),
            children: self.children_here.sum(&self.children),
            handles: self.handles.load(Relaxed),
            pins: self.life.pins(),
        }
    }
}
