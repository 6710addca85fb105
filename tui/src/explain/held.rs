//! What is to be said of particular kinds of what is held.

use holdover_proto::v1::{HoldingKind as Kind, Verdict};

use super::Explanation;

pub(super) const TABLE: &[Explanation] = &[
    Explanation {
        verdict: Verdict::LeftBehind,
        kinds: &[Kind::Lock],
        why: "A guard of the lock left the future that was cancelled, so the lock stays locked: whoever asks for it from \
              now on waits, and no runtime says for whom.",
        fix: "Keep the guard in the future, in the smallest block that needs it; hand on what it guards and not the guard.",
        bad: "let guard = state.clone().lock_owned().await;\nPENDING.lock().push(guard);                // locked until somebody takes it",
        good: "let copy = state.lock().await.clone();      // unlocked at the end of the line\nPENDING.lock().push(copy);",
    },
    Explanation {
        verdict: Verdict::LeftBehind,
        kinds: &[Kind::Permit],
        why: "A permit of the semaphore left the future that was cancelled, or was forgotten: the semaphore is smaller by \
              it, and stands still when enough are gone.",
        fix: "Bind the permit in the future that does the work; `transfer` what goes to another task, `forget` only what \
              `add_permits` gives back.",
        bad: "let permit = limit.clone().acquire_owned().await?;\nSLOTS.lock().insert(id, permit);           // who removes it when this is cancelled?",
        good: "let _permit = limit.acquire().await?;       // given back when the future is dropped\nwork(id).await",
    },
    Explanation {
        verdict: Verdict::LeftBehind,
        kinds: &[Kind::Connection],
        why: "A connection left the future that was cancelled and has not gone back to its pool: with as many of these as \
              the pool has connections, every request waits.",
        fix: "Let the future that uses the connection drop it, and keep only the pool elsewhere; or say that it is parked: \
              `Hold::park`.",
        bad: "let connection = pool.acquire().await?;\nsession.connection = Some(connection);     // stays as long as the session",
        good: "let mut connection = pool.acquire().await?;\nquery(&mut connection).await?;             // back in the pool, also when cancelled",
    },
    Explanation {
        verdict: Verdict::LeftBehind,
        kinds: &[Kind::File, Kind::Socket],
        why: "A file descriptor left the future that was cancelled: it stays open, the other side sees no end, and the \
              process has one fewer to open.",
        fix: "Keep the stream in the future; give what must outlive it to a `hold::Registry`, which closes what has had its \
              time.",
        bad: "let (read, write) = stream.into_split();\ntokio::spawn(copy(read, sink));            // keeps the descriptor open",
        good: "let (mut read, mut write) = stream.split();\ntokio::join!(copy(&mut read, &mut sink), feed(&mut write));",
    },
    Explanation {
        verdict: Verdict::LeftBehind,
        kinds: &[Kind::Memory],
        why: "Memory that the future had acquired is still referred to: an Arc, a cache or a channel's queue keeps it.",
        fix: "Give what outlives the future a Weak, or a cache that has a bound; let the future own the rest.",
        bad: "let buffer = Arc::new(read_all().await?);\nCACHE.lock().insert(id, buffer.clone());   // nobody takes it out again",
        good: "let buffer = Arc::new(read_all().await?);\nCACHE.lock().insert(id, Arc::downgrade(&buffer));",
    },
    Explanation {
        verdict: Verdict::AfterCancel,
        kinds: &[Kind::Child],
        why: "Its clean-up spawned a task when it was being cancelled, and that task goes on: nobody waits for it, and a \
              shutdown ends it half done.",
        fix: "Spawn it on a TaskTracker that shutdown waits for, with a time limit, or mark it \
              Builder::detached(\"why\").",
        bad: "impl Drop for Session {\n    fn drop(&mut self) {\n        tokio::spawn(say_goodbye(self.id));\n    }\n}",
        good: "impl Drop for Session {\n    fn drop(&mut self) {\n        self.tracker.spawn(timeout(SECOND, say_goodbye(self.id)));\n    }\n}",
    },
    Explanation {
        verdict: Verdict::AfterCancel,
        kinds: &[Kind::Blocking],
        why: "Its clean-up started a blocking closure when it was being cancelled: a started closure cannot be aborted, and \
              a runtime that shuts down waits for it.",
        fix: "Make the closure short or give it a deadline; where it may be long, let a thread of your own do it.",
        bad: "impl Drop for Import {\n    fn drop(&mut self) {\n        spawn_blocking(|| remove_everything());\n    }\n}",
        good: "impl Drop for Import {\n    fn drop(&mut self) {\n        self.janitor.send(self.folder.clone()).ok();   // a thread that is there for it\n    }\n}",
    },
    Explanation {
        verdict: Verdict::AfterCancel,
        kinds: &[Kind::Lock, Kind::Permit, Kind::Connection, Kind::File, Kind::Socket],
        why: "It acquired this when the cancel was already on its way: it was asked to stop, went on to its next await, and \
              what it took there left the future.",
        fix: "Look at the token before acquiring, and select on it while waiting; keep what is acquired in the future.",
        bad: "loop {\n    let connection = pool.acquire().await?;    // also when asked to stop\n    SHARED.lock().push(connection);\n}",
        good: "while let Some(connection) = token.run_until_cancelled(pool.acquire()).await {\n    use_it(connection?).await;\n}",
    },
    Explanation {
        verdict: Verdict::Overdue,
        kinds: &[Kind::Lock],
        why: "The lock is held for longer than its limit, most often across an await: all who want it wait for what that \
              waits for.",
        fix: "Await first and lock then, or copy what is needed out of the guard.",
        bad: "let mut state = state.lock().await;\nstate.rate = fetch_rate().await?;          // locked while the network answers",
        good: "let rate = fetch_rate().await?;\nstate.lock().await.rate = rate;",
    },
    Explanation {
        verdict: Verdict::Overdue,
        kinds: &[Kind::Timer, Kind::Callback],
        why: "A timer or callback has been pending for longer than HOLDOVER_OVERDUE.",
        fix: "Set HOLDOVER_OVERDUE above what is meant to take so long, or arm a shorter timer.",
        bad: "call_later(DAY, || rotate());               // is it meant to be so long?",
        good: "call_later(until_next(MIDNIGHT), || rotate());",
    },
];
