//! What is set for the console itself: by the configuration file, by variables, by flags.
//!
//! A flag says it for this once, the file for this program, a variable such as `EDITOR` or
//! `NO_COLOR` for every program: the particular goes before the general.

mod file;
mod root;
mod show;

use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
    time::Duration,
};

pub(crate) use self::{
    file::{Interval, Problem},
    root::SourceRoot,
    show::Chosen,
};
use crate::{
    args::Flags,
    client::Address,
    columns::{Layout, Listing},
    theme::Look,
};

/// How often the target is asked for what changed, unless it is set.
const INTERVAL: Duration = Duration::from_millis(250);
/// Where nobody says which editor.
const EDITOR: &str = "vi";

/// A value, and what set it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting<T> {
    pub(crate) value: T,
    pub(crate) from: From,
}

/// What set a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From {
    Default,
    /// The file, on this line.
    File(usize),
    Variable(&'static str),
    Flag(&'static str),
}

impl<T> Setting<T> {
    fn default(value: T) -> Self {
        Self { value, from: From::Default }
    }

    fn flag(value: T, flag: &'static str) -> Self {
        Self { value, from: From::Flag(flag) }
    }
}

/// Saved filters, by name.
pub(crate) type Named = BTreeMap<String, Setting<String>>;

/// Everything that is set.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) file: Option<PathBuf>,
    /// Whether the file is there.
    pub(crate) is_there: bool,
    /// Whom a bare `holdover` attaches to; empty to look for one.
    pub(crate) addresses: Setting<Vec<Address>>,
    pub(crate) look: Setting<Look>,
    pub(crate) ascii: Setting<bool>,
    pub(crate) interval: Setting<Duration>,
    /// The editor's command line.
    pub(crate) editor: Setting<String>,
    pub(crate) source_roots: Setting<Vec<SourceRoot>>,
    pub(crate) filters: Named,
    /// With which columns a table starts, until others are chosen.
    pub(crate) columns: BTreeMap<Listing, Setting<Layout>>,
    /// In which order its rows start.
    pub(crate) sort: BTreeMap<Listing, Setting<String>>,
}

impl Config {
    /// What is in force for these flags.
    pub(crate) fn load(flags: &Flags) -> Result<Self, Problem> {
        let mut config = Self::of_files(|name| std::env::var_os(name))?;
        config.take_flags(flags);
        Ok(config)
    }

    /// What the file and the variables say.
    pub(crate) fn of_files(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, Problem> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let named = set("HOLDOVER_CONFIG").map(PathBuf::from);
        let must_be_there = named.is_some();
        let mut config = Self { file: named.or_else(default_file), ..Self::default() };
        if set("NO_COLOR").is_some() {
            config.look = Setting { value: Look::None, from: From::Variable("NO_COLOR") };
        }
        if let Some(name) = other_than_utf8(set) {
            config.ascii = Setting { value: true, from: From::Variable(name) };
        }
        for name in ["EDITOR", "VISUAL"] {
            if let Some(editor) = set(name).and_then(|it| it.into_string().ok()) {
                config.editor = Setting { value: editor, from: From::Variable(name) };
            }
        }
        if let Some(path) = config.file.clone() {
            config.is_there = file::read(&mut config, &path, must_be_there)?;
        }
        Ok(config)
    }

    fn take_flags(&mut self, flags: &Flags) {
        if let Some(look) = flags.theme {
            self.look = Setting::flag(look, "--theme");
        }
        if flags.ascii {
            self.ascii = Setting::flag(true, "--ascii");
        }
        if let Some(Interval(interval)) = flags.interval {
            self.interval = Setting::flag(interval, "--interval");
        }
        if !flags.source_roots.is_empty() {
            self.source_roots = Setting::flag(flags.source_roots.clone(), "--source-root");
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            file: None,
            is_there: false,
            addresses: Setting::default(Vec::new()),
            look: Setting::default(Look::Terminal),
            ascii: Setting::default(false),
            interval: Setting::default(INTERVAL),
            editor: Setting::default(EDITOR.to_owned()),
            source_roots: Setting::default(Vec::new()),
            filters: Named::new(),
            columns: BTreeMap::new(),
            sort: BTreeMap::new(),
        }
    }
}

/// The variable that says that the terminal shows another encoding, as `LANG=C` does. Where
/// none is set, as in many containers, that says nothing of the terminal.
fn other_than_utf8(set: impl Fn(&str) -> Option<OsString>) -> Option<&'static str> {
    // POSIX 8.2: the first that is set and not empty goes.
    let name = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find(|name| set(name).is_some())?;
    let locale = set(name)?.to_string_lossy().to_lowercase();
    (!locale.contains("utf-8") && !locale.contains("utf8")).then_some(name)
}

/// `holdover/config.toml` in the platform's folder of configuration files.
fn default_file() -> Option<PathBuf> {
    Some(folders()?.config_dir().join("config.toml"))
}

/// Where the filters are kept that were typed.
pub(crate) fn filters_file() -> Option<PathBuf> {
    Some(state_folder()?.join("filters"))
}

/// Where the columns are kept that were chosen in the console.
pub(crate) fn columns_file() -> Option<PathBuf> {
    Some(state_folder()?.join("columns"))
}

/// Where the orders are kept that were chosen in the console.
pub(crate) fn orders_file() -> Option<PathBuf> {
    Some(state_folder()?.join("sort"))
}

/// Where the console keeps what it remembers between runs.
fn state_folder() -> Option<PathBuf> {
    let folders = folders()?;
    Some(folders.state_dir().unwrap_or(folders.data_local_dir()).to_owned())
}

fn folders() -> Option<directories::ProjectDirs> {
    directories::ProjectDirs::from("", "", "holdover")
}

/// A path as it is said.
fn shown(path: &Path) -> String {
    crate::format::safe(&path.to_string_lossy()).into_owned()
}

#[cfg(test)]
mod tests;
