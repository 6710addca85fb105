//! Which leaks are written to the service's log: the first of each site, and when the
//! site has cleared. One that comes and goes is said again after an hour. At most ten
//! lines a minute; then one with what was left out.

use std::{collections::HashMap, sync::Arc};

use crate::{
    recorder::{clock::Nanos, table::SiteId},
    settings::Log,
    store::{Note, Row},
    words::{Kind, TaskKind, Verdict},
};

const A_MINUTE: Nanos = 60_000_000_000;
const LINES_A_MINUTE: u32 = 10;
/// Whoever reads on must not think that what was said to have cleared stayed away.
const AGAIN: Nanos = 60 * A_MINUTE;
/// Sites that are remembered; with more of them, one that is quiet may be said again.
const SITES: usize = 10_000;

/// What to write.
#[derive(Clone, Debug)]
pub(super) enum Line {
    Given { row: Arc<Row>, count: u64 },
    Cleared { row: Arc<Row>, count: u64 },
    LeftOut(u64),
}

/// All of a service's requests are made scopes in one place: there the route is the site.
type Site = (Verdict, SiteId, Option<Arc<str>>, Option<(Kind, Arc<str>)>);

#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    given: u64,
    live: u64,
    /// When it was said last that one was given.
    said: Option<Nanos>,
    /// And not yet that all of it has cleared.
    is_open: bool,
}

impl Seen {
    /// One was given: whether that is to be said.
    fn is_given(&mut self, now: Nanos) -> bool {
        self.given += 1;
        self.live += 1;
        let is_new = self.said.is_none_or(|at| !self.is_open && now.saturating_sub(at) >= AGAIN);
        if is_new {
            self.said = Some(now);
            self.is_open = true;
        }
        is_new
    }

    /// One has cleared: whether it is to be said that all of it has.
    fn has_cleared(&mut self) -> bool {
        self.live = self.live.saturating_sub(1);
        self.live == 0 && std::mem::take(&mut self.is_open)
    }
}

/// Decides what is written.
#[derive(Debug)]
pub(crate) struct Reporter {
    log: Log,
    sites: HashMap<Site, Seen>,
    minute_began: Nanos,
    lines: u32,
    left_out: u64,
}

impl Reporter {
    pub(crate) fn new(log: Log) -> Self {
        Self { log, sites: HashMap::new(), minute_began: 0, lines: 0, left_out: 0 }
    }

    pub(super) fn take(&mut self, notes: &[Note], now: Nanos) -> Vec<Line> {
        let mut out = Vec::new();
        if self.log == Log::Off {
            return out;
        }
        if now.saturating_sub(self.minute_began) >= A_MINUTE {
            self.minute_began = now;
            self.lines = 0;
            if self.left_out > 0 {
                out.push(Line::LeftOut(std::mem::take(&mut self.left_out)));
            }
        }
        for note in notes.iter().filter(|note| !note.row.is_ignored()) {
            if let Some(line) = self.line(note, now) {
                if self.lines < LINES_A_MINUTE || self.log == Log::All {
                    self.lines += 1;
                    out.push(line);
                } else {
                    self.left_out += 1;
                }
            }
        }
        out
    }

    fn line(&mut self, note: &Note, now: Nanos) -> Option<Line> {
        let row = Arc::clone(&note.row);
        if self.sites.len() >= SITES {
            self.sites.retain(|_, seen| seen.live > 0);
        }
        let seen = self.sites.entry(site(&row)).or_default();
        let is_all = self.log == Log::All;
        if note.given {
            let is_said = seen.is_given(now) || is_all;
            is_said.then_some(Line::Given { row, count: seen.given })
        } else {
            let is_said = seen.has_cleared() || is_all;
            is_said.then_some(Line::Cleared { row, count: seen.given })
        }
    }
}

fn site(row: &Row) -> Site {
    let held = row.alike.held.clone();
    let scope = (row.task.kind == TaskKind::Scope).then(|| Arc::clone(&row.person.name));
    (row.verdict, row.task.site, scope, held)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        recorder::{Level, Recorder, task::Birth},
        verdict::Finding,
        words::Accuracy,
    };

    const S: Nanos = 1_000_000_000;

    fn note(line: u32, given: bool) -> Note {
        let recorder = Recorder::start(Level::All);
        let birth = Birth::new(TaskKind::Task, SiteId(line));
        let key = recorder.spawned_by(&birth, None).expect("a slot");
        let finding = Finding {
            verdict: Verdict::LeftBehind,
            accuracy: Accuracy::Exact,
            task: recorder.task(key).expect("it lives"),
            since: 1,
            holdings: Vec::new(),
            ancestor: None,
        };
        Note { at: 1, row: Arc::new(Row::new(recorder, &finding, 1)), given }
    }

    fn said(reporter: &mut Reporter, notes: &[Note], now: Nanos) -> Vec<String> {
        let word = |line: Line| match line {
            Line::Given { count, .. } => format!("given {count}"),
            Line::Cleared { count, .. } => format!("cleared {count}"),
            Line::LeftOut(lines) => format!("left out {lines}"),
        };
        reporter.take(notes, now).into_iter().map(word).collect()
    }

    #[test]
    fn a_site_is_said_once_and_again_when_all_of_it_has_cleared() {
        let mut reporter = Reporter::new(Log::New);
        let (given, cleared) = (note(1, true), note(1, false));
        assert_eq!(said(&mut reporter, &[given.clone(), given.clone()], S), ["given 1"]);
        assert!(said(&mut reporter, std::slice::from_ref(&cleared), 2 * S).is_empty());
        assert_eq!(said(&mut reporter, std::slice::from_ref(&cleared), 3 * S), ["cleared 2"]);
        assert!(said(&mut reporter, &[given, cleared], 4 * S).is_empty(), "it was said before");
    }

    #[test]
    fn one_that_comes_and_goes_is_said_again_after_an_hour() {
        let mut reporter = Reporter::new(Log::New);
        let both = [note(1, true), note(1, false)];
        assert_eq!(said(&mut reporter, &both, S), ["given 1", "cleared 1"]);
        for minute in 1..60 {
            assert!(said(&mut reporter, &both, minute * A_MINUTE).is_empty());
        }
        assert_eq!(said(&mut reporter, &both, 61 * A_MINUTE), ["given 61", "cleared 61"]);
    }

    #[test]
    fn one_that_stays_is_said_once() {
        let mut reporter = Reporter::new(Log::New);
        assert_eq!(said(&mut reporter, &[note(1, true)], S), ["given 1"]);
        let more = [note(1, true), note(1, false)];
        assert!(said(&mut reporter, &more, 300 * A_MINUTE).is_empty());
    }

    #[test]
    fn names_and_labels_that_differ_in_a_number_are_of_one_site() {
        let mut reporter = Reporter::new(Log::New);
        let labelled = |label: &str| {
            let given = note(1, true);
            let mut row = Row::clone(&given.row);
            row.alike.held = Some((Kind::Custom, label.into()));
            Note { row: Arc::new(row), ..given }
        };
        let notes = [labelled("connection *"), labelled("connection *"), labelled("file *")];
        assert_eq!(said(&mut reporter, &notes, S), ["given 1", "given 1"]);
    }

    #[test]
    fn each_route_is_a_site() {
        let mut reporter = Reporter::new(Log::New);
        let request = |name: &str| {
            let given = note(1, true);
            let mut row = Row::clone(&given.row);
            row.task.kind = TaskKind::Scope;
            row.person.name = name.into();
            Note { row: Arc::new(row), ..given }
        };
        let notes = [request("GET /a"), request("GET /b"), request("GET /a")];
        assert_eq!(said(&mut reporter, &notes, S), ["given 1", "given 1"]);
    }

    #[test]
    fn ten_lines_a_minute_and_then_what_was_left_out() {
        let mut reporter = Reporter::new(Log::New);
        let notes: Vec<Note> = (1..=25).map(|line| note(line, true)).collect();
        assert_eq!(said(&mut reporter, &notes, S).len(), 10);
        assert_eq!(said(&mut reporter, &[note(99, true)], 62 * S), ["left out 15", "given 1"]);
    }

    #[test]
    fn all_says_every_one_and_off_nothing() {
        let notes = [note(1, true), note(1, true), note(1, false)];
        let all = said(&mut Reporter::new(Log::All), &notes, S);
        assert_eq!(all, ["given 1", "given 2", "cleared 2"]);
        assert!(said(&mut Reporter::new(Log::Off), &notes, S).is_empty());
    }
}
