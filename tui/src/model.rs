//! Step 8, the model: what is known, as plain data. It changes only here, by messages;
//! drawing reads it.

mod clock;
mod complete;
mod edit;
mod effect;
mod entity;
mod history;
mod list;
mod samples;
mod screen;
mod target;
mod update;
mod wanted;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use holdover_proto::v1;

pub(crate) use self::{
    clock::TargetClock,
    edit::{Edit, Known},
    effect::{Effect, Notice},
    history::History,
    list::List,
    samples::{Figure, Pace, Samples},
    screen::{Screen, Which},
    target::{Connection, Target},
};
use self::{edit::Edited, screen::TABS};
use crate::{
    client::Event,
    keymap::{Action, action},
    source::Previews,
};

/// Lines that a page key moves by.
const PAGE: isize = 10;

/// Everything that is shown.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) address: String,
    pub(crate) connection: Connection,
    pub(crate) target: Option<Target>,
    pub(crate) clock: TargetClock,
    pub(crate) totals: v1::Totals,
    /// All that the target said; of them `leaks` has those to be seen.
    groups: Vec<v1::LeakGroup>,
    pub(crate) leaks: List<v1::LeakGroup>,
    pub(crate) tasks: List<v1::Task>,
    pub(crate) events: List<v1::Event>,
    pub(crate) story: Option<v1::Story>,
    pub(crate) seen: samples::Seen,
    /// Those of which something that is shown is a connection.
    pub(crate) pools: Vec<v1::Pool>,
    /// The view that what is known answers.
    answered: Option<v1::View>,
    /// The innermost screen last; never empty.
    screens: Vec<Screen>,
    filter: String,
    pub(crate) edit: Option<Edit>,
    pub(crate) leaks_only: bool,
    pub(crate) all_cleared: bool,
    pub(crate) which: Which,
    /// The moment at which everything stands still.
    pub(crate) frozen: Option<Instant>,
    /// When the target was lost: it may do anything since.
    lost_at: Option<Instant>,
    /// Why the target does not answer the view.
    pub(crate) refused: Option<String>,
    pub(crate) quit: bool,
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
            address,
            connection: Connection::Waiting { why: None, retry_at: None },
            target: None,
            clock: TargetClock::default(),
            totals: v1::Totals::default(),
            groups: Vec::new(),
            leaks: List::default(),
            tasks: List::default(),
            events: List::default(),
            story: None,
            seen: samples::Seen::default(),
            pools: Vec::new(),
            answered: None,
            screens: vec![Screen::Leaks],
            filter: String::new(),
            edit: None,
            leaks_only: false,
            all_cleared: false,
            which: Which::Reported,
            frozen: None,
            lost_at: None,
            refused: None,
            quit: false,
            interval: Duration::from_millis(250),
            known: Known::default(),
            effects: Vec::new(),
            notice: None,
            previews: Previews::default(),
        }
    }

    pub(crate) fn screen(&self) -> Screen {
        self.screens.last().copied().unwrap_or(Screen::Leaks)
    }

    /// The filter in force: while one is typed, the last text that parses.
    pub(crate) fn filter(&self) -> &str {
        match &self.edit {
            Some(edit) if edit.error().is_none() => edit.whole(),
            _ => &self.filter,
        }
    }

    /// Takes what the client brought.
    pub(crate) fn apply(&mut self, event: Event, now: Instant) {
        match event {
            Event::Connected(described) => self.connected(*described, now),
            Event::Described(described) => self.described(*described),
            Event::Update(answer) => self.answer(*answer, now),
            Event::Refused(why) => self.refused = Some(why),
            Event::Lost { why, retry_in } => {
                self.lost_at = self.lost_at.or(Some(now));
                self.lost(why, now + retry_in);
            }
        }
    }

    /// Takes a key.
    pub(crate) fn press(&mut self, key: KeyEvent, now: Instant) {
        if key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL) {
            self.quit = true;
        } else if self.edit.is_some() {
            self.press_in_the_filter(key);
        } else if let Some(action) = action(key) {
            self.act(action, now);
        }
    }

    fn press_in_the_filter(&mut self, key: KeyEvent) {
        let Some(edit) = &mut self.edit else { return };
        match edit.press(key) {
            Edited::Goes => {}
            Edited::Kept => {
                self.filter = edit.whole().to_owned();
                let typed = std::mem::take(&mut edit.text);
                Arc::make_mut(&mut self.known.history).push(&typed);
                self.effects.push(Effect::Remember(typed));
                self.edit = None;
            }
            Edited::GivenUp => {
                self.filter = edit.before().to_owned();
                self.edit = None;
            }
        }
    }

    fn act(&mut self, action: Action, now: Instant) {
        match action {
            Action::Up => self.move_by(-1),
            Action::Down => self.move_by(1),
            Action::First => self.select(0),
            Action::Last => self.select(usize::MAX),
            Action::Open => self.open(now),
            Action::Back => {
                if self.screens.len() > 1 {
                    self.screens.pop();
                }
            }
            Action::Next => self.turn(1),
            Action::Previous => self.turn(TABS.len() - 1),
            Action::PageUp => self.move_by(-PAGE),
            Action::PageDown => self.move_by(PAGE),
            Action::Leaks => self.screens = vec![Screen::Leaks],
            Action::Tasks => self.screens = vec![Screen::Tasks],
            Action::Events => self.screens = vec![Screen::Events],
            Action::Process => self.screens = vec![Screen::Process],
            Action::Filter => self.edit = Some(Edit::new(&self.filter, self.known.clone())),
            Action::LeaksOnly => self.leaks_only = !self.leaks_only,
            Action::Cleared => {
                self.all_cleared = !self.all_cleared;
                self.show_groups(now);
            }
            Action::Ignored => self.which = self.which.other(),
            Action::Freeze => self.frozen = if self.frozen.is_some() { None } else { Some(now) },
            Action::Copy | Action::CopySite | Action::Edit | Action::Write => self.ask(action, now),
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

    /// To another of the screens with a number, from the one that is shown or covered.
    fn turn(&mut self, by: usize) {
        let at = TABS.iter().position(|tab| self.screens.first() == Some(tab)).unwrap_or(0);
        self.screens = vec![TABS[(at + by) % TABS.len()]];
    }

    fn toggle(&mut self, screen: Screen) {
        if self.screen() == screen {
            self.screens.pop();
        } else {
            self.screens.push(screen);
        }
    }

    fn open(&mut self, now: Instant) {
        let task = match self.screen() {
            Screen::Leaks => self.leaks.selected().and_then(|group| group.tasks.first().copied()),
            Screen::Tasks => self.tasks.selected().map(|task| task.id),
            Screen::Events => {
                self.events.selected().and_then(|event| Some(event.task.as_ref()?.id))
            }
            Screen::Process => {
                self.seen.held.selected().and_then(|row| Some(row.owner.as_ref()?.id))
            }
            Screen::Story(_) | Screen::Blind | Screen::Help => None,
        };
        let nobody = match self.screen() {
            Screen::Leaks => self.leaks.selected().map(|_| "nobody holds this: no task to open"),
            Screen::Process => {
                self.seen.held.selected().map(|_| "nobody holds this: no task to open")
            }
            Screen::Events => self.events.selected().map(|_| "this event is about no task"),
            Screen::Tasks | Screen::Story(_) | Screen::Blind | Screen::Help => None,
        };
        if let Some(task) = task.filter(|task| *task != 0) {
            self.leaks.choose();
            self.tasks.choose();
            self.seen.held.choose();
            self.story = None;
            self.screens.push(Screen::Story(task));
        } else if let Some(nobody) = nobody {
            self.say(nobody, now);
        }
    }

    fn move_by(&mut self, lines: isize) {
        match self.screen() {
            Screen::Leaks => self.leaks.move_by(lines),
            Screen::Tasks => self.tasks.move_by(lines),
            Screen::Events => self.events.move_by(lines),
            Screen::Process => self.seen.held.move_by(lines),
            Screen::Story(_) | Screen::Blind | Screen::Help => {}
        }
    }

    fn select(&mut self, line: usize) {
        match self.screen() {
            Screen::Leaks => self.leaks.select(line),
            Screen::Tasks => self.tasks.select(line),
            Screen::Events => self.events.select(line),
            Screen::Process => self.seen.held.select(line),
            Screen::Story(_) | Screen::Blind | Screen::Help => {}
        }
    }
}

#[cfg(test)]
mod tests;
