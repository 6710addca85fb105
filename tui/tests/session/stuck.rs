//! A service whose task is stuck for as long as it is let be, and never for a while only: this
//! test once more, as a process of its own, which runs this and nothing else.

use std::{io::Read, thread};

use holdover::{sync::CancellationToken, task::Builder, time::sleep};

use super::*;

const NAME: &str = "stuck::a_service";
/// By which the process knows what it is.
const IS_IT: &str = "HOLDOVER_TEST_STUCK";
const AT: &str = "it is at ";

impl Service {
    pub fn stuck(bind: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().expect("this test"));
        command.args(["--exact", NAME, "--ignored", "--nocapture"]);
        command.env(IS_IT, "1").env("HOLDOVER_CONTROL", "1");
        let mut child = Self::process(command, bind);
        let out = BufReader::new(child.stdout.take().expect("its output"));
        let mut lines = out.lines().map(|line| line.expect("text"));
        let address = lines.find_map(|line| line.strip_prefix(AT).map(str::to_owned));
        Self { child, address: address.expect("its address") }
    }
}

#[expect(clippy::print_stdout, reason = "who started it reads where it is")]
#[test]
#[ignore = "it is the service, and ends with who started it"]
fn a_service() {
    if std::env::var_os(IS_IT).is_none() {
        return;
    }
    let started = holdover::Builder::new().service("demo").try_init().expect("it starts");
    let address = started.address().expect("an address").to_owned();
    thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(goes_on());
    });
    println!("\n{AT}{address}");
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}

/// It is asked to stop, and polls on and on.
async fn goes_on() {
    let stop = CancellationToken::named("shutdown");
    let deaf = Builder::new().name("ingest").token(&stop).spawn(async {
        loop {
            sleep(Duration::from_millis(50)).await;
        }
    });
    stop.cancel_because("a new version is deployed");
    let _ = deaf.expect("a task").await;
    std::future::pending::<()>().await;
}
