//! Every leak of a moment, over as many pages as it takes.

use std::collections::HashSet;

use holdover_proto::v1;

use super::{PAGE, lost};
use crate::{Failure, client::Client, format::leaks_and_warnings, words};

/// What makes a leak the same one at another moment: its task, its verdict, when that was
/// given, and of what nobody owns which thing it is.
pub(super) type Id = (u64, i32, u64, u64);

pub(super) fn id(leak: &v1::Leak) -> Id {
    let task = leak.task.as_ref().map_or(0, |task| task.id);
    let held = leak.holdings.first().filter(|_| task == 0).map_or(0, |held| held.id);
    (task, leak.verdict, leak.given_ns, held)
}

/// The leaks, each once, and the last page's update without them.
#[derive(Clone, Debug)]
pub(crate) struct Every {
    pub(crate) leaks: Vec<v1::Leak>,
    pub(crate) last: v1::Update,
}

impl Every {
    /// `2 leaks and 1 warning`: what is orphaned or overdue is counted beside the leaks.
    pub(crate) fn counted(&self) -> String {
        let is_warning = |leak: &&v1::Leak| words::is_warning(leak.verdict());
        let warnings = self.leaks.iter().filter(is_warning).count();
        leaks_and_warnings((self.leaks.len() - warnings) as u64, warnings as u64)
    }
}

pub(crate) async fn leaks(client: &mut Client, filter: &str) -> Result<Every, Failure> {
    let (mut leaks, mut seen, mut offset) = (Vec::new(), HashSet::new(), 0);
    loop {
        let view = v1::View {
            kind: v1::ViewKind::Leaks.into(),
            filter: filter.to_owned(),
            limit: PAGE,
            offset,
            ..v1::View::default()
        };
        let request = v1::WatchRequest { view: Some(view) };
        let mut updates = client.watch(request).await.map_err(|it| lost(&it))?.into_inner();
        let update = updates.message().await.map_err(|it| lost(&it))?;
        let mut last =
            update.ok_or_else(|| Failure::Connect("the target did not say".to_owned()))?;
        // A row may have moved to the next page meanwhile.
        let rows = std::mem::take(&mut last.leaks).into_iter();
        leaks.extend(rows.filter(|leak| seen.insert(id(leak))));
        offset += PAGE;
        if u64::from(offset) >= last.matched {
            return Ok(Every { leaks, last });
        }
    }
}
