//! What asks many tasks at once: a set's members, and those bound to a token or
//! waiting on it. The request is written once, on the asker; members read it through.

use std::{
    panic::Location,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use super::Recorded;
pub(crate) use crate::recorder::request::Asker;
use crate::{
    recorder::{
        Recorder,
        control::TokenFacts,
        key::Key,
        owner,
        request::{Asks, Request},
        table::{SiteId, cut},
        task::Flag,
    },
    words::Cause,
};

/// The members of a set, until it is cancelled; those spawned later are another group.
#[derive(Clone, Debug, Default)]
pub(crate) struct Group(Arc<GroupState>);

#[derive(Debug, Default)]
struct GroupState {
    request: OnceLock<Arc<Request>>,
    /// The set has its members' handles, until it is dropped or lets them go.
    has_handles: AtomicBool,
}

impl Asks for GroupState {
    fn request(&self) -> Option<Arc<Request>> {
        self.request.get().cloned()
    }

    fn has_handles(&self) -> bool {
        // A set that is dropped asks.
        self.has_handles.load(Relaxed) && self.request.get().is_none()
    }
}

impl Group {
    /// Of a set that has its members' handles.
    pub(crate) fn of_handles() -> Self {
        Self(Arc::new(GroupState { has_handles: true.into(), ..GroupState::default() }))
    }

    /// The members go on without the set.
    pub(crate) fn lets_go(&self) {
        self.0.has_handles.store(false, Relaxed);
    }

    pub(crate) fn asker(&self) -> Asker {
        Asker(Arc::<GroupState>::clone(&self.0))
    }

    /// Asks all members to stop, in one step however many there are.
    pub(crate) fn ask(&self, cause: Cause, site: Option<&'static Location<'static>>) {
        let Some(recorder) = Recorder::current() else { return };
        if self.0.request.set(Arc::new(new_request(recorder, cause, site, None))).is_ok() {
            recorder.asker_cancelled();
        }
    }
}

fn new_request(
    recorder: &'static Recorder,
    cause: Cause,
    site: Option<&'static Location<'static>>,
    why: Option<&str>,
) -> Request {
    Request {
        canceller: recorder.current_who(),
        asked_by: recorder.current_whole_task(),
        site: site.map(SiteId::of).unwrap_or_default(),
        reason: why.map(|why| Arc::from(cut(why))),
        ..Request::new(cause, recorder.clock.now())
    }
}

/// A token's place in its tree.
#[derive(Clone, Debug)]
pub(crate) struct Node(Arc<NodeState>);

#[derive(Debug)]
struct NodeState {
    name: Option<Arc<str>>,
    parent: Option<Node>,
    /// The task that made it; 0 when none did.
    made_by: u64,
    /// What a console names it by, where one may cancel it; 0 elsewhere.
    number: u64,
    request: OnceLock<Arc<Request>>,
    /// Its number among the askers that tasks wait on, once one does.
    waited_on: Mutex<Option<(&'static Recorder, u32)>>,
}

impl Drop for NodeState {
    fn drop(&mut self) {
        let waited_on = self.waited_on.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some((recorder, index)) = waited_on.take() {
            recorder.waited_on.remove(index);
        }
    }
}

/// A node as those who wait on it are asked by it: without keeping it.
#[derive(Debug)]
struct Weak(std::sync::Weak<NodeState>);

impl Asks for Weak {
    fn request(&self) -> Option<Arc<Request>> {
        self.0.upgrade()?.request()
    }

    fn tokens(&self) -> Vec<u64> {
        self.0.upgrade().map(|node| node.tokens()).unwrap_or_default()
    }
}

impl Asks for NodeState {
    /// Its own, or that of the nearest ancestor that was cancelled, with the hops from
    /// there to here.
    fn request(&self) -> Option<Arc<Request>> {
        let hop = || self.name.clone().unwrap_or_else(|| "token".into());
        if let Some(request) = self.request.get() {
            let mut request = Request::clone(request);
            request.path.push(hop());
            return Some(Arc::new(request));
        }
        let mut request = Arc::unwrap_or_clone(self.parent.as_ref()?.0.request()?);
        request.path.push(hop());
        Some(Arc::new(request))
    }

    fn tokens(&self) -> Vec<u64> {
        let up = std::iter::successors(Some(self), |node| Some(&*node.parent.as_ref()?.0));
        up.map(|node| node.number).filter(|number| *number != 0).collect()
    }
}

impl Node {
    pub(crate) fn new(name: Option<&str>, parent: Option<&Self>) -> Self {
        let recorder = Recorder::current();
        let made_by = recorder.map_or(0, Recorder::current_whole_task);
        let number = recorder.and_then(|recorder| recorder.control.number_a_token());
        Self(Arc::new(NodeState {
            name: name.map(|name| Arc::from(cut(name))),
            parent: parent.cloned(),
            made_by,
            number: number.unwrap_or(0),
            request: OnceLock::new(),
            waited_on: Mutex::default(),
        }))
    }

    pub(crate) fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    pub(crate) fn asker(&self) -> Asker {
        Asker(Arc::<NodeState>::clone(&self.0))
    }

    /// What a console names the token by; 0 where it may not cancel it.
    #[inline]
    pub(super) fn number(&self) -> u64 {
        self.0.number
    }

    /// What is to be known of it beside these two.
    pub(super) fn facts(&self, site: SiteId, is_cancelled: bool) -> TokenFacts {
        let NodeState { name, made_by, number, .. } = &*self.0;
        let above = self.0.parent.as_ref().map(|parent| parent.0.tokens()).unwrap_or_default();
        let (name, made_by, number) = (name.clone(), *made_by, *number);
        TokenFacts { number, name, site, made_by, above, is_cancelled }
    }

    /// Writes the request of somebody who is no task. False when there is one.
    pub(super) fn is_asked_by(&self, request: Request) -> bool {
        self.0.request().is_none() && self.0.request.set(Arc::new(request)).is_ok()
    }

    /// Asks whoever is bound to this token or a descendant, or waits on one.
    pub(crate) fn ask(&self, site: &'static Location<'static>, why: Option<&str>) {
        let Some(recorder) = Recorder::current() else { return };
        // A token is cancelled once, and what was cancelled before has been asked.
        if self.0.request().is_some() {
            return;
        }
        let mut request = new_request(recorder, Cause::Token, Some(site), why);
        request.made_by = self.0.made_by;
        if self.0.request.set(Arc::new(request)).is_ok() {
            recorder.asker_cancelled();
        }
    }

    /// The calling task was told that the token is cancelled: it has noticed.
    pub(crate) fn told(&self) {
        let Some(recorder) = Recorder::current() else { return };
        let Some(task) = owner::current_task(recorder) else { return };
        notice(recorder, task, self, false);
    }
}

/// The task has noticed, if it was asked by this token.
fn notice(recorder: &'static Recorder, task: Key, node: &Node, waited: bool) {
    if recorder.delivered_at(task).is_some() {
        return;
    }
    // The innermost scope may not be the one that was asked: those around it are told
    // by the same poll.
    let now = recorder.clock.now();
    for key in recorder.around(task) {
        let task = Recorded { recorder, key };
        // Before it is looked whether it was asked: whoever asks it later sees this.
        recorder.told(key, now);
        let asked = task.was_asked() || (waited && wait_counts(recorder, key, node));
        if asked {
            recorder.delivered(key, now);
        }
    }
}

/// A task that waits is asked too, unless the token is its own business: made by it,
/// or cancelled by it.
fn wait_counts(recorder: &'static Recorder, task: Key, node: &Node) -> bool {
    let Some(request) = node.0.request() else { return false };
    let Some(me) = recorder.whole_task(task) else { return false };
    if !request.comes_from_outside(me) {
        return false;
    }
    if !recorder.is_asked(task) {
        recorder.set_flag(task, Flag::Waiting);
        recorder.request(task, Arc::unwrap_or_clone(request));
    }
    recorder.is_asked(task)
}

/// A `cancelled()` future in the hands of a task.
#[derive(Debug)]
pub(crate) struct Noticing {
    node: Node,
    wait: Option<(&'static Recorder, Key)>,
}

impl Noticing {
    pub(crate) fn new(node: Node) -> Self {
        Self { node, wait: None }
    }

    /// Polled, and not ready: the task that polls it waits.
    #[inline]
    pub(crate) fn waits(&mut self) {
        if let Some((recorder, wait)) = self.wait {
            recorder.wait_moves(wait, owner::current_task(recorder));
        } else if let Some(recorder) = Recorder::current()
            && let Some(task) = owner::current_task(recorder)
        {
            let index = self.node.wait_number(recorder);
            self.wait = recorder.wait_begins(task, index).map(|wait| (recorder, wait));
        }
    }

    /// Polled, and ready: the task has noticed.
    pub(crate) fn notices(&mut self) {
        if let Some(recorder) = Recorder::current()
            && let Some(task) = owner::current_task(recorder)
        {
            self.was_alive_at_the_cancel();
            notice(recorder, task, &self.node, self.wait.is_some());
        }
        self.end();
    }

    /// So the task was asked by that, whoever has asked it since; a console may not have
    /// looked in between.
    fn was_alive_at_the_cancel(&self) {
        if let (Some((recorder, wait)), Some(request)) = (self.wait, self.node.0.request()) {
            // By what it is bound to, perhaps: then it does not merely wait.
            if let Some(key) = recorder.owner(wait) {
                Recorded { recorder, key }.was_asked();
            }
            recorder.ask_who_waits(wait, request);
        }
    }

    fn end(&mut self) {
        if let Some((recorder, wait)) = self.wait.take() {
            recorder.wait_ends(wait);
        }
    }
}

impl Drop for Noticing {
    fn drop(&mut self) {
        self.was_alive_at_the_cancel();
        self.end();
    }
}

impl Node {
    /// Its number among the askers that are waited on. Allocates once a token.
    fn wait_number(&self, recorder: &'static Recorder) -> u32 {
        let mut number = self.0.waited_on.lock().unwrap_or_else(PoisonError::into_inner);
        match *number {
            Some((of, index)) if std::ptr::eq(of, recorder) => index,
            _ => {
                let asker = Asker(Arc::new(Weak(Arc::downgrade(&self.0))));
                let index = recorder.waited_on.insert(Arc::new(asker));
                *number = Some((recorder, index));
                index
            }
        }
    }
}
