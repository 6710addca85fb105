//! The key of a slot: which arena, which slot, which generation. It is also the
//! id of the span that tokio gets for it.
//!
//! Layout, chosen so that no id a real subscriber mints looks like one of ours
//! (`Registry`'s are address(38) | thread(13) | generation(13), and bits 32 to 37
//! stay 0 below 2^31 spans in one shard):
//!
//! ```text
//! 63   1            always set
//! 38   generation   25 bits, starts at random in each recorder
//! 32   pattern      6 bits, fixed
//! 31   arena        0 tasks, 1 holdings
//!  0   slot         31 bits; of a holding 30, and above them 1 in the id of an uncounted
//!                   clone of its span
//! ```

use std::num::NonZeroU64;

const TOP: u64 = 1 << 63;
const GENERATION_SHIFT: u32 = 38;
const PATTERN_SHIFT: u32 = 32;
const PATTERN: u64 = 0b10_1101 << PATTERN_SHIFT;
const PATTERN_MASK: u64 = 0b11_1111 << PATTERN_SHIFT;
const ARENA_BIT: u64 = 1 << 31;
const CLONE_BIT: u64 = 1 << 30;

/// How many generations a slot can have; it is retired before it would repeat one.
pub(crate) const GENERATIONS: u32 = 1 << 25;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Which {
    Tasks,
    Holdings,
}

/// Names one generation of one slot. A stale key is detected, never followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key(NonZeroU64);

/// No arena has so many slots: these name none.
const NO_SLOT: u32 = (1 << 31) - 1;

impl Key {
    /// The id of a span that is not recorded: entering it changes nothing.
    pub(crate) const IGNORED: Self = Self::fixed(NO_SLOT);
    /// The id of a span of Holdover's own work: what is made in it is not recorded.
    pub(crate) const OURS: Self = Self::fixed(NO_SLOT - 1);

    const fn fixed(slot: u32) -> Self {
        match NonZeroU64::new(TOP | PATTERN | slot as u64) {
            Some(bits) => Self(bits),
            None => panic!("the top bit is set"),
        }
    }

    /// One of the two that name no slot.
    #[inline]
    pub(crate) fn is_ignored(self) -> bool {
        self == Self::IGNORED || self == Self::OURS
    }

    #[inline]
    pub(crate) fn new(which: Which, slot: u32, generation: u32) -> Self {
        debug_assert!(slot < 1 << 31 && generation < GENERATIONS);
        let arena = match which {
            Which::Tasks => 0,
            Which::Holdings => ARENA_BIT,
        };
        let bits =
            TOP | (u64::from(generation) << GENERATION_SHIFT) | PATTERN | arena | u64::from(slot);
        Self(NonZeroU64::new(bits).unwrap_or(NonZeroU64::MAX))
    }

    /// The key that these bits are laid out as, if they are. Says nothing of
    /// whether the slot is live.
    #[inline]
    pub(crate) fn from_bits(bits: u64) -> Option<Self> {
        let ours = bits & (TOP | PATTERN_MASK) == (TOP | PATTERN);
        NonZeroU64::new(bits).filter(|_| ours).map(Self)
    }

    /// The id of a clone of a holding's span that is not counted.
    #[inline]
    pub(crate) fn of_a_clone(self) -> Self {
        debug_assert_eq!(self.which(), Which::Holdings);
        Self(self.0 | CLONE_BIT)
    }

    #[inline]
    pub(crate) fn is_of_a_clone(self) -> bool {
        const BOTH: u64 = ARENA_BIT | CLONE_BIT;
        self.bits() & BOTH == BOTH
    }

    /// Of a clone's id, the key of what it is a clone of.
    #[inline]
    pub(crate) fn whole(self) -> Self {
        if self.is_of_a_clone() {
            Self(NonZeroU64::new(self.bits() & !CLONE_BIT).unwrap_or(self.0))
        } else {
            self
        }
    }

    #[inline]
    pub(crate) fn bits(self) -> u64 {
        self.0.get()
    }

    #[inline]
    pub(crate) fn which(self) -> Which {
        if self.bits() & ARENA_BIT == 0 { Which::Tasks } else { Which::Holdings }
    }

    #[inline]
    pub(crate) fn slot(self) -> u32 {
        (self.bits() & (ARENA_BIT - 1)) as u32
    }

    #[inline]
    pub(crate) fn generation(self) -> u32 {
        ((self.bits() & !TOP) >> GENERATION_SHIFT) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_gives_back_what_went_in() {
        for which in [Which::Tasks, Which::Holdings] {
            for slot in [0, 1, 12_345, (1 << 30) - 1] {
                for generation in [0, 1, GENERATIONS - 1] {
                    let key = Key::new(which, slot, generation);
                    assert_eq!(
                        (key.which(), key.slot(), key.generation()),
                        (which, slot, generation)
                    );
                    assert_eq!(Key::from_bits(key.bits()), Some(key));
                }
            }
        }
    }

    #[test]
    fn a_clones_id_leads_to_what_it_is_a_clone_of() {
        let key = Key::new(Which::Holdings, 12_345, 7);
        let clone = key.of_a_clone();
        assert!(clone != key && clone.is_of_a_clone() && !key.is_of_a_clone());
        assert_eq!((clone.whole(), key.whole(), clone.of_a_clone()), (key, key, clone));
        assert_eq!(Key::from_bits(clone.bits()), Some(clone), "it is one of ours");
        for fixed in [Key::IGNORED, Key::OURS] {
            assert!(!fixed.is_of_a_clone() && fixed.whole() == fixed);
        }
    }

    #[test]
    fn small_numbers_and_the_registrys_ids_are_not_keys() {
        for bits in [0, 1, 42, u64::from(u32::MAX), (5 << 51) | (3 << 38) | 0x1234_5678, 1 << 63] {
            assert_eq!(Key::from_bits(bits), None, "{bits:#x}");
        }
    }
}
