//! A cache that is deleted from twice: at once, and again a little later, in case that a
//! reader has put the old value back in between. The second delete is a callback, which
//! outlives the request that asked for it: a group of timers while it is pending, nothing
//! at rest.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use holdover::{
    task::Builder,
    time::{call_later, sleep},
};

use crate::Rounds;

/// Half a second is usual; longer than the grace, so that it can be seen.
const SECOND_DELETE: Duration = Duration::from_secs(3);
const REQUESTS: u64 = 6;
/// So many clients of a round hang up.
pub(crate) const HANG_UP: u32 = 3;

#[derive(Clone, Default)]
struct Cache(Arc<Mutex<HashMap<u64, String>>>);

impl Cache {
    fn delete(&self, key: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
    }

    fn delete_twice(&self, key: u64) {
        self.delete(key);
        let cache = self.clone();
        call_later(SECOND_DELETE, move || cache.delete(key));
    }
}

/// Writes to the database, then deletes what the cache has of it.
async fn update(cache: Cache, key: u64) {
    sleep(Duration::from_millis(50)).await;
    cache.delete_twice(key);
    // The answer takes a while.
    sleep(Duration::from_secs(1)).await;
}

/// Enough of chance to cancel by (Marsaglia's xorshift).
fn chance(state: &mut u64) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    usize::try_from(*state % 1_000).unwrap_or(0)
}

/// Sends requests, some clients of which hang up before they are answered.
pub async fn double_delete(mut rounds: Rounds) {
    let (cache, mut state) = (Cache::default(), 88_172_645_463_325_252);
    while rounds.another() {
        let request = |key| Builder::new().name("update").spawn(update(cache.clone(), key));
        let mut requests: Vec<_> = (0..REQUESTS).filter_map(|key| request(key).ok()).collect();
        sleep(Duration::from_millis(300)).await;
        for _ in 0..HANG_UP {
            let one = requests.swap_remove(chance(&mut state) % requests.len());
            one.abort_because("the client hung up");
        }
        sleep(SECOND_DELETE + Duration::from_secs(1)).await;
    }
}
