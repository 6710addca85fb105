//! Some hundred random programs, each in both forms where both are seen: what a console is
//! told of them is what they know of themselves. The binary `accuracy` runs more.

use std::sync::Arc;

use holdover_examples::{
    Form,
    accuracy::{Proof, Tally, generate, print},
};

/// Programs of each form.
const PROGRAMS: u64 = 256;
/// Those that are run at the same time.
const AT_ONCE: usize = 128;

#[test]
fn what_a_console_is_told_is_what_the_programs_know() {
    let mut proof = Proof::start().expect("recording starts");
    let plain = cfg!(tokio_unstable).then_some(Form::Plain);
    for form in [Some(Form::Shim), plain].into_iter().flatten() {
        let programs: Vec<_> = (0..PROGRAMS).map(|seed| Arc::new(generate(seed, form))).collect();
        let mut tally = Tally::default();
        for batch in programs.chunks(AT_ONCE) {
            for checked in proof.check(batch).expect("a console") {
                tally.add(&checked);
                let said: Vec<String> = checked.wrong().iter().map(ToString::to_string).collect();
                let program = &checked.program;
                assert!(
                    said.is_empty(),
                    "program {} ({form:?}): {said:#?}\n{}",
                    program.seed,
                    print(program)
                );
            }
        }
        let share = 100 * tally.leaking / tally.programs;
        assert!((40..=60).contains(&share), "{share} % of the programs leak");
        assert!(tally.right > PROGRAMS / 2, "{tally}");
    }
}

/// The same number makes the same program.
#[test]
fn a_program_is_that_of_its_number() {
    for form in [Form::Shim, Form::Plain] {
        assert_eq!(generate(7, form), generate(7, form));
        assert_ne!(generate(7, form), generate(8, form));
    }
}
