//! Files and sockets where they are no file descriptors: held, without a number.

use std::borrow::Cow;

use super::{Held, Kind};

impl<T> Held<T> {
    /// Holds a socket, and a label that says which.
    #[track_caller]
    pub fn socket(value: T, label: impl Into<Cow<'static, str>>) -> Self {
        Self::new(value, Kind::Socket, label)
    }

    /// Holds an open file, and a label that says which. The label is shown to whoever
    /// attaches, the file's path is not.
    #[track_caller]
    pub fn file(value: T, label: impl Into<Cow<'static, str>>) -> Self {
        Self::new(value, Kind::File, label)
    }
}
