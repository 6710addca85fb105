//! What the model asks for that is outside of it: it is plain data, and does nothing itself.

use std::time::{Duration, Instant};

use super::{HoldingsBy, Model, Screen, WhichTasks};
use crate::{
    client::TargetId,
    columns::{Layout, Listing},
    control::What,
    export,
    format::safe,
    keymap::Action,
};

/// Something to be done, after a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// A filter was typed, and is to be known the next time.
    Remember(String),
    /// These columns were chosen, and are to be there the next time; `None` for those with
    /// which the console starts.
    Keep { listing: Listing, layout: Option<Layout> },
    /// Rows were sorted so, and are to be the next time: as a configuration file has it, empty
    /// for their own order; `None` for the order in which they start.
    KeepSort { listing: Listing, sort: Option<String> },
    /// To the clipboard; `what` is said.
    Copy { what: String, text: String },
    /// To a new file in the working folder.
    Write { name: String, lines: Vec<String> },
    /// What each target can see and what it cannot, as it is now.
    Describe,
    /// A target is to cancel this, for this reason.
    Cancel { of: TargetId, what: What, reason: String },
    /// Every leak of a target, of now.
    Leaks { of: TargetId },
    /// In the user's editor.
    Edit { site: String },
}

/// A sentence on what became of it.
#[derive(Clone, Debug)]
pub(crate) struct Notice {
    text: String,
    until: Instant,
}

impl Model {
    /// Says something for a while, in place of the keys.
    pub(crate) fn say(&mut self, text: &str, now: Instant) {
        const SHOWN: Duration = Duration::from_secs(6);
        self.notice = Some(Notice { text: safe(text).into_owned(), until: now + SHOWN });
    }

    /// What is to be said now.
    pub(crate) fn said(&self, now: Instant) -> Option<&str> {
        self.notice.as_ref().filter(|it| now < it.until).map(|it| it.text.as_str())
    }

    /// The place in the source of what is selected: where it was acquired, or spawned.
    pub(crate) fn site(&self) -> Option<&str> {
        let site = match self.screen() {
            screen if screen.is_tab() && self.is_tree() => {
                &self.branches.selected()?.task.as_ref()?.location
            }
            Screen::Leaks => export::site_of(self.leaks.selected()?.worst.as_ref()?),
            Screen::Tasks if self.tasks_are() == WhichTasks::BySite => {
                &self.sites.selected()?.location
            }
            Screen::Tasks => &self.tasks.selected()?.location,
            Screen::Holdings => match self.holdings_by {
                HoldingsBy::One => &self.holdings.selected()?.holding.as_ref()?.site,
                HoldingsBy::Pool => self.pool_lines.selected()?.site()?,
            },
            Screen::Events => &self.events.selected()?.site,
            Screen::Process => &self.seen.held.selected()?.holding.as_ref()?.site,
            Screen::Story(..) => {
                let story = self.story.as_ref()?;
                let held = story.holdings.iter().map(|held| held.site.as_str());
                let location = story.task.as_ref().map(|task| task.location.as_str());
                held.chain(location).find(|site| !site.is_empty())?
            }
            Screen::Targets | Screen::Since | Screen::Blind | Screen::Help => "",
        };
        Some(site).filter(|site| !site.is_empty())
    }

    /// Asks for what is done outside.
    pub(super) fn ask(&mut self, action: Action, now: Instant) {
        let effect = match action {
            Action::Copy => export::text(self, now)
                .map(|text| Effect::Copy { what: "the selected row".to_owned(), text }),
            Action::CopySite => self.site().map(safe).map(|site| {
                let text = site.into_owned();
                Effect::Copy { what: text.clone(), text }
            }),
            Action::Edit => self.site().map(|site| Effect::Edit { site: site.to_owned() }),
            Action::Write => export::lines(self, now).map(|lines| {
                let name = export::name(self, now);
                Effect::Write { name, lines }
            }),
            _ => None,
        };
        match effect {
            Some(effect) => self.effects.push(effect),
            None => self.say("nothing is selected that has this", now),
        }
    }
}
