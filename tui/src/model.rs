//! Step 8, the model: what is known, as plain data. It changes only here, by messages;
//! drawing reads it.

mod ahead;
mod choosing;
mod clock;
mod complete;
mod control;
mod drawn;
mod edit;
mod effect;
mod history;
mod layouts;
mod line;
mod list;
mod mark;
mod merge;
mod modes;
mod moves;
mod past;
mod rates;
mod rows;
mod samples;
mod screen;
mod selected;
mod story;
mod tab;
mod target;
mod targets;
mod together;
mod tree;
mod update;
mod wanted;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use holdover_proto::v1;

pub(crate) use self::{
    choosing::{Beneath, Choosing},
    clock::TargetClock,
    control::{Cancelling, Stage},
    drawn::{Drawn, Page, Rows},
    edit::{Edit, Known},
    effect::{Effect, Notice},
    history::History,
    layouts::Layouts,
    line::Line,
    list::{Entity, List},
    merge::Of,
    rates::Rates,
    rows::{LeakRow, PoolLine},
    samples::{Figure, Pace, Samples, Until},
    screen::{HoldingsBy, LeaksBy, Screen, TABS, Which, WhichTasks},
    story::{HELD, StoryRow},
    tab::{Sort, Tab},
    target::{Connection, Target},
    targets::{TargetLine, Targets},
};
use self::{
    edit::Edited,
    tab::{Kind, Tabs},
    wanted::Reach,
};
use crate::{
    client::{Event, TargetId},
    columns::{Side, exclude, narrow},
    keymap::{Action, action},
    source::Previews,
};

/// What was clicked last, since any key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Clicked {
    Nothing,
    /// The row that is selected.
    Row,
}

/// Everything that is shown.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) targets: Targets,
    /// The only one that is shown, where one was chosen.
    alone: Option<TargetId>,
    /// All that was told; of them `leaks` has those to be seen.
    told: Vec<Of<LeakRow>>,
    pub(crate) leaks: List<Of<LeakRow>>,
    pub(crate) tasks: List<Of<v1::Task>>,
    pub(crate) sites: List<Of<v1::TaskGroup>>,
    pub(crate) holdings: List<Of<v1::HeldRow>>,
    pub(crate) pool_lines: List<Of<PoolLine>>,
    /// In place of any of these, while they are a tree.
    pub(crate) branches: List<Of<v1::Branch>>,
    pub(crate) events: List<Of<v1::Event>>,
    pub(crate) target_lines: List<Of<TargetLine>>,
    reach: Reach,
    pub(crate) story: Option<v1::Story>,
    story_row: Option<StoryRow>,
    /// Those that ask the task of the story.
    pub(crate) tokens: Vec<v1::Token>,
    /// What became of those that a token has asked from here.
    asked: Option<v1::Asked>,
    pub(crate) seen: samples::Seen,
    /// The innermost screen last; never empty.
    screens: Vec<Screen>,
    tabs: Tabs,
    pub(crate) layouts: Layouts,
    beneath: Beneath,
    pub(crate) edit: Option<Edit>,
    pub(crate) leaks_only: bool,
    pub(crate) all_cleared: bool,
    pub(crate) which: Which,
    which_tasks: WhichTasks,
    pub(crate) leaks_by: LeaksBy,
    pub(crate) holdings_by: HoldingsBy,
    /// The moment at which everything stands still.
    pub(crate) frozen: Option<Instant>,
    past: past::Past,
    mark: mark::Mark,
    /// When a key was pressed last, and when rows took another order.
    pressed_at: Option<Instant>,
    ordered_at: Option<Instant>,
    ahead: ahead::Ahead,
    /// Where things stand on the screen.
    drawn: Drawn,
    /// The first line of a page of text that is shown.
    pub(crate) page_line: usize,
    clicked: Clicked,
    pub(crate) quit: bool,
    cancelling: Option<Cancelling>,
    /// How often the target is asked what changed.
    pub(crate) interval: Duration,
    /// What can be said for a filter in place of typing it.
    pub(crate) known: Known,
    /// What is to be done outside, in order.
    pub(crate) effects: Vec<Effect>,
    notice: Option<Notice>,
    /// The source that was read so far.
    pub(crate) previews: Previews,
}

impl Model {
    pub(crate) fn new(address: String) -> Self {
        Self {
            targets: Targets::of(address),
            alone: None,
            told: Vec::new(),
            leaks: List::default(),
            tasks: List::default(),
            sites: List::default(),
            holdings: List::default(),
            pool_lines: List::default(),
            branches: List::default(),
            events: List::default(),
            target_lines: List::default(),
            reach: Reach::default(),
            story: None,
            story_row: None,
            tokens: Vec::new(),
            asked: None,
            seen: samples::Seen::default(),
            screens: vec![Screen::Leaks],
            tabs: Tabs::default(),
            layouts: Layouts::default(),
            beneath: Beneath::Nothing,
            edit: None,
            leaks_only: false,
            all_cleared: false,
            which: Which::Reported,
            which_tasks: WhichTasks::All,
            leaks_by: LeaksBy::Site,
            holdings_by: HoldingsBy::One,
            frozen: None,
            past: past::Past::default(),
            mark: mark::Mark::default(),
            pressed_at: None,
            ordered_at: None,
            ahead: ahead::Ahead::default(),
            drawn: Drawn::default(),
            page_line: 0,
            clicked: Clicked::Nothing,
            quit: false,
            cancelling: None,
            interval: Duration::from_millis(250),
            known: Known::default(),
            effects: Vec::new(),
            notice: None,
            previews: Previews::default(),
        }
    }

    /// Attached to another one too.
    pub(crate) fn beside(mut self, address: String) -> Self {
        self.targets.push(address);
        self
    }

    pub(crate) fn screen(&self) -> Screen {
        self.screens.last().copied().unwrap_or(Screen::Leaks)
    }

    /// The innermost tab: that of the screen, or the one under it.
    pub(crate) fn tab_screen(&self) -> Screen {
        let tabs = self.screens.iter().rev().copied();
        tabs.into_iter().find(|it| it.is_tab()).unwrap_or(Screen::Leaks)
    }

    fn kind(&self) -> Kind {
        Kind::of(self.tab_screen(), self.which_tasks, self.holdings_by).unwrap_or(Kind::Leaks)
    }

    /// What that tab has for itself.
    pub(crate) fn tab(&self) -> &Tab {
        self.tabs.get(self.kind())
    }

    fn tab_mut(&mut self) -> &mut Tab {
        self.tabs.get_mut(self.kind())
    }

    /// The filter in force: while one is typed, the last text that parses.
    pub(crate) fn filter(&self) -> &str {
        match &self.edit {
            Some(edit) if edit.error().is_none() => edit.whole(),
            _ => &self.tab().filter,
        }
    }

    /// Takes what a client brought.
    pub(crate) fn hear(&mut self, from: TargetId, event: Event, now: Instant) {
        match event {
            Event::Connected(described) => self.connected(from, *described, now),
            Event::Described(described) => self.targets[from].described(*described),
            Event::Update(answer) => self.answer(from, *answer, now),
            Event::Refused(why) => self.targets[from].refused = Some(why),
            Event::Cancelled { what, answer } => self.cancel_is_answered((from, what), answer),
            Event::Leaks(told) => self.every_leak(from, told.map(|told| *told), now),
            Event::Lost { why, retry_in } => self.targets[from].lost(why, retry_in, now),
        }
        self.catch_up(now);
    }

    /// Takes a key.
    pub(crate) fn press(&mut self, key: KeyEvent, now: Instant) {
        self.pressed_at = Some(now);
        self.clicked = Clicked::Nothing;
        // What was said was of the key before: the keys of what is shown now stand there again.
        self.notice = None;
        let before = self.asks_for();
        if key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL) {
            self.quit = true;
        } else if self.edit.is_some() {
            self.press_in_the_filter(key);
        } else if self.press_in_the_question(key) || self.press_among_the_columns(key, now) {
            // It was for that.
        } else if self.comes_ahead(key, now) {
            // It is done when its rows are there.
        } else if let Some(action) = action(key) {
            self.act(action, now);
        }
        self.asks_since(&before, now);
    }

    fn press_in_the_filter(&mut self, key: KeyEvent) {
        let Some(edit) = &mut self.edit else { return };
        match edit.press(key) {
            Edited::Goes => {}
            Edited::Kept => {
                let text = edit.whole().to_owned();
                let typed = std::mem::take(&mut edit.line.text);
                Arc::make_mut(&mut self.known.history).push(&typed);
                self.effects.push(Effect::Remember(typed));
                self.edit = None;
                self.tab_mut().filter = text;
            }
            Edited::GivenUp => {
                let before = edit.before().to_owned();
                self.edit = None;
                self.tab_mut().filter = before;
            }
        }
    }

    fn act(&mut self, action: Action, now: Instant) {
        if let Some(why) = self.why_nothing(action) {
            return self.say(why, now);
        }
        match action {
            Action::Up => self.move_by(-1, now),
            Action::Down => self.move_by(1, now),
            Action::First => self.select(0, now),
            Action::Last => self.select(usize::MAX, now),
            Action::PageUp => self.move_by(-self.page(), now),
            Action::PageDown => self.move_by(self.page(), now),
            Action::Open if self.is_story() => self.follow_link(now),
            Action::Open if self.screen() == Screen::Targets => self.show_alone(now),
            Action::Open => self.open(now),
            Action::Back => self.back(),
            Action::Next => self.turn(1),
            Action::Previous => self.turn(TABS.len() - 1),
            Action::Leaks => self.go(Screen::Leaks),
            Action::Tasks => {
                if self.is_cancelling() {
                    self.which_tasks = WhichTasks::All;
                }
                self.go(Screen::Tasks);
            }
            Action::Holdings => self.go(Screen::Holdings),
            Action::Events => self.go(Screen::Events),
            Action::Process => self.go(Screen::Process),
            Action::Filter => self.type_a_filter(),
            Action::ColumnLeft if self.shows_tree() => self.fold(),
            Action::ColumnRight if self.shows_tree() => self.unfold(),
            Action::Tree => self.turn_tree(now),
            Action::ColumnLeft if self.is_story() => self.follow_up(now),
            Action::ColumnRight if self.is_story() => self.follow_down(now),
            Action::ColumnLeft => self.move_column(-1),
            Action::ColumnRight => self.move_column(1),
            Action::ColumnEarlier => self.move_marked(Side::Before, now),
            Action::ColumnLater => self.move_marked(Side::After, now),
            Action::HideColumn => self.hide_marked(now),
            Action::Columns => self.choose_columns(now),
            Action::Whole => self.turn_whole(now),
            Action::LikeThis => self.filter_by_cell(narrow, now),
            Action::UnlikeThis => self.filter_by_cell(exclude, now),
            Action::Sort => self.sort_by_key(Tab::sort_by_next, now),
            Action::Reverse => self.reverse(now),
            Action::Group => self.group(now),
            Action::GroupBy => self.group_by_column(now),
            Action::LeaksOnly | Action::Cleared | Action::Ignored => self.which_leaks(action, now),
            Action::Cancelling => self.turn_cancelling(),
            Action::Freeze => self.freeze(now),
            Action::Earlier => self.step(past::Step::Earlier, now),
            Action::Later => self.step(past::Step::Later, now),
            Action::Copy | Action::CopySite | Action::Edit | Action::Write => self.ask(action, now),
            Action::Mark => self.mark(now),
            Action::Cancel => self.ask_to_cancel(now),
            Action::Targets => self.list_targets(now),
            Action::Blind => {
                self.toggle(Screen::Blind);
                if self.screen() == Screen::Blind {
                    // What it says is to be of the same time as the totals.
                    self.effects.push(Effect::Describe);
                }
            }
            Action::Help => self.toggle(Screen::Help),
            Action::Quit => self.quit = true,
        }
    }

    /// A screen that is not a tab has no filter.
    fn type_a_filter(&mut self) {
        if self.screen().is_tab() {
            let known = Known { targets: self.names_to_complete(), ..self.known.clone() };
            self.edit = Some(Edit::new(&self.tab().filter, known));
        }
    }

    /// Out of what was entered last: a screen, a cell's whole text, what is ignored, a filter.
    fn back(&mut self) {
        if self.screens.len() > 1 {
            // A page over a story leaves that where it is.
            if matches!(self.screens.pop(), Some(Screen::Story(..))) {
                self.turn_the_page();
            }
        } else if self.beneath != Beneath::Nothing {
            self.beneath = Beneath::Nothing;
        } else if self.screen() == Screen::Leaks && self.which == Which::Ignored {
            self.which = Which::Reported;
        } else if self.screen() == Screen::Tasks && self.is_cancelling() {
            self.which_tasks = WhichTasks::All;
        } else if self.tab().filter.is_empty() {
            self.alone = None;
        } else {
            self.tab_mut().filter.clear();
        }
    }

    fn go(&mut self, screen: Screen) {
        self.screens = vec![screen];
        self.cancelling = None;
        self.leave_columns();
        self.reach.deep = false;
    }

    /// To another of the screens with a number, from the one that is shown or covered.
    fn turn(&mut self, by: usize) {
        let at = TABS.iter().position(|tab| self.tab_screen() == *tab).unwrap_or(0);
        self.go(TABS[(at + by) % TABS.len()]);
    }

    fn toggle(&mut self, screen: Screen) {
        self.page_line = 0;
        if self.screen() == screen {
            self.screens.pop();
        } else {
            self.screens.push(screen);
        }
    }

    fn sort_by_key(
        &mut self,
        change: impl FnOnce(&mut Tab, &[crate::columns::Info]),
        now: Instant,
    ) {
        if self.screen().is_tab() && !self.is_sortable() {
            return self.say("these rows have one order only", now);
        }
        self.sort(change);
    }

    fn reverse(&mut self, now: Instant) {
        if self.is_sortable() && self.tab().sort.is_none() {
            return self.say("these rows are in their own order: s sorts them", now);
        }
        self.sort_by_key(|tab, _| tab.reverse(), now);
    }

    /// Has another order kept.
    fn sort(&mut self, change: impl FnOnce(&mut Tab, &[crate::columns::Info])) {
        if !self.screen().is_tab() {
            return;
        }
        let (columns, listing) = (self.columns(), self.kind().listing());
        let tab = self.tab_mut();
        let before = tab.sort;
        change(tab, &columns);
        if tab.sort != before {
            let sort = tab.chosen_sort();
            self.effects.push(Effect::KeepSort { listing, sort });
        }
    }

    fn move_column(&mut self, by: isize) {
        self.sort(|tab, columns| tab.move_column(columns, by));
    }

    fn filter_by_cell(&mut self, change: impl FnOnce(&str, &str) -> String, now: Instant) {
        if !self.screen().is_tab() {
            return;
        }
        if let Some(term) = self.cell_term() {
            let tab = self.tab_mut();
            tab.filter = change(&tab.filter, &term);
        } else if self.list().is_some_and(|list| list.selected_index().is_some()) {
            self.say("no filter finds what stands there; Left and Right mark another column", now);
        } else {
            self.say(NOTHING_SELECTED, now);
        }
    }
}

/// Where no row is listed.
const NOTHING_SELECTED: &str = "nothing is selected";

/// What most tests need: one target.
#[cfg(test)]
impl Model {
    pub(crate) fn apply(&mut self, event: Event, now: Instant) {
        self.hear(TargetId::default(), event, now);
    }

    pub(crate) fn view(&self) -> v1::View {
        self.view_of(TargetId::default()).expect("the first is asked")
    }
}

#[cfg(test)]
mod tests;
