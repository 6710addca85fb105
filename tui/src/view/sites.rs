//! Tasks in groups by where they were spawned, with those that are in no list any more.

use holdover_proto::v1;
use ratatui::{Frame, layout::Rect, style::Style};

use super::{
    Scene,
    table::{Cell, Table},
};
use crate::{
    columns::SiteColumn,
    format::{count, place, safe},
    model::Rows,
    names,
    theme::Theme,
};

pub(super) fn render(scene: Scene<'_>, frame: &mut Frame<'_>, area: Rect) -> Option<Rows> {
    let Scene { model, theme, .. } = scene;
    if model.sites.rows().is_empty() {
        super::none(scene, "No tasks.", frame, area);
        return None;
    }
    let table = Table { scene, list: &model.sites, placement: model.placement(area.width) };
    Some(table.render(
        frame.buffer_mut(),
        area,
        |column, group| cell(column, group, theme),
        |group| if group.live == 0 { theme.dim() } else { Style::new() },
    ))
}

pub(super) fn cell(column: SiteColumn, group: &v1::TaskGroup, theme: Theme) -> Cell {
    let ended = |of: fn(&v1::EndedTasks) -> u64| match &group.ended {
        Some(ended) => count(of(ended)).into(),
        None => Cell::styled("?".to_owned(), theme.dim()),
    };
    let alarming = |cell: Cell, many: u64| {
        let style = if many > 0 { theme.bad() } else { theme.dim() };
        Cell { style, ..cell }
    };
    match column {
        SiteColumn::Location => match names::site(group) {
            site if group.location.is_empty() => site.into(),
            site => Cell::place(safe(&place(&site)).into_owned()),
        },
        SiteColumn::Live => count(group.live).into(),
        SiteColumn::Ended => ended(names::ended),
        SiteColumn::Completed => ended(|it| it.completed),
        SiteColumn::Cancelled => ended(|it| it.cancelled),
        SiteColumn::Panicked => {
            let panicked = group.ended.as_ref().map_or(0, |it| it.panicked);
            alarming(ended(|it| it.panicked), panicked)
        }
        SiteColumn::Shutdown => ended(|it| it.shutdown),
        SiteColumn::Spawned => match &group.ended {
            Some(ended) => count(group.live.saturating_add(names::ended(ended))).into(),
            None => ended(names::ended),
        },
    }
}
