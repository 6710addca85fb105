//! The owned halves of a held stream.

use tokio::net::{TcpStream, tcp};

use super::{Held, Hold};

impl<T> Held<T> {
    /// Two holdings of one, for the two that the value becomes. Both are as old as it was,
    /// and whoever splits it has used it.
    fn halved<A, B>(self, halve: impl FnOnce(T) -> (A, B)) -> (Held<A>, Held<B>) {
        let Self { hold, value } = self;
        hold.holding.used_here();
        let twin = Hold { holding: hold.holding.twin() };
        let (first, second) = halve(value);
        (Held { hold, value: first }, Held { hold: twin, value: second })
    }
}

impl Held<TcpStream> {
    /// [`TcpStream::into_split`]: each half is held by itself, with the kind, the label, the
    /// site and the age of the stream, and belongs to its own last user. The descriptor is
    /// both's, and closed when both are gone.
    pub fn into_split(self) -> (Held<tcp::OwnedReadHalf>, Held<tcp::OwnedWriteHalf>) {
        self.halved(TcpStream::into_split)
    }
}

#[cfg(unix)]
impl Held<tokio::net::UnixStream> {
    /// [`tokio::net::UnixStream::into_split`], as that of a held [`TcpStream`].
    pub fn into_split(
        self,
    ) -> (Held<tokio::net::unix::OwnedReadHalf>, Held<tokio::net::unix::OwnedWriteHalf>) {
        self.halved(tokio::net::UnixStream::into_split)
    }
}
