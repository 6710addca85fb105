//! Where the columns of a layout stand in a table of a certain width.

use super::{Entry, Info, Layout, Shown, TARGET, Width};

/// The mark of the selected row.
const MARK: u16 = 2;
/// Between what ends at the right and what begins at the left.
const GAP: u16 = 2;
/// What names the rows has at least so much, and so has every long text.
const LEAST: u16 = 12;
/// As long as what names the rows has less, long texts are shortened.
const ENOUGH: u16 = 20;
/// Columns so wide have one of a few words, of which nothing may be missing.
const WORDS: u16 = 18;

/// A column, where it begins in the table and how wide it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) title: &'static str,
    pub(crate) x: u16,
    pub(crate) width: u16,
}

/// The columns that have a place, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Placement {
    pub(crate) placed: Vec<Placed>,
    /// Those that would be there if there were room.
    pub(crate) left_out: Vec<&'static str>,
}

/// A column that is wanted in the table.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    entry: Entry,
    /// None for what takes the rest.
    width: Option<u16>,
    is_right: bool,
}

impl Wanted {
    fn is_target(&self) -> bool {
        self.entry.title == TARGET
    }
}

/// Places them all where that can be, if texts are shortened; else without the last of
/// those that nobody chose, and then without the last of those that somebody did. Whose a
/// row is, is said as long as anything is beside what names it.
pub(crate) fn place(layout: &Layout, columns: &[Info], table: u16) -> Placement {
    let mut wanted: Vec<Wanted> =
        layout.entries().iter().filter_map(|entry| want(*entry, columns)).collect();
    let mut left_out = Vec::new();
    loop {
        if let Some(placed) = fit(wanted.clone(), table) {
            return Placement { placed, left_out };
        }
        let goes = |it: &Wanted| !it.entry.names_rows && !it.is_target();
        let last = |shown| wanted.iter().rposition(|it| it.entry.shown == shown && goes(it));
        let target = || wanted.iter().position(Wanted::is_target);
        match last(Shown::AsUsual).or_else(|| last(Shown::Chosen)).or_else(target) {
            Some(at) => left_out.push(wanted.remove(at).entry.title),
            // A table so narrow has what names the rows, and nothing else.
            None => return Placement { placed: stand(&wanted, table), left_out },
        }
    }
}

fn want(entry: Entry, columns: &[Info]) -> Option<Wanted> {
    let column = columns.iter().find(|it| it.title == entry.title)?;
    let width = match (column.width, entry.shown) {
        (_, Shown::Hidden) | (Width::Wider { .. }, Shown::AsUsual) => return None,
        (Width::Rest, _) => None,
        (Width::Usual(width) | Width::Wider { columns: width, .. }, _) => Some(width),
    };
    Some(Wanted { entry, width, is_right: column.is_right })
}

/// Shortens long texts, the longest first, until what names the rows has enough, or as much
/// as they. `None` when it has too little even so.
fn fit(mut wanted: Vec<Wanted>, table: u16) -> Option<Vec<Placed>> {
    // The names of targets are as short as may be.
    let is_text = |it: &Wanted| !it.is_right && !it.is_target();
    let is_long = |it: &Wanted| is_text(it) && it.width.is_some_and(|width| width > WORDS);
    let long: Vec<bool> = wanted.iter().map(is_long).collect();
    loop {
        let rest = table.saturating_sub(taken(&wanted));
        let shorter = LEAST.max(rest);
        let texts = wanted.iter_mut().zip(&long).filter(|(_, is_long)| **is_long);
        let longest = texts.filter_map(|(it, _)| it.width.as_mut()).max();
        match longest.filter(|width| **width > shorter) {
            Some(width) if rest < ENOUGH => *width -= 1,
            _ => return (rest >= LEAST).then(|| stand(&wanted, table)),
        }
    }
}

/// All but what takes the rest.
fn taken(wanted: &[Wanted]) -> u16 {
    let widths: u16 = wanted.iter().filter_map(|it| it.width).sum();
    MARK + widths + wanted.windows(2).map(|two| gap(two[0], two[1])).sum::<u16>()
}

fn gap(before: Wanted, after: Wanted) -> u16 {
    if before.is_right && !after.is_right { GAP } else { 0 }
}

fn stand(wanted: &[Wanted], table: u16) -> Vec<Placed> {
    let rest = table.saturating_sub(taken(wanted));
    let mut placed = Vec::with_capacity(wanted.len());
    let (mut x, mut before): (u16, Option<Wanted>) = (MARK, None);
    for it in wanted {
        x += before.map_or(0, |before| gap(before, *it));
        let width = it.width.unwrap_or(rest);
        placed.push(Placed { title: it.entry.title, x, width });
        x += width;
        before = Some(*it);
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::{Listing, Side};

    fn titles(placement: &Placement) -> Vec<&'static str> {
        placement.placed.iter().map(|it| it.title).collect()
    }

    #[test]
    fn as_usual_everything_fits_from_80_columns_on() {
        for listing in Listing::ALL {
            for table in 80..=240 {
                let columns = listing.columns(table);
                let placement = place(&Layout::usual(&columns), &columns, table);
                assert_eq!(placement.left_out, [""; 0], "{listing:?} in {table}");
                let last = placement.placed.last().expect("one");
                assert_eq!(last.x + last.width, table, "{listing:?}");
            }
        }
    }

    /// With names of services, and with long ones.
    #[test]
    fn whose_a_row_is_has_a_place_at_every_width() {
        for listing in Listing::ALL.into_iter().filter(|it| *it != Listing::Process) {
            for (table, names) in (60..=240).flat_map(|table| [(table, 8), (table, 20)]) {
                let names = if table < 100 { names.min(11) } else { names };
                let columns = listing.columns_of_several(table, names);
                let mut layout = Layout::usual(&columns);
                let Placement { placed, left_out } = place(&layout, &columns, table);
                assert!(placed.iter().any(|it| it.title == TARGET && it.width == names));
                let most = usize::from(names != 8);
                let few = table < 80 || left_out.len() <= most;
                assert!(few, "{listing:?} in {table}: {left_out:?}");
                // Nor does what was chosen take its place.
                for column in columns.iter().filter(|it| it.title != TARGET) {
                    layout.show(column.title, Shown::Chosen);
                }
                let titles = titles(&place(&layout, &columns, table));
                assert!(titles.contains(&TARGET), "{listing:?} in {table}: {titles:?}");
            }
        }
    }

    #[test]
    fn nothing_stands_on_another_and_nothing_beyond_the_table() {
        for listing in Listing::ALL {
            for table in 60..=240 {
                let columns = listing.columns(table);
                let mut layout = Layout::usual(&columns);
                for column in &columns {
                    layout.show(column.title, Shown::Chosen);
                }
                let Placement { placed, left_out } = place(&layout, &columns, table);
                let mut x = MARK;
                for it in &placed {
                    assert!(it.x >= x && it.width > 0, "{} of {listing:?} in {table}", it.title);
                    x = it.x + it.width;
                }
                assert!(x <= table, "{listing:?} in {table}");
                assert_eq!(placed.len() + left_out.len(), columns.len());
            }
        }
    }

    #[test]
    fn what_was_chosen_has_a_place_before_what_is_usual_and_texts_are_shortened() {
        let columns = Listing::Leaks.columns(80);
        let mut layout = Layout::usual(&columns);
        assert!(!titles(&place(&layout, &columns, 80)).contains(&"CANCELLED BY"));
        layout.show("CANCELLED BY", Shown::Chosen);
        let placement = place(&layout, &columns, 80);
        let usual = ["VERDICT", "N", "TASK", "HOLDS", "CANCELLED BY", "SINCE", "GOES"];
        assert_eq!((titles(&placement), placement.left_out.len()), (usual.to_vec(), 0));
        let width = |placement: &Placement, title: &str| {
            placement.placed.iter().find(|it| it.title == title).map(|it| it.width)
        };
        assert!(width(&placement, "TASK") >= Some(14), "{placement:?}");
        assert_eq!(width(&placement, "VERDICT"), Some(15), "of a verdict nothing is missing");
        layout.show("ACQUIRED AT", Shown::Chosen);
        layout.show("LATENCY", Shown::Chosen);
        let placement = place(&layout, &columns, 80);
        assert_eq!(placement.left_out, ["GOES", "SINCE"], "nobody chose these");
        for chosen in ["TASK", "CANCELLED BY", "ACQUIRED AT", "LATENCY"] {
            assert!(titles(&placement).contains(&chosen), "{chosen}");
        }
        let wide = Listing::Leaks.columns(200);
        assert_eq!(place(&layout, &wide, 200).left_out, [""; 0]);
    }

    #[test]
    fn what_ends_at_the_right_stands_apart_from_what_begins_at_the_left() {
        let columns = Listing::Tasks.columns(120);
        let mut layout = Layout::usual(&columns);
        let x = |layout: &Layout, title: &str| {
            let placement = place(layout, &columns, 120);
            placement.placed.iter().find(|it| it.title == title).map_or(0, |it| it.x)
        };
        assert_eq!(x(&layout, "TASK"), MARK + 7 + GAP);
        layout.put("STATE", Side::Before, "ID");
        assert_eq!((x(&layout, "STATE"), x(&layout, "ID")), (MARK, MARK + 17));
    }
}
