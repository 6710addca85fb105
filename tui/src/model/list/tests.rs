//! Whatever becomes of the rows, the selection is the same row.

use proptest::prelude::*;

use super::*;

impl Entity for &'static str {
    type Id = Self;
    fn id(&self) -> Self {
        self
    }
}

impl Entity for u8 {
    type Id = Self;
    fn id(&self) -> Self {
        *self
    }
}

fn replace<T: Entity>(list: &mut List<T>, rows: Vec<T>) {
    list.replace(rows, Order::Told);
}

#[test]
fn the_selection_follows_the_row() {
    let mut list = List::default();
    replace(&mut list, vec!["a", "b"]);
    assert_eq!(list.selected(), Some(&"a"));
    list.move_by(1);
    replace(&mut list, vec!["new", "a", "b"]);
    assert_eq!((list.selected(), list.selected_index()), (Some(&"b"), Some(2)));
    replace(&mut list, vec!["a"]);
    assert_eq!(list.selected(), Some(&"a"));
    replace(&mut list, vec![]);
    assert_eq!(list.selected(), None);
    list.move_by(-1);
    replace(&mut list, vec!["z"]);
    assert_eq!(list.selected(), Some(&"z"));
}

#[test]
fn until_a_row_is_chosen_the_first_one_is_selected() {
    let mut list = List::default();
    replace(&mut list, vec!["cleared"]);
    replace(&mut list, vec!["leak", "cleared"]);
    assert_eq!(list.selected(), Some(&"leak"));
    list.choose();
    replace(&mut list, vec!["worse", "leak", "cleared"]);
    assert_eq!(list.selected(), Some(&"leak"));
}

#[test]
fn moving_stops_at_both_ends() {
    let mut list = List::default();
    replace(&mut list, vec!["a", "b", "c"]);
    list.move_by(-5);
    assert_eq!(list.selected(), Some(&"a"));
    list.move_by(isize::MAX);
    assert_eq!(list.selected(), Some(&"c"));
    list.select(usize::MAX);
    assert_eq!(list.selected_index(), Some(2));
}

#[test]
fn an_order_that_is_kept_is_that_of_the_target_once_it_settles() {
    let mut list = List::default();
    replace(&mut list, vec!["a", "b", "c"]);
    list.replace(vec!["c", "new", "b", "a"], Order::Kept);
    assert_eq!(list.rows(), ["a", "b", "c", "new"]);
    list.replace(vec!["c", "new", "a"], Order::Kept);
    assert_eq!(list.rows(), ["a", "c", "new"]);
    list.settle();
    assert_eq!(list.rows(), ["c", "new", "a"]);
    list.settle();
    assert_eq!(list.rows(), ["c", "new", "a"]);
}

#[test]
fn the_selected_row_stays_where_it_is_in_the_window() {
    let mut list = List::default();
    replace(&mut list, (10..30).collect::<Vec<u8>>());
    list.select(7);
    list.drawn(5);
    assert_eq!(list.first(5), 3, "the row is the last of the window");
    list.move_by(-1);
    assert_eq!(list.first(5), 3, "the window stays");
    replace(&mut list, (5..30).collect());
    assert_eq!((list.selected(), list.first(5)), (Some(&16), 8));
    list.scroll_by(4, 5);
    assert_eq!((list.selected(), list.first(5)), (Some(&17), 12));
    list.scroll_by(-40, 5);
    assert_eq!((list.selected(), list.first(5)), (Some(&9), 0));
}

/// What can become of a list.
#[derive(Clone, Debug)]
enum Happens {
    Told(Vec<u8>, bool),
    Settles,
    Moves(i8),
    Selects(u8),
    Scrolls(i8),
    Drawn,
}

fn happens() -> impl Strategy<Value = Happens> {
    let rows = prop::collection::vec(0_u8..40, 0..40);
    prop_oneof![
        (rows, any::<bool>()).prop_map(|(rows, kept)| Happens::Told(rows, kept)),
        Just(Happens::Settles),
        any::<i8>().prop_map(Happens::Moves),
        any::<u8>().prop_map(Happens::Selects),
        any::<i8>().prop_map(Happens::Scrolls),
        Just(Happens::Drawn),
    ]
}

proptest! {
    #[test]
    fn a_row_that_was_chosen_stays_selected_while_it_is_there(
        shown in 0_usize..12,
        steps in prop::collection::vec(happens(), 0..40),
    ) {
        let mut list = List::default();
        let mut chosen = false;
        for step in steps {
            let before = list.selected().copied();
            let chooses =
                matches!(step, Happens::Moves(_) | Happens::Selects(_) | Happens::Scrolls(_));
            match step {
                Happens::Told(rows, kept) => {
                    let stays = before.filter(|it| chosen && rows.contains(it));
                    list.replace(rows.clone(), if kept { Order::Kept } else { Order::Told });
                    if stays.is_some() {
                        prop_assert_eq!(list.selected().copied(), stays);
                    }
                    let (mut told, mut has) = (rows, list.rows().to_vec());
                    told.sort_unstable();
                    has.sort_unstable();
                    prop_assert_eq!(told, has, "no row is lost or made up");
                }
                Happens::Settles => {
                    list.settle();
                    if chosen {
                        prop_assert_eq!(list.selected().copied(), before);
                    }
                }
                Happens::Moves(lines) => list.move_by(lines.into()),
                Happens::Selects(line) => list.select(line.into()),
                Happens::Scrolls(lines) => list.scroll_by(lines.into(), shown),
                Happens::Drawn => list.drawn(shown),
            }
            chosen |= chooses;
            let (first, rows) = (list.first(shown), list.rows().len());
            prop_assert_eq!(list.selected().is_some(), rows > 0);
            if let Some(line) = list.selected_index().filter(|_| shown > 0) {
                prop_assert!(first <= line && line < first + shown, "it is in the window");
                prop_assert!(first + shown <= rows.max(shown), "no row is wasted");
            }
        }
    }
}
