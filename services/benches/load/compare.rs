//! The modes beside bare: medians, and between what they are with 95 % confidence.

use serde_json::json;

use crate::{args::Args, modes::Mode, runs::Figure, shop::Out, stats::middle};

/// What part of its bare requests a second a service with a console attached is to keep.
const BUDGET: f64 = 98.0;
/// A generator that uses more of its core is what is slow.
const TOO_BUSY: f64 = 0.95;

/// A median with its 95 % interval.
#[derive(Clone, Copy, Debug)]
struct Sure {
    median: f64,
    from: f64,
    to: f64,
}

pub fn print(args: &Args, figures: &[Figure]) {
    for out in &args.outs {
        let figures: Vec<Figure> = figures.iter().filter(|it| it.out == *out).copied().collect();
        one(args, *out, &figures);
    }
    if !args.json {
        foot(figures);
    }
}

fn one(args: &Args, out: Out, figures: &[Figure]) {
    if !args.json {
        head(args, out);
    }
    for mode in &args.modes {
        let of = |what: fn(&Figure) -> f64| -> Vec<f64> {
            figures.iter().filter(|it| it.mode == *mode).map(what).collect()
        };
        let rate = sure(&of(|it| it.rate));
        let part = sure(&of_bare(figures, *mode));
        let typical = |what: fn(&Figure) -> f64| middle(&of(what)).median;
        let (median, p99) = (typical(|it| it.median), typical(|it| it.p99));
        let (cpu, console) = (typical(|it| it.cpu), typical(|it| it.console));
        let resident = typical(|it| it.resident);
        let budget = (*mode == Mode::Attached).then_some(BUDGET);
        if args.json {
            let object = json!({
                "type": "load", "out": out.name(), "mode": mode.name(), "rounds": args.rounds,
                "requests": args.requests, "connections": args.connections,
                "requests_per_s": rate.median, "requests_per_s_95": [rate.from, rate.to],
                "percent_of_bare": part.median, "percent_of_bare_95": [part.from, part.to],
                "budget_percent": budget, "median_us": median, "p99_us": p99,
                "cpu_us": cpu, "console_us": console, "resident_mib": resident,
                "generator_busy": typical(|it| it.generator),
            });
            println!("{object}");
            continue;
        }
        let rates = format!("{:.0} [{:.0}, {:.0}]", rate.median, rate.from, rate.to);
        let parts = format!("{:.1} [{:.1}, {:.1}]", part.median, part.from, part.to);
        let word = budget.map(|least| {
            format!("  budget {least} {}", if part.median >= least { "ok" } else { "over" })
        });
        println!(
            "{:<18}{rates:>26}{parts:>24}{median:>10.0}{p99:>8.0}{cpu:>10.2}{console:>10.2}\
             {resident:>10.0}{}",
            mode.name(),
            word.unwrap_or_default()
        );
    }
}

fn head(args: &Args, out: Out) {
    println!(
        "\nan axum service, JSON in and {} out, under full load: {} interleaved runs of {} requests \
         over {} connections; medians, in brackets their 95 % interval\n",
        out.name(),
        args.rounds,
        args.requests,
        args.connections
    );
    println!(
        "{:<18}{:>26}{:>24}{:>10}{:>8}{:>10}{:>10}{:>10}",
        "", "requests/s", "% of bare", "median us", "p99 us", "CPU us", "console", "MiB"
    );
}

fn foot(figures: &[Figure]) {
    let busiest = figures.iter().map(|it| it.generator).fold(0.0, f64::max);
    println!("\nCPU us: of the service's threads a request; console: of the console thread's");
    if busiest > TOO_BUSY {
        println!(
            "the generator used up to {:.0} % of its core: requests/s may be what it can do, and \
             not the service; go by the CPU time",
            busiest * 100.0
        );
    }
}

/// Of each round, what part of bare's rate in percent.
fn of_bare(figures: &[Figure], mode: Mode) -> Vec<f64> {
    let of = |mode: Mode| figures.iter().filter(move |it| it.mode == mode);
    of(mode)
        .filter_map(|it| {
            let bare = of(Mode::Bare).find(|bare| bare.round == it.round)?;
            Some(it.rate / bare.rate * 100.0)
        })
        .collect()
}

/// By order statistics, which suppose nothing of how the figures are spread. Of fewer than
/// six it is the extremes, which are less sure than that.
fn sure(figures: &[f64]) -> Sure {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let count = sorted.len();
    let median = middle(figures).median;
    let out = left_out(count);
    let at = |place: usize| sorted.get(place).copied().unwrap_or(f64::NAN);
    Sure { median, from: at(out), to: at(count.saturating_sub(out + 1)) }
}

/// How many at each end lie outside: as many as a fair coin's fewest throws of 2.5 %.
fn left_out(count: usize) -> usize {
    let mut ways = 0.5_f64.powi(i32::try_from(count).unwrap_or(i32::MAX));
    let (mut below, mut out) = (0.0, 0);
    loop {
        below += ways;
        if below > 0.025 || out >= count / 2 {
            return out.saturating_sub(1);
        }
        out += 1;
        ways *= (count - out + 1) as f64 / out as f64;
    }
}
