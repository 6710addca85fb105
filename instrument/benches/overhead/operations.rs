//! Every workload in every mode, interleaved and repeated.

use crate::{
    args::Args,
    client::{Clients, as_the_ui},
    cpu::Cores,
    job::{Job, Operation, Took},
    modes::Mode,
    print,
    process::{Process, setting},
    shuffle::shuffled,
    workloads::{Flavor, Workload},
};

/// What one process measured.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    pub workload: Workload,
    pub mode: Mode,
    pub round: usize,
    pub took: Took,
}

pub fn run(args: &Args) {
    let (modes, workloads) = (args.modes(), args.workloads());
    if workloads.is_empty() {
        return;
    }
    let cores = Cores::allowed();
    cores.pin_to_the_others();
    let clients = Clients::start();
    let mut figures = Vec::new();
    for round in 0..args.rounds {
        let pairs =
            workloads.iter().flat_map(|workload| modes.iter().map(|mode| (*workload, *mode)));
        for (workload, mode) in shuffled(pairs) {
            let operation = operation(args, &cores, workload, mode, round);
            let all = measure(&clients, operation);
            figures.extend(all.into_iter().map(|took| Figure { workload, mode, round, took }));
        }
        eprintln!("round {} of {}", round + 1, args.rounds);
    }
    cores.unpin();
    print::operations(args, &modes, &workloads, &figures);
}

fn operation(
    args: &Args,
    cores: &Cores,
    workload: Workload,
    mode: Mode,
    round: usize,
) -> Operation {
    let operations = workload.operations(mode.is_console_subscriber());
    // Only ends give our console thread something to do. It has to be waited for, and
    // that takes longer than all the rest: once.
    let has_work = workload.ends_tasks() || mode.is_console_subscriber();
    let settle = round == 0 && mode.has_console() && has_work;
    Operation {
        setting: setting(mode, cores),
        workload,
        operations: args.scaled(operations, operations),
        flavors: Flavor::ALL.to_vec(),
        settle,
    }
}

fn measure(clients: &Clients, operation: Operation) -> Vec<Took> {
    let (mode, flavors) = (operation.setting.mode, operation.flavors.len());
    let mut process = Process::start(&Job::Operation(operation));
    let _attached = mode.attached().map(|protocol| {
        let attached = clients.attach(protocol, process.socket(), as_the_ui());
        process.go_on();
        attached
    });
    (0..flavors).map(|_| process.hear()).collect()
}
