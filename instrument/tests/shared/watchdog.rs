//! A test that waits for ever fails.

use std::{
    io::{self, Write},
    process,
    sync::mpsc,
    thread,
    time::Duration,
};

/// Longer than any test takes, on a machine with everything else going on.
const LONG: Duration = Duration::from_secs(60);

/// Ends the process when the test takes far too long, which libtest does not: some
/// tests wait within a runtime, and for ever when what they test is broken.
pub(crate) struct Watchdog(
    #[expect(dead_code, reason = "it is hung up when dropped")] mpsc::Sender<()>,
);

impl Watchdog {
    pub(crate) fn start() -> Self {
        let (hang_up, is_over) = mpsc::channel::<()>();
        let test = thread::current().name().unwrap_or_default().to_owned();
        thread::spawn(move || {
            if is_over.recv_timeout(LONG) == Err(mpsc::RecvTimeoutError::Timeout) {
                let _ = writeln!(io::stderr(), "{test} waits for ever");
                process::abort();
            }
        });
        Self(hang_up)
    }
}
