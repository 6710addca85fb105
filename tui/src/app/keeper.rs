//! Keeps what is chosen, on a thread of its own: the disk may be slow, and a key that is held
//! down chooses many times a second.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::mpsc::{self, Receiver, Sender},
    thread,
    time::Duration,
};

use crate::{
    columns::Listing,
    remembered::chosen::{Choice, Kept, keep},
};

/// Whoever quits waits no longer than this for a slow disk.
const PATIENCE: Duration = Duration::from_secs(1);

/// What was chosen of a table, or that it is to be as it starts.
type Chosen<T> = (Listing, Option<Kept<T>>);

/// Keeps what it is given, as soon as it can.
pub(super) struct Keeper<T> {
    choices: Sender<Chosen<T>>,
    /// Disconnected when all is kept.
    ends: Receiver<()>,
}

impl<T: Choice + Send + 'static> Keeper<T> {
    /// `None` where there is no thread for it: this run knows what was chosen all the same.
    pub(super) fn start(file: PathBuf) -> Option<Self> {
        let (choices, chosen) = mpsc::channel();
        let (end, ends) = mpsc::channel::<()>();
        let keeper = thread::Builder::new().name("holdover-keeper".to_owned());
        let keeps = move || {
            // Of several for one table the latest is what counts.
            while let Ok(first) = chosen.recv() {
                let all: BTreeMap<_, _> = [first].into_iter().chain(chosen.try_iter()).collect();
                // Where nothing can be written, that is no reason to stop.
                let _ = keep(&file, all);
            }
            drop(end);
        };
        keeper.spawn(keeps).ok().map(|_| Self { choices, ends })
    }

    pub(super) fn keep(&self, choice: Chosen<T>) {
        // It ends only when this does.
        let _ = self.choices.send(choice);
    }

    /// Waits until all is kept.
    pub(super) fn finish(self) {
        drop(self.choices);
        let _ = self.ends.recv_timeout(PATIENCE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{columns::Layout, config::Config, remembered::chosen::in_force};

    #[test]
    fn the_latest_choice_is_there_when_it_has_finished() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, config) = (folder.path().join("columns"), Config::default());
        let keeper = Keeper::start(file.clone()).expect("a thread");
        let layout = |text| Layout::of_text(&Listing::Tasks.columns(80), text);
        for text in ["age task", "-id task age", "polls task", "-busy"] {
            let kept = Kept::over(&config, Listing::Tasks, layout(text));
            keeper.keep((Listing::Tasks, Some(kept)));
        }
        keeper.keep((Listing::Leaks, None));
        keeper.finish();
        let kept = in_force::<Layout>(&file, &config);
        assert_eq!(kept.len(), 1);
        assert_eq!(kept[&Listing::Tasks].choice, layout("-busy"));
    }
}
