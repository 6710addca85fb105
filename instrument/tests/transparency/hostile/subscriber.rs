//! The hostile subscriber: it mints what it is told to, and notes what it gets.

use std::{
    cell::RefCell,
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tracing::{
    Event, Metadata, Subscriber,
    span::{Attributes, Id, Record},
};

/// What it gets for a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    New,
    /// Of another: this is the clone's id, which may be the other's.
    Clone,
    Enter,
    Exit,
    Drop,
}

#[derive(Debug)]
pub(super) struct Hostile(pub(super) Arc<State>);

#[derive(Debug, Default)]
pub(super) struct State(Mutex<Noted>);

#[derive(Debug, Default)]
struct Noted {
    calls: HashMap<u64, Vec<Call>>,
    /// How many references there are to each span of its own.
    spans: HashMap<u64, usize>,
    minted: u64,
}

thread_local! {
    /// What it mints next on this thread, for a span and for a clone.
    static SPANS: RefCell<VecDeque<u64>> = const { RefCell::new(VecDeque::new()) };
    static CLONES: RefCell<VecDeque<u64>> = const { RefCell::new(VecDeque::new()) };
}

/// On this thread the next spans get these ids, and after them unsuspicious ones.
pub(super) fn mints(ids: &[u64]) {
    SPANS.set(ids.iter().copied().collect());
}

/// As [`mints`], for clones; after them a clone's id is the span's.
pub(super) fn mints_for_clones(ids: &[u64]) {
    CLONES.set(ids.iter().copied().collect());
}

impl State {
    /// What it got for this id, which is forgotten.
    pub(super) fn took(&self, id: u64) -> Vec<Call> {
        self.noted().calls.remove(&id).unwrap_or_default()
    }

    /// The span was made, entered, exited and closed, each of it once.
    #[track_caller]
    pub(super) fn lived(&self, id: u64) {
        assert_eq!(self.took(id), [Call::New, Call::Enter, Call::Exit, Call::Drop], "{id:#x}");
    }

    /// How many spans have lived, where an id may have been given to several, one after
    /// another, or have been refused.
    pub(super) fn lives(&self) -> usize {
        let noted = self.noted();
        let lives = noted
            .calls
            .values()
            .flat_map(|calls| calls.split_inclusive(|call| *call == Call::Drop));
        let whole = [Call::New, Call::Enter, Call::Exit, Call::Drop];
        lives
            .filter(|life| **life != [Call::New, Call::Drop])
            .inspect(|life| assert_eq!(**life, whole))
            .count()
    }

    #[track_caller]
    pub(super) fn got_nothing_else(&self) {
        let noted = self.noted();
        assert!(noted.calls.is_empty(), "not a user's span: {:x?}", noted.calls);
        assert!(noted.spans.is_empty(), "never closed: {:x?}", noted.spans);
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Noted {
    fn call(&mut self, id: &Id, call: Call) {
        self.calls.entry(id.into_u64()).or_default().push(call);
    }

    /// However hostile: two spans of its own that are open have two ids.
    fn mint(&mut self, wanted: Option<u64>) -> Id {
        self.minted += 1;
        let id = wanted.filter(|id| !self.spans.contains_key(id)).unwrap_or(self.minted);
        self.spans.insert(id, 1);
        Id::from_u64(id)
    }
}

impl Subscriber for Hostile {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span()
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        let wanted = SPANS.with_borrow_mut(VecDeque::pop_front);
        let mut noted = self.0.noted();
        let id = noted.mint(wanted);
        noted.call(&id, Call::New);
        id
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, span: &Id) {
        self.0.noted().call(span, Call::Enter);
    }

    fn exit(&self, span: &Id) {
        self.0.noted().call(span, Call::Exit);
    }

    fn clone_span(&self, id: &Id) -> Id {
        let wanted = CLONES.with_borrow_mut(VecDeque::pop_front);
        let mut noted = self.0.noted();
        let id = if wanted.is_some() {
            noted.mint(wanted)
        } else {
            *noted.spans.entry(id.into_u64()).or_default() += 1;
            id.clone()
        };
        noted.call(&id, Call::Clone);
        id
    }

    fn try_close(&self, id: Id) -> bool {
        let mut noted = self.0.noted();
        noted.call(&id, Call::Drop);
        let Some(references) = noted.spans.get_mut(&id.into_u64()) else { return true };
        *references -= 1;
        let is_closed = *references == 0;
        if is_closed {
            noted.spans.remove(&id.into_u64());
        }
        is_closed
    }
}
