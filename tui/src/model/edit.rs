//! A line of text that is being edited: the filter.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use holdover::{Filter, FilterError};
use unicode_segmentation::UnicodeSegmentation;

/// A filter on its way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Edit {
    pub(crate) text: String,
    /// The graphemes before the cursor.
    pub(crate) cursor: usize,
    /// What it was before.
    before: String,
}

/// What became of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edited {
    Goes,
    Kept,
    GivenUp,
}

impl Edit {
    pub(crate) fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            cursor: text.graphemes(true).count(),
            before: text.to_owned(),
        }
    }

    pub(crate) fn before(&self) -> &str {
        &self.before
    }

    /// What is wrong with it so far, and where.
    pub(crate) fn error(&self) -> Option<FilterError> {
        Filter::parse(&self.text).err()
    }

    pub(crate) fn press(&mut self, key: KeyEvent) -> Edited {
        match key.code {
            KeyCode::Enter if self.error().is_none() => return Edited::Kept,
            KeyCode::Esc => return Edited::GivenUp,
            KeyCode::Char('u') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                *self = Self { text: String::new(), cursor: 0, before: self.before.clone() };
            }
            KeyCode::Char(character) if !key.modifiers.contains(KeyModifiers::CONTROL) => {
                self.insert(character);
            }
            KeyCode::Backspace if self.cursor > 0 => {
                self.cursor -= 1;
                self.remove();
            }
            KeyCode::Delete => self.remove(),
            KeyCode::Left => self.cursor = self.cursor.saturating_sub(1),
            KeyCode::Right => self.cursor = (self.cursor + 1).min(self.graphemes()),
            KeyCode::Home => self.cursor = 0,
            KeyCode::End => self.cursor = self.graphemes(),
            _ => {}
        }
        Edited::Goes
    }

    fn graphemes(&self) -> usize {
        self.text.graphemes(true).count()
    }

    /// The byte at which a grapheme begins.
    fn byte(&self, grapheme: usize) -> usize {
        self.text.grapheme_indices(true).nth(grapheme).map_or(self.text.len(), |(at, _)| at)
    }

    fn insert(&mut self, character: char) {
        // A combining character joins the grapheme before it.
        let at = self.byte(self.cursor);
        self.text.insert(at, character);
        let before = &self.text[..at + character.len_utf8()];
        self.cursor = before.graphemes(true).count();
    }

    fn remove(&mut self) {
        let (from, to) = (self.byte(self.cursor), self.byte(self.cursor + 1));
        self.text.replace_range(from..to, "");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn type_in(edit: &mut Edit, text: &str) {
        for character in text.chars() {
            edit.press(KeyEvent::new(KeyCode::Char(character), KeyModifiers::NONE));
        }
    }

    fn press(edit: &mut Edit, code: KeyCode) -> Edited {
        edit.press(KeyEvent::new(code, KeyModifiers::NONE))
    }

    #[test]
    fn text_is_edited_by_grapheme() {
        let mut edit = Edit::new("");
        type_in(&mut edit, "订单e\u{301}x");
        assert_eq!((edit.text.as_str(), edit.cursor), ("订单e\u{301}x", 4));
        press(&mut edit, KeyCode::Left);
        press(&mut edit, KeyCode::Backspace);
        assert_eq!(edit.text, "订单x");
        press(&mut edit, KeyCode::Home);
        press(&mut edit, KeyCode::Delete);
        assert_eq!((edit.text.as_str(), edit.cursor), ("单x", 0));
        press(&mut edit, KeyCode::Backspace);
        press(&mut edit, KeyCode::End);
        press(&mut edit, KeyCode::Delete);
        press(&mut edit, KeyCode::Right);
        assert_eq!((edit.text.as_str(), edit.cursor), ("单x", 2));
    }

    #[test]
    fn a_filter_with_an_error_is_not_kept() {
        let mut edit = Edit::new("since>1s");
        type_in(&mut edit, " verdict:x");
        assert_eq!(edit.error().expect("no such verdict").column, 18);
        assert_eq!(press(&mut edit, KeyCode::Enter), Edited::Goes);
        assert_eq!(press(&mut edit, KeyCode::Esc), Edited::GivenUp);
        assert_eq!(edit.before(), "since>1s");
        let mut good = Edit::new("since>1s");
        assert_eq!(press(&mut good, KeyCode::Enter), Edited::Kept);
    }
}
