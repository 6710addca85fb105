//! Colours: the terminal's own sixteen, so that its theme decides; and the glyphs, of
//! which there is an ASCII set.

use std::str::FromStr;

use holdover_proto::v1::Verdict;
use ratatui::style::{Color, Modifier, Style};

/// Which theme.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Look {
    /// The terminal's own colours.
    #[default]
    Terminal,
    /// Bright colours, and nothing dim.
    HighContrast,
    /// The terminal's own colours, and ASCII characters only.
    Ascii,
    /// No colours: letters and weight say everything.
    None,
}

impl Look {
    pub(crate) const ALL: [Self; 4] = [Self::Terminal, Self::HighContrast, Self::Ascii, Self::None];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::HighContrast => "high-contrast",
            Self::Ascii => "ascii",
            Self::None => "none",
        }
    }
}

impl FromStr for Look {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|look| look.name().eq_ignore_ascii_case(text))
            .ok_or_else(|| format!("expected one of {}", Self::ALL.map(Self::name).join(", ")))
    }
}

/// What is drawn with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Theme {
    palette: Palette,
    pub(crate) glyphs: &'static Glyphs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Palette {
    Terminal,
    Bright,
    None,
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
    pub(crate) margin: &'static str,
    /// Leads to a row of a tree that has others beside it below, and to one that has none.
    pub(crate) branch: &'static str,
    pub(crate) last_branch: &'static str,
    pub(crate) up: &'static str,
    pub(crate) down: &'static str,
    /// From the least to the most of a chart.
    pub(crate) sparks: &'static [&'static str],
}

static UNICODE: Glyphs = Glyphs {
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
    margin: "│",
    branch: "├─",
    last_branch: "└─",
    up: "↑",
    down: "↓",
    sparks: &["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
};

static ASCII: Glyphs = Glyphs {
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
    margin: "|",
    branch: "|-",
    last_branch: "`-",
    up: "^",
    down: "v",
    sparks: &[".", ":", "-", "=", "#"],
};

impl Theme {
    pub(crate) fn new(look: Look, ascii: bool) -> Self {
        let palette = match look {
            Look::Terminal | Look::Ascii => Palette::Terminal,
            Look::HighContrast => Palette::Bright,
            Look::None => Palette::None,
        };
        let glyphs = if ascii || look == Look::Ascii { &ASCII } else { &UNICODE };
        Self { palette, glyphs }
    }

    fn coloured(self, color: Color) -> Style {
        match self.palette {
            Palette::Terminal => Style::new().fg(color),
            Palette::Bright => Style::new().fg(bright(color)).add_modifier(Modifier::BOLD),
            Palette::None => Style::new(),
        }
    }

    /// What matters less. Where contrast is wanted it is as readable as the rest.
    pub(crate) fn dim(self) -> Style {
        match self.palette {
            Palette::Terminal | Palette::None => Style::new().add_modifier(Modifier::DIM),
            Palette::Bright => Style::new(),
        }
    }

    #[expect(clippy::unused_self, reason = "a theme that changes it can come")]
    pub(crate) fn bold(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    #[expect(clippy::unused_self, reason = "a theme that changes it can come")]
    pub(crate) fn selected(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// What is under the cursor.
    #[expect(clippy::unused_self, reason = "a theme that changes it can come")]
    pub(crate) fn marked(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
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
            "↑↓ k j" if *self.glyphs == ASCII => "Up Down k j",
            "← →" if *self.glyphs == ASCII => "Left Right",
            shown => shown,
        }
    }

    /// A letter on a coloured ground; without colours it is reversed.
    pub(crate) fn badge(self, verdict: Verdict, cleared: bool) -> Style {
        if cleared {
            return self.dim();
        }
        let ground = match verdict {
            Verdict::Stuck | Verdict::LeftBehind | Verdict::LostWaker => Color::Red,
            Verdict::AfterCancel => Color::Magenta,
            Verdict::Orphaned => Color::Yellow,
            Verdict::Overdue => Color::Blue,
            Verdict::Unspecified => return self.dim(),
        };
        match self.palette {
            Palette::Terminal => Style::new().fg(Color::Black).bg(ground),
            Palette::Bright => {
                Style::new().fg(Color::Black).bg(bright(ground)).add_modifier(Modifier::BOLD)
            }
            Palette::None => Style::new().add_modifier(Modifier::REVERSED),
        }
    }
}

fn bright(color: Color) -> Color {
    match color {
        Color::Red => Color::LightRed,
        Color::Green => Color::LightGreen,
        Color::Yellow => Color::LightYellow,
        Color::Blue => Color::LightBlue,
        Color::Magenta => Color::LightMagenta,
        Color::Cyan => Color::LightCyan,
        color => color,
    }
}
