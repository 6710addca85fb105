//! The orders that were chosen.

use super::chosen::Choice;
use crate::{columns::Listing, config::Config};

/// By what rows are sorted, as a configuration file has it; empty for their own order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Order(pub(crate) String);

impl Choice for Order {
    fn set(config: &Config, listing: Listing) -> Option<String> {
        config.sort.get(&listing).map(|set| set.value.clone())
    }

    fn of_text(_: Listing, text: &str) -> Self {
        Self(text.to_owned())
    }

    fn text(&self) -> String {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, path::Path};

    use super::*;
    use crate::{
        config::{From, Setting},
        remembered::chosen::{self, Choices, Kept, keep},
    };

    fn in_force(file: &Path, config: &Config) -> Choices<Order> {
        chosen::in_force(file, config)
    }

    fn sorted(tasks: Option<&str>) -> Config {
        let set = tasks.map(|it| Setting { value: it.to_owned(), from: From::File(1) });
        let sort = set.into_iter().map(|it| (Listing::Tasks, it)).collect();
        Config { sort, ..Config::default() }
    }

    #[test]
    fn what_was_chosen_is_there_the_next_time_until_it_is_given_up_or_set_otherwise() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, config) = (folder.path().join("state/sort"), sorted(Some("-age")));
        assert_eq!(in_force(&file, &config), Choices::new());
        let order = |listing, sort: &str| Kept::over(&config, listing, Order(sort.to_owned()));
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
        assert_eq!(in_force(&file, &config), Choices::from(expected));
        crate::remembered::assert_is_alone_and_private(&file);
        for other in [None, Some("age")] {
            assert!(in_force(&file, &sorted(other)).keys().eq(&[Listing::Leaks]), "{other:?}");
        }
        keep::<Order>(&file, [(Listing::Leaks, None)].into()).expect("it is written");
        assert!(in_force(&file, &config).keys().eq(&[Listing::Tasks]));
    }

    #[test]
    fn of_a_broken_file_what_is_known_is_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("sort");
        std::fs::write(&file, b"\xff\nleak\tage\n\t\t\nleaks\ntasks\t-polls").expect("a file");
        let kept = in_force(&file, &Config::default());
        let expected = Kept::over(&Config::default(), Listing::Tasks, Order("-polls".into()));
        assert_eq!(kept, Choices::from([(Listing::Tasks, expected)]));
    }
}
