//! What to call a task, a place and a holding: on the screens and in what is printed.

use std::fmt::Write;

use holdover_proto::v1;

use crate::{
    format::{bytes, count, counted, place, safe},
    words,
};

/// What to call a task: its name, else its future's type, else its place.
pub(crate) fn task(task: &v1::Task) -> String {
    let shown = if !task.name.is_empty() {
        task.name.clone()
    } else if task.type_name.is_empty() {
        near(&task.location)
    } else {
        trim_type(&task.type_name)
    };
    safe(&shown).into_owned()
}

/// What a leak's task is called together with those that differ from it in a number; a target
/// of before does not tell.
pub(crate) fn alike(leak: &v1::Leak) -> &str {
    let own = leak.task.as_ref().map_or("", |task| task.name.as_str());
    if leak.alike_name.is_empty() { own } else { &leak.alike_name }
}

/// The same of the label of what it holds first.
pub(crate) fn alike_label(leak: &v1::Leak) -> &str {
    let own = leak.holdings.first().map_or("", |held| held.label.as_str());
    if leak.alike_label.is_empty() { own } else { &leak.alike_label }
}

/// Where a task was spawned, after "spawned at".
pub(crate) fn spawn_place(location: &str) -> String {
    match location {
        "" => "an unknown place".to_owned(),
        location => safe(&place(location)).into_owned(),
    }
}

/// [`task`], and the number that tells it from another; what nobody owns has none.
pub(crate) fn numbered(row: &v1::Task) -> String {
    match row.id {
        0 => task(row),
        id => format!("{} #{id}", task(row)),
    }
}

/// Whether nobody owns what the row is about.
pub(crate) fn is_nobodys(leak: &v1::Leak) -> bool {
    leak.task.as_ref().is_some_and(|task| task.id == 0)
}

/// Where the tasks of a group were spawned.
pub(crate) fn site(group: &v1::TaskGroup) -> String {
    match (group.other, group.location.as_str()) {
        (true, _) => "all other places".to_owned(),
        (false, "") => "not known".to_owned(),
        (false, location) => location.to_owned(),
    }
}

/// However they have ended.
pub(crate) fn ended(ended: &v1::EndedTasks) -> u64 {
    let v1::EndedTasks { completed, cancelled, panicked, shutdown } = ended;
    completed.saturating_add(*cancelled).saturating_add(*panicked).saturating_add(*shutdown)
}

/// Whether a task is called by its place.
pub(crate) fn is_a_place(task: &v1::Task) -> bool {
    task.name.is_empty() && task.type_name.is_empty()
}

/// `main #3`; what is no task, as a client that hangs up, has no number.
pub(crate) fn canceller(who: &v1::TaskRef) -> String {
    someone(who)
}

/// A task that is referred to, and its number.
pub(crate) fn someone(who: &v1::TaskRef) -> String {
    match who.id {
        0 => called(who),
        id => format!("{} #{id}", called(who)),
    }
}

/// Its name; of one that has none the place, as short as in the list of tasks.
fn called(who: &v1::TaskRef) -> String {
    let has_none = who.name.is_empty() || who.name == who.location;
    let shown = if has_none { near(&who.location) } else { who.name.clone() };
    safe(&shown).into_owned()
}

/// `orders::http::create_order::{{closure}}` becomes `http::create_order`.
fn trim_type(full: &str) -> String {
    let no_generics = full.split('<').next().unwrap_or(full);
    let named = |part: &&str| !part.starts_with("{{") && !part.is_empty();
    let parts: Vec<&str> = no_generics.split("::").filter(named).collect();
    parts[parts.len().saturating_sub(2)..].join("::")
}

/// `src/main.rs:30` of `orders/src/main.rs:30:10`; a registry's place as [`place`] says it.
fn near(site: &str) -> String {
    let place = place(site);
    if place != site {
        return place;
    }
    let parts: Vec<&str> = site.split('/').collect();
    without_column(&parts[parts.len().saturating_sub(2)..].join("/")).to_owned()
}

/// `main.rs:30` of `src/main.rs:30:10`.
pub(crate) fn short_place(site: &str) -> String {
    let file = site.rsplit_once('/').map_or(site, |(_, file)| file);
    without_column(file).to_owned()
}

fn without_column(place: &str) -> &str {
    place.rsplit_once(':').map_or(place, |(before, _)| before)
}

/// `lock state`: what a task waits to get.
pub(crate) fn waits_for(waits: &v1::WaitsFor) -> String {
    let kind = words::kind(waits.kind());
    match waits.label.as_str() {
        "" => format!("{kind} {}", safe(&short_place(&waits.site))),
        label => format!("{kind} {}", safe(label)),
    }
}

/// `, which ledger #7 and report #9 hold`: those who have what it waits for, if they are
/// known.
pub(crate) fn held_by(task: &v1::Task) -> String {
    const NAMED: usize = 3;
    let mut holders: Vec<String> = task.held_by.iter().take(NAMED).map(someone).collect();
    let more = task.held_by.len().saturating_sub(NAMED);
    if more > 0 {
        holders.push(format!("{more} more"));
    }
    match holders.split_last() {
        None => String::new(),
        Some((one, [])) => format!(", which {one} holds"),
        Some((last, first)) => format!(", which {} and {last} hold", first.join(", ")),
    }
}

/// `create_order #7342`; of nobody `nobody`; whoever has no number is not a task.
pub(crate) fn owner(row: &v1::HeldRow) -> String {
    match &row.owner {
        None => "nobody".to_owned(),
        Some(owner) => someone(owner),
    }
}

/// `handler #41, ended`, or nobody.
pub(crate) fn owner_and_end(row: &v1::HeldRow) -> String {
    match &row.owner {
        Some(owner) if owner.id == 0 => "who has it is not told".to_owned(),
        _ if row.owner_ended => format!("{}, ended", owner(row)),
        _ => owner(row),
    }
}

/// `report #9, audit #12`, and how many more.
pub(crate) fn people(people: &[v1::TaskRef], shown: usize, all: u64) -> String {
    let named: Vec<String> = people.iter().take(shown).map(someone).collect();
    let more = all.saturating_sub(named.len() as u64);
    if named.is_empty() {
        return counted(all, "task");
    }
    let named = named.join(", ");
    if more > 0 { format!("{named} and {} more", count(more)) } else { named }
}

/// `shutdown #3`; one without a name has its number only.
pub(crate) fn token(token: &v1::Token) -> String {
    numbered_token(&token.name, token.number)
}

/// As [`token`], of one that may be gone.
pub(crate) fn numbered_token(name: &str, number: u64) -> String {
    match name {
        "" => format!("#{number}"),
        name => format!("{} #{number}", safe(name)),
    }
}

/// `timer sleep`, `3 locks ledger`.
pub(crate) fn held_count(held: &v1::HeldCount) -> String {
    let kind = words::kind(held.kind());
    let what = match held.count {
        1 => kind.to_owned(),
        many => counted(many, kind),
    };
    format!("{what} {}", safe(&held.label)).trim_end().to_owned()
}

/// `until 2027-01-31, "goes with the new cache" (ignore.txt:3)`.
pub(crate) fn ignored(rule: &v1::IgnoredBy) -> String {
    let v1::IgnoredBy { until, why, place } = rule;
    format!("until {}, \"{}\" ({})", safe(until), safe(why), safe(place))
}

/// `timer call_later`, `lock state (3 waiting)`, `2 permits db`, `channel mpsc receiver
/// 14/64`; what has only its place
/// for a name is called by the end of it.
pub(crate) fn holding(held: &v1::Holding) -> String {
    let kind = words::kind(held.kind());
    let what = match held.amount {
        many @ 2.. if is_counted(held.kind()) => format!("{many} {kind}s"),
        _ => kind.to_owned(),
    };
    let named = match held.label.as_str() {
        "" => what,
        label if label == held.site => format!("{what} {}", safe(&short_place(label))),
        label => format!("{what} {}", safe(label)),
    };
    with_figures(named, held)
}

/// As [`holding`], without its kind, which stands beside it; with its pool and its file
/// descriptor.
pub(crate) fn what(held: &v1::Holding, pools: &[v1::Pool]) -> String {
    let name = match held.label.as_str() {
        "" => String::new(),
        label if label == held.site => safe(&short_place(label)).into_owned(),
        label => safe(label).into_owned(),
    };
    let named = match held.amount {
        many @ 2.. if is_counted(held.kind()) => format!("{many} of {name}"),
        _ => name,
    };
    let mut text = with_figures(named, held);
    let pool = held.pool.and_then(|number| pools.iter().find(|pool| pool.number == number));
    if let Some(pool) = pool {
        let _ = write!(text, " ({})", usage(pool));
    }
    if let Some(named) = &held.fd {
        let _ = write!(text, ", {}", fd(named));
    }
    text.trim_start_matches(", ").trim().to_owned()
}

/// How full it is, how large, and how many wait for it.
fn with_figures(named: String, held: &v1::Holding) -> String {
    let named = match (held.depth, held.capacity) {
        (Some(depth), Some(capacity)) => format!("{named} {depth}/{capacity}"),
        (_, Some(capacity)) => format!("{named} of {capacity}"),
        (_, None) => named,
    };
    let named = match held.bytes {
        0 => named,
        // The size of a future is not what is held.
        _ if matches!(held.kind(), v1::HoldingKind::Child | v1::HoldingKind::Blocking) => named,
        size => format!("{named}, {}", bytes(size)),
    };
    match held.waiting {
        0 => named,
        waiting => format!("{named} ({waiting} waiting)"),
    }
}

fn is_counted(kind: v1::HoldingKind) -> bool {
    matches!(kind, v1::HoldingKind::Permit | v1::HoldingKind::Waker)
}

/// What wakers keep of their task: it was acquired nowhere.
pub(crate) fn is_cell(held: &v1::Holding) -> bool {
    held.kind() == v1::HoldingKind::Waker && held.site.is_empty()
}

/// As [`holding`], and the file descriptor that it names: `socket upstream, fd 14,
/// ESTABLISHED`.
pub(crate) fn holding_and_fd(held: &v1::Holding) -> String {
    let holding = holding(held);
    match &held.fd {
        Some(named) => format!("{holding}, {}", fd(named)),
        None => holding,
    }
}

/// `fd 14, ESTABLISHED`, or what has become of it.
pub(crate) fn fd(fd: &v1::Fd) -> String {
    let number = fd.number;
    let state = fd.socket.as_ref().map(|socket| words::socket_state(socket.state()));
    match (fd.status(), state) {
        (v1::FdStatus::Gone, _) => format!("fd {number}, which was closed"),
        (v1::FdStatus::Reused, _) => {
            format!("fd {number}, which was closed and is something else now")
        }
        (_, Some(state)) => format!("fd {number}, {state}"),
        (_, None) if fd.unknown.is_empty() => format!("fd {number}"),
        (_, None) => format!("fd {number}, state unknown: {}", safe(&fd.unknown)),
    }
}

/// `20/20 used, 31 waiting`.
pub(crate) fn usage(pool: &v1::Pool) -> String {
    let mut text = match pool.max {
        Some(max) => format!("{}/{} used", count(pool.used), count(max)),
        None => format!("{} used", count(pool.used)),
    };
    if let Some(waiting) = pool.waiting {
        let _ = write!(text, ", {} waiting", count(waiting));
    }
    text
}

/// `connection of pool "pg" (20/20 used, 31 waiting)`, where the pool is known.
pub(crate) fn of_pool(held: &v1::Holding, pools: &[v1::Pool]) -> Option<String> {
    let number = held.pool?;
    let pool = pools.iter().find(|pool| pool.number == number)?;
    Some(format!("connection of pool \"{}\" ({})", safe(&pool.name), usage(pool)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_shortened_to_file_and_line() {
        for (site, short) in
            [("src/main.rs:30:10", "main.rs:30"), ("main.rs:3:1", "main.rs:3"), ("", "")]
        {
            assert_eq!(short_place(site), short);
        }
    }

    #[test]
    fn a_task_is_called_by_its_name_else_by_its_type_else_by_its_place() {
        let location = "orders/src/main.rs:30:10".into();
        let mut row = v1::Task { location, ..Default::default() };
        assert_eq!((task(&row).as_str(), is_a_place(&row)), ("src/main.rs:30", true));
        row.type_name = "orders::http::create_order::{{closure}}".into();
        assert_eq!((task(&row).as_str(), is_a_place(&row)), ("http::create_order", false));
        row.name = "worker\u{1b}[31m".into();
        assert_eq!(task(&row), "worker\\e[31m");
        assert_eq!(numbered(&v1::Task { name: "nobody".into(), ..Default::default() }), "nobody");
        row.id = 7;
        assert_eq!(numbered(&row), "worker\\e[31m #7");
    }

    #[test]
    fn who_holds_what_a_task_waits_for() {
        let of = |number: u64| {
            let holder = |id| v1::TaskRef { id, name: "a\u{1b}".into(), ..Default::default() };
            held_by(&v1::Task { held_by: (1..=number).map(holder).collect(), ..Default::default() })
        };
        assert_eq!(of(0), "");
        assert_eq!(of(1), ", which a\\e #1 holds");
        assert_eq!(of(2), ", which a\\e #1 and a\\e #2 hold");
        assert_eq!(of(5), ", which a\\e #1, a\\e #2, a\\e #3 and 2 more hold");
    }

    #[test]
    fn of_people_some_are_named_and_the_others_counted() {
        let who = |id| v1::TaskRef { id, name: "a".into(), ..Default::default() };
        assert_eq!(people(&[who(1), who(2), who(3)], 2, 5), "a #1, a #2 and 3 more");
        assert_eq!(people(&[who(1)], 2, 1), "a #1");
        assert_eq!(people(&[], 2, 31), "31 tasks");
    }

    #[test]
    fn who_has_no_name_is_called_by_the_end_of_the_place() {
        let of = |name: &str, location: &str| {
            someone(&v1::TaskRef { id: 9, name: name.into(), location: location.into() })
        };
        let registry =
            "/root/.cargo/registry/src/index-1949/sqlx-core-0.9.0/src/pool/inner.rs:533:5";
        assert_eq!(of(registry, registry), "sqlx-core 0.9.0 pool/inner.rs:533 #9");
        assert_eq!(
            of("a/examples/src/plain.rs:14:9", "a/examples/src/plain.rs:14:9"),
            "src/plain.rs:14 #9"
        );
        assert_eq!(of("GET /orders/{id}", "src/http.rs:58:9"), "GET /orders/{id} #9");
        assert_eq!(of("", "src/http.rs:58:9"), "src/http.rs:58 #9");
    }

    #[test]
    fn a_canceller_that_is_no_task_has_no_number() {
        let mut who = v1::TaskRef { id: 3, name: "main".into(), ..Default::default() };
        assert_eq!(canceller(&who), "main #3");
        who = v1::TaskRef { id: 0, name: "client disconnected\n".into(), ..who };
        assert_eq!(canceller(&who), "client disconnected\\n");
    }

    #[test]
    fn a_holding_that_has_only_a_place_is_called_by_the_end_of_it() {
        let mut held = v1::Holding {
            kind: v1::HoldingKind::Child.into(),
            label: "orders/src/audit.rs:14:9".into(),
            site: "orders/src/audit.rs:14:9".into(),
            ..Default::default()
        };
        assert_eq!(holding(&held), "child audit.rs:14");
        held.label = "audit".into();
        assert_eq!(holding(&held), "child audit");
    }

    #[test]
    fn a_pools_connection_says_how_the_pool_is() {
        let pool = v1::Pool {
            number: 4,
            name: "pg".into(),
            used: 20,
            max: Some(20),
            waiting: Some(31),
            ..Default::default()
        };
        let held = v1::Holding { pool: Some(4), ..Default::default() };
        let said = of_pool(&held, std::slice::from_ref(&pool));
        assert_eq!(said.as_deref(), Some("connection of pool \"pg\" (20/20 used, 31 waiting)"));
        let quiet = v1::Pool { max: None, waiting: None, ..pool };
        assert_eq!(usage(&quiet), "20 used");
        assert_eq!(of_pool(&held, &[]), None);
        assert_eq!(of_pool(&v1::Holding::default(), &[quiet]), None);
    }

    #[test]
    fn a_share_says_how_large_it_is_and_how_many_wait() {
        let mut held = v1::Holding {
            kind: v1::HoldingKind::Permit.into(),
            label: "db".into(),
            amount: 2,
            ..Default::default()
        };
        assert_eq!(holding(&held), "2 permits db");
        held.amount = 1;
        held.waiting = 3;
        assert_eq!(holding(&held), "permit db (3 waiting)");
        held.bytes = 65_536;
        assert_eq!(holding(&held), "permit db, 64 KiB (3 waiting)");
        let kind = v1::HoldingKind::Waker.into();
        let wakers = v1::Holding { kind, amount: 2, bytes: 1_024, ..Default::default() };
        assert_eq!(holding(&wakers), "2 wakers, 1 KiB");
        assert!(is_cell(&wakers) && !is_cell(&held));
    }

    #[test]
    fn an_end_says_how_full_its_channel_is() {
        let mut held = v1::Holding {
            kind: v1::HoldingKind::Channel.into(),
            label: "mpsc receiver".into(),
            depth: Some(14),
            capacity: Some(64),
            ..Default::default()
        };
        assert_eq!(holding(&held), "channel mpsc receiver 14/64");
        held.waiting = 1;
        assert_eq!(holding(&held), "channel mpsc receiver 14/64 (1 waiting)");
        held.depth = None;
        assert_eq!(holding(&held), "channel mpsc receiver of 64 (1 waiting)");
    }

    #[test]
    fn a_descriptor_says_what_has_become_of_it() {
        let socket = v1::Socket {
            r#type: v1::FdType::Tcp.into(),
            state: v1::SocketState::CloseWait.into(),
            ..Default::default()
        };
        let of = |status: v1::FdStatus, socket, unknown: &str| {
            let fd = v1::Fd {
                number: 14,
                status: status.into(),
                socket,
                unknown: unknown.to_owned(),
                ..Default::default()
            };
            let kind = v1::HoldingKind::Socket.into();
            let label = "upstream".into();
            holding_and_fd(&v1::Holding { kind, label, fd: Some(fd), ..Default::default() })
        };
        let open = v1::FdStatus::Open;
        for (said, expected) in [
            (of(open, Some(socket), ""), "socket upstream, fd 14, CLOSE_WAIT"),
            (of(open, None, "no\u{1b}"), "socket upstream, fd 14, state unknown: no\\e"),
            (of(open, None, ""), "socket upstream, fd 14"),
            (of(v1::FdStatus::Gone, None, ""), "socket upstream, fd 14, which was closed"),
            (
                of(v1::FdStatus::Reused, None, ""),
                "socket upstream, fd 14, which was closed and is something else now",
            ),
            (of(v1::FdStatus::Unspecified, None, ""), "socket upstream, fd 14"),
        ] {
            assert_eq!(said, expected);
        }
    }
}
