//! Rows that are not reported: what the service's owner has said to ignore, until when
//! and why. It changes no verdict, only whether it is told. What a rule looks for is
//! for whoever made it to know.

use std::{fmt, sync::Arc};

use super::{Held, Row};
use crate::{recorder::clock::Nanos, words::Verdict};

/// Whether a rule matches a row, or one of the things that the row is about.
type Matches = Box<dyn Fn(&Row, Option<&Held>) -> bool + Send + Sync>;

/// What is not to be reported.
pub(crate) struct Rule {
    /// As it was written.
    pub(crate) filter: String,
    /// The last day on which it is in force.
    pub(crate) until: String,
    /// When that day is over.
    pub(crate) over_at: Nanos,
    pub(crate) why: Arc<str>,
    /// Its file and line.
    pub(crate) place: String,
    pub(crate) matches: Matches,
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} until {} why {:?}", self.place, self.filter, self.until, self.why)
    }
}

impl Rule {
    pub(crate) fn has_expired(&self, now: Nanos) -> bool {
        now >= self.over_at
    }
}

/// What became of a rule.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) rule: Arc<Rule>,
    /// Rows that it has ignored so far.
    pub(crate) so_far: u64,
    pub(crate) expired: bool,
}

/// The rules, in the order in which they are asked.
#[derive(Debug, Default)]
pub(crate) struct Ignore {
    rules: Vec<Asked>,
}

impl Ignore {
    pub(crate) fn new(rules: Vec<Rule>) -> Self {
        let asked = |rule| Asked { rule: Arc::new(rule), so_far: 0, expired: false };
        Self { rules: rules.into_iter().map(asked).collect() }
    }

    pub(crate) fn rules(&self) -> &[Asked] {
        &self.rules
    }

    /// The rules by which the row is ignored; none when it is to be reported. Each of
    /// the things that it is about has to be ignored: what somebody knows of does not
    /// hide what nobody does.
    pub(super) fn ask(&self, row: &Row) -> Vec<Arc<Rule>> {
        if self.rules.is_empty() {
            return Vec::new();
        }
        let about = about(row);
        if about.is_empty() {
            return self.first(row, None).into_iter().collect();
        }
        let mut rules: Vec<Arc<Rule>> = Vec::new();
        for held in about {
            match self.first(row, Some(held)) {
                None => return Vec::new(),
                Some(rule) if rules.iter().any(|it| Arc::ptr_eq(it, &rule)) => {}
                Some(rule) => rules.push(rule),
            }
        }
        rules
    }

    fn first(&self, row: &Row, held: Option<&Held>) -> Option<Arc<Rule>> {
        let mut in_force = self.rules.iter().filter(|asked| !asked.expired);
        in_force.find(|asked| (asked.rule.matches)(row, held)).map(|it| Arc::clone(&it.rule))
    }

    /// A row is ignored by these, and was by those before.
    pub(super) fn count(&mut self, these: &[Arc<Rule>], before: &[Arc<Rule>]) {
        let is_in = |rules: &[Arc<Rule>], it| rules.iter().any(|rule| Arc::ptr_eq(rule, it));
        if !these.is_empty() {
            for asked in &mut self.rules {
                let is_new = is_in(these, &asked.rule) && !is_in(before, &asked.rule);
                asked.so_far += u64::from(is_new);
            }
        }
    }

    /// Those whose last day is over since the last time.
    pub(super) fn expire(&mut self, now: Nanos) -> Vec<Arc<Rule>> {
        let over = self.rules.iter_mut().filter(|it| !it.expired && it.rule.has_expired(now));
        over.map(|asked| {
            asked.expired = true;
            Arc::clone(&asked.rule)
        })
        .collect()
    }
}

/// What has to be ignored for the row to be: the things for which it was given. What a
/// stuck task or an orphan holds is not what is wrong with it.
fn about(row: &Row) -> Vec<&Held> {
    match row.verdict {
        Verdict::Stuck | Verdict::Orphaned => Vec::new(),
        Verdict::LeftBehind | Verdict::AfterCancel | Verdict::Overdue => {
            let is_reason = |held: &&Held| held.via.is_none() && !held.maybe_moved;
            row.holdings.iter().filter(is_reason).collect()
        }
    }
}
