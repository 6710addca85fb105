//! What can be set: by a variable of the environment or by a method of the builder.
//! A bad value is an error that names the variable, the value and what was expected.

mod parse;

use std::{fmt, net::SocketAddr, path::PathBuf, time::Duration};

pub(crate) use self::parse::parse_duration;
use crate::recorder::Level;

/// Where the console listens unless told otherwise: as tokio-console does.
const DEFAULT_PORT: u16 = 6669;

/// Everything that can be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) enabled: bool,
    pub(crate) bind: Bind,
    pub(crate) insecure: bool,
    pub(crate) access: Access,
    pub(crate) grace: Duration,
    pub(crate) orphan_grace: Duration,
    /// How long anything may be held; `None` for ever.
    pub(crate) overdue: Option<Duration>,
    pub(crate) retention: Duration,
    pub(crate) max_ended: usize,
    /// How often tokio-console is told what has changed.
    pub(crate) publish_interval: Duration,
    pub(crate) max_leaks: usize,
    /// Wakers that outlive their cancelled task are left behind.
    pub(crate) wakers: bool,
    /// In bytes, of the history and the rows.
    pub(crate) memory: usize,
    pub(crate) level: Level,
    pub(crate) service: String,
    pub(crate) log: Log,
    pub(crate) own: Vec<String>,
    /// Files of rules: what is not to be reported.
    pub(crate) ignore: Vec<PathBuf>,
}

/// What a console may do with the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    /// Also act on it, where the socket is the user's own.
    Control,
}

impl Access {
    pub(crate) fn with_control(allowed: bool) -> Self {
        if allowed { Self::Control } else { Self::Read }
    }
}

/// Where the console listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Bind {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

impl fmt::Display for Bind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// Which leaks are written to the service's log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Log {
    /// None.
    Off,
    /// The first of each site, and when it cleared.
    #[default]
    New,
    /// Every one.
    All,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            enabled: true,
            bind: Bind::Tcp(SocketAddr::from(([127, 0, 0, 1], DEFAULT_PORT))),
            insecure: false,
            access: Access::Read,
            grace: Duration::from_secs(1),
            orphan_grace: Duration::from_secs(30),
            overdue: None,
            retention: Duration::from_secs(10),
            max_ended: 10_000,
            publish_interval: Duration::from_secs(1),
            max_leaks: 10_000,
            wakers: false,
            memory: 64 << 20,
            level: Level::All,
            service: executable(),
            log: Log::New,
            own: Vec::new(),
            ignore: Vec::new(),
        }
    }
}

fn executable() -> String {
    let path = std::env::current_exe().unwrap_or_default();
    path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

impl Settings {
    /// Takes what the environment says over what is here. `read` gives a variable's
    /// value.
    pub(crate) fn read_from(
        &mut self,
        read: impl Fn(&str) -> Option<String>,
    ) -> Result<(), BadSetting> {
        for (variable, set) in VARIABLES {
            if let Some(value) = read(variable) {
                let value = value.trim();
                set(self, value).map_err(|expected| BadSetting {
                    variable,
                    value: value.to_owned(),
                    expected,
                })?;
            }
        }
        Ok(())
    }

    /// Whether whoever connects may act on the service; else why not, and what to set.
    pub(crate) fn may_control(&self) -> Result<(), &'static str> {
        match (self.access, &self.bind) {
            (Access::Control, Bind::Unix(_)) => Ok(()),
            (Access::Control, Bind::Tcp(_)) => Err(
                "HOLDOVER_CONTROL=1 has no effect over TCP, where every user of the machine could \
                 use it: it needs a Unix socket, HOLDOVER_BIND=unix:/path",
            ),
            (Access::Read, _) => {
                Err("the service is read-only: start it with HOLDOVER_CONTROL=1 and \
                 HOLDOVER_BIND=unix:/path to act on it from here")
            }
        }
    }

    /// Variables of the environment that are none of Holdover's, and which of those each is
    /// spelt almost like.
    pub(crate) fn misspelt_here() -> Vec<(String, &'static str)> {
        Self::misspelt(std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()))
    }

    /// What is called otherwise may be anybody's.
    fn misspelt(names: impl Iterator<Item = String>) -> Vec<(String, &'static str)> {
        let known = || VARIABLES.iter().map(|(name, _)| *name).chain(CONSOLES_OWN);
        let ours = names.filter(|name| name.starts_with(PREFIX));
        let unknown = ours.filter(|name| known().all(|it| it != name));
        let misspelt = unknown.filter_map(|name| {
            let rest = name.strip_prefix(PREFIX)?;
            let is_meant =
                |it: &&str| it.strip_prefix(PREFIX).is_some_and(|it| is_almost(rest, it));
            let meant = known().find(is_meant)?;
            Some((name, meant))
        });
        misspelt.collect()
    }

    pub(crate) fn read_environment(&mut self) -> Result<(), BadSetting> {
        self.read_from(|name| std::env::var_os(name).map(|it| it.to_string_lossy().into_owned()))
    }

    /// A loopback address, a Unix socket, or on purpose.
    pub(crate) fn check_address(&self) -> Result<(), BadSetting> {
        match &self.bind {
            Bind::Tcp(address) if !address.ip().is_loopback() && !self.insecure => {
                Err(BadSetting {
                    variable: "HOLDOVER_BIND",
                    value: address.to_string(),
                    expected: "a loopback address or unix:/path: anybody who reaches another \
                               address can read this service's tasks; HOLDOVER_INSECURE=1 allows it",
                })
            }
            _ => Ok(()),
        }
    }
}

/// A setting that is not one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BadSetting {
    pub(crate) variable: &'static str,
    pub(crate) value: String,
    pub(crate) expected: &'static str,
}

impl fmt::Display for BadSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {:?}: expected {}", self.variable, self.value, self.expected)
    }
}

type Set = fn(&mut Settings, &str) -> Result<(), &'static str>;

const A_DURATION: &str = "a duration such as 500ms, 1s or 2m";
const A_HUMAN_DURATION: &str = "a duration such as 500ms, 10s or 1h 30m";
const A_DURATION_OR_OFF: &str = "a duration such as 500ms, 1s or 2m, or off";
const A_COUNT: &str = "a whole number";
const A_SIZE: &str = "a number of bytes such as 64MiB, 512KiB or 1048576";
const A_SWITCH: &str = "1 or 0";
const ON_OR_OFF: &str = "on or off";
pub(crate) const A_LEVEL: &str = "off, tasks or all";

/// How Holdover's own variables begin.
const PREFIX: &str = "HOLDOVER_";

/// A letter too many, one too few or another, once; twice in what is longer.
fn is_almost(name: &str, meant: &str) -> bool {
    let most = if meant.len() > 4 { 2 } else { 1 };
    name.len().abs_diff(meant.len()) <= most && distance(name.as_bytes(), meant.as_bytes()) <= most
}

/// So many letters have to be changed (Levenshtein).
fn distance(one: &[u8], other: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], at + 1);
        for (place, wanted) in (1..).zip(other) {
            let changed = diagonal + usize::from(letter != wanted);
            diagonal = row[place];
            row[place] = changed.min(diagonal + 1).min(row[place - 1] + 1);
        }
    }
    row[other.len()]
}

/// Variables that the console reads, and no service.
const CONSOLES_OWN: [&str; 2] = ["HOLDOVER_CONFIG", "HOLDOVER_MAX_MESSAGE"];

/// Every variable, and how it is read: those of tokio-console first, so that ours win.
const VARIABLES: [(&str, Set); 20] = [
    ("TOKIO_CONSOLE_BIND", |settings, value| {
        settings.bind = parse::bind(value)?;
        Ok(())
    }),
    ("TOKIO_CONSOLE_RETENTION", |settings, value| {
        settings.retention = parse::human_duration(value).ok_or(A_HUMAN_DURATION)?;
        Ok(())
    }),
    ("TOKIO_CONSOLE_PUBLISH_INTERVAL", |settings, value| {
        let interval = parse::human_duration(value).filter(|it| !it.is_zero());
        settings.publish_interval = interval.ok_or(A_HUMAN_DURATION)?;
        Ok(())
    }),
    ("HOLDOVER", |settings, value| {
        settings.enabled = match value {
            "off" | "0" => false,
            "on" | "1" | "" => true,
            _ => return Err("off or on"),
        };
        Ok(())
    }),
    ("HOLDOVER_BIND", |settings, value| {
        settings.bind = parse::bind(value)?;
        Ok(())
    }),
    ("HOLDOVER_INSECURE", |settings, value| {
        settings.insecure = parse::switch(value).ok_or(A_SWITCH)?;
        Ok(())
    }),
    ("HOLDOVER_CONTROL", |settings, value| {
        settings.access = Access::with_control(parse::switch(value).ok_or(A_SWITCH)?);
        Ok(())
    }),
    ("HOLDOVER_GRACE", |settings, value| {
        settings.grace = parse_duration(value).ok_or(A_DURATION)?;
        Ok(())
    }),
    ("HOLDOVER_ORPHAN_GRACE", |settings, value| {
        settings.orphan_grace = parse_duration(value).ok_or(A_DURATION)?;
        Ok(())
    }),
    ("HOLDOVER_OVERDUE", |settings, value| {
        settings.overdue = match value {
            "off" => None,
            _ => Some(parse_duration(value).ok_or(A_DURATION_OR_OFF)?),
        };
        Ok(())
    }),
    ("HOLDOVER_RETENTION", |settings, value| {
        settings.retention = parse_duration(value).ok_or(A_DURATION)?;
        Ok(())
    }),
    ("HOLDOVER_MAX_ENDED", |settings, value| {
        settings.max_ended = value.parse().or(Err(A_COUNT))?;
        Ok(())
    }),
    ("HOLDOVER_MAX_LEAKS", |settings, value| {
        settings.max_leaks = value.parse().or(Err(A_COUNT))?;
        Ok(())
    }),
    ("HOLDOVER_WAKERS", |settings, value| {
        settings.wakers = parse::switch(value).ok_or(ON_OR_OFF)?;
        Ok(())
    }),
    ("HOLDOVER_MEMORY", |settings, value| {
        settings.memory = parse::bytes(value).ok_or(A_SIZE)?;
        Ok(())
    }),
    ("HOLDOVER_LEVEL", |settings, value| {
        settings.level = Level::named(value).ok_or(A_LEVEL)?;
        Ok(())
    }),
    ("HOLDOVER_SERVICE", |settings, value| {
        value.clone_into(&mut settings.service);
        Ok(())
    }),
    ("HOLDOVER_LOG", |settings, value| {
        settings.log = match value {
            "off" => Log::Off,
            "new" => Log::New,
            "all" => Log::All,
            _ => return Err("off, new or all"),
        };
        Ok(())
    }),
    ("HOLDOVER_OWN", |settings, value| {
        let prefixes = value.split(',').map(str::trim).filter(|prefix| !prefix.is_empty());
        settings.own = prefixes.map(str::to_owned).collect();
        Ok(())
    }),
    // What is wrong in them is said when they are read, and the rest is in force.
    ("HOLDOVER_IGNORE", |settings, value| {
        let paths = std::env::split_paths(value).filter(|path| !path.as_os_str().is_empty());
        settings.ignore = paths.collect();
        Ok(())
    }),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variable: &'static str, value: &str) -> Result<Settings, String> {
        let mut settings = Settings::default();
        let only = |name: &str| (name == variable).then(|| value.to_owned());
        settings.read_from(only).map_err(|bad| bad.to_string())?;
        Ok(settings)
    }

    #[test]
    fn good_values_are_taken() {
        assert!(!read("HOLDOVER", "off").expect("off").enabled);
        let grace = |value| read("HOLDOVER_GRACE", value).expect(value).grace;
        assert_eq!(grace("50ms"), Duration::from_millis(50));
        assert_eq!(grace(" 2m "), Duration::from_secs(120));
        let bind = |value| read("HOLDOVER_BIND", value).expect(value).bind.to_string();
        assert_eq!(bind("127.0.0.1:0"), "127.0.0.1:0");
        assert_eq!(bind("localhost:7000"), "127.0.0.1:7000");
        assert_eq!(bind("[::1]:7000"), "[::1]:7000");
        assert_eq!(bind("unix:/run/a.sock"), "unix:/run/a.sock");
        let overdue = |value| read("HOLDOVER_OVERDUE", value).expect(value).overdue;
        assert_eq!((overdue("off"), overdue("2m")), (None, Some(Duration::from_secs(120))));
        #[cfg(unix)]
        {
            let ignore = |value| read("HOLDOVER_IGNORE", value).expect(value).ignore;
            assert_eq!(ignore("a.txt:/b c/d.txt:"), [PathBuf::from("a.txt"), "/b c/d.txt".into()]);
            assert!(ignore("").is_empty());
        }
        let wakers = |value| read("HOLDOVER_WAKERS", value).expect(value).wakers;
        assert_eq!((wakers("on"), wakers("off")), (true, false));
        assert_eq!(read("HOLDOVER_OWN", "src/, ../mine").expect("two").own, ["src/", "../mine"]);
    }

    #[test]
    fn a_variable_that_is_spelt_almost_like_one_is_named_with_it() {
        let misspelt = |name: &str| {
            let misspelt = Settings::misspelt(std::iter::once(name.to_owned()));
            misspelt.first().map(|(_, meant)| *meant)
        };
        assert_eq!(misspelt("HOLDOVER_GRCE"), Some("HOLDOVER_GRACE"));
        assert_eq!(misspelt("HOLDOVER_BINDS"), Some("HOLDOVER_BIND"));
        assert_eq!(misspelt("HOLDOVER_MAXLEAK"), Some("HOLDOVER_MAX_LEAKS"));
        assert_eq!(misspelt("HOLDOVER_OVERDEU"), Some("HOLDOVER_OVERDUE"));
        for name in ["HOLDOVER", "HOLDOVER_BIND", "HOLDOVER_CONFIG", "HOLDOVER_RELEASE", "GRACE"] {
            assert_eq!(misspelt(name), None, "{name}");
        }
    }

    #[test]
    fn a_bad_value_names_variable_value_and_what_was_expected() {
        for (variable, value, message) in [
            (
                "HOLDOVER_GRACE",
                "soon",
                "HOLDOVER_GRACE is \"soon\": expected a duration such as 500ms, 1s or 2m",
            ),
            (
                "HOLDOVER_BIND",
                "6669",
                "HOLDOVER_BIND is \"6669\": expected an address such as 127.0.0.1:6669, or \
                 unix:/path",
            ),
            (
                "HOLDOVER_OVERDUE",
                "never",
                "HOLDOVER_OVERDUE is \"never\": expected a duration such as 500ms, 1s or 2m, or off",
            ),
            ("HOLDOVER_LEVEL", "some", "HOLDOVER_LEVEL is \"some\": expected off, tasks or all"),
            ("HOLDOVER_MAX_ENDED", "-1", "HOLDOVER_MAX_ENDED is \"-1\": expected a whole number"),
            (
                "HOLDOVER_MEMORY",
                "64MB",
                "HOLDOVER_MEMORY is \"64MB\": expected a number of bytes such as 64MiB, 512KiB or \
                 1048576",
            ),
            (
                "TOKIO_CONSOLE_RETENTION",
                "1h 30",
                "TOKIO_CONSOLE_RETENTION is \"1h 30\": expected a duration such as 500ms, 10s or \
                 1h 30m",
            ),
            (
                "TOKIO_CONSOLE_PUBLISH_INTERVAL",
                "0s",
                "TOKIO_CONSOLE_PUBLISH_INTERVAL is \"0s\": expected a duration such as 500ms, 10s \
                 or 1h 30m",
            ),
            (
                "TOKIO_CONSOLE_BIND",
                "here",
                "TOKIO_CONSOLE_BIND is \"here\": expected an address such as 127.0.0.1:6669, or \
                 unix:/path",
            ),
            ("HOLDOVER_WAKERS", "some", "HOLDOVER_WAKERS is \"some\": expected on or off"),
            ("HOLDOVER", "maybe", "HOLDOVER is \"maybe\": expected off or on"),
        ] {
            assert_eq!(read(variable, value).expect_err(variable), message);
        }
    }

    #[test]
    fn control_is_for_a_unix_socket_and_asked_for() {
        let of = |control: &str, bind: &str| {
            let mut settings = read_two(("HOLDOVER_CONTROL", control), ("HOLDOVER_BIND", bind));
            settings.insecure = true;
            settings.may_control()
        };
        assert_eq!(of("1", "unix:/run/a.sock"), Ok(()));
        assert!(of("1", "127.0.0.1:0").expect_err("TCP").contains("no effect over TCP"));
        for bind in ["unix:/run/a.sock", "127.0.0.1:0"] {
            assert!(of("0", bind).expect_err("off").contains("HOLDOVER_CONTROL=1"));
        }
    }

    fn read_two(one: (&str, &str), other: (&str, &str)) -> Settings {
        let mut settings = Settings::default();
        let value = |name: &str| [one, other].iter().find(|it| it.0 == name).map(|it| it.1.into());
        settings.read_from(value).expect("good values");
        settings
    }

    #[test]
    fn tokio_consoles_variables_are_understood_and_ours_win() {
        let theirs = |name: &str| {
            let value = match name {
                "TOKIO_CONSOLE_BIND" => "127.0.0.1:7001",
                "TOKIO_CONSOLE_RETENTION" => "1h 30min",
                "TOKIO_CONSOLE_PUBLISH_INTERVAL" => "250ms",
                _ => return None,
            };
            Some(value.to_owned())
        };
        let mut settings = Settings::default();
        settings.read_from(theirs).expect("they are understood");
        assert_eq!(settings.bind.to_string(), "127.0.0.1:7001");
        assert_eq!(settings.retention, Duration::from_secs(5400));
        assert_eq!(settings.publish_interval, Duration::from_millis(250));
        let both = |name: &str| match name {
            "HOLDOVER_BIND" => Some("127.0.0.1:7002".to_owned()),
            "HOLDOVER_RETENTION" => Some("5s".to_owned()),
            name => theirs(name),
        };
        settings.read_from(both).expect("both");
        assert_eq!(settings.bind.to_string(), "127.0.0.1:7002");
        assert_eq!(settings.retention, Duration::from_secs(5));
    }

    #[test]
    fn another_address_than_loopback_is_refused_unless_on_purpose() {
        let mut settings = read("HOLDOVER_BIND", "0.0.0.0:6669").expect("an address");
        let message = settings.check_address().expect_err("refused").to_string();
        assert!(message.contains("HOLDOVER_BIND is \"0.0.0.0:6669\""), "{message}");
        assert!(message.contains("HOLDOVER_INSECURE=1"), "{message}");
        settings.insecure = true;
        assert_eq!(settings.check_address(), Ok(()));
        assert_eq!(Settings::default().check_address(), Ok(()));
    }
}
