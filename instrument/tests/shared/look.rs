//! A look of a test at a service.

use std::sync::atomic::{AtomicU32, Ordering};

/// What several look at may be half an interval old, on a machine where it took long to tell: so
/// each look is one that nobody else has.
pub(crate) fn interval_of_its_own() -> u32 {
    static LOOKS: AtomicU32 = AtomicU32::new(1_000);
    LOOKS.fetch_add(1, Ordering::Relaxed)
}
