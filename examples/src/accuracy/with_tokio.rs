//! Programs over tokio itself. What it has nothing of is not generated for it.

#![expect(clippy::unused_self, reason = "as those of the shims, which have something")]

use std::{
    convert::Infallible,
    future::Future,
    sync::Arc,
    task::{Context, Poll},
};

use tokio as rt;
use tokio::task::{Builder, Id, JoinHandle};

use super::{
    ledger::Witness,
    program::{Plan, Program, ThingKind},
    world::World,
};

/// Nothing can be given to a task.
trait Given {
    fn given(&self, _: Option<Id>) -> bool {
        false
    }
}

macro_rules! given {
    ($($of:ty),*) => {$( impl Given for $of {} )*};
}

#[path = "shared/actors.rs"]
mod actors;
#[path = "shared/ends.rs"]
mod ends;
#[path = "shared/given.rs"]
mod given;
#[path = "shared/things.rs"]
mod things;
#[path = "shared/waits.rs"]
mod waits;

pub(super) use actors::Run;

/// Nothing.
#[derive(Debug)]
struct Extra(Infallible);

impl Extra {
    fn take(_: ThingKind, witness: Witness, _: &Arc<World>) -> (Option<Self>, Option<Witness>) {
        (None, Some(witness))
    }

    fn use_it(&mut self) -> bool {
        match self.0 {}
    }

    fn transfer(&self) -> bool {
        match self.0 {}
    }

    fn transfer_to(&self, _: Id) -> bool {
        match self.0 {}
    }

    fn park(&self) -> bool {
        match self.0 {}
    }

    fn release(self) {
        match self.0 {}
    }
}

#[derive(Debug)]
struct Tracker;

impl Tracker {
    fn new() -> Self {
        Self
    }

    fn track<F: Future + Send>(&self, future: F) -> F {
        future
    }
}

#[derive(Clone, Debug)]
struct Tokens;

impl Tokens {
    fn new(_: &Program) -> Self {
        Self
    }

    fn cancel(&self, _: usize) {}

    fn drop_guard(&self, _: usize) {}

    fn is_cancelled(&self, _: usize) -> bool {
        false
    }

    fn cancelled(&self, _: usize) -> Cancelled {
        Cancelled::NEVER
    }
}

struct Cancelled;

impl Cancelled {
    const NEVER: Self = Self;

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

fn set_options<'a>(builder: Builder<'a>, _: &Plan, _: &Tokens) -> Builder<'a> {
    builder
}

fn scope<F: Future>(future: F, _: String) -> impl Future<Output = F::Output> {
    future
}

fn until<F: Future>(_: &Tokens, _: usize, future: F) -> F {
    future
}

fn on_done(_: &JoinHandle<()>, _: Witness) {}

fn note_registered(_: &World, _: &Witness, _: usize) {}
