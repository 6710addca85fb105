//! The filters that were typed.

use std::{io, path::Path};

use crate::model::History;

/// Those of before; none where there is no such file.
pub(crate) fn read(file: &Path) -> History {
    History::of_lines(&super::read(file))
}

/// Adds a filter to those of before, which another console may have added to meanwhile.
pub(crate) fn add(file: &Path, filter: &str) -> io::Result<()> {
    let mut history = read(file);
    history.push(filter);
    super::write(file, &history.lines())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_is_there_the_next_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("state/filters");
        assert_eq!(read(&file), History::default());
        for filter in ["since>1s", "verdict:stuck", "since>1s"] {
            add(&file, filter).expect("it is written");
        }
        assert_eq!(read(&file).lines(), "verdict:stuck\nsince>1s\n");
        crate::remembered::assert_is_alone_and_private(&file);
    }
}
