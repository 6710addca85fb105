//! `holdover diff`: what leaked and what was let go from one look to the next.

use std::{
    collections::{BTreeMap, HashSet},
    io::{self, Write},
    time::Duration,
};

use holdover_proto::v1;

use super::{
    again,
    every::{self, Every, id},
    failure,
    json::{self, Growth},
    tell_blindness, text,
};
use crate::{
    Failure, args, client, export,
    format::{duration_nanos, leaks_or_warnings, place, safe, span},
    names, words,
};

/// Looks twice, and prints the difference.
pub(crate) async fn diff(what: args::Diff) -> Result<(), Failure> {
    let address = crate::target(what.address)?;
    let (mut client, described) = client::connect(&address).await.map_err(failure)?;
    tell_blindness(&described)?;
    let before = every::leaks(&mut client, &what.filter).await?;
    let waits = span(duration_nanos(what.between));
    let many = before.counted();
    writeln!(io::stderr(), "{many}; looking again in {waits}")?;
    tokio::time::sleep(what.between).await;
    let after = every::leaks(&mut client, &what.filter).await?;
    again::described(&mut client, &described).await?;
    let lines = if what.json {
        // It is no row.
        if let Some(said) = not_listed(&before, &after) {
            writeln!(io::stderr(), "{said}")?;
        }
        in_json(&before, &after, &described, what.between)
    } else {
        in_text(&before, &after)
    };
    let mut out = io::stdout().lock();
    for line in lines {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// Those of `these` that are not among `others`.
fn only<'a>(these: &'a Every, others: &Every) -> Vec<&'a v1::Leak> {
    let others: HashSet<every::Id> = others.leaks.iter().map(id).collect();
    these.leaks.iter().filter(|leak| !others.contains(&id(leak))).collect()
}

/// A bug: a verdict, a place, and what is held there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Site<'a> {
    verdict: i32,
    place: &'a str,
    held: Option<(i32, &'a str)>,
}

fn site(leak: &v1::Leak) -> Site<'_> {
    let is_about_the_task = matches!(
        leak.verdict(),
        v1::Verdict::Stuck | v1::Verdict::Orphaned | v1::Verdict::LostWaker
    );
    let held = leak.holdings.first().filter(|_| !is_about_the_task);
    Site {
        verdict: leak.verdict,
        place: export::site_of(leak),
        held: held.map(|held| (held.kind, names::alike_label(leak))),
    }
}

/// How many leaks each site had and has, where that is not the same; what grows most first.
fn growth<'a>(before: &'a Every, after: &'a Every) -> Vec<(Site<'a>, u64, u64)> {
    let mut sites: BTreeMap<Site<'a>, (u64, u64)> = BTreeMap::new();
    for leak in &before.leaks {
        sites.entry(site(leak)).or_default().0 += 1;
    }
    for leak in &after.leaks {
        sites.entry(site(leak)).or_default().1 += 1;
    }
    let changed = sites.into_iter().filter(|(_, (before, after))| before != after);
    let mut changed: Vec<_> =
        changed.map(|(site, (before, after))| (site, before, after)).collect();
    changed.sort_by_key(|(_, before, after)| {
        std::cmp::Reverse(after.cast_signed() - before.cast_signed())
    });
    changed
}

/// New ones, gone ones, and by site how their number changed.
pub(crate) fn in_text(before: &Every, after: &Every) -> Vec<String> {
    let (new, gone) = (only(after, before), only(before, after));
    let stay = after.leaks.len() - new.len();
    let passed = span(after.last.now_ns.saturating_sub(before.last.now_ns));
    let left = if is_known_to_be_gone(after) { "gone" } else { "gone or not listed now" };
    let mut lines =
        vec![format!("in {passed}: {} new, {} {left}, {stay} stay", new.len(), gone.len())];
    if let Some(between) = came_and_went(before, after, &gone) {
        lines.push(between);
    }
    lines.extend(not_listed(before, after));
    lines.extend(new.iter().map(|leak| format!("new   {}", text::leak(leak, after.last.now_ns))));
    let left = if is_known_to_be_gone(after) { "gone " } else { "gone?" };
    lines
        .extend(gone.iter().map(|leak| format!("{left} {}", text::gone(leak, before.last.now_ns))));
    let growth = growth(before, after);
    if !growth.is_empty() {
        lines.push("by site".to_owned());
    }
    lines.extend(growth.into_iter().map(|(site, before, after)| grown(site, before, after)));
    lines
}

/// What neither look has seen: it is counted by the target.
fn came_and_went(before: &Every, after: &Every, gone: &[&v1::Leak]) -> Option<String> {
    let warned = gone.iter().filter(|leak| words::is_warning(leak.verdict())).count() as u64;
    let cleared = |count: fn(&v1::Totals) -> u64, gone: u64| {
        let told = |every: &Every| every.last.totals.as_ref().map_or(0, count);
        told(after).saturating_sub(told(before)).saturating_sub(gone)
    };
    let all = cleared(|totals| totals.cleared, gone.len() as u64);
    let warnings = cleared(|totals| totals.cleared_warnings, warned).min(all);
    let them = leaks_or_warnings(all - warnings, warnings);
    (all > 0).then(|| format!("{them} came and went in between"))
}

/// What is listed no more was let go, unless there are more leaks than are listed: which of
/// them are may change.
fn is_known_to_be_gone(after: &Every) -> bool {
    after.last.totals.is_none_or(|totals| totals.folded == 0)
}

/// The other way round, what is listed anew may have been there.
fn not_listed(before: &Every, after: &Every) -> Option<String> {
    let folded = |every: &Every| every.last.totals.as_ref().and_then(text::folded);
    let (now, then) = (folded(after), folded(before));
    let now = now.map(|it| format!("{it}; what is gone may be among them"));
    now.or(then.map(|it| format!("{it}, at the start; what is new may have been among them")))
}

fn grown(site: Site<'_>, before: u64, after: u64) -> String {
    let verdict = words::verdict(v1::Verdict::try_from(site.verdict).unwrap_or_default());
    let held = site.held.map(|(kind, label)| {
        let kind = words::kind(v1::HoldingKind::try_from(kind).unwrap_or_default());
        format!("{kind} {}", safe(label)).trim_end().to_owned()
    });
    let change = after.cast_signed() - before.cast_signed();
    let held = held.map(|held| format!("{held}, ")).unwrap_or_default();
    let place = place(site.place);
    format!("{change:>+5}  {before} to {after}  {verdict}  {held}{}", safe(&place))
}

fn in_json(
    before: &Every,
    after: &Every,
    described: &v1::DescribeResponse,
    between: Duration,
) -> Vec<String> {
    let new = only(after, before).into_iter();
    let new = new.map(|leak| json::leak(leak, described, &after.last, Some("new")));
    let gone = only(before, after).into_iter();
    let left = if is_known_to_be_gone(after) { "gone" } else { "not-listed" };
    let gone = gone.map(|leak| json::leak(leak, described, &before.last, Some(left)));
    let grown = growth(before, after).into_iter().map(|(site, before, after)| {
        let verdict = v1::Verdict::try_from(site.verdict).unwrap_or_default();
        let kind = |kind| words::kind(v1::HoldingKind::try_from(kind).unwrap_or_default());
        let growth = Growth {
            verdict: words::verdict(verdict),
            site: site.place,
            holds: site.held.map(|(number, _)| kind(number)),
            label: site.held.map(|(_, label)| label),
            before,
            after,
            for_ms: u64::try_from(between.as_millis()).unwrap_or(u64::MAX),
        };
        json::growth(&growth, described)
    });
    new.chain(gone).chain(grown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000_000;

    fn leak(id: u64, label: &str, site: &str) -> v1::Leak {
        let held = v1::Holding { label: label.into(), site: site.into(), ..Default::default() };
        v1::Leak {
            verdict: v1::Verdict::LeftBehind.into(),
            given_ns: id,
            task: Some(v1::Task { id, name: "order".into(), ..Default::default() }),
            holdings: vec![v1::Holding { kind: v1::HoldingKind::Connection.into(), ..held }],
            ..Default::default()
        }
    }

    fn every(leaks: Vec<v1::Leak>, now_ns: u64, cleared: u64) -> Every {
        let totals = Some(v1::Totals { cleared, ..Default::default() });
        Every { leaks, last: v1::Update { now_ns, totals, ..Default::default() } }
    }

    fn two_looks() -> (Every, Every) {
        let db = |id| leak(id, "pg", "src/db.rs:41:22");
        let cache = |id| leak(id, "re\u{1b}dis", "src/cache.rs:7:1");
        let before = every(vec![db(1), cache(2)], 10 * S, 4);
        let after = every(vec![db(1), db(3), db(4)], 70 * S, 7);
        (before, after)
    }

    #[test]
    fn what_differs_in_numbers_grows_as_one() {
        let numbered = |id: u64| {
            let leak = leak(id, &format!("pg {id}"), "src/db.rs:41:22");
            v1::Leak { alike_label: "pg *".to_owned(), ..leak }
        };
        let (before, after) = (vec![numbered(1)], (1..=3).map(numbered).collect());
        let lines = in_text(&every(before, 10 * S, 0), &every(after, 70 * S, 0));
        let grown = lines.last().expect("a line");
        assert_eq!(grown, "   +2  1 to 3  left-behind  connection pg *, src/db.rs:41:22");
        assert_eq!(lines[lines.len() - 2], "by site");
    }

    #[test]
    fn what_is_new_what_is_gone_and_where_it_grows() {
        let (before, after) = two_looks();
        let lines = in_text(&before, &after);
        assert_eq!(lines[0], "in 1m00s: 2 new, 1 gone, 1 stay");
        assert_eq!(lines[1], "2 leaks came and went in between");
        assert!(lines[2].starts_with("new   L left-behind  order #3"), "{lines:?}");
        assert!(
            lines[4].starts_with("gone  L left-behind  order #2, for 10s at the start"),
            "{lines:?}"
        );
        assert!(lines[4].contains("held: connection") && !lines[4].contains("holds"), "{lines:?}");
        assert_eq!(
            lines[5..],
            [
                "by site",
                "   +2  1 to 3  left-behind  connection pg, src/db.rs:41:22",
                "   -1  1 to 0  left-behind  connection re\\edis, src/cache.rs:7:1",
            ]
        );
        let same = in_text(&after, &after);
        assert_eq!(same, ["in 0ns: 0 new, 0 gone, 3 stay"]);
    }

    #[test]
    fn what_is_not_listed_any_more_is_not_said_to_be_gone_where_not_all_are() {
        let (mut before, mut after) = two_looks();
        let folded = |every: &mut Every, many| {
            every.last.totals.as_mut().expect("they were told").folded = many;
        };
        folded(&mut before, 520);
        let said = in_text(&before, &after);
        assert_eq!(said[0], "in 1m00s: 2 new, 1 gone, 1 stay");
        assert!(said[2].ends_with("; what is new may have been among them"), "{said:?}");
        folded(&mut after, 520);
        let said = in_text(&before, &after);
        assert_eq!(said[0], "in 1m00s: 2 new, 1 gone or not listed now, 1 stay");
        assert!(said[2].starts_with("520 leaks beyond HOLDOVER_MAX_LEAKS"), "{said:?}");
        assert!(said[5].starts_with("gone? L left-behind  order #2"), "{said:?}");
        let described = v1::DescribeResponse::default();
        let lines = in_json(&before, &after, &described, Duration::from_secs(60)).concat();
        assert!(lines.contains("\"not-listed\"") && !lines.contains("\"gone\""), "{lines}");
    }

    #[test]
    fn warnings_that_came_and_went_are_not_called_leaks() {
        let (before, mut after) = two_looks();
        for (warnings, expected) in [(1, "1 leak and 1 warning"), (2, "2 warnings")] {
            let totals = after.last.totals.as_mut().expect("they were told");
            totals.cleared_warnings = warnings;
            assert_eq!(in_text(&before, &after)[1], format!("{expected} came and went in between"));
        }
    }

    #[test]
    fn the_same_in_json() {
        let (before, after) = two_looks();
        let described = v1::DescribeResponse::default();
        let lines = in_json(&before, &after, &described, Duration::from_secs(60));
        let lines: Vec<serde_json::Value> =
            lines.iter().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let events: Vec<&str> = lines.iter().filter_map(|line| line["event"].as_str()).collect();
        assert_eq!(events, ["new", "new", "gone"]);
        let growth = &lines[3];
        assert_eq!((&growth["type"], &growth["for_ms"]), (&"growth".into(), &60_000.into()));
        assert_eq!((&growth["before"], &growth["after"]), (&1.into(), &3.into()));
        assert_eq!(
            (&growth["site"], &growth["holds"]),
            (&"src/db.rs:41:22".into(), &"connection".into())
        );
    }

    #[test]
    fn what_nobody_owns_is_told_apart_by_the_thing() {
        let of = |held| {
            let mut leak = leak(0, "pg", "src/db.rs:41:22");
            leak.holdings[0].id = held;
            leak
        };
        let (before, after) = (every(vec![of(5)], 0, 0), every(vec![of(5), of(6)], S, 0));
        assert_eq!((only(&after, &before).len(), only(&before, &after).len()), (1, 0));
    }
}
