//! What a console is told of the programs, over gRPC as any console is.

use std::collections::{BTreeMap, HashMap};

use holdover_proto::v1::{self, ViewKind, holdover_client::HoldoverClient};
use tonic::transport::{Channel, Endpoint};

use super::{
    facts::{Cancel, Fate, Fates, Held, HeldKind, Outcome, Phase, Row, Verdict},
    program::Names,
};

/// Rows that one call gives at most.
const PAGE: u32 = 500;

/// An error of the console's connection.
type Error = Box<dyn std::error::Error + Send + Sync>;

/// A row as it was told.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) row: Row,
    /// From where its grace counts to when it was given.
    pub(super) waited_ns: u64,
    pub(super) cleared: bool,
}

/// See the module's header.
#[derive(Debug)]
pub(super) struct Console {
    client: HoldoverClient<Channel>,
    runtime: tokio::runtime::Runtime,
}

/// Rows by the prefix of a program.
pub(super) type Rows = HashMap<String, Vec<Told>>;

impl Console {
    pub(super) fn attach(address: &str) -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let endpoint = Endpoint::from_shared(format!("http://{address}"))?;
        let client = HoldoverClient::new(runtime.block_on(endpoint.connect())?);
        Ok(Self { client, runtime })
    }

    fn look(&mut self, view: v1::View) -> Result<v1::Update, Error> {
        let request = v1::WatchRequest { view: Some(view) };
        let client = &mut self.client;
        self.runtime.block_on(async {
            let mut updates = client.watch(request).await?.into_inner();
            updates.message().await?.ok_or_else(|| "no update".into())
        })
    }

    /// All rows of a view, page by page.
    fn all<T>(
        &mut self,
        view: &v1::View,
        rows: impl Fn(v1::Update) -> Vec<T>,
    ) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        loop {
            let offset = u32::try_from(all.len())?;
            let page = rows(self.look(v1::View { offset, limit: PAGE, ..view.clone() })?);
            let last = page.len() < PAGE as usize;
            all.extend(page);
            if last {
                return Ok(all);
            }
        }
    }

    /// The rows of the programs whose names begin so, those that have cleared too.
    pub(super) fn rows(&mut self, batch: &str) -> Result<Rows, Error> {
        let view = v1::View {
            kind: ViewKind::Leaks.into(),
            filter: format!(
                "name~\"^{batch}\" or name:timeout or name:run_until_cancelled \
                 or verdict:overdue"
            ),
            cleared: true,
            ..v1::View::default()
        };
        let mut rows = Rows::new();
        for leak in self.all(&view, |update| update.leaks)? {
            for told in by_program(told(&leak)) {
                let prefix = prefix_of(&told).filter(|it| it.starts_with(batch));
                if let Some(prefix) = prefix.map(ToOwned::to_owned) {
                    rows.entry(prefix).or_default().push(told);
                }
            }
        }
        Ok(rows)
    }

    /// What became of the tasks of these programs, by prefix.
    pub(super) fn fates(&mut self, batch: &str) -> Result<HashMap<String, Fates>, Error> {
        let view = v1::View {
            kind: ViewKind::Tasks.into(),
            filter: format!("name~\"^{batch}\""),
            sort: "id".to_owned(),
            ..v1::View::default()
        };
        let mut fates: HashMap<String, Fates> = HashMap::new();
        for task in self.all(&view, |update| update.tasks)? {
            if let Some(prefix) = Names::prefix_of(&task.name) {
                let of_program = fates.entry(prefix.to_owned()).or_default();
                of_program.insert(task.name.clone(), fate(&task));
            }
        }
        Ok(fates)
    }
}

/// What nobody has is told in one row for all programs.
fn by_program(told: Told) -> Vec<Told> {
    if told.row.task != "nobody" {
        return vec![told];
    }
    let mut programs: BTreeMap<String, Vec<Held>> = BTreeMap::new();
    for held in told.row.held.clone() {
        let prefix = Names::prefix_of(&held.label).unwrap_or_default();
        programs.entry(prefix.to_owned()).or_default().push(held);
    }
    let row = |held| Told { row: Row { held, ..told.row.clone() }, ..told.clone() };
    programs.into_values().map(row).collect()
}

fn prefix_of(told: &Told) -> Option<&str> {
    let of_nobody = told.row.held.first().map(|held| &held.label);
    Names::prefix_of(&told.row.task).or_else(|| Names::prefix_of(of_nobody?))
}

fn told(leak: &v1::Leak) -> Told {
    let task = leak.task.clone().unwrap_or_default();
    let verdict = match leak.verdict() {
        v1::Verdict::Stuck => Verdict::Stuck,
        v1::Verdict::LeftBehind => Verdict::LeftBehind,
        v1::Verdict::AfterCancel => Verdict::AfterCancel,
        v1::Verdict::Overdue => Verdict::Overdue,
        _ => Verdict::Orphaned,
    };
    let began = match verdict {
        Verdict::Stuck => task.cancel.as_ref().map(|cancel| cancel.requested_ns),
        Verdict::Orphaned => leak.ancestor_cancel.as_ref().and_then(|cancel| cancel.ended_ns),
        Verdict::LeftBehind | Verdict::AfterCancel => task.ended_ns,
        // Its limit is its grace.
        Verdict::Overdue => None,
    };
    let mut held: Vec<Held> = leak.holdings.iter().map(held).collect();
    held.sort();
    let row = Row {
        task: key(&task),
        verdict,
        exact: leak.accuracy() == v1::Accuracy::Exact,
        held,
        ancestor: leak.ancestor.as_ref().map(name_of_ancestor(&task)),
    };
    let waited_ns = leak.given_ns.saturating_sub(began.unwrap_or(leak.given_ns));
    Told { row, waited_ns, cleared: leak.cleared_ns.is_some() }
}

fn key(task: &v1::Task) -> String {
    key_of(&task.name, &task.ancestors)
}

/// What has no name of its own is found by what is around it.
fn key_of(name: &str, around: &[v1::TaskRef]) -> String {
    match around {
        [first, others @ ..] if is_no_name(name) => {
            format!("{}/{name}", key_of(&first.name, others))
        }
        _ => name.to_owned(),
    }
}

/// The body of a `timeout`, or of a `run_until_cancelled`.
fn is_no_name(name: &str) -> bool {
    matches!(name, "timeout" | "run_until_cancelled")
}

/// The cancelled one above it, which may be such a body too.
fn name_of_ancestor(task: &v1::Task) -> impl Fn(&v1::TaskRef) -> String {
    move |ancestor| {
        let at = task.ancestors.iter().position(|it| it.id == ancestor.id);
        let around = at.and_then(|at| task.ancestors.get(at + 1..)).unwrap_or_default();
        key_of(&ancestor.name, around)
    }
}

fn held(holding: &v1::Holding) -> Held {
    let kind = kind(holding.kind());
    let mut waiting: Vec<String> = holding.waiters.iter().map(|it| it.name.clone()).collect();
    waiting.sort();
    let phase = match holding.phase() {
        v1::Phase::InDrop => Phase::InDrop,
        v1::Phase::After => Phase::After,
        _ => Phase::Before,
    };
    Held {
        kind,
        label: holding.label.clone(),
        phase,
        via: holding.via.as_ref().map(|via| via.name.clone()),
        maybe_moved: holding.maybe_moved,
        amount: holding.amount,
        waiting,
    }
}

fn kind(kind: v1::HoldingKind) -> HeldKind {
    match kind {
        v1::HoldingKind::Timer => HeldKind::Timer,
        v1::HoldingKind::Callback => HeldKind::Callback,
        v1::HoldingKind::Lock => HeldKind::Lock,
        v1::HoldingKind::Permit => HeldKind::Permit,
        v1::HoldingKind::Channel => HeldKind::Channel,
        v1::HoldingKind::Connection => HeldKind::Connection,
        v1::HoldingKind::Custom => HeldKind::Custom,
        v1::HoldingKind::Child => HeldKind::Child,
        v1::HoldingKind::Blocking => HeldKind::Blocking,
        _ => HeldKind::Other,
    }
}

/// A `block_on` of the proof itself is none of a program's tasks.
fn is_of_one(name: &str) -> bool {
    Names::prefix_of(name).is_some() || is_no_name(name)
}

fn fate(task: &v1::Task) -> Fate {
    let outcome = match task.outcome() {
        v1::Outcome::Unspecified => Outcome::Lives,
        v1::Outcome::Completed => Outcome::Completed,
        v1::Outcome::Cancelled => Outcome::Cancelled,
        v1::Outcome::Panicked => Outcome::Panicked,
        v1::Outcome::Shutdown => Outcome::Shutdown,
    };
    let cancel = task.cancel.as_ref().map(|cancel| Cancel {
        cause: match cancel.cause() {
            v1::Cause::Abort => "abort",
            v1::Cause::AbortAll => "abort-all",
            v1::Cause::SetDropped => "set-dropped",
            v1::Cause::Token => "token",
            v1::Cause::Timeout => "timeout",
            v1::Cause::Dropped => "dropped",
            v1::Cause::Unknown | v1::Cause::Unspecified => "unknown",
        },
        canceller: cancel.canceller.as_ref().map(|who| who.name.clone()).filter(|it| is_of_one(it)),
    });
    let waits_for = task.waits_for.as_ref().map(|it| (kind(it.kind()), it.label.clone()));
    Fate { outcome, cancel, waits_for }
}
