//! Numbers, durations and untrusted text, as they are shown everywhere.

use std::{borrow::Cow, fmt::Write, time::Duration};

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

/// The text in exactly `columns`, filled with spaces on the right.
pub(crate) fn pad(text: &str, columns: usize, mark: &str) -> String {
    let mut padded = fit(text, columns, mark).into_owned();
    let missing = columns.saturating_sub(width(&padded));
    padded.extend(std::iter::repeat_n(' ', missing));
    padded
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
    fn a_registry_path_names_the_crate() {
        let path = "/home/u/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/\
                    hyper-util-0.1.21/src/rt/tokio.rs:127:9";
        assert_eq!(place(path), "hyper-util 0.1.21 rt/tokio.rs:127");
        assert_eq!(place("src/http.rs:58:9"), "src/http.rs:58:9");
    }
}
