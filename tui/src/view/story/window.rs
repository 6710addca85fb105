//! Which lines of what happened are shown where there is no room for all.

use std::collections::BTreeSet;

use ratatui::text::Line;

use crate::{format::counted, theme::Theme};

/// A line of what happened.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) line: Line<'static>,
    /// What a story is looked at for: it is not left out while there is room for anything.
    pub(super) matters: bool,
}

impl Told {
    pub(super) fn of(line: Line<'static>) -> Self {
        Self { line, matters: false }
    }
}

/// As many of the lines as there is room for: the selected one, those that matter, and then
/// what is nearest to the selected one, or to the end. What is left out has a line that says so.
pub(super) fn window(
    lines: Vec<Told>,
    selected: Option<usize>,
    room: usize,
    theme: Theme,
) -> Vec<Line<'static>> {
    if lines.len() <= room {
        return lines.into_iter().map(|told| told.line).collect();
    }
    let shown = chosen(&lines, selected, room);
    let mut window = Vec::with_capacity(room);
    let mut left_out = 0;
    let gap = |number: u64, which: &str| {
        let text = format!("  {} {}", theme.glyphs.more, counted(number, &format!("{which} line")));
        (number > 0).then(|| Line::styled(text, theme.dim()))
    };
    for (at, told) in lines.into_iter().enumerate() {
        if !shown.contains(&at) {
            left_out += 1;
            continue;
        }
        let which = if window.is_empty() { "earlier" } else { "more" };
        window.extend(gap(left_out, which));
        window.push(told.line);
        left_out = 0;
    }
    window.extend(gap(left_out, "later"));
    window
}

/// The numbers of those that are shown, which with the gaps take no more than the room.
fn chosen(lines: &[Told], selected: Option<usize>, room: usize) -> BTreeSet<usize> {
    let last = lines.len().saturating_sub(1);
    let matters = (0..lines.len()).filter(|at| lines[*at].matters);
    let mut near: Vec<usize> = (0..lines.len()).collect();
    near.sort_by_key(|at| at.abs_diff(selected.unwrap_or(last)));
    let mut shown = BTreeSet::new();
    // All of them are one gap.
    let mut height = 1;
    for at in selected.into_iter().chain(matters).chain(near) {
        let known = |shown: &BTreeSet<usize>| {
            let before = at == 0 || shown.contains(&(at - 1));
            let after = at == last || shown.contains(&(at + 1));
            usize::from(before) + usize::from(after)
        };
        // It is in a gap, which it divides, makes smaller or fills.
        let taken = height + 2 - known(&shown);
        if !shown.contains(&at) && taken <= room {
            shown.insert(at);
            height = taken;
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::Look;

    fn shown(many: usize, matter: &[usize], selected: Option<usize>, room: usize) -> Vec<String> {
        let told =
            |at: usize| Told { line: Line::from(at.to_string()), matters: matter.contains(&at) };
        let lines = (0..many).map(told).collect();
        let shown = window(lines, selected, room, Theme::new(Look::Terminal, false));
        assert!(shown.len() <= room.max(1), "{shown:?}");
        shown.iter().map(|line| line.to_string().trim().to_owned()).collect()
    }

    #[test]
    fn what_matters_is_there_at_any_size() {
        assert_eq!(shown(4, &[1], None, 4), ["0", "1", "2", "3"]);
        assert_eq!(shown(9, &[], None, 4), ["… 6 earlier lines", "6", "7", "8"]);
        assert_eq!(shown(9, &[2], None, 3), ["… 2 earlier lines", "2", "… 6 later lines"]);
        let both = ["… 2 earlier lines", "2", "… 3 more lines", "6", "… 2 later lines"];
        assert_eq!(shown(9, &[2, 6], None, 5), both);
        let end = ["… 2 earlier lines", "2", "3", "4", "… 3 more lines", "8"];
        assert_eq!(shown(9, &[2, 4], None, 6), end);
        let adjacent = ["… 2 earlier lines", "2", "3", "… 4 more lines", "8"];
        assert_eq!(shown(9, &[2, 3], None, 5), adjacent);
    }

    #[test]
    fn the_selected_line_is_there_before_all_others() {
        assert_eq!(shown(9, &[2], Some(6), 3), ["… 6 earlier lines", "6", "… 2 later lines"]);
        let both = ["… 2 earlier lines", "2", "… 3 more lines", "6", "… 2 later lines"];
        assert_eq!(shown(9, &[2], Some(6), 5), both);
        assert_eq!(shown(9, &[], Some(0), 3), ["0", "1", "… 7 later lines"]);
        for room in 3..9 {
            for selected in 0..9 {
                let shown = shown(9, &[2, 3], Some(selected), room);
                assert!(shown.contains(&selected.to_string()), "{selected} in {shown:?}");
            }
        }
    }
}
