//! What both versions know of a channel.

/// What a channel is called, and how much goes into it.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "console"), expect(dead_code, reason = "only the recorder reads it"))]
pub(crate) struct ChannelName {
    pub(crate) kind: ChannelKind,
    /// Empty for one that was not named.
    pub(crate) name: &'static str,
    /// `None` for one that is not bounded.
    pub(crate) capacity: Option<usize>,
}

/// Which of tokio's channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChannelKind {
    Mpsc,
    Watch,
    Broadcast,
}

/// Which side of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Senders,
    Receivers,
}

#[cfg(feature = "console")]
impl ChannelName {
    /// How it is called where no end of it is meant.
    pub(crate) fn shown(&self) -> &'static str {
        if !self.name.is_empty() {
            return self.name;
        }
        match self.kind {
            ChannelKind::Mpsc => "mpsc",
            ChannelKind::Watch => "watch",
            ChannelKind::Broadcast => "broadcast",
        }
    }

    /// How the ends of either side are called, senders first.
    pub(crate) fn ends(&self) -> [crate::recorder::table::TextId; 2] {
        use crate::recorder::table::TextId;

        if !self.name.is_empty() {
            return ["sender", "receiver"].map(|end| TextId::of_part(self.name, end));
        }
        match self.kind {
            ChannelKind::Mpsc => ["mpsc sender", "mpsc receiver"],
            ChannelKind::Watch => ["watch sender", "watch receiver"],
            ChannelKind::Broadcast => ["broadcast sender", "broadcast receiver"],
        }
        .map(TextId::fixed)
    }
}
