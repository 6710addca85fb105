//! A client's connection, and what belongs to it rather than to one of its streams.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::watch,
};
use tonic::transport::server::Connected;

/// Whether the client has paused what it watches. Each request that comes over the
/// connection carries it.
#[derive(Clone, Debug, Default)]
#[cfg_attr(
    not(feature = "tokio-console"),
    expect(dead_code, reason = "only tokio-console pauses what it watches")
)]
pub(super) struct Paused(Arc<watch::Sender<bool>>);

#[cfg(feature = "tokio-console")]
impl Paused {
    pub(super) fn set(&self, paused: bool) {
        self.0.send_if_modified(|now| std::mem::replace(now, paused) != paused);
    }

    pub(super) fn watch(&self) -> watch::Receiver<bool> {
        self.0.subscribe()
    }
}

/// See the module's header.
#[derive(Debug)]
pub(super) struct Connection<S> {
    stream: S,
    paused: Paused,
}

impl<S> Connection<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, paused: Paused::default() }
    }
}

impl<S> Connected for Connection<S> {
    type ConnectInfo = Paused;

    fn connect_info(&self) -> Paused {
        self.paused.clone()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Connection<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Connection<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
