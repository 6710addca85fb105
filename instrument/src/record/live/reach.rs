//! How a console reaches a token: by what the handles to the token share, and nothing else
//! keeps.

use std::{
    fmt,
    panic::Location,
    sync::{Arc, Weak},
};

use tokio_util::sync::CancellationToken;

use super::Node;
use crate::recorder::{
    Recorder,
    control::{LiveToken, TokenFacts},
    request::Request,
    table::SiteId,
};

/// A handle's part of it. Nothing, and not allocated, where no console may cancel.
#[derive(Clone)]
pub(crate) struct Reach(Option<Arc<Reached>>);

impl fmt::Debug for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Reach").field(&self.0.as_ref().map(|it| it.node.number())).finish()
    }
}

impl Reach {
    /// Of a token that is made there.
    #[inline]
    pub(crate) fn new(
        node: &Node,
        token: &CancellationToken,
        made_at: &'static Location<'static>,
    ) -> Self {
        if node.number() == 0 { Self(None) } else { Self::of(node, token, made_at) }
    }

    fn of(node: &Node, token: &CancellationToken, made_at: &'static Location<'static>) -> Self {
        let Some(recorder) = Recorder::current() else { return Self(None) };
        let (node, token) = (node.clone(), token.clone());
        let reached = Arc::new(Reached { recorder, node, token, site: SiteId::of(made_at) });
        let weak: Weak<Reached> = Arc::downgrade(&reached);
        recorder.control.can_cancel(reached.node.number(), weak);
        Self(Some(reached))
    }
}

struct Reached {
    recorder: &'static Recorder,
    node: Node,
    token: CancellationToken,
    site: SiteId,
}

impl fmt::Debug for Reached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Reached").field(&self.node.number()).finish()
    }
}

impl LiveToken for Reached {
    fn facts(&self) -> TokenFacts {
        self.node.facts(self.site, self.token.is_cancelled())
    }

    fn ask(&self, request: Request) -> bool {
        self.node.is_asked_by(request)
    }

    fn cancel(&self) {
        self.token.cancel();
    }
}

impl Drop for Reached {
    fn drop(&mut self) {
        self.recorder.control.token_is_gone(self.node.number());
    }
}
