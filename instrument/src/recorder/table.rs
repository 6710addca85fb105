//! Interned source locations and texts: a slot stores a number, a reader gets the
//! text. Both tables belong to the process, since what they name does.
//!
//! Locations and `'static` texts are bounded by the program and stay for ever. Other
//! texts (names made at run time) are counted and go with their last user.

use std::{
    cell::Cell,
    collections::HashMap,
    fmt,
    panic::Location,
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
};

/// Longer texts are cut: they are shown, never parsed.
const TEXT_BYTES: usize = 256;

/// A source location in the table; 0 is "not known".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SiteId(pub(crate) u32);

/// A text in the table; 0 is the empty one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct TextId(pub(crate) u32);

/// Set in the number of a text that is counted.
const COUNTED: u32 = 1 << 31;

/// A place in somebody's source.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) file: Arc<str>,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// A source file in the table; 0 is "not known". Whose source it is stands in the two
/// bits on top, so that asking takes no lock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct FileId(u32);

const ORIGIN_SHIFT: u32 = 30;

/// Whose source a file is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The service's.
    #[default]
    Own,
    /// A dependency's: a registry, a git checkout, the standard library, vendored.
    Library,
    /// tokio's.
    Tokio,
}

#[derive(Default)]
struct Sites {
    files: Vec<Arc<str>>,
    by_file: HashMap<Arc<str>, u32>,
    by_place: HashMap<(u32, u32, u32), u32>,
    places: Vec<(u32, u32, u32)>,
    own: Vec<String>,
}

static SITES: LazyLock<Mutex<Sites>> = LazyLock::new(Mutex::default);

/// Files under these prefixes are the service's own, wherever they lie. For files that
/// have not been seen before.
pub(crate) fn set_own(prefixes: Vec<String>) {
    lock(&SITES).own = prefixes;
}

fn origin_of(file: &str, own: &[String]) -> Origin {
    const LIBRARIES: [&str; 5] =
        ["/registry/src/", "/git/checkouts/", "/rustc/", "/rustlib/", "/vendor/"];
    if own.iter().any(|prefix| file.starts_with(prefix.as_str())) {
        return Origin::Own;
    }
    if is_a_pools(file) {
        return Origin::Library;
    }
    let file = file.replace('\\', "/");
    if LIBRARIES.iter().any(|mark| file.contains(mark)) || file.starts_with("vendor/") {
        let folder = file.rsplit("/src/").nth(1).unwrap_or_default();
        let package = folder.rsplit('/').next().unwrap_or_default();
        let version = package.strip_prefix("tokio-").unwrap_or_default();
        let is_tokio = version.starts_with(|c: char| c.is_ascii_digit()) || package == "tokio";
        return if is_tokio { Origin::Tokio } else { Origin::Library };
    }
    Origin::Own
}

/// What the front ends of pools spawn is the pools' own business, wherever this library lies.
fn is_a_pools(file: &str) -> bool {
    let here =
        file!().strip_suffix("table.rs").and_then(|it| it.get(..it.len() - "recorder/".len()));
    here.and_then(|here| file.strip_prefix(here)).is_some_and(|file| file.starts_with("pool"))
}

/// What a thread remembers of the tables: most look-ups are of few places, again and
/// again, and then take no lock.
#[derive(Clone, Copy)]
struct Seen {
    at: usize,
    len_or_line: usize,
    column: u32,
    id: u32,
}

const NOTHING_SEEN: Seen = Seen { at: 0, len_or_line: 0, column: 0, id: 0 };
const SEEN: usize = 128;

thread_local! {
    static SEEN_FILES: [Cell<Seen>; SEEN] = const { [const { Cell::new(NOTHING_SEEN) }; SEEN] };
    static SEEN_SITES: [Cell<Seen>; SEEN] = const { [const { Cell::new(NOTHING_SEEN) }; SEEN] };
    static SEEN_TEXTS: [Cell<Seen>; SEEN] = const { [const { Cell::new(NOTHING_SEEN) }; SEEN] };
}

impl FileId {
    /// `file` must be text that stays where it is for as long as the process lives,
    /// as `Location::file` does and with it tokio's `loc.file`.
    #[inline]
    pub(crate) fn of(file: &str) -> Self {
        let at = file.as_ptr().addr();
        let slot = (at ^ (at >> 7)) % SEEN;
        let seen = SEEN_FILES.with(|seen| seen[slot].get());
        if seen.at == at && seen.len_or_line == file.len() {
            return Self(seen.id);
        }
        let id = intern_file(file);
        let now = Seen { at, len_or_line: file.len(), column: 0, id };
        SEEN_FILES.with(|seen| seen[slot].set(now));
        Self(id)
    }

    /// Whether a file of a library's source was seen of which `is_it` holds.
    pub(crate) fn any_of_a_library(is_it: impl Fn(&str) -> bool) -> bool {
        let sites = lock(&SITES);
        sites.by_file.iter().any(|(file, id)| Self(*id).origin() == Origin::Library && is_it(file))
    }

    #[inline]
    pub(crate) fn origin(self) -> Origin {
        match self.0 >> ORIGIN_SHIFT {
            0 => Origin::Own,
            1 => Origin::Library,
            _ => Origin::Tokio,
        }
    }

    fn new(number: u32, origin: Origin) -> Self {
        Self(number | (origin as u32) << ORIGIN_SHIFT)
    }

    /// Its place in the table; `None` for the file that is not known.
    fn index(self) -> Option<usize> {
        let number = self.0 & ((1 << ORIGIN_SHIFT) - 1);
        number.checked_sub(1).map(|index| index as usize)
    }
}

impl SiteId {
    #[inline]
    pub(crate) fn of(location: &'static Location<'static>) -> Self {
        Self::at(FileId::of(location.file()), location.line(), location.column())
    }

    #[inline]
    pub(crate) fn at(file: FileId, line: u32, column: u32) -> Self {
        let at = file.0 as usize + 1;
        let slot =
            (at.wrapping_mul(131) ^ (line as usize).wrapping_mul(31) ^ column as usize) % SEEN;
        let seen = SEEN_SITES.with(|seen| seen[slot].get());
        if seen.at == at && seen.len_or_line == line as usize && seen.column == column {
            return Self(seen.id);
        }
        let id = intern_site(file, line, column);
        let now = Seen { at, len_or_line: line as usize, column, id };
        SEEN_SITES.with(|seen| seen[slot].set(now));
        Self(id)
    }

    pub(crate) fn place(self) -> Option<Place> {
        let index = self.0.checked_sub(1)?;
        let sites = lock(&SITES);
        let (file, line, column) = *sites.places.get(index as usize)?;
        let file = sites.files.get(FileId(file).index()?)?;
        Some(Place { file: Arc::clone(file), line, column })
    }
}

#[cold]
fn intern_file(file: &str) -> u32 {
    let mut sites = lock(&SITES);
    if let Some(id) = sites.by_file.get(file) {
        return *id;
    }
    let number = u32::try_from(sites.files.len() + 1).ok().filter(|it| it >> ORIGIN_SHIFT == 0);
    let Some(number) = number else { return 0 };
    let FileId(id) = FileId::new(number, origin_of(file, &sites.own));
    let text = Arc::<str>::from(file);
    sites.files.push(Arc::clone(&text));
    sites.by_file.insert(text, id);
    id
}

#[cold]
fn intern_site(file: FileId, line: u32, column: u32) -> u32 {
    let mut sites = lock(&SITES);
    let place = (file.0, line, column);
    if let Some(id) = sites.by_place.get(&place) {
        return *id;
    }
    let Ok(id) = u32::try_from(sites.places.len() + 1) else { return 0 };
    sites.places.push(place);
    sites.by_place.insert(place, id);
    id
}

#[derive(Default)]
struct Texts {
    fixed_by_text: HashMap<&'static str, u32>,
    fixed: Vec<&'static str>,
    counted_by_text: HashMap<Arc<str>, u32>,
    counted: Vec<Option<Counted>>,
    free: Vec<u32>,
}

struct Counted {
    text: Arc<str>,
    users: usize,
}

static TEXTS: LazyLock<Mutex<Texts>> = LazyLock::new(Mutex::default);

impl TextId {
    pub(crate) const EMPTY: Self = Self(0);

    /// A text of the program's own. It stays.
    #[inline]
    pub(crate) fn fixed(text: &'static str) -> Self {
        if text.is_empty() {
            return Self::EMPTY;
        }
        let at = text.as_ptr().addr();
        let slot = (at ^ (at >> 7) ^ text.len()) % SEEN;
        let seen = SEEN_TEXTS.with(|seen| seen[slot].get());
        if seen.at == at && seen.len_or_line == text.len() {
            return Self(seen.id);
        }
        let id = intern_fixed(text);
        let now = Seen { at, len_or_line: text.len(), column: 0, id };
        SEEN_TEXTS.with(|seen| seen[slot].set(now));
        Self(id)
    }

    /// What is a part of something that the program has a text for: `jobs sender`. It
    /// stays, as that does.
    pub(crate) fn of_part(whole: &'static str, part: &'static str) -> Self {
        let text = format!("{whole} {part}");
        let known = lock(&TEXTS).fixed_by_text.get(text.as_str()).copied();
        known.map_or_else(|| Self::fixed(text.leak()), Self)
    }

    /// A text made at run time. Whoever gets the number gives it back with
    /// [`TextId::release`].
    pub(crate) fn counted(text: &str) -> Self {
        let text = cut(text);
        if text.is_empty() {
            return Self::EMPTY;
        }
        let mut texts = lock(&TEXTS);
        if let Some(id) = texts.counted_by_text.get(text).copied() {
            if let Some(Some(entry)) = texts.counted.get_mut((id & !COUNTED) as usize) {
                entry.users += 1;
            }
            return Self(id);
        }
        texts.insert_counted(text.into())
    }

    /// The same text, for one more user.
    pub(crate) fn shared(self) -> Self {
        if self.0 & COUNTED != 0
            && let Some(Some(entry)) = lock(&TEXTS).counted.get_mut((self.0 & !COUNTED) as usize)
        {
            entry.users += 1;
        }
        self
    }

    #[inline]
    pub(crate) fn release(self) {
        if self.0 & COUNTED != 0 {
            lock(&TEXTS).release((self.0 & !COUNTED) as usize);
        }
    }

    pub(crate) fn text(self) -> Arc<str> {
        let texts = lock(&TEXTS);
        let found = if self.0 & COUNTED == 0 {
            let index = self.0.checked_sub(1).map(|index| index as usize);
            index.and_then(|index| texts.fixed.get(index)).map(|text| Arc::from(cut(text)))
        } else {
            let entry = texts.counted.get((self.0 & !COUNTED) as usize);
            entry.and_then(Option::as_ref).map(|entry| Arc::clone(&entry.text))
        };
        found.unwrap_or_default()
    }
}

#[cold]
fn intern_fixed(text: &'static str) -> u32 {
    let mut texts = lock(&TEXTS);
    if let Some(id) = texts.fixed_by_text.get(text) {
        return *id;
    }
    let Ok(id) = u32::try_from(texts.fixed.len() + 1) else { return 0 };
    texts.fixed.push(text);
    texts.fixed_by_text.insert(text, id);
    id
}

impl Texts {
    fn insert_counted(&mut self, text: Arc<str>) -> TextId {
        let entry = Some(Counted { text: Arc::clone(&text), users: 1 });
        let index = if let Some(index) = self.free.pop() {
            self.counted[index as usize] = entry;
            index
        } else {
            let Some(index) = u32::try_from(self.counted.len()).ok().filter(|at| *at < COUNTED)
            else {
                return TextId::EMPTY;
            };
            self.counted.push(entry);
            index
        };
        self.counted_by_text.insert(text, index | COUNTED);
        TextId(index | COUNTED)
    }

    fn release(&mut self, index: usize) {
        let Some(Some(entry)) = self.counted.get_mut(index) else { return };
        entry.users -= 1;
        if entry.users == 0 {
            let text = Arc::clone(&entry.text);
            self.counted_by_text.remove(&text);
            self.counted[index] = None;
            self.free.extend(u32::try_from(index));
        }
    }
}

/// At most [`TEXT_BYTES`], cut between characters.
pub(crate) fn cut(text: &str) -> &str {
    if text.len() <= TEXT_BYTES {
        return text;
    }
    let end = (0..=TEXT_BYTES).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    &text[..end]
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_one_number() {
        let here = Location::caller();
        let id = SiteId::of(here);
        assert_eq!(id, SiteId::of(here));
        assert_eq!(id.place().expect("a place").line, here.line());
        assert_ne!(id, SiteId::at(FileId::of(here.file()), here.line() + 1, here.column()));
        assert_eq!(SiteId::default().place(), None);
    }

    #[test]
    fn whose_source_a_file_is() {
        let registry = "/home/u/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/";
        let own = ["/home/u/mine/vendor/".to_owned()];
        for (file, expected) in [
            ("src/main.rs".to_owned(), Origin::Own),
            ("/home/u/orders/src/http.rs".to_owned(), Origin::Own),
            (format!("{registry}hyper-util-0.1.21/src/rt/tokio.rs"), Origin::Library),
            (format!("{registry}tokio-1.54.1/src/time/interval.rs"), Origin::Tokio),
            (format!("{registry}tokio-util-0.7.20/src/task/mod.rs"), Origin::Library),
            ("/rustc/abc/library/std/src/thread.rs".to_owned(), Origin::Library),
            ("vendor/pool/src/lib.rs".to_owned(), Origin::Library),
            ("/home/u/mine/vendor/a/src/lib.rs".to_owned(), Origin::Own),
        ] {
            assert_eq!(origin_of(&file, &own), expected, "{file}");
        }
    }

    #[test]
    fn fixed_and_counted_texts_come_back() {
        assert_eq!(&*TextId::fixed("worker").text(), "worker");
        let part = TextId::of_part("jobs", "sender");
        assert_eq!((&*part.text(), part), ("jobs sender", TextId::of_part("jobs", "sender")));
        let name = String::from("worker 7, made at run time");
        let id = TextId::counted(&name);
        assert_eq!(id, TextId::counted(&name));
        id.release();
        assert_eq!(*id.text(), *name);
        assert_eq!(id.shared(), id);
        id.release();
        assert_eq!(*id.text(), *name);
        id.release();
        assert_eq!(&*id.text(), "");
        assert_eq!(TextId::fixed(""), TextId::EMPTY);
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let long = "é".repeat(TEXT_BYTES);
        assert_eq!(TextId::counted(&long).text().len(), TEXT_BYTES);
        assert_eq!(cut("x".repeat(TEXT_BYTES).as_str()).len(), TEXT_BYTES);
        assert_eq!(cut(&format!("x{long}")).len(), TEXT_BYTES - 1);
    }
}
