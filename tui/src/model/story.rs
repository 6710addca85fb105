//! The rows of a task's story, and where they lead.

use std::time::Instant;

use holdover_proto::v1;

use super::{Model, Screen};
use crate::client::TargetId;

/// A row of the story that can be selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StoryRow {
    /// By its number.
    Event(u64),
    /// By its id.
    Held(u64),
}

/// Holdings that a story lists.
pub(crate) const HELD: usize = 6;

/// From the first event to the last thing that is held.
fn rows(story: &v1::Story) -> Vec<StoryRow> {
    let events = story.events.iter().map(|event| StoryRow::Event(event.seq));
    let held = story.holdings.iter().take(HELD).map(|held| StoryRow::Held(held.id));
    events.chain(held).collect()
}

/// The task that a row leads to.
fn link(story: &v1::Story, row: StoryRow) -> Option<u64> {
    let task = story.task.as_ref()?;
    let to = match row {
        StoryRow::Event(seq) => {
            let event = story.events.iter().find(|event| event.seq == seq)?;
            match event.kind() {
                v1::EventKind::Spawned => task.ancestors.first()?.id,
                v1::EventKind::CancelRequested => task.cancel.as_ref()?.canceller.as_ref()?.id,
                _ => return None,
            }
        }
        StoryRow::Held(id) => {
            let held = story.holdings.iter().find(|held| held.id == id)?;
            held.via.as_ref().or(held.waiters.first())?.id
        }
    };
    // A client that hung up is no task.
    Some(to).filter(|to| *to != 0)
}

impl Model {
    /// The row of the story that is selected; `None` while it shows its end.
    pub(crate) fn story_row(&self) -> Option<StoryRow> {
        self.story_row
    }

    pub(super) fn is_story(&self) -> bool {
        matches!(self.screen(), Screen::Story(..))
    }

    pub(super) fn move_in_story(&mut self, by: isize) {
        let Some(story) = &self.story else { return };
        let rows = rows(story);
        let now = self.story_row.and_then(|row| rows.iter().position(|it| *it == row));
        // It stands at its end before anything is selected.
        let to = now.unwrap_or(rows.len()).saturating_add_signed(by);
        self.story_row = rows.get(to.min(rows.len().saturating_sub(1))).copied();
    }

    /// To the task that the selected row is about.
    pub(super) fn follow_link(&mut self, now: Instant) {
        let Some(story) = &self.story else { return };
        match self.story_row.map(|row| link(story, row)) {
            Some(Some(task)) => self.enter_here(task),
            Some(None) => self.say("this leads to no other task", now),
            None => self.say("select what is to be followed: who spawned, who cancelled", now),
        }
    }

    pub(super) fn follow_up(&mut self, now: Instant) {
        let task = self.story.as_ref().and_then(|story| story.task.as_ref());
        match task.and_then(|task| task.ancestors.first()).map(|spawner| spawner.id) {
            Some(spawner) => self.enter_here(spawner),
            None => self.say("nobody that is recorded spawned it", now),
        }
    }

    pub(super) fn follow_down(&mut self, now: Instant) {
        match self.story.as_ref().and_then(|story| story.children.first()).map(|it| it.id) {
            Some(child) => self.enter_here(child),
            None => self.say("none of its children lives", now),
        }
    }

    /// What a story leads to is of the same target.
    fn enter_here(&mut self, task: u64) {
        if let Screen::Story(target, _) = self.screen() {
            self.enter(target, task);
        }
    }

    /// Its story; Esc leads back to the one before.
    pub(super) fn enter(&mut self, target: TargetId, task: u64) {
        self.screens.push(Screen::Story(target, task));
        self.turn_the_page();
    }

    /// What is known of another task is not to be seen on its page.
    pub(super) fn turn_the_page(&mut self) {
        self.story = None;
        self.tokens.clear();
        self.asked = None;
        self.story_row = None;
        self.cancelling = None;
    }
}
