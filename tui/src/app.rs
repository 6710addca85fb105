//! The loop: one message at a time, then one drawing. Nothing here waits for the
//! network, and nothing but this changes the model.

mod keeper;
mod signals;

use std::{
    io,
    path::{Path, PathBuf},
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use crossterm::event::{Event as Input, EventStream, KeyEventKind};
use holdover_proto::v1;
use ratatui::{Terminal, backend::Backend};
use tokio::{
    sync::{Notify, mpsc, watch},
    time::MissedTickBehavior,
};
use tokio_stream::StreamExt;

use self::{keeper::Keeper, signals::Signals};
use crate::{
    Now,
    client::{self, Address, Addresses, Ask},
    columns::{Layout, Listing},
    config::{Config, columns_file, filters_file, orders_file},
    editor,
    model::{Drawn, Effect, Known, Model},
    outside,
    remembered::{
        Order,
        chosen::{Choice, Kept, in_force},
        filters,
    },
    source::{Preview, Previews, Sources, place},
    terminal,
    theme::Theme,
    view,
};

/// Countdowns move so often while nothing else happens.
const TICK: Duration = Duration::from_millis(200);
/// Updates of a slow UI wait in the client, not here.
const EVENTS: usize = 16;

/// What the loop is given, beside a terminal and a target.
#[derive(Clone)]
pub(crate) struct Ui {
    pub(crate) theme: Theme,
    pub(crate) now: Now,
    pub(crate) config: Config,
    /// What is said at first, until a key is pressed.
    pub(crate) greeting: Option<String>,
    /// A test's way to see that a panic gives the terminal back.
    pub(crate) panic_at: Option<char>,
}

fn panic_if_asked(input: &Input, at: Option<char>) {
    let typed = input.as_key_press_event().and_then(|key| key.code.as_char());
    assert!(typed.is_none() || typed != at, "a panic was asked for");
}

/// Why the loop ended.
#[derive(Debug)]
pub(crate) enum Ended<T> {
    /// Or whoever sent a signal, or closed the terminal.
    ByTheUser,
    Because(T),
}

/// Runs until the user quits, or `until` is over.
pub(crate) async fn run<B: Backend, T>(
    terminal: &mut Terminal<B>,
    addresses: Addresses,
    ui: Ui,
    until: impl Future<Output = T>,
) -> io::Result<Ended<T>>
where
    io::Error: From<B::Error>,
{
    let Ui { theme, now, config, greeting, panic_at } = ui;
    let model = Model::new(addresses.first.to_string());
    let beside = addresses.others.iter().map(ToString::to_string);
    let mut model = beside.fold(model, Model::beside);
    let (mut around, mut read) = Around::new(config, &mut model);
    if let Some(greeting) = greeting {
        model.say(&greeting, now());
    }
    let (events_out, mut events) = mpsc::channel(EVENTS);
    let clients: Vec<Client> = model
        .targets
        .ids()
        .zip(addresses.all())
        .map(|(of, address)| {
            let events = client::Events { of, to: events_out.clone() };
            Client::start(address, model.view_of(of), events)
        })
        .collect();
    // When every client has ended, so has the channel.
    drop(events_out);
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut user = User { keys: Some(EventStream::new()), signals: Signals::listen()? };
    let mut until = pin!(until);
    let mut ended = Ended::ByTheUser;
    'run: while !model.quit {
        let mut drawn = Drawn::default();
        match terminal.draw(|frame| drawn = view::render(&model, theme, now(), frame)) {
            Ok(_) => {}
            Err(_) if terminal::is_gone() => break,
            Err(error) => return Err(error.into()),
        }
        model.drawn(drawn);
        tokio::select! {
            event = events.recv() => match event {
                Some((from, event)) => model.hear(from, event, now()),
                None => break,
            },
            typed = user.types() => match typed {
                Some(input) => {
                    panic_if_asked(&input, panic_at);
                    take(&mut model, &input, now());
                }
                None => break,
            },
            Some((site, preview)) = read.recv() => model.previews.read(site, preview),
            _ = tick.tick() => model.pass(now()),
            why = &mut until => {
                ended = Ended::Because(why);
                break;
            }
        }
        for effect in std::mem::take(&mut model.effects) {
            match effect {
                Effect::Describe => clients.iter().for_each(|it| it.describe_now.notify_one()),
                Effect::Cancel { of, what, ref reason } => {
                    let reason = reason.clone();
                    clients[of.0].ask(Ask::Cancel { what, reason });
                }
                Effect::Leaks { of } => clients[of.0].ask(Ask::EveryLeak),
                _ => {}
            }
            let Effect::Edit { site } = effect else {
                around.follow(effect, &mut model, now());
                continue;
            };
            match user.edits(around.edit(&site)).await? {
                Some(Ok(())) => {}
                Some(Err(why)) => model.say(&why, now()),
                None => break 'run,
            }
            // It may be another text now.
            model.previews = Previews::default();
            // Both are empty then, as the screen is: everything is drawn.
            terminal.swap_buffers();
        }
        around.read_source(&mut model);
        for (of, client) in model.targets.ids().zip(&clients) {
            client.want(model.view_of(of));
        }
    }
    around.finish();
    Ok(ended)
}

/// What is said to one client.
struct Client {
    view: watch::Sender<Option<v1::View>>,
    describe_now: Arc<Notify>,
    asks: mpsc::Sender<Ask>,
}

impl Client {
    fn start(address: Address, view: Option<v1::View>, events: client::Events) -> Self {
        let (view, view_in) = watch::channel(view);
        let describe_now = Arc::new(Notify::new());
        let (asks, asks_in) = mpsc::channel(EVENTS);
        let asked = Arc::clone(&describe_now);
        let wanted = client::Wanted { view: view_in, describe_now: asked, asks: asks_in };
        tokio::spawn(client::run(address, wanted, events));
        Self { view, describe_now, asks }
    }

    fn want(&self, wanted: Option<v1::View>) {
        self.view.send_if_modified(|before| {
            let changed = *before != wanted;
            *before = wanted;
            changed
        });
    }

    /// One that finds no room is not answered, as the question shows.
    fn ask(&self, ask: Ask) {
        let _ = self.asks.try_send(ask);
    }
}

/// Who types, and may end the program from outside.
struct User {
    /// None while an editor has the keyboard.
    keys: Option<EventStream>,
    signals: Signals,
}

impl User {
    /// `None` when the terminal is gone, or somebody ended the program.
    async fn types(&mut self) -> Option<Input> {
        let keys = self.keys.as_mut()?;
        tokio::select! {
            typed = keys.next() => typed?.ok(),
            () = self.signals.any() => None,
        }
    }

    /// Leaves the terminal to an editor until it ends; `None` when the program is ended
    /// before.
    async fn edits<T>(&mut self, editor: impl Future<Output = T>) -> io::Result<Option<T>> {
        // Two who read the keyboard would each get half of what is typed.
        self.keys = None;
        take_the_wake();
        let became = tokio::select! {
            became = terminal::lend(editor) => became?,
            () = self.signals.but_interrupt() => return Ok(None),
        };
        take_the_wake();
        self.keys = Some(EventStream::new());
        // What was typed at the editor was meant for it.
        self.signals = Signals::listen()?;
        Ok(Some(became))
    }
}

/// A stream of keys that is dropped wakes whoever reads them. Where nobody does, crossterm
/// keeps that, and whoever reads next would be told of it in place of a key that is typed
/// at the same moment, which is then read with the one after.
fn take_the_wake() {
    let _ = crossterm::event::poll(Duration::ZERO);
}

/// The source that was asked for, when it was read.
type Read = (String, Option<Preview>);

/// What is around the console: the user's files and programs.
struct Around {
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
    fn new(config: Config, model: &mut Model) -> (Self, mpsc::Receiver<Read>) {
        let remembered = filters_file();
        start_as_set(model, &config);
        model.known = known(&config, remembered.as_deref());
        model.interval = config.interval.value;
        let working = std::env::current_dir().unwrap_or_default();
        let sources = Sources { working, roots: config.source_roots.value.clone() };
        let (sender, read) = mpsc::channel(EVENTS);
        (Self { config, remembered, columns: None, orders: None, sources, read: sender }, read)
    }

    fn follow(&mut self, effect: Effect, model: &mut Model, now: Instant) {
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
    fn finish(self) {
        if let Some(columns) = self.columns {
            columns.finish();
        }
        if let Some(orders) = self.orders {
            orders.finish();
        }
    }

    async fn edit(&self, site: &str) -> Result<(), String> {
        let place = place(site).ok_or_else(|| format!("{site} is no line of a file"))?;
        let path = self.sources.find(place.file).map_err(|why| format!("{} {why}", place.file))?;
        editor::open(&self.config.editor.value, &path, place.line).await
    }

    /// Has the source of what is selected read, once, where the disk may be slow.
    fn read_source(&mut self, model: &mut Model) {
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

fn take(model: &mut Model, input: &Input, now: Instant) {
    match input {
        // On Windows keys are released too.
        Input::Key(key) if key.kind != KeyEventKind::Release => model.press(*key, now),
        Input::Mouse(mouse) => model.point(*mouse, now),
        _ => {}
    }
}
