//! A random order, so that no mode always runs after the same other one.

use std::hash::{BuildHasher, RandomState};

pub fn shuffled<T>(things: impl IntoIterator<Item = T>) -> Vec<T> {
    let random = RandomState::new();
    let mut keyed: Vec<(u64, T)> = things
        .into_iter()
        .enumerate()
        .map(|(number, thing)| (random.hash_one(number), thing))
        .collect();
    keyed.sort_by_key(|(key, _)| *key);
    keyed.into_iter().map(|(_, thing)| thing).collect()
}
