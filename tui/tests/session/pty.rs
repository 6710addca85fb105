//! A program in a pseudo-terminal: keys in, the screen out.

use std::{
    io::{Read, Write},
    path::PathBuf,
    process::Command,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, SlavePty, native_pty_system};

/// Long enough for a machine with everything else going on.
const DEADLINE: Duration = Duration::from_secs(30);

/// The binary under test.
pub fn holdover() -> &'static str {
    env!("CARGO_BIN_EXE_holdover")
}

pub struct Pty {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    // Open, so that the terminal can be looked at when the program is gone.
    _slave: Box<dyn SlavePty + Send>,
    keys: Box<dyn Write + Send>,
    screen: Arc<Mutex<vt100::Parser>>,
    /// Every byte that was written.
    written: Arc<Mutex<Vec<u8>>>,
    terminal: Option<PathBuf>,
}

fn size((rows, cols): (u16, u16)) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

impl Pty {
    pub fn start(args: &[&str], size: (u16, u16)) -> Self {
        Self::of(Self::command(args), size)
    }

    /// The console with these arguments.
    pub fn command(args: &[&str]) -> CommandBuilder {
        let mut command = CommandBuilder::new(holdover());
        command.args(args);
        command.env("TERM", "xterm-256color");
        command.env("LC_ALL", "C.UTF-8");
        command.env("HOLDOVER_GRACE", "200ms");
        command.env_remove("XDG_RUNTIME_DIR");
        // Nothing of whoever runs the tests.
        command.env_remove("HOLDOVER_CONFIG");
        command.env("XDG_CONFIG_HOME", "/nowhere");
        command.env("XDG_STATE_HOME", "/nowhere");
        command.env_remove("NO_COLOR");
        command.env("RUST_BACKTRACE", "0");
        command
    }

    /// Any program.
    pub fn of(command: CommandBuilder, (rows, columns): (u16, u16)) -> Self {
        let pair = native_pty_system().openpty(size((rows, columns))).expect("a pseudo-terminal");
        let child = pair.slave.spawn_command(command).expect("it starts");
        let mut output = pair.master.try_clone_reader().expect("its output");
        let screen = Arc::new(Mutex::new(vt100::Parser::new(rows, columns, 0)));
        let written = Arc::new(Mutex::new(Vec::new()));
        let (drawn, kept) = (Arc::clone(&screen), Arc::clone(&written));
        thread::spawn(move || {
            let mut bytes = [0; 8192];
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                kept.lock().expect("the bytes").extend_from_slice(&bytes[..count]);
                drawn.lock().expect("a screen").process(&bytes[..count]);
            }
        });
        let keys = pair.master.take_writer().expect("its input");
        let terminal = pair.master.tty_name();
        Self { child, master: pair.master, _slave: pair.slave, keys, screen, written, terminal }
    }

    pub fn keys(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("somebody reads");
        self.keys.flush().expect("somebody reads");
    }

    pub fn id(&self) -> u32 {
        self.child.process_id().expect("it runs")
    }

    pub fn signal(&self, signal: &str) {
        let id = self.id().to_string();
        let sent = Command::new("sh").args(["-c", "kill -$0 $1", signal, &id]).status();
        assert!(sent.expect("a shell").success());
    }

    pub fn resize(&mut self, (rows, columns): (u16, u16)) {
        self.screen.lock().expect("a screen").screen_mut().set_size(rows, columns);
        self.master.resize(size((rows, columns))).expect("it resizes");
    }

    /// What is on the screen.
    pub fn text(&self) -> String {
        self.screen.lock().expect("a screen").screen().contents()
    }

    /// Waits for an escape sequence, and gives what stands between its begin and its end.
    pub fn wait_for_sequence(&self, begin: &str, end: char) -> String {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let written = self.written.lock().expect("the bytes").clone();
            let text = String::from_utf8_lossy(&written).into_owned();
            let rest = text.split_once(begin).and_then(|(_, rest)| rest.split_once(end));
            if let Some((inside, _)) = rest {
                return inside.to_owned();
            }
            assert!(Instant::now() < deadline, "waited for {begin:?}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until the text is on the screen.
    pub fn wait_for(&mut self, text: &str) {
        self.wait_for_all(&[text], &[]);
    }

    /// Waits until these texts are on one screen, and none of those.
    pub fn wait_for_all(&mut self, these: &[&str], not_those: &[&str]) {
        let end = Instant::now() + DEADLINE;
        loop {
            let text = self.text();
            let shown = these.iter().all(|it| text.contains(it));
            if shown && !not_those.iter().any(|it| text.contains(it)) {
                return;
            }
            let what = format!("{these:?} without {not_those:?}");
            assert!(Instant::now() < end, "waited for {what}, and saw:\n{text}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits for the program's end, and gives its exit code.
    pub fn ends_with(&mut self) -> u32 {
        let end = Instant::now() + DEADLINE;
        loop {
            if let Some(status) = self.child.try_wait().expect("a status") {
                return status.exit_code();
            }
            assert!(Instant::now() < end, "it does not end:\n{}", self.text());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// The cursor is shown, the mouse is let go, the other screen is left, and what is typed is echoed.
    pub fn assert_the_terminal_is_clean(&self) {
        let end = Instant::now() + DEADLINE;
        loop {
            let screen = self.screen.lock().expect("a screen");
            let mouse = screen.screen().mouse_protocol_mode() == vt100::MouseProtocolMode::None;
            let cursor = !screen.screen().hide_cursor();
            let left = !screen.screen().alternate_screen() && cursor && mouse;
            drop(screen);
            if left {
                break;
            }
            assert!(Instant::now() < end, "the terminal is not given back");
            thread::sleep(Duration::from_millis(20));
        }
        if let Some(terminal) = &self.terminal {
            let stty = Command::new("stty").arg("-F").arg(terminal).arg("-a").output();
            let modes = String::from_utf8(stty.expect("stty runs").stdout).expect("text");
            let has = |mode: &str| modes.split([' ', ';', '\n']).any(|word| word == mode);
            assert!(has("echo") && has("icanon"), "{modes}");
        }
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
