//! Catches a panic, with where it is said to come from.

use std::{
    cell::RefCell,
    panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook},
    sync::Once,
};

thread_local! {
    /// `None` while nothing is to be caught on this thread.
    static CAUGHT: RefCell<Option<Caught>> = const { RefCell::new(None) };
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Caught {
    pub(crate) message: String,
    pub(crate) file: String,
    pub(crate) line: u32,
}

impl Caught {
    fn of(panic: &PanicHookInfo<'_>) -> Self {
        let location = panic.location().expect("there always is one");
        let payload = panic.payload();
        let literal = payload.downcast_ref::<&str>().copied().map(str::to_owned);
        let message = literal.or_else(|| payload.downcast_ref::<String>().cloned());
        let message = message.unwrap_or_default();
        Self { message, file: location.file().to_owned(), line: location.line() }
    }
}

/// The panic of the closure, which is not printed.
pub(crate) fn caught<T>(panics: impl FnOnce() -> T) -> Caught {
    install();
    CAUGHT.set(Some(Caught::default()));
    let returned = catch_unwind(AssertUnwindSafe(panics));
    let caught = CAUGHT.take().expect("it was just set");
    assert!(returned.is_err(), "it does not panic");
    caught
}

/// The process has one hook, and the tests run on several threads.
fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| {
            let is_caught = CAUGHT.with_borrow_mut(|caught| {
                caught.as_mut().map(|caught| *caught = Caught::of(panic)).is_some()
            });
            if !is_caught {
                before(panic);
            }
        }));
    });
}
