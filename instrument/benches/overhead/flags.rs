//! The flags of a benchmark, as the command line has them.

use std::str::FromStr;

/// Each flag that is given with its value: empty but of those in `valued`, which need one.
pub fn read(
    mut given: impl Iterator<Item = String>,
    valued: &[&str],
) -> impl Iterator<Item = Result<(String, String), String>> {
    std::iter::from_fn(move || {
        let arg = given.next()?;
        let (flag, value) = match arg.split_once('=') {
            Some((flag, value)) => (flag.to_owned(), Some(value.to_owned())),
            None => (arg, None),
        };
        Some(match (valued.contains(&flag.as_str()), value) {
            (true, value) => match value.or_else(|| given.next()) {
                Some(value) => Ok((flag, value)),
                None => Err(format!("{flag} needs a value")),
            },
            (false, Some(_)) => Err(format!("{flag} takes no value")),
            (false, None) => Ok((flag, String::new())),
        })
    })
}

/// # Errors
///
/// Says that it is no number, or 0.
pub fn number<T: FromStr + Default + PartialEq>(flag: &str, value: &str) -> Result<T, String> {
    match value.parse() {
        Ok(number) if number != T::default() => Ok(number),
        _ => Err(format!("{flag} takes a number from 1, and not {value:?}")),
    }
}

pub fn unknown(flag: &str) -> String {
    format!("there is no flag {flag}; --help lists them")
}
