use proptest::prelude::*;

use super::*;

fn all() -> Vec<Names> {
    let of = |names: [&str; 3]| names.map(str::to_owned).to_vec();
    vec![
        of(["orders", "orders", "10.0.0.1:6669"]),
        of(["orders-eu", "orders-eu", "10.0.0.2:6669"]),
        of(["billing :6670", "billing", "127.0.0.1:6670"]),
        of(["billing :6671", "billing", "127.0.0.1:6671"]),
    ]
}

/// Which of them are asked, and what.
fn asked(text: &str) -> (Vec<usize>, String) {
    let whose = Whose::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let all = all();
    let included = (0..all.len()).filter(|at| whose.includes(&all[*at], &all)).collect();
    (included, whose.rest)
}

#[test]
fn a_term_about_targets_says_whom_to_ask_and_is_not_sent() {
    for (text, targets, rest) in [
        ("", &[0, 1, 2, 3][..], ""),
        ("since>1s  or worker", &[0, 1, 2, 3], "since>1s  or worker"),
        ("target:orders", &[0], ""),
        ("TARGET", &[0, 1, 2, 3], "TARGET"),
        ("target:ORD", &[0, 1], ""),
        ("target=billing", &[2, 3], ""),
        ("target:\"billing :6671\"", &[3], ""),
        ("target:127.0.0.1:6670 since>1s", &[2], "since>1s"),
        ("since>1s target:eu verdict:stuck", &[1], "since>1s verdict:stuck"),
        ("-target:orders", &[1, 2, 3], ""),
        ("not target:orders -target:billing worker", &[1], "worker"),
        ("target~\"^(orders|billing)$\"", &[0, 2, 3], ""),
        ("(target:orders since > 1s) and (a or b)", &[0], "since > 1s (a or b)"),
        ("-(target:orders) not not target:ord x", &[1], "x"),
        ("since>1s and target:orders and -loc:vendor", &[0], "since>1s -loc:vendor"),
        ("name:target \"target:orders\"", &[0, 1, 2, 3], "name:target \"target:orders\""),
        ("target:nobody", &[], ""),
        ("订单 target : orders", &[0], "订单"),
    ] {
        assert_eq!(asked(text), (targets.to_vec(), rest.to_owned()), "{text}");
    }
}

#[test]
fn what_is_wrong_is_said_under_its_column() {
    for (text, column, message) in [
        ("worker or target:orders", 11, "`target` cannot stand within `or`: beside it, as"),
        ("(x or target:a) since>1s", 7, "`target` cannot stand within `or`"),
        ("订 -(target:a since>1s)", 5, "`target` cannot stand within `not (…)`"),
        ("target>3", 8, "`target` is compared with `:` or `~`"),
        ("target~\"(\"", 8, "not a regular expression"),
        ("target:", 8, "expected a value for `target`"),
        ("target:a verdict:stack", 18, "`verdict` is one of stuck"),
        ("target:a (since>1s", 10, "this parenthesis is not closed"),
        ("target:\"a", 8, "this quote is not closed"),
    ] {
        let error = Whose::parse(text).expect_err(text);
        assert_eq!(error.column, column, "{text}: {error}");
        assert!(error.message.starts_with(message), "{text}: {error}");
    }
}

#[test]
fn a_name_that_no_target_has_is_said() {
    let unknown = |text: &str| Whose::parse(text).expect(text).unknown(&all());
    assert_eq!(unknown("target:orders -target:eu"), None);
    let error = unknown("since>1s target:odrers").expect("no such target");
    assert_eq!(error.column, 17);
    let there = "there are orders, orders-eu, billing :6670, billing :6671";
    assert!(error.message.ends_with(there), "{error}");
}

fn filters() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "worker",
        "since>1s",
        "name:\"a b\"",
        "target:orders",
        "target~b",
        "loc : x.rs:3",
    ]);
    let leaf = leaf.prop_map(str::to_owned);
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} {b}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} and {b}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} or {b})")),
            inner.clone().prop_map(|a| format!("-({a})")),
            inner.prop_map(|a| format!("({a})")),
        ]
    })
}

/// A row of a target.
struct Row<'a> {
    name: &'a str,
    since: u64,
}

impl Subject for Row<'_> {
    fn texts(&self, field: Field) -> Vec<Cow<'_, str>> {
        match field {
            Field::Name => vec![self.name.into()],
            Field::Loc => vec!["x.rs:3:1".into()],
            _ => Vec::new(),
        }
    }

    fn number(&self, field: Field) -> Option<u64> {
        (field == Field::Since).then_some(self.since)
    }
}

proptest! {
    /// Taken apart, a filter finds what it finds whole: with a word that is in the row, or
    /// not, in place of each term about targets.
    #[test]
    fn a_filter_finds_the_same_taken_apart(text in filters()) {
        let Ok(whose) = Whose::parse(&text) else { return Ok(()) };
        let rest = Filter::parse(&whose.rest).expect("the rest is a filter");
        let all = all();
        for target in &all {
            let word = |is_so: bool| if is_so { "since>=0s" } else { "since<0s" };
            let of = |term: &str| Whose::parse(term).expect("a term").includes(target, &all);
            let whole = text
                .replace("target:orders", word(of("target:orders")))
                .replace("target~b", word(of("target~b")));
            let whole = Filter::parse(&whole).expect("it is a filter");
            for name in ["worker", "a b", "other"] {
                for since in [0, 2_000_000_000] {
                    let row = Row { name, since };
                    let apart = whose.includes(target, &all) && rest.matches(&row);
                    prop_assert_eq!(apart, whole.matches(&row), "{} of {:?}", text, target);
                }
            }
        }
    }

    #[test]
    fn nothing_that_is_typed_is_more_than_an_error(text in "[a-z:~\"() \\-订>target]{0,40}") {
        if let Ok(whose) = Whose::parse(&text) {
            prop_assert!(Filter::parse(&whose.rest).is_ok(), "{:?}", whose.rest);
        }
    }
}
