//! What was decided of the callsites that were registered: a table by the address of
//! their metadata, which stays where it is for as long as the process lives. Reading it
//! takes one load and no lock; a callsite that found no place is decided anew each time.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Of nobody that is recorded.
pub(super) const NOBODYS: u8 = u8::MAX;

/// Far more than a service has callsites of level TRACE; a power of two.
const CELLS: usize = 4096;
/// A callsite lies in one of so many cells beginning with its own.
const PROBES: usize = 8;
const CLASS_BITS: u32 = 8;

/// Address and class in one word, so that neither is read without the other; 0 is an
/// empty cell.
static TABLE: [AtomicU64; CELLS] = [const { AtomicU64::new(0) }; CELLS];

/// The class of the callsite whose metadata lies there; `None` when it is not known.
#[inline]
pub(super) fn class_of(address: usize) -> Option<u8> {
    let word = TABLE[first_cell(address) % CELLS].load(Relaxed);
    if word >> CLASS_BITS == address as u64 {
        return Some(class(word));
    }
    if word == 0 { None } else { class_beyond(address) }
}

#[inline]
fn class(word: u64) -> u8 {
    (word & 0xff) as u8
}

/// Its own cell is another's.
#[cold]
fn class_beyond(address: usize) -> Option<u8> {
    let words = cells(address).map(|cell| cell.load(Relaxed));
    let mut used = words.take_while(|word| *word != 0);
    used.find(|word| word >> CLASS_BITS == address as u64).map(class)
}

/// For metadata that is there for ever.
pub(super) fn remember(address: usize, class: u8) {
    let word = (address as u64) << CLASS_BITS | u64::from(class);
    // Where addresses use the bits on top it is decided anew each time.
    if word >> CLASS_BITS != address as u64 {
        return;
    }
    for cell in cells(address) {
        match cell.compare_exchange(0, word, Relaxed, Relaxed) {
            Err(other) if other >> CLASS_BITS != address as u64 => {}
            _ => return,
        }
    }
}

/// Metadata is some hundred bytes large: the lowest bits say little.
#[inline]
fn first_cell(address: usize) -> usize {
    (address >> 4) ^ (address >> 13)
}

fn cells(address: usize) -> impl Iterator<Item = &'static AtomicU64> {
    let first = first_cell(address);
    (first..first + PROBES).map(|at| &TABLE[at % CELLS])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Addresses at which nothing lies.
    const BASE: usize = 0x10;

    #[test]
    fn what_was_remembered_is_known() {
        assert_eq!(class_of(BASE), None);
        remember(BASE, 3);
        remember(BASE, 3);
        remember(BASE + 1, NOBODYS);
        assert_eq!(class_of(BASE), Some(3));
        assert_eq!(class_of(BASE + 1), Some(NOBODYS));
        assert_eq!(class_of(BASE + 2), None);
    }

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn where_there_is_no_place_it_is_not_known() {
        // All of the same cell.
        let address = |number: usize| BASE + 0x40 + (number << 40);
        for number in 0..PROBES + 2 {
            remember(address(number), 5);
        }
        assert_eq!(class_of(address(0)), Some(5));
        assert_eq!(class_of(address(PROBES + 1)), None);
    }
}
