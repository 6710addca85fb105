//! A held stream is a stream: each use of it makes it its user's.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::io::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};

use super::Held;

impl<T: ?Sized> Held<T> {
    fn used(self: Pin<&mut Self>) -> Pin<&mut T> {
        let this = self.project();
        this.hold.holding.used_here();
        this.value
    }
}

impl<T: AsyncRead + ?Sized> AsyncRead for Held<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.used().poll_read(cx, buf)
    }
}

impl<T: AsyncBufRead + ?Sized> AsyncBufRead for Held<T> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        self.used().poll_fill_buf(cx)
    }

    fn consume(self: Pin<&mut Self>, amt: usize) {
        self.used().consume(amt);
    }
}

impl<T: AsyncWrite + ?Sized> AsyncWrite for Held<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.used().poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.used().poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.used().poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.used().poll_write_vectored(cx, bufs)
    }

    /// A question about the type, and no use.
    fn is_write_vectored(&self) -> bool {
        self.value.is_write_vectored()
    }
}

impl<T: AsyncSeek + ?Sized> AsyncSeek for Held<T> {
    fn start_seek(self: Pin<&mut Self>, position: io::SeekFrom) -> io::Result<()> {
        self.used().start_seek(position)
    }

    fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        self.used().poll_complete(cx)
    }
}
