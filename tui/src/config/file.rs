//! The configuration file: what is wrong in it is said with file, line and column.

use std::{
    collections::BTreeMap,
    fmt::{self, Display},
    io,
    marker::PhantomData,
    path::Path,
    str::FromStr,
    time::Duration,
};

use jiff::SignedDuration;
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, SeqAccess, Visitor, value::SeqAccessDeserializer},
};
use toml::Spanned;

use super::{Config, From, Named, Setting, SourceRoot, shown};
use crate::{args::sort, client::Address, theme::Look};

/// What is wrong with the configuration, and where.
#[derive(Debug)]
pub(crate) struct Problem(pub(crate) String);

impl Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How often a target is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Interval(pub(crate) Duration);

impl FromStr for Interval {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let span = text.parse::<SignedDuration>().ok();
        let interval = span.and_then(|span| Duration::try_from(span).ok());
        let sensible = Duration::from_millis(50)..=Duration::from_secs(60);
        let interval = interval.filter(|it| sensible.contains(it));
        interval.map(Self).ok_or("expected a duration from 50ms to 1m, such as 250ms")
    }
}

/// A text that is a `T`.
struct Text<T>(T);

impl<'de, T> Deserialize<'de> for Text<T>
where
    T: FromStr,
    T::Err: Display,
{
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map(Self).map_err(D::Error::custom)
    }
}

/// One or several.
struct Many<T>(Vec<T>);

impl<'de, T> Deserialize<'de> for Many<T>
where
    T: FromStr,
    T::Err: Display,
{
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ManyOf(PhantomData))
    }
}

struct ManyOf<T>(PhantomData<T>);

impl<'de, T> Visitor<'de> for ManyOf<T>
where
    T: FromStr,
    T::Err: Display,
{
    type Value = Many<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, or a list of strings")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Many<T>, E> {
        text.parse().map(|it| Many(vec![it])).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, texts: A) -> Result<Many<T>, A::Error> {
        let texts = Vec::<Text<T>>::deserialize(SeqAccessDeserializer::new(texts))?;
        Ok(Many(texts.into_iter().map(|Text(it)| it).collect()))
    }
}

/// A filter that parses and names no other.
struct Saved(String);

impl FromStr for Saved {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if crate::saved::names(text).next().is_some() {
            return Err("a saved filter cannot name another".to_owned());
        }
        let filter = holdover::Filter::parse(text).map_err(|error| error.to_string())?;
        drop(filter);
        if text.trim().is_empty() {
            Err("an empty filter".to_owned())
        } else {
            Ok(Self(text.into()))
        }
    }
}

/// A field to sort by.
struct Order(String);

impl FromStr for Order {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        sort(text).map(Self)
    }
}

/// Names of columns, with spaces between them.
struct Columns(String);

impl FromStr for Columns {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_name = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if text.split_whitespace().next().is_none() || !text.split_whitespace().all(is_name) {
            return Err("expected names of columns, such as \"task holds since\"");
        }
        Ok(Self(text.to_owned()))
    }
}

type Value<T> = Option<Spanned<T>>;

/// What can stand in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    address: Value<Many<Address>>,
    theme: Value<Text<Look>>,
    ascii: Value<bool>,
    interval: Value<Text<Interval>>,
    editor: Value<Text<Editor>>,
    source_roots: Value<Many<SourceRoot>>,
    #[serde(default)]
    filters: BTreeMap<String, Spanned<Text<Saved>>>,
    #[serde(default)]
    columns: PerScreen<Columns>,
    #[serde(default)]
    sort: PerScreen<Order>,
}

/// A command line that can be taken apart.
struct Editor(String);

impl FromStr for Editor {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match shell_words::split(text) {
            Ok(words) if !words.is_empty() => Ok(Self(text.to_owned())),
            _ => Err("expected a command, such as \"code --wait\""),
        }
    }
}

/// The screens that have columns.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, bound = "T: FromStr, T::Err: Display")]
struct PerScreen<T> {
    leaks: Value<Text<T>>,
    tasks: Value<Text<T>>,
    holdings: Value<Text<T>>,
    events: Value<Text<T>>,
}

impl<T> Default for PerScreen<T> {
    fn default() -> Self {
        Self { leaks: None, tasks: None, holdings: None, events: None }
    }
}

/// Takes what the file says; `false` when there is none.
pub(super) fn read(config: &mut Config, path: &Path, must_be: bool) -> Result<bool, Problem> {
    match std::fs::read_to_string(path) {
        Ok(text) => take(config, path, &text).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::NotFound && !must_be => Ok(false),
        Err(error) => Err(Problem(format!("{}: {error}", shown(path)))),
    }
}

fn take(config: &mut Config, path: &Path, text: &str) -> Result<(), Problem> {
    let file: File = toml::from_str(text).map_err(|error| {
        let (line, column) = position(text, error.span().map_or(0, |span| span.start));
        let message = crate::format::safe(error.message().trim()).into_owned();
        Problem(format!("{}:{line}:{column}: {message}", shown(path)))
    })?;
    if let Some(wrong) = file.filters.iter().find(|(name, _)| !crate::saved::is_name(name)) {
        let (line, _) = position(text, wrong.1.span().start);
        let expected = "expected a name of letters, digits, `-` and `_`";
        let name = crate::format::safe(wrong.0);
        return Err(Problem(format!("{}:{line}:1: {name}: {expected}", shown(path))));
    }
    let at = |from: usize| From::File(position(text, from).0);
    set(&mut config.addresses, file.address, at, |it| it.0);
    set(&mut config.look, file.theme, at, |it| it.0);
    set(&mut config.ascii, file.ascii, at, |it| it);
    set(&mut config.interval, file.interval, at, |it| it.0.0);
    set(&mut config.editor, file.editor, at, |it| it.0.0);
    set(&mut config.source_roots, file.source_roots, at, |it| it.0);
    for (name, saved) in file.filters {
        let from = at(saved.span().start);
        config.filters.insert(name, Setting { value: saved.into_inner().0.0, from });
    }
    config.columns = per_screen(file.columns, at, |it| it.0);
    config.sort = per_screen(file.sort, at, |it| it.0);
    Ok(())
}

fn set<S, T>(
    setting: &mut Setting<T>,
    value: Value<S>,
    at: impl Fn(usize) -> From,
    get: impl Fn(S) -> T,
) {
    if let Some(value) = value {
        let from = at(value.span().start);
        *setting = Setting { value: get(value.into_inner()), from };
    }
}

fn per_screen<T>(
    texts: PerScreen<T>,
    at: impl Fn(usize) -> From,
    get: impl Fn(T) -> String,
) -> Named {
    let PerScreen { leaks, tasks, holdings, events } = texts;
    let all = [("leaks", leaks), ("tasks", tasks), ("holdings", holdings), ("events", events)];
    let set = all.into_iter().filter_map(|(name, text)| {
        let text = text?;
        let from = at(text.span().start);
        Some((name.to_owned(), Setting { value: get(text.into_inner().0), from }))
    });
    set.collect()
}

/// The line and the column of a byte, from 1.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
    (line, column)
}
