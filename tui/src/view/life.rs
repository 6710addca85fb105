//! The life line, the signature of the product: one bar from spawn to due, with the
//! moments named beneath. Log-scaled, so that microseconds stand beside hours.

use holdover_proto::v1;
use ratatui::text::{Line, Span};

use crate::{
    asked::{self, SLOW_DROP},
    format::{span, width},
    theme::Theme,
};

/// A stretch of the life of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stretch {
    Running,
    Cancel,
    /// It has noticed, and goes on to an end of its own.
    CleanUp,
    Drop,
    SlowDrop,
    Holds,
    Ahead,
}

impl Stretch {
    fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Cancel => "cancel",
            Self::CleanUp => "cleans up",
            Self::Drop => "drop",
            Self::SlowDrop => "SLOW DROP",
            Self::Holds => "still holds",
            Self::Ahead => "goes in",
        }
    }

    fn glyph(self, theme: Theme) -> &'static str {
        match self {
            Self::Running | Self::Cancel | Self::CleanUp | Self::Drop | Self::SlowDrop => {
                theme.glyphs.line
            }
            Self::Holds => theme.glyphs.holding,
            Self::Ahead => theme.glyphs.ahead,
        }
    }
}

impl Stretch {
    /// In the miniature.
    fn cell(self, theme: Theme) -> &'static str {
        match self {
            Self::Running => theme.glyphs.line,
            Self::Cancel | Self::CleanUp => theme.glyphs.times,
            Self::Drop | Self::SlowDrop => theme.glyphs.tick,
            Self::Holds => theme.glyphs.holding,
            Self::Ahead => theme.glyphs.ahead,
        }
    }
}

const PREFIX: &str = "  life   ";

/// The bar and the moments beneath it.
pub(super) fn lines(story: &v1::Story, now: u64, columns: u16, theme: Theme) -> Vec<Line<'static>> {
    let Some(task) = &story.task else { return Vec::new() };
    let stretches = stretches(task, story, now);
    let mut labels: Vec<String> =
        stretches.iter().map(|(it, nanos)| format!(" {} {} ", it.word(), span(*nanos))).collect();
    let room = usize::from(columns).saturating_sub(PREFIX.len() + 1);
    if least(&labels).iter().sum::<usize>() > room {
        labels = labels.iter().map(|label| label.trim().to_owned()).collect();
    }
    let widths = widths(&stretches, &labels, room);
    let is_unseen = task.cancel.as_ref().is_some_and(|it| !asked::is_known(it));
    let cleaned_up = stretches.iter().any(|(it, _)| *it == Stretch::CleanUp);
    let (mut bar, mut beneath) = (vec![Span::raw(PREFIX)], " ".repeat(PREFIX.len()));
    for (((stretch, _), label), columns) in stretches.iter().zip(&labels).zip(widths) {
        let fill = columns.saturating_sub(width(label) + 1);
        let (left, right) = (fill / 2, fill - fill / 2);
        let glyph = stretch.glyph(theme);
        let text =
            format!("{}{}{label}{}", theme.glyphs.tick, glyph.repeat(left), glyph.repeat(right));
        bar.push(Span::styled(text, style(*stretch, theme)));
        // Two words that touch would read as one.
        let word = Some(moment(*stretch, cleaned_up, is_unseen)).filter(|it| width(it) < columns);
        beneath.push_str(&crate::format::pad(word.unwrap_or_default(), columns, ""));
    }
    bar.push(Span::raw(theme.glyphs.tick));
    let beneath = with_the_end(&beneath, last_moment(task, story, now));
    vec![Line::from(bar), Line::styled(beneath, theme.dim())]
}

/// The moment at which the line ends.
fn last_moment(task: &v1::Task, story: &v1::Story, now: u64) -> &'static str {
    let holds = !story.holdings.is_empty() || !story.children.is_empty();
    match (goes_at(task, story, now), task.ended_ns) {
        (Some(_), _) => "due",
        (None, Some(_)) if !holds => "ended",
        (None, _) => "now",
    }
}

/// Names the last moment too, under its tick, where there is room for it.
fn with_the_end(beneath: &str, word: &str) -> String {
    let before = (beneath.len() + 1).saturating_sub(word.len());
    match beneath.get(before.saturating_sub(1)..) {
        Some(rest) if rest.trim().is_empty() => format!("{}{word}", &beneath[..before]),
        _ => beneath.to_owned(),
    }
}

/// When the last of what an ended task holds goes by itself, if that is still to come.
fn goes_at(task: &v1::Task, story: &v1::Story, now: u64) -> Option<u64> {
    let goes = story.holdings.iter().map(|held| held.due_ns).collect::<Option<Vec<_>>>();
    let last = goes.and_then(|all| all.into_iter().max());
    last.filter(|at| *at > now && task.ended_ns.is_some())
}

/// Cells of the life line in a list.
const MINIATURE: usize = 10;

/// The life line of a leak's task in ten cells, without words: so each stretch has a glyph
/// of its own.
pub(super) fn miniature(leak: &v1::Leak, now: u64, theme: Theme) -> String {
    let Some(task) = &leak.task else { return String::new() };
    let story = v1::Story { holdings: leak.holdings.clone(), ..Default::default() };
    let now = leak.cleared_ns.unwrap_or(now);
    let mut stretches = stretches(task, &story, now);
    stretches.truncate(MINIATURE);
    let labels = vec![String::new(); stretches.len()];
    let columns = widths(&stretches, &labels, MINIATURE);
    let mut cells: String = stretches
        .iter()
        .zip(columns)
        .map(|((stretch, _), columns)| stretch.cell(theme).repeat(columns))
        .collect();
    // What is lost by rounding is the last stretch's.
    let last = stretches.last().map_or(" ", |(stretch, _)| stretch.cell(theme));
    while width(&cells) < MINIATURE {
        cells.push_str(last);
    }
    cells
}

fn style(stretch: Stretch, theme: Theme) -> ratatui::style::Style {
    match stretch {
        Stretch::Running => theme.good(),
        Stretch::Cancel | Stretch::SlowDrop => theme.bad(),
        Stretch::CleanUp | Stretch::Drop => theme.late(),
        Stretch::Holds => theme.holding(),
        Stretch::Ahead => theme.dim(),
    }
}

/// The moment at which a stretch begins.
fn moment(stretch: Stretch, cleaned_up: bool, is_unseen: bool) -> &'static str {
    match stretch {
        Stretch::Running => "spawned",
        Stretch::Cancel => "requested",
        Stretch::Drop | Stretch::SlowDrop if cleaned_up || is_unseen => "drop begins",
        // An abort is delivered by the drop.
        Stretch::CleanUp | Stretch::Drop | Stretch::SlowDrop => "delivered",
        Stretch::Holds => "ended",
        Stretch::Ahead => "now",
    }
}

fn stretches(task: &v1::Task, story: &v1::Story, now: u64) -> Vec<(Stretch, u64)> {
    let cancel = task.cancel.as_ref();
    // Of a request that nobody saw there is no moment.
    let cancel = cancel.filter(|cancel| asked::is_known(cancel) || cancel.ended_ns.is_some());
    let requested = cancel.filter(|it| asked::is_known(it)).map(|cancel| cancel.requested_ns);
    let delivered = cancel.and_then(|cancel| cancel.delivered_ns).filter(|_| requested.is_some());
    let ended = task.ended_ns;
    let mut moments = vec![(Stretch::Running, task.spawned_ns)];
    moments.extend(requested.map(|at| (Stretch::Cancel, at)));
    moments.extend(dropped(cancel, delivered, now));
    let holds = !story.holdings.is_empty() || !story.children.is_empty();
    if let (Some(ended), true) = (ended, holds) {
        moments.push((Stretch::Holds, ended));
    }
    let goes = goes_at(task, story, now);
    if goes.is_some() {
        moments.push((Stretch::Ahead, now));
    }
    let last = goes.unwrap_or(if holds { now } else { ended.unwrap_or(now) });
    let ends = moments.iter().skip(1).map(|(_, at)| *at).chain([last]);
    let spans = moments.iter().zip(ends);
    spans.map(|((stretch, from), to)| (*stretch, to.saturating_sub(*from))).collect()
}

/// From the delivery on: what it did until its drop began, and the drop.
fn dropped(
    cancel: Option<&v1::Cancel>,
    delivered: Option<u64>,
    now: u64,
) -> impl Iterator<Item = (Stretch, u64)> {
    let began = cancel
        .and_then(|it| it.drop_began_ns.or_else(|| Some(it.ended_ns?.saturating_sub(it.drop_ns?))));
    let ended = cancel.and_then(|it| it.ended_ns).unwrap_or(now);
    let clean_up = delivered.filter(|at| began.is_none_or(|began| *at < began));
    let drop = began.map(|began| {
        let is_slow = ended.saturating_sub(began) >= SLOW_DROP;
        (if is_slow { Stretch::SlowDrop } else { Stretch::Drop }, began)
    });
    clean_up.map(|at| (Stretch::CleanUp, at)).into_iter().chain(drop)
}

/// In proportion to the logarithm of each stretch, and never less than its label.
fn widths(stretches: &[(Stretch, u64)], labels: &[String], room: usize) -> Vec<usize> {
    let least = least(labels);
    let spare = room.saturating_sub(least.iter().sum());
    let weights: Vec<f64> =
        stretches.iter().map(|(_, nanos)| ((*nanos as f64) / 1000.0 + 1.0).ln()).collect();
    let total: f64 = weights.iter().sum::<f64>().max(f64::MIN_POSITIVE);
    let share = |weight: f64| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "at most `spare`"
        )]
        let columns = (weight / total * spare as f64) as usize;
        columns
    };
    least.iter().zip(weights).map(|(least, weight)| least + share(weight)).collect()
}

/// A tick and a label for each.
fn least(labels: &[String]) -> Vec<usize> {
    labels.iter().map(|label| width(label) + 1).collect()
}
