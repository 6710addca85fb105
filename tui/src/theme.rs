//! Colours: the terminal's own sixteen, so that its theme decides; and the glyphs, of
//! which there is an ASCII set.

use holdover_proto::v1::Verdict;
use ratatui::style::{Color, Modifier, Style};

/// What is drawn with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Theme {
    coloured: bool,
    pub(crate) glyphs: Glyphs,
}

/// Characters that are not letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Glyphs {
    pub(crate) selected: &'static str,
    pub(crate) times: &'static str,
    pub(crate) line: &'static str,
    pub(crate) more: &'static str,
    pub(crate) enter: &'static str,
    pub(crate) updown: &'static str,
    pub(crate) space: &'static str,
    pub(crate) from: &'static str,
    pub(crate) tick: &'static str,
    pub(crate) holding: &'static str,
    pub(crate) ahead: &'static str,
    pub(crate) dot: &'static str,
}

const UNICODE: Glyphs = Glyphs {
    selected: "▸",
    times: "×",
    line: "─",
    more: "…",
    enter: "⏎",
    updown: "↑↓",
    space: "␣",
    from: "‹",
    tick: "┼",
    holding: "▒",
    ahead: "┄",
    dot: "·",
};

const ASCII: Glyphs = Glyphs {
    selected: ">",
    times: "x",
    line: "-",
    more: "~",
    enter: "Enter",
    updown: "j/k",
    space: "Space",
    from: "<",
    tick: "+",
    holding: "#",
    ahead: ".",
    dot: "-",
};

#[expect(clippy::unused_self, reason = "a theme that changes them can come")]
impl Theme {
    /// With `NO_COLOR` set to anything, letters and weight say everything.
    pub(crate) fn new(ascii: bool, no_color: bool) -> Self {
        Self { coloured: !no_color, glyphs: if ascii { ASCII } else { UNICODE } }
    }

    fn coloured(self, color: Color) -> Style {
        if self.coloured { Style::new().fg(color) } else { Style::new() }
    }

    pub(crate) fn dim(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    pub(crate) fn bold(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    pub(crate) fn selected(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    pub(crate) fn good(self) -> Style {
        self.coloured(Color::Green)
    }

    pub(crate) fn late(self) -> Style {
        self.coloured(Color::Yellow)
    }

    pub(crate) fn bad(self) -> Style {
        self.coloured(Color::Red).add_modifier(Modifier::BOLD)
    }

    pub(crate) fn lost(self) -> Style {
        self.coloured(Color::Red).add_modifier(Modifier::REVERSED)
    }

    pub(crate) fn canceller(self) -> Style {
        self.coloured(Color::Cyan)
    }

    pub(crate) fn holding(self) -> Style {
        self.coloured(Color::Magenta)
    }

    /// A key as the glyphs in use write it.
    pub(crate) fn key(self, shown: &'static str) -> &'static str {
        match shown {
            "⏎" => self.glyphs.enter,
            "␣" => self.glyphs.space,
            "↑↓ k j" if self.glyphs == ASCII => "Up Down k j",
            shown => shown,
        }
    }

    /// A letter on a coloured ground; without colours it is reversed.
    pub(crate) fn badge(self, verdict: Verdict, cleared: bool) -> Style {
        if cleared {
            return self.dim();
        }
        let ground = match verdict {
            Verdict::Stuck | Verdict::LeftBehind => Color::Red,
            Verdict::AfterCancel => Color::Magenta,
            Verdict::Orphaned => Color::Yellow,
            Verdict::Overdue => Color::Blue,
            Verdict::Unspecified => return self.dim(),
        };
        if self.coloured {
            Style::new().fg(Color::Black).bg(ground)
        } else {
            Style::new().add_modifier(Modifier::REVERSED)
        }
    }
}
