//! The process as a JSON object.

use std::collections::BTreeMap;

use holdover_proto::v1;
use serde::Serialize;

use super::{Holding, MS, Target, US, Wall, holding, target};
use crate::words;

/// What is not known is null, and why is in `unknown`.
#[derive(Serialize)]
struct Process<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    target: Target<'a>,
    sampled_at: String,
    rss_bytes: Option<u64>,
    peak_rss_bytes: Option<u64>,
    virtual_bytes: Option<u64>,
    threads: Option<u64>,
    cpu_ms: Option<u64>,
    uptime_ms: Option<u64>,
    fd_limit: Option<u64>,
    fds: Option<Fds>,
    runtimes: Vec<Runtime>,
    held: Vec<Held<'a>>,
    held_total: u64,
    unknown: Vec<Unknown<'a>>,
}

#[derive(Serialize)]
struct Fds {
    open: u64,
    told_apart: u64,
    by_type: BTreeMap<&'static str, u64>,
    deleted: u64,
    sockets: Vec<Sockets>,
}

#[derive(Serialize)]
struct Sockets {
    #[serde(rename = "type")]
    kind: &'static str,
    local: Option<&'static str>,
    peer: Option<&'static str>,
    state: &'static str,
    count: u64,
}

#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "its name in JSON")]
struct Runtime {
    runtime: u64,
    workers: u64,
    alive: u64,
    global_queue: u64,
    by_worker: Vec<Worker>,
}

#[derive(Serialize)]
struct Worker {
    parks: u64,
    busy_us: u64,
}

#[derive(Serialize)]
struct Held<'a> {
    #[serde(flatten)]
    holding: Holding<'a>,
    task: Option<u64>,
    name: Option<&'a str>,
    task_ended: bool,
}

#[derive(Serialize)]
struct Unknown<'a> {
    what: &'a str,
    why: &'a str,
}

/// The process as a JSON object.
pub(crate) fn process(
    update: &v1::Update,
    process: &v1::Process,
    described: &v1::DescribeResponse,
) -> String {
    let wall = Wall { anchor_ns: described.wall_anchor_ns };
    let row = Process {
        kind: "process",
        target: target(described),
        sampled_at: wall.date(process.sampled_ns),
        rss_bytes: process.rss_bytes,
        peak_rss_bytes: process.peak_rss_bytes,
        virtual_bytes: process.virtual_bytes,
        threads: process.threads,
        cpu_ms: process.cpu_ns.map(|it| it / MS),
        uptime_ms: process.uptime_ns.map(|it| it / MS),
        fd_limit: process.fd_limit,
        fds: process.fds.as_ref().map(fds),
        runtimes: process.runtimes.iter().map(runtime).collect(),
        held: process.held.iter().filter_map(|row| held(row, update.now_ns)).collect(),
        held_total: update.matched,
        unknown: process
            .unknown
            .iter()
            .map(|it| Unknown { what: &it.what, why: &it.why })
            .collect(),
    };
    serde_json::to_string(&row).unwrap_or_default()
}

fn fds(fds: &v1::Fds) -> Fds {
    let mut by_type = BTreeMap::new();
    for it in &fds.by_type {
        // Types that are not known here are one.
        *by_type.entry(words::fd_type(it.r#type())).or_default() += it.count;
    }
    let sockets = fds.sockets.iter().filter_map(|it| {
        let socket = it.socket.as_ref()?;
        Some(Sockets {
            kind: words::fd_type(socket.r#type()),
            local: words::family(socket.local()),
            peer: words::family(socket.peer()),
            state: words::socket_state(socket.state()),
            count: it.count,
        })
    });
    Fds {
        open: fds.open,
        told_apart: fds.told_apart,
        by_type,
        deleted: fds.deleted,
        sockets: sockets.collect(),
    }
}

fn runtime(load: &v1::RuntimeLoad) -> Runtime {
    let worker = |it: &v1::WorkerLoad| Worker { parks: it.parks, busy_us: it.busy_ns / US };
    Runtime {
        runtime: load.runtime,
        workers: load.workers,
        alive: load.alive,
        global_queue: load.global_queue,
        by_worker: load.by_worker.iter().map(worker).collect(),
    }
}

fn held(row: &v1::HeldRow, now: u64) -> Option<Held<'_>> {
    Some(Held {
        holding: holding(row.holding.as_ref()?, now),
        task: row.owner.as_ref().map(|owner| owner.id),
        name: row.owner.as_ref().map(|owner| owner.name.as_str()),
        task_ended: row.owner_ended,
    })
}
