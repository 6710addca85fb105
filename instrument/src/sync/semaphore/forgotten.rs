//! Permits that were forgotten: they are held until somebody adds as many.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::record::Holding;

/// The oldest first. Locked when a permit is forgotten or added, not when one is
/// acquired or released.
#[derive(Debug)]
pub(super) struct Forgotten(Mutex<VecDeque<(usize, Holding)>>);

impl Forgotten {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(VecDeque::new()))
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(usize, Holding)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn push(&self, permits: usize, holding: Holding) {
        if permits > 0 {
            self.lock().push_back((permits, holding));
        }
    }

    /// So many permits were added.
    pub(super) fn given_back(&self, mut permits: usize) {
        let mut forgotten = self.lock();
        while permits > 0
            && let Some((held, holding)) = forgotten.front_mut()
        {
            let taken = permits.min(*held);
            *held -= taken;
            permits -= taken;
            holding.set_amount(amount(*held));
            if *held == 0 {
                forgotten.pop_front();
            }
        }
    }
}

/// As it is recorded.
pub(super) fn amount(permits: usize) -> u32 {
    u32::try_from(permits).unwrap_or(u32::MAX)
}
