//! Programs over Holdover's shims, and what tokio has nothing of.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use holdover as rt;
use holdover::{
    FutureExt,
    hold::{Held, Hold, Kind, Registered, Registry},
    sync::CancellationToken,
    task::{Builder, Id, JoinHandle, TaskTracker},
    time::{TimerHandle, call_later},
};

use super::{
    ledger::{What, Witness},
    program::{Plan, Program, ThingKind},
    world::World,
};

/// Can be given to a task: to the calling one, or to another.
trait Given {
    fn given(&self, to: Option<holdover::task::Id>) -> bool;
}

macro_rules! given {
    ($($of:ty),*) => {$(
        impl Given for $of {
            fn given(&self, to: Option<holdover::task::Id>) -> bool {
                match to {
                    Some(task) => Self::transfer_to(self, task),
                    None => Self::transfer(self),
                }
                true
            }
        }
    )*};
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

const FAR: Duration = Duration::from_secs(3600);
const SOON: Duration = Duration::from_millis(2);
const NEXT: Duration = Duration::from_millis(15);

/// What only Holdover has.
#[derive(Debug)]
enum Extra {
    Later(TimerHandle),
    Hold(Hold),
    Held(Held<u8>),
    Registered(Registry<u8>, Registered),
}

impl Extra {
    /// The witness of a callback is dropped with the callback.
    fn take(
        kind: ThingKind,
        witness: Witness,
        world: &Arc<World>,
    ) -> (Option<Self>, Option<Witness>) {
        let later = |timer: TimerHandle| {
            let last = timer.clone();
            world.at_close(move || last.cancel());
            Some(Self::Later(timer))
        };
        match kind {
            ThingKind::Later => (later(call_later(FAR, move || drop(witness))), None),
            ThingKind::Soon => (later(call_later(SOON, move || drop(witness))), None),
            ThingKind::Chain => {
                let of_chain = Arc::clone(world);
                (later(call_later(NEXT, move || again(witness, of_chain))), None)
            }
            ThingKind::Hold => (Some(Self::Hold(Hold::new(Kind::Custom, "hold"))), Some(witness)),
            ThingKind::Held => {
                (Some(Self::Held(Held::new(7, Kind::Connection, "held"))), Some(witness))
            }
            ThingKind::Limited | ThingKind::Roomy => {
                let limit = if kind == ThingKind::Limited { SOON } else { FAR };
                let label = world.names.thing(witness.thing);
                let held = Held::new(7, Kind::Connection, label).with_limit(limit);
                (Some(Self::Held(held)), Some(witness))
            }
            ThingKind::Registered => {
                // There are as many as there are in the programs that are run.
                let label = Box::leak(world.names.thing(witness.thing).into_boxed_str());
                let registry = Registry::new(Kind::Connection, label);
                let registered = registry.register(Arc::new(7), SOON);
                (Some(Self::Registered(registry, registered)), Some(witness))
            }
            _ => (None, Some(witness)),
        }
    }

    /// True when it could be used.
    fn use_it(&mut self) -> bool {
        match self {
            Self::Held(held) => {
                **held = held.wrapping_add(1);
                true
            }
            Self::Later(_) | Self::Hold(_) | Self::Registered(..) => false,
        }
    }

    fn transfer(&self) -> bool {
        match self {
            Self::Held(held) => Held::transfer(held),
            Self::Hold(hold) => hold.transfer(),
            Self::Later(_) | Self::Registered(..) => return false,
        }
        true
    }

    fn transfer_to(&self, task: Id) -> bool {
        match self {
            Self::Held(held) => Held::transfer_to(held, task),
            Self::Hold(hold) => hold.transfer_to(task),
            Self::Later(_) | Self::Registered(..) => return false,
        }
        true
    }

    fn park(&self) -> bool {
        match self {
            Self::Held(held) => Held::park(held),
            Self::Hold(hold) => hold.park(),
            Self::Later(_) | Self::Registered(..) => return false,
        }
        true
    }

    /// Only `cancel` stops a callback.
    fn release(self) {
        match self {
            Self::Later(timer) => timer.cancel(),
            Self::Registered(registry, registered) => drop(registry.release(registered)),
            Self::Hold(_) | Self::Held(_) => {}
        }
    }
}

/// A callback that arms itself anew until the run is over.
fn again(witness: Witness, world: Arc<World>) {
    if world.is_closing() {
        drop(witness);
    } else {
        call_later(NEXT, move || again(witness, world));
    }
}

/// Counts some of a program's tasks.
#[derive(Debug, Default)]
struct Tracker(TaskTracker);

impl Tracker {
    fn new() -> Self {
        Self::default()
    }

    fn track<F: Future + Send>(
        &self,
        future: F,
    ) -> impl Future<Output = F::Output> + Send + use<F> {
        self.0.track_future(future)
    }
}

/// The tokens of a program.
#[derive(Clone, Debug)]
struct Tokens(Vec<CancellationToken>);

impl Tokens {
    fn new(program: &Program) -> Self {
        let mut all = vec![CancellationToken::new()];
        for parent in &program.tokens {
            all.push(all[*parent].child_token());
        }
        Self(all)
    }

    fn cancel(&self, token: usize) {
        self.0[token].cancel();
    }

    fn drop_guard(&self, token: usize) {
        drop(self.0[token].clone().drop_guard());
    }

    fn is_cancelled(&self, token: usize) -> bool {
        self.0[token].is_cancelled()
    }

    fn cancelled(&self, token: usize) -> Cancelled {
        Cancelled(Some(Box::pin(self.0[token].clone().cancelled_owned())))
    }
}

/// Is ready when a token was cancelled; never, when it is of none.
struct Cancelled(Option<Pin<Box<holdover::sync::WaitForCancellationFutureOwned>>>);

impl Cancelled {
    const NEVER: Self = Self(None);

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().map_or(Poll::Pending, |cancelled| cancelled.as_mut().poll(cx))
    }
}

fn set_options<'a>(mut builder: Builder<'a>, plan: &Plan, tokens: &Tokens) -> Builder<'a> {
    if let Some(bond) = plan.bond.filter(|bond| bond.bound) {
        builder = builder.token(&tokens.0[bond.token]);
    }
    if plan.detached {
        builder = builder.detached("on purpose");
    }
    if plan.patient {
        builder = builder.grace(FAR);
    }
    builder
}

fn scope<F: Future>(future: F, name: String) -> impl Future<Output = F::Output> {
    future.scope(name)
}

fn until<F: Future<Output = ()>>(
    tokens: &Tokens,
    token: usize,
    future: F,
) -> impl Future<Output = ()> + use<F> {
    let token = tokens.0[token].clone();
    async move {
        let _ = token.run_until_cancelled_owned(future).await;
    }
}

/// The witness is dropped with the callback.
fn on_done(handle: &JoinHandle<()>, witness: Witness) {
    handle.on_done(move |_| drop(witness));
}

fn note_registered(world: &World, witness: &Witness, on: usize) {
    world.ledger.note(What::Registered { thing: witness.thing, on });
}
