//! The process, as lines for people.

use std::{collections::HashSet, io};

use holdover_proto::v1;

use super::text;
use crate::{
    format::{bytes, count, counted, safe, span},
    words,
};

/// One column for what it is, one for what is to be said of it.
pub(super) fn lines(
    update: &v1::Update,
    process: &v1::Process,
    described: &v1::DescribeResponse,
) -> Vec<String> {
    let mut lines = vec![line("process", &of_all(process, described))];
    lines.push(line("memory", &memory(process)));
    lines.push(line("threads", &known(process.threads, count)));
    lines.extend(files(process).iter().map(|(what, text)| line(what, text)));
    lines.extend(process.runtimes.iter().map(|load| line(&runtime_name(load), &runtime(load))));
    let rows = process.held.iter();
    lines.extend(rows.filter_map(|row| Some(line("held", &text::held(row, update.now_ns)?))));
    let left_out = update.matched.saturating_sub(process.held.len() as u64);
    if left_out > 0 {
        lines.push(line("held", &format!("and {} more", count(left_out))));
    }
    lines.extend(unknown(process).iter().map(|text| line("unknown", text)));
    lines
}

/// What is not known, and why. Several figures may be unknown for the same reason.
pub(crate) fn unknown(process: &v1::Process) -> Vec<String> {
    let mut said = HashSet::new();
    let reasons = process.unknown.iter().filter(|it| said.insert(it.why.as_str()));
    let line = |reason: &v1::Unknown| {
        let what = process.unknown.iter().filter(|it| it.why == reason.why);
        let what: Vec<String> = what.map(|it| safe(&it.what).into_owned()).collect();
        format!("{}: {}", what.join(", "), safe(&reason.why))
    };
    reasons.map(line).collect()
}

fn line(what: &str, text: &str) -> String {
    format!("{what:<10} {text}")
}

pub(crate) fn known(value: Option<u64>, shown: impl Fn(u64) -> String) -> String {
    value.map_or_else(|| "unknown".to_owned(), shown)
}

fn of_all(process: &v1::Process, described: &v1::DescribeResponse) -> String {
    let target = described.target.clone().unwrap_or_default();
    let (up, cpu) = (known(process.uptime_ns, span), known(process.cpu_ns, span));
    let is_told = !described.coverage.as_ref().is_some_and(|coverage| coverage.tokio_console);
    let pid = known(is_told.then_some(target.pid.into()), |pid| pid.to_string());
    let service = if is_told { safe(&target.service) } else { "unknown".into() };
    format!("{service}, pid {pid}, up {up}, cpu {cpu}")
}

pub(crate) fn memory(process: &v1::Process) -> String {
    let (rss, peak) = (known(process.rss_bytes, bytes), known(process.peak_rss_bytes, bytes));
    format!("rss {rss}, at most {peak} so far, virtual {}", known(process.virtual_bytes, bytes))
}

/// How many files of what kind are open, each with its name or none.
pub(crate) fn files(process: &v1::Process) -> Vec<(&'static str, String)> {
    let limit = match process.fd_limit {
        Some(u64::MAX) => "no limit".to_owned(),
        limit => format!("the limit is {}", known(limit, count)),
    };
    let Some(fds) = &process.fds else {
        return vec![("fds", format!("unknown; {limit}"))];
    };
    let mut lines = vec![("fds", format!("{} open; {limit}", count(fds.open)))];
    let types = fds.by_type.iter();
    let types = types.map(|it| (it.count, words::fd_type(it.r#type()).to_owned())).collect();
    lines.extend(counts("", types));
    if fds.deleted > 0 {
        let them = counted(fds.deleted, "file");
        lines.push(("", format!("{them} that no name leads to any more")));
    }
    let sockets = fds.sockets.iter();
    let sockets = sockets.map(|it| (it.count, socket(&it.socket.unwrap_or_default()))).collect();
    lines.extend(counts("sockets", sockets));
    lines
}

/// `12 tcp, 3 file`, the most first.
fn counts(what: &'static str, mut counts: Vec<(u64, String)>) -> Option<(&'static str, String)> {
    counts.sort_by(|(a, of_a), (b, of_b)| b.cmp(a).then_with(|| of_a.cmp(of_b)));
    let counts: Vec<String> =
        counts.into_iter().map(|(number, of)| format!("{} {of}", count(number))).collect();
    (!counts.is_empty()).then(|| (what, counts.join(", ")))
}

/// `tcp ipv4 ESTABLISHED`, `udp ipv6 to ipv4 CONNECTED`.
fn socket(socket: &v1::Socket) -> String {
    let kind = words::fd_type(socket.r#type());
    let state = words::socket_state(socket.state());
    let (local, peer) = (words::family(socket.local()), words::family(socket.peer()));
    match (local, peer) {
        (Some(local), Some(peer)) if local != peer => format!("{kind} {local} to {peer} {state}"),
        (Some(local), _) if local != kind => format!("{kind} {local} {state}"),
        _ => format!("{kind} {state}"),
    }
}

fn runtime_name(load: &v1::RuntimeLoad) -> String {
    format!("runtime {}", load.runtime)
}

fn runtime(load: &v1::RuntimeLoad) -> String {
    let of_workers: Vec<String> = load
        .by_worker
        .iter()
        .map(|worker| format!("{} ({} busy)", count(worker.parks), span(worker.busy_ns)))
        .collect();
    format!(
        "{}, {} alive, {} queued; parked {}",
        counted(load.workers, "worker"),
        counted(load.alive, "task"),
        count(load.global_queue),
        of_workers.join(", ")
    )
}

/// Writes the lines of a moment, or of the next one beneath a blank line.
pub(super) fn write(out: &mut impl io::Write, lines: &[String], first: bool) -> io::Result<()> {
    if !first {
        writeln!(out)?;
    }
    for line in lines {
        writeln!(out, "{line}")?;
    }
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_said_to_be_so_and_never_zero() {
        let unknown = |what: &str| v1::Unknown {
            what: what.to_owned(),
            why: "macos has no /proc".to_owned(),
        };
        let process = v1::Process {
            unknown: ["rss", "threads", "fds"].map(unknown).into(),
            ..Default::default()
        };
        let described = v1::DescribeResponse::default();
        let lines = lines(&v1::Update::default(), &process, &described);
        assert_eq!(lines[1], "memory     rss unknown, at most unknown so far, virtual unknown");
        assert_eq!(lines[2], "threads    unknown");
        assert_eq!(lines[3], "fds        unknown; the limit is unknown");
        assert_eq!(lines[4], "unknown    rss, threads, fds: macos has no /proc");
        assert_eq!(lines.len(), 5);
    }

    #[test]
    fn sockets_are_told_by_protocol_families_and_state() {
        use v1::{AddressFamily as To, FdType as Of};

        let of = |kind: v1::FdType, local: v1::AddressFamily, peer: v1::AddressFamily| {
            socket(&v1::Socket {
                r#type: kind.into(),
                local: local.into(),
                peer: peer.into(),
                state: v1::SocketState::Connected.into(),
            })
        };
        assert_eq!(of(Of::Udp, To::Ipv6, To::Ipv4), "udp ipv6 to ipv4 CONNECTED");
        assert_eq!(of(Of::Udp, To::Ipv4, To::Ipv4), "udp ipv4 CONNECTED");
        assert_eq!(of(Of::Unix, To::Unix, To::Unix), "unix CONNECTED");
    }
}
