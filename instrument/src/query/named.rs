//! What has become of the file descriptors that a window's holdings name.

use std::collections::HashMap;

use super::{LISTED, Rows};
use crate::{
    process::{FdSeen, Sampler},
    recorder::{
        Recorder,
        clock::Nanos,
        holding::{HoldingFlag, OpenFd},
        key::Key,
    },
    store::Held,
};

/// So many are looked at for one window; those beyond have a number and no state.
const LOOKED_AT: usize = 1000;

pub(super) fn look(
    recorder: &Recorder,
    sampler: &mut Sampler,
    rows: &Rows,
    age: Nanos,
    now: Nanos,
) -> HashMap<u64, FdSeen> {
    let named = shown(rows).filter_map(|held| Some((held.id, held.fd?))).take(LOOKED_AT);
    let named: HashMap<u64, OpenFd> = named.collect();
    if named.is_empty() {
        return HashMap::new();
    }
    let mut seen = sampler.look(named.iter().map(|(id, fd)| (*id, *fd)), age, now);
    // A holding is released before what it holds is closed: one that lives now lived when
    // its descriptor was looked at, and of the others there is nothing to say.
    seen.retain(|id, _| is_live(recorder, *id, named.get(id)));
    seen
}

fn is_live(recorder: &Recorder, id: u64, fd: Option<&OpenFd>) -> bool {
    let holding = Key::from_bits(id).and_then(|key| recorder.holding(key));
    holding.is_some_and(|it| !it.has(HoldingFlag::Over) && it.fd.as_ref() == fd)
}

/// The holdings that a client will see.
fn shown(rows: &Rows) -> Box<dyn Iterator<Item = &Held> + '_> {
    match rows {
        Rows::Leaks(rows, _) => {
            Box::new(rows.iter().flat_map(|row| row.holdings.iter().take(LISTED)))
        }
        Rows::Groups(groups, _) => {
            let worst = groups.iter().map(|group| &group.worst);
            Box::new(worst.flat_map(|row| row.holdings.iter().take(LISTED)))
        }
        Rows::Holdings(rows) | Rows::Process(_, rows) => Box::new(rows.iter().map(|row| &row.held)),
        Rows::Story(story) => Box::new(story.iter().flat_map(|story| &story.holdings)),
        // A pool's connections name none.
        Rows::Tasks(_)
        | Rows::Sites(_)
        | Rows::Tree(_)
        | Rows::Events { .. }
        | Rows::Pools
        | Rows::Tokens => Box::new(std::iter::empty()),
    }
}
