//! How long something took, in classes of two significant digits, and how `HdrHistogram`
//! writes that down (its format V2).

use std::{collections::BTreeMap, iter};

use holdover_proto::tokio_console as wire;

use crate::recorder::clock::Nanos;

/// What takes longer than a minute is an outlier.
const MAX: Nanos = 60_000_000_000;
const SIGNIFICANT_DIGITS: u32 = 2;
/// With two significant digits a class of values has as many sub-classes, the first half
/// of which only the first class uses.
const SUB_CLASSES: u64 = 256;
const HALF: u64 = SUB_CLASSES / 2;

const COOKIE: u32 = 0x1c84_9303 | 0x10;

/// Only what was counted is kept: few classes are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Histogram {
    counts: BTreeMap<u64, u64>,
    outliers: u64,
    highest_outlier: Option<Nanos>,
}

impl Histogram {
    pub(super) fn count(&mut self, took: Nanos, times: u64) {
        if times == 0 {
            return;
        }
        if took > MAX {
            self.outliers += times;
            self.highest_outlier = self.highest_outlier.max(Some(took));
        } else {
            *self.counts.entry(class_of(took)).or_default() += times;
        }
    }

    /// So many that took so long altogether: how long each took is not known, so they are
    /// counted as if all took the same.
    pub(super) fn count_at_the_mean(&mut self, altogether: Nanos, times: u64) {
        if let Some(mean) = altogether.checked_div(times) {
            self.count(mean, times);
        }
    }

    pub(super) fn to_wire(&self) -> wire::DurationHistogram {
        wire::DurationHistogram {
            raw_histogram: self.encoded(),
            max_value: MAX,
            high_outliers: self.outliers,
            highest_outlier: self.highest_outlier,
        }
    }

    fn encoded(&self) -> Vec<u8> {
        let payload = self.payload();
        let mut bytes = Vec::with_capacity(40 + payload.len());
        bytes.extend(COOKIE.to_be_bytes());
        bytes.extend(u32::try_from(payload.len()).unwrap_or_default().to_be_bytes());
        // No offset.
        bytes.extend(0_u32.to_be_bytes());
        bytes.extend(SIGNIFICANT_DIGITS.to_be_bytes());
        bytes.extend(1_u64.to_be_bytes());
        bytes.extend(MAX.to_be_bytes());
        // Values are what they are.
        bytes.extend(1_f64.to_be_bytes());
        bytes.extend(payload);
        bytes
    }

    /// The counts of all classes in order; so many empty ones as one negative number.
    fn payload(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut next = 0;
        for (class, count) in &self.counts {
            if *class > next {
                bytes.extend(variable(2 * (class - next) - 1));
            }
            bytes.extend(variable(2 * count));
            next = class + 1;
        }
        bytes
    }
}

/// The place of the value's class among all.
fn class_of(value: Nanos) -> u64 {
    let doublings = (value | (SUB_CLASSES - 1)).ilog2() - (SUB_CLASSES - 1).ilog2();
    u64::from(doublings) * HALF + (value >> doublings)
}

/// Seven bits a byte, the lowest first; there is more where the eighth is set.
fn variable(number: u64) -> impl Iterator<Item = u8> {
    let rests = iter::successors(Some(number), |rest| Some(rest >> 7).filter(|rest| *rest > 0));
    rests.map(|rest| {
        let more = if rest >> 7 > 0 { 0x80 } else { 0 };
        (rest & 0x7f) as u8 | more
    })
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// What the reader of tokio-console makes of it.
    fn read(histogram: &Histogram) -> hdrhistogram::Histogram<u64> {
        let bytes = histogram.to_wire().raw_histogram;
        let mut reader = hdrhistogram::serialization::Deserializer::new();
        reader.deserialize(&mut Cursor::new(bytes)).expect("it can be read")
    }

    #[test]
    fn what_was_counted_is_read() {
        let mut ours = Histogram::default();
        let mut theirs = hdrhistogram::Histogram::<u64>::new_with_max(MAX, 2).expect("bounds");
        let values = [0, 1, 2, 127, 128, 255, 256, 257, 1_000, 1_234_567, 59_999_999_999, MAX];
        for (times, value) in (1..).zip(values) {
            ours.count(value, times);
            theirs.record_n(value, times).expect("in bounds");
        }
        let read = read(&ours);
        assert_eq!(read.len(), theirs.len());
        for value in values {
            assert_eq!(read.count_at(value), theirs.count_at(value), "{value}");
        }
        for percentile in [1.0, 10.0, 50.0, 90.0, 99.9, 100.0] {
            let both =
                (read.value_at_percentile(percentile), theirs.value_at_percentile(percentile));
            assert_eq!(both.0, both.1, "{percentile} %");
        }
    }

    #[test]
    fn nothing_and_large_counts_are_read() {
        assert_eq!(read(&Histogram::default()).len(), 0);
        let mut many = Histogram::default();
        many.count(5, 1 << 40);
        assert_eq!(read(&many).count_at(5), 1 << 40);
    }

    #[test]
    fn what_takes_too_long_is_an_outlier() {
        let mut histogram = Histogram::default();
        histogram.count(MAX + 1, 1);
        histogram.count(2 * MAX, 2);
        let wire = histogram.to_wire();
        assert_eq!((wire.high_outliers, wire.highest_outlier), (3, Some(2 * MAX)));
        assert_eq!(read(&histogram).len(), 0);
    }

    #[test]
    fn those_that_are_known_together_are_counted_at_their_mean() {
        let mut histogram = Histogram::default();
        histogram.count_at_the_mean(1_000, 10);
        histogram.count_at_the_mean(1_000, 0);
        assert_eq!(read(&histogram).count_at(100), 10);
    }
}
