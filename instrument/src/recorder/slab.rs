//! A locked table for what few tasks have: the story of a request, a grace of their
//! own. Slots store an index and stay small.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Entries by index; 0 is no entry.
#[derive(Debug)]
pub(crate) struct Slab<T>(Mutex<Entries<T>>);

#[derive(Debug)]
struct Entries<T> {
    entries: Vec<Option<Arc<T>>>,
    free: Vec<u32>,
}

impl<T> Slab<T> {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Entries { entries: Vec::new(), free: Vec::new() }))
    }

    pub(crate) fn insert(&self, entry: Arc<T>) -> u32 {
        let mut all = self.lock();
        if let Some(index) = all.free.pop() {
            all.entries[index as usize - 1] = Some(entry);
            return index;
        }
        all.entries.push(Some(entry));
        u32::try_from(all.entries.len()).unwrap_or(0)
    }

    pub(crate) fn get(&self, index: u32) -> Option<Arc<T>> {
        let at = index.checked_sub(1)? as usize;
        self.lock().entries.get(at)?.clone()
    }

    /// Nothing is locked where there is no entry, as for nearly every task.
    #[inline]
    pub(crate) fn remove(&self, index: u32) -> Option<Arc<T>> {
        if index == 0 { None } else { self.take(index) }
    }

    fn take(&self, index: u32) -> Option<Arc<T>> {
        let at = index.checked_sub(1)? as usize;
        let mut all = self.lock();
        let entry = all.entries.get_mut(at)?.take();
        if entry.is_some() {
            all.free.push(index);
        }
        entry
    }

    fn lock(&self) -> MutexGuard<'_, Entries<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_used_again_only_after_its_entry_went() {
        let slab = Slab::new();
        let (a, b) = (slab.insert(Arc::new("a")), slab.insert(Arc::new("b")));
        assert_eq!((a, b), (1, 2));
        assert_eq!(slab.remove(a).as_deref(), Some(&"a"));
        assert_eq!((slab.get(a), slab.remove(a), slab.get(0)), (None, None, None));
        assert_eq!(slab.insert(Arc::new("c")), a);
        assert_eq!(slab.get(b).as_deref(), Some(&"b"));
    }
}
