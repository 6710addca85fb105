//! What is shown as text to copy, and as JSON lines to keep.

use std::time::{Duration, Instant};

use holdover_proto::v1;
use jiff::{Timestamp, tz::TimeZone};

use crate::{
    format::counted,
    model::{HoldingsBy, Model, PoolLine, Screen},
    print::{json, process, text},
};

/// Where to look for what is wrong: where the first of the things was acquired, else where
/// the task was spawned.
pub(crate) fn site_of(leak: &v1::Leak) -> &str {
    let location = leak.task.as_ref().map_or("", |task| task.location.as_str());
    match leak.verdict() {
        // What these hold is not what is wrong with them.
        v1::Verdict::Stuck | v1::Verdict::Orphaned | v1::Verdict::LostWaker => location,
        _ => match leak.holdings.first().map_or("", |held| held.site.as_str()) {
            "" => location,
            site => site,
        },
    }
}

/// The selected row, or the story, as text; harmless, as everything that is printed.
pub(crate) fn text(model: &Model, now: Instant) -> Option<String> {
    let now = model.target_now(now);
    match model.screen() {
        screen if screen.is_tab() && model.is_tree() => {
            Some(text::task(model.branches.selected()?.task.as_ref()?, now))
        }
        Screen::Leaks => {
            let group = model.leaks.selected()?;
            let leak = text::leak(group.worst.as_ref()?, now);
            Some(match group.count {
                0 | 1 => leak,
                many => format!("{}, the worst of them:\n{leak}", counted(many.into(), "task")),
            })
        }
        Screen::Tasks => Some(text::task(model.tasks.selected()?, now)),
        Screen::Holdings => match model.holdings_by {
            HoldingsBy::One => process::held(model.holdings.selected()?, now),
            HoldingsBy::Pool => match model.pool_lines.selected()? {
                PoolLine::Pool(pool) => Some(text::pool(pool, now)),
                PoolLine::Out { row, .. } => process::held(row.held.as_ref()?, now),
            },
        },
        Screen::Events => Some(text::event(model.events.selected()?, now)),
        Screen::Process => process::held(model.seen.held.selected()?, now),
        Screen::Story(_) => story(model.story.as_ref()?, now),
        Screen::Since | Screen::Blind | Screen::Help => None,
    }
}

fn story(story: &v1::Story, now: u64) -> Option<String> {
    let task = story.task.as_ref()?;
    let mut lines = vec![text::task(task, now)];
    if let Some(cancel) = &task.cancel {
        lines.push(format!("    cancelled: {}", text::cancelled(cancel)));
    }
    lines.extend(story.events.iter().map(|event| format!("    {}", text::event(event, now))));
    let holds = |held| format!("    holds: {}", text::holding(held, task.cancel.is_some(), now));
    lines.extend(story.holdings.iter().map(holds));
    Some(lines.join("\n"))
}

/// What the screen lists, one JSON object a line.
pub(crate) fn lines(model: &Model, now: Instant) -> Option<Vec<String>> {
    let described = &model.target.as_ref()?.described;
    let now_ns = model.target_now(now);
    let update = v1::Update { now_ns, totals: Some(model.totals), ..v1::Update::default() };
    let task = |task: &v1::Task| json::task_line(task, described, now_ns);
    let held = |row: &v1::HeldRow| {
        let owner = row.owner.as_ref().map_or(0, |owner| owner.id);
        Some(json::holding_line(row.holding.as_ref()?, owner, described, now_ns))
    };
    Some(match model.screen() {
        screen if screen.is_tab() && model.is_tree() => {
            let branches = model.branches.rows().iter();
            branches.filter_map(|branch| branch.task.as_ref().map(task)).collect()
        }
        Screen::Leaks => {
            let groups = model.leaks.rows().iter();
            groups.map(|group| json::group(group, described, &update)).collect()
        }
        Screen::Tasks => model.tasks.rows().iter().map(task).collect(),
        Screen::Holdings => match model.holdings_by {
            HoldingsBy::One => model.holdings.rows().iter().filter_map(held).collect(),
            HoldingsBy::Pool => {
                model.pools.iter().map(|pool| json::pool(pool, described, now_ns)).collect()
            }
        },
        Screen::Events => {
            model.events.rows().iter().map(|event| json::event(event, described)).collect()
        }
        Screen::Process => {
            let mut process = model.seen.process.clone()?;
            process.held = model.seen.held.rows().to_vec();
            let matched = model.seen.held.matched;
            let update = v1::Update { matched, ..update };
            vec![json::process(&update, &process, described)]
        }
        Screen::Story(_) => {
            let story = model.story.as_ref()?;
            let id = story.task.as_ref().map_or(0, |task| task.id);
            let events = story.events.iter().map(|event| json::event(event, described));
            let held = story.holdings.iter();
            let held = held.map(|held| json::holding_line(held, id, described, now_ns));
            story.task.iter().map(task).chain(events).chain(held).collect()
        }
        Screen::Since | Screen::Blind | Screen::Help => return None,
    })
}

/// What to call the file: `holdover-leaks-20270131-101502.jsonl`, at the target's time.
pub(crate) fn name(model: &Model, now: Instant) -> String {
    let screen = match model.screen() {
        Screen::Tasks => "tasks".to_owned(),
        Screen::Holdings => "holdings".to_owned(),
        Screen::Events => "events".to_owned(),
        Screen::Process => "process".to_owned(),
        Screen::Story(task) => format!("task-{task}"),
        Screen::Leaks | Screen::Since | Screen::Blind | Screen::Help => "leaks".to_owned(),
    };
    let anchor = model.target.as_ref().map_or(0, |target| target.described.wall_anchor_ns);
    let wall = Duration::from_nanos(anchor.saturating_add(model.target_now(now)));
    let at = i64::try_from(wall.as_secs()).ok().and_then(|it| Timestamp::from_second(it).ok());
    let at = at.unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(TimeZone::UTC);
    format!("holdover-{screen}-{}.jsonl", at.strftime("%Y%m%d-%H%M%S"))
}
