//! What keys and the mouse do to the list of the screen.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

use std::time::Instant;

use super::{Clicked, Kind, List, Model, NOTHING_SELECTED, Screen, list::Entity};
use crate::columns::{
    EventColumn, FdColumn, GroupColumn, HoldingColumn, LeakColumn, PoolColumn, SiteColumn, TARGET,
    TaskColumn, TreeColumn, says, term_of,
};
use crate::keymap::Action;

/// Lines that a turn of the wheel moves by.
const WHEEL: isize = 3;

/// A list, whatever is in it.
pub(super) trait Lines {
    fn move_by(&mut self, lines: isize);
    fn select(&mut self, line: usize);
    fn scroll_by(&mut self, lines: isize, shown: usize);
    fn drawn(&mut self, shown: usize);
    fn settle(&mut self);
    fn choose(&mut self);
    fn is_chosen(&self) -> bool;
    fn count(&self) -> usize;
    fn selected_index(&self) -> Option<usize>;
}

impl<T: Entity> Lines for List<T> {
    fn move_by(&mut self, lines: isize) {
        self.move_by(lines);
    }

    fn select(&mut self, line: usize) {
        self.select(line);
    }

    fn scroll_by(&mut self, lines: isize, shown: usize) {
        self.scroll_by(lines, shown);
    }

    fn drawn(&mut self, shown: usize) {
        self.drawn(shown);
    }

    fn settle(&mut self) {
        self.settle();
    }

    fn choose(&mut self) {
        self.choose();
    }

    fn is_chosen(&self) -> bool {
        self.is_chosen()
    }

    fn count(&self) -> usize {
        self.rows().len()
    }

    fn selected_index(&self) -> Option<usize> {
        self.selected_index()
    }
}

impl Model {
    /// The list that the screen shows.
    pub(super) fn list(&mut self) -> Option<&mut dyn Lines> {
        if self.screen() == Screen::Targets {
            return Some(&mut self.target_lines);
        }
        if !self.screen().is_tab() {
            return None;
        }
        if self.is_tree() {
            return Some(&mut self.branches);
        }
        Some(match self.kind() {
            Kind::Leaks => &mut self.leaks,
            Kind::Tasks => &mut self.tasks,
            Kind::Sites => &mut self.sites,
            Kind::Holdings => &mut self.holdings,
            Kind::Pools => &mut self.pool_lines,
            Kind::Events => &mut self.events,
            Kind::Process => &mut self.seen.held,
        })
    }

    pub(super) fn move_by(&mut self, lines: isize, now: Instant) {
        let last = self.drawn.page.map_or(0, |page| page.lines.saturating_sub(page.shown));
        if self.is_story() {
            return self.move_in_story(lines);
        }
        match self.list() {
            Some(list) => {
                list.move_by(lines);
                self.look_deeper(now);
            }
            None => self.page_line = self.page_line.saturating_add_signed(lines).min(last),
        }
    }

    pub(super) fn select(&mut self, line: usize, now: Instant) {
        let last = self.drawn.page.map_or(0, |page| page.lines.saturating_sub(page.shown));
        if self.is_story() {
            return self.move_in_story(if line == 0 { isize::MIN } else { isize::MAX });
        }
        match self.list() {
            Some(list) => {
                list.select(line);
                self.look_deeper(now);
            }
            None => self.page_line = line.min(last),
        }
    }

    /// The lines that a page key moves by.
    pub(super) fn page(&self) -> isize {
        const UNKNOWN: usize = 10;
        let rows = self.drawn.rows.as_ref().map(|rows| usize::from(rows.area.height));
        let shown = rows.or(self.drawn.page.map(|page| page.shown)).unwrap_or(UNKNOWN);
        isize::try_from(shown).unwrap_or(1).max(1)
    }

    /// The filter that rows match whose cell under the cursor is as the selected row's.
    pub(super) fn cell_term(&self) -> Option<String> {
        let kind = self.kind();
        // Without a cursor: what a row is about.
        let usual = match kind {
            Kind::Leaks | Kind::Tasks | Kind::Events => "TASK",
            Kind::Sites => "SPAWNED AT",
            Kind::Holdings => "WHAT",
            Kind::Process => "HOLDING",
            Kind::Pools => "POOL",
        };
        if self.tab().column == Some(TARGET) && self.has_several() {
            return says(crate::whose::FIELD, &self.label(self.selected_target()?));
        }
        if self.is_tree() {
            // Left and Right fold: no column can be marked.
            return term_of::<_, TreeColumn>("TASK", self.branches.selected()?);
        }
        if self.shows_groups() {
            let title = self.tab().column.unwrap_or("GROUP");
            return term_of::<_, GroupColumn>(title, self.leaks.selected()?);
        }
        let title = self.tab().column.unwrap_or(usual);
        match kind {
            Kind::Leaks => term_of::<_, LeakColumn>(title, self.leaks.selected()?),
            Kind::Tasks => term_of::<_, TaskColumn>(title, self.tasks.selected()?),
            Kind::Sites => term_of::<_, SiteColumn>(title, self.sites.selected()?),
            Kind::Holdings => term_of::<_, HoldingColumn>(title, self.holdings.selected()?),
            Kind::Pools => term_of::<_, PoolColumn>(title, self.pool_lines.selected()?),
            Kind::Events => term_of::<_, EventColumn>(title, self.events.selected()?),
            Kind::Process => term_of::<_, FdColumn>(title, self.seen.held.selected()?),
        }
    }

    /// The task of the selected row, whole; where there is none, that is said.
    pub(super) fn open(&mut self, now: Instant) {
        if !self.screen().is_tab() {
            return;
        }
        if self.kind() == Kind::Sites && !self.is_tree() {
            return self.open_site(now);
        }
        let task = self.selected_task().filter(|(_, task)| *task != 0);
        if let Some(list) = self.list() {
            list.choose();
        }
        if let Some((target, task)) = task {
            self.enter(target, task);
        } else if self.list().is_some_and(|list| list.selected_index().is_some()) {
            let why = match self.kind() {
                Kind::Events => "this event is about no task",
                Kind::Pools => "a pool is no task: those who have its connections are beneath it",
                _ => "nobody holds this: no task to open",
            };
            self.say(why, now);
        } else {
            self.say(NOTHING_SELECTED, now);
        }
    }

    /// Near the end of what is listed of several targets more of each is asked for; where
    /// that is all that is told, it is said.
    fn look_deeper(&mut self, now: Instant) {
        if !self.has_several() || !self.reach.more || !self.screen().is_tab() {
            return;
        }
        let page = usize::try_from(self.page()).unwrap_or(0);
        let Some(list) = self.list() else { return };
        let left = list.count().saturating_sub(list.selected_index().unwrap_or(0) + 1);
        if self.reach.deep && left == 0 {
            self.say("no more is listed of each target: a filter finds the others", now);
        }
        self.reach.deep |= left < page;
    }

    /// Takes what the mouse does.
    pub(crate) fn point(&mut self, mouse: MouseEvent, now: Instant) {
        match mouse.kind {
            MouseEventKind::ScrollDown => self.wheel(WHEEL, now),
            MouseEventKind::ScrollUp => self.wheel(-WHEEL, now),
            MouseEventKind::Down(MouseButton::Left) if self.edit.is_none() => {
                self.pressed_at = Some(now);
                self.forget_ahead();
                self.click(mouse.column, mouse.row, now);
            }
            _ => {}
        }
    }

    fn wheel(&mut self, lines: isize, now: Instant) {
        self.pressed_at = Some(now);
        self.clicked = Clicked::Nothing;
        let shown = self.drawn.rows.as_ref().map_or(0, |rows| rows.area.height.into());
        match self.list() {
            Some(list) => list.scroll_by(lines, shown),
            None => self.move_by(lines, now),
        }
    }

    /// On a tab: that screen. On a title: sorted by it. On a row: selects it, and opens
    /// it when it was clicked before.
    fn click(&mut self, x: u16, y: u16, now: Instant) {
        if let Some(tab) = self.drawn.tab_at(x, y) {
            return self.go(tab);
        }
        if let Some(title) = self.drawn.title_at(x, y) {
            let column = self.columns().into_iter().find(|it| it.title == title);
            return self.sort(|tab, _| column.into_iter().for_each(|it| tab.sort_by(it)));
        }
        let Some(line) = self.drawn.line_at(x, y) else { return };
        let is_selected = self.list().is_some_and(|it| it.selected_index() == Some(line));
        let again = is_selected && self.clicked == Clicked::Row;
        if again {
            self.clicked = Clicked::Nothing;
            return self.act(Action::Open, now);
        }
        if let Some(list) = self.list() {
            list.select(line);
            self.clicked = Clicked::Row;
        }
    }
}
