//! A process of a job, as seen by who started it.

use std::{
    env::{current_exe, temp_dir},
    fs,
    io::{BufRead, BufReader, Write, stdout},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering::Relaxed},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{cpu::Cores, job::Job, modes::Mode};

/// The variable by which a process knows its job.
pub const VARIABLE: &str = "HOLDOVER_BENCH_JOB";

/// How a process of a job records, and where it runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Setting {
    pub mode: Mode,
    /// Where its console listens.
    pub socket: PathBuf,
    pub cores: Cores,
}

#[derive(Debug)]
pub struct Process {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    socket: PathBuf,
}

/// One line to whoever started this process.
pub fn tell(what: &impl Serialize) {
    let line = serde_json::to_string(what).expect("plain data");
    writeln!(stdout(), "{line}").expect("somebody reads");
}

/// A setting with a socket that nobody else has.
pub fn setting(mode: Mode, cores: &Cores) -> Setting {
    static SOCKETS: AtomicU32 = AtomicU32::new(0);
    let (process, number) = (std::process::id(), SOCKETS.fetch_add(1, Relaxed));
    let socket = temp_dir().join(format!("holdover-bench-{process}-{number}.sock"));
    Setting { mode, socket, cores: cores.clone() }
}

/// The command that does a job: this program again.
pub fn command(job: &Job, program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env(VARIABLE, serde_json::to_string(job).expect("plain data")).env("RUST_LOG", "warn");
    for set in
        ["HOLDOVER", "HOLDOVER_BIND", "HOLDOVER_LEVEL", "HOLDOVER_RETENTION", "HOLDOVER_GRACE"]
    {
        command.env_remove(set);
    }
    command
}

impl Process {
    pub fn start(job: &Job) -> Self {
        let this = current_exe().expect("this executable");
        let mut child = command(job, &this)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let input = child.stdin.take().expect("its input");
        let output = BufReader::new(child.stdout.take().expect("its output"));
        Self { child, input, output, socket: job.setting().socket.clone() }
    }

    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// What it says next.
    pub fn hear<T: DeserializeOwned>(&mut self) -> T {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("its output");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("it said {line:?}: {error}"))
    }

    /// Lets it go on.
    pub fn go_on(&mut self) {
        writeln!(self.input).expect("it reads");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_file(&self.socket);
    }
}
