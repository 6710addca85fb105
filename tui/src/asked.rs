//! What a task that was asked to stop is doing, as several outputs say it.

use holdover_proto::v1;

use crate::format::span;

/// A drop that takes longer is marked: for so long its thread could do nothing else.
pub(crate) const SLOW_DROP: u64 = 100_000_000;

/// The request that a leak follows from: that of the task above it, where it is about that.
pub(crate) fn of_leak(leak: &v1::Leak) -> Option<&v1::Cancel> {
    let own = leak.task.as_ref().and_then(|task| task.cancel.as_ref());
    leak.ancestor_cancel.as_ref().or(own)
}

/// When the drop began that the task is in; `None` when it is in none, or that cannot
/// be seen.
pub(crate) fn dropping_since(cancel: &v1::Cancel) -> Option<u64> {
    cancel.drop_began_ns.filter(|_| cancel.ended_ns.is_none())
}

/// Whether anything is known of the request. Tokio's own spans show no request, and then
/// its time is that of the end.
pub(crate) fn is_known(cancel: &v1::Cancel) -> bool {
    let has_cause = !matches!(cancel.cause(), v1::Cause::Unknown | v1::Cause::Unspecified);
    has_cause || cancel.canceller.is_some() || cancel.site.is_some()
}

/// `not polled since`, `polled 412× since`, `in drop for 3.2s`: they have different
/// remedies.
pub(crate) fn doing(cancel: &v1::Cancel, now: u64, times: &str) -> String {
    match (dropping_since(cancel), cancel.polls_since) {
        (Some(began), _) => format!("in drop for {}", span(now.saturating_sub(began))),
        (None, 0) => "not polled since".to_owned(),
        (None, polls) => format!("polled {polls}{times} since"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_in_its_drop_is_not_said_to_be_unpolled() {
        const MS: u64 = 1_000_000;
        let mut cancel = v1::Cancel { requested_ns: MS, ..Default::default() };
        assert_eq!(doing(&cancel, 500 * MS, "x"), "not polled since");
        cancel.polls_since = 412;
        assert_eq!(doing(&cancel, 500 * MS, "x"), "polled 412x since");
        cancel.drop_began_ns = Some(100 * MS);
        assert_eq!(doing(&cancel, 500 * MS, "x"), "in drop for 400ms");
        cancel.ended_ns = Some(600 * MS);
        assert_eq!(dropping_since(&cancel), None);
    }
}
