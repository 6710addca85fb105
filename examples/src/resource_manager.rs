//! Resources with a time limit, and a sweeper that closes those whose time is over. One
//! cannot be closed for a while: it is overdue, whoever holds it.

use std::{sync::Arc, time::Duration};

use holdover::{
    hold::{Kind, Registry},
    task::Builder,
    time::{Instant, sleep},
};

use crate::Rounds;

/// How long an upload may take.
const LIMIT: Duration = Duration::from_secs(1);
const SWEEP: Duration = Duration::from_millis(200);

struct Upload {
    path: &'static str,
    /// Another process writes to it until then.
    busy_until: Instant,
}

async fn close(upload: Arc<Upload>) -> Result<(), String> {
    sleep(Duration::from_millis(10)).await;
    if Instant::now() < upload.busy_until {
        return Err(format!("{} is busy", upload.path));
    }
    tracing::info!(upload.path, "closed");
    Ok(())
}

/// A request that begins two uploads, and ends well with a third.
async fn upload(uploads: Registry<Upload>) {
    let now = Instant::now();
    for (path, busy_for) in [("a.part", 0), ("b.part", 4)] {
        let busy_until = now + Duration::from_secs(busy_for);
        uploads.register(Arc::new(Upload { path, busy_until }), LIMIT);
    }
    let done = uploads.register(Arc::new(Upload { path: "c.part", busy_until: now }), LIMIT);
    sleep(LIMIT / 2).await;
    // In time: there is nothing left to close.
    drop(uploads.release(done));
}

/// Begins uploads that nobody ends, and lets the sweeper close them.
pub async fn resource_manager(mut rounds: Rounds) {
    let uploads = Registry::new(Kind::File, "upload");
    let swept = uploads.clone();
    let sweeper = Builder::new().name("sweeper").spawn(async move {
        swept.sweep_every(SWEEP, close).await;
    });
    while rounds.another() {
        drop(Builder::new().name("request").spawn(upload(uploads.clone())));
        sleep(Duration::from_secs(6)).await;
    }
    drop(sweeper);
}
