use proptest::prelude::*;

use super::*;

/// Two digits, from 1 ns: as console-subscriber makes them.
fn encoded(counts: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(COOKIE.to_be_bytes());
    bytes.extend(u32::try_from(counts.len()).expect("few").to_be_bytes());
    bytes.extend(0_u32.to_be_bytes());
    bytes.extend(2_u32.to_be_bytes());
    bytes.extend(1_u64.to_be_bytes());
    bytes.extend(1_000_000_000_u64.to_be_bytes());
    bytes.extend(1.0_f64.to_be_bytes());
    bytes.extend(counts);
    bytes
}

#[test]
fn buckets_end_where_their_index_says() {
    let scale = Scale::new(1, 2).expect("a scale");
    // 256 values one by one, then 128 of two each, 128 of four each.
    for (index, upto) in
        [(0, 0), (1, 1), (255, 255), (256, 257), (383, 511), (384, 515), (511, 1023)]
    {
        assert_eq!(scale.upto(index), upto, "{index}");
    }
}

#[test]
fn counts_and_what_is_empty_between_are_read() {
    // 3 at 0, 256 empty, 1 at 257: zigzag, seven bits a byte.
    let read = buckets(&encoded(&[6, 0xff, 0x03, 2])).expect("a histogram");
    let expected = [v1::Bucket { upto_ns: 0, count: 3 }, v1::Bucket { upto_ns: 259, count: 1 }];
    assert_eq!(read, expected);
}

#[test]
fn what_is_beyond_is_not_in_the_last_bucket() {
    let histogram = DurationHistogram {
        raw_histogram: encoded(&[6, 4]),
        max_value: 1,
        high_outliers: 2,
        highest_outlier: Some(77),
    };
    let read = whole(&histogram).expect("a histogram");
    assert_eq!(read.buckets, [v1::Bucket { upto_ns: 0, count: 3 }]);
    assert_eq!((read.beyond, read.longest_beyond_ns), (2, 77));
}

#[test]
fn what_is_no_histogram_is_none() {
    let good = encoded(&[6]);
    assert!(buckets(&good).is_some());
    for length in 0..good.len() {
        assert_eq!(buckets(&good[..length]), None, "{length} bytes");
    }
    // Two to the sixtieth empty ones.
    let far = encoded(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f, 2]);
    assert_eq!(buckets(&far), None);
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(
        counts in proptest::collection::vec(any::<u8>(), 0..200),
        at in 0_usize..40,
        byte in any::<u8>(),
    ) {
        let mut bytes = encoded(&counts);
        bytes[at] = byte;
        let read = buckets(&bytes).unwrap_or_default();
        prop_assert!(read.len() <= counts.len());
        prop_assert!(read.iter().all(|bucket| bucket.count > 0));
    }
}
