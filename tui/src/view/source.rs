//! Lines of source beneath what they are about.

use holdover_proto::v1;
use ratatui::{layout::Rect, style::Style, text::Line};

use super::text;
use crate::{
    export,
    format::{fit, place, safe},
    model::Model,
    names,
    source::Preview,
    theme::Theme,
};

/// Below so many rows a story has no room for it.
const ROOM: u16 = 26;

/// The line of a leak's place: `41 │ let conn = pool.acquire().await?;`.
pub(super) fn line(model: &Model, leak: &v1::Leak, theme: Theme) -> Option<String> {
    let site = export::site_of(leak);
    let preview = model.previews.get(site)?;
    let margin = theme.glyphs.margin;
    let first = leak.holdings.first().map(|held| held.site.as_str());
    // That of what stands above needs no name.
    let at = match first {
        Some(held) if held == site => preview.line.to_string(),
        _ => safe(&names::short_place(site)).into_owned(),
    };
    Some(format!("{at} {margin} {}", safe(preview.text())))
}

/// The lines around a story's place, with a bar that names it.
pub(super) fn lines(model: &Model, area: Rect, theme: Theme) -> Vec<Line<'static>> {
    let found = model.site().and_then(|site| Some((site, model.previews.get(site)?)));
    let Some((site, preview)) = found.filter(|_| area.height >= ROOM) else { return Vec::new() };
    let bar = text::bar(&safe(&place(site)), area.width, theme);
    let numbered = preview.lines.iter().zip(preview.first..);
    let lines = numbered.map(|(line, number)| numbered_line(line, number, preview, area, theme));
    [Line::default(), bar].into_iter().chain(lines).collect()
}

fn numbered_line(
    line: &str,
    number: usize,
    preview: &Preview,
    area: Rect,
    theme: Theme,
) -> Line<'static> {
    let is_meant = number == preview.line;
    let mark = if is_meant { theme.glyphs.selected } else { " " };
    let whole = format!("{mark} {number:>5} {} {}", theme.glyphs.margin, safe(line));
    let text = fit(&whole, area.width.into(), theme.glyphs.more).into_owned();
    Line::styled(text, if is_meant { Style::new() } else { theme.dim() })
}
