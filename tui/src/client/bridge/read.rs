//! Single values of tokio-console's protocol. Whatever a message says, there is a value:
//! what makes no sense is as if it had not been said.

use console_api::{Attribute, Field, Location, field};
use prost_types::{Duration, Timestamp};

const SECOND: u64 = 1_000_000_000;

/// Text that came from the target is not longer than this.
const LONGEST: usize = 256;

/// Nanoseconds of Unix time; `None` for what is before that, or no time at all.
pub(super) fn unix(at: Timestamp) -> Option<u64> {
    from_parts(at.seconds, at.nanos)
}

pub(super) fn span(duration: Duration) -> Option<u64> {
    from_parts(duration.seconds, duration.nanos)
}

/// Later than any clock shows is the latest that one does.
fn from_parts(seconds: i64, nanos: i32) -> Option<u64> {
    let seconds = u64::try_from(seconds).ok()?;
    let nanos = u64::try_from(nanos).ok().filter(|nanos| *nanos < SECOND)?;
    let all = seconds.saturating_mul(SECOND).saturating_add(nanos);
    Some(all.min(i64::MAX.unsigned_abs()))
}

/// `src/main.rs:30:10`, as far as it is known.
pub(super) fn place(location: Option<&Location>) -> String {
    let Some(location) = location else { return String::new() };
    let file = location.file.as_deref().or(location.module_path.as_deref()).unwrap_or_default();
    let number = |number: Option<u32>| number.map(|it| format!(":{it}")).unwrap_or_default();
    if file.is_empty() {
        return String::new();
    }
    let file = from_its_source(file);
    // A column without a line would be taken for one.
    let column = location.line.and(location.column);
    format!("{}{}{}", cut(file), number(location.line), number(column))
}

/// Without the quotes in which a path comes that was recorded as text.
fn from_its_source(file: &str) -> &str {
    file.trim_matches('"')
}

pub(super) fn cut(text: &str) -> String {
    let mut end = text.len().min(LONGEST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

/// A field's name, which may be a place in the list of its callsite's names.
pub(super) fn name<'a>(field: &'a Field, names: Option<&'a [String]>) -> Option<&'a str> {
    match field.name.as_ref()? {
        field::Name::StrName(name) => Some(name),
        field::Name::NameIdx(index) => {
            let index = usize::try_from(*index).ok()?;
            names?.get(index).map(String::as_str)
        }
    }
}

pub(super) fn value(field: &Field) -> Option<String> {
    Some(match field.value.as_ref()? {
        field::Value::DebugVal(text) | field::Value::StrVal(text) => cut(text.trim_matches('"')),
        field::Value::U64Val(number) => number.to_string(),
        field::Value::I64Val(number) => number.to_string(),
        field::Value::BoolVal(flag) => flag.to_string(),
    })
}

/// `locked=true`, `duration=100ms`.
pub(super) fn attribute(attribute: &Attribute, names: Option<&[String]>) -> Option<String> {
    let field = attribute.field.as_ref()?;
    let (name, value) = (name(field, names)?, value(field)?);
    let unit = attribute.unit.as_deref().unwrap_or_default();
    Some(cut(&format!("{name}={value}{unit}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_time_is_not_known() {
        let at = |seconds, nanos| unix(Timestamp { seconds, nanos });
        assert_eq!(at(1, 5), Some(SECOND + 5));
        assert_eq!(at(-1, 0), None);
        assert_eq!(at(1, -1), None);
        assert_eq!(at(1, i32::MAX), None);
        assert_eq!(at(i64::MAX, 0), Some(i64::MAX.unsigned_abs()));
        assert_eq!(span(Duration { seconds: 2, nanos: 0 }), Some(2 * SECOND));
    }

    #[test]
    fn a_place_is_what_is_known_of_it() {
        let place_of = |file: Option<&str>, line, column| {
            let file = file.map(str::to_owned);
            place(Some(&Location { file, module_path: None, line, column }))
        };
        assert_eq!(place_of(Some("src/main.rs"), Some(3), Some(7)), "src/main.rs:3:7");
        assert_eq!(place_of(Some("src/main.rs"), None, Some(7)), "src/main.rs");
        assert_eq!(place_of(None, Some(3), Some(7)), "");
        assert_eq!(place(None), "");
        assert_eq!(place_of(Some(&"ß".repeat(300)), None, None), "ß".repeat(128));
    }

    #[test]
    fn a_name_that_is_a_number_is_looked_up() {
        let field = |index| Field {
            name: Some(field::Name::NameIdx(index)),
            value: Some(field::Value::BoolVal(true)),
            metadata_id: None,
        };
        let names = vec!["locked".to_owned()];
        assert_eq!(name(&field(0), Some(&names)), Some("locked"));
        assert_eq!(name(&field(1), Some(&names)), None);
        assert_eq!(name(&field(u64::MAX), Some(&names)), None);
        let locked = Attribute { field: Some(field(0)), unit: None };
        assert_eq!(attribute(&locked, Some(&names)).as_deref(), Some("locked=true"));
        assert_eq!(attribute(&locked, None), None);
    }
}
