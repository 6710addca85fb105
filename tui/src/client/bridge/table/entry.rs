//! One task, one resource, one operation, as far as the target tells.

use holdover_proto::v1;

use super::Watched;

/// So many users of a resource are told apart.
const USERS: usize = 16;

#[derive(Clone, Debug, Default)]
pub(crate) struct Task {
    /// Counted from 1 as they were told: the target uses its own ids again.
    pub(crate) number: u64,
    pub(crate) tokio_id: Option<u64>,
    pub(crate) name: String,
    pub(crate) type_name: String,
    pub(crate) kind: v1::TaskKind,
    pub(crate) location: String,
    /// 0 when it is not known.
    pub(crate) size: u64,
    /// `None` until they are told.
    pub(crate) stats: Option<TaskStats>,
    pub(crate) watched: Watched,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct TaskStats {
    pub(crate) created: Option<u64>,
    pub(crate) ended: Option<u64>,
    pub(crate) polls: u64,
    pub(crate) first_poll: Option<u64>,
    pub(crate) last_poll: Option<u64>,
    pub(crate) last_poll_ended: Option<u64>,
    pub(crate) busy: u64,
    pub(crate) scheduled: u64,
    pub(crate) wakes: u64,
    pub(crate) last_wake: Option<u64>,
    /// How many wakers there are; `None` when the counts contradict each other.
    pub(crate) wakers: Option<u64>,
}

impl TaskStats {
    pub(crate) fn state(&self) -> v1::TaskState {
        let last_poll_is_over = self.last_poll_ended >= self.last_poll;
        if self.ended.is_some() {
            v1::TaskState::Ended
        } else if self.last_poll.is_none() {
            // tokio schedules what it spawns.
            v1::TaskState::Scheduled
        } else if !last_poll_is_over {
            v1::TaskState::Running
        } else if self.last_wake > self.last_poll {
            v1::TaskState::Scheduled
        } else {
            v1::TaskState::Idle
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Resource {
    /// Counted from 1 as they were told.
    pub(crate) number: u64,
    /// `Mutex`, `Sleep`.
    pub(crate) concrete_type: String,
    pub(crate) kind: v1::HoldingKind,
    pub(crate) location: String,
    pub(crate) parent: Option<u64>,
    /// A part of its parent, which is what the program uses.
    pub(crate) is_internal: bool,
    pub(crate) made: Option<u64>,
    pub(crate) released: Option<u64>,
    /// `locked=true`.
    pub(crate) attributes: Vec<String>,
    /// The numbers of the tasks that have used it, the last one last.
    pub(crate) users: Vec<u64>,
    /// There were more than are told apart.
    pub(crate) has_more_users: bool,
    /// The number of the task that got it last, as far as that was seen.
    pub(crate) got_by: Option<u64>,
    /// Of a lock: somebody has tried to get it, and has got it at once. That leaves no trace but
    /// that the permits within the lock are not taken.
    pub(crate) is_tried: bool,
    /// The last message before it did was of this time.
    pub(crate) got_after: Option<u64>,
}

impl Resource {
    pub(crate) fn used_by(&mut self, task: u64) {
        self.users.retain(|user| *user != task);
        if self.users.len() == USERS {
            self.users.remove(0);
            self.has_more_users = true;
        }
        self.users.push(task);
    }

    /// `Mutex locked=true`.
    pub(crate) fn label(&self) -> String {
        let mut words = vec![self.concrete_type.clone()];
        words.extend(self.attributes.iter().cloned());
        words.join(" ")
    }

    /// It is made once, and acquired by one after the other, of which only the making is told.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self.kind, v1::HoldingKind::Lock | v1::HoldingKind::Permit)
    }

    /// Whether somebody has it. Of a lock that is told; what is left of a semaphore does
    /// not tell.
    pub(crate) fn is_held(&self) -> Option<bool> {
        match self.kind {
            v1::HoldingKind::Lock if self.says("locked=true") => Some(true),
            v1::HoldingKind::Lock if self.says("write_locked=true") => Some(true),
            v1::HoldingKind::Lock => self.is_free().then_some(false),
            v1::HoldingKind::Permit => None,
            _ => Some(true),
        }
    }

    /// Of a lock.
    fn is_free(&self) -> bool {
        self.says("locked=false")
            || self.says("write_locked=false") && self.says("current_readers=0")
    }

    /// Whose it is: who got the lock, who used anything else last. `None` where that is
    /// not known.
    pub(crate) fn owner(&self) -> Option<u64> {
        let last = match self.kind {
            v1::HoldingKind::Lock => self.got_by.filter(|_| !self.is_tried),
            _ => self.users.last().copied(),
        };
        last.filter(|_| self.is_held() == Some(true))
    }

    pub(crate) fn says(&self, text: &str) -> bool {
        self.attributes.iter().any(|it| it == text)
    }
}

/// Something that is awaited of a resource.
#[derive(Clone, Debug, Default)]
pub(crate) struct Op {
    /// The target's id of it.
    pub(crate) resource: u64,
    /// `Mutex::lock`.
    pub(crate) source: String,
    pub(crate) made: Option<u64>,
    /// The number of the task that polled it last.
    pub(crate) task: Option<u64>,
    pub(crate) polls: u64,
}

impl Op {
    /// By somebody; whatever is ready is dropped, so that it is awaited.
    pub(crate) fn is_polled(&self) -> bool {
        self.polls > 0
    }
}
