//! The loop: one message at a time, then one drawing. Nothing here waits for the
//! network, and nothing but this changes the model.

use std::{
    io,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use crossterm::event::{Event as Input, EventStream, KeyEventKind};
use ratatui::{Terminal, backend::Backend};
use tokio::{
    sync::{mpsc, watch},
    time::MissedTickBehavior,
};
use tokio_stream::StreamExt;

use crate::{
    Now,
    client::{self, Address},
    config::{Config, state_folder},
    model::{Effect, Known, Model},
    remembered,
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
    /// A test's way to see that a panic gives the terminal back.
    pub(crate) panic_at: Option<char>,
}

fn panic_if_asked(input: &Input, at: Option<char>) {
    let typed = input.as_key_press_event().and_then(|key| key.code.as_char());
    assert!(typed.is_none() || typed != at, "a panic was asked for");
}

/// Ends when somebody ends the program from outside: then too the terminal is given back.
/// A signal counts from the call on, not from the first poll.
#[cfg(unix)]
fn asked_to_end() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn asked_to_end() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}

/// Runs until the user quits.
pub(crate) async fn run<B: Backend>(
    terminal: &mut Terminal<B>,
    address: Address,
    ui: Ui,
) -> io::Result<()>
where
    io::Error: From<B::Error>,
{
    let Ui { theme, now, config, panic_at } = ui;
    let remembered = state_folder().map(|folder| folder.join("filters"));
    let mut model = Model::new(address.to_string());
    model.known = known(&config, remembered.as_deref());
    model.interval = config.interval.value;
    let (view_out, view_in) = watch::channel(model.view());
    let (events_out, mut events) = mpsc::channel(EVENTS);
    tokio::spawn(client::run(address, view_in, events_out));
    let mut input = EventStream::new();
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut asked = std::pin::pin!(asked_to_end()?);
    while !model.quit {
        terminal.draw(|frame| view::render(&model, theme, now(), frame))?;
        tokio::select! {
            event = events.recv() => match event {
                Some(event) => model.apply(event, now()),
                None => return Ok(()),
            },
            typed = input.next() => match typed {
                Some(Ok(input)) => {
                    panic_if_asked(&input, panic_at);
                    take(&mut model, &input, now());
                }
                // The terminal is gone.
                Some(Err(_)) | None => return Ok(()),
            },
            () = &mut asked => return Ok(()),
            _ = tick.tick() => model.pass(now()),
        }
        for effect in std::mem::take(&mut model.effects) {
            match effect {
                Effect::Remember(filter) => {
                    // Where nothing can be written, this run knows it all the same.
                    let _ = remembered.as_deref().map(|file| remembered::add(file, &filter));
                }
            }
        }
        let wanted = model.view();
        view_out.send_if_modified(|view| {
            let changed = *view != wanted;
            *view = wanted;
            changed
        });
    }
    Ok(())
}

fn known(config: &Config, remembered: Option<&Path>) -> Known {
    let history = remembered.map(remembered::filters).unwrap_or_default();
    Known { saved: Arc::new(config.filters.clone()), history: Arc::new(history) }
}

fn take(model: &mut Model, input: &Input, now: Instant) {
    match input {
        // On Windows keys are released too.
        Input::Key(key) if key.kind != KeyEventKind::Release => model.press(*key, now),
        _ => {}
    }
}
