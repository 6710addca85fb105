//! What is done with things, as Rust.

use super::Printer;
use crate::accuracy::program::{Actor, ChannelKind, Escape, Step, ThingId, ThingKind, WaitFor};

impl Printer<'_> {
    pub(super) fn take(&mut self, thing: ThingId, kind: ThingKind, escape: Escape) {
        if kind == ThingKind::Place {
            self.line("let (sender, receiver) = rt::sync::mpsc::channel::<u8>(64);");
            self.line(&format!("mine.add({}, receiver);", thing + 1));
            let (place, reserved) = (thing + 2, "sender.try_reserve_owned().unwrap()");
            self.line(&format!("mine.add({place}, {reserved});"));
            self.put(thing + 1, escape);
            self.put(place, escape);
            return;
        }
        if let ThingKind::Sender(of) = kind {
            let made = match of {
                ChannelKind::Oneshot => "oneshot::channel::<u8>()",
                ChannelKind::Mpsc => "mpsc::channel::<u8>(64)",
                ChannelKind::Unbounded => "mpsc::unbounded_channel::<u8>()",
                ChannelKind::Watch => "watch::channel(0_u8)",
                ChannelKind::Broadcast => "broadcast::channel::<u8>(64)",
            };
            self.line(&format!("let (sender, receiver) = rt::sync::{made};"));
            self.line(&format!("mine.add({thing}, sender);"));
            self.line(&format!("mine.add({}, receiver);", thing + 1));
            self.put(thing, escape);
            self.put(thing + 1, escape);
            return;
        }
        let made = match kind {
            ThingKind::Sleep => "polled_sleep(FAR)",
            ThingKind::ShortSleep => "polled_sleep(SOON)",
            ThingKind::Interval => "ticked_interval()",
            ThingKind::Later => "call_later(FAR, || ())",
            ThingKind::Soon => "call_later(SOON, || ())",
            ThingKind::Chain => "call_later(Duration::from_millis(15), again)",
            ThingKind::Guard => return self.take_lock(thing, "guard", escape),
            ThingKind::Read => return self.take_lock(thing, "read", escape),
            ThingKind::Write => return self.take_lock(thing, "write", escape),
            ThingKind::Permit => "permit()",
            ThingKind::Single => "only_permit()",
            ThingKind::Hold => "Hold::new(Kind::Custom, \"hold\")",
            ThingKind::Held => "Held::new(7_u8, Kind::Connection, \"held\")",
            ThingKind::Limited => "Held::new(7_u8, Kind::Connection, \"held\").with_limit(SOON)",
            ThingKind::Roomy => "Held::new(7_u8, Kind::Connection, \"held\").with_limit(FAR)",
            ThingKind::Registered => "registered()",
            ThingKind::Sender(_) | ThingKind::Receiver(_) | ThingKind::Place => return,
        };
        self.line(&format!("mine.add({thing}, {made});"));
        self.put(thing, escape);
    }

    pub(super) fn take_lock(&mut self, thing: ThingId, made: &str, escape: Escape) {
        self.line(&format!("mine.add({thing}, {made}({thing}));"));
        self.put(thing, escape);
    }

    pub(super) fn join(&mut self, of: ThingId, thing: ThingId, method: &str) {
        let kind = self.kind_of(of);
        let Some((ty, _)) = kind.and_then(usage) else { return };
        let method = match kind {
            Some(ThingKind::Receiver(ChannelKind::Broadcast)) => "resubscribe",
            _ => method,
        };
        self.line(&format!(
            "if let Some(it) = mine.get::<{ty}>({of}).map(|it| it.{method}()) \
             {{ mine.add({thing}, it); }}"
        ));
    }

    pub(super) fn put(&mut self, thing: ThingId, escape: Escape) {
        let line = match escape {
            Escape::None => return,
            Escape::Static => format!("mine.into_static({thing});"),
            Escape::Arc => format!("mine.into_arc({thing});"),
            Escape::Channel => format!("mine.into_channel({thing});"),
            Escape::Forget => format!("std::mem::forget(mine.take({thing}));"),
            Escape::PermitForget => format!(
                "if let Some(Ok(it)) = mine.take({thing})\
                 .map(|it| it.downcast::<rt::sync::OwnedSemaphorePermit>()) {{ it.forget(); }}"
            ),
        };
        self.line(&line);
    }

    pub(super) fn steps(&self) -> impl Iterator<Item = &Step> {
        let plans = self.program.actors.iter();
        let planned = plans.flat_map(|plan| plan.on_drop.iter().chain(&plan.on_notice));
        let ordered = self.program.rounds.iter().flatten().flat_map(|order| &order.steps);
        ordered.chain(planned)
    }

    pub(super) fn kind_of(&self, thing: ThingId) -> Option<ThingKind> {
        let taken = self.steps().find_map(|step| kind_in(step, thing));
        let made_of = || self.steps().find_map(|step| made_of(step, thing));
        taken.or_else(|| match made_of()? {
            Step::Subscribe(of, _) => match self.kind_of(*of)? {
                ThingKind::Sender(of) => Some(ThingKind::Receiver(of)),
                same => Some(same),
            },
            Step::Clone(of, _) => self.kind_of(*of),
            _ => None,
        })
    }

    pub(super) fn use_it(&mut self, thing: ThingId) {
        let Some(kind) = self.kind_of(thing) else { return };
        self.use_as(thing, kind);
        if self.is_downgraded(thing) {
            self.use_as(thing, ThingKind::Read);
        }
    }

    pub(super) fn use_as(&mut self, thing: ThingId, kind: ThingKind) {
        let Some((of, using)) = usage(kind) else { return };
        self.line(&format!("if let Some(it) = mine.get::<{of}>({thing}) {{"));
        self.line(&format!("    {using}"));
        self.line("} else {");
        self.line(&format!("    use_shared::<{of}>({thing}, |it| {{ {using} }});"));
        self.line("}");
    }

    pub(super) fn is_downgraded(&self, thing: ThingId) -> bool {
        fn within(step: &Step, thing: ThingId) -> bool {
            match step {
                Step::Downgrade(it) => *it == thing,
                Step::Scope(_, steps, _) | Step::AbortedWhileRunning(steps) => {
                    steps.iter().any(|step| within(step, thing))
                }
                _ => false,
            }
        }

        let orders = self.program.rounds.iter().flatten();
        orders.flat_map(|order| &order.steps).any(|step| within(step, thing))
    }

    pub(super) fn transfer(&mut self, thing: ThingId, to: Option<Actor>) {
        let Some(kind) = self.kind_of(thing) else { return };
        self.transfer_as(thing, kind, to);
        if self.is_downgraded(thing) {
            self.transfer_as(thing, ThingKind::Read, to);
        }
    }

    pub(super) fn park(&mut self, thing: ThingId) {
        let (of, method) = match self.kind_of(thing) {
            Some(ThingKind::Hold) => ("Hold", "Hold::park"),
            Some(ThingKind::Held | ThingKind::Limited | ThingKind::Roomy) => {
                ("Held<u8>", "Held::park")
            }
            _ => return,
        };
        self.line(&format!("if let Some(it) = mine.get::<{of}>({thing}) {{ {method}(it); }}"));
    }

    pub(super) fn wait(&mut self, wait: ThingId, on: WaitFor) {
        let made = match on {
            WaitFor::Notify => "notified()".to_owned(),
            WaitFor::Read(thing) => format!("waits_to_read({thing})"),
            WaitFor::Write(thing) => format!("waits_to_write({thing})"),
            WaitFor::Permit(thing) => format!("waits_for_the_permit({thing})"),
            WaitFor::Message(receiver) => format!("receives(mine.take({receiver}))"),
            WaitFor::Barrier => "waits_at_a_barrier()".to_owned(),
        };
        self.line(&format!("if let Some(it) = {made} {{ mine.add({wait}, it); }}"));
    }

    pub(super) fn transfer_as(&mut self, thing: ThingId, kind: ThingKind, to: Option<Actor>) {
        let (of, method) = match kind {
            ThingKind::Guard => ("rt::sync::OwnedMutexGuard<u8>", "rt::sync::OwnedMutexGuard::"),
            ThingKind::Read => {
                ("rt::sync::OwnedRwLockReadGuard<u8>", "rt::sync::OwnedRwLockReadGuard::")
            }
            ThingKind::Write => {
                ("rt::sync::OwnedRwLockWriteGuard<u8>", "rt::sync::OwnedRwLockWriteGuard::")
            }
            ThingKind::Permit | ThingKind::Single => {
                ("rt::sync::OwnedSemaphorePermit", "rt::sync::OwnedSemaphorePermit::")
            }
            ThingKind::Hold => ("Hold", "Hold::"),
            ThingKind::Place => {
                ("rt::sync::mpsc::OwnedPermit<u8>", "rt::sync::mpsc::OwnedPermit::")
            }
            ThingKind::Held | ThingKind::Limited | ThingKind::Roomy => ("Held<u8>", "Held::"),
            kind if kind.is_shared_end() => {
                let Some((of, _)) = usage(kind) else { return };
                let of = of.to_owned();
                return self.transfer_of(thing, &of, &format!("<{of}>::"), to);
            }
            _ => return,
        };
        self.transfer_of(thing, of, method, to);
    }

    pub(super) fn transfer_of(
        &mut self,
        thing: ThingId,
        of: &str,
        method: &str,
        to: Option<Actor>,
    ) {
        let get = format!("if let Some(it) = mine.get::<{of}>({thing})");
        self.line(&match to {
            None => format!("{get} {{ {method}transfer(it); }}"),
            Some(to) => {
                format!("{get} {{ with_handle({to}, |to| {method}transfer_to(it, to.id())); }}")
            }
        });
    }
}

fn kind_in(step: &Step, thing: ThingId) -> Option<ThingKind> {
    match step {
        Step::Take(id, ThingKind::Place, _) if id + 1 == thing => {
            Some(ThingKind::Receiver(ChannelKind::Mpsc))
        }
        Step::Take(id, ThingKind::Place, _) if id + 2 == thing => Some(ThingKind::Place),
        Step::Take(id, kind, _) if *id == thing => Some(*kind),
        Step::Take(id, ThingKind::Sender(of), _) if id + 1 == thing => {
            Some(ThingKind::Receiver(*of))
        }
        Step::Split(_, part) if *part == thing => Some(ThingKind::Permit),
        Step::Reserve(_, _, place) if *place == thing => Some(ThingKind::Place),
        Step::Scope(_, steps, _) | Step::AbortedWhileRunning(steps) => {
            steps.iter().find_map(|step| kind_in(step, thing))
        }
        _ => None,
    }
}

/// How an end was made of another one.
fn made_of(step: &Step, thing: ThingId) -> Option<&Step> {
    match step {
        Step::Clone(_, end) | Step::Subscribe(_, end) if *end == thing => Some(step),
        Step::Scope(_, steps, _) | Step::AbortedWhileRunning(steps) => {
            steps.iter().find_map(|step| made_of(step, thing))
        }
        _ => None,
    }
}

/// Its type, and what is done to use it.
pub(super) fn usage(kind: ThingKind) -> Option<(&'static str, &'static str)> {
    Some(match kind {
        ThingKind::Sleep | ThingKind::ShortSleep => {
            ("Pin<Box<rt::time::Sleep>>", "poll_once(it.as_mut());")
        }
        ThingKind::Interval => ("rt::time::Interval", "poll_once(pin!(it.tick()));"),
        ThingKind::Guard => ("rt::sync::OwnedMutexGuard<u8>", "**it += 1;"),
        ThingKind::Read => ("rt::sync::OwnedRwLockReadGuard<u8>", "let _ = **it;"),
        ThingKind::Write => ("rt::sync::OwnedRwLockWriteGuard<u8>", "**it += 1;"),
        ThingKind::Held | ThingKind::Limited | ThingKind::Roomy => ("Held<u8>", "**it += 1;"),
        ThingKind::Sender(of) => match of {
            ChannelKind::Oneshot => (
                "rt::sync::oneshot::Sender<u8>",
                "let _ = it.poll_closed(&mut Context::from_waker(Waker::noop()));",
            ),
            ChannelKind::Mpsc => ("rt::sync::mpsc::Sender<u8>", "let _ = it.try_send(7);"),
            ChannelKind::Unbounded => {
                ("rt::sync::mpsc::UnboundedSender<u8>", "let _ = it.send(7);")
            }
            ChannelKind::Watch => ("rt::sync::watch::Sender<u8>", "it.send_replace(7);"),
            ChannelKind::Broadcast => ("rt::sync::broadcast::Sender<u8>", "let _ = it.send(7);"),
        },
        ThingKind::Receiver(of) => match of {
            ChannelKind::Oneshot => ("rt::sync::oneshot::Receiver<u8>", "let _ = it.try_recv();"),
            ChannelKind::Mpsc => ("rt::sync::mpsc::Receiver<u8>", "let _ = it.try_recv();"),
            ChannelKind::Unbounded => {
                ("rt::sync::mpsc::UnboundedReceiver<u8>", "let _ = it.try_recv();")
            }
            ChannelKind::Watch => ("rt::sync::watch::Receiver<u8>", "let _ = *it.borrow();"),
            ChannelKind::Broadcast => {
                ("rt::sync::broadcast::Receiver<u8>", "let _ = it.try_recv();")
            }
        },
        _ => return None,
    })
}
