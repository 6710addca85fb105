//! `holdover check`: whether anything leaks, as an exit code that a pipeline goes by.

use std::{
    io::{self, Write},
    time::Duration,
};

use holdover_proto::v1;

use super::{
    again,
    every::{self, Every},
    failure, json, tell_blindness, text,
};
use crate::{
    Failure, args, client,
    format::{NO_CANCELS, counted, leaks_or_warnings, safe},
    words,
};

/// What is cancelled when the check begins has its verdict then: a verdict is given when its
/// grace is over, and told some time after that.
const AFTER_GRACE: Duration = Duration::from_millis(500);

/// Causes that hide so much that "no leaks" would say nothing.
const TOO_BLIND: &[&str] = &[
    "no-tokio-unstable",
    "flag-replaced",
    "static-max-level",
    "default-is-set",
    "layer-unused",
    "registry-filtered",
    "level-off",
    "level-tasks",
];

/// Waits until what leaks is known to, prints it, and fails when there is any.
pub(crate) async fn check(what: args::Check) -> Result<(), Failure> {
    let address = crate::target(what.address.clone())?;
    let (mut client, described) = client::connect(&address).await.map_err(failure)?;
    tell_blindness(&described)?;
    let waits = what.wait.unwrap_or(Duration::from_nanos(described.grace_ns) + AFTER_GRACE);
    tokio::time::sleep(waits).await;
    let every = every::leaks(&mut client, &what.filter).await?;
    // It may have become blind since.
    let described = again::described(&mut client, &described).await?;
    let mut out = io::stdout().lock();
    for leak in &every.leaks {
        let line = if what.json {
            json::leak(leak, &described, &every.last, None)
        } else {
            text::leak(leak, every.last.now_ns)
        };
        writeln!(out, "{line}")?;
    }
    let passed = judge(&what, &every, &described)?;
    if !what.json {
        writeln!(out, "{passed}")?;
    }
    Ok(())
}

/// What is to be said when nothing is wrong.
fn judge(
    what: &args::Check,
    every: &Every,
    described: &v1::DescribeResponse,
) -> Result<String, Failure> {
    let totals = every.last.totals.unwrap_or_default();
    let is_warning = |leak: &&v1::Leak| words::is_warning(leak.verdict());
    let warnings = every.leaks.iter().filter(is_warning).count() as u64;
    let leaks = every.leaks.len() as u64 - warnings;
    let fails = |leaks, warnings| leaks > 0 || (what.strict && warnings > 0);
    let listed = fails(leaks, warnings).then(|| leaks_or_warnings(leaks, warnings));
    let folded_warnings = totals.folded_warnings;
    let folded_leaks = totals.folded.saturating_sub(folded_warnings);
    let folded = text::folded(&totals).filter(|_| fails(folded_leaks, folded_warnings));
    let all: Vec<String> = listed.into_iter().chain(folded).collect();
    if !all.is_empty() {
        return Err(Failure::Leaks(all.join(", and ")));
    }
    if let Some(why) = too_blind(what, &totals, described) {
        return Err(Failure::Blind(format!("too blind to say that nothing leaks: {why}")));
    }
    Ok(match warnings + folded_warnings {
        0 => text::no_leaks(&every.last, described),
        some => format!("No leaks, and {}: --strict fails on that.", counted(some, "warning")),
    })
}

fn too_blind(
    what: &args::Check,
    totals: &v1::Totals,
    described: &v1::DescribeResponse,
) -> Option<String> {
    let coverage = described.coverage.clone().unwrap_or_default();
    if coverage.tokio_console {
        return Some(NO_CANCELS.to_owned());
    }
    let counts = |cause: &str| what.strict || TOO_BLIND.contains(&cause);
    let accepted = |cause: &str| what.despite.iter().any(|it| it == cause);
    let blind = coverage.blind.iter().find(|it| counts(&it.cause) && !accepted(&it.cause));
    if let Some(v1::Blindness { cause, sentence, .. }) = blind {
        let (cause, sentence) = (safe(cause), safe(sentence));
        return Some(format!("{sentence}; --despite {cause} goes by what is seen all the same"));
    }
    if totals.tasks_spawned == 0 {
        return Some("no task has been recorded yet".to_owned());
    }
    (coverage.not_recorded > 0).then(|| {
        let many = counted(coverage.not_recorded, "task or holding");
        format!("{many} found no place in the recording")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leak(verdict: v1::Verdict) -> v1::Leak {
        v1::Leak { verdict: verdict.into(), ..Default::default() }
    }

    fn every(leaks: Vec<v1::Leak>, totals: v1::Totals) -> Every {
        let totals = Some(v1::Totals { tasks_spawned: 7, ..totals });
        Every { leaks, last: v1::Update { totals, ..Default::default() } }
    }

    fn blind(causes: &[&str]) -> v1::DescribeResponse {
        let blind = |cause: &&str| v1::Blindness {
            cause: (*cause).to_owned(),
            sentence: "it sees nothing".to_owned(),
            ..Default::default()
        };
        let coverage =
            v1::Coverage { blind: causes.iter().map(blind).collect(), ..Default::default() };
        v1::DescribeResponse { coverage: Some(coverage), ..Default::default() }
    }

    fn said(what: &args::Check, every: &Every, described: &v1::DescribeResponse) -> String {
        match judge(what, every, described) {
            Ok(said) => format!("0 {said}"),
            Err(failure) => format!("{} {failure}", failure.code()),
        }
    }

    #[test]
    fn leaks_fail_and_warnings_only_when_it_is_strict() {
        let (lenient, sees) = (args::Check::default(), blind(&[]));
        let strict = args::Check { strict: true, ..args::Check::default() };
        let none = every(Vec::new(), v1::Totals::default());
        assert!(said(&lenient, &none, &sees).starts_with("0 No leaks. 0 of 7 tasks"));
        assert!(said(&strict, &none, &sees).starts_with("0 No leaks. "));
        let warned = every(vec![leak(v1::Verdict::Overdue)], v1::Totals::default());
        let warning = "0 No leaks, and 1 warning: --strict fails on that.";
        assert_eq!(said(&lenient, &warned, &sees), warning);
        assert_eq!(said(&strict, &warned, &sees), "1 1 warning");
        let stuck = vec![leak(v1::Verdict::Stuck), leak(v1::Verdict::Orphaned)];
        let stuck = every(stuck, v1::Totals::default());
        assert_eq!(said(&lenient, &stuck, &sees), "1 1 leak and 1 warning");
        let folded = every(Vec::new(), v1::Totals { folded: 3, leaks: 3, ..Default::default() });
        assert!(said(&lenient, &folded, &sees).starts_with("1 3 leaks beyond HOLDOVER_MAX_LEAKS"));
        let some = Every { leaks: vec![leak(v1::Verdict::Stuck)], ..folded };
        assert!(
            said(&lenient, &some, &sees).starts_with("1 1 leak, and 3 leaks beyond HOLDOVER_MAX")
        );
        let totals =
            v1::Totals { folded: 2, folded_warnings: 2, orphaned: 2, ..Default::default() };
        let folded = every(Vec::new(), totals);
        let warnings = "0 No leaks, and 2 warnings: --strict fails on that.";
        assert_eq!(said(&lenient, &folded, &sees), warnings);
        assert!(said(&strict, &folded, &sees).starts_with("1 2 warnings beyond HOLDOVER_MAX"));
    }

    #[test]
    fn who_is_too_blind_says_so_and_who_is_partly_blind_only_when_it_is_strict() {
        let lenient = args::Check::default();
        let none = every(Vec::new(), v1::Totals::default());
        for cause in TOO_BLIND {
            let expected = format!(
                "4 too blind to say that nothing leaks: it sees nothing; --despite {cause} goes by \
                 what is seen all the same"
            );
            assert_eq!(said(&lenient, &none, &blind(&[cause])), expected);
            let despite = args::Check { despite: vec![(*cause).to_owned()], ..Default::default() };
            assert!(said(&despite, &none, &blind(&[cause])).starts_with("0 No leaks. "));
            let other = blind(&[cause, "level-off"]);
            assert_eq!(said(&despite, &none, &other).starts_with('0'), *cause == "level-off");
        }
        let partly = blind(&["no-scope-layer"]);
        assert!(said(&lenient, &none, &partly).starts_with("0 "));
        let strict = args::Check { strict: true, ..args::Check::default() };
        assert!(said(&strict, &none, &partly).starts_with("4 "));
        // What is seen to leak does, whatever else is not seen.
        let stuck = every(vec![leak(v1::Verdict::Stuck)], v1::Totals::default());
        assert_eq!(said(&lenient, &stuck, &blind(&["level-off"])), "1 1 leak");
    }

    #[test]
    fn where_nothing_was_recorded_or_not_all_of_it_nothing_is_said_to_be_fine() {
        let what = args::Check::default();
        let mut none = every(Vec::new(), v1::Totals::default());
        let mut described = blind(&[]);
        let coverage = described.coverage.as_mut().expect("it is there");
        coverage.not_recorded = 2;
        assert!(said(&what, &none, &described).starts_with("4 too blind"));
        none.last.totals = None;
        let nothing = "4 too blind to say that nothing leaks: no task has been recorded yet";
        assert_eq!(said(&what, &none, &blind(&[])), nothing);
        let mut console = blind(&[]);
        console.coverage.as_mut().expect("it is there").tokio_console = true;
        assert!(
            said(&what, &none, &console)
                .starts_with("4 too blind to say that nothing leaks: Which")
        );
    }
}
