//! Where the source is that was built elsewhere: `FROM=TO`.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

/// A folder that stands for the one a service was built in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SourceRoot {
    /// As the service says it; empty for every path that is not absolute.
    from: PathBuf,
    pub(crate) to: PathBuf,
}

impl SourceRoot {
    /// Where a file is that the service calls so; `None` when it is not in `from`.
    pub(crate) fn find(&self, path: &Path) -> Option<PathBuf> {
        if self.from.as_os_str().is_empty() {
            return path.is_relative().then(|| self.to.join(path));
        }
        path.strip_prefix(&self.from).ok().map(|rest| self.to.join(rest))
    }
}

impl FromStr for SourceRoot {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((from, to)) if !to.is_empty() => Ok(Self { from: from.into(), to: to.into() }),
            _ => Err("expected FROM=TO, such as /build/orders=/home/me/orders"),
        }
    }
}

impl fmt::Display for SourceRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.from.display(), self.to.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_stands_for_another_by_whole_folders() {
        let root: SourceRoot = "/build/orders=/src".parse().expect("a root");
        for (path, expected) in [
            ("/build/orders/src/a.rs", Some("/src/src/a.rs")),
            ("/build/orders2/a.rs", None),
            ("src/a.rs", None),
        ] {
            assert_eq!(root.find(Path::new(path)), expected.map(PathBuf::from), "{path}");
        }
        let relative: SourceRoot = "=/src".parse().expect("a root");
        assert_eq!(relative.find(Path::new("a.rs")), Some("/src/a.rs".into()));
        assert_eq!(relative.find(Path::new("/a.rs")), None);
        assert!("/src".parse::<SourceRoot>().is_err() && "a=".parse::<SourceRoot>().is_err());
    }
}
