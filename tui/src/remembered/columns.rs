//! The columns that were chosen in the console. A line a table, of three parts with tabs
//! between them: which table, its columns, and over which columns of the configuration file
//! they were chosen, `default` where that says nothing of them.

use std::{collections::BTreeMap, io, path::Path};

use super::NO_START;
use crate::{
    columns::{Layout, Listing},
    config::Config,
};

/// What was chosen for a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) layout: Layout,
    /// The names of the columns with which it started then.
    over: String,
}

/// Columns are told apart at any width.
const WIDTH: u16 = 80;

/// What was chosen, by table.
pub(crate) type Choices = BTreeMap<Listing, Kept>;

impl Kept {
    /// Chosen while this is set.
    pub(crate) fn over(config: &Config, listing: Listing, layout: Layout) -> Self {
        Self { layout, over: start(config, listing) }
    }
}

fn start(config: &Config, listing: Listing) -> String {
    let set = config.columns.get(&listing);
    set.map_or(NO_START.to_owned(), |set| set.value.names())
}

/// What is in force of what was chosen. Whoever wrote other columns into the configuration
/// file since then wants those: what was said last is what counts.
pub(crate) fn in_force(file: &Path, config: &Config) -> Choices {
    let mut kept = read(file);
    kept.retain(|listing, it| it.over == start(config, *listing));
    kept
}

/// What can be understood of the file.
fn read(file: &Path) -> Choices {
    let text = super::read(file);
    text.lines().filter_map(parse).collect()
}

fn parse(line: &str) -> Option<(Listing, Kept)> {
    let mut parts = line.split('\t');
    let listing = Listing::named(parts.next()?)?;
    let layout = Layout::of_text(&listing.columns_of_several(WIDTH, 0), parts.next()?);
    // A line that somebody wrote by hand counts too.
    let over = parts.next().unwrap_or(NO_START).to_owned();
    Some((listing, Kept { layout, over }))
}

/// Keeps these choices beside those of before, which another console may have changed
/// meanwhile; `None` where a table is to be as it starts.
pub(crate) fn keep(file: &Path, choices: BTreeMap<Listing, Option<Kept>>) -> io::Result<()> {
    let all = super::with(read(file), choices);
    let line = |(listing, kept): (&Listing, &Kept)| {
        format!("{}\t{}\t{}\n", listing.name(), kept.layout.text(), kept.over)
    };
    super::write(file, &all.iter().map(line).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        columns::Shown,
        config::{From, Setting},
    };

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
        keep(&file, BTreeMap::from([(Listing::Leaks, None)])).expect("it is written");
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
            let layout = kept.get(&Listing::Leaks).map(|it| &it.layout);
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
        keep(&file, BTreeMap::new()).expect_err("it is a folder");
    }
}
