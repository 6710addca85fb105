//! The terminal: taken over at the start, and given back whatever happens.

use std::{
    io::{self, IsTerminal, Write, stdout},
    mem::ManuallyDrop,
};

use crossterm::{
    cursor::Show,
    event::{DisableMouseCapture, EnableMouseCapture},
    execute,
    terminal::{
        Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
        enable_raw_mode,
    },
};
use ratatui::{Terminal, backend::CrosstermBackend};

/// Gives the terminal back when dropped.
#[derive(Debug)]
pub(crate) struct Taken(());

/// What is drawn on. It does nothing when it is dropped: [`Taken`] shows the cursor again, and
/// says nothing about a terminal that is gone.
pub(crate) type Screen = ManuallyDrop<Terminal<CrosstermBackend<io::Stdout>>>;

/// Takes the terminal over. A panic gives it back before its message is printed.
pub(crate) fn take() -> io::Result<(Taken, Screen)> {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        give_back();
        before(info);
    }));
    let taken = Taken(());
    take_over()?;
    let terminal = Terminal::new(CrosstermBackend::new(stdout()))?;
    Ok((taken, ManuallyDrop::new(terminal)))
}

/// Whether whoever looked at it has closed it.
pub(crate) fn is_gone() -> bool {
    !stdout().is_terminal()
}

fn take_over() -> io::Result<()> {
    enable_raw_mode()?;
    execute!(stdout(), EnterAlternateScreen, EnableMouseCapture, Clear(ClearType::All))
}

/// Gives the terminal to another program while `program` runs, and takes it back.
pub(crate) async fn lend<T>(program: impl Future<Output = T>) -> io::Result<T> {
    give_back();
    let became = program.await;
    take_over()?;
    Ok(became)
}

impl Drop for Taken {
    fn drop(&mut self) {
        give_back();
    }
}

fn give_back() {
    // Nothing can be done about a terminal that is gone.
    let _ = disable_raw_mode();
    let _ = execute!(stdout(), DisableMouseCapture, LeaveAlternateScreen, Show);
    let _ = stdout().flush();
}
