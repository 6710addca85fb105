//! How long a task's polls took, and how long it was scheduled before them.

use holdover_proto::v1;
use ratatui::text::{Line, Span};

use crate::{
    format::{counted, pad, span},
    theme::Theme,
};

/// A line each; none for what is not known, or never was.
pub(super) fn lines(story: &v1::Story, theme: Theme) -> Vec<Line<'static>> {
    let both = [("poll time", &story.poll_times), ("scheduled", &story.scheduled_times)];
    both.into_iter().filter_map(|(name, it)| line(name, it.as_ref()?, theme)).collect()
}

/// `  poll time  ▁▃█▅▂▁  50% 210us  99% 2.9ms  most 3.1ms`: a cell is twice as long as the one
/// before it.
fn line(name: &str, histogram: &v1::Histogram, theme: Theme) -> Option<Line<'static>> {
    let (first, most) = (quantile(histogram, 0)?, quantile(histogram, 100)?);
    let beyond = match histogram.beyond {
        0 => String::new(),
        beyond => format!("  {} off the scale", counted(beyond, "time")),
    };
    let told = format!(
        "  50% {}  99% {}  most {}{beyond}",
        span(quantile(histogram, 50)?),
        span(quantile(histogram, 99)?),
        span(most),
    );
    Some(Line::from(vec![
        Span::styled(format!("  {}", pad(name, 11, "")), theme.dim()),
        Span::raw(bars(&cells(histogram, first, most), theme.glyphs.sparks)),
        Span::raw(told),
    ]))
}

fn octave(nanos: u64) -> u32 {
    nanos.max(1).ilog2()
}

fn counts(histogram: &v1::Histogram) -> impl Iterator<Item = (u64, u64)> + '_ {
    let beyond = (histogram.longest_beyond_ns, histogram.beyond);
    let counted = histogram.buckets.iter().map(|bucket| (bucket.upto_ns, bucket.count));
    counted.chain([beyond]).filter(|(_, count)| *count > 0)
}

/// How many in each octave; an empty one is a gap.
fn cells(histogram: &v1::Histogram, first: u64, last: u64) -> Vec<Option<u64>> {
    let first = octave(first);
    let mut cells = vec![None; (octave(last).saturating_sub(first) + 1) as usize];
    for (nanos, count) in counts(histogram) {
        let cell = cells.get_mut(octave(nanos).saturating_sub(first) as usize);
        if let Some(cell) = cell {
            *cell = Some(cell.unwrap_or(0_u64).saturating_add(count));
        }
    }
    cells
}

/// As high as there are many.
fn bars(cells: &[Option<u64>], glyphs: &'static [&'static str]) -> String {
    let most = cells.iter().flatten().max().copied().unwrap_or(1).max(1);
    let steps = glyphs.len().saturating_sub(1) as u128;
    let glyph = |count: u64| {
        let step = u128::from(count) * steps / u128::from(most);
        usize::try_from(step).ok().and_then(|step| glyphs.get(step)).copied().unwrap_or(" ")
    };
    cells.iter().map(|cell| cell.map_or(" ", glyph)).collect()
}

/// So many of a hundred are not longer; `None` when there are none at all.
fn quantile(histogram: &v1::Histogram, percent: u64) -> Option<u64> {
    let all: u128 = counts(histogram).map(|(_, count)| u128::from(count)).sum();
    let rank = (all * u128::from(percent)).div_ceil(100).max(1);
    let mut seen = 0;
    counts(histogram).find_map(|(nanos, count)| {
        seen += u128::from(count);
        (seen >= rank).then_some(nanos)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::Look;

    const US: u64 = 1_000;

    fn histogram(counts: &[(u64, u64)], beyond: u64) -> v1::Histogram {
        let bucket =
            |(upto_ns, count): &(u64, u64)| v1::Bucket { upto_ns: *upto_ns, count: *count };
        let buckets = counts.iter().map(bucket).collect();
        v1::Histogram { buckets, beyond, longest_beyond_ns: 9_000 * US }
    }

    #[test]
    fn so_many_of_a_hundred_are_not_longer() {
        let times = histogram(&[(US, 50), (2 * US, 48), (4 * US, 1)], 1);
        let of = |percent| quantile(&times, percent);
        assert_eq!([of(0), of(50), of(98)], [Some(US), Some(US), Some(2 * US)]);
        assert_eq!([of(99), of(100)], [Some(4 * US), Some(9_000 * US)]);
        assert_eq!(quantile(&histogram(&[], 0), 50), None);
    }

    #[test]
    fn a_cell_is_an_octave_and_what_is_not_known_has_no_line() {
        let theme = Theme::new(Look::Terminal, false);
        let times = histogram(&[(1_024, 4), (1_500, 4), (4_096, 7)], 0);
        assert_eq!(cells(&times, 1_024, 4_096), [Some(8), None, Some(7)]);
        let mut story = v1::Story::default();
        assert_eq!(lines(&story, theme), Vec::<Line<'_>>::new());
        story.poll_times = Some(times);
        story.scheduled_times = Some(histogram(&[], 0));
        let lines = lines(&story, theme);
        let [line] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!(line.to_string(), "  poll time  █ ▇  50% 1us  99% 4us  most 4us");
    }
}
