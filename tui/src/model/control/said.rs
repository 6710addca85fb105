//! What is said of a task or a token that is to be cancelled.

use std::time::Instant;

use holdover_proto::v1;

use super::{Cancelling, Stage};
use crate::{
    client::TargetId,
    control::{self, What},
    format::{place, safe},
    model::Model,
    names,
};

impl Model {
    /// What is said of it.
    pub(crate) fn said_of_cancelling(&self, now: Instant) -> Option<String> {
        let Cancelling { task: (of, _), what, stage, name, .. } = self.cancelling()?;
        let of = *of;
        Some(match (stage, *what) {
            (Stage::Refused(why), _) => match self.said_of_the_others().as_str() {
                "" => safe(why).into_owned(),
                others => format!("{}.{others}", safe(why)),
            },
            (Stage::Asks | Stage::Types, What::Task(task)) => {
                format!("{}{}", self.question((of, task)), self.said_of_the_others())
            }
            (Stage::Asks | Stage::Types, What::Token(number)) => self.question_of_token(number),
            (Stage::Sent, What::Task(task)) => {
                format!("{} is being asked to stop", self.name((of, task)))
            }
            (Stage::Sent, What::Token(_)) => format!("token {name} is being cancelled"),
            (Stage::Asked { .. }, What::Task(task)) => match self.story_of(task) {
                Some(story) => control::became(story)
                    .unwrap_or_else(|| control::goes_on(story, self.target_now(now))),
                None => {
                    format!("{} has ended, and is not recorded any more", self.name((of, task)))
                }
            },
            (Stage::Asked { .. }, What::Token(_)) => control::became_of(name, self.asked.as_ref()),
        })
    }

    fn story_of(&self, task: u64) -> Option<&v1::Story> {
        let is_it = |story: &&v1::Story| story.task.as_ref().is_some_and(|it| it.id == task);
        self.story.as_ref().filter(is_it)
    }

    fn name(&self, task: (TargetId, u64)) -> String {
        self.known_task(task).map_or(format!("#{}", task.1), names::numbered)
    }

    fn question(&self, task: (TargetId, u64)) -> String {
        let name = self.name(task);
        let story = self.story_of(task.1);
        let left = story.map(control::left).unwrap_or_default();
        let holds = match (story, left.is_empty()) {
            (None, _) => String::new(),
            (Some(_), true) => " It holds nothing.".to_owned(),
            (Some(_), false) => format!(" It holds {}.", left.join(", ")),
        };
        format!("Cancel {name}? It is aborted where it waits, as by its handle.{holds}")
    }

    fn question_of_token(&self, number: u64) -> String {
        let Some(token) = self.token(number) else { return String::new() };
        let asks = match &token.asks {
            Some(asked) => control::asks(asked),
            None => "Whom it asks is being looked for.".to_owned(),
        };
        let made_at = safe(&place(&token.site)).into_owned();
        format!("Cancel token {}, made at {made_at}? {asks}", names::token(token))
    }

    /// Which of several tasks this is, and what can be cancelled in its place.
    fn said_of_the_others(&self) -> String {
        let Some(of) = self.cancelling() else { return String::new() };
        let mut said = String::new();
        if let (2.., What::Task(_)) = (of.of_a_row, of.what) {
            let first = "the one that has been so for longest; g in that list shows each";
            said = format!(" It is one of the {} tasks of its row, {first}.", of.of_a_row);
        }
        if let Some(What::Token(number)) = self.next_choice(of)
            && let Some(token) = self.token(number)
        {
            let asks = token.asks.as_ref().map(control::whom);
            let asks = asks.map(|whom| format!(", which asks {whom}")).unwrap_or_default();
            said = format!("{said} Or, with t, token {}{asks}.", names::token(token));
        }
        said
    }
}
