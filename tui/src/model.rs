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

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use holdover_proto::v1;

use self::edit::Edited;
pub(crate) use self::{
    clock::TargetClock,
    edit::{Edit, Known},
    effect::{Effect, Notice},
    history::History,
    list::List,
    samples::{Figure, Pace, Samples},
};
use crate::{
    client::{Answer, Event},
    keymap::{Action, action},
    source::Previews,
};

/// Cleared rows stay so long, unless all of them are asked for.
const CLEARED_SHOWN: Duration = Duration::from_secs(10);
/// Rows that a screen asks for.
const ROWS: u32 = 300;

/// The screens that a tab leads to, in order.
const TABS: [Screen; 4] = [Screen::Leaks, Screen::Tasks, Screen::Events, Screen::Process];
/// Lines that a page key moves by.
const PAGE: isize = 10;

/// How the target is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Connection {
    /// Nothing has answered yet.
    Waiting {
        why: Option<String>,
        retry_at: Option<Instant>,
    },
    Live,
    Lost {
        why: String,
        retry_at: Instant,
    },
}

/// Whom the console is attached to.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) described: v1::DescribeResponse,
    /// It is not the process that was there before.
    pub(crate) restarted_at: Option<Instant>,
}

/// What fills the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Screen {
    Leaks,
    Tasks,
    Events,
    Process,
    /// One task, whole.
    Story(u64),
    /// What cannot be seen, and why.
    Blind,
    Help,
}

/// Which leaks are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    Reported,
    /// Those that a rule ignores.
    Ignored,
}

impl Which {
    fn other(self) -> Self {
        match self {
            Self::Reported => Self::Ignored,
            Self::Ignored => Self::Reported,
        }
    }
}

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

    /// The view that the screen needs; help and the like stand over another one's.
    pub(crate) fn view(&self) -> v1::View {
        let shown =
            self.screens.iter().rev().find(|it| !matches!(it, Screen::Blind | Screen::Help));
        let (kind, task) = match shown.copied().unwrap_or(Screen::Leaks) {
            Screen::Tasks => (v1::ViewKind::Tasks, 0),
            Screen::Events => (v1::ViewKind::Events, 0),
            Screen::Process => (v1::ViewKind::Process, 0),
            Screen::Story(task) => (v1::ViewKind::Story, task),
            Screen::Leaks | Screen::Blind | Screen::Help => (v1::ViewKind::LeakGroups, 0),
        };
        let mut filter = self.filter().to_owned();
        if self.leaks_only && kind == v1::ViewKind::LeakGroups {
            const LEAKS: &str = "(verdict:stuck or verdict:left-behind or verdict:after-cancel)";
            filter =
                if filter.is_empty() { LEAKS.to_owned() } else { format!("{LEAKS} ({filter})") };
        }
        v1::View {
            kind: kind.into(),
            filter,
            task,
            limit: ROWS,
            interval_ms: u32::try_from(self.interval.as_millis()).unwrap_or(u32::MAX),
            cleared: !self.leaks_only,
            ignored: self.which == Which::Ignored && kind == v1::ViewKind::LeakGroups,
            ..v1::View::default()
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

    fn connected(&mut self, described: v1::DescribeResponse, now: Instant) {
        let run = |described: &v1::DescribeResponse| {
            described.target.as_ref().map(|target| target.run.clone())
        };
        let before = self.target.as_ref().map(|target| run(&target.described));
        let another = before.is_some_and(|before| before != run(&described));
        if another {
            // What a process that is gone has said speaks for nothing.
            self.forget();
        }
        let restarted_at = if another { Some(now) } else { None };
        self.target = Some(Target { described, restarted_at });
        self.connection = Connection::Live;
        self.lost_at = None;
    }

    fn described(&mut self, described: v1::DescribeResponse) {
        if let Some(target) = &mut self.target {
            target.described = described;
        }
    }

    fn forget(&mut self) {
        self.groups = Vec::new();
        self.answered = None;
        self.leaks = List::default();
        self.tasks = List::default();
        self.events = List::default();
        self.story = None;
        self.seen = samples::Seen::default();
        self.pools = Vec::new();
        self.totals = v1::Totals::default();
        self.clock = TargetClock::default();
        self.frozen = None;
        self.screens.retain(|screen| !matches!(screen, Screen::Story(_)));
    }

    /// What answers another view than the one wanted now is late. A console that stands
    /// still takes the first answer to a view, so that there is something to look at.
    fn answer(&mut self, answer: Answer, now: Instant) {
        let Answer { view, update } = answer;
        let wanted = view == self.view();
        if wanted && (self.frozen.is_none() || !self.is_answered()) {
            self.answered = Some(view);
            self.update(update, now);
        }
    }

    /// Whether what is shown is what the target said: before that, nothing is not "none".
    pub(crate) fn is_answered(&self) -> bool {
        self.answered.as_ref() == Some(&self.view())
    }

    /// Time passes: what cleared a while ago is not shown any more.
    pub(crate) fn pass(&mut self, now: Instant) {
        if self.frozen.is_none() {
            self.samples_go_on(now);
            self.show_groups(now);
        }
    }

    fn show_groups(&mut self, now: Instant) {
        let shown = self.groups.iter().filter(|it| self.all_cleared || self.is_recent(it, now));
        let shown = shown.cloned().collect();
        self.leaks.replace(shown, self.leaks.matched, self.leaks.all);
    }

    fn update(&mut self, mut update: v1::Update, now: Instant) {
        self.clock.told(update.now_ns, now);
        self.totals = update.totals.unwrap_or_default();
        self.refused = None;
        self.seen.samples.take(update.now_ns, &self.totals, update.process.as_ref());
        self.pools = std::mem::take(&mut update.pools);
        match self.view().kind() {
            v1::ViewKind::Tasks => self.tasks.replace(update.tasks, update.matched, update.all),
            v1::ViewKind::Events => self.replace_events(update),
            v1::ViewKind::Story => self.story = update.story,
            v1::ViewKind::Process => self.seen.take(&mut update),
            _ => {
                self.groups = update.groups;
                (self.leaks.matched, self.leaks.all) = (update.matched, update.all);
                self.show_groups(now);
            }
        }
    }

    /// The newest first; the selection stays at the top while it is there.
    fn replace_events(&mut self, update: v1::Update) {
        let follows = self.events.selected_index().is_none_or(|line| line == 0);
        let mut events = update.events;
        events.reverse();
        self.events.replace(events, update.matched, update.all);
        if follows {
            self.events.select(0);
        }
    }

    fn is_recent(&self, group: &v1::LeakGroup, now: Instant) -> bool {
        // A target of before tells only when the worst cleared.
        let worst = || group.worst.as_ref().and_then(|leak| leak.cleared_ns);
        let cleared = group.cleared_last_ns.or_else(worst);
        let shown = crate::format::duration_nanos(CLEARED_SHOWN);
        cleared.is_none_or(|at| self.target_now(now).saturating_sub(at) < shown)
    }

    fn lost(&mut self, why: String, retry_at: Instant) {
        self.connection = match self.connection {
            Connection::Waiting { .. } => {
                Connection::Waiting { why: Some(why), retry_at: Some(retry_at) }
            }
            _ => Connection::Lost { why, retry_at },
        };
    }

    /// The message that another process answers now stays for a while.
    pub(crate) fn says_restarted(&self, now: Instant) -> bool {
        const SHOWN: Duration = Duration::from_secs(10);
        let at = self.target.as_ref().and_then(|target| target.restarted_at);
        at.is_some_and(|at| now.saturating_duration_since(at) < SHOWN)
    }

    /// The target's time; that of the moment since which everything stands still.
    pub(crate) fn target_now(&self, now: Instant) -> u64 {
        self.clock.now(self.frozen.or(self.lost_at).unwrap_or(now))
    }

    /// The runtimes that have tasks, with how many of them are recorded.
    pub(crate) fn runtimes(&self) -> &[v1::RuntimeCoverage] {
        let coverage = self.target.as_ref().and_then(|it| it.described.coverage.as_ref());
        coverage.map_or(&[], |coverage| &coverage.runtimes)
    }

    /// The rules by which leaks are ignored, and what is wrong with them.
    pub(crate) fn ignoring(&self) -> Option<&v1::Ignoring> {
        self.target.as_ref().and_then(|it| it.described.ignoring.as_ref())
    }

    pub(crate) fn blindness(&self) -> &[v1::Blindness] {
        let coverage = self.target.as_ref().and_then(|it| it.described.coverage.as_ref());
        coverage.map_or(&[], |coverage| &coverage.blind)
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
