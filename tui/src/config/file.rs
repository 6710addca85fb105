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

use super::{Config, From, Setting, SourceRoot, shown};
use crate::{
    args::sort,
    client::Address,
    columns::{Layout, Listing},
    theme::Look,
};

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
        let filter = crate::whose::Whose::parse(text).map_err(|error| error.to_string())?;
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
        // Of groups only.
        let is_of_groups = matches!(text.trim_start_matches('-'), "count" | "growth");
        if is_of_groups { Ok(Self(text.to_owned())) } else { sort(text).map(Self) }
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
    columns: Columns,
    #[serde(default)]
    sort: Orders,
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

/// Of each table the names of its columns, with spaces between them.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Columns {
    leaks: Value<String>,
    tasks: Value<String>,
    sites: Value<String>,
    holdings: Value<String>,
    events: Value<String>,
    pools: Value<String>,
    process: Value<String>,
    groups: Value<String>,
    tree: Value<String>,
}

impl Columns {
    fn by_table(self) -> impl Iterator<Item = (Listing, Spanned<String>)> {
        let Self { leaks, tasks, sites, holdings, events, pools, process, groups, tree } = self;
        let all = [
            (Listing::Leaks, leaks),
            (Listing::Tasks, tasks),
            (Listing::Sites, sites),
            (Listing::Holdings, holdings),
            (Listing::Events, events),
            (Listing::Pools, pools),
            (Listing::Process, process),
            (Listing::Groups, groups),
            (Listing::Tree, tree),
        ];
        all.into_iter().filter_map(|(listing, names)| Some((listing, names?)))
    }
}

/// Of each table whose rows have more orders than one, by what they are sorted.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Orders {
    leaks: Value<Text<Order>>,
    tasks: Value<Text<Order>>,
    holdings: Value<Text<Order>>,
    pools: Value<Text<Order>>,
    process: Value<Text<Order>>,
}

impl Orders {
    fn by_table(self) -> impl Iterator<Item = (Listing, Spanned<Text<Order>>)> {
        let Self { leaks, tasks, holdings, pools, process } = self;
        let all = [
            (Listing::Leaks, leaks),
            (Listing::Tasks, tasks),
            (Listing::Holdings, holdings),
            (Listing::Pools, pools),
            (Listing::Process, process),
        ];
        all.into_iter().filter_map(|(listing, order)| Some((listing, order?)))
    }
}

/// Takes what the file says; `false` when there is none.
pub(super) fn read(config: &mut Config, path: &Path, must_be: bool) -> Result<bool, Problem> {
    match std::fs::read_to_string(path) {
        Ok(text) => take(config, path, &text).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::NotFound && !must_be => Ok(false),
        Err(error) => {
            let named = if must_be { "HOLDOVER_CONFIG names " } else { "" };
            Err(Problem(format!("{named}{}: {error}", shown(path))))
        }
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
    for (listing, names) in file.columns.by_table() {
        let (from, (line, column)) = (at(names.span().start), position(text, names.span().start));
        let layout = Layout::of_names(&listing.columns_of_several(0, 0), names.get_ref()).map_err(
            |why| {
                let why = crate::format::safe(&why).into_owned();
                Problem(format!("{}:{line}:{column}: {why}", shown(path)))
            },
        )?;
        config.columns.insert(listing, Setting { value: layout, from });
    }
    for (listing, order) in file.sort.by_table() {
        let from = at(order.span().start);
        config.sort.insert(listing, Setting { value: order.into_inner().0.0, from });
    }
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

/// The line and the column of a byte, from 1.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
    (line, column)
}
