//! The tokens that live, where a console may cancel them.
//!
//! Each is kept weakly, from when it is made until the service has no handle to it any
//! more: then nothing in the service could cancel it either.

use std::{
    collections::HashMap,
    fmt,
    hash::BuildHasherDefault,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use super::{Control, TABLES, request};
use crate::{
    hash::WordHasher,
    recorder::{
        Recorder,
        clock::Nanos,
        request::Request,
        table::{SiteId, cut},
    },
    words::Cause,
};

/// Of tokens that have the same name so many are told.
const NAMED: usize = 8;

/// A token, as a front end has it while the service has a handle to it. It may be used on
/// any thread.
pub(crate) trait LiveToken: fmt::Debug + Send + Sync {
    fn facts(&self) -> TokenFacts;

    /// Writes the request for whoever is bound to it or waits. False when it was cancelled
    /// before.
    fn ask(&self, request: Request) -> bool;

    /// Cancels it, as whoever has it would: wakes those who wait.
    fn cancel(&self);
}

/// What is known of a token.
#[derive(Clone, Debug)]
pub(crate) struct TokenFacts {
    pub(crate) number: u64,
    pub(crate) name: Option<Arc<str>>,
    pub(crate) site: SiteId,
    /// The task that made it, not the scope in it; 0 when none did.
    pub(crate) made_by: u64,
    /// The numbers of what it is a child of, the nearest first; not all of them may live.
    pub(crate) above: Vec<u64>,
    pub(crate) is_cancelled: bool,
}

type Table = HashMap<u64, Weak<dyn LiveToken>, BuildHasherDefault<WordHasher>>;

/// By their numbers.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    tables: [Mutex<Table>; TABLES],
    made: AtomicU64,
}

impl Tokens {
    fn table(&self, number: u64) -> MutexGuard<'_, Table> {
        let at = number % TABLES as u64;
        lock(&self.tables[usize::try_from(at).unwrap_or(0)])
    }
}

fn lock(table: &Mutex<Table>) -> MutexGuard<'_, Table> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Control {
    /// A number for a token that is made; `None` where no console may cancel it.
    #[inline]
    pub(crate) fn number_a_token(&self) -> Option<u64> {
        let tokens = &self.0.get()?.tokens;
        Some(tokens.made.fetch_add(1, Relaxed) + 1)
    }

    /// The token can be cancelled so, while it lives.
    pub(crate) fn can_cancel(&self, number: u64, token: Weak<dyn LiveToken>) {
        if let Some(tables) = self.0.get() {
            tables.tokens.table(number).insert(number, token);
        }
    }

    /// The service has no handle to it any more.
    pub(crate) fn token_is_gone(&self, number: u64) {
        if let Some(tables) = self.0.get() {
            tables.tokens.table(number).remove(&number);
        }
    }

    /// The token of this number, while it lives.
    pub(crate) fn token(&self, number: u64) -> Option<Arc<dyn LiveToken>> {
        // Not locked any more when it is used: this may be its last handle by then.
        let token = self.0.get()?.tokens.table(number).get(&number).cloned();
        token?.upgrade()
    }

    /// Entries, also of those that are gone if there were any.
    #[cfg(all(test, not(holdover_loom)))]
    pub(crate) fn tokens_kept(&self) -> usize {
        let tables = self.0.get().map(|tables| &tables.tokens.tables);
        tables.into_iter().flatten().map(|table| lock(table).len()).sum()
    }

    /// Every token that lives, in no order.
    pub(crate) fn tokens(&self) -> Vec<Arc<dyn LiveToken>> {
        let Some(tables) = self.0.get() else { return Vec::new() };
        let all = tables.tokens.tables.iter();
        let kept = all.flat_map(|table| lock(table).values().cloned().collect::<Vec<_>>());
        kept.filter_map(|token| token.upgrade()).collect()
    }
}

/// Which token is meant.
#[derive(Clone, Copy, Debug)]
pub(crate) enum WhichToken<'a> {
    Number(u64),
    Named(&'a str),
}

/// A token that was asked by, and is to be cancelled.
#[derive(Debug)]
pub(crate) struct AskedBy {
    pub(crate) at: Nanos,
    pub(crate) facts: TokenFacts,
    pub(crate) token: Arc<dyn LiveToken>,
}

/// Why a token is not cancelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NotAsked {
    Unknown,
    NoSuchName,
    /// So many have this name, and these are the first of them.
    Several(usize, Vec<u64>),
    Cancelled,
}

impl fmt::Display for NotAsked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str(
                "no token of this number lives: one that was made through holdover::sync is \
                 known while the service has a handle to it",
            ),
            Self::NoSuchName => f.write_str("no token of this name lives"),
            Self::Several(many, first) => {
                let numbers: Vec<String> = first.iter().map(|it| format!("#{it}")).collect();
                let more = if first.len() < *many { ", ..." } else { "" };
                let numbers = numbers.join(", ");
                write!(f, "{many} tokens have this name, say which by number: {numbers}{more}")
            }
            Self::Cancelled => f.write_str(
                "it was cancelled already; a task that goes on all the same can be cancelled by \
                 itself",
            ),
        }
    }
}

impl Recorder {
    /// Writes a request on a token, on behalf of somebody who is no task. Whoever calls this
    /// cancels the token afterwards, once nothing is locked: that wakes, and runs what
    /// others wrote.
    pub(crate) fn ask_by_token(
        &self,
        which: WhichToken<'_>,
        who: &str,
        reason: Option<&str>,
    ) -> Result<AskedBy, NotAsked> {
        let token = match which {
            WhichToken::Number(number) => self.control.token(number).ok_or(NotAsked::Unknown)?,
            WhichToken::Named(name) => self.token_named(name)?,
        };
        let facts = token.facts();
        let at = self.clock.now();
        let request = Request { made_by: facts.made_by, ..request(Cause::Token, who, reason, at) };
        if facts.is_cancelled || !token.ask(request) {
            return Err(NotAsked::Cancelled);
        }
        self.asker_cancelled();
        Ok(AskedBy { at, facts, token })
    }

    /// The only one of this name that can be cancelled.
    fn token_named(&self, name: &str) -> Result<Arc<dyn LiveToken>, NotAsked> {
        let name = cut(name);
        let is_it = |facts: &TokenFacts| !name.is_empty() && facts.name.as_deref() == Some(name);
        let named = self.control.tokens().into_iter().map(|token| (token.facts(), token));
        let named = named.filter(|(facts, _)| is_it(facts));
        let (over, mut live): (Vec<_>, Vec<_>) = named.partition(|(facts, _)| facts.is_cancelled);
        match (live.len(), over.len()) {
            (0, 0) => Err(NotAsked::NoSuchName),
            (0, _) => Err(NotAsked::Cancelled),
            (1, _) => Ok(live.remove(0).1),
            (many, _) => {
                let mut numbers: Vec<u64> = live.iter().map(|(facts, _)| facts.number).collect();
                numbers.sort_unstable();
                numbers.truncate(NAMED);
                Err(NotAsked::Several(many, numbers))
            }
        }
    }
}
