//! What tokio-console has drawn, read as a person reads it: tables by the headers of their
//! columns, pages by their labels.

use std::collections::HashMap;

/// A row of a table, by the headers of its columns.
pub(super) type Row = HashMap<&'static str, String>;

/// The rows of the table with these headers; none while it is not on the screen.
pub(super) fn table(screen: &str, headers: &[&'static str]) -> Vec<Row> {
    let mut lines = screen.lines().map(|line| line.chars().collect::<Vec<char>>());
    let Some(starts) = lines.find_map(|line| starts(&line, headers)) else { return Vec::new() };
    let row = |line: Vec<char>| {
        let ends = starts.iter().skip(1).copied().chain([usize::MAX]);
        let cells = starts.iter().zip(ends).map(|(start, end)| {
            // Nothing is drawn to the right of the last word.
            let cell: String = line.iter().take(end).skip(*start).collect();
            cell.trim().to_owned()
        });
        headers.iter().copied().zip(cells).collect::<Row>()
    };
    lines.map(row).take_while(|row| row.values().any(|cell| !cell.is_empty())).collect()
}

/// Where each header stands in the line, if all do and in this order.
fn starts(line: &[char], headers: &[&str]) -> Option<Vec<usize>> {
    let mut from = 0;
    let start = |header: &&str| {
        let header: Vec<char> = header.chars().collect();
        let at = line[from..].windows(header.len()).position(|it| it == header)?;
        let start = from + at;
        from = start + header.len();
        Some(start)
    };
    headers.iter().map(start).collect()
}

/// What stands behind this label, up to the next box.
pub(super) fn labelled<'a>(screen: &'a str, label: &str) -> Option<&'a str> {
    let (_, after) = screen.split_once(label)?;
    let line = after.lines().next()?;
    line.split("  ").next().map(str::trim)
}

#[test]
fn a_table_is_read_by_its_headers() {
    let screen = "Things\n   ID Name-   Last\n>>  1 a thing it\n   12\n\nnot  more";
    let rows = table(screen, &["ID", "Name", "Last"]);
    let cells = |name| rows.iter().map(|row| row[name].as_str()).collect::<Vec<_>>();
    assert_eq!((cells("ID"), cells("Name")), (vec!["1", "12"], vec!["a thing", ""]));
    assert_eq!(cells("Last"), ["it", ""]);
    assert!(table(screen, &["ID", "State"]).is_empty());
}

#[test]
fn a_page_is_read_by_its_labels() {
    let page = "Task       Waker\nID: 12 IDLE   Woken: 3 times\nTotal: 1s";
    let label = |label| labelled(page, label);
    assert_eq!((label("ID: "), label("Woken: ")), (Some("12 IDLE"), Some("3 times")));
    assert_eq!((label("Total: "), label("Name: ")), (Some("1s"), None));
}
