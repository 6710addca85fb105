//! What the console remembers between runs: the filters that were typed, and the columns
//! and orders that were chosen.

pub(crate) mod chosen;
mod columns;
pub(crate) mod filters;
mod orders;

use std::{
    fs, io,
    io::{Read, Write},
    path::Path,
};

pub(crate) use self::orders::Order;

/// A larger file is not read: nobody typed it.
const LARGEST: u64 = 1 << 20;

/// What is in a file, whatever else is in it; nothing where there is no such file.
fn read(file: &Path) -> String {
    let read = || -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        // A pipe in its place would be waited for.
        if !fs::metadata(file)?.is_file() {
            return Ok(bytes);
        }
        fs::File::open(file)?.take(LARGEST).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    String::from_utf8_lossy(&read().unwrap_or_default()).into_owned()
}

/// Writes a file that only its owner reads: whole, or not at all.
fn write(file: &Path, text: &str) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let beside = folder.join(format!(".{name}.{}", std::process::id()));
    private(&beside)?.write_all(text.as_bytes())?;
    fs::rename(&beside, file)
}

fn private(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// It is the only one in its folder, and nobody else reads it.
#[cfg(test)]
fn assert_is_alone_and_private(file: &Path) {
    let names = fs::read_dir(file.parent().expect("a folder")).expect("it is there");
    assert_eq!(names.count(), 1, "nothing else is left");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(file).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
