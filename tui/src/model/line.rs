//! A line of text that is typed: its letters, and the cursor among them.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use unicode_segmentation::UnicodeSegmentation;

/// See the module's header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) text: String,
    /// The graphemes before the cursor.
    pub(crate) cursor: usize,
    /// In bytes.
    longest: usize,
}

impl Line {
    pub(crate) fn new(text: &str, longest: usize) -> Self {
        Self { text: text.to_owned(), cursor: text.graphemes(true).count(), longest }
    }

    /// A key that changes it or moves the cursor; others do nothing.
    pub(crate) fn press(&mut self, key: KeyEvent) {
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
            _ => {}
        }
        self.cursor = self.cursor.min(self.graphemes());
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
            _ => {}
        }
    }

    fn graphemes(&self) -> usize {
        self.text.graphemes(true).count()
    }

    /// The byte at which a grapheme begins.
    pub(super) fn byte(&self, grapheme: usize) -> usize {
        self.text.grapheme_indices(true).nth(grapheme).map_or(self.text.len(), |(at, _)| at)
    }

    fn insert(&mut self, character: char) {
        if !self.has_room_for(character.len_utf8()) || character.is_control() {
            return;
        }
        let at = self.byte(self.cursor);
        self.text.insert(at, character);
        self.stand_after(at + character.len_utf8());
    }

    pub(super) fn has_room_for(&self, bytes: usize) -> bool {
        self.text.len() + bytes <= self.longest
    }

    /// Puts the cursor behind this byte; what was typed there may have joined the grapheme
    /// before it.
    fn stand_after(&mut self, byte: usize) {
        self.cursor = self.text[..byte].graphemes(true).count();
    }

    /// Puts a text in place of these bytes, and the cursor behind it.
    pub(super) fn put(&mut self, from: usize, to: usize, text: &str) {
        self.text.replace_range(from..to, text);
        self.stand_after(from + text.len());
    }

    /// Another text, with the cursor at its end.
    pub(super) fn show(&mut self, text: String) {
        self.text = text;
        self.cursor = self.graphemes();
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
}

fn is_no_space(grapheme: &str) -> bool {
    !grapheme.chars().all(char::is_whitespace)
}

fn is_word(grapheme: &str) -> bool {
    grapheme.chars().next().is_some_and(|c| c.is_alphanumeric() || c == '_')
}
