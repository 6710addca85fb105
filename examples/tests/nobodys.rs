//! More programs at once than a row lists holdings: what nobody owns is in one row for all
//! of them, and the proof must not take what is not listed there for what is not told.

use std::sync::Arc;

use holdover_examples::{
    Form,
    accuracy::{Program, Proof, generate, print},
};

const PROGRAMS: usize = 48;

#[test]
fn what_nobody_owns_is_told_of_each_program() {
    let mut proof = Proof::start().expect("recording starts");
    let all = (0..).map(|seed| Arc::new(generate(seed, Form::Shim)));
    let programs: Vec<Arc<Program>> = all.filter(|it| it.nobodys() > 0).take(PROGRAMS).collect();
    for checked in proof.check(&programs).expect("a console") {
        let said: Vec<String> = checked.wrong().iter().map(ToString::to_string).collect();
        let program = &checked.program;
        assert!(said.is_empty(), "program {}: {said:#?}\n{}", program.seed, print(program));
    }
}
