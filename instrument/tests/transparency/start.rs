//! Makes a stack the process's default, in each of the ways; and what comes of it when
//! Holdover cannot be started.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use tracing::{Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{layer::SubscriberExt as _, registry, util::SubscriberInitExt as _};

use crate::{
    harness::{Test, Variant},
    without_tokio::WithoutTokio,
};

pub(crate) fn tests() -> Vec<Test> {
    vec![Test::Process { name: "a_second_start", run: a_second_start }]
}

/// It is refused, and the service's logs go on.
fn a_second_start() {
    let unused = registry().with(holdover::layer());
    let again = holdover::Builder::new().wrap(registry().with(LevelFilter::WARN)).try_init();
    again.expect_err("a process has one recorder");
    assert_eq!(LevelFilter::current(), LevelFilter::WARN, "the second subscriber is the default");
    assert_eq!(log::max_level(), log::LevelFilter::Warn);
    drop(unused);
}

/// Whoever is attached: until it is dropped.
#[must_use]
pub(crate) struct Attached {
    _stream: Option<TcpStream>,
}

pub(crate) fn with<S>(stack: S, variant: Variant) -> Attached
where
    S: Subscriber + Send + Sync + 'static,
{
    let address = match variant {
        Variant::Bare | Variant::Layer => {
            stack.try_init().expect("there is no default yet");
            None
        }
        Variant::Alone => {
            WithoutTokio(stack).try_init().expect("there is no default yet");
            None
        }
        Variant::Wrapped | Variant::Tasks | Variant::Off => {
            let started = holdover::Builder::new().wrap(stack).try_init().expect("it starts");
            assert_eq!(started.address().is_none(), variant == Variant::Off);
            let reached = LevelFilter::current() == LevelFilter::TRACE;
            let records = cfg!(tokio_unstable) && variant != Variant::Off;
            assert!(reached || !records, "what tokio emits is not reached");
            started.address().map(str::to_owned)
        }
        Variant::Misset | Variant::Unheard => {
            let started = holdover::Builder::new().wrap(stack).try_init();
            started.expect_err("it cannot be started");
            None
        }
    };
    Attached { _stream: address.map(|address| attach(&address)) }
}

/// Speaks HTTP/2 to the console, so that its thread has something to be silent about:
/// the libraries that it is made of log a lot.
fn attach(address: &str) -> TcpStream {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    const EMPTY_SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    let mut stream = TcpStream::connect(address).expect("the console listens");
    stream.write_all(PREFACE).expect("it reads");
    stream.write_all(&EMPTY_SETTINGS).expect("it reads");
    let mut header = [0; 9];
    stream.read_exact(&mut header).expect("it answers with its settings");
    assert_eq!(header[3], 4, "the console speaks HTTP/2");
    stream
}
