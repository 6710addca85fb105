//! Cancelling a task, or a token that asks it: the question, the reason, the answer, and what
//! became of it.

mod said;

use std::time::Instant;

use crossterm::event::{KeyCode, KeyEvent};
use holdover_proto::v1;

use super::{Effect, Line, Model, Screen};
use crate::{client::TargetId, control::What, names};

/// A task or a token that is to be cancelled. It is about the story that is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cancelling {
    /// Of the story: of which target, and its id there.
    task: (TargetId, u64),
    /// Of the same target.
    what: What,
    /// Of a token: it may be gone by the time that this is said.
    name: String,
    pub(crate) stage: Stage,
    pub(crate) reason: Line,
    /// The row that was selected is so many tasks.
    of_a_row: u32,
}

/// How far that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Whether it is meant.
    Asks,
    /// The reason is typed.
    Types,
    /// The target has not answered yet.
    Sent,
    /// The target has done so, at this time of its.
    Asked { at: u64 },
    /// It cannot be: why, and what to do about that.
    Refused(String),
}

/// What the target keeps of a reason, in bytes.
const LONGEST_REASON: usize = 256;

const PLAIN: &str = "made by tokio's own spawn: only tasks made through holdover::task can be \
                     cancelled from here";
const SCOPE: &str = "a part of a task: only the whole task can be cancelled";
const BLOCK_ON: &str = "what block_on runs: that cannot be cancelled";
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
        let of_a_row = self.tasks_of_the_row();
        self.open(now);
        match self.screen() {
            Screen::Story(target, id) => {
                let (task, what) = ((target, id), What::Task(id));
                let (stage, name) = (Stage::Asks, String::new());
                let reason = Line::new("", LONGEST_REASON);
                self.cancelling = Some(Cancelling { task, what, name, stage, reason, of_a_row });
                self.look_at_the_question();
            }
            screen if screen.is_tab() => {}
            _ => self.say("no task is selected", now),
        }
    }

    /// A row of leaks may be many tasks, of which Enter opens one.
    fn tasks_of_the_row(&self) -> u32 {
        let is_leaks = self.screen() == Screen::Leaks && !self.is_tree();
        let row = self.leaks.selected().filter(|_| is_leaks);
        row.map_or(1, |row| row.count)
    }

    /// It may be known by now that it cannot be cancelled.
    pub(super) fn look_at_the_question(&mut self) {
        let asks = self.cancelling.as_ref().filter(|it| it.stage == Stage::Asks);
        let why = asks.and_then(|it| match it.what {
            What::Task(id) => self.why_not((it.task.0, id)),
            What::Token(number) => self.why_not_the_token(number),
        });
        if let (Some(why), Some(cancelling)) = (why, &mut self.cancelling) {
            cancelling.stage = Stage::Refused(why);
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
        match task.kind() {
            v1::TaskKind::Scope => return Some(format!("{name} is {SCOPE}")),
            v1::TaskKind::BlockOn => return Some(format!("{name} is {BLOCK_ON}")),
            _ => {}
        }
        let is_plain = task.accuracy() == v1::Accuracy::Inferred;
        is_plain.then(|| format!("{name} was {PLAIN}"))
    }

    fn why_not_the_token(&self, number: u64) -> Option<String> {
        match self.token(number) {
            None => Some(format!("the service has no handle to token #{number} any more")),
            Some(token) if token.cancelled => {
                Some(format!("token {} is cancelled already", names::token(token)))
            }
            Some(_) => None,
        }
    }

    fn token(&self, number: u64) -> Option<&v1::Token> {
        self.tokens.iter().find(|token| token.number == number)
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

    /// What else can be cancelled: after the task each of its tokens, and then it again.
    fn next_choice(&self, of: &Cancelling) -> Option<What> {
        let live = self.tokens.iter().filter(|token| !token.cancelled);
        let tokens = live.map(|token| What::Token(token.number));
        let all: Vec<What> = std::iter::once(What::Task(of.task.1)).chain(tokens).collect();
        let at = all.iter().position(|it| *it == of.what).map_or(0, |at| at + 1);
        Some(all[at % all.len()]).filter(|next| *next != of.what)
    }

    /// The word for what can be cancelled in its place.
    pub(crate) fn other_choice(&self) -> Option<&'static str> {
        let of = self.cancelling()?;
        Some(match (self.next_choice(of)?, of.what) {
            (What::Task(_), _) => "the task",
            (What::Token(_), What::Task(_)) => "its token",
            (What::Token(_), What::Token(_)) => "the next token",
        })
    }

    /// A key while the question is there. True when it was for it.
    pub(super) fn press_in_the_question(&mut self, key: KeyEvent) -> bool {
        let Some(mut it) = self.cancelling().cloned() else { return false };
        match (&it.stage, key.code) {
            (Stage::Types, KeyCode::Enter) => it.stage = Stage::Asks,
            (Stage::Types, KeyCode::Esc) => {
                (it.reason, it.stage) = (Line::new("", LONGEST_REASON), Stage::Asks);
            }
            (Stage::Types, _) => it.reason.press(key),
            (Stage::Asks, KeyCode::Char('y')) if self.is_said_whom(it.what) => {
                let reason = it.reason.text.trim().to_owned();
                self.effects.push(Effect::Cancel { of: it.task.0, what: it.what, reason });
                it.stage = Stage::Sent;
            }
            // Nobody can mean it who has not been told whom it asks.
            (Stage::Asks, KeyCode::Char('y')) => {}
            (Stage::Asks, KeyCode::Char('r')) => it.stage = Stage::Types,
            (Stage::Asks | Stage::Refused(_), KeyCode::Char('t'))
                if self.next_choice(&it).is_some() =>
            {
                it.what = self.next_choice(&it).unwrap_or(it.what);
                if let What::Token(number) = it.what {
                    it.name = self.token(number).map_or(format!("#{number}"), names::token);
                }
                it.stage = Stage::Asks;
            }
            (Stage::Asks, _) | (_, KeyCode::Esc) => {
                self.cancelling = None;
                return true;
            }
            _ => return false,
        }
        self.cancelling = Some(it);
        self.look_at_the_question();
        true
    }

    fn is_said_whom(&self, what: What) -> bool {
        match what {
            What::Task(_) => true,
            What::Token(number) => self.token(number).is_some_and(|token| token.asks.is_some()),
        }
    }

    /// The target has answered.
    pub(super) fn cancel_is_answered(
        &mut self,
        (of, what): (TargetId, What),
        answer: Result<v1::CancelResponse, String>,
    ) {
        let is_it = |it: &&mut Cancelling| (it.task.0, it.what) == (of, what);
        let Some(cancelling) = self.cancelling.as_mut().filter(is_it) else { return };
        cancelling.stage = match answer {
            Ok(v1::CancelResponse { requested_ns: Some(at), .. }) => Stage::Asked { at },
            Ok(answer) => Stage::Refused(answer.said),
            Err(why) => Stage::Refused(why),
        };
    }

    /// What the story's view is to tell of tokens: whom each asks, and what became of those
    /// that were asked at this time.
    pub(super) fn wants_of_tokens(&self) -> (bool, u64) {
        match self.cancelling().map(|it| (&it.stage, it.what)) {
            Some((Stage::Asked { at }, What::Token(_))) => (false, *at),
            Some((Stage::Asks | Stage::Types | Stage::Refused(_), _)) => (true, 0),
            Some((Stage::Sent | Stage::Asked { .. }, _)) | None => (false, 0),
        }
    }
}
