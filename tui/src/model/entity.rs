//! What makes a row of the target the same one in its next update.

use holdover_proto::v1;

use super::list::Entity;

impl Entity for v1::LeakGroup {
    type Id = (i32, bool, String, String, Option<(i32, String)>);

    fn id(&self) -> Self::Id {
        let worst = self.worst.as_ref();
        let task = worst.and_then(|leak| leak.task.as_ref());
        let held = worst.and_then(|leak| leak.holdings.first());
        (
            self.verdict,
            self.cleared,
            task.map(|task| task.name.clone()).unwrap_or_default(),
            task.map(|task| task.location.clone()).unwrap_or_default(),
            held.map(|held| (held.kind, held.label.clone())),
        )
    }
}

impl Entity for v1::Task {
    type Id = u64;

    fn id(&self) -> u64 {
        self.id
    }
}

impl Entity for v1::HeldRow {
    type Id = u64;

    fn id(&self) -> u64 {
        self.holding.as_ref().map_or(0, |held| held.id)
    }
}

impl Entity for v1::Event {
    type Id = u64;

    fn id(&self) -> u64 {
        self.seq
    }
}
