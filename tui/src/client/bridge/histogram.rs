//! The histograms of a task's details: `HdrHistogram`'s second format, uncompressed. Read
//! here, since what comes from the target may be anything: the format's own crate takes
//! memory by what the header says, and trusts the counts.

use console_api::tasks::{DurationHistogram, TaskDetails, task_details::PollTimesHistogram};
use holdover_proto::v1;

const COOKIE: u32 = 0x1c84_9313;
/// Of the widest range and the finest unit there are not more.
const MOST_BUCKETS: usize = 1 << 23;
/// A finer one is not in the format.
const MOST_DIGITS: u32 = 5;

/// How long polls took, and how long the task was scheduled; `None` where that is not told
/// or makes no sense.
pub(super) fn of(details: &TaskDetails) -> (Option<v1::Histogram>, Option<v1::Histogram>) {
    let polls = details.poll_times_histogram.as_ref().and_then(|it| match it {
        PollTimesHistogram::Histogram(histogram) => whole(histogram),
        PollTimesHistogram::LegacyHistogram(bytes) => buckets(bytes).map(without_outliers),
    });
    (polls, details.scheduled_times_histogram.as_ref().and_then(whole))
}

/// What is longer than the target's histogram reaches is in its last bucket too: there it
/// is taken off.
fn whole(histogram: &DurationHistogram) -> Option<v1::Histogram> {
    let mut all = without_outliers(buckets(&histogram.raw_histogram)?);
    if let Some(last) = all.buckets.last_mut() {
        last.count = last.count.saturating_sub(histogram.high_outliers);
    }
    all.buckets.retain(|bucket| bucket.count > 0);
    all.beyond = histogram.high_outliers;
    all.longest_beyond_ns = histogram.highest_outlier.unwrap_or(histogram.max_value);
    Some(all)
}

fn without_outliers(buckets: Vec<v1::Bucket>) -> v1::Histogram {
    v1::Histogram { buckets, ..v1::Histogram::default() }
}

/// Where the values of an index end.
#[derive(Clone, Copy, Debug)]
struct Scale {
    /// The lowest power of two that is told apart.
    unit: u32,
    /// Buckets of half an octave, as a power of two.
    half: u32,
}

impl Scale {
    fn new(lowest: u64, digits: u32) -> Option<Self> {
        let finest = 2 * 10_u64.checked_pow(digits.min(MOST_DIGITS + 1))?;
        let half = finest.next_power_of_two().ilog2() - 1;
        let unit = lowest.checked_ilog2()?;
        (digits <= MOST_DIGITS && unit + half < 62).then_some(Self { unit, half })
    }

    /// The largest value that is counted at this index.
    fn upto(self, index: usize) -> u64 {
        let index = index as u64;
        let (octave, within) = match (index >> self.half).checked_sub(1) {
            // The first octave has twice as many.
            None | Some(0) => (0, index),
            Some(octave) => (octave, (index & ((1 << self.half) - 1)) + (1 << self.half)),
        };
        let shift = octave.saturating_add(self.unit.into());
        let end = u128::from(within + 1).checked_shl(shift.min(127).try_into().unwrap_or(127));
        u64::try_from(end.unwrap_or(u128::MAX).saturating_sub(1)).unwrap_or(u64::MAX)
    }
}

/// The buckets that are not empty. `None` for what is not in the format.
fn buckets(bytes: &[u8]) -> Option<Vec<v1::Bucket>> {
    let mut bytes = Bytes(bytes);
    let is_known = bytes.u32()? == COOKIE;
    let length = bytes.u32()?;
    let offset = bytes.u32()?;
    let digits = bytes.u32()?;
    let lowest = bytes.u64()?;
    let _highest = bytes.u64()?;
    let ratio = f64::from_bits(bytes.u64()?);
    let is_plain = offset == 0 && (ratio - 1.0).abs() < f64::EPSILON;
    let scale = Scale::new(lowest, digits).filter(|_| is_known && is_plain)?;
    let mut counts = Bytes(bytes.0.get(..usize::try_from(length).ok()?)?);
    let (mut index, mut buckets) = (0_usize, Vec::new());
    while !counts.0.is_empty() {
        match counts.count()? {
            // So many that are empty.
            empty @ ..0 => {
                index = index.checked_add(usize::try_from(empty.unsigned_abs()).ok()?)?;
            }
            count => {
                let count = count.unsigned_abs();
                if count > 0 {
                    buckets.push(v1::Bucket { upto_ns: scale.upto(index), count });
                }
                index += 1;
            }
        }
        if index > MOST_BUCKETS {
            return None;
        }
    }
    Some(buckets)
}

/// What is left to read.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn u8(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn u32(&mut self) -> Option<u32> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*first))
    }

    fn u64(&mut self) -> Option<u64> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_be_bytes(*first))
    }

    /// Seven bits a byte, the lowest first, a ninth byte whole; the sign is the last bit.
    fn count(&mut self) -> Option<i64> {
        const LAST: u32 = 8;
        let mut bits = 0_u64;
        for place in 0..=LAST {
            let byte = self.u8()?;
            let is_last = place == LAST || byte & 0x80 == 0;
            let value = if place == LAST { byte } else { byte & 0x7f };
            bits |= u64::from(value) << (7 * place);
            if is_last {
                break;
            }
        }
        let magnitude = i64::try_from(bits >> 1).ok()?;
        Some(if bits & 1 == 1 { -magnitude - 1 } else { magnitude })
    }
}

#[cfg(test)]
mod tests;
