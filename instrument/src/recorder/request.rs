//! Cancel requests: who asked a task to stop, when, where, why, and by which path.

use std::{fmt, sync::Arc};

use super::{
    clock::Nanos,
    table::{SiteId, TextId},
};
use crate::words::Cause;

/// A task's identity, kept apart from its slot, which may be reused. A client that hangs
/// up is somebody too, and no task: its id is 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Who {
    pub(crate) id: u64,
    pub(crate) name: Arc<str>,
    pub(crate) site: SiteId,
}

/// With the number that tells it from another; what is no task has none. A task without a
/// name, as that of `block_on`, goes by its place.
impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.id, self.site.place().filter(|_| self.name.is_empty())) {
            (0, _) => f.write_str(&self.name),
            (id, Some(place)) => write!(f, "{place} #{id}"),
            (id, None) => write!(f, "{} #{id}", self.name),
        }
    }
}

/// One cancel request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) cause: Cause,
    pub(crate) at: Nanos,
    pub(crate) canceller: Option<Who>,
    pub(crate) site: SiteId,
    pub(crate) reason: Option<Arc<str>>,
    /// The token's hops, root first.
    pub(crate) path: Vec<Arc<str>>,
    /// The task that made the token, and the one that cancelled it, not the scopes in
    /// them; 0 when none did.
    pub(crate) made_by: u64,
    pub(crate) asked_by: u64,
}

impl Request {
    pub(crate) fn new(cause: Cause, at: Nanos) -> Self {
        Self {
            cause,
            at,
            canceller: None,
            site: SiteId::default(),
            reason: None,
            path: Vec::new(),
            made_by: 0,
            asked_by: 0,
        }
    }
}

impl Request {
    /// The token was made, and cancelled, by others than this task.
    pub(crate) fn comes_from_outside(&self, task: u64) -> bool {
        self.made_by != task && self.asked_by != task
    }
}

/// What few tasks have, beside their slot.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extra {
    pub(crate) grace: Option<Nanos>,
    pub(crate) detached: Option<Arc<str>>,
    /// Whoever cancels one of these asks the task.
    pub(crate) bound_to: Vec<Asker>,
}

impl Extra {
    /// Whoever spawned it, a set that lives has its handle.
    pub(crate) fn is_kept(&self) -> bool {
        self.bound_to.iter().any(|asker| asker.0.has_handles())
    }

    /// The request of the one that was cancelled first, in whatever order they are.
    pub(crate) fn request(&self) -> Option<Arc<Request>> {
        let all = self.bound_to.iter().filter_map(|asker| asker.0.request());
        all.min_by_key(|request| request.at)
    }
}

/// Something that asks many tasks at once: the request is written on it, once, and
/// its members read it through.
#[derive(Clone, Debug)]
pub(crate) struct Asker(pub(crate) Arc<dyn Asks>);

/// What a set and a token have in common.
pub(crate) trait Asks: std::fmt::Debug + Send + Sync {
    /// The request that reaches this asker's members.
    fn request(&self) -> Option<Arc<Request>>;

    /// It has the handles of its members: they are waited for.
    fn has_handles(&self) -> bool {
        false
    }

    /// The numbers of the tokens that ask its members, the nearest first: of a set none, and
    /// none of tokens that no console may cancel.
    fn tokens(&self) -> Vec<u64> {
        Vec::new()
    }
}

/// The name to show for a task: its own, else its type's, shortened.
pub(crate) fn shown_name(name: TextId, type_name: TextId) -> Arc<str> {
    if name == TextId::EMPTY { trim_type(&type_name.text()).into() } else { name.text() }
}

/// `orders::http::create_order::{{closure}}` becomes `http::create_order`.
pub(crate) fn trim_type(full: &str) -> String {
    let no_generics = full.split('<').next().unwrap_or(full);
    let parts: Vec<&str> = no_generics
        .split("::")
        .filter(|part| !part.starts_with("{{") && !part.is_empty())
        .collect();
    let keep = parts.len().saturating_sub(2);
    parts[keep..].join("::")
}

#[cfg(test)]
mod tests {
    use std::panic::Location;

    use super::*;

    #[test]
    fn who_has_no_name_goes_by_the_place() {
        let here = Location::caller();
        let site = SiteId::of(here);
        let said = |id, name: &str| Who { id, name: name.into(), site }.to_string();
        assert_eq!(said(7, "main"), "main #7");
        assert_eq!(said(7, ""), format!("{here} #7"));
        assert_eq!(said(0, "client disconnected"), "client disconnected");
    }

    /// Was cancelled then.
    #[derive(Debug)]
    struct Cancelled(Option<Nanos>);

    impl Asks for Cancelled {
        fn request(&self) -> Option<Arc<Request>> {
            Some(Arc::new(Request::new(Cause::Token, self.0?)))
        }
    }

    #[test]
    fn of_all_who_ask_the_first_counts() {
        let asked_at = |askers: &[Option<Nanos>]| {
            let asker = |at: &Option<Nanos>| Asker(Arc::new(Cancelled(*at)));
            let extra = Extra { bound_to: askers.iter().map(asker).collect(), ..Extra::default() };
            extra.request().map(|request| request.at)
        };
        assert_eq!(asked_at(&[None, None]), None);
        assert_eq!(asked_at(&[None, Some(5)]), Some(5));
        assert_eq!(asked_at(&[Some(7), Some(5), Some(6)]), Some(5));
        assert_eq!(asked_at(&[Some(5), Some(7)]), Some(5));
    }

    #[test]
    fn a_type_name_is_trimmed_to_what_names_it() {
        for (full, short) in [
            ("orders::http::create_order::{{closure}}", "http::create_order"),
            ("app::main::{{closure}}::{{closure}}", "app::main"),
            ("core::pin::Pin<alloc::boxed::Box<dyn Future>>", "pin::Pin"),
            ("risky", "risky"),
            ("", ""),
        ] {
            assert_eq!(trim_type(full), short, "{full}");
        }
    }
}
