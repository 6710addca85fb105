//! What is printed where no screen is drawn: lines for people, JSON for programs.

mod again;
mod baseline;
mod check;
mod control;
pub(crate) mod diff;
pub(crate) mod every;
pub(crate) mod json;
pub(crate) mod process;
mod seen;
pub(crate) mod text;
mod tokens;

pub(crate) use self::{
    check::check,
    control::{cancel, level},
    diff::diff,
    tokens::tokens,
};

use std::io::{self, Write};

use holdover_proto::v1;

use self::seen::Seen;
use crate::{
    Failure,
    args::{self, Baseline, Ignored, Print},
    client::{self, Failed},
    explain,
    format::wrap,
    words,
};

/// Rows asked for at once.
const PAGE: u32 = 500;

/// What is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Leaks,
    /// Leaks that a rule ignores.
    Ignored,
    Tasks,
    /// Tasks, a line for each spawn site.
    TaskGroups,
    Holdings,
    Events,
    Pools,
}

/// Prints the rows of this moment, and with `follow` what changes.
pub(crate) async fn print(kind: Kind, what: Print) -> Result<(), Failure> {
    let address = crate::target(what.address.clone())?;
    let (mut client, described) = client::connect(&address).await.map_err(failure)?;
    tell_blindness(&described)?;
    let printer = Printer { kind, json: what.json, described };
    if what.follow {
        return follow(&mut client, &printer, &what).await;
    }
    let mut out = io::stdout().lock();
    let (mut offset, mut left) = (0, what.limit.unwrap_or(usize::MAX));
    loop {
        let request = v1::WatchRequest { view: Some(view(kind, &what, offset)) };
        let mut updates = client.watch(request).await.map_err(|it| lost(&it))?.into_inner();
        let update = updates.message().await.map_err(|it| lost(&it))?.unwrap_or_default();
        let lines = printer.lines(&update);
        // Of events the last are wanted.
        let skipped = if kind == Kind::Events { lines.len().saturating_sub(left) } else { 0 };
        for line in lines.iter().skip(skipped).take(left) {
            writeln!(out, "{line}")?;
        }
        left = left.saturating_sub(lines.len());
        offset += PAGE;
        let over = u64::from(offset) >= update.matched || left == 0 || kind == Kind::Events;
        if over {
            let none = match kind {
                Kind::Leaks => Some(text::no_leaks(&update, &printer.described)),
                Kind::Ignored => Some(text::none_ignored(&update)),
                Kind::Pools => Some(text::no_pools(&update, &printer.described)),
                Kind::Tasks | Kind::TaskGroups | Kind::Holdings | Kind::Events => {
                    // They are rows and nothing else.
                    if update.matched == 0 {
                        writeln!(io::stderr(), "{}", text::none(&update))?;
                    }
                    None
                }
            };
            if let Some(none) = none.filter(|_| !what.json && update.matched == 0) {
                writeln!(out, "{none}")?;
            } else if kind == Kind::Leaks {
                tell_what_is_not_listed(&update)?;
                tell_what_is_kept(&update)?;
            }
            return Ok(());
        }
    }
}

/// Prints the process, and with `follow` whenever it was sampled again.
pub(crate) async fn process(what: args::Process) -> Result<(), Failure> {
    let address = crate::target(what.address)?;
    let (mut client, described) = client::connect(&address).await.map_err(failure)?;
    let kind = v1::ViewKind::Process.into();
    let view = v1::View { kind, limit: PAGE, interval_ms: 1000, ..v1::View::default() };
    let request = v1::WatchRequest { view: Some(view) };
    let mut updates = client.watch(request).await.map_err(|it| lost(&it))?.into_inner();
    let mut first = true;
    while let Some(update) = updates.message().await.map_err(|it| lost(&it))? {
        let Some(sample) = &update.process else {
            return Err(Failure::Connect("the target did not say".to_owned()));
        };
        let lines = if what.json {
            vec![json::process(&update, sample, &described)]
        } else {
            process::lines(&update, sample, &described)
        };
        process::write(&mut io::stdout().lock(), &lines, first || what.json)?;
        if !what.follow {
            return Ok(());
        }
        first = false;
    }
    Err(Failure::Connect("the target went away".to_owned()))
}

fn view(kind: Kind, what: &Print, offset: u32) -> v1::View {
    let ignored = kind == Kind::Ignored;
    let kind = match kind {
        Kind::Leaks | Kind::Ignored => v1::ViewKind::Leaks,
        Kind::Tasks => v1::ViewKind::Tasks,
        Kind::TaskGroups => v1::ViewKind::TaskGroups,
        Kind::Holdings => v1::ViewKind::Holdings,
        Kind::Events => v1::ViewKind::Events,
        Kind::Pools => v1::ViewKind::Pools,
    };
    v1::View {
        kind: kind.into(),
        filter: what.filter.clone(),
        sort: what.sort.clone(),
        limit: PAGE,
        offset,
        ignored,
        interval_ms: 250,
        ..v1::View::default()
    }
}

/// Goes on until interrupted, or until the target is gone.
async fn follow(
    client: &mut client::Client,
    printer: &Printer,
    what: &Print,
) -> Result<(), Failure> {
    let view = v1::View { cleared: true, ..view(printer.kind, what, 0) };
    let request = v1::WatchRequest { view: Some(view) };
    let mut updates = client.watch(request).await.map_err(|it| lost(&it))?.into_inner();
    let mut seen = Seen::default();
    while let Some(update) = updates.message().await.map_err(|it| lost(&it))? {
        let mut out = io::stdout().lock();
        for line in seen.news(printer, &update) {
            writeln!(out, "{line}")?;
        }
        out.flush()?;
    }
    Err(Failure::Connect("the target went away".to_owned()))
}

/// Rows to lines.
struct Printer {
    kind: Kind,
    json: bool,
    described: v1::DescribeResponse,
}

impl Printer {
    fn lines(&self, update: &v1::Update) -> Vec<String> {
        let now = update.now_ns;
        match self.kind {
            Kind::Leaks | Kind::Ignored => {
                update.leaks.iter().map(|it| self.leak(it, update, None)).collect()
            }
            Kind::Tasks => update.tasks.iter().map(|it| self.task(it, now)).collect(),
            Kind::TaskGroups => update.task_groups.iter().map(|it| self.task_group(it)).collect(),
            Kind::Holdings => update.holdings.iter().filter_map(|it| self.held(it, now)).collect(),
            Kind::Events => update.events.iter().map(|it| self.event(it, now)).collect(),
            Kind::Pools => update.pools.iter().map(|it| self.pool(it, now)).collect(),
        }
    }

    fn task_group(&self, group: &v1::TaskGroup) -> String {
        if self.json { json::task_group(group, &self.described) } else { text::task_group(group) }
    }

    fn pool(&self, pool: &v1::Pool, now: u64) -> String {
        if self.json { json::pool(pool, &self.described, now) } else { text::pool(pool, now) }
    }

    fn leak(&self, leak: &v1::Leak, update: &v1::Update, event: Option<&'static str>) -> String {
        let now = update.now_ns;
        if self.json {
            return json::leak(leak, &self.described, update, event);
        }
        match event {
            Some(event) => format!("{event}: {}", text::leak(leak, now)),
            None => text::leak(leak, now),
        }
    }

    fn task(&self, task: &v1::Task, now: u64) -> String {
        if self.json { json::task_line(task, &self.described, now) } else { text::task(task, now) }
    }

    fn held(&self, row: &v1::HeldRow, now: u64) -> Option<String> {
        if self.json { json::held(row, &self.described, now) } else { text::held(row, now) }
    }

    fn event(&self, event: &v1::Event, now: u64) -> String {
        if self.json { json::event(event, &self.described) } else { text::event(event, now) }
    }
}

/// 0 when nobody has it.
fn owner(row: &v1::HeldRow) -> u64 {
    row.owner.as_ref().map_or(0, |owner| owner.id)
}

/// On standard error: it is no row.
fn tell_what_is_not_listed(update: &v1::Update) -> io::Result<()> {
    match update.totals.as_ref().and_then(text::folded) {
        None => Ok(()),
        Some(folded) => writeln!(io::stderr(), "{folded}"),
    }
}

fn tell_what_is_kept(update: &v1::Update) -> io::Result<()> {
    match update.totals.map_or(0, |totals| totals.bytes_kept) {
        0 => Ok(()),
        kept => writeln!(io::stderr(), "{} kept by cancelled tasks", crate::format::bytes(kept)),
    }
}

/// On standard error, so that what is printed speaks for what it can.
fn tell_blindness(described: &v1::DescribeResponse) -> io::Result<()> {
    let blind = described.coverage.as_ref().map_or(&[][..], |coverage| &coverage.blind);
    for blind in blind {
        writeln!(io::stderr(), "partly blind: {}", crate::format::safe(&blind.sentence))?;
    }
    let ignoring = described.ignoring.as_ref();
    let wrong = ignoring
        .map_or(0, |it| it.errors.len() + it.rules.iter().filter(|rule| rule.expired).count());
    if wrong > 0 {
        let rules = crate::format::counted(wrong as u64, "rule");
        let what = "wrong or expired: `holdover ignored` says which";
        writeln!(io::stderr(), "{rules} of what to ignore {what}")?;
    }
    Ok(())
}

/// The rules by which leaks are ignored, and what became of each.
pub(crate) async fn rules(what: Ignored) -> Result<(), Failure> {
    let address = crate::target(what.address)?;
    let (_, described) = client::connect(&address).await.map_err(failure)?;
    let ignoring = described.ignoring.clone().unwrap_or_default();
    for error in &ignoring.errors {
        writeln!(io::stderr(), "not a rule: {}", crate::format::safe(error))?;
    }
    let mut out = io::stdout().lock();
    for rule in &ignoring.rules {
        let line = if what.json { json::rule(rule, &described) } else { text::rule(rule) };
        writeln!(out, "{line}")?;
    }
    if ignoring.rules.is_empty() && !what.json {
        writeln!(out, "No rules: everything is reported. HOLDOVER_IGNORE names a file of rules.")?;
    }
    Ok(())
}

/// Rules that ignore what is reported now.
pub(crate) async fn baseline(what: Baseline) -> Result<(), Failure> {
    let address = crate::target(what.address.clone())?;
    let (mut client, described) = client::connect(&address).await.map_err(failure)?;
    tell_blindness(&described)?;
    let mut rules = baseline::Rules::default();
    let every = every::leaks(&mut client, "").await?;
    every.leaks.iter().for_each(|leak| rules.take(leak));
    let now = every.last.now_ns;
    let today = baseline::today(described.wall_anchor_ns.saturating_add(now));
    if let Some(until) = what.until.filter(|until| *until < today) {
        let wrong = "rules that are in force until then ignore nothing";
        return Err(Failure::Usage(format!("--until {until} is over, it is {today}: {wrong}")));
    }
    let mut out = io::stdout().lock();
    for line in rules.lines(&described, now, &what) {
        writeln!(out, "{line}")?;
    }
    if rules.not_listed > 0 {
        let many = crate::format::counted(rules.not_listed, "row");
        writeln!(io::stderr(), "{many} cannot be told from others by a rule, and stay reported")?;
    }
    tell_what_is_not_listed(&every.last)?;
    Ok(())
}

/// Why a verdict is given, and how to mend it, with code.
pub(crate) fn explain(verdict: v1::Verdict, kind: Option<v1::HoldingKind>) -> Result<(), Failure> {
    let Some(it) = explain::explain(verdict, kind) else { return Ok(()) };
    let columns = crossterm::terminal::size().map_or(80, |(columns, _)| columns.clamp(40, 100));
    let mut out = io::stdout().lock();
    let name = words::verdict(verdict);
    match kind.filter(|kind| it.kinds.contains(kind)) {
        Some(kind) => writeln!(out, "{name}, of a {}\n", words::kind(kind))?,
        None => writeln!(out, "{name}\n")?,
    }
    tell(&mut out, it, columns.into())?;
    let particular = match verdict {
        v1::Verdict::Stuck => Some(("stuck in its drop", &explain::IN_ITS_DROP)),
        v1::Verdict::Overdue => Some(("overdue, of a tokio-console service", &explain::OPEN)),
        _ => None,
    };
    if let Some((title, it)) = particular {
        writeln!(out, "\n{title}\n")?;
        tell(&mut out, it, columns.into())?;
    }
    Ok(())
}

fn tell(out: &mut impl Write, it: &explain::Explanation, columns: usize) -> io::Result<()> {
    const NAMED: usize = 6;
    for (name, text) in [("why", it.why), ("fix", it.fix)] {
        for (at, line) in wrap(text, columns - NAMED).into_iter().enumerate() {
            writeln!(out, "{:<NAMED$}{line}", if at == 0 { name } else { "" })?;
        }
    }
    for (title, code) in [("leaks", it.bad), ("does not", it.good)] {
        writeln!(out, "\n{title}:")?;
        for line in code.lines() {
            writeln!(out, "    {line}")?;
        }
    }
    Ok(())
}

fn failure(Failed(why): Failed) -> Failure {
    Failure::Connect(why)
}

fn lost(status: &tonic::Status) -> Failure {
    match status.code() {
        tonic::Code::InvalidArgument => Failure::Usage(status.message().to_owned()),
        _ => Failure::Connect(format!("the target went away: {}", status.message())),
    }
}
