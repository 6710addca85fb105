//! What the console remembers between runs: the filters that were typed.

use std::{
    fs, io,
    io::{Read, Write},
    path::Path,
};

use crate::model::History;

/// A larger file is not read: nobody typed it.
const LARGEST: u64 = 1 << 20;

/// The filters of before; none where there is no such file.
pub(crate) fn filters(file: &Path) -> History {
    let read = || -> io::Result<String> {
        let mut text = String::new();
        fs::File::open(file)?.take(LARGEST).read_to_string(&mut text)?;
        Ok(text)
    };
    History::of_lines(&read().unwrap_or_default())
}

/// Adds a filter to those of before, which another console may have added to meanwhile.
pub(crate) fn add(file: &Path, filter: &str) -> io::Result<()> {
    let mut history = filters(file);
    history.push(filter);
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    // Whole or not at all.
    let beside = folder.join(format!(".filters.{}", std::process::id()));
    private(&beside)?.write_all(history.lines().as_bytes())?;
    fs::rename(&beside, file)
}

/// A new file that only its owner reads.
fn private(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_is_there_the_next_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("state/filters");
        assert_eq!(filters(&file), History::default());
        for filter in ["since>1s", "verdict:stuck", "since>1s"] {
            add(&file, filter).expect("it is written");
        }
        assert_eq!(filters(&file).lines(), "verdict:stuck\nsince>1s\n");
        let names = fs::read_dir(file.parent().expect("a folder")).expect("it is there");
        assert_eq!(names.count(), 1, "nothing else is left");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(&file).expect("a file").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
}
