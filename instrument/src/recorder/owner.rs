//! Which task a thread is working for: a small stack of frames a thread.
//!
//! The innermost frame owns what the thread makes. A frame is pushed while a task is
//! polled and while it is dropped; a callback pushes its owner's.

use std::{cell::Cell, thread};

use super::{Recorder, key::Key, task::TaskSlot};

/// Nested polls on one thread are few: a runtime's task, a `LocalSet` in it, scopes.
/// Deeper ones are counted, and what they make is recorded without an owner.
const DEPTH: usize = 32;

/// What the thread is working for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub(crate) recorder: &'static Recorder,
    work: Packed,
    /// The thread was panicking already when the frame was entered.
    panicking: bool,
    /// The task's record, where it is polled or dropped here: no other thread does so at the
    /// same time, and its record stays for as long.
    run: Option<&'static TaskSlot>,
}

impl Frame {
    #[inline]
    pub(crate) fn work(self) -> Work {
        self.work.unpacked()
    }

    #[inline]
    fn run_of(self, recorder: &Recorder, task: u64) -> Option<&'static TaskSlot> {
        // Two recorders may give the same key.
        let is_it = self.work.0 == task && std::ptr::eq(self.recorder, recorder);
        self.run.filter(|_| is_it)
    }

    #[inline]
    fn a_panic_began(self) -> bool {
        !self.panicking && thread::panicking()
    }
}

/// For whom a thread works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// A task: what is made belongs to it.
    Task(Key),
    /// Nobody in particular: what is made has no owner.
    Nobody,
    /// Holdover itself: nothing is recorded.
    Ours,
}

/// [`Work`] in one word, so that a frame is entered and left with a few stores and one
/// comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Packed(u64);

impl Packed {
    /// No key is so small.
    const NOBODY: Self = Self(0);
    const OURS: Self = Self(1);

    #[inline]
    fn new(work: Work) -> Self {
        match work {
            Work::Task(key) => Self(key.bits()),
            Work::Nobody => Self::NOBODY,
            Work::Ours => Self::OURS,
        }
    }

    #[inline]
    fn unpacked(self) -> Work {
        match Key::from_bits(self.0) {
            Some(key) => Work::Task(key),
            None if self == Self::OURS => Work::Ours,
            None => Work::Nobody,
        }
    }
}

struct Stack {
    depth: Cell<usize>,
    frames: [Cell<Option<Frame>>; DEPTH],
    ours: Cell<bool>,
}

thread_local! {
    // Without a destructor: it can be reached for as long as the thread runs code.
    static STACK: Stack = const {
        Stack {
            depth: Cell::new(0),
            frames: [const { Cell::new(None) }; DEPTH],
            ours: Cell::new(false),
        }
    };
}

/// Leaves its frame, and any above it, when dropped.
#[derive(Debug)]
#[must_use]
pub(crate) struct Entered {
    depth: usize,
}

impl Drop for Entered {
    #[inline]
    fn drop(&mut self) {
        STACK.with(|stack| stack.depth.set(self.depth));
    }
}

/// Enters a frame for as long as the guard lives.
#[inline]
pub(crate) fn enter(recorder: &'static Recorder, work: Work) -> Entered {
    Entered { depth: push_frame(recorder, Packed::new(work), None) }
}

/// As [`enter`], of a task that is polled or dropped.
#[inline]
pub(crate) fn enter_run(recorder: &'static Recorder, task: Key) -> Entered {
    Entered { depth: push_frame(recorder, Packed(task.bits()), recorder.task_slot(task)) }
}

/// Enters a frame of a task; [`leave`] names the same task. `run` is its record where it is
/// certain that no other thread enters one of it meanwhile; then [`leave_run`] leaves it.
#[inline]
pub(crate) fn push_task(recorder: &'static Recorder, task: Key, run: Option<&'static TaskSlot>) {
    push_frame(recorder, Packed(task.bits()), run);
}

/// Enters a frame of Holdover's own; [`leave`] names the same work.
#[inline]
pub(crate) fn push_ours(recorder: &'static Recorder) {
    push_frame(recorder, Packed::OURS, None);
}

/// Gives the depth before.
#[inline]
fn push_frame(recorder: &'static Recorder, work: Packed, run: Option<&'static TaskSlot>) -> usize {
    STACK.with(|stack| {
        let depth = stack.depth.get();
        if let Some(cell) = stack.frames.get(depth) {
            let panicking = thread::panicking();
            cell.set(Some(Frame { recorder, work, panicking, run }));
        }
        stack.depth.set(depth + 1);
        depth
    })
}

/// Leaves the innermost frame of this work, and any above it. Work that was not
/// entered on this thread changes nothing. True when a panic began in the frame.
#[inline]
pub(crate) fn leave(work: Work) -> bool {
    let work = Packed::new(work);
    STACK.with(|stack| match leave_innermost(stack, |frame| frame.work == work) {
        Some(frame) => frame.a_panic_began(),
        None => leave_deeper(stack, work),
    })
}

/// Leaves the innermost frame, if it is a run of the task of this span: gives the task's
/// record, and whether a panic began in the frame.
#[inline]
pub(crate) fn leave_run(recorder: &Recorder, span: u64) -> Option<(&'static TaskSlot, bool)> {
    STACK.with(|stack| {
        let frame = leave_innermost(stack, |frame| frame.run_of(recorder, span).is_some())?;
        Some((frame.run?, frame.a_panic_began()))
    })
}

/// Leaves the innermost frame, if that is it, and gives it.
#[inline]
fn leave_innermost(stack: &Stack, is_it: impl FnOnce(&Frame) -> bool) -> Option<Frame> {
    let top = stack.depth.get().checked_sub(1)?;
    let frame = stack.frames.get(top)?.get().filter(is_it)?;
    stack.depth.set(top);
    Some(frame)
}

#[cold]
fn leave_deeper(stack: &Stack, work: Packed) -> bool {
    let frame = |at: usize| stack.frames.get(at).and_then(Cell::get);
    // Frames beyond the stack's end are not known: the innermost is the one.
    let is_it = |at: &usize| *at >= DEPTH || frame(*at).is_some_and(|it| it.work == work);
    let Some(at) = (0..stack.depth.get()).rev().find(is_it) else { return false };
    stack.depth.set(at);
    frame(at).is_some_and(Frame::a_panic_began)
}

/// The innermost frame.
#[inline]
pub(crate) fn current() -> Option<Frame> {
    STACK.with(|stack| {
        let top = stack.depth.get().checked_sub(1)?;
        stack.frames.get(top)?.get()
    })
}

/// The task's record, where this thread polls it, or drops it: no other thread does so at
/// the same time.
#[inline]
pub(crate) fn runs(recorder: &Recorder, task: Key) -> Option<&'static TaskSlot> {
    current()?.run_of(recorder, task.bits())
}

/// Whether this thread is in a frame of the task, be it the innermost one or not; true where
/// that is one in which no other thread is.
#[inline]
pub(crate) fn works_for(task: Key) -> Option<bool> {
    STACK.with(|stack| {
        let frames = stack.frames.iter().take(stack.depth.get()).rev();
        let mut its = frames.filter_map(Cell::get).filter(|frame| frame.work.0 == task.bits());
        its.next().map(|frame| frame.run.is_some())
    })
}

/// The task that this thread works for, in this recorder.
#[inline]
pub(crate) fn current_task(recorder: &'static Recorder) -> Option<Key> {
    let frame = current().filter(|frame| std::ptr::eq(frame.recorder, recorder))?;
    Key::from_bits(frame.work.0)
}

/// Who uses a thing on a thread.
#[derive(Clone, Copy, Debug)]
pub(crate) enum User {
    /// It is that task's.
    Task(Key),
    /// No task that is recorded, as in `main` without tokio's spans: it is nobody's.
    Nobody,
    /// Holdover itself, or a task of another recorder: whose it is stays.
    Unsaid,
}

/// Who uses what is used on this thread.
#[inline]
pub(crate) fn user(recorder: &'static Recorder) -> User {
    match current().map(Frame::work) {
        None | Some(Work::Nobody) => User::Nobody,
        Some(Work::Task(_)) => current_task(recorder).map_or(User::Unsaid, User::Task),
        Some(Work::Ours) => User::Unsaid,
    }
}

/// How many frames the thread is in.
pub(crate) fn depth() -> usize {
    STACK.with(|stack| stack.depth.get())
}

/// Marks the thread as Holdover's own: nothing on it is recorded.
pub(crate) fn this_thread_is_ours() {
    STACK.with(|stack| stack.ours.set(true));
}

/// The thread is Holdover's own: none of the service's code runs on it.
#[inline]
pub(crate) fn is_our_thread() -> bool {
    STACK.with(|stack| stack.ours.get())
}

/// The thread is Holdover's own, or works for it at the moment.
#[inline]
pub(crate) fn is_ours() -> bool {
    is_our_thread() || current().is_some_and(|frame| frame.work == Packed::OURS)
}
