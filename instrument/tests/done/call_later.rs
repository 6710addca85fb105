//! Callbacks that run later, whoever armed them.

use std::{
    cell::RefCell,
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use holdover::{
    task::{Builder, spawn},
    time::{
        Instant, TimerHandle, call_at, call_later, call_later_while_alive, owner_is_alive, sleep,
    },
};
use tokio::{
    runtime::{Builder as RuntimeBuilder, Handle, Runtime},
    sync::oneshot,
};

use crate::support::{DEADLINE, HOUR, OnDrop, Said, keep, on_a_paused_clock, on_each_flavor};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_callback_runs_once_when_its_time_has_come() {
    on_a_paused_clock(async {
        let (said, start) = (Said::default(), Instant::now());
        let says = said.clone();
        let timer = call_later(SECOND, move || says.say(format!("{:?}", start.elapsed())));
        sleep(SECOND / 2).await;
        assert!(said.all().is_empty() && !timer.cancelled());
        sleep(HOUR).await;
        assert_eq!(said.all(), ["1s"]);
        assert!(!timer.cancelled() && !said.is_kept_elsewhere());
    });
}

#[test]
fn callbacks_run_in_the_order_of_their_deadlines_and_then_as_they_were_armed() {
    on_a_paused_clock(async {
        let (said, now) = (Said::default(), Instant::now());
        call_later(3 * SECOND, said.says("third"));
        call_at(now + 2 * SECOND, said.says("second"));
        call_later(SECOND, said.says("first"));
        call_later(2 * SECOND, said.says("second, armed later"));
        call_at(now + 2 * SECOND, said.says("second, armed last"));
        sleep(HOUR).await;
        let expected = ["first", "second", "second, armed later", "second, armed last", "third"];
        assert_eq!(said.all(), expected);
    });
}

#[test]
fn many_of_one_deadline_run_as_they_were_armed() {
    on_a_paused_clock(async {
        let (said, deadline) = (Said::default(), Instant::now() + SECOND);
        for number in 0..5000 {
            let says = said.clone();
            call_at(deadline, move || says.say(number.to_string()));
        }
        sleep(2 * SECOND).await;
        assert!(said.all().into_iter().eq((0..5000).map(|number| number.to_string())));
    });
}

#[test]
fn a_dropped_handle_lets_the_callback_run() {
    on_each_flavor(|runtime| {
        let (tell, told) = oneshot::channel();
        runtime.block_on(async {
            drop(call_later(Duration::from_millis(1), || tell.send(7).expect("the test waits")));
            assert_eq!(told.await, Ok(7));
        });
    });
}

#[test]
fn a_callback_outlives_the_task_that_armed_it() {
    on_each_flavor(|runtime| {
        let (tell, told) = oneshot::channel();
        let (tell_armed, armed) = oneshot::channel();
        runtime.block_on(async {
            let task = spawn(async {
                call_later(Duration::from_millis(20), || tell.send(7).expect("the test waits"));
                tell_armed.send(()).expect("the test waits");
                pending::<()>().await;
            });
            armed.await.unwrap();
            task.abort();
            task.await.unwrap_err();
            assert_eq!(told.await, Ok(7));
        });
    });
}

#[test]
fn a_deadline_that_has_passed_is_due_but_not_within_the_call() {
    on_a_paused_clock(async {
        let said = Said::default();
        call_at(Instant::now() - SECOND, said.says("called"));
        call_later(Duration::ZERO, said.says("called again"));
        assert!(said.all().is_empty());
        sleep(Duration::from_millis(1)).await;
        assert_eq!(said.all(), ["called", "called again"]);
    });
}

#[test]
fn a_delay_without_end_is_one() {
    on_a_paused_clock(async {
        let said = Said::default();
        let timer = call_later(Duration::MAX, said.says("called"));
        sleep(HOUR).await;
        assert!(said.all().is_empty() && !timer.cancelled());
        timer.cancel();
        assert!(timer.cancelled() && !said.is_kept_elsewhere());
    });
}

#[test]
fn cancel_drops_the_callback_at_once_on_the_cancellers_thread() {
    on_each_flavor(|runtime| {
        let _entered = runtime.enter();
        let (tell, told) = mpsc::channel();
        let kept = OnDrop(move || tell.send(thread::current().id()).expect("the test waits"));
        let timer = call_later(HOUR, move || drop(kept));
        let other = timer.clone();
        let canceller = thread::spawn(move || {
            timer.cancel();
            let dropped_on = told.try_recv();
            timer.cancel();
            (dropped_on, thread::current().id(), told.try_recv().is_err())
        });
        let (dropped_on, canceller, only_once) = canceller.join().unwrap();
        assert_eq!(dropped_on, Ok(canceller));
        assert!(only_once && other.cancelled(), "all its clones are one");
    });
}

#[test]
fn a_cancelled_callback_does_not_run() {
    on_a_paused_clock(async {
        let said = Said::default();
        let timer = call_later(SECOND, said.says("cancelled"));
        call_later(SECOND, said.says("not cancelled"));
        sleep(SECOND / 2).await;
        timer.cancel();
        sleep(HOUR).await;
        assert_eq!(said.all(), ["not cancelled"]);
    });
}

#[test]
fn a_callback_may_cancel_another_that_is_due_with_it() {
    on_a_paused_clock(async {
        let (said, deadline) = (Said::default(), Instant::now() + SECOND);
        let (tell, told) = mpsc::channel::<TimerHandle>();
        let cancels = move || told.try_recv().expect("it was told").cancel();
        call_at(deadline, cancels);
        tell.send(call_at(deadline, said.says("cancelled"))).unwrap();
        call_at(deadline, said.says("not cancelled"));
        sleep(HOUR).await;
        assert_eq!(said.all(), ["not cancelled"]);
    });
}

#[test]
fn a_callback_that_has_begun_cannot_be_cancelled() {
    on_a_paused_clock(async {
        let said = Said::default();
        let (tell, told) = mpsc::channel::<TimerHandle>();
        let says = said.clone();
        let timer = call_later(SECOND, move || {
            let itself = told.try_recv().expect("it was told");
            itself.cancel();
            says.say(format!("cancelled: {}", itself.cancelled()));
        });
        tell.send(timer.clone()).unwrap();
        sleep(HOUR).await;
        timer.cancel();
        assert_eq!(said.all(), ["cancelled: false"]);
        assert!(!timer.cancelled());
    });
}

#[test]
fn a_callback_may_arm_another_and_spawn() {
    on_a_paused_clock(async {
        let (said, start) = (Said::default(), Instant::now());
        let (tell, told) = oneshot::channel();
        let says = said.clone();
        call_later(SECOND, move || {
            says.say("first");
            call_later(SECOND, move || {
                says.say("second");
                drop(spawn(async { tell.send(()) }));
            });
        });
        told.await.unwrap();
        assert_eq!(said.all(), ["first", "second"]);
        assert_eq!(start.elapsed(), 2 * SECOND);
    });
}

#[test]
fn a_panic_in_a_callback_does_not_stop_the_next() {
    on_a_paused_clock(async {
        let said = Said::default();
        let panics = call_later(SECOND, || panic!("as it is meant to"));
        call_later(SECOND, said.says("due with it"));
        call_later(2 * SECOND, said.says("due later"));
        sleep(HOUR).await;
        assert_eq!(said.all(), ["due with it", "due later"]);
        assert!(!panics.cancelled());
        call_later(SECOND, said.says("armed later"));
        sleep(HOUR).await;
        assert_eq!(said.all().last().map(String::as_str), Some("armed later"));
    });
}

#[test]
fn a_panic_in_what_a_cancelled_callback_keeps_is_not_the_cancellers() {
    on_a_paused_clock(async {
        let kept = OnDrop(|| panic!("as it is meant to"));
        let timer = call_later(HOUR, move || drop(kept));
        timer.cancel();
        assert!(timer.cancelled());
    });
}

/// Armed where nothing can run it: cancelled, and dropped at once.
fn assert_is_cancelled_at_once() {
    let said = Said::default();
    let kept = said.when_dropped("dropped");
    for timer in [
        call_later(Duration::ZERO, move || drop(kept)),
        call_later_while_alive(Duration::ZERO, || {}),
        call_at(Instant::now(), || {}),
    ] {
        assert!(timer.cancelled());
        timer.cancel();
    }
    assert_eq!(said.all(), ["dropped"]);
}

#[test]
fn outside_a_runtime_a_callback_comes_back_cancelled() {
    crate::begin();
    assert_is_cancelled_at_once();
    assert!(owner_is_alive(), "there is none");
}

#[test]
fn without_timers_a_callback_comes_back_cancelled() {
    crate::begin();
    let runtime = RuntimeBuilder::new_current_thread().build().unwrap();
    runtime.block_on(async { assert_is_cancelled_at_once() });
}

#[test]
fn a_runtime_without_timers_is_asked_once() {
    crate::begin();
    let (before, here) = (std::panic::take_hook(), thread::current().id());
    let seen = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&seen);
    // Other tests panic on their own threads.
    std::panic::set_hook(Box::new(move |panic| {
        if thread::current().id() == here {
            count.fetch_add(1, Ordering::SeqCst);
        } else {
            before(panic);
        }
    }));
    let runtime = RuntimeBuilder::new_current_thread().build().unwrap();
    runtime.block_on(async { assert_is_cancelled_at_once() });
    runtime.block_on(async { assert_is_cancelled_at_once() });
    assert_eq!(seen.load(Ordering::SeqCst), 1, "panics that the service's hook has seen");
}

#[test]
fn after_its_runtimes_shutdown_a_callback_comes_back_cancelled() {
    on_each_flavor(|runtime| {
        for was_used in [false, true] {
            let handle = runtime.handle().clone();
            let _entered = handle.enter();
            if was_used {
                call_later(HOUR, || {}).cancel();
            }
        }
        let handle = runtime.handle().clone();
        drop(runtime);
        let _entered = handle.enter();
        assert_is_cancelled_at_once();
    });
}

#[test]
fn as_a_thread_ends_a_callback_comes_back_cancelled() {
    type Last = RefCell<Option<OnDrop<Box<dyn FnMut()>>>>;
    thread_local! {
        static LAST: Last = const { RefCell::new(None) };
    }
    on_each_flavor(|runtime| {
        let handle = runtime.handle().clone();
        // A panic while a thread's values are dropped would end the process.
        let thread = thread::spawn(move || {
            let deadline = Instant::now() + HOUR;
            LAST.set(Some(OnDrop(Box::new(move || {
                assert!(call_later(HOUR, || {}).cancelled());
                assert!(call_at(deadline, || {}).cancelled());
            }))));
            let _entered = handle.enter();
            call_later(HOUR, || {}).cancel();
        });
        thread.join().unwrap();
    });
}

#[test]
fn a_shutdown_cancels_what_waits_and_drops_it() {
    on_each_flavor(|runtime| {
        let said = Said::default();
        let kept = said.when_dropped("dropped");
        let timer = runtime.block_on(async {
            let timer = call_later(HOUR, move || drop(kept));
            // Long enough for the runtime to know of it.
            sleep(Duration::from_millis(1)).await;
            timer
        });
        assert!(!timer.cancelled());
        drop(runtime);
        assert!(timer.cancelled());
        assert_eq!(said.all(), ["dropped"]);
    });
}

/// What a task that a shutdown drops arms in its `Drop`: `None` while it lives.
fn armed_in_a_drop(runtime: &Runtime) -> mpsc::Receiver<TimerHandle> {
    let (tell, told) = mpsc::channel();
    let arms = OnDrop(move || {
        let timer = call_later(Duration::ZERO, || panic!("it must not run"));
        tell.send(timer).expect("the test waits");
    });
    drop(Builder::new().spawn_on(keep(arms), runtime.handle()).expect("a task"));
    told
}

#[test]
fn armed_in_a_drop_during_a_shutdown_a_callback_is_cancelled() {
    on_each_flavor(|runtime| {
        let told = armed_in_a_drop(&runtime);
        drop(runtime);
        assert!(told.recv_timeout(DEADLINE).unwrap().cancelled());
    });
}

/// Whichever of the two is dropped first.
#[test]
fn armed_in_a_drop_during_the_shutdown_of_a_runtime_that_has_run_callbacks_it_is_cancelled() {
    on_each_flavor(|runtime| {
        let before = armed_in_a_drop(&runtime);
        runtime.block_on(async {
            let (tell, told) = oneshot::channel();
            call_later(Duration::ZERO, || tell.send(()).expect("the test waits"));
            told.await.expect("it is called");
        });
        let after = armed_in_a_drop(&runtime);
        drop(runtime);
        for told in [before, after] {
            assert!(told.recv_timeout(DEADLINE).unwrap().cancelled());
        }
    });
}

#[test]
fn armed_in_a_drop_that_a_panic_causes_a_callback_runs() {
    on_each_flavor(|runtime| {
        let (tell, told) = oneshot::channel();
        let mut tell = Some(tell);
        let arms = OnDrop(move || {
            let tell = tell.take().expect("it is dropped once");
            call_later(Duration::ZERO, || tell.send(7).expect("the test waits"));
        });
        runtime.block_on(async {
            let panics = async move {
                let _arms = arms;
                panic!("as it is meant to");
            };
            let panicked: Result<(), _> = spawn(panics).await;
            assert!(panicked.unwrap_err().is_panic());
            assert_eq!(told.await, Ok(7));
        });
    });
}

#[test]
fn a_callback_runs_in_the_runtime_in_which_it_was_armed() {
    on_each_flavor(|runtime| {
        let (tell, told) = oneshot::channel();
        let handle = runtime.handle().clone();
        let armed = thread::spawn(move || {
            let _entered = handle.enter();
            call_later(Duration::ZERO, || {
                tell.send(Handle::current().id()).expect("the test waits");
            });
        });
        armed.join().unwrap();
        let expected = runtime.handle().id();
        assert_eq!(runtime.block_on(told), Ok(expected));
    });
}

#[test]
fn while_its_owner_lives_a_callback_runs() {
    on_a_paused_clock(async {
        let said = Said::default();
        let says = said.clone();
        let (release, released) = oneshot::channel::<()>();
        let task = spawn(async move {
            call_later_while_alive(SECOND, move || says.say(owner_is_alive().to_string()));
            released.await
        });
        sleep(2 * SECOND).await;
        release.send(()).unwrap();
        task.await.unwrap().unwrap();
        assert_eq!(said.all(), ["true"]);
    });
}

#[test]
fn a_shutdown_cancels_what_was_armed_just_before() {
    on_each_flavor(|runtime| {
        let said = Said::default();
        let kept = said.when_dropped("dropped");
        let timer = {
            let _entered = runtime.enter();
            call_later(HOUR, move || drop(kept))
        };
        drop(runtime);
        assert!(timer.cancelled());
        assert_eq!(said.all(), ["dropped"]);
    });
}
