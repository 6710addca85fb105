//! Ends of channels with recording compiled out: nothing.

use std::panic::Location;

use super::{Holding, Wait};
use crate::record::{ChannelName, Side};

/// Nothing.
#[derive(Debug)]
pub(crate) struct ChannelEnd;

impl ChannelEnd {
    pub(crate) const NONE: Self = Self;

    #[inline]
    pub(crate) fn first_sender(_: &ChannelName, _: &'static Location<'static>) -> Self {
        Self
    }

    #[inline]
    pub(crate) fn another(&self, _: Side, _: &'static Location<'static>) -> Self {
        Self
    }

    #[inline]
    pub(crate) fn weak(&self) -> WeakEnd {
        WeakEnd
    }

    #[inline]
    pub(crate) fn used_here(&self) {}

    #[inline]
    pub(crate) fn closes(&self) {}

    #[inline]
    pub(crate) fn waits(&self, _: &mut Wait, _: Side, _: &'static Location<'static>) {}

    #[inline]
    pub(crate) fn takes(&self, _: usize) {}

    #[inline]
    pub(crate) fn receives(&self, _: usize) {}

    #[inline]
    pub(crate) fn is_not_followed(&self) {}

    #[inline]
    pub(crate) fn reserves(&self, _: usize, _: &'static Location<'static>) -> Holding {
        Holding
    }

    #[inline]
    pub(crate) fn unreserves(&self, _: usize) {}

    #[inline]
    pub(crate) fn holding(&self) -> &Holding {
        &Holding
    }
}

/// Nothing.
#[derive(Clone, Debug)]
pub(crate) struct WeakEnd;

impl WeakEnd {
    #[inline]
    pub(crate) fn upgraded(&self, _: &'static Location<'static>) -> ChannelEnd {
        ChannelEnd
    }
}
