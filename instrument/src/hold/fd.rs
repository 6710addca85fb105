//! The file descriptors that holdings name.

use std::{borrow::Cow, os::fd::AsFd};

use super::{Held, Hold, Kind};

impl Hold {
    /// It is this open file or socket: the console shows the descriptor's number, and says
    /// when it was closed, or stands for something else, though this still lives.
    ///
    /// ```
    /// use holdover::hold::{Hold, Kind};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
    /// let hold = Hold::new(Kind::Connection, "pg").fd(&ours);
    /// # drop((hold, ours, theirs));
    /// # Ok(()) }
    /// ```
    pub fn fd(self, fd: &impl AsFd) -> Self {
        self.holding.set_fd(fd.as_fd());
        self
    }
}

impl<T: AsFd> Held<T> {
    /// Holds a socket, and a label that says which: one of [`tokio::net`], or any other that
    /// has a file descriptor.
    ///
    /// ```
    /// use holdover::hold::Held;
    /// use tokio::net::UdpSocket;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// let socket = Held::socket(UdpSocket::bind("127.0.0.1:0").await?, "statsd");
    /// socket.send_to(b"hits:1|c", "127.0.0.1:8125").await?;
    /// # Ok(()) }
    /// ```
    #[track_caller]
    pub fn socket(value: T, label: impl Into<Cow<'static, str>>) -> Self {
        Self::new(value, Kind::Socket, label).with_fd()
    }

    /// Holds an open file, and a label that says which. The label is shown to whoever
    /// attaches, the file's path is not.
    ///
    /// ```
    /// use holdover::hold::Held;
    /// use tokio::{fs::File, io::AsyncReadExt};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// let mut file = Held::file(File::open("Cargo.toml").await?, "manifest");
    /// let mut text = String::new();
    /// file.read_to_string(&mut text).await?;
    /// assert!(text.contains("[package]"));
    /// # Ok(()) }
    /// ```
    #[track_caller]
    pub fn file(value: T, label: impl Into<Cow<'static, str>>) -> Self {
        Self::new(value, Kind::File, label).with_fd()
    }

    /// As [`Hold::fd`], of the value itself: for what is neither a file nor a socket by its
    /// kind, as a connection is.
    #[must_use]
    pub fn with_fd(self) -> Self {
        self.hold.holding.set_fd(self.value.as_fd());
        self
    }
}
