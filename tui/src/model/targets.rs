//! The targets: which of them are shown, what each is called, and what they are together.

use std::{
    ops::{Index, IndexMut},
    sync::Arc,
    time::Instant,
};

use holdover_proto::v1;

use super::{
    Model, Of, Screen, Target,
    list::{Entity, Order},
    samples::Seen,
};
use crate::{
    client::TargetId,
    whose::{Names, Whose},
};

/// All that were named, in that order; never empty.
#[derive(Debug)]
pub(crate) struct Targets(Vec<Target>);

impl Targets {
    pub(super) fn of(address: String) -> Self {
        Self(vec![Target::new(address)])
    }

    pub(super) fn push(&mut self, address: String) {
        self.0.push(Target::new(address));
    }

    pub(crate) fn ids(&self) -> impl DoubleEndedIterator<Item = TargetId> + use<> {
        (0..self.0.len()).map(TargetId)
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    fn get(&self, id: TargetId) -> Option<&Target> {
        self.0.get(id.0)
    }
}

impl Index<TargetId> for Targets {
    type Output = Target;

    fn index(&self, id: TargetId) -> &Target {
        &self.0[id.0]
    }
}

impl IndexMut<TargetId> for Targets {
    fn index_mut(&mut self, id: TargetId) -> &mut Target {
        &mut self.0[id.0]
    }
}

/// A line of the list of targets; what it says is the target's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TargetLine(pub(super) TargetId);

impl Entity for TargetLine {
    type Id = TargetId;

    fn id(&self) -> TargetId {
        self.0
    }
}

impl Model {
    pub(super) fn connected(
        &mut self,
        from: TargetId,
        described: v1::DescribeResponse,
        now: Instant,
    ) {
        if self.targets[from].connected(described, now) {
            self.forget(from, now);
        }
    }

    /// What a process that is gone has said speaks for nothing; what others say goes on.
    fn forget(&mut self, of: TargetId, now: Instant) {
        let others = |row: TargetId| row != of;
        self.told.retain(|row| others(row.target));
        self.leaks.retain(|row| others(row.target));
        self.tasks.retain(|row| others(row.target));
        self.sites.retain(|row| others(row.target));
        self.holdings.retain(|row| others(row.target));
        self.pool_lines.retain(|row| others(row.target));
        self.branches.retain(|row| others(row.target));
        self.events.retain(|row| others(row.target));
        self.tabs.forget_ids(of);
        self.past.forget(of);
        if self.mark.forget(of) {
            self.screens.retain(|screen| *screen != Screen::Since);
        }
        if self.about() == Some(of) {
            self.turn_the_page();
            self.seen = Seen::default();
            self.move_again();
            self.looks_at_now();
        }
        self.screens.retain(|screen| !matches!(screen, Screen::Story(it, _) if *it == of));
        self.merge(Order::Kept, now);
    }

    /// There is more than one, and what is shown says whose it is.
    pub(crate) fn has_several(&self) -> bool {
        self.targets.count() > 1
    }

    /// Those whose rows are shown.
    pub(crate) fn shown(&self) -> Vec<TargetId> {
        if !self.has_several() {
            return self.targets.ids().collect();
        }
        let is_left = |id: &TargetId| self.alone.is_none_or(|alone| alone == *id);
        let left = self.targets.ids().filter(is_left);
        let whose = Whose::of(self.filter());
        if whose.is_everybodys() {
            return left.collect();
        }
        let all = self.names();
        left.filter(|id| whose.includes(&all[id.0], &all)).collect()
    }

    /// The only one whose rows are shown.
    pub(crate) fn only(&self) -> Option<TargetId> {
        match self.shown().as_slice() {
            [only] => Some(*only),
            _ => None,
        }
    }

    /// The one that the screen is about: of a story, else the only one that is shown.
    pub(crate) fn about(&self) -> Option<TargetId> {
        let story = self.screens.iter().rev().find_map(|screen| match screen {
            Screen::Story(target, _) => Some(*target),
            _ => None,
        });
        story.or_else(|| self.only())
    }

    /// The one that a row, or the screen, is about; where it is about several, the first.
    pub(crate) fn lead(&self) -> &Target {
        &self.targets[self.about().unwrap_or_default()]
    }

    /// What a target is called: its service, with its address where another has the same;
    /// before that is known, its address.
    pub(crate) fn label(&self, id: TargetId) -> String {
        let Some(target) = self.targets.get(id) else { return String::new() };
        let Some(service) = service(target) else { return target.address.clone() };
        let others = || self.targets.ids().filter(|other| *other != id).map(|it| &self.targets[it]);
        let mut same = others().filter(|other| self::service(other) == Some(service)).peekable();
        if same.peek().is_none() {
            return service.to_owned();
        }
        let host_and_port = |target: &Target| {
            target.address.rsplit_once(':').map(|(host, port)| (host.to_owned(), port.to_owned()))
        };
        match host_and_port(target) {
            // The port alone tells it from those.
            Some((host, port))
                if host != "unix"
                    && same.all(|other| host_and_port(other).is_some_and(|it| it.0 == host)) =>
            {
                format!("{service} :{port}")
            }
            _ => format!("{service} {}", target.address),
        }
    }

    /// What each can be called in a filter.
    pub(crate) fn names(&self) -> Vec<Names> {
        let names = |id: TargetId| {
            let target = &self.targets[id];
            let service = service(target).map(str::to_owned);
            [Some(self.label(id)), service, Some(target.address.clone())].into_iter().flatten()
        };
        self.targets.ids().map(|id| names(id).collect()).collect()
    }

    /// The time of a target whose row is shown.
    pub(crate) fn time_of(&self, target: TargetId, now: Instant) -> u64 {
        self.targets.get(target).map_or(0, |it| it.now(self.frozen, now))
    }

    /// The time of the one that the screen is about.
    pub(crate) fn target_now(&self, now: Instant) -> u64 {
        self.lead().now(self.frozen, now)
    }

    /// Those that the screen is about: a story is of one of those that are shown.
    pub(crate) fn told_of(&self) -> Vec<TargetId> {
        self.about().map_or_else(|| self.shown(), |about| vec![about])
    }

    pub(crate) fn shown_targets(&self) -> impl Iterator<Item = &Target> {
        self.told_of().into_iter().map(|id| &self.targets[id])
    }

    /// One of those that are shown has answered, ever.
    pub(crate) fn is_attached(&self) -> bool {
        self.shown_targets().any(|it| it.described.is_some())
    }

    /// Those that were lost before they told what the screen lists: of them it has no rows.
    pub(crate) fn untold(&self) -> Vec<TargetId> {
        let is_untold = |id: &TargetId| {
            let (target, view) = (&self.targets[*id], self.view_of(*id));
            target.is_lost() && view.is_none_or(|view| target.told(&view).is_none())
        };
        self.told_of().into_iter().filter(is_untold).collect()
    }

    /// What cannot be seen, and by whose fault: of the first that is partly blind.
    pub(crate) fn first_blindness(&self) -> Option<String> {
        let blind = |id: TargetId| {
            let blind = self.targets[id].blindness().first()?;
            Some(if self.about().is_some() {
                blind.sentence.clone()
            } else {
                format!("{}: {}", self.label(id), blind.sentence)
            })
        };
        self.told_of().into_iter().find_map(blind)
    }
}

impl Model {
    /// With one target there is nothing to complete.
    pub(super) fn names_to_complete(&self) -> Arc<Vec<Names>> {
        Arc::new(if self.has_several() { self.names() } else { Vec::new() })
    }

    /// Over the screen, and away again.
    pub(super) fn list_targets(&mut self, now: Instant) {
        if !self.has_several() {
            return self.say("there is one target: `holdover ADDR ADDR` attaches to several", now);
        }
        self.toggle(Screen::Targets);
        let lines = self.targets.ids().map(|id| Of::new(id, TargetLine(id))).collect();
        self.target_lines.replace(lines, Order::Told);
        let row = self.alone.or_else(|| self.selected_target());
        if let Some(TargetId(line)) = row {
            self.target_lines.select(line);
        }
    }

    /// Only the selected one; where it is so already, all.
    pub(super) fn show_alone(&mut self, now: Instant) {
        let Some(chosen) = self.target_lines.selected().map(|line| line.target) else { return };
        self.alone = if self.alone == Some(chosen) { None } else { Some(chosen) };
        self.screens.retain(|screen| *screen != Screen::Targets);
        // A story is of one that may not be shown any more.
        self.screens.truncate(1);
        self.turn_the_page();
        self.merge(Order::Told, now);
    }

    /// The only one that was chosen in their list.
    pub(crate) fn alone(&self) -> Option<TargetId> {
        self.alone
    }
}

fn service(target: &Target) -> Option<&str> {
    let service = &target.described.as_ref()?.target.as_ref()?.service;
    Some(service.as_str()).filter(|it| !it.is_empty() && !target.is_tokio_console())
}
