//! Pools, and the connections that are out of them.

use std::{
    panic::{AssertUnwindSafe, Location, catch_unwind},
    sync::Arc,
    time::Duration,
};

use super::{super::Pooled, Holding, Resource, Traits, Wait};
use crate::{
    recorder::{
        Recorder,
        clock::nanos,
        holding::Acquired,
        owner,
        pools::{Lent, PoolState, Watched},
        table::SiteId,
    },
    words::Kind,
};

/// A watched pool, for its front end.
#[derive(Clone, Debug)]
pub(crate) struct Lender(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    resource: Resource,
    watched: Arc<Watched>,
}

impl Lender {
    /// `ask` must not keep the pool: it gives `None` once that is gone.
    pub(crate) fn new(
        name: &'static str,
        ask: impl Fn() -> Option<Pooled> + Send + Sync + 'static,
    ) -> Self {
        let resource = Resource::new(Kind::Connection, name);
        // It is somebody else's code, and the console's thread goes on whatever it does.
        let ask = move || catch_unwind(AssertUnwindSafe(&ask)).ok().flatten().map(state);
        let watched = Watched::new(resource.number(), name, Box::new(ask));
        Self(Arc::new(Inner { resource, watched }))
    }

    /// The task that runs here has taken a connection, of this age.
    pub(crate) fn lends(
        &self,
        age: Option<Duration>,
        location: Option<&'static Location<'static>>,
    ) -> Lease {
        let key = Recorder::current().and_then(|recorder| {
            let key = recorder.acquired(&self.share(Traits::Value.flags(), location))?;
            let lent = Lent { age: age.map(nanos), returning_since: None };
            self.0.watched.lends(key, lent);
            Some((recorder, key))
        });
        Lease { holding: Holding(key), pool: key.map(|_| Arc::clone(&self.0)) }
    }

    /// Polled, and there is none yet: whoever polls it waits.
    pub(crate) fn waits(&self, wait: &mut Wait, location: Option<&'static Location<'static>>) {
        wait.goes_on_for(|| self.share(0, location));
    }

    /// Whoever waits for it is recorded: when nobody does, nobody waits.
    pub(crate) fn tells_who_waits(&self) {
        self.0.watched.will_tell_who_waits();
    }

    fn share(&self, flags: u8, location: Option<&'static Location<'static>>) -> Acquired {
        let site = location.map(SiteId::of).unwrap_or_default();
        self.0.resource.share_at(self.0.resource.label(), 1, flags, site)
    }
}

fn state(said: Pooled) -> PoolState {
    let number = |it: Option<usize>| it.map(|it| it as u64);
    PoolState {
        size: number(said.size),
        idle: number(said.idle),
        max: number(said.max),
        waiting: number(said.waiting),
        max_lifetime: said.max_lifetime.map(nanos),
    }
}

/// A connection that is out: back, or closed, when this is dropped.
#[derive(Debug)]
pub(crate) struct Lease {
    holding: Holding,
    pool: Option<Arc<Inner>>,
}

impl Lease {
    pub(crate) fn holding(&self) -> &Holding {
        &self.holding
    }

    /// Somebody wants to know when it is back.
    #[cfg(feature = "sqlx")]
    pub(crate) fn is_recorded(&self) -> bool {
        self.pool.is_some()
    }

    /// It is on its way back: nobody can take it meanwhile, and whose it was it stays. Who
    /// lets go of it had it, whoever has used it or was lent it before.
    pub(crate) fn returns(&self) {
        if let (Some(pool), Some((recorder, key))) = (&self.pool, self.holding.0) {
            if let Some(task) = owner::current_task(recorder) {
                recorder.transferred(key, Some(task));
            }
            recorder.stays(key);
            pool.watched.returns(key, recorder.clock.now());
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let (Some(pool), Some((_, key))) = (&self.pool, self.holding.0) {
            pool.watched.has_back(key);
        }
    }
}
