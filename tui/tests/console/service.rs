//! A service with console-subscriber's real layer, as a process of its own: the test binary
//! once more, which then runs this and nothing else.

use std::{
    future::{pending, poll_fn},
    net::{Ipv4Addr, TcpListener},
    process::{Child, Command, Stdio},
    sync::Arc,
    task::Poll,
    time::Duration,
};

use tokio::{
    runtime,
    sync::{Mutex, Semaphore, oneshot},
    task::Builder,
    time::{interval, sleep},
};
use tracing_subscriber::{layer::SubscriberExt, util::SubscriberInitExt};

const PORT: &str = "HOLDOVER_TEST_CONSOLE_PORT";
const CROWD: &str = "HOLDOVER_TEST_CONSOLE_CROWD";

/// A process that ends with this.
pub struct Service {
    child: Child,
    port: u16,
}

impl Service {
    /// One on a port that is free now.
    pub fn start() -> Self {
        Self::with(free_port(), 0)
    }

    /// With so many tasks more, which wait for nothing and have names of a kilobyte.
    pub fn crowded(crowd: usize) -> Self {
        Self::with(free_port(), crowd)
    }

    fn with(port: u16, crowd: usize) -> Self {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.args(["--exact", "service::a_service", "--ignored", "--nocapture"]);
        command.env(PORT, port.to_string()).env(CROWD, crowd.to_string());
        let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self { child: quiet.spawn().expect("a process"), port }
    }

    /// Another process where this one was.
    pub fn restart(&mut self) {
        let port = self.port;
        self.end();
        *self = Self::with(port, 0);
    }

    pub fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
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
    let number = |name: &str| std::env::var(name).ok().and_then(|it| it.parse().ok());
    let Some(port) = number(PORT) else { return };
    let crowd = number(CROWD).unwrap_or_default();
    let layer = console_subscriber::ConsoleLayer::builder()
        .server_addr((Ipv4Addr::LOCALHOST, u16::try_from(port).expect("a port")))
        .publish_interval(Duration::from_millis(100))
        .event_buffer_capacity(1 << 17)
        .spawn();
    tracing_subscriber::registry().with(layer).init();
    let runtime = runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(serve(crowd));
}

fn named(name: &str, future: impl Future<Output = ()> + Send + 'static) {
    let spawned = Builder::new().name(name).spawn(future);
    drop(spawned.expect("a task"));
}

/// One task of each kind that is looked for.
async fn serve(crowd: usize) {
    let state = Arc::new(Mutex::new(0));
    let has = Arc::clone(&state);
    named("ledger", async move {
        let _guard = has.lock().await;
        pending::<()>().await;
    });
    tokio::task::yield_now().await;
    named("report", async move {
        *state.lock().await += 1;
    });
    let permits = Arc::new(Semaphore::new(0));
    named("queue", async move {
        let _ = permits.acquire().await;
    });
    let (sender, receiver) = oneshot::channel::<()>();
    named("answer", async move {
        let _ = receiver.await;
    });
    named("ticker", async {
        let mut tick = interval(Duration::from_millis(50));
        loop {
            tick.tick().await;
        }
    });
    // Nobody keeps its waker.
    named("lost", poll_fn(|_| Poll::<()>::Pending));
    named("short", async {});
    let long = "of a crowd ".repeat(100);
    for _ in 0..crowd {
        named(&long, pending());
    }
    loop {
        sleep(Duration::from_secs(3600)).await;
        assert!(!sender.is_closed(), "the answer is awaited");
    }
}
