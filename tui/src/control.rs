//! Acting on the target: who asks, and what became of a task that was cancelled.

use holdover_proto::v1;

use crate::{
    asked,
    format::{counted, safe, span},
    names,
};

/// Of what is left, so many things are named.
const NAMED: usize = 3;

/// Who asks, as the target is told: `ann@host`.
pub(crate) fn who() -> String {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let user = set("USER").or_else(|| set("LOGNAME")).or_else(|| set("USERNAME"));
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let host = host.or_else(|| set("HOSTNAME")).or_else(|| set("COMPUTERNAME"));
    let known = |part: Option<String>| part.map(|it| it.trim().to_owned());
    format!(
        "{}@{}",
        known(user).as_deref().unwrap_or("somebody"),
        known(host).as_deref().unwrap_or("somewhere")
    )
}

/// What became of a task that was cancelled, once it has ended.
pub(crate) fn became(story: &v1::Story) -> Option<String> {
    let task = story.task.as_ref()?;
    task.ended_ns?;
    let latency = task.cancel.as_ref().and_then(|cancel| cancel.latency_ns);
    let after = latency.map(|it| format!(" {} after it was asked", span(it))).unwrap_or_default();
    let left = left(story);
    let left = if left.is_empty() { "nothing".to_owned() } else { left.join(", ") };
    Some(format!("{} ended{after}, and left {left} behind", names::numbered(task)))
}

/// What a task is doing that was cancelled and goes on.
pub(crate) fn goes_on(story: &v1::Story, now: u64) -> String {
    let Some(task) = &story.task else { return "it is not recorded any more".to_owned() };
    let doing = task.cancel.as_ref().map(|cancel| asked::doing(cancel, now, "x"));
    let doing = doing.map(|it| format!(": {it}")).unwrap_or_default();
    format!("{} has not ended{doing}", names::numbered(task))
}

/// What the task holds, or has left.
pub(crate) fn left(story: &v1::Story) -> Vec<String> {
    let mut left: Vec<String> = story.holdings.iter().take(NAMED).map(names::holding).collect();
    let more = story.holdings.len().saturating_sub(NAMED);
    if more > 0 {
        left.push(format!("{more} more"));
    }
    match story.children.as_slice() {
        [] => {}
        [only] => left.push(format!("child {} #{}", safe(&only.name), only.id)),
        several => left.push(counted(several.len() as u64, "child task")),
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn story() -> v1::Story {
        let held = v1::Holding {
            kind: v1::HoldingKind::Timer.into(),
            label: "sle\u{1b}ep".into(),
            ..Default::default()
        };
        let cancel = v1::Cancel { requested_ns: 5, latency_ns: Some(84_000), ..Default::default() };
        let task = v1::Task {
            id: 7,
            name: "worker".into(),
            ended_ns: Some(90_000),
            cancel: Some(cancel),
            ..Default::default()
        };
        let holdings = vec![held];
        v1::Story { task: Some(task), holdings, ..Default::default() }
    }

    #[test]
    fn what_became_of_it_names_the_latency_and_what_is_left() {
        let mut story = story();
        assert_eq!(
            became(&story).expect("it ended"),
            "worker #7 ended 84us after it was asked, and left timer sle\\eep behind"
        );
        story.holdings = vec![story.holdings[0].clone(); 5];
        story.children = vec![v1::TaskRef { id: 9, name: "child".into(), ..Default::default() }];
        let said = became(&story).expect("it ended");
        assert!(said.ends_with("timer sle\\eep, 2 more, child child #9 behind"), "{said}");
        (story.holdings, story.children) = Default::default();
        assert!(became(&story).expect("it ended").ends_with("and left nothing behind"));
    }

    #[test]
    fn what_goes_on_says_what_it_does() {
        let mut story = story();
        let task = story.task.as_mut().expect("a task");
        task.ended_ns = None;
        task.cancel.as_mut().expect("a story").polls_since = 3;
        assert_eq!(became(&story), None);
        assert_eq!(goes_on(&story, 100), "worker #7 has not ended: polled 3x since");
    }
}
