//! A held stream goes wherever a stream goes, recorded or not.

use std::{io::SeekFrom, net::Ipv4Addr};

use holdover::hold::{Held, Kind};
use tokio::{
    fs::File,
    io::{AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

async fn pair() -> (Held<TcpStream>, Held<TcpStream>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a socket");
    let listener = Held::socket(listener, "listener");
    let address = listener.local_addr().expect("its address");
    let (connected, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
    let (accepted, _) = accepted.expect("a client");
    (Held::socket(connected.expect("it listens"), "client"), Held::socket(accepted, "server"))
}

#[tokio::test]
async fn a_held_socket_is_copied_from_and_to() {
    let (mut client, server) = pair().await;
    let echo = holdover::spawn(async move {
        let (mut reads, mut writes) = tokio::io::split(server);
        tokio::io::copy(&mut reads, &mut writes).await
    });
    client.write_all(b"hello").await.expect("it is connected");
    client.shutdown().await.expect("it is connected");
    let mut said = String::new();
    client.read_to_string(&mut said).await.expect("it is sent back");
    assert_eq!((said.as_str(), echo.await.expect("it ends").expect("it copies")), ("hello", 5));
}

#[tokio::test]
async fn two_held_sockets_are_joined() {
    let ((mut client, mut before), (mut after, mut server)) = tokio::join!(pair(), pair());
    let proxy =
        holdover::spawn(
            async move { tokio::io::copy_bidirectional(&mut *before, &mut after).await },
        );
    client.write_all(b"ask").await.expect("it is connected");
    client.shutdown().await.expect("it is connected");
    let mut asked = Vec::new();
    server.read_to_end(&mut asked).await.expect("it is passed on");
    server.write_all(b"answer").await.expect("it is connected");
    server.into_inner().shutdown().await.expect("it is connected");
    assert_eq!(proxy.await.expect("it ends").expect("it copies"), (3, 6));
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).await.expect("it is passed on");
    assert_eq!((asked.as_slice(), answer.as_slice()), (&b"ask"[..], &b"answer"[..]));
}

#[cfg(feature = "net")]
#[tokio::test]
async fn its_halves_are_held_and_can_be_joined_again() {
    let (client, mut server) = pair().await;
    let (mut reads, mut writes) = client.into_split();
    let writer = holdover::spawn(async move {
        writes.write_all(b"hello\nworld\n").await.expect("it is connected");
        writes
    });
    let mut lines = BufReader::new(&mut *server).lines();
    assert_eq!(lines.next_line().await.expect("a line").as_deref(), Some("hello"));
    server.write_u8(7).await.expect("it is connected");
    assert_eq!(reads.read_u8().await.expect("it was said"), 7);
    let (reads, writes) = (reads.into_inner(), writer.await.expect("it ends").into_inner());
    assert!(reads.reunite(writes).is_ok());
}

#[tokio::test]
async fn a_held_file_is_read_and_sought_in() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let mut file = Held::file(File::open(path).await.expect("it is there"), "manifest");
    file.seek(SeekFrom::Start(1)).await.expect("it is a file");
    // One that buffers is a reader by lines.
    let mut lines = Held::new(BufReader::new(file), Kind::File, "lines").lines();
    assert_eq!(lines.next_line().await.expect("a line").as_deref(), Some("package]"));
}
