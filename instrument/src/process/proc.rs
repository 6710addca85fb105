//! Where the process is described, and how much is read of it.

use std::{
    fs::{self, File},
    io::{self, BufReader, Read},
    path::PathBuf,
};

use super::Known;

/// No file about the process alone is longer.
const BYTES: u64 = 64 * 1024;
const BUFFER: usize = 64 * 1024;

/// The folder of the process in /proc; on other systems than Linux there is none.
#[derive(Debug)]
pub(super) struct Proc(Option<PathBuf>);

impl Proc {
    pub(super) fn own() -> Self {
        Self(cfg!(target_os = "linux").then(|| PathBuf::from("/proc/self")))
    }

    #[cfg(test)]
    pub(super) fn at(root: impl Into<PathBuf>) -> Self {
        Self(Some(root.into()))
    }

    #[cfg(test)]
    pub(super) fn nowhere() -> Self {
        Self(None)
    }

    pub(super) fn path(&self, name: &str) -> Known<PathBuf> {
        let elsewhere = || format!("{} has no /proc", std::env::consts::OS);
        self.0.as_ref().map(|root| root.join(name)).ok_or_else(elsewhere)
    }

    /// A short file, whole.
    pub(super) fn text(&self, name: &str) -> Known<String> {
        let path = self.path(name)?;
        let mut bytes = Vec::new();
        let read = File::open(path).and_then(|file| file.take(BYTES).read_to_end(&mut bytes));
        read.map_err(|error| because(name, &error))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// A long file, to read from its beginning; `None` where there is none.
    pub(super) fn open(&self, name: &str) -> Known<Option<BufReader<File>>> {
        match File::open(self.path(name)?) {
            Ok(file) => Ok(Some(BufReader::with_capacity(BUFFER, file))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(because(name, &error)),
        }
    }

    /// What the entry of a descriptor points to; `None` when it is not open.
    pub(super) fn link(&self, fd: u32) -> Known<Option<String>> {
        let name = format!("fd/{fd}");
        match fs::read_link(self.path(&name)?) {
            Ok(target) => Ok(Some(target.to_string_lossy().into_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(because(&name, &error)),
        }
    }
}

/// Why something is not known.
pub(super) fn because(name: &str, error: &io::Error) -> String {
    format!("/proc/self/{name}: {error}")
}
