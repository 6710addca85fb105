//! What is around the console: the user's files and programs.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use tokio::sync::mpsc;

use super::{EVENTS, keeper::Keeper};
use crate::{
    columns::{Layout, Listing},
    config::{Config, columns_file, filters_file, orders_file},
    editor,
    model::{Effect, Known, Model},
    outside,
    remembered::{
        Order,
        chosen::{Choice, Kept, in_force},
        filters,
    },
    source::{Preview, Sources, place},
};

/// The source that was asked for, when it was read.
pub(super) type Read = (String, Option<Preview>);

/// See the module's header.
pub(super) struct Around {
    config: Config,
    /// Where the filters are kept that were typed.
    remembered: Option<PathBuf>,
    /// Keeps the columns that are chosen, where that can be.
    columns: Option<Keeper<Layout>>,
    /// And the orders.
    orders: Option<Keeper<Order>>,
    sources: Sources,
    read: mpsc::Sender<Read>,
}

impl Around {
    pub(super) fn new(config: Config, model: &mut Model) -> (Self, mpsc::Receiver<Read>) {
        let remembered = filters_file();
        start_as_set(model, &config);
        model.known = known(&config, remembered.as_deref());
        model.interval = config.interval.value;
        let working = std::env::current_dir().unwrap_or_default();
        let sources = Sources { working, roots: config.source_roots.value.clone() };
        let (sender, read) = mpsc::channel(EVENTS);
        (Self { config, remembered, columns: None, orders: None, sources, read: sender }, read)
    }

    pub(super) fn follow(&mut self, effect: Effect, model: &mut Model, now: Instant) {
        match effect {
            Effect::Remember(filter) => {
                // Where nothing can be written, this run knows it all the same.
                let _ = self.remembered.as_deref().map(|file| filters::add(file, &filter));
            }
            Effect::Keep { listing, layout } => {
                let kept = layout.map(|it| Kept::over(&self.config, listing, it));
                keep(&mut self.columns, columns_file, (listing, kept));
            }
            Effect::KeepSort { listing, sort } => {
                let kept = sort.map(|it| Kept::over(&self.config, listing, Order(it)));
                keep(&mut self.orders, orders_file, (listing, kept));
            }
            Effect::Copy { what, text } => model.say(&outside::copy(&what, &text), now),
            Effect::Write { name, lines } => {
                model.say(&outside::write(&self.sources.working, &name, &lines), now);
            }
            // These need the terminal and the client.
            Effect::Edit { .. }
            | Effect::Describe
            | Effect::Leaks { .. }
            | Effect::Cancel { .. } => {}
        }
    }

    /// What was chosen is on the disk then, unless that is very slow.
    pub(super) fn finish(self) {
        if let Some(columns) = self.columns {
            columns.finish();
        }
        if let Some(orders) = self.orders {
            orders.finish();
        }
    }

    pub(super) async fn edit(&self, site: &str) -> Result<(), String> {
        let place = place(site).ok_or_else(|| format!("{site} is no line of a file"))?;
        let path = self.sources.find(place.file).map_err(|why| format!("{} {why}", place.file))?;
        editor::open(&self.config.editor.value, &path, place.line).await
    }

    /// Has the source of what is selected read, once, where the disk may be slow.
    pub(super) fn read_source(&mut self, model: &mut Model) {
        let Some(site) = model.site().map(str::to_owned) else { return };
        if model.previews.ask(&site) {
            let (sources, read) = (self.sources.clone(), self.read.clone());
            tokio::task::spawn_blocking(move || {
                let preview = sources.read(&site);
                // Nobody waits for it when the console has ended.
                let _ = read.blocking_send((site, preview));
            });
        }
    }
}

/// The keeper is started with the first choice: most who look choose nothing.
fn keep<T: Choice + Send + 'static>(
    keeper: &mut Option<Keeper<T>>,
    file: fn() -> Option<PathBuf>,
    choice: (Listing, Option<Kept<T>>),
) {
    if keeper.is_none() {
        *keeper = file().and_then(Keeper::start);
    }
    if let Some(keeper) = keeper {
        keeper.keep(choice);
    }
}

/// The columns and the order of each table, as they are set, and as they were chosen.
fn start_as_set(model: &mut Model, config: &Config) {
    for (listing, set) in &config.columns {
        model.layouts.start(*listing, set.value.clone());
    }
    let kept = columns_file().map(|file| in_force(&file, config)).unwrap_or_default();
    for (listing, kept) in kept {
        model.layouts.choose(listing, kept.choice);
    }
    for (listing, set) in &config.sort {
        model.start_sorted(*listing, &set.value);
    }
    let kept = orders_file().map(|file| in_force::<Order>(&file, config)).unwrap_or_default();
    for (listing, kept) in kept {
        model.choose_sorted(listing, &kept.choice.0);
    }
}

fn known(config: &Config, remembered: Option<&Path>) -> Known {
    let history = remembered.map(filters::read).unwrap_or_default();
    Known {
        saved: Arc::new(config.filters.clone()),
        history: Arc::new(history),
        ..Known::default()
    }
}
