//! The columns that were chosen.

use super::chosen::Choice;
use crate::{
    columns::{Layout, Listing},
    config::Config,
};

/// Columns are told apart at any width.
const WIDTH: u16 = 80;

impl Choice for Layout {
    /// The names of the columns.
    fn set(config: &Config, listing: Listing) -> Option<String> {
        config.columns.get(&listing).map(|set| set.value.names())
    }

    fn of_text(listing: Listing, text: &str) -> Self {
        Self::of_text(&listing.columns_of_several(WIDTH, 0), text)
    }

    fn text(&self) -> String {
        self.text()
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, path::Path};

    use super::*;
    use crate::{
        columns::Shown,
        config::{From, Setting},
        remembered::chosen::{self, Choices, Kept, keep},
    };

    fn in_force(file: &Path, config: &Config) -> Choices<Layout> {
        chosen::in_force(file, config)
    }

    fn layout(listing: Listing, hidden: &str) -> Layout {
        let mut layout = Layout::usual(&listing.columns(WIDTH));
        layout.show(hidden, Shown::Hidden);
        layout
    }

    fn of(listing: Listing, kept: &str) -> Layout {
        Layout::of_text(&listing.columns(WIDTH), kept)
    }

    #[test]
    fn what_was_chosen_is_there_the_next_time_until_it_is_given_up() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, config) = (folder.path().join("state/columns"), Config::default());
        assert_eq!(in_force(&file, &config), Choices::new());
        let kept = |listing, hidden| Kept::over(&config, listing, layout(listing, hidden));
        for (listing, hidden) in
            [(Listing::Leaks, "HOLDS"), (Listing::Tasks, "BUSY"), (Listing::Leaks, "GOES")]
        {
            let choice = BTreeMap::from([(listing, Some(kept(listing, hidden)))]);
            keep(&file, choice).expect("it is written");
        }
        let expected = [
            (Listing::Leaks, kept(Listing::Leaks, "GOES")),
            (Listing::Tasks, kept(Listing::Tasks, "BUSY")),
        ];
        assert_eq!(in_force(&file, &config), Choices::from(expected));
        crate::remembered::assert_is_alone_and_private(&file);
        keep::<Layout>(&file, [(Listing::Leaks, None)].into()).expect("it is written");
        assert!(in_force(&file, &config).keys().eq(&[Listing::Tasks]));
    }

    #[test]
    fn what_is_set_after_it_was_chosen_counts() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("columns");
        let set = |names: &str| {
            let value = Layout::of_names(&Listing::Tasks.columns(WIDTH), names).expect(names);
            let columns = [(Listing::Tasks, Setting { value, from: From::File(1) })].into();
            Config { columns, ..Config::default() }
        };
        let (before, after) = (set("task age"), set("task polls"));
        let kept = Kept::over(&before, Listing::Tasks, layout(Listing::Tasks, "ID"));
        keep(&file, BTreeMap::from([(Listing::Tasks, Some(kept))])).expect("it is written");
        assert_eq!(in_force(&file, &before).len(), 1);
        assert_eq!(in_force(&file, &after).len(), 0);
        assert_eq!(in_force(&file, &Config::default()).len(), 0, "the line was taken out");
    }

    #[test]
    fn of_a_broken_file_what_is_known_is_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, config) = (folder.path().join("columns"), Config::default());
        for (text, expected) in [
            (&b"\xff\xfe\0\0"[..], None),
            (b"leaks", None),
            (b"\n\t\t\t\nleak\ttask\tdefault\n", None),
            (b"\xff\nleaks\tsince flavour -goes task\tdefault\nx", Some("since -goes task")),
            (b"leaks\t-goes", Some("-goes")),
            (b"leaks\t\tdefault", Some("")),
        ] {
            std::fs::write(&file, text).expect("a file");
            let kept = in_force(&file, &config);
            let layout = kept.get(&Listing::Leaks).map(|it| &it.choice);
            let expected = expected.map(|it| of(Listing::Leaks, it));
            assert_eq!((layout, kept.len()), (expected.as_ref(), layout.iter().len()));
        }
        std::fs::remove_file(&file).expect("it is there");
        #[cfg(unix)]
        {
            let made = std::process::Command::new("mkfifo").arg(&file).status();
            assert!(made.expect("it runs").success());
            assert_eq!(in_force(&file, &config), Choices::new(), "a pipe is not waited for");
            std::fs::remove_file(&file).expect("it is there");
        }
        std::fs::create_dir(&file).expect("a folder in its place");
        assert_eq!(in_force(&file, &config), Choices::new());
        keep::<Layout>(&file, BTreeMap::new()).expect_err("it is a folder");
    }
}
