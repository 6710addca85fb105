//! What the shims tell the recorder. Two versions with the same names: `live` records,
//! `inert` is what is left with recording compiled out: nothing.

mod budget;
#[cfg(not(feature = "console"))]
mod inert;
#[cfg(feature = "console")]
mod live;

#[cfg(not(feature = "console"))]
pub(crate) use inert::*;
#[cfg(feature = "console")]
pub(crate) use live::*;

/// What a shim knows of a task that it is about to spawn.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "console"), expect(dead_code, reason = "only the recorder reads it"))]
pub(crate) struct NewTask<'a> {
    pub(crate) kind: NewKind,
    pub(crate) location: &'static std::panic::Location<'static>,
    pub(crate) type_name: &'static str,
    pub(crate) size: usize,
    pub(crate) name: Option<&'a str>,
}

/// The kinds of task that a shim makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NewKind {
    Task,
}

/// What a shim knows of a timer that it is about to make.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "console"), expect(dead_code, reason = "only the recorder reads it"))]
pub(crate) struct NewTimer {
    pub(crate) label: &'static str,
    pub(crate) location: &'static std::panic::Location<'static>,
    pub(crate) due_in: Option<std::time::Duration>,
    /// A `Sleep` is gone once its time has come; a callback once it has run.
    pub(crate) expires: bool,
}
