//! Beyond the cap: verdicts that are given and not listed. Their number stays exact.

use std::{collections::HashMap, sync::Arc};

use super::{ignore::Rule, rows::Name};
use crate::{recorder::clock::Nanos, words::Verdict};

/// The rules by which a row is ignored; none when it is reported.
type Rules = Vec<Arc<Rule>>;

/// See the module's header.
#[derive(Debug, Default)]
pub(super) struct Beyond {
    /// Tasks that nobody judges any more: what is said of one is over when it has let go.
    folded: HashMap<u64, Folded>,
    /// What goes on being judged, since nothing else tells when it is over.
    unlisted: HashMap<Name, Rules>,
    counts: Counts,
    unnoted: Unnoted,
}

/// So many verdicts are not listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) leaks: u64,
    pub(super) orphaned: u64,
    pub(super) overdue: u64,
    /// By a rule: in none of the others.
    pub(super) ignored: u64,
}

/// What was given and cleared without a note of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Unnoted {
    pub(super) given: u64,
    pub(super) cleared: u64,
    pub(super) cleared_warnings: u64,
}

/// What was folded of one task.
#[derive(Debug, Default)]
struct Folded {
    verdicts: Vec<(Verdict, Rules)>,
    /// The task has not ended: it is stuck.
    lives: bool,
}

impl Counts {
    fn of(&mut self, verdict: Verdict, rules: &[Arc<Rule>]) -> &mut u64 {
        match verdict {
            _ if !rules.is_empty() => &mut self.ignored,
            Verdict::Orphaned => &mut self.orphaned,
            Verdict::Overdue => &mut self.overdue,
            Verdict::Stuck | Verdict::LeftBehind | Verdict::AfterCancel => &mut self.leaks,
        }
    }

    pub(super) fn warnings(self) -> u64 {
        self.orphaned + self.overdue
    }
}

impl Beyond {
    pub(super) fn counts(&self) -> Counts {
        self.counts
    }

    pub(super) fn take_unnoted(&mut self) -> Unnoted {
        std::mem::take(&mut self.unnoted)
    }

    /// One that was listed is not from now on, and its task is judged no more.
    pub(super) fn fold(&mut self, name: Name, lives: bool, rules: &[Arc<Rule>]) {
        *self.counts.of(name.0, rules) += 1;
        self.keep_folded(name, lives, rules.to_vec());
    }

    /// One that was not listed before, and its task is judged no more: it has ended.
    pub(super) fn fold_unlisted(&mut self, name: Name) {
        if let Some(rules) = self.unlisted.remove(&name) {
            self.keep_folded(name, false, rules);
        }
    }

    fn keep_folded(&mut self, (verdict, task): Name, lives: bool, rules: Rules) {
        let folded = self.folded.entry(task).or_default();
        folded.lives = lives;
        folded.verdicts.push((verdict, rules));
    }

    /// One that was listed is not from now on.
    pub(super) fn unlist(&mut self, name: Name, rules: &[Arc<Rule>]) {
        *self.counts.of(name.0, rules) += 1;
        self.unlisted.insert(name, rules.to_vec());
    }

    /// One is given and at once not listed.
    pub(super) fn give(&mut self, name: Name, rules: &[Arc<Rule>]) {
        self.unnoted.given += u64::from(rules.is_empty());
        self.unlist(name, rules);
    }

    pub(super) fn lists_not(&self, name: Name) -> bool {
        self.unlisted.contains_key(&name)
    }

    /// The verdict is over. False where it is none of these.
    pub(super) fn clear(&mut self, name: Name) -> bool {
        let Some(rules) = self.unlisted.remove(&name) else { return false };
        self.cleared(name.0, &rules);
        true
    }

    /// A task that was folded while it was stuck has ended. What it has left is judged as that
    /// of any other. False where it is no such task.
    pub(super) fn unfold_stuck(&mut self, task: u64) -> bool {
        let was_stuck = self.folded.get(&task).is_some_and(|it| it.lives);
        if was_stuck {
            self.unfold(task);
        }
        was_stuck
    }

    /// A folded task has let go.
    pub(super) fn unfold(&mut self, task: u64) {
        for (verdict, rules) in self.folded.remove(&task).unwrap_or_default().verdicts {
            self.cleared(verdict, &rules);
        }
    }

    fn cleared(&mut self, verdict: Verdict, rules: &[Arc<Rule>]) {
        *self.counts.of(verdict, rules) -= 1;
        if rules.is_empty() {
            self.unnoted.cleared += 1;
            self.unnoted.cleared_warnings += u64::from(!verdict.is_leak());
        }
    }

    /// Some rules' last day is over: what these ignored is reported from now on.
    pub(super) fn expire(&mut self, now: Nanos) {
        let folded = self.folded.values_mut().flat_map(|it| &mut it.verdicts);
        let folded = folded.map(|(verdict, rules)| (*verdict, rules));
        let unlisted = self.unlisted.iter_mut().map(|(name, rules)| (name.0, rules));
        for (verdict, rules) in folded.chain(unlisted) {
            if rules.iter().any(|rule| rule.has_expired(now)) {
                *self.counts.of(verdict, rules) -= 1;
                rules.clear();
                *self.counts.of(verdict, rules) += 1;
                self.unnoted.given += 1;
            }
        }
    }
}
