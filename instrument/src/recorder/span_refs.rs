//! How many references to a slot's span tokio has.

use crate::atomics::{
    AtomicU32,
    Ordering::{Relaxed, SeqCst},
};

#[derive(Debug)]
pub(crate) struct SpanRefs(AtomicU32);

impl SpanRefs {
    /// None: there is no span.
    pub(super) fn new() -> Self {
        Self(AtomicU32::new(0))
    }

    #[inline]
    pub(super) fn set(&self, references: u32) {
        self.0.store(references, Relaxed);
    }

    #[inline]
    pub(crate) fn cloned(&self) {
        self.0.fetch_add(1, Relaxed);
    }

    /// True when that was the last reference: then nobody else has one to clone, and
    /// nothing need be written.
    #[inline]
    pub(crate) fn dropped(&self) -> bool {
        self.0.load(SeqCst) == 1 || self.0.fetch_sub(1, SeqCst) == 1
    }
}

#[cfg(all(test, not(holdover_loom)))]
mod tests {
    use super::*;

    #[test]
    fn the_last_one_is_told() {
        let references = SpanRefs::new();
        references.set(1);
        references.cloned();
        references.cloned();
        assert!(!references.dropped() && !references.dropped());
        assert!(references.dropped());
    }
}
