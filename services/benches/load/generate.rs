//! The load: so many requests over so many connections, each of which waits for its answer.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::Runtime,
    task::JoinSet,
};

use crate::{cpu::Used, shop::Order};

/// What came of one run.
#[derive(Clone, Debug)]
pub struct Load {
    pub took: Duration,
    /// How long each request took, sorted.
    pub latencies: Vec<Duration>,
    /// What part of its time the generator was busy: near 1 it was what is slow.
    pub busy: f64,
}

/// Only what is needed, so that the service is what is slow.
pub fn run(runtime: &Runtime, port: u16, requests: usize, connections: usize) -> Load {
    let left = Arc::new(AtomicUsize::new(requests));
    let (used, began) = (Used::now(), Instant::now());
    let mut latencies: Vec<Duration> = runtime.block_on(async {
        let mut set = JoinSet::new();
        for _ in 0..connections {
            set.spawn(connection(port, Arc::clone(&left)));
        }
        set.join_all().await.into_iter().flatten().collect()
    });
    let took = began.elapsed();
    let busy = Used::now().workload().saturating_sub(used.workload());
    latencies.sort_unstable();
    assert_eq!(latencies.len(), requests, "each is answered");
    Load { took, latencies, busy: busy.as_secs_f64() / took.as_secs_f64() }
}

async fn connection(port: u16, left: Arc<AtomicUsize>) -> Vec<Duration> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect(address).await.expect("it serves");
    stream.set_nodelay(true).expect("a socket");
    let request = request();
    let (mut latencies, mut answer) = (Vec::new(), Vec::with_capacity(4_096));
    while left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok() {
        let began = Instant::now();
        stream.write_all(&request).await.expect("it reads");
        answer.clear();
        while !is_whole(&answer) {
            assert!(stream.read_buf(&mut answer).await.expect("it answers") > 0, "it hung up");
        }
        assert!(answer.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&answer));
        latencies.push(began.elapsed());
    }
    latencies
}

fn request() -> Vec<u8> {
    let body = serde_json::to_string(&Order::sample()).expect("plain data");
    let length = body.len();
    format!(
        "POST /orders HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// Whether all of an answer is there, by its length.
fn is_whole(answer: &[u8]) -> bool {
    const LENGTH: &str = "content-length:";
    let Some(end) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&answer[..end]);
    let length = head.lines().find_map(|line| line.strip_prefix(LENGTH)?.trim().parse().ok());
    let length: usize = length.expect("a length in lower case, as hyper writes it");
    answer.len() >= end + 4 + length
}
