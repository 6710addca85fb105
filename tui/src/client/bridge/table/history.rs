//! What happened lately, as the messages show it.

use std::collections::VecDeque;

use holdover_proto::v1;

use super::{Resource, Task, reference};

/// So many events are kept.
const KEPT: usize = 10_000;

/// What happened to a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Spawned,
    Ended,
}

#[derive(Debug, Default)]
pub(crate) struct History {
    events: VecDeque<v1::Event>,
    /// The number of the last one: how many there were.
    last: u64,
}

impl History {
    pub(crate) fn push(&mut self, at: u64, what: What, task: &Task) {
        let lasted = match what {
            What::Spawned => None,
            What::Ended => task.stats.and_then(|it| it.created).map(|from| at.saturating_sub(from)),
        };
        let kind = match what {
            What::Spawned => v1::EventKind::Spawned,
            What::Ended => v1::EventKind::Ended,
        };
        self.add(v1::Event {
            at_ns: at,
            kind: kind.into(),
            task: Some(reference(task)),
            what: if what == What::Ended { "how is not told".to_owned() } else { String::new() },
            site: task.location.clone(),
            lasted_ns: lasted,
            ..v1::Event::default()
        });
    }

    /// A resource was made, or dropped, and used by this task last.
    pub(super) fn push_resource(&mut self, resource: &Resource, user: Option<v1::TaskRef>) {
        let (at, kind) = match (resource.made, resource.released) {
            (_, Some(released)) => (released, v1::EventKind::Released),
            (Some(made), None) => (made, v1::EventKind::Acquired),
            (None, None) => return,
        };
        let made = resource.made.filter(|_| resource.released.is_some());
        self.add(v1::Event {
            at_ns: at,
            kind: kind.into(),
            task: user,
            what: format!("{} {}", crate::words::kind(resource.kind), resource.concrete_type),
            site: resource.location.clone(),
            holding: resource.kind.into(),
            lasted_ns: made.map(|made| at.saturating_sub(made)),
            ..v1::Event::default()
        });
    }

    /// A verdict was given, or has cleared.
    pub(crate) fn push_verdict(&mut self, leak: &v1::Leak) {
        let kind = match leak.cleared_ns {
            Some(_) => v1::EventKind::Cleared,
            None => v1::EventKind::Given,
        };
        let task = leak.task.as_ref();
        let who = task.map(|task| v1::TaskRef {
            id: task.id,
            name: crate::names::task(task),
            location: task.location.clone(),
        });
        let held = leak.holdings.first();
        self.add(v1::Event {
            at_ns: leak.cleared_ns.unwrap_or(leak.given_ns),
            kind: kind.into(),
            task: who,
            what: held.map(|held| held.label.clone()).unwrap_or_default(),
            site: task.map(|task| task.location.clone()).unwrap_or_default(),
            verdict: leak.verdict,
            holding: held.map_or(0, |held| held.kind),
            lasted_ns: leak.cleared_ns.map(|at| at.saturating_sub(leak.since_ns)),
            ..v1::Event::default()
        });
    }

    fn add(&mut self, event: v1::Event) {
        self.last += 1;
        self.events.push_back(v1::Event { seq: self.last, ..event });
        if self.events.len() > KEPT {
            self.events.pop_front();
        }
    }

    /// Those that are kept, oldest first.
    pub(crate) fn events(&self) -> impl Iterator<Item = &v1::Event> {
        self.events.iter()
    }

    /// How many are not kept any more.
    pub(crate) fn lost(&self) -> u64 {
        self.last - self.events.len() as u64
    }
}
