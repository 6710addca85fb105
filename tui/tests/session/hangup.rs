//! A terminal that is closed while the console draws on it.

use std::{fs, io::Read, thread, time::Instant};

use portable_pty::{PtySize, native_pty_system};

use super::*;

#[test]
fn a_console_whose_terminal_is_closed_ends_and_says_nothing() {
    let deadline = Instant::now() + Duration::from_secs(30);
    let service = Service::start("127.0.0.1:0");
    let folder = tempfile::tempdir().expect("a folder");
    let said = folder.path().join("said");
    let mut command = CommandBuilder::new("sh");
    // Without a trap the shell would end before it has said how the console ended.
    command.args(["-c", "trap : HUP; \"$0\" \"$1\" 2>\"$2\"; echo $? >>\"$2\""]);
    command.args([holdover(), &service.address]);
    command.arg(&said);
    for (name, value) in Pty::command(&[]).iter_full_env_as_str() {
        command.env(name, value);
    }
    let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
    let mut output = pair.master.try_clone_reader().expect("its output");
    let mut shell = pair.slave.spawn_command(command).expect("it starts");
    let (mut drawn, mut bytes) = (Vec::new(), [0; 8192]);
    while !String::from_utf8_lossy(&drawn).contains("after-cancel") {
        let count = output.read(&mut bytes).expect("it draws");
        drawn.extend_from_slice(&bytes[..count]);
        assert!(Instant::now() < deadline, "it draws no leaks");
    }
    drop((output, pair));
    while shell.try_wait().expect("a status").is_none() {
        assert!(Instant::now() < deadline, "it does not end");
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(fs::read_to_string(&said).expect("what it said"), "0\n");
}
