//! Views that clients look at. One that several look at is evaluated once for all of them,
//! and no view takes more of the console thread than its share: however many tasks live
//! and however many clients look at them, that thread has time for its rounds.

use std::{
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use holdover_proto::v1;

use crate::recorder::clock::{Nanos, nanos};

/// For each part of its time that is spent on evaluating views, so many are not.
const REST: u32 = 4;
/// An answer is as good as new for so many times as long as it took.
const FRESH: u64 = 10;

/// An answer, as it is sent to each who looks at that view.
#[derive(Debug)]
pub(super) struct Answer {
    /// Without the time, which changes by itself.
    pub(super) update: v1::Update,
    pub(super) now_ns: u64,
}

/// The views that somebody looks at. Whoever looks keeps the answer.
#[derive(Debug, Default)]
pub(super) struct Shared(Mutex<Vec<Evaluated>>);

#[derive(Debug)]
struct Evaluated {
    view: v1::View,
    at: Nanos,
    took: Nanos,
    answer: Weak<Answer>,
}

impl Shared {
    /// The view's answer, and how long to wait before the next is asked for. It is new where
    /// it is had quickly, and never older than half of the interval.
    pub(super) fn answer(
        &self,
        view: &v1::View,
        interval: Duration,
        now: impl Fn() -> Nanos,
        evaluate: impl FnOnce() -> v1::Update,
    ) -> (Arc<Answer>, Duration) {
        // Nothing else runs on the console thread meanwhile.
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|it| it.answer.strong_count() > 0);
        let began = now();
        let fresh = known.iter().find(|it| it.view == *view).and_then(|it| {
            let fresh = it.took.saturating_mul(FRESH).min(nanos(interval) / 2);
            let is_fresh = began.saturating_sub(it.at) < fresh;
            Some((it.answer.upgrade().filter(|_| is_fresh)?, it.took))
        });
        let (answer, took) = fresh.unwrap_or_else(|| {
            let update = evaluate();
            let now_ns = update.now_ns;
            let answer = Arc::new(Answer { update: v1::Update { now_ns: 0, ..update }, now_ns });
            let (at, took) = (began, now().saturating_sub(began));
            known.retain(|it| it.view != *view);
            let weak = Arc::downgrade(&answer);
            known.push(Evaluated { view: view.clone(), at, took, answer: weak });
            (answer, took)
        });
        (answer, pause(interval, took, known.len()))
    }
}

/// The more views are looked at, the less often each is evaluated.
fn pause(interval: Duration, took: Nanos, views: usize) -> Duration {
    let views = u32::try_from(views).unwrap_or(u32::MAX);
    interval.max(Duration::from_nanos(took).saturating_mul(views).saturating_mul(REST))
}

#[cfg(all(test, not(holdover_loom)))]
mod tests {
    use std::cell::Cell;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn update(matched: u64) -> v1::Update {
        v1::Update { now_ns: 7, matched, ..v1::Update::default() }
    }

    fn view(filter: &str) -> v1::View {
        v1::View { filter: filter.to_owned(), ..v1::View::default() }
    }

    #[test]
    fn one_view_is_evaluated_once_for_all_who_look() {
        let (shared, evaluated) = (Shared::default(), Cell::new(0));
        let time = Cell::new(0);
        let ask = |filter: &str, now: Nanos| {
            time.set(now);
            let evaluate = || {
                evaluated.set(evaluated.get() + 1);
                time.set(now + 100_000_000);
                update(evaluated.get())
            };
            shared.answer(&view(filter), SECOND, || time.get(), evaluate).0
        };
        let first = ask("a", 0);
        assert_eq!((first.now_ns, first.update.now_ns, first.update.matched), (7, 0, 1));
        assert!(Arc::ptr_eq(&first, &ask("a", 400_000_000)));
        assert_eq!(ask("b", 400_000_000).update.matched, 2, "another view");
        let second = ask("a", 600_000_000);
        assert_eq!(second.update.matched, 3, "it is too old by now");
        drop((first, second));
        assert_eq!(ask("a", 600_000_000).update.matched, 4, "nobody had kept it");
        assert!(shared.0.lock().expect("no panic").len() <= 1, "nor are those counted");
    }

    #[test]
    fn what_is_had_quickly_is_new() {
        let shared = Shared::default();
        let ask = |now: Nanos| {
            let time = Cell::new(now);
            let evaluate = || {
                time.set(now + 50_000);
                update(now)
            };
            shared.answer(&view(""), SECOND, || time.get(), evaluate).0
        };
        let first = ask(1);
        assert_eq!((first.update.matched, ask(1_000_000).update.matched), (1, 1_000_000));
    }

    #[test]
    fn what_takes_long_is_evaluated_less_often() {
        let shared = Shared::default();
        let ask = |filter: &str| {
            let now = Cell::new(0);
            let clock = || now.replace(now.get() + 100_000_000);
            shared.answer(&view(filter), SECOND, clock, || update(0))
        };
        let (_first, pause) = ask("a");
        assert_eq!(pause, SECOND, "0.4 s are no more than it waits anyway");
        let others: Vec<_> = (0..9).map(|number| ask(&number.to_string())).collect();
        let (_, pause) = others.last().expect("nine");
        assert_eq!(*pause, 4 * SECOND, "ten views of 0.1 s take a fifth of the thread");
    }
}
