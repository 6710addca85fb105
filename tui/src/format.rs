//! Numbers, durations and untrusted text, as they are shown everywhere.

use std::{borrow::Cow, fmt::Write, time::Duration};

use holdover_proto::v1;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

const NANOS_A_SECOND: u64 = 1_000_000_000;

/// `87 µs`, `2.1 ms`, `1.2 s`, `31 s`, `4m12s`, `3h12m`, `2d4h`: short, and never
/// longer than six columns.
pub(crate) fn span(nanos: u64) -> String {
    let seconds = nanos / NANOS_A_SECOND;
    match nanos {
        0..1_000 => format!("{nanos}ns"),
        1_000..1_000_000 => format!("{}us", nanos / 1_000),
        1_000_000..10_000_000 => format!("{:.1}ms", nanos as f64 / 1e6),
        10_000_000..1_000_000_000 => format!("{}ms", nanos / 1_000_000),
        _ if seconds < 10 => format!("{}.{}s", seconds, nanos % NANOS_A_SECOND / 100_000_000),
        _ if seconds < 60 => format!("{seconds}s"),
        _ if seconds < 3_600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ if seconds < 86_400 => format!("{}h{:02}m", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{}d{:02}h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

/// `10 412`: thousands are set apart.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}

/// The same where there is little room: `1500`, `15k`, `2M`. Not more than there are.
pub(crate) fn count_short(number: u64) -> String {
    match number {
        0..10_000 => number.to_string(),
        10_000..1_000_000 => format!("{}k", number / 1_000),
        _ => format!("{}M", number / 1_000_000),
    }
}

/// `0.4`, `42`, `1.9k`, `3.1M`: of a second.
pub(crate) fn rate(a_second: f64) -> String {
    match a_second {
        _ if a_second <= 0.0 => "0".to_owned(),
        ..10.0 => format!("{a_second:.1}"),
        ..1e3 => format!("{a_second:.0}"),
        ..1e6 => format!("{:.1}k", a_second / 1e3),
        _ => format!("{:.1}M", a_second / 1e6),
    }
}

pub(crate) fn duration_nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Text from the target, harmless: control characters, escape sequences and what
/// changes the direction of text are shown escaped.
pub(crate) fn safe(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '\n' => safe.push_str("\\n"),
            '\r' => safe.push_str("\\r"),
            '\t' => safe.push_str("\\t"),
            '\u{1b}' => safe.push_str("\\e"),
            _ if is_harmful(character) => {
                let _ = write!(safe, "\\u{{{:x}}}", u32::from(character));
            }
            _ => safe.push(character),
        }
    }
    Cow::Owned(safe)
}

fn is_harmful(character: char) -> bool {
    // Of the invisible ones, those that move, reorder or hide what stands around them.
    character.is_control()
        || matches!(character,
            '\u{061c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

/// How many columns the text takes.
pub(crate) fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// The text in at most `columns`, cut at the end between graphemes, with `mark` where
/// something is missing.
pub(crate) fn fit<'a>(text: &'a str, columns: usize, mark: &str) -> Cow<'a, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let Some(room) = columns.checked_sub(width(mark)) else { return Cow::Borrowed("") };
    let mut kept = String::new();
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        let columns = width(grapheme);
        if used + columns > room {
            break;
        }
        used += columns;
        kept.push_str(grapheme);
    }
    kept.push_str(mark);
    Cow::Owned(kept)
}

/// The text in at most `columns`, cut in the middle: `connection pg…31 waiting)`.
pub(crate) fn fit_middle<'a>(text: &'a str, columns: usize, mark: &str) -> Cow<'a, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let Some(room) = columns.checked_sub(width(mark)).filter(|room| *room > 0) else {
        return fit(text, columns, mark);
    };
    let head = fit(text, room.div_ceil(2), "");
    let room = room - width(&head);
    let mut tail = text.len();
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true).rev() {
        used += width(grapheme);
        if used > room {
            break;
        }
        tail = at;
    }
    Cow::Owned(format!("{head}{mark}{}", &text[tail..]))
}

/// A place in at most `columns`: its end tells it from another, so `src/task.rs:29`
/// becomes `…k.rs:29`. A word before it stays, so `abort task.rs:29` becomes
/// `abort …k.rs:29`.
pub(crate) fn fit_place<'a>(text: &'a str, columns: usize, mark: &str) -> Cow<'a, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let word = text.find(' ').map_or(0, |at| at + 1);
    let is_place = text[..word].contains(['/', ':']);
    let (head, rest) = text.split_at(if is_place { 0 } else { word });
    let Some(room) = columns.checked_sub(width(head) + width(mark)) else {
        return fit(text, columns, mark);
    };
    let mut tail = rest.len();
    let mut used = 0;
    for (at, grapheme) in rest.grapheme_indices(true).rev() {
        used += width(grapheme);
        if used > room {
            break;
        }
        tail = at;
    }
    Cow::Owned(format!("{head}{mark}{}", &rest[tail..]))
}

/// The text in lines of at most `columns`, broken between words; a word that is longer
/// is broken where a line ends.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && width(&line) + 1 + width(word) > columns {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        for grapheme in word.graphemes(true) {
            if !line.is_empty() && width(&line) + width(grapheme) > columns {
                lines.push(std::mem::take(&mut line));
            }
            line.push_str(grapheme);
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// The text in exactly `columns`, filled with spaces on the right.
pub(crate) fn pad(text: &str, columns: usize, mark: &str) -> String {
    let mut padded = fit(text, columns, mark).into_owned();
    let missing = columns.saturating_sub(width(&padded));
    padded.extend(std::iter::repeat_n(' ', missing));
    padded
}

/// `312 B`, `64 KiB`, `1.5 MiB`: in binary units, with a decimal where it says something.
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut size = bytes as f64 / 1024.0;
    let mut unit = 0;
    while size >= 1024.0 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    let tenths = format!("{size:.1}");
    let shown = if size >= 10.0 { format!("{size:.0}") } else { tenths.replace(".0", "") };
    format!("{shown} {}", UNITS[unit])
}

/// Of a target that speaks tokio-console's protocol, where none is reported.
pub(crate) fn of_wakers(tasks: u64, blind: &[v1::Blindness]) -> String {
    let tasks = count(tasks);
    let unseen = |it: &v1::Blindness| ["dropped-events", "no-wakers"].contains(&it.cause.as_str());
    if blind.iter().any(unseen) {
        format!("Whether one of {tasks} tasks has lost its wakers cannot be told.")
    } else {
        format!("Of {tasks} tasks none is known to have lost its wakers.")
    }
}

/// Of a target that speaks tokio-console's protocol.
pub(crate) const NO_CANCELS: &str = "Which of them were cancelled, and what they left behind, is not told: this service \
                                     speaks tokio-console's protocol.";

/// Where there is no leak, and memory is kept all the same.
pub(crate) fn kept_by_wakers(kept: u64) -> String {
    format!("{} of cancelled tasks stay allocated: wakers of them are still stored.", bytes(kept))
}

/// `2 leaks and 1 warning`: what is orphaned or overdue is counted beside the leaks.
pub(crate) fn leaks_and_warnings(leaks: u64, warnings: u64) -> String {
    let leaks = counted(leaks, "leak");
    match warnings {
        0 => leaks,
        some => format!("{leaks} and {}", counted(some, "warning")),
    }
}

/// What there is of both, when there is something.
pub(crate) fn leaks_or_warnings(leaks: u64, warnings: u64) -> String {
    if leaks == 0 { counted(warnings, "warning") } else { leaks_and_warnings(leaks, warnings) }
}

/// A number of things: `1 poll`, `10 412 polls`.
pub(crate) fn counted(number: u64, thing: &str) -> String {
    format!("{} {thing}{}", count(number), if number == 1 { "" } else { "s" })
}

/// A source place, short: `src/http.rs:58:9`; in a registry
/// `hyper-util 0.1.21 rt/tokio.rs:127`.
pub(crate) fn place(location: &str) -> String {
    let Some((_, inside)) = location.split_once("/registry/src/") else {
        return location.to_owned();
    };
    let mut parts = inside.splitn(3, '/');
    let (_, package, path) = (parts.next(), parts.next(), parts.next());
    let (Some(package), Some(path)) = (package, path) else { return location.to_owned() };
    let (name, version) = package
        .match_indices('-')
        .find(|(at, _)| package[at + 1..].starts_with(|c: char| c.is_ascii_digit()))
        .map_or((package, ""), |(at, _)| (&package[..at], &package[at + 1..]));
    let path = path.strip_prefix("src/").unwrap_or(path);
    let line_only = path.rsplit_once(':').map_or(path, |(before, _)| before);
    format!("{name} {version} {line_only}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_for_which_there_is_no_room_is_not_cut() {
        for (number, expected) in
            [(999, "999"), (9_999, "9999"), (10_000, "10k"), (999_999, "999k"), (2_700_000, "2M")]
        {
            assert_eq!(count_short(number), expected);
        }
    }

    #[test]
    fn spans_are_short() {
        for (nanos, expected) in [
            (999, "999ns"),
            (87_000, "87us"),
            (2_100_000, "2.1ms"),
            (410_000_000, "410ms"),
            (1_240_000_000, "1.2s"),
            (31_900_000_000, "31s"),
            (252_000_000_000, "4m12s"),
            (11_520_000_000_000, "3h12m"),
            (187_200_000_000_000, "2d04h"),
        ] {
            assert_eq!(span(nanos), expected);
            assert!(expected.len() <= 6);
        }
    }

    #[test]
    fn rates_are_short() {
        for (number, expected) in
            [(0.0, "0"), (0.44, "0.4"), (42.3, "42"), (1_900.0, "1.9k"), (3.1e6, "3.1M")]
        {
            assert_eq!(rate(number), expected);
        }
    }

    #[test]
    fn bytes_have_a_binary_unit() {
        for (number, expected) in [
            (0, "0 B"),
            (1_023, "1023 B"),
            (1_024, "1 KiB"),
            (1_536, "1.5 KiB"),
            (65_536, "64 KiB"),
            (10 << 20, "10 MiB"),
            (u64::MAX, "16384 PiB"),
        ] {
            assert_eq!(bytes(number), expected);
        }
    }

    #[test]
    fn thousands_are_set_apart() {
        for (number, expected) in
            [(0, "0"), (999, "999"), (1_000, "1 000"), (10_412, "10 412"), (1_234_567, "1 234 567")]
        {
            assert_eq!(count(number), expected);
        }
    }

    #[test]
    fn untrusted_text_cannot_move_the_cursor_or_turn_the_line_around() {
        assert_eq!(safe("worker 7"), "worker 7");
        assert_eq!(safe("a\u{1b}[2Jb\r\n"), "a\\e[2Jb\\r\\n");
        assert_eq!(safe("x\u{202e}gpj.exe"), "x\\u{202e}gpj.exe");
        assert_eq!(safe("\u{9b}31m\u{200b}"), "\\u{9b}31m\\u{200b}");
        assert_eq!(safe("订单处理 👩‍👩‍👧"), "订单处理 👩‍👩‍👧");
    }

    #[test]
    fn text_is_cut_by_grapheme_and_padded_by_column() {
        assert_eq!(fit("order_service", 8, "…"), "order_s…");
        assert_eq!(pad("订单处理", 7, "…"), "订单处…");
        assert_eq!(pad("订单处理", 6, "…"), "订单… ");
        assert_eq!(pad("ok", 5, "…"), "ok   ");
        assert_eq!(fit("anything", 0, "…"), "");
    }

    #[test]
    fn of_what_is_cut_in_the_middle_both_ends_are_kept() {
        assert_eq!(fit_middle("connection pg, fd 14", 12, "…"), "connec…fd 14");
        assert_eq!(fit_middle("订单处理订单处理", 8, "…"), "订单…理");
        assert_eq!(fit_middle("short", 5, "…"), "short");
        for columns in 0..4 {
            assert!(width(&fit_middle("connection", columns, "…")) <= columns);
        }
    }

    #[test]
    fn of_a_place_the_end_is_kept() {
        assert_eq!(fit_place("abort risky_task.rs:29", 18, "…"), "abort …_task.rs:29");
        assert_eq!(fit_place("examples/src/risky_task.rs:29:14", 20, "…"), "…risky_task.rs:29:14");
        assert_eq!(fit_place("src/background.rs:29 #7", 10, "…"), "….rs:29 #7");
        assert_eq!(fit_place("abort main.rs:30", 18, "…"), "abort main.rs:30");
        assert_eq!(fit_place("set-dropped main.rs:30", 8, "…"), "set-dro…");
    }

    #[test]
    fn lines_are_broken_between_words() {
        assert_eq!(wrap("keeps what its closure owns", 12), ["keeps what", "its closure", "owns"]);
        assert_eq!(wrap("src/main.rs:30:10 x", 8), ["src/main", ".rs:30:1", "0 x"]);
        assert_eq!(wrap("订单处理", 4), ["订单", "处理"]);
        assert!(wrap(" ", 4).is_empty());
    }

    #[test]
    fn one_is_not_many() {
        assert_eq!((counted(1, "poll"), counted(2, "poll")), ("1 poll".into(), "2 polls".into()));
    }

    #[test]
    fn a_registry_path_names_the_crate() {
        let path = "/home/u/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/\
                    hyper-util-0.1.21/src/rt/tokio.rs:127:9";
        assert_eq!(place(path), "hyper-util 0.1.21 rt/tokio.rs:127");
        assert_eq!(place("src/http.rs:58:9"), "src/http.rs:58:9");
    }
}
