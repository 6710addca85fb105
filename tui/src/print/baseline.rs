//! What is reported now as rules to ignore it: so that Holdover can be adopted in a
//! service that leaks already. A rule names a verdict, a site and what is held, and
//! nothing that another run of the service would call otherwise.

use std::{collections::BTreeSet, time::Duration};

use holdover_proto::v1;
use jiff::{Span, Timestamp, civil::Date, tz::TimeZone};

use crate::{args::Baseline, words};

/// The rules end by themselves after so long, unless a day is given.
const DAYS: i64 = 90;

/// Filters, each once.
#[derive(Debug, Default)]
pub(super) struct Rules {
    filters: BTreeSet<String>,
    rows: u64,
    /// Rows that no filter tells from others.
    pub(super) not_listed: u64,
}

impl Rules {
    pub(super) fn take(&mut self, leak: &v1::Leak) {
        self.rows += 1;
        match filters(leak) {
            Some(filters) => self.filters.extend(filters),
            None => self.not_listed += 1,
        }
    }

    /// The file, at the target's time `now`.
    pub(super) fn lines(
        &self,
        described: &v1::DescribeResponse,
        now: u64,
        what: &Baseline,
    ) -> Vec<String> {
        let today = today(described.wall_anchor_ns.saturating_add(now));
        let in_a_while = || today.checked_add(Span::new().days(DAYS)).unwrap_or(Date::MAX);
        let until = what.until.unwrap_or_else(in_a_while);
        let why = what.why.clone().unwrap_or_else(|| format!("in the baseline of {today}"));
        let why = why.replace('"', "\\\"");
        let service = described.target.as_ref().map(|target| target.service.as_str());
        // A tokio-console target does not tell its name.
        let service = service.filter(|name| !name.is_empty()).unwrap_or("the service");
        let many = crate::format::counted(self.rows, "row");
        let rules = self.filters.iter();
        let head = [
            format!("# What {} reported on {today}: {many}.", crate::format::safe(service)),
            "# A leak of another site, verdict or kind is reported. HOLDOVER_IGNORE names this file."
                .to_owned(),
        ];
        let lines = rules.map(|filter| format!("{filter} until {until} why \"{why}\""));
        head.into_iter().chain(lines).collect()
    }
}

/// The day, in UTC.
pub(super) fn today(wall_ns: u64) -> Date {
    let since_epoch = i64::try_from(Duration::from_nanos(wall_ns).as_secs()).unwrap_or(i64::MAX);
    let now = Timestamp::from_second(since_epoch).unwrap_or(Timestamp::MAX);
    now.to_zoned(TimeZone::UTC).date()
}

/// A filter for each of the things that the row is about; for the task where it is about
/// that. `None` when one of them has neither a place nor a name.
fn filters(leak: &v1::Leak) -> Option<Vec<String>> {
    let verdict = words::verdict(leak.verdict());
    match leak.verdict() {
        v1::Verdict::Unspecified => None,
        v1::Verdict::Stuck | v1::Verdict::Orphaned | v1::Verdict::LostWaker => {
            let place = leak.task.as_ref().and_then(|task| value(&task.location))?;
            Some(vec![format!("verdict:{verdict} loc:{place}")])
        }
        v1::Verdict::LeftBehind | v1::Verdict::AfterCancel | v1::Verdict::Overdue => {
            let is_reason = |held: &&v1::Holding| held.direct && !held.maybe_moved;
            let of_one = |held: &v1::Holding| {
                let place = value(&held.site).map(|site| format!("acquired_at:{site}"));
                let name = || value(&held.label).map(|label| format!("label:{label}"));
                let kind = words::kind(held.kind());
                place.or_else(name).map(|which| format!("verdict:{verdict} holds:{kind} {which}"))
            };
            leak.holdings.iter().filter(is_reason).map(of_one).collect()
        }
    }
}

/// As a value of the filter language; `None` when it cannot be one in a line.
fn value(text: &str) -> Option<String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | ':');
    let is_inner = |c: char| is_plain(c) || c == '-';
    // The lexer takes a word with a dot before its first colon for a place.
    let is_place = text.split(':').next().is_some_and(|file| file.contains('.'));
    let cannot_be = text.is_empty() || text.contains(|c: char| c.is_control() || c == '"');
    if cannot_be || text.ends_with('\\') {
        None
    } else if is_place && text.starts_with(is_plain) && text.chars().all(is_inner) {
        Some(text.to_owned())
    } else {
        Some(format!("\"{text}\""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(kind: v1::HoldingKind, label: &str, site: &str) -> v1::Holding {
        v1::Holding {
            kind: kind.into(),
            label: label.into(),
            site: site.into(),
            direct: true,
            ..Default::default()
        }
    }

    fn leak(verdict: v1::Verdict, holdings: Vec<v1::Holding>) -> v1::Leak {
        let task = v1::Task { id: 7, location: "src/a b.rs:3:1".into(), ..Default::default() };
        v1::Leak { verdict: verdict.into(), task: Some(task), holdings, ..Default::default() }
    }

    #[test]
    fn a_rule_names_verdict_site_and_kind_and_each_only_once() {
        use v1::{HoldingKind as Kind, Verdict};

        let pg = || held(Kind::Connection, "pg", "src/db.rs:41:22");
        let through_a_child = v1::Holding { direct: false, ..pg() };
        let no_place = held(Kind::Custom, "a thing", "");
        let nameless = held(Kind::Custom, "", "");
        let mut rules = Rules::default();
        for leak in [
            leak(Verdict::LeftBehind, vec![pg(), through_a_child, no_place]),
            leak(Verdict::LeftBehind, vec![pg()]),
            leak(Verdict::Stuck, vec![pg()]),
            leak(Verdict::AfterCancel, vec![nameless]),
        ] {
            rules.take(&leak);
        }
        let target = v1::Target { service: "orders".into(), ..Default::default() };
        let wall_anchor_ns = 1_800_000_000 * 1_000_000_000;
        let described =
            v1::DescribeResponse { target: Some(target), wall_anchor_ns, ..Default::default() };
        let mut what = Baseline { address: None, until: None, why: None };
        let lines = rules.lines(&described, 0, &what);
        assert_eq!(lines[0], "# What orders reported on 2027-01-15: 4 rows.");
        let end = " until 2027-04-15 why \"in the baseline of 2027-01-15\"";
        let expected = [
            "verdict:left-behind holds:connection acquired_at:src/db.rs:41:22",
            "verdict:left-behind holds:custom label:\"a thing\"",
            "verdict:stuck loc:\"src/a b.rs:3:1\"",
        ];
        assert_eq!(lines[2..], expected.map(|filter| format!("{filter}{end}")));
        for filter in expected {
            holdover::Filter::parse(filter).expect(filter);
        }
        assert_eq!(rules.not_listed, 1);
        what.until = Some(Date::constant(2030, 1, 2));
        what.why = Some("a \"b\"".into());
        let lines = rules.lines(&described, 0, &what);
        assert!(lines[2].ends_with(" until 2030-01-02 why \"a \\\"b\\\"\""), "{lines:?}");
    }
}
