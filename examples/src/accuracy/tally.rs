//! Counts of what was right and what was not, and the table of what was covered.

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
};

use super::{
    batch::Checked,
    compare::Wrong,
    program::Form,
    truth::{Cell, Knowable},
};

/// Of one form.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Programs that were run.
    pub programs: u64,
    /// Those with a leak.
    pub leaking: u64,
    /// Those of which anything was told wrong.
    pub failing: u64,
    /// Rows as they must be.
    pub right: u64,
    /// Rows that must not be there, or with something wrong in them.
    pub wrong: u64,
    /// Of the wrong ones, those that must be there.
    pub garbled: u64,
    /// Rows that must be there and were not.
    pub missing: u64,
    /// Tasks whose end or cancel was told wrong.
    pub fates: u64,
    /// Rows that are counted apart, by why: given, and not given.
    pub apart: BTreeMap<Knowable, (u64, u64)>,
    /// What the right rows list.
    pub cells: BTreeMap<Cell, u64>,
}

impl Tally {
    /// Counts a program.
    pub fn add(&mut self, checked: &Checked) {
        self.programs += 1;
        self.leaking += u64::from(checked.truth.has_leak);
        self.failing += u64::from(!checked.wrong().is_empty());
        for wrong in checked.wrong() {
            match wrong {
                Wrong::Missing(_) => self.missing += 1,
                Wrong::Row(..) | Wrong::Early(_) => {
                    self.wrong += 1;
                    self.garbled += 1;
                }
                Wrong::False(_) | Wrong::Stays(_) => self.wrong += 1,
                Wrong::Fate(..) | Wrong::NoRest => self.fates += 1,
            }
        }
        self.right += checked.compared.right.len() as u64;
        for right in &checked.compared.right {
            for cell in &right.cells {
                *self.cells.entry(*cell).or_default() += 1;
            }
        }
        for (expected, given) in &checked.compared.apart {
            let (yes, no) = self.apart.entry(expected.knowable).or_default();
            *if *given { yes } else { no } += 1;
        }
    }

    /// Of the rows that were given, how many are right, in percent.
    pub fn precision(&self) -> f64 {
        percent(self.right, self.right + self.wrong)
    }

    /// Of the rows that must be given, how many were, in percent.
    pub fn recall(&self) -> f64 {
        let unseen = self.apart.get(&Knowable::AbortedWhileRunning).map_or(0, |(_, no)| *no);
        let given = self.right + self.garbled;
        percent(given, given + self.missing + unseen)
    }

    /// The last line of a form.
    pub fn line(&self, form: Form) -> String {
        let (precision, recall) = (self.precision(), self.recall());
        format!("{} {precision:.2} {recall:.2} {}", name(form), self.programs)
    }

    /// As a line of JSON.
    pub fn json(&self, form: Form) -> String {
        let Self { programs, leaking, failing, right, wrong, missing, fates, .. } = self;
        let (form, precision, recall) = (name(form), self.precision(), self.recall());
        let mut cells = String::new();
        for (cell, count) in &self.cells {
            let Cell { kind, verdict, phase, escape, .. } = cell;
            let thing = cell.thing.map(|thing| format!("{thing:?}")).unwrap_or_default();
            let comma = if cells.is_empty() { "" } else { "," };
            let _ = write!(
                cells,
                "{comma}{{\"kind\":\"{kind:?}\",\"thing\":\"{thing}\",\"verdict\":\"{verdict:?}\",\
                 \"phase\":\"{phase:?}\",\"escape\":\"{escape:?}\",\"count\":{count}}}"
            );
        }
        format!(
            "{{\"form\":\"{form}\",\"precision\":{precision:.4},\"recall\":{recall:.4},\
             \"programs\":{programs},\"leaking\":{leaking},\"failing\":{failing},\
             \"right\":{right},\"wrong\":{wrong},\"missing\":{missing},\"fates_wrong\":{fates},\
             \"cells\":[{cells}]}}"
        )
    }
}

fn percent(part: u64, of: u64) -> f64 {
    if of == 0 { 100.0 } else { 100.0 * part as f64 / of as f64 }
}

fn name(form: Form) -> &'static str {
    match form {
        Form::Shim => "shim",
        Form::Plain => "plain",
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} programs, {} with a leak, {} failing; rows: {} right, {} wrong, {} missing; \
             {} ends or cancels told wrong",
            self.programs,
            self.leaking,
            self.failing,
            self.right,
            self.wrong,
            self.missing,
            self.fates
        )?;
        for (why, (given, not)) in &self.apart {
            let why = match why {
                Knowable::Yes => continue,
                Knowable::MovedSilently => "blind spot, moved and not used",
                Knowable::AbortedWhileRunning => "aborted while running (a miss)",
                Knowable::NotTold => "permits over tokio alone",
            };
            writeln!(f, "  {why}: {given} given, {not} not given")?;
        }
        let head = ["kind", "thing", "verdict", "phase", "escape"];
        let [kind, thing, verdict, phase, escape] = head;
        writeln!(f, "{kind:<11} {thing:<11} {verdict:<12} {phase:<7} {escape:<13} rows")?;
        for (cell, count) in &self.cells {
            let [kind, thing, verdict, phase, escape] = [
                format!("{:?}", cell.kind),
                cell.thing.map(|thing| format!("{thing:?}")).unwrap_or_default(),
                format!("{:?}", cell.verdict),
                format!("{:?}", cell.phase),
                format!("{:?}", cell.escape),
            ];
            writeln!(f, "{kind:<11} {thing:<11} {verdict:<12} {phase:<7} {escape:<13} {count}")?;
        }
        Ok(())
    }
}
