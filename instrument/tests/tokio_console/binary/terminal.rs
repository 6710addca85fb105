//! A terminal that a program runs in, which ends with the test.

use std::{
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

/// Long enough for a machine that does much else.
const LOOKS: u32 = 1200;
const PAUSE: Duration = Duration::from_millis(50);

/// See the module's header.
pub(super) struct Terminal {
    socket: String,
}

impl Terminal {
    /// `home` is where the program finds its settings, which are none.
    pub(super) fn running(program: &Path, home: &Path, address: &str) -> Result<Self, String> {
        let terminal = Self { socket: format!("holdover-test-{}", std::process::id()) };
        // Its marks are words then, and each character is one column.
        let command = format!(
            "HOME={0} XDG_CONFIG_HOME={0} {1} --ascii-only true --retain-for 1h http://{address} \
             2>{0}/tokio-console.log",
            home.display(),
            program.display()
        );
        let size = ["-x", "600", "-y", "60"];
        let started = terminal.tmux(&["-f", "/dev/null", "new-session", "-d"], &size, &command);
        started.map(|_| terminal)
    }

    fn tmux(&self, first: &[&str], more: &[&str], last: &str) -> Result<String, String> {
        let output = Command::new("tmux")
            .args(["-u", "-L", &self.socket])
            .args(first)
            .args(more)
            .arg(last)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("no tmux: {error}"))?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    pub(super) fn presses(&self, key: &str) {
        self.tmux(&["send-keys"], &[], key).expect("it runs");
    }

    /// The screen, once all of that is on it.
    pub(super) fn shows(&self, wanted: &[&str]) -> String {
        self.until(|screen| {
            let missing = wanted.iter().find(|text| !screen.contains(**text));
            missing.map_or(Ok(screen.to_owned()), |text| Err(format!("no {text:?}")))
        })
    }

    /// What is made of the screen, once nothing is wrong with it.
    pub(super) fn until<T>(&self, mut look: impl FnMut(&str) -> Result<T, String>) -> T {
        let mut looks = 0;
        loop {
            let screen = self.tmux(&["capture-pane"], &[], "-p").expect("it runs");
            match look(&screen) {
                Ok(made) => return made,
                Err(why) => {
                    looks += 1;
                    assert!(looks < LOOKS, "{why} on:\n{screen}");
                }
            }
            thread::sleep(PAUSE);
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.tmux(&[], &[], "kill-server");
    }
}
