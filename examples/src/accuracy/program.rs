//! What a generated program is: tasks, and rounds of orders to them. All orders of a
//! round are carried out at the same time, each by its task; the next round begins when
//! they were. So what happens before what is known, and nothing else is.

pub(super) use crate::Form;

/// A task or a scope of a program, by its place in the list of plans.
pub type Actor = usize;
/// Something acquired, by number.
pub type ThingId = usize;
/// A token of a program; number 0 is the root of all others.
pub type Token = usize;

/// Which runtime a program runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavor {
    /// One thread.
    Current,
    /// One thread, on a `LocalSet`.
    Local,
    /// Two workers.
    Multi,
    /// One of its own, that is dropped when the program is over.
    Own,
    /// One thread, on a `LocalSet` of its own, that is dropped when the program is over.
    OwnSet,
}

/// A random concurrent program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// What it was made from.
    pub seed: u64,
    /// What it is written with.
    pub form: Form,
    /// What it runs on.
    pub flavor: Flavor,
    /// Its tasks and scopes.
    pub actors: Vec<Plan>,
    /// Of each token but the root, the one it is a child of.
    pub tokens: Vec<Token>,
    /// What is done, in this order.
    pub rounds: Vec<Vec<Order>>,
}

impl Program {
    /// Whether a token is this one, or descends from it.
    pub(super) fn is_below(&self, token: Token, above: Token) -> bool {
        let parent = |token: &Token| token.checked_sub(1).map(|at| self.tokens[at]);
        std::iter::successors(Some(token), parent).any(|token| token == above)
    }
}

impl Program {
    /// All steps that may be done, those within others too.
    fn steps(&self) -> Vec<&Step> {
        let orders = self.rounds.iter().flatten().flat_map(|order| &order.steps);
        let of_actors = self.actors.iter().flat_map(|it| it.on_drop.iter().chain(&it.on_notice));
        let mut all: Vec<&Step> = orders.chain(of_actors).collect();
        let mut seen = 0;
        while let Some(step) = all.get(seen) {
            seen += 1;
            if let Step::Scope(_, within, _) | Step::AbortedWhileRunning(within) = step {
                all.extend(within);
            }
        }
        all
    }

    /// How much of it can be overdue and nobody's, at most.
    pub fn nobodys(&self) -> usize {
        let steps = self.steps();
        let parks = steps.iter().any(|it| matches!(it, Step::Park(_)));
        let can_be = |it: &&&Step| match it {
            Step::Take(_, ThingKind::Registered, _) => true,
            Step::Take(_, ThingKind::Limited, _) => parks,
            _ => false,
        };
        steps.iter().filter(can_be).count()
    }
}

/// How what a program has is called, so that it is found again.
#[derive(Clone, Debug)]
pub(super) struct Names {
    /// No other program's begin so.
    pub(super) prefix: String,
}

impl Names {
    /// Of a task or a scope.
    pub(super) fn actor(&self, actor: Actor) -> String {
        format!("{}.t{actor}", self.prefix)
    }

    /// Of a thing that can be told of where no task of its program is.
    pub(super) fn thing(&self, thing: ThingId) -> String {
        format!("{}.thing{thing}", self.prefix)
    }

    /// Of such a name, what it begins with.
    pub(super) fn prefix_of(name: &str) -> Option<&str> {
        name.split_once(".t").map(|(prefix, _)| prefix)
    }
}

/// What one task, or nobody, is to do in a round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// `None` for what is done from outside all tasks.
    pub who: Option<Actor>,
    /// One after the other.
    pub steps: Vec<Step>,
}

/// What kind of actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActorKind {
    /// A spawned task.
    Task,
    /// A blocking closure.
    Blocking,
    /// A named future within a task.
    Scope,
}

/// Who keeps a task's handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Nobody: it is dropped where the task is spawned.
    Nobody,
    /// The task that spawned it.
    Spawner,
    /// The `JoinSet` of the task that spawned it.
    Set,
    /// Somebody outside all tasks.
    Outside,
}

/// What a task has to do with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bond {
    /// Which one.
    pub token: Token,
    /// It is bound to it; else it merely waits on it.
    pub bound: bool,
    /// It ends when it notices.
    pub returns: bool,
}

/// What a task or a scope is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact by itself")]
pub struct Plan {
    /// Of what kind.
    pub kind: ActorKind,
    /// Who has its handle.
    pub keep: Keep,
    /// Of a scope: what it takes is its own, and not its task's.
    pub owns: bool,
    /// A `TaskTracker` counts it, which has no handle of it.
    pub tracked: bool,
    /// `Builder::detached`.
    pub detached: bool,
    /// `Builder::grace`, of an hour.
    pub patient: bool,
    /// What it has to do with a token; a scope that has runs until that is cancelled.
    pub bond: Option<Bond>,
    /// What is done when its future is dropped, in a value's `Drop`.
    pub on_drop: Vec<Step>,
    /// What it does as soon as it notices its token.
    pub on_notice: Vec<Step>,
}

impl Plan {
    /// The token that is cancelled when its future is dropped.
    pub(super) fn guards(&self) -> Option<Token> {
        self.on_drop.iter().find_map(|step| match step {
            Step::DropGuard(token) => Some(*token),
            _ => None,
        })
    }

    pub(super) fn new(kind: ActorKind, keep: Keep) -> Self {
        let (on_drop, on_notice) = (Vec::new(), Vec::new());
        let (owns, tracked) = (false, false);
        Self {
            kind,
            keep,
            owns,
            tracked,
            detached: false,
            patient: false,
            bond: None,
            on_drop,
            on_notice,
        }
    }
}

/// What can be acquired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ThingKind {
    /// `sleep` for an hour, kept as a value.
    Sleep,
    /// `sleep` for a moment, kept as a value: its time is soon over.
    ShortSleep,
    /// `interval` of an hour.
    Interval,
    /// `call_later` in an hour.
    Later,
    /// `call_later` in a moment.
    Soon,
    /// `call_later` in a moment, and its callback arms the next one, for ever.
    Chain,
    /// An owned guard of a `Mutex` of its own.
    Guard,
    /// An owned guard of a `RwLock` of its own, to read.
    Read,
    /// Another, to write.
    Write,
    /// Two owned permits of the program's semaphore.
    Permit,
    /// The only permit of a semaphore of its own, owned.
    Single,
    /// Both ends of a channel: this is the sender, the next number the receiver.
    Sender(ChannelKind),
    /// The other end of it.
    Receiver(ChannelKind),
    /// `hold::Hold`.
    Hold,
    /// `hold::Held`.
    Held,
    /// A place in a bounded channel, reserved with a sender that it owns. Acquired, that
    /// sender is this number, the next one the receiver, and then comes the place.
    Place,
    /// `hold::Held`, with a limit that is soon over.
    Limited,
    /// `hold::Held`, with a limit of an hour.
    Roomy,
    /// Something in a `hold::Registry`, with a limit that is soon over.
    Registered,
}

impl ThingKind {
    /// An end of a channel that has more than two.
    pub(super) fn is_shared_end(self) -> bool {
        match self {
            Self::Sender(of) | Self::Receiver(of) => of != ChannelKind::Oneshot,
            _ => false,
        }
    }

    /// It is polled, and whoever is not alone with it can have put it where others poll it too.
    pub(super) fn is_polled(self) -> bool {
        match self {
            Self::Sender(_) | Self::Receiver(_) => !self.is_shared_end(),
            Self::Sleep | Self::ShortSleep | Self::Interval => true,
            _ => false,
        }
    }

    /// Whoever has a reference can use it, and a console sees that.
    pub(super) fn can_be_lent(self, plain: bool) -> bool {
        match self {
            Self::Guard | Self::Read | Self::Write => !plain,
            Self::Sender(_) | Self::Receiver(_) | Self::Held | Self::Limited | Self::Roomy => true,
            kind => kind.is_polled(),
        }
    }
}

/// Which of tokio's channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ChannelKind {
    /// For one message.
    Oneshot,
    /// For some messages.
    Mpsc,
    /// For any number of them.
    Unbounded,
    /// For the last one.
    Watch,
    /// For all receivers.
    Broadcast,
}

/// Where something is brought that leaves its task's future.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Escape {
    /// It stays where it was acquired.
    None,
    /// Into a static.
    Static,
    /// Into an `Arc` that somebody else has too.
    Arc,
    /// Into a channel that nobody reads.
    Channel,
    /// `mem::forget`.
    Forget,
    /// A permit's own `forget`.
    PermitForget,
}

/// What a task waits for, and others have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitFor {
    /// `Notify::notified`, of one that nobody notifies.
    Notify,
    /// To read what this guard is of.
    Read(ThingId),
    /// To have it alone.
    Write(ThingId),
    /// To have the permit that this is.
    Permit(ThingId),
    /// To receive something with this receiver, which it owns.
    Message(ThingId),
    /// `Barrier::wait`, at one to which nobody else comes.
    Barrier,
}

/// How a scope ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeEnd {
    /// Its future becomes ready.
    Completes,
    /// Another branch of the `select!` wins.
    Loses,
    /// Its time is over.
    TimesOut,
    /// It becomes ready before its time is over.
    InTime,
    /// Its token is cancelled by what it does last. As what it then is bound to, so it is
    /// in any other way.
    Until,
    /// It stays, until its task is dropped.
    Stays,
}

/// One thing that an actor does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Acquires something, and brings it there.
    Take(ThingId, ThingKind, Escape),
    /// Brings something that it has there.
    Put(ThingId, Escape),
    /// Gets something that was brought somewhere, without using it.
    Fetch(ThingId),
    /// Uses something that it has, or that lies in an `Arc`.
    Use(ThingId),
    /// Calls `transfer` on something that it has.
    Transfer(ThingId),
    /// Calls `park` on something that it has.
    Park(ThingId),
    /// Calls `transfer_to` with a task's id on something that it has.
    TransferTo(ThingId, Actor),
    /// Splits a permit in two: the second number is the part.
    Split(ThingId, ThingId),
    /// Begins to wait: the number is the wait's.
    Wait(ThingId, WaitFor),
    /// Gives up to wait.
    GiveUp(ThingId),
    /// Makes another end of the same side: the second number.
    Clone(ThingId, ThingId),
    /// Makes another receiver of a sender: the second number.
    Subscribe(ThingId, ThingId),
    /// Reserves a place with another sender made of a sender: the second number is that
    /// sender's, the third the place's.
    Reserve(ThingId, ThingId, ThingId),
    /// Closes a channel with its receiver.
    Close(ThingId),
    /// Makes a guard that writes one that reads.
    Downgrade(ThingId),
    /// Lets go of something that it has, or that was brought somewhere.
    Release(ThingId),
    /// Gives so many permits to the program's semaphore.
    AddPermits(usize),
    /// Spawns that task.
    Spawn {
        /// Which.
        actor: Actor,
        /// Something that the spawner has, and moves into the task's future.
        with: Option<ThingId>,
        /// It is aborted at once, as a rule before its first poll.
        aborted: bool,
    },
    /// Aborts that task, with a handle that it has or that is kept outside.
    Abort(Actor),
    /// Is aborted while it runs, from outside all tasks; then does this, and waits.
    AbortedWhileRunning(Vec<Self>),
    /// Is aborted while it runs, and becomes ready all the same.
    AbortedAndReady,
    /// `abort_all` on its set.
    AbortSet,
    /// Drops its set.
    DropSet,
    /// Cancels that token.
    Cancel(Token),
    /// Drops a `DropGuard` of that token.
    DropGuard(Token),
    /// Looks whether its token is cancelled.
    Look,
    /// Registers an `on_done` callback with that task's handle.
    OnDone(Actor, ThingId),
    /// Runs that scope, which does this.
    Scope(Actor, Vec<Self>, ScopeEnd),
    /// Gives way to other tasks.
    Yield,
    /// Returns.
    End,
    /// Panics.
    Panic,
}
