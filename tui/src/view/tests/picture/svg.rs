//! A buffer as a picture of a window.

use super::*;

/// Of a cell, in the picture's units.
const WIDE: f64 = 8.4;
const HIGH: f64 = 18.0;
const FONT: f64 = 14.0;
/// Around the screen, and above it for the window's title.
const MARGIN: f64 = 14.0;
const TITLE: f64 = 34.0;

const GROUND: &str = "#1b1e25";
const INK: &str = "#d5d9e0";

/// How a cell looks: its ink, its ground where it has one of its own, and its weight.
#[derive(Clone, Copy, PartialEq)]
struct Look {
    ink: &'static str,
    ground: Option<&'static str>,
    modifier: Modifier,
}

fn look(cell: &ratatui::buffer::Cell) -> Look {
    let (ink, ground) = (colour(cell.fg), colour(cell.bg));
    let modifier = cell.modifier;
    if modifier.contains(Modifier::REVERSED) {
        let ink = ink.unwrap_or(INK);
        return Look { ink: ground.unwrap_or(GROUND), ground: Some(ink), modifier };
    }
    Look { ink: ink.unwrap_or(INK), ground, modifier }
}

/// The colours of a terminal, legible on its ground.
fn colour(color: Color) -> Option<&'static str> {
    match color {
        Color::Reset => None,
        Color::Black => Some("#14161b"),
        Color::Red => Some("#ff6b70"),
        Color::Green => Some("#8fce72"),
        Color::Yellow => Some("#efc55f"),
        Color::Blue => Some("#6cb2f7"),
        Color::Magenta => Some("#d08cf0"),
        Color::Cyan => Some("#5fc9d4"),
        other => panic!("{other} is not one of the colours that are used"),
    }
}

/// The buffer as a window. Every word is put where its cell is and made as wide as its
/// cells are, so that columns align in any font.
pub(super) fn svg(buffer: &Buffer) -> String {
    let screen = (f64::from(buffer.area.width) * WIDE, f64::from(buffer.area.height) * HIGH);
    let (width, height) = (screen.0 + 2.0 * MARGIN, screen.1 + TITLE + MARGIN);
    let (middle, lights) = (width / 2.0, TITLE / 2.0);
    let mut lines = vec![
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0} {height:.0}" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="{FONT}">"#
        ),
        format!(
            r##"<rect x="0.5" y="0.5" width="{:.0}" height="{:.0}" rx="10" fill="{GROUND}" stroke="#4a505c"/>"##,
            width - 1.0,
            height - 1.0
        ),
        format!(
            r##"<text x="{middle:.0}" y="{:.0}" text-anchor="middle" fill="#9aa1ad" font-size="13">holdover</text>"##,
            lights + 4.5
        ),
    ];
    for (x, colour) in [(20, "#ff5f57"), (40, "#febc2e"), (60, "#28c840")] {
        lines.push(format!(r#"<circle cx="{x}" cy="{lights}" r="6" fill="{colour}"/>"#));
    }
    for y in 0..buffer.area.height {
        let runs = runs(buffer, y);
        lines.extend(runs.iter().filter_map(|run| ground(run, y)));
        lines.extend(runs.iter().flat_map(|run| words(run, y)));
    }
    lines.push("</svg>\n".to_owned());
    lines.join("\n")
}

/// Cells beside each other that look the same: the first one's column, and their text.
struct Run<'a> {
    x: u16,
    look: Look,
    cells: Vec<&'a str>,
}

fn runs(buffer: &Buffer, y: u16) -> Vec<Run<'_>> {
    let mut runs: Vec<Run<'_>> = Vec::new();
    for x in 0..buffer.area.width {
        let cell = &buffer[(x, y)];
        match runs.last_mut() {
            Some(run) if run.look == look(cell) => run.cells.push(cell.symbol()),
            _ => runs.push(Run { x, look: look(cell), cells: vec![cell.symbol()] }),
        }
    }
    runs
}

fn left(x: u16) -> f64 {
    MARGIN + f64::from(x) * WIDE
}

fn ground(run: &Run<'_>, y: u16) -> Option<String> {
    let (x, y) = (left(run.x), TITLE + f64::from(y) * HIGH);
    let width = run.cells.len() as f64 * WIDE;
    let ground = run.look.ground?;
    Some(format!(
        r#"<rect x="{x:.1}" y="{y}" width="{width:.1}" height="{HIGH}" fill="{ground}"/>"#
    ))
}

/// The words of a run, each on its own: an SVG keeps no spaces.
fn words(run: &Run<'_>, y: u16) -> Vec<String> {
    let baseline = TITLE + f64::from(y) * HIGH + 13.5;
    let mut words = Vec::new();
    let mut at = run.x;
    for word in run.cells.split(|cell| *cell == " ") {
        let columns = u16::try_from(word.len()).expect("a column");
        if columns > 0 {
            let (x, width) = (left(at), f64::from(columns) * WIDE);
            let (ink, style) = (run.look.ink, style(run.look.modifier));
            let text = word.concat().replace('&', "&amp;").replace('<', "&lt;");
            words.push(format!(
                r#"<text x="{x:.1}" y="{baseline}" textLength="{width:.1}" lengthAdjust="spacingAndGlyphs" fill="{ink}"{style}>{text}</text>"#
            ));
        }
        at += columns + 1;
    }
    words
}

fn style(modifier: Modifier) -> String {
    [
        (Modifier::BOLD, r#" font-weight="bold""#),
        (Modifier::DIM, r#" opacity="0.6""#),
        (Modifier::UNDERLINED, r#" text-decoration="underline""#),
    ]
    .into_iter()
    .filter_map(|(one, style)| modifier.contains(one).then_some(style))
    .collect()
}
