//! The real binary in a pseudo-terminal: keys in, the screen out, and what it uses.

use std::{
    fs,
    io::{Read, Write},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use vt100::{Parser, Screen};

const ROWS: u16 = 40;
const COLUMNS: u16 = 120;
/// Longer than anything takes that works.
const DEADLINE: Duration = Duration::from_secs(30);
/// Once nothing has come for so long, a key that was not seen is lost.
const LOST: Duration = Duration::from_secs(2);

pub struct Console {
    child: Box<dyn Child + Send + Sync>,
    _master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    shown: Arc<Shown>,
}

struct Shown {
    parser: Mutex<Parser>,
    changed: Condvar,
}

impl Shown {
    fn lock(&self) -> MutexGuard<'_, Parser> {
        self.parser.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Console {
    pub fn attach(address: &str) -> Self {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_holdover"));
        command.arg(address);
        command.env("TERM", "xterm-256color");
        command.env("XDG_CONFIG_HOME", "/nowhere");
        command.env("XDG_STATE_HOME", "/nowhere");
        for name in ["HOLDOVER_CONFIG", "XDG_RUNTIME_DIR", "NO_COLOR"] {
            command.env_remove(name);
        }
        let size = PtySize { rows: ROWS, cols: COLUMNS, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        let child = pair.slave.spawn_command(command).expect("it starts");
        let mut output = pair.master.try_clone_reader().expect("its output");
        let parser = Mutex::new(Parser::new(ROWS, COLUMNS, 0));
        let shown = Arc::new(Shown { parser, changed: Condvar::new() });
        let drawn = Arc::clone(&shown);
        thread::spawn(move || {
            let mut bytes = [0; 8192];
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                drawn.lock().process(&bytes[..count]);
                drawn.changed.notify_all();
            }
        });
        let keys = pair.master.take_writer().expect("its input");
        Self { child, _master: pair.master, keys, shown }
    }

    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("somebody reads");
        self.keys.flush().expect("somebody reads");
    }

    /// From the key to the screen of which that is so.
    pub fn press_until(&mut self, keys: &str, is_so: impl Fn(&Screen) -> bool) -> Duration {
        let began = Instant::now();
        self.press(keys);
        assert!(self.wait(DEADLINE, &is_so), "after {keys:?} it shows\n{}", self.text());
        began.elapsed()
    }

    /// As [`Self::press_until`]; `None` where it does not come to be so.
    pub fn try_press(&mut self, keys: &str, is_so: impl Fn(&Screen) -> bool) -> Option<Duration> {
        let began = Instant::now();
        self.press(keys);
        self.wait(LOST, &is_so).then(|| began.elapsed())
    }

    /// Waits until the text is on the screen.
    pub fn shows(&self, text: &str) {
        let is_so = |screen: &Screen| screen.contents().contains(text);
        assert!(self.wait(DEADLINE, &is_so), "without {text:?} it shows\n{}", self.text());
    }

    fn wait(&self, long: Duration, is_so: &dyn Fn(&Screen) -> bool) -> bool {
        let not_so = |parser: &mut Parser| !is_so(parser.screen());
        let waited = self.shown.changed.wait_timeout_while(self.shown.lock(), long, not_so);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    fn text(&self) -> String {
        self.shown.lock().screen().contents()
    }

    /// The line of the screen that is selected.
    pub fn selected(&self) -> Option<u16> {
        selected(self.shown.lock().screen())
    }

    /// The CPU time of its process so far.
    pub fn cpu(&self) -> Duration {
        let id = self.child.process_id().expect("it runs");
        let threads = fs::read_dir(format!("/proc/{id}/task")).expect("its threads");
        let of_thread = |thread: fs::DirEntry| {
            let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
            text.split(' ').next()?.parse::<u64>().ok()
        };
        Duration::from_nanos(threads.flatten().filter_map(of_thread).sum())
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// As [`Console::selected`], of a screen.
pub fn selected(screen: &Screen) -> Option<u16> {
    (0..ROWS).find(|row| {
        let mark = screen.cell(*row, 0).map(|cell| cell.contents().to_owned());
        mark.is_some_and(|mark| mark == "▸" || mark == ">")
    })
}
