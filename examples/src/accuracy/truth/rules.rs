//! The rules of the verdicts, as they are written.

mod things;

use std::collections::BTreeMap;

use super::{
    Cell, Expected, Knowable, Truth,
    replay::{ActorFacts, Known, ThingFacts},
};
use crate::accuracy::{
    facts::{Cancel, Fate, Fates, Held, HeldKind, Outcome, Phase, Row, Verdict},
    ledger::Why,
    program::{Actor, ActorKind, Escape, Form, Keep, Names, Program, ScopeEnd, Step, ThingKind},
};

/// See the module's header.
pub(super) fn judge(program: &Program, known: &Known, names: &Names) -> Truth {
    let judge = Judge { program, known, names };
    let mut rows = Vec::new();
    for actor in 0..program.actors.len() {
        rows.extend(judge.stuck(actor));
        rows.extend(judge.held_after_the_end(actor));
        rows.extend(judge.orphans_of(actor));
    }
    rows.extend(judge.overdue());
    let is_leak = |it: &Expected| !matches!(it.row.verdict, Verdict::Orphaned | Verdict::Overdue);
    let has_leak = rows.iter().any(is_leak);
    let forgets = known.things.iter().any(|it| it.escape == Escape::Forget);
    Truth { rows, fates: judge.fates(), has_leak, forgets }
}

struct Judge<'a> {
    program: &'a Program,
    known: &'a Known,
    names: &'a Names,
}

/// Something held, and what the program knows of it.
#[derive(Clone)]
struct Item {
    held: Held,
    child: Option<Actor>,
    thing: Option<ThingKind>,
    /// It has moved where nobody can see.
    silent: bool,
    /// Nothing tells of it.
    untold: bool,
    escape: Escape,
}

impl Judge<'_> {
    fn facts(&self, actor: Actor) -> &ActorFacts {
        &self.known.actors[actor]
    }

    fn is_plain(&self) -> bool {
        self.program.form == Form::Plain
    }

    fn kind(&self, actor: Actor) -> ActorKind {
        self.program.actors[actor].kind
    }

    /// By what a console knows it: not every scope has a name of its own.
    fn key(&self, actor: Actor) -> String {
        match (self.facts(actor).spawned, self.is_called(actor)) {
            (Some((_, Some(around))), Some(name)) => format!("{}/{name}", self.key(around)),
            _ => self.names.actor(actor),
        }
    }

    /// What it is called where nothing says whose it is.
    fn shown(&self, actor: Actor) -> String {
        self.is_called(actor).map_or_else(|| self.names.actor(actor), ToOwned::to_owned)
    }

    /// As everything else is that ends so.
    fn is_called(&self, actor: Actor) -> Option<&'static str> {
        let bound = self.program.actors[actor].bond.is_some();
        match self.end_of(actor)? {
            ScopeEnd::TimesOut | ScopeEnd::InTime => Some("timeout"),
            _ => bound.then_some("run_until_cancelled"),
        }
    }

    // === the verdicts ===

    fn stuck(&self, actor: Actor) -> Option<Expected> {
        let facts = self.facts(actor);
        let asked = facts.asked.filter(|_| !self.is_plain() && facts.lives())?;
        let noticed = asked.waiting && facts.delivered.is_some();
        if noticed || self.program.actors[actor].patient {
            return None;
        }
        let items = self.held_by(actor);
        let exact = !asked.waiting;
        Some(Expected { knowable: Knowable::Yes, ..self.row(actor, Verdict::Stuck, exact, items) })
    }

    fn held_after_the_end(&self, actor: Actor) -> Vec<Expected> {
        let facts = self.facts(actor);
        let passed_on = self.owner(actor) != actor;
        if !facts.ended_by_cancellation() || self.program.actors[actor].patient || passed_on {
            return Vec::new();
        }
        let items = self.held_by(actor);
        let verdict_of = |item: &Item| match (item.held.phase, item.held.kind) {
            // That is another rule.
            (Phase::Before, HeldKind::Child) => None,
            (Phase::Before, _) => Some(Verdict::LeftBehind),
            _ => Some(Verdict::AfterCancel),
        };
        let mut rows = Vec::new();
        for verdict in [Verdict::LeftBehind, Verdict::AfterCancel] {
            let of_it = items.iter().filter(|item| verdict_of(item) == Some(verdict));
            let of_it: Vec<Item> = of_it.cloned().collect();
            // What may have moved gives no verdict.
            if of_it.iter().all(|item| item.held.maybe_moved) {
                continue;
            }
            let through: Vec<Item> = of_it.iter().flat_map(|it| self.through(it)).collect();
            let all: Vec<Item> = of_it.into_iter().chain(through).collect();
            rows.push(self.row(actor, verdict, !self.is_plain(), all));
        }
        rows
    }

    /// What a listed child holds.
    fn through(&self, item: &Item) -> Vec<Item> {
        let Some(child) = item.child else { return Vec::new() };
        let mut all = self.held_by(child);
        for held in &mut all {
            held.held.via = Some(self.key(child));
            held.held.phase = item.held.phase;
        }
        all
    }

    fn orphans_of(&self, actor: Actor) -> Vec<Expected> {
        let passed_on = self.owner(actor) != actor;
        if !self.facts(actor).ended_by_cancellation() || passed_on {
            return Vec::new();
        }
        let mut survivors = Vec::new();
        for (child, at) in self.children(actor) {
            if self.phase(actor, at) == Phase::Before {
                self.find_survivors(child, &mut survivors);
            }
        }
        let row = |survivor: Actor| {
            let items = self.under(survivor, 0);
            let mut row = self.row(survivor, Verdict::Orphaned, !self.is_plain(), items);
            row.row.ancestor = Some(self.key(actor));
            row.knowable = self.knowable_by(actor).unwrap_or(Knowable::Yes);
            row
        };
        survivors.into_iter().map(row).collect()
    }

    fn find_survivors(&self, actor: Actor, survivors: &mut Vec<Actor>) {
        let facts = self.facts(actor);
        if self.is_detached(actor) {
            return;
        }
        if facts.lives() {
            let excused = self.kind(actor) == ActorKind::Blocking || self.is_kept(actor);
            if !excused {
                survivors.push(actor);
            }
        } else if !facts.ended_by_cancellation() || self.is_unseen(actor) {
            for (child, _) in self.children(actor) {
                self.find_survivors(child, survivors);
            }
        }
    }

    /// Somebody who lives, or who is no task, has its handle.
    fn is_kept(&self, actor: Actor) -> bool {
        let spawner = self.facts(actor).spawned.and_then(|(_, by)| by);
        let spawner_lives = spawner.is_some_and(|by| self.facts(self.hands_of(by)).lives());
        !self.is_plain()
            && match self.program.actors[actor].keep {
                Keep::Nobody => false,
                Keep::Outside => true,
                Keep::Spawner | Keep::Set => spawner_lives,
            }
    }

    /// What a scope has lies with what is around it, unless the scope has hands of its own.
    fn hands_of(&self, actor: Actor) -> Actor {
        match (self.kind(actor), self.facts(actor).spawned) {
            (ActorKind::Scope, Some((_, Some(around))))
                if self.end_of(actor) != Some(ScopeEnd::Stays)
                    && !self.program.actors[actor].owns =>
            {
                self.hands_of(around)
            }
            _ => actor,
        }
    }

    fn end_of(&self, scope: Actor) -> Option<ScopeEnd> {
        fn within(steps: &[Step], scope: Actor) -> Option<ScopeEnd> {
            steps.iter().find_map(|step| match step {
                Step::Scope(actor, _, end) if *actor == scope => Some(*end),
                Step::Scope(_, steps, _) => within(steps, scope),
                _ => None,
            })
        }

        let mut orders = self.program.rounds.iter().flatten();
        orders.find_map(|order| within(&order.steps, scope))
    }

    fn under(&self, survivor: Actor, depth: usize) -> Vec<Item> {
        let mut all = Vec::new();
        for mut item in self.held_by(survivor) {
            item.held.via = (depth > 0).then(|| self.key(survivor));
            let below = item.child.map(|child| self.under(child, depth + 1));
            all.push(item);
            all.extend(below.into_iter().flatten());
        }
        all
    }

    /// Whoever holds it, and whether that was cancelled or not.
    fn overdue(&self) -> Vec<Expected> {
        let is_late = |it: &&ThingFacts| {
            let limited = matches!(it.kind, Some(ThingKind::Limited | ThingKind::Registered));
            limited && self.is_live(it)
        };
        let mut late: BTreeMap<Option<Actor>, Vec<Item>> = BTreeMap::new();
        for thing in self.known.things.iter().filter(is_late) {
            let owner = thing.owner.map(|owner| self.owner(owner));
            late.entry(owner).or_default().push(self.late_item(owner, thing));
        }
        let row = |(owner, items): (Option<Actor>, Vec<Item>)| match owner {
            Some(owner) => self.row(owner, Verdict::Overdue, true, items),
            None => row_of("nobody".to_owned(), Verdict::Overdue, true, items),
        };
        let rows = late.into_iter().map(row);
        // Whoever has it, it is too late.
        rows.map(|row| Expected { knowable: Knowable::Yes, ..row }).collect()
    }

    fn late_item(&self, owner: Option<Actor>, thing: &ThingFacts) -> Item {
        let (kind, label) = self.words(thing);
        let phase = owner.map_or(Phase::Before, |owner| self.phase(owner, thing.at));
        let (maybe_moved, amount) = (false, thing.amount);
        let waiting = Vec::new();
        let held = Held { kind, label, phase, via: None, maybe_moved, amount, waiting };
        let (kind, escape) = (thing.kind, thing.escape);
        Item { held, child: None, thing: kind, silent: false, untold: false, escape }
    }

    // === rows and fates ===

    /// Over tokio alone an abort while a task runs looks like its completion.
    fn is_unseen(&self, actor: Actor) -> bool {
        self.is_plain() && self.facts(actor).asked.is_some_and(|asked| asked.running)
    }

    fn knowable_by(&self, actor: Actor) -> Option<Knowable> {
        self.is_unseen(actor).then_some(Knowable::AbortedWhileRunning)
    }

    fn row(&self, actor: Actor, verdict: Verdict, exact: bool, items: Vec<Item>) -> Expected {
        let row = row_of(self.key(actor), verdict, exact, items);
        Expected { knowable: self.knowable_by(actor).unwrap_or(row.knowable), ..row }
    }

    fn fates(&self) -> Fates {
        let mut fates = Fates::new();
        for actor in 0..self.known.actors.len() {
            let facts = self.facts(actor);
            let unnamed = self.key(actor).contains('/');
            let no_scope = self.is_plain() && self.kind(actor) == ActorKind::Scope;
            let passed_on = self.owner(actor) != actor;
            let unseen = self.is_unseen(actor);
            if facts.spawned.is_some() && !(unnamed || no_scope || passed_on || unseen) {
                fates.insert(self.key(actor), self.fate(actor));
            }
        }
        fates
    }

    fn fate(&self, actor: Actor) -> Fate {
        let facts = self.facts(actor);
        let outcome = facts.outcome();
        let unknown = || Cancel { cause: "unknown", canceller: None };
        let cancel = if self.is_plain() {
            (outcome == Outcome::Cancelled).then(unknown)
        } else {
            facts.asked.map(|asked| Cancel {
                cause: cause(asked.why),
                canceller: asked.by.map(|by| self.shown(by)),
            })
        };
        Fate { outcome, cancel, waits_for: self.waits_for(actor) }
    }
}

fn cause(why: Why) -> &'static str {
    match why {
        Why::Abort => "abort",
        Why::AbortAll => "abort-all",
        Why::SetDropped => "set-dropped",
        Why::Token => "token",
        Why::Timeout => "timeout",
        Why::Dropped => "dropped",
    }
}

fn row_of(task: String, verdict: Verdict, exact: bool, items: Vec<Item>) -> Expected {
    let rests_on = || items.iter().filter(|it| it.held.via.is_none() && !it.held.maybe_moved);
    let knowable = if rests_on().all(|it| it.silent) {
        Knowable::MovedSilently
    } else if rests_on().all(|it| it.silent || it.untold) {
        Knowable::NotTold
    } else {
        Knowable::Yes
    };
    let cell = |it: &Item| Cell {
        kind: it.held.kind,
        thing: it.thing,
        verdict,
        phase: it.held.phase,
        escape: it.escape,
    };
    let direct = items.iter().filter(|it| it.held.via.is_none());
    let cells = direct.map(cell).collect();
    let mut held: Vec<Held> = items.into_iter().map(|it| it.held).collect();
    held.sort();
    let row = Row { task, verdict, exact, held, ancestor: None };
    Expected { row, knowable, cells }
}
