//! What fills the screen, and in which of its modes.

use crate::client::TargetId;

/// The screens that a tab leads to, in order.
pub(crate) const TABS: [Screen; 5] =
    [Screen::Leaks, Screen::Tasks, Screen::Holdings, Screen::Events, Screen::Process];

/// What fills the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Screen {
    Leaks,
    Tasks,
    Holdings,
    Events,
    Process,
    /// One task of a target, whole.
    Story(TargetId, u64),
    /// The targets, and how each is doing.
    Targets,
    /// What changed since the moment that was marked.
    Since,
    /// What cannot be seen, and why.
    Blind,
    Help,
}

impl Screen {
    pub(crate) fn is_tab(self) -> bool {
        TABS.contains(&self)
    }
}

/// Which leaks are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    Reported,
    /// Those that a rule ignores.
    Ignored,
}

impl Which {
    pub(super) fn other(self) -> Self {
        match self {
            Self::Reported => Self::Ignored,
            Self::Ignored => Self::Reported,
        }
    }
}

/// What Tasks lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WhichTasks {
    All,
    /// Those that were asked to stop, have not ended and are still within their grace.
    Cancelling,
    /// The sites that have spawned any, with how many live and how many have ended.
    BySite,
}

/// What a row of Leaks stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum LeaksBy {
    /// All tasks of one spawn site, verdict and kind of what is held.
    Site,
    /// All of one spawn site, verdict, cause and kind of what is held.
    Cause,
    /// All that are alike in one column, by the field that it is sorted by.
    Field(&'static str),
    /// One of them.
    One,
}

impl LeaksBy {
    pub(super) fn other(self) -> Self {
        match self {
            Self::Site => Self::One,
            Self::One => Self::Cause,
            Self::Cause | Self::Field(_) => Self::Site,
        }
    }

    /// The fields whose values a group's members share, where those are its name.
    pub(crate) fn fields(&self) -> &[&'static str] {
        match self {
            Self::Site | Self::One => &[],
            Self::Cause => &["loc", "cause", "holds"],
            Self::Field(field) => std::slice::from_ref(field),
        }
    }
}

/// What a row of Holdings stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HoldingsBy {
    One,
    /// A pool, and beneath it its connections that are out.
    Pool,
}

impl HoldingsBy {
    pub(super) fn other(self) -> Self {
        match self {
            Self::One => Self::Pool,
            Self::Pool => Self::One,
        }
    }
}
