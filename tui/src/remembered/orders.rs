//! The orders that were chosen in the console. A line a table, of three parts with tabs
//! between them: which table, by what its rows are sorted, nothing for their own order, and
//! over which order of the configuration file that was chosen, `default` where that says
//! nothing of it.

use std::{collections::BTreeMap, io, path::Path};

use super::NO_START;
use crate::{columns::Listing, config::Config};

/// What was chosen for the rows of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    /// As a configuration file has it; empty for their own.
    pub(crate) sort: String,
    /// In which they started then.
    over: String,
}

/// What was chosen, by table.
pub(crate) type Orders = BTreeMap<Listing, Order>;

impl Order {
    /// Chosen while this is set.
    pub(crate) fn over(config: &Config, listing: Listing, sort: String) -> Self {
        Self { sort, over: start(config, listing) }
    }
}

fn start(config: &Config, listing: Listing) -> String {
    config.sort.get(&listing).map_or(NO_START.to_owned(), |set| set.value.clone())
}

/// What is in force of what was chosen, as it is of columns.
pub(crate) fn in_force(file: &Path, config: &Config) -> Orders {
    let mut kept = read(file);
    kept.retain(|listing, it| it.over == start(config, *listing));
    kept
}

/// What can be understood of the file.
fn read(file: &Path) -> Orders {
    super::read(file).lines().filter_map(parse).collect()
}

fn parse(line: &str) -> Option<(Listing, Order)> {
    let mut parts = line.split('\t');
    let listing = Listing::named(parts.next()?)?;
    let sort = parts.next()?.to_owned();
    let over = parts.next().unwrap_or(NO_START).to_owned();
    Some((listing, Order { sort, over }))
}

/// Keeps these beside those of before; `None` where rows are to be as they start.
pub(crate) fn keep(file: &Path, choices: BTreeMap<Listing, Option<Order>>) -> io::Result<()> {
    let all = super::with(read(file), choices);
    let line = |(listing, order): (&Listing, &Order)| {
        format!("{}\t{}\t{}\n", listing.name(), order.sort, order.over)
    };
    super::write(file, &all.iter().map(line).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{From, Setting};

    fn sorted(tasks: Option<&str>) -> Config {
        let set = tasks.map(|it| Setting { value: it.to_owned(), from: From::File(1) });
        let sort = set.into_iter().map(|it| (Listing::Tasks, it)).collect();
        Config { sort, ..Config::default() }
    }

    #[test]
    fn what_was_chosen_is_there_the_next_time_until_it_is_given_up_or_set_otherwise() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, config) = (folder.path().join("state/sort"), sorted(Some("-age")));
        assert_eq!(in_force(&file, &config), Orders::new());
        let order = |listing, sort: &str| Order::over(&config, listing, sort.to_owned());
        for (listing, sort) in
            [(Listing::Tasks, "polls"), (Listing::Leaks, "-count"), (Listing::Tasks, "")]
        {
            let choice = BTreeMap::from([(listing, Some(order(listing, sort)))]);
            keep(&file, choice).expect("it is written");
        }
        let expected = [
            (Listing::Leaks, order(Listing::Leaks, "-count")),
            (Listing::Tasks, order(Listing::Tasks, "")),
        ];
        assert_eq!(in_force(&file, &config), Orders::from(expected));
        crate::remembered::assert_is_alone_and_private(&file);
        for other in [None, Some("age")] {
            assert!(in_force(&file, &sorted(other)).keys().eq(&[Listing::Leaks]), "{other:?}");
        }
        keep(&file, BTreeMap::from([(Listing::Leaks, None)])).expect("it is written");
        assert!(in_force(&file, &config).keys().eq(&[Listing::Tasks]));
    }

    #[test]
    fn of_a_broken_file_what_is_known_is_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("sort");
        std::fs::write(&file, b"\xff\nleak\tage\n\t\t\nleaks\ntasks\t-polls").expect("a file");
        let kept = in_force(&file, &Config::default());
        let expected = Order { sort: "-polls".into(), over: NO_START.into() };
        assert_eq!(kept, Orders::from([(Listing::Tasks, expected)]));
    }
}
