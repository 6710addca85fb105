//! What clients do wrong costs the service nothing but their connection: garbage on the
//! port, a client that stops reading, one that vanishes, a view that is none.

#![cfg(feature = "console")]

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use holdover_proto::v1::{self, holdover_client::HoldoverClient};
use tonic::transport::{Channel, Endpoint};

async fn attach(address: &str) -> HoldoverClient<Channel> {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("an address");
    HoldoverClient::new(endpoint.connect().await.expect("it listens"))
}

fn view(kind: v1::ViewKind) -> v1::WatchRequest {
    let view = v1::View { kind: kind.into(), limit: 500, interval_ms: 20, ..Default::default() };
    v1::WatchRequest { view: Some(view) }
}

async fn totals(client: &mut HoldoverClient<Channel>) -> v1::Totals {
    let updates = client.watch(view(v1::ViewKind::Leaks)).await.expect("a view");
    let update = updates.into_inner().message().await.expect("an update").expect("one");
    update.totals.expect("totals")
}

/// One test, since a process has one recorder.
#[test]
fn bad_clients_cost_their_own_connection() {
    let builder = holdover::Builder::new().bind("127.0.0.1:0").log(holdover::Log::Off);
    // Which has no effect over TCP.
    let builder = builder.control(true);
    let started = builder.try_init().expect("it starts");
    let address = started.address().expect("an address").to_owned();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        for number in 0..1_000 {
            let name = format!("worker {number}");
            let task = holdover::task::Builder::new().name(&name);
            drop(task.spawn(std::future::pending::<()>()).expect("a task"));
        }
        garbage(&address);
        let mut good = attach(&address).await;
        assert!(totals(&mut good).await.tasks_live >= 1_000);
        stops_reading(&address).await;
        vanishes(&address).await;
        asks_for_nonsense(&mut good).await;
        acts_where_it_may_not(&mut good).await;
        assert!(totals(&mut good).await.tasks_live >= 1_000, "the service goes on");
        assert!(holdover::spawn(async { 7 }).await.is_ok());
    });
}

fn garbage(address: &str) {
    for bytes in [
        &b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"[..],
        &[0xff; 4096],
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff",
    ] {
        let mut stream = TcpStream::connect(address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a socket");
        // The target may have closed it already.
        let _ = stream.write_all(bytes);
        let _ = stream.read(&mut [0; 512]);
    }
    drop(TcpStream::connect(address).expect("it listens"));
}

/// Opens many views and reads none of them.
async fn stops_reading(address: &str) {
    let mut slow = attach(address).await;
    let mut unread = Vec::new();
    for _ in 0..20 {
        unread.push(slow.watch(view(v1::ViewKind::Tasks)).await.expect("a view"));
    }
    let mut good = attach(address).await;
    for _ in 0..10 {
        totals(&mut good).await;
    }
    drop(unread);
}

async fn vanishes(address: &str) {
    for _ in 0..20 {
        let mut client = attach(address).await;
        let updates = client.watch(view(v1::ViewKind::Events)).await.expect("a view");
        drop((client, updates));
    }
}

async fn asks_for_nonsense(client: &mut HoldoverClient<Channel>) {
    let unknown = v1::View { kind: 99, ..Default::default() };
    let bad_filter = v1::View {
        kind: v1::ViewKind::Leaks.into(),
        filter: "verdict:stack".into(),
        ..Default::default()
    };
    let bad_sort = v1::View {
        kind: v1::ViewKind::Tasks.into(),
        sort: "nonsense".into(),
        ..Default::default()
    };
    for (view, expected) in [
        (unknown, "is not one that is known here"),
        (bad_filter, "filter, column 9: `verdict` is one of stuck"),
        (bad_sort, "there is no field `nonsense` to sort by"),
    ] {
        let status =
            client.watch(v1::WatchRequest { view: Some(view) }).await.expect_err("refused");
        assert_eq!(status.code(), tonic::Code::InvalidArgument);
        assert!(status.message().contains(expected), "{}", status.message());
    }
    let huge = v1::View {
        kind: v1::ViewKind::Tasks.into(),
        limit: u32::MAX,
        offset: u32::MAX,
        interval_ms: u32::MAX,
        ..Default::default()
    };
    let updates = client.watch(v1::WatchRequest { view: Some(huge) }).await.expect("a view");
    let update = updates.into_inner().message().await.expect("an update").expect("one");
    assert!(update.tasks.is_empty());
}

/// Over TCP every user of the machine could.
async fn acts_where_it_may_not(client: &mut HoldoverClient<Channel>) {
    let described = client.describe(v1::DescribeRequest {}).await.expect("it answers");
    let control = described.into_inner().control.expect("said");
    assert!(!control.allowed);
    assert!(control.why_not.contains("no effect over TCP"), "{}", control.why_not);

    let request = v1::CancelRequest { task: 1, ..Default::default() };
    let refused = client.cancel(request).await.expect_err("refused");
    assert_eq!(refused.code(), tonic::Code::PermissionDenied);
    assert_eq!(refused.message(), control.why_not);
    let request = v1::SetLevelRequest { level: "off".into() };
    let refused = client.set_level(request).await.expect_err("refused");
    assert_eq!(refused.code(), tonic::Code::PermissionDenied);
}
