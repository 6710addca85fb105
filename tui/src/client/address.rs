//! Where a target listens, and how one on this machine is found.

use std::{fmt, fs, path::PathBuf, str::FromStr};

const DEFAULT: &str = "127.0.0.1:6669";

/// `host:port`, or `unix:/path`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address(String);

/// Not an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BadAddress(String);

impl fmt::Display for BadAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no address: expected host:port, a port, or unix:/path", self.0)
    }
}

impl std::error::Error for BadAddress {}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Default for Address {
    fn default() -> Self {
        Self(DEFAULT.to_owned())
    }
}

impl FromStr for Address {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        let bad = || BadAddress(text.to_owned());
        if let Some(path) = text.strip_prefix("unix:") {
            return if path.is_empty() { Err(bad()) } else { Ok(Self(text.to_owned())) };
        }
        let plain = text.strip_prefix("http://").unwrap_or(text).trim_end_matches('/');
        if let Ok(port) = plain.parse::<u16>() {
            return Ok(Self(format!("127.0.0.1:{port}")));
        }
        let (host, port) = plain.rsplit_once(':').ok_or_else(bad)?;
        let bracketed = host.starts_with('[') && host.ends_with(']');
        let one_host = bracketed || !host.contains(':');
        let plain_host = !host.is_empty()
            && !host.contains(|c: char| c.is_whitespace() || matches!(c, '/' | '@' | '?' | '#'));
        if port.parse::<u16>().is_err() || !one_host || !plain_host {
            return Err(bad());
        }
        Ok(Self(plain.to_owned()))
    }
}

/// Whom the console is attached to: at least one, and each once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Addresses {
    pub(crate) first: Address,
    pub(crate) others: Vec<Address>,
}

impl Addresses {
    pub(crate) fn one(first: Address) -> Self {
        Self { first, others: Vec::new() }
    }

    /// `None` of nothing. What is named twice is meant once.
    pub(crate) fn of(named: impl IntoIterator<Item = Address>) -> Option<Self> {
        let mut named = named.into_iter();
        let mut all = Self::one(named.next()?);
        for address in named {
            if address != all.first && !all.others.contains(&address) {
                all.others.push(address);
            }
        }
        Some(all)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = Address> {
        std::iter::once(&self.first).chain(&self.others).cloned()
    }
}

impl Address {
    pub(super) fn uri(&self) -> String {
        if self.0.starts_with("unix:") { self.0.clone() } else { format!("http://{}", self.0) }
    }
}

/// A service on this machine that left a file in `$XDG_RUNTIME_DIR/holdover`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Discovered {
    pub(crate) pid: u32,
    pub(crate) service: String,
    pub(crate) address: Address,
}

/// The services that say where they listen; files of processes that are gone are
/// passed over.
pub(crate) fn discovered() -> Vec<Discovered> {
    let Some(runtime) = std::env::var_os("XDG_RUNTIME_DIR") else { return Vec::new() };
    let Ok(files) = fs::read_dir(PathBuf::from(runtime).join("holdover")) else {
        return Vec::new();
    };
    let texts = files.flatten().filter_map(|file| fs::read_to_string(file.path()).ok());
    let mut found: Vec<Discovered> =
        texts.filter_map(|text| parse(&text)).filter(|it| is_alive(it.pid)).collect();
    found.sort_by_key(|it| it.pid);
    found
}

fn parse(text: &str) -> Option<Discovered> {
    let field =
        |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    Some(Discovered {
        pid: field("pid")?.parse().ok()?,
        service: field("service")?.to_owned(),
        address: field("address")?.parse().ok()?,
    })
}

#[cfg(target_os = "linux")]
fn is_alive(pid: u32) -> bool {
    PathBuf::from(format!("/proc/{pid}")).exists()
}

#[cfg(not(target_os = "linux"))]
fn is_alive(_: u32) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_in_every_form_that_a_hand_types() {
        for (text, expected) in [
            ("127.0.0.1:6669", "127.0.0.1:6669"),
            ("6669", "127.0.0.1:6669"),
            ("orders.internal:7000", "orders.internal:7000"),
            ("http://localhost:6669/", "localhost:6669"),
            ("[::1]:6669", "[::1]:6669"),
            ("unix:/run/orders.sock", "unix:/run/orders.sock"),
        ] {
            assert_eq!(text.parse::<Address>().expect(text).to_string(), expected);
        }
    }

    #[test]
    fn what_is_named_twice_is_attached_to_once() {
        let named = ["6669", "127.0.0.1:6670", "http://127.0.0.1:6669/", "6670", "unix:/a"];
        let named = named.map(|text| text.parse::<Address>().expect(text));
        let all = Addresses::of(named).expect("some");
        let all: Vec<String> = all.all().map(|it| it.to_string()).collect();
        assert_eq!(all, ["127.0.0.1:6669", "127.0.0.1:6670", "unix:/a"]);
        assert_eq!(Addresses::of([]), None);
    }

    #[test]
    fn what_is_no_address_says_what_was_expected() {
        for text in ["", "host", "host:", "host:notaport", ":6669", "::1:6669", "unix:", "a b:1"] {
            let error = text.parse::<Address>().expect_err(text).to_string();
            assert!(error.ends_with("expected host:port, a port, or unix:/path"), "{error}");
        }
        assert!("host:99999".parse::<Address>().is_err());
    }

    #[test]
    fn a_file_of_a_service_is_read() {
        let found = parse("pid 7\nservice orders\naddress 127.0.0.1:6669\n").expect("a service");
        assert_eq!((found.pid, found.service.as_str()), (7, "orders"));
        assert_eq!(parse("pid x\nservice orders\naddress 127.0.0.1:6669\n"), None);
        assert_eq!(parse(""), None);
    }
}
