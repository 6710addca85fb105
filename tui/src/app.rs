//! The loop: one message at a time, then one drawing. Nothing here waits for the
//! network, and nothing but this changes the model.

mod around;
mod clients;
mod keeper;
mod signals;

use std::{
    io,
    pin::{Pin, pin},
    time::Duration,
};

use crossterm::event::{Event as Input, EventStream, KeyEventKind};
use ratatui::{Terminal, backend::Backend};
use tokio::{
    sync::mpsc,
    time::{Interval, MissedTickBehavior},
};
use tokio_stream::StreamExt;

use self::{
    around::{Around, Read},
    clients::{Clients, Heard},
    signals::Signals,
};
use crate::{
    Now,
    client::{Addresses, Event, TargetId},
    config::Config,
    model::{Drawn, Effect, Model},
    source::Previews,
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
    addresses: &Addresses,
    ui: Ui,
    until: impl Future<Output = T>,
) -> io::Result<Ended<T>>
where
    io::Error: From<B::Error>,
{
    let (mut app, mut news) = App::start(addresses, ui)?;
    let mut until = pin!(until);
    let mut ended = Ended::ByTheUser;
    while !app.model.quit {
        if !app.draws(terminal)? {
            break;
        }
        match news.next(&mut app.user, until.as_mut()).await {
            Next::Heard(from, event) => app.model.hear(from, event, (app.now)()),
            Next::Typed(input) => app.take(&input),
            Next::Read((site, preview)) => app.model.previews.read(site, preview),
            Next::Passed => app.model.pass((app.now)()),
            Next::Over(why) => {
                ended = Ended::Because(why);
                break;
            }
            Next::Gone => break,
        }
        if !app.follows_effects(terminal).await? {
            break;
        }
        app.around.read_source(&mut app.model);
        app.clients.want_what(&app.model);
    }
    app.around.finish();
    Ok(ended)
}

/// The model, and all who see and do for it.
struct App {
    model: Model,
    around: Around,
    clients: Clients,
    user: User,
    now: Now,
    theme: Theme,
    panic_at: Option<char>,
}

impl App {
    fn start(addresses: &Addresses, ui: Ui) -> io::Result<(Self, News)> {
        let Ui { theme, now, config, greeting, panic_at } = ui;
        let model = Model::new(addresses.first.to_string());
        let beside = addresses.others.iter().map(ToString::to_string);
        let mut model = beside.fold(model, Model::beside);
        let (around, read) = Around::new(config, &mut model);
        if let Some(greeting) = greeting {
            model.say(&greeting, now());
        }
        let (clients, heard) = Clients::start(addresses, &model);
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let user = User { keys: Some(EventStream::new()), signals: Signals::listen()? };
        let app = Self { model, around, clients, user, now, theme, panic_at };
        Ok((app, News { heard, read, tick }))
    }

    /// False when the terminal is gone.
    fn draws<B: Backend>(&mut self, terminal: &mut Terminal<B>) -> io::Result<bool>
    where
        io::Error: From<B::Error>,
    {
        let mut drawn = Drawn::default();
        let (model, theme, now) = (&self.model, self.theme, (self.now)());
        match terminal.draw(|frame| drawn = view::render(model, theme, now, frame)) {
            Ok(_) => {}
            Err(_) if terminal::is_gone() => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        self.model.drawn(drawn);
        Ok(true)
    }

    fn take(&mut self, input: &Input) {
        panic_if_asked(input, self.panic_at);
        match input {
            // On Windows keys are released too.
            Input::Key(key) if key.kind != KeyEventKind::Release => {
                self.model.press(*key, (self.now)());
            }
            Input::Mouse(mouse) => self.model.point(*mouse, (self.now)()),
            _ => {}
        }
    }

    /// False when the program was ended meanwhile.
    async fn follows_effects<B: Backend>(
        &mut self,
        terminal: &mut Terminal<B>,
    ) -> io::Result<bool> {
        for effect in std::mem::take(&mut self.model.effects) {
            self.clients.follow(&effect);
            match effect {
                Effect::Edit { site } => {
                    if !self.edits(&site, terminal).await? {
                        return Ok(false);
                    }
                }
                other => self.around.follow(other, &mut self.model, (self.now)()),
            }
        }
        Ok(true)
    }

    /// False when the program was ended meanwhile.
    async fn edits<B: Backend>(
        &mut self,
        site: &str,
        terminal: &mut Terminal<B>,
    ) -> io::Result<bool> {
        match self.user.edits(self.around.edit(site)).await? {
            Some(Ok(())) => {}
            Some(Err(why)) => self.model.say(&why, (self.now)()),
            None => return Ok(false),
        }
        // It may be another text now.
        self.model.previews = Previews::default();
        // Both are empty then, as the screen is: everything is drawn.
        terminal.swap_buffers();
        Ok(true)
    }
}

/// What the loop waits for, beside the user.
struct News {
    heard: Heard,
    read: mpsc::Receiver<Read>,
    tick: Interval,
}

/// One thing that happened.
enum Next<T> {
    Heard(TargetId, Event),
    Typed(Input),
    Read(Read),
    Passed,
    Over(T),
    /// The terminal is, or every client.
    Gone,
}

impl News {
    async fn next<T>(
        &mut self,
        user: &mut User,
        until: Pin<&mut impl Future<Output = T>>,
    ) -> Next<T> {
        tokio::select! {
            event = self.heard.recv() => {
                event.map_or(Next::Gone, |(from, event)| Next::Heard(from, event))
            }
            typed = user.types() => typed.map_or(Next::Gone, Next::Typed),
            Some(read) = self.read.recv() => Next::Read(read),
            _ = self.tick.tick() => Next::Passed,
            why = until => Next::Over(why),
        }
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
            () = self.signals.but_typed() => return Ok(None),
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
