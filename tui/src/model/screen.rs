//! What fills the screen.

/// The screens that a tab leads to, in order.
pub(super) const TABS: [Screen; 4] =
    [Screen::Leaks, Screen::Tasks, Screen::Events, Screen::Process];

/// What fills the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Screen {
    Leaks,
    Tasks,
    Events,
    Process,
    /// One task, whole.
    Story(u64),
    /// What cannot be seen, and why.
    Blind,
    Help,
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
