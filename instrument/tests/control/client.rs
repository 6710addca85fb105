//! A service with a console on a Unix socket, and a client of it.

use std::{future::Future, path::PathBuf, time::Duration};

use holdover_proto::v1::{self, ViewKind, holdover_client::HoldoverClient};
use tonic::transport::{Channel, Endpoint};

use crate::look::interval_of_its_own;

/// Long enough for a machine with everything else going on.
const DEADLINE: Duration = Duration::from_secs(20);
pub(crate) const GRACE: Duration = Duration::from_millis(100);

/// A socket that is gone with the test.
pub(crate) struct Socket(PathBuf);

impl Socket {
    /// Starts the console of this process.
    pub(crate) fn start(builder: holdover::Builder) -> Self {
        Self::start_by(builder, |builder| {
            builder.try_init().expect("it starts");
        })
    }

    /// The same, with a layer in a registry.
    #[cfg(feature = "layer")]
    pub(crate) fn start_layer(builder: holdover::Builder) -> Self {
        use tracing_subscriber::{prelude::*, registry};

        Self::start_by(builder, |builder| registry().with(builder.layer()).init())
    }

    fn start_by(builder: holdover::Builder, start: impl FnOnce(holdover::Builder)) -> Self {
        let path = std::env::temp_dir().join(format!("holdover-{}.sock", std::process::id()));
        let builder = builder.bind(format!("unix:{}", path.display())).log(holdover::Log::Off);
        start(builder.grace(GRACE).orphan_grace(GRACE));
        Self(path)
    }

    pub(crate) async fn attach(&self) -> Client {
        let endpoint = Endpoint::from_shared(format!("unix:{}", self.0.display()));
        let channel = endpoint.expect("an address").connect().await.expect("it listens");
        Client(HoldoverClient::new(channel))
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

pub(crate) struct Client(pub(crate) HoldoverClient<Channel>);

impl Client {
    pub(crate) async fn look(&mut self, kind: ViewKind, filter: &str) -> v1::Update {
        let (kind, filter) = (kind.into(), filter.into());
        self.first(v1::View { kind, filter, limit: 500, ..Default::default() }).await
    }

    /// Waits for a task to be so.
    pub(crate) async fn task(
        &mut self,
        filter: &str,
        is_so: impl Fn(&v1::Task) -> bool,
    ) -> v1::Task {
        in_time(filter, async {
            loop {
                let seen = self.look(ViewKind::Tasks, filter).await.tasks;
                if let Some(found) = seen.into_iter().find(&is_so) {
                    return found;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await
    }

    /// Waits for the leaks to be so.
    pub(crate) async fn leaks(&mut self, what: &str, is_so: impl Fn(&[v1::Leak]) -> bool) {
        in_time(what, async {
            while !is_so(&self.look(ViewKind::Leaks, "").await.leaks) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await;
    }

    pub(crate) async fn cancel(&mut self, task: u64) -> v1::CancelResponse {
        let (who, reason) = ("ann@host".into(), "it hangs".into());
        let request = v1::CancelRequest { task, who, reason };
        self.0.cancel(request).await.expect("it answers").into_inner()
    }

    /// The token of this number; 0 for the one of this name.
    pub(crate) async fn cancel_token(&mut self, token: u64, name: &str) -> v1::CancelResponse {
        let (who, reason) = ("ann@host".into(), "it hangs".into());
        let request = v1::CancelTokenRequest { token, name: name.into(), who, reason };
        self.0.cancel_token(request).await.expect("it answers").into_inner()
    }

    async fn first(&mut self, view: v1::View) -> v1::Update {
        let view = v1::View { interval_ms: interval_of_its_own(), ..view };
        let request = v1::WatchRequest { view: Some(view) };
        let mut updates = self.0.watch(request).await.expect("a view").into_inner();
        updates.message().await.expect("an update").expect("one at least")
    }

    pub(crate) async fn story(&mut self, task: u64, asks: bool) -> v1::Update {
        let kind = ViewKind::Story.into();
        self.first(v1::View { kind, task, asks, ..Default::default() }).await
    }

    /// What became of those that were asked at this time, if that is known.
    pub(crate) async fn asked_now(&mut self, requested_ns: u64) -> Option<v1::Asked> {
        let kind = ViewKind::Tasks.into();
        let view = v1::View { kind, limit: 1, requested_ns, ..Default::default() };
        self.first(view).await.asked
    }

    /// Waits for that to be so.
    pub(crate) async fn asked(
        &mut self,
        requested_ns: u64,
        is_so: impl Fn(&v1::Asked) -> bool,
    ) -> v1::Asked {
        let mut last = None;
        let waited = tokio::time::timeout(DEADLINE, async {
            loop {
                last = self.asked_now(requested_ns).await;
                if let Some(asked) = last.clone().filter(&is_so) {
                    return asked;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        let waited = waited.await;
        waited.unwrap_or_else(|_| panic!("those that were asked are so: {last:?}"))
    }

    /// Waits for the tokens that live to be so.
    pub(crate) async fn tokens(&mut self, what: &str, is_so: impl Fn(&[v1::Token]) -> bool) {
        let mut last = Vec::new();
        let waited = tokio::time::timeout(DEADLINE, async {
            loop {
                last = self.look(ViewKind::Tokens, "").await.tokens;
                if is_so(&last) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        waited.await.unwrap_or_else(|_| panic!("waited for {what}: {last:?}"));
    }

    pub(crate) async fn set_level(&mut self, level: &str) -> String {
        let request = v1::SetLevelRequest { level: level.into() };
        self.0.set_level(request).await.expect("it answers").into_inner().before
    }

    pub(crate) async fn described(&mut self) -> v1::DescribeResponse {
        self.0.describe(v1::DescribeRequest {}).await.expect("it answers").into_inner()
    }
}

async fn in_time<T>(what: &str, waits: impl Future<Output = T>) -> T {
    let waited = tokio::time::timeout(DEADLINE, waits).await;
    waited.unwrap_or_else(|_| panic!("waited for {what}"))
}
