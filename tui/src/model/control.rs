//! Cancelling a task: the question, the answer, and what became of it.

use std::time::Instant;

use crossterm::event::{KeyCode, KeyEvent};
use holdover_proto::v1;

use super::{Effect, Model, Screen};
use crate::{client::TargetId, control, names};

/// A task that is to be cancelled. It is about the story that is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cancelling {
    /// Of which target, and its id there.
    task: (TargetId, u64),
    pub(crate) stage: Stage,
}

/// How far that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Whether it is meant.
    Asks,
    /// The target has not answered yet.
    Sent,
    /// The target has asked it to stop.
    Asked,
    /// It cannot be: why, and what to do about that.
    Refused(String),
}

const PLAIN: &str = "made by tokio's own spawn: only tasks made through holdover::task can be \
                     cancelled from here";
const TOO_OLD: &str = "the service's version of holdover cannot cancel a task";

impl Model {
    /// The task whose story is shown, where it is to be cancelled.
    pub(crate) fn cancelling(&self) -> Option<&Cancelling> {
        self.cancelling.as_ref().filter(|it| self.screen() == Screen::Story(it.task.0, it.task.1))
    }

    /// Shows the task's story, with the question.
    pub(super) fn ask_to_cancel(&mut self, now: Instant) {
        if !self.targets[self.acts_on()].is_live() {
            return self.say("there is no connection to the target", now);
        }
        if self.frozen.is_some() {
            return self.say("everything stands still: Space goes on", now);
        }
        self.open(now);
        match self.screen() {
            Screen::Story(target, task) => {
                let task = (target, task);
                self.cancelling = Some(Cancelling { task, stage: Stage::Asks });
                self.look_at_the_question();
            }
            screen if screen.is_tab() => {}
            _ => self.say("no task is selected", now),
        }
    }

    /// It may be known by now that the task cannot be cancelled.
    pub(super) fn look_at_the_question(&mut self) {
        let asks = self.cancelling.as_ref().filter(|it| it.stage == Stage::Asks);
        if let Some(task) = asks.map(|it| it.task)
            && let Some(why) = self.why_not(task)
        {
            self.cancelling = Some(Cancelling { task, stage: Stage::Refused(why) });
        }
    }

    /// Why the task cannot be cancelled, as far as it is known here.
    fn why_not(&self, task: (TargetId, u64)) -> Option<String> {
        let described = self.targets[task.0].described.as_ref()?;
        let Some(control) = &described.control else { return Some(TOO_OLD.to_owned()) };
        if !control.allowed {
            return Some(control.why_not.clone());
        }
        let task = self.known_task(task)?;
        let name = names::numbered(task);
        if task.ended_ns.is_some() {
            return Some(format!("{name} has ended already"));
        }
        let is_plain = task.accuracy() == v1::Accuracy::Inferred;
        is_plain.then(|| format!("{name} was {PLAIN}"))
    }

    /// What is known of it without asking again.
    fn known_task(&self, (target, id): (TargetId, u64)) -> Option<&v1::Task> {
        let story = self.story.as_ref().and_then(|story| story.task.as_ref());
        let story = story.filter(|_| self.about() == Some(target));
        let worst = self.leaks.selected().filter(|row| row.target == target);
        let worst = worst.and_then(|row| row.worst.as_ref()?.task.as_ref());
        let selected = self.tasks.selected().filter(|row| row.target == target);
        let selected = selected.map(|row| &**row);
        [story, worst, selected].into_iter().flatten().find(|task| task.id == id)
    }

    /// A key while the question is there. True when it was for it.
    pub(super) fn press_in_the_question(&mut self, key: KeyEvent) -> bool {
        let Some(Cancelling { task, stage }) = self.cancelling().cloned() else { return false };
        match (stage, key.code) {
            (Stage::Asks, KeyCode::Char('y')) => {
                self.effects.push(Effect::Cancel { of: task.0, task: task.1 });
                self.cancelling = Some(Cancelling { task, stage: Stage::Sent });
            }
            (Stage::Asks, _) | (_, KeyCode::Esc) => self.cancelling = None,
            _ => return false,
        }
        true
    }

    /// The target has answered.
    pub(super) fn cancel_is_answered(
        &mut self,
        task: (TargetId, u64),
        answer: Result<v1::CancelResponse, String>,
    ) {
        let Some(cancelling) = self.cancelling.as_mut().filter(|it| it.task == task) else {
            return;
        };
        cancelling.stage = match answer {
            Ok(answer) if answer.requested_ns.is_some() => Stage::Asked,
            Ok(answer) => Stage::Refused(answer.said),
            Err(why) => Stage::Refused(why),
        };
    }

    /// What is said of it.
    pub(crate) fn said_of_cancelling(&self, now: Instant) -> Option<String> {
        let Cancelling { task, stage } = self.cancelling()?;
        let is_it = |story: &&v1::Story| story.task.as_ref().is_some_and(|it| it.id == task.1);
        let story = self.story.as_ref().filter(is_it);
        let name = || self.known_task(*task).map_or(format!("#{}", task.1), names::numbered);
        Some(match stage {
            Stage::Refused(why) => why.clone(),
            Stage::Sent => format!("{} is being asked to stop", name()),
            Stage::Asks => {
                let left = story.map(control::left).unwrap_or_default();
                let holds = match (story, left.is_empty()) {
                    (None, _) => String::new(),
                    (Some(_), true) => " It holds nothing.".to_owned(),
                    (Some(_), false) => format!(" It holds {}.", left.join(", ")),
                };
                format!("Cancel {}? It is aborted where it waits, as by its handle.{holds}", name())
            }
            Stage::Asked => match story {
                Some(story) => control::became(story)
                    .unwrap_or_else(|| control::goes_on(story, self.target_now(now))),
                None => format!("{} has ended, and is not recorded any more", name()),
            },
        })
    }
}
