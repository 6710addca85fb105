//! Which columns of a table are shown, and in which order. A column is known by its title,
//! never by where it stands: every one of the table is in a layout, and none twice.

use std::fmt::Write;

use super::{Info, TARGET, Width, name_of};

/// The columns of a table, in the order in which they are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout(Vec<Entry>);

/// A column of a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) title: &'static str,
    pub(crate) shown: Shown,
    /// It cannot be hidden: the rows would not be recognised, nor would anything be left
    /// when all others are.
    pub(crate) names_rows: bool,
}

/// Whether a column is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Where a table so wide has it: nobody has said anything of it.
    AsUsual,
    /// Wherever it fits.
    Chosen,
    Hidden,
}

/// On which side of another column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Before,
    After,
}

impl Layout {
    /// As it is when nobody has chosen.
    pub(crate) fn usual(columns: &[Info]) -> Self {
        let entry = |column: &Info| Entry {
            title: column.title,
            shown: Shown::AsUsual,
            names_rows: column.width == Width::Rest,
        };
        Self(columns.iter().map(entry).collect())
    }

    /// These columns and no others, in this order. Only that of the targets is not hidden by
    /// that it is not among them: where there are several, rows would be mistaken for others.
    pub(crate) fn of_names(columns: &[Info], names: &str) -> Result<Self, String> {
        let usual = Self::usual(columns);
        let mut chosen: Vec<Entry> = Vec::new();
        for name in names.split_whitespace() {
            let Some(entry) = usual.0.iter().find(|it| name_of(it.title) == name) else {
                let all: Vec<String> =
                    usual.of_one().0.iter().map(|it| name_of(it.title)).collect();
                return Err(format!("there is no column `{name}`; there are {}", all.join(", ")));
            };
            if chosen.iter().any(|it| it.title == entry.title) {
                return Err(format!("the column `{name}` is there twice"));
            }
            let shown = if entry.names_rows { Shown::AsUsual } else { Shown::Chosen };
            chosen.push(Entry { shown, ..*entry });
        }
        match usual.0.iter().find(|it| it.names_rows) {
            Some(it) if chosen.iter().all(|other| other.title != it.title) => {
                Err(format!("`{}` must be among them: it names the rows", name_of(it.title)))
            }
            _ => Ok(Self(with_missing(chosen, &usual.of_one(), Shown::Hidden))),
        }
    }

    /// What [`Self::text`] wrote, perhaps another version's: what is not known is passed
    /// over, and what it does not say is as usual: of targets it may say nothing.
    pub(crate) fn of_text(columns: &[Info], text: &str) -> Self {
        let usual = Self::usual(columns);
        let mut kept: Vec<Entry> = Vec::new();
        for word in text.split_whitespace() {
            let (shown, name) = match (word.strip_prefix('+'), word.strip_prefix('-')) {
                (Some(name), _) => (Shown::Chosen, name),
                (_, Some(name)) => (Shown::Hidden, name),
                _ => (Shown::AsUsual, word),
            };
            let entry = usual.0.iter().find(|it| name_of(it.title) == name);
            if let Some(entry) = entry
                && kept.iter().all(|it| it.title != entry.title)
            {
                let shown = if entry.names_rows { Shown::AsUsual } else { shown };
                kept.push(Entry { shown, ..*entry });
            }
        }
        Self(with_missing(kept, &usual.of_one(), Shown::AsUsual))
    }

    /// Of a table that has these columns: others are left out, and what is missing is as usual.
    pub(crate) fn among(&self, columns: &[Info]) -> Self {
        let is_there = |it: &&Entry| columns.iter().any(|column| column.title == it.title);
        let known = self.0.iter().filter(is_there).copied().collect();
        Self(with_missing(known, &Self::usual(columns), Shown::AsUsual))
    }

    /// Where there is one target no row says whose it is.
    pub(crate) fn of_one(&self) -> Self {
        Self(self.0.iter().filter(|it| it.title != TARGET).copied().collect())
    }

    /// This layout of one target, with what that one says of several.
    pub(crate) fn with_target_of(mut self, other: &Self) -> Self {
        let at = other.0.iter().position(|it| it.title == TARGET);
        if let Some(at) = at
            && self.find(TARGET).is_none()
        {
            let before = other.0[..at].last().map(|it| it.title);
            let follows = self.0.iter().position(|it| Some(it.title) == before);
            self.0.insert(follows.map_or(0, |at| at + 1), other.0[at]);
        }
        self
    }

    /// `verdict task -holds +latency`: every column, in one line.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for entry in &self.0 {
            let mark = match entry.shown {
                Shown::AsUsual => "",
                Shown::Chosen => "+",
                Shown::Hidden => "-",
            };
            let space = if text.is_empty() { "" } else { " " };
            let _ = write!(text, "{space}{mark}{}", name_of(entry.title));
        }
        text
    }

    /// The names of those that are not hidden.
    pub(crate) fn names(&self) -> String {
        let shown = self.0.iter().filter(|it| it.shown != Shown::Hidden);
        shown.map(|it| name_of(it.title)).collect::<Vec<_>>().join(" ")
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.0
    }

    pub(crate) fn find(&self, title: &str) -> Option<Entry> {
        self.0.iter().copied().find(|it| it.title == title)
    }

    /// Shows or hides a column; the one that names the rows stays.
    pub(crate) fn show(&mut self, title: &str, shown: Shown) {
        if let Some(entry) = self.0.iter_mut().find(|it| it.title == title && !it.names_rows) {
            entry.shown = shown;
        }
    }

    /// Puts a column on that side of another.
    pub(crate) fn put(&mut self, title: &str, side: Side, other: &str) {
        let at = |entries: &[Entry], title: &str| entries.iter().position(|it| it.title == title);
        let (Some(from), Some(_)) = (at(&self.0, title), at(&self.0, other)) else { return };
        if title == other {
            return;
        }
        let entry = self.0.remove(from);
        let to = at(&self.0, other).unwrap_or(from);
        self.0.insert(if side == Side::After { to + 1 } else { to }, entry);
    }
}

/// The missing columns, each after the one that it usually follows.
fn with_missing(mut entries: Vec<Entry>, usual: &Layout, shown: Shown) -> Vec<Entry> {
    let mut before: Option<&Entry> = None;
    for entry in &usual.0 {
        if entries.iter().all(|it| it.title != entry.title) {
            let follows = before.and_then(|before| {
                entries.iter().position(|it| it.title == before.title).map(|at| at + 1)
            });
            let shown = if entry.names_rows { Shown::AsUsual } else { shown };
            entries.insert(follows.unwrap_or(0), Entry { shown, ..*entry });
        }
        before = Some(entry);
    }
    entries
}

#[cfg(test)]
mod tests;
