//! Holdings of your own: connections, files, permits of a home-made pool, anything that
//! a task acquires and must let go of.

#[cfg(unix)]
mod fd;
#[cfg(not(unix))]
mod handle;
mod io;
mod registry;
#[cfg(feature = "net")]
mod split;

use std::{
    borrow::Cow,
    ops::{Deref, DerefMut},
    panic::Location,
    time::Duration,
};

use pin_project_lite::pin_project;

pub use self::registry::{Registered, Registry, Swept};
pub use crate::words::Kind;
use crate::{
    record::{Holding, Label, NewHolding, Task, Traits},
    task::{AbortHandle, Id, JoinHandle},
};

/// Something that is held for as long as this lives. It belongs to the task that made
/// it, or to the one it was [transferred](Self::transfer) to.
///
/// ```
/// use holdover::hold::{Hold, Kind};
///
/// let hold = Hold::new(Kind::Connection, "pg");
/// // … while it lives, the console shows it under the task that runs here.
/// drop(hold);
/// ```
#[derive(Debug)]
#[must_use = "it is released when this is dropped"]
pub struct Hold {
    holding: Holding,
}

impl Hold {
    /// Acquires: a kind, and a label that says which.
    #[track_caller]
    pub fn new(kind: Kind, label: impl Into<Cow<'static, str>>) -> Self {
        Self { holding: acquire(kind, &label.into(), Location::caller()) }
    }

    /// It is the calling task's from now on, on purpose. Its age stays, its phase is
    /// seen from the new owner.
    pub fn transfer(&self) {
        self.holding.transfer();
    }

    /// It is that task's from now on, on purpose.
    pub fn transfer_to<'a>(&self, task: impl Into<Named<'a>>) {
        task.into().takes(&self.holding);
    }

    /// It is nobody's from now on, until somebody [takes](Self::transfer) it: say so when
    /// it is given back to a pool of your own, by whomever. Its age stays.
    ///
    /// ```
    /// use holdover::hold::{Hold, Kind};
    ///
    /// let hold = Hold::new(Kind::Connection, "pg");
    /// hold.park();
    /// let idle = vec![hold];
    /// # drop(idle);
    /// ```
    pub fn park(&self) {
        self.holding.is_nobodys();
    }

    /// How long it may be held, from its acquisition: beyond that it is `overdue`,
    /// whoever holds it.
    pub fn with_limit(self, limit: Duration) -> Self {
        self.holding.set_limit(limit);
        self
    }

    /// How many bytes it keeps.
    pub fn bytes(self, bytes: u64) -> Self {
        self.holding.set_bytes(bytes);
        self
    }
}

#[expect(clippy::ptr_arg, reason = "a borrowed label is one that stays")]
fn acquire(kind: Kind, label: &Cow<'static, str>, location: &'static Location<'static>) -> Holding {
    let label = match label {
        Cow::Borrowed(text) => Label::Fixed(text),
        Cow::Owned(text) => Label::Made(text),
    };
    Holding::new(&NewHolding { kind, label, location, due_in: None, traits: Traits::Value })
}

pin_project! {
    /// A value that is held: derefs to it. It belongs to the task that last used it, else
    /// to the one that acquired it. One that has only used it may have been lent it, and gets
    /// no verdict for it: whoever takes it over says so with [`transfer`](Self::transfer).
    ///
    /// ```
    /// use holdover::hold::{Held, Kind};
    ///
    /// let mut buffer = Held::new(Vec::new(), Kind::Memory, "import");
    /// buffer.push(1_u8);
    /// assert_eq!(buffer.into_inner(), [1]);
    /// ```
    ///
    /// Files and sockets are held by [`Held::file`] and [`Held::socket`], which note the
    /// file descriptor. A stream goes on to be one: `Held<T>` reads, writes and seeks as `T`
    /// does, and each time it is its user's.
    ///
    /// ```
    /// use holdover::hold::Held;
    /// use tokio::io::{AsyncReadExt, AsyncWriteExt};
    /// use tokio::net::{TcpListener, TcpStream};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// let listener = Held::socket(TcpListener::bind("127.0.0.1:0").await?, "orders");
    /// let mut upstream = TcpStream::connect(listener.local_addr()?).await?;
    /// upstream.write_all(b"hello").await?;
    /// drop(upstream);
    ///
    /// let (stream, _) = listener.accept().await?;
    /// let mut client = Held::socket(stream, "client");
    /// let mut said = Vec::new();
    /// client.read_to_end(&mut said).await?;
    /// assert_eq!(said, b"hello");
    /// # Ok(()) }
    /// ```
    ///
    /// # Halves
    ///
    /// `Held::into_split` of a `TcpStream` or a `UnixStream` makes two holdings of one, one a
    /// half, each its own user's. `tokio::io::split` leaves it one, which is whose half was
    /// last used: where the halves are two tasks', use `into_split`. The halves that
    /// [`split`](tokio::net::TcpStream::split) borrows are not followed, but the stream is
    /// held as long as they are.
    #[derive(Debug)]
    pub struct Held<T: ?Sized> {
        // Released first: while it is held the value is there.
        hold: Hold,
        #[pin]
        value: T,
    }
}

impl<T> Held<T> {
    /// Holds the value: a kind, and a label that says which.
    #[track_caller]
    pub fn new(value: T, kind: Kind, label: impl Into<Cow<'static, str>>) -> Self {
        let holding = acquire(kind, &label.into(), Location::caller());
        Self { hold: Hold { holding }, value }
    }

    /// The value; it is held no more.
    pub fn into_inner(self) -> T {
        self.value
    }

    /// As [`Hold::with_limit`].
    #[must_use]
    pub fn with_limit(mut self, limit: Duration) -> Self {
        self.hold = self.hold.with_limit(limit);
        self
    }

    /// How many bytes it keeps.
    #[must_use]
    pub fn bytes(mut self, bytes: u64) -> Self {
        self.hold = self.hold.bytes(bytes);
        self
    }
}

impl<T: ?Sized> Held<T> {
    /// As [`Hold::transfer`].
    pub fn transfer(held: &Self) {
        held.hold.transfer();
    }

    /// It is nobody's from now on, until somebody uses it, and thereby takes it, or has it
    /// [transferred](Self::transfer): see [`Hold::park`].
    pub fn park(held: &Self) {
        held.hold.park();
    }

    /// As [`Hold::transfer_to`].
    pub fn transfer_to<'a>(held: &Self, task: impl Into<Named<'a>>) {
        held.hold.transfer_to(task);
    }
}

impl<T: ?Sized> Deref for Held<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.hold.holding.used_here();
        &self.value
    }
}

impl<T: ?Sized> DerefMut for Held<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.hold.holding.used_here();
        &mut self.value
    }
}

/// A task to transfer to: made from a [`JoinHandle`], an [`AbortHandle`] or an [`Id`].
#[derive(Debug)]
pub struct Named<'a>(Whom<'a>);

#[derive(Debug)]
enum Whom<'a> {
    Task(&'a Task),
    Id(Id),
}

impl Named<'_> {
    pub(crate) fn takes(&self, holding: &Holding) {
        match self.0 {
            Whom::Task(task) => holding.transfer_to(task),
            Whom::Id(id) => holding.transfer_to_id(id),
        }
    }
}

impl<'a, T> From<&'a JoinHandle<T>> for Named<'a> {
    fn from(handle: &'a JoinHandle<T>) -> Self {
        Self(Whom::Task(handle.task()))
    }
}

impl<'a> From<&'a AbortHandle> for Named<'a> {
    fn from(handle: &'a AbortHandle) -> Self {
        Self(Whom::Task(handle.task()))
    }
}

/// Of a task that lives; its record is looked for among all of them.
impl From<Id> for Named<'_> {
    fn from(id: Id) -> Self {
        Self(Whom::Id(id))
    }
}
