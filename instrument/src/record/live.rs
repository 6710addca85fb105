//! The version of [`super`] that records.
//!
//! A shim takes its handle to the recorder once, when it is made, and never looks for
//! it again: poll, release and drop use the stored one. A guard dropped on a thread
//! with another default would otherwise be a leak for ever.

mod asker;
mod chain;
mod channel;
mod pool;
mod reach;
mod resource;

#[cfg(unix)]
use std::os::fd::{AsRawFd, BorrowedFd};
use std::{cell::Cell, fmt, panic::Location, sync::Arc, thread, time::Duration};

pub(crate) use self::{
    asker::{Asker, Group, Node, Noticing},
    chain::Chain,
    channel::{ChannelEnd, WeakEnd},
    pool::{Lease, Lender},
    reach::Reach,
    resource::{End, Resource, Wait},
};
use super::{
    Client, DroppedBy, Label, NewHolding, NewKind, NewTask, OnDrop, Options, Spawned, Traits,
    budget::{a_drop_cancels, thread_has_a_budget},
};
use crate::{
    ended::{Callback, Done, call},
    fault::{Fault, planted},
    recorder::{
        Recorder,
        clock::{Nanos, nanos},
        control::Aborts,
        holding::{Acquired, HoldingFlag},
        key::Key,
        owner::{self, Entered, User, Work},
        request::{Extra, Request, Who},
        table::{FileId, Origin, SiteId, TextId, cut},
        task::{Birth, Flag},
    },
    runtimes,
    words::{Cause, Kind, Outcome, TaskKind},
};

thread_local! {
    /// The slot that a shim has made for the span that tokio is about to make.
    static ADOPT: Cell<Option<Adopt>> = const { Cell::new(None) };
    /// A shim's call to a spawn function is in progress.
    static SPAWNING: Cell<bool> = const { Cell::new(false) };
}

/// A slot that a shim made, for the span that tokio is about to make.
#[derive(Clone, Copy)]
pub(crate) enum Adopt {
    Task(&'static Recorder, Key),
    Holding(&'static Recorder, Key),
}

/// The slot left for the span that is being made, once.
pub(crate) fn take_adopted() -> Option<Adopt> {
    ADOPT.with(Cell::take)
}

/// A task that a shim follows: recorded, or not and then only for its callbacks.
#[derive(Clone)]
pub(crate) enum Task {
    Recorded(Recorded),
    Bare(Arc<Done>),
}

fn extra(recorder: &Recorder, options: Options) -> u32 {
    if options.grace.is_none() && options.detached.is_none() && options.bound_to.is_empty() {
        return 0;
    }
    recorder.extras.insert(Arc::new(Extra {
        grace: options.grace.map(nanos),
        detached: options.detached.as_deref().map(|why| Arc::from(cut(why))),
        bound_to: options.bound_to,
    }))
}

/// The canceller of a request, which is no task: its client, whoever keeps its deadline, or,
/// of a connection that is not seen, whoever may have aborted that.
const fn client(or_deadline: bool, or_aborted: bool) -> &'static str {
    match (or_deadline, or_aborted) {
        (false, false) => "client disconnected",
        (false, true) => "client disconnected, or connection aborted",
        (true, false) => "client disconnected, or deadline exceeded",
        (true, true) => "client disconnected, deadline exceeded, or connection aborted",
    }
}

/// A task in the recorder.
#[derive(Clone, Copy)]
pub(crate) struct Recorded {
    recorder: &'static Recorder,
    key: Key,
}

impl fmt::Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.key.fmt(f)
    }
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recorded(task) => f.debug_tuple("Task").field(&task.key).finish(),
            Self::Bare(_) => f.write_str("Task"),
        }
    }
}

impl Recorded {
    /// The task was asked to stop, itself or through what it is bound to: then the
    /// request is written on it.
    fn was_asked(self) -> bool {
        let Self { recorder, key } = self;
        if recorder.is_asked(key) {
            return true;
        }
        match recorder.extra(key).and_then(|extra| extra.request()) {
            Some(request) => {
                recorder.request(key, Arc::unwrap_or_clone(request));
                // Somebody else may have been faster.
                recorder.is_asked(key)
            }
            None => false,
        }
    }
}

impl Recorded {
    /// The request that a scope's drop is.
    fn dropped_by(self, by: DroppedBy, now: Nanos) -> Request {
        let Self { recorder, key } = self;
        let (canceller, site) = match by {
            DroppedBy::Owner => (recorder.current_who(), SiteId::default()),
            DroppedBy::Client(Client { site, or_deadline, is_stream }) => {
                // Of a connection that is not seen it is not known that it went on.
                let or_aborted = recorder.surroundings(key).is_none()
                    || (is_stream && recorder.connection_may_be_dropped(key));
                let name = client(or_deadline, or_aborted);
                let canceller = Who { name: name.into(), ..Who::default() };
                (Some(canceller), SiteId::of(site))
            }
        };
        Request { canceller, site, ..Request::new(Cause::Dropped, now) }
    }
}

impl Task {
    /// A slot for the task, made before tokio is called.
    pub(crate) fn new(new: NewTask<'_>) -> Self {
        let recorded = Recorder::current().and_then(|recorder| {
            let kind = match new.kind {
                NewKind::Task => TaskKind::Task,
                NewKind::Local => TaskKind::Local,
                NewKind::Blocking => TaskKind::Blocking,
                NewKind::Scope => TaskKind::Scope,
            };
            let site = new.location.map_or_else(SiteId::default, SiteId::of);
            let is_of_a_library =
                |it: &Location<'static>| FileId::of(it.file()).origin() != Origin::Own;
            let library = new.location.is_some_and(is_of_a_library);
            let mut flags = Flag::Shim as u32;
            for (flag, is_so) in
                [(Flag::Library, library), (Flag::Detached, new.options.detached.is_some())]
            {
                flags |= if is_so { flag as u32 } else { 0 };
            }
            let birth = Birth {
                name: new.name.map_or(TextId::EMPTY, TextId::counted),
                type_name: TextId::fixed(new.type_name),
                size: new.size,
                flags,
                extra: extra(recorder, new.options),
                ..Birth::new(kind, site)
            };
            let task = recorder.spawned(&birth).map(|key| Recorded { recorder, key })?;
            if birth.extra != 0 {
                // Bound to what is cancelled already: nobody will come and ask.
                task.was_asked();
            }
            Some(task)
        });
        recorded.map_or_else(|| Self::Bare(Arc::default()), Self::Recorded)
    }

    fn recorded(&self) -> Option<Recorded> {
        match self {
            Self::Recorded(task) => Some(*task),
            Self::Bare(_) => None,
        }
    }

    /// Until the guard is gone, the span that tokio makes takes this task's slot. A
    /// spawn that panics leaves no task behind.
    pub(crate) fn adopting(&self) -> Adopting {
        // Made before the spawn: a task may have ended, and its slot be gone, before
        // the spawn function returns.
        let handle = Some(Handle::new(self.clone()));
        let task = self.recorded();
        ADOPT.set(task.map(|task| Adopt::Task(task.recorder, task.key)));
        Adopting { task, handle, before: SPAWNING.replace(true) }
    }

    /// Enters the task's frame for one poll. Counts it, unless tokio's span does.
    #[inline]
    pub(crate) fn begin_poll(&self) -> Polling {
        let panicking = thread::panicking();
        let Self::Recorded(task) = *self else {
            return Polling { task: None, counted: false, panicking, entered: None };
        };
        let counted = !task.recorder.has_flag(task.key, Flag::Span);
        if counted && let Some(slot) = task.recorder.task_slot(task.key) {
            runtimes::met_by(slot);
            slot.poll_begins(task.recorder.clock.now());
        }
        // Where tokio's span is entered, its frame is the innermost already.
        let is_entered = owner::runs(task.recorder, task.key).is_some();
        let entered = (!is_entered).then(|| owner::enter_run(task.recorder, task.key));
        Polling { task: Some(task), counted, panicking, entered }
    }

    /// The future is ready: a request that came too late was none. Then `drop_it`
    /// drops the future, as the task. Even when that panics the task has ended.
    pub(crate) fn completes(&self, polling: Polling, drop_it: impl FnOnce()) {
        let was_panicking = polling.panicking;
        self.was_asked_too_late();
        if let Self::Recorded(Recorded { recorder, key }) = *self {
            polling.counts_now();
            recorder.drop_begins(key, recorder.clock.now());
        }
        let _end = OnDrop(|| {
            // So was whoever asked while the future was dropped.
            self.was_asked_too_late();
            let panicked = !was_panicking && thread::panicking();
            self.ends(if panicked { Outcome::Panicked } else { Outcome::Completed });
        });
        // The frame is left before the task ends.
        let polling = polling;
        drop_it();
        drop(polling);
    }

    fn was_asked_too_late(&self) {
        if let Self::Recorded(Recorded { recorder, key }) = *self
            && recorder.delivered_at(key).is_none()
            && !planted(Fault::TakeBack)
        {
            recorder.take_back_request(key);
        }
    }

    /// The blocking closure has returned, or panicked.
    pub(crate) fn returns(&self, polling: Polling) {
        let panicked = !polling.panicking && thread::panicking();
        if let Self::Recorded(Recorded { recorder, key }) = *self
            && !panicked
        {
            // A closure that runs cannot be aborted: it was asked, and went on.
            polling.counts_now();
            recorder.drop_begins(key, recorder.clock.now());
        }
        drop(polling);
        self.ends(if panicked { Outcome::Panicked } else { Outcome::Completed });
    }

    /// The future is being dropped before it was ready: `drop_it` drops it, as the
    /// task. Even when a value's own drop panics the task has ended.
    pub(crate) fn is_dropped(&self, drop_it: impl FnOnce()) {
        let outcome = self.outcome_of_a_drop();
        let _end = OnDrop(|| self.ends(outcome));
        let Self::Recorded(Recorded { recorder, key }) = *self else { return drop_it() };
        let _entered = owner::enter(recorder, Work::Task(key));
        let now = recorder.clock.now();
        if outcome == Outcome::Cancelled {
            recorder.request(key, Request::new(Cause::Unknown, now));
            recorder.delivered(key, now);
        }
        recorder.drop_begins(key, now);
        recorder.run_is_the_drop(key);
        drop_it();
    }

    fn outcome_of_a_drop(&self) -> Outcome {
        let (panicked, asked) = match self {
            Self::Recorded(task) => {
                (task.recorder.has_flag(task.key, Flag::Panicked), task.was_asked())
            }
            // A runtime that is dropped by an unwinding thread has no budget.
            Self::Bare(done) => (thread::panicking() && thread_has_a_budget(), done.is_asked()),
        };
        if panicked {
            Outcome::Panicked
        } else if !asked && (SPAWNING.get() || !a_drop_cancels()) && !planted(Fault::Shutdown) {
            Outcome::Shutdown
        } else {
            Outcome::Cancelled
        }
    }

    /// The scope's future is ready: what it owns passes outward.
    pub(crate) fn scope_completes(&self, polling: Polling, drop_it: impl FnOnce()) {
        if let Self::Recorded(task) = self {
            // A bound scope may have been asked before it became ready.
            task.was_asked();
        }
        self.completes(polling, drop_it);
    }

    /// The future goes on without its scope.
    pub(crate) fn scope_is_disarmed(&self) {
        self.ends(Outcome::Completed);
    }

    /// The scope's future is being dropped before it was ready.
    pub(crate) fn scope_is_dropped(&self, by: DroppedBy, drop_it: impl FnOnce()) {
        let Self::Recorded(task) = *self else { return drop_it() };
        let Recorded { recorder, key } = task;
        if recorder.has_ended(key) {
            return drop_it();
        }
        let now = recorder.clock.now();
        let was_asked = task.was_asked();
        let outcome = if recorder.has_flag(key, Flag::Panicked) {
            Outcome::Panicked
        } else if !was_asked && recorder.surroundings(key).is_none() && !a_drop_cancels() {
            // What is around it is not seen: its runtime drops it with everything else.
            Outcome::Shutdown
        } else {
            Outcome::Cancelled
        };
        if !was_asked && outcome != Outcome::Shutdown {
            recorder.request(key, task.dropped_by(by, now));
        }
        let _end = OnDrop(|| self.ends(outcome));
        let _entered = owner::enter(recorder, Work::Task(key));
        if outcome != Outcome::Shutdown {
            recorder.delivered(key, now);
        }
        recorder.drop_begins(key, now);
        drop_it();
    }

    /// The last thing that is done for the task: its slot may be gone afterwards.
    fn ends(&self, outcome: Outcome) {
        let Recorded { recorder, key } = match self {
            Self::Recorded(task) => *task,
            Self::Bare(done) => return done.ends(outcome),
        };
        let is_first = recorder.ended(key, outcome);
        recorder.cannot_abort(key);
        if !is_first {
            return;
        }
        let callbacks = recorder.take_callbacks(key);
        // Few tasks have any, and what those are told is not looked up for the others.
        if !callbacks.is_empty()
            && let Some(ended) = recorder.end_of(key)
        {
            let _entered = owner::enter(recorder, Work::Task(key));
            for callback in callbacks {
                call(callback, &ended);
            }
        }
        recorder.lets_go(key);
    }

    /// Asks the task to stop, on behalf of whoever runs on this thread.
    pub(crate) fn request(
        &self,
        cause: Cause,
        site: &'static Location<'static>,
        why: Option<&str>,
    ) {
        let Recorded { recorder, key } = match self {
            Self::Recorded(task) => *task,
            Self::Bare(done) => return done.ask(),
        };
        // By a token or a set, perhaps, and nobody has looked since: the first one counts.
        if (Recorded { recorder, key }).was_asked() {
            return;
        }
        let request = Request {
            canceller: recorder.current_who(),
            site: SiteId::of(site),
            reason: why.map(Arc::from),
            ..Request::new(cause, recorder.clock.now())
        };
        recorder.request(key, request);
    }

    /// Somebody has tokio's own handle: whether that lives is not seen.
    pub(crate) fn is_kept(&self) {
        if let Self::Recorded(Recorded { recorder, key }) = *self {
            recorder.set_flag(key, Flag::Kept);
        }
    }

    /// Keeps the callback until the task ends, or calls it at once when it has ended.
    pub(crate) fn on_end(&self, callback: Callback, location: &'static Location<'static>) {
        let Recorded { recorder, key } = match self {
            Self::Recorded(task) => *task,
            Self::Bare(done) => return done.on_end(callback),
        };
        let callback = if recorder.has_ended(key) {
            callback
        } else {
            held_by(recorder, key, callback, location)
        };
        if let Err(callback) = recorder.on_end(key, callback)
            && let Some(ended) = recorder.end_of(key)
        {
            let _entered = owner::enter(recorder, Work::Task(key));
            call(callback, &ended);
        }
    }
}

/// The callback as a holding of the task that it waits on, until it has run.
fn held_by(
    recorder: &'static Recorder,
    task: Key,
    callback: Callback,
    location: &'static Location<'static>,
) -> Callback {
    let (label, site) = (TextId::fixed("on_done"), SiteId::of(location));
    let acquired = Acquired::new(Kind::Callback, label, site, HoldingFlag::Noted as u8);
    let holding = Holding(recorder.acquired_by(&acquired, Some(task)).map(|key| (recorder, key)));
    Box::new(move |ended| {
        callback(ended);
        drop(holding);
    })
}

/// A call to a spawn function in progress.
#[must_use]
pub(crate) struct Adopting {
    task: Option<Recorded>,
    /// `None` once the task was spawned.
    handle: Option<Handle>,
    before: bool,
}

impl Adopting {
    /// The task was spawned, and this is tokio's id for it. Gives its handle.
    #[inline]
    pub(crate) fn adopted(mut self, spawned: &impl Spawned) -> Handle {
        if let Some(Recorded { recorder, key }) = self.task {
            recorder.set_tokio_id(key, id_number(spawned.task_id()));
            if recorder.control.is_allowed() {
                recorder.can_abort(key, Box::new(ByTokio(spawned.aborter())));
            }
        }
        self.handle.take().expect("a spawn is over once")
    }
}

#[derive(Debug)]
struct ByTokio(tokio::task::AbortHandle);

impl Aborts for ByTokio {
    fn abort(&self) {
        self.0.abort();
    }
}

impl Drop for Adopting {
    fn drop(&mut self) {
        ADOPT.set(None);
        SPAWNING.set(self.before);
        if let Some(task) = self.task.filter(|_| self.handle.is_some()) {
            task.recorder.never_was(task.key);
        }
    }
}

/// One poll in progress.
#[derive(Debug)]
#[must_use]
pub(crate) struct Polling {
    task: Option<Recorded>,
    counted: bool,
    panicking: bool,
    #[expect(dead_code, reason = "leaves the frame when dropped")]
    entered: Option<Entered>,
}

impl Polling {
    /// tokio's span, which counts the polls, finds the task ended when it is left: the
    /// poll that made it ready is counted here.
    fn counts_now(&self) {
        if let Some(Recorded { recorder, key }) = self.task.filter(|_| !self.counted) {
            recorder.poll_ends(key);
        }
    }
}

impl Drop for Polling {
    #[inline]
    fn drop(&mut self) {
        let Some(Recorded { recorder, key }) = self.task else { return };
        if self.counted {
            recorder.poll_ends(key);
        }
        if !self.panicking && thread::panicking() {
            recorder.set_flag(key, Flag::Panicked);
        }
    }
}

/// Keeps a task's record for as long as a handle to the task lives.
#[derive(Debug)]
pub(crate) struct Handle(Task);

impl Handle {
    pub(crate) fn new(task: Task) -> Self {
        if let Task::Recorded(Recorded { recorder, key }) = task
            && !recorder.handle_made(key)
        {
            return Self(Task::Bare(Arc::default()));
        }
        Self(task)
    }

    pub(crate) fn task(&self) -> &Task {
        &self.0
    }
}

impl Clone for Handle {
    fn clone(&self) -> Self {
        Self::new(self.0.clone())
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        if let Task::Recorded(Recorded { recorder, key }) = self.0 {
            recorder.handle_gone(key);
        }
    }
}

impl Traits {
    fn flags(self) -> u8 {
        match self {
            Self::Sleep => HoldingFlag::Expires as u8 | HoldingFlag::Moves as u8,
            Self::Periodic | Self::Guard => HoldingFlag::Moves as u8,
            Self::Value => HoldingFlag::Noted as u8 | HoldingFlag::Moves as u8,
            Self::Fixed => HoldingFlag::Noted as u8,
        }
    }
}

/// A recorded holding; released when dropped.
pub(crate) struct Holding(Option<(&'static Recorder, Key)>);

impl fmt::Debug for Holding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Holding").field(&self.0.map(|(_, key)| key)).finish()
    }
}

impl Holding {
    pub(crate) const NONE: Self = Self(None);

    pub(crate) fn new(new: &NewHolding<'_>) -> Self {
        let Some(recorder) = Recorder::current() else { return Self::NONE };
        let now = recorder.clock.now();
        let label = match new.label {
            Label::Fixed(text) => TextId::fixed(text),
            Label::Made(text) => TextId::counted(text),
        };
        let site = SiteId::of(new.location);
        let acquired = Acquired {
            due_at: new.due_in.map_or(0, |due_in| now.saturating_add(nanos(due_in))),
            ..Acquired::new(new.kind, label, site, new.traits.flags())
        };
        let made = recorder.acquired(&acquired).map(|key| (recorder, key));
        if made.is_none() {
            acquired.label.release();
        }
        Self(made)
    }

    /// Until the guard is gone, the span that tokio makes takes this holding's slot.
    pub(crate) fn adopting(&self) -> AdoptingHolding {
        ADOPT.set(self.0.map(|(recorder, key)| Adopt::Holding(recorder, key)));
        AdoptingHolding
    }

    /// Whoever runs on this thread has used it: it is theirs.
    #[inline]
    pub(crate) fn used_here(&self) {
        if let Some((recorder, key)) = self.0 {
            match owner::user(recorder) {
                User::Task(task) => recorder.used(key, Some(task)),
                User::Nobody => recorder.used(key, None),
                User::Unsaid => {}
            }
        }
    }

    /// It is the calling task's from now on, on purpose: its phase is taken anew.
    pub(crate) fn transfer(&self) {
        if let Some((recorder, key)) = self.0 {
            recorder.transferred(key, owner::current_task(recorder));
        }
    }

    /// No task owns it from now on, until one takes it.
    pub(crate) fn is_nobodys(&self) {
        if let Some((recorder, key)) = self.0.filter(|_| !planted(Fault::Park)) {
            recorder.parked(key);
        }
    }

    /// It is that task's from now on, on purpose.
    pub(crate) fn transfer_to(&self, task: &Task) {
        if let (Some((recorder, key)), Task::Recorded(to)) = (self.0, task)
            && std::ptr::eq(recorder, to.recorder)
        {
            recorder.transferred(key, Some(to.key));
        }
    }

    /// As [`Self::transfer_to`], for a task of which only tokio's id is known.
    pub(crate) fn transfer_to_id(&self, id: tokio::task::Id) {
        if let Some((recorder, key)) = self.0
            && let Some(to) = recorder.live_task_of(id_number(id))
        {
            recorder.transferred(key, Some(to));
        }
    }

    /// It may be held for so long, from its acquisition.
    pub(crate) fn set_limit(&self, limit: Duration) {
        if let Some((recorder, key)) = self.0 {
            recorder.set_limit(key, nanos(limit));
        }
    }

    /// How many permits it is.
    pub(crate) fn set_amount(&self, amount: u32) {
        if let Some((recorder, key)) = self.0 {
            recorder.set_amount(key, amount);
        }
    }

    /// It is called something else from now on.
    pub(crate) fn relabel(&self, label: &'static str) {
        if let Some((recorder, key)) = self.0 {
            recorder.relabel(key, TextId::fixed(label));
        }
    }

    pub(crate) fn set_bytes(&self, bytes: u64) {
        if let Some((recorder, key)) = self.0 {
            recorder.set_bytes(key, bytes);
        }
    }

    /// It is this open file descriptor. Asks the kernel what that stands for, and nothing
    /// that could block.
    #[cfg(unix)]
    pub(crate) fn set_fd(&self, fd: BorrowedFd<'_>) {
        if let (Some((recorder, key)), Ok(number)) = (self.0, u32::try_from(fd.as_raw_fd())) {
            let identity = crate::process::identity(number);
            recorder.set_fd(key, crate::recorder::holding::OpenFd { number, identity });
        }
    }

    /// Another holding of the same, as old, and this one's owner's.
    pub(crate) fn twin(&self) -> Self {
        let Some((recorder, key)) = self.0 else { return Self::NONE };
        Self(recorder.twin(key).map(|twin| (recorder, twin)))
    }

    pub(crate) fn due_in(&self, due_in: Duration) {
        if let Some((recorder, key)) = self.0 {
            recorder.set_due(key, recorder.clock.now().saturating_add(nanos(due_in)));
        }
    }

    /// It holds nothing any more, though the value still lives.
    pub(crate) fn is_over(&self) {
        if let Some((recorder, key)) = self.0 {
            recorder.is_over(key);
        }
    }

    /// Does something in which tokio enters the timer's span, as it does for a poll,
    /// though it is none: whose it is stays.
    pub(crate) fn with_its_owner(&self, reset: impl FnOnce()) {
        let owner = self.0.and_then(|(recorder, key)| recorder.owner(key));
        reset();
        if let Some((recorder, key)) = self.0 {
            recorder.owned_by(key, owner);
        }
    }

    /// It holds something again, for whoever runs on this thread.
    pub(crate) fn is_not_over(&self) {
        if let Some((recorder, key)) = self.0 {
            recorder.is_not_over(key, owner::current_task(recorder));
        }
    }
}

impl Drop for Holding {
    #[inline]
    fn drop(&mut self) {
        if let Some((recorder, key)) = self.0.take() {
            recorder.released(key);
        }
    }
}

/// tokio makes the span of a holding.
#[must_use]
pub(crate) struct AdoptingHolding;

impl Drop for AdoptingHolding {
    #[inline]
    fn drop(&mut self) {
        ADOPT.set(None);
    }
}

/// While it lives, what this thread makes is Holdover's own, which is not recorded.
#[must_use]
pub(crate) struct Unrecorded(#[expect(dead_code, reason = "it is for its drop")] Option<Entered>);

pub(crate) fn unrecorded_here() -> Unrecorded {
    Unrecorded(Recorder::current().map(|recorder| owner::enter(recorder, Work::Ours)))
}

/// What the calling code makes is recorded.
#[cfg(feature = "tower")]
#[inline]
pub(crate) fn is_recorded() -> bool {
    Recorder::current().is_some()
}

/// Does something of Holdover's own, which is not recorded.
pub(crate) fn unrecorded<R>(ours: impl FnOnce() -> R) -> R {
    let _ours = unrecorded_here();
    ours()
}

/// tokio tells its ids only through `Hash`, `Eq` and `Display`; hashing one feeds
/// its number to the hasher, and costs half a nanosecond.
fn id_number(id: tokio::task::Id) -> u64 {
    use std::hash::{Hash, Hasher};

    struct Number(u64);
    impl Hasher for Number {
        fn write(&mut self, bytes: &[u8]) {
            let mut number = [0; 8];
            let len = bytes.len().min(8);
            number[..len].copy_from_slice(&bytes[..len]);
            self.0 = u64::from_ne_bytes(number);
        }
        fn write_u64(&mut self, number: u64) {
            self.0 = number;
        }
        fn finish(&self) -> u64 {
            self.0
        }
    }
    let mut number = Number(0);
    id.hash(&mut number);
    number.finish()
}
