//! How a group of leaks has grown.

use super::process::spark;
use crate::{format::count, theme::Theme};

/// `+2 a minute for 7 min: 1 ▁▂▃▄▅▆▇█ 14`, of how many there were minute by minute;
/// `None` before there is a minute to look back to.
pub(super) fn said(counts: &[u32], theme: Theme) -> Option<String> {
    let last = *counts.last()?;
    let from = since_when(counts);
    let (first, minutes) = (counts[from], counts.len() - 1 - from);
    if counts.len() < 2 {
        return None;
    }
    let how = match minutes {
        0 => format!("{} fewer than a minute ago", count(fewer(counts))),
        _ if last == first => format!("as many for {minutes} min"),
        _ => grown(last - first, minutes),
    };
    let points: Vec<Option<u64>> = counts.iter().map(|it| Some(u64::from(*it))).collect();
    let spark = spark(&points, theme.glyphs.sparks);
    let (oldest, now) = (counts[0], count(last.into()));
    Some(format!("{how}: {} {spark} {now}", count(oldest.into())))
}

/// The minute since which there have never been fewer than before.
fn since_when(counts: &[u32]) -> usize {
    let fell = |pair: &[u32]| pair[1] < pair[0];
    counts.windows(2).rposition(fell).map_or(0, |before| before + 1)
}

fn fewer(counts: &[u32]) -> u64 {
    match counts {
        [.., before, last] => u64::from(before.saturating_sub(*last)),
        _ => 0,
    }
}

/// `+2 a minute for 7 min`; `1 more in 7 min` where that is less than one a minute.
fn grown(more: u32, minutes: usize) -> String {
    match u64::from(more) / (minutes as u64).max(1) {
        0 => format!("{more} more in {minutes} min"),
        rate => format!("+{} a minute for {minutes} min", count(rate)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::Look;

    fn of(counts: &[u32]) -> Option<String> {
        said(counts, Theme::new(Look::Ascii, false))
    }

    #[test]
    fn a_group_grows_shrinks_or_stays() {
        for (counts, expected) in [
            (&[1, 3, 5, 7][..], "+2 a minute for 3 min: 1 "),
            (&[9, 1, 5, 9], "+4 a minute for 2 min: 9 "),
            (&[4, 4, 4], "as many for 2 min: 4 "),
            (&[0, 0, 0, 0, 1], "1 more in 4 min: 0 "),
            (&[4, 1], "3 fewer than a minute ago: 4 "),
        ] {
            let said = of(counts).expect("a minute has passed");
            assert!(said.starts_with(expected), "{said}");
            assert!(said.ends_with(&format!(" {}", counts[counts.len() - 1])), "{said}");
        }
    }

    #[test]
    fn before_a_minute_has_passed_nothing_is_said() {
        assert_eq!((of(&[]), of(&[3])), (None, None));
    }
}
