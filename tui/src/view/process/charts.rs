//! Charts of what was, a line each; nothing is drawn where nobody looked.

use ratatui::text::{Line, Span};

use super::{super::text, said};
use crate::{
    format::{pad, span},
    model::{Figure, Until},
    theme::Theme,
};

/// The title and two charts.
pub(super) const LEAST: u16 = 3;

/// The columns of a figure's name, and of what it was.
const NAME: usize = 10;
const VALUE: usize = 10;
const RANGE: usize = 22;

/// At most so many lines.
pub(super) fn lines(
    samples: Until<'_>,
    columns: u16,
    room: usize,
    theme: Theme,
) -> Vec<Line<'static>> {
    let seconds = samples.seconds();
    let title = format!("The last {}", span(seconds * 1_000_000_000));
    let beside = usize::from(columns).saturating_sub(NAME + VALUE + RANGE + 2);
    let mut lines = vec![text::bar(&title, columns, theme)];
    let drawn = Figure::ALL.map(|figure| {
        let points = samples.points(figure, seconds, beside);
        chart(figure, &points, samples.last(figure), beside, theme)
    });
    lines.extend(drawn);
    lines.truncate(room);
    lines
}

fn name(figure: Figure) -> &'static str {
    match figure {
        Figure::Rss => "rss",
        Figure::Fds => "fds",
        Figure::Threads => "threads",
        Figure::Cpu => "cpu",
        Figure::Tasks => "tasks",
        Figure::Leaks => "leaks",
    }
}

fn chart(
    figure: Figure,
    points: &[Option<u64>],
    last: Option<u64>,
    columns: usize,
    theme: Theme,
) -> Line<'static> {
    let known = || points.iter().flatten().copied();
    let (least, most) = (known().min(), known().max());
    let now = last.map_or_else(|| "unknown".to_owned(), |last| said(figure, last));
    let range = match (least.map(|it| said(figure, it)), most.map(|it| said(figure, it))) {
        (Some(least), Some(most)) if least != most => format!("{least} to {most}"),
        _ => String::new(),
    };
    let style = match figure {
        Figure::Leaks if most.is_some_and(|most| most > 0) => theme.bad(),
        _ => theme.good(),
    };
    let drawn = spark(points, theme.glyphs.sparks);
    Line::from(vec![
        Span::styled(format!("  {:<width$}", name(figure), width = NAME - 2), theme.dim()),
        Span::styled(format!("{drawn:>columns$}"), style),
        Span::raw(format!("  {}", pad(&now, VALUE, theme.glyphs.more))),
        Span::styled(range, theme.dim()),
    ])
}

/// From the least to the most. Where that is little of what there is, it is not drawn as
/// if it were much.
pub(in crate::view) fn spark(points: &[Option<u64>], glyphs: &'static [&'static str]) -> String {
    let known = || points.iter().flatten().copied();
    let (least, most) = (known().min().unwrap_or(0), known().max().unwrap_or(0));
    let steps = glyphs.len().saturating_sub(1) as u64;
    let range = u128::from((most - least).max(most / 10).max(steps));
    let glyph = |value: u64| {
        let step = (u128::from(value - least) * u128::from(steps) + range / 2) / range;
        usize::try_from(step).ok().and_then(|step| glyphs.get(step)).copied().unwrap_or(" ")
    };
    points.iter().map(|point| point.map_or(" ", glyph)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::Look;

    #[test]
    fn a_gap_is_empty_and_a_zero_is_drawn() {
        let glyphs = Theme::new(Look::Terminal, false).glyphs.sparks;
        let points = [Some(0), None, Some(7), Some(3), Some(u64::MAX / 2), Some(u64::MAX)];
        assert_eq!(spark(&points[..4], glyphs), "▁ █▄");
        assert_eq!(spark(&points, glyphs), "▁ ▁▁▄█");
        assert_eq!(spark(&[None, None], glyphs), "  ");
        assert_eq!(spark(&[Some(u64::MAX); 2], glyphs), "▁▁");
        let ascii = Theme::new(Look::Terminal, true).glyphs.sparks;
        assert_eq!(spark(&points[..4], ascii), ". #-");
    }

    #[test]
    fn what_hardly_changes_is_drawn_so() {
        let glyphs = Theme::new(Look::Terminal, false).glyphs.sparks;
        assert_eq!(spark(&[Some(1_000), Some(1_001), Some(1_015)], glyphs), "▁▁▂");
    }
}
