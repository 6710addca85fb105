//! Acting on the target: who asks, whom a token asks, and what became of who was asked.

use holdover_proto::v1;
use tonic::Status;

use crate::{
    asked,
    client::Client,
    format::{count, counted, span},
    names,
};

/// What is cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// By its id.
    Task(u64),
    /// By its number.
    Token(u64),
}

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

/// Has the target cancel this.
pub(crate) async fn ask(
    client: &mut Client,
    what: What,
    reason: String,
) -> Result<v1::CancelResponse, Status> {
    let who = who();
    let answer = match what {
        What::Task(task) => client.cancel(v1::CancelRequest { task, who, reason }).await,
        What::Token(token) => {
            let name = String::new();
            let request = v1::CancelTokenRequest { token, name, who, reason };
            client.cancel_token(request).await
        }
    };
    answer.map(tonic::Response::into_inner)
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
        [only] => left.push(format!("child {}", names::someone(only))),
        several => left.push(counted(several.len() as u64, "child task")),
    }
    left
}

/// How many a token asks, and the first of them.
pub(crate) fn whom(asked: &v1::Asked) -> String {
    match asked.tasks {
        0 => "nobody that is recorded".to_owned(),
        1 => names::people(&asked.first, NAMED, 1),
        many => format!("{}: {}", counted(many, "task"), names::people(&asked.first, NAMED, many)),
    }
}

/// Whom a token asks when it is cancelled, and what those hold.
pub(crate) fn asks(asked: &v1::Asked) -> String {
    let holds = holds(asked);
    let they = if asked.tasks == 1 { "That one holds" } else { "They hold" };
    match (asked.tasks, holds.is_empty()) {
        (0, _) => format!("It asks {}; whoever waits on it is woken.", whom(asked)),
        (_, true) => format!("It asks {}. {they} nothing.", whom(asked)),
        (_, false) => format!("It asks {}. {they} {}.", whom(asked), holds.join(", ")),
    }
}

/// What became of those that a token asked.
pub(crate) fn became_of(token: &str, asked: Option<&v1::Asked>) -> String {
    let Some(asked) = asked else { return format!("token {token} is cancelled") };
    if asked.tasks == 0 {
        return format!("token {token} is cancelled; it asked {}", whom(asked));
    }
    let slowest = asked.slowest_ns.map(span);
    let ended = match (asked.ended, slowest) {
        (0, _) => "none has ended yet".to_owned(),
        (1, Some(after)) if asked.tasks == 1 => format!("it ended {after} after that"),
        (all, Some(after)) if all == asked.tasks => {
            format!("all ended, the slowest {after} after that")
        }
        (some, Some(after)) => format!("{} ended, the slowest {after} after that", count(some)),
        (some, None) => format!("{} ended", count(some)),
    };
    let holds = holds(asked);
    let left = match (asked.ended, holds.is_empty()) {
        (0, _) => String::new(),
        (_, true) => ", and left nothing behind".to_owned(),
        (_, false) => format!(", and left {} behind", holds.join(", ")),
    };
    let goes_on = match asked.tasks - asked.ended.min(asked.tasks) {
        0 => String::new(),
        1 => format!("; {} goes on", names::people(&asked.first, NAMED, 1)),
        many => format!("; {} go on", names::people(&asked.first, NAMED, many)),
    };
    format!("token {token} asked {}: {ended}{left}{goes_on}", counted(asked.tasks, "task"))
}

/// What those hold, or have left, that a token asked.
fn holds(asked: &v1::Asked) -> Vec<String> {
    let named = asked.holds.iter().take(NAMED);
    let told: u64 = named.clone().map(|held| held.count).sum();
    let mut holds: Vec<String> = named.map(names::held_count).collect();
    if asked.held > told {
        holds.push(format!("{} more", count(asked.held - told)));
    }
    if asked.children > 0 {
        holds.push(counted(asked.children, "child task"));
    }
    holds
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
