//! `holdover config`: what is in force, and what set it.

use std::{
    io::{self, Write},
    path::Path,
};

use super::{Config, From, shown};
use crate::{
    columns::{Layout, Listing},
    format::{safe, width},
    remembered::{
        Order,
        chosen::{Choices, in_force},
    },
};

/// The files of what was chosen in the console.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Chosen<'a> {
    pub(crate) columns: Option<&'a Path>,
    pub(crate) orders: Option<&'a Path>,
}

const CHOSEN: &str = "What was chosen in the console counts before what the file says, until the file says \
                      otherwise;\n`r` among the columns (`+`) gives both up.";

impl Config {
    /// Writes each setting with its value and what set it; of columns and orders also what was
    /// chosen in the console.
    pub(crate) fn show(&self, chosen: Chosen<'_>, out: &mut impl Write) -> io::Result<()> {
        let file = self.file.as_deref().map_or("no folder for one".to_owned(), shown);
        let there = if self.is_there { "" } else { " (is not there)" };
        writeln!(out, "file  {file}{there}\n")?;
        let mut choices = chosen.columns.map(|file| in_force(file, self)).unwrap_or_default();
        choices.retain(|listing, kept| self.says_something(*listing, &kept.choice));
        let said = chosen.columns.map(shown).unwrap_or_default();
        let mut rows = self.rows(&choices, &said);
        let orders = chosen.orders.map(|file| in_force(file, self)).unwrap_or_default();
        rows.extend(self.orders(&orders, &chosen.orders.map(shown).unwrap_or_default()));
        let widest = |of: fn(&Row) -> &str, most: usize| {
            rows.iter().map(|row| width(of(row))).max().unwrap_or(0).min(most)
        };
        let (names, values) = (widest(|row| &row.0, 40), widest(|row| &row.1, 60));
        for (name, value, from) in &rows {
            let pad = |text: &str, to: usize| " ".repeat(to.saturating_sub(width(text)));
            let (after_name, after_value) = (pad(name, names), pad(value, values));
            writeln!(out, "{name}{after_name}  {value}{after_value}  {from}")?;
        }
        if !choices.is_empty() || !orders.is_empty() {
            writeln!(out, "\n{CHOSEN}")?;
        }
        Ok(())
    }

    /// Of targets only where there are several.
    fn names(&self, layout: &Layout) -> String {
        if self.has_several() { layout.names() } else { layout.of_one().names() }
    }

    fn has_several(&self) -> bool {
        self.addresses.value.len() > 1
    }

    /// Not where it is as it starts but for what it says of several targets.
    fn says_something(&self, listing: Listing, layout: &Layout) -> bool {
        let start = self.columns.get(&listing).map(|set| set.value.of_one());
        let start = start.unwrap_or_else(|| Layout::usual(&listing.columns(0)));
        self.has_several() || layout.of_one() != start
    }

    fn rows(&self, choices: &Choices<Layout>, chosen: &str) -> Vec<Row> {
        let row = |name: &str, value: &str, from: From| {
            (safe(name).into_owned(), safe(value).into_owned(), self.said(from))
        };
        let listed = |texts: Vec<String>, none: &str| match texts.as_slice() {
            [] => none.to_owned(),
            texts => texts.join(", "),
        };
        let addresses = self.addresses.value.iter().map(ToString::to_string).collect();
        let found = "the service that is found, else 127.0.0.1:6669";
        let roots = self.source_roots.value.iter().map(ToString::to_string).collect();
        let interval = crate::format::span(crate::format::duration_nanos(self.interval.value));
        let mut rows = vec![
            row("address", &listed(addresses, found), self.addresses.from),
            row("theme", self.look.value.name(), self.look.from),
            row("ascii", if self.ascii.value { "true" } else { "false" }, self.ascii.from),
            row("interval", &interval, self.interval.from),
            row("editor", &self.editor.value, self.editor.from),
            row("source-roots", &listed(roots, "none"), self.source_roots.from),
        ];
        let named = |table: &str, name: &str| format!("{table}.{name}");
        let set = self.filters.iter();
        rows.extend(set.map(|(name, it)| row(&named("filters", name), &it.value, it.from)));
        rows.extend(Listing::ALL.iter().filter_map(|listing| {
            let (name, set) = (named("columns", listing.name()), self.columns.get(listing));
            let Some(kept) = choices.get(listing) else {
                return set.map(|set| row(&name, &self.names(&set.value), set.from));
            };
            let from = self.chosen_over(set.map(|set| set.from), chosen);
            Some((name, self.names(&kept.choice), from))
        }));
        rows
    }

    /// In which order each table's rows are.
    fn orders(&self, choices: &Choices<Order>, chosen: &str) -> Vec<Row> {
        let row = |listing: &Listing| {
            let (name, set) = (format!("sort.{}", listing.name()), self.sort.get(listing));
            let Some(kept) = choices.get(listing) else {
                return set.map(|set| (name, safe(&set.value).into_owned(), self.said(set.from)));
            };
            let from = self.chosen_over(set.map(|set| set.from), chosen);
            let Order(sort) = &kept.choice;
            let sort = if sort.is_empty() { "their own order" } else { sort };
            Some((name, safe(sort).into_owned(), from))
        };
        Listing::ALL.iter().filter_map(row).collect()
    }

    fn chosen_over(&self, set: Option<From>, chosen: &str) -> String {
        let over = set.map(|from| format!(", over {}", self.said(from))).unwrap_or_default();
        format!("chosen in the console{over}; {chosen}")
    }

    fn said(&self, from: From) -> String {
        match from {
            From::Default => "default".to_owned(),
            From::File(line) => {
                format!("{}:{line}", self.file.as_deref().map(shown).unwrap_or_default())
            }
            From::Variable(name) => format!("variable {name}"),
            From::Flag(flag) => format!("flag {flag}"),
        }
    }
}

/// Its name, its value, what set it.
type Row = (String, String, String);
