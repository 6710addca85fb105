//! Every mode, interleaved and repeated.

use tokio::runtime::Runtime;

use crate::{
    args::Args,
    client::{Clients, as_the_ui},
    compare,
    cpu::Cores,
    generate,
    job::{Job, Serves, Uses},
    modes::Mode,
    process::{Process, setting},
    shop::Out,
    shuffle::shuffled,
};

/// One run of the service.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    pub mode: Mode,
    pub out: Out,
    pub round: usize,
    /// Requests a second.
    pub rate: f64,
    /// Microseconds.
    pub median: f64,
    pub p99: f64,
    /// Microseconds of CPU time a request, of the service's threads and of the console's.
    pub cpu: f64,
    pub console: f64,
    /// Resident afterwards, in MiB.
    pub resident: f64,
    /// What part of its core the generator used.
    pub generator: f64,
}

pub fn run(args: &Args) {
    if args.trial {
        println!(
            "without --bench, which `cargo bench` gives, this is a trial: a few requests; its \
             figures mean nothing"
        );
    }
    let cores = Cores::allowed();
    cores.pin_to_the_others();
    let clients = Clients::start();
    let generator = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let generator = generator.expect("a runtime");
    let mut figures = Vec::new();
    for round in 0..args.rounds {
        let all = args.outs.iter().flat_map(|out| args.modes.iter().map(move |mode| (*out, *mode)));
        for what in shuffled(all) {
            figures.push(once(args, &cores, &clients, &generator, what, round));
        }
        eprintln!("round {} of {}", round + 1, args.rounds);
    }
    compare::print(args, &figures);
}

fn once(
    args: &Args,
    cores: &Cores,
    clients: &Clients,
    generator: &Runtime,
    (out, mode): (Out, Mode),
    round: usize,
) -> Figure {
    let mut process = Process::start(&Job { setting: setting(mode, cores), out });
    let Serves { port } = process.hear();
    let protocol = mode.attached();
    let _attached =
        protocol.map(|protocol| clients.attach(protocol, process.socket(), as_the_ui()));
    generate::run(generator, port, args.requests / 10 + 1, args.connections);
    let before = uses(&mut process);
    let load = generate::run(generator, port, args.requests, args.connections);
    let after = uses(&mut process);
    let each = |seconds: f64| seconds * 1e6 / args.requests as f64;
    let at = |part: usize| load.latencies[load.latencies.len() * part / 100].as_secs_f64() * 1e6;
    Figure {
        mode,
        out,
        round,
        rate: args.requests as f64 / load.took.as_secs_f64(),
        median: at(50),
        p99: at(99),
        cpu: each(after.service - before.service),
        console: each(after.console - before.console),
        resident: after.resident as f64 / f64::from(1 << 20),
        generator: load.busy,
    }
}

fn uses(process: &mut Process) -> Uses {
    process.go_on();
    process.hear()
}
