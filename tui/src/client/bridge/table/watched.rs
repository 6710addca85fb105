//! What a task's counts say over several messages: since when it is told to have no waker,
//! and whether its future is gone while its span is still open. A closure or an
//! instrumented task that it has spawned keeps that open, and the target then tells of a
//! task that goes on. But tokio enters the span once more to drop the future, which nothing
//! has woken it for.

use holdover_proto::v1;

use super::TaskStats;

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Watched {
    /// When it was first told to be idle without a waker; `None` once it is not.
    without_waker: Option<u64>,
    /// Its counts when it was idle last.
    idle: Option<Counts>,
    /// It was entered without being woken.
    was_dropped: bool,
    /// It was entered last since it was woken, or since it was new.
    was_polled: bool,
}

#[derive(Clone, Copy, Debug)]
struct Counts {
    polls: u64,
    wakes: u64,
}

impl Counts {
    /// Wakes that led to no poll of their own. The first poll needs none.
    fn spare(self) -> i128 {
        i128::from(self.wakes) + 1 - i128::from(self.polls)
    }
}

impl Watched {
    pub(super) fn note(&mut self, stats: &TaskStats, now: u64) {
        if stats.state() != v1::TaskState::Idle {
            self.without_waker = None;
            return;
        }
        let counts = Counts { polls: stats.polls, wakes: stats.wakes };
        let before = self.idle.replace(counts);
        let is_as_before = before.is_some_and(|it| it.polls == counts.polls);
        self.was_dropped |= counts.spare() < before.map_or(0, Counts::spare);
        if !is_as_before {
            self.was_polled = counts.polls == 1 || before.is_some_and(|it| is_one(it, counts));
        }
        let since = self.without_waker.filter(|_| is_as_before).unwrap_or(now);
        self.without_waker = (stats.wakers == Some(0)).then_some(since);
    }

    /// Since when it is told so, by the times of the messages.
    pub(crate) fn without_waker(&self) -> Option<u64> {
        self.without_waker
    }

    pub(crate) fn was_dropped(&self) -> bool {
        self.was_dropped
    }

    /// It is certain that its future was not dropped when it was entered last. Of one that was
    /// woken several times for one poll it is not.
    pub(crate) fn was_polled(&self) -> bool {
        self.was_polled && !self.was_dropped
    }
}

/// One wake and one poll.
fn is_one(before: Counts, now: Counts) -> bool {
    now.polls.checked_sub(before.polls) == Some(1) && now.wakes.checked_sub(before.wakes) == Some(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn idle(polls: u64, wakes: u64) -> TaskStats {
        let (last_poll, last_poll_ended) = (Some(10 * polls), Some(10 * polls + 1));
        TaskStats {
            polls,
            wakes,
            last_poll,
            last_poll_ended,
            wakers: Some(0),
            ..TaskStats::default()
        }
    }

    fn watched(told: &[(u64, u64)]) -> Watched {
        let mut watched = Watched::default();
        for (now, (polls, wakes)) in (0..).zip(told) {
            watched.note(&idle(*polls, *wakes), now);
        }
        watched
    }

    #[test]
    fn what_is_entered_more_often_than_woken_was_dropped() {
        for (told, dropped, polled) in [
            (&[(1, 0)][..], false, true),
            (&[(2, 0)], true, false),
            // Whether the second of two wakes had a poll of its own is not told.
            (&[(2, 1)], false, false),
            (&[(2, 1), (3, 2)], false, true),
            (&[(2, 1), (4, 3)], false, false),
            (&[(2, 5), (4, 6)], true, false),
            (&[(1, 0), (3, 1)], true, false),
            // It stays so.
            (&[(1, 0), (3, 1), (3, 9)], true, false),
        ] {
            let watched = watched(told);
            assert_eq!(
                (watched.was_dropped(), watched.was_polled()),
                (dropped, polled),
                "{told:?}"
            );
        }
    }

    #[test]
    fn it_is_without_a_waker_since_it_was_first_told_so_after_its_last_poll() {
        assert_eq!(watched(&[(1, 0), (1, 0), (1, 0)]).without_waker(), Some(0));
        assert_eq!(watched(&[(1, 0), (1, 0), (2, 1)]).without_waker(), Some(2));
        let mut woken = watched(&[(1, 0)]);
        woken.note(&TaskStats { last_wake: Some(99), ..idle(1, 1) }, 1);
        assert_eq!(woken.without_waker(), None);
        let mut cloned = watched(&[(1, 0)]);
        cloned.note(&TaskStats { wakers: Some(1), ..idle(1, 0) }, 1);
        assert_eq!(cloned.without_waker(), None);
    }
}
