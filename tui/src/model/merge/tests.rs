use proptest::prelude::*;

use super::*;

fn windows(of: &[Vec<u8>], limit: usize) -> Vec<Window<u8>> {
    let window = |(at, rows): (usize, &Vec<u8>)| {
        let mut rows = rows.clone();
        rows.sort_unstable();
        let more = rows.len() > limit;
        rows.truncate(limit);
        Window { target: TargetId(at), rows, more, is_sorted: true }
    };
    of.iter().enumerate().map(window).collect()
}

fn told(merged: &Merged<u8>) -> Vec<(u8, TargetId)> {
    merged.rows.iter().map(|row| (**row, row.target)).collect()
}

#[test]
fn what_comes_after_what_is_known_is_left_out() {
    let all = [vec![1, 2, 9], vec![3, 4, 5, 6], vec![]];
    let merged = merged(windows(&all, 3), |_, row| *row);
    let of = |rows: &[(u8, usize)]| -> Vec<(u8, TargetId)> {
        rows.iter().map(|(row, of)| (*row, TargetId(*of))).collect()
    };
    // After 5 the second has more, of which one is before 9.
    assert_eq!(told(&merged), of(&[(1, 0), (2, 0), (3, 1), (4, 1), (5, 1)]));
    assert!(merged.more);
}

#[test]
fn the_rows_of_one_target_are_as_it_told_them() {
    let one = Window { target: TargetId(1), rows: vec![3, 1, 2], more: true, is_sorted: true };
    let merged = merged(vec![one], |_, row| *row);
    assert_eq!(merged.rows.iter().map(|row| **row).collect::<Vec<u8>>(), [3, 1, 2]);
    assert!(merged.more);
}

proptest! {
    /// The first rows are those of everything sorted together; as many as one window has are
    /// always known, and everything where nothing was left out.
    #[test]
    fn what_is_merged_is_what_sorting_everything_would_show(
        all in prop::collection::vec(prop::collection::vec(0_u8..40, 0..30), 0..5),
        limit in 1_usize..12,
    ) {
        let merged = merged(windows(&all, limit), |_, row| *row);
        let mut everything: Vec<(u8, TargetId)> = all
            .iter()
            .enumerate()
            .flat_map(|(at, rows)| rows.iter().map(move |row| (*row, TargetId(at))))
            .collect();
        everything.sort_unstable();
        let told = told(&merged);
        prop_assert_eq!(&told[..], &everything[..told.len()]);
        prop_assert!(told.len() >= limit.min(everything.len()));
        prop_assert_eq!(merged.more, told.len() < everything.len());
    }

    /// Within a target the order is the target's, whatever the rows compare as.
    #[test]
    fn a_targets_rows_stay_in_its_order(
        all in prop::collection::vec(prop::collection::vec(0_u8..5, 0..20), 2..4),
    ) {
        let window = |(at, rows): (usize, &Vec<u8>)| {
            let rows = rows.iter().copied().enumerate().collect();
            Window { target: TargetId(at), rows, more: false, is_sorted: true }
        };
        let merged = merged(all.iter().enumerate().map(window).collect(), |_, row| row.1);
        for (at, rows) in all.iter().enumerate() {
            let of: Vec<(usize, u8)> =
                merged.rows.iter().filter(|it| it.target.0 == at).map(|it| **it).collect();
            prop_assert_eq!(of, rows.iter().copied().enumerate().collect::<Vec<_>>());
        }
    }
}
