use proptest::prelude::*;

use super::*;
use crate::columns::Listing;

fn usual(listing: Listing) -> Layout {
    Layout::usual(&listing.columns(80))
}

fn titles(layout: &Layout) -> Vec<&'static str> {
    layout.entries().iter().map(|it| it.title).collect()
}

#[test]
fn the_columns_that_are_named_are_shown_in_that_order_and_no_others() {
    let columns = Listing::Leaks.columns(80);
    let layout = Layout::of_names(&columns, "  since task\tverdict ").expect("they are known");
    assert_eq!(layout.names(), "since task verdict");
    assert_eq!(layout.entries().len(), columns.len(), "the others are there, hidden");
    assert_eq!(layout.find("SINCE").map(|it| it.shown), Some(Shown::Chosen));
    assert_eq!(layout.find("GOES").map(|it| it.shown), Some(Shown::Hidden));
}

#[test]
fn what_is_wrong_with_names_is_said() {
    let columns = Listing::Tasks.columns(80);
    for (names, expected) in [
        ("task hold", "there is no column `hold`; there are id, task, state, spawned_at, holds"),
        ("task age task", "the column `task` is there twice"),
        ("id age", "`task` must be among them: it names the rows"),
    ] {
        let said = Layout::of_names(&columns, names).expect_err(names);
        assert!(said.starts_with(expected), "{said}");
    }
}

#[test]
fn of_what_was_kept_the_known_is_kept() {
    let columns = Listing::Tasks.columns(80);
    let kept = "state +spawned_at -polls task\u{1b}[2J -flavour -task state + - \u{0} age";
    let layout = Layout::of_text(&columns, kept);
    let hidden = |layout: &Layout, title: &str| {
        layout.find(title).is_some_and(|it| it.shown == Shown::Hidden)
    };
    assert!(hidden(&layout, "POLLS") && !hidden(&layout, "TASK"), "what names the rows stays");
    assert_eq!(layout.find("SPAWNED AT").map(|it| it.shown), Some(Shown::Chosen));
    // What it says nothing of follows what it usually does.
    let order = ["ID", "STATE", "SPAWNED AT", "HOLDS", "POLLS", "BUSY", "TASK", "AGE"];
    assert_eq!(titles(&layout), order);
    assert_eq!(Layout::of_text(&columns, ""), usual(Listing::Tasks));
}

#[test]
fn a_column_is_put_on_either_side_of_another() {
    let mut layout = usual(Listing::Holdings);
    layout.put("AGE", Side::Before, "KIND");
    layout.put("KIND", Side::After, "GOES");
    layout.put("WHAT", Side::After, "WHAT");
    layout.put("WHAT", Side::After, "no such");
    assert_eq!(titles(&layout), ["AGE", "WHAT", "OWNER", "ACQUIRED AT", "GOES", "KIND"]);
}

#[test]
fn what_names_the_rows_is_the_last_that_is_left() {
    for listing in Listing::ALL {
        let mut layout = usual(listing);
        for title in titles(&layout) {
            layout.show(title, Shown::Hidden);
        }
        let left = layout.entries().iter().filter(|it| it.shown != Shown::Hidden);
        assert!(left.eq(layout.entries().iter().filter(|it| it.names_rows)), "{listing:?}");
        assert_eq!(layout.names().split(' ').count(), 1);
    }
}

#[test]
fn whose_a_row_is_is_hidden_by_nothing_but_its_own_name() {
    let columns = Listing::Tasks.columns_of_several(80, 11);
    let hidden = |layout: &Layout| layout.find(TARGET).map(|it| it.shown == Shown::Hidden);
    let of_names = |names| Layout::of_names(&columns, names).expect(names);
    assert_eq!(hidden(&of_names("task age")), None, "it says nothing of it");
    assert_eq!(of_names("task age").among(&columns).names(), "target task age");
    assert_eq!(of_names("task age target").among(&columns).names(), "task age target");
    let kept = |text| Layout::of_text(&columns, text);
    assert_eq!(hidden(&kept("task -age")), None);
    assert_eq!(hidden(&kept("task -target").among(&columns)), Some(true));
    // Where there is one target there is no such column.
    let of_one = Listing::Tasks.columns(80);
    assert_eq!(kept("task -target age").among(&of_one), Layout::of_text(&of_one, "task age"));
    let said = Layout::of_names(&columns, "id targets").expect_err("no such");
    assert!(said.ends_with("id, task, state, spawned_at, holds, polls, busy, age"), "{said}");
}

#[test]
fn what_is_said_of_targets_is_taken_along() {
    let columns = Listing::Holdings.columns_of_several(80, 11);
    let of = |text: &str| Layout::of_text(&columns, text);
    let one = of("age what kind owner acquired_at goes");
    assert_eq!(one.clone().with_target_of(&one), one, "nothing was said");
    let with = one.clone().with_target_of(&of("kind what -target owner acquired_at age goes"));
    assert_eq!(with.of_one(), one);
    assert_eq!(titles(&with)[..4], ["AGE", "WHAT", TARGET, "KIND"]);
    assert_eq!(with.find(TARGET).map(|it| it.shown), Some(Shown::Hidden));
    assert_eq!(titles(&one.with_target_of(&of("target kind")))[0], TARGET);
}

/// Something that a user does to a layout, by two of its columns.
fn change(layout: &mut Layout, (what, one, other): (u8, usize, usize)) {
    let all = titles(layout);
    let (one, other) = (all[one % all.len()], all[other % all.len()]);
    match what % 5 {
        0 => layout.show(one, Shown::Hidden),
        1 => layout.show(one, Shown::Chosen),
        2 => layout.show(one, Shown::AsUsual),
        3 => layout.put(one, Side::Before, other),
        _ => layout.put(one, Side::After, other),
    }
}

proptest! {
    /// Whatever is done, every column is there once, one names the rows, and what is
    /// written is what is read.
    #[test]
    fn no_column_is_lost_or_there_twice(
        table in 0..Listing::ALL.len(),
        changes in proptest::collection::vec(any::<(u8, usize, usize)>(), 0..40),
    ) {
        let listing = Listing::ALL[table];
        let columns = listing.columns(120);
        let mut layout = Layout::usual(&columns);
        for it in changes {
            change(&mut layout, it);
            let (mut now, mut all) = (titles(&layout), titles(&Layout::usual(&columns)));
            now.sort_unstable();
            all.sort_unstable();
            prop_assert_eq!(now, all);
            let naming = layout.entries().iter().filter(|it| it.names_rows);
            prop_assert!(naming.clone().count() == 1);
            prop_assert!(naming.into_iter().all(|it| it.shown != Shown::Hidden));
            prop_assert_eq!(&Layout::of_text(&columns, &layout.text()), &layout);
        }
    }

    /// Nor by a file in which anything stands.
    #[test]
    fn any_text_is_some_layout(text in "([+-]?(task|id|state|age|[a-z]{1,3}|\\PC) ){0,20}") {
        let columns = Listing::Tasks.columns(120);
        let mut all = titles(&Layout::of_text(&columns, &text));
        let mut usual = titles(&Layout::usual(&columns));
        all.sort_unstable();
        usual.sort_unstable();
        prop_assert_eq!(all, usual);
    }
}
