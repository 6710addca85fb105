//! The source that a service's places name: what of it may be read here, and a few lines.
//!
//! A place comes from the target, so it says nothing of what it names: only regular files
//! under the working folder, or under a `--source-root`, are looked at.

use std::{
    collections::HashMap,
    fmt, fs,
    path::{Path, PathBuf},
};

use crate::config::SourceRoot;

/// A larger file is no source.
const LARGEST: u64 = 1 << 20;
/// Lines that are shown before and after the one that is meant.
const AROUND: usize = 1;
/// A longer line is cut.
const LONGEST: usize = 400;
/// So many places are kept.
const KEPT: usize = 256;

/// A line of a file, as the target says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place<'a> {
    pub(crate) file: &'a str,
    pub(crate) line: usize,
}

/// `src/main.rs:30:10`, or without the column.
pub(crate) fn place(site: &str) -> Option<Place<'_>> {
    let number = |text: &str| text.parse::<usize>().ok().filter(|number| *number > 0);
    let (before, last) = site.rsplit_once(':')?;
    let last = number(last)?;
    let place = match before.rsplit_once(':').map(|(file, line)| (file, number(line))) {
        Some((file, Some(line))) => Place { file, line },
        _ => Place { file: before, line: last },
    };
    (!place.file.is_empty() && !place.file.contains('\0')).then_some(place)
}

/// Why a file is not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    NotThere,
    Outside,
    NotRegular,
    TooLarge,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotThere => "is not under this folder; --source-root FROM=TO says where it is",
            Self::Outside => "is outside of this folder and of every --source-root",
            Self::NotRegular => "is no regular file",
            Self::TooLarge => "is larger than 1 MiB",
        })
    }
}

/// Where source may be.
#[derive(Clone, Debug)]
pub(crate) struct Sources {
    pub(crate) working: PathBuf,
    pub(crate) roots: Vec<SourceRoot>,
}

impl Sources {
    /// The file that the target calls so.
    pub(crate) fn find(&self, file: &str) -> Result<PathBuf, Refused> {
        let file = Path::new(file);
        let of_roots = self.roots.iter();
        let of_roots = of_roots.filter_map(|root| Some((root.find(file)?, root.to.as_path())));
        let here = (self.working.join(file), self.working.as_path());
        let mut why = Refused::NotThere;
        for (path, root) in of_roots.chain([here]) {
            match allowed(&path, root) {
                Ok(path) => return Ok(path),
                // That it is not there says the least.
                Err(Refused::NotThere) => {}
                Err(refused) => why = refused,
            }
        }
        Err(why)
    }

    /// The lines around a place.
    pub(crate) fn read(&self, site: &str) -> Option<Preview> {
        let Place { file, line } = place(site)?;
        let text = fs::read(self.find(file).ok()?).ok()?;
        let text = String::from_utf8_lossy(&text);
        let first = line.saturating_sub(AROUND).max(1);
        let lines = text.lines().skip(first - 1).take(line + AROUND + 1 - first);
        let lines: Vec<String> = lines.map(plain).collect();
        (lines.len() > line - first).then_some(Preview { first, line, lines })
    }
}

fn allowed(path: &Path, root: &Path) -> Result<PathBuf, Refused> {
    let whole = |path: &Path| fs::canonicalize(path).or(Err(Refused::NotThere));
    // Links are followed first: what they lead to is what is looked at.
    let (path, root) = (whole(path)?, whole(root)?);
    if !path.starts_with(root) {
        return Err(Refused::Outside);
    }
    let about = fs::symlink_metadata(&path).or(Err(Refused::NotThere))?;
    match about {
        about if !about.is_file() => Err(Refused::NotRegular),
        about if about.len() > LARGEST => Err(Refused::TooLarge),
        _ => Ok(path),
    }
}

fn plain(line: &str) -> String {
    line.trim_end().replace('\t', "    ").chars().take(LONGEST).collect()
}

/// A few lines of source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Preview {
    /// The number of the first.
    pub(crate) first: usize,
    /// The one that is meant.
    pub(crate) line: usize,
    pub(crate) lines: Vec<String>,
}

impl Preview {
    /// The line that is meant.
    pub(crate) fn text(&self) -> &str {
        self.lines.get(self.line.saturating_sub(self.first)).map_or("", |line| line.trim())
    }
}

/// What has been read so far, by place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Previews(HashMap<String, Option<Preview>>);

impl Previews {
    pub(crate) fn get(&self, site: &str) -> Option<&Preview> {
        self.0.get(site)?.as_ref()
    }

    /// Whether it was not asked for yet; from here on it was.
    pub(crate) fn ask(&mut self, site: &str) -> bool {
        if self.0.contains_key(site) {
            return false;
        }
        if self.0.len() >= KEPT {
            self.0.clear();
        }
        self.0.insert(site.to_owned(), None);
        true
    }

    pub(crate) fn read(&mut self, site: String, preview: Option<Preview>) {
        self.0.insert(site, preview);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_file_and_a_line() {
        let of = |site| place(site).map(|place| (place.file, place.line));
        assert_eq!(of("src/main.rs:30:10"), Some(("src/main.rs", 30)));
        assert_eq!(of("src/main.rs:30"), Some(("src/main.rs", 30)));
        assert_eq!(of("C:\\src\\main.rs:30:10"), Some(("C:\\src\\main.rs", 30)));
        for none in
            ["", "src/main.rs", ":3:4", "a:0", "a:x:y", "a\0b:1:2", "a:99999999999999999999"]
        {
            assert_eq!(of(none), None, "{none:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn only_regular_files_under_a_root_are_looked_at() {
        let folder = tempfile::tempdir().expect("a folder");
        let inside = folder.path().join("work");
        let built = folder.path().join("built");
        for folder in [&inside.join("src"), &built] {
            fs::create_dir_all(folder).expect("a folder");
        }
        let write = |path: &Path, text: &[u8]| fs::write(path, text).expect("a file");
        write(&inside.join("src/main.rs"), b"one\n\ttwo();\nthree\n\x1b[2Jfour");
        write(&folder.path().join("secret"), b"secret");
        write(&built.join("lib.rs"), b"here\n");
        write(&inside.join("large.rs"), &vec![b'\n'; (1 << 20) + 1]);
        std::os::unix::fs::symlink(folder.path().join("secret"), inside.join("link.rs"))
            .expect("a link");
        let roots = vec![format!("/build={}", built.display()).parse().expect("a root")];
        let sources = Sources { working: inside.clone(), roots };
        let refused = |file: &str| sources.find(file).expect_err(file);
        assert_eq!(refused("../secret"), Refused::Outside);
        assert_eq!(refused("link.rs"), Refused::Outside);
        assert_eq!(refused("/etc/passwd"), Refused::Outside);
        assert_eq!(refused("/build/../secret"), Refused::Outside);
        assert_eq!(refused("src"), Refused::NotRegular);
        assert_eq!(refused("large.rs"), Refused::TooLarge);
        assert_eq!(refused("src/other.rs"), Refused::NotThere);
        assert!(sources.find("/build/lib.rs").is_ok());
        let whole = inside.join("src/main.rs");
        assert!(sources.find(&whole.to_string_lossy()).is_ok());
        let preview = sources.read("src/main.rs:2:5").expect("lines");
        assert_eq!((preview.first, preview.lines.len(), preview.text()), (1, 3, "two();"));
        assert_eq!(sources.read("src/main.rs:4:1").expect("lines").lines.len(), 2);
        assert_eq!(sources.read("src/main.rs:5:1"), None, "there is no such line");
        assert_eq!(sources.read("../secret:1:1"), None);
    }

    #[test]
    fn what_was_asked_for_is_not_asked_again() {
        let mut previews = Previews::default();
        assert!(previews.ask("a:1") && !previews.ask("a:1"));
        let preview = Preview { first: 1, line: 1, lines: vec!["x".into()] };
        previews.read("a:1".into(), Some(preview.clone()));
        assert_eq!(previews.get("a:1"), Some(&preview));
        (0..=KEPT).for_each(|number| assert!(previews.ask(&format!("b:{number}"))));
        assert!(previews.0.len() <= KEPT);
    }
}
