//! The themes: the same words in each, and no meaning that only a colour has.

use super::*;

/// The Leaks screen with every verdict's badge, and one row that has cleared.
fn leaks() -> (Model, Instant) {
    let (mut model, now) = attached();
    let timer = || held(v1::HoldingKind::Timer, "sleep", v1::Phase::After, Some(NOW + 9 * S));
    let verdicts = [
        v1::Verdict::Stuck,
        v1::Verdict::LeftBehind,
        v1::Verdict::AfterCancel,
        v1::Verdict::Orphaned,
        v1::Verdict::Overdue,
    ];
    let mut groups: Vec<v1::LeakGroup> = verdicts
        .into_iter()
        .zip(1..)
        .map(|(it, id)| group(it, 1, task("a", id), timer()))
        .collect();
    let mut cleared = group(v1::Verdict::Stuck, 1, task("b", 9), timer());
    cleared.cleared = true;
    cleared.cleared_last_ns = Some(NOW - S);
    groups.push(cleared);
    update(&mut model, now, v1::Update { groups, matched: 6, all: 6, ..Default::default() });
    (model, now)
}

fn drawn(look: Look, size: (u16, u16)) -> Buffer {
    let (model, now) = leaks();
    draw(&model, Theme::new(look, false), now, size).backend().buffer().clone()
}

fn words(buffer: &Buffer) -> String {
    buffer.content().iter().map(ratatui::buffer::Cell::symbol).collect()
}

/// The style of the first cell of a text.
fn style_of(buffer: &Buffer, text: &str) -> (Color, Color, Modifier) {
    let at = (0..buffer.area.height)
        .find_map(|y| {
            let row: Vec<&str> = (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect();
            let line = row.concat();
            let column = line[..line.find(text)?].chars().count();
            Some((u16::try_from(column).ok()?, y))
        })
        .unwrap_or_else(|| panic!("{text} is not drawn"));
    let cell = &buffer[at];
    (cell.fg, cell.bg, cell.modifier)
}

#[test]
fn every_theme_says_the_same_words() {
    for size in [(80, 24), (120, 40)] {
        let words_of = |look| words(&drawn(look, size));
        assert_eq!(words_of(Look::Terminal), words_of(Look::None));
        assert_eq!(words_of(Look::Terminal), words_of(Look::HighContrast));
    }
}

#[test]
fn without_colours_there_is_none() {
    let buffer = drawn(Look::None, (120, 40));
    for cell in buffer.content() {
        assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset));
    }
    // Letters on a ground of their own stay to be seen.
    assert_eq!(style_of(&buffer, "L left-behind").2, Modifier::REVERSED);
    assert_eq!(style_of(&buffer, "LEAKS 19").2, Modifier::BOLD);
}

#[test]
fn where_contrast_is_wanted_nothing_is_dim_and_colours_are_bright() {
    let buffer = drawn(Look::HighContrast, (120, 40));
    for cell in buffer.content() {
        assert!(!cell.modifier.contains(Modifier::DIM));
        let dark = [Color::Red, Color::Magenta, Color::Yellow, Color::Blue, Color::Green];
        assert!(!dark.contains(&cell.fg) && !dark.contains(&cell.bg));
    }
    let badge = |text| style_of(&buffer, text);
    assert_eq!(badge("L left-behind").1, Color::LightRed);
    assert_eq!(badge("A after-cancel").1, Color::LightMagenta);
    assert_eq!(badge("O orphaned").1, Color::LightYellow);
    assert_eq!(badge("D overdue").1, Color::LightBlue);
    assert_eq!(badge("LEAKS 19"), (Color::LightRed, Color::Reset, Modifier::BOLD));
}

#[test]
fn the_terminals_own_colours_are_the_dark_eight() {
    let buffer = drawn(Look::Terminal, (120, 40));
    assert_eq!(style_of(&buffer, "L left-behind"), (Color::Black, Color::Red, Modifier::empty()));
    assert_eq!(style_of(&buffer, "A after-cancel").1, Color::Magenta);
    assert_eq!(style_of(&buffer, "LEAKS 19").0, Color::Red);
}

#[test]
fn the_ascii_theme_has_ascii_only() {
    let buffer = drawn(Look::Ascii, (120, 40));
    assert!(words(&buffer).is_ascii(), "{}", words(&buffer));
    assert!(words(&buffer).contains("> S stuck"));
}

/// Where a style begins, on each line: what a snapshot of the words does not show.
fn styles(buffer: &Buffer) -> String {
    let mut lines = Vec::new();
    for y in 0..buffer.area.height {
        let mut before = Default::default();
        for x in 0..buffer.area.width {
            let cell = &buffer[(x, y)];
            let style = (cell.fg, cell.bg, cell.modifier);
            if style != before {
                lines.push(format!("{y:>2}:{x:<3} {:?} on {:?} {:?}", style.0, style.1, style.2));
                before = style;
            }
        }
    }
    lines.join("\n")
}

#[test]
fn the_leaks_in_each_theme_120x40_and_80x24() {
    for look in Look::ALL {
        for (columns, rows) in [(120, 40), (80, 24)] {
            let (model, now) = leaks();
            let theme = Theme::new(look, false);
            let drawn = draw(&model, theme, now, (columns, rows));
            let name = format!("leaks_{}_{columns}x{rows}", look.name());
            insta::assert_snapshot!(name, drawn.backend());
        }
        let name = format!("leaks_{}_styles", look.name());
        insta::assert_snapshot!(name, styles(&drawn(look, (80, 24))));
    }
}

#[test]
fn a_theme_has_one_name_in_any_case() {
    for look in Look::ALL {
        assert_eq!(look.name().to_uppercase().parse(), Ok(look));
    }
    let wrong = "dark".parse::<Look>().expect_err("no theme");
    assert_eq!(wrong, "expected one of terminal, high-contrast, ascii, none");
}

#[test]
fn between_the_keys_on_both_sides_are_at_least_two_blanks() {
    let (mut model, now) = with_leaks();
    for ascii in [false, true] {
        let theme = Theme::new(Look::Terminal, ascii);
        for columns in 60..130 {
            for key in ["1", "2", "3", "4", "5"] {
                press(&mut model, now, key);
                let text = draw(&model, theme, now, (columns, 24)).backend().to_string();
                let footer = text.lines().last().expect("a footer");
                let (before, _) = footer.split_once("? keys").expect("the last keys");
                assert!(before.ends_with("  "), "{columns} columns: {footer}");
            }
        }
    }
}
