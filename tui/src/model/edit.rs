//! A line of text that is being edited: the filter.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use holdover::FilterError;
use unicode_segmentation::UnicodeSegmentation;

use super::{
    complete::{Candidates, candidates, common},
    history::History,
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
    pub(crate) text: String,
    /// The graphemes before the cursor.
    pub(crate) cursor: usize,
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
            text: text.to_owned(),
            cursor: text.graphemes(true).count(),
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
        let whose = match Whose::parse(&self.text) {
            Ok(whose) => whose,
            Err(error) => return Some(error),
        };
        if let Some((at, message)) = saved::unknown(&self.text, &self.known.saved) {
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
        let (at, _) = saved::names(&self.text).next()?;
        let error = Whose::parse(&saved::expand(&self.text, &self.known.saved)).err()?;
        Some(FilterError { column: self.column(at.start), ..error })
    }

    /// Of a byte of the text: in characters from 1.
    fn column(&self, byte: usize) -> usize {
        self.text[..byte].chars().count() + 1
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
        self.cursor = self.cursor.min(self.graphemes());
        if self.error().is_none() {
            self.whole = saved::expand(&self.text, &self.known.saved);
        }
        Edited::Goes
    }

    fn edit(&mut self, key: KeyEvent) {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        match key.code {
            KeyCode::Char(character) if control => self.control(character),
            KeyCode::Char('b') | KeyCode::Left if alt => self.cursor = self.word_before(is_word),
            KeyCode::Char('f') | KeyCode::Right if alt => self.cursor = self.word_after(),
            KeyCode::Backspace if alt => self.cut(self.word_before(is_word), self.cursor),
            KeyCode::Char('d') if alt => self.cut(self.cursor, self.word_after()),
            KeyCode::Char(_) if alt => {}
            KeyCode::Char(character) => self.insert(character),
            KeyCode::Left if control => self.cursor = self.word_before(is_word),
            KeyCode::Right if control => self.cursor = self.word_after(),
            KeyCode::Backspace => self.cut(self.cursor.saturating_sub(1), self.cursor),
            KeyCode::Delete => self.cut(self.cursor, self.cursor + 1),
            KeyCode::Left => self.cursor = self.cursor.saturating_sub(1),
            KeyCode::Right => self.cursor += 1,
            KeyCode::Home => self.cursor = 0,
            KeyCode::End => self.cursor = self.graphemes(),
            KeyCode::Up => self.recall_older(),
            KeyCode::Down => self.recall_newer(),
            _ => {}
        }
    }

    /// As a shell takes them.
    fn control(&mut self, character: char) {
        match character {
            'a' => self.cursor = 0,
            'e' => self.cursor = self.graphemes(),
            'b' => self.cursor = self.cursor.saturating_sub(1),
            'f' => self.cursor += 1,
            'd' => self.cut(self.cursor, self.cursor + 1),
            'h' => self.cut(self.cursor.saturating_sub(1), self.cursor),
            'k' => self.cut(self.cursor, self.graphemes()),
            'u' => self.cut(0, self.graphemes()),
            'w' => self.cut(self.word_before(is_no_space), self.cursor),
            'p' => self.recall_older(),
            'n' => self.recall_newer(),
            _ => {}
        }
    }

    fn graphemes(&self) -> usize {
        self.text.graphemes(true).count()
    }

    /// The byte at which a grapheme begins.
    fn byte(&self, grapheme: usize) -> usize {
        self.text.grapheme_indices(true).nth(grapheme).map_or(self.text.len(), |(at, _)| at)
    }

    fn insert(&mut self, character: char) {
        if self.text.len() + character.len_utf8() > LONGEST || character.is_control() {
            return;
        }
        let at = self.byte(self.cursor);
        self.text.insert(at, character);
        self.stand_after(at + character.len_utf8());
    }

    /// Puts the cursor behind this byte; what was typed there may have joined the grapheme
    /// before it.
    fn stand_after(&mut self, byte: usize) {
        self.cursor = self.text[..byte].graphemes(true).count();
    }

    /// Removes the graphemes between.
    fn cut(&mut self, from: usize, to: usize) {
        let (start, end) = (self.byte(from), self.byte(to));
        self.text.replace_range(start..end, "");
        self.cursor = from;
    }

    /// The grapheme with which the word before the cursor begins.
    fn word_before(&self, is_part: fn(&str) -> bool) -> usize {
        let before: Vec<&str> = self.text.graphemes(true).take(self.cursor).collect();
        let end = before.iter().rposition(|it| is_part(it)).map_or(0, |at| at + 1);
        before[..end].iter().rposition(|it| !is_part(it)).map_or(0, |at| at + 1)
    }

    /// The grapheme after the word that the cursor is in, or is before.
    fn word_after(&self) -> usize {
        let all: Vec<&str> = self.text.graphemes(true).collect();
        let from = self.cursor.min(all.len());
        let begin = all[from..].iter().position(|it| is_word(it)).map_or(all.len(), |at| from + at);
        all[begin..].iter().position(|it| !is_word(it)).map_or(all.len(), |at| begin + at)
    }

    fn recall_older(&mut self) {
        let (at, typed) = match &self.recalled {
            Recalled::None => (self.known.history.len(), self.text.clone()),
            Recalled::Line { at, typed } => (*at, typed.clone()),
        };
        // What stands there already is no earlier one.
        let older = (0..at).rev().find(|at| self.known.history.get(*at) != Some(&self.text));
        if let Some(at) = older {
            self.show(self.known.history.get(at).unwrap_or_default().to_owned());
            self.recalled = Recalled::Line { at, typed };
        }
    }

    fn recall_newer(&mut self) {
        let Recalled::Line { at, typed } = std::mem::take(&mut self.recalled) else { return };
        match self.known.history.get(at + 1).map(str::to_owned) {
            Some(line) => {
                self.show(line);
                self.recalled = Recalled::Line { at: at + 1, typed };
            }
            None => self.show(typed),
        }
    }

    fn show(&mut self, text: String) {
        self.text = text;
        self.cursor = self.graphemes();
    }

    /// Puts what all candidates have in common, and then one after the other.
    fn complete(&mut self, by: isize) {
        let cursor = self.byte(self.cursor);
        let Some(mut offered) = self.offered.take() else {
            let found = candidates(&self.text, cursor, &self.known);
            let same = common(&found.texts).to_owned();
            let is_longer = same.len() > cursor - found.from || found.texts.len() == 1;
            if is_longer && self.fits(&same) {
                self.put(found.from, cursor, &same);
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
            self.put(offered.from, cursor, &offered.texts[next]);
        }
        self.offered = Some(offered);
    }

    fn fits(&self, text: &str) -> bool {
        self.text.len() + text.len() <= LONGEST
    }

    fn put(&mut self, from: usize, to: usize, text: &str) {
        self.text.replace_range(from..to, text);
        self.stand_after(from + text.len());
    }
}

fn is_no_space(grapheme: &str) -> bool {
    !grapheme.chars().all(char::is_whitespace)
}

fn is_word(grapheme: &str) -> bool {
    grapheme.chars().next().is_some_and(|c| c.is_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests;
