use super::*;

/// A row with a few fields.
struct Row;

impl Subject for Row {
    fn texts(&self, field: Field) -> Vec<Cow<'_, str>> {
        match field {
            Field::Verdict => vec!["left-behind".into()],
            Field::Name => vec!["Worker 7".into()],
            Field::Loc => vec!["src/http.rs:58:9".into()],
            Field::Holds => vec!["timer".into(), "connection".into()],
            Field::Label => vec!["call_later".into(), "pg".into()],
            _ => Vec::new(),
        }
    }

    fn number(&self, field: Field) -> Option<u64> {
        match field {
            Field::Since => Some(5_000_000_000),
            Field::Id => Some(7),
            _ => None,
        }
    }
}

#[test]
fn what_matches() {
    for (text, expected) in [
        ("", true),
        ("   ", true),
        ("verdict:left-behind", true),
        ("verdict:Left-Behind", true),
        ("verdict:stuck", false),
        ("holds:TIMER", true),
        ("holds:timer", true),
        ("holds:connection holds:timer", true),
        ("holds:lock or holds:timer", true),
        ("holds:lock and holds:timer", false),
        ("since>4s", true),
        ("since>5s", false),
        ("since>=5s", true),
        ("since<=5000ms", true),
        ("id:7", true),
        ("id=8", false),
        ("name:worker", true),
        ("name~\"^Worker\"", true),
        ("name~^worker", false),
        ("worker", true),
        ("PG", true),
        ("http.rs:58", true),
        ("loc:http.rs:58", true),
        ("\"worker 7\"", true),
        ("-loc:vendor", true),
        ("not worker", false),
        ("not (verdict:stuck or id:8)", true),
        ("(verdict:stuck or since>1s) -name:other", true),
        ("-worker or id:7", true),
        ("path:root", false),
        ("latency>1ms", false),
    ] {
        let filter = Filter::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(filter.matches(&Row), expected, "{text}");
    }
}

#[test]
fn what_is_wrong_and_where() {
    for (text, column, message) in [
        ("verdict:stack", 9, "`verdict` is one of stuck, left-behind"),
        ("verdikt:stuck", 1, "there is no field `verdikt`; there are verdict,"),
        ("since>5", 7, "expected a duration"),
        ("since>", 7, "expected a value for `since`"),
        ("id:x", 4, "expected a whole number"),
        ("name>3", 6, "`name` is compared with `:` or `~`"),
        ("id~7", 4, "`id` is compared with"),
        ("name~\"(\"", 6, "not a regular expression"),
        ("(worker", 1, "this parenthesis is not closed"),
        ("worker)", 7, "there is no parenthesis to close here"),
        ("name:\"worker", 6, "this quote is not closed"),
        ("worker or", 10, "expected a term"),
        (":stuck", 1, "expected a field's name before `:`"),
        ("订单 since>5", 10, "expected a duration"),
    ] {
        let error = Filter::parse(text).expect_err(text);
        assert_eq!(error.column, column, "{text}: {error}");
        assert!(error.message.starts_with(message), "{text}: {error}");
    }
}

#[test]
fn a_filter_from_the_wire_cannot_exhaust_the_stack() {
    let deep = format!("{}worker{}", "(".repeat(10_000), ")".repeat(10_000));
    assert_eq!(Filter::parse(&deep).expect_err("too deep").message, "this is nested too deeply");
    assert!(Filter::parse(&"-".repeat(10_000)).is_err());
}
