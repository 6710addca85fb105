//! Values of settings, and of the filter language.

use std::{net::SocketAddr, time::Duration};

use super::Bind;

/// `1500ms`, `2.5s`, `10m`, `1h`: a number and its unit.
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let unit_at = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at(unit_at);
    let number: f64 = number.parse().ok()?;
    let seconds = match unit {
        "ns" => 1e-9,
        "us" | "µs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        _ => return None,
    };
    Duration::try_from_secs_f64(number * seconds).ok()
}

/// As tokio-console's variables have it: `90s`, `1h 30min`, `2days`; the parts add up.
pub(super) fn human_duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut whole = Duration::ZERO;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let number_ends = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(number_ends);
        let after = after.trim_start();
        let unit_ends = after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_ends);
        let unit = match unit {
            "nsec" | "nanos" => "ns",
            "usec" | "micros" => "us",
            "msec" | "millis" => "ms",
            "sec" | "secs" | "second" | "seconds" => "s",
            "min" | "mins" | "minute" | "minutes" => "m",
            "hr" | "hrs" | "hour" | "hours" => "h",
            "day" | "days" => "d",
            unit => unit,
        };
        whole = whole.checked_add(parse_duration(&format!("{number}{unit}"))?)?;
        rest = after.trim_start();
    }
    Some(whole)
}

pub(super) fn bind(text: &str) -> Result<Bind, &'static str> {
    const EXPECTED: &str = "an address such as 127.0.0.1:6669, or unix:/path";
    if let Some(path) = text.strip_prefix("unix:") {
        return if path.is_empty() { Err(EXPECTED) } else { Ok(Bind::Unix(path.into())) };
    }
    let numeric = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_owned(),
    };
    numeric.parse::<SocketAddr>().map(Bind::Tcp).or(Err(EXPECTED))
}

/// `64MiB`, `512KiB`, `1048576`: a number of bytes, in binary units.
pub(super) fn bytes(text: &str) -> Option<usize> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let factor: usize = match unit.trim() {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.parse::<usize>().ok()?.checked_mul(factor)
}

pub(super) fn switch(text: &str) -> Option<bool> {
    match text {
        "1" | "true" | "on" => Some(true),
        "0" | "false" | "off" | "" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_a_number_and_a_binary_unit() {
        for (text, expected) in [
            ("64MiB", Some(64 << 20)),
            ("512 KiB", Some(512 << 10)),
            ("1048576", Some(1 << 20)),
            ("1MB", None),
            ("MiB", None),
            ("1.5MiB", None),
            ("-1", None),
            ("99999999999GiB", None),
        ] {
            assert_eq!(bytes(text), expected, "{text:?}");
        }
    }

    #[test]
    fn durations_as_people_write_them_add_up() {
        for (text, expected) in [
            ("90s", Some(90)),
            ("1h 30min", Some(5400)),
            ("1h30m", Some(5400)),
            ("2 days", Some(172_800)),
            ("", None),
            ("1h 30", None),
            ("soon", None),
            ("3 fortnights", None),
        ] {
            assert_eq!(human_duration(text), expected.map(Duration::from_secs), "{text:?}");
        }
    }

    #[test]
    fn a_duration_is_a_number_and_a_unit() {
        for (text, expected) in [
            ("500ms", Some(Duration::from_millis(500))),
            ("1.5s", Some(Duration::from_millis(1500))),
            ("2m", Some(Duration::from_secs(120))),
            ("1h", Some(Duration::from_secs(3600))),
            ("12us", Some(Duration::from_micros(12))),
            ("5", None),
            ("s", None),
            ("-1s", None),
            ("1.2.3s", None),
            ("5 parsecs", None),
            ("", None),
        ] {
            assert_eq!(parse_duration(text), expected, "{text:?}");
        }
    }
}
