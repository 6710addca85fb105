//! The process in a few numbers.

use super::{Known, proc::Proc};
use crate::recorder::clock::Nanos;

/// /proc counts time in hundredths of a second, on every architecture that std knows.
const TICK: Nanos = 10_000_000;

/// See the module's header. Sizes in bytes.
#[derive(Debug)]
pub(crate) struct Figures {
    /// Resident in memory, and the most that ever was.
    pub(crate) rss: Known<u64>,
    pub(crate) peak_rss: Known<u64>,
    pub(crate) virtual_size: Known<u64>,
    pub(crate) threads: Known<u64>,
    /// Used by all of its threads, in user space and in the kernel.
    pub(crate) cpu: Known<Nanos>,
    pub(crate) uptime: Known<Nanos>,
    /// So many files may be open.
    pub(crate) fd_limit: Known<u64>,
}

impl Figures {
    pub(super) fn read(proc: &Proc) -> Self {
        let status = proc.text("status");
        let kib = |name| of_status(&status, name).map(|kib| kib.saturating_mul(1024));
        let stat = proc.text("stat");
        Self {
            rss: kib("VmRSS"),
            peak_rss: kib("VmHWM"),
            virtual_size: kib("VmSize"),
            threads: of_status(&status, "Threads"),
            cpu: cpu(&stat),
            uptime: uptime(proc, &stat),
            fd_limit: proc.text("limits").and_then(|limits| fd_limit(&limits)),
        }
    }
}

/// `VmRSS:     1234 kB`
fn of_status(status: &Known<String>, name: &str) -> Known<u64> {
    let status = status.as_ref().map_err(Clone::clone)?;
    let mut lines = status.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = lines.find(|(key, _)| *key == name).ok_or_else(|| missing("status", name))?;
    number(value.split_ascii_whitespace().next()).ok_or_else(|| missing("status", name))
}

/// The fields behind the name, which stands in parentheses and may contain anything. The
/// first of them is the third of the file.
fn field(stat: &Known<String>, number_of_field: usize) -> Known<u64> {
    let stat = stat.as_ref().map_err(Clone::clone)?;
    let (_, fields) = stat.rsplit_once(')').ok_or_else(|| missing("stat", "name"))?;
    let field = fields.split_ascii_whitespace().nth(number_of_field - 3);
    number(field).ok_or_else(|| missing("stat", "field"))
}

fn cpu(stat: &Known<String>) -> Known<Nanos> {
    let ticks = field(stat, 14)?.saturating_add(field(stat, 15)?);
    Ok(ticks.saturating_mul(TICK))
}

fn uptime(proc: &Proc, stat: &Known<String>) -> Known<Nanos> {
    let started = field(stat, 22)?.saturating_mul(TICK);
    let machine = proc.text("../uptime")?;
    let machine = machine.split_ascii_whitespace().next().and_then(|it| it.parse::<f64>().ok());
    let machine = machine.ok_or_else(|| missing("../uptime", "first field"))?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a machine's uptime in nanoseconds fits for centuries"
    )]
    let machine = (machine * 1e9) as Nanos;
    // A container may be told another uptime than the one from which starts are counted.
    let since = machine.checked_sub(started);
    since.ok_or_else(|| "it began after /proc/uptime ends: the two have different zeros".to_owned())
}

/// `Max open files            1024                 524288               files`
fn fd_limit(limits: &str) -> Known<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    match line.and_then(|line| line.split_ascii_whitespace().next()) {
        Some("unlimited") => Ok(u64::MAX),
        soft => number(soft).ok_or_else(|| missing("limits", "Max open files")),
    }
}

fn number(text: Option<&str>) -> Option<u64> {
    text?.parse().ok()
}

fn missing(file: &str, what: &str) -> String {
    format!("/proc/self/{file} does not say: {what}")
}
