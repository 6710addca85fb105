//! How large a message of a target may be that sends all it has at once.

use std::ffi::OsStr;

/// What a busy service sends first has more than gRPC's usual 4 MiB.
const USUAL: usize = 256 * MIB;
const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;
const GIB: usize = 1024 * MIB;

/// What `HOLDOVER_MAX_MESSAGE` says, in bytes.
pub(super) fn of_message(set: Option<&OsStr>) -> Result<usize, String> {
    let Some(set) = set else { return Ok(USUAL) };
    let text = set.to_str().unwrap_or_default();
    parse(text).ok_or_else(|| {
        let expected = "expected a size such as 64MiB or 1GiB";
        let set = set.to_string_lossy();
        format!("HOLDOVER_MAX_MESSAGE is \"{}\": {expected}", crate::format::safe(&set))
    })
}

fn parse(text: &str) -> Option<usize> {
    let units = [("KiB", KIB), ("MiB", MIB), ("GiB", GIB), ("", 1)];
    let (number, unit) =
        units.iter().find_map(|(name, unit)| Some((text.strip_suffix(name)?, *unit)))?;
    number.trim().parse::<usize>().ok()?.checked_mul(unit).filter(|bytes| *bytes > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_a_unit_or_is_in_bytes() {
        let of = |text: &str| of_message(Some(OsStr::new(text)));
        assert_eq!(of_message(None), Ok(USUAL));
        assert_eq!(of("1GiB"), Ok(GIB));
        assert_eq!(of("64 MiB"), Ok(64 * MIB));
        assert_eq!(of("4096"), Ok(4096));
        for wrong in ["", "0", "many", "-1MiB", "99999999999999GiB", "1MB"] {
            let error = of(wrong).expect_err(wrong);
            assert!(error.starts_with("HOLDOVER_MAX_MESSAGE is "), "{error}");
            assert!(error.ends_with("expected a size such as 64MiB or 1GiB"), "{error}");
        }
    }
}
