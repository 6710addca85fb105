//! The filter that is being typed.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use holdover::FilterError;

use super::{
    complete::{Candidates, candidates, common},
    history::History,
    line::Line,
};
use crate::{
    config::Named,
    saved,
    whose::{Names, Whose},
};

/// A longer filter nobody types.
const LONGEST: usize = 1000;

/// What can be said for a filter in place of typing it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    pub(crate) saved: Arc<Named>,
    pub(crate) history: Arc<History>,
    /// What each target can be called, where there are several.
    pub(crate) targets: Arc<Vec<Names>>,
}

/// A filter on its way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Edit {
    pub(crate) line: Line,
    /// What it was before.
    before: String,
    /// The text with its saved filters in full, as it was when it last parsed.
    whole: String,
    known: Known,
    recalled: Recalled,
    pub(crate) offered: Option<Offered>,
}

/// Which line of the history is shown.
#[derive(Clone, Debug, Default)]
enum Recalled {
    #[default]
    None,
    /// This one; what had been typed waits.
    Line { at: usize, typed: String },
}

/// The candidates of the word before the cursor, while Tab turns over them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Offered {
    /// Where they begin, in bytes.
    from: usize,
    pub(crate) texts: Vec<String>,
    /// The one that stands in the text.
    pub(crate) chosen: Option<usize>,
}

/// What became of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edited {
    Goes,
    Kept,
    GivenUp,
}

impl Edit {
    pub(crate) fn new(text: &str, known: Known) -> Self {
        Self {
            line: Line::new(text, LONGEST),
            before: text.to_owned(),
            whole: text.to_owned(),
            known,
            ..Self::default()
        }
    }

    pub(crate) fn before(&self) -> &str {
        &self.before
    }

    /// The filter that the text is, with its saved filters in full; as it was when it last
    /// was one.
    pub(crate) fn whole(&self) -> &str {
        &self.whole
    }

    /// What is wrong with it so far, and where.
    pub(crate) fn error(&self) -> Option<FilterError> {
        let text = &self.line.text;
        let whose = match Whose::parse(text) {
            Ok(whose) => whose,
            Err(error) => return Some(error),
        };
        if let Some((at, message)) = saved::unknown(text, &self.known.saved) {
            return Some(FilterError { column: self.column(at), message });
        }
        if !self.known.targets.is_empty()
            && let Some(error) = whose.unknown(&self.known.targets)
        {
            return Some(error);
        }
        self.error_in_the_whole()
    }

    /// What a saved filter says of targets cannot stand anywhere.
    fn error_in_the_whole(&self) -> Option<FilterError> {
        let text = &self.line.text;
        let (at, _) = saved::names(text).next()?;
        let error = Whose::parse(&saved::expand(text, &self.known.saved)).err()?;
        Some(FilterError { column: self.column(at.start), ..error })
    }

    /// Of a byte of the text: in characters from 1.
    fn column(&self, byte: usize) -> usize {
        self.line.text[..byte].chars().count() + 1
    }

    pub(crate) fn press(&mut self, key: KeyEvent) -> Edited {
        match key.code {
            KeyCode::Enter if self.error().is_none() => return Edited::Kept,
            KeyCode::Esc => return Edited::GivenUp,
            KeyCode::Tab => self.complete(1),
            KeyCode::BackTab => self.complete(-1),
            _ => {
                self.offered = None;
                self.edit(key);
            }
        }
        if self.error().is_none() {
            self.whole = saved::expand(&self.line.text, &self.known.saved);
        }
        Edited::Goes
    }

    fn edit(&mut self, key: KeyEvent) {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Up => self.recall_older(),
            KeyCode::Down => self.recall_newer(),
            KeyCode::Char('p') if control => self.recall_older(),
            KeyCode::Char('n') if control => self.recall_newer(),
            _ => self.line.press(key),
        }
    }

    fn recall_older(&mut self) {
        let (at, typed) = match &self.recalled {
            Recalled::None => (self.known.history.len(), self.line.text.clone()),
            Recalled::Line { at, typed } => (*at, typed.clone()),
        };
        // What stands there already is no earlier one.
        let older = (0..at).rev().find(|at| self.known.history.get(*at) != Some(&self.line.text));
        if let Some(at) = older {
            self.line.show(self.known.history.get(at).unwrap_or_default().to_owned());
            self.recalled = Recalled::Line { at, typed };
        }
    }

    fn recall_newer(&mut self) {
        let Recalled::Line { at, typed } = std::mem::take(&mut self.recalled) else { return };
        match self.known.history.get(at + 1).map(str::to_owned) {
            Some(line) => {
                self.line.show(line);
                self.recalled = Recalled::Line { at: at + 1, typed };
            }
            None => self.line.show(typed),
        }
    }

    /// Puts what all candidates have in common, and then one after the other.
    fn complete(&mut self, by: isize) {
        let cursor = self.line.byte(self.line.cursor);
        let Some(mut offered) = self.offered.take() else {
            let found = candidates(&self.line.text, cursor, &self.known);
            let same = common(&found.texts).to_owned();
            let is_longer = same.len() > cursor - found.from || found.texts.len() == 1;
            if is_longer && self.fits(&same) {
                self.line.put(found.from, cursor, &same);
            }
            if found.texts.len() > 1 {
                let Candidates { from, texts } = found;
                self.offered = Some(Offered { from, texts, chosen: None });
            }
            return;
        };
        let many = offered.texts.len();
        let next = match (offered.chosen, by) {
            (None, 1) => 0,
            (None, _) => many - 1,
            (Some(at), 1) => (at + 1) % many,
            (Some(at), _) => (at + many - 1) % many,
        };
        offered.chosen = Some(next);
        if self.fits(&offered.texts[next]) {
            self.line.put(offered.from, cursor, &offered.texts[next]);
        }
        self.offered = Some(offered);
    }

    fn fits(&self, text: &str) -> bool {
        self.line.has_room_for(text.len())
    }
}

#[cfg(test)]
mod tests;
