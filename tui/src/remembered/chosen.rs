//! What was chosen of tables in the console. A line a table, of three parts with tabs between
//! them: which table, what was chosen of it, and over what the configuration file said then,
//! `default` where that says nothing of it.

use std::{collections::BTreeMap, io, path::Path};

use crate::{columns::Listing, config::Config};

/// What is said in place of what the configuration file says nothing of.
const NO_START: &str = "default";

/// What can be chosen of a table: its columns, or the order of its rows.
pub(crate) trait Choice: Sized {
    /// What the configuration file says of it.
    fn set(config: &Config, listing: Listing) -> Option<String>;
    /// What can be understood of a text.
    fn of_text(listing: Listing, text: &str) -> Self;
    fn text(&self) -> String;
}

/// What was chosen of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept<T> {
    pub(crate) choice: T,
    /// With what the table started then.
    over: String,
}

/// What was chosen, by table.
pub(crate) type Choices<T> = BTreeMap<Listing, Kept<T>>;

impl<T: Choice> Kept<T> {
    /// Chosen while this is set.
    pub(crate) fn over(config: &Config, listing: Listing, choice: T) -> Self {
        Self { choice, over: start::<T>(config, listing) }
    }
}

fn start<T: Choice>(config: &Config, listing: Listing) -> String {
    T::set(config, listing).unwrap_or_else(|| NO_START.to_owned())
}

/// What is in force of what was chosen. Whoever wrote something else into the configuration
/// file since then wants that: what was said last is what counts.
pub(crate) fn in_force<T: Choice>(file: &Path, config: &Config) -> Choices<T> {
    let mut kept = read(file);
    kept.retain(|listing, it: &mut Kept<T>| it.over == start::<T>(config, *listing));
    kept
}

/// What can be understood of the file.
fn read<T: Choice>(file: &Path) -> Choices<T> {
    super::read(file).lines().filter_map(parse).collect()
}

fn parse<T: Choice>(line: &str) -> Option<(Listing, Kept<T>)> {
    let mut parts = line.split('\t');
    let listing = Listing::named(parts.next()?)?;
    let choice = T::of_text(listing, parts.next()?);
    // A line that somebody wrote by hand counts too.
    let over = parts.next().unwrap_or(NO_START).to_owned();
    Some((listing, Kept { choice, over }))
}

/// Keeps these choices beside those of before, which another console may have changed
/// meanwhile; `None` where a table is to be as it starts.
pub(crate) fn keep<T: Choice>(
    file: &Path,
    choices: BTreeMap<Listing, Option<Kept<T>>>,
) -> io::Result<()> {
    let mut all = read(file);
    for (of, choice) in choices {
        match choice {
            Some(kept) => drop(all.insert(of, kept)),
            None => drop(all.remove(&of)),
        }
    }
    let line = |(listing, kept): (&Listing, &Kept<T>)| {
        format!("{}\t{}\t{}\n", listing.name(), kept.choice.text(), kept.over)
    };
    super::write(file, &all.iter().map(line).collect::<String>())
}
