//! Carries out a program: what its tasks and scopes are told, step by step.

mod handling;
mod lives;
mod scopes;
mod spawning;

use std::{
    collections::HashMap,
    future::{Future, pending},
    pin::Pin,
    sync::Arc,
};

use self::spawning::Set;

use super::{
    Tokens, Tracker,
    rt::{sync::Semaphore, task::JoinHandle},
    things::{Shared, Thing},
    waits::Waiting,
};
use crate::accuracy::{
    ledger::{What, Why},
    program::{Actor, Escape, Step, ThingId, WaitFor},
    runtimes::Workers,
    world::World,
};

/// What all of a run share.
#[derive(Debug)]
struct Env {
    world: Arc<World>,
    tokens: Tokens,
    tracker: Tracker,
    semaphore: Arc<Semaphore>,
}

/// Whether an actor goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    GoesOn,
    Ends,
}

/// One run of a program.
pub(in crate::accuracy) struct Run {
    env: Arc<Env>,
    outside: Hands,
}

impl Run {
    /// Of permits there are more than a program ever takes.
    const PERMITS: usize = 1000;

    pub(in crate::accuracy) fn new(world: Arc<World>) -> Self {
        let tokens = Tokens::new(&world.program);
        let semaphore = Arc::new(Semaphore::new(Self::PERMITS));
        let env = Arc::new(Env { world, tokens, tracker: Tracker::new(), semaphore });
        Self { outside: Hands::new(&env, None), env }
    }

    /// Carries out all rounds, within a runtime. False when one took too long.
    pub(in crate::accuracy) fn carry_out(&mut self, workers: &Workers) -> bool {
        let program = Arc::clone(&self.env.world.program);
        program.rounds.iter().all(|round| {
            for order in round {
                match order.who {
                    Some(actor) => self.env.world.post(actor, &order.steps),
                    None => order.steps.iter().for_each(|step| self.done_outside(step)),
                }
            }
            let at_rest = self.env.world.comes_to_rest();
            workers.have_parked();
            at_rest
        })
    }

    fn done_outside(&mut self, step: &Step) {
        match (step, self.env.world.remote()) {
            (Step::Spawn { actor, .. }, Some(remote)) => {
                let (env, actor) = (Arc::clone(&self.env), *actor);
                remote.run(move || Hands::new(&env, None).spawn(None, actor, None));
            }
            _ => self.outside.act(None, step),
        }
    }

    /// Lets go of everything.
    pub(in crate::accuracy) fn close(self) {
        self.env.world.close();
        self.env.semaphore.add_permits(Self::PERMITS);
    }
}

/// What an actor has.
struct Hands {
    env: Arc<Env>,
    /// Whose they are: a task's, or those of a scope that stays.
    me: Option<Actor>,
    /// They are those of a value's `Drop`: no `LocalSet` is entered there, perhaps.
    dropping: bool,
    mine: HashMap<ThingId, Thing>,
    shared: Vec<Shared>,
    waits: HashMap<ThingId, Waiting>,
    handles: HashMap<Actor, JoinHandle<()>>,
    set: Option<Set>,
    scopes: Vec<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Hands {
    fn new(env: &Arc<Env>, me: Option<Actor>) -> Self {
        Self {
            env: Arc::clone(env),
            me,
            dropping: false,
            mine: HashMap::new(),
            shared: Vec::new(),
            waits: HashMap::new(),
            handles: HashMap::new(),
            set: None,
            scopes: Vec::new(),
        }
    }

    fn world(&self) -> &Arc<World> {
        &self.env.world
    }

    async fn perform(&mut self, me: Actor, step: &Step) -> Flow {
        match step {
            Step::Scope(actor, steps, end) => self.scope(me, *actor, steps, *end).await,
            Step::Yield => super::rt::task::yield_now().await,
            Step::AbortedWhileRunning(steps) => {
                self.is_aborted_from_outside(me);
                for step in steps {
                    self.act(Some(me), step);
                }
                pending::<()>().await;
            }
            Step::AbortedAndReady => {
                self.is_aborted_from_outside(me);
                return Flow::Ends;
            }
            Step::End => return Flow::Ends,
            // No hook is to print this.
            Step::Panic => std::panic::resume_unwind(Box::new("on purpose")),
            step => self.act(Some(me), step),
        }
        Flow::GoesOn
    }

    /// Everything that takes no time.
    fn act(&mut self, by: Option<Actor>, step: &Step) {
        match step {
            Step::Take(thing, kind, escape) => {
                let Some(by) = by else { return };
                let env = Arc::clone(&self.env);
                for (id, taken) in Thing::take(*thing, *kind, &env.world, &env.semaphore, by) {
                    self.put(id, taken, *escape);
                    if let Some(me) = self.me.filter(|me| *escape == Escape::None && *me != by) {
                        // A scope's, in the hands of its task.
                        env.world.ledger.note(What::Fetched(id, me));
                    }
                }
            }
            Step::Put(thing, escape) => {
                if let Some(taken) = self.mine.remove(thing) {
                    self.put(*thing, taken, *escape);
                }
            }
            Step::Fetch(thing) => self.fetch(by, *thing),
            Step::Use(thing) => self.use_it(by, *thing),
            Step::Transfer(thing) => {
                if let Some(taken) = self.mine.get(thing)
                    && taken.transfer(None)
                {
                    self.world().ledger.note(What::Transferred(*thing, by));
                }
            }
            Step::Park(thing) => {
                if self.mine.get(thing).is_some_and(Thing::park) {
                    self.world().ledger.note(What::Transferred(*thing, None));
                }
            }
            Step::TransferTo(thing, actor) => self.transfer_to(*thing, *actor),
            Step::Split(thing, part) => {
                let (world, by) = (Arc::clone(self.world()), by);
                let taken = self.mine.get_mut(thing).zip(by);
                let half = taken.and_then(|(it, by)| it.split(*part, &world, by));
                self.mine.extend(half.map(|half| (*part, half)));
            }
            Step::Wait(wait, on) => {
                let receiver = match on {
                    WaitFor::Message(receiver) => self.mine.remove(receiver),
                    _ => None,
                };
                let world = Arc::clone(self.world());
                let begun = by.and_then(|by| Waiting::begin(*wait, *on, receiver, &world, by));
                self.waits.extend(begun.map(|begun| (*wait, begun)));
            }
            Step::GiveUp(wait) => drop(self.waits.remove(wait)),
            Step::Clone(of, thing) => self.join(by, *of, *thing, Thing::another),
            Step::Reserve(of, end, place) => {
                let both = [*end, *place];
                let reserve = |it: &Thing, _, world: &_, by| it.reserve(both, world, by);
                self.join(by, *of, *place, reserve);
            }
            Step::Subscribe(of, thing) => self.join(by, *of, *thing, Thing::subscribe),
            Step::Close(thing) => {
                if let Some(taken) = self.mine.get_mut(thing) {
                    taken.close(&self.env.world);
                }
            }
            Step::Downgrade(thing) => {
                if let Some((taken, by)) = by.and_then(|by| Some((self.mine.remove(thing)?, by))) {
                    let taken = taken.downgrade(&self.env.world, by);
                    self.mine.insert(*thing, taken);
                }
            }
            Step::Release(thing) => self.release(*thing),
            Step::AddPermits(permits) => {
                self.world().ledger.note(What::PermitsAdded(*permits));
                self.env.semaphore.add_permits(*permits);
            }
            Step::OnDone(actor, thing) => self.register(*actor, *thing),
            step => self.act_on_tasks(by, step),
        }
    }

    fn act_on_tasks(&mut self, by: Option<Actor>, step: &Step) {
        match step {
            Step::Spawn { actor, with, aborted } => {
                self.spawn(by, *actor, *with);
                if *aborted {
                    self.abort(by, *actor);
                }
            }
            Step::Abort(actor) => self.abort(by, *actor),
            Step::AbortSet => {
                if let Some(set) = &mut self.set {
                    set.is_asked(Why::AbortAll, by);
                    set.tasks.abort_all();
                }
            }
            Step::DropSet => {
                if let Some(mut set) = self.set.take() {
                    set.owner = by;
                }
            }
            Step::Cancel(token) => self.cancel(by, *token, Tokens::cancel),
            Step::DropGuard(token) => self.cancel(by, *token, Tokens::drop_guard),
            Step::Look => {
                let me = by.and_then(|by| Some((by, self.world().program.actors[by].bond?)));
                if let Some((me, bond)) = me
                    && self.env.tokens.is_cancelled(bond.token)
                {
                    self.world().ledger.note(What::Told(me));
                }
            }
            _ => {}
        }
    }
}
