//! Runs random programs and prints how right the verdicts were: see the library's module
//! `accuracy`. The last lines are one line a form: form, precision, recall, programs.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it prints")]

use std::{process::ExitCode, sync::Arc};

use holdover_examples::{
    Form,
    accuracy::{Checked, Error, Program, Proof, Tally, generate, print, shrink},
};

/// Programs that run at the same time.
const AT_ONCE: usize = 192;
/// Failing programs that are shrunk and printed.
const PRINTED: usize = 5;

const USAGE: &str = "accuracy [--programs N] [--seed N] [--form shim|plain|both] \
                     [--only SEED] [--first] [--json]";

struct Options {
    programs: u64,
    seed: u64,
    forms: Vec<Form>,
    only: bool,
    /// Nothing is run after the first failing program.
    first: bool,
    json: bool,
}

fn options() -> Option<Options> {
    let forms = if cfg!(tokio_unstable) { vec![Form::Shim, Form::Plain] } else { vec![Form::Shim] };
    let mut options =
        Options { programs: 1000, seed: 1, forms, only: false, first: false, json: false };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--json" => options.json = true,
            "--first" => options.first = true,
            "--programs" => options.programs = args.next()?.parse().ok()?,
            "--seed" => options.seed = args.next()?.parse().ok()?,
            "--only" => {
                options.seed = args.next()?.parse().ok()?;
                (options.programs, options.only) = (1, true);
            }
            "--form" => {
                options.forms = match args.next()?.as_str() {
                    "shim" => vec![Form::Shim],
                    "plain" if cfg!(tokio_unstable) => vec![Form::Plain],
                    "both" => options.forms,
                    _ => return None,
                }
            }
            _ => return None,
        }
    }
    Some(options)
}

fn main() -> Result<ExitCode, Error> {
    let Some(options) = options() else {
        eprintln!("usage: {USAGE}");
        return Ok(ExitCode::from(2));
    };
    let mut proof = Proof::start()?;
    let mut tallies = Vec::new();
    for form in &options.forms {
        tallies.push((*form, run(&mut proof, &options, *form)?));
    }
    let failing: u64 = tallies.iter().map(|(_, tally)| tally.failing).sum();
    if !options.json {
        for (form, tally) in &tallies {
            println!("\n{form:?}: {tally}");
        }
    }
    for (form, tally) in &tallies {
        println!("{}", if options.json { tally.json(*form) } else { tally.line(*form) });
    }
    Ok(ExitCode::from(u8::from(failing > 0)))
}

fn run(proof: &mut Proof, options: &Options, form: Form) -> Result<Tally, Error> {
    let seeds = options.seed..options.seed + options.programs;
    let programs: Vec<Arc<Program>> = seeds.map(|seed| Arc::new(generate(seed, form))).collect();
    let (mut tally, mut printed) = (Tally::default(), 0);
    for batch in programs.chunks(AT_ONCE) {
        for checked in proof.check(batch)? {
            tally.add(&checked);
            if options.only {
                println!("{}", print(&checked.program));
                println!("{:#?}", checked.truth);
            }
            if !checked.wrong().is_empty() && printed < PRINTED {
                printed += 1;
                say(proof, &checked, options)?;
            }
        }
        if options.first && tally.failing > 0 {
            break;
        }
    }
    Ok(tally)
}

/// On stderr, so that what goes to stdout can be read by a program.
fn say(proof: &mut Proof, checked: &Checked, options: &Options) -> Result<(), Error> {
    let Program { seed, form, flavor, .. } = &*checked.program;
    eprintln!("program {seed}, {form:?}, {flavor:?}:");
    for wrong in checked.wrong() {
        eprintln!("  {wrong}");
    }
    if options.first {
        return Ok(());
    }
    let (program, wrong) = shrink(proof, &checked.program, checked.wrong())?;
    eprintln!("shrunk, it fails so:");
    for wrong in &wrong {
        eprintln!("  {wrong}");
    }
    eprintln!("{}", print(&program));
    Ok(())
}
