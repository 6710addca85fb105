//! Makes a failing program smaller, for as long as it fails in the same way.

use std::{mem::discriminant, sync::Arc};

use super::{
    batch::{Error, Proof},
    compare::Wrong,
    program::{Program, Step},
};

/// How often a candidate is run: what is concurrent may fail only sometimes.
const RUNS: usize = 2;
/// Candidates at once.
const AT_ONCE: usize = 40;
/// Smaller programs that are looked for at most.
const ROUNDS: usize = 60;

/// The smallest program found that fails as this one, and how it fails.
///
/// # Errors
///
/// When the console is lost.
pub fn shrink(
    proof: &mut Proof,
    program: &Arc<Program>,
    wrong: &[Wrong],
) -> Result<(Arc<Program>, Vec<Wrong>), Error> {
    let mut smallest = (Arc::clone(program), wrong.to_vec());
    for _ in 0..ROUNDS {
        let mut found = None;
        for some in candidates(&smallest.0).chunks(AT_ONCE) {
            let twice: Vec<Arc<Program>> =
                some.iter().flat_map(|it| vec![Arc::clone(it); RUNS]).collect();
            let fails = |seen: &[Wrong]| {
                let same = |it: &Wrong| discriminant(it) == discriminant(&wrong[0]);
                seen.iter().any(same)
            };
            let checked = proof.check_briefly(&twice)?;
            found = checked.into_iter().find(|it| fails(it.wrong()));
            if found.is_some() {
                break;
            }
        }
        match found {
            Some(it) => smallest = (Arc::clone(&it.program), it.wrong().to_vec()),
            None => break,
        }
    }
    Ok(smallest)
}

/// What is smaller by one thing, the largest things first.
fn candidates(program: &Program) -> Vec<Arc<Program>> {
    let mut all = Vec::new();
    let mut add = |change: &dyn Fn(&mut Program)| {
        let mut smaller = program.clone();
        change(&mut smaller);
        if smaller != *program {
            all.push(Arc::new(smaller));
        }
    };
    for round in 0..program.rounds.len() {
        add(&|it| drop(it.rounds.remove(round)));
    }
    for (round, orders) in program.rounds.iter().enumerate() {
        for order in 0..orders.len() {
            add(&|it| drop(it.rounds[round].remove(order)));
        }
    }
    for (round, orders) in program.rounds.iter().enumerate() {
        for (order, of) in orders.iter().enumerate() {
            for step in 0..of.steps.len() {
                add(&|it| drop(it.rounds[round][order].steps.remove(step)));
                add(&|it| shorten(&mut it.rounds[round][order].steps[step]));
            }
        }
    }
    for actor in 0..program.actors.len() {
        add(&|it| it.actors[actor].on_drop.clear());
        add(&|it| drop(it.actors[actor].on_drop.pop()));
        add(&|it| it.actors[actor].on_notice.clear());
        add(&|it| it.actors[actor].bond = None);
        add(&|it| it.actors[actor].patient = false);
        add(&|it| it.actors[actor].owns = false);
        add(&|it| it.actors[actor].detached = false);
        add(&|it| it.actors[actor].tracked = false);
    }
    all
}

/// The last of the steps within a step goes, or what is moved into a task, or its abort.
fn shorten(step: &mut Step) {
    if let Step::Scope(_, steps, _) | Step::AbortedWhileRunning(steps) = step {
        steps.pop();
    }
    if let Step::Spawn { with, aborted, .. } = step
        && with.take().is_none()
    {
        *aborted = false;
    }
}
