//! What is shown as text to copy, and as JSON lines to keep.

use std::time::{Duration, Instant};

use holdover_proto::v1;
use jiff::{Timestamp, tz::TimeZone};

use crate::{
    client::TargetId,
    format::counted,
    model::{Entity, HoldingsBy, List, Model, Of, PoolLine, Screen, Target, WhichTasks},
    print::{json, text},
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
    let acts_on = model.acts_on();
    let now = model.time_of(acts_on, now);
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
        Screen::Tasks if model.tasks_are() == WhichTasks::BySite => {
            Some(text::task_group(model.sites.selected()?))
        }
        Screen::Tasks => Some(text::task(model.tasks.selected()?, now)),
        Screen::Holdings => match model.holdings_by {
            HoldingsBy::One => text::held(model.holdings.selected()?, now),
            HoldingsBy::Pool => match &**model.pool_lines.selected()? {
                PoolLine::Pool(pool) => Some(text::pool(pool, now)),
                PoolLine::Out { row, .. } => text::held(row.held.as_ref()?, now),
            },
        },
        Screen::Events => Some(text::event(model.events.selected()?, now)),
        Screen::Process => text::held(model.seen.held.selected()?, now),
        Screen::Story(..) => story(model.story.as_ref()?, now),
        Screen::Targets | Screen::Since | Screen::Blind | Screen::Help => None,
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
    model.is_attached().then_some(())?;
    Some(match model.screen() {
        screen if screen.is_tab() && model.is_tree() => {
            each(model, &model.branches, now, |branch, it| {
                branch.task.iter().map(|task| it.task(task)).collect()
            })
        }
        Screen::Leaks => each(model, &model.leaks, now, |group, it| {
            vec![json::group(group, it.described, &it.update())]
        }),
        Screen::Tasks if model.tasks_are() == WhichTasks::BySite => {
            each(model, &model.sites, now, |site, it| vec![json::task_group(site, it.described)])
        }
        Screen::Tasks => each(model, &model.tasks, now, |task, it| vec![it.task(task)]),
        Screen::Holdings => match model.holdings_by {
            HoldingsBy::One => each(model, &model.holdings, now, |row, it| {
                json::held(row, it.described, it.now).into_iter().collect()
            }),
            HoldingsBy::Pool => model
                .shown()
                .into_iter()
                .filter_map(|id| Teller::of(model, id, now))
                .flat_map(|it| {
                    let pools = it.target.pools.iter();
                    pools.map(|pool| json::pool(pool, it.described, it.now)).collect::<Vec<_>>()
                })
                .collect(),
        },
        Screen::Events => {
            each(model, &model.events, now, |event, it| vec![json::event(event, it.described)])
        }
        Screen::Process => {
            let only = model.only()?;
            let it = Teller::of(model, only, now)?;
            let mut process = model.seen.process(only).cloned()?;
            process.held = model.seen.held.rows().iter().map(|row| (**row).clone()).collect();
            let matched = model.seen.held.matched;
            let update = v1::Update { matched, ..it.update() };
            vec![json::process(&update, &process, it.described)]
        }
        Screen::Story(target, _) => {
            let it = Teller::of(model, target, now)?;
            let story = model.story.as_ref()?;
            let id = story.task.as_ref().map_or(0, |task| task.id);
            let events = story.events.iter().map(|event| json::event(event, it.described));
            let held = story.holdings.iter();
            let held = held.map(|held| json::holding_line(held, id, it.described, it.now));
            story.task.iter().map(|task| it.task(task)).chain(events).chain(held).collect()
        }
        Screen::Targets | Screen::Since | Screen::Blind | Screen::Help => return None,
    })
}

/// Whose rows these are, as the lines say it.
struct Teller<'a> {
    target: &'a Target,
    described: &'a v1::DescribeResponse,
    now: u64,
}

impl<'a> Teller<'a> {
    fn of(model: &'a Model, id: TargetId, now: Instant) -> Option<Self> {
        let target = &model.targets[id];
        Some(Self { target, described: target.described.as_ref()?, now: model.time_of(id, now) })
    }

    fn update(&self) -> v1::Update {
        let totals = Some(self.target.totals);
        v1::Update { now_ns: self.now, totals, ..v1::Update::default() }
    }

    fn task(&self, task: &v1::Task) -> String {
        json::task_line(task, self.described, self.now)
    }
}

/// The lines of each row.
fn each<T: Entity>(
    model: &Model,
    list: &List<Of<T>>,
    now: Instant,
    lines: impl Fn(&T, &Teller<'_>) -> Vec<String>,
) -> Vec<String> {
    let of = |row: &Of<T>| Some(lines(row, &Teller::of(model, row.target, now)?));
    list.rows().iter().filter_map(of).flatten().collect()
}

/// What to call the file: `holdover-leaks-20270131-101502.jsonl`, at the target's time.
pub(crate) fn name(model: &Model, now: Instant) -> String {
    let screen = match model.screen() {
        Screen::Tasks => "tasks".to_owned(),
        Screen::Holdings => "holdings".to_owned(),
        Screen::Events => "events".to_owned(),
        Screen::Process => "process".to_owned(),
        Screen::Story(_, task) => format!("task-{task}"),
        Screen::Leaks | Screen::Targets | Screen::Since | Screen::Blind | Screen::Help => {
            "leaks".to_owned()
        }
    };
    let wall = Duration::from_nanos(model.lead().wall(model.target_now(now)));
    let at = i64::try_from(wall.as_secs()).ok().and_then(|it| Timestamp::from_second(it).ok());
    let at = at.unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(TimeZone::UTC);
    format!("holdover-{screen}-{}.jsonl", at.strftime("%Y%m%d-%H%M%S"))
}
