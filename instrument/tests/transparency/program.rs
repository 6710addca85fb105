//! The one program that every stack watches. It does the same each time: one runtime
//! with a paused clock, and a thread of its own is waited for before it goes on.

mod logging;
mod shims;
mod spans;
pub(crate) mod tasks;

use std::thread;

use tokio::runtime::{Builder, Runtime};
use tracing::{Dispatch, info, info_span, level_filters::LevelFilter, trace};
use tracing_subscriber::{layer::SubscriberExt as _, registry};

/// The second time around every callsite is known already; the third time they are
/// asked for again.
const ROUNDS: usize = 3;

/// What differs between stacks.
pub(crate) struct Program<'a> {
    /// Called at each of the program's steps: twice a round, with spans open or not.
    pub(crate) step: &'a dyn Fn(usize),
    /// In a registry that tokio's spans are in too. There a layer cannot keep it from
    /// being asked for TRACE, nor new spans within a task's from becoming its children:
    /// that much is left out.
    pub(crate) among_tokios: bool,
}

impl Default for Program<'_> {
    fn default() -> Self {
        Self { step: &|_| {}, among_tokios: false }
    }
}

impl Program<'_> {
    pub(crate) fn run(&self) {
        if !self.among_tokios {
            println!("> log up to {}", log::max_level());
        }
        for round in 0..ROUNDS {
            println!("> round {round}");
            (self.step)(2 * round);
            // With another in the process that wants nothing, the stack is asked for each
            // span and event anew.
            let _another = (round == 2).then(|| Dispatch::new(registry().with(LevelFilter::OFF)));
            logging::levels();
            logging::records();
            if !self.among_tokios {
                logging::records_asked();
            }
            spans::nested(round);
            spans::parents();
            self.tasks(2 * round + 1);
            on_a_thread();
        }
    }

    fn tasks(&self, step: usize) {
        // Around everything on this thread, the runtime's own tasks included.
        let around = (!self.among_tokios).then(|| info_span!(target: "app", "process").entered());
        let runtime = paused_runtime();
        runtime.block_on(async {
            tasks::spawned().await;
            (self.step)(step);
            tasks::sync().await;
            tasks::timers().await;
            tasks::dropped().await;
            tasks::local().await;
            shims::tasks().await;
            shims::callbacks().await;
            if !self.among_tokios {
                tasks::elsewhere().await;
            }
            tasks::left_to_the_runtime();
        });
        info!(target: "app", "the runtime is dropped");
        drop(runtime);
        // One of its own: in what order a runtime drops its tasks depends on their ids.
        let another = paused_runtime();
        another.block_on(async { shims::left_to_the_runtime() });
        drop(another);
        drop(around);
    }
}

pub(crate) fn paused_runtime() -> Runtime {
    let mut builder = Builder::new_current_thread();
    builder.enable_time().start_paused(true).build().expect("a runtime")
}

/// A thread that has no runtime, and a runtime that no thread's default knows of.
fn on_a_thread() {
    let span = info_span!(target: "app", "thread");
    let ran = thread::spawn(move || {
        let _entered = span.enter();
        info!(target: "app", "on a thread");
        paused_runtime().block_on(async { trace!(target: "app", "in its runtime") });
    });
    ran.join().expect("it does not panic");
}
