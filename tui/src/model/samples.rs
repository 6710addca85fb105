//! What the totals and the process were in the last 15 minutes, and how fast the process
//! works: from the differences of what it counts.

use std::collections::VecDeque;

use holdover_proto::v1;

use super::{List, Of, list::Order, past::Moment};
use crate::client::TargetId;

const SECOND: u64 = 1_000_000_000;
/// So many seconds are kept, each with one sample.
pub(crate) const KEPT: u64 = 15 * 60;
/// A rate is taken over about so long: the kernel counts in ticks of 10 ms.
const RATE_OVER: u64 = SECOND;
/// Beyond this nobody has looked meanwhile, and a rate would speak for that time.
const RATE_AT_MOST: u64 = 15 * SECOND;

/// What is drawn over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Figure {
    Rss,
    Fds,
    Threads,
    /// In thousandths of a core.
    Cpu,
    Tasks,
    Leaks,
}

impl Figure {
    pub(crate) const ALL: [Self; 6] =
        [Self::Rss, Self::Fds, Self::Threads, Self::Cpu, Self::Tasks, Self::Leaks];

    fn of(
        self,
        totals: &v1::Totals,
        process: Option<&v1::Process>,
        cpu: Option<u64>,
    ) -> Option<u64> {
        match self {
            Self::Rss => process?.rss_bytes,
            Self::Fds => Some(process?.fds.as_ref()?.open),
            Self::Threads => process?.threads,
            Self::Cpu => cpu,
            Self::Tasks => Some(totals.tasks_live),
            Self::Leaks => Some(totals.leaks),
        }
    }

    fn place(self) -> usize {
        Self::ALL.iter().position(|it| *it == self).unwrap_or(0)
    }

    /// Known only while the process is looked at.
    fn is_of_the_process(self) -> bool {
        matches!(self, Self::Rss | Self::Fds | Self::Threads | Self::Cpu)
    }
}

/// The figures in one second, in the order of [`Figure::ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sample {
    second: u64,
    figures: [Option<u64>; Figure::ALL.len()],
}

/// What was, as far as somebody looked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Samples {
    /// By second, the last at the back.
    kept: VecDeque<Sample>,
    /// The process as it was a while ago, and since.
    recent: VecDeque<v1::Process>,
}

/// How fast a worker works.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pace {
    /// Thousandths of the time.
    pub(crate) busy: u64,
    pub(crate) parks_a_second: u64,
}

impl Samples {
    /// Takes what the target says at its time `now`. Totals are told on every screen, the
    /// process only on its own.
    pub(super) fn take(&mut self, now: u64, totals: &v1::Totals, process: Option<&v1::Process>) {
        match process {
            Some(process) => self.follow(process),
            None => self.recent.clear(),
        }
        let cpu = self.cpu_between();
        let figures = Figure::ALL.map(|figure| figure.of(totals, process, cpu));
        self.put(Sample { second: now / SECOND, figures });
    }

    /// What was said last is still so: the target speaks only when something changes.
    pub(super) fn go_on(&mut self, now: u64, with_the_process: bool) {
        let Some(mut sample) = self.kept.back().copied() else { return };
        let second = now / SECOND;
        if second <= sample.second {
            return;
        }
        for (figure, value) in Figure::ALL.iter().zip(&mut sample.figures) {
            if figure.is_of_the_process() && !with_the_process {
                *value = None;
            }
        }
        self.put(Sample { second, ..sample });
    }

    fn put(&mut self, sample: Sample) {
        match self.kept.back_mut() {
            // Of a time before what was said last, what is kept says nothing.
            Some(last) if sample.second < last.second => self.kept.clear(),
            Some(last) if sample.second == last.second => {
                *last = sample;
                return;
            }
            _ => {}
        }
        self.kept.push_back(sample);
        let since = sample.second.saturating_sub(KEPT - 1);
        while self.kept.front().is_some_and(|first| first.second < since) {
            self.kept.pop_front();
        }
    }

    fn follow(&mut self, process: &v1::Process) {
        let now = process.sampled_ns;
        match self.recent.back() {
            Some(last) if last.sampled_ns == now => return,
            Some(last) if last.sampled_ns > now => self.recent.clear(),
            _ => {}
        }
        let held = Vec::new();
        self.recent.push_back(v1::Process { held, ..process.clone() });
        let is_long_ago = |it: &v1::Process, ago| now.saturating_sub(it.sampled_ns) >= ago;
        while self.recent.get(1).is_some_and(|second| is_long_ago(second, RATE_OVER)) {
            self.recent.pop_front();
        }
        if self.recent.len() > 1 && is_long_ago(&self.recent[0], RATE_AT_MOST) {
            self.recent.pop_front();
        }
    }

    /// The process before and now, and the time between.
    fn between(&self) -> Option<(&v1::Process, &v1::Process, u64)> {
        let (before, now) = (self.recent.front()?, self.recent.back()?);
        let nanos = now.sampled_ns.checked_sub(before.sampled_ns).filter(|nanos| *nanos > 0)?;
        Some((before, now, nanos))
    }

    /// In thousandths of a core.
    fn cpu_between(&self) -> Option<u64> {
        let (before, now, nanos) = self.between()?;
        Some(share(now.cpu_ns?.checked_sub(before.cpu_ns?)?, nanos, 1_000))
    }

    /// As it was at the target's time `until`, whatever came after that.
    pub(crate) fn until(&self, until: u64) -> Until<'_> {
        Until { of: self, until }
    }
}

/// The samples until a moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Until<'a> {
    of: &'a Samples,
    until: u64,
}

impl<'a> Until<'a> {
    fn kept(self) -> impl DoubleEndedIterator<Item = &'a Sample> {
        self.of.kept.iter().filter(move |it| it.second <= self.until / SECOND)
    }

    /// In thousandths of a core; `None` until there are two samples to compare.
    pub(crate) fn cpu(self) -> Option<u64> {
        self.last(Figure::Cpu)
    }

    /// Of a worker of a runtime, by its place among the runtime's workers. It is not known
    /// of a moment before the last.
    pub(crate) fn pace(self, runtime: u64, worker: usize) -> Option<Pace> {
        let between = self.of.between()?;
        let (before, now, nanos) = Some(between).filter(|it| it.1.sampled_ns <= self.until)?;
        let of = |process: &v1::Process| {
            let load = process.runtimes.iter().find(|load| load.runtime == runtime)?;
            load.by_worker.get(worker).copied()
        };
        let (before, now) = (of(before)?, of(now)?);
        Some(Pace {
            busy: share(now.busy_ns.checked_sub(before.busy_ns)?, nanos, 1_000),
            parks_a_second: share(now.parks.checked_sub(before.parks)?, nanos, SECOND),
        })
    }

    /// What was said last.
    pub(crate) fn last(self, figure: Figure) -> Option<u64> {
        self.kept().next_back()?.figures[figure.place()]
    }

    /// The seconds that a chart shows: the shortest of these that has all that is kept.
    pub(crate) fn seconds(self) -> u64 {
        let (Some(first), Some(last)) = (self.kept().next(), self.kept().next_back()) else {
            return 60;
        };
        let have = last.second.saturating_sub(first.second) + 1;
        [60, 300].into_iter().find(|seconds| have <= *seconds).unwrap_or(KEPT)
    }

    /// The last `seconds` in so many points or fewer, the last at the end: in each the most
    /// that was seen in its time. What nobody looked at has none.
    pub(crate) fn points(self, figure: Figure, seconds: u64, columns: usize) -> Vec<Option<u64>> {
        let columns = (columns as u64).min(seconds).max(1);
        let mut points = vec![None; usize::try_from(columns).unwrap_or(1)];
        let Some(last) = self.kept().next_back() else { return points };
        for sample in self.kept() {
            let ago = last.second.saturating_sub(sample.second);
            let Some(since) = (seconds - 1).checked_sub(ago) else { continue };
            let at = usize::try_from(since * columns / seconds).unwrap_or(usize::MAX);
            if let (Some(point), Some(value)) = (points.get_mut(at), sample.figures[figure.place()])
            {
                *point = Some(point.map_or(value, |most: u64| most.max(value)));
            }
        }
        points
    }
}

/// `part` of `whole`, of so many.
fn share(part: u64, whole: u64, of: u64) -> u64 {
    let share = u128::from(part) * u128::from(of) / u128::from(whole.max(1));
    u64::try_from(share).unwrap_or(u64::MAX)
}

/// What the screen of the process shows.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Whose it is; `None` until the target has said it, or where it says nothing of it.
    process: Option<(TargetId, v1::Process)>,
    /// What names a descriptor.
    pub(crate) held: List<Of<v1::HeldRow>>,
}

impl Seen {
    pub(super) fn take(&mut self, moment: &Moment, order: Order) {
        let Some(process) = &moment.update.process else { return };
        // What holds nothing is no row.
        let held = process.held.iter().filter(|row| row.holding.is_some());
        let held = held.map(|row| Of::new(moment.target, row.clone())).collect();
        self.held.replace(held, order);
        (self.held.matched, self.held.all) = (moment.update.matched, moment.update.all);
        let process = v1::Process { held: Vec::new(), ..process.clone() };
        self.process = Some((moment.target, process));
    }

    /// What was said of the process of this target.
    pub(crate) fn process(&self, of: TargetId) -> Option<&v1::Process> {
        self.process.as_ref().filter(|(target, _)| *target == of).map(|(_, process)| process)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(at: u64, cpu: u64) -> v1::Process {
        let worker = v1::WorkerLoad { parks: at / SECOND * 40, busy_ns: at / 4 };
        let load = v1::RuntimeLoad { runtime: 1, by_worker: vec![worker], ..Default::default() };
        v1::Process {
            sampled_ns: at,
            cpu_ns: Some(cpu),
            rss_bytes: Some(at / SECOND),
            runtimes: vec![load],
            ..Default::default()
        }
    }

    fn take(samples: &mut Samples, second: u64, process: Option<&v1::Process>) {
        let totals = v1::Totals { tasks_live: second, ..Default::default() };
        samples.take(second * SECOND, &totals, process);
    }

    #[test]
    fn a_gap_is_a_gap_and_not_a_zero() {
        let mut samples = Samples::default();
        take(&mut samples, 100, Some(&process(100 * SECOND, 0)));
        take(&mut samples, 101, None);
        take(&mut samples, 103, Some(&process(103 * SECOND, 0)));
        let last = |figure| samples.until(u64::MAX).points(figure, 60, 60)[56..].to_vec();
        assert_eq!(last(Figure::Rss), [Some(100), None, None, Some(103)]);
        assert_eq!(last(Figure::Tasks), [Some(100), Some(101), None, Some(103)]);
        assert_eq!(last(Figure::Fds), [None; 4], "it is not known");
        assert_eq!(
            (samples.until(u64::MAX).last(Figure::Rss), samples.until(u64::MAX).last(Figure::Fds)),
            (Some(103), None)
        );
    }

    #[test]
    fn what_is_kept_is_bounded_in_time_and_in_number() {
        let mut samples = Samples::default();
        for second in 0..3_000 {
            take(&mut samples, second, None);
            take(&mut samples, second, None);
        }
        assert_eq!(samples.kept.len() as u64, KEPT);
        assert_eq!(
            (
                samples.until(u64::MAX).seconds(),
                samples.until(u64::MAX).points(Figure::Tasks, KEPT, 50).len()
            ),
            (KEPT, 50)
        );
        assert_eq!(
            samples.until(u64::MAX).points(Figure::Tasks, KEPT, 50).last(),
            Some(&Some(2_999))
        );
        // A target that says nonsense costs what was known, and nothing else.
        samples.take(u64::MAX, &v1::Totals::default(), None);
        take(&mut samples, 7, None);
        assert_eq!(samples.kept.len(), 1);
        assert_eq!(samples.until(u64::MAX).points(Figure::Tasks, 60, 0), [Some(7)]);
    }

    #[test]
    fn what_was_said_last_goes_on() {
        let mut samples = Samples::default();
        take(&mut samples, 100, Some(&process(100 * SECOND, 0)));
        samples.go_on(101 * SECOND, true);
        samples.go_on(102 * SECOND, false);
        let last = |figure| samples.until(u64::MAX).points(figure, 60, 60)[57..].to_vec();
        assert_eq!(last(Figure::Rss), [Some(100), Some(100), None]);
        assert_eq!(last(Figure::Tasks), [Some(100); 3]);
    }

    #[test]
    fn a_pace_is_a_difference_and_unknown_where_there_is_none() {
        let mut samples = Samples::default();
        take(&mut samples, 10, Some(&process(10 * SECOND, SECOND)));
        assert_eq!(
            (samples.until(u64::MAX).cpu(), samples.until(u64::MAX).pace(1, 0)),
            (None, None)
        );
        take(&mut samples, 12, Some(&process(12 * SECOND, 2 * SECOND)));
        assert_eq!(samples.until(u64::MAX).cpu(), Some(500));
        assert_eq!(
            samples.until(u64::MAX).pace(1, 0),
            Some(Pace { busy: 250, parks_a_second: 40 })
        );
        assert_eq!(
            (samples.until(u64::MAX).pace(2, 0), samples.until(u64::MAX).pace(1, 9)),
            (None, None)
        );
        // What goes backwards is nonsense, and no pace.
        take(&mut samples, 13, Some(&process(13 * SECOND, 7)));
        assert_eq!(samples.until(u64::MAX).cpu(), None);
        // Nobody looked meanwhile.
        take(&mut samples, 14, None);
        take(&mut samples, 99, Some(&process(99 * SECOND, 9 * SECOND)));
        assert_eq!(samples.until(u64::MAX).cpu(), None);
        let mut wild = process(u64::MAX, u64::MAX);
        wild.runtimes[0].by_worker[0] = v1::WorkerLoad { parks: u64::MAX, busy_ns: u64::MAX };
        take(&mut samples, 100, Some(&wild));
        assert!(samples.recent.len() <= 2);
    }
}
