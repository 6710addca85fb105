//! Which task a thread is working for: a small stack of frames a thread.
//!
//! The innermost frame owns what the thread makes. A frame is pushed while a task is
//! polled and while it is dropped; a callback pushes its owner's.

use std::{cell::Cell, thread};

use super::{Recorder, key::Key};

/// Nested polls on one thread are few: a runtime's task, a `LocalSet` in it, scopes.
/// Deeper ones are counted, and what they make is recorded without an owner.
const DEPTH: usize = 32;

/// What the thread is working for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub(crate) recorder: &'static Recorder,
    pub(crate) work: Work,
    /// The thread was panicking already when the frame was entered.
    panicking: bool,
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
    Entered { depth: push(recorder, work) }
}

/// Enters a frame; [`leave`] names the same work. Gives the depth before.
#[inline]
pub(crate) fn push(recorder: &'static Recorder, work: Work) -> usize {
    STACK.with(|stack| {
        let depth = stack.depth.get();
        if let Some(cell) = stack.frames.get(depth) {
            let panicking = thread::panicking();
            cell.set(Some(Frame { recorder, work, panicking }));
        }
        stack.depth.set(depth + 1);
        depth
    })
}

/// Leaves the innermost frame of this work, and any above it. Work that was not
/// entered on this thread changes nothing. True when a panic began in the frame.
#[inline]
pub(crate) fn leave(work: Work) -> bool {
    STACK.with(|stack| {
        let depth = stack.depth.get();
        let frame = |at: usize| stack.frames.get(at).and_then(Cell::get);
        // Frames beyond the stack's end are not known: the innermost is the one.
        let is_it = |at: &usize| *at >= DEPTH || frame(*at).is_some_and(|it| it.work == work);
        let Some(at) = (0..depth).rev().find(is_it) else { return false };
        stack.depth.set(at);
        frame(at).is_some_and(|it| !it.panicking) && thread::panicking()
    })
}

/// The innermost frame.
#[inline]
pub(crate) fn current() -> Option<Frame> {
    STACK.with(|stack| {
        let top = stack.depth.get().checked_sub(1)?;
        stack.frames.get(top)?.get()
    })
}

/// The task that this thread works for, in this recorder.
#[inline]
pub(crate) fn current_task(recorder: &'static Recorder) -> Option<Key> {
    let frame = current()?;
    match frame.work {
        Work::Task(task) if std::ptr::eq(frame.recorder, recorder) => Some(task),
        _ => None,
    }
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
    match current().map(|frame| frame.work) {
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
    is_our_thread() || current().is_some_and(|frame| frame.work == Work::Ours)
}
