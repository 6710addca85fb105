//! Why each verdict is given and how to mend it: one table for the detail, the page,
//! the printed output and `holdover explain`.

mod held;

use holdover_proto::v1::{Holding, HoldingKind, Task, Verdict};

use crate::{asked, words};

/// What is to be said of a verdict on a kind of holding.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Explanation {
    pub(crate) verdict: Verdict,
    /// None for every other kind.
    pub(crate) kinds: &'static [HoldingKind],
    pub(crate) why: &'static str,
    pub(crate) fix: &'static str,
    pub(crate) bad: &'static str,
    pub(crate) good: &'static str,
}

/// The particular before the general.
const TABLE: &[Explanation] = &[
    Explanation {
        verdict: Verdict::Stuck,
        kinds: &[],
        why: GENERAL,
        fix: "Await somewhere in the loop, and select on the token beside the work; run blocking work in \
              spawn_blocking.",
        bad: "loop {\n    work().await;                      // never looks at the token\n}",
        good: "loop {\n    tokio::select! {\n        () = token.cancelled() => break,\n        () = work() => {}\n    }\n}",
    },
    Explanation {
        verdict: Verdict::AfterCancel,
        kinds: &[HoldingKind::Timer, HoldingKind::Callback],
        why: "Its clean-up armed a timer or callback when it was being cancelled: that lives on without the task, and \
              keeps what its closure owns.",
        fix: "Cancel the TimerHandle in Drop, use call_later_while_alive, or do the clean-up at once.",
        bad: "impl Drop for Cleanup {\n    fn drop(&mut self) {\n        call_later(FIVE_SECONDS, || tidy_up());\n    }\n}",
        good: "impl Drop for Cleanup {\n    fn drop(&mut self) {\n        tidy_up();\n    }\n}",
    },
    Explanation {
        verdict: Verdict::AfterCancel,
        kinds: &[],
        why: "It was cancelled, and its clean-up started something that is still there: a task, or a thing that was \
              acquired when the cancel was already on its way.",
        fix: "Let clean-up end by itself within grace, hand it to a tracker that shutdown waits for, or mark the task \
              Builder::detached(\"why\").",
        bad: "fn drop(&mut self) {\n    tokio::spawn(async { flush().await });\n}",
        good: "fn drop(&mut self) {\n    self.tracker.spawn(async { timeout(SECOND, flush()).await });\n}",
    },
    Explanation {
        verdict: Verdict::LeftBehind,
        kinds: &[HoldingKind::Blocking],
        why: "A blocking closure that it started still runs: a started closure cannot be aborted.",
        fix: "Give the closure a flag to look at, or a deadline of its own.",
        bad: "spawn_blocking(|| import_everything()).await",
        good: "let stop = token.clone();\nspawn_blocking(move || for row in rows { if stop.is_cancelled() { break } import(row) }).await",
    },
    Explanation {
        verdict: Verdict::LeftBehind,
        kinds: &[HoldingKind::Timer, HoldingKind::Callback],
        why: "It was cancelled, and a timer or callback that it had armed before is still pending: dropping its handle \
              does not stop a callback.",
        fix: "Keep the TimerHandle in the future and cancel it in Drop, or use call_later_while_alive.",
        bad: "call_later(MINUTE, || refresh());          // the handle is dropped, the callback stays",
        good: "let timer = call_later(MINUTE, || refresh());\nlet _guard = OnDrop(move || timer.cancel());",
    },
    Explanation {
        verdict: Verdict::LeftBehind,
        kinds: &[HoldingKind::Channel],
        why: "An end of a channel that it had made outlives it, and the other side still lives: who receives waits for a \
              sender that will not send, who sends waits for a receiver that will not receive.",
        fix: "Keep the end inside the future; keep a weak sender in what lives longer (`downgrade`); or give it away with \
              `transfer`.",
        bad: "let (tx, rx) = mpsc::channel(8);\nSUBSCRIBERS.lock().push(tx);               // keeps rx waiting",
        good: "let (tx, rx) = mpsc::channel(8);\nSUBSCRIBERS.lock().push(tx.downgrade());   // goes with its last sender",
    },
    Explanation {
        verdict: Verdict::LeftBehind,
        kinds: &[],
        why: "What it acquired left the future that was cancelled (moved to a task, a static or an Arc), so dropping the \
              future does not drop it.",
        fix: "Keep it inside the future, or give it away on purpose with `transfer`.",
        bad: "let guard = pool.acquire().await;\nSHARED.lock().push(guard);",
        good: "let guard = pool.acquire().await;\nuse_it(&guard).await;                     // dropped with the future",
    },
    Explanation {
        verdict: Verdict::LeftBehind,
        kinds: &[HoldingKind::Waker],
        why: "A waker of it is still stored somewhere (in a list of those who wait, in a channel, in the other half of a \
              stream), and tokio keeps the memory of a task for as long as one is. HOLDOVER_WAKERS=on reports that.",
        fix: "Take the waker out again when the future that stored it is dropped, or drop what it is stored in.",
        bad: "fn poll(..) {\n    self.shared.wakers.push(cx.waker().clone());   // stays when this is dropped\n}",
        good: "impl Drop for Wait {\n    fn drop(&mut self) {\n        self.shared.wakers.remove(self.id);\n    }\n}",
    },
    Explanation {
        verdict: Verdict::Orphaned,
        kinds: &[],
        why: "The task that spawned it was cancelled, and it goes on: an abort does not reach children, and nobody holds \
              its handle.",
        fix: "Bind both to one token, spawn it into a JoinSet that the parent owns, or mark it \
              Builder::detached(\"why\").",
        bad: "tokio::spawn(audit(order));                // lives on when this task is cancelled",
        good: "let mut children = JoinSet::new();\nchildren.spawn(audit(order));              // dropped with the set",
    },
    Explanation {
        verdict: Verdict::LostWaker,
        kinds: &[],
        why: "It is not scheduled, and every waker of it is gone: nothing will ever poll it again, and it keeps all that \
              its future owns.",
        fix: "Store the waker in every poll that is pending, before looking whether there is work; or build on tokio's \
              own primitives.",
        bad: "fn poll(..) -> Poll<()> {\n    if self.ready() { Poll::Ready(()) } else { Poll::Pending }\n}",
        good: "fn poll(..) -> Poll<()> {\n    self.waker.register(cx.waker());\n    if self.ready() { Poll::Ready(()) } else { Poll::Pending }\n}",
    },
    Explanation {
        verdict: Verdict::Overdue,
        kinds: &[],
        why: "It is held for longer than its limit, its own or HOLDOVER_OVERDUE, whoever holds it.",
        fix: "Release it sooner, or raise the limit.",
        bad: "let held = Held::new(connect().await?, Kind::Connection, \"pg\").with_limit(limit);\nwait_for_the_user().await;                 // the limit passes meanwhile",
        good: "wait_for_the_user().await;\nlet held = Held::new(connect().await?, Kind::Connection, \"pg\").with_limit(limit);",
    },
];

const GENERAL: &str = "It was asked to stop longer than its grace ago and has not ended. Not polled since: it blocks its \
                       thread or is never woken. Polled since: it goes on and ignores the request.";

/// Of a stuck task that has not been polled since it was asked.
pub(crate) const NOT_POLLED: Explanation = Explanation {
    why: "It was asked to stop longer than its grace ago, and has not been polled since: it blocks its thread, or is \
          never woken.",
    fix: "Run blocking work in spawn_blocking, and await in the loop; give what it waits for a timeout.",
    ..TABLE[0]
};

/// Of a stuck task that is polled all the same.
pub(crate) const POLLED: Explanation = Explanation {
    why: "It was asked to stop longer than its grace ago, and has been polled since: it goes on and ignores the request.",
    fix: "Select on the token beside the work, and leave the loop when it is cancelled.",
    ..TABLE[0]
};

/// Of a stuck task that was polled since, and waits for a lock, a permit or a channel.
pub(crate) const WAITS: Explanation = Explanation {
    why: "It was asked to stop longer than its grace ago, has been polled since, and waits for something now: the \
          request does not end that wait.",
    fix: "Give that wait a timeout, or select on the token beside it; and let who has what it waits for release it \
          sooner.",
    bad: "*ledger.lock().await += 1;              // waits for as long as somebody has it",
    good: "if let Ok(mut ledger) = timeout(SECOND, ledger.lock()).await {\n    *ledger += 1;\n}",
    ..TABLE[0]
};

/// Of a stuck task whose future is being dropped.
pub(crate) const IN_ITS_DROP: Explanation = Explanation {
    verdict: Verdict::Stuck,
    kinds: &[],
    why: "Its future is being dropped, and a Drop in it does not return: it waits, or computes. Its thread does nothing \
          else meanwhile, no other task either.",
    fix: "Do not block in Drop: hand the work to a task, to spawn_blocking or to a thread that is there for it.",
    bad: "impl Drop for Session {\n    fn drop(&mut self) {\n        self.file.sync_all().unwrap();        // waits for the disk\n    }\n}",
    good: "impl Drop for Session {\n    fn drop(&mut self) {\n        let file = self.file.take();\n        spawn_blocking(move || file.map(|file| file.sync_all()));\n    }\n}",
};

/// Of what is overdue at a target that speaks tokio-console's protocol: it has no limit there.
pub(crate) const OPEN: Explanation = Explanation {
    verdict: Verdict::Overdue,
    kinds: &[],
    why: "Every task that was seen to use it ended longer than 30 s ago, and it is still there: its guard, or the timer \
          itself, was forgotten, or was given to something that lives on. To what is not told.",
    fix: "Keep it inside the future, where it goes with the task; whoever takes it over on purpose should use it.",
    bad: "let guard = state.clone().lock_owned().await;\nGUARDS.lock().unwrap().push(guard);        // stays locked",
    good: "let guard = state.lock().await;\nuse_it(&guard).await;                     // dropped with the future",
};

/// What is to be said of this verdict at a target that speaks tokio-console's protocol.
pub(crate) fn explain_inferred(verdict: Verdict) -> Option<&'static Explanation> {
    if verdict == Verdict::Overdue { Some(&OPEN) } else { explain(verdict, None) }
}

/// What is to be said of this task with this verdict, which holds this first.
pub(crate) fn explain_held(
    verdict: Verdict,
    task: Option<&Task>,
    first: Option<&Holding>,
) -> Option<&'static Explanation> {
    if verdict == Verdict::Stuck {
        // What a stuck task holds is not what is wrong with it.
        return match task.and_then(|task| task.cancel.as_ref()) {
            None => explain(verdict, None),
            Some(it) if asked::dropping_since(it).is_some() => Some(&IN_ITS_DROP),
            Some(it) if it.polls_since == 0 => Some(&NOT_POLLED),
            Some(_) if task.is_some_and(|task| task.waits_for.is_some()) => Some(&WAITS),
            Some(_) => Some(&POLLED),
        };
    }
    explain(verdict, first.map(Holding::kind))
}

/// What is to be said of this verdict, on this kind of holding.
pub(crate) fn explain(verdict: Verdict, kind: Option<HoldingKind>) -> Option<&'static Explanation> {
    let of_verdict = || TABLE.iter().chain(held::TABLE).filter(|it| it.verdict == verdict);
    let particular = of_verdict().find(|it| kind.is_some_and(|kind| it.kinds.contains(&kind)));
    particular.or_else(|| of_verdict().find(|it| it.kinds.is_empty()))
}

/// The verdict of this name, in any case.
pub(crate) fn verdict_named(name: &str) -> Option<Verdict> {
    let mut verdicts = TABLE.iter().map(|it| it.verdict);
    verdicts.find(|verdict| words::verdict(*verdict).eq_ignore_ascii_case(name))
}

/// The names that `verdict_named` takes.
pub(crate) fn verdicts() -> Vec<&'static str> {
    let mut names: Vec<&str> = TABLE.iter().map(|it| words::verdict(it.verdict)).collect();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use holdover_proto::v1::{Cancel, WaitsFor};

    use super::*;

    #[test]
    fn every_verdict_explains_itself() {
        for verdict in [
            Verdict::Stuck,
            Verdict::LeftBehind,
            Verdict::AfterCancel,
            Verdict::Orphaned,
            Verdict::Overdue,
            Verdict::LostWaker,
        ] {
            let general = explain(verdict, None).expect("an explanation");
            assert!(general.kinds.is_empty() && general.why.ends_with('.'));
            assert_eq!(verdict_named(words::verdict(verdict)), Some(verdict));
        }
        let mut task = Task { cancel: Some(Cancel::default()), ..Task::default() };
        let stuck = |task: &Task| explain_held(Verdict::Stuck, Some(task), None);
        let polled = |polls_since| Some(Cancel { polls_since, ..Cancel::default() });
        assert!(explain(Verdict::Stuck, None).expect("one").fix.contains("select on the token"));
        let not_polled = stuck(&task).expect("one");
        assert!(not_polled.why.contains("not been polled since"), "{not_polled:?}");
        assert!(!not_polled.why.contains("ignores"), "{not_polled:?}");
        task.cancel = polled(412);
        let ignores = stuck(&task).expect("one");
        assert!(ignores.why.contains("ignores the request"), "{ignores:?}");
        assert!(!ignores.why.contains("never woken"), "{ignores:?}");
        task.waits_for = Some(WaitsFor::default());
        let waits = stuck(&task).expect("one");
        assert!(waits.why.contains("waits for something now"), "{waits:?}");
        assert!(!waits.why.contains("ignores the request"), "{waits:?}");
        task.cancel = Some(Cancel { drop_began_ns: Some(7), ..Cancel::default() });
        assert!(stuck(&task).expect("one").fix.contains("Do not block in Drop"));
    }

    #[test]
    fn what_is_held_is_explained_by_what_it_is() {
        let by_kind = |verdict, kind| explain(verdict, Some(kind)).expect("an explanation");
        let lock = by_kind(Verdict::LeftBehind, HoldingKind::Lock);
        assert!(lock.why.contains("guard") && lock.bad.contains("lock_owned"));
        let callback = by_kind(Verdict::AfterCancel, HoldingKind::Callback);
        assert!(callback.bad.contains("call_later"));
        let custom = by_kind(Verdict::LeftBehind, HoldingKind::Custom);
        assert!(custom.kinds.is_empty(), "of anything else the general is said");
    }

    #[test]
    fn of_a_verdict_and_a_kind_there_is_one_explanation() {
        let all: Vec<&Explanation> = TABLE.iter().chain(held::TABLE).collect();
        for it in [&NOT_POLLED, &POLLED, &WAITS] {
            assert!(crate::format::wrap(it.fix, 70).len() <= 2, "{it:?}");
        }
        let named = |it: &Explanation| -> Vec<String> {
            let kinds = it.kinds.iter().map(|kind| format!("{:?} {kind:?}", it.verdict));
            if it.kinds.is_empty() { vec![format!("{:?}", it.verdict)] } else { kinds.collect() }
        };
        let mut names: Vec<String> = all.iter().flat_map(|it| named(it)).collect();
        names.sort();
        let before = names.len();
        names.dedup();
        assert_eq!(names.len(), before, "{names:?}");
        for it in all {
            assert!(!it.bad.is_empty() && !it.good.is_empty(), "{it:?}");
            assert!(it.why.ends_with('.') && it.fix.ends_with('.'), "{it:?}");
            // On a screen of 80 columns there are two lines for it.
            assert!(crate::format::wrap(it.fix, 70).len() <= 2, "{it:?}");
        }
    }
}
