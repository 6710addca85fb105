//! A service with console-subscriber's real layer, as a process of its own: the test binary
//! once more, which then runs this and nothing else.

use std::{
    net::{Ipv4Addr, TcpListener},
    process::{Child, Command, Stdio},
    time::Duration,
};

use console_api::instrument::{PauseRequest, ResumeRequest, instrument_client::InstrumentClient};
use tokio::runtime;
use tracing_subscriber::{layer::SubscriberExt, util::SubscriberInitExt};

use crate::tasks;

const PORT: &str = "HOLDOVER_TEST_CONSOLE_PORT";
const KIND: &str = "HOLDOVER_TEST_CONSOLE_KIND";

/// What its tasks do.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// One task of each kind that is looked for.
    Each,
    /// Those, and so many more that wait for nothing and have names of a kilobyte.
    Crowd,
    /// Tasks of which something that is wrong is easily said.
    Fine,
    /// Tasks that have a lock one after the other, and some that keep one.
    Locks,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Each, Self::Crowd, Self::Fine, Self::Locks];

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| format!("{kind:?}") == name)
    }
}

/// A process that ends with this.
pub struct Service {
    child: Child,
    port: u16,
    kind: Kind,
}

impl Service {
    /// One on a port that is free now.
    pub fn start(kind: Kind) -> Self {
        Self::on(free_port(), kind)
    }

    fn on(port: u16, kind: Kind) -> Self {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.args(["--exact", "service::a_service", "--ignored", "--nocapture"]);
        command.env(PORT, port.to_string()).env(KIND, format!("{kind:?}"));
        let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self { child: quiet.spawn().expect("a process"), port, kind }
    }

    /// Another process where this one was.
    pub fn restart(&mut self) {
        let (port, kind) = (self.port, self.kind);
        self.end();
        *self = Self::on(port, kind);
    }

    pub fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// As another console that is attached to it would do.
    pub fn pause(&self, is_on: bool) {
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let client = InstrumentClient::connect(format!("http://{}", self.address())).await;
            let mut client = client.expect("it answers");
            if is_on {
                client.pause(PauseRequest {}).await.expect("it is paused");
            } else {
                client.resume(ResumeRequest {}).await.expect("it goes on");
            }
        });
    }

    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.end();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("its address").port()
}

#[test]
#[ignore = "it is the service, and ends only when it is killed"]
fn a_service() {
    let Some(port) = std::env::var(PORT).ok().and_then(|it| it.parse::<u16>().ok()) else { return };
    let kind = std::env::var(KIND).ok().and_then(|it| Kind::named(&it)).expect("a kind");
    let layer = console_subscriber::ConsoleLayer::builder()
        .server_addr((Ipv4Addr::LOCALHOST, port))
        .publish_interval(Duration::from_millis(100))
        .event_buffer_capacity(1 << 17)
        .spawn();
    tracing_subscriber::registry().with(layer).init();
    let runtime = runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(tasks::run(kind));
}
