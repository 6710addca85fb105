//! What the model asks for that is outside of it: it is plain data, and does nothing itself.

/// Something to be done, after a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// A filter was typed, and is to be known the next time.
    Remember(String),
}
