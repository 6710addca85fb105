//! The Process screen: what the process has of everything, over time, and who holds what of
//! its descriptors.

mod charts;

pub(super) use self::charts::spark;

use holdover_proto::v1;
use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
    widgets::Paragraph,
};

use super::{
    Scene,
    table::{Cell, Table},
    text,
};
use crate::{
    columns::FdColumn,
    format::{count, counted, place, safe, span},
    model::{Figure, Pace, Rows, Until},
    names,
    print::process::{files, known, memory, unknown},
    theme::Theme,
};

/// Lines that a text of the target may take.
const TALL: usize = 2;
/// Workers that are told apart in a line.
const WORKERS: usize = 16;
/// The title, the head and two rows of the table.
const TABLE: u16 = 4;

/// ```text
/// figures   memory, cpu, descriptors, sockets, runtimes, what is unknown
/// charts    as many as there is room for
/// held      what names a descriptor
/// ```
pub(super) fn render(scene: Scene<'_>, frame: &mut Frame<'_>, area: Rect) -> Option<Rows> {
    let Scene { model, theme, .. } = scene;
    let Some(about) = model.about() else {
        const ONE: &str = "This screen is of one process, and several targets are shown. T lists them: \
                           Enter there shows only one.";
        let lines = text::indented(ONE, 6, area.width);
        frame.render_widget(Paragraph::new([vec![Line::default()], lines].concat()), area);
        return None;
    };
    let samples = model.samples(about);
    let Some(process) = model.seen.process(about) else {
        let text = match (model.refused(), model.is_answered()) {
            (Some(why), _) => format!("The target says nothing of its process: {}", safe(why)),
            (None, true) => "The target says nothing of its process.".to_owned(),
            (None, false) => super::untold(model).unwrap_or_default(),
        };
        let lines = text::indented(&text, 6, area.width);
        frame.render_widget(Paragraph::new([vec![Line::default()], lines].concat()), area);
        return None;
    };
    let held = if model.seen.held.rows().is_empty() { 1 } else { TABLE };
    let mut lines = figures(process, samples, area.width, theme);
    // The charts and the table are what the rest is about.
    let room = area.height.saturating_sub(held);
    lines.truncate(room.saturating_sub(charts::LEAST).into());
    let room = usize::from(room).saturating_sub(lines.len());
    lines.extend(charts::lines(samples, area.width, room, theme));
    let taken = u16::try_from(lines.len()).unwrap_or(area.height).min(area.height);
    frame.render_widget(Paragraph::new(lines), area);
    let below = Rect { y: area.y + taken, height: area.height - taken, ..area };
    holdings(scene, frame, below)
}

fn figures(
    process: &v1::Process,
    samples: Until<'_>,
    columns: u16,
    theme: Theme,
) -> Vec<Line<'static>> {
    let mut said = vec![("memory", memory(process)), ("cpu", cpu(process, samples))];
    said.extend(files(process));
    let mut lines = Vec::new();
    for (name, text) in said {
        let mut told = short(name, &text, columns, theme);
        if name == "fds"
            && let (Some(line), Some(full)) = (told.first_mut(), full(process))
        {
            let style = if full < 80 { theme.dim() } else { theme.bad() };
            line.push_span(Span::styled(format!(", {full}% of it"), style));
        }
        lines.extend(told);
    }
    for load in process.runtimes.iter().take(4) {
        let name = format!("rt {}", load.runtime);
        lines.extend(short(&name, &runtime(load, samples), columns, theme));
    }
    let more = process.runtimes.len().saturating_sub(4);
    if more > 0 {
        let text = format!("and {} more", counted(more as u64, "runtime"));
        lines.push(text::named_short("", &text, columns, theme));
    }
    for text in unknown(process).iter().take(3) {
        let told = short("unknown", text, columns, theme).into_iter();
        lines.extend(told.map(|line| line.style(theme.late())));
    }
    lines
}

/// A text that may go on beneath itself, and not for ever.
fn short(name: &str, text: &str, columns: u16, theme: Theme) -> Vec<Line<'static>> {
    let mut lines = text::named(name, text, columns, theme);
    if lines.len() > TALL {
        lines.truncate(TALL);
        if let Some(last) = lines.pop() {
            let last = last + Span::raw(" ".repeat(usize::from(columns)));
            lines.push(text::fit_line(last, columns, theme));
        }
    }
    lines
}

/// How much of the limit is in use, in hundredths.
fn full(process: &v1::Process) -> Option<u64> {
    let limit = process.fd_limit.filter(|limit| *limit != u64::MAX && *limit > 0)?;
    let open = process.fds.as_ref()?.open;
    Some(u64::try_from(u128::from(open) * 100 / u128::from(limit)).unwrap_or(u64::MAX))
}

fn cpu(process: &v1::Process, samples: Until<'_>) -> String {
    let used = known(process.cpu_ns, span);
    let now = match samples.cpu() {
        Some(cpu) => format!("{} of a core", percent(cpu)),
        None if process.cpu_ns.is_none() => "unknown".to_owned(),
        None => "measuring".to_owned(),
    };
    let (threads, up) = (known(process.threads, count), known(process.uptime_ns, span));
    format!("{now}, {used} so far; threads {threads}; process up {up}")
}

/// Thousandths as `12%` or `0.4%`.
fn percent(thousandths: u64) -> String {
    match thousandths {
        0 => "0%".to_owned(),
        1..100 => format!("{}.{}%", thousandths / 10, thousandths % 10),
        _ => format!("{}%", count(thousandths / 10)),
    }
}

fn runtime(load: &v1::RuntimeLoad, samples: Until<'_>) -> String {
    let paces: Vec<_> = (0..load.by_worker.len().min(WORKERS))
        .map(|worker| samples.pace(load.runtime, worker))
        .collect();
    let (workers, tasks) = (counted(load.workers, "worker"), counted(load.alive, "task"));
    let told = format!("{workers}, {tasks}, {} queued", count(load.global_queue));
    if paces.is_empty() {
        return told;
    }
    let each = |shown: fn(Pace) -> String| {
        let shown = |pace: &Option<_>| pace.map_or_else(|| "?".to_owned(), shown);
        paces.iter().map(shown).collect::<Vec<_>>().join(", ")
    };
    let busy = each(|pace| percent(pace.busy));
    let parks = each(|pace| count(pace.parks_a_second));
    let more = load.workers.saturating_sub(paces.len() as u64);
    let of = if more > 0 { format!(" (the first {})", paces.len()) } else { String::new() };
    format!("{told}; busy{of} {busy}; parks a second {parks}")
}

fn holdings(scene: Scene<'_>, frame: &mut Frame<'_>, area: Rect) -> Option<Rows> {
    let Scene { model, theme, now } = scene;
    let held = &model.seen.held;
    if area.height == 0 {
        return None;
    }
    let title = match (held.rows().is_empty(), held.all) {
        (true, 0) => "No holding names a descriptor".to_owned(),
        (true, all) => format!("None of {} that name a descriptor match", count(all)),
        (false, _) => format!("{} hold a descriptor", counted(held.matched, "holding")),
    };
    let title = title.replacen("1 holding hold ", "1 holding holds ", 1);
    let bar = text::bar(&title, area.width, theme);
    frame.render_widget(Paragraph::new(bar), Rect { height: 1, ..area });
    if held.rows().is_empty() || area.height < 2 {
        return None;
    }
    let below = Rect { y: area.y + 1, height: area.height - 1, ..area };
    let now = model.target_now(now);
    let table = Table { scene, list: held, placement: model.placement(below.width) };
    Some(table.render(
        frame.buffer_mut(),
        below,
        |column, row| cell(column, row, now),
        |row| if row.owner_ended { theme.late() } else { Style::new() },
    ))
}

pub(super) fn cell(column: FdColumn, row: &v1::HeldRow, now: u64) -> Cell {
    let Some(held) = &row.holding else { return String::new().into() };
    match column {
        FdColumn::What => Cell::middle(names::holding_and_fd(held)),
        // The number tells it from another.
        FdColumn::Owner => Cell::place(names::owner_and_end(row)),
        FdColumn::Acquired => Cell::place(safe(&place(&held.site)).into_owned()),
        FdColumn::Age => span(now.saturating_sub(held.acquired_ns)).into(),
    }
}

/// A figure as it is said: its name, and its value in a word.
fn said(figure: Figure, value: u64) -> String {
    match figure {
        Figure::Rss => crate::format::bytes(value),
        Figure::Cpu => percent(value),
        Figure::Fds | Figure::Threads | Figure::Tasks | Figure::Leaks => count(value),
    }
}
